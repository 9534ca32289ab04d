"""The holidays of China as the package ``chinesecalendar`` knows them: the announcements of the State Council since 2004.

It ends with the last year announced when it was released.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from chinese_calendar.constants import Holiday, holidays, workdays

SOURCE = "国务院办公厅关于该年部分节假日安排的通知（据 chinesecalendar）"


class Said(NamedTuple):
    """What the announcement of its year says of a day."""

    is_workday: bool
    name: str
    name_en: str


def announced() -> dict[date, Said]:
    """Return every day that an announcement names."""
    named = {holiday.value: holiday.chinese for holiday in Holiday}
    free = {day: Said(False, named[name], name) for day, name in holidays.items()}
    worked = {
        day: Said(True, f"{named[name]}调休上班", f"Make-up working day ({name})")
        for day, name in workdays.items()
    }
    return free | worked
