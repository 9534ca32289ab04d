"""The list of duties."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.tables import with_query
from yinfeng.core.web import ExportPage, ListPage
from yinfeng.duties import filters
from yinfeng.duties.filters import DutyFilter
from yinfeng.duties.models import Duty
from yinfeng.duties.tables import DutyTable

VIEW = "duties.duty.view"
SET = "duties.duty.set"


class Duties(ListPage):
    permission = VIEW
    model = Duty
    table = DutyTable
    filterset = DutyFilter
    key = "duties"
    title = gettext_lazy("督办事项")
    export_permission = "duties.duty.export"
    export_route = "duties-export"

    def tabs(self) -> list[dict[str, Any]]:
        chosen = self.request.GET.get("who", "")
        every = [("", _("全部")), *filters.WHO.items()]
        return [
            {
                "label": str(label), "active": chosen == who,
                "url": with_query(self.request.GET, who=who or None, after=None, before=None),
            }
            for who, label in every
        ]  # fmt: skip

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may(SET):
            return None
        return {"label": _("交办事项"), "url": reverse("duty-new"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _(
            "会议议定、领导批示和政策任务在这里交办：定事项、目标、牵头领导、责任单位、要求和时限，办结要有佐证，由交办单位审核。"
        )
        return {"title": _("还没有督办事项"), "hint": hint, "act": self.primary(), "icon": "clipboard-check"}


class ExportDuties(ExportPage):
    permission = "duties.duty.export"
    page = Duties
    file_title = gettext_lazy("督办事项")
