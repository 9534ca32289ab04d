"""Pages of the three personal duties: what is missing per project and per unit in a quarter, and a project's own acts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.scopes import rows
from yinfeng.core.tables import day
from yinfeng.core.web import EditPage, ExportPage, ListPage, MovePage, Page
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.filters import PersonalFilter
from yinfeng.projects.forms import PersonalActForm
from yinfeng.projects.models import PersonalAct, Project
from yinfeng.projects.sections import SectionPage
from yinfeng.projects.tables import PersonalTable


def quarter_asked(request: HttpRequest) -> queries.Quarter:
    """Return the quarter that the address names among the recent ones, or the present one."""
    quarters = queries.recent_quarters(timezone.localdate())
    asked = request.GET.get("quarter", "")
    return next((quarter for quarter in quarters if quarter.code == asked), quarters[0])


def duty_tabs(quarter: queries.Quarter, active: str) -> list[dict[str, Any]]:
    """Return the tabs: project by project, unit by unit."""
    tabs = (("personal", _("按项目")), ("personal-units", _("按单位")))
    return [
        {"label": label, "url": f"{reverse(route)}?quarter={quarter.code}", "active": route == active}
        for route, label in tabs
    ]


class PersonalDuties(ListPage):
    """The major projects that owe acts for a quarter, with the days of what was done and what is missing."""

    permission = "projects.project.view"
    model = Project
    filterset = PersonalFilter
    key = "personal"
    title = gettext_lazy("三个“亲自”")
    export_permission = "projects.project.export"
    export_route = "personal-export"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.quarter = quarter_asked(request)
        self.table = type("QuarterTable", (PersonalTable,), {"quarter": self.quarter})  # type: ignore[misc]

    def queryset(self) -> Any:
        return queries.owing(rows(Project).permitted(self.by), self.quarter, timezone.localdate())

    def tabs(self) -> list[dict[str, Any]]:
        return duty_tabs(self.quarter, "personal")

    def empty(self) -> dict[str, Any]:
        hint = _(
            "领导小组会议听取的重大项目，由落地单位主要领导每季度亲自推介洽谈、协调问题、督办进度；规则见城市方案。"
        )
        projects = {"label": _("打开项目"), "url": reverse("projects")}
        return {"title": _("这个季度没有应办的重大项目"), "hint": hint, "act": projects, "icon": "user-check"}


class ExportPersonalDuties(ExportPage):
    permission = "projects.project.export"
    page = PersonalDuties
    file_title = gettext_lazy("三个“亲自”")


class UnitDuties(Page):
    """Every unit that holds major projects, with how many of them lack which act in a quarter; each number leads to its list."""

    permission = "projects.project.view"
    template_name = "projects/personal_units.html"
    title = gettext_lazy("三个“亲自”")

    def get(self, request: HttpRequest) -> HttpResponse:
        today, quarter = timezone.localdate(), quarter_asked(request)
        units = queries.duties_by_unit(rows(Project).permitted(self.by), quarter, today)
        listed = {unit for unit, _name in queries.options([]).get(queries.UNIT, [])}
        return self.render(
            {
                "tabs": duty_tabs(quarter, "personal-units"),
                "quarters": [
                    {"label": other.label, "url": f"?quarter={other.code}", "active": other == quarter}
                    for other in queries.recent_quarters(today)
                ],
                "heads": [_("应办项目"), _("有缺项"), *lacking_labels().values()],
                "units": [self._line(item, quarter, str(item.unit) in listed) for item in units],
                "rules": told_rules(quarter),
            }
        )

    @staticmethod
    def _line(item: queries.UnitDuties, quarter: queries.Quarter, is_listed: bool) -> dict[str, Any]:
        def cell(label: Any, count: int, **asked: str) -> dict[str, Any]:
            query = urlencode({"quarter": quarter.code, "place": item.unit, **asked})
            return {
                "label": label,
                "count": f"{count:,}",
                "url": f"{reverse('personal')}?{query}" if is_listed and count else "",
                "none": not count,
            }

        lacks = lacking_labels()
        return {
            "name": item.name,
            "url": reverse("unit-projects", args=[item.unit]) if is_listed else "",
            "cells": [
                cell(_("应办项目"), item.projects),
                cell(_("有缺项"), item.lacking, missing=queries.ANY),
                *(cell(lacks[kind], count, missing=kind) for kind, count in item.missing.items()),
            ],
        }


def told_rules(quarter: queries.Quarter) -> list[str]:
    """Return in words what the rules ask for in a quarter."""
    due = queries.personal_rules(min(quarter.last, timezone.localdate()))
    return [
        _("%(kind)s：每季度不少于 %(times)s 次，%(first)s至%(last)s阶段。")
        % {
            "kind": stages.PERSONAL_KINDS[kind], "times": rule.times,
            "first": stages.STAGES[rule.stages[0]], "last": stages.STAGES[rule.stages[-1]],
        }
        for kind, rule in due.items() if rule.stages
    ] or [_("城市方案没有“三个亲自”的规则，不计缺项。")]  # fmt: skip


def lacking_labels() -> dict[str, str]:
    return {kind: _("缺：%(kind)s") % {"kind": label} for kind, label in stages.PERSONAL_KINDS.items()}


class ProjectPersonal(SectionPage):
    """A project's acts by quarter, with what is still missing in the recent ones."""

    template_name = "projects/personal.html"
    route = "project-personal"
    actions = ("personal",)
    edit_action = "view"
    shown_quarters = 4

    def content(self) -> dict[str, Any]:
        project: Project = self.object
        today = timezone.localdate()
        acts = queries.personal_acts(project)
        recent = queries.recent_quarters(today, self.shown_quarters)
        owed = queries.owed_quarters(project, recent, today)
        earlier = {queries.quarter_of(act.act_date) for act in acts}
        shown = sorted({recent[0], *owed, *earlier}, reverse=True)
        may_record = "personal" in self.allowed() and project.status in queries.OPEN_PROJECTS
        return {
            "title": project.name,
            "is_major": queries.is_major(project, today),
            "record_url": reverse("project-personal-new", args=[project.pk]) if may_record else "",
            "rules": told_rules(recent[0]),
            "quarters": [self._quarter(quarter, owed.get(quarter), acts, today) for quarter in shown],
        }

    def _quarter(
        self, quarter: queries.Quarter, owed: tuple[str, str] | None, acts: Sequence[PersonalAct], today: Any
    ) -> dict[str, Any]:
        stood, holder = owed or (None, "")
        here = [act for act in acts if queries.quarter_of(act.act_date) == quarter]
        counted = [act for act in here if act.state == stages.RECORDED and act.as_holder]
        project = Project(stage=self.object.stage)
        project.stood = stood  # type: ignore[attr-defined]
        duties = queries.owed_by(project, quarter, today, counted)
        return {
            "label": quarter.label,
            "holder": holder,
            "duties": [
                {"label": label, **self._duty(duties[kind])} for kind, label in stages.PERSONAL_KINDS.items()
            ] if stood is not None else [],
            "acts": [self._act(act) for act in here],
        }  # fmt: skip

    @staticmethod
    def _duty(owed: queries.Owed) -> dict[str, Any]:
        if not owed.times:
            return {"text": _("本阶段不要求"), "tone": "muted", "icon": "minus"}
        if owed.is_missing:
            return {"text": _("缺 %(count)s 次") % {"count": owed.times - len(owed.days)}, "tone": "danger", "icon": "alert-triangle"}  # fmt: skip
        return {
            "text": _("已办 %(count)s 次") % {"count": len(owed.days)},
            "tone": "success",
            "icon": "check",
        }

    def _act(self, act: PersonalAct) -> dict[str, Any]:
        told = [act.get_kind_display(), f"{act.unit.brief} {act.position}"]
        if not act.as_holder:
            told.append(_("当天不是落地单位，不计入"))
        may_withdraw = act.state == stages.RECORDED and self._may_withdraw(act)
        return {
            "day": day(act.act_date),
            "who": act.person.name,
            "where": " · ".join(told),
            "done": act.done,
            "outcome": act.outcome,
            "recorded": f"{act.recorded_by} · {day(act.recorded_at)}",
            "withdrawn": act.withdrawn_reason if act.state == stages.WITHDRAWN else "",
            "file": act.evidence and {"name": act.evidence.name, "url": reverse("file", args=[act.evidence_id])},
            "withdraw_url": reverse("projects.personalact-move", args=[act.pk, "withdraw"]) if may_withdraw else "",
        }  # fmt: skip

    def _may_withdraw(self, act: PersonalAct) -> bool:
        """Say what the scope of acts says, for acts of a project on which one may record."""
        if "personal" not in self.allowed():
            return False
        return act.recorded_by_id == self.by.user_id or self.by.may_at("projects.contact.record", act.unit_id)


class RecordPersonalAct(EditPage):
    permission = "projects.contact.record"
    model = Project
    action = "personal"
    form = PersonalActForm
    secret_notice = True
    title = gettext_lazy("记录亲自事项")
    submit_label = gettext_lazy("记录")

    def form_arguments(self) -> dict[str, Any]:
        return {"project": self.object, "by": self.by}

    def initial(self) -> dict[str, Any]:
        return {"act_date": timezone.localdate()}

    def act(self, form: PersonalActForm) -> str:
        data = dict(form.cleaned_data)
        file = data.pop("evidence")
        services.record_personal_act(
            by=self.by, project=self.object, file=file, name=file.name if file else "", **data
        )
        return reverse("project-personal", args=[self.object.pk])

    def done(self, result: Any) -> str:
        return _("已记录。")

    def cancel_url(self) -> str:
        return reverse("project-personal", args=[self.object.pk])

    def extra(self) -> dict[str, Any]:
        extra: dict[str, Any] = {"intro": str(self.object)}
        if not queries.first_hands_for(self.object, self.by).exists():
            told = _("您可以记录的单位还没有登记主要领导，请先在“单位”页登记其职务，并标明是主要领导。")
            extra["warnings"] = [{"tone": "warning", "title": told, "url": reverse("units")}]
        return extra


class MovePersonalAct(MovePage):
    permission = "projects.project.view"
    model = PersonalAct
    lifecycle = lifecycle.PERSONAL_ACT

    def perform(self, *, reason: str, version: int | None) -> None:
        services.withdraw_personal_act(by=self.by, act=self.object, reason=reason, version=version)
