"""Setting duties with all six (clause 3.5.3), whole or as a part of another, and changing what they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, refusal
from yinfeng.core.scopes import demand, permits
from yinfeng.duties import queries, terms, workdays
from yinfeng.duties.models import Duty, DutyPart
from yinfeng.duties.services.holding import hold_source, hold_unit, renew
from yinfeng.duties.services.numbers import next_number
from yinfeng.orgs.models import Person, Unit
from yinfeng.orgs.queries import members_of

MOST_WORK_DAYS = 750  # what Duty.work_days holds


@dataclass(frozen=True, slots=True)
class Six:
    """The six of a duty (六定): item, target, lead leader, responsible units, requirement, deadline.

    The last day is ``due_date``, or ``work_days`` after the day on which it is set; without either it stands until further
    notice, which only a policy's own task may. ``statutory_date`` is the one the law gives, never earlier.
    """

    item: str
    target: str
    requirement: str
    lead_unit: Unit
    joint_units: Sequence[Unit] = ()
    co_leads: Sequence[Unit] = ()
    leader: Person | None = None
    due_date: date | None = None
    work_days: int | None = None
    statutory_date: date | None = None
    grade: str = terms.KEY


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a duty comes from: the kind, the object if there is one, what that is about, words, the clause of the policy."""

    kind: str
    obj: Any = None
    about: Any = None
    text: str = ""
    clause: str = ""


@transaction.atomic
def set_duty(
    *, by: Actor, six: Six, origin: Origin, set_unit: Unit, parent: Duty | None = None, secrecy: str = terms.INTERNAL,
    is_demo: bool = False,
) -> Duty:  # fmt: skip
    """Give a unit a duty with all six; who set it and the units that take part see it from now on, and are told.

    A part of another duty (``parent``) is set by the unit that leads that one; anything else by who may set duties for
    ``set_unit``. A last day that is a day off moves to the next working day (民法典第二百零三条).
    """
    today = timezone.localdate()
    _demand_setting(by, set_unit, parent)
    lead = hold_unit(six.lead_unit, "lead_unit", today)
    if origin.obj is not None:
        hold_source(origin.kind, origin.obj)
    if parent is not None:  # which may be submitted at this moment because it has no open part
        renew(parent, state=terms.WORKING, lead_unit=set_unit)
    due_date = last_day(six, today)
    if due_date is None and origin.kind != terms.POLICY:
        raise refusal("due_date", _("请填写办结时限：日期，或者几个工作日。"))
    _check_days(due_date, six, parent, today)
    if parent is not None:
        secrecy = parent.secrecy
    duty = Duty(
        number=f"DB-{today.year}-{next_number(series='duty', year=today.year):05d}",
        item=six.item.strip(), target=six.target.strip(), requirement=six.requirement.strip(), leader=six.leader,
        lead_unit=lead, set_unit=set_unit, set_by_id=by.user_id, set_date=today, assigned_date=today, grade=six.grade,
        secrecy=secrecy, due_date=due_date, given_date=six.due_date, work_days=six.work_days if six.due_date is None else None,
        statutory_date=six.statutory_date, source_kind=origin.kind, source_text=origin.text.strip()[:300], clause=origin.clause,
        source_type=events.type_of(origin.obj) if origin.obj is not None else "",
        source_id=origin.obj.pk if origin.obj is not None else None, parent=parent, is_demo=is_demo, **_about(origin, parent),
    )  # fmt: skip
    core.insert(duty)
    write_sides(duty, six)
    search.refresh(Duty, duty.pk)
    # recorded only now: who is told, and whether he may see the duty, hangs on who takes part
    events.record(by=by, verb="duties.duty.set", obj=duty, data={"text": _summary(duty)})
    if origin.about is not None:
        events.record(
            by=by,
            verb="duties.about.set",
            obj=origin.about,
            data={"text": f"{queries.told_outside(duty)}：{_summary(duty)}"},
        )
    if not by.is_system and not permits(duty, by, "view"):
        raise Forbidden(_("这样交办的事项您自己将看不到，所以没有保存。请以您有权的单位交办。"))
    if parent is not None:
        events.record(
            by=by, verb="duties.duty.part_set", obj=parent, data={"text": f"{lead.brief}：{duty.item}"}
        )
    return duty


def _about(origin: Origin, parent: Duty | None) -> dict[str, Any]:
    """Return what a duty is about: what its origin says, or what the whole of which it is a part is about."""
    if origin.about is not None:
        return {"about_type": events.type_of(origin.about), "about_id": origin.about.pk}
    return {"about_type": parent.about_type, "about_id": parent.about_id} if parent is not None else {}


def _demand_setting(by: Actor, set_unit: Unit, parent: Duty | None) -> None:
    """Raise Forbidden unless the actor sets duties for the unit; parts are set by who works on the whole."""
    if parent is None:
        if not by.is_system and not queries.setting_units(by).filter(pk=set_unit.pk).exists():
            raise Forbidden(_("您没有以这个单位的名义交办事项的权限。请选择您所在的单位。"))
        return
    demand(parent, by, "handle", _("分解任务由牵头单位办理。"))
    if why := queries.why_not_divide(parent):
        raise Conflict(why)
    if set_unit.pk != parent.lead_unit_id:
        raise refusal("set_unit", _("分解任务由牵头单位交办。"))


def last_day(six: Six, today: date) -> date | None:
    """Return the last day of a duty set today: the day given, or so many working days from it, never a day off."""
    if six.due_date is not None:
        return workdays.exact().last_day(six.due_date)
    if not six.work_days:
        return None
    if not 0 < six.work_days <= MOST_WORK_DAYS:
        told = {"most": MOST_WORK_DAYS}
        raise refusal("work_days", _("工作日数须在 1 到 %(most)s 之间。") % told)
    return workdays.exact().add(today, six.work_days)


def _check_days(due_date: date | None, six: Six, parent: Duty | None, today: date) -> None:
    """Refuse a last day that has passed, that the law does not allow, or that is after that of the whole."""
    if due_date is None:
        return
    field = "due_date" if six.due_date is not None else "work_days"
    if due_date < today:
        raise refusal(field, _("办结时限（%(day)s）已经过去，请填写今天以后的日期。") % {"day": due_date})
    if due_date.year > today.year + 10:
        raise refusal(field, _("办结时限（%(day)s）太远，请核对年份。") % {"day": due_date})
    if six.statutory_date is not None and due_date > six.statutory_date:
        told = {"day": due_date, "law": six.statutory_date}
        raise refusal(field, _("办结时限（%(day)s）不能晚于法定时限（%(law)s）。") % told)
    if parent is not None and parent.due_date is not None and due_date > parent.due_date:
        told = {"day": due_date, "whole": parent.due_date}
        raise refusal(field, _("分解任务的时限（%(day)s）不能晚于上级事项的时限（%(whole)s）。") % told)


def write_sides(duty: Duty, six: Six) -> None:
    """Write who takes part, in the order of the document; a unit is named once, as the first thing it is named as."""
    rows = [DutyPart(part=terms.SETTER, unit=duty.set_unit), DutyPart(part=terms.LEAD, unit=duty.lead_unit)]
    named = {duty.lead_unit_id}
    for part, units in ((terms.CO_LEAD, six.co_leads), (terms.JOINT, six.joint_units)):
        for unit in units:
            if unit.pk in named:
                continue
            named.add(unit.pk)
            rows.append(DutyPart(part=part, unit=unit))
            if unit.kind == "collective":
                rows += [DutyPart(part=part, unit=member, named_as=unit) for member in members_of(unit)]
    if six.leader is not None:
        rows.append(DutyPart(part=terms.LEADER, person=six.leader))
    for order, row in enumerate(rows):
        row.duty, row.order = duty, order
    DutyPart.objects.bulk_create(rows)


def _summary(duty: Duty) -> str:
    due = str(duty.due_date) if duty.due_date else str(terms.DUE[terms.STANDING])
    return f"{duty.lead_unit.brief} · {due}"


# --- changing -----------------------------------------------------------------------------------------------------

EDITED = ("item", "target", "requirement", "grade")


@transaction.atomic
def change_duty(
    *, by: Actor, duty: Duty, version: int, values: Mapping[str, Any], leader: Person | None, joint_units: Sequence[Unit],
    reason: str,
) -> Duty:  # fmt: skip
    """Change what a duty asks for, its leader and its joint units; the last day changes by extension, the lead by hand-over."""
    demand(duty, by, "set")
    if why := queries.why_not_change(duty):
        raise Conflict(why)
    if not reason.strip():
        raise refusal("reason", _("请填写修改的原因，牵头单位会看到。"))
    before = [
        side.unit for side in queries.sides(duty.pk) if side.part == terms.JOINT and side.named_as_id is None
    ]
    changes = core.write_edit(duty, {**values, "leader": leader}, version)
    told = ""
    if before != list(joint_units):
        words = _("、").join
        told = f"{words(unit.brief for unit in before if unit)} → {words(unit.brief for unit in joint_units)}"
    if not changes and not told:
        return duty
    if not changes:  # the units are no fields of the row: of two who change them one is told all the same
        renew(duty, version=version)
    co_leads = [
        side.unit
        for side in queries.sides(duty.pk)
        if side.part == terms.CO_LEAD and side.named_as_id is None
    ]
    duty.sides.exclude(part__in=terms.FORMERLY).delete()
    six = Six(
        item=duty.item, target=duty.target, requirement=duty.requirement, lead_unit=duty.lead_unit, leader=leader,
        joint_units=joint_units, co_leads=[unit for unit in co_leads if unit],
    )  # fmt: skip
    write_sides(duty, six)
    events.record(
        by=by, verb="duties.duty.changed", obj=duty, changes=changes, note=reason.strip(), data={"text": told}
    )
    search.refresh(Duty, duty.pk)
    return duty
