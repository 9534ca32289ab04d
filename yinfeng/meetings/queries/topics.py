"""What pages of topics ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Value, When

from yinfeng.core.actors import Actor
from yinfeng.core.events import type_of
from yinfeng.core.models import Event
from yinfeng.meetings import states
from yinfeng.meetings.models import FairReview, Item, Meeting, Resolution, Topic
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import units_today
from yinfeng.projects.models import Bottleneck, Project
from yinfeng.projects.stages import OPEN

# Whose words a topic has: who brought it and who changed it.
HANDS = ("meetings.topic.submitted", "meetings.topic.changed", "meetings.topic.submit_again")


def brought_by(topic: Topic) -> set[int]:
    """Return who brought a topic or changed its words; a page has asked for it already."""
    known: set[int] | None = topic.__dict__.get("hands")
    if known is not None:
        return known
    told = Event.objects.filter(object_type=type_of(topic), object_id=topic.pk, verb__in=HANDS)
    hands = {topic.submitted_by_id, *told.values_list("actor_id", flat=True)}
    return {person for person in hands if person is not None}


def reviews_of(topic: Topic) -> QuerySet[FairReview]:
    """Return every review of a topic, the newest first."""
    return FairReview.objects.filter(topic=topic).select_related("unit", "reviewed_by", "document")


def heard_at(topic: Topic, by: Actor) -> QuerySet[Any]:
    """Return the agendas on which a topic stood, the newest first, each with what was decided, and ``is_told``.

    Of a sensitive meeting nothing is told to who does not see it.
    """
    seen = Meeting.objects.permitted(by).filter(pk=OuterRef("meeting"))
    found: QuerySet[Any] = Item.objects.filter(topic=topic).annotate(
        is_told=Case(When(~Q(meeting__secrecy=states.SENSITIVE), then=Value(True)), default=Exists(seen))
    )
    found = found.select_related("meeting__body", "resolution__siting_unit")
    return found.order_by("-meeting__starts_at", "-pk")


def every_resolution(topic: Topic, by: Actor) -> QuerySet[Resolution]:
    """Return all that was recorded as decided of a topic, also what was taken back."""
    return Resolution.objects.permitted(by).filter(topic=topic)


def topics_of(project: Project, by: Actor) -> QuerySet[Topic]:
    """Return the topics about a project, the newest first."""
    found = Topic.objects.permitted(by).filter(project=project)
    return found.select_related("body", "unit", "meeting").order_by("-pk")


def resolutions_about(project: Project, by: Actor) -> QuerySet[Resolution]:
    """Return what was decided about a project and stands, the newest first."""
    found = Resolution.objects.permitted(by).filter(topic__project=project, state=states.STANDING)
    return found.select_related("topic", "meeting__body", "siting_unit").order_by("-decided_date", "-pk")


def waiting_for(meeting: Meeting, by: Actor) -> QuerySet[Topic]:
    """Return the topics that wait for a meeting of its body: approved ones first, then those to approve, then those put off."""
    found = Topic.objects.permitted(by).filter(
        body=meeting.body_id, state__in=[states.APPROVED, states.SUBMITTED, states.PUT_OFF]
    )
    return found.select_related("project", "unit").order_by("state", "pk")


def topic_counts(by: Actor) -> dict[str, int]:
    """Return how many topics in the person's sight are in each state."""
    rows = Topic.objects.permitted(by).order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def units_bringing(by: Actor) -> QuerySet[Unit]:
    """Return the units in whose name a person may bring topics."""
    reach = by.reach("meetings.topic.submit")
    found: QuerySet[Unit] = units_today().exclude(kind__in=["collective", "city"])
    return (found if reach.everywhere else found.filter(pk__in=reach.units)).order_by("order", "code")


def projects_named(name: str, by: Actor) -> list[Project]:
    """Return the projects in sight that have a code or a name, two at most: who names one of several says its code."""
    if not name or "\0" in name:
        return []
    found: Any = Project.objects.permitted(by).filter(Q(code=name) | Q(name=name))
    return list(found.order_by("pk")[:2])


def difficulties_of(project: Project, by: Actor) -> QuerySet[Bottleneck]:
    """Return the open difficulties of a project."""
    return Bottleneck.objects.permitted(by).filter(project=project, state=OPEN).order_by("due_date", "pk")


def with_word(word: str) -> Q:
    """Return the Q of the topics that name a word in their title, or whose project does."""
    return Q(title__icontains=word) | Q(project__name__icontains=word)


def no_difficulties() -> QuerySet[Bottleneck]:
    return Bottleneck.objects.none()


def units_that_brought(by: Actor) -> QuerySet[Unit]:
    """Return the units of which a person sees topics."""
    found = Unit.objects.filter(pk__in=Topic.objects.permitted(by).values("unit"))
    return found.order_by("order", "code")


def hidden_topics(by: Actor, topics: Iterable[int | None]) -> set[int]:
    """Return those of the topics that the person does not see."""
    asked = {pk for pk in topics if pk is not None}
    if not asked:
        return set()
    return asked - set(Topic.objects.permitted(by).filter(pk__in=asked).values_list("pk", flat=True))


def unit_of(code: str) -> int | None:
    """Return the unit of a code of the profile."""
    return Unit.objects.filter(code=code).values_list("pk", flat=True).first()
