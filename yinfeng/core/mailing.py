"""Letters about unread notices, one per person and beat, written into the outbox; each notice is in one letter at most.

What is sensitive is not named: letters leave the product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import override

from yinfeng.core import desk, events, outbox
from yinfeng.core.actors import actor_of
from yinfeng.core.errors import Sentence
from yinfeng.core.models import Event, Notice
from yinfeng.core.scopes import in_sight, kept_inside

# A notice that was read in the product within this time needs no letter.
WAIT = timedelta(minutes=10)
LIMIT = 500
# That letters do not arrive is told in the product alone.
UNMAILED = ("core.delivery.given_up",)


# Of a kind of rows: how those that are sensitive are called outside the product, by key; of others it is said that they are.
Masks = Callable[[Iterable[int]], Mapping[int, str]]
MASKS: dict[str, Masks] = {}


def mask(model: type[Model], told: Masks) -> None:
    """Let letters call those rows of a model that ``told`` names as it does."""
    MASKS[events.type_of(model)] = told


def _names(told: Sequence[Event]) -> dict[int, str]:
    """Return how letters call the sensitive ones among the objects of some events, by the event's key."""
    hidden = kept_inside(told)
    keys: defaultdict[str, set[int]] = defaultdict(set)
    for event in told:
        if event.pk in hidden and event.object_id is not None and event.object_type in MASKS:
            keys[event.object_type].add(event.object_id)
    masked = {(kind, key): name for kind, found in keys.items() for key, name in MASKS[kind](found).items()}
    return {
        event.pk: masked.get((event.object_type, event.object_id or 0), _("敏感事项，请登录查看"))
        for event in told
        if event.pk in hidden
    }


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
    asked = {notice.event_id: desk.ASKS.get(notice.why, "") for notice in mine}
    if not told:
        return False
    with override(owner.language or settings.LANGUAGE_CODE):
        names = _names(told)
        lines = [_line(event, names.get(event.pk, event.object_label), asked[event.pk]) for event in told]
        subject = _("引凤：%(count)s 条新通知") % {"count": len(told)}
        text = "\n".join([*lines, "", f"{settings.BASE_URL}/notices/"])
    key = f"notices:{owner.pk}:{mine[0].pk}"
    return outbox.put(channel="email", address=owner.email, owner=owner, key=key, subject=subject, text=text)


def _line(event: Event, name: str, asked: Sentence) -> str:
    """Return what happened, with what the reader is asked to do about it."""
    what = f"· {name}：{events.verbs().get(event.verb, event.verb)}"
    return _("%(what)s，%(asked)s") % {"what": what, "asked": asked} if asked else what
