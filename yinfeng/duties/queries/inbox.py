"""What waits for a person or for his units, in the order in which it should be taken up; and the one union that reads it.

A leg is counted up to ``MOST`` and no further: the inbox of somebody who sees a million duties costs no more than a clerk's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import CharField, DateField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce

from yinfeng.core.actors import Actor, Reach
from yinfeng.core.scopes import EVERYTHING, NOTHING, one_by_one, within
from yinfeng.duties import terms
from yinfeng.duties.models import Duty, DutyPart, Extension, own
from yinfeng.duties.queries.duties import orphans, report_late_q, standing_q
from yinfeng.duties.queries.reminders import is_due_q, levels

MOST = 100  # counted, and “99+” above

# The legs in the order of the page.
OVERDUE, DUE_TODAY, TO_ACCEPT, DUE_SOON, REPORT_DUE = "overdue", "today", "accept", "soon", "report"
TO_REVIEW, TO_EXTEND, SENT_BACK, HOMELESS, TO_ESCALATE = (
    "review",
    "extend",
    "returned",
    "homeless",
    "escalate",
)
IN_HAND, UNDER_REVIEW, WAITING, JOINING = "in_hand", "under_review", "waiting", "joint"
LEGS = (
    OVERDUE, DUE_TODAY, TO_ACCEPT, DUE_SOON, REPORT_DUE, TO_REVIEW, TO_EXTEND, SENT_BACK, HOMELESS, TO_ESCALATE, IN_HAND,
    UNDER_REVIEW, WAITING, JOINING,
)  # fmt: skip
# What one must act on; the rest is good to know.
URGENT = LEGS[: LEGS.index(IN_HAND)]


def legs(by: Actor, today: date, *, mine: bool) -> dict[str, QuerySet[Any]]:
    """Return the rows of every leg that can hold something for this person, unordered.

    ``mine``: of what is in hand and what is waited for only that which he handles, leads or set himself.
    """
    found: dict[str, QuerySet[Any]] = {}
    # each row is asked whether it is seen: what is sensitive waits for the cleared alone
    duties = Duty.objects.filter(one_by_one(Duty.objects.all().scope(by, "view"))).order_by()
    working, led = own(by), _led(by)
    if working or led is not None:
        owed = _within(working, "lead_unit")
        hand = Q(handler=by.user_id) | (led or NOTHING) if mine else (owed | led if led is not None else owed)
        # each stands in one leg: that of the act which comes first
        busy = duties.filter(hand).exclude(owed & Q(state=terms.ASSIGNED))
        reports = report_late_q(today)
        pressing = standing_q(terms.OVERDUE, today) | standing_q(terms.TODAY, today)
        found[OVERDUE] = busy.filter(standing_q(terms.OVERDUE, today))
        found[DUE_TODAY] = busy.filter(standing_q(terms.TODAY, today))
        found[TO_ACCEPT] = duties.filter(owed, state=terms.ASSIGNED)
        found[DUE_SOON] = busy.filter(standing_q(terms.SOON, today)).exclude(reports)
        found[REPORT_DUE] = busy.filter(reports).exclude(pressing)
        found[IN_HAND] = busy.filter(
            standing_q(terms.LATER, today) | standing_q(terms.STANDING, today), state=terms.WORKING
        ).exclude(reports)
        found[UNDER_REVIEW] = busy.filter(state=terms.SUBMITTED)
    if reviewing := by.reach("duties.duty.review"):
        set_here = _within(reviewing, "set_unit")
        found[TO_REVIEW] = duties.filter(set_here, state=terms.SUBMITTED).exclude(_own_hand(by))
        asking = Extension.objects.filter(duty=OuterRef("pk"), state=terms.ASKED).exclude(asked_by=by.user_id)
        found[TO_EXTEND] = duties.filter(Exists(asking), set_here, state__in=terms.OWED)
    if setting := by.reach("duties.duty.set"):
        set_here = _within(setting, "set_unit")
        found[SENT_BACK] = duties.filter(set_here, state=terms.RETURNED)
        found[HOMELESS] = duties.filter(orphans(), set_here)
        given = Q(set_by=by.user_id) if mine else set_here
        found[WAITING] = duties.filter(given, state__in=terms.OWED, due_date__isnull=False)
    if supervising := by.reach("duties.duty.supervise"):
        grave = [level for level, rule in levels(today) if not rule.get("automatic")]
        due = NOTHING
        for level in grave:
            due |= is_due_q(level, today)
        found[TO_ESCALATE] = duties.filter(_within(supervising, "set_unit"), due)
    if working.units:
        joined = DutyPart.objects.filter(
            unit__in=working.units, part__in=(terms.CO_LEAD, terms.JOINT), duty=OuterRef("pk")
        )
        found[JOINING] = duties.filter(Exists(joined), state=terms.WORKING, due_date__isnull=False)
    return {leg: found[leg] for leg in LEGS if leg in found}


def _within(reach: Reach, field: str) -> Q:
    found = within(reach, field)
    return Q(pk__isnull=False) if found == EVERYTHING else found


def _led(by: Actor) -> Q | None:
    """Return the Q of what the person leads, by the duty's own column: beside others joined by OR an index can answer it."""
    return None if by.person_id is None else Q(leader=by.person_id)


def _own_hand(by: Actor) -> Q:
    """Return the Q of what the person worked on himself, which is not his to review."""
    return Q(handler=by.user_id) | Q(submitted_by=by.user_id)


# Of which a person has few.
OF_PERSON = {OVERDUE, DUE_TODAY, DUE_SOON, REPORT_DUE, IN_HAND, UNDER_REVIEW}

# What is oldest, or due first, comes first; without a last day last.
ORDER = {
    TO_REVIEW: "submitted_date", UNDER_REVIEW: "submitted_date", SENT_BACK: "updated_at", REPORT_DUE: "reported_date",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leg:
    """One kind of thing that waits: its first rows, and how many there are, up to ``MOST``."""

    name: str
    rows: list[Any] = field(default_factory=list)
    count: int = 0


def inbox(by: Actor, today: date, *, mine: bool, each: int) -> list[Leg]:
    """Return the legs that hold something, in two statements however many duties there are."""
    found = legs(by, today, mine=mine)
    if not found:
        return []
    keys = [_keys(name, rows, few=mine and name in OF_PERSON) for name, rows in found.items()]
    placed: dict[str, list[tuple[bool, str, int]]] = {}
    for number, pk, at in keys[0].union(*keys[1:], all=True) if len(keys) > 1 else keys[0]:
        placed.setdefault(LEGS[number], []).append((not at, at or "", pk))
    first = {name: [pk for _none, _at, pk in sorted(places)[:each]] for name, places in placed.items()}
    wanted = {pk for pks in first.values() for pk in pks}
    rows = Duty.objects.filter(pk__in=wanted).select_related("lead_unit", "set_unit", "handler", "leader")
    shown = {row.pk: row for row in rows}
    return [
        Leg(name, [shown[pk] for pk in first[name] if pk in shown], len(placed[name]))
        for name in LEGS
        if name in placed
    ]


def urgent(by: Actor, today: date) -> list[tuple[str, QuerySet[Any], str]]:
    """Return the legs on which the person must act, each bounded, with the field by which its rows are ordered."""
    found = legs(by, today, mine=True)
    return [
        (name, _first(name, found[name], few=name in OF_PERSON), ORDER.get(name, "due_or_never"))
        for name in URGENT
        if name in found
    ]


def _first(name: str, rows: QuerySet[Any], *, few: bool) -> QuerySet[Any]:
    """Return a leg's first rows; the slice stands in a subquery, which both databases take in a union.

    ``few``: they are gathered and sorted (a day sorts as its text does); by the order of an index, the rows of one person
    among all others were looked for through everything that is overdue in the city. What has no last day comes last.
    """
    by = ORDER.get(name, "due_date")
    place = (Cast(by, CharField()) if few else F(by)).asc(nulls_last=True)
    first = rows.order_by(place, "pk").values("pk")[:MOST]
    never = Coalesce("due_date", Value(date.max), output_field=DateField())
    return Duty.objects.filter(pk__in=first).annotate(due_or_never=never).order_by()


def _keys(name: str, rows: QuerySet[Any], *, few: bool) -> QuerySet[Any, Any]:
    """Return the keys of a leg's first rows and by what they are ordered."""
    place = Value(LEGS.index(name), output_field=IntegerField())
    found: QuerySet[Any, Any] = _first(name, rows, few=few).values_list(
        place, "pk", Cast(ORDER.get(name, "due_date"), CharField())
    )
    return found


def counted(count: int) -> str:
    """Return a leg's count as it is shown."""
    return f"{MOST - 1}+" if count >= MOST else str(count)


# --- the calendar and the weekly letter ---------------------------------------------------------------------------


def owed_with_last_day(by: Actor, *, last: date, first: date | None = None) -> QuerySet[Duty]:
    """Return the duties due until a day (from another on, if given) that the actor handles or leads, or his units owe."""
    led, owed = _led(by), _within(own(by), "lead_unit")
    hand = owed | Q(handler=by.user_id) | led if led is not None else owed
    found = Duty.objects.permitted(by).filter(hand, state__in=terms.OWED, due_date__lte=last)
    return (found if first is None else found.filter(due_date__gte=first)).order_by("due_date", "pk")


def to_review_and_new(by: Actor, monday: date) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return what waits for the actor's review, and what was given to his units since the Monday before and is not accepted."""
    found = legs(by, monday, mine=False)
    new = found.get(TO_ACCEPT, Duty.objects.none()).filter(assigned_date__gte=monday - timedelta(days=7))
    return found.get(TO_REVIEW, Duty.objects.none()), new
