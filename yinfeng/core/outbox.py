"""Sending what is to be told outside: letters, and messages of the channels that apps register (ADR 29).

A message is written with what it tells (``put``), so a rollback takes it back and a crash loses neither. ``send_due`` claims
each before it sends it; if the sender dies in between, the lease ends and the next one tries again under the same key,
by which a receiver that knows keys (a mail server, by Message-ID) recognises it. To one that knows none nothing is sent a
second time by itself: a person looks whether it arrived, and decides.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from yinfeng.core import clock, events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor, system
from yinfeng.core.errors import Conflict
from yinfeng.core.models import Delivery, User

log = structlog.get_logger(__name__)

# How long a sender may take; longer than the time-out of any channel.
LEASE = timedelta(minutes=5)
# After a failure: two minutes, doubled each time up to four hours; given up after the last attempt, some twenty hours.
PAUSE, LONGEST_PAUSE, ATTEMPTS = timedelta(minutes=1), timedelta(hours=4), 12
LIMIT = 500  # messages of one beat
KEPT = timedelta(days=90)


class NotSent(Exception):
    """Say why a channel could not send; the sentence is for administrators."""


class Unsure(NotSent):
    """Say why a channel does not know whether the message arrived: it had left when something went wrong."""


Channel = Callable[[Delivery], None]
CHANNELS: dict[str, Channel] = {}
# Whose receivers do not recognise a message that comes twice.
KEYLESS: set[str] = set()


def register(channel: str, send: Channel, *, takes_key: bool = True) -> None:
    """Let ``send`` carry the messages of a channel; it raises NotSent when it could not, Unsure when it does not know.

    ``takes_key``: the receiver recognises the key, so that sending again does no harm.
    """
    CHANNELS[channel] = send
    (KEYLESS.discard if takes_key else KEYLESS.add)(channel)


def put(*, channel: str, address: str, key: str, subject: str, text: str, owner: User | None = None) -> bool:
    """Write a message in the caller's transaction; False when one of this key was written before."""
    row = Delivery(
        channel=channel, address=address, owner=owner, key=key, subject=" ".join(subject.split())[:200], text=text
    )  # fmt: skip
    return core.get_or_add(row, unique={"key": key})[1]


def _waiting() -> QuerySet[Delivery]:
    return Delivery.objects.filter(sent_at=None, given_up_at=None)


def send_due(now: datetime) -> int:
    """Send what waits, whatever number of senders runs; return how many messages left.

    What waits for somebody who may not sign in any more goes, and so does what was sent long ago.
    """
    _waiting().filter(owner__is_active=False).delete()
    began = time.monotonic()
    due = _waiting().filter(next_try_at__lte=now).order_by("next_try_at", "pk")
    sent = 0
    for delivery in due[:LIMIT]:  # a slow server must not let the leases begin in the past
        sent += attempt(delivery, now + timedelta(seconds=time.monotonic() - began))
    Delivery.objects.filter(sent_at__lt=now - KEPT).delete()
    return sent


def claim(delivery: Delivery, now: datetime) -> bool:
    """Take a message for this sender until the lease ends; False when another has it."""
    mine = _waiting().filter(
        pk=delivery.pk, attempts=delivery.attempts, sending_at=delivery.sending_at, next_try_at__lte=now
    )
    if mine.update(attempts=F("attempts") + 1, sending_at=now, next_try_at=now + LEASE) != 1:
        return False
    delivery.attempts += 1
    return True


def attempt(delivery: Delivery, now: datetime) -> bool:
    """Claim and send one message, and note how it went; True when it left."""
    has_died = delivery.sending_at is not None
    if not claim(delivery, now):
        return False
    try:
        if has_died and delivery.channel in KEYLESS:
            raise Unsure(_("发送途中意外中断，对方可能已经收到。"))
        if delivery.attempts > ATTEMPTS:  # no attempt came to its end: each sender died of it
            raise NotSent(_("每次发送都意外中断。"))
        CHANNELS[delivery.channel](delivery)
    except NotSent as error:
        is_unsure = isinstance(error, Unsure) and delivery.channel in KEYLESS
        _failed(delivery, str(error)[:300], now, is_unsure=is_unsure)
        return False
    except Exception as error:  # one message that breaks its channel (a lost key) does not hold up the others
        log.exception("channel broke", delivery=delivery.pk, channel=delivery.channel)
        # a robot's may have left before that
        _failed(delivery, type(error).__name__, now, is_unsure=delivery.channel in KEYLESS)
        return False
    Delivery.objects.filter(pk=delivery.pk, sent_at=None).update(
        sent_at=now, given_up_at=None, sending_at=None, text="", problem=""
    )
    return True


@transaction.atomic
def _failed(delivery: Delivery, why: str, now: datetime, *, is_unsure: bool) -> None:
    """Note why a message did not leave, or perhaps did; it is given up when that was often enough, or nobody knows."""
    log.warning(
        "not sent", delivery=delivery.pk, channel=delivery.channel, attempts=delivery.attempts, why=why
    )
    mine = _waiting().filter(pk=delivery.pk, attempts=delivery.attempts)
    pause = min(PAUSE * 2**delivery.attempts, LONGEST_PAUSE)
    still = {} if is_unsure else {"sending_at": None}
    if mine.update(next_try_at=now + pause, problem=why, **still) and (
        is_unsure or delivery.attempts >= ATTEMPTS
    ):
        mine.update(given_up_at=now)
        events.record(
            by=system("clock", source="clock"), verb="core.delivery.given_up", obj=delivery, note=why
        )


def withdraw(*, channel: str, address: str, key: str = "") -> int:
    """Take back what was not sent to a receiver (one message, if ``key`` names it) in the caller's transaction."""
    unsent = Delivery.objects.filter(channel=channel, address=address, sent_at=None)
    return (unsent.filter(key=key) if key else unsent).delete()[0]


def _given_up(by: Actor, delivery: Delivery) -> QuerySet[Delivery]:
    """Return the message if it was given up and ``by`` keeps the outbox."""
    found = Delivery.objects.permitted(by, "decide").filter(
        pk=delivery.pk, sent_at=None, given_up_at__isnull=False
    )
    if not found:
        raise Conflict(_("这条消息现在不等您决定，您的操作没有生效。请刷新页面查看。"))
    return found


@transaction.atomic
def try_again(*, by: Actor, delivery: Delivery) -> None:
    """Let a message that was given up be tried anew at the next beat."""
    _given_up(by, delivery).update(given_up_at=None, sending_at=None, attempts=0, next_try_at=clock.now())
    events.record(by=by, verb="core.delivery.tried_again", obj=delivery)


@transaction.atomic
def drop(*, by: Actor, delivery: Delivery) -> None:
    """Send a message that was given up no more; that it was there stands in the log."""
    events.record(by=by, verb="core.delivery.dropped", obj=delivery, note=delivery.problem)
    _given_up(by, delivery).delete()


# --- letters ------------------------------------------------------------------------------------------------------


def message_id(key: str) -> str:
    """Return the Message-ID of a letter: the same at every attempt."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{host}>"


def send_letter(delivery: Delivery) -> None:
    """Send a message as an e-mail in plain text."""
    headers = {"Message-ID": message_id(delivery.key), "Auto-Submitted": "auto-generated"}
    letter = EmailMessage(delivery.subject, delivery.text, None, [delivery.address], headers=headers)
    try:
        letter.send()
    except (OSError, ValueError) as error:  # what the server says; or no address, no header
        raise NotSent(f"{type(error).__name__}: {error}") from error


register("email", send_letter)
