"""What one person says of a project and another decides: that it achieved something, that it must go back a stage."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.models import Versioned
from yinfeng.core.money import YuanField
from yinfeng.core.scopes import NOTHING, ScopedQuerySet
from yinfeng.projects import stages
from yinfeng.projects.models.records import Project


class ClaimQuerySet(ScopedQuerySet["Claim"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A claim is seen, verified and withdrawn with its project."""
        if action not in {"view", "verify", "change"}:
            return NOTHING
        return Q(project__in=Project.objects.permitted(by, action).values("pk"))


class Claim(Versioned):
    """An achievement as somebody entered it with its evidence, and what somebody else found when he verified it.

    ``key`` as in the ledger: the voucher or year of what happens often, empty for what happens once. ``turn``: how often
    the same achievement was claimed and verified, this time included; more than once after a reversal.
    """

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="claims")
    kind = models.CharField(
        _("业绩"), max_length=20, choices=list(stages.ACHIEVEMENTS.items()), default=stages.SIGNED
    )
    key = models.CharField(_("凭证号"), max_length=40, blank=True)
    turn = models.PositiveSmallIntegerField(_("第几次认定"), default=1, editable=False)
    happened_date = models.DateField(_("发生日期"))
    amount = YuanField(_("金额"), null=True, blank=True, validators=[MinValueValidator(Decimal("0.01"))])
    amount_currency = models.CharField(_("币种"), max_length=3, default="CNY", editable=False)
    amount_original = models.DecimalField(
        _("原币金额"), max_digits=20, decimal_places=2, null=True, blank=True, editable=False
    )
    amount_rate = models.DecimalField(
        _("汇率"), max_digits=14, decimal_places=6, default=Decimal(1), editable=False
    )
    # of a year's tax: what was paid back to the firm out of it, before units share in the rest
    rewards = YuanField(_("已兑现奖补"), null=True, blank=True, validators=[MinValueValidator(Decimal(0))])
    evidence = models.ForeignKey(
        "core.Attachment", models.PROTECT, verbose_name=_("证明材料"), related_name="+"
    )
    state = models.CharField(
        _("核验状态"), max_length=20, choices=list(stages.CLAIM_STATES.items()), default=stages.SUBMITTED
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("申报人"), related_name="+"
    )
    entered_at = models.DateTimeField(_("申报时间"), default=clock.now, editable=False)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("核验人"), related_name="+"
    )  # fmt: skip
    verified_at = models.DateTimeField(_("核验时间"), null=True, blank=True)
    finding = models.TextField(_("核验意见"), max_length=1000, blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("业绩申报")
        verbose_name_plural = _("业绩申报")
        constraints: ClassVar = [
            # What waits or was verified is there once; what was refused may be claimed again.
            models.UniqueConstraint(
                fields=["project", "kind", "key", "turn"], condition=Q(state__in=["submitted", "verified"]), name="projects_claim_once",
                violation_error_message=_("这项业绩已有一份申报，请先处理那一份。"),
            ),
            models.CheckConstraint(
                condition=Q(verified_by=None) | ~Q(verified_by=models.F("entered_by")), name="projects_claim_two_people",
                violation_error_message=_("业绩须由申报人以外的人核验。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.project} {self.get_kind_display()} {self.happened_date}"

    def get_absolute_url(self) -> str:
        return self.project.get_absolute_url()


class StepBackQuerySet(ScopedQuerySet["StepBack"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A step back is seen, decided (by who verifies) and withdrawn with its project."""
        if action not in {"view", "verify", "advance"}:
            return NOTHING
        return Q(project__in=Project.objects.permitted(by, action).values("pk"))


class StepBack(Versioned):
    """That a project should go back to an earlier stage, why, and what somebody else decided."""

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="steps_back")
    source = models.CharField(_("现阶段"), max_length=20, choices=list(stages.STAGES.items()))
    target = models.CharField(_("退回到"), max_length=20, choices=list(stages.STAGES.items()))
    reason = models.CharField(_("退回原因"), max_length=1000)
    state = models.CharField(
        _("状态"), max_length=20, choices=list(stages.STEP_BACK_STATES.items()), default=stages.ASKED
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("申请人"), related_name="+"
    )
    asked_at = models.DateTimeField(_("申请时间"), default=clock.now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("批准人"), related_name="+"
    )  # fmt: skip
    decided_at = models.DateTimeField(_("批准时间"), null=True, blank=True)
    finding = models.CharField(_("批准意见"), max_length=1000, blank=True)

    objects = StepBackQuerySet.as_manager()

    class Meta:
        verbose_name = _("退回申请")
        verbose_name_plural = _("退回申请")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(state="asked"), name="projects_step_back_once",
                violation_error_message=_("本项目已有一份退回申请，请先处理那一份。"),
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("asked_by")), name="projects_step_back_two_people",
                violation_error_message=_("退回须由申请人以外的人批准。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.project} {self.get_source_display()} → {self.get_target_display()}"

    def get_absolute_url(self) -> str:
        return self.project.get_absolute_url()
