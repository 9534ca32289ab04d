"""Construction over the API: the desk's scopes, filters, lifecycle and services; amounts are yuan, a month is named by any of its days."""

from __future__ import annotations

from datetime import date
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
    Reason,
    ScopedViewSet,
    Strict,
    Upload,
    act,
)
from yinfeng.core.api_common import FileSerializer
from yinfeng.core.errors import Invalid
from yinfeng.orgs.models import Unit
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.construction_filters import BottleneckFilter
from yinfeng.projects.models import Bottleneck, Builder, Milestone, Photo, PlannedMonth, Progress, Project

PROJECTS = "projects.project.view"


def _yuan(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, min_value=0, max_value=10**13, **kwargs)


def _percent(**kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=5, decimal_places=2, min_value=0, max_value=100, **kwargs)


# --- milestones and builders --------------------------------------------------------------------------------------


class MilestoneSerializer(serializers.ModelSerializer[Milestone]):
    """A milestone, planned and actual; start and completion are the project's own dates."""

    class Meta:
        model = Milestone
        fields: ClassVar = [
            "id", "kind", "planned_date", "first_planned_date", "planned_delays", "actual_date", "note", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class MilestoneInput(Strict):
    """A milestone; ``version`` is that of the one to change, left out for a new one; ``reason`` why its day is put off."""

    kind = serializers.CharField(max_length=40)
    planned_date = serializers.DateField(required=False, allow_null=True, default=None)
    actual_date = serializers.DateField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=300, allow_blank=True, required=False, default="")
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")
    version = serializers.IntegerField(
        min_value=1, max_value=10**9, required=False, allow_null=True, default=None
    )


class Milestones(NestedViewSet):
    """The milestones of a project."""

    parent, model = Project, Milestone
    permission = PROJECTS
    serializer_class = MilestoneSerializer
    ordering = "pk"

    def belonging(self, parent: Project) -> QuerySet[Milestone]:
        return parent.milestones.all()

    @act(MilestoneInput, MilestoneSerializer, needs="change", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> Milestone:
        """Say when a milestone is planned and when it was reached; with ``version``, change the one there is."""
        return services.set_milestone(by=self.by, project=parent, **given)


class BuilderSerializer(serializers.ModelSerializer[Builder]):
    """Who builds, and as what, from a day to a day; ``enterprise``: the firm of the library that the name means."""

    class Meta:
        model = Builder
        fields: ClassVar = ["id", "role", "name", "enterprise", "contact", "since", "until"]
        read_only_fields: ClassVar = fields


class BuilderInput(Strict):
    """A firm that builds; ``contact`` is a person's name and post, no number."""

    role = serializers.ChoiceField(choices=list(stages.BUILDER_ROLES.items()))
    name = serializers.CharField(max_length=100)
    contact = serializers.CharField(max_length=60, allow_blank=True, required=False, default="")
    since = serializers.DateField(required=False, allow_null=True, default=None)


class Builders(NestedViewSet):
    """Who builds a project, or built it."""

    parent, model = Project, Builder
    permission = PROJECTS
    serializer_class = BuilderSerializer
    ordering = "pk"

    def belonging(self, parent: Project) -> QuerySet[Builder]:
        return parent.builders.all()

    @act(BuilderInput, BuilderSerializer, needs="change", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> Builder:
        """Name a firm that builds."""
        return services.add_builder(by=self.by, project=parent, **given)

    @action(detail=True, methods=["post"])
    @act(Reason, needs="change", status=204)
    def end(self, parent: Project, given: dict[str, Any]) -> None:
        """End a firm's part, saying why; that it had one stays on record."""
        services.end_builder(by=self.by, project=parent, pk=int(self.kwargs["pk"]), **given)


# --- plan and reports ---------------------------------------------------------------------------------------------


class PlannedMonthSerializer(serializers.ModelSerializer[PlannedMonth]):
    """What a month shall bring; ``percent``: how far the works shall be at its end, in per cent of the whole."""

    class Meta:
        model = PlannedMonth
        fields: ClassVar = ["month", "investment", "percent"]
        read_only_fields: ClassVar = fields


class PlannedInput(Strict):
    """A month of a plan; any day of it names it."""

    month = serializers.DateField()
    investment = _yuan()
    percent = _percent()


class PlanInput(Strict):
    """The whole plan, its months in their order; another one than there was asks for a ``reason``."""

    months = PlannedInput(many=True)
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")
    confirm_amounts = serializers.BooleanField(required=False, default=False)
    version = serializers.IntegerField(
        min_value=1, max_value=10**9, required=False, allow_null=True, default=None
    )


class PlanGiven(serializers.Serializer[Any]):
    """The plan as it stands after it was written."""

    months = PlannedMonthSerializer(many=True)


class Plans(NestedViewSet):
    """The months of a project's plan."""

    parent, model = Project, PlannedMonth
    permission = PROJECTS
    serializer_class = PlannedMonthSerializer
    ordering = "month"

    def belonging(self, parent: Project) -> QuerySet[PlannedMonth]:
        return parent.planned_months.all()

    @act(PlanInput, PlanGiven, needs="change", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> dict[str, Any]:
        """Write the plan as a whole; ``version`` is that of the project when the plan was read."""
        months = [
            services.Planned(queries.month_of(row["month"]), row["investment"], row["percent"])
            for row in given["months"]
        ]
        made = services.set_plan(
            by=self.by, project=parent, months=months, reason=given["reason"], confirmed=given["confirm_amounts"],
            version=given["version"],
        )  # fmt: skip
        return {"months": made}


class ProgressSerializer(serializers.ModelSerializer[Progress]):
    """The report of a month; one that was corrected has ``replaced_at``, the one that corrects it names it."""

    class Meta:
        model = Progress
        fields: ClassVar = [
            "id", "month", "invested", "percent", "done", "reason", "replaces", "replaced_at", "reported_by", "reported_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class ProgressInput(Strict):
    """The report of a month; ``corrects`` is the one that it corrects, which then asks for a ``reason``."""

    month = serializers.DateField()
    invested = _yuan()
    percent = _percent()
    done = serializers.CharField(max_length=1000)
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")
    corrects = serializers.IntegerField(
        min_value=1, max_value=10**18, required=False, allow_null=True, default=None
    )
    confirm_amounts = serializers.BooleanField(required=False, default=False)


class Reports(NestedViewSet):
    """The monthly reports of a project, corrected ones too, the newest month first."""

    parent, model = Project, Progress
    permission = PROJECTS
    serializer_class = ProgressSerializer
    ordering = ("-month", "-pk")

    def belonging(self, parent: Project) -> QuerySet[Progress]:
        return parent.progress_reports.all()

    @act(ProgressInput, ProgressSerializer, needs="change", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> Progress:
        """File the report of a month, or correct one."""
        confirmed = given.pop("confirm_amounts")
        return services.report_progress(by=self.by, project=parent, confirmed=confirmed, **given)


class PhotoSerializer(serializers.ModelSerializer[Photo]):
    """A photograph of the site and the month it shows."""

    attachment = FileSerializer(read_only=True)

    class Meta:
        model = Photo
        fields: ClassVar = ["id", "month", "attachment"]
        read_only_fields: ClassVar = fields


class PhotoInput(Strict):
    """A photograph, JPEG or PNG; any day of the month names it."""

    month = serializers.DateField()
    photo = Upload()


class Photos(NestedViewSet):
    """The photographs of a project's site."""

    parent, model = Project, Photo
    permission = PROJECTS
    serializer_class = PhotoSerializer
    parser_classes = (MultiPartParser,)

    def belonging(self, parent: Project) -> QuerySet[Photo]:
        standing = parent.photos.filter(attachment__removed_at=None)
        return standing.select_related("attachment__uploaded_by")

    @act(PhotoInput, PhotoSerializer, needs="change", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> Photo:
        """Keep a photograph with the month it shows."""
        photo = given["photo"]
        return services.add_photo(
            by=self.by, project=parent, month=given["month"], file=photo, name=photo.name
        )


# --- bottlenecks --------------------------------------------------------------------------------------------------


class BottleneckSerializer(serializers.ModelSerializer[Bottleneck]):
    """What stands still on a project, and which unit must act by when."""

    class Meta:
        model = Bottleneck
        fields: ClassVar = [
            "id", "project", "kind", "what", "since_date", "unit", "due_date", "first_due_date", "due_delays", "state", "how",
            "solved_date", "closed_date", "raised_by", "raised_at", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class BottleneckInput(Strict):
    """What stands still; the unit takes part in the project from now on."""

    kind = serializers.CharField(max_length=40)
    what = serializers.CharField(max_length=500)
    since_date = serializers.DateField()
    unit: ClassVar[Any] = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.none())
    due_date = serializers.DateField()

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        fields["unit"].queryset = queries.joinable_units()  # units come and go
        return fields


class BottleneckMoveInput(MoveInput):
    """What a move is sent with; “solve” needs the day and, as ``reason``, how; “extend” and “reopen” by when it is due now."""

    solved_date = serializers.DateField(required=False)
    due_date = serializers.DateField(required=False)


class ProjectBottlenecks(NestedViewSet):
    """What stands still on a project, or stood."""

    parent, model = Project, Bottleneck
    permission = PROJECTS
    serializer_class = BottleneckSerializer

    def belonging(self, parent: Project) -> QuerySet[Bottleneck]:
        return parent.bottlenecks.all()

    @act(BottleneckInput, BottleneckSerializer, needs="change", status=201)
    def create(self, parent: Project, given: dict[str, Any]) -> Bottleneck:
        """Say what stands still, since when, and which unit must act by when."""
        return services.raise_bottleneck(by=self.by, project=parent, **given)


class BottleneckViewSet(Moving, ScopedViewSet):
    """Bottlenecks of all projects one sees."""

    model = Bottleneck
    permission = PROJECTS
    serializer_class = BottleneckSerializer
    filterset_class = BottleneckFilter
    lifecycles = (lifecycle.BOTTLENECK,)
    queryset = Bottleneck.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("project", "unit")

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(BottleneckMoveInput, BottleneckSerializer, versioned=True)
    def move(self, bottleneck: Bottleneck, version: int, given: dict[str, Any], move: str) -> Bottleneck:
        """Say that it is solved, give it more time, withdraw it, or say that it is not solved after all."""
        lifecycle.BOTTLENECK.check(bottleneck, move, self.by)
        common: dict[str, Any] = {"by": self.by, "bottleneck": bottleneck, "version": version}
        reason = given["reason"]
        if move == "solve":
            return services.solve_bottleneck(
                **common, how=reason, solved_date=_asked(given, "solved_date", _("请填写解决日期。"))
            )
        if move == "withdraw":
            return services.withdraw_bottleneck(**common, reason=reason)
        act_of = {"extend": services.extend_bottleneck, "reopen": services.reopen_bottleneck}[move]
        due = _asked(given, "due_date", _("请填写新的解决时限。"))
        return act_of(**common, due_date=due, reason=reason)


def _asked(given: dict[str, Any], name: str, sentence: str) -> date:
    """Return a day that a move needs; Invalid when it was not sent."""
    found: date | None = given.get(name)
    if found is None:
        raise Invalid(sentence, fields={name: [sentence]})
    return found
