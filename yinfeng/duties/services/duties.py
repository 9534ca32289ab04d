"""Every write on duties (clause 3.5.3): setting with all six, accepting, reporting, submitting, reviewing, handing over, parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core import queries as core_queries
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Sentence, refusal
from yinfeng.core.models import Attachment
from yinfeng.core.scopes import demand, permits
from yinfeng.core.services import person
from yinfeng.duties import lifecycle, queries, terms, workdays
from yinfeng.duties.models import Duty, DutyPart, Report
from yinfeng.duties.services.numbers import next_number
from yinfeng.orgs.models import Person, Unit
from yinfeng.orgs.queries import members_of

Upload = tuple[File[bytes], str]
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


def renew(duty: Duty, **wanted: Any) -> None:
    """Count a duty one version on if it is still as ``wanted``: whoever decides by what it was before is told, not obeyed.

    For acts that write beside the row what its moves ask about (parts, extensions, who takes part).
    """
    held = Duty.objects.filter(pk=duty.pk, **wanted)
    if held.update(version=F("version") + 1, updated_at=timezone.now()) != 1:
        raise Conflict(_("事项刚刚有了变化，您的操作没有生效。请刷新页面后再试。"))
    duty.refresh_from_db()


# --- setting ------------------------------------------------------------------------------------------------------


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
    lead = _hold_unit(six.lead_unit, "lead_unit", today)
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
        secrecy=secrecy, due_date=due_date, work_days=six.work_days if six.due_date is None else None,
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
            by=by, verb="duties.about.set", obj=origin.about, data={"text": f"{duty.item}：{_summary(duty)}"}
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
    if parent.state != terms.WORKING:
        raise Conflict(_("事项签收之后、报结之前才能分解。"))
    if set_unit.pk != parent.lead_unit_id:
        raise refusal("set_unit", _("分解任务由牵头单位交办。"))
    if parent.parent_id is not None and parent.parent is not None and parent.parent.parent_id is not None:
        raise Conflict(_("任务最多分解两层。"))


def _hold_unit(unit: Unit, field: str, today: date) -> Unit:
    """Return the unit as it is now and keep it from being closed until the transaction ends; refuse one that is not there."""
    held: Unit = Unit.objects.select_for_update().get(pk=unit.pk)
    if held.kind in ("collective", "city"):
        raise refusal(field, _("牵头单位须是一个具体的单位，统称的单位可以列为责任单位。"))
    if not queries.is_open(held, today):
        raise refusal(field, _("“%(unit)s”已经撤销，请选择其他单位。") % {"unit": held.brief})
    if held.valid_to is not None:
        told = {"unit": held.brief, "day": held.valid_to}
        raise refusal(field, _("“%(unit)s”到 %(day)s 撤销，请选择其他单位。") % told)
    return held


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
    if duty.state not in terms.OPEN:
        raise Conflict(_("事项已经“%(state)s”，不能再修改。") % {"state": terms.DUTY_STATES[duty.state]})
    if duty.state == terms.SUBMITTED:
        raise Conflict(_("事项已经报结，等待审核，不能修改要求。"))
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
    duty.sides.all().delete()
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


# --- working ------------------------------------------------------------------------------------------------------


@transaction.atomic
def move_duty(*, by: Actor, duty: Duty, move: str, reason: str = "", version: int | None = None) -> Duty:
    """Accept, return, insist, take back, approve, reject, cancel or reopen; submitting and handing over have their own acts."""
    if move in {"submit", "hand_over"}:
        raise Invalid(_("这一步要填写更多内容，请在事项页面办理。"))
    today = timezone.localdate()
    values: dict[str, Any] = {}
    if move == "accept":
        values = {"handler_id": person(by), "accepted_date": today}
    elif move == "approve":
        values = {"closed_date": today, "percent": 100}
    elif move == "reject":
        values = {"submitted_date": None, "refusals": F("refusals") + 1}
    elif move == "take_back":
        values = {"submitted_date": None}
    elif move == "send_back":
        values = {"returns": F("returns") + 1}
    elif move == "insist":
        values = {"assigned_date": today, "accepted_date": None, "handler_id": None, "reported_date": None}
    elif move == "reopen":
        # how far it is and what came of it is to be told anew; what was told stands in its history
        values = {
            "closed_date": None, "submitted_date": None, "reopenings": F("reopenings") + 1, "percent": 0, "result": "",
        }  # fmt: skip
        lifecycle.DUTY.check(duty, move, by)
        _hold_unit(
            duty.lead_unit, "lead_unit", today
        )  # which may be closed at this moment because it owes nothing
    lifecycle.DUTY.perform(duty, move, by=by, reason=reason, version=version, values=values)
    if (
        move == "reopen" and duty.parent is not None
    ):  # which may be closed at this moment because its parts are
        renew(duty.parent, state__in=terms.OPEN)
    if move == "approve" and duty.parent is not None:
        _tell_parent(duty, by)
    if move == "approve" and (about := queries.about_of(duty)) is not None:
        events.record(
            by=by, verb="duties.about.closed", obj=about, data={"text": f"{duty.item}：{duty.result[:200]}"}
        )
    return duty


def _tell_parent(duty: Duty, by: Actor) -> None:
    """Write on the whole that one of its parts is done, and how far that takes it."""
    assert duty.parent is not None
    done = duty.parent.parts.filter(state=terms.CLOSED).count()
    counted = duty.parent.parts.exclude(state=terms.CANCELLED).count()
    text = _("%(unit)s：%(item)s（%(done)s / %(all)s 项已办结）") % {
        "unit": duty.lead_unit.brief, "item": duty.item, "done": done, "all": counted,
    }  # fmt: skip
    events.record(by=by, verb="duties.duty.part_closed", obj=duty.parent, data={"text": text})


@transaction.atomic
def report_progress(
    *, by: Actor, duty: Duty, unit: Unit, text: str, problem: str = "", percent: int | None = None
) -> Report:
    """Tell how far a duty has come, for one of its units; how much of the whole is done, the lead unit alone says."""
    demand(duty, by, "contribute", _("报告进展由牵头单位和责任单位办理。"))
    if duty.state != terms.WORKING:
        raise Conflict(
            _("事项签收之后、报结之前报告进展。现在的状态是“%(state)s”。")
            % {"state": terms.DUTY_STATES[duty.state]}
        )
    if not queries.handling_units(duty, by).filter(pk=unit.pk).exists():
        raise refusal("unit", _("请以您所在的、承担这一事项的单位报告。"))
    if percent is not None and unit.pk != duty.lead_unit_id:
        raise refusal("percent", _("整个事项的完成进度由牵头单位填写。"))
    if not text.strip():
        raise refusal("text", _("请写明进展情况。"))
    row = core.insert(
        Report(
            duty=duty, unit=unit, text=text.strip(), problem=problem.strip(), percent=percent, reported_by_id=person(by)
        )
    )  # fmt: skip
    values: dict[str, Any] = {"updated_at": timezone.now()}
    if unit.pk == duty.lead_unit_id:
        values["reported_date"] = timezone.localdate()
        if percent is not None:
            values["percent"] = percent
    if Duty.objects.filter(pk=duty.pk, state=terms.WORKING).update(**values) != 1:
        raise Conflict(_("事项刚刚有了变化，请刷新页面后再报告。"))
    duty.refresh_from_db()
    done = f"{percent}% " if percent is not None else ""
    words = f"{done}{row.text.rstrip('。')}" + (
        _("；问题：%(text)s") % {"text": row.problem} if row.problem else ""
    )
    events.record(
        by=by, verb="duties.duty.reported", obj=duty, data={"text": f"{unit.brief}：{words}"[:1000]}
    )
    return row


def evidence_wanted(today: date) -> int:
    """Return how many files of evidence a duty needs to be submitted (profile)."""
    return int(core_queries.rules("duty_closing", today).get("evidence", {}).get("files", 0))


@transaction.atomic
def submit_duty(
    *, by: Actor, duty: Duty, result: str, files: Iterable[Upload] = (), version: int | None = None
) -> Duty:
    """Report a duty as done, with the result in words and files that show it; who set it reviews.

    Evidence counts since the duty was last put to work: files kept with it before may count once, not again after a refusal.
    """
    lifecycle.DUTY.check(duty, "submit", by)
    if not result.strip():
        raise refusal("result", _("请对照目标任务写明办理结果。"))
    for file, name in files:
        core.attach_file(by=by, obj=duty, file=file, name=name, kind=terms.EVIDENCE)
    wanted = evidence_wanted(timezone.localdate())
    if _evidence(duty) < wanted:
        raise refusal(
            "files",
            _("请附上佐证材料（至少 %(count)s 份），例如印发的文件、会议纪要、现场照片。")
            % {"count": wanted},
        )
    lifecycle.DUTY.perform(
        duty, "submit", by=by, version=version,
        values={
            "result": result.strip(), "submitted_by_id": person(by), "submitted_date": timezone.localdate(),
            "reported_date": timezone.localdate(),
        },
        data={"text": result.strip()[:500]},
    )  # fmt: skip
    return duty


def _evidence(duty: Duty) -> int:
    """Return how many files of evidence were added since the duty was last refused, reopened or handed over."""
    last = queries.last_setback(duty)
    files = core_queries.files_of(duty).filter(kind=terms.EVIDENCE)
    return (files.filter(uploaded_at__gt=last) if last else files).count()


def keep_evidence(attachment: Attachment) -> Sentence | None:
    """Object to taking off what a duty was closed or submitted by."""
    if (
        attachment.object_type != events.type_of(Duty)
        or attachment.kind != terms.EVIDENCE
        or attachment._state.adding
    ):
        return None
    state = Duty.objects.filter(pk=attachment.object_id).values_list("state", flat=True).first()
    if state in {terms.SUBMITTED, terms.CLOSED}:
        return _("这是报结的佐证材料，审核期间和办结之后不能撤下。")
    return None


# --- handing over -------------------------------------------------------------------------------------------------


@transaction.atomic
def hand_over(*, by: Actor, duty: Duty, unit: Unit, reason: str, version: int | None = None) -> Duty:
    """Give a duty to another unit, which accepts it anew; its parts stay with their units, the last day stays."""
    lifecycle.DUTY.check(duty, "hand_over", by)
    if not reason.strip():
        raise refusal("reason", _("请填写移交的原因。"))
    if unit.pk == duty.lead_unit_id:
        raise refusal("unit", _("事项现在就由这个单位牵头，请选择另一个单位。"))
    held = _hold_unit(unit, "unit", timezone.localdate())
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


# --- counting again -----------------------------------------------------------------------------------------------


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
