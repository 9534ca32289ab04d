"""The leaders' view: how duties stand by unit and by leader over a period, the trend, and the same as a workbook."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import events, uploads
from yinfeng.core.exchange import columns as exchange
from yinfeng.core.exchange import writing
from yinfeng.core.exporting import XLSX
from yinfeng.core.scopes import rows
from yinfeng.core.web import Page
from yinfeng.duties import filters, queries, terms
from yinfeng.duties.models import Duty
from yinfeng.orgs.models import Unit

# What each figure is called, and whether it is of the period or of today; in the order of the table.
FIGURES: dict[str, str | Promise] = {
    "set": gettext_lazy("交办"),
    "extended": gettext_lazy("延期"),
    "returned": gettext_lazy("退回"),
    "refused": gettext_lazy("审核未通过"),
    "reopened": gettext_lazy("重新办理"),
    "cancelled": gettext_lazy("撤销"),
    "on_time": gettext_lazy("按时办结"),
    "late": gettext_lazy("逾期办结"),
    "open": gettext_lazy("在办"),
    "overdue": gettext_lazy("已逾期"),
    "standing": gettext_lazy("长期事项"),
}
OF_SET, OF_CLOSED, OF_TODAY = (
    ("set", "extended", "returned", "refused", "reopened", "cancelled"), ("on_time", "late"), ("open", "overdue"),
)  # fmt: skip
RULES = (
    gettext_lazy("交办及其中延期、退回、审核未通过、重新办理、撤销的，按交办日期归入本期；办结的按办结日期归入本期；在办和逾期的是今天的。"),
    gettext_lazy("是否按时，看审核通过的那一次报结在不在办结时限（含同意的延期）之内；平均逾期天数按自然日计。"),
    gettext_lazy("分解任务按承办单位单独计；政策条款等长期事项没有时限，单列，不计入其他各栏。"),
    gettext_lazy("最需要督促的三个单位，依次按已逾期的、逾期办结的事项数和逾期天数合计由多到少取。"),
)  # fmt: skip


def asked_for(figure: str, period: queries.Period) -> dict[str, str]:
    """Return the filters of the list that show exactly what a figure counts (``queries.figure_qs`` says the same)."""
    if figure == "overdue":
        return {"due": terms.OVERDUE}
    if figure == "standing":
        return {"due": terms.STANDING}
    if figure == "open":
        return {"state": filters.OPEN, "timed": "true"}
    if figure in OF_CLOSED:
        return {
            "state": terms.CLOSED, "timed": "true", "was_late": "true" if figure == "late" else "false",
            "closed_from": period.start.isoformat(), "closed_until": period.end.isoformat(),
        }  # fmt: skip
    more = (
        {} if figure == "set" else {"state": terms.CANCELLED} if figure == "cancelled" else {figure: "true"}
    )
    return {
        "timed": "true",
        "set_from": period.start.isoformat(),
        "set_until": period.end.isoformat(),
        **more,
    }


YEARS = range(2000, 2101)  # of which statistics are asked for; the months before a period must exist too


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


class OfPeriod(Page):
    """A page about a period: one of the usual ones by name (this year unasked), or the days ``from`` and ``until``."""

    through_today: ClassVar[bool] = False  # whether days to come are left out

    @cached_property
    def today(self) -> date:
        return timezone.localdate()

    @cached_property
    def days(self) -> tuple[str, str]:
        """The days as they were typed."""
        return self.request.GET.get("from", ""), self.request.GET.get("until", "")

    @cached_property
    def period(self) -> queries.Period:
        start, end = map(_day, self.days)
        found = queries.period_of(self.request.GET.get("period", ""), self.today)
        if start and end and start <= end:
            found = queries.Period(start, end)
        return found.through(self.today) if self.through_today else found

    @cached_property
    def complaint(self) -> str:
        """What is wrong with the days that were asked for; empty where nothing is."""
        start, end = map(_day, self.days)
        if not any(self.days) or (start and end and start <= end):
            return ""
        if not start or not end:
            return _("请填写 2000 年至 2100 年的起始日期和截止日期；现在显示的是今年。")
        return _("截止日期早于起始日期，请改正；现在显示的是今年。")

    @cached_property
    def asked(self) -> dict[str, str]:
        """The period as a query string names it."""
        if self.period.code:
            return {"period": self.period.code}
        return {"from": self.period.start.isoformat(), "until": self.period.end.isoformat()}

    @cached_property
    def duties(self) -> QuerySet[Duty]:
        return rows(Duty).permitted(self.by)

    @cached_property
    def found(self) -> queries.Statistics:
        return queries.statistics(self.duties, self.period, self.today)


class Standing(OfPeriod):
    """Every unit and every leader with what was set, done on time or late, and is open; each figure leads to its duties."""

    permission = "duties.duty.view"
    template_name = "duties/standing.html"
    title = gettext_lazy("督办统计")

    def get(self, request: HttpRequest) -> HttpResponse:
        found, whole = self.found, self.found.whole
        months = queries.trend(self.duties, min(self.period.end, self.today))
        busy = [month for month in months if not month.is_empty]
        is_empty = whole == queries.Figures() and not busy
        return self.render({
            "rules": RULES, "period": self.period.text, "complaint": self.complaint,
            "start": self.period.start.isoformat(), "end": self.period.end.isoformat(),
            "tabs": [
                {"label": label, "url": f"?period={code}", "active": code == self.period.code} for code, label in queries.PERIODS.items()
            ],
            "is_chosen": not self.period.code or bool(self.complaint), "cards": self._cards(whole),
            "worst": self._worst(found.units),
            "heads": [{"label": FIGURES[name], "name": name} for name in (*OF_SET, *OF_CLOSED)],
            "tables": [
                {"key": "units", "title": _("按牵头单位"), "who": _("单位"), "rows": self._rows(found.units, whole)},
                {"key": "leaders", "title": _("按牵头领导"), "who": _("领导"), "rows": self._rows(found.leaders, whole)},
            ],
            "standing": [
                {"name": _name(line), "count": f"{line.figures.standing:,}", "url": self._list("standing", _whose(line))}
                for line in found.units if line.figures.standing
            ],
            "months": [self._month(month) for month in busy], "chart": _chart(months), "is_empty": is_empty,
            "list_url": reverse("duties"),
            "export_url": f"{reverse('duties-standing-export')}?{urlencode(self.asked)}" if self.by.may(ExportStanding.permission) else "",
            "circulars_url": reverse("circulars"),
            "circular_url": f"{reverse('circular-new')}?{urlencode(self.asked)}" if self.by.may("duties.duty.supervise") else "",
        })  # fmt: skip

    def _list(self, figure: str, whose: Mapping[str, Any], period: queries.Period | None = None) -> str:
        return f"{reverse('duties')}?{urlencode({**whose, **asked_for(figure, period or self.period)})}"

    def _cell(self, figure: str, count: int, whose: Mapping[str, Any], period: queries.Period | None = None) -> dict[str, Any]:  # fmt: skip
        return {
            "label": FIGURES[figure],
            "text": f"{count:,}",
            "url": self._list(figure, whose, period) if count else "",
            "late": figure in ("late", "overdue") and count > 0,
        }

    def _cards(self, whole: queries.Figures) -> list[dict[str, Any]]:
        def card(figure: str, hint: str = "") -> dict[str, Any]:
            count = getattr(whole, figure)
            return {
                "label": FIGURES[figure],
                "value": f"{count:,}",
                "url": self._list(figure, {}),
                "hint": hint,
                "tone": "danger" if figure == "overdue" and count else "",
            }

        closed = _("按时率 %(rate)s") % {"rate": _share(whole)} if whole.closed else ""
        late = _("平均逾期 %(days)s 天") % {"days": _average(whole)} if whole.late else ""
        return [
            card("set"), card("on_time", closed), card("late", late), card("overdue"), card("open"), card("extended"), card("returned"),
            card("standing"),
        ]  # fmt: skip

    def _worst(self, units: Sequence[queries.Line]) -> dict[str, Any] | None:
        """Return the units that need pressing most; nothing for who sees one unit: it stands in the cards."""
        timed = [line for line in units if line.figures.is_timed]
        if len(timed) < 2:
            return None
        rows = [
            {
                "name": _name(line), "rate": _share(line.figures),
                "cells": [self._cell(figure, getattr(line.figures, figure), _whose(line)) for figure in ("overdue", "late")],
            } for line in queries.worst(timed)
        ]  # fmt: skip
        return {"rows": rows}

    def _rows(self, lines: Any, whole: queries.Figures) -> list[dict[str, Any]]:
        """Return the rows of a table, the sum of all last; a single row is its own sum."""
        made = [self._row(_name(line), _whose(line), line.figures) for line in lines if line.figures.is_timed]
        if len(made) < 2:
            return made
        return [*made, {**self._row(_("合计"), {}, whole), "is_sum": True}]

    def _row(self, name: str, whose: Mapping[str, Any], figures: queries.Figures) -> dict[str, Any]:
        def cells(names: tuple[str, ...]) -> list[dict[str, Any]]:
            return [self._cell(figure, getattr(figures, figure), whose) for figure in names]

        return {
            "name": name, "of_set": cells(OF_SET), "of_closed": cells(OF_CLOSED), "rate": _rate(figures),
            "average": _average(figures), "of_today": cells(OF_TODAY),
        }  # fmt: skip

    def _month(self, month: queries.Month) -> dict[str, Any]:
        cells = [
            self._cell(name, getattr(month, name), {}, month.period) for name in ("set", "on_time", "late")
        ]
        figures = queries.Figures(on_time=month.on_time, late=month.late)
        return {"name": f"{month.start:%Y-%m}", "cells": cells, "rate": _rate(figures)}


def _name(line: queries.Line) -> str:
    if line.who is None:
        return _("没有牵头领导")
    return line.who.brief if isinstance(line.who, Unit) else str(line.who)


def _whose(line: queries.Line) -> dict[str, Any]:
    """Return the filter of the list that means whom a line is about."""
    if line.who is None:
        return {"led": "false"}
    return {"unit": line.who.pk} if isinstance(line.who, Unit) else {"leader": line.who.pk}


def _share(figures: queries.Figures) -> str:
    return "—" if figures.rate is None else f"{figures.rate:.1%}"


def _rate(figures: queries.Figures) -> str:
    if figures.rate is None:
        return "—"
    return f"{_share(figures)}（{figures.on_time:,}/{figures.closed:,}）"


def _average(figures: queries.Figures) -> str:
    return "—" if figures.average_days is None else f"{figures.average_days:.1f}"


def _chart(months: list[queries.Month]) -> dict[str, Any]:
    """Return what the chart draws; the table beside it says the same."""
    names = {name: str(FIGURES[name]) for name in ("set", "on_time", "late")}
    return {
        "months": [f"{month.start:%Y-%m}" for month in months],
        "names": {**names, "unit": _("项")},
        **{name: [getattr(month, name) for month in months] for name in names},
    }


class ExportStanding(OfPeriod):
    """The statistics as a workbook, units above leaders; logged."""

    permission = "duties.duty.export"

    @cached_property
    def duties(self) -> QuerySet[Duty]:
        return rows(Duty).permitted(self.by, "export")

    def get(self, request: HttpRequest) -> FileResponse:
        title = _("督办统计 %(period)s") % {"period": self.period.text}
        now = timezone.localtime()
        found = self.found
        lines = [*((_("单位"), line) for line in found.units), *((_("领导"), line) for line in found.leaders)]
        values = [[kind, _name(line), *_values(line.figures)] for kind, line in lines]
        if values:
            values.append([_("合计"), "", *_values(found.whole)])
        notes = [
            (_("时期"), self.period.text), *((_("口径"), str(rule)) for rule in RULES),
            (_("导出时间"), now.strftime("%Y-%m-%d %H:%M")), (_("导出人"), f"{self.by.unit_name} {self.by.name}".strip()),
        ]  # fmt: skip
        stream = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
        writing.write_xlsx(stream, title, _columns(), values, notes=notes)
        told = {"text": title, "rows": len(values), "kind": "xlsx", "conditions": []}
        events.record(by=self.by, verb="core.list.exported", obj=Duty(), data=told)
        stream.seek(0)
        response = FileResponse(stream, content_type=XLSX)
        response["Content-Disposition"] = uploads.content_disposition(f"{title}-{now:%Y%m%d-%H%M}.xlsx")
        return response


def _columns() -> list[exchange.Column]:
    numbers = [
        *((name, str(FIGURES[name])) for name in (*OF_SET, *OF_CLOSED)), ("days", _("逾期天数合计")),
        *((name, str(FIGURES[name])) for name in (*OF_TODAY, "standing")),
    ]  # fmt: skip
    return [
        exchange.Column("kind", _("类别"), "text"),
        exchange.Column("who", _("名称"), "text"),
        *(exchange.Column(name, label, "integer") for name, label in numbers),
    ]


def _values(figures: queries.Figures) -> list[int]:
    return [getattr(figures, name) for name in (*OF_SET, *OF_CLOSED, "days", *OF_TODAY, "standing")]
