"""Taking projects out of the library that have stood still for as long as the rule says (FACTS §1.6), many at once too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from yinfeng.core import events
from yinfeng.core.actors import Actor, system
from yinfeng.core.errors import Blocked, Conflict, Forbidden
from yinfeng.core.models import Event
from yinfeng.projects import queries
from yinfeng.projects.models import Project
from yinfeng.projects.services.records import move_project

DUE = "projects.project.take_out_due"
AT_ONCE = 200  # of those that fall due, so many are told at one beat of the clock


def take_out(*, by: Actor, projects: Iterable[Project], reason: str) -> tuple[int, int]:
    """Take several projects out of the library; return (taken out, left: not due, waiting to be decided, or not the person's).

    Each keeps the sentence of the rule before what the person says.
    """
    today = timezone.localdate()
    by_stage = queries.limits(today)
    done = left = 0
    for project in projects:
        why = queries.leaving(project, today, by_stage)
        try:
            move_project(
                by=by, project=project, move="take_out", reason="；".join(filter(None, [why, reason.strip()]))
            )
            done += 1
        except (Blocked, Conflict, Forbidden):
            left += 1
    return done, left


def tell_of_leaving(now: datetime) -> int:
    """Tell once who holds a project, and its team, that it is to be taken out of the library. Called by the clock."""
    told = 0
    due = queries.to_leave(timezone.localdate(now))
    known = Event.objects.filter(
        object_type=events.type_of(Project),
        object_id=OuterRef("pk"),
        verb=DUE,
        at__gte=OuterRef("progress_at"),
    )
    for pk in (
        Project.objects.filter(due, ~Exists(known)).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    ):
        with transaction.atomic():
            still = Project.objects.select_for_update().filter(
                due, ~Exists(known), pk=pk
            )  # of several clocks one
            for project in still:
                by_stage = queries.limits(timezone.localdate(now))
                note = queries.leaving(project, timezone.localdate(now), by_stage)
                events.record(by=system("clock"), verb=DUE, obj=project, note=note)
                told += 1
    return told
