"""The headquarters-project library (clause 2.1): the projects in sight that bring a firm's headquarters, one list of them."""

from __future__ import annotations

from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.scopes import ScopedQuerySet
from yinfeng.core.web import ExportPage
from yinfeng.projects import facts, queries
from yinfeng.projects.filters import ProjectFilter
from yinfeng.projects.tables import HeadquartersTable
from yinfeng.projects.views.records import Projects


class HeadquartersFilter(ProjectFilter):
    main = ("q", "headquarters_kind", "stage", "host_unit")


class Headquarters(Projects):
    """The list of projects, of the headquarters kind alone, with what is asked of a headquarters."""

    table = HeadquartersTable
    filterset = HeadquartersFilter
    key = "headquarters"
    title = gettext_lazy("总部项目库")
    export_route = "headquarters-export"

    def queryset(self) -> ScopedQuerySet[Any]:
        return super().queryset().filter(facts.HEADQUARTERS)

    @cached_property
    def counts(self) -> dict[str, int]:
        return queries.headquarters_counts(self.by)

    def bulk(self) -> list[dict[str, Any]]:
        return []

    def empty(self) -> dict[str, Any]:
        hint = _("新建或修改项目时选择总部类型，项目就进入总部项目库。")
        return {
            "title": _("还没有总部项目"),
            "hint": hint,
            "act": self.primary(),
            "icon": "building-skyscraper",
        }


class ExportHeadquarters(ExportPage):
    permission = "projects.project.export"
    page = Headquarters
    file_title = gettext_lazy("总部项目库")
