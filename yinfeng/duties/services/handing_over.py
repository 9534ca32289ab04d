"""Handing a duty over to another unit, by who set it or because its unit is merged; what is asked before a unit is closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence, refusal
from yinfeng.duties import lifecycle, queries, terms
from yinfeng.duties.models import Duty, DutyPart
from yinfeng.duties.services.holding import hold_unit, keep_in_sight
from yinfeng.orgs.models import Unit


@transaction.atomic
def hand_over(*, by: Actor, duty: Duty, unit: Unit, reason: str, version: int | None = None) -> Duty:
    """Give a duty to another unit, which accepts it anew; its parts stay with their units, the last day stays."""
    lifecycle.DUTY.check(duty, "hand_over", by)
    if not reason.strip():
        raise refusal("reason", _("请填写移交的原因。"))
    if unit.pk == duty.lead_unit_id:
        raise refusal("unit", _("事项现在就由这个单位牵头，请选择另一个单位。"))
    held = hold_unit(unit, "unit", timezone.localdate())
    _give(duty, held, by, "hand_over", reason=reason, version=version)
    return duty


def _give(
    duty: Duty, unit: Unit, by: Actor, move: str, *, reason: str, version: int | None, within: bool = False
) -> None:
    old = duty.lead_unit
    # before the move is told: the unit that leads from now on is the one to hear of it
    duty.sides.filter(part__in=terms.RESPONSIBLE, unit=unit, named_as=None).delete()
    duty.sides.filter(part=terms.LEAD).update(unit=unit)
    keep_in_sight([duty], old, terms.FORMER_LEAD)
    _set_by(Duty.objects.filter(parent=duty, state__in=terms.OPEN), old, unit)
    lifecycle.DUTY.perform(
        duty, move, by=by, reason=reason, version=version, within=within, changes={"lead_unit": (old, unit)},
        values={
            "lead_unit": unit, "assigned_date": timezone.localdate(), "accepted_date": None, "handler_id": None,
            "submitted_date": None, "submitted_by_id": None, "reported_date": None, "percent": 0, "result": "",
        },
    )  # fmt: skip
    search.refresh(Duty, duty.pk)


def _set_by(duties: QuerySet[Duty], old: Unit, new: Unit) -> list[Duty]:
    """Let another unit be the one that set duties, and reviews them; return them as they were."""
    found = list(duties)
    keep_in_sight(found, old, terms.FORMER_SETTER)
    keys = [duty.pk for duty in found]
    DutyPart.objects.filter(duty__in=keys, part=terms.SETTER).update(unit=new)
    Duty.objects.filter(pk__in=keys).update(set_unit=new, version=F("version") + 1, updated_at=timezone.now())
    return found


# --- units that are closed ----------------------------------------------------------------------------------------


def may_close_unit(unit: Unit) -> Sentence | None:
    """Object to closing a unit that owes duties, which are handed over first, or whose set ones nobody would review."""
    count = queries.owed_by(unit).count()
    if count:
        return _("“%(unit)s”还有 %(count)s 项没有办结的督办事项，请先移交给其他单位；并入其他单位的，事项随之移交。") % {
            "unit": unit.brief, "count": count,
        }  # fmt: skip
    if queries.set_by(unit).exists() and queries.reviewer_after(unit) is None:
        return _(
            "“%(unit)s”交办的事项还没有办结，也没有上级单位或办公室可以接着审核。请并入承接职能的单位。"
        ) % {"unit": unit.brief}
    return None


def follow_unit(event: Any, by: Actor) -> None:
    """Hand what a merged unit owes to the unit it joined, which also reviews what that one had set."""
    unit = Unit.objects.get(pk=event.object_id)
    into = unit.parent
    if into is None:
        return
    _take_over_review(unit, into, event.note, by)
    for pk in list(queries.owed_by(unit).values_list("pk", flat=True)):
        duty = Duty.objects.select_related("lead_unit").get(pk=pk)  # as the whole it is a part of has left it
        _give(
            duty,
            into,
            replace(by, is_system=True),
            "follow_unit",
            reason=event.note,
            version=None,
            within=True,
        )


def follow_closing(event: Any, by: Actor) -> None:
    """Let the unit above, or the leader group's office, review what a unit that was closed had set (ADR 26)."""
    unit = Unit.objects.get(pk=event.object_id)
    if unit.valid_to is None or "valid_to" not in event.changes:
        return
    if (heir := queries.reviewer_after(unit)) is not None:
        _take_over_review(unit, heir, event.note, by)


def _take_over_review(unit: Unit, heir: Unit, why: str, by: Actor) -> None:
    """Write on the timeline of each open duty that a unit had set which one reviews it from now on."""
    for duty in _set_by(queries.set_by(unit), unit, heir):
        duty.refresh_from_db()
        events.record(
            by=by, verb="duties.duty.setter_moved", obj=duty, note=why, changes={"set_unit": (unit, heir)}
        )
