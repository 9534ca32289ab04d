"""The least that shows the same rows: one indexed query and one template, without sign-in, scopes, filters or frame."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Avg, Count, F, Max, Min, Q, Sum, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from yinfeng.core import events
from yinfeng.core.models import Event
from yinfeng.core.search import key
from yinfeng.core.tables import PAGE_ROWS
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects.models import Entry, Project, Stay


def page(name: str, **context: Any) -> HttpResponse:
    """Render without the request, whose context processors would ask for the frame of the desk."""
    return HttpResponse(render_to_string(f"bench/{name}.html", context))


def projects(request: HttpRequest) -> HttpResponse:
    found = Project.objects.select_related("enterprise", "host_unit").order_by("-pk")[:PAGE_ROWS]
    return page("projects", rows=found)


def ledger(request: HttpRequest) -> HttpResponse:
    """Show the newest entries with their shares, and what all come to."""
    found = (
        Entry.objects.select_related("project").prefetch_related("shares__unit").order_by("-pk")[:PAGE_ROWS]
    )
    sums = Entry.objects.order_by().values_list("kind").annotate(Sum("count"), Sum("amount"))
    return page("ledger", rows=found, sums=list(sums))


def lights(request: HttpRequest) -> HttpResponse:
    """Show of each unit how many ongoing projects have moved within sixty days, within ninety, and since when the others."""
    now = timezone.now()
    yellow, red = now - timedelta(days=60), now - timedelta(days=90)
    ongoing = Project.objects.filter(status="ongoing").values("host_unit__short_name")
    found = ongoing.annotate(
        green=Count("pk", filter=Q(progress_at__gte=yellow)),
        yellow=Count("pk", filter=Q(progress_at__lt=yellow, progress_at__gte=red)),
        red=Count("pk", filter=Q(progress_at__lt=red)),
        oldest=Min("progress_at"),
    )
    return page("lights", rows=found)


def board(request: HttpRequest) -> HttpResponse:
    """Show the six ongoing projects of each stage that have stood there longest, and what stands there in all."""
    place = Window(RowNumber(), partition_by=F("stage"), order_by=[F("stage_since").asc(), F("pk").asc()])
    ongoing = Project.objects.filter(status="ongoing").order_by()
    counts = list(ongoing.values_list("stage").annotate(Count("pk"), Sum("intended")))
    rows = ongoing.annotate(place=place).filter(place__lte=6).select_related("enterprise")
    return page("board", rows=rows, counts=counts)


def funnel(request: HttpRequest) -> HttpResponse:
    """Show how many projects came to each stage, how many stand there, and the average days of those that left it."""
    stays = Stay.objects.order_by().values_list("stage")
    reached = stays.annotate(Count("project", distinct=True), Avg("days"), Max("days"))
    ongoing = Project.objects.filter(status="ongoing").order_by().values_list("stage")
    return page("funnel", rows=list(reached), counts=list(ongoing.annotate(Count("pk"), Sum("intended"))))


def enterprises(request: HttpRequest) -> HttpResponse:
    return page("enterprises", rows=Enterprise.objects.order_by("-pk")[:PAGE_ROWS])


def library(request: HttpRequest) -> HttpResponse:
    """Show a page of the library: of a city or of what follows a row, in an order; one query by an index."""
    asked, sort = request.GET, request.GET.get("sort", "-pk")
    found = Enterprise.objects.order_by(sort, "-pk" if sort.startswith("-") else "pk")
    if city := asked.get("city"):
        found = found.filter(city=city)
    if after := asked.get("after"):
        found = found.filter(pk__lt=after)
    if from_ := asked.get("from"):
        found = found.filter(**{f"{sort}__gte": from_})
    return page("enterprises", rows=found[:PAGE_ROWS])


SEARCH = {
    "postgresql": "SELECT object_id FROM core_searchentry WHERE tokens @> %s::text[] ORDER BY id DESC LIMIT %s",
    # Sorted by a sum, so that the answers are gathered by the index; the other plan walks the rows until it has a page.
    "postgresql, gathered": "SELECT object_id FROM core_searchentry WHERE tokens @> %s::text[] ORDER BY id + 0 DESC LIMIT %s",
    "sqlite": "SELECT rowid - %s FROM core_search WHERE core_search MATCH %s ORDER BY rowid DESC LIMIT %s",
}


def searched(request: HttpRequest) -> HttpResponse:
    """Show the newest firms that have all the tokens asked for; one query by the index over tokens, one for the rows."""
    tokens = request.GET.getlist("token")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            plan = "postgresql, gathered" if "gathered" in request.GET else "postgresql"
            cursor.execute(SEARCH[plan], [tokens, PAGE_ROWS])
        else:
            match = " AND ".join(f'"{token}"' for token in tokens)
            cursor.execute(SEARCH["sqlite"], [key(events.type_of(Enterprise), 0), match, PAGE_ROWS])
        ids = [pk for (pk,) in cursor.fetchall()]
    return page("enterprises", rows=Enterprise.objects.filter(pk__in=ids).order_by("-pk"))


def enterprise(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the fields of one enterprise; one query."""
    row = Enterprise.objects.get(pk=pk)
    return page(
        "enterprise",
        row=row,
        facts=[(field.verbose_name, getattr(row, field.attname)) for field in row._meta.fields],
    )


def detail(request: HttpRequest, object_type: str, pk: int, rows: int) -> HttpResponse:
    """Show as many rows as the page of an object has: its events first, then those of the objects after it."""
    found = Event.objects.filter(object_type=object_type, object_id__gte=pk).order_by("object_id", "-pk")
    return page("events", rows=found[:rows])
