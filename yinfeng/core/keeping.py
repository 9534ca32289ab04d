"""Values that every page asks for and only a load of the profile changes, kept for a minute in each process.

Django's cache would pickle them at each reading: a table of 1,900 codes takes longer to unpickle than to use.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

SECONDS = 60
_kept: dict[Any, tuple[float, Any]] = {}


def kept(key: Any, make: Callable[[], T]) -> T:
    """Return what ``make`` returned within the last minute; callers must not change it."""
    now = time.monotonic()
    until, value = _kept.get(key, (0.0, None))
    if until < now:
        if len(_kept) > 1000:  # days go by and rules of past days stay behind
            _kept.clear()
        value = make()
        _kept[key] = (now + SECONDS, value)
    return value  # type: ignore[no-any-return]


def forget() -> None:
    """Drop everything, as after a load of the profile."""
    _kept.clear()
