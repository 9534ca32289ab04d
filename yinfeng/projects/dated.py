"""The next steps of a person's projects, in his calendar and his weekly letter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import desk
from yinfeng.core.actors import Actor
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Project

LIMIT = 500


def register() -> None:
    """Put them in their places; called once, when the app is ready."""
    desk.dated("next_step", gettext_lazy("项目下一步"), "route", next_steps)
    desk.digest(steps_of_the_week)


def _steps(by: Actor, **dates: date) -> Iterable[Project]:
    if not by.may("projects.project.view"):
        return []
    return queries.next_steps(by, **dates)[:LIMIT]


def next_steps(by: Actor, first: date, last: date) -> list[desk.Dated]:
    """Return the next steps between two days of the ongoing projects on whose team the actor is."""
    return [
        desk.Dated(
            uid=f"project-{project.pk}-next", title=_title(project), url=project.get_absolute_url(), day=project.next_date,
            note=project.name, sequence=project.version, modified_at=project.updated_at, is_sensitive=_is_sensitive(project),
        )
        for project in _steps(by, next_date__gte=first, next_date__lte=last)
    ]  # fmt: skip


def steps_of_the_week(by: Actor, first: date, last: date) -> list[desk.Told]:
    """Return those of the week, and those whose day has passed."""
    return [
        desk.Told(
            desk.OVERDUE if _day(project) < first else desk.DUE, _title(project), project.get_absolute_url(), project.next_date,
            is_sensitive=_is_sensitive(project),
        )
        for project in _steps(by, next_date__lte=last)
    ]  # fmt: skip


def _is_sensitive(project: Project) -> bool:
    return project.secrecy == stages.SENSITIVE


def _day(project: Any) -> date:
    day: date = project.next_date
    return day


def _title(project: Project) -> str:
    return (
        _("%(step)s（%(project)s）") % {"step": project.next_step, "project": project.name}
        if project.next_step
        else project.name
    )
