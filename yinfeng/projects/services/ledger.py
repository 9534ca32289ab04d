"""Writing in the achievement ledger: recognising, and entering opposites. Nothing in it is ever changed.

Neither is done by one alone: claims are verified, reversals confirmed by a second person (``services.claims``, ``reversals``).
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Invalid
from yinfeng.projects import achievements, lifecycle, queries, stages
from yinfeng.projects.models import Books, Claim, Closing, Entry, Project, Share


def recognise(*, by: Actor, claim: Claim) -> Entry:
    """Enter what was verified with its shares by rule, in the transaction of the act that proves it.

    Conflict when it counts already: what happens once is recognised once. The growth of a project that counted before
    counts by its amount alone (增资只统计增资额，不算新项目; 三明市甄别办法, FACTS §1.2).
    """
    project = lock(claim.project)
    kind = achievements.KINDS[claim.kind]
    if queries.counting(project, claim.kind, claim.key).exists():
        raise Conflict(_("“%(kind)s”业绩已经认定过，台账中有效。") % {"kind": kind.label})
    entry = Entry(
        project=project, kind=claim.kind, key=claim.key, turn=claim.turn, happened_date=claim.happened_date, amount=claim.amount or 0,
        booked_date=booking(claim.happened_date), count=0 if grows_what_counts(project) and not kind.key else 1, evidence_id=claim.evidence_id, claim=claim,
        recognised_by_id=person(by), recognised_at=timezone.now(),
    )  # fmt: skip
    parts = queries.parts_of(project, claim)
    yuan = queries.amounts(Decimal(entry.amount), parts)
    _enter(
        entry,
        [
            Share(unit_id=part.unit, part=part.part, millionths=part.millionths, amount=own)
            for part, own in zip(parts, yuan, strict=True)
        ],
    )
    return entry


def grows_what_counts(project: Project) -> bool:
    """Say whether a project is the growth of one whose signing counts, so that only its amount adds anything."""
    return project.parent is not None and queries.counting(project.parent, stages.SIGNED).exists()


OLDEST = 2000  # the year before which no books can have been closed: a slip


def open_books() -> Books:
    """Return the one row of the books, held until the transaction ends; entering and closing go one after the other."""
    core.get_or_add(Books(pk=1), unique={"pk": 1})
    return Books.objects.select_for_update().get(pk=1)


def booking(day: date) -> date:
    """Return on which day something of ``day`` counts: that day, or the first one after the books were closed."""
    known, last = open_books().closed_until, queries.last_closing()
    closed = max((when for when in (known, last.until if last else None) if when), default=None)
    return day if closed is None or day > closed else closed + timedelta(days=1)


@transaction.atomic
def close_books(*, by: Actor, until: date, note: str = "") -> Closing:
    """Close the ledger up to a day: what it says of these days stays; corrections count from the day after."""
    if not by.reach("projects.ledger.close").everywhere:
        raise Forbidden(_("结账由领导小组办公室办理。"))
    books = open_books()
    if until >= timezone.localdate():
        raise Invalid(_("只能结到昨天或更早。"), fields={"until": [_("只能结到昨天或更早。")]})
    if books.closed_until is not None and until <= books.closed_until:
        sentence = _("已经结账至 %(day)s，请选择之后的日期。") % {"day": books.closed_until}
        raise Invalid(sentence, fields={"until": [sentence]})
    if until.year < OLDEST:
        raise Invalid(_("请核对结账的年份。"), fields={"until": [_("请核对结账的年份。")]})
    last = queries.last_closing()
    frozen = queries.frozen(until, last.until if last else None, last.digest if last else "")
    closing = Closing(
        until=until, entries=frozen.entries, sums=frozen.sums, digest=frozen.digest, note=note.strip(),
        closed_by_id=person(by), closed_at=timezone.now(),
    )  # fmt: skip
    core.insert(closing)
    Books.objects.filter(pk=books.pk).update(closed_until=until)
    events.record(
        by=by, verb="projects.closing.closed", obj=closing, note=note.strip(), data={"text": str(until)}
    )
    return closing


def lock(project: Project) -> Project:
    """Return the project, held until the transaction ends: what counts of it is decided one after the other."""
    return Project.objects.select_for_update().get(pk=project.pk)


def enter_opposite(*, by: Actor, entry: Entry, reason: str) -> Entry:
    """Enter the opposite of an entry, in the transaction of the act by which a second person confirms it.

    It counts on the entry's day, or on the first after the books were closed. Conflict when somebody has reversed the entry
    already, or when another entry of the same achievement counts meanwhile.
    """
    project = lock(entry.project)
    entry.project = project
    if why := [*lifecycle.can_be_reversed(entry)]:
        raise Conflict(why[0])
    opposite = Entry(
        project=project, kind=entry.kind, key=entry.key, turn=entry.turn, happened_date=entry.happened_date, booked_date=booking(entry.booked_date), sign=-entry.sign,
        count=-entry.count, amount=-entry.amount, evidence_id=entry.evidence_id, claim_id=entry.claim_id, reverses=entry,
        reason=reason, recognised_by_id=person(by), recognised_at=timezone.now(),
    )  # fmt: skip
    _enter(
        opposite,
        [
            Share(unit_id=share.unit_id, part=share.part, millionths=share.millionths, amount=-share.amount)
            for share in entry.shares.order_by("pk")
        ],
    )
    reflect(project, entry.kind)
    return opposite


def reflect(project: Project, kind: str) -> None:
    """Let the project say of an achievement what counts in the ledger now; its version rises, so nobody else acts meanwhile."""
    values: dict[str, Any] = {"version": F("version") + 1, "updated_at": timezone.now()}
    if field := achievements.KINDS[kind].date_field:
        entry = queries.counting(project, kind).first()
        values[field] = entry.happened_date if entry else None
        if kind == stages.SIGNED:
            values["contracted"] = entry.amount if entry else None
    Project.objects.filter(pk=project.pk).update(**values)


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
