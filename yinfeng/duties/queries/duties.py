"""What pages and services ask of duties: how they stand, who has a hand in them, their parts and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat, JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.models import Event
from yinfeng.core.prepared import prepared
from yinfeng.core.scopes import rows
from yinfeng.duties import terms, workdays
from yinfeng.duties.models import Duty, DutyPart, Extension, own
from yinfeng.orgs.models import Membership, Person, SeatTerm, Unit, in_force
from yinfeng.orgs.queries import brief_name, units_today


def is_open(unit: Unit, day: date) -> bool:
    """Say whether a unit exists on a day."""
    return unit.is_open(day)


# What the units that owe a duty do to it; the row keeps only the last of each.
WORK = ("accept", "reported", "submit", "take_back", "send_back", "extension_asked", "extension_withdrawn")


def hands_in(duty: Duty) -> set[int]:
    """Return the accounts that worked on a duty for a unit that owes it, now or before: who acted on it there by any of WORK."""
    verbs = [f"duties.duty.{act}" for act in WORK]
    acted = Event.objects.filter(object_type=events.type_of(Duty), object_id=duty.pk, verb__in=verbs)
    actors = acted.values_list("actor_id", flat=True)
    return {pk for pk in (duty.handler_id, duty.submitted_by_id, *actors) if pk is not None}


def open_parts(duty: Duty) -> int:
    """Return how many parts of a duty are not done yet."""
    known: int | None = duty.__dict__.get("parts_open")  # a page has asked for it with the row
    return duty.parts.filter(state__in=terms.OPEN).count() if known is None else known


def is_asking(duty: Duty) -> bool:
    """Say whether an extension of a duty waits for an answer."""
    known: bool | None = duty.__dict__.get("is_asking")  # a page has asked for it with the row
    return duty.asked_extensions.filter(state=terms.ASKED).exists() if known is None else known


def with_situation(found: QuerySet[Any]) -> QuerySet[Any]:
    """Bring along with each duty how many parts it has, how many are open, and whether it asks for an extension."""
    parts = Duty.objects.filter(parent=OuterRef("pk")).order_by().values("parent")
    count = parts.annotate(n=Count("pk")).values("n")
    still = parts.filter(state__in=terms.OPEN).annotate(n=Count("pk")).values("n")
    asking = Extension.objects.filter(duty=OuterRef("pk"), state=terms.ASKED)
    shown: QuerySet[Any] = found.annotate(
        parts_count=Coalesce(Subquery(count), 0),
        parts_open=Coalesce(Subquery(still), 0),
        is_asking=Exists(asking),
    )
    return shown


# --- against the last day -----------------------------------------------------------------------------------------


def soon_days() -> int:
    """Return how many working days before its last day a duty counts as due soon: the rule of the mildest reminder."""
    rule = core.rules("duty_reminder", timezone.localdate()).get(terms.REMIND, {})
    return max(-int(rule.get("work_days", -3)), 1)


def standing(duty: Duty, today: date) -> str:
    """Return how an open duty stands against its last day; of one submitted, by the day on which it was."""
    if duty.due_date is None:
        return terms.STANDING
    day = duty.submitted_date if duty.state == terms.SUBMITTED and duty.submitted_date else today
    if day > duty.due_date:
        return terms.OVERDUE
    if day == duty.due_date:
        return terms.TODAY
    return terms.SOON if duty.due_date <= workdays.add(today, soon_days()) else terms.LATER


def standing_q(which: str, today: date) -> Q:
    """Return the Q of what ``standing`` says, of duties that their units still work on."""
    soon = workdays.add(today, soon_days())
    by_kind = {
        terms.OVERDUE: Q(due_date__lt=today),
        terms.TODAY: Q(due_date=today),
        terms.SOON: Q(due_date__gt=today, due_date__lte=soon),
        terms.LATER: Q(due_date__gt=soon),
        terms.STANDING: Q(due_date=None),
    }
    return Q(state__in=terms.OWED) & by_kind[which]


# Closed or submitted after its last day; by the day of the submission that was accepted.
WAS_LATE = Q(due_date__isnull=False, submitted_date__gt=F("due_date"))


def days_late(duty: Duty, today: date) -> int:
    """Return how many working days have gone since the last day; negative: so many are left, the last day included."""
    assert duty.due_date is not None
    if today > duty.due_date:
        return workdays.count(duty.due_date, today)
    return -workdays.count(today, duty.due_date)


def report_days(grade: str, today: date) -> int:
    """Return after how many days a duty of a grade is to be reported on again (profile, “frequency by grade”); 0: never."""
    return int(core.rules("duty_report", today).get(grade, {}).get("days", 0))


def report_due(duty: Duty, today: date) -> date | None:
    """Return by when the next progress is to be told, of a duty that is being worked on."""
    days = report_days(duty.grade, today)
    if duty.state != terms.WORKING or not days:
        return None
    return (duty.reported_date or duty.accepted_date or duty.set_date) + timedelta(days=days)


def report_late_q(today: date) -> Q:
    """Return the Q of duties whose progress should have been told before today."""
    found = Q(pk__in=[])
    for grade in terms.GRADES:
        if days := report_days(grade, today):
            last = today - timedelta(days=days)
            told = Q(reported_date__lt=last) | Q(reported_date=None, accepted_date__lt=last)
            found |= Q(grade=grade) & told
    return Q(state=terms.WORKING) & found


def accept_by(duty: Duty, today: date) -> date | None:
    """Return by when a duty is to be accepted (profile: so many working days after it was assigned)."""
    days = core.rules("duty_limit", today).get("accept", {}).get("work_days")
    if duty.state != terms.ASSIGNED or days is None:
        return None
    return workdays.add(duty.assigned_date, int(days))


# --- what belongs to one ------------------------------------------------------------------------------------------


@prepared
def sides(duty: int) -> QuerySet[DutyPart]:
    """Return who takes part, in the order of the document; without those that held it before."""
    return (
        DutyPart.objects.filter(duty=duty)
        .exclude(part__in=terms.FORMERLY)
        .select_related("unit", "person", "named_as")
        .order_by("order", "pk")
    )


def parts(duty: Duty, by: Actor) -> list[Any]:
    """Return the parts of a duty in the actor's sight."""
    found = Duty.objects.permitted(by).filter(parent=duty).select_related("lead_unit", "handler")
    return list(found.order_by("pk")[:200])


def source_of(duty: Duty, by: Actor) -> Model | None:
    """Return the object a duty came from, if the actor may see it."""
    if not duty.source_type or duty.source_id is None:
        return None
    model = events.object_of(duty.source_type)
    found: Model | None = rows(model).row(by, duty.source_id).first()
    return found


def origin_of(duty: Duty) -> Model | None:
    """Return the object a duty came from, whoever asks; None when it came from none or that is gone."""
    return _object(duty.source_type, duty.source_id)


def about_of(duty: Duty) -> Model | None:
    """Return the object a duty is about, whoever asks; None when it is about none or is gone."""
    return _object(duty.about_type, duty.about_id)


def _object(kind: str, pk: int | None) -> Model | None:
    if not kind or pk is None:
        return None
    found: Model | None = events.object_of(kind)._default_manager.filter(pk=pk).first()
    return found


def duties_about(obj: Model, by: Actor) -> list[Any]:
    """Return the duties about an object in the actor's sight, what is open first, the soonest due first."""
    found = Duty.objects.permitted(by).filter(about_type=events.type_of(obj), about_id=obj.pk)
    open_first = Case(
        When(state__in=terms.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return list(
        found.select_related("lead_unit", "set_unit", "handler").order_by(
            open_first, F("due_date").asc(nulls_last=True), "pk"
        )[:200]
    )


def duties_of(objects: Model | Sequence[Model]) -> QuerySet[Any]:
    """Return the duties that came from an object, or from objects of one kind."""
    several = [objects] if isinstance(objects, Model) else list(objects)
    if not several:
        return Duty.objects.none()
    kind = events.type_of(several[0])
    return Duty.objects.filter(source_type=kind, source_id__in=[obj.pk for obj in several])


def open_beside(kind: str, source_type: str, source_id: int | None, duty: int | None = None) -> Duty | None:
    """Return the open duty that an object has already (other than ``duty``), if its kind may have one at a time only."""
    if kind not in terms.ONE_AT_A_TIME or source_id is None:
        return None
    found = Duty.objects.filter(source_type=source_type, source_id=source_id, state__in=terms.OPEN)
    return (found if duty is None else found.exclude(pk=duty)).order_by("pk").first()


def already_set(other: Duty) -> Sentence:
    """Say that what a duty would come from has an open one already."""
    told = {"what": terms.SOURCES[other.source_kind], "number": other.number}
    return _("这一%(what)s已经交办督办（%(number)s），办结或撤销之前不再另行交办。") % told


def with_duty(found: QuerySet[Any], by: Actor) -> QuerySet[Any]:
    """Bring along with rows that duties come from, as ``duty_told``, how the one of each stands: the open one, else the last.

    It says in ``may_view`` whether the actor sees it: that there is one, whoever sees what it came from may know.
    """
    seen = Exists(Duty.objects.permitted(by).filter(pk=OuterRef("pk")))
    told = JSONObject(
        pk="pk",
        number="number",
        state="state",
        due_date="due_date",
        may_view=Case(When(seen, then=1), default=0),
    )
    duties = Duty.objects.filter(source_type=events.type_of(found.model), source_id=OuterRef("pk")).exclude(
        state=terms.CANCELLED
    )
    open_first = Case(
        When(state__in=terms.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    shown: QuerySet[Any] = found.annotate(
        duty_told=Subquery(duties.order_by(open_first, "-pk").values(told=told)[:1])
    )
    return shown


@dataclass(frozen=True, slots=True)
class Standing:
    """How some duties stand: how many there are, closed, closed on time, still worked on, and of these overdue."""

    total: int = 0
    closed: int = 0
    on_time: int = 0
    going: int = 0
    overdue: int = 0


def stands(duties: Iterable[Duty], today: date) -> Standing:
    """Return how these duties stand today; cancelled ones are left out."""
    counted = [duty for duty in duties if duty.state != terms.CANCELLED]
    closed = [duty for duty in counted if duty.state == terms.CLOSED]
    late = [
        duty
        for duty in closed
        if duty.due_date and duty.submitted_date and duty.submitted_date > duty.due_date
    ]
    going = [duty for duty in counted if duty.state in terms.OPEN]
    overdue = [duty for duty in going if standing(duty, today) == terms.OVERDUE]
    return Standing(len(counted), len(closed), len(closed) - len(late), len(going), len(overdue))


# --- what forms offer ---------------------------------------------------------------------------------------------


def units_to_charge() -> QuerySet[Any]:
    """Return the units that can be given a duty: those that exist, without the city itself and names for several."""
    return units_today().exclude(kind__in=("collective", "city")).order_by("order", "code")


def units_to_name() -> QuerySet[Any]:
    """Return the units that can be named as responsible beside the lead: names for several too."""
    return units_today().exclude(kind="city").order_by("order", "code")


def leaders(kept: int | None = None) -> QuerySet[Any]:
    """Return who can lead (牵头领导), each with his ``post``: leaders of the city, then the first hands of units, in official order.

    Those with a seat in a body by the order of bodies and seats, the others by that of units. ``kept`` is named already and stays.
    """
    today = timezone.localdate()
    seats = SeatTerm.objects.filter(
        in_force(today), in_force(today, "seat"), in_force(today, "seat__body"), person=OuterRef("pk")
    ).order_by("seat__body__order", "seat__order", "pk")  # fmt: skip
    leads = Q(is_first_hand=True) | Q(unit__kind="leadership")
    posts = (
        Membership.objects.filter(in_force(today), in_force(today, "unit"), leads, person=OuterRef("pk"))
        .annotate(told=Concat(brief_name(), Value(" "), F("position"), output_field=CharField()))
        .order_by("-is_first_hand", "unit__order", "pk")
    )
    found = Person.objects.annotate(
        body_order=Subquery(seats.values("seat__body__order")[:1]), seat_order=Subquery(seats.values("seat__order")[:1]),
        unit_order=Subquery(posts.values("unit__order")[:1]),
        post=Coalesce(Subquery(posts.values("told")[:1]), Subquery(seats.values("seat__position")[:1]), Value("")),
    )  # fmt: skip
    can_lead = Q(body_order__isnull=False) | Q(unit_order__isnull=False)
    places = (F(name).asc(nulls_last=True) for name in ("body_order", "seat_order", "unit_order"))
    return found.filter(can_lead if kept is None else can_lead | Q(pk=kept)).order_by(*places, "name", "pk")


# The bodies in whose name the office of the whole city acts (clauses 1.1 to 1.4).
BODIES = ("leader_group", "group", "office")


def speaks_for(by: Actor, permission: str) -> QuerySet[Any]:
    """Return the units in whose name an actor sets duties or issues papers.

    Who may for the whole city does so for his own units, the leader group, its groups and its office, and in no other's name.
    """
    reach = by.reach(permission)
    found = units_to_charge()
    if by.is_system:
        return found
    if reach.everywhere:
        return found.filter(Q(pk__in=by.unit_ids) | Q(kind__in=BODIES))
    return found.filter(pk__in=reach.units)


def setting_units(by: Actor) -> QuerySet[Any]:
    """Return the units in whose name an actor sets duties."""
    return speaks_for(by, "duties.duty.set")


def handling_units(duty: Duty, by: Actor) -> QuerySet[Any]:
    """Return the units of a duty for which an actor reports."""
    found = DutyPart.objects.filter(duty=duty, part__in=terms.RESPONSIBLE, unit__isnull=False)
    reach = own(by)
    if not reach.everywhere:
        found = found.filter(unit__in=reach.units)
    return Unit.objects.filter(pk__in=found.values("unit")).exclude(kind="collective")


def owed_by(unit: Unit) -> QuerySet[Any]:
    """Return the duties that a unit still owes as the one that leads."""
    return Duty.objects.filter(lead_unit=unit, state__in=terms.OPEN)


def set_by(unit: Unit) -> QuerySet[Duty]:
    """Return the open duties that a unit has set, and reviews."""
    return Duty.objects.filter(set_unit=unit, state__in=terms.OPEN).order_by("pk")


def reviewer_after(unit: Unit) -> Unit | None:
    """Return which unit reviews what one that is closed had set: the nearest above it that stays, else the leader group's office.

    The city itself, and a name for several units, review nothing. None where there is neither.
    """
    last = unit.valid_to or timezone.localdate()
    stays = (
        Unit.objects.filter(in_force(last + timedelta(days=1)))
        .exclude(kind__in=("collective", "city"))
        .exclude(pk=unit.pk)
    )
    above = [code for code in unit.path.split("/") if code][:-1]
    nearest: list[Unit] = sorted(stays.filter(code__in=above), key=lambda found: -len(found.path))
    if nearest:
        return nearest[0]
    offices: list[Unit] = list(stays.filter(kind__in=("office", "leader_group")))
    return min(offices, key=lambda found: (found.kind != "office", found.order, found.code), default=None)


def orphans() -> Q:
    """Return the Q of open duties whose lead unit exists no more: they must be handed over."""
    gone = Unit.objects.exclude(pk__in=units_today().values("pk"))
    return Q(state__in=terms.OPEN, lead_unit__in=gone.values("pk"))


def last_setback(duty: Duty) -> datetime | None:
    """Return when a duty was last refused, reopened or handed over: evidence of before does not count again."""
    verbs = [f"duties.duty.{act}" for act in ("reject", "reopen", "hand_over", "follow_unit")]
    found = Event.objects.filter(object_type=events.type_of(Duty), object_id=duty.pk, verb__in=verbs)
    last: datetime | None = found.order_by("-pk").values_list("at", flat=True).first()
    return last


def was_handed_over(duty: Duty) -> bool:
    """Say whether another unit leads a duty than the one it was set for."""
    verbs = ("duties.duty.hand_over", "duties.duty.follow_unit")
    return Event.objects.filter(object_type=events.type_of(Duty), object_id=duty.pk, verb__in=verbs).exists()


def told_outside(duty: Duty) -> str:
    """Return how a duty is called where everybody may read it: by its number alone, if it is sensitive."""
    if duty.secrecy != terms.SENSITIVE:
        return duty.item
    return _("一项敏感事项（%(number)s）") % {"number": duty.number}


def masked_duties(keys: Iterable[int]) -> dict[int, str]:
    """Return how the sensitive ones among some duties are called in letters."""
    found = Duty.objects.filter(pk__in=list(keys), secrecy=terms.SENSITIVE)
    return {duty.pk: told_outside(duty) for duty in found}


def masked_extensions(keys: Iterable[int]) -> dict[int, str]:
    """Return how the extensions of sensitive duties are called in letters."""
    found = Extension.objects.filter(pk__in=list(keys), duty__secrecy=terms.SENSITIVE).select_related("duty")
    return {row.pk: told_outside(row.duty) for row in found}


def duty_entries(ids: Sequence[int]) -> Iterator[search.Entry]:
    """Yield by what duties are found: item, number, lead unit, the clause."""
    for row in Duty.objects.filter(pk__in=ids).select_related("lead_unit"):
        texts = [row.number, row.lead_unit.name, row.lead_unit.short_name, row.clause]
        yield search.Entry(events.type_of(row), row.pk, row.item, [text for text in texts if text])


def told_as_six(source: str) -> list[dict[str, str]]:
    """Return the duties of a kind of source as a document lists them: the six, units by their short names in order.

    Units named by a collective stand under the collective name alone, as the text of a policy has them.
    """
    duties = list(
        Duty.objects.filter(source_kind=source, parent=None).exclude(state=terms.CANCELLED).select_related("leader").order_by("pk")
    )  # fmt: skip
    named: dict[int, dict[str, list[str]]] = {duty.pk: {} for duty in duties}
    found = DutyPart.objects.filter(duty__in=named, named_as=None, unit__isnull=False).select_related("unit")
    for side in found.order_by("order", "pk"):
        assert side.unit is not None
        named[side.duty_id].setdefault(side.part, []).append(side.unit.short_name or side.unit.name)
    told = []
    for duty in duties:
        units = named[duty.pk]
        told.append({
            "clause": duty.clause, "item": duty.item,
            "lead_units": "、".join(units.get(terms.LEAD, []) + units.get(terms.CO_LEAD, [])),
            "responsible_units": "、".join(units.get(terms.JOINT, [])), "lead_leader": str(duty.leader or ""),
            "requirement": duty.requirement,
            "deadline": duty.due_date.isoformat() if duty.due_date else str(terms.DUE[terms.STANDING]),
        })  # fmt: skip
    return told


def filter_options(asked: Iterable[int] = ()) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return the units and the people that filters offer, in one query: units that exist or were ``asked`` for, and who leads a duty."""
    units = (units_to_charge() | Unit.objects.filter(pk__in=list(asked))).order_by().annotate(
        kind_of=Value(0, output_field=IntegerField()), shown=brief_name(""), place=F("order")
    ).values_list("kind_of", "pk", "shown", "place")  # fmt: skip
    led = Person.objects.filter(pk__in=DutyPart.objects.filter(part=terms.LEADER).values("person")).order_by()
    people = led.annotate(
        kind_of=Value(1, output_field=IntegerField()), shown=F("name"), place=Value(0, output_field=IntegerField())
    ).values_list("kind_of", "pk", "shown", "place")  # fmt: skip
    found = sorted(units.union(people, all=True), key=lambda row: (row[0], row[3], row[2]))
    return (
        [(pk, shown) for kind, pk, shown, _place in found if kind == 0],
        [(pk, shown) for kind, pk, shown, _place in found if kind == 1],
    )
