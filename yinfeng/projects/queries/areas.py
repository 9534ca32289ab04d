"""Major areas with what a person sees in them: their projects by stage and light, what stands longest, their premises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, Round

from yinfeng.core.actors import Actor
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import LANDING_KINDS, units_today, with_kept
from yinfeng.projects import stages
from yinfeng.projects.models import Area, Premises, Project
from yinfeng.projects.queries.grades import COUNTED
from yinfeng.projects.queries.lights import lit


def areas_on(day: date, kept: int | None = None) -> QuerySet[Area]:
    """Return the areas that are open on a day, and the one ``kept``, by name."""
    is_open = (Q(until=None) | Q(until__gte=day)) & Q(since__lte=day)
    return Area.objects.filter(is_open | Q(pk=kept) if kept else is_open).order_by("name")


def command_posts(area: Area | None = None) -> QuerySet[Unit]:
    """Return the command posts that exist today, and that of the area."""
    posts = units_today().filter(kind="command").order_by("order", "code")
    return with_kept(posts, area.command_unit_id) if area else posts


def districts(area: Area | None = None) -> QuerySet[Unit]:
    """Return the districts and zones that exist today, and those in which the area lies."""
    found = units_today().filter(kind__in=LANDING_KINDS).order_by("order", "code")
    return with_kept(found, *(unit.pk for unit in area.districts.all())) if area else found


def projects_of(area: Area, by: Actor) -> QuerySet[Project]:
    """Return the projects of an area in the person's sight that are going on."""
    return Project.objects.permitted(by).filter(area=area, status=stages.ONGOING)


@dataclass(frozen=True, slots=True)
class StageLine:
    """What stands in a stage: how many projects, their yuan (contracted, else intended), how many of which light."""

    stage: str
    count: int
    amount: Decimal
    lights: dict[str, int]


def stage_lines(projects: QuerySet[Project], today: date) -> list[StageLine]:
    """Return each stage in which something stands, in order, in one query."""
    lights: dict[str, Any] = {code: Count("pk", filter=lit(code, today)) for code in stages.LIGHTS}
    cents = Coalesce(Sum(Cast(Round(COUNTED * 100), BigIntegerField())), 0)
    rows: Any = projects.order_by().values("stage").annotate(n=Count("pk"), cents=cents, **lights)
    found = [
        StageLine(
            row["stage"], row["n"], Decimal(row["cents"]) / 100, {code: row[code] for code in stages.LIGHTS}
        )
        for row in rows
    ]
    return sorted(found, key=lambda line: stages.ORDER.index(line.stage))


def stillest(projects: QuerySet[Project], count: int) -> list[Project]:
    """Return the projects that have not moved for longest."""
    return list(projects.select_related("enterprise", "host_unit").order_by("progress_at", "pk")[:count])


def premises_of(area: Area) -> QuerySet[Premises]:
    """Return what an area offers, land first, what is available first."""
    return Premises.objects.filter(area=area).order_by("-kind", "state", "name")


def one_of_premises(area: Area, pk: int) -> Premises | None:
    return Premises.objects.filter(area=area, pk=pk).first()
