"""The calendar of working days, a year of it, and keeping it."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.errors import Missing
from yinfeng.core.forms import ReasonForm
from yinfeng.core.language import in_english
from yinfeng.core.web import ActPage, EditPage, Page
from yinfeng.duties import queries, services
from yinfeng.duties.forms_calendar import DayForm, YearForm
from yinfeng.duties.models import CalendarDay
from yinfeng.duties.views.calendar import WEEKDAYS

PERMISSION = "duties.calendar.change"
YEARS = range(2000, 2101)


def year_asked(text: str, today: date) -> int:
    """Return the year that an address names, or this one."""
    asked = int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else today.year
    return asked if asked in YEARS else today.year


def year_url(year: int) -> str:
    return f"{reverse('workdays')}?year={year}"


class WorkCalendar(Page):
    """A year: each month with its holidays and make-up days, and below them what is said of each day, and by what right."""

    permission = PERMISSION
    template_name = "duties/workdays.html"
    title = gettext_lazy("工作日历")

    def get(self, request: HttpRequest) -> HttpResponse:
        today = timezone.localdate()
        year = year_asked(request.GET.get("year", ""), today)
        said = {row.day: row for row in queries.days_of(year)}
        announced = queries.announced(year)
        return self.render(
            {
                "year": year,
                "announced": announced,
                "announce_url": "" if announced else reverse("workday-announce", args=[year]),
                "weekdays": [(str(name), _short(str(name))) for name in WEEKDAYS],
                "months": [_month(year, month, said, today) for month in range(1, 13)],
                "runs": _runs(said.values(), announced.source if announced else ""),
                "new_url": f"{reverse('workday-new')}?year={year}",
                "before_url": year_url(year - 1) if year - 1 in YEARS else "",
                "after_url": year_url(year + 1) if year + 1 in YEARS else "",
            }
        )


def _short(weekday: str) -> str:
    """Return 一 for 周一, Mo for Mon."""
    return weekday[:2] if in_english() else weekday[-1]


def _month(year: int, month: int, said: dict[date, CalendarDay], today: date) -> dict[str, Any]:
    weeks = calendar.Calendar().monthdatescalendar(year, month)
    of_month = {day for day in (today, *said) if (day.year, day.month) == (year, month)}
    return {
        "label": date_format(date(year, month, 1), "F"),
        "is_told": bool(of_month),  # a phone shows only months of which something is said, and this one
        "weeks": [
            [_cell(day, said.get(day), today) if day.month == month else None for day in week]
            for week in weeks
        ],
    }


def _cell(day: date, row: CalendarDay | None, today: date) -> dict[str, Any]:
    works = row.is_workday if row else day.weekday() < 5
    return {
        "number": day.day,
        "is_off": not works,
        "is_today": day == today,
        "name": row.label if row else "",
        "mark": (_("班") if works else _("休")) if row else "",
        "url": reverse("workday-edit", args=[row.pk]) if row else "",
    }


def _runs(said: Iterable[CalendarDay], source: str) -> list[dict[str, Any]]:
    """Return the days as people speak of them: those that follow one another and are alike, together.

    ``is_usual``: by the ``source`` of the whole year, which stands above.
    """
    runs: list[dict[str, Any]] = []
    last: CalendarDay | None = None
    for row in said:
        is_next = last is not None and row.day - last.day == timedelta(days=1)
        if last is None or not is_next or _alike(row) != _alike(last):
            runs.append(_alike(row) | {"what": row.get_is_workday_display(), "first": row.day, "count": 0})
        runs[-1] |= {"last": row.day, "count": runs[-1]["count"] + 1}
        last = row
    for run in runs:
        run["is_usual"] = run["source"] == source and not run["is_edited"]
    return runs


def _alike(row: CalendarDay) -> dict[str, Any]:
    return {
        "is_workday": row.is_workday,
        "name": row.label,
        "source": row.source,
        "is_edited": row.is_edited,
    }


class EnterDay(ActPage):
    permission = PERMISSION
    form = DayForm
    title = gettext_lazy("录入节假日或调休")

    def form_arguments(self) -> dict[str, Any]:
        return {"is_new": True}

    def cancel_url(self) -> str:
        return year_url(year_asked(self.request.GET.get("year", ""), timezone.localdate()))

    def extra(self) -> dict[str, Any]:
        return {"back": {"label": _("工作日历"), "url": self.cancel_url()}}

    def act(self, form: Any) -> str:
        day = services.enter_day(by=self.by, values=form.values(), reason=form.cleaned_data["reason"])
        return year_url(day.day.year)


class ChangeDay(EditPage):
    permission = PERMISSION
    model = CalendarDay
    form = DayForm
    template_name = "duties/form_remove.html"

    def form_arguments(self) -> dict[str, Any]:
        return {"is_new": False}

    def initial(self) -> dict[str, Any]:
        row: CalendarDay = self.object
        return {
            "version": row.version, "is_workday": "yes" if row.is_workday else "no", "name": row.name, "name_en": row.name_en,
            "source": row.source,
        }  # fmt: skip

    def cancel_url(self) -> str:
        return year_url(self.object.day.year)

    def extra(self) -> dict[str, Any]:
        return {
            "title": _("修改 %(day)s") % {"day": self.object.day.isoformat()},
            "intro": _("改过的日子以这里为准，以后载入城市方案也不再改动它。"),
            "back": {"label": _("工作日历"), "url": self.cancel_url()},
            "remove": {
                "told": _("这一天没有特别安排的，可以把它从日历里删去。"),
                "label": _("删去这一天"),
                "url": reverse("workday-remove", args=[self.object.pk]),
            },
        }

    def act(self, form: Any) -> str:
        data = form.cleaned_data
        services.change_day(
            by=self.by, day=self.object, version=data["version"] or 0, values=form.values(), reason=data["reason"]
        )  # fmt: skip
        return self.cancel_url()


class RemoveDay(EditPage):
    permission = PERMISSION
    model = CalendarDay
    form = ReasonForm
    danger = True
    submit_label = gettext_lazy("删去")

    def cancel_url(self) -> str:
        return year_url(self.object.day.year)

    def extra(self) -> dict[str, Any]:
        row: CalendarDay = self.object
        what = _("上班") if row.day.weekday() < 5 else _("休息")
        return {
            "title": _("删去 %(day)s") % {"day": str(row)},
            "intro": _("删去之后，这一天按%(weekday)s%(what)s。") % {"weekday": WEEKDAYS[row.day.weekday()], "what": what},
            "back": {"label": _("工作日历"), "url": self.cancel_url()},
        }  # fmt: skip

    def act(self, form: Any) -> str:
        data = form.cleaned_data
        services.remove_day(by=self.by, day=self.object, version=data["version"] or 0, reason=data["reason"])
        return self.cancel_url()


class AnnounceYear(ActPage):
    """Say that a year's holidays are all entered."""

    permission = PERMISSION
    form = YearForm
    submit_label = gettext_lazy("标记为已公布")

    def start(self) -> None:
        if self.kwargs["year"] not in YEARS:
            raise Missing

    def cancel_url(self) -> str:
        return year_url(self.kwargs["year"])

    def extra(self) -> dict[str, Any]:
        return {
            "title": _("%(year)s 年的节假日已全部录入") % {"year": self.kwargs["year"]},
            "intro": _("标记之后，落在这一年的时限不再注明“按周末和固定节日推算”。"),
            "back": {"label": _("工作日历"), "url": self.cancel_url()},
        }

    def act(self, form: Any) -> str:
        services.announce_year(by=self.by, year=self.kwargs["year"], source=form.cleaned_data["source"])
        return self.cancel_url()
