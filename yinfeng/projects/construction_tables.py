"""The columns of the lists of construction: projects, bottlenecks, what the rules propose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.money import in_column
from yinfeng.core.queries import code_label
from yinfeng.core.tables import Cell, Column, Table, day
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Bottleneck, Project
from yinfeng.projects.tables import STAGE_TONES, badge, due, light_cell, unit

BOTTLENECK_TONES = {
    stages.OPEN: "warning",
    stages.SOLVED: "success",
    stages.WITHDRAWN: "muted",
    stages.DROPPED: "muted",
}
PROPOSAL_TONES = {stages.INCENTIVE: "success", stages.PENALTY: "danger"}


# What lists and pages call the two sums that are compared; both up to the last month whose report is due.
INVESTED, PLANNED = _("累计完成投资"), _("计划累计投资")


def _schedule(project: Project) -> queries.Schedule:
    return queries.schedule_of(project, timezone.localdate())


def _invested(project: Project) -> Decimal | None:
    found = _schedule(project)
    return found.invested if found.whole or found.invested else None


def _points(project: Project) -> Cell | str:
    found = _schedule(project)
    if not found.whole:
        return "—"
    if found.points < 0:
        return _now("超前 %(points)s") % {"points": f"{-found.points:f}"}
    return Cell(f"{found.points:f}", tone="danger" if found.points > 0 else "")


def _start(project: Project) -> Cell | str:
    if project.planned_start_date is None:
        return "—"
    months = queries.months_without_start(project, timezone.localdate())
    late = _now("已过 %(months)s 个月") % {"months": months} if months else ""
    return _planned(project, "planned_start_date", late)


def _planned(project: Project, field: str, late: str = "") -> Cell | str:
    """Return a planned day, since when it has passed, and how often it was put off."""
    when, delay = getattr(project, field), queries.delay_of(project, field)
    if when is None:
        return "—"
    told = [late, delay.told if delay else ""]
    return Cell(day(when), sub=_now("，").join(filter(None, told)), tone="danger" if late else "")


def _line(project: Project) -> queries.Line:
    found: queries.Line = project.__dict__["line"]
    return found


def _next(project: Project) -> Cell | str:
    line = _line(project)
    if line.day is None:
        return "—"
    late = due(line.day, timezone.localdate())
    sub = _now("%(day)s，已过期") % {"day": day(line.day)} if late else day(line.day)
    return Cell(code_label("milestone", line.kind), sub=sub, tone=late)


class OfConstruction(Table):
    """Rows that lead to a project's page of construction."""

    related = ("enterprise",)

    def url(self, obj: Any) -> str:
        return reverse("project-construction", args=[obj.pk])


_NAME = Column(
    "name", _("项目名称"), lambda row: Cell(row.name, sub=row.code), value=lambda row: row.name, sort="name"
)
_CODE = Column("code", _("项目编号"), lambda row: row.code, shown=False, folded=True)


class ConstructionTable(OfConstruction):
    columns = (
        _NAME,
        _CODE,
        Column("stage", _("阶段"), lambda row: badge(row.stage, stages.STAGES, STAGE_TONES)),
        Column("light", _("亮灯"), light_cell),
        Column(
            "invested", INVESTED, lambda row: in_column(_invested(row)), value=_invested, kind="money", numeric=True,
        ),
        Column(
            "planned", PLANNED, lambda row: in_column(_schedule(row).planned if _schedule(row).whole else None),
            value=lambda row: _schedule(row).planned if _schedule(row).whole else None, kind="money", numeric=True,
        ),
        Column("points", _("落后百分点"), _points, numeric=True),
        Column(
            "start", _("计划开工"), _start, value=lambda row: row.planned_start_date, kind="date", sort="planned_start_date"
        ),
        Column(
            "completion", _("计划竣工"), lambda row: _planned(row, "planned_completion_date"),
            value=lambda row: row.planned_completion_date, kind="date", sort="planned_completion_date", shown=False,
        ),
        Column("next", _("下一节点"), _next),
        Column(
            "bottlenecks", _("待解决难点"), lambda row: Cell(str(_line(row).bottlenecks), tone="warning") if _line(row).bottlenecks else "—",
            value=lambda row: _line(row).bottlenecks, kind="integer", numeric=True,
        ),
        unit("host", _("落地单位"), "host_unit"),
    )  # fmt: skip

    def prepare(self, objects: Iterable[Any]) -> Iterable[Any]:
        today = timezone.localdate()
        with_lines = queries.in_batches(objects, queries.read_lines)
        return queries.with_schedules(with_lines, today, (*stages.BEFORE_START, *stages.UNDER_WAY))


def _due(row: Bottleneck) -> Cell:
    late = row.state == stages.OPEN and due(row.due_date, timezone.localdate())
    delay = queries.delay_of(row, "due_date")
    told = [_now("已过期") if late else "", delay.told if delay else ""]
    return Cell(day(row.due_date), sub=_now("，").join(filter(None, told)), tone=late or "")


def _solved(row: Bottleneck) -> date | None:
    """Return when a bottleneck was solved; of one that was found not to be nothing is told in the list."""
    return row.solved_date if row.state == stages.SOLVED else None


def _stood(row: Bottleneck) -> str:
    return _now("%(days)s 天") % {"days": queries.days_of(row, timezone.localdate())}


class BottleneckTable(Table):
    order = "due_date"
    ahead = Q(state=stages.OPEN)
    related = ("project",)
    columns = (
        Column("project", _("项目名称"), lambda row: Cell(row.project.name, sub=row.project.code), value=lambda row: row.project.name),
        Column("code", _("项目编号"), lambda row: row.project.code, shown=False, folded=True),
        Column("kind", _("问题类型"), lambda row: code_label("problem_kind", row.kind)),
        Column("what", _("难点"), lambda row: row.what),
        Column(
            "since", _("何时出现"), lambda row: Cell(day(row.since_date), sub=_stood(row)),
            value=lambda row: row.since_date, kind="date", sort="since_date",
        ),
        unit("unit", _("解决单位"), "unit"),
        Column("due", _("解决时限"), _due, value=lambda row: row.due_date, kind="date", sort="due_date"),
        Column("state", _("状态"), lambda row: badge(row.state, stages.BOTTLENECK_STATES, BOTTLENECK_TONES), sort="state"),
        Column("how", _("如何解决"), lambda row: row.how if _solved(row) else "—", shown=False),
        Column(
            "solved", _("解决日期"), lambda row: day(_solved(row)), value=_solved, kind="date", shown=False,
        ),
    )  # fmt: skip


def _proposals(project: Project) -> list[queries.Incentive]:
    return queries.incentives_of(project, timezone.localdate())


def _kinds(project: Project) -> Cell:
    kinds = list(dict.fromkeys(proposal.kind for proposal in _proposals(project)))
    text = _now("、").join(str(stages.PROPOSALS[kind]) for kind in kinds)
    return Cell(text, badge=True, tone=PROPOSAL_TONES[kinds[0]] if kinds else "muted")


class IncentiveTable(OfConstruction):
    columns = (
        _NAME,
        _CODE,
        Column("proposal", _("建议"), _kinds),
        Column("why", _("理由"), lambda row: _now("；").join(str(item.reason) for item in _proposals(row))),
        Column("stage", _("阶段"), lambda row: badge(row.stage, stages.STAGES, STAGE_TONES)),
        unit("host", _("落地单位"), "host_unit"),
    )

    def prepare(self, objects: Iterable[Any]) -> Iterable[Any]:
        return queries.with_schedules(objects, timezone.localdate())
