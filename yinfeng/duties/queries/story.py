"""What belongs to one duty, as its page tells it, read in one statement: who takes part, reports, extensions, reminders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateField,
    DateTimeField,
    F,
    IntegerField,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, NullIf

from yinfeng.core.prepared import prepared
from yinfeng.duties.models import DutyPart, Extension, Reminder, Report
from yinfeng.orgs.queries import brief_name

SHOWN = 20  # of each kind, the newest


@dataclass(frozen=True, slots=True)
class Party:
    """A unit that takes part and as what, or the leader, by name; ``is_meant`` when a collective name stands for it.

    Of who held it before: from which day until which.
    """

    part: str
    name: str
    is_meant: bool
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """How far the duty had come, as a unit told it."""

    pk: int
    text: str
    problem: str
    unit: str
    who: str
    percent: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A later last day that was asked for."""

    pk: int
    reason: str
    answer: str
    state: str
    who: str
    was: date
    until: date
    granted_until: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """A level of reminder; ``who`` is empty when the clock issued it."""

    pk: int
    level: str
    number: str
    reason: str
    who: str
    has_document: bool
    for_date: date
    at: datetime


@dataclass(slots=True)
class Story:
    """All of it: the parties in the order of the document, the rest from the newest on."""

    parties: list[Party] = field(default_factory=list)
    reports: list[Reported] = field(default_factory=list)
    extensions: list[Asked] = field(default_factory=list)
    reminders: list[Issued] = field(default_factory=list)

    def named(self, *parts: str) -> list[str]:
        """Return the names under which units take part in one of these ways."""
        return [party.name for party in self.parties if party.part in parts and not party.is_meant]


def story(duty: int) -> Story:
    """Return what belongs to a duty, in one statement."""
    told = Story()
    found = sorted(_rows(duty), key=lambda row: (row[0], row[6] or 0, -row[1]))
    for kind, pk, one, two, three, four, number, first, second, third, at in found:
        if kind == _PARTY:
            told.parties.append(Party(one, two, bool(three), first, second))
        elif kind == _REPORT:
            told.reports.append(Reported(pk, one, two, three, four, None if number < 0 else number, at))
        elif kind == _ASKED:
            told.extensions.append(Asked(pk, one, two, three, four, first, second, third, at))
        else:
            told.reminders.append(Issued(pk, one, two, three, four, bool(number), first, at))
    told.reports.sort(key=lambda row: (row.at, row.pk), reverse=True)
    told.extensions.sort(key=lambda row: row.pk, reverse=True)
    told.reminders.sort(key=lambda row: (row.at, row.pk), reverse=True)
    return told


_PARTY, _REPORT, _ASKED, _ISSUED = range(4)
# Cast, or PostgreSQL takes the column of nothing for text.
_NO_DAY = Cast(Value(None), DateField(null=True))
_NO_TIME = Cast(Value(None), DateTimeField(null=True))
_NOTHING = Value("", output_field=TextField())


@prepared
def _rows(duty: int) -> QuerySet[Any, Any]:
    first, *others = _legs(duty)
    return first.union(*others, all=True)


def _legs(duty: int) -> Iterator[QuerySet[Any, Any]]:
    meant = Case(When(named_as=None, then=Value("")), default=Value("meant"), output_field=TextField())
    name = Coalesce(brief_name("unit__"), F("person__name"), output_field=CharField())
    yield _leg(
        DutyPart.objects.filter(duty=duty),
        _PARTY,
        F("part"),
        name,
        meant,
        _NOTHING,
        F("order"),
        F("since"),
        F("until"),
        at=_NO_TIME,
    )
    percent = Coalesce(Cast("percent", IntegerField()), Value(-1))
    yield _leg(
        _newest(Report, duty, "-reported_at"), _REPORT, F("text"), F("problem"), brief_name("unit__"), _who("reported_by"), percent,
        at=F("reported_at"),
    )  # fmt: skip
    yield _leg(
        _newest(Extension, duty, "-pk"), _ASKED, F("reason"), F("answer"), F("state"), _who("asked_by"), Value(0), F("was"), F("until"),
        F("granted_until"), at=F("asked_at"),
    )  # fmt: skip
    document = Case(When(digest="", then=Value(0)), default=Value(1), output_field=IntegerField())
    yield _leg(
        _newest(Reminder, duty, "-issued_at"), _ISSUED, F("level"), F("number"), F("reason"), _who("issued_by"), document, F("for_date"),
        at=F("issued_at"),
    )  # fmt: skip


def _newest(model: Any, duty: int, order: str) -> QuerySet[Any]:
    """Return the newest rows of a kind; the slice stands in a subquery, which both databases take in a union."""
    first = model.objects.filter(duty=duty).order_by(order, "-pk").values("pk")[:SHOWN]
    found: QuerySet[Any] = model.objects.filter(pk__in=first)
    return found


def _who(account: str) -> Any:
    return Coalesce(NullIf(f"{account}__name", Value("")), F(f"{account}__username"), Value(""))


def _leg(
    rows: QuerySet[Any], kind: int, one: Any, two: Any, three: Any, four: Any, number: Any, first: Any = _NO_DAY,
    second: Any = _NO_DAY, third: Any = _NO_DAY, *, at: Any,
) -> QuerySet[Any, Any]:  # fmt: skip
    shown = rows.order_by().annotate(
        s_kind=Value(kind, output_field=IntegerField()), s_one=Cast(one, TextField()), s_two=Cast(two, TextField()),
        s_three=Cast(three, TextField()), s_four=Cast(four, TextField()), s_number=Cast(number, IntegerField()),
        s_first=Cast(first, DateField()), s_second=Cast(second, DateField()), s_third=Cast(third, DateField()),
        s_at=Cast(at, DateTimeField()),
    )  # fmt: skip
    found: QuerySet[Any, Any] = shown.values_list(
        "s_kind",
        "pk",
        "s_one",
        "s_two",
        "s_three",
        "s_four",
        "s_number",
        "s_first",
        "s_second",
        "s_third",
        "s_at",
    )
    return found
