"""A person's calendar and the robots of units over the API, as their pages have them."""

from __future__ import annotations

import calendar
from dataclasses import asdict
from datetime import date
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.api import Resource, ScopedViewSet, Strict, act
from yinfeng.core.api_schema import REFUSALS, Problem
from yinfeng.core.web import SIGNED_IN
from yinfeng.duties import queries, services
from yinfeng.duties.models import Bot, Subscription
from yinfeng.duties.models.bots import KINDS
from yinfeng.orgs.models import Unit


class CalendarMonthInput(Strict):
    """A month (``2026-12``); this one if none is named."""

    month = serializers.RegexField(r"^20[0-9]{2}-(0[1-9]|1[0-2])$", required=False)


class DatedSerializer(serializers.Serializer[Any]):
    """Something dated: due on a ``day``, or from ``start`` to ``end``; ``uid`` is that of the iCal feed without its host.

    ``url`` is the path of its page; ``kind`` and, of what is over, ``done`` are in the reader's language.
    """

    uid = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    url = serializers.CharField()
    day = serializers.DateField(allow_null=True)
    start = serializers.DateTimeField(allow_null=True)
    end = serializers.DateTimeField(allow_null=True)
    done = serializers.CharField(allow_blank=True)
    is_sensitive = serializers.BooleanField()
    modified_at = serializers.DateTimeField(allow_null=True)


class CalendarViewSet(Resource):
    """One's own calendar."""

    model = Subscription
    permission = SIGNED_IN
    queryset = Subscription.objects.none()
    filter_backends = ()
    pagination_class: Any = None

    @extend_schema(
        parameters=[CalendarMonthInput],
        responses={
            200: DatedSerializer(many=True),
            422: OpenApiResponse(Problem, description=REFUSALS["422"]),
        },
    )
    def list(self, request: Request, **kwargs: Any) -> Response:
        """Say what stands in the caller's calendar in a month, in the order in which it happens; a key tells of what it may read."""
        asked = CalendarMonthInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        year, month = map(int, asked.validated_data.get("month", f"{timezone.localdate():%Y-%m}").split("-"))
        last = calendar.monthrange(year, month)[1]
        found = queries.dated(self.by, date(year, month, 1), date(year, month, last))
        return Response(
            DatedSerializer([{**asdict(item), "kind": kind.label} for item, kind in found], many=True).data
        )


class BotSerializer(serializers.ModelSerializer[Bot]):
    """A robot in a chat group of a unit; of its key only the last letters (``mark``) are ever shown."""

    class Meta:
        model = Bot
        fields: ClassVar = ["id", "unit", "channel", "name", "mark", "created_at"]
        read_only_fields: ClassVar = fields


class BotInput(Strict):
    """A robot; ``address`` is the webhook that the platform shows, ``secret`` that of DingTalk's signature."""

    unit = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all())
    channel = serializers.ChoiceField(choices=list(KINDS.items()))
    name = serializers.CharField(max_length=60)
    address = serializers.CharField(max_length=500)
    secret = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class BotViewSet(ScopedViewSet):
    """The group robots of the units whose settings the caller keeps; a test message is sent from the page alone."""

    model = Bot
    permission = "core.settings.change"
    serializer_class = BotSerializer
    filter_backends = ()
    queryset = Bot.objects.none()

    @act(BotInput, BotSerializer, status=201)
    def create(self, given: dict[str, Any]) -> Bot:
        """Let a robot tell a unit's people what concerns them; its key is kept encrypted and not shown again."""
        return services.add_bot(by=self.by, **given)

    @action(detail=True, methods=["post"])
    @act(needs="change", status=204)
    def remove(self, bot: Bot) -> None:
        """Forget a robot with its key; what still waits for it goes too."""
        services.remove_bot(by=self.by, bot=bot)
