"""The columns of the list of duties: the six, and how each stands."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.tables import Cell, Column, Table, day
from yinfeng.duties import queries, terms
from yinfeng.duties.lists import GRADE_TONES, STATE_TONES, due_cell
from yinfeng.duties.models import Duty


def _parts(row: Any) -> str:
    return f"{row.parts_count - row.parts_open} / {row.parts_count}" if row.parts_count else "—"


class DutyTable(Table):
    order = "-pk"
    related = ("lead_unit", "set_unit", "leader")
    columns = (
        Column("item", _("落实事项"), lambda row: Cell(row.item, sub=row.number), value=lambda row: row.item, sort="item"),
        Column("number", _("编号"), lambda row: row.number, shown=False, folded=True),
        Column(
            "state", _("状态"), lambda row: Cell(str(terms.DUTY_STATES[row.state]), badge=True, tone=STATE_TONES[row.state]),
            value=lambda row: str(terms.DUTY_STATES[row.state]), sort="state",
        ),
        Column(
            "due", _("办结时限"), lambda row: due_cell(row, timezone.localdate()), value=lambda row: row.due_date, kind="date",
            sort="due_date",
        ),
        Column("lead", _("牵头单位"), lambda row: row.lead_unit.brief),
        Column("leader", _("牵头领导"), lambda row: str(row.leader) if row.leader else "—"),
        Column("percent", _("进度"), lambda row: f"{row.percent}%", value=lambda row: row.percent, kind="integer", numeric=True),
        Column("parts", _("分解任务"), _parts, numeric=True),
        Column("setter", _("交办单位"), lambda row: row.set_unit.brief),
        Column("source", _("来源"), lambda row: str(terms.SOURCES[row.source_kind]), shown=False),
        Column(
            "grade", _("等级"), lambda row: Cell(str(terms.GRADES[row.grade]), badge=True, tone=GRADE_TONES[row.grade]),
            value=lambda row: str(terms.GRADES[row.grade]), shown=False,
        ),
        Column("target", _("目标任务"), lambda row: row.target, shown=False),
        Column("requirement", _("工作要求"), lambda row: row.requirement, shown=False),
        Column("clause", _("政策条款"), lambda row: row.clause or "—", shown=False),
        Column("set_date", _("交办日期"), lambda row: day(row.set_date), value=lambda row: row.set_date, kind="date", sort="set_date", shown=False),
        Column("submitted", _("报结日期"), lambda row: day(row.submitted_date), value=lambda row: row.submitted_date, kind="date", shown=False),
        Column("closed", _("办结日期"), lambda row: day(row.closed_date), value=lambda row: row.closed_date, kind="date", sort="closed_date", shown=False),
        Column("extensions", _("延期次数"), lambda row: str(row.extensions), value=lambda row: row.extensions, kind="integer", numeric=True, shown=False),
        Column("result", _("办理结果"), lambda row: row.result or "—", shown=False),
    )  # fmt: skip

    def fetch(self, queryset: QuerySet[Duty]) -> QuerySet[Any]:
        return queries.with_situation(super().fetch(queryset))
