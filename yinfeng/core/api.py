"""The API's frame: sentences, cursor pages, ETag and If-Match; resources share the desk's filters and services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar

from django.db.models import Model
from django.http import Http404
from django.utils.log import log_response
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions, pagination, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from yinfeng.core.actors import Actor
from yinfeng.core.errors import DomainError, Invalid, Missing, Stale, sentence_for
from yinfeng.core.scopes import ScopedQuerySet, fetch


class CursorPagination(pagination.CursorPagination):
    """Pages by cursor, newest first; ``limit`` rows up to 200."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
    ordering = "-pk"


def actor(request: Request) -> Actor:
    """Return who acts in an API request."""
    by: Actor = request._request.actor  # type: ignore[attr-defined]
    # by name: the desk's actor is lazy, and ``replace`` wants a dataclass itself
    return Actor(**{part.name: getattr(by, part.name) for part in fields(Actor)} | {"source": "api"})


def body(error: DomainError) -> dict[str, Any]:
    """Return a DomainError as JSON: its code, its sentence, and whatever belongs to it."""
    answer: dict[str, Any] = {"code": error.code, "sentence": str(error.sentence)}
    if error.fields:
        answer["fields"] = {name: [str(text) for text in texts] for name, texts in error.fields.items()}
    if reasons := getattr(error, "reasons", None):
        answer["reasons"] = [str(reason) for reason in reasons]
    if isinstance(error, Stale):
        answer["version"] = error.version
        answer["conflicts"] = [
            {
                "field": item.name,
                "label": str(item.label),
                "theirs": str(item.theirs),
                "yours": str(item.yours),
            }
            for item in error.conflicts
        ]
    return answer


def explain(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Translate errors for the API; the desk's translator is in ``core.middleware``."""
    if isinstance(error, Http404):
        error = Missing()
    if meant := sentence_for(error):
        answer = Response(body(meant), status=meant.status)
        if meant.status >= 500:  # a fault of the system: the log tells it once, with its place
            log_response(str(error), request=context["request"]._request, response=answer, exception=error)
        return answer
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, dict) else {"": error.detail}
        fields = {
            name: [str(text) for text in (texts if isinstance(texts, list) else [texts])]
            for name, texts in detail.items()
        }
        return Response(
            {"code": "invalid", "sentence": _("有内容需要修改，请看标出的各项。"), "fields": fields},
            status=422,
        )
    response = exception_handler(error, dict(context))
    if response is not None and isinstance(error, exceptions.APIException):
        response.data = {
            "code": str(getattr(error, "default_code", "refused")),
            "sentence": str(error.detail),
        }
    return response


class Problem(serializers.Serializer[Any]):
    """An error as the API sends it."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    fields = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)  # type: ignore[assignment]
    reasons = serializers.ListField(child=serializers.CharField(), required=False)


class MoveInput(serializers.Serializer[Any]):
    """What a move is sent with."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000, default="")


class FilterBackend(DjangoFilterBackend):
    """The desk's FilterSets, told who asks."""

    def get_filterset_kwargs(self, request: Request, queryset: Any, view: Any) -> dict[str, Any]:
        return {**super().get_filterset_kwargs(request, queryset, view), "by": actor(request)}


def etag(obj: Any) -> str:
    """Return the entity tag of a versioned row."""
    return f'"{obj.version}"'


def version_of(request: Request) -> int:
    """Return the version named by If-Match; a change without one is refused, so that no edit is lost."""
    tag = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not tag:
        raise Precondition(_("请在 If-Match 中写明您所依据的版本（读取时返回的 ETag）。"))
    if not tag.isdecimal() or len(tag) > 9:
        raise Invalid(_("If-Match 的格式不对，应为读取时返回的 ETag。"))
    return int(tag)


class Precondition(DomainError):
    """Refuse a change that does not say on which version it was made."""

    status = 428
    code = "precondition_required"


class ScopedViewSet(viewsets.GenericViewSet[Any]):
    """List and read rows of one model through its scope; subclasses add what services they offer.

    ``permission`` is the code that opens the resource at all, as on the desk's pages.
    """

    model: ClassVar[type[Model]]
    permission: ClassVar[str]
    filter_backends = (FilterBackend,)
    pagination_class = CursorPagination
    lookup_value_regex = r"\d{1,18}"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.by.require(self.permission)

    @property
    def by(self) -> Actor:
        return actor(self.request)

    def get_queryset(self) -> ScopedQuerySet[Any]:
        queryset: ScopedQuerySet[Any] = self.model._default_manager.all()  # type: ignore[assignment]
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()
        return queryset.permitted(self.by)

    def get_object(self) -> Any:
        return self.fetch("view")

    def fetch(self, action: str) -> Any:
        """Return the row of the address for ``action``: 404 out of sight, 403 when refused."""
        return fetch(self.model._default_manager.all(), self.by, int(self.kwargs["pk"]), action)  # type: ignore[arg-type]

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str = "") -> Response:
        obj = self.get_object()
        return self.answer(obj)

    def answer(self, obj: Any, status: int = 200) -> Response:
        """Return the row with its ETag."""
        headers = {"ETag": etag(obj)} if hasattr(obj, "version") else {}
        return Response(self.get_serializer(obj).data, status=status, headers=headers)
