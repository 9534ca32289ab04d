"""The achievement ledger: what a project achieved, recognised once, shared among units, corrected by reversal, never edited."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.money import YuanField
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet
from yinfeng.orgs.models import Unit
from yinfeng.projects import stages
from yinfeng.projects.models.claims import Claim
from yinfeng.projects.models.records import Project

TABLES = ("projects_entry", "projects_share", "projects_closing")  # that the database refuses to change
WHOLE = 1_000_000  # shares are kept in millionths: those of an entry are exactly this together


def with_project(by: Actor, action: str, path: str) -> Q:
    """Return the Q of the rows whose project, reached over ``path``, the person may see or act on."""
    projects = Project.objects.all()
    if (
        by.is_system or projects.scope(by, action) == EVERYTHING
    ):  # no need to ask of a million entries one by one
        return EVERYTHING
    return Q(**{f"{path}__in": projects.permitted(by, action).values("pk")})


class EntryQuerySet(ScopedQuerySet["Entry"]):
    def scope(self, by: Actor, action: str) -> Q:
        """An entry is seen with its project; proposing to reverse it, and confirming that, ask permissions of their own there."""
        if action not in {"view", "reverse", "verify", "export"}:
            return NOTHING
        return with_project(by, action, "project")

    def counting(self) -> EntryQuerySet:
        """Return the entries that count: recognised, or a reversal taken back, and not reversed since."""
        return self.filter(sign=1, reversed_by=None)


class Entry(models.Model):
    """One achievement of a project, or the reversal of an entry. Written once; the database refuses to change it.

    ``key`` tells achievements of one kind apart: the voucher of a payment, the year of a tax; empty for what happens once.
    ``turn`` is 2 and more when it was recognised anew after a reversal. A reversal has the opposite sign, count and amount and the shares of what it
    reverses, so sums over any rows are right. ``count`` is 0 where only the amount counts: the growth of a project that
    counted before (增资只统计增资额，不算新项目; 三明市甄别办法, FACTS §1.2).
    ``booked_date`` is the day on which it counts: that on which it happened, or the first after the books were closed.
    """

    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("项目"), related_name="entries")
    kind = models.CharField(_("业绩"), max_length=20, choices=list(stages.ACHIEVEMENTS.items()))
    key = models.CharField(_("区分"), max_length=40, blank=True)
    turn = models.PositiveSmallIntegerField(_("第几次认定"), default=1)
    happened_date = models.DateField(_("发生日期"))
    booked_date = models.DateField(_("入账日期"))
    sign = models.SmallIntegerField(_("正负"), default=1)
    count = models.SmallIntegerField(_("项数"), default=1)
    amount = YuanField(_("金额"))
    evidence = models.ForeignKey("core.Attachment", models.PROTECT, verbose_name=_("依据"), related_name="+")
    claim = models.ForeignKey(
        Claim, models.PROTECT, null=True, blank=True, verbose_name=_("业绩申报"), related_name="entries"
    )
    reverses = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("冲销的记录"),
        related_name="reversed_by",
    )
    reason = models.CharField(_("原因"), max_length=1000, blank=True)
    recognised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("认定人"), related_name="+"
    )
    recognised_at = models.DateTimeField(_("认定时间"), default=clock.now)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("业绩记录")
        verbose_name_plural = _("业绩记录")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "kind", "key", "turn"], condition=Q(reverses=None), name="projects_entry_once",
                violation_error_message=_("这项业绩已经认定过。"),
            ),
            models.CheckConstraint(
                condition=Q(booked_date__gte=models.F("happened_date")), name="projects_entry_booked_after"
            ),
            models.CheckConstraint(
                condition=Q(sign=1, count__in=[0, 1], amount__gte=0) | Q(sign=-1, count__in=[0, -1], amount__lte=0),
                name="projects_entry_one_sign",
            ),
            models.CheckConstraint(
                condition=Q(reverses=None, sign=1) | Q(reverses__isnull=False) & ~Q(reason=""),
                name="projects_entry_reversed_with_reason",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["happened_date", "id"], name="projects_entry_happened"),
            models.Index(fields=["booked_date", "id"], name="projects_entry_booked"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_date or ''}".strip()

    def get_absolute_url(self) -> str:
        return reverse("entry", args=[self.pk])


class Share(models.Model):
    """What part of an entry is a unit's: in millionths and in yuan; the parts of an entry are all of it, to the last cent."""

    entry = models.ForeignKey(Entry, models.PROTECT, verbose_name=_("业绩记录"), related_name="shares")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("单位"), related_name="+")
    part = models.CharField(_("参与身份"), max_length=20, choices=list(stages.PARTS.items()))
    millionths = models.PositiveIntegerField(_("份额（百万分之）"))
    amount = YuanField(_("金额"))

    class Meta:
        verbose_name = _("业绩份额")
        verbose_name_plural = _("业绩份额")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["entry", "unit"], name="projects_share_once"),
            models.CheckConstraint(
                condition=Q(millionths__gte=1, millionths__lte=WHOLE), name="projects_share_of_the_whole"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["unit", "entry"], name="projects_share_unit")]

    def __str__(self) -> str:
        return f"{self.unit} · {self.millionths / 10_000:g}%"
