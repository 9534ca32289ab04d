"""What duties follow: the calendar of working days, the secrecy of what they are about, units that come under a name."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.duties import terms, workdays
from yinfeng.duties.models import Duty, DutyPart
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import collectives_of


@transaction.atomic
def recount(*, by: Actor) -> int:
    """Count the last days of open duties again, after the calendar changed; return how many moved.

    One that was given as a day ends on that day or, if it is a day off now, on the next working day (民法典第二百零三条); one that
    was given in working days after so many of them. What is reviewed is judged by the day it was submitted under.
    """
    days, today = workdays.exact(), timezone.localdate()
    owed = Duty.objects.filter(state__in=(*terms.OWED, terms.RETURNED), due_date__isnull=False)
    found: list[tuple[Duty, date | None, date]] = []
    # few differ in how their day was given: who keeps the calendar does not wait for a hundred thousand rows
    for said in owed.order_by().values(*GIVEN_BY).distinct():
        given, due = _counted(days, **said)
        if due != said["due_date"] and due >= today:
            found += [(duty, given, due) for duty in owed.filter(**said).select_related("parent")]
    found.sort(key=lambda one: one[0].pk)  # the whole before its parts
    return sum(_move_last_day(duty, given, due, by) for duty, given, due in found)


# By what a last day is counted.
GIVEN_BY = ("set_date", "work_days", "extensions", "given_date", "due_date")


def _counted(
    days: workdays.Workdays, *, set_date: date, work_days: int | None, extensions: int, given_date: date | None, due_date: date
) -> tuple[date | None, date]:  # fmt: skip
    """Return the day as it was given (None: in working days) and on which one it ends by the calendar as it is now."""
    if given_date is None and work_days and not extensions:
        return None, days.add(set_date, work_days)
    given = given_date or due_date
    return given, days.last_day(given)


def _move_last_day(duty: Duty, given: date | None, due: date, by: Actor) -> bool:
    """Write another last day, unless the law or the whole of which this is a part does not allow it."""
    if duty.statutory_date and due > duty.statutory_date:
        return False
    if duty.parent is not None:
        duty.parent.refresh_from_db(fields=["due_date"])  # which may have moved just now
        if duty.parent.due_date is not None and due > duty.parent.due_date:
            return False
    old = duty.due_date
    mine = Duty.objects.filter(pk=duty.pk, version=duty.version)
    if mine.update(due_date=due, given_date=given, version=F("version") + 1) != 1:
        return False
    duty.refresh_from_db()
    events.record(by=by, verb="duties.duty.recounted", obj=duty, changes={"due_date": (old, due)})
    return True


def recount_after(event: Any, by: Actor) -> None:
    """Count again because the calendar of working days says something else now."""
    recount(by=by)


@transaction.atomic
def follow_secrecy(*, by: Actor, about: Any, is_sensitive: bool) -> int:
    """Make the duties about an object as secret as it has become; return how many changed.

    A duty set apart as sensitive by hand stays so while its object is not.
    """
    if not is_sensitive:
        return 0
    found = Duty.objects.filter(
        about_type=events.type_of(about), about_id=about.pk, secrecy=terms.INTERNAL
    ).exclude(state__in=(terms.CANCELLED,))
    changed = 0
    for duty in found:
        if Duty.objects.filter(pk=duty.pk, version=duty.version).update(
            secrecy=terms.SENSITIVE, version=F("version") + 1
        ):
            duty.refresh_from_db()
            told = {"secrecy": (terms.INTERNAL, terms.SENSITIVE)}
            events.record(by=by, verb="duties.duty.made_sensitive", obj=duty, changes=told)
            changed += 1
    return changed


@transaction.atomic
def join_collectives(event: Any, by: Actor) -> None:
    """Let a new unit take part in the policy's open tasks by the collective names that mean it (各区): so the policy says.

    What people set themselves they change themselves.
    """
    unit = Unit.objects.get(pk=event.object_id)
    if unit.kind == "collective" or not unit.is_open(timezone.localdate()):
        return
    named = DutyPart.objects.filter(
        unit__in=collectives_of(unit), named_as=None, part__in=terms.RESPONSIBLE,
        duty__source_kind=terms.POLICY, duty__state__in=terms.OPEN,
    ).select_related("duty", "unit")  # fmt: skip
    for side in named.order_by("pk"):
        row = DutyPart(duty=side.duty, part=side.part, unit=unit, named_as=side.unit, order=side.order)
        if not core.get_or_add(
            row, unique={"duty": side.duty, "part": side.part, "unit": unit, "named_as": side.unit}
        )[1]:
            continue
        assert side.unit is not None
        told = {"unit": unit.brief, "name": side.unit.brief}
        events.record(
            by=by, verb="duties.duty.joined", obj=side.duty, data={"text": _("%(unit)s（%(name)s）") % told}
        )
