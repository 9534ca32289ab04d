"""The map of projects by district, beside board and funnel: a sketch out of the profile, and a table with every unit."""

from __future__ import annotations

from decimal import Decimal
from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.money import show
from yinfeng.projects import queries, stages
from yinfeng.projects.filters import BY_AMOUNT, MapFilter
from yinfeng.projects.views.boards import Picture

LEVELS = 4  # shades of a district that has projects


class Map(Picture):
    """The ongoing projects in sight by the unit that hosts them; a district leads to its list."""

    template_name = "projects/map.html"
    title = gettext_lazy("区域分布")
    filter_class = MapFilter

    def get(self, request: HttpRequest) -> HttpResponse:
        places = queries.hosted(self.projects())
        self.by_amount = request.GET.get("by") == BY_AMOUNT
        self.listed = {unit for unit, _name in self.filterset.filters["place"].extra["choices"]}
        sheet = queries.sketch(timezone.localdate())
        drawn = {outline.division for outline in sheet.outlines} if sheet else set()
        zones = [place for place in places if place.is_zone and place.division not in drawn] if sheet else []
        shaded = [place for place in places if place.division in drawn or place in zones]
        top = max((self._value(place) for place in shaded), default=Decimal(0))
        height, boxes = (
            queries.boxes(sheet, [(str(place.unit), place.name) for place in zones]) if sheet else (0, [])
        )
        return self.render(
            {
                **self.frame(),
                "sheet": {"width": sheet.width, "height": height} if sheet else None,
                "areas": [
                    *(self._area(outline, places, top) for outline in (sheet.outlines if sheet else ())),
                    *(self._zone(box, place, top) for box, place in zip(boxes, zones, strict=True)),
                ],
                "has_zones": bool(zones),
                "legend": self._legend(top),
                "measure": _("投资额") if self.by_amount else _("项目数"),
                "rows": self._rows(places),
            }
        )

    def _value(self, place: queries.Place) -> Decimal:
        return place.amount if self.by_amount else Decimal(place.projects)

    def _told(self, value: Decimal) -> str:
        return show(value) if self.by_amount else f"{value:,}"

    def _area(self, outline: queries.Outline, places: list[queries.Place], top: Decimal) -> dict[str, Any]:
        here = [place for place in places if place.division == outline.division]
        value = sum((self._value(place) for place in here), Decimal(0))
        url = self.list_url(division=outline.division, status=stages.ONGOING) if here else ""
        return self._shape(outline, value, url, top)

    def _zone(self, box: queries.Outline, place: queries.Place, top: Decimal) -> dict[str, Any]:
        return self._shape(box, self._value(place), self._url(place), top) | {"is_box": True}

    def _shape(self, outline: queries.Outline, value: Decimal, url: str, top: Decimal) -> dict[str, Any]:
        told = self._told(value)
        return {
            "path": outline.path, "x": outline.x, "y": outline.y, "name": outline.name, "value": told, "url": url,
            "level": ceil(LEVELS * value / top) if top else 0, "title": f"{outline.name} {told}",
        }  # fmt: skip

    def _legend(self, top: Decimal) -> list[dict[str, Any]]:
        """Return what the shades mean: equal steps up to the district that has most."""
        steps = [top * level / LEVELS for level in range(LEVELS + 1)]
        if not self.by_amount:
            steps = [Decimal(int(step)) for step in steps]
        told = [
            {"level": level, "text": _("不超过 %(most)s") % {"most": self._told(steps[level])}}
            for level in range(1, LEVELS + 1) if steps[level] > steps[level - 1]
        ]  # fmt: skip
        return [{"level": 0, "text": "0"}, *told]

    def _url(self, place: queries.Place) -> str:
        if place.unit is None:
            return self.list_url(host_unit="null", status=stages.ONGOING)
        if str(place.unit) not in self.listed:  # the list of projects is not narrowed by such a unit
            return ""
        return self.list_url(host_unit=place.unit, status=stages.ONGOING)

    def _rows(self, places: list[queries.Place]) -> list[dict[str, Any]]:
        rows = [
            {
                "name": place.name if place.unit is not None else _("尚无落地单位"),
                "unit_url": reverse("unit-projects", args=[place.unit]) if str(place.unit) in self.listed else "",
                "count": f"{place.projects:,}", "amount": show(place.amount) if place.amount else "—",
                "url": self._url(place), "none": False, "total": False,
            }
            for place in places
        ]  # fmt: skip
        count, yuan = (
            sum(place.projects for place in places),
            sum((place.amount for place in places), Decimal(0)),
        )
        total = {
            "name": _("合计"), "count": f"{count:,}", "amount": show(yuan) if yuan else "—",
            "url": self.list_url(status=stages.ONGOING), "none": not count, "total": True,
        }  # fmt: skip
        return [*rows, total]
