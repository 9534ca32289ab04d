"""What waits for whom in the consultation mechanism: topics to approve, to review and to mend, meetings to see through,
inspections to carry on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat, TruncDate

from yinfeng.core.actors import Actor
from yinfeng.core.events import type_of
from yinfeng.core.models import Event
from yinfeng.meetings import inspecting, states
from yinfeng.meetings.models import FairReview, Finding, Inspection, Meeting, Subject, Topic
from yinfeng.meetings.queries.topics import HANDS
from yinfeng.orgs.queries import held_at

# --- topics -------------------------------------------------------------------------------------------------------


def _last_review(*conditions: Q) -> Exists:
    """Return for a query of topics whether the last review is of their words and fulfils conditions."""
    later = FairReview.objects.filter(topic=OuterRef("topic"), pk__gt=OuterRef("pk"))
    of_its_words = FairReview.objects.filter(*conditions, topic=OuterRef("pk"), ask=OuterRef("ask"))
    return Exists(of_its_words.filter(~Exists(later)))


def _is_fair(today: date) -> Q:
    """Return the Q of ``_heard`` topics whose review stands today and on the day of their meeting (see ``hindrance``)."""
    stands = ~Q(conclusion=states.AGAINST) & Q(valid_until__gte=today) & Q(valid_until__gte=OuterRef("heard"))
    return Q(_last_review(stands))


def _heard(topics: QuerySet[Any], today: date) -> QuerySet[Any]:
    """Bring along with topics the day on which they are ``heard``: of one on no agenda at the earliest today."""
    found: QuerySet[Any] = topics.alias(heard=Coalesce(TruncDate("meeting__starts_at"), today))
    return found


def _is_unfair() -> Q:
    """Return the Q of topics of which the review found that they restrict competition, in the words that they still have."""
    return Q(kind=states.SUPPORT) & Q(_last_review(Q(conclusion=states.AGAINST)))


def _words_of(by: Actor) -> Q:
    """Return the Q of the topics that the person brought or changed, which others approve and review."""
    told = Event.objects.filter(
        object_type=type_of(Topic), object_id=OuterRef("pk"), verb__in=HANDS, actor_id=by.user_id
    )
    return Q(submitted_by=by.user_id) | Q(Exists(told))


def _of_own_office(by: Actor, permission: str) -> Q:
    """Return the Q of what belongs to bodies whose office the person is: at their unit, or where nobody is there, above it."""
    if by.user_id is None:
        return Q(pk__isnull=False)
    return Q(held_at("body__unit", permission, by.user_id)) | ~Q(held_at("body__unit", permission))


def to_approve(by: Actor, today: date, mine: bool) -> QuerySet[Any]:
    """Return the topics that the office of their body has to approve or refuse: those that ask for support, once reviewed."""
    run = "meetings.meeting.run"
    found = _heard(Topic.objects.permitted(by, "approve"), today).filter(
        _of_own_office(by, run), state=states.SUBMITTED
    )
    found = found.filter(~Q(kind=states.SUPPORT) | _is_fair(today))
    return found.exclude(_words_of(by)) if mine else found


def to_review(by: Actor, today: date, mine: bool) -> QuerySet[Any]:
    """Return the topics of which a unit has to say whether they are fair to competition: never reviewed, changed since, lapsed."""
    asked = _heard(Topic.objects.permitted(by, "review"), today).filter(
        kind=states.SUPPORT, state__in=states.WAITING_TOPICS
    )
    found = asked.exclude(_is_fair(today)).exclude(_is_unfair())
    return found.exclude(_words_of(by)) if mine else found


def to_mend(by: Actor, mine: bool) -> QuerySet[Any]:
    """Return the topics whose review found against them: who brought them changes what they ask for, or takes them back."""
    found = Topic.objects.permitted(by, "bring").filter(
        _is_unfair(), state__in=[states.SUBMITTED, states.APPROVED, states.PUT_OFF]
    )
    return found.filter(submitted_by=by.user_id) if mine else found


def brought(by: Actor, mine: bool) -> QuerySet[Any]:
    """Return the topics of the person, or of his units, with which others go on: reviewed, approved, heard."""
    found = Topic.objects.permitted(by, "bring").filter(state__in=states.WAITING_TOPICS).exclude(_is_unfair())
    return found.filter(submitted_by=by.user_id) if mine else found


# --- meetings -----------------------------------------------------------------------------------------------------


def to_run(by: Actor, now: datetime, today: date) -> QuerySet[Any]:
    """Return the meetings whose next step is due: the agenda once topics are closed, convening once it has begun, the minutes."""
    due = (
        Q(state=states.PLANNED, topics_close_date__lt=today)
        | Q(state__in=states.OPEN_MEETINGS, starts_at__lte=now)
        | Q(state=states.HELD)
    )
    return Meeting.objects.permitted(by, "run").filter(_of_own_office(by, "meetings.meeting.run"), due)


# --- inspections --------------------------------------------------------------------------------------------------


def to_inspect(by: Actor, today: date, mine: bool) -> QuerySet[Any]:
    """Return the inspections to be gone on with: under way, or planned and due to begin; ``mine``: those of the person's teams.

    One without a team is everybody's who runs inspections of its unit. ``left`` tells in text how many subjects are not
    visited and how many findings not dealt with, ``drawn`` whether the draw is still to be made.
    """
    due = Q(state=inspecting.UNDER_WAY) | Q(state=inspecting.PLANNED, starts__lte=today)
    found = Inspection.objects.permitted(by, "run").filter(due)
    if mine:
        team = Inspection.team.through._default_manager.filter(inspection=OuterRef("pk"))
        own = Q(planned_by=by.user_id) | Q(Exists(team.filter(person__user=by.user_id)))
        found = found.filter(own | ~Exists(team))
    left = Concat(
        _count(Subject.objects.filter(visited_date=None)), Value(" "), _count(Finding.objects.filter(state=inspecting.FOUND)),
        output_field=CharField(),
    )  # fmt: skip
    return found.annotate(left=left)


def _count(rows: QuerySet[Any]) -> Any:
    here = rows.filter(inspection=OuterRef("pk")).order_by().values("inspection")
    return Cast(Coalesce(Subquery(here.annotate(n=Count("pk")).values("n")), 0), CharField())
