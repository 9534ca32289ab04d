"""From what of a project a duty can be set on the spot: the project itself, a difficulty, a milestone (ADR 26)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core.queries import code_label
from yinfeng.duties import sources, terms
from yinfeng.projects import stages
from yinfeng.projects.models import Bottleneck, Milestone, Project

_UNITS = ("host_unit", "reporter_unit")


def _holder(project: Project) -> int:
    return project.host_unit_id or project.reporter_unit_id


def _to_come(day: date | None) -> date | None:
    """Return a day that has not passed; a duty has none that has."""
    return day if day is not None and day >= timezone.localdate() else None


def _of_project(project: Project) -> Mapping[str, Any]:
    return {"item": project.name, "lead_unit": _holder(project)}


def _of_bottleneck(row: Bottleneck) -> Mapping[str, Any]:
    return {
        "item": f"{row.project.name}：{row.what}"[:200], "target": _("难点解决，项目可以继续推进"), "lead_unit": row.unit_id,
        "due_date": _to_come(row.due_date),
    }  # fmt: skip


def _of_milestone(row: Milestone) -> Mapping[str, Any]:
    label = code_label("milestone", row.kind)
    return {
        "item": f"{row.project.name}：{label}"[:200], "target": _("按计划完成“%(milestone)s”") % {"milestone": label},
        "lead_unit": _holder(row.project), "due_date": _to_come(row.planned_date),
    }  # fmt: skip


def _is_sensitive(row: Any) -> bool:
    project: Project = row if isinstance(row, Project) else row.project
    return project.secrecy == stages.SENSITIVE


def register() -> None:
    """Offer them; called once, when the app is ready."""
    sources.register(
        sources.Source(terms.PROJECT, Project, lambda row: row, _of_project, _is_sensitive, _UNITS)
    )
    of_one = ("project__host_unit", "project__reporter_unit")
    sources.register(
        sources.Source(
            terms.DIFFICULTY,
            Bottleneck,
            lambda row: row.project,
            _of_bottleneck,
            _is_sensitive,
            (*of_one, "unit"),
        )
    )
    sources.register(
        sources.Source(
            terms.MILESTONE, Milestone, lambda row: row.project, _of_milestone, _is_sensitive, of_one
        )
    )
