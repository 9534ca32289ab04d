"""The policy's own tasks as standing duties, loaded with the profile (clauses of parts 2 and 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.duties import queries, terms
from yinfeng.duties.models import Duty
from yinfeng.duties.services.holding import keep_in_sight
from yinfeng.duties.services.setting import Origin, Six, set_duty, write_sides
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
    """Set a task of the policy, or bring the one there is to what the policy says now, and tell; its state stays.

    One that was ended, or is given to another lead, is assigned anew. What the city did itself stays: the leader, and the unit it was handed over to.
    """
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
    lead = duty.lead_unit if queries.was_handed_over(duty) else six.lead_unit
    values: dict[str, Any] = {
        "item": six.item, "target": six.target, "requirement": six.requirement, "lead_unit": lead,
    }  # fmt: skip
    if duty.state == terms.CANCELLED or (lead != duty.lead_unit and duty.state in terms.OPEN):
        values |= {
            "state": terms.ASSIGNED, "assigned_date": timezone.localdate(), "accepted_date": None, "handler": None,
            "submitted_date": None, "submitted_by": None, "reported_date": None,
        }  # fmt: skip
    if lead != duty.lead_unit and duty.state in terms.OPEN:
        keep_in_sight([duty], duty.lead_unit, terms.FORMER_LEAD)
    changes = core.differences(duty, values)
    before = _named(duty)
    Duty.objects.filter(pk=duty.pk).update(**values, version=F("version") + 1, updated_at=timezone.now())
    duty.refresh_from_db()
    duty.sides.exclude(part__in=terms.FORMERLY).delete()
    write_sides(duty, replace(six, leader=duty.leader))
    after = _named(duty)
    search.refresh(Duty, duty.pk)
    if changes or before != after:
        told = f"{before} → {after}" if before != after else ""
        events.record(by=by, verb="duties.duty.changed", obj=duty, changes=changes, data={"text": told})
    return duty


def _named(duty: Duty) -> str:
    """Return who takes part in a duty as its document names them."""
    sides = queries.sides(duty.pk)
    return "、".join(side.unit.brief for side in sides if side.unit is not None and side.named_as_id is None)


@transaction.atomic
def end_task(*, by: Actor, clause: str) -> None:
    """End a task that the policy no longer has."""
    for duty in Duty.objects.filter(
        source_kind=terms.POLICY, clause=clause, parent=None, state__in=terms.OPEN
    ):
        Duty.objects.filter(pk=duty.pk).update(
            state=terms.CANCELLED, version=F("version") + 1, updated_at=timezone.now()
        )
        events.record(
            by=by, verb="duties.duty.cancel", obj=duty, changes={"state": (duty.state, terms.CANCELLED)}
        )
