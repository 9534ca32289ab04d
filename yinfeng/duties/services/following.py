"""What duties follow: the calendar of working days, and the secrecy of what they are about."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from yinfeng.core import events
from yinfeng.core.actors import Actor
from yinfeng.duties import terms, workdays
from yinfeng.duties.models import Duty


@transaction.atomic
def recount(*, by: Actor) -> int:
    """Count the last days of open duties that were given in working days again, after the calendar changed; return how many moved.

    One that was extended keeps the day it was granted; one that is reviewed is judged by the day it was submitted under.
    """
    moved, days = 0, workdays.exact()
    today = timezone.localdate()
    given = Duty.objects.filter(
        state__in=(*terms.OWED, terms.RETURNED), work_days__isnull=False, extensions=0
    )
    for duty in given.order_by("pk"):  # the whole before its parts
        due = days.add(duty.set_date, duty.work_days or 1)
        if due == duty.due_date or due < today or (duty.statutory_date and due > duty.statutory_date):
            continue
        if duty.parent is not None and duty.parent.due_date is not None and due > duty.parent.due_date:
            continue
        old = duty.due_date
        if (
            Duty.objects.filter(pk=duty.pk, version=duty.version).update(
                due_date=due, version=F("version") + 1
            )
            == 1
        ):
            duty.refresh_from_db()
            events.record(by=by, verb="duties.duty.recounted", obj=duty, changes={"due_date": (old, due)})
            moved += 1
    return moved


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
