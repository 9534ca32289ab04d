"""The table of the outbox: what is to be told outside the product; ``core.outbox`` sends it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet

CHANNELS = {"email": _("电子邮件"), "wecom": _("企业微信群机器人"), "dingtalk": _("钉钉群机器人")}
WAITING, FAILED, UNSURE, SENT = "waiting", "failed", "unsure", "sent"
DELIVERY_STATES = {
    WAITING: _("待发送"),
    FAILED: _("发送失败"),
    UNSURE: _("不确定是否送达"),
    SENT: _("已发送"),
}


class DeliveryQuerySet(ScopedQuerySet["Delivery"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Who keeps the system running sees whether letters leave it, and decides about those that do not."""
        keeps = action in ("view", "decide") and by.reach("core.settings.change").everywhere
        return EVERYTHING if keeps else NOTHING


class Delivery(models.Model):
    """One message to one receiver, written in the transaction of what it tells; no ``key`` is written twice.

    It waits until ``next_try_at``. Who sends it first moves that moment on (its lease) and counts the attempt, by
    compare-and-swap: another sender finds it only when the lease is over. ``sending_at`` stands until it says how it went, so
    a sender that died is seen. The text goes once it has been sent.
    """

    channel = models.CharField(_("渠道"), max_length=10, choices=list(CHANNELS.items()))
    address = models.CharField(_("收件地址"), max_length=254)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("收件人"),
        related_name="+",
    )
    key = models.CharField(_("消息标识"), max_length=120, unique=True)
    subject = models.CharField(_("主题"), max_length=200)
    text = models.TextField(_("内容"), blank=True)
    created_at = models.DateTimeField(_("写入时间"), default=clock.now)
    next_try_at = models.DateTimeField(_("下次尝试时间"), default=clock.now)
    attempts = models.PositiveSmallIntegerField(_("已尝试次数"), default=0)
    sending_at = models.DateTimeField(_("开始发送时间"), null=True, blank=True)
    sent_at = models.DateTimeField(_("发送时间"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("放弃时间"), null=True, blank=True)
    problem = models.CharField(_("最近一次问题"), max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("对外消息")
        verbose_name_plural = _("对外消息")
        indexes: ClassVar = [
            models.Index(
                fields=["next_try_at"],
                name="core_delivery_waiting",
                condition=Q(sent_at=None, given_up_at=None),
            ),
            models.Index(fields=["sent_at"], name="core_delivery_sent"),
        ]

    def __str__(self) -> str:
        return f"{CHANNELS[self.channel]} · {self.subject}"

    def get_absolute_url(self) -> str:
        return f"{reverse('deliveries')}?state={self.state}"

    @property
    def state(self) -> str:
        """Whether it is still to be sent, was given up (perhaps after it arrived), or has been sent."""
        if self.sent_at:
            return SENT
        if self.given_up_at:
            return UNSURE if self.sending_at else FAILED
        return WAITING

    @property
    def receiver(self) -> str:
        """Who it is for, in words."""
        if self.channel == "email":
            return self.address
        return _now("群机器人 %(number)s 号") % {"number": self.address}
