"""The scheduling board (clause 1.2): the major projects of each working group, for what each waits and who must act.

What a project waits for is derived from what is recorded: the first that holds of a claim that waits to be verified, a step
back that waits to be approved, a transfer under way, a next step whose day has passed, facts that the next stage asks for, a
start that was missed, investment behind the plan, and another yellow or red light. All in SQL, so that the board is narrowed by it without reading the rows.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from yinfeng.orgs.queries import brief_name
from yinfeng.projects import facts, stages
from yinfeng.projects.models import Bottleneck, Claim, Participation, Project, StepBack, TeamMember, Transfer
from yinfeng.projects.queries.lights import lit
from yinfeng.projects.queries.personal import major
from yinfeng.projects.queries.records import name_of
from yinfeng.projects.queries.schedule import behind_by, not_started_for, schedule_rules


def of_group(group: int) -> Q:
    """Return the Q of the projects in which a working group takes part."""
    rows = Participation.objects.filter(unit=group, part__in=stages.GROUP_PARTS, until=None)
    return Q(pk__in=rows.values("project"))


def scheduled(projects: QuerySet[Project], today: date) -> QuerySet[Any]:
    """Return the ongoing major projects, each with the code of what it ``waits`` for."""
    found = projects.filter(major(today), status=stages.ONGOING)
    return found.annotate(waits=_waits(today))


def _waits(today: date) -> Case:
    passed = Q(next_date__lt=today)
    return Case(
        When(Exists(_claims()), then=Value(stages.CLAIM)),
        When(Exists(_steps()), then=Value(stages.STEP_BACK)),
        When(Exists(_transfers()), then=Subquery(_transfers().values("state")[:1])),
        When(passed, then=Value(stages.NEXT_STEP)),
        When(facts.lacking_for_next(), then=Value(stages.LACKING)),
        When(_unstarted(today), then=Value(stages.UNSTARTED)),
        When(_behind(today), then=Value(stages.BEHIND)),
        When(lit(stages.YELLOW, today) | lit(stages.RED, today), then=Value(stages.SILENT)),
        default=Value(stages.NOTHING),
        output_field=CharField(),
    )


def _unstarted(today: date) -> Q:
    rules = schedule_rules(today)
    return not_started_for(rules.start_warn, today) | not_started_for(rules.start_late, today)


def _behind(today: date) -> Q:
    rules = schedule_rules(today)
    return behind_by(rules.behind_warn, today) | behind_by(rules.behind_late, today, beyond=True)


def must_act(who: str) -> Q:
    """Return the Q of those of the ``scheduled`` projects in which somebody of ``MUST_ACT`` must act."""
    return Q(waits__in=[code for code, actor in stages.WAITS_FOR.items() if actor == who])


def _claims() -> QuerySet[Claim]:
    return Claim.objects.filter(project=OuterRef("pk"), state=stages.SUBMITTED).order_by("entered_at", "pk")


def _steps() -> QuerySet[StepBack]:
    return StepBack.objects.filter(project=OuterRef("pk"), state=stages.ASKED).order_by("asked_at", "pk")


def _transfers() -> QuerySet[Transfer]:
    return Transfer.objects.filter(project=OuterRef("pk"), state__in=stages.OPEN_TRANSFERS).order_by("pk")


def _bottlenecks() -> QuerySet[Bottleneck]:
    return Bottleneck.objects.filter(project=OuterRef("pk"), state=stages.OPEN).order_by("due_date", "pk")


def with_particulars(projects: QuerySet[Any]) -> QuerySet[Any]:
    """Return scheduled projects with what their sentences tell: the claim, step or transfer that waits, who leads, and the
    open bottleneck that is due first."""
    sides = {
        "giver": Subquery(_transfers().annotate(brief=brief_name("from_unit__")).values("brief")[:1]),
        "taker": Subquery(_transfers().annotate(brief=brief_name("to_unit__")).values("brief")[:1]),
    }
    leaders = TeamMember.objects.filter(project=OuterRef("pk"), is_leader=True, until=None).order_by("pk")
    found: QuerySet[Any] = projects.annotate(
        claimed=Subquery(_claims().values("kind")[:1]), claimed_at=Subquery(_claims().values("entered_at")[:1]),
        target=Subquery(_steps().values("target")[:1]), asked_at=Subquery(_steps().values("asked_at")[:1]),
        passed_at=Subquery(_transfers().values("updated_at")[:1]), **sides,
        stuck=Subquery(_bottlenecks().values("what")[:1]), stuck_until=Subquery(_bottlenecks().values("due_date")[:1]),
        solver=Subquery(_bottlenecks().annotate(brief=brief_name("unit__")).values("brief")[:1]),
        leader=Coalesce(Subquery(leaders.annotate(shown=name_of("user")).values("shown")[:1]), Value("")),
    )  # fmt: skip
    return found
