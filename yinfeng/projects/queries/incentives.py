"""What the profile's rules propose for how a project is built: an incentive, or penalties, each with its reason in words.

Worked out on reading, once for one project and once in SQL for many; nothing is paid or scored by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import ExtractMonth, ExtractYear
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.projects import facts, stages
from yinfeng.projects.models import Progress, Project, ProjectQuerySet
from yinfeng.projects.queries.delays import delay_of
from yinfeng.projects.queries.schedule import (
    behind_by,
    due_month,
    months_between,
    months_without_start,
    not_started_for,
    schedule_of,
    with_sums,
)


@dataclass(frozen=True, slots=True)
class Penalty:
    """From which limit on a rule proposes a penalty, and what: points of the assessment, or a measure in words."""

    limit: int
    points: str = ""
    measure: str = ""

    @property
    def told(self) -> str:
        """What is proposed, in words; empty when the rule leaves it open."""
        if self.points:
            return _("，建议考核计 %(points)s 分") % {"points": self.points}
        return _("，建议%(measure)s") % {"measure": self.measure} if self.measure else ""


@dataclass(frozen=True, slots=True)
class IncentiveRules:
    """Days completed early from which an incentive is proposed, the per cent of the works that reports must have come to,
    and the penalties by the key of their rule."""

    ahead_days: int = 0
    least_percent: int = 0
    penalties: Mapping[str, Penalty] = field(default_factory=dict)


# What the limit of each rule of a penalty counts.
LIMITS = {
    "start_overdue": "months", "late_start": "months", "behind": "points_behind", "late_completion": "days",
}  # fmt: skip


def incentive_rules(today: date) -> IncentiveRules:
    """Return the rules in force (kind ``construction``)."""
    rules = core.rules("construction", today)
    early = rules.get("early_completion", {})
    limits = {key: int(rules.get(key, {}).get(name) or 0) for key, name in LIMITS.items()}
    return IncentiveRules(
        int(early.get("ahead_days") or 0),
        int(early.get("least_percent") or 0),
        {
            key: Penalty(limit, str(rules[key].get("points") or ""), str(rules[key].get("measure") or ""))
            for key, limit in limits.items()
            if limit
        },
    )


@dataclass(frozen=True, slots=True)
class Incentive:
    """Incentive or penalty that a rule proposes, and the sentence why; nothing is paid or scored by it."""

    kind: str
    reason: Sentence


def incentives_of(project: Project, today: date) -> list[Incentive]:
    """Return what the rules propose for how a project is built."""
    return [*_incentive(project, today), *_penalties(project, today)]


def _first(project: Project, name: str) -> date | None:
    """Return a planned day as it was first: nobody earns or escapes by planning later."""
    planned: date | None = getattr(project, name)
    return planned and min(planned, getattr(project, f"first_{name}") or planned)


# --- an incentive -------------------------------------------------------------------------------------------------


def _incentive(project: Project, today: date) -> Iterator[Incentive]:
    """Propose an incentive for a completion so many days before the one planned (clause 3.2.3; the days are the profile's).

    Only where the works were reported to be as far as the rule asks: a completion that no report bears out earns nothing.
    """
    rules, planned, done = (
        incentive_rules(today),
        _first(project, "planned_completion_date"),
        project.completed_date,
    )
    if not rules.ahead_days or planned is None or done is None or project.status in stages.OVER:
        return
    ahead = (planned - done).days
    if ahead >= rules.ahead_days and (not rules.least_percent or works_of(project) >= rules.least_percent):
        told = {"days": ahead, "limit": rules.ahead_days, "done": done, "planned": planned}
        yield Incentive(
            stages.INCENTIVE,
            _("%(done)s 竣工，比计划（%(planned)s）提前 %(days)s 天，满 %(limit)s 天可予激励") % told,
        )


def works_of(project: Project) -> Decimal:
    """Return how far the works are by the newest report, in per cent; a page of many brings it along."""
    if "works" not in project.__dict__:
        newest = _standing().filter(project=project).order_by("-month").values_list("percent", flat=True)
        project.__dict__["works"] = newest.first()
    return project.__dict__["works"] or Decimal(0)


def _standing() -> QuerySet[Progress]:
    return Progress.objects.filter(replaced_at=None)


def _early(rules: IncentiveRules) -> Q:
    if not rules.ahead_days:
        return Q(pk__in=[])
    by_now, at_first = (
        Q(completed_date__lte=_days_from(name, -rules.ahead_days))
        for name in ("planned_completion_date", "first_planned_completion_date")
    )
    found = ~Q(status__in=stages.OVER) & by_now & (Q(first_planned_completion_date=None) | at_first)
    if rules.least_percent:
        later = _standing().filter(project=OuterRef("project"), month__gt=OuterRef("month"))
        borne_out = _standing().filter(project=OuterRef("pk"), percent__gte=rules.least_percent)
        found &= Q(Exists(borne_out.exclude(Exists(later))))
    return found


def _days_from(name: str, days: int) -> Any:
    return ExpressionWrapper(F(name) + timedelta(days=days), output_field=DateField())


# --- penalties ----------------------------------------------------------------------------------------------------


def _penalties(project: Project, today: date) -> Iterator[Incentive]:
    """Propose the penalties of the rules that a project has come to."""
    if project.status != stages.ONGOING or not facts.builds(project):
        return
    for key, rule in incentive_rules(today).penalties.items():
        if reason := _REASONS[key](project, today, rule.limit):
            yield Incentive(stages.PENALTY, reason + rule.told)


def _start_overdue(project: Project, today: date, limit: int) -> str:
    """Say that a project has not started so many months after the one planned (FACTS §1.6, 某地级市 2024: −0.1 point each)."""
    months = months_without_start(project, today, at_first=True)
    planned = _first(project, "planned_start_date")
    if planned is None or months < limit:
        return ""
    told = {"planned": f"{planned:%Y-%m}", "months": months, "limit": limit}
    reason = _("计划 %(planned)s 开工，已过 %(months)s 个月没有开工，满 %(limit)s 个月的时限") % told
    delay = delay_of(project, "planned_start_date")
    return reason + (f"（{delay.told_with_first}）" if delay else "")


def _late_start(project: Project, today: date, limit: int) -> str:
    """Say that a project started so many months after the one planned, counted as those without start are."""
    planned, started = _first(project, "planned_start_date"), project.started_date
    if planned is None or started is None or months_between(planned, started) < limit:
        return ""
    told = {
        "planned": planned, "started": started, "days": (started - planned).days, "limit": limit,
    }  # fmt: skip
    return _("%(started)s 开工，比计划（%(planned)s）晚 %(days)s 天，满 %(limit)s 个月的时限") % told


def _behind(project: Project, today: date, limit: int) -> str:
    """Say that a project lies so many points behind its plan, at the last month that is due (FACTS §1.6, 银川 2025)."""
    if project.stage not in stages.UNDER_WAY:
        return ""
    schedule = schedule_of(project, today)
    if not schedule.is_behind(limit):
        return ""
    told = {"month": f"{due_month(today):%Y-%m}", "points": f"{schedule.points:f}", "limit": limit}
    return _("到 %(month)s 投资落后计划 %(points)s 个百分点，满 %(limit)s 个百分点的界限") % told


def _late_completion(project: Project, today: date, limit: int) -> str:
    """Say that a project was completed so many days after the day planned, or is being built so long after it."""
    planned, done = _first(project, "planned_completion_date"), project.completed_date
    is_awaited = project.stage in stages.UNDER_WAY
    if planned is None or not (done or is_awaited):
        return ""
    days = ((done or today) - planned).days
    if days < limit:
        return ""
    told = {"planned": planned, "done": done, "days": days, "limit": limit}
    if done:
        return _("%(done)s 竣工，比计划（%(planned)s）晚 %(days)s 天，满 %(limit)s 天的时限") % told
    return _("计划 %(planned)s 竣工，已过 %(days)s 天没有竣工，满 %(limit)s 天的时限") % told


_REASONS: Mapping[str, Callable[[Project, date, int], str]] = {
    "start_overdue": _start_overdue, "late_start": _late_start, "behind": _behind, "late_completion": _late_completion,
}  # fmt: skip


def _month_number(name: str) -> Any:
    return ExpressionWrapper(ExtractYear(name) * 12 + ExtractMonth(name), output_field=IntegerField())


def _started_late(limit: int, today: date) -> Q:
    started = _month_number("started_date")
    by_now, at_first = (
        Q(GreaterThanOrEqual(started - _month_number(name), Value(limit)))
        for name in ("planned_start_date", "first_planned_start_date")
    )
    return Q(planned_start_date__isnull=False) & (by_now | at_first)


def _completed_late(limit: int, today: date) -> Q:
    names = ("planned_completion_date", "first_planned_completion_date")
    done = Q(completed_date__gte=_days_from(names[0], limit)) | Q(
        completed_date__gte=_days_from(names[1], limit)
    )
    before = today - timedelta(days=limit)
    awaited = Q(planned_completion_date__lte=before) | Q(first_planned_completion_date__lte=before)
    return Q(planned_completion_date__isnull=False) & (
        done | awaited & Q(completed_date=None, stage__in=stages.UNDER_WAY)
    )


_FOUND: Mapping[str, Callable[[int, date], Q]] = {
    "start_overdue": lambda limit, today: not_started_for(limit, today, at_first=True),
    "late_start": _started_late,
    "behind": behind_by,
    "late_completion": _completed_late,
}


def _penalised(rules: IncentiveRules, today: date) -> Q:
    any_of = Q(pk__in=[])
    for key, rule in rules.penalties.items():
        any_of |= _FOUND[key](rule.limit, today)
    return Q(status=stages.ONGOING) & ~Q(construction_kind=facts.OPENING) & any_of


# --- many ---------------------------------------------------------------------------------------------------------


def proposed(kind: str, today: date) -> Q:
    """Return the Q of the projects for which a kind is proposed."""
    rules = incentive_rules(today)
    return _penalised(rules, today) if kind == stages.PENALTY else _early(rules)


def with_incentives(by: Actor, today: date) -> ProjectQuerySet:
    """Return the projects in sight for which the rules propose something, with how far their works and investment are."""
    rows = Project.objects.permitted(by).filter(
        proposed(stages.INCENTIVE, today) | proposed(stages.PENALTY, today)
    )
    newest = _standing().filter(project=OuterRef("pk")).order_by("-month").values("percent")
    found: Any = with_sums(rows, today).annotate(works=Subquery(newest[:1]))
    return found  # type: ignore[no-any-return]
