"""The statistics of duties and the circulars on them over the API, as their pages have them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.api import ScopedViewSet, Strict, act
from yinfeng.core.api_schema import REFUSALS, Problem
from yinfeng.core.errors import Invalid
from yinfeng.core.scopes import rows
from yinfeng.duties import queries, services
from yinfeng.duties.models import Circular, Duty
from yinfeng.orgs.models import Unit


class StandingPeriodInput(Strict):
    """From which day through which."""

    start = serializers.DateField()
    end = serializers.DateField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["end"] < attrs["start"]:
            sentence = _("截止日期不能早于起始日期。")
            raise Invalid(sentence, fields={"end": [sentence]})
        return attrs


class CountsSerializer(serializers.Serializer[Any]):
    """How many duties with a last day: ``set`` in the period and of these cancelled, extended, returned, reopened, refused;
    closed in it ``on_time`` and ``late``, ``days`` late in all; ``open`` and ``overdue`` today. ``standing``: open without a last day.
    """

    set = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    extended = serializers.IntegerField()
    returned = serializers.IntegerField()
    reopened = serializers.IntegerField()
    refused = serializers.IntegerField()
    on_time = serializers.IntegerField()
    late = serializers.IntegerField()
    days = serializers.IntegerField()
    open = serializers.IntegerField()
    overdue = serializers.IntegerField()
    standing = serializers.IntegerField()


class OfUnitSerializer(serializers.Serializer[Any]):
    """The figures of the unit that leads."""

    unit = serializers.IntegerField(source="who.pk")
    figures = CountsSerializer()


class OfLeaderSerializer(serializers.Serializer[Any]):
    """The figures of a lead leader; null: of duties without one."""

    leader = serializers.IntegerField(source="who.pk", allow_null=True, default=None)
    figures = CountsSerializer()


class StatisticsSerializer(serializers.Serializer[Any]):
    """The figures of a period: all, by unit, by leader."""

    whole = CountsSerializer()
    units = OfUnitSerializer(many=True)
    leaders = OfLeaderSerializer(many=True)


class Counts:
    """A resource that tells how duties stand over a period."""

    by: Any

    @extend_schema(
        parameters=[StandingPeriodInput],
        responses={200: StatisticsSerializer, 422: OpenApiResponse(Problem, description=REFUSALS["422"])},
    )
    @action(detail=False, pagination_class=None, filter_backends=[])
    def standing(self, request: Request) -> Response:
        """Say how the duties that the caller sees stand, by the unit that leads and by leader."""
        asked = StandingPeriodInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        period = queries.Period(asked.validated_data["start"], asked.validated_data["end"])
        found = queries.statistics(rows(Duty).permitted(self.by), period, timezone.localdate())
        return Response(StatisticsSerializer(found).data)


class CircularSerializer(serializers.ModelSerializer[Circular]):
    """A circular as it was issued; ``content`` is what it says, ``digest`` is of it."""

    content = serializers.DictField()

    class Meta:
        model = Circular
        fields: ClassVar = [
            "id", "unit", "start_date", "end_date", "number", "title", "content", "digest", "issued_by", "issued_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class CircularInput(StandingPeriodInput):
    """The unit that issues, the period, and what it asks for."""

    unit = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all())
    demand = serializers.CharField(max_length=1000)


class CircularViewSet(ScopedViewSet):
    """Circulars on how duties stand, of the caller's units or naming them."""

    model = Circular
    permission = "duties.duty.view"
    serializer_class = CircularSerializer
    filter_backends = ()
    queryset = Circular.objects.none()

    @act(CircularInput, CircularSerializer, permission="duties.duty.supervise", status=201)
    def create(self, given: dict[str, Any]) -> Circular:
        """Issue a circular: numbered, frozen, told to the units it names; once for a period."""
        period = queries.Period(given["start"], given["end"])
        return services.issue_circular(by=self.by, unit=given["unit"], period=period, demand=given["demand"])
