"""What must be done about one project, wherever it was decided: a page among the project's own."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.duties import queries as duty_queries
from yinfeng.duties import terms
from yinfeng.duties.sources import new_url
from yinfeng.duties.views.work import line
from yinfeng.projects.sections import SectionPage


class ProjectDuties(SectionPage):
    """The duties about a project in the person's sight: those open, the soonest due first, then those that are over."""

    template_name = "projects/duties.html"
    route = "project-duties"
    edit_action = "view"

    def content(self) -> dict[str, Any]:
        today = timezone.localdate()
        found = duty_queries.duties_about(self.object, self.by) if self.by.may("duties.duty.view") else []
        going = [line(duty, today) for duty in found if duty.state in terms.OPEN]
        over = [line(duty, today) for duty in found if duty.state not in terms.OPEN]
        act = (
            {"label": _("交办督办"), "url": new_url(self.object)} if self.by.may("duties.duty.set") else None
        )
        groups = [{
            "title": _("没有办结的督办事项"), "rows": going, "act": act,
            "empty": _("没有。会议议定、困难问题、建设节点和领导批示涉及本项目的，交办之后列在这里。"),
        }]  # fmt: skip
        if over:
            groups.append({"title": _("已了结的"), "rows": over})
        return {"title": self.object.name, "groups": groups}
