"""The filters of the list of duties; the statistics link to them, so that every figure opens into its rows."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core.filters import ScopedFilterSet, TextFilter, YesNoFilter
from yinfeng.duties import queries, terms
from yinfeng.duties.lists import LEGS_TOLD
from yinfeng.duties.models import Duty, led_by, own, taking_part

OPEN = "open"  # every state in which somebody still owes something
LEAD, JOINT, SET, LED, MINE = "lead", "joint", "set", "led", "mine"
WHO = {
    MINE: _("我经办的"), LEAD: _("本单位牵头"), JOINT: _("本单位参与"), SET: _("本单位交办"), LED: _("我牵头领导的"),
}  # fmt: skip
UNIT = "unit"


def _work() -> list[tuple[str, str]]:
    """Return what ``work`` takes: a person's own legs of the inbox (``mine-overdue``) and those of his units."""
    owners = {MINE: _("我的"), UNIT: _("本单位的")}
    return [
        (f"{who}-{leg}", f"{label} · {told}")
        for who, label in owners.items()
        for leg, told in LEGS_TOLD.items()
    ]


def _day(label: Any, field: str, lookup: str) -> django_filters.DateFilter:
    return django_filters.DateFilter(
        label=label, field_name=field, lookup_expr=lookup, widget=forms.DateInput
    )


class DutyFilter(ScopedFilterSet):
    main = ("q", "who", "state", "due", "unit")
    q = TextFilter()
    who = django_filters.ChoiceFilter(label=_("与我的关系"), choices=list(WHO.items()), method="by_who")
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=[(OPEN, _("未办结")), *terms.DUTY_STATES.items()], method="by_state"
    )
    due = django_filters.ChoiceFilter(label=_("时限"), choices=list(terms.DUE.items()), method="by_due")
    unit = django_filters.ChoiceFilter(label=_("牵头单位"), field_name="lead_unit", choices=[])
    leader = django_filters.ChoiceFilter(label=_("牵头领导"), choices=[])
    work = django_filters.ChoiceFilter(label=_("我的督办"), choices=_work, method="by_work")
    setter = django_filters.ChoiceFilter(label=_("交办单位"), field_name="set_unit", choices=[])
    source = django_filters.ChoiceFilter(
        label=_("来源"), field_name="source_kind", choices=list(terms.SOURCES.items())
    )
    clause = django_filters.CharFilter(label=_("政策条款"), field_name="clause", lookup_expr="exact")
    grade = django_filters.ChoiceFilter(label=_("等级"), choices=list(terms.GRADES.items()))
    was_late = YesNoFilter(label=_("逾期报结"), method="by_lateness")
    extended = YesNoFilter(label=_("延期过"), method="by_count", field_name="extensions")
    returned = YesNoFilter(label=_("退回过"), method="by_count", field_name="returns")
    refused = YesNoFilter(label=_("审核未通过"), method="by_count", field_name="refusals")
    reopened = YesNoFilter(label=_("重新办理过"), method="by_count", field_name="reopenings")
    timed = YesNoFilter(label=_("有办结时限"), method="by_presence", field_name="due_date")
    led = YesNoFilter(label=_("有牵头领导"), method="by_presence", field_name="leader")
    report_late = YesNoFilter(label=_("进展逾期未报"), method="by_report")
    homeless = YesNoFilter(label=_("牵头单位已撤销"), method="by_homeless")
    parent = django_filters.NumberFilter(
        label=_("上级事项"), field_name="parent", min_value=1, max_value=2**53
    )
    set_from = _day(_("交办不早于"), "set_date", "gte")
    set_until = _day(_("交办不晚于"), "set_date", "lte")
    closed_from = _day(_("办结不早于"), "closed_date", "gte")
    closed_until = _day(_("办结不晚于"), "closed_date", "lte")
    due_from = _day(_("时限不早于"), "due_date", "gte")
    due_until = _day(_("时限不晚于"), "due_date", "lte")

    class Meta:
        model = Duty
        fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [str((self.data or {}).get(name, "")) for name in ("unit", "setter")]
        known = [int(text) for text in named if text.isascii() and text.isdecimal() and len(text) < 10]
        units, leaders = queries.filter_options(known)
        for name, choices in {"unit": units, "setter": units, "leader": leaders}.items():
            self.filters[name].extra["choices"] = choices
            vars(self.filters[name]).pop("_field", None)

    def by_who(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == MINE:
            return queryset.filter(handler=self.by.user_id) if self.by.user_id else queryset.none()
        if value == LED:
            return queryset.filter(led_by(self.by))
        if value == SET:
            units = self.by.unit_ids
            return queryset.filter(Q(set_unit__in=units) | Q(set_by=self.by.user_id))
        if value == LEAD:
            return queryset.filter(lead_unit__in=own(self.by).units or self.by.unit_ids)
        return queryset.filter(taking_part(own(self.by), (terms.CO_LEAD, terms.JOINT)))

    def by_work(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        who, _dash, leg = value.partition("-")
        found = queries.legs(self.by, timezone.localdate(), mine=who == MINE).get(leg)
        return queryset.none() if found is None else queryset.filter(pk__in=found.values("pk"))

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(state__in=terms.OPEN) if value == OPEN else queryset.filter(state=value)

    def by_due(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(queries.standing_q(value, timezone.localdate()))

    def by_lateness(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        found = queryset.filter(state=terms.CLOSED)
        return found.filter(queries.WAS_LATE) if value else found.exclude(queries.WAS_LATE)

    def by_count(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return queryset.filter(**{f"{name}__gt" if value else name: 0})

    def by_presence(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return queryset.filter(**{f"{name}__isnull": not value})

    def by_report(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        late = queries.report_late_q(timezone.localdate())
        return queryset.filter(late) if value else queryset.exclude(late)

    def by_homeless(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return queryset.filter(queries.orphans()) if value else queryset.exclude(queries.orphans())
