"""The least that shows the same rows and sums: plain indexed queries and one template, without sign-in, scopes, filters or frame."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import (
    Avg,
    Count,
    DurationField,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Window,
)
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from yinfeng.core import events
from yinfeng.core.models import Event
from yinfeng.core.search import key
from yinfeng.core.tables import PAGE_ROWS
from yinfeng.duties.models import Duty, DutyPart, Extension, Reminder
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import stages
from yinfeng.projects.models import (
    Bottleneck,
    Entry,
    MonthEnd,
    Participation,
    PersonalAct,
    Project,
    Share,
    Stay,
    Transfer,
)


def page(name: str, **context: Any) -> HttpResponse:
    """Render without the request, whose context processors would ask for the frame of the desk."""
    return HttpResponse(render_to_string(f"bench/{name}.html", context))


def seen(request: HttpRequest) -> QuerySet[Project]:
    """Return the projects that the page beside this one shows: all, or those in which one unit takes part."""
    unit = request.GET.get("unit")
    parts = Participation.objects.filter(unit=unit, until=None).values("project")
    return Project.objects.filter(pk__in=parts) if unit else Project.objects.all()


def counted(projects: QuerySet[Project]) -> list[Any]:
    """Return how many of the projects stand in each stage, and their yuan."""
    return list(projects.order_by().values_list("stage").annotate(Count("pk"), Sum("intended")))


def listed(found: QuerySet[Project]) -> HttpResponse:
    """Show the newest of the projects, and how many there are of each stage."""
    rows = found.select_related("enterprise", "host_unit").order_by("-pk")[:PAGE_ROWS]
    return page("projects", rows=rows, counts=counted(found))


def projects(request: HttpRequest) -> HttpResponse:
    return listed(seen(request))


def headquarters(request: HttpRequest) -> HttpResponse:
    return listed(seen(request).exclude(headquarters_kind=""))


def construction(request: HttpRequest) -> HttpResponse:
    """Show projects between signing and completion with what was invested, and how many there are."""
    found = seen(request).filter(stage__in=["signed", "registered", "preparing", "started", "building"])
    rows = found.select_related("enterprise", "host_unit").prefetch_related("month_ends", "bottlenecks")
    return page("projects", rows=rows.order_by("-pk")[:PAGE_ROWS], counts=counted(found))


def bottlenecks(request: HttpRequest) -> HttpResponse:
    """Show what stands in the way, what is due first above, and how much there is."""
    found = Bottleneck.objects.filter(project__in=seen(request).values("pk"))
    rows = found.select_related("project", "unit").order_by("due_date", "pk")[:PAGE_ROWS]
    return page("bottlenecks", rows=rows, count=found.count())


def scheduling(request: HttpRequest) -> HttpResponse:
    """Show the large ongoing projects that have not moved for longest, and how many there are."""
    large = Q(intended__gte=1_000_000_000) | Q(is_foreign=True, intended__gte=70_000_000)
    found = seen(request).filter(large, status="ongoing")
    rows = found.select_related("enterprise", "host_unit").order_by("progress_at", "pk")[:PAGE_ROWS]
    return page("projects", rows=rows, counts=[("", found.count(), 0)])


def ledger(request: HttpRequest) -> HttpResponse:
    """Show the newest entries with their shares, and what all come to."""
    found = Entry.objects.all()
    if request.GET.get("unit"):
        found = found.filter(project__in=seen(request).values("pk"))
    rows = found.select_related("project").prefetch_related("shares__unit").order_by("-pk")[:PAGE_ROWS]
    sums = found.order_by().values_list("kind").annotate(Sum("count"), Sum("amount"))
    return page("ledger", rows=rows, sums=list(sums))


def lit(ongoing: QuerySet[Project], *place: str) -> QuerySet[Any, Any]:
    """Return of each place how many ongoing projects have moved within sixty days, within ninety, and since when the others.

    A project under way is red too when what was invested by the end of last month is 30 points behind its plan.
    """
    now = timezone.now()
    yellow, red = now - timedelta(days=60), now - timedelta(days=90)
    month = timezone.localdate().replace(day=1) - timedelta(days=1)
    ends = MonthEnd.objects.filter(project=OuterRef("pk"), month=month.replace(day=1))
    behind = ends.annotate(points=100 * (F("planned") - F("invested"))).filter(points__gt=30 * F("whole"))
    late = Q(progress_at__lt=red) | Q(stage__in=["started", "building"]) & Exists(behind)
    return ongoing.order_by().annotate(late=late).values(*place).annotate(
        projects=Count("pk"),
        yuan=Sum("intended"),
        green=Count("pk", filter=Q(progress_at__gte=yellow, late=False)),
        yellow=Count("pk", filter=Q(progress_at__lt=yellow, late=False)),
        red=Count("pk", filter=Q(late=True)),
        oldest=Min("progress_at"),
    )  # fmt: skip


def lights(request: HttpRequest) -> HttpResponse:
    """Show the lights of each unit."""
    return page("lights", rows=lit(seen(request).filter(status="ongoing"), "host_unit__short_name"))


def places(request: HttpRequest) -> HttpResponse:
    """Show of each unit how many ongoing projects it hosts, and their yuan."""
    ongoing = seen(request).filter(status="ongoing").order_by()
    return page(
        "places", rows=ongoing.values_list("host_unit__short_name").annotate(Count("pk"), Sum("intended"))
    )


def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the dashboard of a unit shows: what stands in each stage and how it is lit, what came there and how long it
    took, what is booked for it of two years, its transfers, what its large projects lack this quarter, its stillest ones."""
    hosted = seen(request).filter(host_unit=pk).order_by()
    ongoing, today = hosted.filter(status="ongoing"), timezone.localdate()
    shares = Share.objects.filter(unit=pk, entry__booked_date__gte=today - timedelta(days=700)).order_by()
    transfers = Transfer.objects.filter(Q(from_unit=pk) | Q(to_unit=pk)).order_by()
    acts = PersonalAct.objects.filter(project=OuterRef("pk"), act_date__gte=today - timedelta(days=90))
    done = {kind: Exists(acts.filter(kind=kind)) for kind in stages.PERSONAL_KINDS}
    large = ongoing.filter(intended__gte=1_000_000_000).annotate(**done)
    return page(
        "unit",
        stood=lit(ongoing, "stage"),
        reached=came(Stay.objects.filter(project__in=hosted.values("pk"))),
        sums=shares.values_list("entry__kind", "entry__booked_date__year").annotate(
            Count("pk"), Sum("amount")
        ),
        transfers=transfers.values_list("state", "from_unit").annotate(Count("pk")),
        duties=large.values_list(*done).annotate(Count("pk")),
        rows=ongoing.order_by("progress_at").select_related("enterprise", "host_unit")[:10],
    )


def charged(request: HttpRequest) -> QuerySet[Duty]:
    """Return the duties that the page beside this one shows: all, or those in which one unit takes part."""
    unit = request.GET.get("unit")
    parts = DutyPart.objects.filter(unit=unit).values("duty")
    return Duty.objects.filter(pk__in=parts) if unit else Duty.objects.all()


def duties(request: HttpRequest) -> HttpResponse:
    """Show the newest duties with how many parts each has, and how many there are, up to ten thousand."""
    found = charged(request)
    rows = found.select_related("lead_unit", "set_unit", "leader").order_by("-pk")[:PAGE_ROWS]
    parts = dict(Duty.objects.filter(parent__in=[row.pk for row in rows]).order_by().values_list("parent").annotate(Count("pk")))  # fmt: skip
    return page("duties", rows=rows, parts=parts, count=found.values("pk")[:10_001].count())


def work(request: HttpRequest) -> HttpResponse:
    """Show what of a unit (or of all) is late, due, to be accepted, in hand, reviewed and joined: a hundred keys of each, eight rows."""
    unit, today = request.GET.get("unit"), timezone.localdate()
    owed = Duty.objects.filter(lead_unit=unit) if unit else Duty.objects.all()
    going = owed.filter(state__in=["assigned", "working"])
    soon = today + timedelta(days=3)
    legs = [
        going.filter(due_date__lt=today).order_by("due_date"), going.filter(due_date=today).order_by("pk"),
        going.filter(due_date__gt=today, due_date__lte=soon).order_by("due_date"),
        going.filter(state="working", due_date__gt=soon).order_by("due_date"),
        owed.filter(state="assigned").order_by("assigned_date"), owed.filter(state="submitted").order_by("submitted_date"),
        owed.filter(state="working", reported_date__lt=today - timedelta(days=14)).order_by("reported_date"),
        charged(request).filter(state="working", due_date__isnull=False).order_by("due_date"),
    ]  # fmt: skip
    if not unit:  # who sees everything sets and supervises too
        told = Exists(
            Reminder.objects.filter(duty=OuterRef("pk"), level="order", for_date=OuterRef("due_date"))
        )
        legs += [
            going.filter(due_date__lt=today - timedelta(days=3)).exclude(told).order_by("due_date"),
            owed.filter(state="returned").order_by("updated_at"), going.filter(due_date__isnull=False).order_by("due_date"),
            owed.filter(Exists(Extension.objects.filter(duty=OuterRef("pk"), state="asked"))).order_by("due_date"),
        ]  # fmt: skip
    keys = [list(leg.values_list("pk", flat=True)[:100]) for leg in legs]
    shown = [pk for leg in keys for pk in leg[:8]]
    rows = Duty.objects.filter(pk__in=shown).select_related("lead_unit", "set_unit", "handler")
    return page("work", rows=rows, counts=[len(leg) for leg in keys])


def standing(request: HttpRequest) -> HttpResponse:
    """Show of each unit and leader what was set and closed this year and is open, and of each day of it what was set and closed."""
    today = timezone.localdate()
    first, found = today.replace(month=1, day=1), charged(request).filter(due_date__isnull=False).order_by()
    closed, late = Q(state="closed", closed_date__gte=first), Q(submitted_date__gt=F("due_date"))
    is_open = Q(state__in=["assigned", "working", "submitted", "returned"])
    of_set = [
        Q(),
        Q(state="cancelled"),
        Q(extensions__gt=0),
        Q(returns__gt=0),
        Q(refusals__gt=0),
        Q(reopenings__gt=0),
    ]
    counted = [Q(set_date__gte=first) & q for q in of_set]
    counted += [closed & ~late, closed & late, is_open, is_open & Q(due_date__lt=today)]
    units = (
        found.filter(Q(set_date__gte=first) | closed | is_open)
        .values_list("lead_unit__name", "leader__name")
        .annotate(
            **{f"n{number}": Count("pk", filter=q) for number, q in enumerate(counted)}, days=Avg(F("submitted_date") - F("due_date"), filter=closed & late, output_field=DurationField())
        )
    )  # fmt: skip
    given = found.filter(set_date__gte=first).values_list("set_date").annotate(Count("pk"))
    done = (
        found.filter(closed).values_list("closed_date").annotate(Count("pk"), late=Count("pk", filter=late))
    )
    sums: dict[str, list[list[int]]] = {}
    for unit, leader, *numbers, _days in units:
        for name in (unit, leader):
            sums.setdefault(name or "", []).append(numbers)
    lines = [(name, [sum(column) for column in zip(*rows, strict=True)]) for name, rows in sums.items()]
    months: dict[str, int] = {}
    for day, count, *_late in [*given, *done]:
        months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", 0) + count
    return page("standing", rows=lines, months=months)


def came(stays: QuerySet[Stay]) -> QuerySet[Any, Any]:
    """Return how many projects came to each stage, and the average and most days of those that left it."""
    of_stage = stays.order_by().values_list("stage")
    return of_stage.annotate(Count("project", distinct=True), Avg("days"), Max("days"))


def board(request: HttpRequest) -> HttpResponse:
    """Show the six ongoing projects of each stage that have stood there longest, and what stands there in all."""
    place = Window(RowNumber(), partition_by=F("stage"), order_by=[F("stage_since").asc(), F("pk").asc()])
    ongoing = seen(request).filter(status="ongoing").order_by()
    rows = ongoing.annotate(place=place).filter(place__lte=6).select_related("enterprise")
    return page("board", rows=rows, counts=counted(ongoing))


def funnel(request: HttpRequest) -> HttpResponse:
    """Show how many projects came to each stage, how many stand there, and the average days of those that left it."""
    stays, ongoing = Stay.objects.all(), seen(request).filter(status="ongoing")
    if request.GET.get("unit"):
        stays = stays.filter(project__in=seen(request).values("pk"))
    return page("funnel", rows=came(stays), counts=counted(ongoing))


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
