"""Leads and projects over the API: the desk's filters, scopes, lifecycles and services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.actors import ANONYMOUS, Actor
from yinfeng.core.api import (
    MOVE,
    Currency,
    MoveInput,
    Moving,
    NestedViewSet,
    ObjectViewSet,
    Reason,
    Resource,
    ScopedViewSet,
    Strict,
    StrictModel,
    Upload,
    act,
    money_of,
)
from yinfeng.core.api_common import FileSerializer, FilesViewSet
from yinfeng.core.errors import Invalid
from yinfeng.core.models import User
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.models import Membership
from yinfeng.orgs.queries import hosts
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.api_settlements import Settles
from yinfeng.projects.filters import (
    ClaimFilter,
    ClosingFilter,
    DisputeFilter,
    EntryFilter,
    LeadFilter,
    PersonalActFilter,
    ProjectFilter,
    ReversalFilter,
    StepBackFilter,
    TransferFilter,
)
from yinfeng.projects.models import (
    Claim,
    Closing,
    Dispute,
    Entry,
    Lead,
    Participation,
    PersonalAct,
    Project,
    Reversal,
    Share,
    Side,
    StepBack,
    Talk,
    TeamMember,
    Transfer,
)
from yinfeng.projects.models.reporting_form import Reported

LEADS, PROJECTS = "projects.lead.view", "projects.project.view"


# What the reporting form asks beyond the outline of a project.
REPORTED = [field.name for field in Reported._meta.get_fields()]


class Asking(StrictModel):
    """A lead or project as it is read and written; amounts are yuan, unless ``currency`` says in what ``intended`` is given.

    Unusual amounts are questioned until ``confirm_amounts`` says that they are right; an enterprise with which others
    already talk, until ``despite`` says why.
    """

    moved = ("state", "stage", "status")
    currency = Currency()
    despite = serializers.CharField(required=False, allow_blank=True, write_only=True, max_length=500)
    confirm_amounts = serializers.BooleanField(required=False, write_only=True)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        fields["enterprise"].queryset = Enterprise.objects.permitted(self.by)
        for name in ("host_unit", "reporter_unit", "handling_unit"):
            if name in fields:
                fields[name].queryset = hosts()
                fields[name].required = False
        return fields

    @property
    def by(self) -> Actor:
        view = self.context.get("view")
        return view.by if isinstance(view, Resource) and not view.is_described else ANONYMOUS

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        currency = attrs.pop("currency", "CNY")
        if currency != "CNY" and attrs.get("intended") is None:
            raise serializers.ValidationError({"currency": _("请同时填写意向投资额。")})
        if attrs.get("intended") is not None:
            attrs["intended"] = money_of(attrs["intended"], currency)
        return attrs


def answers(given: dict[str, Any]) -> dict[str, Any]:
    """Take the answers to questions out of a body, as services want them."""
    found = {"despite": given.pop("despite", ""), "confirmed": given.pop("confirm_amounts", False)}
    return found | ({"related": given.pop("related")} if "related" in given else {})


class Related(serializers.IntegerField):
    """The id of the investor's project with which this one goes; the others are different ones, as ``despite`` says."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, min_value=1, max_value=2**63 - 1, **kwargs)


class LeadSerializer(Asking):
    class Meta:
        model = Lead
        fields: ClassVar = [
            "id", "title", "enterprise", "source", "source_detail", "heard_date", "content", "industry", "intended",
            "intended_currency", "intended_original", "first_reported_at", "reporter_unit", "handling_unit",
            "registered_by", "state", "finding", "version", "created_at", "updated_at", "is_demo", "despite",
            "currency", "confirm_amounts",
        ]  # fmt: skip
        read_only_fields: ClassVar = [
            "id", "first_reported_at", "registered_by", "state", "finding", "version", "is_demo", "intended_currency",
            "intended_original",
        ]  # fmt: skip


class ClassSerializer(serializers.Serializer[Any]):
    """The class of a project today and what decides it; ``code`` is empty when it fits none or too little is known."""

    code = serializers.CharField(allow_blank=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    reason = serializers.CharField()


# How often the planned days and the plan by months were moved, and the days before that.
_MOVED_DAYS = Project.worked_out


class ProjectSerializer(Asking):
    """A project; ``put_off`` says why a planned day that its stage asks for is later now. ``registered_firm`` is the library's
    record of the firm whose licence bears ``registered_name`` and ``registered_code``, entered there if it is new."""

    category = serializers.SerializerMethodField()
    registered_name = serializers.CharField(required=False, allow_blank=True, write_only=True, max_length=200)
    registered_code = serializers.CharField(required=False, allow_blank=True, write_only=True, max_length=30)
    put_off = serializers.CharField(required=False, allow_blank=True, write_only=True, max_length=500)
    note = serializers.CharField(required=False, allow_blank=True, write_only=True, max_length=500)
    related = Related(write_only=True)

    class Meta:
        model = Project
        fields: ClassVar = [
            "id", "code", "name", "lead", "enterprise", "stage", "stage_since", "status", "secrecy", "grade_override", "grade_reason", "category", "category_override", "category_reason", "project_class",
            "investment_kind", "headquarters_kind", "headquarters_staff", "headquarters_functions", "is_foreign", "origin", "industry", "chain", "summary", "intended", "intended_currency",
            "intended_original", "fixed_investment", "contracted", "area", "site", "land_mu", "construction_kind",
            "planned_start_date", "planned_completion_date", "planned_production_date", *_MOVED_DAYS, "expected_output", "expected_tax",
            *REPORTED, "contact_name", "next_step", "next_date", "signed_date", "registered_date", "started_date", "completed_date",
            "producing_date", "at_capacity_date", "parent", "lost_reason",
            "rival_place", "progress_at", "reporter_unit", "host_unit", "created_by", "version", "created_at",
            "registered_firm", "registered_name", "registered_code", "updated_at", "is_demo", "despite", "related", "currency", "confirm_amounts", "note", "put_off",
        ]  # fmt: skip
        read_only_fields: ClassVar = [
            *_MOVED_DAYS, "id", "code", "lead", "registered_firm", "parent", "grade_override", "grade_reason", "category_override", "category_reason", "stage", "stage_since", "status", "contracted", "signed_date", "registered_date",
            "started_date", "completed_date", "producing_date", "at_capacity_date", "lost_reason",
            "rival_place", "progress_at", "created_by", "version", "is_demo", "intended_currency", "intended_original",
        ]  # fmt: skip

    @extend_schema_field(ClassSerializer(allow_null=True))
    def get_category(self, project: Project) -> dict[str, str] | None:
        today = timezone.localdate()
        found = queries.class_of(project, queries.categories(today), today)
        if found is None:
            return None
        code = found.category.code if found.category else ""
        return {"code": code, "label": found.label, "reason": found.reason}


class ConvertInput(MoveInput):
    """What a move of a lead is sent with; the project's name and secrecy belong to “convert”."""

    name = serializers.CharField(required=False, max_length=80)
    secrecy = serializers.ChoiceField(required=False, choices=list(stages.SECRECY.items()))
    despite = serializers.CharField(required=False, allow_blank=True, max_length=500)
    related = Related()


class ProjectMoveInput(MoveInput):
    """What a move of a project is sent with; reason code and place belong to “lose”."""

    lost_reason = serializers.CharField(required=False, allow_blank=True, max_length=40, default="")
    rival_place = serializers.CharField(required=False, allow_blank=True, max_length=100, default="")


class GradeInput(Strict):
    """The grade that somebody gives a project, and why; empty for that of the rule."""

    reason = serializers.CharField(max_length=500)

    grade = serializers.CharField(allow_blank=True, max_length=40)


class CategoryInput(Strict):
    """The class into which somebody puts a project, and why; empty for that of the rules."""

    category = serializers.CharField(allow_blank=True, max_length=40)
    reason = serializers.CharField(max_length=500)


class ExtensionInput(Strict):
    """The growth of a project: ``intended`` is what is added, in whole units of ``currency``, yuan unless said."""

    name = serializers.CharField(max_length=80)
    intended = serializers.DecimalField(max_digits=18, decimal_places=2, min_value=Decimal("0.01"))
    currency = Currency()
    summary = serializers.CharField(max_length=2000)
    despite = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    confirm_amounts = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["intended"] = money_of(attrs["intended"], attrs.pop("currency", "CNY"))
        return attrs


# --- leads and projects -------------------------------------------------------------------------------------------


class FirstReportSerializer(serializers.Serializer[Any]):
    """A lead or project of one investor and its place among them by when it was reported.

    ``key`` names it when a dispute is raised against it; ``reported`` is the day for who sees the row, else the month alone.
    """

    key = serializers.CharField()
    unit = serializers.CharField()
    stage = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    reported = serializers.CharField()
    protected_until = serializers.DateField(allow_null=True)
    rank = serializers.ChoiceField(choices=list(stages.RANKS.items()))


class Reporting(Moving):
    """A resource whose rows are reports of an investor."""

    @extend_schema(responses=FirstReportSerializer(many=True))
    @action(detail=True, pagination_class=None, filter_backends=[], url_path="first-reports")
    def first_reports(self, request: Request, pk: str = "") -> Response:
        """List who reported the investor of the row, in the order of their reports, as far as the caller may be told."""
        row = self.get_object()
        found = queries.dealings(row.enterprise, self.by) if row.enterprise else []
        told = [
            {
                "key": item.dealing.key, "unit": item.dealing.unit, "stage": item.dealing.clash.stage,
                "title": item.dealing.title if item.dealing.is_seen else "",
                "reported": f"{timezone.localtime(item.dealing.at):{'%Y-%m-%d' if item.dealing.is_seen else '%Y-%m'}}",
                "protected_until": item.until, "rank": item.rank,
            }
            for item in queries.places_of(found, timezone.localdate())
        ]  # fmt: skip
        return Response(FirstReportSerializer(told, many=True).data)


class LinkSerializer(serializers.Serializer[Any]):
    """What somebody declared of a project and another one of its investor, which the caller sees."""

    project = serializers.IntegerField(source="pk")
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=list(stages.LINKS.items()))
    reason = serializers.CharField()
    declared = serializers.DateField()


class LeadViewSet(Reporting, ObjectViewSet):
    """Leads: rumours of projects."""

    model = Lead
    permission = LEADS
    serializer_class = LeadSerializer
    filterset_class = LeadFilter
    lifecycles = (lifecycle.LEAD,)
    queryset = Lead.objects.none()

    @act(LeadSerializer, permission="projects.lead.register", status=201)
    def create(self, given: dict[str, Any]) -> Lead:
        """Register a lead; ``despite`` says why, when others already talk with the enterprise."""
        return services.register_lead(by=self.by, **answers(given), values=given)

    @act(LeadSerializer, needs="change", versioned=True)
    def partial_update(self, lead: Lead, version: int, given: dict[str, Any]) -> Lead:
        """Edit a lead on the version named by If-Match; the reporting unit stays."""
        given.pop("reporter_unit", None)
        return services.change_lead(by=self.by, lead=lead, version=version, **answers(given), values=given)

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(ConvertInput, {200: LeadSerializer, 201: ProjectSerializer}, versioned=True)
    def move(self, lead: Lead, version: int, given: dict[str, Any], move: str) -> Lead | Response:
        """Make a move; “convert” answers with the new project."""
        reason = given.pop("reason")
        if move == "convert":
            told = {name: given.pop(name) for name in ("despite", "related") if name in given}
            project = services.convert_lead(by=self.by, lead=lead, version=version, values=given, **told)
            return self.answer(project, 201, ProjectSerializer)
        if given:
            sentence = _("没有这一项，或这一项不能直接填写。")
            raise Invalid(sentence, fields={name: [sentence] for name in given})
        return services.move_lead(by=self.by, lead=lead, move=move, reason=reason, version=version)


class LeadFiles(FilesViewSet):
    parent = Lead
    permission = LEADS


class ProjectViewSet(Reporting, ObjectViewSet):
    """Projects from planning to full capacity."""

    model = Project
    permission = PROJECTS
    serializer_class = ProjectSerializer
    filterset_class = ProjectFilter
    lifecycles = (lifecycle.STAGE, lifecycle.STATUS)
    queryset = Project.objects.none()

    def get_queryset(self) -> Any:
        return queries.with_investors(super().get_queryset())

    def told_of(self, row: Project) -> Sequence[Model]:
        """Tell of the lead too, to those who may see it."""
        return [row, *Lead.objects.permitted(self.by).filter(project=row)]

    @extend_schema(responses=LinkSerializer(many=True))
    @action(detail=True, pagination_class=None, filter_backends=[])
    def links(self, request: Request, pk: str = "") -> Response:
        """List what was declared of the project and others of its investor: that they are related, or different and why."""
        return Response(LinkSerializer(queries.links_of(self.get_object(), self.by), many=True).data)

    @act(ProjectSerializer, permission="projects.project.add", status=201)
    def create(self, given: dict[str, Any]) -> Project:
        """Plan a project without a lead."""
        for name in ("note", "put_off"):
            given.pop(name, None)
        return services.add_project(by=self.by, **answers(given), values=given)

    @act(ProjectSerializer, needs="change", versioned=True)
    def partial_update(self, project: Project, version: int, given: dict[str, Any]) -> Project:
        """Edit a project's facts on the version named by If-Match; the reporting unit stays."""
        given.pop("reporter_unit", None)
        more = {name: given.pop(name, "") for name in ("note", "put_off")}
        return services.change_project(
            by=self.by, project=project, version=version, **more, **answers(given), values=given
        )

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(ProjectMoveInput, ProjectSerializer, versioned=True)
    def move(self, project: Project, version: int, given: dict[str, Any], move: str) -> Project:
        """Make a move of the stage or the status; stages that are achievements follow from the verification of a claim alone."""
        return services.move_project(by=self.by, project=project, move=move, version=version, **given)

    @action(detail=True, methods=["post"])
    @act(GradeInput, ProjectSerializer, needs="grade", versioned=True)
    def grade(self, project: Project, version: int, given: dict[str, Any]) -> Project:
        """Grade a project otherwise than by its amount, or by the rule again (``grade`` empty), with a reason."""
        return services.set_grade(by=self.by, project=project, version=version, **given)

    @action(detail=True, methods=["post"])
    @act(CategoryInput, ProjectSerializer, needs="grade", versioned=True)
    def category(self, project: Project, version: int, given: dict[str, Any]) -> Project:
        """Put a project into another class than the rules do, or leave it to them again (``category`` empty), with a reason."""
        return services.set_category(by=self.by, project=project, version=version, **given)

    @action(detail=True, methods=["post"])
    @act(ExtensionInput, ProjectSerializer, needs="extend", status=201)
    def extend(self, project: Project, given: dict[str, Any]) -> Project:
        """Make a project of the growth of one that has landed; it counts by its amount alone."""
        return services.extend_project(by=self.by, project=project, **answers(given), values=given)


class ProjectFiles(FilesViewSet):
    parent = Project
    permission = PROJECTS


# --- talks --------------------------------------------------------------------------------------------------------


class TalkSerializer(StrictModel):
    class Meta:
        model = Talk
        fields: ClassVar = [
            "id", "talk_date", "form", "place", "our_side", "their_side", "summary", "next_step", "next_date", "unit",
            "recorded_by", "recorded_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = ["id", "unit", "recorded_by", "recorded_at"]


class Talks(NestedViewSet):
    """Contact records of a project, the latest day first; they are written once."""

    parent, model = Project, Talk
    permission = PROJECTS
    serializer_class = TalkSerializer
    ordering = ("-talk_date", "-pk")

    def belonging(self, parent: Project) -> QuerySet[Talk]:
        return parent.talks.all()

    @act(TalkSerializer, needs="record", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> Talk:
        """Record a contact with the investor; what comes next becomes the project's next step."""
        return services.record_talk(by=self.by, project=parent, values=given)


# --- units and team -----------------------------------------------------------------------------------------------


class ParticipationSerializer(StrictModel):
    """A unit's part in a project; the parts that may be given by hand are joint, introducer and approver."""

    unit_name = serializers.CharField(source="unit.brief", read_only=True)

    class Meta:
        model = Participation
        fields: ClassVar = ["id", "unit", "unit_name", "part", "since"]
        read_only_fields: ClassVar = ["id", "since"]

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        fields["unit"].queryset = queries.joinable_units()
        return fields


class Units(NestedViewSet):
    """The units that take part in a project now."""

    parent, model = Project, Participation
    permission = PROJECTS
    serializer_class = ParticipationSerializer
    ordering = "pk"

    def belonging(self, parent: Project) -> QuerySet[Participation]:
        return parent.participations.current(self.by.day).select_related("unit")

    @act(ParticipationSerializer, needs="team", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> Participation:
        """Let a unit take part: from now on its people see the project."""
        return services.add_unit(by=self.by, project=parent, **given)

    @action(detail=True, methods=["post"])
    @act(Reason, needs="team", status=204)
    def remove(self, parent: Project, given: dict[str, Any]) -> None:
        """End a unit's part, saying why; that it had one stays on record."""
        services.remove_unit(by=self.by, project=parent, pk=int(self.kwargs["pk"]), **given)


class MemberSerializer(StrictModel):
    """A person on a project's team; who may join one lists ``candidates``."""

    name = serializers.CharField(source="user.name", read_only=True)

    class Meta:
        model = TeamMember
        fields: ClassVar = ["id", "user", "name", "is_leader", "since"]
        read_only_fields: ClassVar = ["id", "since"]

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        view = self.context.get("view")
        if isinstance(view, Team) and view.action == "create" and not view.is_described:
            fields["user"].queryset = queries.candidates(*view.subject("view"))
        return fields


class Candidate(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields: ClassVar = ["id", "name"]


class Team(NestedViewSet):
    """The people on a project's team now."""

    parent, model = Project, TeamMember
    permission = PROJECTS
    serializer_class = MemberSerializer
    ordering = "pk"

    def belonging(self, parent: Project) -> QuerySet[TeamMember]:
        return parent.team.filter(until=None).select_related("user")

    @act(MemberSerializer, needs="team", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> TeamMember:
        """Put a person on the team; he sees the project from now on. One leads."""
        return services.add_member(by=self.by, project=parent, **given)

    @action(detail=True, methods=["post"])
    @act(Reason, needs="team", status=204)
    def remove(self, parent: Project, given: dict[str, Any]) -> None:
        """Take a person off the team, saying why."""
        services.remove_member(by=self.by, project=parent, pk=int(self.kwargs["pk"]), **given)


class Candidates(NestedViewSet):
    """The people who may join a project's team, for those who may put them on it."""

    parent, model = Project, User
    permission = "projects.project.team"
    serializer_class = Candidate
    ordering = "pk"

    def get_queryset(self) -> QuerySet[User]:
        queryset = self.model._default_manager.none()
        return queryset if self.is_described else queries.candidates(*self.subject("team"))


# --- claims and steps back ----------------------------------------------------------------------------------------


class ClaimSerializer(serializers.ModelSerializer[Claim]):
    """An achievement as somebody entered it, and what somebody else found; ``amount`` is yuan."""

    evidence = FileSerializer(read_only=True)

    class Meta:
        model = Claim
        fields: ClassVar = [
            "id", "project", "kind", "key", "happened_date", "amount", "amount_currency", "amount_original", "amount_rate",
            "rewards", "evidence", "state", "entered_by", "entered_at", "verified_by", "verified_at", "finding", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class ClaimInput(Strict):
    """An achievement with its evidence; ``amount`` is in whole units of ``currency``, yuan unless said.

    ``key`` is the voucher of arrived money or the year of tax and output; the other kinds happen once and have none.
    ``rewards`` are yuan that were paid back to the firm out of a year's tax.
    """

    kind = serializers.ChoiceField(choices=list(stages.ACHIEVEMENTS.items()))
    happened_date = serializers.DateField()
    amount = serializers.DecimalField(
        max_digits=18, decimal_places=2, min_value=Decimal("0.01"), required=False
    )
    currency = Currency()
    rewards = serializers.DecimalField(max_digits=18, decimal_places=2, min_value=Decimal(0), required=False)
    key = serializers.CharField(required=False, allow_blank=True, max_length=40, default="")
    evidence = Upload()
    confirm_amounts = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        currency = attrs.pop("currency", "CNY")
        if attrs.get("amount") is not None:
            attrs["amount"] = money_of(attrs["amount"], currency)
        if attrs.get("rewards") is not None:
            attrs["rewards"] = money_of(attrs["rewards"], "CNY")
        return attrs


class ProjectClaims(NestedViewSet):
    """What was claimed of a project, what was refused too."""

    parent, model = Project, Claim
    permission = PROJECTS
    serializer_class = ClaimSerializer
    parser_classes = (MultiPartParser,)

    def belonging(self, parent: Project) -> QuerySet[Claim]:
        return parent.claims.select_related("evidence__uploaded_by")

    @act(ClaimInput, ClaimSerializer, needs="change", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> Claim:
        """Claim an achievement with its evidence; it counts once somebody else has verified it."""
        evidence, confirmed = given.pop("evidence"), given.pop("confirm_amounts")
        return services.submit_claim(
            by=self.by, project=parent, file=evidence, name=evidence.name, confirmed=confirmed, **given
        )  # fmt: skip


class ClaimViewSet(Moving, ScopedViewSet):
    """Claims about all projects one sees: ``?state=submitted`` lists those that wait to be verified."""

    model = Claim
    permission = PROJECTS
    serializer_class = ClaimSerializer
    filterset_class = ClaimFilter
    lifecycles = (lifecycle.CLAIM,)
    queryset = Claim.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("project", "evidence__uploaded_by")

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, ClaimSerializer, versioned=True)
    def move(self, claim: Claim, version: int, given: dict[str, Any], move: str) -> Claim:
        """Verify or refute what somebody else claimed; verified, it takes the project to the stage that follows from it."""
        if move == "refute":
            return services.refute_claim(by=self.by, claim=claim, version=version, **given)
        if move == "withdraw":
            return services.withdraw_claim(by=self.by, claim=claim, version=version, note=given["reason"])
        lifecycle.CLAIM.check(claim, move, self.by)
        return services.verify_claim(by=self.by, claim=claim, note=given["reason"], version=version)


class StepBackSerializer(StrictModel):
    """A step back that somebody asked for, and what somebody else decided."""

    class Meta:
        model = StepBack
        fields: ClassVar = [
            "id", "project", "source", "target", "reason", "state", "asked_by", "asked_at", "decided_by", "decided_at",
            "finding", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = [name for name in fields if name not in {"target", "reason"}]


class ProjectStepsBack(NestedViewSet):
    """The steps back that were asked for a project."""

    parent, model = Project, StepBack
    permission = PROJECTS
    serializer_class = StepBackSerializer

    def belonging(self, parent: Project) -> QuerySet[StepBack]:
        return parent.steps_back.all()

    @act(StepBackSerializer, needs="advance", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> StepBack:
        """Ask that a project go back to an earlier stage; it does once somebody else agrees."""
        return services.ask_back(by=self.by, project=parent, **given)


class StepBackViewSet(Moving, ScopedViewSet):
    """Steps back of all projects one sees: ``?state=asked`` lists those that wait for a decision."""

    model = StepBack
    permission = PROJECTS
    serializer_class = StepBackSerializer
    filterset_class = StepBackFilter
    lifecycles = (lifecycle.STEP_BACK,)
    queryset = StepBack.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("project")

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, StepBackSerializer, versioned=True)
    def move(self, step: StepBack, version: int, given: dict[str, Any], move: str) -> StepBack:
        """Approve or refuse a step back that somebody else asked for."""
        if move == "refuse":
            return services.refuse_step_back(by=self.by, step=step, version=version, **given)
        if move == "withdraw":
            return services.withdraw_step_back(by=self.by, step=step, version=version, note=given["reason"])
        lifecycle.STEP_BACK.check(step, move, self.by)
        return services.approve_step_back(by=self.by, step=step, note=given["reason"], version=version)


# --- passing projects on ------------------------------------------------------------------------------------------


class TransferSerializer(serializers.ModelSerializer[Transfer]):
    """A project passed on: its terms, what each side said, and the agreement once it was done.

    ``percent`` is the part of the unit that passes it on, in per cent.
    """

    agreement = FileSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Transfer
        fields: ClassVar = [
            "id", "project", "from_unit", "to_unit", "reason", "percent", "base", "years", "start", "statistics", "exclusions",
            "state", "offered_by", "offered_at", "reply", "appeal", "ruling", "agreed_date", "agreement", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class OfferInput(Strict):
    """An offer of a project to another unit, with the terms on which both share."""

    to_unit = serializers.PrimaryKeyRelatedField(queryset=hosts())
    reason = serializers.CharField(max_length=1000)
    percent = serializers.DecimalField(max_digits=5, decimal_places=2, min_value=0, max_value=100)
    base = serializers.ChoiceField(choices=list(stages.SHARED_BASES.items()))
    years = serializers.IntegerField(min_value=1, max_value=50)
    start = serializers.ChoiceField(choices=list(stages.SHARED_FROM.items()))
    statistics = serializers.ChoiceField(choices=list(stages.STATISTICS.items()))
    exclusions = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class AwardInput(MoveInput):
    """What a move of a transfer is sent with; the terms belong to “award”."""

    percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False
    )
    base = serializers.ChoiceField(choices=list(stages.SHARED_BASES.items()), required=False)
    years = serializers.IntegerField(min_value=1, max_value=50, required=False)
    start = serializers.ChoiceField(choices=list(stages.SHARED_FROM.items()), required=False)
    statistics = serializers.ChoiceField(choices=list(stages.STATISTICS.items()), required=False)
    exclusions = serializers.CharField(max_length=500, allow_blank=True, required=False)


class AgreementInput(Strict):
    """The three-party agreement with which a transfer is done."""

    agreed_date = serializers.DateField()
    early = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    agreement = Upload()


class ProjectTransfers(NestedViewSet):
    """How a project was passed on."""

    parent, model = Project, Transfer
    permission = PROJECTS
    serializer_class = TransferSerializer

    def belonging(self, parent: Project) -> QuerySet[Transfer]:
        return parent.transfers.select_related("agreement__uploaded_by")

    @act(OfferInput, TransferSerializer, needs="transfer", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> Transfer:
        """Offer a project to another unit on terms; that unit sees it from now on until it refuses."""
        to_unit, reason = given.pop("to_unit"), given.pop("reason")
        return services.offer_transfer(
            by=self.by, project=parent, to_unit=to_unit, reason=reason, terms=given
        )


class TransferViewSet(Settles, Moving, ScopedViewSet):
    """Transfers of all projects one sees."""

    model = Transfer
    permission = PROJECTS
    serializer_class = TransferSerializer
    filterset_class = TransferFilter
    lifecycles = (lifecycle.TRANSFER,)
    queryset = Transfer.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("project", "agreement__uploaded_by")

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(AwardInput, TransferSerializer, versioned=True)
    def move(self, transfer: Transfer, version: int, given: dict[str, Any], move: str) -> Transfer:
        """Answer, withdraw, appeal or decide; “complete” is posted to ``complete/`` with the agreement."""
        reason = given.pop("reason")
        lifecycle.TRANSFER.check(transfer, move, self.by)
        if given and move != "award":
            sentence = _("没有这一项，或这一项不能直接填写。")
            raise Invalid(sentence, fields={name: [sentence] for name in given})
        return services.move_transfer(
            by=self.by, transfer=transfer, move=move, reason=reason, version=version, terms=given
        )

    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    @act(AgreementInput, TransferSerializer, needs="file")
    def complete(self, transfer: Transfer, given: dict[str, Any]) -> Transfer:
        """File the three-party agreement: the project's host changes, its history stays."""
        file = given["agreement"]
        return services.complete_transfer(
            by=self.by,
            transfer=transfer,
            agreed_date=given["agreed_date"],
            file=file,
            name=file.name,
            early=given["early"],
        )


# --- disputes over first reports ----------------------------------------------------------------------------------


class SideSerializer(serializers.ModelSerializer[Side]):
    """One side of a dispute with what is read of its lead or project, which ``key`` names for who sees it.

    Nothing of the work done is told of a sensitive project out of sight. ``record`` is what was read when it was decided.
    """

    key = serializers.SerializerMethodField()
    named_at = serializers.DateTimeField(read_only=True)
    talks = serializers.SerializerMethodField()
    first_talk = serializers.SerializerMethodField()
    last_talk = serializers.SerializerMethodField()
    record = serializers.SerializerMethodField()

    class Meta:
        model = Side
        fields: ClassVar = [
            "is_raiser", "unit", "key", "named_at", "talks", "first_talk", "last_talk", "statement", "waits", "yields", "record",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields

    @staticmethod
    def _is_hidden(side: Any) -> bool:
        return not side.sees and side.project is not None and side.project.secrecy == stages.SENSITIVE

    def get_key(self, side: Any) -> str:
        return queries.key_of(side.project or side.lead) if side.sees else ""

    def get_talks(self, side: Any) -> int | None:
        return None if self._is_hidden(side) else side.talks

    def get_first_talk(self, side: Any) -> date | None:
        return None if self._is_hidden(side) else side.first_talk

    def get_last_talk(self, side: Any) -> date | None:
        return None if self._is_hidden(side) else side.last_talk

    def get_record(self, side: Any) -> dict[str, str | int]:
        return {} if self._is_hidden(side) else side.record


class DisputeSerializer(serializers.ModelSerializer[Dispute]):
    """A dispute between two units over who reported an investor first; ``outcome`` is empty until it is decided."""

    outcome = serializers.ChoiceField(choices=list(stages.OUTCOMES.items()), allow_blank=True)
    sides = SideSerializer(many=True, read_only=True)

    class Meta:
        model = Dispute
        fields: ClassVar = [
            "id", "subject", "state", "raised_by", "raised_at", "outcome", "ruling", "is_shared", "decided_at", "sides", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class DisputeInput(Strict):
    """``against``: the ``key`` of another unit's record, as ``first-reports/`` tells it."""

    against = serializers.CharField(max_length=40)
    statement = serializers.CharField(max_length=1000)


class DecisionInput(Strict):
    """What the office decides; with ``is_shared`` the other unit takes part as introducer."""

    outcome = serializers.ChoiceField(choices=list(stages.OUTCOMES.items()))
    ruling = serializers.CharField(max_length=1000)
    is_shared = serializers.BooleanField(required=False, default=False)


class Disputing(NestedViewSet):
    """The disputes in which a row is a side."""

    model = Dispute
    serializer_class = DisputeSerializer

    def belonging(self, parent: Lead | Project) -> QuerySet[Dispute]:
        return queries.with_sides(queries.disputes_about(parent), self.by)

    @act(DisputeInput, DisputeSerializer, needs="argue", status=201)
    def create(self, parent: Lead | Project, given: dict[str, Any]) -> Dispute:
        """Hold that the row was first, against another unit's of the same investor."""
        made = services.raise_dispute(by=self.by, record=parent, **given)
        found: Dispute = self.get_queryset().get(pk=made.pk)
        return found


class LeadDisputes(Disputing):
    parent = Lead
    permission = LEADS


class ProjectDisputes(Disputing):
    parent = Project
    permission = PROJECTS


class DisputeViewSet(Moving, ScopedViewSet):
    """Disputes over first reports, of which one sees a side."""

    model = Dispute
    permission = PROJECTS
    serializer_class = DisputeSerializer
    filterset_class = DisputeFilter
    lifecycles = (lifecycle.DISPUTE,)
    queryset = Dispute.objects.none()

    def get_queryset(self) -> Any:
        return queries.with_sides(super().get_queryset(), self.by)

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, DisputeSerializer, versioned=True)
    def move(self, dispute: Dispute, version: int, given: dict[str, Any], move: str) -> Dispute:
        """Speak for the other side or withdraw; “decide” is posted to ``decide/``."""
        lifecycle.DISPUTE.check(dispute, move, self.by)
        services.move_dispute(by=self.by, dispute=dispute, move=move, version=version, **given)
        return self._again(dispute)

    @action(detail=True, methods=["post"])
    @act(DecisionInput, DisputeSerializer, needs="decide", versioned=True)
    def decide(self, dispute: Dispute, version: int, given: dict[str, Any]) -> Dispute:
        """Decide for one side, or that these are two projects."""
        services.decide_dispute(by=self.by, dispute=dispute, version=version, **given)
        return self._again(dispute)

    def _again(self, dispute: Dispute) -> Dispute:
        """Return a dispute with its sides as they stand now."""
        found: Dispute = queries.with_sides(Dispute.objects.all(), self.by).get(pk=dispute.pk)
        return found

    def retrieve(self, request: Request, pk: str = "") -> Response:
        return self.answer(self._again(self.get_object()))


# --- the three personal duties ------------------------------------------------------------------------------------


class PersonalActSerializer(serializers.ModelSerializer[PersonalAct]):
    """What a unit's first hand did himself for a project; ``as_holder``: his unit held it, so that it counts."""

    evidence = FileSerializer(read_only=True, allow_null=True)

    class Meta:
        model = PersonalAct
        fields: ClassVar = [
            "id", "project", "unit", "person", "position", "kind", "act_date", "done", "outcome", "evidence", "as_holder",
            "state", "withdrawn_reason", "recorded_by", "recorded_at", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class PersonalActInput(Strict):
    """An act of a first hand; ``post`` is one of the project's ``first-hands``."""

    post = serializers.PrimaryKeyRelatedField(queryset=Membership.objects.none())
    kind = serializers.ChoiceField(choices=list(stages.PERSONAL_KINDS.items()))
    act_date = serializers.DateField()
    done = serializers.CharField(max_length=1000)
    outcome = serializers.CharField(max_length=1000)
    evidence = Upload(required=False)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        view = self.context.get("view")
        if isinstance(view, ProjectPersonalActs) and not view.is_described:
            fields["post"].queryset = queries.first_hands_for(view.subject("view")[0], view.by)
        return fields


class ProjectPersonalActs(NestedViewSet):
    """The personal acts of first hands for a project, withdrawn ones too."""

    parent, model = Project, PersonalAct
    permission = PROJECTS
    serializer_class = PersonalActSerializer
    parser_classes = (MultiPartParser,)
    ordering = ("-act_date", "-pk")

    def belonging(self, parent: Project) -> QuerySet[PersonalAct]:
        return parent.personal_acts.select_related("evidence__uploaded_by")

    @act(PersonalActInput, PersonalActSerializer, needs="personal", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> PersonalAct:
        """Record what a first hand did himself for the project on a day; it is written once."""
        file = given.pop("evidence", None)
        return services.record_personal_act(
            by=self.by, project=parent, file=file, name=file.name if file else "", **given
        )


class FirstHand(serializers.ModelSerializer[Membership]):
    """A first hand's post; ``valid_to`` is empty while it is held."""

    name = serializers.CharField(source="person.name")
    unit_name = serializers.CharField(source="unit.brief")

    class Meta:
        model = Membership
        fields: ClassVar = ["id", "name", "unit", "unit_name", "position", "valid_from", "valid_to"]


class FirstHands(NestedViewSet):
    """The first hands whose acts for a project the caller may record."""

    parent, model = Project, Membership
    permission = "projects.contact.record"
    serializer_class = FirstHand
    ordering = "pk"

    def get_queryset(self) -> QuerySet[Membership]:
        queryset = self.model._default_manager.none()
        return (
            queryset if self.is_described else queries.first_hands_for(self.subject("personal")[0], self.by)
        )


class PersonalActViewSet(Moving, ScopedViewSet):
    """Personal acts for all projects one sees."""

    model = PersonalAct
    permission = PROJECTS
    serializer_class = PersonalActSerializer
    filterset_class = PersonalActFilter
    lifecycles = (lifecycle.PERSONAL_ACT,)
    queryset = PersonalAct.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("project", "unit", "person", "evidence__uploaded_by")

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, PersonalActSerializer, versioned=True)
    def move(self, found: PersonalAct, version: int, given: dict[str, Any], move: str) -> PersonalAct:
        """Withdraw a wrong record with a reason: it stays to be read and no longer counts."""
        lifecycle.PERSONAL_ACT.check(found, move, self.by)
        return services.withdraw_personal_act(by=self.by, act=found, version=version, **given)


# --- the ledger ---------------------------------------------------------------------------------------------------


class ShareSerializer(serializers.ModelSerializer[Share]):
    """A unit's part of an entry, in millionths of it and in yuan."""

    class Meta:
        model = Share
        fields: ClassVar = ["unit", "part", "millionths", "amount"]
        read_only_fields: ClassVar = fields


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """An achievement as it was recognised, or the reversal of an entry: then ``sign`` is -1 and amounts are negative.

    ``count`` is 0 where only the amount counts: the growth of a project that counted before.
    """

    shares = ShareSerializer(many=True, read_only=True)

    class Meta:
        model = Entry
        fields: ClassVar = [
            "id", "project", "kind", "key", "turn", "happened_date", "booked_date", "sign", "count", "amount", "evidence", "claim", "reverses",
            "reason", "recognised_by", "recognised_at", "shares",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class ReversalSerializer(serializers.ModelSerializer[Reversal]):
    """That an entry should be reversed, why, and what somebody else decided."""

    class Meta:
        model = Reversal
        fields: ClassVar = [
            "id", "entry", "reason", "state", "asked_by", "asked_at", "decided_by", "decided_at", "finding", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class LedgerViewSet(ScopedViewSet):
    """The achievement ledger: entries of all projects one sees. Nothing in it is changed; an entry is reversed by another."""

    model = Entry
    permission = PROJECTS
    serializer_class = EntrySerializer
    filterset_class = EntryFilter
    queryset = Entry.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("shares")

    @action(detail=True, methods=["post"])
    @act(Reason, ReversalSerializer, needs="reverse", status=201)
    def reverse(self, entry: Entry, given: dict[str, Any]) -> Reversal:
        """Propose to reverse an entry that stands; it is once somebody else confirms it."""
        return services.ask_reversal(by=self.by, entry=entry, **given)


class ReversalViewSet(Moving, ScopedViewSet):
    """What was proposed to reverse in the ledger: ``?state=asked`` lists what waits to be confirmed."""

    model = Reversal
    permission = PROJECTS
    serializer_class = ReversalSerializer
    filterset_class = ReversalFilter
    lifecycles = (lifecycle.REVERSAL,)
    queryset = Reversal.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("entry__project")

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, ReversalSerializer, versioned=True)
    def move(self, reversal: Reversal, version: int, given: dict[str, Any], move: str) -> Reversal:
        """Confirm or refuse what somebody else proposed, or take back one's own proposal."""
        if move == "refuse":
            return services.refuse_reversal(by=self.by, reversal=reversal, version=version, **given)
        if move == "withdraw":
            return services.withdraw_reversal(
                by=self.by, reversal=reversal, version=version, note=given["reason"]
            )
        lifecycle.REVERSAL.check(reversal, move, self.by)
        services.approve_reversal(by=self.by, reversal=reversal, note=given["reason"], version=version)
        return reversal


class ClosingSerializer(StrictModel):
    """That the ledger was closed up to a day, and what it came to: ``sums`` is kind → [projects, yuan]."""

    class Meta:
        model = Closing
        fields: ClassVar = ["id", "until", "entries", "sums", "digest", "note", "closed_by", "closed_at"]
        read_only_fields: ClassVar = ["id", "entries", "sums", "digest", "closed_by", "closed_at"]


class ClosingViewSet(ScopedViewSet):
    """When the ledger was closed; for those who see the whole city."""

    model = Closing
    permission = PROJECTS
    serializer_class = ClosingSerializer
    filterset_class = ClosingFilter
    queryset = Closing.objects.none()

    @act(ClosingSerializer, permission="projects.ledger.close", status=201)
    def create(self, given: dict[str, Any]) -> Closing:
        """Close the ledger up to a day: what it says of these days stays, corrections count from the day after."""
        return services.close_books(by=self.by, **given)
