"""Reports to offices above: what is to be reported by whom and when, and the copies that were handed in."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import NOWHERE, Actor
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.orgs.models import Unit
from yinfeng.projects import stages

# That the database refuses to change.
REPORT_TABLES = (
    "projects_reportdefinition", "projects_report", "projects_reportwaiver", "projects_waiverwithdrawal",
)  # fmt: skip


class ReportDefinitionQuerySet(ScopedQuerySet["ReportDefinition"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Everybody who sees projects may read what is to be reported; defining it is done for the whole city."""
        if action == "define":
            return EVERYTHING if by.reach("projects.report.define").everywhere else NOTHING
        return EVERYTHING if action == "view" and by.may("projects.project.view") else NOTHING


class ReportDefinition(models.Model):
    """One version of what is to be reported: to whom, by which kinds of unit, how often, of which projects, in which columns.

    Written once: a change is a version with the next number, so copies handed in keep the one they were filled by.
    """

    code = models.CharField(
        _("代码"), max_length=40, validators=[RegexValidator(r"^[a-z][a-z0-9_-]*\Z", _("代码只能用小写字母、数字、- 和 _，以字母开头。"))]
    )  # fmt: skip
    number = models.PositiveIntegerField(_("版本"))
    title = models.CharField(_("报表名称"), max_length=60)
    recipient = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("接收单位"), related_name="+")
    submitters = models.JSONField(_("报送单位"), default=list)  # kinds of unit
    period = models.CharField(_("周期"), max_length=20, choices=list(stages.PERIODS.items()))
    due_days = models.PositiveSmallIntegerField(
        _("期末后几个自然日内报送"), validators=[MaxValueValidator(90)]
    )
    condition = models.JSONField(_("项目条件"), default=dict, blank=True)
    columns = models.JSONField(_("栏目"), default=list)
    valid_from = models.DateField(_("施行日期"))
    is_closed = models.BooleanField(_("停止报送"), default=False)
    source = models.CharField(_("依据"), max_length=300, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("修改人"), related_name="+"
    )  # fmt: skip
    changed_at = models.DateTimeField(_("修改时间"), default=clock.now, editable=False)

    objects = ReportDefinitionQuerySet.as_manager()

    class Meta:
        verbose_name = _("报送要求")
        verbose_name_plural = _("报送要求")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "number"], name="projects_definition_once",
                violation_error_message=_("另一位同事刚刚修改了这项报送要求，请刷新页面后再改。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("reports")


class ReportQuerySet(ScopedQuerySet["Report"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A copy is read by those who see the projects of the unit that handed it in, and by those of the unit that receives it."""
        permission = {"view": "projects.project.view", "export": "projects.project.export"}.get(action)
        if permission is None:
            return NOTHING
        reach = by.reach(permission)
        return (
            within(reach, "unit") | within(reach, "definition__recipient")
            if not reach.everywhere
            else EVERYTHING
        )


class Report(models.Model):
    """What a unit handed in for a period, frozen: the heads and rows as they were then, and the digest of it all.

    ``number`` is 1 for the first copy, 2 and more for corrections with their reason. Written once; the database refuses to
    change it. ``rows``: each with the project it is of and the values under the heads; amounts are yuan as text.
    """

    definition = models.ForeignKey(
        ReportDefinition, models.PROTECT, verbose_name=_("报送要求"), related_name="reports"
    )
    code = models.CharField(_("代码"), max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("报送单位"), related_name="+")
    starts = models.DateField(_("期初"))
    ends = models.DateField(_("期末"))
    due_date = models.DateField(_("报送期限"))
    number = models.PositiveSmallIntegerField(_("第几次报送"))
    reason = models.CharField(_("更正原因"), max_length=500, blank=True)
    heads = models.JSONField(_("栏目"))
    rows = models.JSONField(_("内容"), blank=True)
    count = models.PositiveIntegerField(_("项目数"))
    digest = models.CharField(_("摘要"), max_length=64)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("报送人"), related_name="+"
    )
    submitted_at = models.DateTimeField(_("报送时间"), default=clock.now, editable=False)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("报表")
        verbose_name_plural = _("报表")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "unit", "starts", "number"], name="projects_report_once",
                violation_error_message=_("这一期已经由另一位同事报送。"),
            ),
            models.CheckConstraint(
                condition=Q(number=1) | Q(number__gt=1) & ~Q(reason=""), name="projects_report_corrected_with_reason"
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["starts", "code"], name="projects_report_period")]

    def __str__(self) -> str:
        return f"{self.definition} {self.starts}"

    def get_absolute_url(self) -> str:
        return reverse("report", args=[self.pk])


class ReportWaiverQuerySet(ScopedQuerySet["ReportWaiver"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A waiver is read by whom a copy would be read by."""
        reach = by.reach("projects.project.view") if action == "view" else NOWHERE
        return (
            within(reach, "unit") | within(reach, "definition__recipient")
            if not reach.everywhere
            else EVERYTHING
        )

    def in_force(self) -> ReportWaiverQuerySet:
        """Return the waivers that nobody withdrew."""
        return self.filter(withdrawal=None)


class ReportWaiver(models.Model):
    """That a unit need not hand in a report for a period, and why. Written once; who hands in all the same has handed in.

    ``number`` is 1, more when it was waived again after a withdrawal.
    """

    definition = models.ForeignKey(
        ReportDefinition, models.PROTECT, verbose_name=_("报送要求"), related_name="waivers"
    )
    code = models.CharField(_("代码"), max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("报送单位"), related_name="+")
    starts = models.DateField(_("期初"))
    ends = models.DateField(_("期末"))
    number = models.PositiveSmallIntegerField(_("第几次免报"), default=1)
    reason = models.CharField(_("免报原因"), max_length=1000)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("免报决定人"), related_name="+"
    )
    waived_at = models.DateTimeField(_("免报时间"), default=clock.now, editable=False)

    objects = ReportWaiverQuerySet.as_manager()

    class Meta:
        verbose_name = _("免报")
        verbose_name_plural = _("免报")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "unit", "starts", "number"], name="projects_report_waived_once",
                violation_error_message=_("这一期已经免报。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.definition} {self.starts}"

    def get_absolute_url(self) -> str:
        return reverse("report-period", args=[self.code, self.starts.isoformat()])


class WaiverWithdrawal(models.Model):
    """That a waiver does not hold any more, and why: the report is owed again. Written once, as the waiver stays."""

    waiver = models.OneToOneField(
        ReportWaiver, models.PROTECT, verbose_name=_("免报"), related_name="withdrawal"
    )
    reason = models.CharField(_("撤回原因"), max_length=1000)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("撤回人"), related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("免报撤回")
        verbose_name_plural = _("免报撤回")

    def __str__(self) -> str:
        return f"{self.waiver} {self.reason}"


REMINDERS = {"due": _("快到期限"), "overdue": _("逾期未报")}


class ReportReminder(models.Model):
    """That a unit was told of a report that is nearly due, or overdue: of several clocks one tells."""

    code = models.CharField(_("代码"), max_length=40)
    unit = models.ForeignKey(Unit, models.CASCADE, verbose_name=_("报送单位"), related_name="+")
    starts = models.DateField(_("期初"))
    kind = models.CharField(_("提醒"), max_length=10, choices=list(REMINDERS.items()))
    told_at = models.DateTimeField(_("提醒时间"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("报送提醒")
        verbose_name_plural = _("报送提醒")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "unit", "starts", "kind"], name="projects_report_reminded_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.starts} {self.kind}"
