"""The policy's own tasks as standing duties, loaded with the profile (clauses of parts 2 and 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core.actors import Actor
from yinfeng.duties import terms
from yinfeng.duties.models import Duty
from yinfeng.duties.services.duties import Origin, Six, set_duty, write_sides
from yinfeng.orgs.models import Unit


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the policy: its clause, the six as far as the policy gives them, who set it, since when."""

    clause: str
    item: str
    target: str
    requirement: str
    leads: Sequence[Unit]
    joint: Sequence[Unit]
    set_unit: Unit
    since: date


@transaction.atomic
def put_task(*, by: Actor, task: Task) -> Duty:
    """Set a task of the policy, or bring the one there is to what the policy says now; its state stays."""
    six = Six(
        item=task.item, target=task.target, requirement=task.requirement, lead_unit=task.leads[0], co_leads=task.leads[1:],
        joint_units=task.joint, grade=terms.MAJOR,
    )  # fmt: skip
    duty = Duty.objects.filter(source_kind=terms.POLICY, clause=task.clause, parent=None).first()
    if duty is None:
        origin = Origin(
            terms.POLICY, text=_("厦委发〔2019〕8号 %(clause)s") % {"clause": task.clause}, clause=task.clause
        )
        duty = set_duty(by=by, six=six, origin=origin, set_unit=task.set_unit)
        Duty.objects.filter(pk=duty.pk).update(set_date=task.since)
        duty.refresh_from_db()
        return duty
    values = {
        "item": six.item,
        "target": six.target,
        "requirement": six.requirement,
        "lead_unit": six.lead_unit,
    }
    changes = {name: (getattr(duty, name), new) for name, new in values.items() if getattr(duty, name) != new}
    Duty.objects.filter(pk=duty.pk).update(**values)
    duty.refresh_from_db()
    duty.sides.all().delete()
    write_sides(duty, six)
    if changes:
        events.record(by=by, verb="duties.duty.changed", obj=duty, changes=changes)
    return duty


@transaction.atomic
def end_task(*, by: Actor, clause: str) -> None:
    """End a task that the policy no longer has."""
    for duty in Duty.objects.filter(
        source_kind=terms.POLICY, clause=clause, parent=None, state__in=terms.OPEN
    ):
        Duty.objects.filter(pk=duty.pk).update(state=terms.CANCELLED)
        events.record(
            by=by, verb="duties.duty.cancel", obj=duty, changes={"state": (duty.state, terms.CANCELLED)}
        )
