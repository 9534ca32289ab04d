"""The columns of the lists of leads and projects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.money import in_column, show
from yinfeng.core.queries import code_label
from yinfeng.core.tables import Cell, Column, Table, day, moment
from yinfeng.projects import facts, queries, stages
from yinfeng.projects.models import Closing, Dispute, Entry, Lead, Project, Share

STAGE_TONES = {
    stages.PLANNED: "muted",
    stages.INTENDED: "info",
    stages.NEGOTIATING: "primary",
    **{stage: "success" for stage in stages.ORDER if stages.reached(stage, stages.SIGNED)},
}
STATUS_TONES = {
    stages.ONGOING: "plain",
    stages.ON_HOLD: "warning",
    stages.LOST: "danger",
    stages.ENDED: "muted",
    stages.LEFT: "muted",
}
LIGHT_TONES = {stages.GREEN: "success", stages.YELLOW: "warning", stages.RED: "danger"}
LIGHT_ICONS = {stages.GREEN: "circle-check", stages.YELLOW: "alert-circle", stages.RED: "alert-triangle"}
TRANSFER_TONES = {
    stages.OFFERED: "warning",
    stages.ACCEPTED: "info",
    stages.DECLINED: "danger",
    stages.ARBITRATING: "warning",
    stages.COMPLETED_TRANSFER: "success",
    stages.DISMISSED: "muted",
    stages.WITHDRAWN: "muted",
}
RANK_TONES = {
    stages.HELD: "success",
    stages.FIRST: "success",
    stages.TOGETHER: "warning",
    stages.LATER: "muted",
    stages.LAPSED: "muted",
}
DISPUTE_TONES = {
    stages.RAISED: "warning",
    stages.ANSWERED: "warning",
    stages.DECIDED: "success",
    stages.WITHDRAWN: "muted",
}
LEAD_TONES = {
    stages.REGISTERED: "warning",
    stages.QUALIFIED: "info",
    stages.CONVERTED: "success",
    stages.DECLINED: "muted",
}


def badge(code: str, labels: Any, tones: dict[str, str]) -> Cell:
    return Cell(str(labels[code]), badge=True, tone=tones[code])


def amount(key: str, label: Any, field: str, *, shown: bool = True) -> Column:
    """Return the column of an amount: 万元 or 亿元 on the page, a number of yuan in the export."""

    def value(row: Any) -> Decimal | None:
        found: Decimal | None = getattr(row, field)
        return found

    return Column(
        key, label, lambda row: in_column(value(row)), value=value, kind="money", sort=field, numeric=True, shown=shown
    )  # fmt: skip


def unit(key: str, label: Any, field: str, *, shown: bool = True) -> Column:
    """Return the column of a unit, by the name people use."""

    def name(row: Any) -> str:
        found = getattr(row, field)
        return found.brief if found else "—"

    return Column(key, label, name, shown=shown, related=field)


def due(when: date | None, today: date) -> str:
    """Return the tone of a date by which something should be done."""
    return "danger" if when is not None and when < today else ""


def protected_until(lead: Lead) -> date | None:
    """Return the last day on which an open lead is protected as a first report."""
    months = queries.months_protected(timezone.localdate())
    if not months or lead.named_at is None or lead.state not in queries.OPEN_LEADS:
        return None
    return queries.protected_until(lead.named_at, lead.named_at, months)


class LeadTable(Table):
    related = ("enterprise",)
    columns = (
        Column(
            "title", _("线索名称"),
            lambda lead: Cell(lead.title, sub=lead.enterprise.name if lead.enterprise else ""),
            value=lambda lead: lead.title,
        ),
        Column(
            "enterprise", _("企业"), lambda lead: lead.enterprise.name if lead.enterprise else "—",
            shown=False, folded=True,
        ),
        Column("state", _("状态"), lambda lead: badge(lead.state, stages.LEAD_STATES, LEAD_TONES), sort="state"),
        Column("source", _("线索来源"), lambda lead: code_label("lead_source", lead.source)),
        amount("intended", _("意向投资额"), "intended"),
        unit("handling", _("承办单位"), "handling_unit"),
        unit("reporter", _("报送单位"), "reporter_unit", shown=False),
        Column(
            "first", _("首报时间"), lambda lead: day(lead.first_reported_at),
            value=lambda lead: lead.first_reported_at, kind="datetime", sort="first_reported_at",
        ),
        Column(
            "protected", _("报备保护期至"), lambda lead: day(until) if (until := protected_until(lead)) else "—",
            value=protected_until, kind="date",
        ),
        Column(
            "heard", _("获知日期"), lambda lead: day(lead.heard_date), value=lambda lead: lead.heard_date,
            kind="date", sort="heard_date", shown=False,
        ),
        Column("by", _("登记人"), lambda lead: str(lead.registered_by), shown=False, related="registered_by"),
    )  # fmt: skip


def _name(project: Project) -> Cell:
    sub = " · ".join(
        part for part in (project.code, project.enterprise.name if project.enterprise else "") if part
    )
    icon = "lock" if project.secrecy == stages.SENSITIVE else ""
    title = _now("敏感项目") if icon else ""
    return Cell(project.name, sub=sub, icon=icon, title=title)


def _next(project: Project) -> Cell | str:
    if not project.next_step and project.next_date is None:
        return "—"
    late = project.next_date is not None and project.next_date < timezone.localdate()
    sub = day(project.next_date) if project.next_date else ""
    return Cell(
        project.next_step or "—",
        sub=_now("%(day)s，已过期") % {"day": sub} if late else sub,
        tone="danger" if late else "",
    )


def light_badge(light: queries.Light) -> dict[str, Any]:
    """Return a light as a badge: its word and its sign say it, not the colour alone."""
    return {
        "text": stages.LIGHTS[light.code],
        "tone": LIGHT_TONES[light.code],
        "icon": LIGHT_ICONS[light.code],
    }


def light_cell(project: Project) -> Cell | str:
    """Return a project's light, which says its reason when it is pointed at."""
    today = timezone.localdate()
    grade = queries.grade_of(project, queries.tiers(today))
    light = queries.light_of(project, today, queries.limits(today), grade)
    if light is None:
        return "—"
    found = light_badge(light)
    return Cell(str(found["text"]), badge=True, tone=found["tone"], icon=found["icon"], title=light.reason)


def _grade(project: Project) -> str:
    grade = queries.grade_of(project, queries.tiers(timezone.localdate()))
    return grade.label if grade else "—"


def _category(project: Project) -> str:
    today = timezone.localdate()
    found = queries.class_of(project, queries.categories(today), today)
    return (found.label if found else "") or "—"


def reported_columns() -> list[Column]:
    """Return the columns of what the reporting form asks beyond the outline; nobody sees them before choosing them."""
    coded = [_coded_column(field, table) for field, table in Project.reported_tables.items()]
    flags = [
        Column(
            name,
            facts.field_of(name).verbose_name,
            _yes_no_of(name),
            shown=False,
        )
        for name in ("is_existing_firm", *queries.FLAGS)
    ]
    return [
        *coded, *flags,
        Column(
            "approached", _("对接时间"), lambda row: day(row.approached_date), value=lambda row: row.approached_date, kind="date",
            sort="approached_date", shown=False,
        ),
        amount("statistics", _("纳统计划总投资额"), "statistics_investment", shown=False),
    ]  # fmt: skip


def _yes_no_of(name: str) -> Callable[[Any], str]:
    return lambda row: yes_no(getattr(row, name)) or "—"


def _coded_column(field: str, table: str) -> Column:
    label = facts.field_of(field).verbose_name
    return Column(field, label, lambda row: code_label(table, getattr(row, field)) or "—", shown=False)


def yes_no(answer: bool | None) -> str:
    """Return an answer in words; empty for none."""
    return {True: _now("是"), False: _now("否"), None: ""}[answer]


class OfProjects(Table):
    """Rows that are projects: where a light is shown, what it asks of projects under construction is read with them."""

    related: ClassVar[tuple[str, ...]] = ("enterprise",)

    def shows(self, key: str) -> bool:
        return any(column.key == key for column in self.shown)

    def fetch(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = super().fetch(queryset)
        return queries.with_sums(found, timezone.localdate()) if self.shows("light") else found

    def prepare(self, objects: Iterable[Any]) -> Iterable[Any]:
        return queries.with_schedules(objects, timezone.localdate()) if self.shows("light") else objects


class ProjectTable(OfProjects):
    def fetch(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Bring along what classes ask about investors, where the class is shown."""
        found = super().fetch(queryset)
        return queries.with_investors(found) if self.shows("category") else found

    columns = (
        Column("name", _("项目名称"), _name, value=lambda row: row.name, sort="name"),
        Column("code", _("项目编号"), lambda row: row.code, sort="code", shown=False, folded=True),
        Column(
            "enterprise", _("投资主体"), lambda row: row.enterprise.name if row.enterprise else "—", shown=False, folded=True,
        ),
        Column("stage", _("阶段"), lambda row: badge(row.stage, stages.STAGES, STAGE_TONES)),
        Column("status", _("状态"), lambda row: badge(row.status, stages.STATUSES, STATUS_TONES)),
        Column("light", _("亮灯"), light_cell),
        Column("grade", _("分级"), _grade, shown=False),
        Column("category", _("类别"), _category, shown=False),
        amount("intended", _("意向投资额"), "intended"),
        amount("contracted", _("合同投资额"), "contracted"),
        amount("fixed", _("固定资产投资"), "fixed_investment", shown=False),
        unit("host", _("落地单位"), "host_unit"),
        unit("reporter", _("报送单位"), "reporter_unit", shown=False),
        Column("class", _("项目分类"), lambda row: code_label("project_class", row.project_class) or "—", shown=False),
        Column("industry", _("行业"), lambda row: code_label("industry", row.industry) or "—", shown=False),
        Column("next", _("下一步"), _next, value=lambda row: row.next_step),
        Column(
            "progress", _("最近进展"), lambda row: day(row.progress_at), value=lambda row: row.progress_at,
            kind="datetime", sort="progress_at",
        ),
        Column(
            "signed", _("签约日期"), lambda row: day(row.signed_date), value=lambda row: row.signed_date,
            kind="date", sort="signed_date", shown=False,
        ),
        Column(
            "secrecy", _("知悉范围"), lambda row: str(stages.SECRECY[row.secrecy]), shown=False
        ),
        *reported_columns(),
    )  # fmt: skip


_OF_PROJECTS = {column.key: column for column in ProjectTable.columns}


class HeadquartersTable(OfProjects):
    columns = (
        *(_OF_PROJECTS[key] for key in ("name", "code", "enterprise")),
        Column(
            "headquarters", _("总部类型"),
            lambda row: Cell(code_label("headquarters_kind", row.headquarters_kind), sub=row.headquarters_functions),
            value=lambda row: code_label("headquarters_kind", row.headquarters_kind), sort="headquarters_kind",
        ),
        Column(
            "functions", _("总部职能"), lambda row: row.headquarters_functions or "—", value=lambda row: row.headquarters_functions,
            shown=False, folded=True,
        ),
        Column(
            "staff", _("总部预计人数"), lambda row: f"{row.headquarters_staff:,}" if row.headquarters_staff else "—",
            value=lambda row: row.headquarters_staff, kind="integer", numeric=True, sort="headquarters_staff",
        ),
        *(_OF_PROJECTS[key] for key in ("stage", "light", "intended", "contracted", "host", "progress")),
        *(replace(_OF_PROJECTS[key], shown=False) for key in ("status", "reporter", "industry", "next", "signed")),
        amount("tax", _("预计年税收"), "expected_tax", shown=False),
    )  # fmt: skip


def lead_line(lead: Lead) -> dict[str, Any]:
    """Return a lead as a line among search results."""
    return {
        "title": lead.title,
        "url": lead.get_absolute_url(),
        "sub": lead.enterprise.name if lead.enterprise else lead.handling_unit.brief,
        "badge": {"text": stages.LEAD_STATES[lead.state], "tone": LEAD_TONES[lead.state]},
    }


def project_line(project: Project) -> dict[str, Any]:
    """Return a project as a line among search results."""
    return {
        "title": project.name,
        "url": project.get_absolute_url(),
        "sub": " · ".join(
            part for part in (project.code, project.enterprise.name if project.enterprise else "") if part
        ),
        "badge": {"text": stages.STAGES[project.stage], "tone": STAGE_TONES[project.stage]},
    }


def shared(entry: Entry) -> str:
    """Return whose an entry is: each unit with its share, the largest first, and what that is in yuan when there are several."""
    shares = sorted(entry.shares.all(), key=lambda share: (-share.millionths, share.pk))
    told = {share: f"{share.unit.brief} {percent(share.millionths)}" for share in shares}
    if len(shares) > 1 and entry.amount:
        told = {
            share: _now("%(whose)s（%(amount)s）") % {"whose": whose, "amount": show(share.amount)}
            for share, whose in told.items()
        }
    return _now("、").join(told.values())


def percent(millionths: int) -> str:
    """Return a share for people, in per cent."""
    return f"{millionths / 10_000:.2f}".rstrip("0").rstrip(".") + "%"


def entry_kind(entry: Entry) -> Cell:
    kind = str(stages.ACHIEVEMENTS[entry.kind])
    if hasattr(entry, "reversed_by"):
        sentence = _now("%(kind)s（已冲销）") if entry.sign > 0 else _now("冲销：%(kind)s（已撤销）")
        return Cell(sentence % {"kind": kind}, badge=True, tone="muted", icon="x")
    if entry.sign < 0:
        return Cell(_now("冲销：%(kind)s") % {"kind": kind}, badge=True, tone="danger", icon="arrow-back-up")
    return Cell(kind, badge=True, tone="success", icon="check")


class EntryTable(Table):
    order = "-pk"
    related = ("project", "reversed_by")
    prefetch = (Prefetch("shares", Share.objects.select_related("unit")),)
    columns = (
        Column("project", _("项目名称"), lambda row: Cell(row.project.name, sub=row.project.code), value=lambda row: row.project.name),
        Column("code", _("项目编号"), lambda row: row.project.code, shown=False, folded=True),
        Column("kind", _("业绩"), entry_kind),
        Column(
            "happened", _("发生日期"), lambda row: day(row.happened_date), value=lambda row: row.happened_date, kind="date",
            sort="happened_date",
        ),
        Column(
            "amount", _("业绩金额"), lambda row: in_column(row.amount or None), value=lambda row: row.amount or None,
            kind="money", sort="amount", numeric=True,
        ),
        Column("count", _("项数"), lambda row: str(row.count), value=lambda row: row.count, kind="integer", numeric=True),
        Column("shares", _("归属"), shared),
        Column(
            "booked", _("入账日期"), lambda row: day(row.booked_date), value=lambda row: row.booked_date, kind="date",
            sort="booked_date", shown=False,
        ),
        Column(
            "recognised", _("认定日期"), lambda row: day(row.recognised_at), value=lambda row: row.recognised_at,
            kind="datetime",
        ),
        Column("by", _("认定人"), lambda row: str(row.recognised_by), shown=False, related="recognised_by"),
        Column("reason", _("原因"), lambda row: row.reason or "—", shown=False),
    )  # fmt: skip


def percent_of(percent: Decimal) -> str:
    """Return a percentage for people, without zeros that say nothing."""
    return f"{percent.normalize():f}%"


class TransferTable(Table):
    order = "-pk"
    related = ("project",)
    columns = (
        Column("project", _("项目名称"), lambda row: Cell(row.project.name, sub=row.project.code), value=lambda row: row.project.name),
        Column("code", _("项目编号"), lambda row: row.project.code, shown=False, folded=True),
        unit("from", _("流出单位"), "from_unit"),
        unit("to", _("承接单位"), "to_unit"),
        Column("state", _("状态"), lambda row: badge(row.state, stages.TRANSFER_STATES, TRANSFER_TONES), sort="state"),
        Column("percent", _("流出单位分成"), lambda row: percent_of(row.percent), value=lambda row: row.percent, numeric=True),
        Column("base", _("分成范围"), lambda row: str(stages.SHARED_BASES[row.base]), shown=False),
        Column("years", _("分成年限"), lambda row: _now("%(years)s 年") % {"years": row.years}, value=lambda row: row.years, numeric=True),
        Column("statistics", _("统计方式"), lambda row: str(stages.STATISTICS[row.statistics]), shown=False),
        Column(
            "offered", _("提出日期"), lambda row: day(row.offered_at), value=lambda row: row.offered_at, kind="datetime", sort="offered_at",
        ),
        Column(
            "agreed", _("协议签订日期"), lambda row: day(row.agreed_date) if row.agreed_date else "—", value=lambda row: row.agreed_date,
            kind="date", sort="agreed_date",
        ),
        Column("reason", _("流转原因"), lambda row: row.reason, shown=False),
    )  # fmt: skip


def _sides(dispute: Dispute) -> list[str]:
    return [side.unit.brief for side in sorted(dispute.sides.all(), key=lambda side: not side.is_raiser)]


class DisputeTable(Table):
    order = "-pk"
    prefetch = ("sides__unit",)
    columns = (
        Column("subject", _("企业"), lambda row: row.subject),
        Column("raiser", _("提出方"), lambda row: _sides(row)[0]),
        Column("other", _("另一方"), lambda row: _sides(row)[1]),
        Column("state", _("状态"), lambda row: badge(row.state, stages.DISPUTE_STATES, DISPUTE_TONES), sort="state"),
        Column("outcome", _("裁定结果"), lambda row: str(stages.OUTCOMES[row.outcome]) if row.outcome else "—"),
        Column("raised", _("提出日期"), lambda row: day(row.raised_at), value=lambda row: row.raised_at, kind="datetime", sort="raised_at"),
        Column("decided", _("裁定日期"), lambda row: day(row.decided_at) if row.decided_at else "—", value=lambda row: row.decided_at, kind="datetime", sort="decided_at"),
        Column("ruling", _("裁定意见"), lambda row: row.ruling or "—", shown=False),
    )  # fmt: skip


def closed_sums(closing: Closing) -> str:
    """Return what a closing came to, kind by kind."""
    told = [
        f"{stages.ACHIEVEMENTS[kind]} {show(Decimal(amount))}"
        for kind, (_count, amount) in closing.sums.items()
        if kind in stages.ACHIEVEMENTS and Decimal(amount)
    ]
    return _now("，").join(told) or "—"


class ReportTable(Table):
    order = "-starts"
    related = ("definition", "unit", "submitted_by")
    columns = (
        Column("title", _("报表名称"), lambda row: row.definition.title),
        Column("period", _("报送期"), lambda row: f"{day(row.starts)} — {day(row.ends)}", value=lambda row: row.starts, sort="starts"),
        unit("unit", _("报送单位"), "unit"),
        Column("number", _("第几次报送"), lambda row: str(row.number), value=lambda row: row.number, kind="integer", numeric=True),
        Column("count", _("项目数"), lambda row: f"{row.count:,}", value=lambda row: row.count, kind="integer", numeric=True),
        Column("at", _("报送时间"), lambda row: moment(row.submitted_at), value=lambda row: row.submitted_at, kind="datetime", sort="submitted_at"),
        Column("by", _("报送人"), lambda row: str(row.submitted_by)),
        Column("reason", _("更正原因"), lambda row: row.reason or "—", shown=False),
        Column("digest", _("摘要"), lambda row: Cell(row.digest[:12], title=row.digest), value=lambda row: row.digest, shown=False),
    )  # fmt: skip


class ClosingTable(Table):
    order = "-until"
    related = ("closed_by",)
    columns = (
        Column("until", _("结账至"), lambda row: day(row.until), value=lambda row: row.until, kind="date", sort="until"),
        Column("entries", _("记录数"), lambda row: f"{row.entries:,}", value=lambda row: row.entries, kind="integer", numeric=True),
        Column("sums", _("合计"), closed_sums),
        Column("digest", _("摘要"), lambda row: Cell(row.digest[:12], title=row.digest), value=lambda row: row.digest),
        Column("by", _("结账人"), lambda row: str(row.closed_by)),
        Column("at", _("结账时间"), lambda row: moment(row.closed_at), value=lambda row: row.closed_at, kind="datetime"),
        Column("note", _("说明"), lambda row: row.note or "—"),
    )  # fmt: skip


def owed_cell(owed: queries.Owed) -> Cell | str:
    """Return what was done of a kind in a quarter, or that it is missing."""
    if not owed.times and not owed.days:
        return "—"
    days = _now("、").join(f"{when:%m-%d}" for when in owed.days)
    if not owed.is_missing:
        return days
    told = {"done": len(owed.days), "times": owed.times, "days": days}
    text = _now("缺（%(done)s/%(times)s）%(days)s") % told if owed.times > 1 else _now("缺")
    return Cell(text, badge=True, tone="danger", icon="alert-triangle")


def _personal(kind: str) -> Column:
    def cell(row: Any) -> Cell | str:
        return owed_cell(row.owed[kind])

    return Column(kind, stages.PERSONAL_KINDS[kind], cell)


class PersonalTable(Table):
    """Major projects with what their holders did of each kind in ``quarter``; a page makes a class of it for its quarter."""

    quarter: ClassVar[queries.Quarter]
    columns = (
        Column("name", _("项目名称"), lambda row: Cell(row.name, sub=row.code), value=lambda row: row.name, sort="name"),
        Column("code", _("项目编号"), lambda row: row.code, shown=False, folded=True),
        Column("holder", _("落地单位"), lambda row: row.holder_name),
        Column("stage", _("阶段"), lambda row: badge(row.stage, stages.STAGES, STAGE_TONES)),
        Column("grade", _("分级"), _grade, shown=False),
        *(_personal(kind) for kind in stages.PERSONAL_KINDS),
    )  # fmt: skip

    def fetch(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = queries.owing(super().fetch(queryset), self.quarter, timezone.localdate())
        return found.prefetch_related(queries.acts_in(self.quarter))

    def prepare(self, objects: Any) -> Any:
        for project in objects:
            project.owed = queries.owed_by(project, self.quarter, timezone.localdate(), project.counted)
            yield project

    def url(self, obj: Any) -> str:
        return reverse("project-personal", args=[obj.pk])


def _began(row: Any) -> date:
    """Return since when a scheduled project waits for what it waits for."""
    since = {
        stages.CLAIM: row.claimed_at, stages.STEP_BACK: row.asked_at, stages.NEXT_STEP: row.next_date,
        stages.LACKING: row.stage_since, stages.SILENT: row.progress_at, stages.NOTHING: row.progress_at,
    }.get(row.waits, row.passed_at)  # fmt: skip
    return timezone.localdate(since) if isinstance(since, datetime) else since


def _days(since: date) -> str:
    days = (timezone.localdate() - since).days
    return _now("%(since)s 起，%(days)s 天") % {"since": since, "days": f"{days:,}"}


def _lacking(row: Any) -> tuple[str, str]:
    """Return the next stage of a project and what it asks for that is not there, three facts at most by name."""
    wanted = facts.next_stage(row) or row.stage
    labels = [str(fact.label) for fact in facts.missing(row, wanted)]
    names = _now("、").join(labels[:3])
    if len(labels) > 3:
        names = _now("%(names)s等 %(count)s 项") % {"names": names, "count": len(labels)}
    return str(stages.STAGES[wanted]), names


def awaited(row: Any) -> str:
    """Return in one sentence who must do what for a scheduled project, and since when it waits."""
    holder = (row.host_unit or row.reporter_unit).brief
    told: dict[str, Any] = {"unit": holder, "giver": row.giver, "taker": row.taker, "who": row.leader or _now("%(unit)s（项目负责人）") % {"unit": holder}}  # fmt: skip
    sentences = {
        stages.CLAIM: _now("等%(unit)s或领导小组办公室核验“%(kind)s”申报"),
        stages.STEP_BACK: _now("等%(unit)s或领导小组办公室批准退回“%(stage)s”"),
        stages.OFFERED: _now("等%(taker)s答复是否承接"),
        stages.DECLINED: _now("等%(giver)s撤回流转或提请裁定"),
        stages.ARBITRATING: _now("等领导小组办公室裁定流转"),
        stages.ACCEPTED: _now("等%(giver)s、%(taker)s与投资方签订三方协议"),
        stages.NEXT_STEP: _now("等%(who)s完成已过期限的“%(step)s”"),
        stages.LACKING: _now("等%(unit)s补齐“%(stage)s”所需的%(facts)s"),
        stages.SILENT: _now("等%(unit)s推进并更新进展"),
    }
    if row.waits == stages.CLAIM:
        told["kind"] = stages.ACHIEVEMENTS[row.claimed]
    elif row.waits == stages.STEP_BACK:
        told["stage"] = stages.STAGES[row.target]
    elif row.waits == stages.NEXT_STEP:
        told["step"] = row.next_step or _now("下一步工作")
    elif row.waits == stages.LACKING:
        told["stage"], told["facts"] = _lacking(row)
    if row.waits == stages.NOTHING:
        return _now("没有等人的事")
    if row.waits == stages.UNSTARTED:
        return _unstarted(row, holder)
    if row.waits == stages.BEHIND:
        return _behind(row, holder)
    return _now("%(what)s，自 %(since)s") % {"what": sentences[row.waits] % told, "since": _days(_began(row))}


def _unstarted(row: Any, holder: str) -> str:
    """Return that a start is awaited: when it was planned, how long that day has passed, and who must bring it about."""
    days = (timezone.localdate() - row.planned_start_date).days
    told = {"planned": f"{row.planned_start_date:%Y-%m}", "days": f"{days:,}", "whose": _whose(row, holder)}
    text = _now("等开工：计划 %(planned)s 开工，已过 %(days)s 天，%(whose)s") % told
    delay = queries.delay_of(row, "planned_start_date")
    return f"{text}（{delay.told_with_first}）" if delay else text


def _behind(row: Any, holder: str) -> str:
    """Return that the plan must be caught up with: at which month it was measured, how far behind, and who must do it."""
    today = timezone.localdate()
    told = {
        "month": f"{queries.due_month(today):%Y-%m}", "points": f"{queries.schedule_of(row, today).points:f}",
        "whose": _whose(row, holder),
    }  # fmt: skip
    return _now("等赶上计划：到 %(month)s 投资落后 %(points)s 个百分点，%(whose)s") % told


def _whose(row: Any, holder: str) -> str:
    """Return who must act for the works to go on: the unit that must solve the first open bottleneck, or the holder."""
    if not row.stuck:
        return _now("由%(unit)s办理") % {"unit": holder}
    told = {"what": row.stuck[:40].rstrip("。"), "solver": row.solver, "due": row.stuck_until}
    if row.stuck_until < timezone.localdate():
        text = _now("等%(solver)s解决“%(what)s”（时限 %(due)s，已过期）") % told
    else:
        text = _now("等%(solver)s在 %(due)s 前解决“%(what)s”") % told
    followed = _now("%(what)s，由%(unit)s跟进") % {"what": text, "unit": holder}
    return text if row.solver == holder else followed


def _lit_with_reason(row: Any) -> Cell | str:
    cell = light_cell(row)
    return Cell(cell.text, badge=True, tone=cell.tone, icon=cell.icon, sub=cell.title) if isinstance(cell, Cell) else cell  # fmt: skip


class SchedulingTable(OfProjects):
    """Major projects, the longest without progress first: where they stand since when, and who must do what."""

    order = "progress_at"
    related = ("host_unit", "reporter_unit")
    columns = (
        Column("name", _("项目名称"), lambda row: Cell(row.name, sub=row.code), value=lambda row: row.name, sort="name"),
        Column("code", _("项目编号"), lambda row: row.code, shown=False, folded=True),
        Column("holder", _("落地单位"), lambda row: (row.host_unit or row.reporter_unit).brief),
        Column(
            "stage", _("阶段"),
            lambda row: Cell(str(stages.STAGES[row.stage]), badge=True, tone=STAGE_TONES[row.stage], sub=_days(timezone.localdate(row.stage_since))),
        ),
        Column(
            "since", _("进入本阶段时间"), lambda row: day(row.stage_since), value=lambda row: row.stage_since, kind="datetime",
            sort="stage_since", shown=False, folded=True,
        ),
        Column(
            "progress", _("最近进展"), lambda row: day(row.progress_at), value=lambda row: row.progress_at, kind="datetime",
            sort="progress_at",
        ),
        Column("light", _("亮灯"), _lit_with_reason),
        Column("waits", _("等谁做什么"), awaited),
        Column("who", _("等谁"), lambda row: str(stages.MUST_ACT[stages.WAITS_FOR[row.waits]]), shown=False, folded=True),
        amount("amount", _("意向投资额"), "intended", shown=False),
        Column("grade", _("分级"), _grade, shown=False),
    )  # fmt: skip

    def fetch(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queries.with_particulars(queries.scheduled(super().fetch(queryset), timezone.localdate()))
