"""The draw of an inspection: who is looked at is decided by a seed, so that anybody can repeat it and nobody can choose.

Of every row of a stratum the SHA-256 of “seed:id” is taken (``printf '%s' seed:id | sha256sum``); the rows with the smallest
are drawn. The seed is made at the draw, of 128 random bits, and kept with the ids that could have been drawn. Without strata
all rows are one; of a stratum at least one is drawn and at most all. Source: common practice of random inspection (双随机).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256

from yinfeng.meetings import inspecting


def new_seed() -> str:
    """Return 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def size_of(stratum: int, by: str, size: int) -> int:
    """Return how many of a stratum of so many rows are drawn: ``size`` of them, or so many per cent, rounded up."""
    wanted = -(-stratum * size // 100) if by == inspecting.PERCENT else size
    return min(wanted, stratum)


def draw(strata: Mapping[str, Iterable[int]], seed: str, by: str, size: int) -> list[int]:
    """Return the ids that are drawn of each stratum, in the order of the ids."""
    picked: list[int] = []
    for ids in strata.values():
        ranked = sorted(set(ids), key=lambda pk: (sha256(f"{seed}:{pk}".encode()).hexdigest(), pk))
        picked += ranked[: size_of(len(ranked), by, size)]
    return sorted(picked)
