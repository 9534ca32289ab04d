"""Inspections over the API: planned, drawn, visited, findings ordered to be put right, reported."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser

from yinfeng.core.actors import ANONYMOUS, Actor
from yinfeng.core.api import (
    MOVE,
    MoveInput,
    Moving,
    NestedViewSet,
    Reason,
    Resource,
    ScopedViewSet,
    Strict,
    StrictModel,
    Upload,
    act,
)
from yinfeng.core.api_common import FilesViewSet
from yinfeng.core.errors import Invalid
from yinfeng.duties.api import SixInput, six_of
from yinfeng.meetings import queries, services
from yinfeng.meetings.lifecycle_inspections import FINDING, INSPECTION
from yinfeng.meetings.lists_inspections import FindingFilter, InspectionFilter
from yinfeng.meetings.models import Draw, Finding, Inspection, Subject
from yinfeng.projects.models import Project

VIEW, RUN, OWN = "meetings.inspection.view", "meetings.inspection.run", "meetings.finding.view"


class InspectionSerializer(StrictModel):
    """An inspection with the rule that samples; ``draw`` is the draw that stands."""

    moved = ("state",)

    class Meta:
        model = Inspection
        fields: ClassVar = [
            "id", "number", "title", "unit", "team", "starts", "ends", "matter", "basis", "population", "unit_kinds", "condition",
            "sample_by", "sample_size", "per_unit", "draw", "state", "conclusion", "report", "reported_date", "version", "is_demo",
        ]  # fmt: skip
        read_only_fields: ClassVar = [
            "id", "number", "draw", "state", "conclusion", "report", "reported_date", "version", "is_demo",
        ]  # fmt: skip


class DrawSerializer(serializers.ModelSerializer[Draw]):
    """A draw: of the ids in ``strata``, those in ``picked`` were drawn by the seed (SHA-256 of “seed:id”, the smallest first)."""

    class Meta:
        model = Draw
        fields: ClassVar = [
            "id",
            "number",
            "seed",
            "rule",
            "strata",
            "picked",
            "reason",
            "drawn_by",
            "drawn_at",
        ]
        read_only_fields: ClassVar = fields


class DrawInput(Strict):
    """A draw; a further one asks for a reason."""

    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class SubjectSerializer(StrictModel):
    """A unit or a project that is looked at: drawn, or added by hand with a reason."""

    class Meta:
        model = Subject
        fields: ClassVar = [
            "id",
            "unit",
            "project",
            "draw",
            "reason",
            "visited_date",
            "visit_note",
            "version",
        ]
        read_only_fields: ClassVar = ["id", "draw", "visited_date", "visit_note", "version"]


class SubjectInput(Strict):
    unit = serializers.PrimaryKeyRelatedField(queryset=queries.units_to_inspect(), required=False)
    project = serializers.PrimaryKeyRelatedField(queryset=Project.objects.none(), required=False)
    reason = serializers.CharField(max_length=1000)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        fields["unit"].queryset = queries.units_to_inspect()
        fields["project"].queryset = Project.objects.permitted(_asking(self))
        return fields


def _asking(serializer: serializers.Serializer[Any]) -> Actor:
    view = serializer.context.get("view")
    return view.by if isinstance(view, Resource) and not view.is_described else ANONYMOUS


class VisitInput(Strict):
    visited_date = serializers.DateField()
    note = serializers.CharField(max_length=2000)


class FindingSerializer(StrictModel):
    """Something found wrong; ``outcome`` tells what it has come to (found, ordered, going, late, settled, corrected, withdrawn)."""

    outcome = serializers.SerializerMethodField()

    class Meta:
        model = Finding
        fields: ClassVar = [
            "id", "inspection", "subject", "number", "unit", "project", "what", "severity", "basis", "found_date", "no_evidence",
            "state", "outcome", "settled", "recorded_by", "version",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields

    def get_outcome(self, row: Any) -> str:
        return str(getattr(row, "outcome", row.state))


class FindingInput(Strict):
    """A finding at a subject; a file with it (``evidence``), or why there is none."""

    what = serializers.CharField(max_length=2000)
    severity = serializers.CharField(max_length=40)
    basis = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    found_date = serializers.DateField()
    no_evidence = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    evidence = Upload(required=False)


class ConclusionInput(Strict):
    conclusion = serializers.CharField(max_length=4000)


class InspectionViewSet(Moving, ScopedViewSet):
    """Inspections that one sees whole."""

    model = Inspection
    permission = VIEW
    serializer_class = InspectionSerializer
    filterset_class = InspectionFilter
    lifecycles = (INSPECTION,)
    queryset = Inspection.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("team")

    @act(InspectionSerializer, permission=RUN, status=201)
    def create(self, given: dict[str, Any]) -> Inspection:
        """Plan an inspection with the rule that samples."""
        unit, team = given.pop("unit"), given.pop("team", [])
        return services.plan_inspection(by=self.by, unit=unit, values=given, team=team)

    @act(InspectionSerializer, needs="run", versioned=True)
    def partial_update(self, inspection: Inspection, version: int, given: dict[str, Any]) -> Inspection:
        """Change a planned inspection, on the version named by If-Match; its unit stays."""
        if "unit" in given:
            sentence = _("督查单位不能更换。")
            raise Invalid(sentence, fields={"unit": [sentence]})
        team = given.pop("team", None)
        team = list(inspection.team.all()) if team is None else team
        return services.change_inspection(
            by=self.by, inspection=inspection, version=version, values=given, team=team
        )

    @action(detail=True, methods=["post"])
    @act(DrawInput, DrawSerializer, needs="run", versioned=True)
    def draw(self, inspection: Inspection, version: int, given: dict[str, Any]) -> Draw:
        """Draw who is looked at, by a seed made now; again with a reason, before it starts."""
        return services.draw_sample(by=self.by, inspection=inspection, version=version, **given)

    @action(detail=True, methods=["post"])
    @act(ConclusionInput, InspectionSerializer, needs="run", versioned=True)
    def close(self, inspection: Inspection, version: int, given: dict[str, Any]) -> Inspection:
        """Write the report; the inspected units see their findings from then on."""
        return services.report_inspection(by=self.by, inspection=inspection, version=version, **given)

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, InspectionSerializer, versioned=True)
    def move(self, inspection: Inspection, version: int, given: dict[str, Any], move: str) -> Inspection:
        """Start or cancel it; “report” is posted to ``close/``."""
        INSPECTION.check(inspection, move, self.by)
        return services.move_inspection(
            by=self.by, inspection=inspection, move=move, version=version, **given
        )


class InspectionDrawsViewSet(NestedViewSet):
    """Every draw of an inspection, those that were replaced too."""

    parent, model = Inspection, Draw
    permission = VIEW
    serializer_class = DrawSerializer
    ordering = "-number"

    def belonging(self, parent: Inspection) -> QuerySet[Draw]:
        return queries.draw_rows(parent)


class Subjects(NestedViewSet):
    """Who is looked at."""

    parent, model = Inspection, Subject
    permission = VIEW
    serializer_class = SubjectSerializer
    ordering = "pk"

    def belonging(self, parent: Inspection) -> QuerySet[Subject]:
        return queries.subject_rows(parent, self.by)

    @act(SubjectInput, SubjectSerializer, needs="run", status=201)
    def create(self, parent: Inspection, given: dict[str, Any]) -> Subject:
        """Add a unit or a project by hand, with the reason."""
        return services.add_subject(by=self.by, inspection=parent, **given)


class SubjectViewSet(ScopedViewSet):
    """Subjects of all inspections one sees."""

    model = Subject
    permission = VIEW
    serializer_class = SubjectSerializer
    filter_backends = ()
    queryset = Subject.objects.none()

    @action(detail=True, methods=["post"])
    @act(VisitInput, SubjectSerializer, needs="run", versioned=True)
    def visit(self, subject: Subject, version: int, given: dict[str, Any]) -> Subject:
        """Record when it was visited and how things stand there."""
        return services.record_visit(by=self.by, subject=subject, version=version, **given)

    @action(detail=True, methods=["post"])
    @act(Reason, needs="run", status=204)
    def remove(self, subject: Subject, given: dict[str, Any]) -> None:
        """Take off a subject that was added by hand, before the inspection starts."""
        services.remove_subject(by=self.by, subject=subject, **given)

    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser])
    @act(FindingInput, FindingSerializer, needs="run", status=201)
    def findings(self, subject: Subject, given: dict[str, Any]) -> Finding:
        """Record a finding at it, with a file that shows it or why there is none."""
        file = given.pop("evidence", None)
        files = [(file, file.name)] if file else []
        return services.add_finding(by=self.by, subject=subject, values=given, files=files)


class FindingViewSet(Moving, ScopedViewSet):
    """What was found, in one's sight: an inspected unit reads its own once it is reported or to be put right."""

    model = Finding
    permission = OWN
    serializer_class = FindingSerializer
    filterset_class = FindingFilter
    lifecycles = (FINDING,)
    queryset = Finding.objects.none()

    def get_queryset(self) -> Any:
        return queries.with_outcomes(super().get_queryset(), timezone.localdate())

    @action(detail=True, methods=["post"])
    @act(SixInput, FindingSerializer, needs="run", versioned=True)
    def order(self, finding: Finding, version: int, given: dict[str, Any]) -> Finding:
        """Order that it is put right: sets the duty, whose source it is."""
        services.order_finding(by=self.by, finding=finding, six=six_of(given), version=version)
        return finding

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, FindingSerializer, versioned=True)
    def move(self, finding: Finding, version: int, given: dict[str, Any], move: str) -> Finding:
        """Say that it was corrected on the spot, or that it does not stand; “order” is posted to ``order/``."""
        FINDING.check(finding, move, self.by)
        return services.move_finding(by=self.by, finding=finding, move=move, version=version, **given)


class FindingFiles(FilesViewSet):
    """What shows a finding."""

    parent = Finding
    permission = OWN
