"""Which days are worked: what the State Council announces for a year, and what a city says otherwise."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.models import Bilingual, Versioned
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet


class CalendarDayQuerySet(ScopedQuerySet["CalendarDay"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Everybody who signs in reads the calendar; few keep it, for the whole city."""
        if action == "view":
            return EVERYTHING if by.is_known else NOTHING
        return EVERYTHING if by.reach("duties.calendar.change").everywhere else NOTHING


class CalendarDay(Bilingual, Versioned):
    """A day of which more is to be said than its day of the week: a holiday, or a weekend's day on which one works.

    ``is_edited``: it was entered or changed in the product, and no load of the profile changes it any more.
    """

    day = models.DateField(
        _("日期"), unique=True, error_messages={"unique": _("这一天已经在日历里，请直接修改它。")}
    )
    is_workday = models.BooleanField(
        _("是否上班"), choices=((False, _("放假")), (True, _("调休上班"))), default=False
    )
    source = models.CharField(_("依据"), max_length=200)
    is_edited = models.BooleanField(_("人工维护"), default=False, editable=False)

    objects = CalendarDayQuerySet.as_manager()

    class Meta:
        verbose_name = _("节假日和调休")
        verbose_name_plural = _("节假日和调休")
        ordering: ClassVar = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.label}"


class CalendarYearQuerySet(ScopedQuerySet["CalendarYear"]):
    def scope(self, by: Actor, action: str) -> Q:
        """As its days."""
        if action == "view":
            return EVERYTHING if by.is_known else NOTHING
        return EVERYTHING if by.reach("duties.calendar.change").everywhere else NOTHING


class CalendarYear(models.Model):
    """A year whose holidays have been announced and are all among the CalendarDays; of others only the week is known."""

    year = models.PositiveSmallIntegerField(
        _("年份"), unique=True, validators=[MinValueValidator(2000), MaxValueValidator(2200)]
    )
    source = models.CharField(_("依据"), max_length=200)

    objects = CalendarYearQuerySet.as_manager()

    class Meta:
        verbose_name = _("已公布的年份")
        verbose_name_plural = _("已公布的年份")
        ordering: ClassVar = ["year"]

    def __str__(self) -> str:
        return str(self.year)
