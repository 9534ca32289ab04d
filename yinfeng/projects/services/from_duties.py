"""What duties and projects do to each other: a difficulty is solved by its duty, a duty is as secret as its project."""

from __future__ import annotations

from dataclasses import replace

from yinfeng.core import events
from yinfeng.core.actors import Actor
from yinfeng.core.models import Event
from yinfeng.duties import services as duties
from yinfeng.duties.models import Duty
from yinfeng.projects import stages
from yinfeng.projects.models import Bottleneck, Project
from yinfeng.projects.services.construction import solve_bottleneck


def solve_by_duty(event: Event, by: Actor) -> None:
    """Let the difficulty from which a duty was set be solved when the duty is closed, as its result says.

    Who reviewed the duty may have no right on the difficulty: closing the one is what the other waits for.
    """
    assert event.object_id is not None
    duty = Duty.objects.get(pk=event.object_id)
    if (
        duty.source_type != events.type_of(Bottleneck)
        or duty.source_id is None
        or duty.submitted_date is None
    ):
        return
    row = (
        Bottleneck.objects.select_related("project", "unit")
        .filter(pk=duty.source_id, state=stages.OPEN)
        .first()
    )
    if row is None:
        return
    solve_bottleneck(
        by=replace(by, is_system=True), bottleneck=row, how=f"{duty.number}：{duty.result}"[:1000],
        solved_date=max(duty.submitted_date, row.since_date),
    )  # fmt: skip


def hide_duties(event: Event, by: Actor) -> None:
    """Make the duties about a project sensitive when it becomes so."""
    if "secrecy" not in event.changes:
        return
    assert event.object_id is not None
    project = Project.objects.get(pk=event.object_id)
    duties.follow_secrecy(by=by, about=project, is_sensitive=project.secrecy == stages.SENSITIVE)
