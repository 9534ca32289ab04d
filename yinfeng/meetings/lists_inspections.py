"""The filters and columns of inspections and of what they found."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.filters import ScopedFilterSet
from yinfeng.core.queries import entries
from yinfeng.core.tables import Cell, Column, Table, day
from yinfeng.meetings import inspecting, queries
from yinfeng.meetings.models import Finding, Inspection

INSPECTION_TONES = {
    inspecting.PLANNED: "warning", inspecting.UNDER_WAY: "info", inspecting.REPORTED: "success", inspecting.CANCELLED: "muted",
}  # fmt: skip
OUTCOME_TONES = {
    inspecting.FOUND: "warning", inspecting.ORDERED: "info", inspecting.GOING: "info", inspecting.LATE: "danger", inspecting.SETTLED: "success",
    inspecting.CORRECTED: "success", inspecting.WITHDRAWN: "muted",
}  # fmt: skip


class InspectionFilter(ScopedFilterSet):
    main = ("q", "state")
    q = django_filters.CharFilter(label=_("督查名称"), field_name="title", lookup_expr="icontains")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=list(inspecting.INSPECTION_STATES.items()))

    class Meta:
        model = Inspection
        fields: ClassVar[tuple[str, ...]] = ()


class FindingFilter(ScopedFilterSet):
    main = ("q", "outcome", "severity")
    q = django_filters.CharFilter(label=_("发现的问题"), field_name="what", lookup_expr="icontains")
    outcome = django_filters.ChoiceFilter(label=_("整改情况"), choices=list(inspecting.OUTCOMES.items()), method="by_outcome")  # fmt: skip
    severity = django_filters.ChoiceFilter(label=_("严重程度"), choices=lambda: _severities())
    inspection = django_filters.NumberFilter(
        label=_("督查"), field_name="inspection", min_value=1, max_value=2**53
    )
    found_date: Any = django_filters.DateFromToRangeFilter(label=_("发现日期"))

    class Meta:
        model = Finding
        fields: ClassVar[tuple[str, ...]] = ()

    def by_outcome(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queries.with_outcomes(queryset, timezone.localdate()).filter(outcome=value)


def _severities() -> list[tuple[str, str]]:
    return [(entry.code, entry.label) for entry in entries(inspecting.SEVERITY)]


def _progress(row: Any) -> str:
    told = {"visited": row.subject_count - row.unvisited_count, "all": row.subject_count}
    return _now("%(visited)s / %(all)s") % told if row.subject_count else "—"


class InspectionTable(Table):
    order = "-pk"
    related = ("unit",)
    columns = (
        Column("title", _("督查名称"), lambda row: Cell(row.title, sub=row.number), value=lambda row: row.title, sort="title"),
        Column("number", _("编号"), lambda row: row.number, shown=False, folded=True),
        Column(
            "state", _("状态"), lambda row: Cell(str(inspecting.INSPECTION_STATES[row.state]), badge=True, tone=INSPECTION_TONES[row.state]),
            value=lambda row: str(inspecting.INSPECTION_STATES[row.state]), sort="state",
        ),
        Column("starts", _("开始日期"), lambda row: day(row.starts), value=lambda row: row.starts, kind="date", sort="starts"),
        Column("ends", _("结束日期"), lambda row: day(row.ends), value=lambda row: row.ends, kind="date", sort="ends"),
        Column("visited", _("已检查对象"), _progress, numeric=True),
        Column("findings", _("问题"), lambda row: str(row.finding_count), value=lambda row: row.finding_count, kind="integer", numeric=True),
        Column("unit", _("督查单位"), lambda row: row.unit.brief),
        Column("matter", _("督查内容"), lambda row: row.matter, shown=False),
    )  # fmt: skip

    def fetch(self, queryset: QuerySet[Inspection]) -> QuerySet[Any]:
        return queries.with_counts(super().fetch(queryset))


class FindingTable(Table):
    order = "-pk"
    related = ("inspection", "unit", "project")
    columns = (
        Column("what", _("发现的问题"), lambda row: Cell(row.what, sub=f"{row.inspection.title} · {row.number}"), value=lambda row: row.what),
        Column("inspection", _("督查"), lambda row: row.inspection.title, shown=False, folded=True),
        Column(
            "outcome", _("整改情况"), lambda row: Cell(str(inspecting.OUTCOMES[row.outcome]), badge=True, tone=OUTCOME_TONES[row.outcome]),
            value=lambda row: str(inspecting.OUTCOMES[row.outcome]),
        ),
        Column("severity", _("严重程度"), lambda row: queries.severity_label(row.severity), sort="severity"),
        Column("unit", _("责任单位"), lambda row: row.unit.brief),
        Column("project", _("项目"), lambda row: row.project.name if row.project else "—"),
        Column("found", _("发现日期"), lambda row: day(row.found_date), value=lambda row: row.found_date, kind="date", sort="found_date"),
        Column("basis", _("对照的规定"), lambda row: row.basis or "—", value=lambda row: row.basis, shown=False),
    )  # fmt: skip

    def fetch(self, queryset: QuerySet[Finding]) -> QuerySet[Any]:
        return queries.with_outcomes(super().fetch(queryset), timezone.localdate())


def inspection_line(inspection: Inspection) -> dict[str, Any]:
    """Return an inspection as a line among what was searched for."""
    words = [inspection.number, inspection.unit.brief, str(inspecting.INSPECTION_STATES[inspection.state])]
    return {"title": inspection.title, "url": inspection.get_absolute_url(), "sub": " · ".join(words)}
