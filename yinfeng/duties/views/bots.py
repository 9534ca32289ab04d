"""The group robots of the units one keeps the settings of."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.errors import Invalid
from yinfeng.core.forms import Styled
from yinfeng.core.web import ActPage, EditPage, ListPage
from yinfeng.duties import services
from yinfeng.duties.forms_calendar import BotForm
from yinfeng.duties.lists_bots import BotFilter, BotTable
from yinfeng.duties.models import Bot

PERMISSION = "core.settings.change"


class Bots(ListPage):
    permission = PERMISSION
    model = Bot
    filterset = BotFilter
    table = BotTable
    key = "bots"
    title = gettext_lazy("群机器人")

    def primary(self) -> dict[str, Any]:
        return {"label": _("添加群机器人"), "url": reverse("bot-add"), "icon": "plus"}

    def empty(self) -> dict[str, Any]:
        hint = _("在单位的企业微信群或钉钉群里添加机器人，把它的地址填到这里，到期提醒就会发到群里。")
        return {"title": _("还没有群机器人"), "hint": hint, "act": self.primary()}


class AddBot(ActPage):
    permission = PERMISSION
    form = BotForm
    title = gettext_lazy("添加群机器人")
    submit_label = gettext_lazy("添加")

    def cancel_url(self) -> str:
        return reverse("bots")

    def extra(self) -> dict[str, Any]:
        intro = _("发到群里的消息离开本系统，群里的人都能看到：只写事项名称和期限，不写敏感事项。")
        return {"intro": intro, "back": {"label": _("群机器人"), "url": reverse("bots")}}

    def act(self, form: Any) -> str:
        bot = services.add_bot(by=self.by, **form.cleaned_data)
        return reverse("bot-test", args=[bot.pk])


class TestBot(EditPage):
    """Send a test message and say at once whether it arrived."""

    __test__ = False  # no test of pytest's
    permission = PERMISSION
    model = Bot
    form = Styled
    template_name = "duties/form_remove.html"
    submit_label = gettext_lazy("发送测试消息")

    def cancel_url(self) -> str:
        return reverse("bots")

    def extra(self) -> dict[str, Any]:
        bot: Bot = self.object
        return {
            "title": bot.name,
            "intro": f"{bot.unit.label} · {bot.get_channel_display()} · …{bot.mark}",
            "back": {"label": _("群机器人"), "url": reverse("bots")},
            "remove": {
                "told": _("按下之后立即发一条测试消息，并告诉您是否送到。"),
                "label": _("删除这个机器人"),
                "url": reverse("bot-remove", args=[bot.pk]),
            },
        }

    def act(self, form: Any) -> str:
        if problem := services.try_bot(by=self.by, bot=self.object, now=timezone.now()):
            raise Invalid(_("消息没有送到：%(problem)s") % {"problem": problem})
        return reverse("bots")

    def done(self, result: Any) -> str:
        return _("测试消息已送到群里。")


class RemoveBot(EditPage):
    permission = PERMISSION
    model = Bot
    form = Styled
    danger = True
    submit_label = gettext_lazy("删除")

    def cancel_url(self) -> str:
        return reverse("bots")

    def extra(self) -> dict[str, Any]:
        return {
            "title": _("删除群机器人“%(name)s”") % {"name": self.object.name},
            "intro": _("删除之后不再往这个群发消息，等待发送的也一并取消；密钥随之抹去。"),
            "back": {"label": _("群机器人"), "url": reverse("bots")},
        }

    def act(self, form: Any) -> str:
        services.remove_bot(by=self.by, bot=self.object)
        return reverse("bots")
