"""The columns of the list of projects that wait at a gate."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.queries import code_label
from yinfeng.core.tables import Cell, Column, Table, day
from yinfeng.meetings import queries
from yinfeng.projects import stages
from yinfeng.projects.tables import STAGE_TONES, badge


def _gate(row: Any) -> Cell:
    _chain, gate = row.at
    refused = _now("%(day)s 未通过") % {"day": day(row.refused_date)} if row.refused_date else ""
    return Cell(gate.label, sub=refused)


class TurnTable(Table):
    order = "pk"
    related = ("host_unit", "reporter_unit")
    columns = (
        Column("name", _("项目名称"), lambda row: Cell(row.name, sub=row.code), value=lambda row: row.name, sort="name"),
        Column("code", _("项目编号"), lambda row: row.code, shown=False, folded=True),
        Column("gate", _("轮到的机构"), _gate),
        Column("refused", _("上次未通过"), lambda row: day(row.refused_date) or "—", value=lambda row: row.refused_date, kind="date", shown=False, folded=True),
        Column("since", _("等待起始"), lambda row: day(queries.waits_since(row)), value=queries.waits_since, kind="date"),
        Column("class", _("项目分类"), lambda row: code_label("project_class", row.project_class) or "—", sort="project_class"),
        Column("chain", _("决策链"), lambda row: row.at[0].label, shown=False),
        Column("stage", _("阶段"), lambda row: badge(row.stage, stages.STAGES, STAGE_TONES)),
        Column("holder", _("落地或报送单位"), lambda row: (row.host_unit or row.reporter_unit).brief),
    )  # fmt: skip

    def fetch(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        today = timezone.localdate()
        return queries.with_since(queries.with_turn(super().fetch(queryset), today), today)

    def prepare(self, objects: Any) -> Any:
        every = queries.turns(timezone.localdate())
        for project in objects:
            project.at = every[project.turn]
            yield project

    def url(self, obj: Any) -> str:
        return reverse("project-gates", args=[obj.pk])
