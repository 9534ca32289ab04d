"""The class of a project: how its page tells it, and putting it into another one."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.web import EditPage
from yinfeng.projects import queries, services
from yinfeng.projects.details import fact
from yinfeng.projects.forms import CategoryForm
from yinfeng.projects.models import Project


def _classed(project: Project) -> queries.Classed | None:
    today = timezone.localdate()
    return queries.class_of(project, queries.categories(today), today)


def category_fact(project: Project) -> list[dict[str, Any]]:
    """Return the class of a project and what decides it, where the profile has classes."""
    found = _classed(project)
    return [fact(_("类别"), found.label or _("未归类"), sub=found.reason)] if found else []


def category_act(project: Project) -> list[dict[str, Any]]:
    """Return the act of putting a project into another class, where there are classes."""
    if not queries.categories(timezone.localdate()):
        return []
    return [{
        "label": _("调整归类"), "icon": "category", "style": "secondary", "method": "get", "blocked_reason": "",
        "url": reverse("project-category", args=[project.pk]),
    }]  # fmt: skip


class CategoriseProject(EditPage):
    """Put a project into another class than the rules do, or leave it to them again, with a reason."""

    permission = "projects.project.grade"
    model = Project
    action = "grade"
    form = CategoryForm
    title = gettext_lazy("调整归类")

    def start(self) -> None:
        """Read how the project is classed now, before the act sets anything on it."""
        super().start()
        found = _classed(self.object)
        self.now = f"{found.label or _('未归类')}（{found.reason}）" if found else _("未归类")

    def form_arguments(self) -> dict[str, Any]:
        return {"categories": queries.categories(timezone.localdate())}

    def initial(self) -> dict[str, Any]:
        return {"category": self.object.category_override, "version": self.object.version}

    def act(self, form: CategoryForm) -> Project:
        data = form.cleaned_data
        return services.set_category(
            by=self.by,
            project=self.object,
            category=data["category"],
            reason=data["reason"],
            version=data["version"],
        )

    def extra(self) -> dict[str, Any]:
        told = {"project": self.object, "category": self.now}
        return {"intro": _("%(project)s，现在的类别：%(category)s") % told}
