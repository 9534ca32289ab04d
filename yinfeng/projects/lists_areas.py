"""The filters and columns of the list of major areas."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.filters import ScopedFilterSet
from yinfeng.core.tables import Cell, Column, Table, day
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Area, Premises
from yinfeng.projects.tables import unit

OPEN, SHUT = "open", "shut"


class AreaFilter(ScopedFilterSet):
    main = ("q", "period")
    q = django_filters.CharFilter(label=_("片区名称"), field_name="name", lookup_expr="icontains")
    period = django_filters.ChoiceFilter(
        label=_("时间"), choices=[(OPEN, _("现在有效")), (SHUT, _("已撤销或未设立"))], method="by_period"
    )

    class Meta:
        model = Area
        fields: ClassVar[tuple[str, ...]] = ()

    def by_period(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        is_open = queries.areas_on(timezone.localdate()).values("pk")
        return queryset.filter(pk__in=is_open) if value == OPEN else queryset.exclude(pk__in=is_open)


def available(premises: Iterable[Premises]) -> str:
    """Return what of an area's premises is available: land in 亩, buildings in ㎡."""
    sums = dict.fromkeys(stages.PREMISES_KINDS, Decimal(0))
    for item in premises:
        if item.state == stages.AVAILABLE:
            sums[item.kind] += item.size
    told = [
        f"{stages.PREMISES_KINDS[kind]} {size:,.2f} {stages.PREMISES_UNITS[kind]}"
        for kind, size in sums.items()
        if size
    ]
    return _now("，").join(told) or "—"


def _names(area: Area) -> str:
    return _now("、").join(district.brief for district in area.districts.all())


class AreaTable(Table):
    order = "-pk"
    prefetch = ("districts", "premises")
    columns = (
        Column("name", _("片区名称"), lambda row: Cell(row.name, sub=_names(row)), value=lambda row: row.name, sort="name"),
        Column("districts", _("所在区"), _names, shown=False, folded=True),
        unit("command", _("指挥部"), "command_unit"),
        Column("available", _("可用载体"), lambda row: available(row.premises.all())),
        Column("since", _("起始日期"), lambda row: day(row.since), value=lambda row: row.since, kind="date", sort="since"),
        Column(
            "until", _("截止日期"), lambda row: day(row.until) if row.until else "—", value=lambda row: row.until, kind="date",
            sort="until",
        ),
        Column("purpose", _("功能定位"), lambda row: row.purpose, shown=False),
        Column("duties", _("指挥部职责"), lambda row: row.duties or "—", value=lambda row: row.duties, shown=False),
    )  # fmt: skip
