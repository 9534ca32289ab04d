"""The units over the API: what everybody may look up in order to name a unit elsewhere."""

from __future__ import annotations

from rest_framework import serializers

from yinfeng.core.api import ScopedViewSet
from yinfeng.core.web import SIGNED_IN
from yinfeng.orgs.filters import UnitFilter
from yinfeng.orgs.models import Unit


class UnitSerializer(serializers.ModelSerializer[Unit]):
    class Meta:
        model = Unit
        fields = (
            "id", "code", "name", "name_en", "short_name", "kind", "parent", "division", "valid_from", "valid_to", "version",
        )  # fmt: skip
        read_only_fields = fields


class UnitViewSet(ScopedViewSet):
    """The units of the city, past ones too; read only."""

    model = Unit
    permission = SIGNED_IN
    serializer_class = UnitSerializer
    filterset_class = UnitFilter
    queryset = Unit.objects.none()
