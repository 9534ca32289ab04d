"""Which enterprise of a library a typed name means: same, possible (a person decides) or none, with the reason in words.

Two steps. A name's rare pairs of characters find the few names of the library that share them (``Library``: postings of
pairs as arrays, built anew or kept in a folder). ``naming.compare`` judges each of these, and ``decide`` looks at all
verdicts together: a short name means a firm only if no other fits as well.

Pairs of characters, not words: a slip in typing, a place left out or a brand that no word list knows leave most pairs of a
name as they are. What is common says nothing (有限, 科技), so only the rarest pairs of a name are looked up.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from yinfeng.core.text import normalise
from yinfeng.enterprises import naming
from yinfeng.enterprises.naming import NameParts, Verdict

Ints = np.ndarray[Any, np.dtype[np.uint64]]

# Of a name's pairs the rarest are looked up, until they stand in this many names of the library altogether.
POSTINGS = 4_000
# Names that are judged of those that share most.
CLOSE_LOOK = 24
# Of what the best one shares the others must share so much; less in a small library, where every pair is rare.
NEARNESS, NEARNESS_OF_FEW, FEW = 0.55, 0.25, 200_000
# Names looked up at a time: their postings are one array of some megabytes.
BATCH = 1_000
# Two verdicts this near to each other leave it open which of the two is meant.
MARGIN = 0.05


class Named(NamedTuple):
    """A name that an enterprise of the library has; ``of`` is its registered name where this is another one."""

    id: int
    name: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """An enterprise that a name may mean, by the name it is registered with, and what is to be thought of it."""

    id: int
    name: str
    decision: Literal["same", "possible", "none"]
    score: float
    reason: str | Promise


# --- deciding -----------------------------------------------------------------------------------------------------

_SEVERAL = _("库中有不止一家同样相符")
Judged = tuple[Verdict, Named]


def judge(name: str, rows: Iterable[Named]) -> list[Judged]:
    """Return the verdicts on the rows that have to do with ``name``, likeliest first; of an enterprise its best name."""
    wanted = naming.parse(name)
    best: dict[int, Judged] = {}
    for row in rows:
        verdict = naming.compare(wanted, _parts(row.name))
        if verdict.score > 0 and (row.id not in best or verdict.score > best[row.id][0].score):
            best[row.id] = (verdict, row)

    def order(item: Judged) -> tuple[Any, ...]:
        verdict, row = item
        return (
            verdict.level == "none",
            -verdict.score,
            name not in row.name,
            len(row.name),
            row.name,
            row.id,
        )

    return sorted(best.values(), key=order)


@lru_cache(maxsize=50_000)
def _parts(name: str) -> NameParts:
    """Return a name of the library taken apart; kept, since firms of one brand come up again and again."""
    return naming.parse(name)


def decide(name: str, judged: Sequence[Judged]) -> list[Match]:
    """Say of each of the judged rows, likeliest first, whether ``name`` means it.

    The same is who has the registered name, or the one alone that a name as people use it can mean; then no other is.
    Where several fit as well as each other all of them are possible, unless only one is spelled as it was typed.
    """
    matches = [_match(verdict, row) for verdict, row in judged]
    if not judged or judged[0][0].level == "none":
        return matches
    top = judged[0][0]
    equal = [at for at, (verdict, _row) in enumerate(judged) if verdict.score == top.score]
    rivals = [
        at
        for at, (verdict, _row) in enumerate(judged)
        if verdict.settles and verdict.score >= top.score - MARGIN
    ]
    if top.level == "same" or (top.settles and len(rivals) == len(equal)):
        chosen = equal if len(equal) == 1 else [at for at in equal if name in judged[at][1].name]
        if len(chosen) == 1:
            others = (replace(match, decision="none") for at, match in enumerate(matches) if at != chosen[0])
            return [replace(matches[chosen[0]], decision="same"), *others]
        matches = [
            replace(match, decision="possible", reason=_SEVERAL) if at in equal else match
            for at, match in enumerate(matches)
        ]
    near = [
        at
        for at, match in enumerate(matches)
        if match.score >= top.score - MARGIN and match.decision != "none"
    ]
    # How sure an answer is goes down with every other that is as good.
    share = 0.6 + 0.4 / len(near)
    return [
        replace(match, score=round(match.score * share, 3)) if at in near else match
        for at, match in enumerate(matches)
    ]


def _match(verdict: Verdict, row: Named) -> Match:
    reason = verdict.reason
    if row.of:
        reason = format_lazy(_("{reason}（按曾用名或别名“{name}”）"), reason=reason, name=row.name)
    return Match(row.id, row.of or row.name, verdict.level, verdict.score, reason)


# --- finding ------------------------------------------------------------------------------------------------------


# A pair is 42 bits, a weight in hundredths 12.
_LETTER, _OWNER, _WEIGHT = np.uint64(21), np.uint64(42), np.uint64(12)
_GRAM = np.uint64((1 << 42) - 1)
# In the index a pair and a position of 22 bits are one number: four million names.
_POSITION, _POSITIONS = np.uint64(22), np.uint64((1 << 22) - 1)
MOST_NAMES = 1 << 22
# A position in the library is 26 bits, how far a name is behind the likeliest 16.
_PLACE, _PLACES, _FAR = np.uint64(26), np.uint64((1 << 26) - 1), np.uint64((1 << 16) - 1)


_PLACE_INSIDE = re.compile(r"(.+?)[(（]([^()（）]{2,8})[)）](.+)")


def _ordered(name: str) -> str:
    """Return a name in normal form, what stands in brackets inside it in front, where names have their place otherwise."""
    found = _PLACE_INSIDE.fullmatch(name) if "(" in name or "（" in name else None
    return normalise(found[2] + found[1] + found[3] if found else name)


def _pairs(texts: Sequence[str]) -> tuple[Ints, Ints]:
    """Return the pairs of characters in normalised texts as numbers, and which text each stands in.

    Pairs are of neighbours and of those with one between them: whatever character is mistyped, left out or put in, one
    pair across it stays.
    """
    letters = np.frombuffer("\n".join([*texts, ""]).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    ends = letters == 10
    owner = np.cumsum(ends, dtype=np.uint32)
    near = ~(ends[:-1] | ends[1:])
    over = ~(ends[:-2] | ends[1:-1] | ends[2:])
    pairs = [(letters[:-1][near].astype(np.uint64) << _LETTER) | letters[1:][near],
             (letters[:-2][over].astype(np.uint64) << _LETTER) | letters[2:][over]]  # fmt: skip
    return np.concatenate(pairs), np.concatenate([owner[:-1][near], owner[:-2][over]]).astype(np.uint64)


class Library:
    """Names in which the likeliest ones for a typed name are found; made once for many names, kept in a folder if wanted.

    ``grams`` are the distinct pairs in order, ``starts`` where the postings of each begin in ``postings`` (positions of
    names), ``weights`` how much each pair says, ``mass`` all that a name says.
    """

    ARRAYS = ("ids", "grams", "starts", "postings", "weights", "mass")

    def __init__(self, rows: Iterable[Named]) -> None:
        """Index the rows, at most ``MOST_NAMES`` of them; a million take about ten seconds and a gigabyte."""
        ids: list[int] = []
        self.names: list[str] = []
        self.registered: dict[int, str] = {}
        for row in rows:
            if row.of:
                self.registered[len(ids)] = row.of
            ids.append(row.id)
            self.names.append(" ".join(row.name.split()))
        if len(ids) > MOST_NAMES:
            raise ValueError(f"a library holds at most {MOST_NAMES:,} names")
        self.ids = np.array(ids, dtype=np.int64)
        self._index(*_pairs([_ordered(name) for name in self.names]))

    def keep(self, folder: Path) -> None:
        """Keep the library in a folder, from which ``load`` takes it back in a second or two."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / "arrays.npz", **{name: getattr(self, name) for name in self.ARRAYS})
        texts = {"names.txt": "\n".join(self.names), "registered.json": json.dumps(self.registered)}
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", errors="surrogatepass")

    @classmethod
    def load(cls, folder: Path) -> Library:
        """Return a library that was kept."""
        library = cls.__new__(cls)
        with np.load(folder / "arrays.npz") as arrays:
            for name in cls.ARRAYS:
                setattr(library, name, arrays[name])
        texts = [
            (folder / name).read_text(encoding="utf-8", errors="surrogatepass")
            for name in ("names.txt", "registered.json")
        ]
        library.names = texts[0].split("\n") if len(library.ids) else []
        library.registered = {int(at): name for at, name in json.loads(texts[1]).items()}
        return library

    def row(self, at: int) -> Named:
        """Return the name at a position."""
        return Named(int(self.ids[at]), self.names[at], self.registered.get(at, ""))

    def _index(self, grams: Ints, owners: Ints) -> None:
        """Sort pairs and owners together: one sorting of 64-bit numbers, 42 bits of pair and 22 of position."""
        together = (grams << _POSITION) | owners
        together.sort()
        together = together[_changes(together)]
        self.postings = (together & _POSITIONS).astype(np.uint32)
        together >>= _POSITION
        begin = np.flatnonzero(_changes(together))
        self.grams = together[begin]
        self.starts = np.append(begin, len(together)).astype(np.int64)
        counts = np.diff(self.starts)
        self.weights = np.log((len(self.names) + 1) / counts).astype(np.float32)
        said = np.repeat(self.weights, counts)
        self.mass = np.bincount(self.postings, weights=said, minlength=len(self.names)).astype(np.float32)

    def likely(self, names: Sequence[str]) -> Iterator[list[int]]:
        """Yield for each name the positions of those in the library that share most of its rare pairs."""
        for at in range(0, len(names), BATCH):
            yield from self._likely(names[at : at + BATCH])

    def _likely(self, names: Sequence[str]) -> list[list[int]]:
        found: list[list[int]] = [[] for _name in names]
        grams, owners = _pairs([_ordered(name) for name in names])
        if not len(self.grams):
            return found
        together = np.unique((owners << _OWNER) | grams)
        owners, grams = together >> _OWNER, together & _GRAM
        places = np.searchsorted(self.grams, grams)
        places[places == len(self.grams)] = 0
        known = self.grams[places] == grams
        owners, places = owners[known].astype(np.int64), places[known]
        counts = self.starts[places + 1] - self.starts[places]
        # of each name the rarest pairs first, as long as their postings are not too many; the rarest one always
        order = np.lexsort((counts, owners))
        owners, places, counts = owners[order], places[order], counts[order]
        if not len(owners):
            return found
        sums = np.cumsum(counts)
        begin = np.searchsorted(owners, owners)
        before = sums - counts - (sums[begin] - counts[begin])
        kept = (before + counts <= POSTINGS) | (np.arange(len(owners)) == begin)
        owners, places, counts = owners[kept], places[kept], counts[kept]
        hits = self.postings[_ranges(self.starts[places], counts)].astype(np.int64)
        # Weights ride in the lowest bits, in hundredths: sorting numbers is many times faster than sorting by them.
        key = (np.repeat(owners, counts) * len(self.names) + hits).astype(np.uint64) << _WEIGHT
        key |= np.repeat((self.weights[places] * 100).astype(np.uint64), counts)
        key.sort()
        weight = (key & np.uint64(0xFFF)).astype(np.float32) / 100
        key = (key >> _WEIGHT).astype(np.int64)
        first = np.flatnonzero(_changes(key))
        shared = np.add.reduceat(weight, first)
        who, where = np.divmod(key[first], len(self.names))
        rank = shared * (1 + 0.5 * shared / np.maximum(self.mass[where], 1e-6))
        heads = np.flatnonzero(_changes(who))
        best = np.repeat(np.maximum.reduceat(rank, heads), np.diff(np.append(heads, len(who))))
        near = rank >= (NEARNESS if len(self.names) > FEW else NEARNESS_OF_FEW) * best
        who, where, rank = who[near], where[near], rank[near]
        behind = ((best[near] - rank) * 1000).astype(np.uint64)
        order = (
            (who.astype(np.uint64) << _OWNER) | (np.minimum(behind, _FAR) << _PLACE) | where.astype(np.uint64)
        )
        order.sort()
        bounds = np.searchsorted(order, np.arange(len(names) + 1, dtype=np.uint64) << _OWNER)
        where = order & _PLACES
        return [where[low : min(high, low + CLOSE_LOOK)].tolist() for low, high in pairwise(bounds.tolist())]

    def match(self, names: Sequence[str]) -> Iterator[list[Match]]:
        """Yield for each name the enterprises it may mean, likeliest first."""
        for name, near in zip(names, self.likely(names), strict=True):
            yield decide(name, judge(name, map(self.row, near)))


# Fewer names than these are matched before other processes have begun.
WORTH_SHARING = 5_000


def match_many(library: Library, names: Sequence[str], top: int) -> Iterator[list[Match]]:
    """Yield for each name the ``top`` enterprises it may mean, reasons worded, by as many processes as there are processors.

    Only for a process of one thread, as commands are: its memory is shared with the others as it is.
    """
    processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if len(names) < WORTH_SHARING or processes == 1:
        yield from (_worded(found[:top]) for found in library.match(names))
        return
    shares = [(names[at : at + BATCH], top) for at in range(0, len(names), BATCH)]
    with get_context("fork").Pool(processes, _take, (library,)) as pool:
        for answers in pool.imap(_match_share, shares):
            yield from ([Match(*match) for match in found] for found in answers)


_taken: list[Library] = []


def _take(library: Library) -> None:
    _taken.append(library)


def _match_share(share: tuple[Sequence[str], int]) -> list[list[tuple[Any, ...]]]:
    """Return matches as plain tuples: lazy sentences take longer from process to process than to be found."""
    names, top = share
    return [
        [(match.id, match.name, match.decision, match.score, str(match.reason)) for match in found[:top]]
        for found in _taken[0].match(names)
    ]


def _worded(found: Iterable[Match]) -> list[Match]:
    return [replace(match, reason=str(match.reason)) for match in found]


def _changes(numbers: Any) -> Any:
    """Say of each number whether it differs from the one before; the first one does."""
    return np.concatenate((np.ones(min(len(numbers), 1), dtype=bool), numbers[1:] != numbers[:-1]))


def _ranges(starts: Any, counts: Any) -> Any:
    """Return the numbers start, start + 1, … of every range, one range after the other."""
    offsets = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(starts - offsets, counts)
