"""How often and how long a planned day was put off: the row keeps the day planned first and how often it was moved later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from yinfeng.projects import facts, stages
from yinfeng.projects.models import Bottleneck, Milestone, Project

# The planned days of a project, and the stage in which each has come.
PLANNED_DAYS = {
    "planned_start_date": stages.STARTED,
    "planned_completion_date": stages.COMPLETED,
    "planned_production_date": stages.PRODUCING,
}


@dataclass(frozen=True, slots=True)
class Delay:
    """A day that was put off so many ``times``: the one planned ``first``, and that planned now."""

    first: date
    present: date
    times: int

    @property
    def days(self) -> int:
        """How many days later than at first; not above 0 when it was brought forward again."""
        return (self.present - self.first).days

    @property
    def told(self) -> str:
        """How often and how long, in words."""
        if self.days <= 0:
            return _("曾顺延 %(times)s 次，现不晚于原计划") % {"times": self.times}
        return _("已顺延 %(times)s 次，共 %(days)s 天") % {"times": self.times, "days": self.days}

    @property
    def told_with_first(self) -> str:
        return _("原计划 %(first)s，%(told)s") % {"first": self.first, "told": self.told}


def _names(field: str) -> tuple[str, str]:
    return f"first_{field}", f"{field.removesuffix('_date')}_delays"


def delay_of(row: Project | Milestone | Bottleneck, field: str) -> Delay | None:
    """Return how a planned day was put off; None when it never was."""
    first, times = (getattr(row, name) for name in _names(field))
    present = getattr(row, field)
    return Delay(first, present, times) if times and first and present else None


def put_off(row: Project | Milestone | Bottleneck, field: str) -> dict[str, Any]:
    """Return what a row keeps when a day of it is put off: the first day planned, and that it was put off once more."""
    first, times = _names(field)
    return {first: getattr(row, first) or getattr(row, field), times: getattr(row, times) + 1}


def binding_days(project: Project) -> list[str]:
    """Return the planned days of a project that bind it: once it is signed, none that is set is put off without saying why."""
    if not stages.reached(project.stage, stages.SIGNED):
        return []
    return [field for field in PLANNED_DAYS if getattr(project, field) is not None]


def notes_on_plan(project: Project) -> list[str]:
    """Return what is told with a light of the plan it is measured against: how often its days and its months were moved."""
    field, label = (
        ("planned_start_date", _("计划开工"))
        if project.stage in stages.BEFORE_START
        else ("planned_completion_date", _("计划竣工"))
    )
    if project.stage not in (*stages.BEFORE_START, *stages.UNDER_WAY) or not facts.builds(project):
        return []
    found: list[str] = []
    if delay := delay_of(project, field):
        found.append(_("%(label)s%(told)s") % {"label": label, "told": delay.told})
    if project.replanned and project.stage in stages.UNDER_WAY:
        found.append(_("月度计划已调整 %(times)s 次") % {"times": project.replanned})
    return found
