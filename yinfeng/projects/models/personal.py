"""The three personal duties (三个“亲自”, clause 1.5): what a unit's first hand did himself for a project, dated."""

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
from yinfeng.core.scopes import NOTHING, ScopedQuerySet, within
from yinfeng.orgs.models import Person, Unit
from yinfeng.projects import stages
from yinfeng.projects.models.records import Project


class PersonalActQuerySet(ScopedQuerySet["PersonalAct"]):
    def scope(self, by: Actor, action: str) -> Q:
        """An act is seen with its project; it is withdrawn by who recorded it or who records for its unit."""
        if action == "view":
            return Q(project__in=Project.objects.permitted(by).values("pk"))
        if action != "withdraw":
            return NOTHING
        here = Q(project__in=Project.objects.permitted(by, "personal").values("pk"))
        reach = by.reach("projects.contact.record")
        return here if reach.everywhere else here & (Q(recorded_by=by.user_id) | within(reach, "unit"))


class PersonalAct(Versioned):
    """One act of a unit's first hand (“一把手”) for a project. Written once; a mistake is withdrawn, never edited.

    ``position`` is the post that he held on the day. ``as_holder``: his unit held the project on that day; only such acts
    count, also after the project was passed on.
    """

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="personal_acts")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("单位"), related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("主要领导"), related_name="+")
    position = models.CharField(_("职务"), max_length=100)
    kind = models.CharField(_("事项"), max_length=20, choices=list(stages.PERSONAL_KINDS.items()))
    act_date = models.DateField(_("日期"))
    done = models.TextField(_("做了什么"), max_length=1000)
    outcome = models.TextField(_("结果"), max_length=1000)
    evidence = models.ForeignKey(
        "core.Attachment", models.PROTECT, null=True, blank=True, verbose_name=_("佐证材料"), related_name="+"
    )
    as_holder = models.BooleanField(_("由落地单位办理"), default=False, editable=False)
    state = models.CharField(
        _("状态"), max_length=20, choices=list(stages.PERSONAL_STATES.items()), default=stages.RECORDED
    )
    withdrawn_reason = models.CharField(_("撤回原因"), max_length=1000, blank=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("记录人"), related_name="+"
    )
    recorded_at = models.DateTimeField(_("记录时间"), default=clock.now, editable=False)

    objects = PersonalActQuerySet.as_manager()

    class Meta:
        verbose_name = _("亲自事项")
        verbose_name_plural = _("亲自事项")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "unit", "person", "kind", "act_date"], condition=Q(state="recorded"),
                name="projects_personal_once",
                violation_error_message=_("此人当天以这一单位主要领导身份办的这一事项已经记录过。如内容有误，请先撤回那一条。"),
            )
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                fields=["project", "kind", "act_date"], condition=Q(state="recorded", as_holder=True),
                name="projects_personal_counted",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        if self._state.adding:  # as an export, which is of no row, is told of
            return str(self._meta.verbose_name)
        return f"{self.act_date} {self.get_kind_display()} · {self.person}"

    def get_absolute_url(self) -> str:
        return reverse("project-personal", args=[self.project_id])
