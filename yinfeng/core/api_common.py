"""What the API offers beside the apps' own resources: files, one's notices and jobs, the profile's code tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from yinfeng.core import desk, events, queries, services, stores, uploads
from yinfeng.core.api import Listed, NestedViewSet, Reason, Resource, ScopedViewSet, Strict, Upload, act
from yinfeng.core.api_schema import Problem
from yinfeng.core.errors import Missing
from yinfeng.core.models import Attachment, Code, Job, Notice
from yinfeng.core.scopes import ScopedQuerySet, demand, fetch, files_action, in_sight, rows
from yinfeng.core.web import SIGNED_IN

# --- files --------------------------------------------------------------------------------------------------------


class FileSerializer(serializers.ModelSerializer[Attachment]):
    """A file on an object; its content is at ``/files/{id}/``."""

    uploader = serializers.CharField(source="uploaded_by.name", default="", read_only=True)

    class Meta:
        model = Attachment
        fields = ("id", "kind", "name", "content_type", "size", "sha256", "uploader", "uploaded_at")
        read_only_fields = fields


class FileInput(Strict):
    kind = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    file = Upload()


class FilesViewSet(NestedViewSet):
    """The files on a row of ``parent``; who may change the row may add one."""

    model = Attachment
    serializer_class = FileSerializer
    parser_classes = (MultiPartParser,)
    ordering = ("-uploaded_at", "-pk")

    def belonging(self, parent: Model) -> QuerySet[Any]:
        if (needed := files_action(type(parent))) != "view":
            demand(parent, self.by, needed)
        return queries.files_of(parent)

    @act(FileInput, FileSerializer, needs="change", status=201)
    def create(self, parent: Model, given: dict[str, Any]) -> Attachment:
        """Upload a file; its content decides what it is, and its name must agree."""
        file = given["file"]
        return services.attach_file(by=self.by, obj=parent, file=file, name=file.name, kind=given["kind"])


class AnyAccept(DefaultContentNegotiation):
    """Whatever the caller accepts: a file is of its own type, and a refusal is JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class FileViewSet(Resource):
    """A file by itself, read and taken off through the scope of the object it is on."""

    model = Attachment
    permission = SIGNED_IN
    serializer_class = FileSerializer
    filter_backends = ()
    content_negotiation_class = AnyAccept
    lookup_value_regex = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"

    def get_queryset(self) -> QuerySet[Any]:
        return self.model._default_manager.none()

    def subject(self, needs: str) -> list[Any]:
        found = queries.attachment(self.kwargs["pk"])
        if found is None:
            raise Missing
        model = events.object_of(found.object_type)
        obj = fetch(rows(model), self.by, found.object_id, files_action(model))
        if needs != "view":
            demand(obj, self.by, needs)
        return [found, obj]

    @extend_schema(
        responses={
            (200, "*/*"): OpenApiTypes.BINARY,
            410: OpenApiResponse(Problem, description="The file's content is no longer in the store."),
        }
    )
    def retrieve(self, request: Request, pk: str = "") -> Any:
        """Download the file; who downloaded it is logged."""
        attachment, obj = self.subject("view")
        content = stores.open_stored(attachment.stored, attachment.name)
        services.record_download(by=self.by, obj=obj, attachment=attachment)
        response = FileResponse(content, content_type=attachment.content_type)
        response["Content-Disposition"] = uploads.content_disposition(attachment.name)
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response

    @action(detail=True, methods=["post"])
    @act(needs="change", takes=Reason, status=204)
    def remove(self, attachment: Attachment, obj: Model, given: dict[str, Any]) -> None:
        """Take the file off its object; its content stays in the store as evidence."""
        services.remove_file(by=self.by, obj=obj, attachment=attachment, reason=given["reason"])


# --- one's own ----------------------------------------------------------------------------------------------------


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """An event that one is told about, and what it ``asks`` for, if anything; of an object out of sight by now nothing is told."""

    at = serializers.DateTimeField(source="event.at", read_only=True)
    asks = serializers.SerializerMethodField()
    title = serializers.SerializerMethodField()
    object_type = serializers.SerializerMethodField()
    object_id = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    who = serializers.SerializerMethodField()
    note = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = (
            "id",
            "why",
            "asks",
            "at",
            "title",
            "text",
            "object_type",
            "object_id",
            "who",
            "note",
            "read_at",
        )
        read_only_fields = fields

    def get_asks(self, row: Any) -> str:
        return str(desk.ASKS.get(row.why, "")) if row.is_seen else ""

    def get_title(self, row: Any) -> str:
        if not row.is_seen:
            return _("这条记录已不在您的查看范围内")
        return f"{row.event.object_label}：{events.verbs().get(row.event.verb, row.event.verb)}"

    def get_object_type(self, row: Any) -> str:
        return row.event.object_type if row.is_seen else ""

    @extend_schema_field({"type": ["integer", "null"]})
    def get_object_id(self, row: Any) -> int | None:
        return row.event.object_id if row.is_seen else None

    def get_text(self, row: Any) -> str:
        return str(row.event.data.get("text", "")) if row.is_seen else ""

    def get_who(self, row: Any) -> str:
        return " ".join(filter(None, (row.event.actor_unit, row.event.actor_name))) if row.is_seen else ""

    def get_note(self, row: Any) -> str:
        return row.event.note if row.is_seen else ""


class NoticeViewSet(ScopedViewSet):
    """One's own notices, newest first."""

    model = Notice
    permission = SIGNED_IN
    serializer_class = NoticeSerializer
    filter_backends = ()

    def get_queryset(self) -> ScopedQuerySet[Any]:
        return super().get_queryset().select_related("event")

    def shown(self, rows: Sequence[Any]) -> Sequence[Any]:
        seen = {event.pk for event in in_sight(self.by, [notice.event for notice in rows])}
        for notice in rows:
            notice.is_seen = notice.event_id in seen
        return rows

    @action(detail=True, methods=["post"])
    @act(status=204)
    def read(self, notice: Notice) -> None:
        """Mark the notice as read."""
        services.mark_read(by=self.by, notices=[notice.pk])


class JobSerializer(serializers.ModelSerializer[Job]):
    """A piece of background work: how far it has come, and what it came to (rows by outcome)."""

    counts = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id", "kind", "title", "state", "cursor", "total", "counts", "problem", "version", "created_at", "updated_at",
            "finished_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_counts(self, row: Job) -> dict[str, int]:
        counts: dict[str, int] = row.report.get("counts") or {}
        return counts


class JobViewSet(ScopedViewSet):
    """One's own background jobs, newest first; all of them for who keeps the system running."""

    model = Job
    permission = SIGNED_IN
    serializer_class = JobSerializer
    filter_backends = ()


# --- code tables --------------------------------------------------------------------------------------------------


class CodeSerializer(serializers.ModelSerializer[Code]):
    class Meta:
        model = Code
        fields = ("code", "name", "name_en", "parent", "level", "valid_from", "valid_to")
        read_only_fields = fields


class CodeViewSet(Listed):
    """A code table of the profile, as in force today: what fields such as ``industry`` and ``source`` take."""

    model = Code
    permission = SIGNED_IN
    serializer_class = CodeSerializer
    filter_backends = ()
    ordering = "pk"
    places: ClassVar[tuple[str, ...]] = ("table",)

    def get_queryset(self) -> QuerySet[Any]:
        if self.is_described:
            return self.model._default_manager.none()
        return queries.codes(self.kwargs["table"], timezone.localdate())
