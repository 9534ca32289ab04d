"""What is claimed of projects, what of it counts, and what waits for a second person."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from yinfeng.core.actors import Actor
from yinfeng.core.prepared import prepared
from yinfeng.projects import stages
from yinfeng.projects.models import Claim, Entry, Project, StepBack
from yinfeng.projects.queries.records import name_of

LISTED = 50  # claims on a project's page


def counting(project: Project, kind: str) -> QuerySet[Entry]:
    """Return the entries of an achievement that count: recognised, or a reversal taken back."""
    return Entry.objects.filter(project=project, kind=kind, sign=1, reversed_by=None)


def was_reversed(project: Project, kind: str) -> bool:
    """Say whether an achievement was recognised and does not count any more."""
    known = Entry.objects.filter(project=project, kind=kind)
    return known.exists() and not counting(project, kind).exists()


@prepared
def _claims_of(project: int) -> QuerySet[Claim, Any]:
    counts = Entry.objects.filter(claim=OuterRef("pk"), sign=1, reversed_by=None)
    found = Claim.objects.filter(project=project).annotate(
        counts=Exists(counts), entered_by_name=name_of("entered_by"), verified_by_name=name_of("verified_by")
    )
    return found.select_related("evidence").order_by("-pk")[:LISTED]


def claims_of(project: Project) -> list[Any]:
    """Return the newest claims of a project with the names of who entered and verified, and whether they count now."""
    return _claims_of(project.pk)


def to_verify(by: Actor) -> QuerySet[Claim]:
    """Return the claims that somebody else entered and that wait for the person."""
    waiting = Claim.objects.permitted(by, "verify").filter(
        state=stages.SUBMITTED, project__status=stages.ONGOING
    )
    return waiting.exclude(entered_by=by.user_id)


def to_approve(by: Actor) -> QuerySet[StepBack]:
    """Return the steps back that somebody else asked for and that wait for the person."""
    waiting = StepBack.objects.permitted(by, "verify").filter(
        state=stages.ASKED, project__status=stages.ONGOING
    )
    return waiting.exclude(asked_by=by.user_id)
