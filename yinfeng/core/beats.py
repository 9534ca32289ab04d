"""What apps do at every beat of the clock (``yinfeng tick``); they register in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Beat = Callable[[datetime], int]
BEATS: dict[str, Beat] = {}


def register(name: str, beat: Beat) -> None:
    """Let ``beat`` be called with the time at every tick; it returns of how many things it did something."""
    BEATS[name] = beat
