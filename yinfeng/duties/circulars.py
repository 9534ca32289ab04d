"""The form, the filters and the table of circulars (通报)."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.filters import ScopedFilterSet
from yinfeng.core.forms import Styled
from yinfeng.core.tables import Column, Table, day, moment
from yinfeng.duties import queries
from yinfeng.duties.models import Circular
from yinfeng.orgs.models import Unit


class CircularForm(Styled):
    """On which period a unit issues a circular, and what it asks for."""

    unit: forms.ModelChoiceField[Unit] = forms.ModelChoiceField(
        queryset=None, label=_("印发单位"), empty_label=_("请选择")
    )
    start = forms.DateField(label=_("起始日期"), widget=forms.DateInput)
    end = forms.DateField(
        label=_("截止日期"), widget=forms.DateInput, help_text=_("在办和逾期的是印发当天的情况。")
    )
    demand = forms.CharField(
        label=_("有关要求"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("写进通报的最后一部分，例如要求逾期单位限期办结并报送原因。"),
    )

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = queries.supervising_units(by)  # type: ignore[attr-defined]


class CircularFilter(ScopedFilterSet):
    main = ("issued",)
    issued = django_filters.DateFromToRangeFilter(
        field_name="issued_at",
        label=_("印发日期"),
        widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"}),
    )

    class Meta:
        model = Circular
        fields: tuple[str, ...] = ()


class CircularTable(Table):
    order = "-issued_at"
    related = ("unit", "issued_by")
    columns = (
        Column("title", _("标题"), lambda row: row.title),
        Column("number", _("文号"), lambda row: row.number),
        Column("period", _("时期"), lambda row: f"{day(row.start_date)} — {day(row.end_date)}"),
        Column("unit", _("印发单位"), lambda row: row.unit.brief),
        Column("by", _("签发人"), lambda row: str(row.issued_by)),
        Column("at", _("印发时间"), lambda row: moment(row.issued_at), value=lambda row: row.issued_at, kind="datetime", sort="issued_at"),
    )  # fmt: skip
