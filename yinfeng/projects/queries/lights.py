"""Green, yellow and red: what the dates alone say of projects that are going on, worked out on reading and kept nowhere.

Yellow and red come from days without progress, by the profile's rule ``stale`` in force today (邯郸经开区: two months without
progress yellow, three red, half a year out of the library; FACTS §1.6). A stage may have a rule of its own; a grade may
ask for updates more often than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.orgs.queries import brief_name
from yinfeng.projects import stages
from yinfeng.projects.models import Project
from yinfeng.projects.queries.grades import Grade, graded, tiers


@dataclass(frozen=True, slots=True)
class Limits:
    """Days without progress from which a project is yellow, red, and to be taken out of the library; 0: never."""

    warn: int = 0
    late: int = 0
    leave: int = 0


@dataclass(frozen=True, slots=True)
class Light:
    """A project's light and why, in words."""

    code: str
    reason: str


def limits(today: date) -> dict[str, Limits]:
    """Return the limits of each stage by the rules in force: its own, else those of all projects."""
    rules = core.rules("stale", today)
    return {stage: _limits(rules.get(stage) or rules.get("project") or {}) for stage in stages.STAGES}


def _limits(rule: Mapping[str, Any]) -> Limits:
    return Limits(*(int(rule.get(name) or 0) for name in ("warn_days", "late_days", "leave_days")))


def light_of(
    project: Project, today: date, by_stage: Mapping[str, Limits], grade: Grade | None = None
) -> Light | None:
    """Return the light of a project of a grade; None of one that is not going on."""
    if project.status != stages.ONGOING:
        return None
    limit = by_stage[project.stage]
    idle = (today - timezone.localdate(project.progress_at)).days
    words = {"days": idle, "warn": limit.warn, "late": limit.late, "leave": limit.leave}
    if limit.leave and idle >= limit.leave:
        return Light(stages.RED, _("已 %(days)s 天没有进展，满 %(leave)s 天应移出项目库") % words)
    if limit.late and idle >= limit.late:
        return Light(stages.RED, _("已 %(days)s 天没有进展，满 %(late)s 天亮红灯") % words)
    if limit.warn and idle >= limit.warn:
        return Light(stages.YELLOW, _("已 %(days)s 天没有进展，满 %(warn)s 天亮黄灯") % words)
    days = grade.tier.update_days if grade else 0
    if days and idle >= days and limit != Limits():
        told = {"grade": grade.label if grade else "", "days": idle, "update": days}
        return Light(stages.YELLOW, _("%(grade)s每 %(update)s 天须更新，已 %(days)s 天没有进展") % told)
    if limit == Limits():
        return Light(stages.GREEN, _("这个阶段没有亮灯规则"))
    return Light(stages.GREEN, _("%(days)s 天前有进展") % words if idle else _("今天有进展"))


def lit(code: str, today: date) -> Q:
    """Return the Q of the projects with a light."""
    by_stage = limits(today)
    red = _idle(by_stage, "late", today) | _idle(by_stage, "leave", today)
    if code == stages.RED:
        return red
    warned = _idle(by_stage, "warn", today) | _not_updated(by_stage, today)
    return warned & ~red if code == stages.YELLOW else Q(status=stages.ONGOING) & ~warned & ~red


def _not_updated(by_stage: Mapping[str, Limits], today: date) -> Q:
    """Return the Q of the ongoing projects that their grade wants updated more often."""
    watched = [stage for stage, limit in by_stage.items() if limit != Limits()]
    late = Q(pk__in=[])
    for tier in tiers(today):
        if tier.update_days:
            late |= graded(tier.code, today) & still_for(tier.update_days, today)
    return Q(status=stages.ONGOING, stage__in=watched) & late


def to_leave(today: date) -> Q:
    """Return the Q of the projects whose time in the library is over."""
    return _idle(limits(today), "leave", today)


def _idle(by_stage: Mapping[str, Limits], limit: str, today: date) -> Q:
    """Return the Q of the ongoing projects that have reached one of the limits."""
    stages_of: dict[int, list[str]] = {}
    for stage, found in by_stage.items():
        if days := getattr(found, limit):
            stages_of.setdefault(days, []).append(stage)
    reached = Q(pk__in=[])
    for days, of in stages_of.items():
        reached |= Q(stage__in=of) & still_for(days, today)
    return Q(status=stages.ONGOING) & reached


def still_for(days: int, today: date) -> Q:
    """Return the Q of the projects that have not moved for so many days of the calendar, or more."""
    moved_since = timezone.make_aware(datetime.combine(today - timedelta(days=days - 1), time.min))
    return Q(progress_at__lt=moved_since)


@dataclass(frozen=True, slots=True)
class UnitLights:
    """How many of a unit's projects have which light; ``oldest``: since when the stillest has not moved."""

    unit: int
    name: str
    counts: dict[str, int]
    to_leave: int
    oldest: datetime | None


def lights_by_unit(by: Actor, today: date) -> list[UnitLights]:
    """Return the lights of each unit's projects in the person's sight, most red ones first, in one query."""
    counts = {code: Count("pk", filter=lit(code, today)) for code in stages.LIGHTS}
    seen = Project.objects.permitted(by).filter(status=stages.ONGOING).order_by()
    placed = seen.values_list(
        Coalesce("host_unit", "reporter_unit"),
        Coalesce(brief_name("host_unit__"), brief_name("reporter_unit__")),
    )
    rows = placed.annotate(**counts, leave=Count("pk", filter=to_leave(today)), oldest=Min("progress_at"))
    found = [
        UnitLights(unit, name, dict(zip(stages.LIGHTS, numbers, strict=True)), leave, oldest)
        for unit, name, *numbers, leave, oldest in rows
    ]
    return sorted(found, key=lambda item: (-item.counts[stages.RED], -item.counts[stages.YELLOW], item.name))
