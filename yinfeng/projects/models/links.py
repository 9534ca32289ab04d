"""What somebody declared of two projects of one investor: that they belong together, or why they are not the same."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.projects import stages
from yinfeng.projects.models.records import Project


class ProjectLink(models.Model):
    """A declaration about a project and one that was there before with the same investor. Written once, never changed."""

    project = models.ForeignKey(Project, models.PROTECT, verbose_name=_("项目"), related_name="links")
    other = models.ForeignKey(Project, models.PROTECT, verbose_name=_("已有项目"), related_name="linked_from")
    kind = models.CharField(_("关系"), max_length=20, choices=list(stages.LINKS.items()))
    reason = models.CharField(_("理由"), max_length=500)
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("声明人"), related_name="+"
    )
    declared_date = models.DateField(_("声明日期"), default=clock.today)

    class Meta:
        verbose_name = _("项目关系")
        verbose_name_plural = _("项目关系")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(project=models.F("other")), name="projects_link_other",
                violation_error_message=_("项目不能与自己建立关系。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.project} · {self.get_kind_display()} · {self.other}"
