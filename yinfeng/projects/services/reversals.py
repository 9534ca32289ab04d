"""Taking an entry out of the ledger, or a reversal back: one proposes it, another confirms. There is no other way.

Nothing in the product reverses by itself: what ends, is passed on or is merged leaves the ledger as it is, and the office is
told of what still counts.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Invalid
from yinfeng.core.money import show
from yinfeng.core.scopes import demand
from yinfeng.core.services import person
from yinfeng.projects import lifecycle, stages
from yinfeng.projects.models import Entry, Reversal
from yinfeng.projects.services.ledger import enter_opposite, lock


@transaction.atomic
def ask_reversal(*, by: Actor, entry: Entry, reason: str) -> Reversal:
    """Propose that an entry be taken out of the sums, or a reversal back; it is once somebody else confirms it.

    Conflict when it is reversed already, when a proposal waits, or when the reversal cannot be taken back any more.
    """
    demand(entry, by, "reverse", _("冲销业绩记录须由领导小组办公室提出。"))
    if not reason.strip():
        raise Invalid(_("请写明冲销的原因。"), fields={"reason": [_("请写明冲销的原因。")]})
    lock(entry.project)
    if why := [*lifecycle.can_be_reversed(entry)]:
        raise Conflict(why[0])
    if entry.reversals.filter(state=stages.ASKED).exists():
        raise Conflict(_("这条记录已有一份冲销申请，请先处理那一份。"))
    reversal = core.insert(Reversal(entry=entry, reason=reason.strip(), asked_by_id=person(by)))
    _record(by, reversal, "reversal_asked", reversal.reason)
    return reversal


@transaction.atomic
def approve_reversal(*, by: Actor, reversal: Reversal, note: str = "", version: int | None = None) -> Entry:
    """Confirm what somebody else proposed and return the opposite entry; both entries stay to be read.

    In closed books nothing changes: the opposite counts from the first day after them. Of two who decide at once one wins.
    """
    lifecycle.REVERSAL.perform(
        reversal, "approve", by=by, reason=note, version=version,
        values={"decided_by_id": by.user_id, "decided_at": timezone.now(), "finding": note.strip()},
    )  # fmt: skip
    opposite = enter_opposite(by=by, entry=reversal.entry, reason=reversal.reason)
    _record(by, reversal, "entry_reversed", reversal.reason)
    return opposite


@transaction.atomic
def refuse_reversal(*, by: Actor, reversal: Reversal, reason: str, version: int | None = None) -> Reversal:
    """Refuse to reverse what somebody else proposed; the entry counts as before, and it may be proposed anew."""
    lifecycle.REVERSAL.perform(
        reversal, "refuse", by=by, reason=reason, version=version,
        values={"decided_by_id": by.user_id, "decided_at": timezone.now(), "finding": reason.strip()},
    )  # fmt: skip
    _record(by, reversal, "reversal_refused", reason.strip())
    return reversal


@transaction.atomic
def withdraw_reversal(
    *, by: Actor, reversal: Reversal, note: str = "", version: int | None = None
) -> Reversal:
    """Take back a reversal that one has proposed oneself and nobody has decided on yet."""
    lifecycle.REVERSAL.perform(reversal, "withdraw", by=by, reason=note, version=version)
    _record(by, reversal, "reversal_withdrawn", note.strip())
    return reversal


def _record(by: Actor, reversal: Reversal, verb: str, note: str) -> None:
    entry = reversal.entry
    events.record(
        by=by, verb=f"projects.project.{verb}", obj=entry.project, note=note,
        data={"text": f"{entry.get_kind_display()} {show(-entry.amount)}", "entry": entry.pk, "reversal": reversal.pk},
    )  # fmt: skip
