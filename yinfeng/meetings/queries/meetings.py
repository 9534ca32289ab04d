"""What pages and papers of meetings ask: the agenda, who was called, how the last one's duties stand, which bodies are to meet."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.events import type_of
from yinfeng.duties import terms
from yinfeng.duties.models import Duty
from yinfeng.meetings import states
from yinfeng.meetings.models import Attendee, FairReview, Item, Meeting, Minutes, Resolution, Topic
from yinfeng.orgs.models import Body, SeatTerm, Unit, in_force
from yinfeng.orgs.queries import units_today

# --- one meeting --------------------------------------------------------------------------------------------------


def items_of(meeting: Meeting, by: Actor | None = None) -> list[Any]:
    """Return the agenda in its order, each with its topic, resolution and (of support) review; a page has read it already."""
    known: list[Any] | None = meeting.__dict__.get("agenda")
    return agenda(meeting, by) if known is None else known


def title_of(item: Any) -> str:
    """Return what a topic of the agenda is called, to who does not see it that it is out of sight."""
    return str(item.topic.title) if item.is_seen else _("不在您的查看范围内的议题")


def agenda(meeting: Meeting, by: Actor | None = None, last: int | None = None) -> list[Any]:
    """Read the agenda for this request, each item with ``is_seen``: whether ``by`` may see its topic; all without one.

    With the number of the ``last`` meeting its items are kept as ``last_agenda``, read by the same query.
    """
    seen = Topic.objects.all() if by is None else Topic.objects.permitted(by)
    rows: QuerySet[Any] = Item.objects.filter(meeting__in=[meeting.pk, *([last] if last else [])]).annotate(
        is_seen=Exists(seen.filter(pk=OuterRef("topic"))) if by is not None else Value(True),
        has_tasks=Exists(_tasks().filter(source_id=OuterRef("resolution"))),
    )
    related = rows.select_related("topic__project", "topic__unit", "topic__body", "resolution__siting_unit")
    every = list(related.order_by("order", "pk"))
    found = [item for item in every if item.meeting_id == meeting.pk]
    read_reviews([item.topic for item in found])
    for item in found:
        item.meeting = meeting
    meeting.__dict__ |= {
        "agenda": found,
        "last_agenda": [item for item in every if item.meeting_id != meeting.pk],
    }
    return found


def without_tasks(meeting: Meeting, by: Actor) -> list[Any]:
    """Return the items of what was agreed, or heard with demands, about which nobody has to do anything any more."""
    items: list[Any] = items_of(meeting, by)
    return [
        item
        for item in items
        if item.outcome and item.outcome.decision in states.GRANTING and not item.has_tasks
    ]


def item_of(pk: int, meeting: Meeting) -> Item | None:
    """Return an item of a meeting's agenda with its topic."""
    rows = Item.objects.filter(meeting=meeting, pk=pk)
    return rows.select_related(
        "topic__project", "topic__unit", "topic__body", "meeting__body__unit", "resolution"
    ).first()


def attendance_of(meeting: Meeting) -> list[Attendee]:
    """Return who was called to a meeting, in order; a page has read it already."""
    known: list[Attendee] | None = meeting.__dict__.get("attendance")
    if known is None:
        known = list(Attendee.objects.filter(meeting=meeting).select_related("unit", "person"))
        meeting.__dict__["attendance"] = known
    return known


def minutes_of(meeting: Meeting) -> Minutes | None:
    return Minutes.objects.filter(meeting=meeting).select_related("issued_by").first()


def last_before(meeting: Meeting) -> Meeting | None:
    """Return the last meeting of the same body that took place before this one."""
    return _before(Meeting.objects.all(), meeting.body_id, meeting.starts_at, meeting.pk).first()


def _before(meetings: QuerySet[Any], body: Any, starts_at: Any, own: Any) -> QuerySet[Any]:
    before = meetings.filter(body=body, state__in=states.TOOK_PLACE, starts_at__lt=starts_at)
    return before.exclude(pk=own).order_by("-starts_at", "-pk")


def with_situation(meetings: Any, by: Actor) -> Any:
    """Bring along with each meeting which one was the last before it, if it is in sight, how many came, and of how many nobody knows."""
    last = _before(Meeting.objects.all(), OuterRef("body"), OuterRef("starts_at"), OuterRef("pk"))
    rows = Attendee.objects.filter(meeting=OuterRef("pk")).order_by().values("meeting")

    def count(kind: str) -> Coalesce:
        return Coalesce(Subquery(rows.filter(kind=kind).annotate(n=Count("pk")).values("n")), 0)

    excused = Attendee.objects.filter(meeting=OuterRef("pk"), person=OuterRef("chair"), kind=states.EXCUSED)
    seen = Meeting.objects.permitted(by).filter(pk=OuterRef("before_id"))
    return meetings.annotate(before_id=Subquery(last.values("pk")[:1])).annotate(
        last_id=Subquery(seen.values("pk")), last_title=Subquery(seen.values("title")),
        present_count=count(states.PRESENT), called_count=count(states.CALLED), chair_is_excused=Exists(excused),
    )  # fmt: skip


def attendance_counts(meeting: Meeting) -> tuple[int, int]:
    """Return how many came to a meeting and of how many nobody said so; a page has read it already."""
    known = meeting.__dict__
    if "present_count" in known and "attendance" not in known:
        return known["present_count"], known["called_count"]
    kinds = [row.kind for row in attendance_of(meeting)]
    return kinds.count(states.PRESENT), kinds.count(states.CALLED)


def chair_is_excused(meeting: Meeting) -> bool:
    """Say whether who presided is noted as not having come; a page has read it already."""
    known = meeting.__dict__
    if "chair_is_excused" in known and "attendance" not in known:
        return bool(known["chair_is_excused"])
    return any(
        row.kind == states.EXCUSED and row.person_id is not None and row.person_id == meeting.chair_id
        for row in attendance_of(meeting)
    )


def _tasks() -> QuerySet[Any]:
    return Duty.objects.filter(source_type=type_of(Resolution), parent=None).exclude(state=terms.CANCELLED)


def tasks_of(resolution: Resolution) -> QuerySet[Any]:
    """Return the duties that came of a resolution, without those that were cancelled."""
    return _tasks().filter(source_id=resolution.pk).select_related("lead_unit", "set_unit").order_by("pk")


def tasks_by_resolution(resolutions: Sequence[Resolution], by: Actor) -> dict[int, list[Any]]:
    """Return the duties that came of resolutions, of those in the person's sight, by resolution, in one query; cancelled ones too."""
    given: dict[int, list[Any]] = {}
    if resolutions:
        found = Duty.objects.permitted(by).filter(
            source_type=type_of(Resolution), source_id__in=[row.pk for row in resolutions], parent=None
        )
        for duty in found.select_related("lead_unit").order_by("pk"):
            given.setdefault(duty.source_id or 0, []).append(duty)
    return given


def resolutions_of(meetings: Iterable[Meeting], by: Actor) -> QuerySet[Resolution]:
    """Return the resolutions of meetings that stand and are in the person's sight, in their order."""
    found = Resolution.objects.permitted(by).filter(
        meeting__in=[meeting.pk for meeting in meetings], state=states.STANDING
    )
    return found.select_related("topic").order_by("item__order", "pk")


def seats_called(body: Body, day: date) -> list[Attendee]:
    """Return who is called to a meeting of a body by its seats: each holder, or the unit of a seat whose holder is not recorded."""
    terms = SeatTerm.objects.filter(in_force(day), seat__body=body).select_related("person").order_by("pk")
    holders: dict[int, list[Any]] = {}
    for term in terms:
        holders.setdefault(term.seat_id, []).append(term.person)
    found: list[Attendee] = []
    told: set[Any] = set()
    for seat in body.seats.filter(in_force(day)).select_related("unit").order_by("order", "pk"):
        people = holders.get(seat.pk, [None])
        for person in people:
            key = ("person", person.pk) if person else ("seat", seat.unit_id, seat.position)
            if (person is None and seat.unit_id is None) or key in told:
                continue
            told.add(key)
            found.append(
                Attendee(unit=seat.unit, person=person, position=seat.position, order=len(found) + 1)
            )
    return found


# --- all meetings -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a body meets by the profile, when it last did, when it next will, and whether it is still to meet."""

    body: Body
    every_months: int
    last: datetime | None
    coming: datetime | None
    is_owed: bool


def closes_days(body: Body, day: date) -> int | None:
    """Return how many days before a meeting of a body its topics close, by the rule ``meeting`` in force; None without one."""
    rule = core.rules("meeting", day).get(body.code)
    return None if rule is None else int(rule["closes_days"])


def closing_day(body: Body, starts: date) -> date:
    """Return the last day for topics of a meeting that begins on ``starts``: that day itself where no rule says one."""
    return starts - timedelta(days=closes_days(body, starts) or 0)


def rhythms(by: Actor, today: date) -> list[Rhythm]:
    """Return the bodies that the profile wants to meet (rule ``meeting``: 原则上每月一次), as far as their unit is in sight."""
    rules = core.rules("meeting", today)
    reach = by.reach("meetings.meeting.view")
    bodies = Body.objects.filter(in_force(today), code__in=rules)
    if not reach.everywhere:
        bodies = bodies.filter(unit__in=reach.units)
    begins = timezone.make_aware(datetime.combine(today, time.min))
    rows = bodies.select_related("unit").order_by("order", "code").annotate(
        last=Max("meetings__starts_at", filter=Q(meetings__state__in=states.TOOK_PLACE)),
        coming=Min("meetings__starts_at", filter=Q(meetings__state__in=states.OPEN_MEETINGS, meetings__starts_at__gte=begins)),
    )  # fmt: skip
    return [rhythm_of(body, int(rules[body.code]["every_months"]), today) for body in rows]


def rhythm_of(body: Any, months: int, today: date) -> Rhythm:
    """Return how a body stands that is to meet at least once in so many months, this one included."""
    count = (
        today.year * 12 + today.month - months
    )  # the months since which one meeting is due, this one included
    since = date(count // 12, count % 12 + 1, 1)
    is_owed = body.last is None or timezone.localtime(body.last).date() < since
    return Rhythm(body, months, body.last, body.coming, is_owed)


def bodies(day: date) -> QuerySet[Body]:
    """Return the bodies that meet: those in force."""
    return Body.objects.filter(in_force(day)).select_related("unit").order_by("order", "code")


def bodies_run_by(by: Actor, day: date) -> QuerySet[Body]:
    """Return the bodies whose meetings a person organises."""
    reach = by.reach("meetings.meeting.run")
    return bodies(day) if reach.everywhere else bodies(day).filter(unit__in=reach.units)


def open_meetings(topic: Topic, by: Actor) -> QuerySet[Meeting]:
    """Return the meetings of a topic's body on whose agenda a person may put it, the next one first."""
    found = Meeting.objects.permitted(by, "run").filter(body=topic.body_id, state__in=states.OPEN_MEETINGS)
    return found.order_by("starts_at", "pk")


def meetings_with_word(word: str) -> Q:
    """Return the Q of the meetings that name a word in their title or place."""
    return Q(title__icontains=word) | Q(place__icontains=word)


def is_coming(coming: bool, today: date) -> Q:
    """Return the Q of the meetings of today and later that are not over, or (not coming) of all others."""
    begins = timezone.make_aware(datetime.combine(today, time.min))
    ahead = Q(starts_at__gte=begins, state__in=states.OPEN_MEETINGS)
    return ahead if coming else ~ahead


def meetings_between(by: Actor, first: date, last: date) -> QuerySet[Meeting]:
    """Return the meetings in the person's sight from one day to another, without those that were cancelled."""
    if not by.may("meetings.meeting.view"):
        return Meeting.objects.none()
    begin, end = (
        timezone.make_aware(datetime.combine(day, time.min)) for day in (first, last + timedelta(days=1))
    )
    found = Meeting.objects.permitted(by).filter(starts_at__gte=begin, starts_at__lt=end)
    return found.exclude(state=states.CANCELLED).select_related("body").order_by("starts_at", "pk")[:500]


# --- reviews and units --------------------------------------------------------------------------------------------


def review_of(topic: Topic) -> FairReview | None:
    """Return the last review of a topic; a page has read it already."""
    if "review" not in topic.__dict__:
        read_reviews([topic], every=True)
    found: FairReview | None = topic.__dict__["review"]
    return found


def read_reviews(topics: list[Topic], *, every: bool = False) -> None:
    """Bring along the last review of each topic that asks for support (of all with ``every``), in one query."""
    wanted = [topic for topic in topics if every or topic.kind == states.SUPPORT]
    last: dict[int, FairReview] = {}
    if wanted:
        rows = FairReview.objects.filter(topic__in=[topic.pk for topic in wanted])
        for review in rows.select_related("unit", "reviewed_by", "document").order_by("pk"):
            last[review.topic_id] = review
    for topic in wanted:
        topic.__dict__["review"] = last.get(topic.pk)


def reviewer_units() -> QuerySet[Unit]:
    """Return the units that can be asked for a review: the departments."""
    found: QuerySet[Unit] = units_today().filter(kind__in=["government", "party", "office"])
    return found.order_by("order", "code")


@dataclass(frozen=True, slots=True)
class ReviewRule:
    """Whom the form proposes as reviewer, and for how many months a conclusion holds (rule ``fair_review``)."""

    unit: str
    months: int


def months_on(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def review_rule(day: date) -> ReviewRule | None:
    rule = core.rules("fair_review", day).get("default")
    return ReviewRule(str(rule.get("unit") or ""), int(rule["months"])) if rule else None
