"""Who is told of what happens to a duty; a notice is a row of the same transaction, so none is lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.duties import terms
from yinfeng.duties.models import Duty, DutyPart, Reminder
from yinfeng.orgs.queries import users_of_units

OWING = "duty"


def _handlers(duty: Duty, parts: Iterable[str]) -> set[int]:
    units = DutyPart.objects.filter(duty=duty, part__in=list(parts), unit__isnull=False).values_list(
        "unit", flat=True
    )
    return users_of_units(units, "duties.duty.handle")


def _leader(duty: Duty) -> set[int]:
    return {duty.leader.user_id} if duty.leader is not None and duty.leader.user_id else set()


def _setters(duty: Duty) -> set[int]:
    found = users_of_units([duty.set_unit_id], "duties.duty.review")
    return found | ({duty.set_by_id} if duty.set_by_id else set())


def _duty(event: Any) -> Duty:
    return Duty.objects.select_related("leader", "lead_unit", "set_unit").get(pk=event.object_id)


def tell_units(event: Any, by: Actor) -> None:
    """Tell the units that owe a duty, and its leader, of what who set it did."""
    duty = _duty(event)
    told = _handlers(duty, terms.RESPONSIBLE) | _leader(duty)
    if duty.handler_id:
        told.add(duty.handler_id)
    core.notify(event, told - {by.user_id}, OWING)


def tell_setters(event: Any, by: Actor) -> None:
    """Tell who set a duty, and reviews it, of what the unit did."""
    core.notify(event, _setters(_duty(event)) - {by.user_id}, OWING)


def tell_of_reminder(event: Any, duty: Duty, reminder: Reminder) -> None:
    """Tell who works on a duty of a reminder, and of a grave one who set it too."""
    told = _handlers(duty, (terms.LEAD, terms.CO_LEAD)) | _leader(duty)
    if duty.handler_id:
        told.add(duty.handler_id)
    if reminder.level not in (terms.REMIND, terms.URGE):
        told |= _setters(duty)
    core.notify(event, told, OWING)


def tell_named(event: Any, units: Iterable[int]) -> None:
    """Tell the units that a circular names of it."""
    core.notify(event, users_of_units(units, "duties.duty.view"), OWING)
