"""What a unit and others have of a year’s achievements by agreements and rules, and who owes whom: out of the ledger alone.

Money flows between budgets for tax alone, and only where an agreement of a transfer shares it; all other shares are credit.
What the ledger gives is exactly the whole. An agreement by which both sides count in full (昆明 2024, FACTS §1.5) is a second
figure beside it, for statistics: not of tax, which is shared as money.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Sum,
)

from yinfeng.core.actors import Actor
from yinfeng.core.scopes import within
from yinfeng.orgs.models import Unit
from yinfeng.projects import stages
from yinfeng.projects.models import WHOLE, Entry, Project, Share, Transfer
from yinfeng.projects.models.ledger import with_project
from yinfeng.projects.queries.ledger import in_cents
from yinfeng.projects.queries.transfers import holder_on, why_unshared

HOLDING = (stages.HOST, stages.REPORTER)
CHUNK = 10_000


@dataclass(slots=True)
class Figures:
    """A part of achievements: in yuan, and how many."""

    amount: Decimal = Decimal(0)
    count: Decimal = Decimal(0)

    def add(self, other: Figures) -> None:
        self.amount += other.amount
        self.count += other.count


@dataclass(slots=True)
class SettlementLine:
    """What one kind of achievement of a project came to in a year, and what of it the unit and another have.

    ``part`` is why it is shared: ORIGIN by the agreement of a transfer, INTRODUCER or LINKED by rule. ``gives`` says that the
    unit holds the project and the other shares. ``counted`` and ``other_counted`` are what statistics count for each.
    ``rewards`` were taken off before the tax was shared. ``why`` says why nothing was shared, where nothing was.
    """

    project: Project
    kind: str
    part: str
    other: Unit
    gives: bool
    transfer: Transfer | None
    why: str
    base: Figures
    own: Figures
    others: Figures
    counted: Figures
    other_counted: Figures
    rewards: Decimal = Decimal(0)

    @property
    def is_fiscal(self) -> bool:
        """Whether what is shared is money that one budget owes the other."""
        return self.kind == stages.TAX and self.part == stages.ORIGIN and not self.why

    @property
    def to_pay(self) -> Decimal:
        """What the unit owes the other of it, in yuan; negative where it is owed to the unit."""
        if not self.is_fiscal:
            return Decimal(0)
        return self.others.amount if self.gives else -self.own.amount

    @property
    def ratio(self) -> Decimal:
        """How many per cent of the base the side that shares has."""
        share = self.others if self.gives else self.own
        whole, part = self.base.amount - self.rewards, share.amount
        if not whole:
            whole, part = self.base.count, share.count
        return part / whole * 100 if whole else Decimal(0)


@dataclass(slots=True)
class SettlementTotal:
    """What lines with one other unit come to, of one kind of achievement: kinds are no sum."""

    other: Unit
    kind: str
    base: Figures = field(default_factory=Figures)
    own: Figures = field(default_factory=Figures)
    others: Figures = field(default_factory=Figures)
    counted: Figures = field(default_factory=Figures)
    other_counted: Figures = field(default_factory=Figures)
    pays: Decimal = Decimal(0)
    receives: Decimal = Decimal(0)


def settling_units(by: Actor, unit: int | None, permission: str) -> list[Unit]:
    """Return the units of a person’s reach that have a share in the ledger or passed a project on, and ``unit`` if in reach."""
    # The first of each by an index: asked whether there is any, PostgreSQL reads the shares of all units.
    share = Share.objects.filter(unit=OuterRef("pk")).order_by("unit", "entry").values("pk")[:1]
    given = Transfer.objects.filter(from_unit=OuterRef("pk"), state=stages.COMPLETED_TRANSFER)
    reached = Unit.objects.filter(within(by.reach(permission), "pk")).annotate(share=Subquery(share))
    return list(reached.filter(Q(pk=unit) | Q(share__isnull=False) | Exists(given)).order_by("order", "code"))


@dataclass(frozen=True, slots=True)
class YearSheet:
    """A unit’s settlement of a year: what it comes to with each other unit, and the lines; ``is_cut`` where more projects that
    rules share are in the totals alone."""

    totals: list[SettlementTotal]
    lines: list[SettlementLine]
    is_cut: bool


def year_sheet(unit: int, year: int, by: Actor, most: int) -> YearSheet:
    """Return a unit’s settlement of a year of the projects that a person sees, in five queries.

    Of projects that an agreement passed on every line is there; of those that rules alone share, ``most`` projects, by their
    code: their totals are added up by the database.
    """
    agreements = _agreements()
    ruled = _of_year(Share.objects.all(), "entry__", year, by, "view").exclude(
        entry__project__in=_done().values("project")
    )
    mine = ruled.filter(unit=unit, part__in=HOLDING, entry__shares__part__in=stages.SHARING_PARTS)
    sharing = ruled.filter(unit=unit, part__in=stages.SHARING_PARTS, entry__shares__part__in=HOLDING)
    rows = list(_leg(mine).union(_leg(sharing), all=True))
    some = ruled.filter(Exists(_beside(unit)), unit=unit).values("entry__project")
    listed = list(
        Project.objects.filter(pk__in=some).order_by("code").values_list("pk", flat=True)[: most + 1]
    )
    entries = _entries(unit, year, by, "view", agreements).filter(project__in=[*listed[:most], *agreements])
    lines, ruling = _lines_of(unit, entries, agreements)
    found = totals(lines)
    for row in rows:
        _take_in(found, row)
    order = list(stages.ACHIEVEMENTS)
    found.sort(key=lambda total: (total.other.order, total.other.pk, order.index(total.kind)))
    return YearSheet(found, _in_order([*lines, *ruling]), len(listed) > most)


def year_settlement(unit: int, year: int, by: Actor, action: str = "view") -> list[SettlementLine]:
    """Return what a unit settles with others for a year of what happened in it, of the projects that a person sees."""
    agreements = _agreements()
    lines, ruling = _lines_of(unit, _entries(unit, year, by, action, agreements), agreements)
    return _in_order([*lines, *ruling])


def _done() -> Any:
    return Transfer.objects.filter(state=stages.COMPLETED_TRANSFER)


def _beside(unit: int) -> Any:
    return Share.objects.filter(entry=OuterRef("entry")).exclude(unit=unit)


def _of_year(rows: Any, path: str, year: int, by: Actor, action: str) -> Any:
    within_year = {
        f"{path}happened_date__gte": date(year, 1, 1), f"{path}happened_date__lte": date(year, 12, 31)
    }  # fmt: skip
    return rows.filter(with_project(by, action, f"{path}project"), **within_year)


def _entries(
    unit: int, year: int, by: Actor, action: str, agreements: Mapping[int, Sequence[Transfer]]
) -> Any:
    """Return the entries that a unit settles: all of projects that it passed on or took, and what it shares with others."""
    passed = [
        project
        for project, done in agreements.items()
        if any(unit in (item.from_unit_id, item.to_unit_id) for item in done)
    ]
    sides = Share.objects.filter(entry=OuterRef("pk"))
    shared = Exists(sides.filter(unit=unit)) & Exists(sides.exclude(unit=unit))
    entries = _of_year(Entry.objects.all(), "", year, by, action)
    return entries.filter(Q(project__in=passed) | shared)


def _lines_of(
    unit: int, entries: Any, agreements: Mapping[int, Sequence[Transfer]]
) -> tuple[list[SettlementLine], list[SettlementLine]]:
    """Return the lines of entries: those of projects that an agreement passed on, and those that rules alone share."""
    # The shares of entries that are known: asked for at once, PostgreSQL reads those of the whole ledger.
    shares = Prefetch("shares", Share.objects.select_related("unit").order_by("pk"))
    known = entries.select_related("claim", "project__host_unit", "project__reporter_unit").prefetch_related(
        shares
    )
    agreed: dict[tuple[Any, ...], SettlementLine] = {}
    ruled: dict[tuple[Any, ...], SettlementLine] = {}
    for entry in known.order_by("project__code", "pk").iterator(chunk_size=CHUNK):
        done = agreements.get(entry.project_id, [])
        for line in _lines(unit, entry, done):
            _add(agreed if done else ruled, line)
    return (
        [line for line in agreed.values() if line.base.amount or line.base.count],
        [line for line in ruled.values() if line.base.amount or line.base.count],
    )


def _in_order(lines: list[SettlementLine]) -> list[SettlementLine]:
    order = list(stages.ACHIEVEMENTS)
    return sorted(
        lines, key=lambda line: (line.other.order, line.other.pk, line.project.code, order.index(line.kind))
    )


_UNIT = ("pk", "name", "short_name", "name_en", "order")


def _leg(shares: Any) -> Any:
    """Return what shares of a unit and of the other side come to, by the other unit and kind."""
    side = "entry__shares__"
    named = shares.order_by().values_list("entry__kind", *(f"{side}unit__{name}" for name in _UNIT))
    return named.annotate(
        base=Sum(in_cents("entry__amount")), count=Sum("entry__count"), own=Sum(in_cents("amount")),
        own_count=Sum(F("millionths") * F("entry__count"), output_field=BigIntegerField()),
        others=Sum(in_cents(f"{side}amount")),
        other_count=Sum(F(f"{side}millionths") * F("entry__count"), output_field=BigIntegerField()),
    )  # fmt: skip


def _take_in(found: list[SettlementTotal], row: Sequence[Any]) -> None:
    """Add to the totals what rules share of a kind with another unit: credit, which nobody owes."""
    kind, *unit = row[: 1 + len(_UNIT)]
    base, count, own, own_count, others, other_count = row[1 + len(_UNIT) :]
    whole = Figures(Decimal(base) / 100, Decimal(count))
    mine = Figures(Decimal(own) / 100, Decimal(own_count) / WHOLE)
    theirs = Figures(Decimal(others) / 100, Decimal(other_count) / WHOLE)
    if not (whole.amount or whole.count):
        return
    total = next((item for item in found if (item.other.pk, item.kind) == (unit[0], kind)), None)
    if total is None:
        total = SettlementTotal(Unit(**dict(zip(_UNIT, unit, strict=True))), kind)
        found.append(total)
    for name, figures in (
        ("base", whole), ("own", mine), ("others", theirs), ("counted", mine), ("other_counted", theirs),
    ):  # fmt: skip
        getattr(total, name).add(figures)


def _agreements() -> dict[int, list[Transfer]]:
    """Return the transfers that were done by their project, in the order of their agreements."""
    found: dict[int, list[Transfer]] = {}
    for item in _done().select_related("from_unit", "to_unit").order_by("agreed_date", "pk"):
        found.setdefault(item.project_id, []).append(item)
    return found


def _lines(unit: int, entry: Entry, done: Sequence[Transfer]) -> Iterator[SettlementLine]:
    """Yield what a unit settles of one entry: as its holder with each that shares, as one that shares with the holder."""
    shares = list(entry.shares.all())
    by_unit = {share.unit_id: share for share in shares}
    holder = next((share.unit for share in shares if share.part in HOLDING), None) or _holder(entry, done)
    newest = {
        item.from_unit_id: item
        for item in done
        if item.agreed_date and item.agreed_date < entry.happened_date and item.from_unit_id != holder.pk
    }
    by_agreement = {
        giver: item
        for giver, item in newest.items()
        if giver in by_unit and by_unit[giver].part == stages.ORIGIN
    }
    double = {
        side
        for giver, item in by_agreement.items()
        if item.statistics == stages.DOUBLE and entry.kind != stages.TAX
        for side in (giver, holder.pk)
    }
    sides = [share for share in shares if share.unit_id != holder.pk]
    for share in sides:
        if unit in (holder.pk, share.unit_id):
            agreement = by_agreement.get(share.unit_id)
            yield _line(unit, entry, holder, share.unit, share.part, agreement, by_unit, double)
    for giver, item in newest.items():
        if giver not in by_unit and unit in (holder.pk, giver):
            why = why_unshared(item, entry)
            yield _line(unit, entry, holder, item.from_unit, stages.ORIGIN, item, by_unit, double, why)


def _holder(entry: Entry, done: Sequence[Transfer]) -> Unit:
    """Return who held a project on the day of an entry of which the holder itself has nothing."""
    project = entry.project
    known = [project.host_unit, project.reporter_unit, *(item.from_unit for item in done)]
    held = holder_on(project, done, entry.happened_date)
    return next(unit for unit in known if unit is not None and unit.pk == held)


def _line(
    unit: int, entry: Entry, holder: Unit, sharer: Unit, part: str, transfer: Transfer | None,
    by_unit: Mapping[int, Share], double: set[int], why: str = "",
) -> SettlementLine:  # fmt: skip
    whole = Figures(Decimal(entry.amount), Decimal(entry.count))
    other = sharer if unit == holder.pk else holder

    def own(pk: int) -> Figures:
        share = by_unit.get(pk)
        if share is None:
            return Figures()
        return Figures(Decimal(share.amount), Decimal(share.millionths * entry.count) / WHOLE)

    def counted(pk: int) -> Figures:
        return Figures(whole.amount, whole.count) if pk in double else own(pk)

    rewards = Decimal(0)
    if transfer is not None and transfer.base == stages.NET_TAX and entry.claim is not None and not why:
        rewards = entry.sign * Decimal(entry.claim.rewards or 0)
    return SettlementLine(
        entry.project, entry.kind, part, other, unit == holder.pk, transfer, why, whole, own(unit), own(other.pk), counted(unit),
        counted(other.pk), rewards,
    )  # fmt: skip


def _add(lines: dict[tuple[Any, ...], SettlementLine], line: SettlementLine) -> None:
    agreement = line.transfer.pk if line.transfer else None
    key = (line.project.pk, line.kind, line.other.pk, line.part, line.gives, agreement, line.why)
    if key not in lines:
        lines[key] = line
        return
    known = lines[key]
    for name in ("base", "own", "others", "counted", "other_counted"):
        getattr(known, name).add(getattr(line, name))
    known.rewards += line.rewards


def totals(lines: Sequence[SettlementLine]) -> list[SettlementTotal]:
    """Return what lines come to with each other unit, by kind of achievement."""
    found: dict[tuple[int, str], SettlementTotal] = {}
    for line in lines:
        key = (line.other.pk, line.kind)
        if key not in found:
            found[key] = SettlementTotal(line.other, line.kind)
        total = found[key]
        for name in ("base", "own", "others", "counted", "other_counted"):
            getattr(total, name).add(getattr(line, name))
        if line.gives:
            total.pays += line.to_pay
        else:
            total.receives -= line.to_pay
    return list(found.values())
