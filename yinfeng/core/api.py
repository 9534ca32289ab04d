"""The API's frame: sentences, cursor pages, ETag and If-Match; resources share the desk's filters and services."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.log import log_response
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, pagination, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from yinfeng.core import queries, services
from yinfeng.core.actors import Actor
from yinfeng.core.api_schema import Act, Body, Schema
from yinfeng.core.errors import DomainError, Invalid, Missing, Stale, sentence_for
from yinfeng.core.events import type_of
from yinfeng.core.lifecycle import Lifecycle
from yinfeng.core.models import Event, Follow
from yinfeng.core.money import UNITS, Money, YuanField
from yinfeng.core.queries import rate_of
from yinfeng.core.scopes import ScopedQuerySet, actions_on, fetch, files_action, permits, rows
from yinfeng.core.web import SIGNED_IN, entry

ID = r"\d{1,18}"


class CursorPagination(pagination.CursorPagination):
    """Pages by cursor, newest first; ``limit`` rows up to 200."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        ordering: str | tuple[str, ...] = view.ordering
        return (ordering,) if isinstance(ordering, str) else ordering

    def get_page_size(self, request: Request) -> int:
        limit = request.query_params.get("limit", "")
        if limit and not (limit.isascii() and limit.isdecimal() and len(limit) < 10 and int(limit)):
            raise exceptions.ValidationError({"limit": [_("请填写 1 到 200 的整数。")]})
        return min(int(limit), self.max_page_size) if limit else self.page_size

    def decode_cursor(self, request: Request) -> Any:
        cursor = super().decode_cursor(request)
        if cursor is not None and "\0" in str(cursor.position):
            raise exceptions.NotFound(self.invalid_cursor_message)
        return cursor

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ArithmeticError, ValidationError) as error:  # a cursor that somebody made up
            raise exceptions.NotFound(self.invalid_cursor_message) from error


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


# --- bodies -------------------------------------------------------------------------------------------------------


class JsonParser(JSONParser):
    """JSON, without what Python reads but nothing can keep or send back: nesting without end, halves of characters, 1e400."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
        except (RecursionError, ValueError) as error:
            raise exceptions.ParseError(_("内容不是有效的 JSON，请检查。")) from error
        return data


class Strict(serializers.Serializer[Any]):
    """A body in which a field that is not taken is refused, not passed over in silence.

    ``moved`` names the fields that are read here and change by moves alone.
    """

    moved: ClassVar[tuple[str, ...]] = ()
    refuses_strangers = True  # the document says so

    def to_internal_value(self, data: Any) -> Any:
        taken = {name for name, field in self.fields.items() if not field.read_only}
        strangers = sorted(set(data) - taken) if isinstance(data, dict) else []
        if strangers:
            raise serializers.ValidationError({name: [self._refusal(name)] for name in strangers})
        return super().to_internal_value(data)

    def _refusal(self, name: str) -> str:
        if name in self.moved:
            return _("这一项只能通过 moves 改变。")
        return _("没有这一项，或这一项不能直接填写。")


class Moment(serializers.DateTimeField):
    """A point in time; one at the very edge of the calendar is refused, where Django REST framework fails."""

    def enforce_timezone(self, value: Any) -> Any:
        try:
            return super().enforce_timezone(value)
        except OverflowError:
            self.fail("overflow")


class StrictModel(Strict, serializers.ModelSerializer[Any]):
    """A row as it is read and, of its fields that are not read-only, written."""

    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        YuanField: serializers.DecimalField,
        models.DateTimeField: Moment,
    }


class MoveInput(Strict):
    """What a move is sent with."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=1000, default="")


class Reason(Strict):
    """Why something is taken off."""

    reason = serializers.CharField(max_length=1000)


@extend_schema_field(OpenApiTypes.BINARY)
class Upload(serializers.FileField):
    """A file in a multipart body."""


class Currency(serializers.ChoiceField):
    """The currency in which an amount of the same body is given, in whole units of it; yuan unless said."""

    def __init__(self, **kwargs: Any) -> None:
        currencies = sorted({currency for _label, currency, _size in UNITS.values()})
        super().__init__(choices=currencies, required=False, write_only=True, **kwargs)


def money_of(amount: Decimal, currency: str) -> Money:
    """Return the Money that ``amount`` of ``currency`` is at the profile's newest rate; Invalid when it has none."""
    rate = Decimal(1) if currency == "CNY" else rate_of(currency, timezone.localdate())
    if rate is None:
        sentence = _("城市方案中没有该币种的汇率，请改填人民币金额。")
        raise Invalid(sentence, fields={"currency": [sentence]})
    return Money((amount * rate).quantize(Decimal("0.01"), ROUND_HALF_UP), currency, amount, rate)


def not_after_today(day: date | None, sentence: str) -> date | None:
    """Return the day unless it lies ahead: then ``sentence`` says so."""
    if day and day > timezone.localdate():
        raise serializers.ValidationError(sentence)
    return day


# --- the frame ----------------------------------------------------------------------------------------------------


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


def act(
    takes: Body | None = None,
    gives: Body | Mapping[int, Body] | None = None,
    *,
    needs: str = "view",
    permission: str = "",
    status: int = 200,
    versioned: bool = False,
) -> Callable[[Callable[..., Any]], Any]:
    """Let a method be what an action does once its row, version and body are there; what it returns is the answer.

    The method gets the row of the address (the parent's, in a nested resource; none for a new row at the top), the version
    named by If-Match where the act is ``versioned``, and the body as ``takes`` reads it. ``needs`` is the scope action on
    the row, out of sight 404, refused 403; ``permission`` is asked where no row says enough. The row comes back as ``gives``
    (for its status) shows it; nothing comes back as 204.
    """

    def wrap(do: Callable[..., Any]) -> Any:
        @wraps(do)
        def method(self: Resource, request: Request, **kwargs: Any) -> Response:
            arguments = self.subject(needs)
            if permission:
                self.by.require(permission)
            if versioned:
                arguments.append(version_of(request))
            if takes is not None:
                arguments.append(self.taken(takes, *arguments[:1]))
            more = {name: value for name, value in kwargs.items() if name not in self.places}
            made = do(self, *arguments, **more)
            shape = gives[status] if isinstance(gives, Mapping) else gives
            return made if isinstance(made, Response) else self.answer(made, status, shape)

        method.act = Act(needs, takes, gives, status, versioned)  # type: ignore[attr-defined]
        return method

    return wrap


class Resource(viewsets.GenericViewSet[Any]):
    """What every resource has: the permission at its door, its pages of rows, its answers with their ETag.

    ``permission`` is the code that opens the resource at all, as on the desk's pages, or SIGNED_IN.
    """

    model: ClassVar[type[Model]]
    permission: ClassVar[str]
    places: ClassVar[tuple[str, ...]] = ("pk",)  # arguments of the address that name the row, not the act
    ordering: ClassVar[str | tuple[str, ...]] = "-pk"
    filter_backends: Sequence[Any] = (FilterBackend,)
    pagination_class = CursorPagination
    parser_classes: Sequence[Any] = (JsonParser,)
    lookup_value_regex = ID
    schema = Schema()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.permission != SIGNED_IN:
            self.by.require(self.permission)

    @property
    def by(self) -> Actor:
        return actor(self.request)

    @property
    def is_described(self) -> bool:
        """Say whether nobody asks: the OpenAPI document is being made."""
        return getattr(self, "swagger_fake_view", False)

    def subject(self, needs: str) -> list[Any]:
        """Return the row of the address, alone in a list, or an empty list when the address names none."""
        raise NotImplementedError

    def taken(self, takes: Body, row: Any = None) -> dict[str, Any]:
        """Return the body as ``takes`` reads it; a PATCH is read against its row."""
        partial = self.request.method == "PATCH"
        serializer = takes(
            row if partial else None, data=self.request.data, partial=partial, context=self.get_serializer_context()
        )  # fmt: skip
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def shown(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return the rows of a page with what their serializer shows beside them."""
        return rows

    def answer(self, obj: Any, status: int = 200, gives: Body | None = None) -> Response:
        """Return the row with its ETag."""
        if obj is None:
            return Response(status=204)
        headers = {"ETag": etag(obj)} if hasattr(obj, "version") else {}
        made = (gives or self.get_serializer_class())(obj, context=self.get_serializer_context())
        return Response(made.data, status=status, headers=headers)


class Listed(Resource):
    """Rows that are listed in pages."""

    def list(self, request: Request, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(self.shown(page or []), many=True).data)


class Readable(Resource):
    """Rows of one model, each read through the model's scope under its own address."""

    def get_queryset(self) -> ScopedQuerySet[Any]:
        queryset = rows(self.model)
        return queryset.none() if self.is_described else queryset.permitted(self.by)

    def get_object(self) -> Any:
        return self.fetch("view")

    def fetch(self, action: str) -> Any:
        """Return the row of the address for ``action``: 404 out of sight, 403 when refused."""
        return fetch(rows(self.model), self.by, int(self.kwargs["pk"]), action)

    def subject(self, needs: str) -> list[Any]:
        return [self.fetch(needs)] if self.detail else []

    def retrieve(self, request: Request, pk: str = "") -> Response:
        return self.answer(*self.shown([self.get_object()]))


class ScopedViewSet(Listed, Readable):
    """List and read rows of one model through its scope; subclasses add what services they offer."""


class NestedViewSet(Listed):
    """Rows that belong to one row of ``parent`` and have no address but under it: ``/projects/7/talks/``."""

    parent: ClassVar[type[Model]]
    filter_backends = ()
    places = ("parent", "pk")

    def belonging(self, parent: Any) -> QuerySet[Any]:
        """Return the rows that belong to a row of the parent which the caller may see."""
        raise NotImplementedError

    def subject(self, needs: str) -> list[Any]:
        return [fetch(rows(self.parent), self.by, int(self.kwargs["parent"]), needs)]

    def get_queryset(self) -> QuerySet[Any]:
        queryset = self.model._default_manager.none()
        return queryset if self.is_described else self.belonging(*self.subject("view"))


def under(parent: str) -> str:
    """Return the address of rows that belong to one of ``parent``, for a router."""
    return rf"{parent}/(?P<parent>{ID})"


# --- what every object has ----------------------------------------------------------------------------------------


class Following(serializers.Serializer[Any]):
    following = serializers.BooleanField()


class Changed(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    old = serializers.CharField(allow_blank=True)
    new = serializers.CharField(allow_blank=True)


class Told(serializers.Serializer[Any]):
    """An event as timelines tell it, in the reader's language; ``object`` is named when it is another row."""

    at = serializers.DateTimeField()
    who = serializers.CharField(allow_blank=True)
    unit = serializers.CharField(allow_blank=True)
    what = serializers.CharField()
    object = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    changes = Changed(many=True)


class ObjectViewSet(ScopedViewSet):
    """Rows that people follow and whose story is told."""

    def told_of(self, row: Any) -> Sequence[Model]:
        """Return the rows whose events make this row's timeline."""
        return [row]

    @extend_schema(responses=Told(many=True))
    @action(detail=True, pagination_class=None, filter_backends=[])
    def timeline(self, request: Request, pk: str = "") -> Response:
        """Tell what happened to the row, newest first, as its page does."""
        row = self.get_object()
        return Response(Told(self.lines_of(row, queries.timeline(self.told_of(row))[0]), many=True).data)

    def lines_of(self, row: Any, events: Sequence[Event]) -> list[dict[str, Any]]:
        """Return events as the lines of a row's timeline."""
        needed = files_action(type(row))
        with_files = needed == "view" or permits(row, self.by, needed)
        return [entry(event, row, with_files=with_files) for event in events]

    @action(detail=True, pagination_class=None, filter_backends=[])
    @act(gives=Following)
    def following(self, row: Any) -> dict[str, bool]:
        """Say whether the caller follows the row."""
        mine = Follow.objects.permitted(self.by).filter(object_type=type_of(row), object_id=row.pk)
        return {"following": mine.exists()}

    @following.mapping.put
    @act(gives=Following)
    def follow(self, row: Any) -> dict[str, bool]:
        """Follow the row: its events become the caller's notices."""
        services.follow(by=self.by, obj=row)
        return {"following": True}

    @following.mapping.delete
    @act(status=204)
    def unfollow(self, row: Any) -> None:
        """Stop following the row."""
        services.unfollow(by=self.by, obj=row)


class Offer(serializers.Serializer[Any]):
    """A move as it stands for the caller: open, or blocked by sentences."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    target = serializers.CharField()
    asks_reason = serializers.BooleanField()
    is_open = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())


class Moving(Readable):
    """A resource whose rows move through lifecycles."""

    lifecycles: ClassVar[tuple[Lifecycle, ...]]

    @extend_schema(responses=Offer(many=True))
    @action(detail=True, pagination_class=None, filter_backends=[])
    def moves(self, request: Request, pk: str = "") -> Response:
        """List the moves the caller may make on the row, blocked ones with their reasons."""
        obj = self.get_object()
        allowed = actions_on(obj, self.by, {move.action for table in self.lifecycles for move in table.moves})
        return Response(
            [
                {
                    "name": offer.move.name, "label": str(offer.move.label), "target": offer.move.target,
                    "asks_reason": offer.move.asks_reason, "is_open": offer.is_open,
                    "reasons": [str(reason) for reason in offer.reasons],
                }
                for table in self.lifecycles
                for offer in table.offers(obj, self.by, allowed)
            ]
        )  # fmt: skip


MOVE = r"moves/(?P<move>[a-z_]{1,40})"
