"""What comes with a city's profile for duties: the holidays of the whole country, which no city writes itself."""

from __future__ import annotations

from datetime import date

from yinfeng.core.actors import Actor
from yinfeng.core.profile_format import Changes, Profile, Row, Section
from yinfeng.duties import holidays
from yinfeng.duties.services import calendar


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


SECTIONS = (Section("holiday", "", (), _load, derive=_announced),)
