"""Circulars (通报) on how duties stand: the words as they were issued, never changed afterwards, and the units they name."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet
from yinfeng.orgs.models import Unit


class CircularQuerySet(ScopedQuerySet["Circular"]):
    def scope(self, by: Actor, action: str) -> Q:
        """The unit that issued a circular and those it names read it, and who sees duties everywhere."""
        if action != "view":
            return NOTHING
        reach = by.reach("duties.duty.view")
        if reach.everywhere:
            return EVERYTHING
        if not reach:
            return NOTHING
        named = CircularUnit.objects.filter(unit__in=reach.units)
        return Q(unit__in=reach.units) | Q(pk__in=named.values("circular"))


class Circular(models.Model):
    """What a unit that supervises told about a period: ``content`` is what was issued, ``digest`` is of it. Append-only.

    ``content``: number, title, addressee, paragraphs, the tables by unit and of what is overdue, demand, signer, day.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("印发单位"), related_name="+")
    start_date = models.DateField(_("起始日期"))
    end_date = models.DateField(_("截止日期"))
    number = models.CharField(_("文号"), max_length=60, unique=True)
    title = models.CharField(_("标题"), max_length=200)
    content = models.JSONField(_("内容"))
    digest = models.CharField(_("内容摘要"), max_length=64)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("签发人"), related_name="+"
    )
    issued_at = models.DateTimeField(_("印发时间"), default=clock.now, editable=False)

    objects = CircularQuerySet.as_manager()

    class Meta:
        verbose_name = _("督办通报")
        verbose_name_plural = _("督办通报")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")), name="duties_circular_in_order",
                violation_error_message=_("截止日期不能早于起始日期。"),
            ),
            models.UniqueConstraint(
                fields=["unit", "start_date", "end_date"], name="duties_circular_once",
                violation_error_message=_("这一时期的通报已经印发。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.title}（{self.number}）"

    def get_absolute_url(self) -> str:
        return reverse("circular", args=[self.pk])


class CircularUnit(models.Model):
    """A unit that a circular names."""

    circular = models.ForeignKey(Circular, models.CASCADE, verbose_name=_("督办通报"), related_name="named")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("单位"), related_name="+")

    class Meta:
        verbose_name = _("被通报单位")
        verbose_name_plural = _("被通报单位")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["circular", "unit"], name="duties_circular_unit_once")
        ]

    def __str__(self) -> str:
        return f"{self.circular}：{self.unit}"
