"""Leads and projects over the API: the desk's filters, scopes, lifecycles and services."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.actors import ANONYMOUS
from yinfeng.core.api import MoveInput, ScopedViewSet, actor, version_of
from yinfeng.core.lifecycle import Lifecycle
from yinfeng.core.money import YuanField
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.queries import hosts
from yinfeng.projects import lifecycle, services
from yinfeng.projects.filters import LeadFilter, ProjectFilter
from yinfeng.projects.models import Lead, Project

_WHAT_IS_SET_BY_ACTS = ("state", "stage", "status")


class Writable(serializers.ModelSerializer[Any]):
    """A row as it is read and, of the fields in ``changeable``, written; anything else in the body is refused."""

    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        YuanField: serializers.DecimalField,
    }

    def to_internal_value(self, data: Any) -> Any:
        writable = {name for name, field in self.fields.items() if not field.read_only}
        strangers = sorted(set(data) - writable) if isinstance(data, dict) else []
        if strangers:
            raise serializers.ValidationError({name: [_refusal(name)] for name in strangers})
        return super().to_internal_value(data)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        request = self.context.get("request")
        if not fields["enterprise"].read_only:  # the generator of the schema has no actor
            known = hasattr(getattr(request, "_request", None), "actor")
            by = actor(request) if request is not None and known else ANONYMOUS
            fields["enterprise"].queryset = Enterprise.objects.permitted(by)
        for name in ("host_unit", "reporter_unit", "handling_unit"):
            if name in fields and not fields[name].read_only:
                fields[name].queryset = hosts()
                fields[name].required = False
        return fields


def _refusal(name: str) -> str:
    if name in _WHAT_IS_SET_BY_ACTS:
        return _("这一项只能通过 moves 改变。")
    return _("没有这一项，或这一项不能直接填写。")


class LeadSerializer(Writable):
    despite = serializers.CharField(required=False, allow_blank=True, write_only=True, max_length=500)
    confirm_amounts = serializers.BooleanField(required=False, write_only=True)

    class Meta:
        model = Lead
        fields: ClassVar = [
            "id", "title", "enterprise", "source", "source_detail", "heard_date", "content", "industry", "intended",
            "intended_currency", "intended_original", "first_reported_at", "reporter_unit", "handling_unit",
            "registered_by", "state", "finding", "version", "created_at", "updated_at", "is_demo", "despite",
            "confirm_amounts",
        ]  # fmt: skip
        read_only_fields: ClassVar = [
            "id", "first_reported_at", "registered_by", "state", "finding", "version", "is_demo", "intended_currency",
            "intended_original",
        ]  # fmt: skip


class ProjectSerializer(Writable):
    despite = serializers.CharField(required=False, allow_blank=True, write_only=True, max_length=500)
    confirm_amounts = serializers.BooleanField(required=False, write_only=True)
    note = serializers.CharField(required=False, allow_blank=True, write_only=True, max_length=500)

    class Meta:
        model = Project
        fields: ClassVar = [
            "id", "code", "name", "lead", "enterprise", "stage", "stage_since", "status", "secrecy", "project_class",
            "investment_kind", "is_foreign", "origin", "industry", "chain", "summary", "intended", "intended_currency",
            "intended_original", "fixed_investment", "contracted", "site", "land_mu", "planned_start_date",
            "expected_output", "expected_tax", "contact_name", "next_step", "next_date", "signed_date", "lost_reason",
            "rival_place", "progress_at", "reporter_unit", "host_unit", "created_by", "version", "created_at",
            "updated_at", "is_demo", "despite", "confirm_amounts", "note",
        ]  # fmt: skip
        read_only_fields: ClassVar = [
            "id", "code", "lead", "stage", "stage_since", "status", "contracted", "signed_date", "lost_reason",
            "rival_place", "progress_at", "created_by", "version", "is_demo", "intended_currency", "intended_original",
        ]  # fmt: skip


class Offer(serializers.Serializer[Any]):
    """A move as it stands for the caller: open, or blocked by sentences."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    target = serializers.CharField()
    asks_reason = serializers.BooleanField()
    is_open = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())


class ProjectMoveInput(MoveInput):
    lost_reason = serializers.CharField(required=False, allow_blank=True, max_length=40, default="")
    rival_place = serializers.CharField(required=False, allow_blank=True, max_length=100, default="")


class Moving(ScopedViewSet):
    """A resource whose rows move through lifecycles."""

    lifecycles: ClassVar[tuple[Lifecycle, ...]]

    @extend_schema(responses=Offer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def moves(self, request: Request, pk: str = "") -> Response:
        """List the moves the caller may make on the row, blocked ones with their reasons."""
        obj = self.get_object()
        return Response(
            [
                {
                    "name": offer.move.name, "label": str(offer.move.label), "target": offer.move.target,
                    "asks_reason": offer.move.asks_reason, "is_open": offer.is_open,
                    "reasons": [str(reason) for reason in offer.reasons],
                }
                for table in self.lifecycles
                for offer in table.offers(obj, self.by)
            ]
        )  # fmt: skip

    def checked(self, request: Request, serializer: serializers.BaseSerializer[Any]) -> dict[str, Any]:
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class LeadViewSet(Moving):
    model = Lead
    permission = "projects.lead.view"
    serializer_class = LeadSerializer
    filterset_class = LeadFilter
    lifecycles = (lifecycle.LEAD,)

    def create(self, request: Request) -> Response:
        values = self.checked(request, self.get_serializer(data=request.data))
        despite, confirmed = values.pop("despite", ""), values.pop("confirm_amounts", False)
        lead = services.register_lead(by=self.by, values=values, despite=despite, confirmed=confirmed)
        return self.answer(lead, 201)

    def partial_update(self, request: Request, pk: str = "") -> Response:
        lead, version = self.fetch("change"), version_of(request)
        values = self.checked(request, self.get_serializer(lead, data=request.data, partial=True))
        despite, confirmed = values.pop("despite", ""), values.pop("confirm_amounts", False)
        values.pop("reporter_unit", None)
        services.change_lead(
            by=self.by, lead=lead, version=version, values=values, despite=despite, confirmed=confirmed
        )
        return self.answer(lead)

    @extend_schema(request=MoveInput)
    @action(detail=True, methods=["post"], url_path=r"moves/(?P<move>[a-z_]+)")
    def move(self, request: Request, pk: str = "", move: str = "") -> Response:
        """Make a move; “convert” answers with the new project."""
        lead, version = self.get_object(), version_of(request)
        reason = self.checked(request, MoveInput(data=request.data))["reason"]
        if move == "convert":
            project = services.convert_lead(by=self.by, lead=lead, version=version)
            return Response(
                ProjectSerializer(project, context=self.get_serializer_context()).data, status=201
            )
        services.move_lead(by=self.by, lead=lead, move=move, reason=reason, version=version)
        return self.answer(lead)


class ProjectViewSet(Moving):
    model = Project
    permission = "projects.project.view"
    serializer_class = ProjectSerializer
    filterset_class = ProjectFilter
    lifecycles = (lifecycle.STAGE, lifecycle.STATUS)

    def create(self, request: Request) -> Response:
        values = self.checked(request, self.get_serializer(data=request.data))
        values.pop("note", None)
        despite, confirmed = values.pop("despite", ""), values.pop("confirm_amounts", False)
        project = services.add_project(by=self.by, values=values, despite=despite, confirmed=confirmed)
        return self.answer(project, 201)

    def partial_update(self, request: Request, pk: str = "") -> Response:
        project, version = self.fetch("change"), version_of(request)
        values = self.checked(request, self.get_serializer(project, data=request.data, partial=True))
        values.pop("reporter_unit", None)
        despite, confirmed = values.pop("despite", ""), values.pop("confirm_amounts", False)
        services.change_project(
            by=self.by, project=project, version=version, note=values.pop("note", ""), values=values,
            despite=despite, confirmed=confirmed,
        )  # fmt: skip
        return self.answer(project)

    @extend_schema(request=ProjectMoveInput)
    @action(detail=True, methods=["post"], url_path=r"moves/(?P<move>[a-z_]+)")
    def move(self, request: Request, pk: str = "", move: str = "") -> Response:
        """Make a move of the stage or the status; a signing is verified on the desk, by another person."""
        project, version = self.get_object(), version_of(request)
        given = self.checked(request, ProjectMoveInput(data=request.data))
        services.move_project(by=self.by, project=project, move=move, version=version, **given)
        return self.answer(project)
