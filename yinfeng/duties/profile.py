"""What comes with a city's profile for duties: the policy's own tasks, and the holidays of the whole country, which no city writes."""

from __future__ import annotations

from datetime import date

from yinfeng.core.actors import Actor
from yinfeng.core.profile_format import Changes, Profile, Row, Section
from yinfeng.duties import holidays, services
from yinfeng.duties.services import calendar
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import root_unit


def _announced(profile: Profile) -> list[Row]:
    return [
        Row("holiday", day.isoformat(), said._asdict(), "chinesecalendar", 1, order)
        for order, (day, said) in enumerate(sorted(holidays.announced().items()))
    ]


def _load(changes: Changes, by: Actor, day: date) -> None:
    calendar.take_over(
        by=by,
        said={date.fromisoformat(row.key): holidays.Said(**row.values) for row in changes.put},
        unsaid=[date.fromisoformat(key) for key in changes.vanished],
    )


def _tasks(profile: Profile) -> list[Row]:
    """Return the clauses with a lead department: each is a task of the policy, under its title, with its words."""
    since = profile.rows["profile"][0]["valid_from"] if profile.rows["profile"] else None
    return [
        Row(
            "task", row["id"],
            {
                **{name: row.values.get(name) for name in ("title", "target", "text", "lead_units", "responsible_units")},
                "since": since,
            },
            row.file, row.line, row.order,
        )
        for row in profile.rows.get("clause", [])
        if row.values.get("lead_units")
    ]  # fmt: skip


def _load_tasks(changes: Changes, by: Actor, day: date) -> None:
    units = {unit.code: unit for unit in Unit.objects.all()}
    setter = Unit.objects.filter(kind="leader_group").order_by("order").first() or root_unit()
    assert setter is not None, "a profile has its city"
    for row in changes.put:
        task = services.Task(
            clause=row.key, item=row["title"], target=row["target"] or row["title"], requirement=row["text"] or row["title"],
            leads=[units[code] for code in row["lead_units"]], joint=[units[code] for code in row["responsible_units"] or []],
            set_unit=setter, since=row["since"] or day,
        )  # fmt: skip
        services.put_task(by=by, task=task)
    for clause in changes.vanished:
        services.end_task(by=by, clause=clause)


SECTIONS = (
    Section("task", "", (), _load_tasks, derive=_tasks),
    Section("holiday", "", (), _load, derive=_announced),
)
