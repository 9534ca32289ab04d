"""What a person takes along of his calendar: the secret address for his calendar program, the weekly letter."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.scopes import NOTHING, ScopedQuerySet


class SubscriptionQuerySet(ScopedQuerySet["Subscription"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Everybody's own."""
        return Q(owner_id=by.user_id) if by.user_id else NOTHING


class Subscription(models.Model):
    """How a person reads his calendar elsewhere; whoever has no row has no address and gets the letter.

    Of the secret address only the hash is stored; no hash: there is none, or it was revoked.
    """

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("所有者"), related_name="+"
    )
    secret_hash = models.CharField(_("地址摘要"), max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001
    mark = models.CharField(_("识别码"), max_length=12, blank=True, editable=False)
    made_at = models.DateTimeField(_("生成时间"), null=True, editable=False)
    used_at = models.DateTimeField(_("最近使用"), null=True, editable=False)
    wants_letter = models.BooleanField(_("每周收一封周报邮件"), default=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("日历订阅")
        verbose_name_plural = _("日历订阅")

    def __str__(self) -> str:
        return str(self.owner)


class WeeklyLetter(models.Model):
    """That somebody's letter of an ISO week was written, or that there was nothing to say; once per person and week."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("收件人"), related_name="+"
    )
    week = models.CharField(_("周"), max_length=8)
    is_empty = models.BooleanField(_("没有内容"))

    class Meta:
        verbose_name = _("周报")
        verbose_name_plural = _("周报")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "week"], name="duties_letter_once_a_week")
        ]

    def __str__(self) -> str:
        return f"{self.week} {self.owner}"
