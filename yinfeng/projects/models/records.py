"""Leads and projects, who takes part in them, and what was talked about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
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
from yinfeng.projects.models.reporting_form import Reported


class Amount(models.Model):
    """An intended amount as it was said: yuan, with the original currency, amount and rate kept."""

    intended = YuanField(_("意向投资额"), null=True, blank=True, validators=[MinValueValidator(0)])
    intended_currency = models.CharField(_("意向投资币种"), max_length=3, default="CNY", editable=False)
    intended_original = models.DecimalField(
        _("意向投资原币金额"), max_digits=20, decimal_places=2, null=True, blank=True, editable=False
    )
    intended_rate = models.DecimalField(
        _("意向投资汇率"), max_digits=14, decimal_places=6, default=Decimal(1), editable=False
    )

    class Meta:
        abstract = True


# --- leads --------------------------------------------------------------------------------------------------------


class LeadQuerySet(ScopedQuerySet["Lead"]):
    def scope(self, by: Actor, action: str) -> Q:
        """The unit that reported a lead and the unit that handles it see it; acting asks the action's own permission there."""
        seen = self._at(by.reach("projects.lead.view"))
        if action == "view":
            return seen
        permission = {
            "change": "projects.lead.change", "assess": "projects.lead.assess", "export": "projects.lead.export",
            "convert": "projects.project.add", "yield": "projects.dispute.decide",
        }.get(action)  # fmt: skip
        if action == "argue":  # who handles it speaks for it
            return seen & within(by.reach("projects.dispute.argue"), "handling_unit")
        return seen & self._at(by.reach(permission)) if permission else NOTHING

    @staticmethod
    def _at(reach: Reach) -> Q:
        return (
            within(reach, "reporter_unit") | within(reach, "handling_unit")
            if not reach.everywhere
            else EVERYTHING
        )


class Lead(Versioned, Amount):
    """A rumour of a project: who might invest in what, heard where, reported first by whom and when (首报)."""

    title = models.CharField(_("线索名称"), max_length=80)
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, null=True, blank=True, verbose_name=_("企业"), related_name="leads"
    )
    source = models.CharField(_("线索来源"), max_length=40)
    source_detail = models.CharField(_("来源说明"), max_length=200, blank=True)
    heard_date = models.DateField(_("获知日期"))
    content = models.TextField(_("投资意向内容"), max_length=2000)
    industry = models.CharField(_("行业代码"), max_length=10, blank=True)
    first_reported_at = models.DateTimeField(_("首报时间"), default=clock.now, editable=False)
    # since when it names this investor: what counts among reports of it
    named_at = models.DateTimeField(_("报备企业时间"), null=True, blank=True, editable=False)
    reporter_unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("报送单位"), related_name="+")
    handling_unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("承办单位"), related_name="+")
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("登记人"), related_name="+"
    )
    state = models.CharField(
        _("状态"), max_length=20, choices=list(stages.LEAD_STATES.items()), default=stages.REGISTERED
    )
    finding = models.TextField(_("研判意见"), max_length=2000, blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = LeadQuerySet.as_manager()

    code_tables: ClassVar = {"source": "lead_source", "industry": "industry"}

    class Meta:
        verbose_name = _("线索")
        verbose_name_plural = _("线索")
        indexes: ClassVar = [
            models.Index(fields=["reporter_unit", "-id"], name="projects_lead_reporter"),
            models.Index(fields=["handling_unit", "-id"], name="projects_lead_handling"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("lead", args=[self.pk])


# --- projects -----------------------------------------------------------------------------------------------------


# What only a unit that runs the project does with it.
RUNNING_ACTS = {"change", "advance", "hold", "team", "reverse", "extend"}
# Acts of upper apps on the projects that one's units run, each with its permission.
_ACTS_ABOVE: dict[str, str] = {}


def let_act(action: str, permission: str) -> None:
    """Let who holds an upper app's ``permission`` do ``action`` on the projects that his units run."""
    _ACTS_ABOVE[action] = permission


class ProjectQuerySet(ScopedQuerySet["Project"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Units that take part and people of the team see a project; sensitive ones only the team and those cleared.

        Two memberships on indexed columns, no joins: what the row is counted or listed for never multiplies.
        """
        seen = self._seen(by)
        if action == "view":
            return seen
        own = {
            "record": "projects.contact.record", "reverse": "projects.ledger.reverse",
            "extend": "projects.project.add", "argue": "projects.dispute.argue", "yield": "projects.dispute.decide",
            "personal": "projects.contact.record", **_ACTS_ABOVE,
        }  # fmt: skip
        permission = own.get(action, f"projects.project.{action}")
        reach = by.reach(permission)
        if not reach:
            return NOTHING
        if action in {"transfer", "argue"}:  # only who holds it passes it on, or speaks for it
            held = within(reach, "host_unit") | Q(host_unit=None) & within(reach, "reporter_unit")
            return seen & (EVERYTHING if reach.everywhere else held)
        runs = action in RUNNING_ACTS or action in _ACTS_ABOVE
        parts = stages.RUNNING_PARTS if runs else stages.ACTING_PARTS
        allowed = taking_part(reach, by.day, () if action == "export" else parts)
        if (
            action in {"record", "personal"} and not reach.everywhere
        ):  # or-ed with something, an empty Q is that alone
            allowed |= on_team(by)
        if action == "personal" and not reach.everywhere:  # who ran it before answers for his days
            ran = Participation.objects.filter(unit__in=reach.units, part__in=stages.RUNNING_PARTS)
            allowed |= Q(pk__in=ran.values("project"))
        return seen & allowed

    def _seen(self, by: Actor) -> Q:
        reach = by.reach("projects.project.view")
        if not reach:
            return NOTHING
        team = on_team(by)
        cleared = by.reach("projects.project.view_sensitive")
        if cleared.everywhere:  # an empty Q, or-ed with something, is that alone
            return EVERYTHING if reach.everywhere else taking_part(reach, by.day) | team
        open_here = ~Q(secrecy=stages.SENSITIVE) | (taking_part(cleared, by.day) if cleared else NOTHING)
        return taking_part(reach, by.day) & open_here | team


def taking_part(reach: Reach, day: date, parts: tuple[str, ...] = ()) -> Q:
    """Return the Q of projects in which a unit of the reach takes part on a day (in one of ``parts``, if named)."""
    if reach.everywhere:
        return EVERYTHING
    if not reach.units:
        return NOTHING
    rows = Participation.objects.current(day).filter(unit__in=reach.units)
    return Q(pk__in=(rows.filter(part__in=parts) if parts else rows).values("project"))


def on_team(by: Actor) -> Q:
    """Return the Q of projects on whose team the person is."""
    if by.user_id is None:
        return NOTHING
    return Q(pk__in=TeamMember.objects.filter(user=by.user_id, until=None).values("project"))


class Project(Versioned, Amount, Reported):
    """A project from planning to full capacity. Intended, contracted and arrived amounts are three different things.

    An extension (增资扩产) is a project of its own that names the one it grows out of.
    """

    code = models.CharField(_("项目编号"), max_length=20, unique=True, editable=False)
    name = models.CharField(_("项目名称"), max_length=80)
    lead = models.OneToOneField(
        Lead, models.PROTECT, null=True, blank=True, verbose_name=_("来源线索"), related_name="project"
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("原项目"), related_name="extensions", editable=False
    )  # fmt: skip
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, null=True, blank=True, verbose_name=_("投资主体"), related_name="projects"
    )
    # the firm that was founded here for it, or moved here: often another one than who invests
    registered_firm = models.ForeignKey(
        Enterprise, models.PROTECT, null=True, blank=True, verbose_name=_("注册企业"), related_name="registered_for"
    )  # fmt: skip
    stage = models.CharField(
        _("阶段"), max_length=20, choices=list(stages.STAGES.items()), default=stages.PLANNED
    )
    stage_since = models.DateTimeField(_("进入本阶段时间"), default=clock.now, editable=False)
    status = models.CharField(
        _("状态"), max_length=20, choices=list(stages.STATUSES.items()), default=stages.ONGOING
    )
    secrecy = models.CharField(
        _("知悉范围"), max_length=20, choices=list(stages.SECRECY.items()), default=stages.INTERNAL
    )
    grade_override = models.CharField(_("人工定级"), max_length=40, blank=True, editable=False)
    # Since when its grade makes it a major project; empty: since it was made, or it is none (see services.note_major).
    major_since = models.DateTimeField(_("列为重大项目时间"), null=True, blank=True, editable=False)
    grade_reason = models.CharField(_("定级原因"), max_length=500, blank=True, editable=False)
    category_override = models.CharField(_("人工归类"), max_length=40, blank=True, editable=False)
    category_reason = models.CharField(_("归类原因"), max_length=500, blank=True, editable=False)
    project_class = models.CharField(_("项目分类"), max_length=40, blank=True)
    investment_kind = models.CharField(_("招商类型"), max_length=40, blank=True)
    headquarters_kind = models.CharField(_("总部类型"), max_length=40, blank=True)
    headquarters_staff = models.PositiveIntegerField(_("总部预计人数"), null=True, blank=True)
    headquarters_functions = models.CharField(_("总部职能"), max_length=300, blank=True)
    is_foreign = models.BooleanField(_("外资项目"), null=True, blank=True)
    origin = models.CharField(_("投资来源地"), max_length=60, blank=True)
    industry = models.CharField(_("行业代码"), max_length=10, blank=True, db_index=True)
    chain = models.CharField(_("产业链"), max_length=40, blank=True)
    summary = models.TextField(_("项目简介"), max_length=2000)
    fixed_investment = YuanField(_("固定资产投资"), null=True, blank=True, validators=[MinValueValidator(0)])
    contracted = YuanField(_("合同投资额"), null=True, blank=True, editable=False)
    site = models.CharField(_("拟选址"), max_length=200, blank=True)
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, verbose_name=_("所在片区"), related_name="projects"
    )
    land_mu = models.DecimalField(
        _("用地需求（亩）"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    construction_kind = models.CharField(_("建设性质"), max_length=40, blank=True)
    planned_start_date = models.DateField(_("计划开工日期"), null=True, blank=True)
    planned_completion_date = models.DateField(_("计划竣工日期"), null=True, blank=True)
    planned_production_date = models.DateField(_("计划投产日期"), null=True, blank=True)
    # Of each of the three: the day planned before it was first put off, and how often it was (see queries.delays).
    first_planned_start_date = models.DateField(_("最初计划开工日期"), null=True, blank=True, editable=False)
    planned_start_delays = models.PositiveSmallIntegerField(_("计划开工顺延次数"), default=0, editable=False)
    first_planned_completion_date = models.DateField(
        _("最初计划竣工日期"), null=True, blank=True, editable=False
    )
    planned_completion_delays = models.PositiveSmallIntegerField(
        _("计划竣工顺延次数"), default=0, editable=False
    )
    first_planned_production_date = models.DateField(
        _("最初计划投产日期"), null=True, blank=True, editable=False
    )
    planned_production_delays = models.PositiveSmallIntegerField(
        _("计划投产顺延次数"), default=0, editable=False
    )
    # how often the plan by months was written anew after reports against it had come
    replanned = models.PositiveSmallIntegerField(_("月度计划调整次数"), default=0, editable=False)
    expected_output = YuanField(_("预计年产值"), null=True, blank=True, validators=[MinValueValidator(0)])
    expected_tax = YuanField(_("预计年税收"), null=True, blank=True, validators=[MinValueValidator(0)])
    contact_name = models.CharField(_("投资方联系人"), max_length=100, blank=True)
    next_step = models.CharField(_("下一步工作"), max_length=500, blank=True)
    next_date = models.DateField(_("下一步时限"), null=True, blank=True)
    signed_date = models.DateField(_("签约日期"), null=True, blank=True, editable=False)
    registered_date = models.DateField(_("注册日期"), null=True, blank=True, editable=False)
    started_date = models.DateField(_("实际开工日期"), null=True, blank=True, editable=False)
    completed_date = models.DateField(_("实际竣工日期"), null=True, blank=True, editable=False)
    producing_date = models.DateField(_("投产日期"), null=True, blank=True, editable=False)
    at_capacity_date = models.DateField(_("达产日期"), null=True, blank=True, editable=False)
    lost_reason = models.CharField(_("流失原因"), max_length=40, blank=True, editable=False)
    rival_place = models.CharField(_("流向地"), max_length=100, blank=True, editable=False)
    progress_at = models.DateTimeField(_("最近进展时间"), default=clock.now, editable=False)
    # since when it, or the lead it came of, names this investor, or goes on with it after its protection lapsed
    named_at = models.DateTimeField(_("报备企业时间"), null=True, blank=True, editable=False)
    reporter_unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("报送单位"), related_name="+")
    host_unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("落地单位"), related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("建立人"), related_name="+"
    )
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = ProjectQuerySet.as_manager()

    worked_out: ClassVar = (
        "first_planned_start_date", "planned_start_delays", "first_planned_completion_date", "planned_completion_delays",
        "first_planned_production_date", "planned_production_delays", "replanned",
    )  # fmt: skip
    code_tables: ClassVar = {
        "industry": "industry",
        "project_class": "project_class",
        "investment_kind": "investment_kind",
        "headquarters_kind": "headquarters_kind",
        "construction_kind": "construction_kind",
        "grade_override": "grade",
        "category_override": "category",
        "chain": "chain",
        "lost_reason": "lost_reason",
        **Reported.reported_tables,
    }

    class Meta:
        verbose_name = _("项目")
        verbose_name_plural = _("项目")
        indexes: ClassVar = [
            models.Index(fields=["stage", "status", "-id"], name="projects_project_stage"),
            models.Index(fields=["progress_at", "id"], name="projects_project_progress"),
            # What counting and the sight of a district ask for, without reading the rows themselves.
            models.Index(fields=["stage", "secrecy", "id"], name="projects_project_sight"),
            models.Index(
                fields=["headquarters_kind", "-id"],
                condition=~Q(headquarters_kind=""),
                name="projects_project_hq",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("project", args=[self.pk])


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def current(self, day: date) -> ParticipationQuerySet:
        """Return the parts that go on; that of a command post ends by itself with the last day of its area."""
        # Not asked of each row: a question per row looks so dear to PostgreSQL that it compiles whole pages for it.
        over = Project.objects.filter(area__until__lt=day)
        return self.filter(until=None).exclude(part=stages.COMMAND, project__in=over.values("pk"))


class Participation(models.Model):
    """A unit's part in a project, from a day to a day."""

    project = models.ForeignKey(
        Project, models.CASCADE, verbose_name=_("项目"), related_name="participations"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("单位"), related_name="+")
    part = models.CharField(_("参与身份"), max_length=20, choices=list(stages.PARTS.items()))
    since = models.DateField(_("起始日期"), default=clock.today)
    until = models.DateField(_("截止日期"), null=True, blank=True)

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        verbose_name = _("参与单位")
        verbose_name_plural = _("参与单位")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "unit", "part"], condition=Q(until=None), name="projects_part_once",
                violation_error_message=_("该单位已以同一身份参与本项目。"),
            )
        ]  # fmt: skip
        indexes: ClassVar = [
            # with the part, so that the sight of a unit is answered by the index alone
            models.Index(
                fields=["unit", "project", "part"], condition=Q(until=None), name="projects_part_sight"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.get_part_display()}"


class TeamMember(models.Model):
    """A person on a project's team, from a day to a day."""

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="team")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("人员"), related_name="+"
    )
    is_leader = models.BooleanField(_("项目负责人"), default=False)
    since = models.DateField(_("起始日期"), default=clock.today)
    until = models.DateField(_("截止日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("团队成员")
        verbose_name_plural = _("团队成员")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "user"], condition=Q(until=None), name="projects_team_once",
                violation_error_message=_("此人已在项目团队中。"),
            )
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["user", "project"], condition=Q(until=None), name="projects_team_user")
        ]

    def __str__(self) -> str:
        return str(self.user)


class Talk(models.Model):
    """One contact with the investor: who met whom, where, about what, and what comes next. Written once."""

    project = models.ForeignKey(Project, models.CASCADE, verbose_name=_("项目"), related_name="talks")
    talk_date = models.DateField(_("日期"))
    form = models.CharField(_("方式"), max_length=20, choices=[
        ("meeting", _("面谈")), ("visit", _("来访考察")), ("outgoing", _("外出拜访")), ("call", _("电话或视频")), ("letter", _("函件"))
    ])  # fmt: skip
    place = models.CharField(_("地点"), max_length=100, blank=True)
    our_side = models.CharField(_("我方人员"), max_length=300)
    their_side = models.CharField(_("对方人员"), max_length=300)
    summary = models.TextField(_("洽谈内容"), max_length=2000)
    next_step = models.CharField(_("下一步工作"), max_length=500, blank=True)
    next_date = models.DateField(_("下一步时限"), null=True, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("记录单位"), related_name="+")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("记录人"), related_name="+"
    )
    recorded_at = models.DateTimeField(_("记录时间"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("洽谈记录")
        verbose_name_plural = _("洽谈记录")
        ordering: ClassVar = ["-talk_date", "-pk"]

    def __str__(self) -> str:
        return f"{self.talk_date} {self.get_form_display()}"


class ProjectCounter(models.Model):
    """The number of the last project of a year; drawing one is an update that locks the row until the project is there."""

    year = models.PositiveSmallIntegerField(_("年度"), primary_key=True)
    last = models.PositiveIntegerField(_("末号"), default=0)

    class Meta:
        verbose_name = _("项目编号")
        verbose_name_plural = _("项目编号")

    def __str__(self) -> str:
        return f"{self.year}-{self.last}"
