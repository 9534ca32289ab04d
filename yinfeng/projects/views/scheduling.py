"""The scheduling board: the major projects of each working group, what stands still since when, and who must act (clause 1.2)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.scopes import rows
from yinfeng.core.tables import with_query
from yinfeng.core.web import ExportPage, ListPage
from yinfeng.projects import queries
from yinfeng.projects.filters import SchedulingFilter
from yinfeng.projects.models import Project
from yinfeng.projects.tables import SchedulingTable


class Scheduling(ListPage):
    """The ongoing major projects, the longest without progress first, a tab for each working group."""

    permission = "projects.project.view"
    model = Project
    filterset = SchedulingFilter
    table = SchedulingTable
    key = "scheduling"
    title = gettext_lazy("重大项目调度")
    export_permission = "projects.project.export"
    export_route = "scheduling-export"

    def queryset(self) -> Any:
        return queries.scheduled(rows(Project).permitted(self.by), timezone.localdate())

    def tabs(self) -> list[dict[str, Any]]:
        asked = self.request.GET.get("group", "")
        tabs = [("", _("全部")), *self.narrowing.filters["group"].extra["choices"]]
        return [
            {
                "label": label,
                "url": reverse("scheduling")
                + with_query(self.request.GET, group=code or None, after=None, before=None),
                "active": code == asked,
            }
            for code, label in tabs
        ]

    def empty(self) -> dict[str, Any]:
        hint = _("领导小组会议听取的重大项目都在这里调度：停了多久、为什么亮灯、等谁做什么。")
        projects = {"label": _("打开项目"), "url": reverse("projects")}
        return {"title": _("没有推进中的重大项目"), "hint": hint, "act": projects, "icon": "route"}


class ExportScheduling(ExportPage):
    permission = "projects.project.export"
    page = Scheduling
    file_title = gettext_lazy("重大项目调度")
