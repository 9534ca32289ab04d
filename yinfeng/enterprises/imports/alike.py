"""Which enterprises of the library the names of new rows may mean: the one place where an import asks the matching."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from yinfeng.enterprises import naming, queries


class Found(NamedTuple):
    """An enterprise that a name may mean, under which of its names, and why."""

    id: int
    name: str
    decision: Literal["same", "possible"]
    reason: str


# From this score on two names differ in nothing but the legal form, a place or a bracket (naming.compare).
NEARLY_SAME = 0.9


class Names:
    """Names of enterprises by their parts, among which those of new rows are looked for."""

    def __init__(self, names: Iterable[tuple[int, str]]) -> None:
        self.places: dict[str, list[tuple[int, str]]] = {}
        for pk, name in names:
            for part in _parts(name):
                self.places.setdefault(part, []).append((pk, name))

    def match(self, names: Sequence[str]) -> list[list[Found]]:
        """Return for each name what it may mean, likeliest first."""
        return [self._match(name) for name in names]

    def _match(self, name: str) -> list[Found]:
        own = naming.parse(name)
        near = dict.fromkeys(item for part in _parts(name) for item in self.places.get(part, ()))
        judged = [(naming.compare(own, naming.parse(other)), pk, other) for pk, other in near]
        likely = sorted(
            (item for item in judged if item[0].score >= NEARLY_SAME), key=lambda item: -item[0].score
        )
        return [Found(pk, other, "possible", str(verdict.reason)) for verdict, pk, other in likely[:5]]


def library() -> Names:
    """Return the names of the whole library, former and alternative ones too."""
    return Names(queries.all_names())


@lru_cache(maxsize=65_536)
def _parts(name: str) -> frozenset[str]:
    """Return the parts of which nearly equal names share one."""
    parts = naming.parse(name)
    return frozenset(filter(None, (parts.stem, parts.core, parts.alias, parts.normalised)))


def part_of(name: str) -> str:
    """Return the part by which a row is remembered for later rows of its file: brand and trade."""
    parts = naming.parse(name)
    return parts.core or parts.normalised
