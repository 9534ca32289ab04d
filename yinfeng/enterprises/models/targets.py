"""Whom a unit courts, and what says that a firm already here may move away (目标企业、外迁预警)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.models import Versioned
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.enterprises.models.records import Enterprise
from yinfeng.orgs.models import Unit

PRIORITIES = {1: _("一类"), 2: _("二类"), 3: _("三类")}
TARGET_STATES = {
    "listed": _("未对接"),
    "contacted": _("已联系"),
    "visiting": _("互访中"),
    "negotiating": _("洽谈中"),
    "landed": _("已形成项目"),
    "dropped": _("不再跟进"),
}


class TargetQuerySet(ScopedQuerySet["Target"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A unit's list is its own and that of those above it.

        That another unit courts a firm is told on the firm's page (``queries.courting``), without what is on its list.
        """
        permission = {"view": "view", "export": "view"}.get(action, "change")
        return within(by.reach(f"enterprises.target.{permission}"), "unit")


class Target(Versioned):
    """An enterprise on a unit's list of those to be won (clause 1.2 目标企业库), with its owner and the next step."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name=_("企业"), related_name="targets")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("对接单位"), related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("责任人"), related_name="+"
    )
    priority = models.PositiveSmallIntegerField(_("优先级"), choices=list(PRIORITIES.items()), default=2)
    state = models.CharField(
        _("对接状态"), max_length=20, choices=list(TARGET_STATES.items()), default="listed"
    )
    wanted = models.CharField(_("想争取什么"), max_length=300, blank=True)
    next_step = models.CharField(_("下一步"), max_length=300, blank=True)
    next_date = models.DateField(_("下一步日期"), null=True, blank=True)
    # said when another unit's list had the firm already
    together = models.CharField(_("与其他单位如何配合"), max_length=300, blank=True)
    # of the project that came of it its number alone: what it is called may be for fewer eyes
    project = models.CharField(_("形成的项目"), max_length=100, blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = _("目标企业")
        verbose_name_plural = _("目标企业")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enterprise", "unit"], name="enterprises_target_once",
                                    violation_error_message=_("这家企业已在本单位的目标企业名单中。"))
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["unit", "state", "priority", "-id"], name="enterprises_target_unit")
        ]

    def __str__(self) -> str:
        return (
            f"{self.enterprise} · {self.unit}" if self.enterprise_id else ""
        )  # the log of an export has no row

    def get_absolute_url(self) -> str:
        return reverse("target", args=[self.pk])


SIGNAL_KINDS = {
    "registration": _("变更登记地"),
    "investment": _("减资或缩减投资"),
    "staff": _("用工大幅变动"),
    "lease": _("租约到期"),
    "abnormal": _("列入经营异常名录"),
    "other": _("其他迹象"),
}
LEVELS = {1: _("高"), 2: _("中"), 3: _("低")}
SIGNAL_STATES = {
    "open": _("待核实"),
    "handling": _("应对中"),
    "stayed": _("已留住"),
    "moved": _("已外迁"),
    "mistaken": _("不属实"),
}


class SignalQuerySet(ScopedQuerySet["Signal"]):
    def scope(self, by: Actor, action: str) -> Q:
        """The unit that answers for the firm and those above it; a warning that is no unit's yet is the city's to assign."""
        permission = {"view": "view", "export": "view"}.get(action, "change")
        reach = by.reach(f"enterprises.signal.{permission}")
        if reach.everywhere:
            return EVERYTHING
        return within(reach, "unit") if reach else NOTHING


class Signal(Versioned):
    """Something that says a firm already here may move away (外迁预警), with its level, owner and next step."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name=_("企业"), related_name="signals")
    kind = models.CharField(_("迹象"), max_length=20, choices=list(SIGNAL_KINDS.items()))
    level = models.PositiveSmallIntegerField(_("级别"), choices=list(LEVELS.items()), default=2)
    state = models.CharField(_("状态"), max_length=20, choices=list(SIGNAL_STATES.items()), default="open")
    noted_date = models.DateField(_("发现日期"))
    # of a lease: until shortly before that day there is nothing to be done (the profile's rule says how shortly)
    due_date = models.DateField(_("到期日"), null=True, blank=True)
    told_date = models.DateField(_("已提醒的到期日"), null=True, blank=True, editable=False)
    detail = models.CharField(_("情况"), max_length=500)
    source = models.CharField(_("信息来源"), max_length=200)
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("责任单位"), related_name="+"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("责任人"),
        related_name="+",
    )
    next_step = models.CharField(_("下一步"), max_length=300, blank=True)
    next_date = models.DateField(_("下一步日期"), null=True, blank=True)
    is_automatic = models.BooleanField(_("由资料变动产生"), default=False, editable=False)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    worked_out: ClassVar = ("told_date",)

    objects = SignalQuerySet.as_manager()

    class Meta:
        verbose_name = _("外迁预警")
        verbose_name_plural = _("外迁预警")
        constraints: ClassVar = [
            # What a change of the record says is said once: no second warning of a kind while one is open.
            models.UniqueConstraint(fields=["enterprise", "kind"], condition=Q(is_automatic=True, state="open"),
                                    name="enterprises_signal_once")
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["unit", "state", "level", "-id"], name="enterprises_signal_unit")
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} · {self.get_kind_display()}" if self.enterprise_id else ""

    def get_absolute_url(self) -> str:
        return reverse("signal", args=[self.pk])
