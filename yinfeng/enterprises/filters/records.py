"""Filters of the enterprise library, for its list, its facets, its export and the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

import django_filters
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection
from django.db.models import F, Func, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yinfeng.core import queries as core
from yinfeng.core.filters import ScopedFilterSet, TextFilter, YesNoFilter
from yinfeng.core.keeping import kept
from yinfeng.core.money import WAN, YI
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.queries import LOOKED_AT_OF_SEARCH, Facets, facets, foreseen, tagged

# A record that nobody has checked against its source for so long is shown as stale.
STALE_AFTER = timedelta(days=365)

# Bands: code → (label, from, to but not with). Staff as the statistics of large, middle, small and micro firms in industry
# divide it (工信部联企业〔2011〕300号).
STAFF_BANDS: dict[str, tuple[Any, int | None, int | None]] = {
    "1000": (_("1,000 人及以上"), 1000, None),
    "300": (_("300–999 人"), 300, 1000),
    "20": (_("20–299 人"), 20, 300),
    "0": (_("20 人以下"), 0, 20),
    "none": (_("未填人数"), None, None),
}
CAPITAL_BANDS: dict[str, tuple[Any, Decimal | None, Decimal | None]] = {
    "10y": (_("10 亿元及以上"), 10 * YI, None),
    "1y": (_("1–10 亿元"), YI, 10 * YI),
    "1000w": (_("1,000 万–1 亿元"), 1000 * WAN, YI),
    "100w": (_("100–1,000 万元"), 100 * WAN, 1000 * WAN),
    "0": (_("100 万元以下"), Decimal(0), 100 * WAN),
    "none": (_("未填注册资本"), None, None),
}


def tag_choices() -> list[tuple[str, str]]:
    return [(code.code, code.label) for code in core.entries("enterprise_tag", day=timezone.localdate())]


def section_choices() -> list[tuple[str, str]]:
    return [(code.code, f"{code.code} {code.label}") for code in core.entries("industry", level=1)]


def division_choices() -> list[tuple[str, str]]:
    divisions = (code for code in core.entries("industry", level=2) if code.level == 2)
    return [(code.code, f"{code.code} {code.label}") for code in divisions]


def band_choices(bands: dict[str, tuple[Any, Any, Any]]) -> list[tuple[str, Any]]:
    return [(code, label) for code, (label, _low, _high) in bands.items()]


class _Walked(Func):
    """A column that SQLite looks up by no index."""

    template = "+%(expressions)s"


def walked(queryset: QuerySet[Enterprise], field: str, condition: Callable[[str], Q]) -> QuerySet[Enterprise]:
    """Keep the rows whose field lies in a range of very many; ``condition`` says it of the name it is given.

    SQLite would gather and sort a range of 400,000 rows for a page of 50: so it is kept from the index and walks the list.
    """
    kept_as: Any = Enterprise._meta.get_field(field)
    column = _Walked(F(field), output_field=kept_as)
    return queryset.alias(**{f"{field}_walked": column}).filter(condition(f"{field}_walked"))


def sections_of_divisions() -> dict[str, str]:
    """Return division → section of GB/T 4754-2017."""
    divisions = core.codes("industry").filter(level=2)
    return kept("sections of divisions", lambda: dict(divisions.values_list("code", "parent")))


def _codes(field: str, first: str, end: str) -> Q:
    return Q(**{f"{field}__gte": first, f"{field}__lt": end})


def in_division(division: str, field: str = "industry") -> Q:
    """Return the Q of industries within a division of GB/T 4754-2017; the section's letter may stand before the number."""
    end = f"{int(division) + 1:02}"
    letter = sections_of_divisions().get(division, "")
    return _codes(field, division, end) | _codes(field, f"{letter}{division}", f"{letter}{end}")


def in_section(section: str, field: str = "industry") -> Q:
    """Return the Q of enterprises whose industry lies in a section: its letter, alone or before a number, or its divisions.

    Each is one range of the index: sections are made of neighbouring divisions. Were one not, those between would be taken for its own.
    """
    divisions = sections_of_divisions().items()
    found = sorted(code for code, parent in divisions if parent == section and code.isdigit())
    lettered = _codes(field, section, chr(ord(section[0]) + 1))
    return lettered | _codes(field, found[0], f"{int(found[-1]) + 1:02}") if found else lettered


def in_band(field: str, band: tuple[Any, Any, Any]) -> Q:
    """Return the Q of values in a band, which without limits is that of the empty ones."""
    _label, low, high = band
    if low is None:
        return Q(**{f"{field}__isnull": True})
    found = Q(**{f"{field}__gte": low})
    return found if high is None else found & Q(**{f"{field}__lt": high})


PLACES = ("city", "province")
# Filter → its field, and what is to be said of the field, for a chosen value.
RANGES: dict[str, Callable[[str], tuple[str, Callable[[str], Q]]]] = {
    "section": lambda value: ("industry", partial(in_section, value)),
    "division": lambda value: ("industry", partial(in_division, value)),
    "staff": lambda value: ("staff", lambda field: in_band(field, STAFF_BANDS[value])),
    "capital": lambda value: ("capital", lambda field: in_band(field, CAPITAL_BANDS[value])),
}


class EnterpriseFilter(ScopedFilterSet):
    main = ("q", "tag", "city", "section")
    by_facet = ("division", "year")
    q = TextFilter()
    tag = django_filters.ChoiceFilter(label=_("标签"), choices=tag_choices, method="by_tag")
    city = django_filters.CharFilter(label=_("所在城市"), method="by_place")
    section = django_filters.ChoiceFilter(label=_("行业门类"), choices=section_choices, method="by_range")
    division = django_filters.ChoiceFilter(label=_("行业大类"), choices=division_choices, method="by_range")
    year = django_filters.NumberFilter(
        label=_("标签年度"), method="by_year", validators=[MinValueValidator(0), MaxValueValidator(2200)]
    )
    staff = django_filters.ChoiceFilter(
        label=_("员工人数"), choices=band_choices(STAFF_BANDS), method="by_range"
    )
    capital = django_filters.ChoiceFilter(
        label=_("注册资本"), choices=band_choices(CAPITAL_BANDS), method="by_range"
    )
    province = django_filters.CharFilter(label=_("省份"), method="by_place")
    country = django_filters.CharFilter(label=_("国家或地区代码"), lookup_expr="iexact", max_length=2)
    source = django_filters.CharFilter(label=_("信息来源"), lookup_expr="icontains")
    stale = YesNoFilter(label=_("一年未核实"), method="by_stale")

    class Meta:
        model = Enterprise
        fields: tuple[str, ...] = ()

    def by_tag(self, queryset: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        return queryset.filter(pk__in=tagged(value, self.form.cleaned_data.get("year")))

    def by_year(self, queryset: QuerySet[Enterprise], name: str, value: Any) -> QuerySet[Enterprise]:
        """Narrow the tag to a year; without a tag keep what has any tag of that year."""
        if value is None or self.form.cleaned_data.get("tag"):
            return queryset
        return queryset.filter(pk__in=tagged("", value))

    def counted(self) -> Facets:
        """Count how the rows that pass every filter divide; of a search fewer are looked at, for finding them takes longer."""
        valid = self.form.is_valid()
        limit = LOOKED_AT_OF_SEARCH if valid and self.asked else None
        # Twice: PostgreSQL often guesses too many, and a walk to rarer words takes longer than to gather them.
        found = self.answers(2 * LOOKED_AT_OF_SEARCH) if valid else self.queryset.none()
        staff = {code: in_band("staff", band) for code, band in STAFF_BANDS.items()}
        capital = {code: in_band("capital", band) for code, band in CAPITAL_BANDS.items()}
        return facets(found, staff, capital, limit)

    @cached_property
    def _foreseen(self) -> tuple[dict[tuple[str, str], bool], dict[str, bool]]:
        """Return (field, writing) → whether it stands for a place, and filter → whether very many pass it."""
        chosen = {name: value for name, value in self.form.cleaned_data.items() if value}
        written = [
            (name, writing)
            for name in PLACES
            if name in chosen
            for writing in (chosen[name], f"{chosen[name]}市", f"{chosen[name]}省")
        ]
        sorts = connection.vendor == "sqlite"
        ranges = {name: made(chosen[name]) for name, made in RANGES.items() if name in chosen and sorts}
        places, many = foreseen(written, [condition(field) for field, condition in ranges.values()])
        return dict(zip(written, places, strict=True)), dict(zip(ranges, many, strict=True))

    def by_place(self, queryset: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        """Keep a place that is written so, with 市 or 省 or without; else all that begin so.

        A place by its whole name is one run of the index in the order of the list.
        """
        for written in (value, f"{value}市", f"{value}省"):
            if self._foreseen[0].get((name, written)):
                return queryset.filter(**{name: written})
        return queryset.filter(**{f"{name}__istartswith": value})

    def by_range(self, queryset: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        field, condition = RANGES[name](value)
        if self._foreseen[1].get(name):
            return walked(queryset, field, condition)
        return queryset.filter(condition(field))

    def by_stale(self, queryset: QuerySet[Enterprise], name: str, value: Any) -> QuerySet[Enterprise]:
        old = Q(verified_date=None) | Q(verified_date__lt=timezone.localdate() - STALE_AFTER)
        return queryset.filter(old) if value else queryset.exclude(old)
