"""What the OpenAPI document says of every operation without being told: its body, its answers, its refusals, its version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from yinfeng.core.models import Versioned


class Conflicting(serializers.Serializer[Any]):
    """A field that somebody else changed in the meantime, with both values."""

    field = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    theirs = serializers.CharField()
    yours = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """An error as the API sends it; ``sentence`` is for people, in the language of the request."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    fields = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)  # type: ignore[assignment]
    reasons = serializers.ListField(child=serializers.CharField(), required=False)
    version = serializers.IntegerField(required=False, allow_null=True)
    conflicts = Conflicting(many=True, required=False)


Body = type[serializers.BaseSerializer[Any]]


class Act(NamedTuple):
    """What an action of a resource needs, takes and gives; ``core.api.act`` puts one on its method."""

    needs: str = "view"
    takes: Body | None = None
    gives: Body | Mapping[int, Body] | None = None
    status: int = 200
    versioned: bool = False


REFUSALS = {
    "400": "The body is not what its Content-Type says.",
    "401": "Nobody is signed in, and there is no valid token.",
    "403": "The person, or the token, may not do this.",
    "404": "There is no such row in the caller's sight, or the cursor is none of ours.",
    "409": "The row's state does not allow it (`reasons`), or somebody changed the row first (`conflicts`, `version`).",
    "413": "The file is too large.",
    "415": "The body is of a type that is not taken here.",
    "422": "Something sent breaks a rule; `fields` says what.",
    "428": "The version on which the change was made is missing: send If-Match.",
}

IF_MATCH = OpenApiParameter(
    "If-Match", {"type": "string", "pattern": r'^(W/)?"?[0-9]{1,9}"?$'}, OpenApiParameter.HEADER, required=True,
    description="The ETag (or `version`) of the row as you read it.",
)  # fmt: skip
ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=["200", "201"],
    description="The row's version, for If-Match.",
)


class Schema(AutoSchema):
    """Describes an action by its Act."""

    view: Any

    @property
    def act(self) -> Act:
        found: Act = getattr(getattr(self.view, self.view.action, None), "act", Act())
        return found

    def get_override_parameters(self) -> list[Any]:
        asked = [IF_MATCH] if self.act.versioned else []
        return [*asked, ETAG] if self.answers_with_row else asked

    @property
    def answers_with_row(self) -> bool:
        """Say whether the answer is one row of a model whose rows have versions."""
        one = self.view.action == "retrieve" or (self.act.takes is not None and self.act.status != 204)
        return one and issubclass(self.view.model, Versioned)

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        described: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if getattr(serializer, "refuses_strangers", False):
            described["additionalProperties"] = False
        return described

    def get_request_serializer(self) -> Any:
        return self.act.takes

    def get_response_serializers(self) -> Any:
        act = self.act
        if act.status == 204:
            return {204: OpenApiResponse(description="Done.")}
        described = act.gives or super().get_response_serializers()
        return described if isinstance(described, Mapping) else {act.status: described}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self.refusals():
            told = OpenApiResponse(Problem, description=REFUSALS[status])
            described = self._get_response_for_code(told, status, ["application/json"])  # type: ignore[no-untyped-call]
            bodies.setdefault(status, described)
        return bodies

    def refusals(self) -> list[str]:
        """Return the statuses with which the operation may refuse."""
        found = {"401", "403"}
        if "{" in self.path or self.view.action == "list":
            found |= {"404"}
        if self.view.action == "list" and (self.get_filter_backends() or self.view.pagination_class):
            found |= {"422"}
        if self.act.takes:
            found |= {"400", "409", "413", "415", "422"}
        if self.act.versioned:
            found |= {"409", "422", "428"}
        return sorted(found)
