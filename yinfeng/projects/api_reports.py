"""Reports to offices above over the API: what is to be reported, handing in, the copies."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.actors import ANONYMOUS
from yinfeng.core.api import Reason, ScopedViewSet, Strict, StrictModel, act
from yinfeng.core.api_schema import REFUSALS, Problem
from yinfeng.core.errors import Missing
from yinfeng.core.filters import ScopedFilterSet
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries, services
from yinfeng.projects.filters import ReportFilter
from yinfeng.projects.models import Report, ReportDefinition, ReportWaiver, WaiverWithdrawal

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
    """A copy as it was handed in: amounts are yuan as text. ``count`` is what was handed in; rows of projects that became sensitive
    are there for those who may see them, to others ``kept_back`` says how many are not. A head’s ``day`` is that of the rules by
    which its values were worked out."""

    heads = serializers.ListField(child=serializers.DictField(), read_only=True)
    rows = serializers.ListField(child=serializers.ListField(), read_only=True)
    kept_back = serializers.IntegerField(read_only=True)

    class Meta(CopyLine.Meta):
        fields: ClassVar = [*CopyLine.Meta.fields, "heads", "rows", "kept_back"]
        read_only_fields: ClassVar = fields

    def to_representation(self, instance: Report) -> dict[str, Any]:
        shown, hidden = queries.readable([instance], getattr(self.context.get("view"), "by", ANONYMOUS))
        told: dict[str, Any] = CopyLine(instance, context=self.context).data
        return told | {"heads": instance.heads, "rows": shown[instance.pk], "kept_back": hidden}


class PeriodInput(Strict):
    """Which report of which unit for which period, named by its first day."""

    code = serializers.CharField(max_length=40)
    unit = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all())
    starts = serializers.DateField()


class PreviewSerializer(serializers.Serializer[Any]):
    """What a report would say if it were handed in now, of the projects the caller sees; ``number`` is the copy’s it would be.

    Handing in with its ``digest`` as ``seen`` is refused when the report says anything else by then.
    """

    version = serializers.IntegerField()
    ends = serializers.DateField()
    due_date = serializers.DateField()
    number = serializers.IntegerField()
    heads = serializers.ListField(child=serializers.DictField())
    rows = serializers.ListField(child=serializers.ListField())
    digest = serializers.CharField()


class SubmitInput(PeriodInput):
    """``number`` 2 and more with the reason is a correction; ``seen`` the digest of the preview, if one was asked for."""

    number = serializers.IntegerField(min_value=1, max_value=1000)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    seen = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)


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

    @extend_schema(
        parameters=[PeriodInput],
        responses={
            200: PreviewSerializer,
            **{status: OpenApiResponse(Problem, description=REFUSALS[str(status)]) for status in (404, 422)},
        },
    )
    @action(detail=False, pagination_class=None, filter_backends=[])
    def preview(self, request: Request) -> Response:
        """Say what a unit’s report would say for a period if it were handed in now."""
        asked = PeriodInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        unit, starts, code = (asked.validated_data[name] for name in ("unit", "starts", "code"))
        if not self.by.may_at(VIEW, unit.pk):
            raise Missing
        self.by.require_at("projects.report.submit", unit.pk, _("您没有为该单位报送报表的权限。"))
        found = queries.period_named(queries.all_definitions().get(code, []), starts)
        if found is None:
            raise Missing
        definition, period = found
        told = queries.preview(definition, unit, self.by, period.ends, services.MOST_ROWS)
        return Response(PreviewSerializer({
            "version": definition.number, "ends": period.ends, "due_date": queries.due_date(definition, period),
            "number": queries.last_number(code, unit, starts) + 1, "heads": told.heads,
            "rows": [row["values"] for row in told.rows], "digest": told.digest,
        }).data)  # fmt: skip


class WaiveInput(PeriodInput):
    reason = serializers.CharField(max_length=1000)


class WithdrawalSerializer(serializers.ModelSerializer[WaiverWithdrawal]):
    """That a waiver holds no more, and why."""

    class Meta:
        model = WaiverWithdrawal
        fields: ClassVar = ["reason", "withdrawn_by", "withdrawn_at"]
        read_only_fields: ClassVar = fields


class WaiverSerializer(serializers.ModelSerializer[ReportWaiver]):
    """That a unit need not hand in a report for a period, and why; with a ``withdrawal`` it must after all."""

    withdrawal = WithdrawalSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ReportWaiver
        fields: ClassVar = [
            "id", "code", "unit", "starts", "ends", "number", "reason", "waived_by", "waived_at", "withdrawal",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class WaiverFilter(ScopedFilterSet):
    class Meta:
        model = ReportWaiver
        fields = ("code", "unit")


class WaiverViewSet(ScopedViewSet):
    """Which units need not hand in which report for which period."""

    model = ReportWaiver
    permission = VIEW
    serializer_class = WaiverSerializer
    filterset_class = WaiverFilter
    queryset = ReportWaiver.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("unit", "withdrawal")

    @act(WaiveInput, WaiverSerializer, permission="projects.report.define", status=201)
    def create(self, given: dict[str, Any]) -> ReportWaiver:
        """Let a unit off a report of a period that has ended; only while it has not handed in."""
        return services.waive_report(by=self.by, **given)

    @action(detail=True, methods=["post"])
    @act(Reason, WaiverSerializer, permission="projects.report.define")
    def withdraw(self, waiver: ReportWaiver, given: dict[str, Any]) -> ReportWaiver:
        """Let the unit owe the report after all; the waiver stays to be read."""
        services.withdraw_waiver(by=self.by, waiver=waiver, **given)
        found: ReportWaiver = self.get_queryset().get(pk=waiver.pk)
        return found


class DefinitionFilter(ScopedFilterSet):
    class Meta:
        model = ReportDefinition
        fields = ("code",)


class DefinitionSerializer(StrictModel):
    """A version of what is to be reported. ``number`` is the version; when one is written, that on which it is made, 0 for none.

    ``condition`` is written in the language of conditions, {} for all projects; ``columns`` are keys of the report’s columns.
    """

    number = serializers.IntegerField(min_value=0, max_value=10_000)
    submitters = serializers.ListField(child=serializers.CharField(max_length=20), max_length=3)
    columns = serializers.ListField(child=serializers.CharField(max_length=40), max_length=100)
    condition = serializers.DictField()

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
