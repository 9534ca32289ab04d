"""The page of lights: which units have projects that stand still, for how long, at a glance."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
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
        listed = {unit for unit, _name in queries.options([]).get(queries.UNIT, [])}
        return self.render(
            {
                "units": [self._line(item, str(item.unit) in listed) for item in units],
                "totals": [
                    {"code": code, "label": stages.LIGHTS[code], "count": f"{sum(item.counts[code] for item in units):,}"}
                    for code in reversed(list(stages.LIGHTS))
                ],
                "rules": _told(today),
                "projects_url": reverse("projects"),
            }
        )  # fmt: skip

    def _line(self, item: queries.UnitLights, is_listed: bool) -> dict[str, Any]:
        def link(**asked: Any) -> str:
            if not is_listed:  # the list of projects is not narrowed by such a unit
                return ""
            whose = {} if self.by.reach(self.permission).everywhere else {"who": "unit"}
            told = {"place": item.unit, "status": stages.ONGOING, **whose, **asked}
            return f"{reverse('projects')}?{urlencode(told)}"

        lights = {
            code: {"count": f"{item.counts[code]:,}", "url": link(light=code)} for code in stages.LIGHTS
        }
        return {
            "name": item.name,
            "url": reverse("unit-projects", args=[item.unit]) if is_listed else "",
            "lights": [
                lights[code] | {"none": not item.counts[code]} for code in reversed(list(stages.LIGHTS))
            ],
            "leave": {"count": f"{item.to_leave:,}", "url": link(to_leave="true"), "none": not item.to_leave},
            "oldest": day(item.oldest),
        }


def _told(today: date) -> list[str]:
    """Return the rules in words, each with the day since which it is in force."""
    told = []
    for rule in queries.rules_in_words(today):
        since = _("（%(day)s 起施行）") % {"day": rule.since} if rule.since else ""
        told.append(f"{rule.sentence}{since}" + _("。"))
    return told or [_("城市方案没有亮灯规则，项目不亮灯。")]
