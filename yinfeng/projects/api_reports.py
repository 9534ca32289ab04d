"""Reports to offices above over the API: what is to be reported, handing in, the copies."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from yinfeng.core.actors import ANONYMOUS
from yinfeng.core.api import ScopedViewSet, Strict, StrictModel, act
from yinfeng.core.filters import ScopedFilterSet
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries, services
from yinfeng.projects.filters import ReportFilter
from yinfeng.projects.models import Report, ReportDefinition

VIEW = "projects.project.view"


class CopyLine(serializers.ModelSerializer[Report]):
    """A copy that was handed in, without what it says."""

    version = serializers.IntegerField(source="definition.number", read_only=True)

    class Meta:
        model = Report
        fields: ClassVar = [
            "id", "code", "version", "unit", "starts", "ends", "due_date", "number", "reason", "count", "digest", "submitted_by", "submitted_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class CopySerializer(CopyLine):
    """A copy as it was handed in: amounts are yuan as text. Rows of projects that became sensitive are there for those who may see them."""

    heads = serializers.ListField(child=serializers.DictField(), read_only=True)
    rows = serializers.SerializerMethodField()

    class Meta(CopyLine.Meta):
        fields: ClassVar = [*CopyLine.Meta.fields, "heads", "rows"]
        read_only_fields: ClassVar = fields

    def get_rows(self, report: Report) -> list[list[Any]]:
        view = self.context.get("view")
        return queries.readable([report], getattr(view, "by", ANONYMOUS))[0][report.pk]


class SubmitInput(Strict):
    """Which report is handed in for which unit and period, named by its first day; ``number`` 2 and more with the reason is a correction."""

    code = serializers.CharField(max_length=40)
    unit = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all())
    starts = serializers.DateField()
    number = serializers.IntegerField(min_value=1, max_value=1000)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class ReportViewSet(ScopedViewSet):
    """Copies of reports that were handed in; they are written once, a correction is a further copy."""

    model = Report
    permission = VIEW
    serializer_class = CopySerializer
    filterset_class = ReportFilter
    queryset = Report.objects.none()

    def get_queryset(self) -> Any:
        found = super().get_queryset().select_related("definition")
        return found.defer("heads", "rows") if self.action == "list" else found

    def get_serializer_class(self) -> Any:
        return CopyLine if self.action == "list" else CopySerializer

    @act(SubmitInput, CopySerializer, permission="projects.report.submit", status=201)
    def create(self, given: dict[str, Any]) -> Report:
        """Hand a unit’s report in for a period that has ended; it fills itself."""
        return services.submit_report(by=self.by, **given)


class DefinitionFilter(ScopedFilterSet):
    class Meta:
        model = ReportDefinition
        fields = ("code",)


class DefinitionSerializer(StrictModel):
    """A version of what is to be reported. ``number`` is the version; when one is written, that on which it is made, 0 for none.

    ``condition`` is written in the language of conditions, ``columns`` are keys of the report’s columns.
    """

    number = serializers.IntegerField(min_value=0, max_value=10_000)
    submitters = serializers.ListField(child=serializers.CharField(max_length=20), max_length=3)
    columns = serializers.ListField(child=serializers.CharField(max_length=40), max_length=50)
    condition = serializers.DictField(required=False)

    class Meta:
        model = ReportDefinition
        fields: ClassVar = [
            "id", "code", "number", "title", "recipient", "submitters", "period", "due_days", "condition", "columns", "valid_from",
            "is_closed", "source", "changed_by", "changed_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = ["id", "changed_by", "changed_at"]
        validators: ClassVar[list[Any]] = []  # the service says who was first


class DefinitionViewSet(ScopedViewSet):
    """What is to be reported, every version."""

    model = ReportDefinition
    permission = VIEW
    serializer_class = DefinitionSerializer
    filterset_class = DefinitionFilter
    queryset = ReportDefinition.objects.none()

    @act(DefinitionSerializer, permission="projects.report.define", status=201)
    def create(self, given: dict[str, Any]) -> ReportDefinition:
        """Write the next version of what is to be reported; copies handed in stay as they are."""
        code, number = given.pop("code"), given.pop("number")
        return services.define_report(by=self.by, code=code, number=number, values=given)
