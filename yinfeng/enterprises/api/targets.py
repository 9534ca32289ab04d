"""Target enterprises and warnings over the API: the desk's filters, scopes, lifecycles and services."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action

from yinfeng.core.api import (
    MOVE,
    MoveInput,
    Moving,
    NestedViewSet,
    ObjectViewSet,
    Resource,
    Strict,
    StrictModel,
    act,
    not_after_today,
)
from yinfeng.core.api_common import FilesViewSet
from yinfeng.enterprises import lifecycle, queries, services
from yinfeng.enterprises.filters.targets import SignalFilter, TargetFilter
from yinfeng.enterprises.models import Enterprise, Signal, Target

TARGETS, SIGNALS = "enterprises.target.view", "enterprises.signal.view"
CHANGE_TARGETS, CHANGE_SIGNALS = "enterprises.target.change", "enterprises.signal.change"


def open_choices(serializer: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """Let the fields name enterprises in the caller's sight, units that exist today and accounts in use."""
    view = serializer.context.get("view")
    if isinstance(view, Resource) and not view.is_described:
        choices = {
            "enterprise": Enterprise.objects.permitted(view.by), "unit": queries.units_to_take_over(),
            "owner": queries.accounts_in_use(),
        }  # fmt: skip
        for name, found in choices.items():
            if name in fields and not fields[name].read_only:
                fields[name].queryset = found
    return fields


class Followed(StrictModel):
    """A row that a unit and a person answer for: the caller's own unless others are named."""

    moved = ("state", "project")
    enterprise_name = serializers.CharField(source="enterprise.name", read_only=True)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for name in ("unit", "owner"):
            fields[name].required = False
        if self.instance is not None:  # who answers for a row that is there changes by an act of its own
            for name in ("enterprise", "unit", "owner"):
                fields[name].read_only = True
        return open_choices(self, fields)


class TargetSerializer(Followed):
    """A target enterprise; 409 names who else courts the firm until ``together`` says how one works with them."""

    class Meta:
        model = Target
        fields: ClassVar = [
            "id", "enterprise", "enterprise_name", "unit", "owner", "priority", "state", "wanted", "next_step",
            "next_date", "together", "project", "version", "created_at", "updated_at", "is_demo",
        ]  # fmt: skip
        read_only_fields: ClassVar = ["id", "state", "project", "version", "is_demo"]
        # That a unit's list has the firm once is said by the service.
        validators: ClassVar[list[Any]] = []


class SignalSerializer(Followed):
    """A warning that a firm here may move away; the unit and the owner of one that nobody has yet are empty."""

    class Meta:
        model = Signal
        fields: ClassVar = [
            "id", "enterprise", "enterprise_name", "kind", "level", "state", "noted_date", "due_date", "detail", "source",
            "unit", "owner", "next_step", "next_date", "is_automatic", "version", "created_at", "updated_at", "is_demo",
        ]  # fmt: skip
        read_only_fields: ClassVar = ["id", "state", "is_automatic", "version", "is_demo"]
        validators: ClassVar[list[Any]] = []

    def validate_noted_date(self, day: date) -> date | None:
        return not_after_today(day, _("发现日期不能晚于今天。"))


class Responsible(Strict):
    """Who is to answer for a row; what is not named stays."""

    unit = serializers.PrimaryKeyRelatedField(queryset=queries.units_to_take_over(), required=False)
    owner = serializers.PrimaryKeyRelatedField(queryset=queries.accounts_in_use())
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")

    def get_fields(self) -> dict[str, Any]:
        return open_choices(self, super().get_fields())


class Assignment(Responsible):
    next_step = serializers.CharField(required=False, allow_blank=True, max_length=300)
    next_date = serializers.DateField(required=False, allow_null=True)


class TargetMove(MoveInput):
    """What a move is sent with; ``project`` belongs to “land”, ``together`` to “resume” when others court the firm."""

    project = serializers.CharField(required=False, allow_blank=True, max_length=100)
    together = serializers.CharField(required=False, allow_blank=True, max_length=300)


class TargetViewSet(Moving, ObjectViewSet):
    """Target enterprises: whom a unit courts, who answers for it, what comes next."""

    model = Target
    permission = TARGETS
    serializer_class = TargetSerializer
    filterset_class = TargetFilter
    lifecycles = (lifecycle.TARGET,)
    queryset = Target.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("enterprise")

    @act(TargetSerializer, permission=CHANGE_TARGETS, status=201)
    def create(self, given: dict[str, Any]) -> Target:
        """Put a firm on a unit's list."""
        return services.add_target(by=self.by, enterprise=given.pop("enterprise"), values=given)

    @act(TargetSerializer, needs="change", versioned=True)
    def partial_update(self, row: Target, version: int, given: dict[str, Any]) -> Target:
        """Change priority, aim, next step or how one works with others, on the version named by If-Match."""
        return services.change_target(by=self.by, target=row, version=version, values=given)

    @action(detail=True, methods=["post"], url_path="hand-over")
    @act(Responsible, TargetSerializer, needs="change", versioned=True)
    def hand_over(self, row: Target, version: int, given: dict[str, Any]) -> Target:
        """Give the target to another person or unit, out of one's own sight too."""
        return services.hand_over_target(by=self.by, target=row, version=version, values=given)

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(TargetMove, TargetSerializer, versioned=True)
    def move(self, row: Target, version: int, given: dict[str, Any], move: str) -> Target:
        """Make a move."""
        reason = given.pop("reason")
        return services.move_target(
            by=self.by, target=row, move=move, reason=reason, version=version, values=given
        )


class TargetFiles(FilesViewSet):
    parent = Target
    permission = TARGETS


class SignalViewSet(Moving, ObjectViewSet):
    """Warnings that firms here may move away."""

    model = Signal
    permission = SIGNALS
    serializer_class = SignalSerializer
    filterset_class = SignalFilter
    lifecycles = (lifecycle.SIGNAL,)
    queryset = Signal.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("enterprise")

    @act(SignalSerializer, permission=CHANGE_SIGNALS, status=201)
    def create(self, given: dict[str, Any]) -> Signal:
        """Record what says that a firm may move away."""
        return services.record_signal(by=self.by, enterprise=given.pop("enterprise"), values=given)

    @act(SignalSerializer, needs="change", versioned=True)
    def partial_update(self, row: Signal, version: int, given: dict[str, Any]) -> Signal:
        """Change what the warning says, its level or the next step, on the version named by If-Match."""
        return services.change_signal(by=self.by, signal=row, version=version, values=given)

    @action(detail=True, methods=["post"])
    @act(Assignment, SignalSerializer, needs="change", versioned=True)
    def assign(self, row: Signal, version: int, given: dict[str, Any]) -> Signal:
        """Give the warning to a unit and a person."""
        return services.assign_signal(by=self.by, signal=row, version=version, values=given)

    @action(detail=True, methods=["post"], url_path=MOVE)
    @act(MoveInput, SignalSerializer, versioned=True)
    def move(self, row: Signal, version: int, given: dict[str, Any], move: str) -> Signal:
        """Make a move."""
        return services.move_signal(
            by=self.by, signal=row, move=move, reason=given["reason"], version=version
        )


class SignalFiles(FilesViewSet):
    parent = Signal
    permission = SIGNALS


# --- who courts a firm --------------------------------------------------------------------------------------------


class CourtingSerializer(serializers.Serializer[Any]):
    """A unit that courts the firm, as everybody who sees targets may know it: nothing of what it plans."""

    unit = serializers.IntegerField(source="unit_id")
    unit_name = serializers.CharField(source="unit.brief")
    owner = serializers.CharField(source="owner.name")
    state = serializers.ChoiceField(choices=list(queries.COURTING))
    since = serializers.DateTimeField(source="created_at")


class CourtingUnits(NestedViewSet):
    """Which units court an enterprise, whether or not their lists are in the caller's sight."""

    parent, model = Enterprise, Target
    permission = TARGETS
    serializer_class = CourtingSerializer

    def belonging(self, parent: Enterprise) -> Any:
        found = parent.targets.filter(state__in=queries.COURTING)
        return found.select_related("unit", "owner")
