"""The page of lights: which units have projects that stand still, for how long, at a glance."""

from __future__ import annotations

from collections.abc import Mapping
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
                "rules": _told(queries.limits(today)),
                "projects_url": reverse("projects"),
            }
        )  # fmt: skip

    @staticmethod
    def _line(item: queries.UnitLights, is_listed: bool) -> dict[str, Any]:
        def link(**asked: Any) -> str:
            if not is_listed:  # the list of projects is not narrowed by such a unit
                return ""
            return (
                f"{reverse('projects')}?{urlencode({'place': item.unit, 'status': stages.ONGOING, **asked})}"
            )

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


def _told(by_stage: Mapping[str, queries.Limits]) -> list[str]:
    """Return the rules in words, stages of one rule together."""
    groups: dict[queries.Limits, list[str]] = {}
    for stage, limit in by_stage.items():
        if limit != queries.Limits():
            groups.setdefault(limit, []).append(str(stages.STAGES[stage]))
    told = []
    for limit, names in groups.items():
        parts = [
            sentence % {"days": days}
            for sentence, days in (
                (_("满 %(days)s 天没有进展亮黄灯"), limit.warn),
                (_("满 %(days)s 天亮红灯"), limit.late),
                (_("满 %(days)s 天应移出项目库"), limit.leave),
            )
            if days
        ]
        whose = "" if len(names) == len(by_stage) else _("%(stages)s阶段：") % {"stages": _("、").join(names)}
        told.append(whose + _("，").join(parts) + _("。"))
    return told or [_("城市方案没有亮灯规则，项目都按绿灯计。")]
