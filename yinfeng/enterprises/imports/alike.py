"""Which enterprises of the library the names of new rows may mean: the one place where an import asks the matching."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from yinfeng.enterprises import matching, naming, queries

# Of a name that may mean several, so many are named.
MOST = 5
# From this score on (naming.compare) a registered name may be another's: they differ in the legal form, a place that one
# leaves out, a bracket, a slip in the trade. A slip in a brand is most often another firm, of which lists are full.
NEARLY_SAME = 0.88
# A name as people use it says less; with it even what is unlikely is a question.
SHORT = 0.5


class Found(NamedTuple):
    """An enterprise that a name may mean, under which of its names, and why."""

    id: int
    name: str
    decision: Literal["same", "possible"]
    reason: str


class Names:
    """Names of enterprises, among which those of new rows are looked for."""

    def __init__(self, library: matching.Library) -> None:
        self.library = library

    @classmethod
    def of(cls, rows: Iterable[tuple[int, str]]) -> Names:
        return cls(matching.Library(matching.Named(pk, name) for pk, name in rows))

    def match(self, names: Sequence[str]) -> list[list[Found]]:
        """Return for each name what it may mean, likeliest first."""
        if not self.library.names:
            return [[] for _name in names]
        near = self.library.likely(names)
        return [
            list(_found(name, [self.library.row(at) for at in places]))
            for name, places in zip(names, near, strict=True)
        ]


def _found(name: str, rows: Sequence[matching.Named]) -> Iterator[Found]:
    """Yield what a name may mean. A registered name that the library has not is never taken for another's without asking."""
    judged = matching.judge(name, rows)
    is_short = naming.parse(name).is_short
    if is_short and (decided := matching.decide(name, judged)) and decided[0].decision == "same":
        yield Found(decided[0].id, decided[0].name, "same", str(decided[0].reason))
        return
    for verdict, row in judged[:MOST]:
        if verdict.level != "none" and verdict.score >= (SHORT if is_short else NEARLY_SAME):
            yield Found(row.id, row.of or row.name, "possible", str(verdict.reason))


def library() -> Names:
    """Return all names of the whole library, former and alternative ones too."""
    return Names(queries.library())


def library_without_codes() -> Names:
    """Return the names of the enterprises without a 统一社会信用代码: all that a row with a code of its own may mean."""
    return Names.of(queries.names_without_code())


def part_of(name: str) -> str:
    """Return the part by which a row is remembered for later rows of its file: brand and trade."""
    parts = naming.parse(name)
    return parts.core or parts.normalised
