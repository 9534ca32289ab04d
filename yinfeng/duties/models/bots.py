"""The group robots of units: where WeCom or DingTalk shows a unit's people what is due."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.crypto import EncryptedTextField
from yinfeng.core.models_outbox import CHANNELS
from yinfeng.core.scopes import NOTHING, ScopedQuerySet, within
from yinfeng.orgs.models import Unit

KINDS = {code: label for code, label in CHANNELS.items() if code != "email"}


class BotQuerySet(ScopedQuerySet["Bot"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Who keeps the settings of a unit keeps its robots; nobody else sees that there are any."""
        return within(by.reach("core.settings.change"), "unit") if action in ("view", "change") else NOTHING


class Bot(models.Model):
    """A robot in a chat group of a unit; its key and secret are kept encrypted and shown to nobody again."""

    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("单位"), related_name="+")
    channel = models.CharField(_("平台"), max_length=10, choices=list(KINDS.items()))
    name = models.CharField(_("名称"), max_length=60)
    token = EncryptedTextField(_("密钥"))
    secret = EncryptedTextField(_("加签密钥"), blank=True)
    mark = models.CharField(_("识别码"), max_length=12)
    created_at = models.DateTimeField(_("创建时间"), default=clock.now)

    objects = BotQuerySet.as_manager()

    class Meta:
        verbose_name = _("群机器人")
        verbose_name_plural = _("群机器人")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name
