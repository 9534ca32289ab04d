"""What an import remembers of the rows it has gone through, in a few bytes a row: a file may have a million of them.

Texts are kept as numbers of 64 bits; that two of them have one number is less likely than a broken disk (1 in 10 million
for a file of a million rows). What is needed whole lies in temporary files that vanish with the process.
"""

from __future__ import annotations

import json
import marshal
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from yinfeng.enterprises.imports.rows import Said
from yinfeng.enterprises.queries import Firm

Numbers = np.ndarray[Any, np.dtype[np.uint64]]


def number_of(text: str) -> int:
    """Return the number that stands for a text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


class Marks:
    """Texts or numbers that were there, 8 bytes each: sorted runs, each longer than all that came after it."""

    def __init__(self) -> None:
        self.runs: list[Numbers] = []

    def add(self, texts: Iterable[str]) -> None:
        self.add_numbers(map(number_of, texts))

    def add_numbers(self, numbers: Iterable[int]) -> None:
        run = np.unique(np.fromiter(numbers, dtype=np.uint64))
        while self.runs and len(self.runs[-1]) <= 2 * len(run):
            run = np.union1d(self.runs.pop(), run)
        if len(run):
            self.runs.append(run)

    def known(self, texts: Sequence[str]) -> set[str]:
        """Return those of the texts that were there."""
        there = self._there(np.fromiter(map(number_of, texts), dtype=np.uint64, count=len(texts)))
        return {text for text, known in zip(texts, there, strict=True) if known}

    def known_numbers(self, given: Sequence[int]) -> set[int]:
        """Return those of the numbers that were there."""
        there = self._there(np.array(given, dtype=np.uint64))
        return {number for number, known in zip(given, there, strict=True) if known}

    def _there(self, numbers: Numbers) -> list[bool]:
        found = np.zeros(len(numbers), dtype=bool)
        for run in self.runs:
            at = np.searchsorted(run, numbers)
            at[at == len(run)] = 0
            found |= run[at] == numbers
        answer: list[bool] = found.tolist()
        return answer


class Row(NamedTuple):
    """A new row of the file, as a later one of nearly the same name is told of it."""

    number: int
    name: str
    uscc: str
    listing_code: str

    @classmethod
    def of(cls, said: Said) -> Row:
        return cls(said.number, said.name, said.values.get("uscc", ""), said.values.get("listing_code", ""))


class Earlier:
    """New rows so far, found by what nearly equal names share; 16 bytes each in memory, the rest in a temporary file."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by ``close``
        self.parts = Marks()
        self.runs: list[
            tuple[Numbers, Numbers]
        ] = []  # sorted numbers of parts, where their rows lie in the file

    def close(self) -> None:
        self.file.close()

    def add(self, rows: Iterable[tuple[str, Row]]) -> None:
        """Remember rows, each with the part of its name by which it is to be found."""
        rows = list(rows)
        self.parts.add(part for part, _row in rows)
        at = self.file.seek(0, 2)
        parts, places = [], []
        lines = []
        for part, row in rows:
            line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
            parts.append(number_of(part))
            places.append(at)
            lines.append(line)
            at += len(line)
        self.file.write(b"".join(lines))
        run = (np.array(parts, dtype=np.uint64), np.array(places, dtype=np.uint64))
        while self.runs and len(self.runs[-1][0]) <= 2 * len(run[0]):
            last = self.runs.pop()
            run = (np.concatenate([last[0], run[0]]), np.concatenate([last[1], run[1]]))
        if len(run[0]):
            order = np.argsort(run[0], kind="stable")
            self.runs.append((run[0][order], run[1][order]))

    def like(self, part: str, before: int, most: int = 50) -> Iterator[Row]:
        """Yield the rows before one that share a part, at most so many."""
        number = np.uint64(number_of(part))
        for numbers, places in self.runs:
            low, high = np.searchsorted(numbers, number, "left"), np.searchsorted(numbers, number, "right")
            for place in places[low : min(high, low + most)]:
                self.file.seek(int(place))
                row = Row(*json.loads(self.file.readline()))
                if row.number < before:
                    yield row


# What was found of a row: the enterprise that it names, the part by which it is remembered as new, or nothing that holds.
Finding = Firm | str | None


_SIZE = 8  # bytes that say how many follow


class Decided:
    """What the rows of a file say and what was found of them, in a temporary file, so that they are written without asking
    everything again. Nothing depends on it: a process that does not have it reads the file anew.

    The file is our own, has no name and is gone with the process: ``marshal``, several times as fast as JSON, is safe there.
    """

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by ``close``

    def close(self) -> None:
        self.file.close()

    def add(self, rows: Iterable[tuple[Said, Finding]]) -> None:
        """Keep rows, each with what was found of it."""
        kept = marshal.dumps([_kept(said, found) for said, found in rows])
        self.file.write(len(kept).to_bytes(_SIZE))
        self.file.write(kept)

    def __iter__(self) -> Iterator[tuple[Said, Finding]]:
        self.file.seek(0)
        while size := self.file.read(_SIZE):
            for row, found in marshal.loads(self.file.read(int.from_bytes(size))):  # noqa: S302
                said = Said(*row)
                _make(said.values)
                if type(found) is tuple:
                    pk, version, values = found
                    found = Firm(pk, version, _make(values))
                yield said, found


def _kept(said: Said, found: Finding) -> tuple[Any, ...]:
    row = (said.number, _plain(said.values), said.key, said.rank, said.questions, said.errors, said.doubts)
    return row, (found.pk, found.version, _plain(found.values)) if isinstance(found, Firm) else found


_MADE: dict[str, Any] = {
    "capital": Decimal,
    "founded_date": date.fromisoformat,
    "verified_date": date.fromisoformat,
}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values with texts for those that only Python knows."""
    plain = values.copy()
    for name in _MADE:
        if (value := plain.get(name)) is not None:
            plain[name] = str(value)
    return plain


def _make(values: dict[str, Any]) -> dict[str, Any]:
    """Make values again of such texts."""
    for name, make in _MADE.items():
        if (text := values.get(name)) is not None:
            values[name] = make(text)
    return values
