"""Keeping the calendar of working days: the announcements of the State Council, and what a city enters itself.

Every change records one of ``CHANGES``; whoever keeps days that were counted in working days counts them again then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from yinfeng.core import events, keeping
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Missing
from yinfeng.core.scopes import demand
from yinfeng.duties.holidays import SOURCE, Said
from yinfeng.duties.models import CalendarDay, CalendarYear

CHANGES = (
    "duties.calendarday.added",
    "duties.calendarday.changed",
    "duties.calendarday.removed",
    "duties.calendaryear.loaded",
    "duties.calendaryear.announced",
)


def _demand(by: Actor) -> None:
    """Refuse whoever does not keep the calendar of the whole city: there is one."""
    if not by.reach("duties.calendar.change").everywhere:
        raise Forbidden(_("工作日历全市共用，只有市级的维护人员可以修改。"))


def _forget() -> None:
    transaction.on_commit(keeping.forget)


@transaction.atomic
def take_over(*, by: Actor, said: Mapping[date, Said], unsaid: Sequence[date]) -> None:
    """Write days as the announcements name them, and drop those they no longer name; what was edited here stays.

    A year of which a day is named counts as announced; each records its event.
    """
    _demand(by)
    edited = set(CalendarDay.objects.filter(is_edited=True).values_list("day", flat=True))
    rows = [
        CalendarDay(day=day, source=SOURCE, **what._asdict())
        for day, what in said.items()
        if day not in edited
    ]
    CalendarDay.objects.bulk_create(
        rows, batch_size=200, update_conflicts=True, unique_fields=["day"],
        update_fields=["is_workday", "name", "name_en", "source"],
    )  # fmt: skip
    for start in range(0, len(unsaid), 200):
        CalendarDay.objects.filter(day__in=unsaid[start : start + 200], is_edited=False).delete()
    for year in sorted({day.year for day in (*said, *unsaid)}):
        announced, _is_new = core.get_or_add(CalendarYear(year=year, source=SOURCE), unique={"year": year})
        events.record(by=by, verb="duties.calendaryear.loaded", obj=announced)
    _forget()


@transaction.atomic
def enter_day(*, by: Actor, values: Mapping[str, Any], reason: str) -> CalendarDay:
    """Enter a holiday or a day on which one works although the week says otherwise."""
    _demand(by)
    day = core.add(
        CalendarDay(is_edited=True, **values), by=by, verb="duties.calendarday.added", note=_reason(reason),
        data={"day": values["day"]},
    )  # fmt: skip
    _forget()
    return day


@transaction.atomic
def change_day(
    *, by: Actor, day: CalendarDay, version: int, values: Mapping[str, Any], reason: str
) -> CalendarDay:
    """Say something else of a day; from now on it is the city's own entry."""
    demand(day, by, "change")
    core.apply_edit(
        day, {**values, "is_edited": True}, by=by, version=version, verb="duties.calendarday.changed", note=_reason(reason)
    )  # fmt: skip
    _forget()
    return day


@transaction.atomic
def remove_day(*, by: Actor, day: CalendarDay, version: int, reason: str) -> None:
    """Let the week hold for a day again."""
    demand(day, by, "change")
    note = _reason(reason)
    if CalendarDay.objects.filter(pk=day.pk, version=version).delete()[0] != 1:
        if not CalendarDay.objects.filter(pk=day.pk).exists():
            raise Missing
        raise Conflict(_("另一位同事刚刚改过这一天，您的操作没有生效。请刷新页面后再试。"))
    # recorded only now: who counts days again on this reads the calendar without it
    events.record(
        by=by, verb="duties.calendarday.removed", obj=day, note=note, changes={"is_workday": (day.is_workday, None)}
    )  # fmt: skip
    _forget()


@transaction.atomic
def announce_year(*, by: Actor, year: int, source: str) -> CalendarYear:
    """Say that the holidays of a year are all entered: from now on days in it are counted for certain."""
    _demand(by)
    if not CalendarDay.objects.filter(day__year=year).exists():
        raise Invalid(
            _("%(year)s 年还没有录入任何节假日。请先录入国务院公布的安排，再标记为已公布。") % {"year": year},
            fields={"year": [_("这一年还没有录入节假日。")]},
        )
    announced = core.add(
        CalendarYear(year=year, source=source), by=by, verb="duties.calendaryear.announced", note=source
    )
    _forget()
    return announced


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("请填写修改日历的原因。"), fields={"reason": [_("请填写原因。")]})
    return reason.strip()
