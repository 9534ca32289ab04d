"""A second project for one investor: which ones a person may be told of, which of them look like the new one."""

from __future__ import annotations

from collections.abc import Iterable

from yinfeng.core.actors import Actor
from yinfeng.core.text import bigrams, normalise
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import stages
from yinfeng.projects.models import Project
from yinfeng.projects.queries.records import Dealing, dealings

ALIKE = 0.5  # of the pairs of characters of the shorter name, so many stand in the other too


def is_alike(name: str, other: str) -> bool:
    """Say whether two projects are called so alike that they may be the same."""
    one, two = set(bigrams(normalise(name))), set(bigrams(normalise(other)))
    return bool(one and two) and len(one & two) >= ALIKE * min(len(one), len(two))


def of_investor(enterprise: Enterprise | None, by: Actor, but: Project | None = None) -> list[Dealing]:
    """Return the open projects of an investor of which a person may be told, of whatever unit, ``but`` left out."""
    if enterprise is None:
        return []
    left_out = but.pk if but is not None else None
    return [
        item for item in dealings(enterprise, by) if item.is_project and item.is_open and item.pk != left_out
    ]


def sensitive(projects: Iterable[int]) -> list[Project]:
    """Return those of the projects that are known to their team alone."""
    return list(Project.objects.filter(pk__in=list(projects), secrecy=stages.SENSITIVE).order_by("pk"))


def own_projects(enterprise: Enterprise, by: Actor, but: Project | None = None) -> list[Dealing]:
    """Return those of the person's own units that he sees."""
    return [item for item in of_investor(enterprise, by, but) if item.is_own and item.is_seen]
