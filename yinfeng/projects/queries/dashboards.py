"""What one unit’s dashboard shows: what stands where and how it is lit, what the ledger says of it, its transfers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, CharField, Count, F, IntegerField, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce, ExtractYear, Round

from yinfeng.core.actors import Actor
from yinfeng.projects import stages
from yinfeng.projects.models import WHOLE, Project, Share, Transfer
from yinfeng.projects.models.ledger import with_project
from yinfeng.projects.queries.grades import COUNTED
from yinfeng.projects.queries.ledger import Sums, in_cents
from yinfeng.projects.queries.library import State
from yinfeng.projects.queries.lights import light_said, lit, to_leave
from yinfeng.projects.queries.schedule import with_sums


def placed_at(unit: int) -> Q:
    """Return the Q of the projects that a unit hosts, or reports while nobody hosts them."""
    return Q(host_unit=unit) | Q(host_unit=None, reporter_unit=unit)


@dataclass(frozen=True, slots=True)
class Stood:
    """What stands in some stages: ongoing projects, extensions among them, their yuan, and how many have which light."""

    projects: int = 0
    extensions: int = 0
    amount: Decimal = Decimal(0)
    lights: Mapping[str, int] = field(default_factory=dict)
    to_leave: int = 0

    def __add__(self, other: Stood) -> Stood:
        lights = {code: self.lights.get(code, 0) + other.lights.get(code, 0) for code in stages.LIGHTS}
        return Stood(
            self.projects + other.projects, self.extensions + other.extensions, self.amount + other.amount, lights,
            self.to_leave + other.to_leave,
        )  # fmt: skip


def stood_by_stage(projects: QuerySet[Project], today: date) -> dict[str, Stood]:
    """Return what stands in each stage of the ongoing ones of the projects, in one query.

    Each project is asked once which light it has, and counted by stage and light.
    """
    cents = Coalesce(Sum(Cast(Round(COUNTED * 100), BigIntegerField())), 0)
    ongoing = projects.filter(status=stages.ONGOING).order_by().annotate(light=light_said(today))
    rows = ongoing.values_list("stage", "light").annotate(
        n=Count("pk"), grown=Count("parent"), cents=cents, leave=Count("pk", filter=to_leave(today))
    )
    found = dict.fromkeys(stages.ORDER, Stood())
    for stage, light, count, grown, yuan, leave in rows:
        found[stage] += Stood(count, grown, Decimal(yuan) / 100, {light: count} if light else {}, leave)
    return found


def stood_in(state: State, by_stage: Mapping[str, Stood]) -> Stood:
    """Return what stands in a state of the library."""
    return sum((by_stage[stage] for stage in state.stages), Stood())


IN, OUT = "in", "out"
_LEDGER, _IN, _OUT = range(3)


@dataclass(frozen=True, slots=True)
class Record:
    """A unit’s share of what was booked by (kind, year), and how many transfers it has by (way, state)."""

    booked: dict[tuple[str, int], Sums]
    transfers: dict[tuple[str, str], int]


def record_of(by: Actor, unit: int, years: tuple[int, int]) -> Record:
    """Return a unit’s record of two years (the first before the second) in the person’s sight, in one query.

    Transfers that were withdrawn or ruled out are none.
    """
    within = {
        "entry__booked_date__gte": date(years[0], 1, 1),
        "entry__booked_date__lte": date(years[1], 12, 31),
    }
    shares = Share.objects.filter(with_project(by, "view", "entry__project"), unit=unit, **within)
    legs: list[QuerySet[Any, Any]] = [
        shares.order_by().values_list(
            Value(_LEDGER, IntegerField()), Cast("entry__kind", CharField()), ExtractYear("entry__booked_date")
        ).annotate(n=Sum(F("millionths") * F("entry__count"), output_field=BigIntegerField()), cents=Sum(in_cents("amount")), times=Count("pk"))
    ]  # fmt: skip
    for leg, side in ((_IN, "to_unit"), (_OUT, "from_unit")):
        rows = Transfer.objects.permitted(by).filter(**{side: unit}).exclude(state__in=_OVER)
        nothing = Value(0, BigIntegerField())
        legs.append(
            rows.order_by().values_list(Value(leg, IntegerField()), "state", Value(0, IntegerField()))
            .annotate(n=Count("pk"), cents=nothing, times=nothing)
        )  # fmt: skip
    booked: dict[tuple[str, int], Sums] = {}
    transfers: dict[tuple[str, str], int] = {}
    for leg, code, year, n, cents, times in legs[0].union(*legs[1:], all=True):
        if leg == _LEDGER:
            booked[code, int(year)] = Sums(Decimal(n) / WHOLE, Decimal(cents) / 100, times)
        else:
            transfers[IN if leg == _IN else OUT, code] = n
    return Record(booked, transfers)


_OVER = (stages.WITHDRAWN, stages.DISMISSED)


def reddest(projects: QuerySet[Project], today: date, most: int) -> list[Project]:
    """Return the red ones of the projects, the longest without progress first."""
    chosen = projects.filter(lit(stages.RED, today)).order_by("progress_at", "pk")[:most]
    return list(
        with_sums(Project.objects.filter(pk__in=chosen.values("pk")), today).order_by("progress_at", "pk")
    )
