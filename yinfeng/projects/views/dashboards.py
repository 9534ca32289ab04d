"""One unit’s dashboard: its library, its share of the ledger beside last year’s, lights, stages, transfers, personal duties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yinfeng.core.money import show
from yinfeng.core.scopes import fetch, rows
from yinfeng.core.tables import day
from yinfeng.core.web import Page
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import hosts
from yinfeng.projects import achievements, queries, stages
from yinfeng.projects.models import Project

YEARS, REDDEST = 5, 5


class UnitProjects(Page):
    """What a unit that can host projects has of them in the person’s sight, for a year; every figure leads to its rows."""

    permission = "projects.project.view"
    template_name = "projects/unit.html"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        today = timezone.localdate()
        unit: Unit = fetch(hosts(), self.by, pk)  # type: ignore[arg-type]
        self.unit, years = unit.pk, [today.year - back for back in range(YEARS)]
        asked = request.GET.get("year", "")
        self.year = next((year for year in years if str(year) == asked), today.year)
        projects = rows(Project).permitted(self.by).filter(queries.placed_at(unit.pk))
        by_stage = queries.stood_by_stage(projects, today)
        whole = sum(by_stage.values(), queries.Stood())
        record = queries.record_of(self.by, unit.pk, (self.year - 1, self.year))
        quarter = queries.quarter_of(today)
        return self.render(
            {
                "title": unit.brief,
                "unit_url": unit.get_absolute_url(),
                "settlement_url": f"{reverse('settlement')}?{urlencode({'unit': unit.pk, 'year': self.year})}"
                if self.by.may_at(self.permission, unit.pk)
                else "",
                "years": [
                    {"label": _("%(year)s 年") % {"year": year}, "url": f"?year={year}", "active": year == self.year}
                    for year in years
                ],
                "library": [self._state(state, by_stage) for state in queries.states()],
                "lights": self._lights(whole),
                "ledger": self._ledger(record.booked),
                "ledger_heads": [_("%(year)s 年") % {"year": year} for year in (self.year, self.year - 1)],
                "stages": self._stages(by_stage, queries.clocks(projects)),
                "funnel_url": f"{reverse('project-funnel')}?place={self.unit}",
                "transfers": self._transfers(record.transfers),
                "quarter": quarter.label,
                "duties": self._duties(projects, quarter),
                "red": [self._red(project, today) for project in queries.with_schedules(queries.reddest(projects, today, REDDEST), today)],
            }
        )  # fmt: skip

    def _list(self, **asked: Any) -> str:
        return f"{reverse('projects')}?{urlencode({'place': self.unit, 'status': stages.ONGOING, **asked})}"

    def _state(self, state: queries.State, by_stage: Mapping[str, queries.Stood]) -> dict[str, Any]:
        found = queries.stood_in(state, by_stage)
        grown = (
            _("其中增资扩产 %(count)s 个") % {"count": f"{found.extensions:,}"} if found.extensions else ""
        )
        amount = show(found.amount) if found.amount else ""
        return {
            "label": state.label, "value": f"{found.projects:,}", "unit": ngettext("个项目", "个项目", found.projects), "url": self._list(state=state.code),
            "hint": _("；").join(filter(None, [amount, grown])),
        }  # fmt: skip

    def _lights(self, whole: queries.Stood) -> list[dict[str, Any]]:
        found = [
            _figure(label, whole.lights.get(code, 0), self._list(light=code))
            for code, label in reversed(list(stages.LIGHTS.items()))
        ]
        return [*found, _figure(_("应移出项目库"), whole.to_leave, self._list(to_leave="true"))]

    def _ledger(self, booked: Mapping[tuple[str, int], queries.Sums]) -> list[dict[str, Any]]:
        return [
            {"label": label, "cells": [self._booked(code, year, booked.get((code, year))) for year in (self.year, self.year - 1)]}
            for code, label in stages.ACHIEVEMENTS.items()
        ]  # fmt: skip

    def _booked(self, code: str, year: int, sums: queries.Sums | None) -> dict[str, Any]:
        if sums is None:
            return {"text": "—", "url": "", "none": True}
        kind = achievements.KINDS[code]
        told = [] if kind.key else [_("%(count)s 项") % {"count": f"{sums.count.normalize():f}"}]
        if kind.amount or kind.key:
            told.append(show(sums.amount))
        asked = {
            "unit": self.unit,
            "kind": code,
            "booked_date_after": f"{year}-01-01",
            "booked_date_before": f"{year}-12-31",
        }
        return {"text": " ".join(told), "url": f"{reverse('ledger')}?{urlencode(asked)}", "none": False}

    def _stages(self, by_stage: Mapping[str, queries.Stood], clocks: Mapping[str, Any]) -> list[dict[str, Any]]:  # fmt: skip
        here = {stage: (found.projects, found.amount) for stage, found in by_stage.items()}
        return [
            {
                "label": stages.STAGES[line.stage],
                "reached": f"{line.reached:,}",
                "share": f"{line.share:.0%}" if line.share is not None else "—",
                "days": f"{line.days:.0f}" if line.days is not None else "—",
                "standing": f"{line.standing:,}",
                "url": self._list(stage=line.stage) if line.standing else "",
            }
            for line in queries.reached_stages(here, clocks)
        ]

    def _transfers(self, found: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
        ways = {queries.IN: _("承接"), queries.OUT: _("流出")}
        order = list(stages.TRANSFER_STATES)
        return [
            _figure(
                f"{ways[way]} · {stages.TRANSFER_STATES[state]}", count,
                f"{reverse('transfers')}?{urlencode({'unit': self.unit, 'way': way, 'state': state})}",
            )
            for (way, state), count in sorted(found.items(), key=lambda item: (item[0][0], order.index(item[0][1])))
        ]  # fmt: skip

    def _duties(self, projects: Any, quarter: queries.Quarter) -> list[dict[str, Any]]:
        def url(**asked: str) -> str:
            return (
                f"{reverse('personal')}?{urlencode({'quarter': quarter.code, 'place': self.unit, **asked})}"
            )

        found = []
        for item in queries.duties_by_unit(projects, quarter, timezone.localdate()):
            found.append(_figure(_("应办项目"), item.projects, url()))
            for kind, count in item.missing.items():
                label = _("缺：%(kind)s") % {"kind": stages.PERSONAL_KINDS[kind]}
                found.append(_figure(label, count, url(missing=kind)))
        return found

    @staticmethod
    def _red(project: Project, today: Any) -> dict[str, Any]:
        light = queries.light_of(project, today, queries.limits(today))
        sub = f"{stages.STAGES[project.stage]} · {light.reason if light else ''} · {day(project.progress_at)}"
        return {"title": project.name, "url": project.get_absolute_url(), "sub": sub}


def _figure(label: Any, count: int, url: str) -> dict[str, Any]:
    return {"label": label, "count": f"{count:,}", "url": url if count else ""}
