"""Values that every page asks for and only a load of the profile changes, kept for a minute in each process.

Django's cache would pickle them at each reading: a table of 1,900 codes takes longer to unpickle than to use.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

SECONDS, LIMIT = 60, 10_000
_kept: dict[Any, tuple[float, Any]] = {}


def kept(key: Any, make: Callable[[], T]) -> T:
    """Return what ``make`` returned within the last minute; callers must not change it."""
    return kept_each([key], lambda _keys: {key: make()})[key]


def kept_each(keys: Iterable[K], make: Callable[[list[K]], Mapping[K, T]]) -> dict[K, T]:
    """Return the kept value of each key; ``make`` is asked once for all that are not kept, and must know them all."""
    now = time.monotonic()
    wanted = list(dict.fromkeys(keys))
    missing = [key for key in wanted if _kept.get(key, (0.0, None))[0] < now]
    if missing:
        if len(_kept) > LIMIT:  # days go by, and what was kept for past days stays behind
            _kept.clear()
            missing = wanted
        for key, value in make(missing).items():
            _kept[key] = (now + SECONDS, value)
    return {key: _kept[key][1] for key in wanted}


def forget() -> None:
    """Drop everything, as after a load of the profile."""
    _kept.clear()
