"""Writing in the achievement ledger: recognising and reversing. Nothing in it is ever changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Invalid
from yinfeng.core.models import Attachment
from yinfeng.core.money import show
from yinfeng.core.scopes import demand
from yinfeng.projects import queries
from yinfeng.projects.models import Entry, Project, Share, Signature


def recognise(
    *,
    by: Actor,
    project: Project,
    kind: str,
    happened_date: date,
    amount: Decimal,
    evidence: Attachment,
    signature: Signature | None = None,
    key: str = "",
) -> Entry:
    """Enter an achievement with its shares by rule, in the transaction of the act that proves it.

    Conflict when it was recognised before: once is all that counts.
    """
    entry = Entry(
        project=project, kind=kind, key=key, happened_date=happened_date, amount=amount, evidence=evidence,
        signature=signature, recognised_by_id=person(by), recognised_at=timezone.now(),
    )  # fmt: skip
    parts = queries.parts_of(project, happened_date)
    yuan = queries.amounts(amount, parts)
    _enter(
        entry,
        [
            Share(unit_id=part.unit, part=part.part, millionths=part.millionths, amount=own)
            for part, own in zip(parts, yuan, strict=True)
        ],
    )
    return entry


@transaction.atomic
def reverse_entry(*, by: Actor, entry: Entry, reason: str) -> Entry:
    """Take an entry out of the sums by its opposite, or take a reversal back the same way; both stay to be read.

    Conflict when somebody has reversed it already.
    """
    demand(entry, by, "reverse", _("冲销业绩记录须由领导小组办公室办理。"))
    if not reason.strip():
        raise Invalid(_("请写明冲销的原因。"), fields={"reason": [_("请写明冲销的原因。")]})
    if Entry.objects.filter(reverses=entry).exists():
        raise Conflict(_("这条记录已经冲销过。请刷新页面查看。"))
    opposite = Entry(
        project=entry.project, kind=entry.kind, key=entry.key, happened_date=entry.happened_date, count=-entry.count,
        amount=-entry.amount, evidence_id=entry.evidence_id, signature_id=entry.signature_id, reverses=entry,
        reason=reason.strip(), recognised_by_id=person(by), recognised_at=timezone.now(),
    )  # fmt: skip
    _enter(
        opposite,
        [
            Share(unit_id=share.unit_id, part=share.part, millionths=share.millionths, amount=-share.amount)
            for share in entry.shares.order_by("pk")
        ],
    )
    events.record(
        by=by, verb="projects.project.entry_reversed", obj=entry.project, note=reason.strip(),
        data={"text": f"{entry.get_kind_display()} {show(opposite.amount)}", "entry": entry.pk},
    )  # fmt: skip
    return opposite


def _enter(entry: Entry, shares: list[Share]) -> None:
    core.validated(entry)
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(_("另一位同事刚刚办理了这条记录，您的操作没有生效。请刷新页面后再看。")) from error
    for share in shares:
        share.entry = entry
        core.validated(share)
    Share.objects.bulk_create(shares)


def person(by: Actor) -> int:
    """Return the account that acts; the system alone cannot, for each of these acts is somebody's."""
    if by.user_id is None:
        raise Forbidden(_("这项操作须由本人登录后办理。"))
    return by.user_id
