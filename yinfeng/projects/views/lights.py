"""The page of lights: which units have projects that stand still, for how long, at a glance."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from yinfeng.core.tables import day
from yinfeng.core.web import Page
from yinfeng.projects import queries, stages


class Lights(Page):
    """Every unit with how many of its projects are red, yellow and green; each number leads to its list."""

    permission = "projects.project.view"
    template_name = "projects/lights.html"
    title = gettext_lazy("亮灯")

    def get(self, request: HttpRequest) -> HttpResponse:
        today = timezone.localdate()
        units = queries.lights_by_unit(self.by, today)
        limit = queries.limits(today)
        return self.render(
            {
                "units": [self._line(item) for item in units],
                "totals": [
                    {"code": code, "label": stages.LIGHTS[code], "count": f"{sum(item.counts[code] for item in units):,}"}
                    for code in reversed(list(stages.LIGHTS))
                ],
                "limit": max(limit.values(), key=lambda item: item.leave),
                "projects_url": reverse("projects"),
            }
        )  # fmt: skip

    @staticmethod
    def _line(item: queries.UnitLights) -> dict[str, Any]:
        def link(**asked: Any) -> str:
            return (
                f"{reverse('projects')}?{urlencode({'place': item.unit, 'status': stages.ONGOING, **asked})}"
            )

        lights = {
            code: {"count": f"{item.counts[code]:,}", "url": link(light=code)} for code in stages.LIGHTS
        }
        return {
            "name": item.name,
            "lights": [
                lights[code] | {"none": not item.counts[code]} for code in reversed(list(stages.LIGHTS))
            ],
            "leave": {"count": f"{item.to_leave:,}", "url": link(to_leave="true"), "none": not item.to_leave},
            "oldest": day(item.oldest),
        }
