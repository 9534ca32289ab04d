"""Meetings, topics and resolutions over the API: the desk's filters, scopes, lifecycles and services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.api import (
    MOVE,
    MoveInput,
    Moving,
    NestedViewSet,
    ObjectViewSet,
    Reason,
    ScopedViewSet,
    Strict,
    StrictModel,
    Upload,
    act,
)
from yinfeng.core.api_common import AnyAccept, FilesViewSet
from yinfeng.core.api_schema import Problem
from yinfeng.core.errors import Invalid, Missing, refusal
from yinfeng.core.exporting import word_file
from yinfeng.core.models import Event
from yinfeng.core.scopes import fetch, rows
from yinfeng.duties.api import SixInput, six_of
from yinfeng.meetings import lifecycle, queries, services, states
from yinfeng.meetings.filters import MeetingFilter, TopicFilter
from yinfeng.meetings.models import Attendee, FairReview, Item, Meeting, Minutes, Resolution, Topic
from yinfeng.orgs.models import Unit
from yinfeng.projects.models import Bottleneck, Project

VIEW, RUN, SUBMIT = "meetings.meeting.view", "meetings.meeting.run", "meetings.topic.submit"


class InSight(serializers.PrimaryKeyRelatedField):
    """A row that the caller sees, by its number: one out of sight is as if it were not there."""

    def get_queryset(self) -> Any:
        found: Any = super().get_queryset()
        view = self.context.get("view")
        return found if found is None or view is None or view.is_described else found.permitted(view.by)


# --- meetings -----------------------------------------------------------------------------------------------------


class MeetingSerializer(StrictModel):
    """A meeting of a body; ``number`` is the how-manieth of its ``year`` it is, once its agenda is fixed.

    Without ``topics_close_date`` topics close so many days before as the profile says.
    """

    moved = ("state",)

    class Meta:
        model = Meeting
        fields: ClassVar = [
            "id", "body", "title", "starts_at", "place", "chair", "topics_close_date", "secrecy", "state", "year", "number",
            "created_by", "version", "created_at", "updated_at", "is_demo",
        ]  # fmt: skip
        read_only_fields: ClassVar = ["id", "state", "year", "number", "created_by", "version", "is_demo"]
        extra_kwargs: ClassVar = {"topics_close_date": {"required": False}}


class RhythmSerializer(serializers.Serializer[Any]):
    """A body that is to meet once in ``every_months`` at least: when it last did, when it next will, whether it still is to."""

    body = serializers.IntegerField(source="body.pk")
    name = serializers.CharField(source="body.label")
    every_months = serializers.IntegerField()
    last = serializers.DateTimeField(allow_null=True)
    coming = serializers.DateTimeField(allow_null=True)
    is_owed = serializers.BooleanField()


class ProposedSerializer(serializers.Serializer[Any]):
    """A topic that a rule of the profile proposes: ``key`` takes it on, ``reason`` says why."""

    key = serializers.CharField()
    rule = serializers.CharField(source="rule.code")
    brings = serializers.CharField(source="rule.brings")
    title = serializers.CharField()
    reason = serializers.CharField()
    project = serializers.IntegerField(source="project.pk")
    bottleneck = serializers.IntegerField(source="bottleneck.pk", allow_null=True, default=None)


class TakeOnInput(Strict):
    """An approved ``topic`` or the ``key`` of a proposal, not both; ``leave`` says why one that comes late is taken on."""

    topic = serializers.IntegerField(required=False, min_value=1, max_value=10**18)
    key = serializers.CharField(required=False, max_length=80)
    leave = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class OrderInput(Strict):
    """All items of the agenda, each once, in their new order."""

    items = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=10**18), max_length=200
    )


class CameInput(Strict):
    id = serializers.IntegerField(min_value=1, max_value=10**18)
    kind = serializers.ChoiceField(choices=list(states.ATTENDANCE.items()))


class AttendanceInput(Strict):
    """Of attendees, who came; those not named stay as they are."""

    attendees = serializers.ListField(child=CameInput(), max_length=500)


class MinutesSerializer(serializers.ModelSerializer[Minutes]):
    """Minutes as they were issued; ``digest`` is SHA-256 over ``content``."""

    class Meta:
        model = Minutes
        fields: ClassVar = ["meeting", "year", "number", "content", "digest", "issued_by", "issued_at"]
        read_only_fields: ClassVar = fields


class MeetingViewSet(Moving, ObjectViewSet):
    """Meetings of the bodies of the directory."""

    model = Meeting
    permission = VIEW
    serializer_class = MeetingSerializer
    filterset_class = MeetingFilter
    lifecycles = (lifecycle.MEETING,)
    queryset = Meeting.objects.none()

    def lines_of(self, row: Any, events: Sequence[Event]) -> list[dict[str, Any]]:
        """Name a topic to those alone who see it."""
        hidden = queries.hidden_topics(self.by, (event.data.get("topic") for event in events))
        lines = super().lines_of(row, events)
        return [
            line | {"detail": "", "note": ""} if event.data.get("topic") in hidden else line
            for line, event in zip(lines, events, strict=True)
        ]

    @act(MeetingSerializer, permission=RUN, status=201)
    def create(self, given: dict[str, Any]) -> Meeting:
        """Plan a meeting of a body and call who has a seat in it."""
        return services.plan_meeting(by=self.by, values=given)

    @act(MeetingSerializer, needs="run", versioned=True)
    def partial_update(self, meeting: Meeting, version: int, given: dict[str, Any]) -> Meeting:
        """Change when, where and under whom a body meets, on the version named by If-Match; a meeting stays its body's."""
        if "body" in given and given.pop("body") != meeting.body:
            sentence = _("会议不能改由别的机构召开，请另行拟定。")
            raise Invalid(sentence, fields={"body": [sentence]})
        return services.change_meeting(by=self.by, meeting=meeting, version=version, values=given)

    @extend_schema(responses=RhythmSerializer(many=True))
    @action(detail=False, pagination_class=None, filter_backends=[])
    def rhythms(self, request: Request) -> Response:
        """Say of the bodies that are to meet regularly which still are to, as far as their unit is in the caller's sight."""
        found = queries.rhythms(self.by, timezone.localdate())
        return Response(RhythmSerializer(found, many=True).data)

    @extend_schema(responses=ProposedSerializer(many=True))
    @action(detail=True, pagination_class=None, filter_backends=[])
    def proposals(self, request: Request, pk: str = "") -> Response:
        """List what the rules of the profile propose for the agenda, each with its reason."""
        meeting = self.get_object()
        is_open = meeting.state in states.OPEN_MEETINGS
        found = queries.proposed(meeting.body, self.by, timezone.localdate()) if is_open else []
        return Response(ProposedSerializer(found, many=True).data)

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, MeetingSerializer, versioned=True)
    def move(self, meeting: Meeting, version: int, given: dict[str, Any], move: str) -> Meeting:
        """Fix the agenda, convene, issue the minutes or cancel."""
        return services.move_meeting(by=self.by, meeting=meeting, move=move, version=version, **given)

    @action(detail=True, methods=["post"], url_path="take-on")
    @act(TakeOnInput, MeetingSerializer, needs="run")
    def take_on(self, meeting: Meeting, given: dict[str, Any]) -> Meeting:
        """Put an approved topic, or what a rule proposes, on the agenda."""
        if ("topic" in given) == ("key" in given):
            sentence = _("请填写 topic 或 key 中的一项。")
            raise Invalid(sentence, fields={"topic": [sentence]})
        if "topic" in given:
            topic = fetch(rows(Topic), self.by, given["topic"])
            services.take_on(by=self.by, meeting=meeting, topic=topic, leave=given["leave"])
        else:
            services.take_on_proposal(by=self.by, meeting=meeting, key=given["key"], leave=given["leave"])
        meeting.refresh_from_db()
        return meeting

    @action(detail=True, methods=["post"])
    @act(OrderInput, MeetingSerializer, needs="run")
    def order(self, meeting: Meeting, given: dict[str, Any]) -> Meeting:
        """Put the agenda into another order."""
        services.reorder(by=self.by, meeting=meeting, items=given["items"])
        return meeting

    @action(detail=True, methods=["post"])
    @act(AttendanceInput, MeetingSerializer, needs="run")
    def attendance(self, meeting: Meeting, given: dict[str, Any]) -> Meeting:
        """Say of those called who came."""
        kinds = {row["id"]: row["kind"] for row in given["attendees"]}
        services.record_attendance(by=self.by, meeting=meeting, kinds=kinds)
        return meeting

    @action(detail=True, pagination_class=None, filter_backends=[])
    @act(gives=MinutesSerializer, needs="read")
    def minutes(self, meeting: Meeting) -> Minutes:
        """Return the minutes as they were issued, to who sees every topic of the meeting."""
        found = queries.minutes_of(meeting)
        if found is None:
            raise Missing(_("纪要还没有印发。"))
        return found

    @extend_schema(
        responses={
            (200, "*/*"): OpenApiTypes.BINARY,
            409: OpenApiResponse(Problem, description="Not issued yet, or the meeting was cancelled."),
        }
    )
    @action(
        detail=True, pagination_class=None, filter_backends=[], content_negotiation_class=AnyAccept,
        url_path=r"papers/(?P<paper>agenda|briefs|seating|minutes)",
    )  # fmt: skip
    def papers(self, request: Request, pk: str = "", paper: str = "") -> HttpResponse:
        """Download a paper as docx, for who sees every topic of the meeting; who took it is logged."""
        printed = services.print_paper(by=self.by, meeting=self.get_object(), paper=paper)
        return word_file(printed.content, printed.name)


class MeetingFiles(FilesViewSet):
    parent = Meeting
    permission = VIEW


class AttendeeSerializer(StrictModel):
    """A unit or a person called to a meeting, and whether it came."""

    class Meta:
        model = Attendee
        fields: ClassVar = ["id", "unit", "person", "position", "kind", "order"]
        read_only_fields: ClassVar = ["id", "order"]
        validators: ClassVar[list[Any]] = []  # the service says who is called already


class Attendees(NestedViewSet):
    """Who is called to a meeting."""

    parent, model = Meeting, Attendee
    permission = VIEW
    serializer_class = AttendeeSerializer
    ordering = ("order", "pk")

    def belonging(self, parent: Meeting) -> QuerySet[Attendee]:
        return parent.attendees.all()

    @act(AttendeeSerializer, AttendeeSerializer, needs="run", status=201)
    def create(self, parent: Meeting, given: dict[str, Any]) -> Attendee:
        """Call a unit, or somebody, to the meeting."""
        return services.call(by=self.by, meeting=parent, who=given.pop("person", None), **given)

    @action(detail=True, methods=["post"])
    @act(Reason, needs="run", status=204)
    def remove(self, parent: Meeting, given: dict[str, Any]) -> None:
        """Take somebody off the list of those called."""
        services.uncall(by=self.by, meeting=parent, attendee=int(self.kwargs["pk"]))


# --- the agenda ---------------------------------------------------------------------------------------------------


class ItemSerializer(serializers.ModelSerializer[Item]):
    """A topic on an agenda, in its order; ``resolution`` is there once it was decided. ``version`` is that of the notes."""

    resolution = serializers.SerializerMethodField()

    class Meta:
        model = Item
        fields: ClassVar = ["id", "topic", "order", "leave", "notes", "resolution", "version"]
        read_only_fields: ClassVar = fields

    def get_resolution(self, item: Item) -> int | None:
        return item.outcome.pk if item.outcome is not None else None


class NotesInput(Strict):
    """What was said about a topic; ``version`` is that of the item as it was read."""

    notes = serializers.CharField(max_length=4000, allow_blank=True)
    version = serializers.IntegerField(min_value=1, max_value=10**9)


class ResolutionInput(Strict):
    """What was decided, and the duties that come of it, each with its six; what is agreed has one at least."""

    decision = serializers.ChoiceField(choices=list(states.DECISIONS.items()))
    text = serializers.CharField(max_length=2000)
    conditions = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    siting_unit = serializers.PrimaryKeyRelatedField(
        queryset=Unit.objects.all(), required=False, allow_null=True
    )
    support = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    tasks = serializers.ListField(child=SixInput(), required=False, default=list, max_length=20)


class ResolutionSerializer(serializers.ModelSerializer[Resolution]):
    """What a body decided of a topic; its duties have the kind of source ``resolution``."""

    class Meta:
        model = Resolution
        fields: ClassVar = [
            "id", "meeting", "topic", "year", "number", "decision", "text", "conditions", "siting_unit", "support", "decided_date",
            "state", "recorded_by", "version", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class Items(NestedViewSet):
    """The agenda of a meeting, of which one sees the topics one may see."""

    parent, model = Meeting, Item
    permission = VIEW
    serializer_class = ItemSerializer
    ordering = ("order", "pk")

    def belonging(self, parent: Meeting) -> QuerySet[Item]:
        seen = Topic.objects.permitted(self.by).values("pk")
        return parent.items.filter(topic__in=seen).select_related("resolution")

    def item(self, parent: Meeting) -> Item:
        """Return the item of the address, if its topic is in sight."""
        found = queries.item_of(int(self.kwargs["pk"]), parent)
        if found is None or not rows(Topic).row(self.by, found.topic_id).exists():
            raise Missing
        return found

    @action(detail=True, methods=["post"])
    @act(Reason, needs="run", status=204)
    def off(self, parent: Meeting, given: dict[str, Any]) -> None:
        """Take the topic off an agenda that is still open, saying why."""
        services.take_off(by=self.by, meeting=parent, item=self.item(parent), **given)

    @action(detail=True, methods=["post"])
    @act(NotesInput, ItemSerializer, needs="run")
    def notes(self, parent: Meeting, given: dict[str, Any]) -> Item:
        """Keep what was said about the topic, until the minutes are issued."""
        return services.note_item(by=self.by, meeting=parent, item=self.item(parent), **given)

    @action(detail=True, methods=["post"])
    @act(ResolutionInput, ResolutionSerializer, needs="run", status=201)
    def resolve(self, parent: Meeting, given: dict[str, Any]) -> Resolution:
        """Record what was decided of the topic and give out its duties, all or nothing."""
        tasks = [six_of(task) for task in given.pop("tasks")]
        return services.resolve(by=self.by, meeting=parent, item=self.item(parent), values=given, tasks=tasks)


class CorrectionInput(Strict):
    """What changes of a resolution, and why; ``tasks`` are given out besides, those in ``cancelled`` are cancelled."""

    decision = serializers.ChoiceField(choices=list(states.DECISIONS.items()), required=False)
    text = serializers.CharField(max_length=2000, required=False)
    conditions = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    siting_unit = serializers.PrimaryKeyRelatedField(
        queryset=Unit.objects.all(), required=False, allow_null=True
    )
    support = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    tasks = serializers.ListField(child=SixInput(), required=False, default=list, max_length=20)
    cancelled = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=10**18), required=False, default=list, max_length=200
    )  # fmt: skip
    reason = serializers.CharField(max_length=1000)


class ResolutionViewSet(Moving, ScopedViewSet):
    """What bodies decided, of topics in sight; what was taken back has that ``state``."""

    model = Resolution
    permission = VIEW
    serializer_class = ResolutionSerializer
    filter_backends = ()
    lifecycles = (lifecycle.RESOLUTION,)
    queryset = Resolution.objects.none()

    def get_queryset(self) -> Any:
        return (
            super()
            .get_queryset()
            .select_related("meeting__body__unit", "topic__project", "topic__body__unit")
        )

    @act(CorrectionInput, ResolutionSerializer, needs="change", versioned=True)
    def partial_update(self, resolution: Resolution, version: int, given: dict[str, Any]) -> Resolution:
        """Put right what was recorded, until the minutes are issued; the topic and the duties follow."""
        if "reason" not in given:
            raise refusal("reason", _("请填写原因。"))
        tasks = [six_of(task) for task in given.pop("tasks", ())]
        reason, cancelled = given.pop("reason"), given.pop("cancelled", ())
        return services.correct_resolution(
            by=self.by, resolution=resolution, version=version, values=given, reason=reason, tasks=tasks, cancelled=cancelled
        )  # fmt: skip

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, ResolutionSerializer, versioned=True)
    def move(self, resolution: Resolution, version: int, given: dict[str, Any], move: str) -> Resolution:
        """Take back what was recorded wrongly: its duties are cancelled, the topic can be decided anew."""
        lifecycle.RESOLUTION.check(resolution, move, self.by)
        return services.take_back_resolution(by=self.by, resolution=resolution, version=version, **given)


# --- topics -------------------------------------------------------------------------------------------------------


class TopicSerializer(StrictModel):
    """A matter brought before a body; one that asks for support names the ``review_unit`` that looks at fair competition."""

    moved = ("state",)
    project = InSight(queryset=Project.objects.all(), required=False, allow_null=True)
    bottleneck = InSight(queryset=Bottleneck.objects.all(), required=False, allow_null=True)

    class Meta:
        model = Topic
        fields: ClassVar = [
            "id", "body", "kind", "title", "project", "bottleneck", "unit", "summary", "ask", "review_unit", "state", "submitted_by",
            "submitted_date", "approved_by", "rule", "why", "meeting", "version", "created_at", "updated_at", "is_demo",
        ]  # fmt: skip
        read_only_fields: ClassVar = [
            "id", "state", "submitted_by", "submitted_date", "approved_by", "rule", "why", "meeting", "version", "is_demo",
        ]  # fmt: skip
        validators: ClassVar[list[Any]] = []  # what a rule brings is no caller's


class TopicViewSet(Moving, ObjectViewSet):
    """Topics, through their projects or by the units concerned."""

    model = Topic
    permission = VIEW
    serializer_class = TopicSerializer
    filterset_class = TopicFilter
    lifecycles = (lifecycle.TOPIC,)
    queryset = Topic.objects.none()

    @act(TopicSerializer, permission=SUBMIT, status=201)
    def create(self, given: dict[str, Any]) -> Topic:
        """Bring a topic before a body."""
        return services.submit_topic(by=self.by, values=given)

    @act(TopicSerializer, needs="bring", versioned=True)
    def partial_update(self, topic: Topic, version: int, given: dict[str, Any]) -> Topic:
        """Change a topic that is on no agenda, on the version named by If-Match; an approved one is then approved again."""
        return services.change_topic(by=self.by, topic=topic, version=version, values=given)

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, TopicSerializer, versioned=True)
    def move(self, topic: Topic, version: int, given: dict[str, Any], move: str) -> Topic:
        """Approve, take up again, refuse, withdraw or submit again."""
        return services.move_topic(by=self.by, topic=topic, move=move, version=version, **given)


class TopicFiles(FilesViewSet):
    parent = Topic
    permission = VIEW


class ReviewSerializer(serializers.ModelSerializer[FairReview]):
    """What a unit found of a topic; ``found`` names the tests it touches, ``ask`` the words that were reviewed."""

    class Meta:
        model = FairReview
        fields: ClassVar = [
            "id", "conclusion", "found", "grounds", "exception", "unit", "reviewed_by", "review_date", "valid_until", "ask", "document",
            "recorded_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class ReviewInput(Strict):
    """A conclusion with its grounds; ``exception`` names the rule that exempts, where one does."""

    conclusion = serializers.ChoiceField(choices=list(states.CONCLUSIONS.items()))
    found = serializers.ListField(
        child=serializers.ChoiceField(choices=list(states.TESTS.items())),
        required=False,
        default=list,
        max_length=4,
    )
    grounds = serializers.CharField(max_length=2000)
    exception = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    review_date = serializers.DateField()
    valid_until = serializers.DateField()
    document = Upload(required=False)


class Reviews(NestedViewSet):
    """The fair-competition reviews of a topic; the newest counts."""

    parent, model = Topic, FairReview
    permission = VIEW
    serializer_class = ReviewSerializer
    parser_classes = (MultiPartParser,)
    ordering = "-pk"

    def belonging(self, parent: Topic) -> QuerySet[FairReview]:
        return parent.reviews.all()

    @act(ReviewInput, ReviewSerializer, needs="review", status=201)
    def create(self, parent: Topic, given: dict[str, Any]) -> FairReview:
        """Record what the unit that was asked found; who asked for the measure does not review it."""
        file = given.pop("document", None)
        return services.review_topic(
            by=self.by, topic=parent, file=file, name=file.name if file else "", **given
        )
