"""Enterprises of the library that may be one: pairs with score and reason, and the clusters they make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from yinfeng.enterprises import matching
from yinfeng.enterprises.matching import Library
from yinfeng.enterprises.models import Distinction, Enterprise

# From this score on two records are worth a person's look; a score says how often its rule is right (docs/adr/0015).
DOUBTFUL = 0.8


class Pair(NamedTuple):
    """Two records that may be one enterprise, the older one first."""

    one: int
    other: int
    score: float
    reason: str


def pairs(library: Library, names: Sequence[tuple[int, str]]) -> Iterator[Pair]:
    """Yield the pairs of which one is among ``names`` (id, registered name), each once.

    Left out is what a person told apart, and two records with a 统一社会信用代码 each: two codes are two legal persons.
    """
    found: dict[tuple[int, int], Pair] = {}
    for (pk, name), near in zip(names, library.likely([name for _pk, name in names]), strict=True):
        others = (row for row in map(library.row, near) if row.id != pk)
        for match in matching.decide(name, matching.judge(name, others)):
            if match.decision == "none" or match.score < DOUBTFUL:
                continue
            key = (min(pk, match.id), max(pk, match.id))
            if key not in found or found[key].score < match.score:
                found[key] = Pair(*key, match.score, str(match.reason))
    yield from _in_doubt(found.values())


def _in_doubt(found: Iterable[Pair]) -> Iterator[Pair]:
    found = list(found)
    ids = {pk for pair in found for pk in pair[:2]}
    codes, keys = {}, {}
    for pk, code, key in Enterprise.objects.filter(pk__in=ids).values_list("pk", "uscc", "name_key"):
        codes[pk], keys[pk] = code, key
    apart = set(Distinction.objects.filter(enterprise__in=ids).values_list("enterprise_id", "name_key"))
    for pair in found:
        one, other = pair.one, pair.other
        if one not in keys or other not in keys or (codes[one] and codes[other]):
            continue
        if apart.isdisjoint({(one, keys[other]), (other, keys[one])}):
            yield pair


def clusters(found: Iterable[Pair]) -> list[list[Pair]]:
    """Return the pairs in groups that hang together, the surest first in each and of all."""
    leader: dict[int, int] = {}

    def lead(pk: int) -> int:
        while leader.setdefault(pk, pk) != pk:
            leader[pk] = leader[leader[pk]]
            pk = leader[pk]
        return pk

    found = list(found)
    for pair in found:
        leader[lead(pair.one)] = lead(pair.other)
    groups: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in sorted(found, key=lambda pair: (-pair.score, pair.one, pair.other)):
        groups[lead(pair.one)].append(pair)
    return sorted(groups.values(), key=lambda group: (-group[0].score, group[0].one))
