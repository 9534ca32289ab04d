"""Every write on how a project is built (clause 3.2.3): its plan, milestones, builders, monthly reports, photos, bottlenecks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
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
from yinfeng.core.errors import Blocked, Conflict, FieldConflict, Invalid, Sentence, Stale, refusal
from yinfeng.core.lifecycle import stale
from yinfeng.core.models import Event
from yinfeng.core.money import WAN, show
from yinfeng.core.scopes import demand, permits
from yinfeng.core.services import person
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import users_of_units
from yinfeng.projects import facts, lifecycle, queries, stages
from yinfeng.projects.models import (
    Bottleneck,
    Builder,
    FirstMonth,
    Milestone,
    MonthEnd,
    Photo,
    PlannedMonth,
    Progress,
    Project,
)
from yinfeng.projects.services.asking import Questions, ask, check_year
from yinfeng.projects.services.ledger import lock
from yinfeng.projects.services.records import add_unit, hold_project


def _demand_building(project: Project, by: Actor) -> None:
    """Raise unless ``by`` runs the project and it is one that is to be built, or is being built, and goes on.

    It is asked of the project as it is now, held until the transaction ends.
    """
    demand(project, by, "change")
    now = lock(project)
    if reasons := list(lifecycle.is_ongoing(now, by)):
        raise Blocked(_("还不能登记建设情况："), reasons)
    if not facts.builds(now):
        raise Conflict(_("建设性质是“开业”的项目没有施工阶段。"))
    if not stages.reached(now.stage, stages.SIGNED):
        raise Conflict(_("项目签约之后才登记建设情况。"))


def _known_code(table: str, field: str, code: str) -> str:
    """Return the label of a code in force; Invalid for one that the profile does not have."""
    for entry in core_queries.entries(table, day=timezone.localdate()):
        if entry.code == code:
            return entry.label
    raise refusal(field, _("城市方案的代码表中没有这个代码。"))


# --- milestones and builders --------------------------------------------------------------------------------------


@transaction.atomic
def set_milestone(
    *, by: Actor, project: Project, kind: str, planned_date: date | None, actual_date: date | None, note: str = "",
    version: int | None = None, reason: str = "",
) -> Milestone:  # fmt: skip
    """Say when a milestone is planned and when it was reached; ``version`` is that of the one changed, None for a new one.

    A planned day is put off with a ``reason`` alone, and the first one is kept.
    """
    _demand_building(project, by)
    label = _known_code("milestone", "kind", kind)
    if planned_date is None and actual_date is None:
        raise refusal("planned_date", _("请填写计划日期或实际日期。"))
    if actual_date is not None and actual_date > timezone.localdate():
        raise refusal("actual_date", _("实际日期不能晚于今天。"))
    for name, day in (("planned_date", planned_date), ("actual_date", actual_date)):
        if day is not None:
            check_year(name, Milestone._meta.get_field(name).verbose_name, day)  # type: ignore[union-attr]
    values = {"planned_date": planned_date, "actual_date": actual_date, "note": note.strip()}
    row = project.milestones.filter(kind=kind).first()
    if row is None or version is None:
        made = core.insert(Milestone(project=project, kind=kind, **values))
        _record(by, project, "milestone_set", _milestone_text(label, made))
        return made
    before = _milestone_text(label, row)
    kept = _put_off_milestone(row, planned_date, actual_date, reason) if version == row.version else {}
    if core.write_edit(row, values | kept, version, told=values):
        text = f"{before} → {_milestone_text('', row)}"
        _record(by, project, "milestone_set", text, note=reason.strip() if kept else "")
    return row


def _put_off_milestone(
    row: Milestone, planned_date: date | None, actual_date: date | None, reason: str
) -> dict[str, Any]:
    """Return what is kept of a planned day that is put off, which asks why; refuse to take it away, or to move one that has come."""
    was = row.planned_date
    if was is None or planned_date == was:
        return {}
    if planned_date is None:
        raise refusal("planned_date", _("计划日期定下之后不能清空。"))
    if row.actual_date is not None and actual_date is not None:
        raise refusal("planned_date", _("节点已经完成，计划日期不能再改。"))
    if planned_date < was:
        return {}
    if not reason.strip():
        sentence = _("比原来的 %(day)s 推迟了，请写明顺延原因。") % {"day": was}
        raise Invalid(sentence, fields={"planned_date": [sentence], "reason": [_("请填写原因。")]})
    return queries.put_off(row, "planned_date")


def _milestone_text(label: str, row: Milestone) -> str:
    delay = queries.delay_of(row, "planned_date")
    words = [label, *(
        word % {"day": day} for word, day in (
            (_("计划 %(day)s"), row.planned_date), (_("实际 %(day)s"), row.actual_date)
        ) if day
    ), f"（{delay.told_with_first}）" if delay else ""]  # fmt: skip
    return " ".join(filter(None, words))


_NUMBER = re.compile(r"[0-9０-９](?:[-— ]?[0-9０-９]){6,}")


@transaction.atomic
def add_builder(
    *, by: Actor, project: Project, role: str, name: str, contact: str = "", since: date | None = None
) -> Builder:
    """Name a firm that builds, and as what; one that the library has under this name is linked to its record there.

    Phones belong to the contacts of the library, where they are masked.
    """
    _demand_building(project, by)
    if _NUMBER.search(contact):
        raise refusal("contact", _("这里只写姓名和职务。电话请记在企业库的联系人中，那里会隐去号码。"))
    since = since or timezone.localdate()
    if since > timezone.localdate():
        raise refusal("since", _("起始日期不能晚于今天。"))
    check_year("since", Builder._meta.get_field("since").verbose_name, since)
    name = name.strip()
    firm, _alike = queries.named(name, by)
    row = core.insert(
        Builder(project=project, role=role, name=name, enterprise=firm, contact=contact.strip(), since=since)
    )
    _record(by, project, "builder_added", str(row))
    return row


@transaction.atomic
def end_builder(*, by: Actor, project: Project, pk: int, reason: str) -> None:
    """End a firm's part in building; that it had one stays on record."""
    _demand_building(project, by)
    row = project.builders.filter(pk=pk, until=None).first()
    if row is None:
        raise Conflict(_("该单位已不再参与建设。"))
    if not reason.strip():
        raise refusal("reason", _("请填写原因。"))
    if project.builders.filter(pk=pk, until=None).update(until=timezone.localdate()) != 1:
        raise Conflict(_("该单位已不再参与建设。"))
    _record(by, project, "builder_ended", str(row), note=reason.strip())


# --- the plan -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Planned:
    """A month of a plan: its first day, yuan in it, how far the works are at its end in per cent of the whole."""

    month: date
    investment: Decimal
    percent: Decimal


@transaction.atomic
def set_plan(
    *, by: Actor, project: Project, months: Sequence[Planned], reason: str = "", confirmed: bool = False,
    version: int | None = None,
) -> list[PlannedMonth]:  # fmt: skip
    """Write the plan of a project as a whole; another one than there was asks for a ``reason``.

    The first plan by which the project was measured is kept. ``version`` is that of the project when the plan
    was read. Of two who write it at once one wins, the other is told what the plan is now.
    """
    _demand_building(project, by)
    before = queries.plan_of(project)
    here = Project.objects.filter(pk=project.pk, version=project.version if version is None else version)
    if not here.exists():
        raise _written_by_another(project, months)
    _check_months(months)
    _check_begins(project, months)
    if [_as_planned(row) for row in before] == list(months):
        return before
    if before and not reason.strip():
        raise refusal("reason", _("计划已经编制过，改动请写明原因。"))
    _ask_about_plan(project, months, confirmed)
    counts = _is_binding(project, before)
    try:  # held first: of two who write at once only one keeps the plan that stood
        hold_project(project, **({"replanned": F("replanned") + 1} if counts else {}))
    except Stale as error:
        raise _written_by_another(project, months) from error
    if counts:
        _keep_first(project, before)
    project.planned_months.all().delete()
    made = [
        core.insert(
            PlannedMonth(
                project=project, month=month.month, investment=month.investment, percent=month.percent
            )
        )
        for month in months
    ]
    _add_up(project)
    text = _plan_text(made)
    if before:
        text = f"{_plan_text(before)} → {text}"
    told = {
        "old": [[f"{row.month:%Y-%m}", str(row.investment), str(row.percent)] for row in before],
        "new": [[f"{row.month:%Y-%m}", str(row.investment), str(row.percent)] for row in made],
    }
    _record(by, project, "plan_set", text, note=reason.strip(), data=told)
    return made


def _as_planned(row: PlannedMonth) -> Planned:
    return Planned(row.month, row.investment, row.percent)


def _is_binding(project: Project, plan: Sequence[PlannedMonth]) -> bool:
    """Say whether a project is measured by a plan already: a month of it is due, or was reported."""
    if not plan:
        return False
    return plan[0].month <= queries.due_month(timezone.localdate()) or project.progress_reports.exists()


def _keep_first(project: Project, before: Sequence[PlannedMonth]) -> None:
    """Keep the first plan by which a project was measured, to compare."""
    if not project.first_months.exists():
        FirstMonth.objects.bulk_create(
            FirstMonth(project=project, month=row.month, investment=row.investment, percent=row.percent)
            for row in before
        )


def _written_by_another(project: Project, months: Sequence[Planned]) -> Stale:
    """Return the refusal of a plan made on an older project, with each month of which the plan that stands says otherwise."""
    conflicts = _months_that_differ(queries.plan_of(project), months)
    return stale(project, _("请看过最新的计划再保存。"), conflicts=conflicts, version=project.version)


def _months_that_differ(theirs: Sequence[PlannedMonth], yours: Sequence[Planned]) -> list[FieldConflict]:
    """Return each month of which the plan that stands says something else than the one sent."""
    stand = {row.month: _as_planned(row) for row in theirs}
    sent = {row.month: row for row in yours}
    return [
        FieldConflict("months", f"{month:%Y-%m}", _month_text(stand.get(month)), _month_text(sent.get(month)))
        for month in sorted(stand.keys() | sent.keys())
        if stand.get(month) != sent.get(month)
    ]


def _month_text(row: Planned | None) -> str:
    return f"{show(row.investment)} {row.percent.normalize():f}%" if row else "—"


def _check_months(months: Sequence[Planned]) -> None:
    """Refuse a plan that is empty, invests nothing, has a month twice or out of order, or works that go backwards."""

    def refuse(sentence: Sentence) -> None:
        raise refusal("months", sentence)

    if not months:
        refuse(_("请至少填写一个月的计划。"))
    if len(months) > queries.MOST_MONTHS:
        refuse(_("计划不能超过 %(most)s 个月。") % {"most": queries.MOST_MONTHS})
    if not any(month.investment for month in months):
        refuse(_("计划投资合计不能为零。"))
    for month in months:
        check_year("months", PlannedMonth._meta.get_field("month").verbose_name, month.month)
    for before, month in pairwise(months):
        told = {"before": f"{before.month:%Y-%m}", "month": f"{month.month:%Y-%m}"}
        if month.month == before.month:
            refuse(_("%(month)s 填写了两次。") % told)
        if month.month < before.month:
            refuse(_("月份须从早到晚：%(month)s 排在 %(before)s 之后。") % told)
        if month.percent < before.percent:
            refuse(_("累计形象进度不能减少：%(month)s 低于 %(before)s。") % told)


def _check_begins(project: Project, months: Sequence[Planned]) -> None:
    """Refuse months of before the signing, which nobody could report."""
    if project.signed_date and months[0].month < queries.month_of(project.signed_date):
        told = {"month": f"{months[0].month:%Y-%m}", "signed": str(project.signed_date)}
        raise refusal("months", _("月份（%(month)s）不能早于签约（%(signed)s）。") % told)


def _ask_about_plan(project: Project, months: Sequence[Planned], confirmed: bool) -> None:
    """Put all questions about a plan at once: of its sum, of how far its works come, and of when it ends."""
    questions = [*_of_whole(project, months), *_of_end(project, months)]
    if not questions or confirmed:
        return
    fields: dict[str, list[Sentence]] = {
        "months": questions,
        "confirm_amounts": [_("核对无误的，请勾选这一项再保存。")],
    }
    raise Invalid(_("计划有需要核对的地方。"), fields=fields)


def _of_whole(project: Project, months: Sequence[Planned]) -> Iterator[Sentence]:
    """Question a plan that is a hundred times more or less than what the project is said to be (万 for 亿 and back), one
    that plans a fifth more or less than its fixed investment, and one whose months look like sums: they never fall, and the
    last alone comes to about the whole."""
    whole = sum((month.investment for month in months), Decimal(0))
    fixed = project.fixed_investment
    known = fixed or project.contracted or project.intended
    odd = queries.is_questionable(whole)
    if known:
        odd = odd or not known / 100 <= whole <= known * 100
    told = {"whole": show(whole), "known": show(known), "last": show(months[-1].investment)}
    amounts = [month.investment for month in months]
    last = amounts[-1]
    sums = len(amounts) > 2 and amounts == sorted(amounts) and amounts[0] < last
    if odd:
        yield _("计划投资合计 %(whole)s，项目的投资是 %(known)s，请核对单位。") % told
    elif known and sums and known * 4 / 5 <= last <= known * 6 / 5 < whole:
        yield _(
            "最后一个月的计划投资 %(last)s 就与项目的投资 %(known)s 相近，合计 %(whole)s，请核对各月填的是当月数而不是累计数。"
        ) % told  # fmt: skip
    elif fixed and not fixed * 4 / 5 <= whole <= fixed * 6 / 5:
        yield _("计划投资合计 %(whole)s，与固定资产投资 %(known)s 相差超过 20%%，请核对。") % told


def _of_end(project: Project, months: Sequence[Planned]) -> Iterator[Sentence]:
    """Question a plan at whose end the works are not done, and one that ends before the month of the planned completion."""
    last, done = months[-1], project.planned_completion_date
    told = {"month": f"{last.month:%Y-%m}", "percent": f"{last.percent.normalize():f}", "done": done}
    if last.percent < 100:
        yield (
            _("最后一个月（%(month)s）的累计形象进度是 %(percent)s%%，不到 100%%，请核对计划是否完整。")
            % told
        )
    if done is not None and last.month < queries.month_of(done):
        yield _("计划到 %(month)s 为止，早于计划竣工日期（%(done)s），请核对计划是否完整。") % told


def _plan_text(rows: Sequence[PlannedMonth]) -> str:
    told = {
        "first": f"{rows[0].month:%Y-%m}",
        "last": f"{rows[-1].month:%Y-%m}",
        "whole": show(sum((row.investment for row in rows), Decimal(0))),
    }
    return _("%(first)s 至 %(last)s，%(whole)s") % told


# --- monthly reports ----------------------------------------------------------------------------------------------


@transaction.atomic
def report_progress(
    *, by: Actor, project: Project, month: date, invested: Decimal, percent: Decimal, done: str, reason: str = "",
    corrects: int | None = None, confirmed: bool = False,
) -> Progress:  # fmt: skip
    """File the report of a month, or correct the one with the key ``corrects``, which stays to be read; a correction asks why.

    How far the works are goes up from month to month; down only with a reason. Of two who file a month at once one wins.
    """
    _demand_building(project, by)
    month = queries.month_of(month)
    _check_month(project, month)
    now = timezone.now()
    old = _to_be_replaced(project, month, corrects)
    if old is not None and not reason.strip():
        raise refusal("reason", _("更正月报请写明原因。"))
    if not reason.strip():
        _ask_about_works(project, month, percent)
    if not confirmed:
        _ask_about_month(project, month, invested, percent, corrects=old is not None)
    if old is not None:
        standing = Progress.objects.filter(pk=old.pk, replaced_at=None)
        if standing.update(replaced_at=now) != 1:
            raise Conflict(_("这个月的月报刚刚被更正，请看过最新内容再决定。"))
    row = core.insert(
        Progress(
            project=project, month=month, invested=invested, percent=percent, done=done.strip(), reason=reason.strip(),
            replaces=old, reported_by_id=person(by), reported_at=now,
        )
    )  # fmt: skip
    got_on = old is None and (invested > 0 or _is_further(project, month, percent))
    moved = {"progress_at": now, **queries.renewed(project, now)} if got_on else {}
    Project.objects.filter(pk=project.pk).update(updated_at=now, **moved)
    _add_up(
        project
    )  # after the row of the project is ours: who writes at the same time adds up what both wrote
    text = f"{month:%Y-%m} {show(invested)} {percent:f}%"
    if old is not None:
        text = f"{month:%Y-%m} {show(old.invested)} {old.percent:f}% → {show(invested)} {percent:f}%"
    verb = "progress_corrected" if old is not None else "progress_reported"
    _record(by, project, verb, text, note=reason.strip(), data={"progress": row.pk, "got_on": got_on})
    return row


def _add_up(project: Project) -> None:
    """Write anew what plan and reports come to at the end of each month, of which the lights are told."""
    project.month_ends.all().delete()
    MonthEnd.objects.bulk_create(queries.month_ends(project))


def _is_further(project: Project, month: date, percent: Decimal) -> bool:
    """Say whether the works have come further than in the month reported before: what repeats it is no progress."""
    before, _after = queries.neighbours(project, month)
    return before is None or percent > before.percent


def _to_be_replaced(project: Project, month: date, corrects: int | None) -> Progress | None:
    """Return the report to correct; Conflict when it does not stand any more, Invalid when the month has one already."""
    standing = queries.standing_report(project, month)
    if corrects is None:
        if standing is not None:
            told = {
                "month": f"{month:%Y-%m}", "who": standing.reported_by, "day": timezone.localdate(standing.reported_at),
            }  # fmt: skip
            raise refusal(
                "month", _("%(month)s 的月报已由%(who)s于 %(day)s 报送，有不同的请更正那一份。") % told
            )
        return None
    if standing is None or standing.pk != corrects:
        raise Conflict(_("这个月的月报刚刚被更正，请看过最新内容再决定。"))
    return standing


def _check_month(project: Project, month: date) -> None:
    today = timezone.localdate()
    told = {"month": f"{month:%Y-%m}", "today": f"{today:%Y-%m}"}
    if month > today:
        raise refusal("month", _("月份（%(month)s）不能晚于本月（%(today)s）。") % told)
    if project.signed_date and month < queries.month_of(project.signed_date):
        told["signed"] = str(project.signed_date)
        raise refusal("month", _("月份（%(month)s）不能早于签约（%(signed)s）。") % told)


def _ask_about_works(project: Project, month: date, percent: Decimal) -> None:
    """Ask for a reason when the works would go backwards, before this month or after it."""
    before, after = queries.neighbours(project, month)
    told: dict[str, Any] = {"percent": f"{percent:f}"}
    if before is not None and percent < before.percent:
        told |= {"month": f"{before.month:%Y-%m}", "other": f"{before.percent:f}"}
        sentence = _(
            "累计形象进度 %(percent)s%% 低于 %(month)s 的 %(other)s%%，请核对；确实减少的，请写明原因。"
        )
    elif after is not None and percent > after.percent:
        told |= {"month": f"{after.month:%Y-%m}", "other": f"{after.percent:f}"}
        sentence = _(
            "累计形象进度 %(percent)s%% 高于 %(month)s 的 %(other)s%%，请核对；确实如此的，请写明原因。"
        )
    else:
        return
    raise Invalid(sentence % told, fields={"percent": [sentence % told], "reason": [_("请填写原因。")]})


def _ask_about_month(
    project: Project, month: date, invested: Decimal, percent: Decimal, *, corrects: bool
) -> None:
    """Put all questions about a month at once, until somebody says that it is right; a correction keeps its month."""
    questions: Questions = {}
    early = _before_start(project, month) if invested or percent else ""
    odd = _odd_invested(project, month, invested) if invested else ""
    for field, sentence in (("invested" if corrects else "month", early), ("invested", odd)):
        if sentence:
            questions.setdefault(field, []).append(sentence)
    ask(
        questions,
        _("有金额看起来过大或过小，请核对。") if odd else early,
        _("核对无误的，请勾选这一项再保存。"),
    )


def _before_start(project: Project, month: date) -> Sentence:
    """Return the question about works or money of a month in which the project had not started; empty for none."""
    started = project.started_date
    told = {"month": f"{month:%Y-%m}", "started": started}
    if started is None:
        return (
            _(
                "项目还没有开工，%(month)s 已有投资或形象进度，请核对；确实有的（如用地、设备款），请勾选确认。"
            )
            % told
        )
    if month < queries.month_of(started):
        return (
            _("%(month)s 早于实际开工（%(started)s），请核对月份；确实有的（如用地、设备款），请勾选确认。")
            % told
        )
    return ""


def _odd_invested(project: Project, month: date, invested: Decimal) -> Sentence:
    """Return the question about an amount in the wrong unit (万 for 亿, 元 for 万) or that looks like a sum of months.

    More than the whole project, less than one 万元 or a thousand times off the month before: the unit. As much as two or more
    months before it together, in the second month about what the plan lets both come to, or a sum of all that goes beyond the
    whole by a fifth: the cumulative amount.
    """
    plan = queries.plan_of(project)
    whole = sum((row.investment for row in plan), Decimal(0))
    known = whole or project.fixed_investment or project.contracted or project.intended
    others = [row for row in queries.reports_of(project) if row.replaced_at is None and row.month != month]
    earlier = [row.invested for row in others if row.month < month]
    before_month = max((row.month for row in others if row.month < month), default=None)
    before = next((amount for amount in earlier if amount), Decimal(0))
    so_far = sum(earlier, Decimal(0))
    together = sum((row.invested for row in others), invested)
    told = {
        "amount": show(invested), "before": show(before), "so_far": show(so_far), "count": len(earlier),
        "together": show(together), "known": show(known),
    }  # fmt: skip
    if invested < WAN or (known and invested > known):
        return _("您填写的是 %(amount)s，请核对单位是万元还是亿元。") % told
    if before and not before / 1000 < invested < before * 1000:
        return _("您填写的是 %(amount)s，前一次报送的是 %(before)s，请核对单位是万元还是亿元。") % told
    if len(earlier) > 1 and so_far and invested >= so_far:
        return (
            _("您填写的当月完成投资 %(amount)s，不少于此前 %(count)s 个月的合计 %(so_far)s，请核对填的是当月数而不是累计数。")
            % told
        )  # fmt: skip
    if len(earlier) == 1 and _looks_like_two_months(plan, month, invested, before_month, so_far):
        return (
            _("您填写的当月完成投资 %(amount)s，与此前已报的 %(so_far)s 加上这个月按计划应完成的相近，请核对填的是当月数而不是累计数。")
            % told
        )  # fmt: skip
    if known and together > known * 6 / 5:
        return (
            _("加上这个月，累计完成投资为 %(together)s，超过项目投资 %(known)s 的 120%%，请核对填的是当月数而不是累计数。")
            % told
        )  # fmt: skip
    return ""


def _looks_like_two_months(
    plan: Sequence[PlannedMonth], month: date, invested: Decimal, before_month: date | None, before: Decimal
) -> bool:
    """Say whether the amount of the second month that is reported looks as if it contained the first.

    It is expected to grow as the plan does. The first and what is expected make the sum: an amount from four fifths of the
    first above what is expected to a quarter beyond the sum is asked about, for an even plan 1.8 to 2.5 times the first. Without
    a plan of both months nothing is: many works begin slowly, and the third month asks.
    """
    planned = {row.month: row.investment for row in plan}
    first, second = planned.get(before_month or month), planned.get(month)
    if not before or not first or second is None:
        return False
    expected = before * second / first
    return expected + before * 4 / 5 <= invested <= (before + expected) * 5 / 4


@transaction.atomic
def add_photo(*, by: Actor, project: Project, month: date, file: File[bytes], name: str) -> Photo:
    """Keep a photograph of the site with the month it shows; JPEG or PNG."""
    _demand_building(project, by)
    month = queries.month_of(month)
    _check_month(project, month)
    if not name.lower().endswith((".jpg", ".jpeg", ".png")):
        raise refusal("photo", _("照片须是 JPG 或 PNG 图片。"))
    attachment = core.attach_file(by=by, obj=project, file=file, name=name, kind=stages.PHOTO)
    row = core.insert(Photo(project=project, month=month, attachment=attachment))
    _record(by, project, "photo_added", f"{month:%Y-%m} {attachment.name}")
    return row


# --- bottlenecks --------------------------------------------------------------------------------------------------


@transaction.atomic
def raise_bottleneck(
    *, by: Actor, project: Project, kind: str, what: str, since_date: date, unit: Unit, due_date: date
) -> Bottleneck:
    """Say what stands still, since when, and which unit must act by when; it takes part in the project from now on."""
    _demand_building(project, by)
    _known_code("problem_kind", "kind", kind)
    today = timezone.localdate()
    if since_date > today:
        raise refusal("since_date", _("出现的日期不能晚于今天。"))
    if due_date < today:
        raise refusal("due_date", _("解决时限不能早于今天。"))
    for name, day in (("since_date", since_date), ("due_date", due_date)):
        check_year(name, Bottleneck._meta.get_field(name).verbose_name, day)  # type: ignore[union-attr]
    _ask_for_a_solver(project, unit)
    _still_goes_on(project)
    _let_take_part(project, unit, by)
    row = core.add(
        Bottleneck(
            project=project, kind=kind, what=what.strip(), since_date=since_date, unit=unit, due_date=due_date,
            raised_by_id=person(by),
        ),
        by=by, verb="projects.bottleneck.raised",
    )  # fmt: skip
    _tell(by, row, "raised", "", _("%(day)s 前解决") % {"day": due_date})
    return row


def _still_goes_on(project: Project) -> None:
    """Hold a project until the transaction ends; refuse if somebody has ended it meanwhile."""
    if (status := lock(project).status) != stages.ONGOING:
        raise Conflict(_("项目已“%(status)s”，不能再提出难点。") % {"status": stages.STATUSES[status]})


def _ask_for_a_solver(project: Project, unit: Unit) -> None:
    """Refuse to wait for a unit where nobody could see a sensitive project."""
    if project.secrecy != stages.SENSITIVE:
        return
    cleared = users_of_units([unit.pk], "projects.project.view_sensitive")
    if not cleared & users_of_units([unit.pk], "projects.bottleneck.solve"):
        raise refusal(
            "unit", _("这是敏感项目，这个单位没有能查看敏感项目、办理难点的人员。请先由管理员授权。")
        )


def _let_take_part(project: Project, unit: Unit, by: Actor) -> None:
    """Let the unit that must act see the project, as a joint one; who may not choose units is told to ask."""
    if not queries.joinable_units().filter(pk=unit.pk).exists():
        raise refusal("unit", _("这个单位不能参与项目，请选择别的单位。"))
    if project.participations.current(timezone.localdate()).filter(unit=unit).exists():
        return
    if not permits(project, by, "team"):
        sentence = _("%(unit)s还没有参与本项目。请先由有权调整参与单位的同事把它加入为协同单位。")
        raise refusal("unit", sentence % {"unit": unit.brief})
    add_unit(by=by, project=project, unit=unit, part=stages.JOINT)


@transaction.atomic
def solve_bottleneck(
    *, by: Actor, bottleneck: Bottleneck, how: str, solved_date: date, version: int | None = None
) -> Bottleneck:
    """Say that a bottleneck is solved, how and on which day; who runs the project may say that it is not."""
    lifecycle.BOTTLENECK.check(bottleneck, "solve", by)
    told = {"solved": solved_date, "since": bottleneck.since_date}
    if solved_date > timezone.localdate():
        raise refusal("solved_date", _("解决日期不能晚于今天。"))
    if solved_date < bottleneck.since_date:
        raise refusal("solved_date", _("解决日期（%(solved)s）不能早于难点出现（%(since)s）。") % told)
    values = {"how": how.strip(), "solved_date": solved_date, "closed_date": solved_date}
    lifecycle.BOTTLENECK.perform(bottleneck, "solve", by=by, reason=how, version=version, values=values)
    _tell(by, bottleneck, "solved", how.strip())
    return bottleneck


@transaction.atomic
def withdraw_bottleneck(
    *, by: Actor, bottleneck: Bottleneck, reason: str, version: int | None = None
) -> Bottleneck:
    """Say that a bottleneck needs nobody any more."""
    values = {"closed_date": timezone.localdate()}
    lifecycle.BOTTLENECK.perform(bottleneck, "withdraw", by=by, reason=reason, version=version, values=values)
    _tell(by, bottleneck, "withdrawn", reason.strip())
    return bottleneck


@transaction.atomic
def extend_bottleneck(
    *, by: Actor, bottleneck: Bottleneck, due_date: date, reason: str, version: int | None = None
) -> Bottleneck:
    """Give the unit that must act more time, and say why; the first day is kept."""
    lifecycle.BOTTLENECK.check(bottleneck, "extend", by)
    was = bottleneck.due_date
    if due_date <= was:
        raise refusal("due_date", _("新的解决时限须晚于现在的 %(day)s。") % {"day": was})
    _move_due(by, bottleneck, "extend", due_date, reason, version)
    _tell(by, bottleneck, "extended", reason.strip(), f"{was} → {bottleneck.due_date}")
    return bottleneck


@transaction.atomic
def reopen_bottleneck(
    *, by: Actor, bottleneck: Bottleneck, due_date: date, reason: str, version: int | None = None
) -> Bottleneck:
    """Say that a bottleneck is not solved after all, and by when it must be now; how and when it was said to be is kept."""
    lifecycle.BOTTLENECK.check(bottleneck, "reopen", by)
    _still_goes_on(bottleneck.project)
    _move_due(by, bottleneck, "reopen", due_date, reason, version, {"closed_date": None})
    _tell(by, bottleneck, "reopened", reason.strip(), _("%(day)s 前解决") % {"day": bottleneck.due_date})
    return bottleneck


def _move_due(
    by: Actor, row: Bottleneck, move: str, due_date: date, reason: str, version: int | None, values: Any = None
) -> None:  # fmt: skip
    """Make a move that sets the day by which a bottleneck must be solved; a later one than before counts as put off."""
    if due_date < timezone.localdate():
        raise refusal("due_date", _("解决时限不能早于今天。"))
    check_year("due_date", Bottleneck._meta.get_field("due_date").verbose_name, due_date)
    kept = queries.put_off(row, "due_date") if due_date > row.due_date else {}
    told = {"text": f"{row.due_date} → {due_date}"}
    lifecycle.BOTTLENECK.perform(
        row, move, by=by, reason=reason, version=version, data=told, values={"due_date": due_date, **kept, **(values or {})}
    )  # fmt: skip


def tell_unit(event: Event, by: Actor) -> None:
    """Tell those of the unit that must act; of what was solved, who raised it."""
    row = Bottleneck.objects.get(pk=event.data["bottleneck"])
    if row.state == stages.SOLVED:
        core.notify(event, [row.raised_by_id])
    else:
        core.notify(event, users_of_units([row.unit_id], "projects.bottleneck.solve"))


def _tell(by: Actor, row: Bottleneck, verb: str, note: str, day: str = "") -> None:
    text = " · ".join(filter(None, [row.unit.brief, row.what[:60], day]))
    _record(by, row.project, f"bottleneck_{verb}", text, note=note, data={"bottleneck": row.pk})


def _record(
    by: Actor, project: Project, verb: str, text: str, note: str = "", data: dict[str, Any] | None = None
) -> None:
    events.record(
        by=by, verb=f"projects.project.{verb}", obj=project, note=note, data={"text": text, **(data or {})}
    )  # fmt: skip
