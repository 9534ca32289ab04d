"""Duties over the API: the desk's filters, scopes, lifecycle and services."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser

from yinfeng.core.api import (
    MOVE,
    MoveInput,
    Moving,
    NestedViewSet,
    ObjectViewSet,
    ScopedViewSet,
    Strict,
    Upload,
    act,
)
from yinfeng.core.api_common import FilesViewSet
from yinfeng.core.errors import Invalid
from yinfeng.duties import lifecycle, services, terms
from yinfeng.duties.api_statistics import Counts
from yinfeng.duties.filters import DutyFilter
from yinfeng.duties.models import Duty, DutyPart, Extension, Reminder, Report
from yinfeng.orgs.models import Person, Unit

VIEW, SET = "duties.duty.view", "duties.duty.set"


class DutyPartySerializer(serializers.ModelSerializer[DutyPart]):
    """A unit that takes part and as what, or the leader; one meant by a collective name carries it in ``named_as``.

    A unit that led it or had set it before carries the days between which it did.
    """

    class Meta:
        model = DutyPart
        fields: ClassVar = ["part", "unit", "person", "named_as", "since", "until"]
        read_only_fields: ClassVar = fields


class DutySerializer(serializers.ModelSerializer[Duty]):
    """A duty with its six. ``due_date`` is the last day, through its end; none: it stands until further notice.

    ``given_date`` is the day as it was given, when ``due_date`` may be the next working day after it.
    ``first_due_date`` is the one before any extension, ``work_days`` is kept when it was counted from ``set_date``.
    """

    class Meta:
        model = Duty
        fields: ClassVar = [
            "id", "number", "item", "target", "requirement", "leader", "lead_unit", "set_unit", "set_by", "set_date", "grade", "secrecy",
            "due_date", "given_date", "first_due_date", "work_days", "statutory_date", "source_kind", "source_text", "clause", "parent", "state",
            "handler", "accepted_date", "reported_date", "percent", "result", "submitted_by", "submitted_date", "closed_date",
            "extensions", "returns", "refusals", "reopenings", "version", "created_at", "updated_at", "is_demo",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class SixInput(Strict):
    """The six of a duty; ``due_date`` or ``work_days``, not both."""

    item = serializers.CharField(max_length=200)
    target = serializers.CharField(max_length=1000)
    requirement = serializers.CharField(max_length=4000)
    lead_unit = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all())
    joint_units = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all(), many=True, required=False)
    leader = serializers.PrimaryKeyRelatedField(
        queryset=Person.objects.all(), required=False, allow_null=True
    )
    due_date = serializers.DateField(required=False, allow_null=True)
    work_days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=750)
    statutory_date = serializers.DateField(required=False, allow_null=True)
    grade = serializers.ChoiceField(choices=list(terms.GRADES.items()), required=False, default=terms.KEY)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("due_date") and attrs.get("work_days"):
            sentence = _("日期和工作日数只填一个。")
            raise Invalid(sentence, fields={"work_days": [sentence]})
        return attrs


SIX = (
    "item", "target", "requirement", "lead_unit", "joint_units", "leader", "due_date", "work_days", "statutory_date", "grade",
)  # fmt: skip


def six_of(given: dict[str, Any]) -> services.Six:
    """Return the six that a body names."""
    return services.Six(**{name: given[name] for name in SIX if name in given})


class DutyInput(SixInput):
    """A duty set in the name of one of the caller's units."""

    set_unit = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all())
    source_kind = serializers.ChoiceField(choices=[(kind, terms.SOURCES[kind]) for kind in terms.BY_HAND])
    source_text = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    secrecy = serializers.ChoiceField(
        choices=list(terms.SECRECY.items()), required=False, default=terms.INTERNAL
    )


class DutyChangeInput(Strict):
    """What a duty asks for from now on, all of it, and why."""

    item = serializers.CharField(max_length=200)
    target = serializers.CharField(max_length=1000)
    requirement = serializers.CharField(max_length=4000)
    grade = serializers.ChoiceField(choices=list(terms.GRADES.items()))
    leader = serializers.PrimaryKeyRelatedField(queryset=Person.objects.all(), allow_null=True)
    joint_units = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all(), many=True)
    reason = serializers.CharField(max_length=500)


class DutyHandOverInput(Strict):
    """The unit that leads from now on, and why."""

    unit = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all())
    reason = serializers.CharField(max_length=1000)


class DutySubmitInput(Strict):
    """The result of a duty with a file that shows it; without a file those uploaded as evidence count."""

    result = serializers.CharField(max_length=4000)
    evidence = Upload(required=False)


class DutyRemindInput(Strict):
    """A level of reminder and what it asks for."""

    level = serializers.ChoiceField(choices=list(terms.LEVELS.items()))
    reason = serializers.CharField(max_length=500)


class DutyReminderSerializer(serializers.ModelSerializer[Reminder]):
    """A level of reminder as it was issued; ``document`` is what it says, ``digest`` is of it."""

    class Meta:
        model = Reminder
        fields: ClassVar = [
            "id", "level", "for_date", "days_late", "number", "document", "digest", "reason", "issued_by", "issued_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class DutyReportSerializer(serializers.ModelSerializer[Report]):
    """How far a duty had come, as one of its units told it."""

    class Meta:
        model = Report
        fields: ClassVar = ["id", "unit", "percent", "text", "problem", "reported_by", "reported_at"]
        read_only_fields: ClassVar = fields


class DutyReportInput(Strict):
    """How far a duty has come; ``percent`` of the whole is the lead unit's to say."""

    unit = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all())
    percent = serializers.IntegerField(min_value=0, max_value=100, required=False, allow_null=True)
    text = serializers.CharField(max_length=2000)
    problem = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class DutyExtensionSerializer(serializers.ModelSerializer[Extension]):
    """A later last day that was asked for; ``granted_until`` may be earlier than asked."""

    class Meta:
        model = Extension
        fields: ClassVar = [
            "id", "duty", "was", "until", "reason", "state", "asked_by", "asked_at", "granted_until", "answer", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class DutyExtensionInput(Strict):
    until = serializers.DateField()
    reason = serializers.CharField(max_length=1000)


class DutyGrantInput(Strict):
    until = serializers.DateField()
    answer = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class DutyViewSet(Counts, Moving, ObjectViewSet):
    """Duties: what units must do for others, by when, and what came of it."""

    model = Duty
    permission = VIEW
    serializer_class = DutySerializer
    filterset_class = DutyFilter
    lifecycles = (lifecycle.DUTY,)
    queryset = Duty.objects.none()

    @act(DutyInput, DutySerializer, permission=SET, status=201)
    def create(self, given: dict[str, Any]) -> Duty:
        """Set a duty with all six; a last day that is a day off moves to the next working day."""
        origin = services.Origin(given["source_kind"], text=given["source_text"])
        return services.set_duty(
            by=self.by, six=six_of(given), origin=origin, set_unit=given["set_unit"], secrecy=given["secrecy"]
        )

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, DutySerializer, versioned=True)
    def move(self, duty: Duty, version: int, given: dict[str, Any], move: str) -> Duty:
        """Accept, return, insist, take back, approve, reject, cancel or reopen; the others have addresses of their own."""
        return services.move_duty(by=self.by, duty=duty, move=move, version=version, **given)

    @action(detail=True, methods=["post"])
    @act(DutyChangeInput, DutySerializer, needs="set", versioned=True)
    def change(self, duty: Duty, version: int, given: dict[str, Any]) -> Duty:
        """Change what a duty asks for, with a reason; its units are told."""
        leader, joint, reason = given.pop("leader"), given.pop("joint_units"), given.pop("reason")
        return services.change_duty(
            by=self.by,
            duty=duty,
            version=version,
            values=given,
            leader=leader,
            joint_units=joint,
            reason=reason,
        )

    @action(detail=True, methods=["post"], url_path="hand-over")
    @act(DutyHandOverInput, DutySerializer, needs="set", versioned=True)
    def hand_over(self, duty: Duty, version: int, given: dict[str, Any]) -> Duty:
        """Give a duty to another unit, which accepts it anew."""
        return services.hand_over(by=self.by, duty=duty, version=version, **given)

    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    @act(DutySubmitInput, DutySerializer, needs="handle")
    def submit(self, duty: Duty, given: dict[str, Any]) -> Duty:
        """Report a duty as done; who set it reviews."""
        file = given.get("evidence")
        return services.submit_duty(
            by=self.by, duty=duty, result=given["result"], files=[(file, file.name)] if file else []
        )

    @action(detail=True, methods=["post"])
    @act(SixInput, DutySerializer, needs="handle", status=201)
    def divide(self, duty: Duty, given: dict[str, Any]) -> Duty:
        """Give a part of a duty to a unit; the whole is submitted when every part is done."""
        return services.set_duty(
            by=self.by, six=six_of(given), parent=duty, set_unit=duty.lead_unit,
            origin=services.Origin(terms.PART, text=duty.number),
        )  # fmt: skip

    @action(detail=True, methods=["post"])
    @act(DutyRemindInput, DutyReminderSerializer, needs="supervise", status=201)
    def remind(self, duty: Duty, given: dict[str, Any]) -> Reminder:
        """Issue a level of reminder; a grave one only when the rule says that it is time."""
        return services.issue_reminder(by=self.by, duty=duty, **given)


class DutyFiles(FilesViewSet):
    parent = Duty
    permission = VIEW


class DutyParties(NestedViewSet):
    """Who takes part in a duty, in the order of the document."""

    parent, model = Duty, DutyPart
    permission = VIEW
    serializer_class = DutyPartySerializer
    ordering = ("order", "pk")

    def belonging(self, parent: Duty) -> QuerySet[DutyPart]:
        return parent.sides.all()


class DutyReports(NestedViewSet):
    """How far a duty has come."""

    parent, model = Duty, Report
    permission = VIEW
    serializer_class = DutyReportSerializer

    def belonging(self, parent: Duty) -> QuerySet[Report]:
        return parent.reports.all()

    @act(DutyReportInput, DutyReportSerializer, needs="contribute", status=201)
    def create(self, parent: Duty, given: dict[str, Any]) -> Report:
        """Tell how far a duty has come, for one of its units."""
        return services.report_progress(by=self.by, duty=parent, **given)


class DutyReminders(NestedViewSet):
    """The reminders of a duty, as they were issued."""

    parent, model = Duty, Reminder
    permission = VIEW
    serializer_class = DutyReminderSerializer

    def belonging(self, parent: Duty) -> QuerySet[Reminder]:
        return parent.reminders.all()


class DutyExtensions(NestedViewSet):
    """The later last days that were asked for."""

    parent, model = Duty, Extension
    permission = VIEW
    serializer_class = DutyExtensionSerializer

    def belonging(self, parent: Duty) -> QuerySet[Extension]:
        return parent.asked_extensions.all()

    @act(DutyExtensionInput, DutyExtensionSerializer, needs="handle", status=201)
    def create(self, parent: Duty, given: dict[str, Any]) -> Extension:
        """Ask for a later last day, before the present one has passed."""
        return services.ask_extension(by=self.by, duty=parent, **given)


class ExtensionViewSet(Moving, ScopedViewSet):
    """Extensions of all duties one sees; “grant” is posted to ``grant/`` with the day."""

    model = Extension
    permission = VIEW
    serializer_class = DutyExtensionSerializer
    filter_backends = ()
    lifecycles = (lifecycle.EXTENSION,)
    queryset = Extension.objects.none()

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, DutyExtensionSerializer, versioned=True)
    def move(self, extension: Extension, version: int, given: dict[str, Any], move: str) -> Extension:
        """Refuse an extension with a reason, or take back one's own."""
        return services.move_extension(by=self.by, extension=extension, move=move, version=version, **given)

    @action(detail=True, methods=["post"])
    @act(DutyGrantInput, DutyExtensionSerializer, needs="decide", versioned=True)
    def grant(self, extension: Extension, version: int, given: dict[str, Any]) -> Extension:
        """Grant the last day asked for, or an earlier one."""
        return services.grant_extension(by=self.by, extension=extension, version=version, **given)
