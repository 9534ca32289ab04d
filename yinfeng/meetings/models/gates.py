"""What bodies decided about a project at the gates of its class (决策节点, FACTS §1.7): passed, not passed, undone."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.models import Versioned
from yinfeng.core.scopes import NOTHING, ScopedQuerySet
from yinfeng.meetings import gating
from yinfeng.orgs.models import Body
from yinfeng.projects.models import Project


class GateDecisionQuerySet(ScopedQuerySet["GateDecision"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A decision is seen with its project; who records decisions of the project takes one back."""
        if action == "view":
            return Q(project__in=Project.objects.permitted(by).values("pk"))
        if action == "undo":
            return Q(project__in=Project.objects.permitted(by, gating.GATE).values("pk"))
        return NOTHING


class GateDecision(Versioned):
    """What a body decided about a project at one gate of a chain, on which day, by which document. Never edited.

    The chain's and the gate's names stand as they were on the day, for the profile's chains change. ``document`` is the
    number or the title of the minutes; ``resolution`` is there when it was a meeting in this product that decided. One pass counts per gate; a refusal may be followed by others and by a pass.
    """

    project = models.ForeignKey(
        Project, models.CASCADE, verbose_name=_("项目"), related_name="gate_decisions"
    )
    chain = models.CharField(_("决策链代码"), max_length=40, editable=False)
    chain_name = models.CharField(_("决策链"), max_length=200, editable=False)
    gate = models.CharField(_("节点代码"), max_length=40, editable=False)
    gate_name = models.CharField(_("决策节点"), max_length=200, editable=False)
    body = models.ForeignKey(
        Body, models.PROTECT, null=True, blank=True, verbose_name=_("领导机构"), related_name="+", editable=False
    )  # fmt: skip
    state = models.CharField(_("状态"), max_length=20, choices=list(gating.DECISION_STATES.items()))
    decided_date = models.DateField(_("决策日期"))
    document = models.CharField(_("会议或文号"), max_length=200)
    opinion = models.CharField(_("决策意见"), max_length=1000, blank=True)
    resolution = models.ForeignKey(
        "meetings.Resolution",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("议定事项"),
        related_name="gate_decisions",
    )
    evidence = models.ForeignKey(
        "core.Attachment", models.PROTECT, null=True, blank=True, verbose_name=_("决策文件"), related_name="+"
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("记录人"), related_name="+"
    )
    recorded_at = models.DateTimeField(_("记录时间"), default=clock.now, editable=False)
    undone_reason = models.CharField(_("撤销原因"), max_length=1000, blank=True, editable=False)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("撤销人"), related_name="+",
        editable=False,
    )  # fmt: skip
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True, editable=False)

    objects = GateDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("决策记录")
        verbose_name_plural = _("决策记录")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "chain", "gate"], condition=Q(state="passed"), name="meetings_gate_passed_once",
                violation_error_message=_("这个决策节点已经记录为通过，请刷新页面查看。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="passed") | Q(evidence__isnull=False), name="meetings_gate_with_document"
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(opinion=""), name="meetings_gate_refused_why"),
        ]  # fmt: skip

    def __str__(self) -> str:
        if self._state.adding:
            return str(self._meta.verbose_name)
        return f"{self.project} · {self.gate_name}"

    def get_absolute_url(self) -> str:
        return reverse("project-gates", args=[self.project_id])
