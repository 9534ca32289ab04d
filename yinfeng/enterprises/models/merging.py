"""Enterprises that may be one, and those that were made one: pairs in doubt, names told apart, mergers with their undoing.

A merger deletes the record that is given up. What it held stands in ``Merging.before``, by which the merger can be undone
and from which links to the old number are led to the record that was kept.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.models import Versioned
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet
from yinfeng.enterprises.models.records import Enterprise
from yinfeng.orgs.models import Unit


class Distinction(models.Model):
    """A person's finding that a name does not mean an enterprise although the two look alike; asked no more."""

    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, verbose_name=_("企业"), related_name="distinctions"
    )
    name = models.CharField(_("名称"), max_length=200)
    name_key = models.CharField(_("名称比对键"), max_length=200, editable=False, db_index=True)
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    found_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("认定人"), related_name="+"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, verbose_name=_("认定人单位"), related_name="+")
    found_at = models.DateTimeField(_("认定时间"), default=clock.now)

    class Meta:
        verbose_name = _("不是同一家的认定")
        verbose_name_plural = _("不是同一家的认定")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enterprise", "name_key"], name="enterprises_distinction_once")
        ]

    def __str__(self) -> str:
        return self.name


DOUBT_STATES = {"open": _("待判断"), "different": _("不是同一家")}


class DoubtQuerySet(ScopedQuerySet["Doubt"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Who may merge sees the pairs and decides about them."""
        return EVERYTHING if by.may("enterprises.enterprise.merge") else NOTHING


class Doubt(Versioned):
    """Two enterprises of the library that may be one (疑似重复); ``one`` is the older record."""

    one = models.ForeignKey(Enterprise, models.CASCADE, verbose_name=_("企业"), related_name="+")
    other = models.ForeignKey(Enterprise, models.CASCADE, verbose_name=_("疑似重复的企业"), related_name="+")
    score = models.FloatField(_("相似程度"))
    reason = models.CharField(_("依据"), max_length=200)
    state = models.CharField(_("状态"), max_length=20, choices=list(DOUBT_STATES.items()), default="open")

    objects = DoubtQuerySet.as_manager()

    class Meta:
        verbose_name = _("疑似重复")
        verbose_name_plural = _("疑似重复")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["one", "other"], name="enterprises_doubt_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="enterprises_doubt_order"),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-score", "id"], name="enterprises_doubt_open")]

    def __str__(self) -> str:
        return f"{self.one} ↔ {self.other}"

    @property
    def reason_text(self) -> str:
        """The reason in the reader's language where it is one of the matching's sentences, kept in Chinese; else as it is."""
        return gettext(self.reason) if self.reason else ""


MERGING_STATES = {"merged": _("已合并"), "undone": _("已撤销合并")}


class MergingQuerySet(ScopedQuerySet["Merging"]):
    def scope(self, by: Actor, action: str) -> Q:
        """The library is the whole city's, so is what became of its records; undoing needs the right to merge."""
        permission = "enterprises.enterprise.view" if action == "view" else "enterprises.enterprise.merge"
        return EVERYTHING if by.may(permission) else NOTHING


class Merging(Versioned):
    """Two records made one: which was kept, what the other held, what was moved, and whether it was undone.

    ``before`` holds the record given up with everything that was dropped with it, ``moved`` the rows that changed their
    enterprise (relation → ids), ``changed`` the kept record's fields (name → [old, new]).
    """

    kept = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name=_("保留的企业"), related_name="mergings"
    )
    gone_id = models.BigIntegerField(_("并入的企业编号"), db_index=True, editable=False)
    gone_name = models.CharField(_("并入的企业名称"), max_length=200, editable=False)
    before = models.JSONField(_("合并前的资料"), editable=False)
    moved = models.JSONField(_("转移的内容"), editable=False)
    changed = models.JSONField(_("改动的字段"), editable=False)
    reason = models.CharField(_("合并理由"), max_length=300)
    state = models.CharField(_("状态"), max_length=20, choices=list(MERGING_STATES.items()), default="merged")
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("合并人"), related_name="+"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, verbose_name=_("合并人单位"), related_name="+")
    merged_at = models.DateTimeField(_("合并时间"), default=clock.now)

    objects = MergingQuerySet.as_manager()

    class Meta:
        verbose_name = _("企业合并")
        verbose_name_plural = _("企业合并")

    def __str__(self) -> str:
        return f"{self.gone_name} → {self.kept}"

    def get_absolute_url(self) -> str:
        return self.kept.get_absolute_url()
