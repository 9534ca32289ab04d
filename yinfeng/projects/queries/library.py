"""The city's project library: its four states over the stages, and what stands in each (FACTS §1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, Round

from yinfeng.core.actors import Actor
from yinfeng.core.keeping import kept
from yinfeng.core.language import in_english
from yinfeng.core.models import Code
from yinfeng.projects import stages
from yinfeng.projects.models import Project
from yinfeng.projects.models.records import taking_part
from yinfeng.projects.queries.grades import COUNTED


@dataclass(frozen=True, slots=True)
class State:
    """A state of the library and the stages that count under it, as the profile says."""

    code: str
    name: str
    name_en: str
    stages: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.name_en if in_english() and self.name_en else self.name


def states() -> list[State]:
    """Return the states of the library in order; a city without a profile has those of Xiamen."""
    return kept("library states", _states)


def _states() -> list[State]:
    rows = Code.objects.filter(table__in=["stage", "project_state"]).order_by("order", "code")
    columns = list(rows.values_list("table", "code", "name", "name_en", "data"))
    names = {
        code: (name, name_en) for table, code, name, name_en, _data in columns if table == "project_state"
    }
    state_of = {stage: stage if stage in BEFORE_LANDING else stages.LANDED for stage in stages.ORDER}
    state_of |= {
        code: data["state"]
        for table, code, _n, _e, data in columns
        if table == "stage" and code in state_of and data.get("state")
    }
    order = [*names, *(code for code in dict.fromkeys(state_of.values()) if code not in names)]
    return [
        State(code, *names.get(code, (str(stages.LIBRARY.get(code, code)), "")),
              tuple(stage for stage in stages.ORDER if state_of[stage] == code))
        for code in order
    ]  # fmt: skip


BEFORE_LANDING = (stages.PLANNED, stages.INTENDED, stages.NEGOTIATING)


def in_state(code: str) -> Q:
    """Return the Q of the projects of a state."""
    return Q(stage__in=[stage for state in states() if state.code == code for stage in state.stages])


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in a state: new projects, extensions of projects that count already, and the yuan of both.

    The amount is the contracted one where there is one, the intended one before.
    """

    state: State
    projects: int
    extensions: int
    amount: Decimal


def ours(by: Actor) -> Q:
    """Return the Q of the projects in which the person's units act: not those they were only offered, or passed on.

    Who sees the whole city acts for all of it.
    """
    return taking_part(by.reach("projects.project.view"), by.day, stages.ACTING_PARTS)


def roll_up(projects: QuerySet[Project], **more: Any) -> tuple[list[Standing], dict[str, int]]:
    """Return what stands in each state of the library, in one query, and the sums of the counts ``more``.

    An extension adds its amount and is no new project (三明市甄别办法, FACTS §1.2).
    """
    cents = Coalesce(Sum(Cast(Round(COUNTED * 100), BigIntegerField())), 0)
    sums = {"first": Count("pk", filter=Q(parent=None)), "grown": Count("pk", filter=Q(parent__isnull=False))}
    rows: QuerySet[Any, Any] = projects.order_by().values("stage").annotate(**sums, cents=cents, **more)
    by_stage: dict[str, dict[str, int]] = {row["stage"]: row for row in rows}

    def total(state: State, name: str) -> int:
        return sum(by_stage[stage][name] for stage in state.stages if stage in by_stage)

    found = [
        Standing(state, total(state, "first"), total(state, "grown"), Decimal(total(state, "cents")) / 100)
        for state in states()
    ]
    return found, {name: sum(row[name] for row in by_stage.values()) for name in more}
