"""What is claimed of projects, what of it counts, and what waits for a second person."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from yinfeng.core.actors import Actor
from yinfeng.core.prepared import prepared
from yinfeng.projects import stages
from yinfeng.projects.models import Claim, Entry, Project, Reversal, StepBack
from yinfeng.projects.queries.records import name_of

LISTED = 50  # claims on a project's page


def counting(project: Project, kind: str, key: str = "") -> QuerySet[Entry]:
    """Return the entries of an achievement that count, one at most: recognised, or a reversal taken back."""
    return Entry.objects.filter(project=project, kind=kind, key=key).counting()


@prepared
def _claims_of(project: int) -> QuerySet[Claim, Any]:
    counts = Entry.objects.filter(claim=OuterRef("pk")).counting()
    reversals = Reversal.objects.filter(entry__claim=OuterRef("pk"), state=stages.ASKED)
    found = Claim.objects.filter(project=project).annotate(
        counts=Exists(counts),
        is_to_be_reversed=Exists(reversals),
        entered_by_name=name_of("entered_by"),
        verified_by_name=name_of("verified_by"),
    )
    rank = Case(When(state=stages.SUBMITTED, then=0), When(kind__in=stages.RECURRING, then=2), default=1)
    return found.select_related("evidence").order_by(rank, "-pk")[:LISTED]


def claims_of(project: Project) -> list[Any]:
    """Return the claims of a project, those that wait first, with who entered and verified, whether they count now, and whether that is proposed to change.

    Of payments and yearly figures, which may be many, the newest.
    """
    return _claims_of(project.pk)


def signing_day(project: Project) -> date | None:
    """Return the day on which a project was signed, or on which it is claimed to have been."""
    if project.signed_date is not None:
        return project.signed_date
    waiting = project.claims.filter(kind=stages.SIGNED, state=stages.SUBMITTED)
    return waiting.values_list("happened_date", flat=True).first()


def taken_back(project: Project) -> set[tuple[str, str]]:
    """Return the achievements (kind, key) that were recognised of a project and do not count any more."""
    known = set(project.entries.values_list("kind", "key"))
    return known - set(project.entries.counting().values_list("kind", "key"))


def to_verify(by: Actor) -> QuerySet[Claim]:
    """Return the claims that somebody else entered and that wait for the person; of an ended project what puts the ledger right."""
    known = Entry.objects.filter(project=OuterRef("project"), kind=OuterRef("kind"), key=OuterRef("key"))
    is_right = Q(project__status=stages.ONGOING) | Q(Exists(known), project__status=stages.ENDED)
    waiting = Claim.objects.permitted(by, "verify").filter(is_right, state=stages.SUBMITTED)
    return waiting.exclude(entered_by=by.user_id)


def to_approve(by: Actor) -> QuerySet[StepBack]:
    """Return the steps back that somebody else asked for and that wait for the person."""
    waiting = StepBack.objects.permitted(by, "verify").filter(
        state=stages.ASKED, project__status=stages.ONGOING
    )
    return waiting.exclude(asked_by=by.user_id)


def to_confirm(by: Actor) -> QuerySet[Reversal]:
    """Return the reversals that somebody else proposed and that wait for the person."""
    waiting = Reversal.objects.permitted(by, "verify").filter(state=stages.ASKED)
    return waiting.exclude(asked_by=by.user_id)


@prepared
def _reversals_of(entry: int) -> QuerySet[Reversal, Any]:
    return Reversal.objects.filter(entry=entry).select_related("asked_by", "decided_by").order_by("-pk")


def reversals_of(entry: Entry) -> list[Reversal]:
    """Return what was proposed to reverse an entry, the newest first, with who proposed and decided."""
    return _reversals_of(entry.pk)
