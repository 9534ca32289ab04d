"""The group robots of units, and telling a unit something through them."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import events, outbox
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.models import Delivery
from yinfeng.core.scopes import demand
from yinfeng.duties.bots import token_of
from yinfeng.duties.models import Bot
from yinfeng.orgs.models import Unit

NOT_YOURS = gettext_lazy("您没有维护这个单位设置的权限。")


@transaction.atomic
def add_bot(*, by: Actor, unit: Unit, channel: str, name: str, address: str, secret: str = "") -> Bot:
    """Let a robot in a chat group tell a unit's people what concerns them; ``address`` is the webhook the platform shows."""
    by.require_at("core.settings.change", unit.pk, NOT_YOURS)
    token = token_of(channel, address)
    bot = Bot(unit=unit, channel=channel, name=name, token=token, secret=secret.strip(), mark=token[-4:])
    return core.add(
        bot, by=by, verb="duties.bot.added", data={"text": f"{unit.brief} {bot.get_channel_display()}"}
    )


@transaction.atomic
def remove_bot(*, by: Actor, bot: Bot) -> None:
    """Forget a robot with its key; what still waits for it goes too."""
    demand(bot, by, "change")
    events.record(by=by, verb="duties.bot.removed", obj=bot)
    outbox.withdraw(channel=bot.channel, address=str(bot.pk))
    bot.delete()


def try_bot(*, by: Actor, bot: Bot, now: datetime) -> str:
    """Send a test message at once; return what went wrong, nothing if it arrived."""
    demand(bot, by, "change")
    key = f"bot-test:{bot.pk}:{uuid4().hex}"
    with transaction.atomic():
        events.record(by=by, verb="duties.bot.tested", obj=bot)
        outbox.put(
            channel=bot.channel, address=str(bot.pk), key=key, subject=_("测试消息"),
            text=_("引凤：这是一条测试消息，%(unit)s的到期提醒会发到这个群。") % {"unit": bot.unit.brief},
        )  # fmt: skip
    delivery = Delivery.objects.get(key=key)
    outbox.attempt(delivery, max(now, delivery.next_try_at))
    delivery.refresh_from_db()
    if delivery.sent_at:
        return ""
    outbox.withdraw(channel=bot.channel, address=str(bot.pk), key=key)  # whoever tests tries again himself
    return delivery.problem or _("后台正在发送，请看群里是否收到。")


def tell_unit(unit: Unit, text: str, url: str, key: str) -> int:
    """Tell a unit something through its robots, in the caller's transaction; return how many will say it.

    ``url`` is a path, ``key`` unique to what is told. The text leaves the product for a chat group: nothing sensitive stands in it.
    Who keeps the outbox running reads its subjects: they say for whom a message is, and nothing of it.
    """
    told = f"引凤：{text}\n{settings.BASE_URL}{url}"  # a keyword by which DingTalk may let it pass
    subject = _("发给%(unit)s的提醒") % {"unit": unit.brief}
    return sum(
        outbox.put(channel=bot.channel, address=str(bot.pk), key=f"{key}:bot:{bot.pk}", subject=subject, text=told)
        for bot in Bot.objects.filter(unit=unit)
    )  # fmt: skip
