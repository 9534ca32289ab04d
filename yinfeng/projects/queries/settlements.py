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

from django.db.models import Exists, OuterRef, Q

from yinfeng.core.actors import Actor
from yinfeng.core.scopes import within
from yinfeng.orgs.models import Unit
from yinfeng.projects import stages
from yinfeng.projects.models import WHOLE, Entry, Project, Share, Transfer
from yinfeng.projects.models.ledger import with_project
from yinfeng.projects.queries.transfers import holder_on, why_unshared

HOLDING = (stages.HOST, stages.REPORTER)


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
    shares = Share.objects.filter(unit=OuterRef("pk"))
    given = Transfer.objects.filter(from_unit=OuterRef("pk"), state=stages.COMPLETED_TRANSFER)
    reached = Unit.objects.filter(within(by.reach(permission), "pk"))
    return list(reached.filter(Q(pk=unit) | Exists(shares) | Exists(given)).order_by("order", "code"))


def year_settlement(unit: int, year: int, by: Actor, action: str = "view") -> list[SettlementLine]:
    """Return what a unit settles with others for a year of what happened in it, of the projects that a person sees, in two queries."""
    passed = Transfer.objects.filter(Q(from_unit=unit) | Q(to_unit=unit), state=stages.COMPLETED_TRANSFER)
    beside = Share.objects.filter(entry=OuterRef("entry")).exclude(unit=unit)
    shared = Share.objects.filter(Exists(beside), unit=unit)
    entries = Entry.objects.filter(
        with_project(by, action, "project"), Q(pk__in=shared.values("entry")) | Q(project__in=passed.values("project")),
        happened_date__gte=date(year, 1, 1), happened_date__lte=date(year, 12, 31),
    )  # fmt: skip
    shares = (
        Share.objects.filter(entry__in=entries.order_by().values("pk"))
        .select_related("unit", "entry__claim", "entry__project__host_unit", "entry__project__reporter_unit")
        .order_by("entry__project__code", "entry_id", "pk")
    )
    by_entry: dict[int, list[Share]] = {}
    for share in shares:
        by_entry.setdefault(share.entry_id, []).append(share)
    projects = {found[0].entry.project_id for found in by_entry.values()}
    agreements = _agreements(projects)
    lines: dict[tuple[Any, ...], SettlementLine] = {}
    for found in by_entry.values():
        for line in _lines(unit, found, agreements.get(found[0].entry.project_id, [])):
            _add(lines, line)
    order = list(stages.ACHIEVEMENTS)
    kept = [line for line in lines.values() if line.base.amount or line.base.count]
    return sorted(
        kept, key=lambda line: (line.other.order, line.other.pk, line.project.code, order.index(line.kind))
    )


def _agreements(projects: set[int]) -> dict[int, list[Transfer]]:
    """Return the transfers of projects that were done, in the order of their agreements."""
    done = Transfer.objects.filter(project__in=projects, state=stages.COMPLETED_TRANSFER)
    found: dict[int, list[Transfer]] = {}
    for item in done.select_related("from_unit", "to_unit").order_by("agreed_date", "pk"):
        found.setdefault(item.project_id, []).append(item)
    return found


def _lines(unit: int, shares: Sequence[Share], done: Sequence[Transfer]) -> Iterator[SettlementLine]:
    """Yield what a unit settles of one entry: as its holder with each that shares, as one that shares with the holder."""
    entry, by_unit = shares[0].entry, {share.unit_id: share for share in shares}
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
