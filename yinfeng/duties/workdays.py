"""Counting in working days: the week, and the days on which it does not hold (``CalendarDay``).

What counts and what does not is *Workdays*, a value. Pages ask the functions of this module, which keep one for a minute in
each process; whoever writes a date asks ``exact()``, which reads the calendar as this transaction sees it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import accumulate

from django.db.models import BooleanField, DateField, F, IntegerField, Value

from yinfeng.core.keeping import kept
from yinfeng.core.language import in_english
from yinfeng.duties.models.calendar import CalendarDay, CalendarYear

DAY = timedelta(days=1)

# The statutory holidays that the law itself puts on days of the solar calendar: off whatever is announced of the rest of a year.
# 全国年节及纪念日放假办法 (2024 年修订, in force from 1 January 2025) 第二条.
FIXED = {
    (1, 1): ("元旦", "New Year's Day"),
    **dict.fromkeys(((5, 1), (5, 2)), ("劳动节", "Labour Day")),
    **dict.fromkeys(((10, 1), (10, 2), (10, 3)), ("国庆节", "National Day")),
}
AHEAD = 10  # years after the last announced one for which they are counted


def _is_weekday(day: date) -> bool:
    return day.weekday() < 5


def _weekdays_until(day: date) -> int:
    """Return how many Mondays to Fridays there were since the first Monday of the calendar, ``day`` included."""
    weeks, rest = divmod(day.toordinal(), 7)  # the first of January of the year 1 was a Monday
    return weeks * 5 + min(rest, 5)


@dataclass(frozen=True)
class Workdays:
    """The calendar as it stands: of which days more is said than their day of the week (worked or not, and the name in Chinese
    and English), and which years are known whole."""

    said: Mapping[date, bool] = field(default_factory=dict)
    years: frozenset[int] = frozenset()
    names: Mapping[date, tuple[str, str]] = field(default_factory=dict, compare=False)

    @cached_property
    def _unlike(self) -> list[date]:
        """The days that are not as the week says."""
        return sorted(day for day, works in self.said.items() if works != _is_weekday(day))

    @cached_property
    def _more(self) -> list[int]:
        """How many working days more than the week's there are before each of them, and after the last."""
        return [0, *accumulate(1 if self.said[day] else -1 for day in self._unlike)]

    def is_workday(self, day: date) -> bool:
        """Say whether one works on ``day``."""
        return self.said.get(day, _is_weekday(day))

    def _until(self, day: date) -> int:
        return _weekdays_until(day) + self._more[bisect_right(self._unlike, day)]

    def name(self, day: date) -> str:
        """Return what a day is called in the reader's language; empty for an ordinary one."""
        name, name_en = self.names.get(day, ("", ""))
        return name_en if in_english() and name_en else name

    def count(self, start: date, end: date) -> int:
        """Return how many working days lie after ``start`` up to and including ``end``; if ``end`` is earlier, minus those from
        ``end`` up to the day before ``start``.

        The day on which something begins does not count (民法典第二百零一条).
        """
        if end >= start:
            return self._until(end) - self._until(start)
        return self._until(end - DAY) - self._until(start - DAY)

    def add(self, day: date, number: int) -> date:
        """Return the ``number``-th working day after ``day`` (before it, if negative; ``day`` itself for 0).

        ``count(day, add(day, number)) == number``. OverflowError beyond the year 9999.
        """
        end = day
        while left := number - self.count(day, end):
            end += timedelta(days=left)
        return end

    def last_day(self, day: date) -> date:
        """Return the day on which a term ends that would end on ``day``: a holiday's last day is the next working day.

        Source: 民法典第二百零三条第一款.
        """
        return day if self.is_workday(day) else self.add(day, 1)

    def known_until(self) -> date | None:
        """Return the last day of the announced years that follow one another; None if there is none."""
        if not self.years:
            return None
        year = min(self.years)
        while year + 1 in self.years:
            year += 1
        return date(year, 12, 31)

    def is_known(self, day: date) -> bool:
        """Say whether the holidays of this year have been announced; otherwise the week and the fixed holidays were counted."""
        return day.year in self.years


def unannounced(years: frozenset[int]) -> dict[date, tuple[str, str]]:
    """Return the fixed holidays, with their names, of the years that were not announced, up to AHEAD after the last that was."""
    if not years:
        return {}
    following = range(min(years), max(years) + 1 + AHEAD)
    return {date(year, *at): names for year in following if year not in years for at, names in FIXED.items()}


def exact() -> Workdays:
    """Read the calendar as this transaction sees it, in one query."""
    columns = ("announced", "day", "is_workday", "name", "name_en")
    days = CalendarDay.objects.annotate(announced=Value(None, IntegerField())).order_by()
    years = CalendarYear.objects.annotate(
        announced=F("year"), day=Value(None, DateField()), is_workday=Value(None, BooleanField()),
        name=Value(""), name_en=Value(""),
    ).order_by()  # fmt: skip
    said: dict[date, bool] = {}
    names: dict[date, tuple[str, str]] = {}
    known: set[int] = set()
    for year, day, works, *name in days.values_list(*columns).union(years.values_list(*columns), all=True):
        if day is None:
            known.add(year)
        else:
            said[day], names[day] = works, (name[0], name[1])
    fixed = unannounced(frozenset(known))
    return Workdays(dict.fromkeys(fixed, False) | said, frozenset(known), fixed | names)


def shown() -> Workdays:
    """Return the calendar as this process read it within the last minute: right for showing, not for writing."""
    return kept(("workdays",), exact)


def is_workday(day: date) -> bool:
    return shown().is_workday(day)


def add(day: date, number: int) -> date:
    return shown().add(day, number)


def count(start: date, end: date) -> int:
    return shown().count(start, end)


def last_day(day: date) -> date:
    return shown().last_day(day)


def known_until() -> date | None:
    return shown().known_until()
