"""A duty with its six (六定, clause 3.5.3), who takes part in it, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import NOWHERE, Actor, Reach
from yinfeng.core.models import Versioned
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.duties import terms
from yinfeng.orgs.models import Person, Unit

# What a scope action asks for: the permission, and over which field its unit is reached.
_ACTS = {
    "set": ("duties.duty.set", "set_unit"),
    "review": ("duties.duty.review", "set_unit"),
    "supervise": ("duties.duty.supervise", "set_unit"),
}


class DutyQuerySet(ScopedQuerySet["Duty"]):
    def scope(self, by: Actor, action: str) -> Q:
        """Who set a duty, the units that take part in it and the leader see it; each acts for his own side.

        ``contribute`` is what any responsible unit does, ``supervise`` what the supervisors of the whole city (or of a
        unit, on what that unit set) do. A sensitive one is seen by those cleared for a unit that takes part, and its leader.
        """
        seen = self._seen(by)
        if action == "view":
            return seen
        if action == "handle":
            return seen & within(own(by), "lead_unit")
        if action in _ACTS:
            permission, field = _ACTS[action]
            return seen & within(by.reach(permission), field)
        if action == "contribute":
            return seen & taking_part(own(by), terms.RESPONSIBLE)
        if action == "export":
            return seen & taking_part(by.reach("duties.duty.export"))
        if action == "change":  # whose files are added: who set it and who works on it
            return seen & _either(
                within(by.reach("duties.duty.set"), "set_unit"), taking_part(own(by), terms.RESPONSIBLE)
            )
        return NOTHING

    def _seen(self, by: Actor) -> Q:
        """Return the Q of what the actor sees: one subquery over who takes part, which a database joins however it likes.

        As one of several conditions joined by OR it would be gathered whole for every page: of a district's 170,000 duties.
        """
        reach = by.reach("duties.duty.view")
        if not reach:
            return led_by(by)
        cleared = by.reach("duties.duty.view_sensitive")
        if reach.everywhere and cleared.everywhere:
            return EVERYTHING
        is_open = ~Q(secrecy=terms.SENSITIVE)
        if cleared.everywhere or (not reach.everywhere and reach.units <= cleared.units):
            return taking_part(reach, person=by.person_id)
        more = taking_part(cleared, person=by.person_id)  # of sensitive ones
        if reach.everywhere:
            return is_open | more
        return taking_part(reach, person=by.person_id) & (is_open | more)


def own(by: Actor) -> Reach:
    """Return the units for which the actor works on duties: who may everywhere still speaks for his own units alone."""
    reach = by.reach("duties.duty.handle")
    return Reach(units=by.unit_ids) if reach.everywhere and not by.is_system else reach


def _either(first: Q, second: Q) -> Q:
    """Return the Q of rows of either kind; an empty Q, which means all rows, or-ed with another is that other alone."""
    return EVERYTHING if EVERYTHING in (first, second) else first | second


def taking_part(reach: Reach, parts: tuple[str, ...] = (), person: int | None = None) -> Q:
    """Return the Q of duties in which a unit of the reach takes part (in one of ``parts``, if named), or which a person leads."""
    if reach.everywhere:
        return EVERYTHING
    # known numbers, no subquery: with one, PostgreSQL reads for the statistics alone, not in parallel
    who = [*sorted(reach.units), *([-person] if person is not None else [])]
    if not who:
        return NOTHING
    rows = DutyPart.objects.filter(who__in=who)
    return Q(pk__in=(rows.filter(part__in=parts) if parts else rows).values("duty"))


def led_by(by: Actor) -> Q:
    """Return the Q of duties whose lead leader the actor is."""
    return taking_part(NOWHERE, person=by.person_id)


class Duty(Versioned):
    """Something a unit must do for another by a day; ``due_date`` is its last day (承诺时限), none for a standing one.

    ``work_days`` is kept when the last day was given as so many working days after the day on which it was set.
    """

    number = models.CharField(_("编号"), max_length=30, unique=True, editable=False)
    item = models.CharField(_("落实事项"), max_length=200)
    target = models.CharField(_("目标任务"), max_length=1000)
    requirement = models.TextField(_("工作要求"), max_length=4000)
    leader = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, verbose_name=_("牵头领导"), related_name="+"
    )
    lead_unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("牵头单位"), related_name="+")
    set_unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("交办单位"), related_name="+")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("交办人"), related_name="+"
    )  # fmt: skip
    set_date = models.DateField(_("交办日期"), default=clock.today)
    grade = models.CharField(_("等级"), max_length=10, choices=list(terms.GRADES.items()), default=terms.KEY)
    secrecy = models.CharField(
        _("密级"), max_length=10, choices=list(terms.SECRECY.items()), default=terms.INTERNAL
    )

    due_date = models.DateField(_("办结时限"), null=True, blank=True)
    # the last day as it was given, which may be a day off; none when working days were counted
    given_date = models.DateField(_("所定日期"), null=True, blank=True, editable=False)
    first_due_date = models.DateField(_("最初办结时限"), null=True, blank=True, editable=False)
    work_days = models.PositiveSmallIntegerField(
        _("工作日数"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(750)]
    )
    statutory_date = models.DateField(_("法定时限"), null=True, blank=True)

    source_kind = models.CharField(_("来源"), max_length=20, choices=list(terms.SOURCES.items()))
    source_text = models.CharField(_("来源说明"), max_length=300, blank=True)
    clause = models.CharField(_("政策条款"), max_length=20, blank=True)
    source_type = models.CharField(_("来源对象类型"), max_length=60, blank=True, editable=False)
    source_id = models.BigIntegerField(_("来源对象"), null=True, blank=True, editable=False)
    # what it is about, wherever it came from: the project of a resolution, of a difficulty, of a finding
    about_type = models.CharField(_("所涉对象类型"), max_length=60, blank=True, editable=False)
    about_id = models.BigIntegerField(_("所涉对象"), null=True, blank=True, editable=False)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("上级事项"), related_name="parts"
    )

    state = models.CharField(
        _("状态"), max_length=20, choices=list(terms.DUTY_STATES.items()), default=terms.ASSIGNED
    )
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("经办人"), related_name="+"
    )  # fmt: skip
    assigned_date = models.DateField(_("转交日期"), default=clock.today, editable=False)
    accepted_date = models.DateField(_("签收日期"), null=True, blank=True, editable=False)
    reported_date = models.DateField(_("最近报告日期"), null=True, blank=True, editable=False)
    percent = models.PositiveSmallIntegerField(
        _("完成进度"), default=0, editable=False, validators=[MaxValueValidator(100)]
    )
    result = models.TextField(_("办理结果"), max_length=4000, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("报结人"), related_name="+"
    )  # fmt: skip
    # the day on which what was closed in the end had been submitted: by it one is on time
    submitted_date = models.DateField(_("报结日期"), null=True, blank=True, editable=False)
    closed_date = models.DateField(_("办结日期"), null=True, blank=True, editable=False)
    extensions = models.PositiveSmallIntegerField(_("延期次数"), default=0, editable=False)
    returns = models.PositiveSmallIntegerField(_("退回次数"), default=0, editable=False)
    refusals = models.PositiveSmallIntegerField(_("审核未通过次数"), default=0, editable=False)
    reopenings = models.PositiveSmallIntegerField(_("重新办理次数"), default=0, editable=False)
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = DutyQuerySet.as_manager()

    worked_out: ClassVar = (
        "given_date", "first_due_date", "assigned_date", "accepted_date", "reported_date", "submitted_date", "closed_date", "extensions",
        "returns", "refusals", "reopenings", "submitted_by", "percent",
    )  # fmt: skip

    class Meta:
        verbose_name = _("督办事项")
        verbose_name_plural = _("督办事项")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(statutory_date=None) | Q(due_date=None) | Q(statutory_date__gte=F("due_date")),
                name="duties_promised_before_statutory",
                violation_error_message=_("承诺的办结时限不能晚于法定时限。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_date__isnull=False, submitted_date__isnull=False),
                name="duties_closed_on_a_day",
            ),
            models.UniqueConstraint(
                fields=["clause"], condition=Q(source_kind="policy", parent=None), name="duties_clause_once"
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["lead_unit", "state", "due_date"], condition=Q(state__in=terms.OPEN), name="duties_duty_owed"),
            models.Index(fields=["set_unit", "state", "due_date"], condition=Q(state__in=terms.OPEN), name="duties_duty_set"),
            models.Index(fields=["due_date", "id"], condition=Q(state__in=terms.OWED), name="duties_duty_due"),
            models.Index(fields=["source_type", "source_id"], name="duties_duty_source"),
            models.Index(fields=["about_type", "about_id"], name="duties_duty_about"),
            models.Index(fields=["lead_unit", "set_date"], name="duties_duty_unit"),
            models.Index(fields=["handler", "state", "due_date"], condition=Q(state__in=terms.OPEN), name="duties_duty_hand"),
            models.Index(fields=["leader", "state", "due_date"], condition=Q(state__in=terms.OPEN), name="duties_duty_led"),
            models.Index(fields=["reported_date", "id"], condition=Q(state=terms.WORKING), name="duties_duty_to_report"),
            models.Index(fields=["submitted_date", "id"], condition=Q(state=terms.SUBMITTED), name="duties_duty_to_review"),
            models.Index(fields=["assigned_date", "id"], condition=Q(state=terms.ASSIGNED), name="duties_duty_to_accept"),
            # all that the statistics count, so that they are read from the index alone: the rows are five times as large
            models.Index(
                fields=[
                    "set_date", "closed_date", "state", "due_date", "submitted_date", "lead_unit", "leader", "extensions", "returns",
                    "reopenings", "refusals", "secrecy", "id",
                ], name="duties_duty_counted",
            ),
            models.Index(
                fields=["closed_date", "submitted_date", "due_date", "secrecy", "id"], condition=Q(state=terms.CLOSED),
                name="duties_duty_closed_on",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        if self._state.adding and not self.item:  # as an export, which is of no row, is told of
            return str(self._meta.verbose_name)
        return self.item

    def get_absolute_url(self) -> str:
        return reverse("duty", args=[self.pk])


class DutyPart(models.Model):
    """A unit that takes part in a duty and as what, or the person who leads it; in the order in which they were named.

    A unit meant by a collective (各区) stands with it in ``named_as``: people are found by the one, documents quote the other.
    A unit that led it or had set it before (``terms.FORMERLY``) stands with the days between which it did: it sees it on.
    """

    # the index over duty and who stands for its own
    duty = models.ForeignKey(
        Duty, models.CASCADE, verbose_name=_("督办事项"), related_name="sides", db_index=False
    )
    part = models.CharField(_("身份"), max_length=10, choices=list(terms.PARTS.items()))
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("单位"), related_name="+"
    )
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, verbose_name=_("人员"), related_name="+"
    )
    named_as = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("统称"), related_name="+"
    )
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)
    # of who held it before: from which day until which
    since = models.DateField(_("起始日期"), null=True, blank=True)
    until = models.DateField(_("截止日期"), null=True, blank=True)
    # the unit, or the person with a minus: in one column, so that one index tells what somebody sees
    who = models.GeneratedField(
        expression=Coalesce(F("unit"), F("person") * Value(-1)), output_field=models.BigIntegerField(), db_persist=True,
        verbose_name=_("参与者"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("参与单位")
        verbose_name_plural = _("参与单位")
        ordering: ClassVar = ["order", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["duty"], condition=Q(part="lead"), name="duties_one_lead"),
            models.UniqueConstraint(fields=["duty"], condition=Q(part="leader"), name="duties_one_leader"),
            models.UniqueConstraint(fields=["duty", "part", "unit", "named_as"], name="duties_part_once"),
            models.CheckConstraint(
                condition=Q(unit=None, person__isnull=False) | Q(unit__isnull=False, person=None),
                name="duties_part_of_somebody",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["who", "duty", "part"], name="duties_part_who"),
            models.Index(fields=["duty", "who"], name="duties_part_duty"),
        ]

    def __str__(self) -> str:
        return f"{self.get_part_display()}：{self.unit or self.person}"


class Report(models.Model):
    """How far a duty has come, as one of its units tells it; written once, the next one corrects it."""

    duty = models.ForeignKey(Duty, models.CASCADE, verbose_name=_("督办事项"), related_name="reports")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("报告单位"), related_name="+")
    text = models.TextField(_("进展情况"), max_length=2000)
    problem = models.CharField(_("存在问题"), max_length=1000, blank=True)
    percent = models.PositiveSmallIntegerField(
        _("完成进度"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("报告人"), related_name="+"
    )
    reported_at = models.DateTimeField(_("报告时间"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("进展报告")
        verbose_name_plural = _("进展报告")
        ordering: ClassVar = ["-reported_at", "-pk"]

    def __str__(self) -> str:
        return self.text[:40]


class ExtensionQuerySet(ScopedQuerySet["Extension"]):
    def scope(self, by: Actor, action: str) -> Q:
        """An extension is seen with its duty, decided by who reviews that, taken back by who works on it."""
        asked = {"view": "view", "decide": "review", "take_back": "handle"}.get(action)
        if asked is None:
            return NOTHING
        return Q(duty__in=Duty.objects.permitted(by, asked).values("pk"))


class Extension(Versioned):
    """A later last day that the lead unit asks for, and what became of it; the one granted may be earlier than asked."""

    duty = models.ForeignKey(
        Duty, models.CASCADE, verbose_name=_("督办事项"), related_name="asked_extensions"
    )
    was = models.DateField(_("原时限"))
    until = models.DateField(_("申请延至"))
    reason = models.CharField(_("延期原因"), max_length=1000)
    state = models.CharField(
        _("状态"), max_length=20, choices=list(terms.EXTENSION_STATES.items()), default=terms.ASKED
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("申请人"), related_name="+"
    )
    asked_at = models.DateTimeField(_("申请时间"), default=clock.now, editable=False)
    granted_until = models.DateField(_("同意延至"), null=True, blank=True)
    answer = models.CharField(_("审批意见"), max_length=500, blank=True)

    objects = ExtensionQuerySet.as_manager()

    class Meta:
        verbose_name = _("延期申请")
        verbose_name_plural = _("延期申请")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["duty"], condition=Q(state="asked"), name="duties_extension_once",
                violation_error_message=_("已有一份延期申请等待审批。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.duty}：{self.was} → {self.until}"

    def get_absolute_url(self) -> str:
        return self.duty.get_absolute_url()
