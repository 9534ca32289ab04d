"""Writing in the achievement ledger: recognising and reversing. Nothing in it is ever changed."""

from __future__ import annotations

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Invalid
from yinfeng.core.money import show
from yinfeng.core.scopes import demand
from yinfeng.projects import achievements, queries
from yinfeng.projects.models import Claim, Entry, Project, Share


def recognise(*, by: Actor, claim: Claim) -> Entry:
    """Enter what was verified with its shares by rule, in the transaction of the act that proves it.

    Conflict when it counts already: what happens once is recognised once. The growth of a project that counted before
    counts by its amount alone (增资只统计增资额，不算新项目; 三明市甄别办法, FACTS §1.2).
    """
    project = lock(claim.project)
    kind = achievements.KINDS[claim.kind]
    if not kind.key and queries.counting(project, claim.kind).exists():
        raise Conflict(_("“%(kind)s”业绩已经认定过，台账中有效。") % {"kind": kind.label})
    entry = Entry(
        project=project, kind=claim.kind, key=claim.key, happened_date=claim.happened_date, amount=claim.amount or 0,
        count=0 if project.parent_id and not kind.key else 1, evidence_id=claim.evidence_id, claim=claim,
        recognised_by_id=person(by), recognised_at=timezone.now(),
    )  # fmt: skip
    parts = queries.parts_of(project, claim.happened_date)
    yuan = queries.amounts(Decimal(entry.amount), parts)
    _enter(
        entry,
        [
            Share(unit_id=part.unit, part=part.part, millionths=part.millionths, amount=own)
            for part, own in zip(parts, yuan, strict=True)
        ],
    )
    return entry


def lock(project: Project) -> Project:
    """Return the project, held until the transaction ends: what counts of it is decided one after the other."""
    return Project.objects.select_for_update().get(pk=project.pk)


@transaction.atomic
def reverse_entry(*, by: Actor, entry: Entry, reason: str) -> Entry:
    """Take an entry out of the sums by its opposite, or take a reversal back the same way; both stay to be read.

    Conflict when somebody has reversed it already, or when another entry of the same achievement counts meanwhile.
    """
    demand(entry, by, "reverse", _("冲销业绩记录须由领导小组办公室办理。"))
    if not reason.strip():
        raise Invalid(_("请写明冲销的原因。"), fields={"reason": [_("请写明冲销的原因。")]})
    project = lock(entry.project)
    if Entry.objects.filter(reverses=entry).exists():
        raise Conflict(_("这条记录已经冲销过。请刷新页面查看。"))
    kind = achievements.KINDS[entry.kind]
    if entry.sign < 0 and not kind.key and queries.counting(project, entry.kind).exists():
        raise Conflict(_("“%(kind)s”已经重新认定，这次冲销不能再撤销。") % {"kind": kind.label})
    opposite = Entry(
        project=project, kind=entry.kind, key=entry.key, happened_date=entry.happened_date, sign=-entry.sign,
        count=-entry.count, amount=-entry.amount, evidence_id=entry.evidence_id, claim_id=entry.claim_id, reverses=entry,
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
