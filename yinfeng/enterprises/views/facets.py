"""How the list of enterprises divides, as a fragment of the list that is loaded when it is opened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import queries as core
from yinfeng.core.tables import with_query
from yinfeng.core.web import Page
from yinfeng.enterprises import queries
from yinfeng.enterprises.filters import records as filters
from yinfeng.enterprises.models import Enterprise

VALUES = 8  # of each facet; the rarer ones are found by the filters


class EnterpriseFacets(Page):
    """Counts by industry, place, tag and size under the list's filters; each value links to the list narrowed by it."""

    permission = "enterprises.enterprise.view"
    template_name = "enterprises/facets.html"
    title = gettext_lazy("分类统计")

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = Enterprise.objects.permitted(self.by)
        filterset = filters.EnterpriseFilter(request.GET, queryset=rows, request=request, by=self.by)
        valid = filterset.form.is_valid()
        chosen = filterset.form.cleaned_data if valid else {}
        counted = filterset.counted()
        context = {
            "groups": [group for group in self._groups(counted, chosen) if group["values"]],
            "looked_at": f"{counted.looked_at:,}",
            "complete": counted.complete,
            "chips": filterset.chips(request.GET),
            "list_url": self._link({}),
        }
        part = "#facets" if getattr(request, "htmx", False) else ""
        return self.render(context, template=self.template_name + part)

    def _link(self, changes: dict[str, str]) -> str:
        query = with_query(self.request.GET, after=None, before=None, facets="1", **changes)
        return reverse("enterprises") + query

    def _values(
        self, counts: Iterable[tuple[str, str | Promise, int]], name: str, chosen: Any
    ) -> list[dict[str, Any]]:
        made = [
            {
                "label": label,
                "count": f"{count:,}",
                "active": str(chosen or "") == value,
                "url": self._link({name: value}),
            }
            for value, label, count in counts
            if value
        ]
        return made[:VALUES]  # fmt: skip

    def _groups(self, counted: queries.Facets, chosen: dict[str, Any]) -> list[dict[str, Any]]:
        common = counted.divisions.most_common
        divisions = [
            (code, f"{code} {core.code_label('industry', code)}", count)
            for code, count in common(VALUES + 3)
            if code.isdigit()
        ]
        cities = [(city, city, count) for city, count in counted.cities.most_common(VALUES + 1)]
        provinces = [(name, name, count) for name, count in counted.provinces.most_common(VALUES + 1)]
        return [
            {"title": _("行业门类"), "values": self._values(self._sections(counted), "section", chosen.get("section"))},
            {"title": _("行业大类"), "values": self._values(divisions, "division", chosen.get("division"))},
            {"title": _("省份"), "values": self._values(provinces, "province", chosen.get("province"))},
            {"title": _("城市"), "values": self._values(cities, "city", chosen.get("city"))},
            {"title": _("标签"), "values": self._tags(counted, chosen)},
            {"title": _("员工人数"), "values": self._values(_lines(filters.STAFF_BANDS, counted.staff), "staff", chosen.get("staff"))},
            {"title": _("注册资本"), "values": self._values(_lines(filters.CAPITAL_BANDS, counted.capital), "capital", chosen.get("capital"))},
        ]  # fmt: skip

    @staticmethod
    def _sections(counted: queries.Facets) -> list[tuple[str, str, int]]:
        """Return the sections of GB/T 4754-2017 with the sums of their divisions."""
        sections = filters.sections_of_divisions()
        sums: dict[str, int] = {}
        for division, count in counted.divisions.items():
            section = sections.get(division, division)
            sums[section] = sums.get(section, 0) + count
        labels = dict(filters.section_choices())
        found = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
        return [(code, labels[code], count) for code, count in found if code in labels]

    def _tags(self, counted: queries.Facets, chosen: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the tags, each with the years of its lists."""
        labels = queries.tag_labels()
        made = []
        for tag, count in counted.tags.most_common(VALUES):
            years = sorted((year for one, year in counted.years if one == tag and year), reverse=True)
            made.append(
                {
                    "label": labels.get(tag, tag),
                    "count": f"{count:,}",
                    "active": chosen.get("tag") == tag and not chosen.get("year"),
                    "url": self._link({"tag": tag, "year": None}),  # type: ignore[dict-item]
                    "parts": [
                        {
                            "label": str(year),
                            "count": f"{counted.years[tag, year]:,}",
                            "active": chosen.get("tag") == tag and chosen.get("year") == year,
                            "url": self._link({"tag": tag, "year": str(year)}),
                        }
                        for year in years
                    ],
                }
            )
        return made


def _lines(bands: dict[str, tuple[Any, Any, Any]], counts: Any) -> list[tuple[str, Any, int]]:
    """Return the bands in their order with their counts, those that have any."""
    return [(code, label, counts[code]) for code, (label, _low, _high) in bands.items() if counts[code]]
