"""Disputes over who reported an investor first (首报首谈争议): both sides, what each says, and what the office decided."""

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
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.orgs.models import Unit
from yinfeng.projects import stages
from yinfeng.projects.models.records import Lead, Project


def seen_sides(by: Actor) -> Q:
    """Return the Q of the sides whose record a person may see: its project, once it has become one, else its lead."""
    if by.is_system:
        return EVERYTHING
    leads, projects = Lead.objects.permitted(by), Project.objects.permitted(by)
    return Q(project__in=projects.values("pk")) | Q(project=None, lead__in=leads.values("pk"))


class DisputeQuerySet(ScopedQuerySet["Dispute"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Who sees the record of a side sees the dispute; each side speaks for its own unit, the office of the city decides."""
        visible = seen_sides(by)
        seen = Q(pk__in=Side.objects.filter(visible).values("dispute"))
        if action in {"view", "export"}:
            return seen
        if (
            action == "decide"
        ):  # the office of the whole city, not one of a side's, and only with both records before it
            hidden = Q(pk__in=Side.objects.exclude(visible).values("dispute"))
            return seen & ~hidden if by.reach("projects.dispute.decide").everywhere else NOTHING
        if action not in {"answer", "raise"}:
            return NOTHING
        reach = by.reach("projects.dispute.argue")
        if reach.everywhere:
            return seen
        own = Side.objects.filter(within(reach, "unit"), is_raiser=action == "raise")
        return seen & Q(pk__in=own.values("dispute"))


class Dispute(Versioned):
    """That two units each hold that they reported an investor first. ``pair`` names both records, whoever raised it."""

    pair = models.CharField(_("争议双方"), max_length=60, editable=False)
    subject = models.CharField(_("企业"), max_length=200, editable=False)
    state = models.CharField(
        _("状态"), max_length=20, choices=list(stages.DISPUTE_STATES.items()), default=stages.RAISED
    )
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("提出人"), related_name="+"
    )
    raised_at = models.DateTimeField(_("提出时间"), default=clock.now, editable=False)
    outcome = models.CharField(
        _("裁定结果"), max_length=20, choices=list(stages.OUTCOMES.items()), blank=True
    )
    ruling = models.CharField(_("裁定意见"), max_length=1000, blank=True)
    is_shared = models.BooleanField(_("另一方作为引荐单位参与"), default=False)
    decided_at = models.DateTimeField(_("裁定时间"), null=True, blank=True, editable=False)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("首报争议")
        verbose_name_plural = _("首报争议")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pair"], condition=~Q(state="withdrawn"), name="projects_dispute_once",
                violation_error_message=_("这两条记录之间已有一份首报争议，请到那一份中办理。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="decided") | ~Q(outcome=""), name="projects_dispute_outcome",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        if self._state.adding:  # as an export, which is of no row, is told of
            return str(self._meta.verbose_name)
        return self.subject

    def get_absolute_url(self) -> str:
        return reverse("dispute", args=[self.pk])


class Side(models.Model):
    """One side of a dispute: its unit, its lead or the project that came of it, and what it says.

    ``waits``: until it is decided its record goes no further into negotiation, because it was reported later, or at the same
    time. ``yields``: it was decided for the other side. ``record`` is what was read of it when it was decided.
    """

    dispute = models.ForeignKey(Dispute, models.CASCADE, verbose_name=_("首报争议"), related_name="sides")
    is_raiser = models.BooleanField(_("提出方"))
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("单位"), related_name="+")
    lead = models.ForeignKey(
        Lead, models.PROTECT, null=True, blank=True, verbose_name=_("线索"), related_name="sides"
    )
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, verbose_name=_("项目"), related_name="sides"
    )
    statement = models.CharField(_("陈述"), max_length=1000, blank=True)
    waits = models.BooleanField(_("裁定前暂停"), default=False)
    yields = models.BooleanField(_("由另一方承办"), default=False)
    record = models.JSONField(_("裁定时的记录"), default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("争议一方")
        verbose_name_plural = _("争议一方")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dispute", "is_raiser"], name="projects_dispute_two_sides"),
            models.CheckConstraint(
                condition=Q(lead__isnull=False) | Q(project__isnull=False), name="projects_side_has_record"
            ),
        ]

    def __str__(self) -> str:
        return self.unit.brief
