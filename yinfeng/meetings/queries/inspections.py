"""Reading inspections (督查, clause 1.4): who could be drawn, who is looked at, what was found and whether it was put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from yinfeng.core import events
from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.conditions import Condition
from yinfeng.core.scopes import with_actions
from yinfeng.duties import queries as duties
from yinfeng.duties import terms
from yinfeng.duties.models import Duty
from yinfeng.meetings import inspecting
from yinfeng.meetings.models import Draw, Finding, Inspection, Subject
from yinfeng.orgs.models import Person, Unit
from yinfeng.orgs.queries import Joined, people, units_today
from yinfeng.projects.models import Project
from yinfeng.projects.queries import condition_of

MOST_DRAWN = 200  # subjects of one inspection: nobody visits more

# --- sampling -----------------------------------------------------------------------------------------------------


def strata_of(inspection: Inspection, by: Actor, day: date) -> dict[str, list[int]]:
    """Return the ids of everything that can be drawn, in the actor's sight, by stratum: one, or the unit that holds a project."""
    if inspection.population == inspecting.UNITS:
        units = units_today().filter(kind__in=inspection.unit_kinds).exclude(pk=inspection.unit_id)
        return {"": sorted(units.values_list("pk", flat=True))}
    condition = condition_of(inspection.condition)
    found = Project.objects.permitted(by)
    if condition is not None:
        found = found.filter(condition.q(day))
    strata: dict[str, list[int]] = {}
    rows = found.annotate(holder=Coalesce("host_unit", "reporter_unit")).order_by("holder", "pk")
    for pk, holder in rows.values_list("pk", "holder"):
        strata.setdefault(str(holder) if inspection.per_unit else "", []).append(pk)
    return strata


def condition_in_words(inspection: Inspection) -> str:
    """Return of which projects an inspection draws, in words; empty: of all."""
    condition = sampling_condition(inspection)
    return condition.words if condition is not None else ""


def sampling_condition(inspection: Inspection) -> Condition | None:
    """Return the condition of the projects that can be drawn; None of all."""
    return condition_of(inspection.condition)


def draws_of(inspection: Inspection) -> list[Draw]:
    """Return the draws of an inspection, the newest first."""
    return list(draw_rows(inspection).select_related("drawn_by").order_by("-number"))


def stratum_names(draws: Sequence[Draw]) -> dict[str, str]:
    """Return the names of the units by which draws were divided, by their keys in ``strata``."""
    keys = {int(key) for draw in draws for key in draw.strata if key}
    return {str(unit.pk): unit.brief for unit in Unit.objects.filter(pk__in=keys)} if keys else {}


def draw_rows(inspection: Inspection) -> QuerySet[Draw]:
    return Draw.objects.filter(inspection=inspection)


# --- who is looked at, and what was found -------------------------------------------------------------------------


def subjects_of(inspection: Inspection, by: Actor) -> list[Subject]:
    """Return who is looked at, in the actor's sight, each with ``found``: how many findings there are that stand."""
    stands = Finding.objects.filter(subject=OuterRef("pk")).exclude(state=inspecting.WITHDRAWN).order_by()
    found = Coalesce(Subquery(stands.values("subject").annotate(n=Count("pk")).values("n")), 0)
    rows = Subject.objects.permitted(by).filter(inspection=inspection)
    rows = rows.select_related("unit", "project__host_unit", "project__reporter_unit")
    return list(rows.annotate(found=found).order_by("pk"))


def subject_rows(inspection: Inspection, by: Actor) -> QuerySet[Subject]:
    """Return who is looked at, in the actor's sight, for the API."""
    return Subject.objects.permitted(by).filter(inspection=inspection)


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with the duties set to put it right, and what it has come to.

    ``outcome``: the state of the finding, or of one that was ordered: settled (its duty is closed), late or going on.
    """

    finding: Finding
    duties: tuple[Any, ...]
    outcome: str


def findings_of(inspection: Inspection, by: Actor) -> list[Told]:
    """Return what was found, in the actor's sight, with how it stands."""
    rows = Finding.objects.permitted(by).filter(inspection=inspection)
    rows = rows.select_related("unit", "project", "subject__unit", "subject__project").order_by("number")
    return told_findings(list(rows), by)


def standing_findings(inspection: Inspection) -> list[Finding]:
    """Return every finding of an inspection that was not withdrawn."""
    stands = Finding.objects.filter(inspection=inspection).exclude(state=inspecting.WITHDRAWN)
    return list(stands.select_related("inspection").order_by("number"))


def told_findings(findings: Sequence[Finding], by: Actor) -> list[Told]:
    """Return findings with their duties, each with ``may_view``: whether the actor may open it."""
    found: Any = duties.duties_of(findings).select_related("lead_unit").order_by("pk")
    of: dict[int, list[Any]] = {}
    for duty in with_actions(found, by, ["view"]):
        of.setdefault(duty.source_id or 0, []).append(duty)
    today = timezone.localdate()
    return [Told(finding, tuple(of.get(finding.pk, ())), _outcome(finding, of.get(finding.pk, []), today)) for finding in findings]  # fmt: skip


def _outcome(finding: Finding, of: Sequence[Duty], today: date) -> str:
    counted = [duty for duty in of if duty.state != terms.CANCELLED]
    if finding.state != inspecting.ORDERED or not counted:
        return finding.state
    if all(duty.state == terms.CLOSED for duty in counted):
        return inspecting.SETTLED
    going = [duty for duty in counted if duty.state in terms.OPEN]
    return (
        inspecting.LATE
        if any(duties.standing(duty, today) == terms.OVERDUE for duty in going)
        else inspecting.GOING
    )


def with_outcomes(findings: QuerySet[Any], today: date) -> QuerySet[Any]:
    """Bring along with each finding its ``outcome``, as ``told_findings`` says it."""
    own = Duty.objects.filter(source_type=events.type_of(Finding), source_id=OuterRef("pk"))
    going = own.filter(state__in=terms.OPEN)
    late = Q(submitted_date=None) | ~Q(state=terms.SUBMITTED)
    overdue = going.filter(
        late & Q(due_date__lt=today) | Q(state=terms.SUBMITTED, submitted_date__gt=F("due_date"))
    )
    ordered = Q(state=inspecting.ORDERED)
    found: QuerySet[Any] = findings.annotate(
        outcome=Case(
            When(ordered & Exists(overdue), then=Value(inspecting.LATE)),
            When(ordered & Exists(going), then=Value(inspecting.GOING)),
            When(ordered & Exists(own.filter(state=terms.CLOSED)), then=Value(inspecting.SETTLED)),
            default=F("state"),
            output_field=CharField(),
        )
    )
    return found


def counts_of(inspection: Inspection) -> dict[str, int]:
    """Return how many subjects there are and how many of them are not visited, how many findings wait and are ordered.

    A page has read them with the row (``with_counts``).
    """
    known = {name: inspection.__dict__.get(name) for name in COUNTS}
    if None in known.values():
        found = with_counts(Inspection.objects.filter(pk=inspection.pk)).values(*COUNTS).get()
        return {name: int(found[name] or 0) for name in COUNTS}
    return {name: int(known[name] or 0) for name in COUNTS}


COUNTS = ("subject_count", "unvisited_count", "waiting_count", "ordered_count", "finding_count")


def with_counts(inspections: QuerySet[Any]) -> QuerySet[Any]:
    """Bring along with each inspection what ``counts_of`` tells."""

    def counted(rows: QuerySet[Any]) -> Coalesce:
        here = rows.filter(inspection=OuterRef("pk")).order_by().values("inspection")
        return Coalesce(Subquery(here.annotate(n=Count("pk")).values("n")), 0)

    stands = Finding.objects.exclude(state=inspecting.WITHDRAWN)
    found: QuerySet[Any] = inspections.annotate(
        subject_count=counted(Subject.objects.all()),
        unvisited_count=counted(Subject.objects.filter(visited_date=None)),
        waiting_count=counted(Finding.objects.filter(state=inspecting.FOUND)),
        ordered_count=counted(Finding.objects.filter(state=inspecting.ORDERED)),
        finding_count=counted(stands),
    )
    return found


def team_names() -> Subquery:
    """Return for a query of inspections the names of the people of each team as one text, separated by commas."""
    rows: Any = Inspection.team.through._default_manager.filter(inspection=OuterRef("pk")).order_by()
    return Subquery(rows.annotate(all=Joined("person__name")).values("all"), output_field=TextField())


def next_finding(inspection: Inspection) -> int:
    """Return the number of the next finding; the caller holds the inspection."""
    return Finding.objects.filter(inspection=inspection).count() + 1


def is_severity(code: str, day: date) -> bool:
    """Say whether a severity is one of the table in force on a day."""
    return core.codes(inspecting.SEVERITY, day).filter(code=code).exists()


def severity_label(code: str) -> str:
    return core.code_label(inspecting.SEVERITY, code)


# --- what forms offer ---------------------------------------------------------------------------------------------


def inspecting_units(by: Actor) -> QuerySet[Any]:
    """Return the units in whose name the actor runs inspections."""
    reach = by.reach("meetings.inspection.run")
    found = units_today().exclude(kind__in=("collective", "city"))
    return found if reach.everywhere else found.filter(pk__in=reach.units)


def inspectors() -> QuerySet[Person]:
    """Return the people who can be of a team."""
    return people()


def units_to_inspect() -> QuerySet[Unit]:
    """Return the units that can be inspected."""
    found: QuerySet[Unit] = units_today().exclude(kind__in=("collective", "city"))
    return found


def project_by_code(code: str, by: Actor) -> Project | None:
    """Return the project of a number, if the actor sees it."""
    return Project.objects.permitted(by).filter(code=code.strip()).first()
