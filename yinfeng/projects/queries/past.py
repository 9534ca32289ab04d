"""What projects were at the end of an earlier day, as far as that is kept.

Their stage is kept by their stays, their status and when they last got on by the log of events. What last changed before
the end of the day still stands on the project itself, so the log is asked of those alone that changed since. Amounts and
what else people edit are kept as they are now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from yinfeng.core import events
from yinfeng.core.models import Event
from yinfeng.projects import stages
from yinfeng.projects.achievements import KINDS
from yinfeng.projects.models import Project, Stay

# What the log calls the moves of a project’s status, and to which each leads (a test holds them against ``lifecycle.STATUS``).
STATUS_MOVES: Mapping[str, str] = {
    "resume": stages.ONGOING, "hold": stages.ON_HOLD, "lose": stages.LOST, "end": stages.ENDED, "reopen": stages.ONGOING,
    "yield": stages.ENDED, "take_out": stages.LEFT, "take_in": stages.ONGOING,
}  # fmt: skip
# The acts by which a project gets on: each sets its ``progress_at``.
ADVANCES = (
    "intend", "negotiate", "prepare", "build", *(kind.move for kind in KINDS.values() if kind.move), "claim_verified",
    "talked", "resume", "reopen", "take_in", "transfer_completed",
)  # fmt: skip


def end_of(day: date) -> datetime:
    """Return the moment after a day."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def existed_on(day: date) -> Q:
    """Return the Q of the projects that had been made by the end of a day."""
    return Q(created_at__lt=end_of(day))


def _events(verbs: Q) -> QuerySet[Event]:
    told = Event.objects.filter(object_type=events.type_of(Project), object_id=OuterRef("pk")).filter(verbs)
    return told.order_by("-at", "-pk")


def _verb(act: str) -> str:
    return f"{events.type_of(Project)}.{act}"


def stage_on(day: date) -> Case:
    """Return the stage in which a project stood at the end of a day; today’s where no stay of then is kept."""
    stays = Stay.objects.filter(project=OuterRef("pk"), since__lt=end_of(day)).order_by("-since", "-pk")
    return Case(
        When(stage_since__lt=end_of(day), then=F("stage")),
        default=Coalesce(Subquery(stays.values("stage")[:1]), F("stage")),
        output_field=CharField(),
    )


def status_on(day: date) -> Case:
    """Return the status of a project at the end of a day: that before its first move since, if there was one."""
    moves = _events(Q(verb__in=[_verb(act) for act in STATUS_MOVES]))
    target = Case(
        *(When(verb=_verb(act), then=Value(status)) for act, status in STATUS_MOVES.items()),
        output_field=CharField(),
    )
    before = moves.filter(at__lt=end_of(day)).annotate(target=target).values("target")[:1]
    return Case(
        When(updated_at__lt=end_of(day), then=F("status")),
        When(
            Exists(moves.filter(at__gte=end_of(day))), then=Coalesce(Subquery(before), Value(stages.ONGOING))
        ),
        default=F("status"),
        output_field=CharField(),
    )


def progress_on(day: date) -> Case:
    """Return when a project had last got on by the end of a day: a move, an achievement, a talk, works that came further, a
    transfer that was done; else when it was made."""
    got_on = Q(verb__in=[_verb(act) for act in ADVANCES]) | Q(
        verb=_verb("progress_reported"), data__got_on=True
    )
    before = _events(got_on).filter(at__lt=end_of(day)).values("at")[:1]
    return Case(
        When(progress_at__lt=end_of(day), then=F("progress_at")),
        default=Coalesce(Subquery(before), F("created_at")),
        output_field=DateTimeField(),
    )


_KEPT: Mapping[str, Callable[[date], Case]] = {
    "stage": stage_on, "status": status_on, "progress": progress_on,
}  # fmt: skip


def as_of(projects: QuerySet[Any], day: date) -> QuerySet[Any]:
    """Bring along what each project was at the end of a day, so that reading many asks no more for each."""
    found: QuerySet[Any] = projects.annotate(**{_name(name, day): kept(day) for name, kept in _KEPT.items()})
    return found


def then(project: Project, name: str, day: date) -> Any:
    """Return the stage, the status or the newest progress of a project at the end of a day."""
    known = project.__dict__
    if _name(name, day) not in known:
        found = as_of(Project.objects.filter(pk=project.pk), day)
        known |= found.values(*(_name(kept, day) for kept in _KEPT)).get()
    return known[_name(name, day)]


def _name(name: str, day: date) -> str:
    return f"{name}_on_{day:%Y%m%d}"


def reached_by(column: str) -> Callable[[date], Case]:
    """Return, for a day, the date in a column unless it is of after that day."""
    return lambda day: Case(When(**{f"{column}__lte": day}, then=F(column)), output_field=DateField())


def date_by(project: Project, column: str, day: date) -> date | None:
    """Return the date in a column of a project unless it is of after a day."""
    found: date | None = getattr(project, column)
    return found if found is not None and found <= day else None
