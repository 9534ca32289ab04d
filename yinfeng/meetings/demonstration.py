"""The demonstration's meetings, decisions and inspections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from yinfeng.core.actors import Actor
from yinfeng.meetings import demonstration_gates, demonstration_inspections, demonstration_meetings
from yinfeng.orgs.models import Unit


def enter(
    actors: Mapping[str, Actor],
    units: Mapping[str, Unit],
    today: datetime,
    at: Callable[[datetime], Any],
) -> None:
    """Let bodies meet and decide about projects, and the group for performance inspect."""
    demonstration_meetings.enter(actors, units, today, at)
    demonstration_gates.enter(actors, today, at)
    demonstration_inspections.enter(actors, units, today, at)


CHAPTER = enter
