"""What comes before a project (策划生成, clauses 1.2 and 2.2): what the city wishes for, for whom, where, with which partner."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor, Reach
from yinfeng.core.models import Versioned
from yinfeng.core.money import YuanField
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.models import Unit
from yinfeng.projects import stages
from yinfeng.projects.models.areas import Area
from yinfeng.projects.models.records import Project


class ProposalQuerySet(ScopedQuerySet["Proposal"]):
    def scope(self, by: Actor, action: str) -> Q:
        """The planning unit and the one where it shall land see a proposal; once published, so does everybody who may see any."""
        reach = by.reach("projects.proposal.view")
        if not reach:
            return NOTHING
        public = Q(state__in=stages.PUBLIC_PROPOSALS)
        seen = EVERYTHING if reach.everywhere else self._at(reach) | public
        if action == "view":
            return seen
        if action == "generate":  # whoever may make projects takes up what was published
            return seen if by.may("projects.project.add") else NOTHING
        if action not in {"change", "argue", "export"}:
            return NOTHING
        return seen & within(by.reach(f"projects.proposal.{action}"), "planning_unit")

    @staticmethod
    def _at(reach: Reach) -> Q:
        if reach.everywhere:
            return EVERYTHING
        return within(reach, "planning_unit") | within(reach, "host_unit") if reach.units else NOTHING


class Proposal(Versioned):
    """A planned project (策划项目) before anybody invests: its reason, its return, its partners, and how far it has come.

    ``estimated`` and ``fixed_investment`` are yuan. It belongs to the round whose collecting ends after ``collected_date``;
    ``checked_date`` is when somebody last said that it still holds (FACTS §1.2, 青田县).
    """

    title = models.CharField(_("策划项目名称"), max_length=80)
    planning_unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("策划单位"), related_name="+")
    chain = models.CharField(_("产业链"), max_length=40, blank=True)
    industry = models.CharField(_("行业代码"), max_length=10)
    host_unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("拟落地单位"), related_name="+"
    )
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, verbose_name=_("所在片区"), related_name="proposals"
    )
    site = models.CharField(_("拟选址"), max_length=200, blank=True)
    content = models.TextField(_("建设内容"), max_length=2000)
    rationale = models.TextField(_("策划依据"), max_length=2000)
    return_mechanism = models.TextField(_("回报机制"), max_length=2000, blank=True)
    estimated = YuanField(_("估算总投资"), validators=[MinValueValidator(0)])
    fixed_investment = YuanField(_("固定资产投资"), null=True, blank=True, validators=[MinValueValidator(0)])
    land_mu = models.DecimalField(
        _("用地需求（亩）"), max_digits=10, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )  # fmt: skip
    exception = models.CharField(_("低于门槛的理由"), max_length=500, blank=True)
    state = models.CharField(
        _("状态"), max_length=20, choices=list(stages.PROPOSAL_STATES.items()), default=stages.COLLECTED
    )
    collected_date = models.DateField(_("征集日期"), default=clock.today, editable=False)
    checked_date = models.DateField(_("最近更新日期"), default=clock.today, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("提出人"), related_name="+"
    )
    argued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("论证人"), related_name="+",
        editable=False,
    )  # fmt: skip
    argued_date = models.DateField(_("论证日期"), null=True, blank=True, editable=False)
    opinion = models.TextField(_("论证意见"), max_length=1000, blank=True, editable=False)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = ProposalQuerySet.as_manager()

    code_tables: ClassVar = {"industry": "industry", "chain": "chain"}
    # What is argued about: what is to be built, why, how it pays, where, at what cost. Its name, who plans it and the chain
    # under which it is filed are not, nor its firms: it is offered to as many as there are, each on the timeline.
    argued_about: ClassVar = (
        "content", "rationale", "return_mechanism", "industry", "estimated", "fixed_investment", "exception", "host_unit", "area",
        "site", "land_mu",
    )  # fmt: skip

    class Meta:
        verbose_name = _("策划项目")
        verbose_name_plural = _("策划项目")
        indexes: ClassVar = [
            models.Index(fields=["planning_unit", "-id"], name="projects_proposal_unit"),
            models.Index(fields=["state", "-id"], name="projects_proposal_state"),
        ]

    def __str__(self) -> str:
        if self._state.adding:  # as an export, which is of no row, is told of
            return str(self._meta.verbose_name)
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("proposal", args=[self.pk])


class Partner(models.Model):
    """A firm of the library with which a planned project is to be done, why this one, and the project that came of it."""

    proposal = models.ForeignKey(
        Proposal, models.CASCADE, verbose_name=_("策划项目"), related_name="partners"
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name=_("拟对接企业"), related_name="planned_with"
    )
    reason = models.CharField(_("为什么是这家"), max_length=500)
    project = models.OneToOneField(
        Project, models.PROTECT, null=True, blank=True, verbose_name=_("生成的项目"), related_name="planned_as",
        editable=False,
    )  # fmt: skip

    class Meta:
        verbose_name = _("拟对接企业")
        verbose_name_plural = _("拟对接企业")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["proposal", "enterprise"], name="projects_partner_once",
                violation_error_message=_("这家企业已在拟对接企业中。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.enterprise)
