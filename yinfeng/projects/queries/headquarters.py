"""Which projects bring a headquarters, and how many of them stand where."""

from __future__ import annotations

from django.db.models import Count

from yinfeng.core.actors import Actor
from yinfeng.projects.facts import HEADQUARTERS
from yinfeng.projects.models import Project


def headquarters_counts(by: Actor) -> dict[str, int]:
    """Return how many headquarters projects in the person's sight stand in each stage."""
    seen = Project.objects.permitted(by).filter(HEADQUARTERS).order_by()
    return dict(seen.values_list("stage").annotate(n=Count("pk")))
