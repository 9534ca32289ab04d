"""The enterprise library over the API: the desk's filters, scope and services."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.api import Problem, ScopedViewSet, version_of
from yinfeng.core.crypto import mask_phone
from yinfeng.core.scopes import rows
from yinfeng.enterprises import services
from yinfeng.enterprises.filters import EnterpriseFilter
from yinfeng.enterprises.models import Contact, Enterprise

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="ETag of the version you read", required=True
)


class EnterpriseSerializer(serializers.ModelSerializer[Enterprise]):
    """An enterprise; amounts are yuan."""

    tags = serializers.SerializerMethodField()

    class Meta:
        model = Enterprise
        fields = ("id", *services.EDITABLE, "tags", "version", "created_at", "updated_at")
        read_only_fields = ("id", "tags", "version", "created_at", "updated_at")
        # Sameness of names and codes is judged by the service, which names the record that is there already.
        extra_kwargs: ClassVar[dict[str, Any]] = {"uscc": {"validators": []}}

    def get_tags(self, row: Enterprise) -> list[dict[str, Any]]:
        return [{"tag": tag.tag, "year": tag.year or None} for tag in row.tags.all()]


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """A contact; the phone is masked here, as everywhere."""

    phone = serializers.SerializerMethodField()

    class Meta:
        model = Contact
        fields = ("id", "name", "position", "phone", "email")

    def get_phone(self, row: Contact) -> str:
        return mask_phone(row.phone)


class EnterpriseViewSet(ScopedViewSet):
    """The enterprise library."""

    model = Enterprise
    permission = "enterprises.enterprise.view"
    serializer_class = EnterpriseSerializer
    filterset_class = EnterpriseFilter
    queryset = Enterprise.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("tags")

    @extend_schema(responses={201: EnterpriseSerializer, 409: Problem, 422: Problem})
    def create(self, request: Request) -> Response:
        """Enter an enterprise; 409 names the record when the library has it already."""
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self.answer(
            services.add_enterprise(by=self.by, values={"country": "CN", **given.validated_data}), 201
        )

    @extend_schema(
        parameters=[IF_MATCH], responses={200: EnterpriseSerializer, 409: Problem, 422: Problem, 428: Problem}
    )
    def partial_update(self, request: Request, pk: str = "") -> Response:
        """Edit an enterprise on the version named by If-Match."""
        version = version_of(request)
        enterprise = self.fetch("change")
        given = self.get_serializer(enterprise, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        changed = services.change_enterprise(
            by=self.by, enterprise=enterprise, version=version, values=given.validated_data
        )
        return self.answer(changed)

    @extend_schema(responses=ContactSerializer(many=True))
    @action(detail=True, pagination_class=None, filter_backends=[])
    def contacts(self, request: Request, pk: str = "") -> Response:
        """List the contacts of an enterprise, phones masked."""
        self.by.require("enterprises.contact.view")
        contacts = rows(Contact).permitted(self.by).filter(enterprise=self.get_object()).order_by("pk")
        return Response(ContactSerializer(contacts, many=True).data)
