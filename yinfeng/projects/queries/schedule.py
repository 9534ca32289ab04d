"""Whether a project is built when and as fast as planned: the rules, the months, and the same in SQL (FACTS §1.6, 银川 2025).

“Not started” counts whole months after the one planned: in the month after it 1, and so on. “Behind” counts points of the
planned investment: what the plan has up to the end of the last month whose report is due, less what the reports up to that
month come to, both in per cent of the whole plan. A month that was not reported counts as one in which nothing was
invested; what was invested later waits for its own month, so that all projects are measured at the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from typing import Any

from django.db.models import BigIntegerField, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual

from yinfeng.core import queries as core
from yinfeng.projects import facts, stages
from yinfeng.projects.models import MonthEnd, PlannedMonth, Progress, Project

_SUM: Any = DecimalField(max_digits=26, decimal_places=2)


@dataclass(frozen=True, slots=True)
class ScheduleRules:
    """Months without start, and points behind the plan, from which a light changes; 0: never. ``report_day``: of the month after."""

    start_warn: int = 0
    start_late: int = 0
    behind_warn: int = 0
    behind_late: int = 0
    report_day: int = 0


def schedule_rules(today: date) -> ScheduleRules:
    """Return the rules in force (kind ``schedule``, keys ``start`` and ``behind``)."""
    rules = core.rules("schedule", today)
    start, behind = rules.get("start", {}), rules.get("behind", {})
    return ScheduleRules(
        int(start.get("warn_months") or 0), int(start.get("late_months") or 0),
        int(behind.get("warn_points") or 0), int(behind.get("late_points") or 0), int(behind.get("report_day") or 0),
    )  # fmt: skip


# --- months -------------------------------------------------------------------------------------------------------


def month_of(day: date) -> date:
    """Return the first day of a day's month, by which a month is named."""
    return day.replace(day=1)


def months_later(day: date, months: int) -> date:
    """Return the month so many months after (before, if negative) that of a day."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def months_between(first: date, second: date) -> int:
    """Return how many months the month of the second day lies after that of the first."""
    return (second.year - first.year) * 12 + second.month - first.month


def due_month(today: date) -> date:
    """Return the last month whose report is due: one must be there by the rule's ``report_day`` of the month after."""
    return months_later(today, -1 if today.day > schedule_rules(today).report_day else -2)


# --- one project --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a project's plan has up to the month that is due, what was invested up to it, and the whole plan; yuan."""

    planned: Decimal = Decimal(0)
    invested: Decimal = Decimal(0)
    whole: Decimal = Decimal(0)

    @property
    def points(self) -> Decimal:
        """How many points it is behind (ahead, if negative), to two decimals for people; 0 without a plan."""
        return percent_of_plan(self.planned - self.invested, self.whole)

    def is_behind(self, points: int) -> bool:
        """Say whether it is so many points behind, or more."""
        return bool(self.whole) and 100 * (self.planned - self.invested) >= points * self.whole

    def is_beyond(self, points: int) -> bool:
        """Say whether it is more points behind than that."""
        return bool(self.whole) and 100 * (self.planned - self.invested) > points * self.whole


def percent_of_plan(amount: Decimal, whole: Decimal) -> Decimal:
    """Return what part of the whole plan an amount is, in per cent to two decimals; 0 without a plan."""
    if not whole:
        return Decimal(0)
    return (100 * amount / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)


def months_without_start(project: Project, today: date, *, at_first: bool = False) -> int:
    """Return how many whole months have passed since the one in which a project should have started; 0: it is not late.

    ``at_first``: the month planned first counts, however often it was put off.
    """
    if (
        project.stage not in stages.BEFORE_START
        or not facts.builds(project)
        or not project.planned_start_date
    ):
        return 0
    planned = min(project.planned_start_date, (at_first and project.first_planned_start_date) or date.max)
    return max(months_between(planned, today), 0)


def schedule_of(project: Project, today: date) -> Schedule:
    """Return the schedule that a page has brought along with the project, or ask for it now."""
    if "schedule" not in project.__dict__:
        read_schedules([project], today)
    found: Schedule = project.__dict__["schedule"]
    return found


def read_schedules(
    projects: Iterable[Project], today: date, standing_in: Sequence[str] = stages.UNDER_WAY
) -> None:
    """Bring along the schedules of the projects that are being built, in one query; in none of those read ``with_sums``.

    Lights ask for those alone; ``standing_in`` other stages too, where something may be invested before the start.
    """
    under_way = {project.pk: project for project in projects}
    for project in under_way.values():
        project.__dict__["schedule"] = Schedule()
    wanted = []
    for pk, project in under_way.items():
        if project.stage in standing_in:
            if _SUMS[0] in project.__dict__:
                project.__dict__["schedule"] = schedule_from(*(project.__dict__[name] for name in _SUMS))
            else:
                wanted.append(pk)
    if not wanted:
        return
    for pk, *sums in Project.objects.filter(pk__in=wanted).values_list("pk", *sums_until(due_month(today))):
        under_way[pk].__dict__["schedule"] = schedule_from(*sums)


_SUMS = ("due_planned", "due_invested", "whole_plan")


def with_sums(rows: QuerySet[Project], today: date) -> QuerySet[Project]:
    """Read the few projects of a page together with the sums of their schedules."""
    found: QuerySet[Project] = rows.annotate(**dict(zip(_SUMS, sums_until(due_month(today)), strict=True)))
    return found


BATCH = 500


def with_schedules(
    projects: Iterable[Project], today: date, standing_in: Sequence[str] = stages.UNDER_WAY
) -> Iterator[Project]:
    """Yield the projects with their schedules brought along, some hundreds at a time."""
    yield from in_batches(projects, lambda batch: read_schedules(batch, today, standing_in))


def in_batches(projects: Iterable[Project], bring: Callable[[list[Project]], None]) -> Iterator[Project]:
    """Yield the projects after something was brought along to each batch of them: a file may have a hundred thousand rows."""
    left = iter(projects)
    while batch := list(islice(left, BATCH)):
        bring(batch)
        yield from batch


def sums_until(month: date) -> tuple[Any, Any, Any]:
    """Return the expressions of a project's schedule at the end of a month: planned, invested, the whole plan."""
    return (
        _planned(Sum("investment", filter=Q(month__lte=month))), _invested(month), _planned(Sum("investment"))
    )  # fmt: skip


def schedule_from(planned: Any, invested: Any, whole: Any) -> Schedule:
    """Return the schedule of three sums, each None or a number of yuan as the database adds it up."""
    return Schedule(
        *(Decimal(str(value or 0)).quantize(Decimal("0.01")) for value in (planned, invested, whole))
    )


def _planned(of: Any) -> Subquery:
    rows = PlannedMonth.objects.filter(project=OuterRef("pk")).order_by()
    return Subquery(rows.values("project").annotate(found=of).values("found"), output_field=_SUM)


def _invested(month: date) -> Subquery:
    rows = Progress.objects.filter(project=OuterRef("pk"), replaced_at=None, month__lte=month).order_by()
    return Subquery(rows.values("project").annotate(found=Sum("invested")).values("found"), output_field=_SUM)


# --- many, in SQL -------------------------------------------------------------------------------------------------


def not_started_for(months: int, today: date, *, at_first: bool = False) -> Q:
    """Return the Q of the ongoing projects that so many whole months after the planned one have not started, or more.

    ``at_first``: the month planned first counts, however often it was put off.
    """
    if not months:
        return Q(pk__in=[])
    before = months_later(today, 1 - months)
    late = Q(planned_start_date__lt=before)
    if at_first:
        late |= Q(first_planned_start_date__lt=before, planned_start_date__isnull=False)
    return (
        Q(status=stages.ONGOING, stage__in=stages.BEFORE_START) & late & ~Q(construction_kind=facts.OPENING)
    )


def behind_by(points: int, today: date, *, beyond: bool = False) -> Q:
    """Return the Q of the ongoing projects so many points behind, or more (``beyond``: more than so many).

    100 × (planned − invested) − points × whole at the last month that is due, out of what was added up (``MonthEnd``).
    """
    if not points:
        return Q(pk__in=[])
    ends = MonthEnd.objects.filter(project=OuterRef("pk"), month__lte=due_month(today), whole__gt=0)
    excess = ends.order_by("-month").values(
        excess=100 * (F("planned") - F("invested")) - points * F("whole")
    )[:1]
    known = Coalesce(
        Subquery(excess), Value(-1), output_field=BigIntegerField()
    )  # without a plan nothing is behind it
    compare = GreaterThan if beyond else GreaterThanOrEqual
    return Q(status=stages.ONGOING, stage__in=stages.UNDER_WAY) & Q(compare(known, Value(0)))


def month_ends(project: Project) -> list[MonthEnd]:
    """Return what plan and standing reports of a project come to at the end of each month that one of them has."""
    planned = dict(PlannedMonth.objects.filter(project=project).values_list("month", "investment"))
    reports = Progress.objects.filter(project=project, replaced_at=None)
    invested = dict(reports.order_by().values_list("month", "invested"))
    whole, made = sum(planned.values(), Decimal(0)), []
    sums = [Decimal(0), Decimal(0)]
    for month in sorted({*planned, *invested}):
        sums = [sums[0] + planned.get(month, 0), sums[1] + invested.get(month, 0)]
        made.append(
            MonthEnd(
                project=project, month=month, planned=_fen(sums[0]), invested=_fen(sums[1]), whole=_fen(whole)
            )
        )
    return made


def _fen(yuan: Decimal) -> int:
    return int(yuan * 100)
