"""Meetings of the bodies of the directory, the topics brought to them, and what was decided (clauses 1.1 and 3.2.1)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core import clock
from yinfeng.core.actors import Actor
from yinfeng.core.models import Versioned
from yinfeng.core.scopes import EVERYTHING, NOTHING, ScopedQuerySet, within
from yinfeng.meetings import states
from yinfeng.orgs.models import Body, Person, Unit
from yinfeng.projects.models import Bottleneck, Project
from yinfeng.projects.stages import SENSITIVE

VIEW, RUN, SUBMIT = "meetings.meeting.view", "meetings.meeting.run", "meetings.topic.submit"
REVIEW, CLEARED = "meetings.topic.review", "projects.project.view_sensitive"


# --- meetings -----------------------------------------------------------------------------------------------------


class MeetingQuerySet(ScopedQuerySet["Meeting"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A meeting is seen by the people of the body's unit, of the units called to it and of those whose topic it hears.

        ``run`` (and ``change``: files) is the office's of the body; ``read`` its papers whoever sees every topic on it.
        """
        seen = self._seen(by)
        if action == "view":
            return seen
        if action == "read":
            told = Topic.objects.permitted(by).values("pk")
            hidden = Item.objects.exclude(topic__in=told) if not by.is_system else Item.objects.none()
            return seen & ~Q(pk__in=hidden.values("meeting"))
        permission = {"run": RUN, "change": RUN, "export": "meetings.meeting.export"}.get(action)
        return seen & within(by.reach(permission), "body__unit") if permission else NOTHING

    @staticmethod
    def _seen(by: Actor) -> Q:
        reach = by.reach(VIEW)
        if not reach:
            return NOTHING
        here = EVERYTHING
        if not reach.everywhere:
            called = Attendee.objects.filter(unit__in=reach.units)
            heard = Item.objects.filter(topic__unit__in=reach.units)
            here = (
                within(reach, "body__unit")
                | Q(pk__in=called.values("meeting"))
                | Q(pk__in=heard.values("meeting"))
            )
        cleared = by.reach(CLEARED)
        if cleared.everywhere:
            return here
        own = Attendee.objects.filter(person__user=by.user_id) if by.user_id else Attendee.objects.none()
        open_here = (
            ~Q(secrecy=states.SENSITIVE) | within(cleared, "body__unit") | Q(pk__in=own.values("meeting"))
        )
        return here & open_here


class Meeting(Versioned):
    """A meeting of a body. ``number`` is the how-manieth of its ``year`` it is (第几次), taken when the agenda is fixed.

    A number that was taken stays with its meeting, also when that is cancelled: its papers were sent out under it.
    """

    body = models.ForeignKey(Body, models.PROTECT, verbose_name=_("召开机构"), related_name="meetings")
    title = models.CharField(_("会议名称"), max_length=100)
    starts_at = models.DateTimeField(_("开会时间"))
    place = models.CharField(_("地点"), max_length=100, blank=True)
    chair = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, verbose_name=_("主持人"), related_name="+"
    )
    topics_close_date = models.DateField(_("议题截止日期"))
    secrecy = models.CharField(
        _("知悉范围"), max_length=20, choices=list(states.SECRECY.items()), default=states.INTERNAL
    )
    state = models.CharField(
        _("状态"), max_length=20, choices=list(states.MEETING_STATES.items()), default=states.PLANNED
    )
    year = models.PositiveSmallIntegerField(_("年度"), null=True, blank=True, editable=False)
    number = models.PositiveSmallIntegerField(_("第几次"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("建立人"), related_name="+"
    )
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = MeetingQuerySet.as_manager()

    files_are_for: ClassVar = "read"  # as its papers

    class Meta:
        verbose_name = _("会议")
        verbose_name_plural = _("会议")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["body", "year", "number"], condition=Q(number__isnull=False), name="meetings_meeting_number"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "cancelled"]) | Q(number__isnull=False, year__isnull=False),
                name="meetings_meeting_numbered",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["body", "-starts_at"], name="meetings_meeting_body"),
            models.Index(fields=["-starts_at", "-id"], name="meetings_meeting_time"),
        ]

    def __str__(self) -> str:
        if self._state.adding:  # as an export, which is of no row, is told of
            return str(self._meta.verbose_name)
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("meeting", args=[self.pk])

    @property
    def told(self) -> str:
        """What is said of it where people may read who do not see it."""
        return str(_("敏感会议")) if self.secrecy == states.SENSITIVE else self.title

    @property
    def numbered(self) -> str:
        """Which meeting of the year it is, in words; empty while its agenda is not fixed."""
        if self.number is None:
            return ""
        return _now("%(year)s年第%(number)s次") % {"year": self.year, "number": self.number}


class Attendee(models.Model):
    """A person, or a unit whose person is not known yet, called to a meeting, and whether it came."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, verbose_name=_("会议"), related_name="attendees")
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("单位"), related_name="+"
    )
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, verbose_name=_("人员"), related_name="+"
    )
    position = models.CharField(_("职务"), max_length=200, blank=True)
    kind = models.CharField(
        _("出席情况"), max_length=20, choices=list(states.ATTENDANCE.items()), default=states.CALLED
    )
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("参会人员")
        verbose_name_plural = _("参会人员")
        ordering: ClassVar = ["order", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting", "person"], condition=Q(person__isnull=False), name="meetings_attendee_once",
                violation_error_message=_("此人已在参会名单中。"),
            ),
            models.UniqueConstraint(
                fields=["meeting", "unit", "position"], condition=Q(person=None), name="meetings_unit_called_once",
                violation_error_message=_("这个单位已在参会名单中。"),
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=False) | Q(person__isnull=False), name="meetings_somebody_called",
                violation_error_message=_("请选择单位或人员。"),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["unit", "meeting"], name="meetings_attendee_unit")]

    def __str__(self) -> str:
        return str(self.person or self.unit)

    @property
    def parts(self) -> list[str]:
        """Who is called, as far as it is known: unit, post and name."""
        unit = self.unit.brief if self.unit else ""
        if unit and unit in self.position:  # 集美区委书记, 其他市委常委
            unit = ""
        return [part for part in (unit, self.position, self.person.name if self.person else "") if part]

    @property
    def text(self) -> str:
        """Who is called, as pages name him."""
        return " ".join(self.parts)


class Minutes(models.Model):
    """The minutes of a meeting as they were issued (纪要): their words, and the digest of these. Written once.

    ``content`` is what they say, as plain data; the document is made of it. ``digest`` is SHA-256 over it.
    """

    meeting = models.OneToOneField(Meeting, models.PROTECT, verbose_name=_("会议"), related_name="minutes")
    year = models.PositiveSmallIntegerField(_("年度"))
    number = models.PositiveSmallIntegerField(_("编号"))
    content = models.JSONField(_("内容"))
    digest = models.CharField(_("摘要"), max_length=64)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("印发人"), related_name="+"
    )
    issued_at = models.DateTimeField(_("印发时间"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("会议纪要")
        verbose_name_plural = _("会议纪要")

    def __str__(self) -> str:
        return _now("〔%(year)s〕%(number)s号") % {"year": self.year, "number": self.number}


# --- topics -------------------------------------------------------------------------------------------------------


class TopicQuerySet(ScopedQuerySet["Topic"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A topic is seen through its project, and, unless that is sensitive, by the body it was brought to and who brought it.

        The unit that was asked to review it sees it too. Who ``bring``s it (``change``) is the unit's, the office of the body
        ``approve``s it.
        """
        seen = self._seen(by)
        if action == "view":
            return seen
        if action == "export":
            reach = by.reach("meetings.meeting.export")
            return seen & (
                EVERYTHING if reach.everywhere else within(reach, "body__unit") | within(reach, "unit")
            )
        asked = {
            "bring": (SUBMIT, "unit"), "change": (SUBMIT, "unit"), "approve": (RUN, "body__unit"),
            "review": (REVIEW, "review_unit"),
        }.get(action)  # fmt: skip
        return seen & within(by.reach(asked[0]), asked[1]) if asked else NOTHING

    @staticmethod
    def _seen(by: Actor) -> Q:
        reach = by.reach(VIEW)
        if not reach:
            return NOTHING
        through = Q(project__in=Project.objects.permitted(by).values("pk"))
        is_open = Q(project=None) | ~Q(project__secrecy=SENSITIVE)
        if reach.everywhere:
            return through | is_open
        here = within(reach, "body__unit") | within(reach, "unit") | within(by.reach(REVIEW), "review_unit")
        return through | here & is_open


class Topic(Versioned):
    """A matter brought before a body: what it is about, what is asked of the body, and how far it has come.

    ``meeting`` is the last one on whose agenda it stood. One that a rule of the profile brought has that ``rule`` and
    its reason in words (``why``). ``review_unit`` is who was asked whether it is fair to competition.
    """

    body = models.ForeignKey(Body, models.PROTECT, verbose_name=_("提交机构"), related_name="topics")
    kind = models.CharField(_("议题类别"), max_length=20, choices=list(states.TOPIC_KINDS.items()))
    title = models.CharField(_("议题"), max_length=100)
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, verbose_name=_("项目"), related_name="topics"
    )
    bottleneck = models.ForeignKey(
        Bottleneck, models.PROTECT, null=True, blank=True, verbose_name=_("难点"), related_name="topics"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("提出单位"), related_name="+")
    summary = models.TextField(_("情况说明"), max_length=2000)
    ask = models.TextField(_("提请议定的事项"), max_length=1000)
    review_unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("公平竞争审查单位"), related_name="+"
    )
    state = models.CharField(
        _("状态"), max_length=20, choices=list(states.TOPIC_STATES.items()), default=states.SUBMITTED
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("提出人"), related_name="+"
    )  # fmt: skip
    submitted_date = models.DateField(_("提交日期"), default=clock.today, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name=_("审核人"), related_name="+",
        editable=False,
    )  # fmt: skip
    rule = models.CharField(_("列入规则"), max_length=40, blank=True, editable=False)
    why = models.CharField(_("列入理由"), max_length=500, blank=True, editable=False)
    meeting = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, verbose_name=_("会议"), related_name="topics", editable=False
    )  # fmt: skip
    is_demo = models.BooleanField(_("演示数据"), default=False, editable=False)

    objects = TopicQuerySet.as_manager()

    class Meta:
        verbose_name = _("议题")
        verbose_name_plural = _("议题")
        constraints: ClassVar = [
            # a rule brings a project, or a difficulty of it, before a body once at a time
            models.UniqueConstraint(
                fields=["body", "project", "kind"], name="meetings_topic_gathered_once",
                condition=~Q(rule="") & Q(bottleneck=None, state__in=["submitted", "approved", "on_agenda", "put_off"]),
                violation_error_message=_("这个项目已有一个同类议题在办。"),
            ),
            models.UniqueConstraint(
                fields=["body", "bottleneck"], name="meetings_difficulty_gathered_once",
                condition=~Q(rule="") & Q(bottleneck__isnull=False, state__in=["submitted", "approved", "on_agenda", "put_off"]),
                violation_error_message=_("这个难点已有一个议题在办。"),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["body", "state", "-id"], name="meetings_topic_body"),
            models.Index(fields=["unit", "-id"], name="meetings_topic_unit"),
        ]

    def __str__(self) -> str:
        if self._state.adding:
            return str(self._meta.verbose_name)
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("topic", args=[self.pk])


class Item(Versioned):
    """A topic on the agenda of a meeting: its place there, the leave by which it came late, and what was said."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, verbose_name=_("会议"), related_name="items")
    topic = models.ForeignKey(Topic, models.PROTECT, verbose_name=_("议题"), related_name="items")
    order = models.PositiveSmallIntegerField(_("顺序"))
    leave = models.CharField(_("补报理由"), max_length=500, blank=True)
    notes = models.TextField(_("议题讨论情况"), max_length=4000, blank=True)
    put_on_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("列入人"),
        related_name="+",
    )

    class Meta:
        verbose_name = _("议程")
        verbose_name_plural = _("议程")
        ordering: ClassVar = ["order", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting", "topic"], name="meetings_item_once",
                violation_error_message=_("这个议题已在议程中。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.meeting} · {self.topic}"

    @property
    def outcome(self) -> Resolution | None:
        """What was decided of it; None while nothing is."""
        return getattr(self, "resolution", None)


class FairReview(models.Model):
    """What a unit other than the one that asks found of a topic under 公平竞争审查条例 (FACTS §1.17). Written once.

    ``found`` names the tests that the measure touches. ``ask`` is what was asked for when it was reviewed: words changed
    later were not. It holds until ``valid_until``, that day included.
    """

    topic = models.ForeignKey(Topic, models.PROTECT, verbose_name=_("议题"), related_name="reviews")
    conclusion = models.CharField(_("审查结论"), max_length=20, choices=list(states.CONCLUSIONS.items()))
    found = models.JSONField(_("涉及的审查标准"), default=list, blank=True)
    grounds = models.TextField(_("审查依据和理由"), max_length=2000)
    exception = models.CharField(_("适用的例外规定"), max_length=500, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("审查单位"), related_name="+")
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("审查人"), related_name="+"
    )
    review_date = models.DateField(_("审查日期"))
    valid_until = models.DateField(_("有效期至"))
    ask = models.TextField(_("审查的事项"), max_length=1000)
    document = models.ForeignKey(
        "core.Attachment", models.PROTECT, null=True, blank=True, verbose_name=_("审查文书"), related_name="+"
    )
    recorded_at = models.DateTimeField(_("记录时间"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("公平竞争审查")
        verbose_name_plural = _("公平竞争审查")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(conclusion="exempt") | ~Q(exception=""), name="meetings_review_exempt_by_clause",
                violation_error_message=_("适用例外规定的，请写明依据哪一项规定。"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.topic} {self.get_conclusion_display()}"


class ResolutionQuerySet(ScopedQuerySet["Resolution"]):
    def scope(self, by: Actor, action: str) -> Q:
        """A resolution is seen with its topic, and one of a sensitive meeting with the meeting; the office of the body puts it right or takes it back."""
        if action == "view":
            open_here = ~Q(meeting__secrecy=states.SENSITIVE) | Q(
                meeting__in=Meeting.objects.permitted(by).values("pk")
            )
            return Q(topic__in=Topic.objects.permitted(by).values("pk")) & open_here
        if action == "change":
            return Q(meeting__in=Meeting.objects.permitted(by, "run").values("pk"))
        return NOTHING


class Resolution(Versioned):
    """What a body decided of a topic at a meeting; what is to be done about it are the duties that name it as their source.

    One that was recorded wrongly is taken back before the minutes are issued: it keeps its number and its words, and leaves its
    ``item`` to another.
    """

    item = models.OneToOneField(
        Item, models.PROTECT, null=True, blank=True, verbose_name=_("议程"), related_name="resolution"
    )
    topic = models.ForeignKey(Topic, models.PROTECT, verbose_name=_("议题"), related_name="resolutions")
    meeting = models.ForeignKey(Meeting, models.PROTECT, verbose_name=_("会议"), related_name="resolutions")
    year = models.PositiveSmallIntegerField(_("年度"), editable=False)
    number = models.PositiveSmallIntegerField(_("编号"), editable=False)
    decision = models.CharField(_("议定意见"), max_length=20, choices=list(states.DECISIONS.items()))
    text = models.TextField(_("议定事项"), max_length=2000)
    conditions = models.TextField(_("附带条件"), max_length=1000, blank=True)
    siting_unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("落地单位"), related_name="+"
    )
    support = models.TextField(_("给予的支持"), max_length=1000, blank=True)
    decided_date = models.DateField(_("议定日期"))
    state = models.CharField(
        _("状态"), max_length=20, choices=list(states.RESOLUTION_STATES.items()), default=states.STANDING, editable=False
    )  # fmt: skip
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("记录人"), related_name="+"
    )

    objects = ResolutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("议定事项")
        verbose_name_plural = _("议定事项")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(decision="conditional") | ~Q(conditions=""), name="meetings_resolution_conditions",
                violation_error_message=_("附条件同意的，请写明附带的条件。"),
            ),
            models.CheckConstraint(
                condition=Q(state="standing", item__isnull=False) | Q(state="taken_back", item=None),
                name="meetings_resolution_taken_back",
            ),
        ]  # fmt: skip

    @property
    def reference(self) -> str:
        """Return its number as papers name it: 〔2026〕3号."""
        return _now("〔%(year)s〕%(number)s号") % {"year": self.year, "number": self.number}

    def __str__(self) -> str:
        if self._state.adding:
            return str(self._meta.verbose_name)
        told = {"year": self.year, "number": self.number, "title": self.topic}
        return _now("议定事项〔%(year)s〕%(number)s号：%(title)s") % told

    def get_absolute_url(self) -> str:
        return f"{reverse('topic', args=[self.topic_id])}#resolution-{self.pk}"
