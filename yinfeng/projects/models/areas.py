"""Major areas and their command posts (重大片区指挥部, clause 3.2.2): what an area is for, and what premises it has."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.models import Versioned
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.orgs.models import Unit
from yinfeng.projects import stages


class AreaQuerySet(ScopedQuerySet["Area"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Whoever sees projects sees the areas; who keeps an area's command post changes it."""
        if not by.reach("projects.project.view"):
            return NOTHING
        if action == "view":
            return EVERYTHING
        if action == "change":
            return within(by.reach("projects.area.change"), "command_unit")
        if action == "export":
            return EVERYTHING if by.may("projects.project.export") else NOTHING
        return NOTHING


class Area(Versioned):
    """A major area of the city, from a day to a day, with the command post that opens it up.

    Its projects name it (``Project.area``); the command post takes part in each of them.
    """

    name = models.CharField(_("片区名称"), max_length=80, unique=True)
    command_unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("指挥部"), related_name="+")
    districts = models.ManyToManyField(Unit, verbose_name=_("所在区"), related_name="+")
    purpose = models.TextField(_("功能定位"), max_length=2000)
    # what the command post is there for (clause 3.2.2); what it has to do by when are duties
    duties = models.TextField(_("指挥部职责"), max_length=2000, blank=True)
    since = models.DateField(_("起始日期"), default=clock.today)
    until = models.DateField(_("截止日期"), null=True, blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = AreaQuerySet.as_manager()

    class Meta:
        verbose_name = _("片区")
        verbose_name_plural = _("片区")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="projects_area_period",
                violation_error_message=_("截止日期不能早于起始日期。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("area", args=[self.pk])


class Premises(Versioned):
    """A piece of land or a building that an area offers, as its own record has it."""

    area = models.ForeignKey(Area, models.CASCADE, verbose_name=_("片区"), related_name="premises")
    name = models.CharField(_("载体名称"), max_length=80)
    kind = models.CharField(_("类型"), max_length=20, choices=list(stages.PREMISES_KINDS.items()))
    size = models.DecimalField(
        _("面积"), max_digits=12, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    state = models.CharField(
        _("状态"), max_length=20, choices=list(stages.PREMISES_STATES.items()), default=stages.AVAILABLE
    )
    available_date = models.DateField(_("可用日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("载体")
        verbose_name_plural = _("载体")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["area", "name"], name="projects_premises_once",
                violation_error_message=_("这个片区已有同名的载体。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
