"""Green, yellow and red: what the dates alone say of projects that are going on, worked out on reading and kept nowhere.

Yellow and red come from days without progress, by the profile's rule ``stale`` in force today (邯郸经开区: two months without
progress yellow, three red, half a year out of the library; FACTS §1.6). A stage may have a rule of its own; a grade may
ask for updates more often than that. They come too from a start that was missed and from months behind the plan
(``queries.schedule``); the gravest says the light. That days or months of the plan were moved is told with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, Min, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.orgs.queries import brief_name
from yinfeng.projects import stages
from yinfeng.projects.models import Project
from yinfeng.projects.queries.delays import notes_on_plan
from yinfeng.projects.queries.grades import Grade, graded, tiers
from yinfeng.projects.queries.library import ours
from yinfeng.projects.queries.schedule import (
    behind_by,
    due_month,
    months_without_start,
    not_started_for,
    percent_of_plan,
    schedule_of,
    schedule_rules,
)


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


@dataclass(frozen=True, slots=True)
class Told:
    """A rule of lights in words, and since when it is in force."""

    sentence: str
    since: date | None


def rules_in_words(today: date) -> list[Told]:
    """Return every rule by which projects turn yellow or red: days without progress, updates by grade, start, plan."""
    return [*_idle_rules(today), *_grade_rules(today), *_schedule_rules(today)]


def _idle_rules(today: date) -> Iterator[Told]:
    """Yield the rules of days without progress, stages of one rule together."""
    since, by_stage = core.rules_since("stale", today), limits(today)
    groups: dict[tuple[Limits, date | None], list[str]] = {}
    for stage, limit in by_stage.items():
        if limit != Limits():
            begins = since.get(stage, since.get("project"))
            groups.setdefault((limit, begins), []).append(str(stages.STAGES[stage]))
    for (limit, begins), names in groups.items():
        parts = [
            sentence % {"days": days}
            for sentence, days in (
                (_("满 %(days)s 天没有进展亮黄灯"), limit.warn),
                (_("满 %(days)s 天亮红灯"), limit.late),
                (_("满 %(days)s 天应移出项目库"), limit.leave),
            )
            if days
        ]
        whose = "" if len(names) == len(by_stage) else _("%(stages)s阶段：") % {"stages": _("、").join(names)}
        yield Told(whose + _("，").join(parts), begins)


def _grade_rules(today: date) -> Iterator[Told]:
    """Yield after how many days grades want an update, grades of one number together."""
    grades: dict[int, list[str]] = {}
    for tier in tiers(today):
        if tier.update_days:
            grades.setdefault(tier.update_days, []).append(tier.label)
    for days, labels in grades.items():
        told = {"grade": _("、").join(labels), "days": days}
        yield Told(_("%(grade)s满 %(days)s 天没有进展亮黄灯") % told, None)


def _schedule_rules(today: date) -> Iterator[Told]:
    """Yield the rules of a missed start and of points behind the plan."""
    rules, since = schedule_rules(today), core.rules_since("schedule", today)
    start = [
        sentence % {"months": months}
        for sentence, months in (
            (_("过了计划开工的月份满 %(months)s 个月没有开工亮黄灯"), rules.start_warn),
            (_("满 %(months)s 个月没有开工亮红灯"), rules.start_late),
        )
        if months
    ]
    if start:
        yield Told(_("，").join(start), since.get("start"))
    behind = [
        sentence % {"points": points}
        for sentence, points in (
            (_("投资落后月度计划满 %(points)s 个百分点亮黄灯"), rules.behind_warn),
            (_("落后超过 %(points)s 个百分点亮红灯"), rules.behind_late),
        )
        if points
    ]
    if behind:
        measured = _("以次月 %(day)s 日应报的月份计") % {"day": rules.report_day}
        yield Told(_("，").join([*behind, measured]), since.get("behind"))


def limits(today: date) -> dict[str, Limits]:
    """Return the limits of each stage by the rules in force: its own, else those of all projects."""
    rules = core.rules("stale", today)
    return {stage: _limits(rules.get(stage) or rules.get("project") or {}) for stage in stages.STAGES}


def _limits(rule: Mapping[str, Any]) -> Limits:
    return Limits(*(int(rule.get(name) or 0) for name in ("warn_days", "late_days", "leave_days")))


def light_of(
    project: Project, today: date, by_stage: Mapping[str, Limits], grade: Grade | None = None
) -> Light | None:
    """Return the light of a project of a grade and all that makes it so; None of one that is not going on, or that stands in a
    stage of which no rule says a light."""
    if project.status != stages.ONGOING or project.stage not in _ruled_stages(by_stage, today):
        return None
    idle = _idle_light(project, today, by_stage, grade)
    found = [idle, *_start_light(project, today), *_behind_light(project, today)]
    codes = {light.code for light in found}
    code = next((code for code in (stages.RED, stages.YELLOW) if code in codes), idle.code)
    reasons = [light.reason for light in found if light.code == code]
    return Light(code, _("；").join([*reasons, *notes_on_plan(project)]))


def leaving(project: Project, today: date, by_stage: Mapping[str, Limits]) -> str:
    """Return why a project is to be taken out of the library, “” when it is not; the same as ``to_leave`` says of many."""
    limit = by_stage[project.stage].leave
    idle = (today - timezone.localdate(project.progress_at)).days
    if project.status != stages.ONGOING or not limit or idle < limit:
        return ""
    return _("已 %(days)s 天没有进展，满 %(leave)s 天应移出项目库") % {"days": idle, "leave": limit}


def _idle_light(project: Project, today: date, by_stage: Mapping[str, Limits], grade: Grade | None) -> Light:
    limit = by_stage[project.stage]
    idle = (today - timezone.localdate(project.progress_at)).days
    words = {"days": idle, "warn": limit.warn, "late": limit.late}
    if why := leaving(project, today, by_stage):
        return Light(stages.RED, why)
    if limit.late and idle >= limit.late:
        return Light(stages.RED, _("已 %(days)s 天没有进展，满 %(late)s 天亮红灯") % words)
    if limit.warn and idle >= limit.warn:
        return Light(stages.YELLOW, _("已 %(days)s 天没有进展，满 %(warn)s 天亮黄灯") % words)
    days = grade.tier.update_days if grade else 0
    if days and idle >= days and limit != Limits():
        told = {"grade": grade.label if grade else "", "days": idle, "update": days}
        return Light(stages.YELLOW, _("%(grade)s每 %(update)s 天须更新，已 %(days)s 天没有进展") % told)
    return Light(stages.GREEN, _("%(days)s 天前有进展") % words if idle else _("今天有进展"))


def _start_light(project: Project, today: date) -> Iterator[Light]:
    """Yield the light of a start that was missed (银川 2025: unstarted in the month planned yellow, three months on end red)."""
    rules, months = schedule_rules(today), months_without_start(project, today)
    words = {"months": months, "warn": rules.start_warn, "late": rules.start_late,
             "planned": f"{project.planned_start_date:%Y-%m}" if months else ""}  # fmt: skip
    if rules.start_late and months >= rules.start_late:
        yield Light(
            stages.RED,
            _("计划 %(planned)s 开工，已过 %(months)s 个月没有开工，满 %(late)s 个月亮红灯") % words,
        )
    elif rules.start_warn and months >= rules.start_warn:
        yield Light(
            stages.YELLOW,
            _("计划 %(planned)s 开工，已过 %(months)s 个月没有开工，满 %(warn)s 个月亮黄灯") % words,
        )


def _behind_light(project: Project, today: date) -> Iterator[Light]:
    """Yield the light of investment behind the plan (银川 2025: 10 to 30 points behind yellow, more red)."""
    rules = schedule_rules(today)
    if project.stage not in stages.UNDER_WAY or not (rules.behind_warn or rules.behind_late):
        return
    found = schedule_of(project, today)
    words = {
        "month": f"{due_month(today):%Y-%m}", "planned": f"{percent_of_plan(found.planned, found.whole):f}",
        "invested": f"{percent_of_plan(found.invested, found.whole):f}", "points": f"{found.points:f}",
        "warn": rules.behind_warn, "late": rules.behind_late,
    }  # fmt: skip
    told = _("到 %(month)s 计划完成投资 %(planned)s%%，实际 %(invested)s%%，落后 %(points)s 个百分点") % words
    if rules.behind_late and found.is_beyond(rules.behind_late):
        yield Light(stages.RED, told + _("，超过 %(late)s 个亮红灯") % words)
    elif rules.behind_warn and found.is_behind(rules.behind_warn):
        yield Light(stages.YELLOW, told + _("，满 %(warn)s 个亮黄灯") % words)


def lit(code: str, today: date) -> Q:
    """Return the Q of the projects with a light, as ``light_of`` gives it."""
    red, warned = _red(today), _warned(today)
    if code == stages.RED:
        return red
    if code == stages.YELLOW:
        return warned & ~red
    return Q(status=stages.ONGOING, stage__in=_ruled_stages(limits(today), today)) & ~warned & ~red


def light_said(today: date) -> Case:
    """Return the expression of the light of an ongoing project, empty where no rule says one; for counting many by light."""
    return Case(
        When(_red(today), then=Value(stages.RED)), When(_warned(today), then=Value(stages.YELLOW)),
        When(stage__in=_ruled_stages(limits(today), today), then=Value(stages.GREEN)), default=Value(""), output_field=CharField(),
    )  # fmt: skip


def _ruled_stages(by_stage: Mapping[str, Limits], today: date) -> list[str]:
    """Return the stages in which a rule can say a light: of days without progress, of the start, or of the plan."""
    rules = schedule_rules(today)
    found = {stage for stage, limit in by_stage.items() if limit != Limits()}
    if rules.start_warn or rules.start_late:
        found |= set(stages.BEFORE_START)
    if rules.behind_warn or rules.behind_late:
        found |= set(stages.UNDER_WAY)
    return [stage for stage in by_stage if stage in found]


def _red(today: date) -> Q:
    by_stage, rules = limits(today), schedule_rules(today)
    idle = _idle(by_stage, "late", today) | _idle(by_stage, "leave", today)
    return idle | not_started_for(rules.start_late, today) | behind_by(rules.behind_late, today, beyond=True)


def _warned(today: date) -> Q:
    """Return the Q of the projects that are yellow unless they are red."""
    by_stage, rules = limits(today), schedule_rules(today)
    idle = _idle(by_stage, "warn", today) | _not_updated(by_stage, today)
    return idle | not_started_for(rules.start_warn, today) | behind_by(rules.behind_warn, today)


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
    """Return the lights of each unit's projects in which the person's units act, most red ones first, in one query.

    Each project is asked once which light it has, and counted by unit and light.
    """
    seen = Project.objects.permitted(by).filter(ours(by), status=stages.ONGOING).order_by()
    placed = seen.annotate(light=light_said(today)).values_list(
        Coalesce("host_unit", "reporter_unit"),
        Coalesce(brief_name("host_unit__"), brief_name("reporter_unit__")),
        "light",
    )
    rows = placed.annotate(
        n=Count("pk"), leave=Count("pk", filter=to_leave(today)), oldest=Min("progress_at")
    )
    found: dict[int, UnitLights] = {}
    for unit, name, code, count, leave, oldest in rows:
        known = found.get(unit) or UnitLights(unit, name, dict.fromkeys(stages.LIGHTS, 0), 0, None)
        since = min(moment for moment in (known.oldest, oldest) if moment is not None)
        counts = known.counts | ({code: count} if code else {})
        found[unit] = UnitLights(unit, name, counts, known.to_leave + leave, since)
    return sorted(
        found.values(), key=lambda item: (-item.counts[stages.RED], -item.counts[stages.YELLOW], item.name)
    )
