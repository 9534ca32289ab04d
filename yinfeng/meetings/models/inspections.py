"""Inspections (督查, clause 1.4): what is looked at by whom, the draw of units and projects, what was found there."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.models import Versioned
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.meetings import inspecting
from yinfeng.orgs.models import Person, Unit
from yinfeng.projects import stages
from yinfeng.projects.models import Project

RUN, VIEW, OWN = "meetings.inspection.run", "meetings.inspection.view", "meetings.finding.view"


def _either(first: Q, second: Q) -> Q:
    """Return the Q of rows of either kind; an empty Q, which means all rows, or-ed with another is that other alone."""
    return EVERYTHING if EVERYTHING in (first, second) else first | second


def _running(by: Actor, unit: str) -> Q:
    """Return the Q of what belongs to the inspections that the actor runs; ``unit`` leads to the unit that inspects."""
    return within(by.reach(RUN), unit)


def _whole(by: Actor, unit: str) -> Q:
    """Return the Q of what belongs to the inspections that the actor sees: those he runs, and those of units he looks over."""
    return _either(within(by.reach(VIEW), unit), _running(by, unit))


def _of_seen_projects(by: Actor) -> Q:
    """Return the Q of what is about no project, or about one in the actor's sight: a sensitive one is told of to nobody else."""
    return Q(project=None) | Q(project__in=Project.objects.permitted(by).values("pk"))


class InspectionQuerySet(ScopedQuerySet["Inspection"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Who runs it and who looks over its unit see it; the inspected see their own findings alone (``Finding``)."""
        if action == "view":
            return _whole(by, "unit")
        if action in {"run", "change", "export"}:
            return _running(by, "unit")
        return NOTHING


class Inspection(Versioned):
    """One inspection: its subject matter, the unit and people that inspect, when, and the rule that samples who is looked at.

    Of the ``population`` (the units of some kinds, the projects of a condition) ``sample_size`` are drawn, or so many per
    cent; ``per_unit``: of the projects of each unit. ``draw`` is the one that stands, the newest.
    """

    number = models.CharField(_("编号"), max_length=20, unique=True, editable=False)
    title = models.CharField(_("督查名称"), max_length=100)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("督查单位"), related_name="+")
    team = models.ManyToManyField(Person, verbose_name=_("督查组成员"), related_name="+", blank=True)
    starts = models.DateField(_("开始日期"))
    ends = models.DateField(_("结束日期"))
    matter = models.TextField(_("督查内容"), max_length=2000)
    basis = models.CharField(_("督查依据"), max_length=300, blank=True)
    population = models.CharField(
        _("抽样范围"),
        max_length=20,
        choices=list(inspecting.POPULATIONS.items()),
        default=inspecting.PROJECTS,
    )
    unit_kinds = models.JSONField(_("单位类别"), default=list, blank=True)
    condition = models.JSONField(_("项目条件"), default=dict, blank=True)
    sample_by = models.CharField(
        _("抽样单位"), max_length=20, choices=list(inspecting.SIZES.items()), default=inspecting.COUNT
    )
    sample_size = models.PositiveSmallIntegerField(
        _("抽取数量"), default=5, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    per_unit = models.BooleanField(_("按落地单位分别抽取"), default=False)
    draw = models.ForeignKey(
        "meetings.Draw", models.PROTECT, null=True, blank=True, verbose_name=_("抽样记录"), related_name="+", editable=False
    )  # fmt: skip
    state = models.CharField(
        _("状态"),
        max_length=20,
        choices=list(inspecting.INSPECTION_STATES.items()),
        default=inspecting.PLANNED,
    )
    conclusion = models.TextField(_("总体评价"), max_length=4000, blank=True, editable=False)
    report = models.ForeignKey(
        "core.Attachment", models.PROTECT, null=True, blank=True, verbose_name=_("督查报告"), related_name="+", editable=False
    )  # fmt: skip
    reported_date = models.DateField(_("报告日期"), null=True, blank=True, editable=False)
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("部署人"), related_name="+", editable=False
    )
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("督查")
        verbose_name_plural = _("督查")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends__gte=F("starts")), name="meetings_inspection_days",
                violation_error_message=_("结束日期不能早于开始日期。"),
            ),
            models.CheckConstraint(
                condition=~Q(sample_by="percent") | Q(sample_size__lte=100), name="meetings_inspection_percent",
                violation_error_message=_("抽取比例不能超过 100%。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="reported") | Q(report__isnull=False), name="meetings_inspection_with_report"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title if not self._state.adding else str(self._meta.verbose_name)

    def get_absolute_url(self) -> str:
        return reverse("inspection", args=[self.pk])

    def rule(self) -> dict[str, object]:
        """Return the rule that samples, as a draw keeps it."""
        names = ("population", "unit_kinds", "condition", "sample_by", "sample_size", "per_unit")
        return {name: getattr(self, name) for name in names}


class Draw(models.Model):
    """A draw that was made: its seed, the rule, everything that could have been drawn and what was (see ``sampling``).

    Written once; a further draw says why it was made and this one stays to be read.
    """

    inspection = models.ForeignKey(Inspection, models.CASCADE, verbose_name=_("督查"), related_name="draws")
    number = models.PositiveSmallIntegerField(_("次数"))
    seed = models.CharField(_("随机种子"), max_length=64)
    rule = models.JSONField(_("抽样规则"))
    strata = models.JSONField(_("抽样总体"))
    picked = models.JSONField(_("抽中"))
    reason = models.CharField(_("重新抽取的原因"), max_length=1000, blank=True)
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("抽取人"), related_name="+"
    )
    drawn_at = models.DateTimeField(_("抽取时间"), default=clock.now)

    class Meta:
        verbose_name = _("抽样记录")
        verbose_name_plural = _("抽样记录")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inspection", "number"], name="meetings_draw_number")
        ]

    def __str__(self) -> str:
        return f"{self.inspection} #{self.number}"


class SubjectQuerySet(ScopedQuerySet["Subject"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A subject is seen with the whole of its inspection; who runs that one works on it."""
        here = {"view": _whole, "run": _running}.get(action)
        return here(by, "inspection__unit") & _of_seen_projects(by) if here else NOTHING


class Subject(Versioned):
    """A unit or a project that is inspected: drawn, or added by hand with a reason; and what the visit there showed."""

    inspection = models.ForeignKey(
        Inspection, models.CASCADE, verbose_name=_("督查"), related_name="subjects"
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("单位"), related_name="+"
    )
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, verbose_name=_("项目"), related_name="+"
    )
    draw = models.ForeignKey(
        Draw,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("抽样记录"),
        related_name="+",
        editable=False,
    )
    reason = models.CharField(_("列入原因"), max_length=1000, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("列入人"), related_name="+", editable=False
    )
    visited_date = models.DateField(_("检查日期"), null=True, blank=True)
    visit_note = models.TextField(_("检查情况"), max_length=2000, blank=True)

    objects = SubjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("督查对象")
        verbose_name_plural = _("督查对象")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["inspection", "unit"], name="meetings_subject_unit",
                violation_error_message=_("这个单位已经在督查对象中。"),
            ),
            models.UniqueConstraint(
                fields=["inspection", "project"], name="meetings_subject_project",
                violation_error_message=_("这个项目已经在督查对象中。"),
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=True) ^ Q(project__isnull=True), name="meetings_subject_one",
                violation_error_message=_("请选择一个单位，或者一个项目。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.project or (self.unit.brief if self.unit else ""))

    def get_absolute_url(self) -> str:
        return reverse("inspection", args=[self.inspection_id])

    @property
    def told(self) -> str:
        """What is said of it where people may read who do not see every project."""
        is_hidden = self.project is not None and self.project.secrecy == stages.SENSITIVE
        return str(_("敏感项目")) if is_hidden else str(self)

    def responsible(self) -> Unit:
        """Return the unit that answers for what is found here: of a project the one that holds it."""
        if self.project is not None:
            return self.project.host_unit or self.project.reporter_unit
        assert self.unit is not None
        return self.unit


class FindingQuerySet(ScopedQuerySet["Finding"]):
    def of_own_units(self, by: Actor) -> Q:
        """Return the Q of the findings that an inspected unit sees: its own, once reported or ordered to be put right."""
        told = Q(inspection__state=inspecting.REPORTED) | Q(state=inspecting.ORDERED)
        return within(by.reach(OWN), "unit") & told & _of_seen_projects(by)

    def scope(self, by: Actor, action: str) -> Q:
        """Who sees the whole inspection sees every finding, the inspected unit its own; who runs it works on them."""
        if action == "view":
            return _whole(by, "inspection__unit") & _of_seen_projects(by) | self.of_own_units(by)
        if action in {"run", "change", "export"}:
            return _running(by, "inspection__unit") & _of_seen_projects(by)
        return NOTHING


class Finding(Versioned):
    """Something an inspection found wrong at one of its subjects; ``unit`` answers for it.

    What shows it is a file with it, or ``no_evidence`` says why there is none. Whether it was put right is read from the duty
    that was set for it, whose source it is.
    """

    inspection = models.ForeignKey(
        Inspection, models.CASCADE, verbose_name=_("督查"), related_name="findings"
    )
    subject = models.ForeignKey(Subject, models.PROTECT, verbose_name=_("督查对象"), related_name="findings")
    number = models.PositiveSmallIntegerField(_("序号"), editable=False)
    unit = models.ForeignKey(
        Unit, models.PROTECT, verbose_name=_("责任单位"), related_name="+", editable=False
    )
    project = models.ForeignKey(
        Project,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("项目"),
        related_name="+",
        editable=False,
    )
    what = models.TextField(_("发现的问题"), max_length=2000)
    severity = models.CharField(_("严重程度"), max_length=40)
    basis = models.CharField(_("对照的规定"), max_length=300, blank=True)
    found_date = models.DateField(_("发现日期"))
    no_evidence = models.CharField(_("没有佐证的原因"), max_length=500, blank=True)
    state = models.CharField(
        _("状态"), max_length=20, choices=list(inspecting.FINDING_STATES.items()), default=inspecting.FOUND
    )
    settled = models.CharField(_("处理说明"), max_length=1000, blank=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("记录人"), related_name="+", editable=False
    )

    objects = FindingQuerySet.as_manager()

    code_tables: ClassVar = {"severity": inspecting.SEVERITY}

    class Meta:
        verbose_name = _("督查发现的问题")
        verbose_name_plural = _("督查发现的问题")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inspection", "number"], name="meetings_finding_number")
        ]

    def __str__(self) -> str:
        if self._state.adding:
            return str(self._meta.verbose_name)
        return f"{self.inspection} · {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("finding", args=[self.pk])
