"""What connects enterprises, over the API: the chart around one, ways of introduction, two-step targets, ties of our people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core.api import NestedViewSet, ObjectViewSet, Readable, Reason, StrictModel, act, not_after_today
from yinfeng.core.api_schema import REFUSALS, Problem
from yinfeng.core.scopes import fetch, rows
from yinfeng.enterprises import services
from yinfeng.enterprises.models import RELATION_KINDS, Enterprise, Tie
from yinfeng.enterprises.queries import graph, openings

CONTACTS, RELATE = "enterprises.contact.view", "enterprises.relation.change"
LISTED = 100  # openings in one answer


# --- shapes -------------------------------------------------------------------------------------------------------


class Linked(serializers.Serializer[Any]):
    """“``other`` is a ``kind`` of ``enterprise``”, with where that was read; ``sentence`` says it."""

    relation = serializers.IntegerField()
    enterprise = serializers.IntegerField()
    other = serializers.IntegerField()
    kind = serializers.CharField()
    share = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    noted_date = serializers.DateField()
    sentence = serializers.CharField()


class Place(serializers.Serializer[Any]):
    """An enterprise of a chart; ``group`` is this, local, great (a central SOE or listed) or other."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    city = serializers.CharField(allow_blank=True)
    group = serializers.CharField()
    step = serializers.IntegerField()


class ChartShape(serializers.Serializer[Any]):
    """What lies up to two steps around an enterprise; ``left_out`` others (or more: ``is_partial``) are not in it."""

    nodes = Place(many=True)
    links = Linked(many=True)
    left_out = serializers.IntegerField()
    is_partial = serializers.BooleanField()


class Known(serializers.Serializer[Any]):
    """One of ours who knows somebody in an enterprise: a tie, or the contact that a unit entered."""

    is_tie = serializers.BooleanField()
    kind = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    whom = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    noted_date = serializers.DateField(allow_null=True)


class Way(serializers.Serializer[Any]):
    """A way to the target: where it begins, who of ours is known there, and the relations one after the other."""

    start = serializers.IntegerField()
    start_name = serializers.CharField()
    is_local = serializers.BooleanField()
    known = Known(many=True)
    steps = Linked(many=True)


class IntroductionsShape(serializers.Serializer[Any]):
    """The best ways to an enterprise, the shortest first; whom we know only for who may see contacts."""

    direct = Known(many=True)
    paths = Way(many=True)
    is_cut = serializers.BooleanField()


class Proof(serializers.Serializer[Any]):
    """One way from a firm here to an enterprise elsewhere: over ``between``, by two relations."""

    way = serializers.CharField()
    local = serializers.IntegerField()
    between = serializers.IntegerField()
    relations = serializers.ListField(child=serializers.IntegerField())


class OpeningShape(serializers.Serializer[Any]):
    enterprise = serializers.IntegerField()
    name = serializers.CharField()
    local_firms = serializers.IntegerField()
    evidence = Proof(many=True)


class OpeningsShape(serializers.Serializer[Any]):
    """Enterprises elsewhere two steps from firms here, those that more lead to first; a hundred at most of ``count``."""

    count = serializers.IntegerField()
    is_partial = serializers.BooleanField()
    results = OpeningShape(many=True)


def linked(link: graph.Link, names: Mapping[int, str]) -> dict[str, Any]:
    told = link._asdict()
    return {"relation": told.pop("pk"), **told, "sentence": link.sentence(names)}


def known(person: graph.Acquaintance) -> dict[str, Any]:
    return {
        name: getattr(person, name) for name in ("is_tie", "kind", "name", "whom", "source", "noted_date")
    }


# --- an enterprise's resources ------------------------------------------------------------------------------------

KIND = OpenApiParameter("kind", str, many=True, enum=list(RELATION_KINDS), description="Relations to follow.")
FIRM = OpenApiParameter("enterprise", OpenApiTypes.INT, description="Openings of this firm alone.")


class Connected(ObjectViewSet):
    """Enterprises with what connects them."""

    @extend_schema(parameters=[KIND], responses=ChartShape)
    @action(detail=True, pagination_class=None, filter_backends=[])
    def chart(self, request: Request, pk: str = "") -> Response:
        """Return the relations up to two steps around the enterprise."""
        asked = [kind for kind in RELATION_KINDS if kind in request.query_params.getlist("kind")]
        found = graph.around(self.get_object(), asked or tuple(RELATION_KINDS))
        names = {node.pk: node.name for node in found.nodes}
        nodes = [
            {"id": node.pk, "name": node.name, "city": node.city, "group": node.group, "step": node.step}
            for node in found.nodes
        ]
        told = {
            "nodes": nodes, "links": [linked(link, names) for link in found.links], "left_out": found.left_out,
            "is_partial": found.is_partial,
        }  # fmt: skip
        return Response(ChartShape(told).data)

    @extend_schema(responses=IntroductionsShape)
    @action(detail=True, pagination_class=None, filter_backends=[])
    def introductions(self, request: Request, pk: str = "") -> Response:
        """Return the shortest ways over which the enterprise can be reached."""
        target = self.get_object()
        found = graph.introductions(target, self.by)
        paths = [
            {
                "start": path.start, "start_name": found.names[path.start], "is_local": path.start in found.local,
                "known": [known(person) for person in found.known.get(path.start, [])],
                "steps": [linked(link, found.names) for link in path.links],
            }
            for path in found.paths
        ]  # fmt: skip
        direct = [known(person) for person in found.direct(target.pk)]
        told = {"direct": direct, "paths": paths, "is_cut": found.is_cut}
        return Response(IntroductionsShape(told).data)

    @extend_schema(
        parameters=[FIRM],
        responses={
            200: OpeningsShape,
            **{status: OpenApiResponse(Problem, description=REFUSALS[str(status)]) for status in (404, 422)},
        },
    )
    @action(detail=False, pagination_class=None, filter_backends=[])
    def openings(self, request: Request) -> Response:
        """Return enterprises elsewhere to which the firms of the city, or one of them, lead in two steps."""
        asked, firm = request.query_params.get("enterprise", ""), None
        if asked:
            if not (asked.isascii() and asked.isdecimal() and len(asked) < 19):
                raise serializers.ValidationError({"enterprise": [_("请填写企业的编号。")]})
            firm = fetch(rows(Enterprise), self.by, int(asked))
        found = openings.openings(firm)
        shown = found.found[:LISTED]
        names = graph.names([item.enterprise for item in shown])
        results = [
            {
                "enterprise": item.enterprise, "name": names[item.enterprise], "local_firms": len(item.locals),
                "evidence": [
                    {"way": proof.way, "local": proof.local, "between": proof.between, "relations": [proof.first, proof.second]}
                    for proof in item.evidence[: openings.SAMPLES]
                ],
            }
            for item in shown
        ]  # fmt: skip
        told = {"count": len(found.found), "is_partial": found.is_partial, "results": results}
        return Response(OpeningsShape(told).data)


# --- ties ---------------------------------------------------------------------------------------------------------


class TieSerializer(serializers.ModelSerializer[Tie]):
    """“``name`` (``person``, if one of the units' people) knows ``whom`` at ``enterprise``”."""

    class Meta:
        model = Tie
        fields = (
            "id", "enterprise", "kind", "person", "name", "whom", "source", "noted_date", "unit", "version",
        )  # fmt: skip
        read_only_fields = fields


class TieInput(StrictModel):
    """A tie as it is written: a person of the units, or the name of somebody from outside."""

    name = serializers.CharField(max_length=100, required=False, allow_blank=True)

    class Meta:
        model = Tie
        fields = services.TIE_FIELDS

    def validate_noted_date(self, day: Any) -> Any:
        return not_after_today(day, _("记录日期不能晚于今天。"))


class Ties(NestedViewSet):
    """Who of ours knows whom in an enterprise."""

    parent, model = Enterprise, Tie
    permission = CONTACTS
    serializer_class = TieSerializer

    def belonging(self, parent: Enterprise) -> QuerySet[Tie]:
        return rows(Tie).permitted(self.by).filter(enterprise=parent)

    @act(TieInput, TieSerializer, needs="relate", status=201)
    def create(self, parent: Enterprise, given: dict[str, Any]) -> Tie:
        """Note a tie as the entry of the caller's unit."""
        return services.add_tie(by=self.by, enterprise=parent, values=given)


class TieViewSet(Readable):
    """A tie by itself; the unit that noted it changes it."""

    model = Tie
    permission = CONTACTS
    serializer_class = TieSerializer
    queryset = Tie.objects.none()

    @act(TieInput, TieSerializer, needs="change", versioned=True)
    def partial_update(self, row: Tie, version: int, given: dict[str, Any]) -> Tie:
        """Edit a tie on the version named by If-Match."""
        return services.change_tie(by=self.by, tie=row, version=version, values=given)

    @action(detail=True, methods=["post"])
    @act(Reason, needs="change", status=204)
    def remove(self, row: Tie, given: dict[str, Any]) -> None:
        """Take a tie back."""
        services.remove_tie(by=self.by, tie=row, reason=given["reason"])
