"""What a circular tells of: the duties that a person supervises, without sensitive ones, and what of them is overdue."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.duties import terms
from yinfeng.duties.models import Duty
from yinfeng.duties.queries.duties import speaks_for, standing_q


def told_of(by: Actor) -> QuerySet[Any]:
    """Return the duties of which a person's circulars tell: a circular is read by every unit it names, so no sensitive one."""
    return Duty.objects.permitted(by, "supervise").exclude(secrecy=terms.SENSITIVE)


def overdue(duties: QuerySet[Any], today: date) -> QuerySet[Any]:
    """Return those of some duties that are overdue, the longest first."""
    return (
        duties.filter(standing_q(terms.OVERDUE, today))
        .select_related("lead_unit", "leader")
        .order_by("due_date", "pk")
    )


def supervising_units(by: Actor) -> QuerySet[Any]:
    """Return the units in whose name an actor issues circulars."""
    return speaks_for(by, "duties.duty.supervise")


def circular_mark(today: date) -> str:
    """Return the series of numbers of circulars (profile); empty where the profile has none."""
    return str(core.rules("duty_reminder", today).get(terms.CIRCULAR, {}).get("mark", ""))
