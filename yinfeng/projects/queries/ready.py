"""What may go on and waits for whoever may let it: projects that have all the next stage asks for, projects passed on without a
leader of the new unit."""

from __future__ import annotations

from functools import cache

from django.db.models import Exists, OuterRef, Q, QuerySet

from yinfeng.core.actors import Actor
from yinfeng.projects import achievements, facts, stages
from yinfeng.projects.models import Project, StepBack, TeamMember, Transfer
from yinfeng.projects.queries.first_reports import is_disputed


@cache
def asking_stages() -> tuple[str, ...]:
    """Return the stages whose next one asks for facts and for no proof: only of these something becomes complete."""
    asked = {fact.from_stage for fact in facts.FACTS} - set(achievements.KINDS)
    return tuple(stage for stage in stages.ORDER if facts.next_stage(Project(stage=stage)) in asked)


def to_advance(by: Actor) -> QuerySet[Project]:
    """Return the projects of the person's units that he may let into their next stage: they have all that it asks for."""
    going_back = StepBack.objects.filter(project=OuterRef("pk"), state=stages.ASKED)
    disputed = Q(stage=stages.INTENDED) & Q(is_disputed())
    ready = Project.objects.permitted(by, "advance").filter(status=stages.ONGOING, stage__in=asking_stages())
    return ready.exclude(facts.lacking_for_next()).exclude(Exists(going_back)).exclude(disputed)


def to_lead(by: Actor) -> QuerySet[Project]:
    """Return the projects that were passed on to the person's units and whose leader he has still to name."""
    done = Transfer.objects.filter(
        project=OuterRef("pk"), state=stages.COMPLETED_TRANSFER, to_unit=OuterRef("host_unit")
    )
    led = TeamMember.objects.filter(project=OuterRef("pk"), until=None, is_leader=True)
    return Project.objects.permitted(by, "team").filter(Exists(done), ~Exists(led), status=stages.ONGOING)
