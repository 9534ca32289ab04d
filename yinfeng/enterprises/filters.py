"""Filters of the enterprise library, for its list, its export and the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core import queries as core
from yinfeng.core.filters import ScopedFilterSet, TextFilter
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.queries import tagged

# A record that nobody has checked against its source for so long is shown as stale.
STALE_AFTER = timedelta(days=365)


def tag_choices() -> list[tuple[str, str]]:
    return [(code.code, code.label) for code in core.entries("enterprise_tag", day=timezone.localdate())]


def section_choices() -> list[tuple[str, str]]:
    return [(code.code, f"{code.code} {code.label}") for code in core.entries("industry", level=1)]


def divisions_of(section: str) -> list[str]:
    """Return the two-digit divisions of a section of GB/T 4754-2017."""
    return list(core.codes("industry").filter(level=2, parent=section).values_list("code", flat=True))


def in_section(section: str) -> Q:
    """Return the Q of enterprises whose industry lies in a section: the letter itself or any code of its divisions."""
    found = Q(industry=section)
    for division in divisions_of(section):
        found |= Q(industry__startswith=division)
    return found


class EnterpriseFilter(ScopedFilterSet):
    main = ("q", "tag", "city", "section")
    q = TextFilter()
    tag = django_filters.ChoiceFilter(label=_("标签"), choices=tag_choices, method="by_tag")
    city = django_filters.CharFilter(label=_("所在城市"), lookup_expr="istartswith")
    section = django_filters.ChoiceFilter(label=_("行业门类"), choices=section_choices, method="by_section")
    province = django_filters.CharFilter(label=_("省份"), lookup_expr="istartswith")
    country = django_filters.CharFilter(label=_("国家或地区代码"), lookup_expr="iexact", max_length=2)
    source = django_filters.CharFilter(label=_("信息来源"), lookup_expr="icontains")
    stale = django_filters.BooleanFilter(label=_("一年未核实"), method="by_stale")

    class Meta:
        model = Enterprise
        fields: tuple[str, ...] = ()

    def by_tag(self, queryset: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        return queryset.filter(pk__in=tagged(value))

    def by_section(self, queryset: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        return queryset.filter(in_section(value))

    def by_stale(self, queryset: QuerySet[Enterprise], name: str, value: Any) -> QuerySet[Enterprise]:
        old = Q(verified_date=None) | Q(verified_date__lt=timezone.localdate() - STALE_AFTER)
        return queryset.filter(old) if value else queryset.exclude(old)
