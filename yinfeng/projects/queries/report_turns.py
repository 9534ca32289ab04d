"""Who has to hand in a report for a period, who did and when first, who need not, who is late (clause 3.1.3).

The units that existed at the end of the period have to, founded or closed whenever; who handed in by another version did so all
the same. What is told here is whether and when: what a copy says is read through the scope of copies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, JSONObject, TruncDate
from django.utils import timezone

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.keeping import kept
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import brief_name
from yinfeng.projects.models import Report, ReportDefinition, ReportReminder, ReportWaiver
from yinfeng.projects.queries.records import name_of
from yinfeng.projects.queries.reports import Period, all_definitions, due_date, ended_periods, written_on

Key = tuple[str, int, date]  # report, unit, first day of the period
Definitions = Mapping[str, Sequence[ReportDefinition]]


@dataclass(slots=True)
class Filing:
    """That a unit handed in: its newest copy, how many there are, and when the first came, which alone may be late."""

    pk: int
    number: int
    at: datetime
    first_at: datetime
    due: date
    recipient: int

    @property
    def days_late(self) -> int:
        """How many days after the day it was due the first copy came; 0 in time."""
        return max((timezone.localdate(self.first_at) - self.due).days, 0)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """That a unit was let off a period and is not any more: by whom, on which day (as text) and why, each time."""

    by: str
    on: str
    reason: str
    taken_back_by: str
    taken_back_on: str
    because: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A period of a report: by when which units have to hand it in, who did, and who need not."""

    definition: ReportDefinition
    period: Period
    due: date
    units: list[Unit]
    filed: dict[int, Filing]
    waived: dict[int, str]  # with the reason
    withdrawn: dict[int, Withdrawn] = field(default_factory=dict)  # read of one turn alone

    @property
    def missing(self) -> list[Unit]:
        """The units of which a copy is still to come."""
        return [unit for unit in self.units if unit.pk not in self.filed and unit.pk not in self.waived]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A period of a report of which copies are still to come: of which units, how many handed in, how many need not."""

    definition: ReportDefinition
    period: Period
    due: date
    missing: list[Unit]
    filed: int
    waived: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A period of a report that is to be handed in, and whether it is one of the last."""

    definition: ReportDefinition
    period: Period
    is_recent: bool


def asked_for(definitions: Definitions, today: date) -> list[Asked]:
    """Return every period that is to be reported, of each report the newest first."""
    return [Asked(*item) for versions in definitions.values() for item in ended_periods(versions, today)]


def all_units() -> list[Unit]:
    """Return every unit there is or was, in its order."""
    return list(Unit.objects.order_by("order", "code"))


def turns(asked: Sequence[Asked], units: Sequence[Unit]) -> list[Turn]:
    """Return how periods stand; what was handed in and waived is read from the first of them to the last."""
    if not asked:
        return []
    days = [item.period.starts for item in asked]
    within = {"starts__range": (min(days), max(days))}
    filed = filings(Report.objects.filter(**within))
    waivers = (
        ReportWaiver.objects.in_force().filter(**within).values_list("code", "unit_id", "starts", "reason")
    )
    waived = {(code, unit, starts): reason for code, unit, starts, reason in waivers}
    return [_turn(item.definition, item.period, units, filed, waived) for item in asked]


def unfinished(asked: Sequence[Asked], units: Sequence[Unit]) -> list[Unfinished]:
    """Return the periods of which copies are missing, what was due first before the rest, in one query.

    Of ten years of weeks it reads no more of a copy than that it is there.
    """
    if not asked:
        return []
    first = min(item.period.starts for item in asked)
    legs = [
        rows.filter(starts__gte=first).values_list(Value(name), "code", "starts", "unit_id")
        for name, rows in (("filed", Report.objects.filter(number=1)), ("waived", ReportWaiver.objects.in_force().order_by()))
    ]  # fmt: skip
    done: dict[tuple[str, date], dict[str, set[int]]] = {}
    for name, code, starts, unit in legs[0].order_by().union(legs[1], all=True):
        done.setdefault((code, starts), {"filed": set(), "waived": set()})[name].add(unit)
    kinds: dict[str, list[Unit]] = {}
    for item in units:
        kinds.setdefault(item.kind, []).append(item)
    found = []
    for turn in asked:
        definition, period = turn.definition, turn.period
        there = done.get((definition.code, period.starts), {"filed": set(), "waived": set()})
        over = there["filed"] | there["waived"]
        asked_units = (item for kind in definition.submitters for item in kinds.get(kind, []))
        missing = [item for item in asked_units if item.pk not in over and item.is_open(period.ends)]
        if missing:
            let_off, due = len(there["waived"] - there["filed"]), due_date(definition, period)
            found.append(Unfinished(definition, period, due, missing, len(there["filed"]), let_off))
    return sorted(found, key=lambda item: (item.due, item.definition.title))


def turn_of(definition: ReportDefinition, period: Period) -> Turn:
    """Return one period of one report."""
    filed = filings(Report.objects.filter(code=definition.code, starts=period.starts))
    waivers = ReportWaiver.objects.in_force().filter(
        code=definition.code, starts=period.starts, unit=OuterRef("pk")
    )
    units: list[Any] = list(
        Unit.objects.annotate(
            waived=Subquery(waivers.values("reason")[:1]),
            withdrawn=Subquery(_withdrawn(definition.code, period.starts).filter(unit=OuterRef("pk"))[:1]),
        ).order_by("order", "code")
    )
    waived = {(definition.code, unit.pk, period.starts): unit.waived for unit in units if unit.waived}
    told = {unit.pk: Withdrawn(**unit.withdrawn) for unit in units if unit.withdrawn}
    return replace(_turn(definition, period, units, filed, waived), withdrawn=told)


def filings(copies: QuerySet[Report]) -> dict[Key, Filing]:
    """Return who handed in what, in one query."""
    found: dict[Key, Filing] = {}
    names = (
        "code",
        "unit_id",
        "starts",
        "pk",
        "number",
        "submitted_at",
        "due_date",
        "definition__recipient_id",
    )
    for code, unit, starts, pk, number, at, due, recipient in copies.order_by("number").values_list(*names):
        filing = found.setdefault((code, unit, starts), Filing(pk, number, at, at, due, recipient))
        filing.pk, filing.number, filing.at, filing.recipient = pk, number, at, recipient
    return found


def _turn(
    definition: ReportDefinition,
    period: Period,
    units: Iterable[Unit],
    filed: dict[Key, Filing],
    waived: dict[Key, str],
) -> Turn:
    """Return a turn; a unit that handed in belongs to it even if it is of another kind since."""
    known = {unit.pk: (definition.code, unit.pk, period.starts) for unit in units}
    asked = [
        unit
        for unit in units
        if (unit.kind in definition.submitters and unit.is_open(period.ends)) or known[unit.pk] in filed
    ]
    return Turn(
        definition, period, due_date(definition, period), asked,
        {pk: filed[key] for pk, key in known.items() if key in filed},
        {pk: waived[key] for pk, key in known.items() if key in waived},
    )  # fmt: skip


def sees_copy(by: Actor, unit: int, filing: Filing) -> bool:
    """Say whether a person may read the newest copy, as the scope of copies says it."""
    reach = by.reach("projects.project.view")
    return reach.everywhere or unit in reach.units or filing.recipient in reach.units


def filing_of(copy: Report) -> Filing:
    """Return that the unit of a copy handed in, the first copy and the newest."""
    same = {"code": copy.code, "unit": copy.unit_id, "starts": copy.starts}
    return filings(Report.objects.filter(**same))[copy.code, copy.unit_id, copy.starts]


def waiver_of(code: str, unit: Unit, starts: date) -> ReportWaiver | None:
    """Return that a unit need not hand in for a period, if so: a waiver that was withdrawn holds no more."""
    return ReportWaiver.objects.in_force().filter(code=code, unit=unit, starts=starts).first()


def withdrawn_waiver(code: str, unit: Unit, starts: date) -> Withdrawn | None:
    """Return the newest waiver of a unit for a period that was withdrawn."""
    found = _withdrawn(code, starts).filter(unit=unit).first()
    return Withdrawn(**found) if found else None


def _withdrawn(code: str, starts: date) -> QuerySet[ReportWaiver, Any]:
    """Return the waivers of a period that were withdrawn as one object each, the newest first."""
    found = ReportWaiver.objects.filter(code=code, starts=starts, withdrawal__isnull=False).order_by(
        "-number"
    )
    rows: QuerySet[ReportWaiver, Any] = found.values_list(
        JSONObject(
            by=name_of("waived_by"), on=TruncDate("waived_at"), reason="reason", taken_back_by=name_of("withdrawal__withdrawn_by"),
            taken_back_on=TruncDate("withdrawal__withdrawn_at"), because="withdrawal__reason",
        ),
        flat=True,
    )  # fmt: skip
    return rows


def waivers_of(code: str, unit: Unit, starts: date) -> int:
    """Return how often a unit was let off a period, withdrawn waivers too."""
    return ReportWaiver.objects.filter(code=code, unit=unit, starts=starts).count()


# --- what waits on a person's home page ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwedReport:
    """A report that a unit still has to hand in: what the home page says of it."""

    title: str
    period: Period
    unit: int
    unit_name: str
    due: date
    code: str


@dataclass(frozen=True, slots=True)
class Unfiled:
    """What is asked of units, and what must be known of them to say what they owe: ``known`` rides along with another query."""

    units: frozenset[int]
    asked: list[tuple[ReportDefinition, Period]]

    def known(self) -> list[tuple[QuerySet[Any], tuple[Any, ...]]]:
        """Return rows with their columns (unit and four texts): the units, what they handed in, what they need not."""
        nothing = Value("", output_field=CharField())
        opened, closed, starts = (Cast(name, CharField()) for name in ("valid_from", "valid_to", "starts"))
        units = Unit.objects.filter(pk__in=self.units), ("pk", brief_name(""), F("kind"), opened, closed)
        first = min(period.starts for _definition, period in self.asked)
        return [units] + [
            (rows.filter(unit__in=self.units, starts__gte=first), ("unit_id", nothing, F("code"), starts, nothing))
            for rows in (Report.objects.all(), ReportWaiver.objects.in_force())
        ]  # fmt: skip

    def owed(self, known: Iterable[tuple[Any, ...]]) -> list[OwedReport]:
        """Return what the units owe, what is due first before the rest."""
        units: list[Unit] = []
        names: dict[int, str] = {}
        done: set[Key] = set()
        for pk, name, first, second, third in known:
            if name:
                since, until = (date.fromisoformat(text) if text else None for text in (second, third))
                units.append(Unit(pk=pk, kind=first, valid_from=since, valid_to=until))
                names[pk] = name
            else:
                done.add((first, pk, date.fromisoformat(second)))
        found = [
            OwedReport(definition.title, period, unit.pk, names[unit.pk], due_date(definition, period), definition.code)
            for definition, period in self.asked
            for unit in units
            if unit.kind in definition.submitters and unit.is_open(period.ends)
            if (definition.code, unit.pk, period.starts) not in done
        ]  # fmt: skip
        return sorted(found, key=lambda item: (item.due, item.title, item.unit_name))


def unfiled(by: Actor, today: date) -> Unfiled | None:
    """Return what is asked of the units for which a person hands in, of his own alone if he may for all; None of nothing.

    What is to be reported is kept for a minute: the home page asks often, and definitions change a few times a year.
    """
    reach = by.reach("projects.report.submit")
    own = () if by.unit_id is None else (by.unit_id,)
    units = frozenset(own) if reach.everywhere else reach.units
    if not units:
        return None
    asked = [
        (definition, period)
        for versions in kept("report definitions", all_definitions).values()
        for definition, period, _is_recent in ended_periods(versions, today)
    ]
    return Unfiled(units, asked) if asked else None


# --- reminders ----------------------------------------------------------------------------------------------------


def to_remind(today: date) -> list[tuple[Turn, Unit, str]]:
    """Return which units are still to be told of which report, and of what: that it is due soon, or overdue.

    Due soon is what is due within ``days_before`` of the profile’s rule ``report_reminder``; without it nobody is told before.
    Only the last periods are told of: older ones stand on the page of reports. So does what was due before it was written down.
    """
    definitions = all_definitions()
    written = {code: written_on(versions) for code, versions in definitions.items()}
    last = [item for item in asked_for(definitions, today) if item.is_recent]
    before = int(core.rules("report_reminder", today).get("due", {}).get("days_before") or 0)
    owing = [
        (turn, unit, "overdue" if turn.due < today else "due")
        for turn in turns(last, all_units() if last else [])
        if turn.due >= written[turn.definition.code]
        if turn.due <= today + timedelta(days=before) and (before or turn.due < today)
        for unit in turn.missing
    ]
    if not owing:
        return []
    first = min(turn.period.starts for turn, _unit, _kind in owing)
    told = set(
        ReportReminder.objects.filter(starts__gte=first).values_list("code", "unit_id", "starts", "kind")
    )
    return [
        (turn, unit, kind)
        for turn, unit, kind in owing
        if (turn.definition.code, unit.pk, turn.period.starts, kind) not in told
    ]
