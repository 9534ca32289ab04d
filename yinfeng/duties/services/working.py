"""Working on duties (clause 3.5.3): the moves of their life, progress, submitting with evidence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import queries as core_queries
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Invalid, Sentence, refusal
from yinfeng.core.models import Attachment
from yinfeng.core.scopes import demand
from yinfeng.core.services import person
from yinfeng.duties import lifecycle, queries, terms
from yinfeng.duties.models import Duty, Report
from yinfeng.duties.services.holding import hold_source, hold_unit, renew
from yinfeng.orgs.models import Unit

Upload = tuple[File[bytes], str]


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
        if (source := queries.origin_of(duty)) is not None:
            hold_source(duty.source_kind, source, duty.pk)
        hold_unit(
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
        # whoever sees what it is about reads it there
        result = f"：{duty.result[:200]}" if duty.secrecy != terms.SENSITIVE else ""
        events.record(
            by=by,
            verb="duties.about.closed",
            obj=about,
            data={"text": f"{queries.told_outside(duty)}{result}"},
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
    if why := queries.why_not_report(duty):
        raise Conflict(why)
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
    if state in terms.JUDGED:
        return _("这是报结的佐证材料，审核期间和办结之后不能撤下。")
    return None
