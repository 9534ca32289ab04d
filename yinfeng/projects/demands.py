"""What upper apps ask of a project before it goes on to a stage; they register in ``AppConfig.ready``.

A decision that a body must have taken stands in an app above; the step itself is refused here, with that app's sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models.expressions import BaseExpression, Combinable

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.lifecycle import Guard
from yinfeng.projects.models import Project


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked: ``reasons`` yields why a project may not go on to a stage yet.

    ``known`` is what that is worked out of, read with the project's row under ``name`` by the page that shows its next
    step, so that asking there costs no query of its own.
    """

    name: str
    known: Callable[[], BaseExpression | Combinable]
    reasons: Callable[[Project, str, Actor], Iterable[Sentence]]


DEMANDS: dict[str, Demand] = {}


def register(demand: Demand) -> None:
    """Ask ``demand`` before every step to another stage."""
    DEMANDS[demand.name] = demand


def known() -> dict[str, Any]:
    """Return what the demands are worked out of, for ``annotate``."""
    return {name: demand.known() for name, demand in DEMANDS.items()}


def before(stage: str) -> Guard:
    """Return the guard of a step to ``stage`` that asks every demand."""

    def guard(project: Project, by: Actor) -> Iterator[Sentence]:
        for demand in DEMANDS.values():
            yield from demand.reasons(project, stage, by)

    return guard
