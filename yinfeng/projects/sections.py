"""The pages of one project, in the order of their tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core.errors import Sentence
from yinfeng.core.web import DetailPage
from yinfeng.projects import facts, stages
from yinfeng.projects.models import Project


def always(project: Project) -> bool:
    return True


def has_investor(project: Project) -> bool:
    return project.enterprise_id is not None


@dataclass(frozen=True, slots=True)
class Section:
    """One page of a project; ``when`` says for which projects there is such a page."""

    route: str
    label: Sentence
    when: Callable[[Project], bool] = always


def is_built(project: Project) -> bool:
    """Say whether a project has a page of construction: it is signed, and something is built."""
    return stages.reached(project.stage, stages.SIGNED) and facts.builds(project)


SECTIONS: list[Section] = [
    Section("project", _("概况")),
    Section("project-first-report", _("首报"), when=has_investor),
    Section("project-personal", _("三个“亲自”")),
    Section("project-construction", _("建设"), when=is_built),
    Section("project-duties", _("督办")),
]


def register(section: Section) -> None:
    """Add a page of an upper app to every project's; it registers in ``AppConfig.ready``."""
    if section not in SECTIONS:
        SECTIONS.append(section)


def tabs_of(project: Project, active: str) -> list[dict[str, Any]]:
    """Return the tabs of a project's pages, none while there is only one."""
    shown = [section for section in SECTIONS if section.when(project)]
    return [
        {"label": section.label, "url": reverse(section.route, args=[project.pk]), "active": section.route == active}
        for section in shown
        if len(shown) > 1
    ]  # fmt: skip


class SectionPage(DetailPage):
    """A page of a project beside its first: the head and the tabs are the project's, what is below is the page's own.

    It shows no timeline and no files, which are on the project's first page.
    """

    permission = "projects.project.view"
    model = Project
    template_name = "projects/section.html"
    follows = False
    route: str

    def frame(self) -> dict[str, Any]:
        return {
            "tabs": tabs_of(self.object, self.route),
            "back": {"url": reverse("projects"), "label": Project._meta.verbose_name},
            "code": self.object.code,
        }
