"""What the achievement ledger says: shares by rule, what stands, sums, and the proof that nothing in it is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    F,
    FloatField,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Round
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.models import Event
from yinfeng.core.prepared import prepared
from yinfeng.projects import stages
from yinfeng.projects.achievements import KINDS
from yinfeng.projects.models import (
    WHOLE,
    Books,
    Claim,
    Closing,
    Entry,
    Participation,
    Project,
    Reversal,
    Share,
)
from yinfeng.projects.queries.transfers import ceded, completed_transfers, holder_on


@dataclass(frozen=True, slots=True)
class Part:
    """A unit's share in an achievement, and for which part in the project it has it.

    ``exact`` says what millionths cannot: how much of the whole it is, to the cent.
    """

    unit: int
    part: str
    millionths: int
    exact: Fraction | None = None

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.millionths, WHOLE) if self.exact is None else self.exact


def parts_of(project: Project, claim: Claim) -> list[Part]:
    """Return whose a claimed achievement is, by the units, agreements and rules in force on its day.

    The introducing units have their rule's percentage together, in equal parts, and so have the units of the city that won
    the project with the district (市区联动); neither has of tax and output. Of the rest the units that passed the project on
    have what their agreements say, and the unit that held it on the day has what is left. Source of the usual three tenths:
    集美区招商引资项目管理暂行办法; of the half of a unit of the city: 宁德市 2017, 招商方:落地方 5:5 (FACTS §1.4, §1.5).
    """
    kind, day = claim.kind, claim.happened_date
    done = list(completed_transfers(project))
    holder = holder_on(project, done, day)
    part = stages.HOST if project.host_unit_id or done else stages.REPORTER
    found = split(holder, part, [] if kind in {stages.TAX, stages.OUTPUT} else _sharers(project, holder, day))
    rest = Fraction(sum(item.millionths for item in found if item.unit == holder), WHOLE)
    for unit, fraction in ceded(project, done, holder, claim, rest):
        found = _cede(found, holder, unit, fraction)
    return found


# Of the units of a part, how many per cent they have together.
Sharers = tuple[str, Sequence[int], int]


def _sharers(project: Project, holder: int, day: date) -> list[Sharers]:
    rows = Participation.objects.filter(project=project, part__in=stages.SHARING_PARTS, until=None)
    units: dict[str, list[int]] = {part: [] for part in stages.SHARING_PARTS}
    for part, unit in rows.exclude(unit=holder).order_by("pk").values_list("part", "unit"):
        units[part].append(unit)
    percents = shared_percents(day)
    return [(part, units[part], percents.get(part, 0)) for part in SHARING_RULES]


# Of the parts that share in what is achieved, the key of the profile's rule ``share``.
SHARING_RULES = {stages.INTRODUCER: "introducer", stages.LINKED: "linkage"}


def shared_percents(day: date) -> dict[str, int]:
    """Return how many per cent the units of each sharing part have together by the rules of a day, parts of none left out."""
    rules = core.rules("share", day)
    found = {part: int(rules.get(key, {}).get("percent", 0)) for part, key in SHARING_RULES.items()}
    return {part: percent for part, percent in found.items() if percent}


def _cede(parts: list[Part], holder: int, unit: int, fraction: Fraction) -> list[Part]:
    """Return the parts with so much of the holder's given to a unit, added to what it has already."""
    own = next((item for item in parts if item.unit == unit), None)
    millionths = int(fraction * WHOLE)
    found = [
        replace(item, millionths=item.millionths - millionths) if item.unit == holder else item
        for item in parts
        if item is not own
    ]
    whole = fraction + (own.fraction if own else 0)
    more = Part(unit, stages.ORIGIN, millionths + (own.millionths if own else 0))
    if Fraction(more.millionths, WHOLE) != whole:
        more = replace(more, exact=whole)
    return [item for item in [*found, more] if item.millionths]


def split(holder: int, part: str, sharers: Sequence[Sharers]) -> list[Part]:
    """Return the parts of who holds a project and of those who have a share beside him; together they are the whole.

    Of what does not divide the first of a part has more. Percentages that exceed the whole are cut, the later ones first;
    a unit that shares twice has both as one, under the part named first.
    """
    shared: dict[int, Part] = {}
    rest = WHOLE
    for name, units, percent in sharers:
        given = min(WHOLE * min(max(percent, 0), 100) // 100, rest) if units else 0
        rest -= given
        each, left = divmod(given, len(units) or 1)
        for at, unit in enumerate(units):
            own = shared.get(unit, Part(unit, name, 0))
            shared[unit] = replace(own, millionths=own.millionths + each + (left if at == 0 else 0))
    found = [Part(holder, part, rest), *shared.values()]
    return [item for item in found if item.millionths]


def amounts(whole: Decimal, parts: Sequence[Part]) -> list[Decimal]:
    """Return what each part of an amount is, to the cent; the first takes what is left over by rounding."""
    cents = int(whole * 100)
    found = [Decimal(int(cents * part.fraction)) / 100 for part in parts]
    found[0] += whole - sum(found)
    return found


@prepared
def _chain(project: int, kind: str, key: str) -> QuerySet[Share, Any]:
    rows = Share.objects.filter(entry__project=project, entry__kind=kind, entry__key=key)
    return rows.select_related("unit", "entry__recognised_by").order_by("entry_id", "-millionths", "pk")


def chain(entry: Entry) -> list[tuple[Entry, list[Share]]]:
    """Return all entries about the achievement of one, with their shares, oldest first, in one query."""
    found: dict[int, tuple[Entry, list[Share]]] = {}
    for share in _chain(entry.project_id, entry.kind, entry.key):
        found.setdefault(share.entry_id, (share.entry, []))[1].append(share)
    return list(found.values())


def standing(rows: Sequence[Entry]) -> set[int]:
    """Return the keys of the entries that nothing reverses, out of all entries of some projects."""
    return {row.pk for row in rows} - {row.reverses_id for row in rows if row.reverses_id}


def shared_by(unit: int) -> QuerySet[Share, int]:
    """Return the keys of the entries in which a unit has a share."""
    return Share.objects.filter(unit=unit).values_list("entry", flat=True)


@dataclass(frozen=True, slots=True)
class Sums:
    """How many achievements and how much, reversals taken off; of a unit its share."""

    count: Decimal
    amount: Decimal
    rows: int = field(default=0, compare=False)  # how many entries were added up


def in_cents(field: str) -> Cast:
    """Return an amount as a whole number of cents: SQLite adds up fractions inexactly."""
    return Cast(Round(F(field) * 100), BigIntegerField())


def by_kind(entries: QuerySet[Entry]) -> dict[str, Sums]:
    """Return the sums over entries of each kind, to the cent on either database: a contract and a payment are no sum."""
    rows = (
        entries.order_by()
        .values_list("kind")
        .annotate(counted=Sum("count"), cents=Sum(in_cents("amount")), times=Count("pk"))
    )
    found = {kind: Sums(Decimal(count), Decimal(cents) / 100, n) for kind, count, cents, n in rows}
    return {kind: found[kind] for kind in stages.ACHIEVEMENTS if kind in found}


def arrived(project: str) -> Subquery:
    """Return how much money arrived for the project in a field, reversals taken off, in yuan, for ``annotate``."""
    entries = (
        Entry.objects.filter(project=OuterRef(project), kind=stages.CAPITAL).order_by().values("project")
    )
    return Subquery(entries.annotate(cents=Sum(in_cents("amount"))).values("cents"))


def by_kind_of(entries: QuerySet[Entry], unit: int | None = None) -> dict[str, Sums]:
    """Return a unit's shares of entries of each kind, parts of projects and yuan; of all units they are what ``by_kind`` is."""
    rows = Share.objects.filter(entry__in=entries.order_by().values("pk")).order_by()
    if unit is not None:
        rows = rows.filter(unit=unit)
    counted = F("millionths") * F("entry__count")
    summed = rows.values_list("entry__kind").annotate(
        parts=Sum(counted), cents=Sum(in_cents("amount")), times=Count("pk")
    )
    found = {kind: Sums(Decimal(parts) / WHOLE, Decimal(cents) / 100, n) for kind, parts, cents, n in summed}
    return {kind: found[kind] for kind in stages.ACHIEVEMENTS if kind in found}


# --- closing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frozen:
    """What the ledger says of the days up to one: how many entries, what they come to by kind, the digest of all."""

    entries: int
    sums: dict[str, list[str]]
    digest: str


def frozen(until: date, after: date | None = None, before: str = "") -> Frozen:
    """Return what the ledger says up to a day, reckoned on from the closing before (its day and digest).

    The digest is over every entry and its shares booked since, in their order, and over the digest before.
    """
    entries = Entry.objects.filter(booked_date__lte=until)
    found = hashlib.sha256(before.encode())
    since = entries if after is None else entries.filter(booked_date__gt=after)
    rows = Share.objects.filter(entry__in=since).order_by("entry_id", "unit_id").values_list(
        "entry_id", "entry__project_id", "entry__kind", "entry__key", "entry__turn", "entry__happened_date",
        "entry__booked_date", "entry__sign", "entry__count", "entry__amount", "entry__evidence_id", "unit_id", "part",
        "millionths", "amount",
    )  # fmt: skip
    for row in rows.iterator(chunk_size=5000):
        found.update("|".join(_plain(value) for value in row).encode() + b"\n")
    sums = by_kind(entries)
    return Frozen(
        sum(item.rows for item in sums.values()),
        {kind: [str(item.count), _plain(item.amount)] for kind, item in sums.items()},
        found.hexdigest(),
    )


def last_closing() -> Closing | None:
    """Return the newest closing."""
    return Closing.objects.order_by("until").last()


def _plain(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


# --- proof --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """An entry that breaks a rule of the ledger; 0 where one is missing."""

    entry: int
    sentence: str


def faults() -> Iterator[Fault]:
    """Yield every entry that breaks a rule of the ledger: shares, amounts, evidence, two people, once only, days, reversals.

    Each rule is one question over the whole ledger. That sums are right for any grouping follows: shares are the whole of
    their entry, and reversals are the opposite of what they reverse. What this cannot prove is that nobody moved a share
    from one unit to another past the triggers: nothing but the ledger says whose it was.
    """
    summed = Entry.objects.annotate(
        millionths=Coalesce(Sum("shares__millionths"), 0), cents=Coalesce(Sum(in_cents("shares__amount")), 0)
    )
    yield from _told(summed.exclude(millionths=WHOLE), _("各单位份额之和不是 1"))
    yield from _told(summed.exclude(cents=in_cents("amount")), _("各单位金额之和不等于记录的金额"))
    yield from _told(Entry.objects.filter(pk__in=_not_as_shared()), _("单位的金额与份额不符"))
    yield from _told(_booked_wrongly(), _("入账日期与发生日期、结账不符"))
    yield from _told(Entry.objects.exclude(evidence__removed_at=None), _("依据已被撤下"))
    firsts = Entry.objects.filter(reverses=None)
    yield from _told(firsts.exclude(claim__state=stages.VERIFIED), _("没有核验通过的业绩申报"))
    verified = firsts.filter(claim__state=stages.VERIFIED).annotate(
        claimed=Coalesce("claim__amount", Decimal(0))
    )
    as_verified = Q(
        project=F("claim__project"), kind=F("claim__kind"), key=F("claim__key"), turn=F("claim__turn"), amount=F("claimed"),
        happened_date=F("claim__happened_date"), evidence=F("claim__evidence"), recognised_by=F("claim__verified_by"),
    )  # fmt: skip
    yield from _told(verified.exclude(as_verified), _("与核验通过的业绩申报不相符"))
    yield from _told(verified.filter(recognised_by=F("claim__entered_by")), _("申报和认定是同一个人"))
    left_out = Claim.objects.filter(state=stages.VERIFIED, entries=None).order_by("pk")
    yield from (
        Fault(0, _("业绩申报 %(claim)s 已核验，台账没有记录") % {"claim": pk})
        for pk in left_out.values_list("pk", flat=True)
    )
    counting = Entry.objects.all().counting()
    doubled = (
        counting.values("project", "kind", "key").annotate(times=Count("pk")).filter(times__gt=1).order_by()
    )
    for row in doubled:
        twins = counting.filter(project=row["project"], kind=row["kind"], key=row["key"]).order_by("pk")
        yield from _told(twins[1:], _("同一项业绩有两条有效记录"))
    yield from _told(firsts.filter(count=0, project__parent=None), _("新项目没有计数"))
    for kind in KINDS.values():
        early = [stage for stage in stages.ORDER if not stages.reached(stage, kind.from_stage)]
        own = counting.filter(kind=kind.code)
        yield from _told(own.filter(project__stage__in=early), _("项目没有到这项业绩的阶段"))
        if kind.date_field:
            dated = own.exclude(happened_date=F(f"project__{kind.date_field}"))
            yield from _told(dated, _("项目的日期与台账不符"))
    signed = counting.filter(kind=stages.SIGNED)
    yield from _told(signed.exclude(amount=F("project__contracted")), _("项目的合同投资额与台账不符"))
    last: Closing | None = None
    for closing in Closing.objects.order_by("until"):
        now = frozen(closing.until, last.until if last else None, last.digest if last else "")
        if (now.digest, now.entries, now.sums) != (closing.digest, closing.entries, closing.sums):
            yield Fault(0, _("结账至 %(day)s 的记录与结账时不同") % {"day": closing.until})
        last = closing
    if (last.until if last else None) != Books.objects.values_list("closed_until", flat=True).first():
        yield Fault(0, _("账册的结账日期与结账记录不符"))
    again = firsts.values("project", "kind", "key", "turn").annotate(times=Count("pk"))
    for row in again.filter(times__gt=1).order_by():
        twice = Entry.objects.filter(
            reverses=None, project=row["project"], kind=row["kind"], key=row["key"], turn=row["turn"]
        ).order_by("pk")
        yield from _told(twice[1:], _("同一项业绩认定了两次"))
    same = {
        name: F(f"reverses__{name}")
        for name in ("project", "kind", "key", "turn", "happened_date", "evidence")
    }
    opposite = Q(
        sign=Value(0) - F("reverses__sign"),
        count=Value(0) - F("reverses__count"),
        amount=Value(Decimal(0)) - F("reverses__amount"),
        **same,
    )
    reversals = Entry.objects.filter(reverses__isnull=False)
    yield from _told(reversals.exclude(opposite), _("冲销与原记录不相符"))
    confirmed = Reversal.objects.filter(
        Q(decided_by=OuterRef("recognised_by")) | Q(decided_by=None, asked_by=OuterRef("recognised_by")),
        entry=OuterRef("reverses"), reason=OuterRef("reason"), state=stages.APPROVED,
    )  # fmt: skip
    yield from _told(reversals.exclude(Exists(confirmed)), _("没有另一人确认的冲销申请"))
    unmade = Reversal.objects.filter(state=stages.APPROVED, entry__reversed_by=None).order_by("pk")
    yield from (
        Fault(0, _("冲销申请 %(reversal)s 已确认，台账没有记录") % {"reversal": pk})
        for pk in unmade.values_list("pk", flat=True)
    )
    turned = Share.objects.filter(entry__reverses__isnull=False)
    kept = turned.filter(
        entry__reverses__shares__unit=F("unit"), entry__reverses__shares__part=F("part"),
        entry__reverses__shares__millionths=F("millionths"),
        entry__reverses__shares__amount=Value(Decimal(0)) - F("amount"),
    )  # fmt: skip
    changed = turned.exclude(pk__in=kept.values("pk")).order_by().values_list("entry", flat=True).distinct()
    yield from (Fault(entry, _("冲销的份额与原记录不同")) for entry in changed)
    yield from _removed()


ROUNDED = 20  # millionths of the whole and, beside them, yuan: more than all units of a project together lose by rounding


def _not_as_shared() -> QuerySet[Share, Any]:
    """Return the keys of the entries with a share whose amount is not what its millionths say.

    A share may say to the cent what millionths cannot, and the first of an entry has what is left over by rounding.
    """
    said = F("entry__amount") * F("millionths") / float(WHOLE)
    apart = Func(F("amount") - said, function="ABS", output_field=FloatField())
    most = Func(F("entry__amount") * ROUNDED / float(WHOLE), function="ABS", output_field=FloatField())
    return Share.objects.annotate(apart=apart).filter(apart__gt=most + ROUNDED).values("entry")


def _booked_wrongly() -> QuerySet[Entry]:
    """Return the entries that count neither on the day that they are of nor on the first day after a closing of it.

    A reversal is of the day on which counted what it reverses.
    """
    after = [day + timedelta(days=1) for day in Closing.objects.values_list("until", flat=True)]
    entries = Entry.objects.annotate(own=Coalesce("reverses__booked_date", "happened_date"))
    return entries.exclude(Q(booked_date=F("own")) | Q(booked_date__in=after, booked_date__gt=F("own")))


# The events that say of which claim (“claim”) or entry (“entry”) something was entered.
_VERIFIED = (
    "projects.project.claim_verified",
    *(f"projects.project.{kind.move}" for kind in KINDS.values() if kind.move),
)
_REVERSED = ("projects.project.entry_reversed",)


def _removed() -> Iterator[Fault]:
    """Yield what was verified or reversed, as the sealed events say, and is not there any more."""
    for pk in _not_there(_VERIFIED, "claim", Claim.objects.filter(state=stages.VERIFIED), "pk"):
        yield Fault(0, _("业绩申报 %(claim)s 已核验，申报和记录都不在了") % {"claim": pk})
    for pk in _not_there(_REVERSED, "entry", Entry.objects.all(), "reverses"):
        yield Fault(pk, _("记录已冲销，冲销的记录不在了"))


def _not_there(verbs: Sequence[str], key: str, rows: QuerySet[Any], field: str) -> Iterator[int]:
    """Yield the keys of which events tell and of which ``rows`` have none in a field."""
    told = Event.objects.filter(object_type="projects.project", verb__in=verbs).order_by("pk")
    named = (data[key] for data in told.values_list("data", flat=True).iterator() if key in data)
    while some := set(islice(named, 5000)):
        there = rows.filter(**{f"{field}__in": some}).values_list(field, flat=True)
        yield from sorted(some - set(there))


def _told(rows: QuerySet[Entry], sentence: str) -> Iterator[Fault]:
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        yield Fault(pk, sentence)
