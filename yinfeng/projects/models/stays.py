"""How long a project stood in which stage: the service clock of each stage, and what the funnel is made of."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yinfeng.projects import stages
from yinfeng.projects.models.records import Project


class Stay(models.Model):
    """One stay of a project in a stage, from a moment to a moment; ``days`` of the calendar once it is over."""

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="stays")
    stage = models.CharField(_("阶段"), max_length=20, choices=list(stages.STAGES.items()))
    since = models.DateTimeField(_("进入时间"))
    until = models.DateTimeField(_("离开时间"), null=True, blank=True)
    days = models.PositiveIntegerField(_("停留天数"), null=True, blank=True)

    class Meta:
        verbose_name = _("阶段停留")
        verbose_name_plural = _("阶段停留")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project"], condition=Q(until=None), name="projects_stay_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["project", "stage"], name="projects_stay_stage")]

    def __str__(self) -> str:
        return f"{self.project} · {self.get_stage_display()}"
