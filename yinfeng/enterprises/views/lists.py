"""Pages of the lists kept as tags: what there is, and what became of a list from one year to the next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import tables
from yinfeng.core.errors import Missing
from yinfeng.core.web import Page
from yinfeng.enterprises import queries
from yinfeng.enterprises.models import EnterpriseTag
from yinfeng.enterprises.tables.records import place

VIEW = "enterprises.enterprise.view"
SHOWN = 500  # firms of each side of a comparison


def library_url(tag: str, year: int) -> str:
    """Return the address of the library's firms on a list."""
    return f"{reverse('enterprises')}?tag={tag}" + (f"&year={year}" if year else "")


class EnterpriseLists(Page):
    """Every list with its years, sizes and last import."""

    permission = VIEW
    template_name = "enterprises/lists.html"
    title = gettext_lazy("名单")

    def get(self, request: HttpRequest) -> HttpResponse:
        found = queries.tag_lists()
        may_import = self.by.may("enterprises.enterprise.import")
        return self.render(
            {
                "lists": [self._line(item) for item in found if item.years],
                "unused": _("、").join(item.entry.label for item in found if not item.years),
                "import_url": reverse("enterprises-import") if may_import else "",
            }
        )

    def _line(self, item: queries.TagList) -> dict[str, Any]:
        tag, previous = item.entry.code, item.previous
        return {
            "label": item.entry.label,
            "years": [
                {
                    "year": year.year or _("不分年度"),
                    "count": f"{year.count:,}",
                    "url": library_url(tag, year.year),
                    "loaded": f"{tables.day(year.loaded_at)} {year.source}".strip()
                    if year.loaded_at
                    else "—",
                    "compare_url": f"{reverse('enterprise-list', args=[tag])}?year={year.year}"
                    if year.year in previous
                    else "",
                    "previous": previous.get(year.year),
                }
                for year in item.years
            ],
        }


def _one_of(years: list[int], asked: str) -> int:
    """Return the year that is asked for, if there is a list of it; else 0."""
    return int(asked) if asked in {str(year) for year in years} else 0


class CompareList(Page):
    """Which firms came onto a list and which are no longer on it, against the year before or another one."""

    permission = VIEW
    template_name = "enterprises/list.html"

    def get(self, request: HttpRequest, tag: str) -> HttpResponse:
        found = next(iter(queries.tag_lists(tag)), None)
        if found is None:
            raise Missing
        years = [item.year for item in found.years if item.year]
        year = _one_of(years, self.request.GET.get("year", "")) or (years[0] if years else 0)
        earlier = [item for item in years if item < year]
        other = _one_of([item for item in years if item != year], self.request.GET.get("other", "")) or (
            earlier[0] if earlier else 0
        )
        return self.render(
            {
                "title": f"{_('名单')} · {found.entry.label}",
                "back": {"url": reverse("enterprise-lists"), "label": _("名单")},
                "tabs": [
                    {"label": str(item.year), "url": f"?year={item.year}", "active": item.year == year, "count": f"{item.count:,}"}
                    for item in found.years if item.year
                ],
                "year": year, "other": other, "library_url": library_url(tag, year),
                "sides": self._sides(tag, year, other) if other else [],
            }
        )  # fmt: skip

    def _sides(self, tag: str, year: int, other: int) -> list[dict[str, Any]]:
        sides = (
            (_("%(year)s 年新进名单") % {"year": year}, year, other, _("没有新进的企业。")),
            (_("%(year)s 年在、%(now)s 年已不在") % {"year": other, "now": year}, other, year, _("没有退出的企业。")),
        )  # fmt: skip
        made = []
        for title, here, there, empty in sides:
            rows = list(queries.only_in(tag, here, there)[: SHOWN + 1])
            made.append(
                {
                    "title": title, "empty": empty, "count": f"{min(len(rows), SHOWN)}{'+' if len(rows) > SHOWN else ''}",
                    "rows": [self._firm(row) for row in rows[:SHOWN]],
                }
            )  # fmt: skip
        return made

    @staticmethod
    def _firm(row: EnterpriseTag) -> dict[str, Any]:
        rank = _("第 %(rank)s 位") % {"rank": f"{row.rank:,}"} if row.rank else ""
        return {
            "title": row.enterprise.name, "url": row.enterprise.get_absolute_url(), "sub": place(row.enterprise),
            "badge": {"text": rank, "tone": "muted"} if rank else None,
        }  # fmt: skip
