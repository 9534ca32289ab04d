"""How far projects come and how long they take: reached, conversion and days per stage, out of the stage clocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Avg, BigIntegerField, Count, F, Max, Q, QuerySet, Sum, Window
from django.db.models.functions import Cast, Coalesce, Round, RowNumber

from yinfeng.projects import stages
from yinfeng.projects.models import Project, Stay
from yinfeng.projects.queries.grades import COUNTED


@dataclass(frozen=True, slots=True)
class Reached:
    """A stage: how many projects stand there and came there, out of those that came to the stage before, and their days.

    ``days``: what those that left it took, on average; None while nobody has left it.
    """

    stage: str
    standing: int
    amount: Decimal
    reached: int
    before: int
    days: float | None
    longest: int | None

    @property
    def share(self) -> float | None:
        """Which part of the projects of the stage before came here."""
        return self.reached / self.before if self.before else None


def standing_in(projects: QuerySet[Project]) -> dict[str, tuple[int, Decimal]]:
    """Return of each stage how many of the ongoing projects stand there and their yuan, in one query."""
    cents = Coalesce(Sum(Cast(Round(COUNTED * 100), BigIntegerField())), 0)
    ongoing = projects.filter(status=stages.ONGOING).order_by().values_list("stage")
    found = {
        stage: (count, Decimal(yuan) / 100)
        for stage, count, yuan in ongoing.annotate(n=Count("pk"), cents=cents)
    }
    return {stage: found.get(stage, (0, Decimal(0))) for stage in stages.ORDER}


def funnel(projects: QuerySet[Project]) -> list[Reached]:
    """Return every stage with what stands there and what came there, of the given projects, in two queries.

    A project that skipped a stage (nothing is built) counts as having come past it when it came further.
    """
    return reached_stages(standing_in(projects), clocks(projects))


def clocks(projects: QuerySet[Project]) -> dict[str, Any]:
    """Return of each stage how many of the projects came there, and what those that left it took, in one query."""
    stays = Stay.objects.filter(project__in=projects.order_by().values("pk")).order_by()
    counts: dict[str, Any] = {
        stage: Count("project", distinct=True, filter=Q(stage__in=stages.ORDER[index:]))
        for index, stage in enumerate(stages.ORDER)
    }
    took: dict[str, Any] = {}
    for stage in stages.ORDER:
        took[f"{stage}_days"] = Avg("days", filter=Q(stage=stage))
        took[f"{stage}_longest"] = Max("days", filter=Q(stage=stage))
    return stays.aggregate(**counts, **took)


def reached_stages(here: Mapping[str, tuple[int, Decimal]], found: Mapping[str, Any]) -> list[Reached]:
    """Return the stages out of what stands in each and what the ``clocks`` say."""
    lines, before = [], 0
    for stage in stages.ORDER:
        count, yuan = here[stage]
        lines.append(
            Reached(
                stage, count, yuan, found[stage], before, found[f"{stage}_days"], found[f"{stage}_longest"]
            )
        )
        before = found[stage]
    return lines


def cards(projects: QuerySet[Project], each: int) -> dict[str, list[Project]]:
    """Return of each stage the ongoing projects that have stood there longest, ``each`` at most, in one query."""
    place = Window(RowNumber(), partition_by=F("stage"), order_by=[F("stage_since").asc(), F("pk").asc()])
    found: dict[str, list[Project]] = {}
    ranked = projects.filter(status=stages.ONGOING).order_by().annotate(place=place)
    for project in ranked.filter(place__lte=each).select_related("enterprise").order_by("stage_since", "pk"):
        found.setdefault(project.stage, []).append(project)
    return found
