"""What the pages of construction ask: one project's months, milestones, builders and bottlenecks; what the rules propose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    CharField,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.scopes import with_actions
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import LANDING_KINDS
from yinfeng.projects import facts, stages
from yinfeng.projects.models import (
    Bottleneck,
    Builder,
    FirstMonth,
    Milestone,
    Photo,
    PlannedMonth,
    Progress,
    Project,
    ProjectQuerySet,
)
from yinfeng.projects.queries.delays import delay_of
from yinfeng.projects.queries.schedule import (
    month_of,
    months_between,
    months_later,
    months_without_start,
    not_started_for,
)

# --- one project --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a project, planned and actual; amounts of the month and cumulative, in yuan; None: nothing is known."""

    month: date
    planned: Decimal | None
    planned_sum: Decimal | None
    planned_percent: Decimal | None
    report: Progress | None
    invested_sum: Decimal | None


def plan_of(project: Project) -> list[PlannedMonth]:
    """Return the months of a project's plan in their order."""
    return list(PlannedMonth.objects.filter(project=project))


def plans_of(project: Project) -> tuple[list[PlannedMonth], list[FirstMonth]]:
    """Return the plan of a project and, of one that was replanned, the plan that stood at first, in one query."""
    names = ("month", "investment", "percent")
    now = PlannedMonth.objects.filter(project=project).values_list(Value(0, IntegerField()), *names)
    first = FirstMonth.objects.filter(project=project).values_list(Value(1, IntegerField()), *names)
    plan: list[PlannedMonth] = []
    at_first: list[FirstMonth] = []
    for leg, month, investment, percent in sorted(now.order_by().union(first.order_by(), all=True)):
        given = {"project": project, "month": month, "investment": investment, "percent": percent}
        if leg:
            at_first.append(FirstMonth(**given))
        else:
            plan.append(PlannedMonth(**given))
    return plan, at_first


def reports_of(project: Project) -> list[Progress]:
    """Return all monthly reports of a project, corrected ones too, the newest month first."""
    return list(Progress.objects.filter(project=project).select_related("reported_by"))


def standing_report(project: Project, month: date) -> Progress | None:
    """Return the report that stands of a month."""
    standing = Progress.objects.filter(project=project, month=month, replaced_at=None)
    return standing.select_related("reported_by").first()


def month_to_report(project: Project, plan: Sequence[PlannedMonth], today: date) -> date | None:
    """Return the first month up to this one that has no report, from the first one planned or the start on, the signing if
    there is neither; None when all are reported."""
    begins = [*(row.month for row in plan[:1]), *filter(None, [project.started_date])]
    first = month_of(min(begins, default=project.signed_date or today))
    if project.signed_date:  # what lies before nobody may report
        first = max(first, month_of(project.signed_date))
    standing = Progress.objects.filter(project=project, replaced_at=None)
    reported = set(standing.values_list("month", flat=True))
    months = (months_later(first, number) for number in range(months_between(first, today) + 1))
    return next((month for month in months if month not in reported), None)


def neighbours(project: Project, month: date) -> tuple[Progress | None, Progress | None]:
    """Return the reports that stand of the nearest months before and after one."""
    standing = Progress.objects.filter(project=project, replaced_at=None)
    before = standing.filter(month__lt=month).order_by("-month").first()
    return before, standing.filter(month__gt=month).order_by("month").first()


def months_of(plan: Sequence[PlannedMonth], reports: Sequence[Progress]) -> list[Month]:
    """Return the months of a plan and of the reports that stand, in their order, with what they come to together."""
    planned = {row.month: row for row in plan}
    reported = {row.month: row for row in reports if row.replaced_at is None}
    last = max(reported, default=None)
    found, planned_sum, invested_sum = [], Decimal(0), Decimal(0)
    percent = Decimal(0)
    for month in sorted(planned.keys() | reported.keys()):
        row, report = planned.get(month), reported.get(month)
        if row:
            planned_sum, percent = planned_sum + row.investment, row.percent
        if report:
            invested_sum += report.invested
        found.append(
            Month(
                month, row.investment if row else None, planned_sum if plan else None, percent if plan else None,
                report, invested_sum if last and month <= last else None,
            )
        )  # fmt: skip
    return found


def milestones_of(project: Project) -> list[Milestone]:
    """Return the milestones of a project in the order of the profile's table."""
    order = {entry.code: number for number, entry in enumerate(core.entries("milestone"))}
    found = Milestone.objects.filter(project=project)
    return sorted(found, key=lambda row: (order.get(row.kind, len(order)), row.pk))


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm that builds a project now."""

    pk: int
    role: str
    name: str
    contact: str
    since: date
    enterprise: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph of the site: its file, and the month it shows."""

    file: UUID
    name: str
    month: date


_FIRM, _PICTURE = range(2)


def beside(project: Project) -> tuple[list[Firm], list[Picture]]:
    """Return who builds a project now, in the order of the roles, and its photographs that were not taken off, in one query."""
    firms = Builder.objects.filter(project=project, until=None).values_list(
        Value(_FIRM, IntegerField()), "pk", "role", "name", "contact", "since", "enterprise_id"
    )
    photos = Photo.objects.filter(project=project, attachment__removed_at=None).values_list(
        Value(_PICTURE, IntegerField()), "pk", Cast("attachment_id", CharField()), "attachment__name",
        Value("", CharField()), "month", Value(None, BigIntegerField()),
    )  # fmt: skip
    found: tuple[list[Firm], list[Picture]] = ([], [])
    for leg, pk, first, name, contact, day, firm in firms.order_by().union(photos.order_by(), all=True):
        if leg == _FIRM:
            found[0].append(Firm(pk, first, name, contact, day, firm))
        else:
            found[1].append(Picture(UUID(first), name, day))
    order = list(stages.BUILDER_ROLES)
    return (
        sorted(found[0], key=lambda row: (order.index(row.role), row.pk)),
        sorted(found[1], key=lambda row: row.month),
    )


def days_of(row: Bottleneck, today: date) -> int:
    """Return for how many days a project has stood still, or did until that was closed."""
    return ((row.closed_date or today) - row.since_date).days


def still_open(project: Project) -> int:
    """Return how many bottlenecks are open on a project."""
    return project.bottlenecks.filter(state=stages.OPEN).count()


def bottlenecks_of(project: Project, by: Actor) -> list[Bottleneck]:
    """Return the bottlenecks of a project, open ones first, with what the person may do on each."""
    found = with_actions(Bottleneck.objects.filter(project=project), by, ("change", "solve"))
    rows = found.select_related("unit", "project").order_by("due_date", "pk")
    return sorted(rows, key=lambda row: row.state != stages.OPEN)


def proposed_plan(project: Project) -> list[tuple[date, Decimal, Decimal]]:
    """Return a plan to begin with: the fixed investment spread evenly from the planned start to the planned completion.

    Of each month: yuan in whole 万元, and how far the works are at its end, in per cent.
    """
    start, end, whole = project.planned_start_date, project.planned_completion_date, project.fixed_investment
    if start is None or end is None or not whole or end < start:
        return []
    if project.signed_date:  # what lies before nobody could report
        start = max(start, project.signed_date)
    if end < start:
        return []
    count = min(months_between(start, end) + 1, MOST_MONTHS)
    marks = [Decimal(int(whole * number / count / 10_000) * 10_000) for number in range(count)] + [whole]
    return [
        (
            months_later(start, number), marks[number + 1] - marks[number],
            (Decimal(100) * (number + 1) / count).quantize(Decimal("0.1")),
        )
        for number in range(count)
    ]  # fmt: skip


MOST_MONTHS = 120


def to_solve(by: Actor) -> QuerySet[Bottleneck]:
    """Return the open bottlenecks that the person's units must solve; who may solve any has those of his own unit."""
    waiting = Bottleneck.objects.permitted(by, "solve").filter(state=stages.OPEN)
    everywhere = by.reach("projects.bottleneck.solve").everywhere
    return waiting.filter(unit=by.unit_id) if everywhere else waiting


def for_the_city(today: date) -> Q:
    """Return the Q of the open bottlenecks that wait for the city (市级协调, clause 1.2): a unit of no district or zone must
    solve them, or the day by which they were to be solved is past."""
    local = Unit.objects.filter(kind__in=LANDING_KINDS).annotate(
        inner=ExpressionWrapper(OuterRef("unit__path"), CharField())
    )
    return Q(state=stages.OPEN) & (
        Q(due_date__lt=today) | Q(~Exists(local.filter(inner__startswith=F("path"))))
    )


# --- all projects in sight ----------------------------------------------------------------------------------------


def under_construction(by: Actor) -> ProjectQuerySet:
    """Return the ongoing projects in sight that are to be built or are being built: from signing to completion."""
    seen: ProjectQuerySet = Project.objects.permitted(by).filter(
        status=stages.ONGOING, stage__in=(*stages.BEFORE_START, *stages.UNDER_WAY)
    )
    return seen.exclude(construction_kind=facts.OPENING)


@dataclass(frozen=True, slots=True)
class Line:
    """What the list says of a project: its next milestone and the day planned, and how many bottlenecks are open."""

    kind: str = ""
    day: date | None = None
    bottlenecks: int = 0


def read_lines(projects: Iterable[Project]) -> None:
    """Bring along the line of each project, in one query."""
    known = {project.pk: project for project in projects}
    ahead = Milestone.objects.filter(project__in=known, actual_date=None, planned_date__isnull=False)
    still = Bottleneck.objects.filter(project__in=known, state=stages.OPEN)
    rows = ahead.order_by().values_list("project", "kind", "planned_date", "pk").union(
        still.order_by().values_list("project", Value("", CharField()), Value(None, DateField(null=True)), "pk"), all=True
    )  # fmt: skip
    next_ones: dict[int, tuple[date, int, str]] = {}
    counts: Counter[int] = Counter()
    for project, kind, day, pk in rows:
        if day is None:
            counts[project] += 1
        else:
            next_ones[project] = min(next_ones.get(project, (date.max, 0, "")), (day, pk, kind))
    for pk, row in known.items():
        day, _pk, kind = next_ones.get(pk, (None, 0, ""))
        row.__dict__["line"] = Line(kind, day, counts[pk])


def with_open_bottleneck(kind: str = "") -> Q:
    """Return the Q of the projects on which a bottleneck (of a kind) is open."""
    rows = Bottleneck.objects.filter(state=stages.OPEN)
    return Q(pk__in=(rows.filter(kind=kind) if kind else rows).values("project"))


# --- what the rules propose ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncentiveRules:
    """From when on incentive or penalty is proposed: days completed early; months without start and the points it costs."""

    ahead_days: int = 0
    overdue_months: int = 0
    points: str = ""


def incentive_rules(today: date) -> IncentiveRules:
    """Return the rules in force (kind ``construction``, keys ``early_completion`` and ``start_overdue``)."""
    rules = core.rules("construction", today)
    early, overdue = rules.get("early_completion", {}), rules.get("start_overdue", {})
    return IncentiveRules(
        int(early.get("ahead_days") or 0),
        int(overdue.get("months") or 0),
        str(overdue.get("points") or ""),
    )


@dataclass(frozen=True, slots=True)
class Incentive:
    """Incentive or penalty that a rule proposes, and the sentence why; nothing is paid or scored by it."""

    kind: str
    reason: Sentence


def incentives_of(project: Project, today: date) -> list[Incentive]:
    """Return what the rules propose for how a project is built."""
    return [*_incentive(project, today), *_penalty(project, today)]


_OVER = (stages.LOST, stages.ENDED)


def _incentive(project: Project, today: date) -> Iterator[Incentive]:
    """Propose an incentive for a completion so many days before the one planned (clause 3.2.3; the days are the profile's).

    Of a day that was put off the first one counts: nobody earns by planning later.
    """
    rules, planned, done = incentive_rules(today), project.planned_completion_date, project.completed_date
    if not rules.ahead_days or planned is None or done is None or project.status in _OVER:
        return
    planned = min(planned, project.first_planned_completion_date or planned)
    ahead = (planned - done).days
    if ahead >= rules.ahead_days:
        told = {"days": ahead, "limit": rules.ahead_days, "done": done, "planned": planned}
        yield Incentive(
            stages.INCENTIVE,
            _("%(done)s 竣工，比计划（%(planned)s）提前 %(days)s 天，满 %(limit)s 天可予激励") % told,
        )


def _penalty(project: Project, today: date) -> Iterator[Incentive]:
    """Propose a penalty for a start overdue beyond the limit (FACTS §1.6, 某地级市 2024: −0.1 point each).

    Of a day that was put off the first one counts: nobody escapes by planning later.
    """
    rules, months = incentive_rules(today), months_without_start(project, today, at_first=True)
    if project.status == stages.ONGOING and rules.overdue_months and months >= rules.overdue_months:
        planned = min(filter(None, [project.planned_start_date, project.first_planned_start_date]))
        told = {
            "planned": f"{planned:%Y-%m}",
            "months": months,
            "limit": rules.overdue_months,
        }
        reason = _("计划 %(planned)s 开工，已过 %(months)s 个月没有开工，满 %(limit)s 个月的时限") % told
        if delay := delay_of(project, "planned_start_date"):
            reason += f"（{delay.told_with_first}）"
        yield Incentive(
            stages.PENALTY,
            reason + (_("，建议考核计 %(points)s 分") % {"points": rules.points} if rules.points else ""),
        )


def proposed(kind: str, today: date) -> Q:
    """Return the Q of the projects for which a kind is proposed."""
    rules = incentive_rules(today)
    if kind == stages.PENALTY:
        return not_started_for(rules.overdue_months, today, at_first=True)
    if not rules.ahead_days:
        return Q(pk__in=[])
    by_now, at_first = (
        Q(completed_date__lte=_days_before(name, rules.ahead_days))
        for name in ("planned_completion_date", "first_planned_completion_date")
    )
    not_put_off = Q(first_planned_completion_date=None)
    return ~Q(status__in=_OVER) & by_now & (not_put_off | at_first)


def _days_before(field: str, days: int) -> Any:
    return ExpressionWrapper(F(field) - timedelta(days=days), output_field=DateField())


def with_incentives(by: Actor, today: date) -> ProjectQuerySet:
    """Return the projects in sight for which the rules propose something."""
    found: ProjectQuerySet = Project.objects.permitted(by).filter(
        proposed(stages.INCENTIVE, today) | proposed(stages.PENALTY, today)
    )
    return found
