"""Pictures of the library: the board of stages with what stands there longest, and the funnel through them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.money import show
from yinfeng.core.tables import with_query
from yinfeng.core.web import Page
from yinfeng.projects import queries, stages
from yinfeng.projects.filters import BoardFilter
from yinfeng.projects.models import Project
from yinfeng.projects.tables import light_badge

EACH = 6  # projects shown in a column


class Picture(Page):
    """A page about the projects in sight that the filters leave; what one sees leads on to the list under the same ones."""

    permission = "projects.project.view"
    filter_class: ClassVar[type[BoardFilter]] = BoardFilter

    @cached_property
    def filterset(self) -> BoardFilter:
        everything: QuerySet[Project] = Project.objects.permitted(self.by)
        return self.filter_class(self.request.GET, queryset=everything, request=self.request, by=self.by)

    def projects(self) -> QuerySet[Project]:
        if not self.filterset.form.is_valid():
            return Project.objects.none()
        found: QuerySet[Project] = self.filterset.qs
        return found

    def list_url(self, **asked: Any) -> str:
        kept = {
            name: value
            for name, value in self.request.GET.items()
            if name in self.filterset.filters and value
        }
        return f"{reverse('projects')}?{urlencode({**kept, **asked})}"

    def frame(self) -> dict[str, Any]:
        here = {
            name: self.request.path == reverse(name)
            for name in ("project-board", "project-funnel", "project-map")
        }
        return {
            "filter_fields": self.filterset.drawn(list(self.filterset.form.fields)),
            "tabs": [
                {"label": _("看板"), "url": reverse("project-board") + with_query(self.request.GET), "active": here["project-board"]},
                {"label": _("漏斗"), "url": reverse("project-funnel") + with_query(self.request.GET), "active": here["project-funnel"]},
                {"label": _("地图"), "url": reverse("project-map") + with_query(self.request.GET), "active": here["project-map"]},
            ],
        }  # fmt: skip


class Board(Picture):
    template_name = "projects/board.html"
    title = gettext_lazy("阶段看板")

    def get(self, request: HttpRequest) -> HttpResponse:
        projects, today = self.projects(), timezone.localdate()
        self.tiers, self.limits, self.today = queries.tiers(today), queries.limits(today), today
        shown = queries.cards(projects, EACH)
        queries.read_schedules([project for found in shown.values() for project in found], today)
        standing = queries.standing_in(projects)
        columns = [
            self._column(stage, count, yuan, shown.get(stage, []))
            for stage, (count, yuan) in standing.items()
        ]
        is_empty = not any(column["cards"] for column in columns)
        return self.render({**self.frame(), "columns": columns, "is_empty": is_empty})

    def _column(self, stage: str, count: int, yuan: Decimal, found: list[Project]) -> dict[str, Any]:
        more = count - len(found)
        url = self.list_url(stage=stage, status=stages.ONGOING)
        return {
            "label": stages.STAGES[stage],
            "count": f"{count:,}",
            "amount": show(yuan) if yuan else "",
            "url": url,
            "cards": [self._card(project) for project in found],
            "more": _("另有 %(count)s 个") % {"count": f"{more:,}"} if more > 0 else "",
        }

    def _card(self, project: Project) -> dict[str, Any]:
        amount = project.contracted if project.contracted is not None else project.intended
        days = (self.today - timezone.localdate(project.stage_since)).days
        light = queries.light_of(project, self.today, self.limits, queries.grade_of(project, self.tiers))
        return {
            "title": project.name,
            "url": project.get_absolute_url(),
            "firm": project.enterprise.name if project.enterprise else "",
            "amount": show(amount) if amount is not None else "",
            "days": _("%(days)s 天") % {"days": days},
            "light": light_badge(light) | {"title": light.reason}
            if light and light.code != stages.GREEN
            else None,
        }


class Funnel(Picture):
    template_name = "projects/funnel.html"
    title = gettext_lazy("阶段漏斗")

    def get(self, request: HttpRequest) -> HttpResponse:
        lines = queries.funnel(self.projects())
        whole = max((line.reached for line in lines), default=0)
        rows = [self._row(line, whole) for line in lines]
        return self.render({**self.frame(), "rows": rows, "whole": whole})

    def _row(self, line: queries.Reached, whole: int) -> dict[str, Any]:
        return {
            "label": stages.STAGES[line.stage],
            "reached": f"{line.reached:,}",
            "value": line.reached,
            "share": f"{line.share:.0%}" if line.share is not None else "—",
            "of_all": f"{line.reached / whole:.0%}" if whole else "—",
            "days": f"{line.days:.0f}" if line.days is not None else "—",
            "longest": f"{line.longest:,}" if line.longest is not None else "—",
            "standing": f"{line.standing:,}",
            "amount": show(line.amount) if line.amount else "—",
            "url": self.list_url(stage=line.stage, status=stages.ONGOING) if line.standing else "",
        }
