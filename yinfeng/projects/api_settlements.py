"""The yearly settlement of a unit over the API, as its page has it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.api import Strict
from yinfeng.core.api_schema import REFUSALS, Problem
from yinfeng.core.errors import Missing
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries


class SettlementInput(Strict):
    """Of which unit and year."""

    unit = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all())
    year = serializers.IntegerField(min_value=2000, max_value=2999)


class FiguresSerializer(serializers.Serializer[Any]):
    """A part of achievements: yuan, and how many."""

    amount = serializers.DecimalField(max_digits=20, decimal_places=2)
    count = serializers.DecimalField(max_digits=16, decimal_places=6)


class SettlementSerializer(serializers.Serializer[Any]):
    """What a kind of achievement of a project came to in the year, and what of it the unit and ``other`` have.

    ``part``: by the agreement of a ``transfer`` (origin), or by rule (introducer, linked). ``gives``: the unit holds the
    project. ``to_pay`` is what the unit owes the other of a year’s tax, negative what it is owed. ``counted`` is what
    statistics count of it for the unit, ``why`` why nothing is shared.
    """

    project = serializers.IntegerField(source="project.pk")
    kind = serializers.CharField()
    part = serializers.CharField()
    other = serializers.IntegerField(source="other.pk")
    gives = serializers.BooleanField()
    transfer = serializers.IntegerField(source="transfer.pk", allow_null=True, default=None)
    ratio = serializers.DecimalField(max_digits=10, decimal_places=4)
    rewards = serializers.DecimalField(max_digits=20, decimal_places=2)
    base = FiguresSerializer()
    own = FiguresSerializer()
    others = FiguresSerializer()
    counted = FiguresSerializer()
    other_counted = FiguresSerializer()
    to_pay = serializers.DecimalField(max_digits=20, decimal_places=2)
    why = serializers.CharField()


class Settles:
    """A resource that tells a unit’s settlement of a year."""

    by: Any

    @extend_schema(
        parameters=[SettlementInput],
        responses={
            200: SettlementSerializer(many=True),
            **{status: OpenApiResponse(Problem, description=REFUSALS[str(status)]) for status in (404, 422)},
        },
    )
    @action(detail=False, pagination_class=None, filter_backends=[])
    def settlement(self, request: Request) -> Response:
        """Say what a unit shares with others of a year’s achievements, of the projects the caller sees."""
        asked = SettlementInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        unit, year = asked.validated_data["unit"], asked.validated_data["year"]
        if not self.by.may_at("projects.project.view", unit.pk):
            raise Missing
        found = queries.year_settlement(unit.pk, year, self.by)
        return Response(SettlementSerializer(found, many=True).data)
