"""Whether letters and messages leave the product, and what to do with those that do not."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import outbox
from yinfeng.core.filters import ScopedFilterSet
from yinfeng.core.forms import Styled
from yinfeng.core.models import Delivery
from yinfeng.core.models_outbox import CHANNELS, DELIVERY_STATES, FAILED, SENT, UNSURE, WAITING
from yinfeng.core.tables import Cell, Column, Table, moment
from yinfeng.core.web import EditPage, ListPage

TONES = {
    WAITING: ("info", "clock"), FAILED: ("danger", "alert-triangle"), UNSURE: ("warning", "help-circle"), SENT: ("success", "check"),
}  # fmt: skip


class DeliveryFilter(ScopedFilterSet):
    main = ("state", "channel")
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("状态"), choices=list(DELIVERY_STATES.items()), method="in_state"
    )
    channel = django_filters.ChoiceFilter(label=gettext_lazy("渠道"), choices=list(CHANNELS.items()))
    address = django_filters.CharFilter(label=gettext_lazy("收件地址"), lookup_expr="icontains")

    def in_state(self, found: QuerySet[Delivery], name: str, state: str) -> QuerySet[Delivery]:
        if state == SENT:
            return found.filter(sent_at__isnull=False)
        unsent = found.filter(sent_at=None, given_up_at__isnull=state == WAITING)
        return unsent if state == WAITING else unsent.filter(sending_at__isnull=state == FAILED)


def _state(delivery: Delivery) -> Cell:
    tone, icon = TONES[delivery.state]
    return Cell(str(DELIVERY_STATES[delivery.state]), badge=True, tone=tone, icon=icon)


class DeliveryTable(Table):
    columns = (
        Column("subject", gettext_lazy("主题"), lambda delivery: delivery.subject),
        Column("channel", gettext_lazy("渠道"), lambda delivery: delivery.get_channel_display()),
        Column("receiver", gettext_lazy("收件人"), lambda delivery: delivery.receiver),
        Column("state", gettext_lazy("状态"), _state),
        Column("created", gettext_lazy("写入时间"), lambda delivery: moment(delivery.created_at)),
        Column("attempts", gettext_lazy("已尝试"), lambda delivery: str(delivery.attempts)),
        Column("problem", gettext_lazy("最近一次问题"), lambda delivery: delivery.problem),
    )

    def url(self, obj: Delivery) -> str:
        return reverse("delivery", args=[obj.pk]) if obj.state in (FAILED, UNSURE) else ""


class Deliveries(ListPage):
    """What is to leave the product and what left it within three months; no texts, for who keeps it running does no business."""

    permission = "core.settings.change"
    model = Delivery
    filterset = DeliveryFilter
    table = DeliveryTable
    key = "deliveries"
    title = gettext_lazy("对外消息")

    def empty(self) -> dict[str, Any]:
        hint = _("通知和周报的邮件、发到单位群机器人的消息都从这里发出；发不出去的会留在这里。")
        return {"title": _("还没有对外消息"), "hint": hint, "act": None}


AGAIN, DROP = "again", "drop"


class DecisionForm(Styled):
    decision = forms.ChoiceField(
        label=gettext_lazy("怎么办"),
        choices=[(AGAIN, gettext_lazy("重新发送")), (DROP, gettext_lazy("不再发送"))],
        widget=forms.RadioSelect,
    )


class DecideDelivery(EditPage):
    """Send again what was given up, or let it be."""

    permission = "core.settings.change"
    action = "decide"
    model = Delivery
    form = DecisionForm
    title = gettext_lazy("处理发送失败的消息")
    submit_label = gettext_lazy("确定")

    def initial(self) -> dict[str, Any]:
        return {} if self.object.state == UNSURE else {"decision": AGAIN}

    def cancel_url(self) -> str:
        return reverse("deliveries")

    def extra(self) -> dict[str, Any]:
        told = {
            "subject": self.object.subject,
            "receiver": self.object.receiver,
            "problem": self.object.problem.rstrip("。"),
        }
        intro = _("“%(subject)s”没有发给 %(receiver)s：%(problem)s")
        if self.object.state == UNSURE:
            intro = _(
                "不确定“%(subject)s”是否已经发给 %(receiver)s：%(problem)s。请先到群里看：没有收到的重新发送，已经收到的不再发送。"
            )
        return {
            "intro": intro % told,
            "back": {"label": _("对外消息"), "url": reverse("deliveries")},
        }

    def act(self, form: Any) -> str:
        decide = outbox.try_again if form.cleaned_data["decision"] == AGAIN else outbox.drop
        decide(by=self.by, delivery=self.object)
        return reverse("deliveries")
