"""Handing a duty over to another unit, by who set it or because its unit is merged; what is asked before a unit is closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import search
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence, refusal
from yinfeng.duties import lifecycle, queries, terms
from yinfeng.duties.models import Duty, DutyPart
from yinfeng.duties.services.holding import hold_unit
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
    Duty.objects.filter(parent=duty, state__in=terms.OPEN).update(set_unit=unit)
    DutyPart.objects.filter(duty__parent=duty, duty__state__in=terms.OPEN, part=terms.SETTER).update(
        unit=unit
    )
    lifecycle.DUTY.perform(
        duty, move, by=by, reason=reason, version=version, within=within, changes={"lead_unit": (old, unit)},
        values={
            "lead_unit": unit, "assigned_date": timezone.localdate(), "accepted_date": None, "handler_id": None,
            "submitted_date": None, "submitted_by_id": None, "reported_date": None, "percent": 0, "result": "",
        },
    )  # fmt: skip
    search.refresh(Duty, duty.pk)


def may_close_unit(unit: Unit) -> Sentence | None:
    """Object to closing a unit that owes duties: they are handed over first, or go with it into the unit it joins."""
    count = queries.owed_by(unit).count()
    if not count:
        return None
    return _("“%(unit)s”还有 %(count)s 项没有办结的督办事项，请先移交给其他单位；并入其他单位的，事项随之移交。") % {
        "unit": unit.brief, "count": count,
    }  # fmt: skip


def follow_unit(event: Any, by: Actor) -> None:
    """Hand what a merged unit owes to the unit it joined, which also reviews what that one had set."""
    unit = Unit.objects.get(pk=event.object_id)
    into = unit.parent
    if into is None:
        return
    set_there = Duty.objects.filter(set_unit=unit, state__in=terms.OPEN)
    DutyPart.objects.filter(duty__in=set_there, part=terms.SETTER).update(unit=into)
    set_there.update(set_unit=into)
    for duty in queries.owed_by(unit).select_related("lead_unit"):
        _give(
            duty,
            into,
            replace(by, is_system=True),
            "follow_unit",
            reason=event.note,
            version=None,
            within=True,
        )
