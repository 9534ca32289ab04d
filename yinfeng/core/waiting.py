"""What waits for people to act: every app says what waits in it, and one union reads it all.

The first page and the inbox of a person or a unit read the same kinds, so a thing that waits is in both or in neither. A kind
is a leg of the union: however many there are, they cost one query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import CharField, Count, DateTimeField, F, IntegerField, QuerySet, Value, Window
from django.db.models.functions import Cast, RowNumber

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.keeping import kept
from yinfeng.core.models import Event
from yinfeng.core.money import YuanField
from yinfeng.core.prepared import prepared


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: its key, its title, three more things that its kind tells of it, an amount, since when."""

    pk: int
    title: str
    first: str
    second: str
    third: str
    amount: Decimal | None
    at: datetime


Found = Mapping[int, tuple[int, list[Waiting]]]

NOTHING = Value("", output_field=CharField())
# Cast, or PostgreSQL takes the column of nothing for text.
NO_AMOUNT = Cast(Value(None), YuanField(null=True))
NO_TIME = Cast(Value(None), DateTimeField(null=True))
COLUMNS = (
    "leg_number", "leg_total", "leg_place", "shown_pk", "shown_title", "first", "second", "third", "shown_amount", "since",
)  # fmt: skip


def leg(
    number: int, rows: QuerySet[Any], each: int, at: str, pk: str, *told: Any, title: str, since: str = "",
) -> QuerySet[Any, Any]:  # fmt: skip
    """Return the rows of one kind that come first by ``at``, in the columns that all kinds share.

    They have waited since then, or, when ``at`` is the day on which they are due, ``since`` another moment.
    """
    first, second, third, amount = told
    ranked = rows.order_by().annotate(
        leg_number=Value(number, output_field=IntegerField()), leg_total=Window(Count("pk")),
        leg_place=Window(RowNumber(), order_by=[F(at).asc(), F("pk").asc()]),
        shown_pk=F(pk), shown_title=F(title), first=first, second=second, third=third, shown_amount=amount, since=F(since or at),
    )  # fmt: skip
    shown: QuerySet[Any, Any] = ranked.filter(leg_place__lte=each).values_list(*COLUMNS)
    return shown


def united(legs: Iterable[QuerySet[Any, Any]]) -> Iterable[tuple[Any, ...]]:
    """Return the rows of all legs, in no order, in one query."""
    first, *others = legs
    return first.union(*others, all=True) if others else first


def sorted_out(rows: Iterable[tuple[Any, ...]]) -> dict[int, tuple[int, list[Any]]]:
    """Return by leg how many wait in all, and the first of them in order."""
    found: dict[int, tuple[int, list[tuple[int, Waiting]]]] = {}
    for number, total, place, *told in rows:
        found.setdefault(number, (total, []))[1].append((place, Waiting(*told)))
    return {number: (total, [row for _place, row in sorted(told)]) for number, (total, told) in found.items()}


# --- what apps register -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a kind that wait, by which column they are ordered, and what is read of each (see ``Waiting``)."""

    found: QuerySet[Any]
    at: str
    told: tuple[Any, Any, Any]
    pk: str = "pk"
    title: str = "title"
    since: str = "updated_at"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that waits: its list's title, what is to be done about it (``hint``), and who finds and tells it.

    ``find(by, today, mine)`` returns what waits for the person (``mine``) or for his units, None when nothing can;
    ``line(thing, today)`` tells one of them as a row of a list; ``url(by, mine)`` is the list of all. What waits for others is not
    ``urgent``: it stands in the inbox alone.
    """

    code: str
    title: Sentence
    icon: str
    hint: Sentence
    find: Callable[[Actor, date, bool], Rows | None]
    line: Callable[[Waiting, date], dict[str, Any]]
    url: Callable[[Actor, bool], str]
    urgent: bool = True
    order: int = 50


KINDS: list[Kind] = []
FIRST = 100  # the number of the first kind among the legs; those below are an app's own


def register(kind: Kind) -> None:
    """Let a kind of thing be found by those for whom it waits."""
    if all(known.code != kind.code for known in KINDS):
        KINDS.append(kind)
        KINDS.sort(key=lambda known: known.order)


def legs(by: Actor, today: date, each: int, *, mine: bool, urgent: bool) -> list[QuerySet[Any, Any]]:
    """Return a leg for each kind that can hold something for a person, or for his units; ``urgent``: what he must act on alone."""
    found = []
    for number, kind in enumerate(KINDS, FIRST):
        rows = kind.find(by, today, mine) if kind.urgent or not urgent else None
        if rows is not None:
            told = partial(leg, number, rows.found, each, rows.at, rows.pk, *rows.told, NO_AMOUNT)
            found.append(told(title=rows.title, since=rows.since))
    return found


@dataclass(frozen=True, slots=True)
class Listed:
    """What waits of one kind: how many, and the first of them as rows of a list."""

    kind: Kind
    count: int
    rows: list[dict[str, Any]]
    url: str


def listed(found: Found, by: Actor, today: date, *, mine: bool) -> list[Listed]:
    """Return what was found of the kinds that apps registered, in their order."""
    return [
        Listed(
            kind, found[number][0], [kind.line(item, today) for item in found[number][1]], kind.url(by, mine)
        )
        for number, kind in enumerate(KINDS, FIRST)
        if number in found
    ]


def waiting(by: Actor, today: date, each: int, *, mine: bool) -> list[Listed]:
    """Return what waits for a person, or for his units, in one query.

    It is worded once a minute, and anew after a load of the profile: to word so many kinds takes longer than to read them.
    """
    rows = _worded(by, (today, each, mine, kept(("waiting",), object)))
    return listed(sorted_out(rows), by, today, mine=mine)


@prepared
def _worded(by: Actor, asked: tuple[date, int, bool, object]) -> Any:
    today, each, mine, _minute = asked
    found = legs(by, today, each, mine=mine, urgent=False)
    return united(found) if found else Event.objects.none().values_list("pk")
