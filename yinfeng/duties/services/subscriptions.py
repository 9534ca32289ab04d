"""A person's secret calendar address, and whether he gets the weekly letter."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from yinfeng.core import clock, events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Missing
from yinfeng.core.services import hash_token
from yinfeng.duties.models import Subscription


def _mine(by: Actor) -> Subscription:
    assert by.user_id is not None
    row, _is_new = core.get_or_add(Subscription(owner_id=by.user_id), unique={"owner_id": by.user_id})
    return row


@transaction.atomic
def make_address(*, by: Actor) -> str:
    """Give the actor a new secret for his calendar's address, which is shown this once; the one before is useless at once."""
    row, secret = _mine(by), secrets.token_urlsafe(32)
    Subscription.objects.filter(pk=row.pk).update(
        secret_hash=hash_token(secret), mark=secret[:6], made_at=clock.now(), used_at=None
    )
    events.record(by=by, verb="duties.subscription.address_made", obj=row)
    return secret


@transaction.atomic
def revoke_address(*, by: Actor) -> None:
    """Make the actor's calendar address useless at once."""
    mine = Subscription.objects.permitted(by, "change").exclude(secret_hash=None)
    row = mine.first()
    if row is None or mine.update(secret_hash=None, mark="", made_at=None, used_at=None) != 1:
        raise Missing
    events.record(by=by, verb="duties.subscription.address_revoked", obj=row)


def open_address(secret: str, now: datetime) -> Subscription:
    """Return whose calendar an address shows, noting once an hour that it was read; Missing unless it is in use.

    Nobody reads anything by the address of an account that may not sign in any more.
    """
    found = Subscription.objects.select_related("owner").filter(secret_hash=hash_token(secret)).first()
    if found is None or not found.owner.is_active:
        raise Missing
    long_ago = Q(used_at=None) | Q(used_at__lt=now - timedelta(hours=1))
    if found.used_at is None or found.used_at < now - timedelta(hours=1):
        Subscription.objects.filter(long_ago, pk=found.pk).update(used_at=now)
    return found


@transaction.atomic
def choose_letter(*, by: Actor, wants: bool) -> None:
    """Let the actor have the weekly letter from now on, or not."""
    row = _mine(by)
    if Subscription.objects.filter(pk=row.pk, wants_letter=not wants).update(wants_letter=wants) == 1:
        events.record(
            by=by, verb="duties.subscription.letter_chosen", obj=row, changes={"wants_letter": (not wants, wants)}
        )  # fmt: skip
