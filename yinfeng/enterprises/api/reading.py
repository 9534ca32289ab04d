"""What is read of the library over the API beside its rows: the best answers of a search, how a list divides, the brief."""

from __future__ import annotations

from typing import Any

from django_filters.utils import translate_validation
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from yinfeng.core import search
from yinfeng.core.api import ObjectViewSet
from yinfeng.core.api_schema import REFUSALS, Problem
from yinfeng.core.events import type_of
from yinfeng.enterprises import queries
from yinfeng.enterprises.briefs import PROVIDERS
from yinfeng.enterprises.filters import records as filters
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.queries.briefing import Briefing, briefing

REFUSED = OpenApiResponse(Problem, description=REFUSALS["422"])
BEST = 100  # answers of a search, the best first


# --- shapes -------------------------------------------------------------------------------------------------------


class Answer(serializers.Serializer[Any]):
    """An enterprise that a search found, at its place among the answers."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class Answers(serializers.Serializer[Any]):
    """The best answers of a search, as the page ranks them; ``complete`` when there are no others."""

    complete = serializers.BooleanField()
    results = Answer(many=True)


class Counted(serializers.Serializer[Any]):
    """How many of the rows have a value; to narrow the list by it, send it under the facet's name."""

    value = serializers.CharField()
    count = serializers.IntegerField()


class CountedTag(Counted):
    """How many of the rows have a tag, and how many of each year of its list."""

    years = Counted(many=True)


class FacetsShape(serializers.Serializer[Any]):
    """How the rows under the filters divide; counted of the newest ``looked_at`` unless ``complete``."""

    looked_at = serializers.IntegerField()
    complete = serializers.BooleanField()
    division = Counted(many=True)
    province = Counted(many=True)
    city = Counted(many=True)
    tag = CountedTag(many=True)
    staff = Counted(many=True)
    capital = Counted(many=True)


class BriefTag(serializers.Serializer[Any]):
    tag = serializers.CharField()
    year = serializers.IntegerField()
    rank = serializers.CharField(allow_blank=True)


class Near(serializers.Serializer[Any]):
    """An enterprise here, or a shareholder: ``is_own`` when it is a ``kind`` of this one, else the other way round."""

    enterprise = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.CharField()
    share = serializers.CharField(allow_blank=True)
    is_local = serializers.BooleanField()
    is_own = serializers.BooleanField()
    noted_date = serializers.DateField()


class Met(serializers.Serializer[Any]):
    name = serializers.CharField()
    position = serializers.CharField(allow_blank=True)
    unit = serializers.CharField()


class Tied(serializers.Serializer[Any]):
    kind = serializers.CharField()
    name = serializers.CharField()
    whom = serializers.CharField(allow_blank=True)


class Planned(serializers.Serializer[Any]):
    unit = serializers.CharField()
    state = serializers.CharField()
    wanted = serializers.CharField(allow_blank=True)
    next_step = serializers.CharField(allow_blank=True)
    next_date = serializers.DateField(allow_null=True)


class Courts(serializers.Serializer[Any]):
    unit = serializers.CharField()
    owner = serializers.CharField()
    state = serializers.CharField()


class Alarming(serializers.Serializer[Any]):
    kind = serializers.CharField()
    level = serializers.IntegerField()
    detail = serializers.CharField()
    next_step = serializers.CharField(allow_blank=True)
    noted_date = serializers.DateField()
    due_date = serializers.DateField(source="due", allow_null=True)


class Noted(serializers.Serializer[Any]):
    text = serializers.CharField()
    sub = serializers.CharField(allow_blank=True)


class BriefShape(serializers.Serializer[Any]):
    """What one must know before meeting an enterprise, as far as the caller may see it: null is what he may not see."""

    enterprise = serializers.IntegerField()
    name = serializers.CharField()
    tags = BriefTag(many=True)
    former_names = serializers.ListField(child=serializers.CharField())
    relations = Near(many=True)
    people = Met(many=True, allow_null=True)
    ties = Tied(many=True, allow_null=True)
    targets = Planned(many=True, allow_null=True)
    courting = Courts(many=True, allow_null=True)
    warnings = Alarming(many=True, allow_null=True)
    projects = Noted(many=True, allow_null=True)
    meetings = Noted(many=True, allow_null=True)
    asks = serializers.ListField(child=serializers.CharField())


# --- the resource -------------------------------------------------------------------------------------------------


class Read(ObjectViewSet):
    """Enterprises, searched, counted and told of."""

    def _filterset(self, request: Request) -> filters.EnterpriseFilter:
        """Return the desk's filters as they are asked for; 422 for a value that none of them takes."""
        found = filters.EnterpriseFilter(
            request.query_params, queryset=self.get_queryset(), request=request, by=self.by
        )
        if not found.form.is_valid():
            raise translate_validation(found.form.errors)
        return found

    @extend_schema(filters=True, responses={200: Answers, 422: REFUSED})
    @action(detail=False, pagination_class=None)
    def best(self, request: Request) -> Response:
        """Return the best answers to ``q``, the best first: a hundred at most, under the other filters; none without ``q``."""
        asked = self._filterset(request)
        hits, complete = search.best({type_of(Enterprise): asked.but_asked()}, asked.asked, BEST, self.by)
        told = [{"id": hit.object_id, "name": hit.title} for hit in hits]
        return Response(Answers({"complete": complete, "results": told}).data)

    @extend_schema(filters=True, responses={200: FacetsShape, 422: REFUSED})
    @action(detail=False, pagination_class=None)
    def facets(self, request: Request) -> Response:
        """Count the rows under the filters by industry, place, tag and size."""
        found = self._filterset(request).counted()
        counters = {
            "division": found.divisions, "province": found.provinces, "city": found.cities, "staff": found.staff,
            "capital": found.capital,
        }  # fmt: skip
        told: dict[str, Any] = {
            name: [{"value": value, "count": count} for value, count in counter.most_common() if value]
            for name, counter in counters.items()
        }
        told["tag"] = [
            {"value": tag, "count": count, "years": _years(found, tag)}
            for tag, count in found.tags.most_common()
        ]
        return Response(FacetsShape(told | {"looked_at": found.looked_at, "complete": found.complete}).data)

    @extend_schema(responses=BriefShape)
    @action(detail=True, pagination_class=None, filter_backends=[])
    def brief(self, request: Request, pk: str = "") -> Response:
        """Return what the page before a meeting is made of, uncut."""
        firm = self.get_object()
        return Response(BriefShape(self._told(firm, briefing(firm, self.by))).data)

    def _told(self, firm: Enterprise, found: Briefing) -> dict[str, Any]:
        given = [provider(firm, self.by) for provider in PROVIDERS]
        people, targets, warnings = (
            self.by.may(f"enterprises.{name}.view") for name in ("contact", "target", "signal")
        )
        return {
            "enterprise": firm.pk, "name": firm.name, "former_names": found.former, "relations": found.neighbours,
            "tags": _named(("tag", "year", "rank"), found.tags),
            "people": _named(("name", "position", "unit"), found.people) if people else None,
            "ties": _named(("kind", "name", "whom"), found.ties) if people else None,
            "targets": found.plans if targets else None,
            "courting": _named(("unit", "owner", "state"), found.courting) if targets else None,
            "warnings": [_dated(alarm) for alarm in found.alarms] if warnings else None,
            "projects": _gathered([item.projects for item in given]),
            "meetings": _gathered([item.meetings for item in given]),
            "asks": [ask for item in given for ask in item.asks],
        }  # fmt: skip


def _named(names: tuple[str, ...], rows: list[Any]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _gathered(parts: list[Any]) -> list[Any] | None:
    """Return what the apps know; None when the caller may see none of it."""
    seen = [part for part in parts if part is not None]
    return [line for part in seen for line in part] if seen else None


def _dated(alarm: Any) -> dict[str, Any]:
    """Return a warning with no end of a lease as null, not as an empty text."""
    names = ("kind", "level", "detail", "next_step", "noted_date")
    return {name: getattr(alarm, name) for name in names} | {"due": alarm.due or None}


def _years(found: queries.Facets, tag: str) -> list[dict[str, Any]]:
    years = sorted(((year, n) for (one, year), n in found.years.items() if one == tag and year), reverse=True)
    return [{"value": str(year), "count": count} for year, count in years]
