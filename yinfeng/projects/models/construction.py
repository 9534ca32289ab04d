"""How a project is built (clause 3.2.3): milestones, who builds, the plan by months, monthly reports with photos, bottlenecks."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.models import Versioned
from yinfeng.core.money import YuanField
from yinfeng.core.queries import code_label
from yinfeng.core.scopes import NOTHING, ScopedQuerySet, within
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.models import Unit
from yinfeng.projects import stages
from yinfeng.projects.models.records import Project

_PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]


class MilestoneQuerySet(ScopedQuerySet["Milestone"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A milestone is its project's."""
        return Q(project__in=Project.objects.permitted(by, action).values("pk"))


class Milestone(Versioned):
    """A step of building, planned and actual; start and completion are the project's own dates and stand there alone."""

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="milestones")
    kind = models.CharField(_("节点"), max_length=40)
    planned_date = models.DateField(_("计划日期"), null=True, blank=True)
    first_planned_date = models.DateField(_("最初计划日期"), null=True, blank=True, editable=False)
    planned_delays = models.PositiveSmallIntegerField(_("顺延次数"), default=0, editable=False)
    actual_date = models.DateField(_("实际日期"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)

    objects = MilestoneQuerySet.as_manager()

    worked_out: ClassVar = ("first_planned_date", "planned_delays")
    code_tables: ClassVar = {"kind": "milestone"}

    class Meta:
        verbose_name = _("建设节点")
        verbose_name_plural = _("建设节点")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "kind"], name="projects_milestone_once",
                violation_error_message=_("这个节点已经登记过，请刷新后修改那一条。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.project}：{code_label('milestone', self.kind)}"

    def get_absolute_url(self) -> str:
        return reverse("project-construction", args=[self.project_id])


class Builder(models.Model):
    """Who builds a project, and as what, from a day to a day; ``contact`` is a person's name and post, no number.

    ``name`` is as it was typed, ``enterprise`` the firm of the library that it means, if one is sure.
    """

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="builders")
    role = models.CharField(_("参建身份"), max_length=20, choices=list(stages.BUILDER_ROLES.items()))
    name = models.CharField(_("单位名称"), max_length=100)
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, null=True, blank=True, verbose_name=_("企业"), related_name="building"
    )
    contact = models.CharField(_("负责人"), max_length=60, blank=True)
    since = models.DateField(_("起始日期"), default=clock.today)
    until = models.DateField(_("截止日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("参建单位")
        verbose_name_plural = _("参建单位")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "role", "name"], condition=Q(until=None), name="projects_builder_once",
                violation_error_message=_("这家单位已以同一身份登记。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name}（{self.get_role_display()}）"


class PlannedMonth(models.Model):
    """What a month shall bring: ``investment`` in it, and how far the works shall be at its end, in per cent of the whole.

    The months of a project are its plan and are written together.
    """

    project = models.ForeignKey(
        Project, models.CASCADE, verbose_name=_("项目"), related_name="planned_months"
    )
    month = models.DateField(_("月份"))
    investment = YuanField(_("计划投资"), validators=[MinValueValidator(0)])
    percent = models.DecimalField(_("计划累计形象进度"), max_digits=5, decimal_places=2, validators=_PERCENT)

    class Meta:
        verbose_name = _("月度计划")
        verbose_name_plural = _("月度计划")
        ordering: ClassVar = ["month"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "month"], name="projects_planned_month_once")
        ]
        # What pages of projects add up, without reading the rows themselves.
        indexes: ClassVar = [
            models.Index(fields=["project", "month", "investment"], name="projects_planned_sums")
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class FirstMonth(models.Model):
    """A month of the plan that stood when the first report against it came; kept when the plan is written anew, to compare."""

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="first_months")
    month = models.DateField(_("月份"))
    investment = YuanField(_("最初计划投资"), validators=[MinValueValidator(0)])
    percent = models.DecimalField(
        _("最初计划累计形象进度"), max_digits=5, decimal_places=2, validators=_PERCENT
    )

    class Meta:
        verbose_name = _("最初月度计划")
        verbose_name_plural = _("最初月度计划")
        ordering: ClassVar = ["month"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "month"], name="projects_first_month_once")
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Progress(models.Model):
    """The report of a month: what was invested in it, how far the works are at its end. Written once.

    A correction is a row of its own that names the one it ``replaces``, and why; that one stays to be read.
    """

    project = models.ForeignKey(
        Project, models.CASCADE, verbose_name=_("项目"), related_name="progress_reports"
    )
    month = models.DateField(_("月份"))
    invested = YuanField(_("当月完成投资"), validators=[MinValueValidator(0)])
    percent = models.DecimalField(_("累计形象进度"), max_digits=5, decimal_places=2, validators=_PERCENT)
    done = models.CharField(_("完成内容"), max_length=1000)
    reason = models.CharField(_("原因"), max_length=500, blank=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("更正"), related_name="replaced_by"
    )
    replaced_at = models.DateTimeField(_("被更正时间"), null=True, blank=True, editable=False)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("报送人"), related_name="+"
    )
    reported_at = models.DateTimeField(_("报送时间"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("建设月报")
        verbose_name_plural = _("建设月报")
        ordering: ClassVar = ["-month", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "month"], condition=Q(replaced_at=None), name="projects_progress_once",
                violation_error_message=_("这个月的月报已经有人报送。请刷新后查看，有不同的再更正。"),
            )
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                fields=["project", "month", "invested"], condition=Q(replaced_at=None), name="projects_progress_sums"
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class MonthEnd(models.Model):
    """What plan and reports of a project come to at the end of a month, and the whole plan; fen.

    Added up whenever either is written (``services.construction``), so that the lights of a whole city look up one row for
    each project under way instead of adding up all its months. Whole numbers, because SQLite adds amounts as floating ones.
    """

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="month_ends")
    month = models.DateField(_("月份"))
    planned = models.BigIntegerField(_("计划累计"))
    invested = models.BigIntegerField(_("完成累计"))
    whole = models.BigIntegerField(_("计划投资合计"))

    class Meta:
        verbose_name = _("月末累计")
        verbose_name_plural = _("月末累计")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "month"], name="projects_month_end_once")
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Photo(models.Model):
    """A photograph of the site, kept as a file of the project, and of which month it is."""

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="photos")
    month = models.DateField(_("月份"))
    attachment = models.OneToOneField(
        "core.Attachment", models.PROTECT, verbose_name=_("照片"), related_name="+"
    )

    class Meta:
        verbose_name = _("现场照片")
        verbose_name_plural = _("现场照片")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class BottleneckQuerySet(ScopedQuerySet["Bottleneck"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A bottleneck is seen with its project; who runs that keeps it, the unit that must act says it is solved.

        Who may end a project drops what is open on it.
        """
        if action in {"view", "change", "export"}:
            return Q(project__in=Project.objects.permitted(by, action).values("pk"))
        if action == "drop":
            held, yielded = (Project.objects.permitted(by, act).values("pk") for act in ("hold", "yield"))
            return Q(project__in=held) | Q(project__in=yielded)
        if action != "solve":
            return NOTHING
        seen = Q(project__in=Project.objects.permitted(by).values("pk"))
        return seen & within(by.reach("projects.bottleneck.solve"), "unit")


class Bottleneck(Versioned):
    """What stands still on a project, since when, and which unit must act by when (clause 1.2)."""

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="bottlenecks")
    kind = models.CharField(_("问题类型"), max_length=40)
    what = models.CharField(_("难点"), max_length=500)
    since_date = models.DateField(_("何时出现"))
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("解决单位"), related_name="+")
    due_date = models.DateField(_("解决时限"))
    first_due_date = models.DateField(_("最初解决时限"), null=True, blank=True, editable=False)
    due_delays = models.PositiveSmallIntegerField(_("延期次数"), default=0, editable=False)
    state = models.CharField(
        _("状态"), max_length=20, choices=list(stages.BOTTLENECK_STATES.items()), default=stages.OPEN
    )
    # how and when it was solved; of one that was reopened, as it was said to be then
    how = models.CharField(_("如何解决"), max_length=1000, blank=True)
    solved_date = models.DateField(_("解决日期"), null=True, blank=True)
    # since when nothing stands still any more, or nobody must act: solved, withdrawn, or the project is over
    closed_date = models.DateField(_("了结日期"), null=True, blank=True, editable=False)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("提出人"), related_name="+"
    )
    raised_at = models.DateTimeField(_("提出时间"), default=clock.now, editable=False)

    objects = BottleneckQuerySet.as_manager()

    worked_out: ClassVar = ("first_due_date", "due_delays", "closed_date")
    code_tables: ClassVar = {"kind": "problem_kind"}

    class Meta:
        verbose_name = _("难点")
        verbose_name_plural = _("难点")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="solved") | Q(solved_date__isnull=False), name="projects_bottleneck_solved_on_a_day"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_date__isnull=True) | ~Q(state="open") & Q(closed_date__isnull=False),
                name="projects_bottleneck_closed_on_a_day",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["project", "due_date"], condition=Q(state="open"), name="projects_bottleneck_open")
        ]  # fmt: skip

    def __str__(self) -> str:
        if self._state.adding:  # as an export, which is of no row, is told of
            return str(self._meta.verbose_name)
        return f"{self.project}：{self.what[:40]}"

    def get_absolute_url(self) -> str:
        return f"{reverse('project-construction', args=[self.project_id])}#bottleneck-{self.pk}"
