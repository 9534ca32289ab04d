"""Saying what is to be reported, handing reports in, waiving them: all is written once; and reminding of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor, system
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Missing
from yinfeng.core.models import Event
from yinfeng.core.services import person
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import people_of, users_of_units
from yinfeng.projects import queries
from yinfeng.projects.models import Report, ReportDefinition, ReportReminder, ReportWaiver, WaiverWithdrawal

MOST_ROWS = 5_000
RESERVED = ("copies", "definitions", "new")  # words in the addresses of reports


@transaction.atomic
def define_report(*, by: Actor, code: str, number: int, values: Mapping[str, Any]) -> ReportDefinition:
    """Write the next version of what is to be reported; ``number`` is the version it was made on, 0 for a new definition.

    Copies handed in keep the version they were filled by. Conflict when somebody changed it meanwhile.
    """
    if not by.reach("projects.report.define").everywhere:
        raise Forbidden(_("报送要求由领导小组办公室维护。"))
    last = ReportDefinition.objects.filter(code=code).order_by("-number").first()
    if (last.number if last else 0) != number:
        raise Conflict(
            _("另一位同事刚刚修改了这项报送要求，请刷新页面后再改。")
            if number
            else _("这个代码已经用过，请换一个。")
        )
    given = {**values, "condition": _checked(values.get("condition") or {})}
    return put_definition(by=by, code=code, number=number + 1, values=given, changed_by=by.user_id)


def put_definition(
    *, by: Actor, code: str, number: int, values: Mapping[str, Any], changed_by: int | None = None
) -> ReportDefinition:
    """Write a version of a definition as the profile or somebody who may says it."""
    _check(code, values)
    definition = ReportDefinition(code=code, number=number, changed_by_id=changed_by, **values)
    core.insert(definition)
    events.record(
        by=by, verb="projects.reportdefinition.defined", obj=definition, data={"text": definition.title}
    )
    return definition


def _checked(data: Any) -> dict[str, Any]:
    condition = queries.checked_reported(data)
    return condition.data() if condition else {}


def _check(code: str, values: Mapping[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    if code in RESERVED:
        wrong["code"] = [_("这个代码不能使用，请换一个。")]
    if not values.get("submitters") or set(values["submitters"]) - set(queries.SUBMITTERS):
        wrong["submitters"] = [_("请选择由哪些单位报送。")]
    columns = values.get("columns") or []
    if not columns or len(set(columns)) != len(columns) or set(columns) - queries.HEADS.keys():
        wrong["columns"] = [_("请至少选择一个栏目，每个只选一次。")]
    if wrong:
        raise Invalid(_("有内容需要修改，请看标出的各项。"), fields=wrong)


@transaction.atomic
def submit_report(
    *, by: Actor, code: str, unit: Unit, starts: date, number: int, reason: str = "", seen: str = ""
) -> Report:
    """Hand in a unit’s report for a period as a frozen copy filled from the projects it holds, as they are now.

    ``number`` is the copy’s: 1, or for a correction, with its reason, one more than there are. Of two people who hand in at
    once one wins and the other is told. ``seen`` is the digest of the preview that the person saw: what would say anything else
    now is not handed in. Sensitive projects are left out.
    """
    if not by.may_at("projects.project.view", unit.pk):
        raise Missing
    by.require_at("projects.report.submit", unit.pk, _("您没有为该单位报送报表的权限。"))
    definition, period = _period(code, starts)
    if not queries.submitting_units(definition, period.ends).filter(pk=unit.pk).exists():
        raise Invalid(_("这项报表不由该单位报送。"))
    if period.ends >= timezone.localdate():
        raise Invalid(_("这一期到 %(day)s 才结束，之后再报送。") % {"day": period.ends})
    last = queries.last_number(code, unit, starts)
    if number != last + 1:
        raise Conflict(_("另一位同事刚刚报送了这一期，请刷新页面查看；需要更正的，请写明原因再报一次。"))
    if last and not reason.strip():
        raise Invalid(_("请写明更正的原因。"), fields={"reason": [_("请写明更正的原因。")]})
    preview = queries.preview(definition, unit, by, period.ends, MOST_ROWS)
    rows = preview.rows
    if len(rows) > MOST_ROWS:
        raise Invalid(
            _("符合条件的项目超过 %(most)s 个，请办公室缩小报送条件。") % {"most": f"{MOST_ROWS:,}"}
        )
    if seen and seen != preview.digest:
        raise Conflict(
            _("您打开这一页之后，有项目改动，内容与您看到的不同，还没有报送。请核对下面现在的内容，再报送。")
        )
    report = Report(
        definition=definition, code=code, unit=unit, starts=starts, ends=period.ends, number=number, reason=reason.strip() if last else "",
        due_date=queries.due_date(definition, period), heads=preview.heads, rows=rows, count=len(rows),
        submitted_by_id=person(by), submitted_at=timezone.now(),
    )  # fmt: skip
    report.digest = queries.digest_of(report)
    # Whether it is there already the database says below: a check before it would tell the slower of two something else.
    core.validated(report, exclude=["number", "code", "unit", "starts"])
    try:
        with transaction.atomic():
            report.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            _("另一位同事刚刚报送了这一期，请刷新页面查看；需要更正的，请写明原因再报一次。")
        ) from error
    events.record(
        by=by, verb="projects.report.corrected" if last else "projects.report.submitted", obj=report, note=report.reason,
        data={"text": f"{definition.title} {period.label}", "rows": report.count, "digest": report.digest},
    )  # fmt: skip
    return report


def _period(code: str, starts: date) -> tuple[ReportDefinition, queries.Period]:
    """Return the version of a report and its period that starts on a day; Missing of what is not to be reported."""
    versions = queries.all_definitions().get(code)
    found = queries.period_named(versions, starts) if versions else None
    if found is None:
        raise Missing
    return found


@transaction.atomic
def waive_report(*, by: Actor, code: str, unit: Unit, starts: date, reason: str) -> ReportWaiver:
    """Say that a unit need not hand in a report for a period that has ended, and why; only while it has not."""
    if not by.reach("projects.report.define").everywhere:
        raise Forbidden(_("免报由领导小组办公室决定。"))
    definition, period = _period(code, starts)
    if not queries.submitting_units(definition, period.ends).filter(pk=unit.pk).exists():
        raise Invalid(_("这项报表不由该单位报送。"))
    if period.ends >= timezone.localdate():
        raise Invalid(_("这一期到 %(day)s 才结束，之后再决定免报。") % {"day": period.ends})
    if queries.last_number(code, unit, starts):
        raise Conflict(_("该单位已经报送这一期，不用免报。"))
    if queries.waiver_of(code, unit, starts) is not None:
        raise Conflict(_("这一期已经免报。"))
    if not reason.strip():
        raise Invalid(_("请写明免报的原因。"), fields={"reason": [_("请写明免报的原因。")]})
    waiver = ReportWaiver(
        definition=definition, code=code, unit=unit, starts=starts, ends=period.ends, reason=reason.strip(),
        number=queries.waivers_of(code, unit, starts) + 1, waived_by_id=person(by), waived_at=timezone.now(),
    )  # fmt: skip
    told = {"text": f"{period.label} {unit.brief}"}
    return core.add(waiver, by=by, verb="projects.reportwaiver.waived", note=waiver.reason, data=told)


@transaction.atomic
def withdraw_waiver(*, by: Actor, waiver: ReportWaiver, reason: str) -> WaiverWithdrawal:
    """Say that a unit owes after all a report that it was let off, and why; by when it was due stays as it was.

    The waiver stays to be read. Conflict when the unit has handed in meanwhile, or when somebody withdrew it already.
    """
    if not by.reach("projects.report.define").everywhere:
        raise Forbidden(_("免报由领导小组办公室撤回。"))
    if WaiverWithdrawal.objects.filter(waiver=waiver).exists():
        raise Conflict(_("这次免报已经撤回。"))
    if queries.last_number(waiver.code, waiver.unit, waiver.starts):
        raise Conflict(_("该单位已经报送这一期，不用撤回免报。"))
    if not reason.strip():
        raise Invalid(_("请写明撤回免报的原因。"), fields={"reason": [_("请写明撤回免报的原因。")]})
    withdrawal = core.insert(
        WaiverWithdrawal(waiver=waiver, reason=reason.strip(), withdrawn_by_id=person(by), withdrawn_at=timezone.now())
    )  # fmt: skip
    _definition, period = _period(waiver.code, waiver.starts)
    events.record(
        by=by, verb="projects.reportwaiver.withdrawn", obj=waiver, note=withdrawal.reason,
        data={"text": f"{period.label} {waiver.unit.brief}"},
    )  # fmt: skip
    return withdrawal


# --- who is told --------------------------------------------------------------------------------------------------


def tell_recipient(event: Event, by: Actor) -> None:
    """Tell the people of the unit that receives a report that it has come in, or was corrected."""
    report = Report.objects.select_related("definition__recipient").get(pk=event.object_id or 0)
    recipient = report.definition.recipient
    posts = {post.person.user_id for post in people_of(recipient) if post.person.user_id is not None}
    core.notify(event, posts | users_of_units([recipient.pk], "projects.project.view"))


def tell_waived(event: Event, by: Actor) -> None:
    """Tell those who hand in for a unit that it need not, or must after all."""
    waiver = ReportWaiver.objects.get(pk=event.object_id or 0)
    core.notify(event, users_of_units([waiver.unit_id], "projects.report.submit"))


def tell_of_reports(now: datetime) -> int:
    """Tell those who hand in for a unit once that a report is due soon, and once that it is overdue. Called by the clock."""
    told = 0
    for turn, unit, kind in queries.to_remind(timezone.localdate(now)):
        with transaction.atomic():
            mark: dict[str, Any] = {
                "code": turn.definition.code,
                "unit": unit,
                "starts": turn.period.starts,
                "kind": kind,
            }
            if not ReportReminder.objects.get_or_create(**mark)[1]:  # of several clocks one
                continue
            says = _("%(unit)s，报送期 %(period)s，%(due)s 截止") % {
                "unit": unit.brief, "period": turn.period.label, "due": turn.due
            }  # fmt: skip
            event = events.record(
                by=system("clock"), verb=f"projects.reportdefinition.{kind}", obj=turn.definition, note=says
            )
            core.notify(event, users_of_units([unit.pk], "projects.report.submit"))
            told += 1
    return told
