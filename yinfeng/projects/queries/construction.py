"""What the pages of construction ask: one project's months, milestones, builders and bottlenecks; what the rules propose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
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

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.scopes import with_actions
from yinfeng.duties import queries as duties
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
from yinfeng.projects.queries.schedule import (
    month_of,
    months_between,
    months_later,
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


def every_month(months: Sequence[Month]) -> list[Month]:
    """Return the months with those between that are missing, in which nothing was planned or reported: the sums stay."""
    found = list(months[:1])
    for month in months[1:]:
        while found[-1].month < months_later(month.month, -1):
            last = found[-1]
            so_far = last.invested_sum if month.invested_sum is not None else None
            found.append(
                Month(months_later(last.month, 1), None, last.planned_sum, last.planned_percent, None, so_far)
            )
        found.append(month)
    return found


def milestones_of(project: Project, by: Actor | None = None) -> list[Milestone]:
    """Return the milestones of a project in the order of the profile's table; for ``by`` with the duty set from each."""
    order = {entry.code: number for number, entry in enumerate(core.entries("milestone"))}
    found: QuerySet[Any] = Milestone.objects.filter(project=project)
    if by is not None:
        found = duties.with_duty(found, by)
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
    """Return the bottlenecks of a project, open ones first, with what the person may do on each and the duty set from it."""
    found = with_actions(Bottleneck.objects.filter(project=project), by, ("change", "solve"))
    rows = duties.with_duty(found, by).select_related("unit", "project").order_by("due_date", "pk")
    return sorted(rows, key=lambda row: row.state != stages.OPEN)


def proposed_plan(project: Project) -> list[tuple[date, Decimal, Decimal]]:
    """Return a plan to begin with: the fixed investment spread evenly from the planned start to the planned completion.

    Of one that has started from then on. Of each month: yuan in whole 万元, and how far the works are at its end, in per cent.
    """
    start, end, whole = project.planned_start_date, project.planned_completion_date, project.fixed_investment
    if start is None or end is None or not whole or end < start:
        return []
    # What lies before the start nobody reports unasked, and before the signing nobody could.
    start = project.started_date or max(start, project.signed_date or start)
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
