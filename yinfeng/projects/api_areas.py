"""Major areas over the API: who keeps them, what they offer."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action

from yinfeng.core.api import NestedViewSet, Reason, ScopedViewSet, StrictModel, act
from yinfeng.projects import services
from yinfeng.projects.lists_areas import AreaFilter
from yinfeng.projects.models import Area, Premises

VIEW, CHANGE = "projects.project.view", "projects.area.change"


class AreaSerializer(StrictModel):
    """A major area with its command post and the districts in which it lies."""

    class Meta:
        model = Area
        fields: ClassVar = [
            "id", "name", "command_unit", "districts", "purpose", "duties", "since", "until", "version", "created_at", "updated_at", "is_demo",
        ]  # fmt: skip
        read_only_fields: ClassVar = ["id", "version", "is_demo"]


class PremisesSerializer(StrictModel):
    """A piece of land (``size`` in 亩) or a building (in ㎡) that an area offers."""

    class Meta:
        model = Premises
        fields: ClassVar = ["id", "name", "kind", "size", "state", "available_date", "version"]
        read_only_fields: ClassVar = ["id", "version"]


class PremisesInput(PremisesSerializer):
    """What is changed of premises; what is left out stays."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
            field.default = serializers.empty
        return fields


class AreaViewSet(ScopedViewSet):
    """Major areas and their command posts."""

    model = Area
    permission = VIEW
    serializer_class = AreaSerializer
    filterset_class = AreaFilter
    queryset = Area.objects.none()

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("districts")

    @act(AreaSerializer, permission=CHANGE, status=201)
    def create(self, given: dict[str, Any]) -> Area:
        """Enter an area with its command post."""
        return services.open_area(by=self.by, values=given)

    @act(AreaSerializer, needs="change", versioned=True)
    def partial_update(self, area: Area, version: int, given: dict[str, Any]) -> Area:
        """Edit an area on the version named by If-Match; another command post takes part in its projects from then on."""
        return services.change_area(by=self.by, area=area, version=version, values=given)


class AreaPremises(NestedViewSet):
    """What an area offers."""

    parent, model = Area, Premises
    permission = VIEW
    serializer_class = PremisesSerializer
    ordering = "pk"

    def belonging(self, parent: Area) -> QuerySet[Premises]:
        return parent.premises.all()

    @act(PremisesSerializer, needs="change", status=201)
    def create(self, parent: Area, given: dict[str, Any]) -> Premises:
        """Enter a piece of land or a building."""
        return services.add_premises(by=self.by, area=parent, values=given)

    @action(detail=True, methods=["post"])
    @act(PremisesInput, PremisesSerializer, needs="change", versioned=True)
    def change(self, parent: Area, version: int, given: dict[str, Any]) -> Premises:
        """Change what the area says of it, on its version named by If-Match."""
        pk = int(self.kwargs["pk"])
        return services.change_premises(by=self.by, area=parent, pk=pk, values=given, version=version)

    @action(detail=True, methods=["post"])
    @act(Reason, needs="change", status=204, versioned=True)
    def remove(self, parent: Area, version: int, given: dict[str, Any]) -> None:
        """Take it off, as it was read, saying why."""
        services.remove_premises(by=self.by, area=parent, pk=int(self.kwargs["pk"]), version=version, **given)
