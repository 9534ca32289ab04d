"""Reminders by level (提醒 → 催办 → 督办单 → 通报 → 约谈) with their documents, and the numbers documents take."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.scopes import NOTHING, ScopedQuerySet
from yinfeng.duties import terms
from yinfeng.duties.models.duties import Duty


class ReminderQuerySet(ScopedQuerySet["Reminder"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A reminder is seen with its duty."""
        return Q(duty__in=Duty.objects.permitted(by).values("pk")) if action == "view" else NOTHING


class Reminder(models.Model):
    """One level of reminder of a duty for one last day; ``document`` is what it said when it was issued (empty: a notice only).

    ``document``: number, title, addressee, paragraphs, signer, day; ``digest`` is of it.
    """

    duty = models.ForeignKey(Duty, models.CASCADE, verbose_name=_("督办事项"), related_name="reminders")
    level = models.CharField(_("级别"), max_length=20, choices=list(terms.LEVELS.items()))
    for_date = models.DateField(_("针对的时限"))
    days_late = models.SmallIntegerField(_("逾期工作日"))
    number = models.CharField(_("文号"), max_length=60, blank=True)
    document = models.JSONField(_("文书"), default=dict, blank=True)
    digest = models.CharField(_("内容摘要"), max_length=64, blank=True)
    reason = models.CharField(_("说明"), max_length=500, blank=True)
    # nobody: the clock
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("签发人"), related_name="+"
    )  # fmt: skip
    issued_at = models.DateTimeField(_("发出时间"), default=clock.now, editable=False)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("催办督办")
        verbose_name_plural = _("催办督办")
        ordering: ClassVar = ["-issued_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["duty", "level", "for_date"], name="duties_reminder_once",
                violation_error_message=_("针对这个时限，这一级已经发出过。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.number}".strip()

    def get_absolute_url(self) -> str:
        return reverse("reminder-document", args=[self.pk])


class Serial(models.Model):
    """How far a series of document numbers has come in a year."""

    series = models.CharField(_("序列"), max_length=60)
    year = models.PositiveSmallIntegerField(_("年份"))
    last = models.PositiveIntegerField(_("已用到"), default=0)

    class Meta:
        verbose_name = _("文书编号")
        verbose_name_plural = _("文书编号")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "year"], name="duties_serial_once")
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.year}"
