"""Reversals of the ledger: what one person proposes to take out of the sums, and what another found."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.models import Versioned
from yinfeng.core.scopes import NOTHING, ScopedQuerySet
from yinfeng.projects import stages
from yinfeng.projects.models.ledger import Entry, with_project


class ReversalQuerySet(ScopedQuerySet["Reversal"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A reversal is seen, decided (by who verifies) and withdrawn (by who may reverse) with its project."""
        if action not in {"view", "verify", "reverse"}:
            return NOTHING
        return with_project(by, action, "entry__project")


class Reversal(Versioned):
    """That an entry of the ledger should be reversed, why, and what somebody else decided.

    Of one that was approved the ledger has the opposite entry. ``decided_by`` is empty of what was reversed before two people
    were asked for.
    """

    entry = models.ForeignKey(Entry, models.PROTECT, verbose_name=_("业绩记录"), related_name="reversals")
    reason = models.CharField(_("冲销原因"), max_length=1000)
    state = models.CharField(
        _("状态"), max_length=20, choices=list(stages.REVERSAL_STATES.items()), default=stages.ASKED
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("申请人"), related_name="+"
    )
    asked_at = models.DateTimeField(_("申请时间"), default=clock.now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("确认人"), related_name="+"
    )  # fmt: skip
    decided_at = models.DateTimeField(_("确认时间"), null=True, blank=True)
    finding = models.CharField(_("确认意见"), max_length=1000, blank=True)

    objects = ReversalQuerySet.as_manager()

    class Meta:
        verbose_name = _("冲销申请")
        verbose_name_plural = _("冲销申请")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["entry"], condition=Q(state="asked"), name="projects_reversal_once",
                violation_error_message=_("这条记录已有一份冲销申请，请先处理那一份。"),
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("asked_by")), name="projects_reversal_two_people",
                violation_error_message=_("冲销须由申请人以外的人确认。"),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["state", "id"], name="projects_reversal_state")]

    def __str__(self) -> str:
        return f"{self.entry} {self.get_state_display()}"

    def get_absolute_url(self) -> str:
        return self.entry.get_absolute_url()
