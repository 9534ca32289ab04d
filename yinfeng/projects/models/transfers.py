"""Passing a project on to another unit of the city (市内项目流转, clause 3.2.4): the offer, its terms, and what became of it."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor, Reach
from yinfeng.core.models import Versioned
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.orgs.models import Unit
from yinfeng.projects import stages
from yinfeng.projects.models.records import Project


class TransferQuerySet(ScopedQuerySet["Transfer"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A transfer is seen with its project; each side acts for its own unit, the office decides between them."""
        seen = Q(project__in=Project.objects.permitted(by).values("pk"))
        if action == "view":
            return seen
        if action == "arbitrate":  # the office of the whole city, not one of a side's
            return seen if by.reach("projects.transfer.arbitrate").everywhere else NOTHING
        if action == "export":
            return Q(project__in=Project.objects.permitted(by, action).values("pk"))
        reach = by.reach("projects.project.transfer")
        sides = {"give": ("from_unit",), "take": ("to_unit",), "file": ("from_unit", "to_unit")}.get(action)
        if sides is None:
            return NOTHING
        return seen & _any_within(reach, sides)


def _any_within(reach: Reach, fields: tuple[str, ...]) -> Q:
    if reach.everywhere:
        return EVERYTHING
    found = NOTHING
    for field in fields:
        found |= within(reach, field)
    return found


class Transfer(Versioned):
    """A project offered by the unit that runs it to another, with how both share in what it brings.

    ``percent`` is the part of the unit that passes it on, of the kinds of achievement that ``base`` names, for ``years``
    from ``start`` on (FACTS §1.5). ``statistics`` says how the statistics and appraisals count it.
    """

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="transfers")
    from_unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("流出单位"), related_name="+")
    to_unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("承接单位"), related_name="+")
    reason = models.CharField(_("流转原因"), max_length=1000)
    percent = models.DecimalField(
        _("流出单位分成"), max_digits=5, decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )  # fmt: skip
    base = models.CharField(_("分成范围"), max_length=20, choices=list(stages.SHARED_BASES.items()))
    years = models.PositiveSmallIntegerField(
        _("分成年限"), validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    start = models.CharField(_("起算时点"), max_length=20, choices=list(stages.SHARED_FROM.items()))
    statistics = models.CharField(_("统计方式"), max_length=20, choices=list(stages.STATISTICS.items()))
    exclusions = models.CharField(_("不参与分成的内容"), max_length=500, blank=True)
    state = models.CharField(
        _("状态"), max_length=20, choices=list(stages.TRANSFER_STATES.items()), default=stages.OFFERED
    )
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("提出人"), related_name="+"
    )
    offered_at = models.DateTimeField(_("提出时间"), default=clock.now, editable=False)
    reply = models.CharField(_("承接单位意见"), max_length=1000, blank=True)
    appeal = models.CharField(_("提请裁定的理由"), max_length=1000, blank=True)
    ruling = models.CharField(_("裁定意见"), max_length=1000, blank=True)
    agreed_date = models.DateField(_("协议签订日期"), null=True, blank=True)
    agreement = models.ForeignKey(
        "core.Attachment", models.PROTECT, null=True, blank=True, verbose_name=_("三方协议"), related_name="+"
    )

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("项目流转")
        verbose_name_plural = _("项目流转")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(state__in=["offered", "accepted", "declined", "arbitrating"]),
                name="projects_transfer_once", violation_error_message=_("本项目已有一份流转在办，请先处理那一份。"),
            ),
            models.CheckConstraint(
                condition=~Q(from_unit=F("to_unit")), name="projects_transfer_two_units",
                violation_error_message=_("承接单位须是另一个单位。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="completed") | Q(agreement__isnull=False, agreed_date__isnull=False),
                name="projects_transfer_with_agreement",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        if self._state.adding:  # as an export, which is of no row, is told of
            return str(self._meta.verbose_name)
        return f"{self.project}：{self.from_unit.brief} → {self.to_unit.brief}"

    def get_absolute_url(self) -> str:
        return reverse("transfer", args=[self.pk])
