"""Letters about unread notices, one per person and beat, written into the outbox; each notice is in one letter at most."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from yinfeng.core import events, outbox
from yinfeng.core.actors import actor_of
from yinfeng.core.models import Notice
from yinfeng.core.scopes import in_sight, kept_inside

# A notice that was read in the product within this time needs no letter.
WAIT = timedelta(minutes=10)
LIMIT = 500
# That letters do not arrive is told in the product alone.
UNMAILED = ("core.delivery.given_up",)


def write_letters(now: datetime) -> int:
    """Write letters about unread notices older than WAIT to those who have an address; return their number."""
    waiting = Notice.objects.filter(
        read_at=None, mailed_at=None, event__at__lt=now - WAIT, owner__is_active=True
    ).exclude(event__verb__in=UNMAILED)
    letters: defaultdict[int, list[Notice]] = defaultdict(list)
    for notice in waiting.exclude(owner__email="").select_related("owner", "event").order_by("pk")[:LIMIT]:
        letters[notice.owner_id].append(notice)
    return sum(_write(notices, now) for notices in letters.values())


@transaction.atomic
def _write(notices: list[Notice], now: datetime) -> bool:
    """Mark what no other clock has marked and write the letter about it, both or neither."""
    mine = [
        notice
        for notice in notices
        if Notice.objects.filter(pk=notice.pk, mailed_at=None).update(mailed_at=now)
    ]
    if not mine:
        return False
    owner = mine[0].owner
    told = in_sight(actor_of(owner), [notice.event for notice in mine])
    if not told:
        return False
    hidden = kept_inside(told)
    with override(owner.language or settings.LANGUAGE_CODE):
        names = [_("敏感事项，请登录查看") if event.pk in hidden else event.object_label for event in told]
        lines = [
            f"· {name}：{events.verbs().get(event.verb, event.verb)}"
            for name, event in zip(names, told, strict=True)
        ]
        subject = _("引凤：%(count)s 条新通知") % {"count": len(told)}
        text = "\n".join([*lines, "", f"{settings.BASE_URL}/notices/"])
    key = f"notices:{owner.pk}:{mine[0].pk}"
    return outbox.put(channel="email", address=owner.email, owner=owner, key=key, subject=subject, text=text)
