"""Whose turn it is at which gate: the projects that wait for a body to decide, in one query over all of them.

What ``chain_of`` and ``steps_of`` say of one project, said of many: its chain is the first whose condition it fulfils while it
is known of every earlier one that it does not; its gate the first of the chain that is not passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Case, CharField, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Concat
from django.utils import timezone

from yinfeng.core.actors import Actor
from yinfeng.meetings import gating
from yinfeng.meetings.models import GateDecision
from yinfeng.meetings.queries.gates import Chain, Gate, gate_chains
from yinfeng.orgs.models import Body
from yinfeng.projects import stages
from yinfeng.projects.models import Project

RECORD = "meetings.gate.record"
MOST = 100  # of those whose turn it is; the list has them all


def turn_key(chain: Chain, gate: Gate) -> str:
    """Return by which word a query, a filter and an address name a gate of a chain."""
    return f"{chain.code}:{gate.code}"


def turns(day: date) -> dict[str, tuple[Chain, Gate]]:
    """Return the gates of the chains in force on a day by their keys, in order."""
    return {turn_key(chain, gate): (chain, gate) for chain in gate_chains(day) for gate in chain.gates}


def _applied(day: date) -> Iterator[tuple[Chain, Q]]:
    """Yield each chain with the Q of the projects to which it applies."""
    earlier = Q(pk__isnull=False)
    for chain in gate_chains(day):
        yield chain, earlier & chain.condition.q(day)
        earlier &= chain.condition.no(day)


def _passed(chain: Chain, gate: Gate) -> Exists:
    at = GateDecision.objects.filter(
        project=OuterRef("pk"), chain=chain.code, gate=gate.code, state=gating.PASSED
    )
    return Exists(at)


def _is_before(chain: Chain) -> Q:
    """Return the Q of the projects that have not reached the stage before which the chain is to be passed."""
    if not chain.before_stage:
        return Q(pk__isnull=False)
    return Q(stage__in=[stage for stage in stages.ORDER if not stages.reached(stage, chain.before_stage)])


def with_turn(projects: QuerySet[Any], day: date) -> QuerySet[Any]:
    """Keep the projects that wait at a gate, each with its key as ``turn``.

    A project that has reached the stage before which its chain was to be passed waits no more.
    """
    cases, any_chain = [], Q(pk__in=[])
    for chain, applies in _applied(day):
        if chain.gates:
            here = applies & _is_before(chain)
            any_chain |= here
            cases += [
                When(here & ~Q(_passed(chain, gate)), then=Value(turn_key(chain, gate)))
                for gate in chain.gates
            ]
    turn = Case(*cases, default=Value(""), output_field=CharField())
    found: QuerySet[Any] = projects.filter(any_chain).annotate(turn=turn).exclude(turn="")
    return found


def at_gates(by: Actor, day: date) -> QuerySet[Any]:
    """Return the ongoing projects in sight that wait at a gate, each with its ``turn``."""
    return with_turn(Project.objects.permitted(by).filter(status=stages.ONGOING), day)


def with_since(projects: QuerySet[Any], day: date) -> QuerySet[Any]:
    """Bring along with projects at a gate since when they wait there, and when the body refused them last.

    ``waits_since`` is the day of the last pass of their chain, or the one on which the project was entered; ``refused_date`` is
    None where nothing was refused at this gate.
    """
    chain = Case(
        *(When(applies, then=Value(chain.code)) for chain, applies in _applied(day)), default=Value(""), output_field=CharField()
    )  # fmt: skip
    here = GateDecision.objects.filter(project=OuterRef("pk"), chain=OuterRef("turn_chain")).order_by()
    key = Concat("chain", Value(":"), "gate", output_field=CharField())
    at = here.annotate(key=key).filter(key=OuterRef("turn"), state=gating.REFUSED)

    def last(decisions: QuerySet[Any]) -> Subquery:
        return Subquery(decisions.values("project").annotate(last=Max("decided_date")).values("last"))

    found: QuerySet[Any] = projects.annotate(
        turn_chain=chain, passed_date=last(here.filter(state=gating.PASSED)), refused_date=last(at)
    )  # fmt: skip
    return found


def waits_since(project: Any) -> date:
    """Return since when a project read ``with_since`` waits at its gate."""
    found: date = project.passed_date or timezone.localdate(project.created_at)
    return found


def of_their_turn(projects: QuerySet[Any], by: Actor, day: date) -> QuerySet[Any]:
    """Keep of projects at gates those whose decision the actor is to record.

    A gate that names a body of the directory is its own people's; others are of whoever may record decisions of the project.
    Who records for the whole city is told of all.
    """
    found = projects.filter(pk__in=Project.objects.permitted(by, gating.GATE).values("pk"))
    if by.reach(RECORD).everywhere:
        return found
    named = {key: gate.body for key, (_chain, gate) in turns(day).items() if gate.body}
    theirs = ~Q(turn__in=list(named))
    for key, body in named.items():
        theirs |= Q(turn=key) & Q(Exists(Body.objects.filter(code=body, unit__in=by.unit_ids)))
    return found.filter(theirs)


def whose_turn(by: Actor, day: date) -> QuerySet[Any] | None:
    """Return the projects at gates whose decision the actor is to record, of many the oldest; None when he records none.

    The slice stands in a subquery, which both databases take in a union: nobody waits until a whole city's are counted.
    """
    if not by.may(RECORD):
        return None
    first = of_their_turn(at_gates(by, day), by, day).order_by("pk").values("pk")[:MOST]
    return with_since(with_turn(Project.objects.filter(pk__in=first), day), day)
