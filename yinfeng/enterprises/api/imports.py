"""Lists of enterprises over the API: import one, read its report, decide about its rows, confirm; export the library."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from yinfeng.core import jobs
from yinfeng.core.api import MOVE, JsonParser, MoveInput, Moving, Resource, ScopedViewSet, Strict, Upload, act
from yinfeng.core.api_common import AnyAccept, JobSerializer
from yinfeng.core.api_schema import Problem
from yinfeng.core.errors import Invalid, Missing
from yinfeng.core.exporting import export
from yinfeng.core.models import Job
from yinfeng.core.scopes import ScopedQuerySet, fetch, rows
from yinfeng.enterprises import imports, services
from yinfeng.enterprises.api.records import known
from yinfeng.enterprises.filters.records import EnterpriseFilter
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.tables.records import EnterpriseTable

IMPORT = "enterprises.enterprise.import"


class ListInput(Strict):
    """A list of enterprises, and the tag that they get. ``complete``: others lose the tag of that year."""

    file = Upload()
    tag = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    year = serializers.IntegerField(min_value=1900, max_value=2200, required=False, allow_null=True)
    complete = serializers.BooleanField(required=False, default=False)

    def validate_tag(self, tag: str) -> str:
        return known("enterprise_tag", tag)


class RowCandidate(serializers.Serializer[Any]):
    """An enterprise that a questioned row may mean; ``same`` is what somebody decided about it."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    reason = serializers.CharField()
    separable = serializers.BooleanField(required=False, default=True)
    same = serializers.BooleanField(required=False, allow_null=True, default=None)


class Line(serializers.Serializer[Any]):
    """What became of a row: new, updated, unchanged, questioned or refused, and why."""

    number = serializers.IntegerField()
    outcome = serializers.CharField()
    sentences = serializers.ListField(child=serializers.CharField())
    name = serializers.CharField(required=False, allow_blank=True, default="")
    candidates = RowCandidate(many=True, required=False, default=())


class Report(serializers.Serializer[Any]):
    """The rows of which there is something to say, and what is to be said of the list as a whole."""

    notes = serializers.ListField(child=serializers.CharField())
    rows = Line(many=True)


class Decision(Strict):
    """Whether a row means an enterprise that it names as a candidate."""

    row = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    enterprise = serializers.IntegerField(min_value=1, max_value=2**62)
    same = serializers.BooleanField()


class ImportViewSet(Moving, ScopedViewSet):
    """One's own imports of lists of enterprises, newest first."""

    model = Job
    permission = IMPORT
    serializer_class = JobSerializer
    filter_backends = ()
    lifecycles = (jobs.LIFECYCLE,)
    parser_classes = (JsonParser, MultiPartParser)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body of another type first: whose import it is nobody but its owner learns."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            _parsed = request.data

    def get_queryset(self) -> ScopedQuerySet[Any]:
        return super().get_queryset().filter(kind=imports.KIND)

    def fetch(self, action: str) -> Any:
        return fetch(rows(Job).filter(kind=imports.KIND), self.by, int(self.kwargs["pk"]), action)

    @act(ListInput, JobSerializer, status=201)
    def create(self, given: dict[str, Any]) -> Job:
        """Send a list (multipart); it is read and matched, and written once it is confirmed (``moves/confirm/``)."""
        return imports.started(
            by=self.by,
            file=given["file"],
            tag=given["tag"],
            year=given.get("year") or 0,
            complete=given["complete"],
        )

    @action(detail=True, pagination_class=None)
    @act(gives=Report)
    def report(self, row: Job) -> dict[str, Any]:
        """Read what became of the rows."""
        return {"notes": row.report.get("notes", []), "rows": row.report.get("rows", [])}

    @action(detail=True, methods=["post"])
    @act(Decision, JobSerializer, needs="change")
    def settle(self, row: Job, given: dict[str, Any]) -> Job:
        """Say whether a questioned row means one of its candidates; that is remembered."""
        return services.settle_row(
            by=self.by, job=row, number=given["row"], enterprise=given["enterprise"], same=given["same"]
        )

    @action(detail=True, methods=["post"])
    @act(gives=JobSerializer, needs="change", status=201)
    def again(self, row: Job) -> Job:
        """Take the questioned rows of a finished import up again, without sending the list anew."""
        return imports.again(by=self.by, job=row)

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, JobSerializer, needs="change")
    def move(self, row: Job, given: dict[str, Any], move: str) -> Job:
        """Confirm, cancel or retry the import."""
        if move not in {found.name for found in jobs.LIFECYCLE.moves if found.action == "change"}:
            raise Missing
        return jobs.move(row, move, by=self.by, reason=given["reason"])


class ExportViewSet(Resource):
    """The library as a file."""

    model = Enterprise
    permission = "enterprises.enterprise.export"
    filterset_class = EnterpriseFilter
    content_negotiation_class = AnyAccept
    queryset = Enterprise.objects.none()
    pagination_class: Any = None

    def get_queryset(self) -> ScopedQuerySet[Enterprise]:
        found = rows(Enterprise)
        return found.none() if self.is_described else found.permitted(self.by).permitted(self.by, "export")

    @extend_schema(
        parameters=[
            OpenApiParameter("as", str, description="xlsx (if not said) or csv", enum=["xlsx", "csv"]),
            OpenApiParameter(
                "col", str, many=True, description="columns by name; those of the list if not said"
            ),
        ],
        responses={
            (200, "*/*"): OpenApiTypes.BINARY,
            422: OpenApiResponse(Problem, description="No such format."),
        },
    )
    def list(self, request: Request, **kwargs: Any) -> FileResponse:
        """Download the enterprises that answer the filters of ``enterprises/``; who exported what is logged."""
        query = request.query_params
        if query.get("as", "xlsx") not in {"xlsx", "csv"}:
            sentence = _("只能导出为 xlsx 或 csv。")
            raise Invalid(sentence, fields={"as": [sentence]})
        found = self.filter_queryset(self.get_queryset())
        table = EnterpriseTable(query.getlist("col") or EnterpriseTable.exported())
        conditions = [f"{name}={value}" for name, value in query.items() if name not in {"as", "col"}]
        return export(
            by=self.by, queryset=table.fetch(found).order_by("pk"), table=table, title=_("企业清单"),
            kind="csv" if query.get("as") == "csv" else "xlsx", conditions=conditions, model=Enterprise,
        )  # fmt: skip
