"""Send unread notices by e-mail, one letter per person and tick, each notice once whatever number of clocks runs."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _
from django.utils.translation import override

from yinfeng.core import events
from yinfeng.core.actors import actor_of
from yinfeng.core.models import Notice
from yinfeng.core.scopes import in_sight

log = structlog.get_logger(__name__)

# A notice that was read in the product within this time needs no letter.
WAIT = timedelta(minutes=10)
LIMIT = 500


def send_notices(now: datetime) -> int:
    """Mail unread notices older than WAIT to those who have an address; return the number of letters sent."""
    waiting = Notice.objects.filter(
        read_at=None, mailed_at=None, event__at__lt=now - WAIT, owner__is_active=True
    )
    letters: defaultdict[int, list[Notice]] = defaultdict(list)
    for notice in waiting.exclude(owner__email="").select_related("owner", "event").order_by("pk")[:LIMIT]:
        letters[notice.owner_id].append(notice)
    return sum(_send(notices, now) for notices in letters.values())


def _send(notices: list[Notice], now: datetime) -> int:
    # Claimed before sending: a crash in between loses a letter, never the notice in the product, and sends none twice.
    mine = [
        notice
        for notice in notices
        if Notice.objects.filter(pk=notice.pk, mailed_at=None).update(mailed_at=now)
    ]
    if not mine:
        return 0
    owner = mine[0].owner
    told = in_sight(actor_of(owner), [notice.event for notice in mine])
    if not told:
        return 0
    with override(owner.language or settings.LANGUAGE_CODE):
        lines = [f"· {event.object_label}：{events.verbs().get(event.verb, event.verb)}" for event in told]
        subject = _("引凤：%(count)s 条新通知") % {"count": len(told)}
        text = "\n".join([*lines, "", f"{settings.BASE_URL}/notices/"])
    try:
        send_mail(subject, text, None, [owner.email])
    except OSError:
        log.exception("mail failed", owner=owner.pk)
        Notice.objects.filter(pk__in=[notice.pk for notice in mine]).update(mailed_at=None)
        return 0
    return 1
