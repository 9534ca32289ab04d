"""How projects are passed on, and whose an achievement is by the agreements in force on its day (FACTS §1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import LANDING_KINDS, hosts
from yinfeng.projects import stages
from yinfeng.projects.models import WHOLE, Claim, Entry, Project, Share, Transfer


def receivers(project: Project) -> QuerySet[Unit]:
    """Return the units that a project can be passed on to: the districts and zones but its own."""
    found: QuerySet[Unit] = hosts().filter(kind__in=LANDING_KINDS)
    return found.exclude(pk=project.host_unit_id or project.reporter_unit_id)


def transfer_rule(day: date) -> dict[str, Any]:
    """Return the terms that the profile proposes (rule ``share``, key ``transfer``)."""
    return core.rules("share", day).get("transfer", {})


def completed_transfers(project: Project) -> QuerySet[Transfer]:
    """Return the transfers of a project that were done, in the order of their agreements."""
    done = Transfer.objects.filter(project=project, state=stages.COMPLETED_TRANSFER)
    return done.order_by("agreed_date", "pk")


def transfers_to_do(by: Actor) -> QuerySet[Transfer]:
    """Return the transfers in which it is the person's turn: to answer, to appeal or withdraw, to decide, to file."""
    turns = {
        "take": stages.OFFERED, "give": stages.DECLINED, "arbitrate": stages.ARBITRATING, "file": stages.ACCEPTED,
    }  # fmt: skip
    mine = Q(pk__in=[])
    for action, state in turns.items():
        mine |= Q(pk__in=Transfer.objects.permitted(by, action).values("pk"), state=state)
    return Transfer.objects.permitted(by).filter(mine)


def holder_on(project: Project, done: Sequence[Transfer], day: date) -> int:
    """Return the unit that held a project on a day, as the day began: achievements of before an agreement are its unit's of then.

    So are those of the agreement's own day: of an agreement without an hour nobody can say what of the day came before it,
    and what was recognised before it was filed stays whose it was when it is put right later. An agreement has effect from
    the next day on, as periods do (民法典 第二百零一条: 开始的当日不计入).
    """
    later = next((item for item in done if item.agreed_date is not None and item.agreed_date >= day), None)
    if later is not None:
        return later.from_unit_id
    return project.host_unit_id or project.reporter_unit_id


def ceded(
    project: Project, done: Sequence[Transfer], holder: int, claim: Claim, rest: Fraction
) -> list[tuple[int, Fraction]]:
    """Return (unit, part of the whole) of what the units that passed a project on have of ``rest``, by their agreements.

    The first agreement takes its percentage of the whole, each later one of what is left; of several of one unit the newest
    counts, and who has it back cedes nothing to himself. One counts after its day, for its years from its start, for the
    kinds of its base; the statistics mode “single” leaves all but tax to the host. Of the base “tax less rewards” (昆明 2024,
    FACTS §1.5) the percentage is of what is left of the year's tax when the rewards that were paid out of it are taken off.
    """
    kind, day = claim.kind, claim.happened_date
    newest = {
        item.from_unit_id: item for item in done if item.agreed_date is not None and item.agreed_date < day
    }
    found = []
    for item in done:
        if newest.get(item.from_unit_id) is not item or item.from_unit_id == holder or not covers(item, kind):
            continue
        if not in_term(item, project, kind, day):
            continue
        part = rest * Fraction(item.percent) / 100
        if item.base == stages.NET_TAX:
            part *= left_of(claim)
        if part * WHOLE >= 1:
            found.append((item.from_unit_id, part))
            rest -= part
    return found


def left_of(claim: Claim) -> Fraction:
    """Return what part of a year's tax is left when the rewards paid out of it are taken off."""
    if not claim.amount or not claim.rewards:
        return Fraction(1)
    return 1 - Fraction(claim.rewards) / Fraction(claim.amount)


def covers(item: Transfer, kind: str) -> bool:
    """Say whether an agreement shares a kind of achievement."""
    if kind == stages.TAX:
        return item.base in {stages.BOTH, stages.TAX, stages.NET_TAX}
    return item.base in {stages.BOTH, stages.INVESTMENT} and item.statistics != stages.SINGLE


def in_term(item: Transfer, project: Project, kind: str, day: date) -> bool:
    """Say whether a day lies in the years of an agreement: they run from its start, and never before the agreement.

    The day of the agreement itself is before them; their last day is the same day of the year in which they end.
    """
    if item.agreed_date is None or day <= item.agreed_date:
        return False
    began: date | None = item.agreed_date
    if item.start == stages.STARTED:
        began = project.started_date
    elif item.start == stages.FIRST_TAX:
        taxes = [_first_tax(project), *([day] if kind == stages.TAX else [])]
        began = min((when for when in taxes if when is not None), default=None)
    if began is None:  # what the term runs from has not happened yet
        return True
    return day <= last_day(max(began, item.agreed_date), item.years)


def why_unshared(item: Transfer, entry: Entry) -> str:
    """Return why nothing of an achievement was shared by an agreement of before its day."""
    if entry.kind != stages.TAX and item.statistics == stages.SINGLE:
        return _("统计方式是“只计承接单位”")
    if not covers(item, entry.kind):
        return _("分成范围是“%(base)s”") % {"base": stages.SHARED_BASES[item.base]}
    if not item.percent:
        return _("流出单位分成为 0")
    if item.base == stages.NET_TAX and entry.claim is not None and not left_of(entry.claim):
        return _("减已兑现奖补后没有剩余")
    return _("认定时不在分成年限内")


def last_day(day: date, years: int) -> date:
    """Return the last day of so many years that a day begins: the same day of the last one, of 29 February the 28th.

    Source: 民法典 第二百零一条、第二百零二条 (the first day is not counted; 没有对应日的，月末日为期间的最后一日).
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


def _first_tax(project: Project) -> date | None:
    taxes = Entry.objects.filter(project=project, kind=stages.TAX).counting()
    return taxes.order_by("happened_date").values_list("happened_date", flat=True).first()


# --- settlement ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settled:
    """What a kind of achievement of one year came to, and what of it is each side's and other units'.

    ``rewards`` were taken off before the side that passed the project on had its part; 0 where the terms do not say so.
    ``why`` says why the terms share nothing of it, where they do not.
    """

    year: int
    kind: str
    amount: Decimal
    giver: Decimal
    taker: Decimal
    rewards: Decimal
    why: str = ""

    @property
    def others(self) -> Decimal:
        return self.amount - self.giver - self.taker


def settlement(transfer: Transfer) -> list[Settled]:
    """Return the yearly sheet of a transfer that was done: by year and kind what came in, and each side's part.

    Out of the ledger alone, reversals taken off, so that both sides read the same figures: from the day after its agreement
    to that of the next one, as long as its years ran when each was recognised, however they are counted since.
    """
    if transfer.agreed_date is None:
        return []
    project = transfer.project
    later = [
        item.agreed_date for item in completed_transfers(project)
        if item.agreed_date is not None and (item.agreed_date, item.pk) > (transfer.agreed_date, transfer.pk)
    ]  # fmt: skip
    entries = Entry.objects.filter(project=project, happened_date__gt=transfer.agreed_date)
    if later:
        entries = entries.filter(happened_date__lte=min(later))
    shares = Share.objects.filter(entry__in=entries).select_related("entry__claim").order_by("entry_id", "pk")
    sums: dict[tuple[int, str, str], list[Decimal]] = {}
    for entry, group in groupby(shares, attrgetter("entry")):
        parts = {(share.unit_id, share.part): share.amount for share in group}
        given = parts.get((transfer.from_unit_id, stages.ORIGIN))
        why = ""
        if not _is_settled(transfer, project, entry, is_given=given is not None):
            if covers(transfer, entry.kind):  # after its years
                continue
            why = why_unshared(transfer, entry)
        row = sums.setdefault((entry.happened_date.year, entry.kind, why), [Decimal(0)] * 4)
        row[0] += sum(parts.values())
        row[1] += given or 0
        row[2] += parts.get((transfer.to_unit_id, stages.HOST), 0)
        if transfer.base == stages.NET_TAX and entry.claim is not None:
            row[3] += entry.sign * (entry.claim.rewards or 0)
    order = list(stages.ACHIEVEMENTS)
    return [
        Settled(year, kind, row[0], row[1], row[2], row[3], why)
        for (year, kind, why), row in sorted(
            sums.items(), key=lambda item: (-item[0][0], order.index(item[0][1]), item[0][2])
        )
        if row[0]
    ]


def _is_settled(transfer: Transfer, project: Project, entry: Entry, *, is_given: bool) -> bool:
    """Say whether a transfer shares an entry: the ledger has given its part to who passed the project on, or there was none to
    give in the term, because the agreement gives nothing or rewards took it all."""
    if is_given or not covers(transfer, entry.kind):
        return is_given
    gives = transfer.percent > 0
    if transfer.base == stages.NET_TAX and entry.claim is not None:
        gives = gives and left_of(entry.claim) > 0
    return not gives and in_term(transfer, project, entry.kind, entry.happened_date)
