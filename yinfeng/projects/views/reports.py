"""Pages of reports to offices above: what is due, handing in, copies, who handed in for a period, what is to be reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from yinfeng.core.comparing import initial_of, too_deep
from yinfeng.core.errors import Conflict, DomainError, Missing
from yinfeng.core.forms import ReasonForm
from yinfeng.core.money import show
from yinfeng.core.scopes import fetch, rows
from yinfeng.core.tables import day, moment
from yinfeng.core.web import ActPage, ListPage, Page
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries, services, stages
from yinfeng.projects.filters import ReportFilter
from yinfeng.projects.forms import DefinitionForm, ReportForm
from yinfeng.projects.models import Report, ReportDefinition
from yinfeng.projects.tables import ReportTable
from yinfeng.projects.views.files import cell_text, table_file

VIEW, SUBMIT, DEFINE = "projects.project.view", "projects.report.submit", "projects.report.define"
SHOWN_ROWS, SHOWN_LEFT, OLDER = 200, 50, 50


def _shown(heads: Sequence[dict[str, str]], values: Sequence[Any]) -> list[dict[str, Any]]:
    """Return a frozen row as cells of a page."""
    return [
        {
            "text": cell_text(head["kind"], value),
            "number": head["kind"] in {"money", "decimal"},
            "label": head["label"],
        }
        for head, value in zip(heads, values, strict=True)
    ]


def _sums(heads: Sequence[dict[str, str]], found: Sequence[Sequence[Any]]) -> str:
    parts = [ngettext("%(count)s 个项目", "%(count)s 个项目", len(found)) % {"count": f"{len(found):,}"}]
    counted = queries.counted_sum(heads, found)
    if counted is not None:
        told = _("投资额 %(amount)s（有合同额的按合同额，没有的按意向额，每个项目只计一次；以下两项不相加）")
        parts.append(told % {"amount": show(counted)})
    parts += [f"{label} {show(amount)}" for label, amount in queries.sums_of(heads, found) if amount]
    return _("，").join(parts)


# --- what is due --------------------------------------------------------------------------------------------------


class Reports(Page):
    """For the last periods of each report, or those of a year: who of the units in sight handed in, who has to, who is late.

    What is missing of any other period is told too, however long ago.
    """

    permission = VIEW
    template_name = "projects/reports.html"
    title = gettext_lazy("报送")

    def get(self, request: HttpRequest) -> HttpResponse:
        today, definitions, units = timezone.localdate(), queries.all_definitions(), queries.all_units()
        asked = queries.asked_for(definitions, today)
        years = sorted({item.period.ends.year for item in asked}, reverse=True)
        year = next((item for item in years if str(item) == request.GET.get("year", "")), None)
        shown: list[queries.Asked] = []
        others: list[queries.Asked] = []
        for item in asked:
            is_shown = item.is_recent if year is None else item.period.ends.year == year
            (shown if is_shown else others).append(item)
        turns, unfinished = queries.turns(shown, units), queries.unfinished(others, units)
        due = [line for turn in turns for line in self._lines(turn, today)]
        due.sort(key=lambda line: line["order"])
        older = [(item, unit) for item in unfinished for unit in item.missing if self._submits(unit)]
        received = [item for item in unfinished if self._receives(item.definition)]
        return self.render({
            "due": due[:SHOWN_ROWS], "due_count": len(due), "older": [self._owed(item, unit, today) for item, unit in older[:OLDER]], "older_count": len(older),
            "periods": [self._period(turn, today) for turn in turns if self._receives(turn.definition)],
            "unfinished": [self._unfinished(item, today) for item in received[:OLDER]], "unfinished_count": len(received),
            "definitions": [self._definition(versions, today) for versions in definitions.values()],
            "years": self._tabs(years, year), "year": year, "copies_url": reverse("report-copies"),
            "new_url": reverse("report-definition-new") if self.by.reach(DEFINE).everywhere else "",
        })  # fmt: skip

    @staticmethod
    def _tabs(years: Sequence[int], year: int | None) -> list[dict[str, Any]]:
        """Return the last periods and each year to choose from, where there is more than that."""
        last = {"label": _("最近两期"), "url": reverse("reports"), "active": year is None}
        told = [
            {"label": _("%(year)s 年") % {"year": item}, "url": f"?year={item}", "active": item == year}
            for item in years
        ]
        return [last, *told] if told else []

    def _receives(self, definition: ReportDefinition) -> bool:
        return self.by.may_at(VIEW, definition.recipient_id)

    def _submits(self, unit: Unit) -> bool:
        reach = self.by.reach(SUBMIT)
        return reach.everywhere or unit.pk in reach.units

    def _lines(self, turn: queries.Turn, today: date) -> list[dict[str, Any]]:
        """Return a line for each unit for which the person hands in; for who may for all, of what is still missing alone."""
        found = []
        for unit in turn.units:
            filing = turn.filed.get(unit.pk)
            is_owed = filing is None and unit.pk not in turn.waived
            if not self._submits(unit) or (self.by.reach(SUBMIT).everywhere and not is_owed):
                continue
            sees = filing is not None and queries.sees_copy(self.by, unit.pk, filing)
            found.append(self._line(turn, unit, _standing(turn, unit, today)) | {
                "order": (not is_owed, turn.due, turn.definition.title, unit.order),
                "copy_url": reverse("report", args=[filing.pk]) if filing and sees else "",
                "act": _("更正") if filing else _("填报"),
            })  # fmt: skip
        return found

    def _owed(self, item: queries.Unfinished, unit: Unit, today: date) -> dict[str, Any]:
        return self._line(item, unit, _owed_since(item.due, today)) | {"act": _("填报")}

    @staticmethod
    def _line(turn: queries.Turn | queries.Unfinished, unit: Unit, badge: dict[str, str]) -> dict[str, Any]:
        address = [turn.definition.code, turn.period.starts.isoformat(), unit.pk]
        return {
            "title": turn.definition.title, "period": turn.period.label, "unit": unit.brief, "due": day(turn.due), "badge": badge,
            "url": reverse("report-submit", args=address),
        }  # fmt: skip

    def _period(self, turn: queries.Turn, today: date) -> dict[str, Any]:
        waived = len(turn.waived.keys() - turn.filed.keys())
        there = {"there": len(turn.filed), "all": len(turn.units), "waived": waived}
        return self._named(turn, len(turn.missing), today) | there

    def _unfinished(self, item: queries.Unfinished, today: date) -> dict[str, Any]:
        everybody = item.filed + item.waived + len(item.missing)
        there = {"there": item.filed, "all": everybody, "waived": item.waived}
        return self._named(item, len(item.missing), today) | there

    @staticmethod
    def _named(turn: queries.Turn | queries.Unfinished, missing: int, today: date) -> dict[str, Any]:
        return {
            "title": turn.definition.title, "period": turn.period.label, "due": day(turn.due), "late": missing if turn.due < today else 0,
            "url": reverse("report-period", args=[turn.definition.code, turn.period.starts.isoformat()]),
        }  # fmt: skip

    def _definition(self, versions: Sequence[ReportDefinition], today: date) -> dict[str, Any]:
        """Return the version in force, or the first there will be, and what changes later."""
        now, coming = queries.in_force_on(versions, today)
        shown = now or coming[0]
        told = [_version(item) for item in coming if item is not shown]
        state = {"text": _("第 %(number)s 版，施行中") % {"number": shown.number}, "tone": "plain"}
        if now is None:
            state = {
                "text": _("第 %(number)s 版，%(day)s 起施行")
                % {"number": shown.number, "day": shown.valid_from},
                "tone": "muted",
            }
        elif now.is_closed:
            state = {"text": _("停止报送"), "tone": "muted"}
        return {
            "title": shown.title, "told": _told(shown), "coming": told, "state": state, "source": shown.source,
            "url": reverse("report-definition", args=[shown.code]) if self.by.reach(DEFINE).everywhere else "",
        }  # fmt: skip


def _told(definition: ReportDefinition) -> str:
    """Return in words what is to be reported."""
    condition = queries.reported(definition.condition)
    return _("%(period)s，期末后 %(days)s 个自然日内，报%(recipient)s。项目条件：%(condition)s") % {
        "period": stages.PERIODS[definition.period], "days": definition.due_days, "recipient": definition.recipient.brief,
        "condition": condition.words if condition else _("全部项目"),
    }  # fmt: skip


def _version(definition: ReportDefinition) -> str:
    told = {"number": definition.number, "day": definition.valid_from}
    if definition.is_closed:
        return _("第 %(number)s 版：期末在 %(day)s 或之后的停止报送") % told
    return _("第 %(number)s 版，期末在 %(day)s 或之后的按它报送：%(told)s") % (
        told | {"told": _told(definition)}
    )


def _standing(turn: queries.Turn, unit: Unit, today: date) -> dict[str, str]:
    """Return how a unit stands with a report: whether its first copy was in time is told, corrected or not."""
    filing = turn.filed.get(unit.pk)
    if filing is not None:
        return _filed(filing)
    if unit.pk in turn.waived:
        return {"text": _("免报"), "tone": "muted", "sub": turn.waived[unit.pk]}
    return _owed_since(turn.due, today)


def _owed_since(due: date, today: date) -> dict[str, str]:
    late = (today - due).days
    if late > 0:
        return {"text": _("逾期 %(days)s 天") % {"days": late}, "tone": "danger"}
    return {"text": _("待报送"), "tone": "warning"}


def _filed(filing: queries.Filing) -> dict[str, str]:
    late = filing.days_late
    text = _("已报送，迟 %(days)s 天") % {"days": late} if late else _("已报送")
    sub = ""
    if filing.number > 1:
        told = {"first": day(filing.first_at), "times": filing.number - 1, "last": day(filing.at)}
        sub = _("首次 %(first)s 报，更正 %(times)s 次，最近 %(last)s") % told
    return {"text": text, "tone": "warning" if late else "success", "sub": sub}


# --- one period of one report -------------------------------------------------------------------------------------


class OfPeriod(Page):
    """A page about one report and one period, named in its address."""

    permission = VIEW

    @cached_property
    def found(self) -> tuple[ReportDefinition, queries.Period]:
        """The version by which the period is reported; Missing for what is no period of this report."""
        versions = queries.all_definitions().get(self.kwargs["code"])
        try:
            starts = date.fromisoformat(self.kwargs["starts"])
        except ValueError:
            raise Missing from None
        found = queries.period_named(versions, starts) if versions else None
        if found is None or found[1].starts > timezone.localdate():
            raise Missing
        return found


class SubmitReport(ActPage, OfPeriod):
    """Show what the report would say now, and hand it in; a correction says why."""

    permission = SUBMIT
    template_name = "projects/report_submit.html"
    form = ReportForm
    title = gettext_lazy("报送报表")
    submit_label = gettext_lazy("报送")

    def start(self) -> None:
        self.unit = fetch_unit(self.kwargs["unit"])
        if not self.by.may_at(VIEW, self.unit.pk):
            raise Missing
        self.by.require_at(SUBMIT, self.unit.pk, _("您没有为该单位报送报表的权限。"))
        self.definition, self.period = self.found
        self.last = queries.last_number(self.definition.code, self.unit, self.period.starts)
        self.waiver = queries.waiver_of(self.definition.code, self.unit, self.period.starts)

    def cancel_url(self) -> str:
        return reverse("reports")

    def form_arguments(self) -> dict[str, Any]:
        return {"is_correction": self.last > 0}

    def initial(self) -> dict[str, Any]:
        return {"number": self.last + 1, "seen": self.preview.digest}

    def act(self, form: ReportForm) -> Report:
        return services.submit_report(
            by=self.by, code=self.definition.code, unit=self.unit, starts=self.period.starts,
            number=form.cleaned_data["number"], reason=form.cleaned_data.get("reason", ""), seen=form.cleaned_data["seen"],
        )  # fmt: skip

    def done(self, result: Any) -> str:
        return _("已报送，副本不再随项目变动。")

    @cached_property
    def preview(self) -> queries.Preview:
        """What the report says now, as it is shown and as its digest goes with the form."""
        return queries.preview(self.definition, self.unit, self.by, self.period.ends, services.MOST_ROWS)

    def refuse(self, form: Any, error: DomainError) -> HttpResponse:
        """Show what the report says now: whoever reads it and hands in again hands in that."""
        form.data = form.data.copy()
        form.data["seen"] = self.preview.digest
        return super().refuse(form, error)

    def extra(self) -> dict[str, Any]:
        heads, values = self.preview.heads, [row["values"] for row in self.preview.rows]
        hidden = queries.left_out(self.definition, self.unit, self.by, self.period.ends)
        condition = queries.reported(self.definition.condition)
        told = {
            "period": self.period.label,
            "recipient": self.definition.recipient.brief,
            "due": day(queries.due_date(self.definition, self.period)),
        }
        intro = _("%(period)s，报%(recipient)s，%(due)s 截止") % told
        if self.period.ends >= timezone.localdate():
            intro = _("%(intro)s。这一期到 %(day)s 才结束，现在只能先看内容") % {
                "intro": intro,
                "day": day(self.period.ends),
            }
        return {
            "title": f"{self.definition.title} · {self.unit.brief}",
            "back": {"label": _("报送"), "url": reverse("reports")}, "intro": intro, "ruled": _ruled(heads, timezone.localdate()),
            "heads": heads, "lines": [_shown(heads, row) for row in values[:SHOWN_ROWS]], "summed": _sums(heads, values),
            "rest": max(len(values) - SHOWN_ROWS, 0), "condition": condition.words if condition else _("全部项目"),
            "left_out": _("另有 %(count)s 个敏感项目不在报表中，请按规定另行报送。") % {"count": hidden} if hidden else "",
            "is_correction": self.last > 0, "waiver": self.waiver.reason if self.waiver else "", "withdrawn": self._withdrawn(),
        }  # fmt: skip

    def _withdrawn(self) -> str:
        """Say that the unit was let off and is not any more, where that is how it stands."""
        if self.waiver or self.last:
            return ""
        found = queries.withdrawn_waiver(self.definition.code, self.unit, self.period.starts)
        return withdrawn_told(found) if found else ""


def _ruled(heads: Sequence[dict[str, str]], filled: date | None) -> str:
    """Return in words of which day the rows are (None: of the day of each copy), and of which the rules of columns worked out.

    What is kept of the end of the period is told as of then; copies of before that lack ``of`` and say what they are.
    """
    ends, dated = (heads[0].get("of") if heads else None), {"day": day(filled) if filled else ""}
    if ends:
        told = _("期末（%(ends)s）之后建立的项目不在内；阶段、状态、进展和已发生的日期按期末的情况") % {
            "ends": ends
        }
        told += _("，金额等按 %(day)s 填报时的数据") % dated if filled else _("，金额等按填报时的数据")
    elif filled:
        told = _("内容为 %(day)s 填报时的情况") % dated
    else:
        told = _("内容为各单位报送当日的情况")
    by_rule = [head for head in heads if head.get("day")]
    if not by_rule:
        return told + _("。")
    ruled = {"columns": _("、").join(head["label"] for head in by_rule), "day": by_rule[0]["day"]}
    return told + _("；%(columns)s按 %(day)s 施行的规则判定。") % ruled


def fetch_unit(pk: int) -> Unit:
    """Return a unit; the tree of units is no secret."""
    unit: Unit | None = queries.unit_by(pk)
    if unit is None:
        raise Missing
    return unit


class PeriodSummary(OfPeriod):
    """Who handed in for a period, who has not, and what the copies come to; for who receives them, and of the own units."""

    template_name = "projects/report_period.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        definition, period = self.found
        today, turn = timezone.localdate(), queries.turn_of(definition, period)
        copies = {copy.unit_id: copy for copy in queries.copies_of(definition.code, period.starts, self.by)}
        reach = self.by.reach(VIEW)
        receives = reach.everywhere or definition.recipient_id in reach.units
        units = [unit for unit in turn.units if receives or unit.pk in reach.units or unit.pk in copies]
        readable, hidden = queries.readable(list(copies.values()), self.by)
        lines = [self._line(turn, unit, copies.get(unit.pk), readable, today) for unit in units]
        return self.render({
            "title": definition.title, "period": period.label, "due": day(turn.due), "recipient": definition.recipient.brief,
            "lines": lines, "there": sum(unit.pk in turn.filed for unit in units), "all": len(units), "hidden": hidden,
            "may_waive": any(line["waive_url"] or line["unwaive_url"] for line in lines), "back": {"label": _("报送"), "url": reverse("reports")},
            **(self._left_over(turn) if receives else {}),
            "exports": _exports("report-period-export", definition.code, period.starts.isoformat())
            if copies and self.by.may("projects.project.export") else [],
        })  # fmt: skip

    def _line(
        self, turn: queries.Turn, unit: Unit, copy: Report | None, readable: Any, today: date
    ) -> dict[str, Any]:
        filing = turn.filed.get(unit.pk)
        waives = (
            filing is None
            and unit.pk not in turn.waived
            and turn.period.ends < today
            and self.by.reach(DEFINE).everywhere
        )
        takes_back = filing is None and unit.pk in turn.waived and self.by.reach(DEFINE).everywhere
        address = [turn.definition.code, turn.period.starts.isoformat(), unit.pk]
        summed = _sums(copy.heads, readable[copy.pk]) if copy else "—"
        if filing and copy is None:
            summed = _("按当时的要求报给其他单位，不在您的查看范围内")
        return {
            "unit": unit.brief, "badge": _standing(turn, unit, today), "url": copy.get_absolute_url() if copy else "",
            "at": moment(filing.at) if filing else "—", "by": str(copy.submitted_by) if copy else "—", "summed": summed,
            "waive_url": reverse("report-waive", args=address) if waives else "",
            "history": withdrawn_told(turn.withdrawn[unit.pk]) if unit.pk in turn.withdrawn else "",
            "unwaive_url": reverse("report-unwaive", args=address) if takes_back else "",
        }  # fmt: skip

    def _left_over(self, turn: queries.Turn) -> dict[str, Any]:
        """Return the projects in sight that no unit hands in: they are in nobody’s report."""
        count, found = queries.left_over(turn.definition, turn.units, self.by, turn.period.ends, SHOWN_LEFT)
        return {
            "left_count": count, "left_rest": max(count - len(found), 0),
            "left": [
                {"name": project.name, "url": project.get_absolute_url(),
                 "sub": " · ".join([project.code, str(stages.STAGES[project.stage]), (project.host_unit or project.reporter_unit).brief])}
                for project in found
            ],
        }  # fmt: skip


def withdrawn_told(found: queries.Withdrawn) -> str:
    """Return that a unit was let off and is not any more, with who said so, when and why."""
    return _(
        "%(on)s %(by)s 免报：%(reason)s。%(taken_back_on)s %(taken_back_by)s 撤回免报：%(because)s"
    ) % asdict(found)


class WithdrawWaiver(ActPage, OfPeriod):
    """Let a unit owe after all a report of a period that it was let off, with the reason."""

    permission = DEFINE
    form = ReasonForm
    title = gettext_lazy("撤回免报")
    submit_label = gettext_lazy("撤回免报")

    def start(self) -> None:
        self.unit = fetch_unit(self.kwargs["unit"])
        self.definition, self.period = self.found
        waiver = queries.waiver_of(self.definition.code, self.unit, self.period.starts)
        if waiver is None:
            raise Conflict(_("该单位这一期没有免报，或免报已经撤回。"))
        self.waiver = waiver

    def cancel_url(self) -> str:
        return reverse("report-period", args=[self.definition.code, self.period.starts.isoformat()])

    def act(self, form: ReasonForm) -> str:
        services.withdraw_waiver(by=self.by, waiver=self.waiver, reason=form.cleaned_data["reason"])
        return self.cancel_url()

    def done(self, result: Any) -> str:
        return _("免报已撤回，该单位须报送这一期。")

    def extra(self) -> dict[str, Any]:
        due = queries.due_date(self.definition, self.period)
        told = {
            "unit": self.unit.brief, "title": self.definition.title, "period": self.period.label, "reason": self.waiver.reason,
            "by": self.waiver.waived_by, "day": day(self.waiver.waived_at), "due": day(due),
        }  # fmt: skip
        return {
            "intro": _(
                "%(unit)s · %(title)s · %(period)s。%(day)s 由 %(by)s 免报：%(reason)s。撤回后须报送，期限仍是 %(due)s。"
            ) % told
        }  # fmt: skip


class WaiveReport(ActPage, OfPeriod):
    """Let a unit off a report of a period, with the reason."""

    permission = DEFINE
    form = ReasonForm
    title = gettext_lazy("准予免报")
    submit_label = gettext_lazy("准予免报")

    def start(self) -> None:
        self.by.require(DEFINE)
        self.unit = fetch_unit(self.kwargs["unit"])
        self.definition, self.period = self.found

    def cancel_url(self) -> str:
        return reverse("report-period", args=[self.definition.code, self.period.starts.isoformat()])

    def act(self, form: ReasonForm) -> Any:
        return services.waive_report(
            by=self.by, code=self.definition.code, unit=self.unit, starts=self.period.starts, reason=form.cleaned_data["reason"]
        )  # fmt: skip

    def extra(self) -> dict[str, Any]:
        told = {"unit": self.unit.brief, "title": self.definition.title, "period": self.period.label}
        count = queries.reported_projects(self.definition, self.unit, self.by, self.period.ends).count()
        says = ngettext(
            "现有 %(count)s 个项目应由该单位报送，免报后不报。", "现有 %(count)s 个项目应由该单位报送，免报后不报。", count
        ) % {"count": f"{count:,}"}  # fmt: skip
        none = _("现在没有应由该单位报送的项目。")
        return {
            "back": {"label": self.definition.title, "url": self.cancel_url()},
            "warnings": [{"tone": "warning" if count else "info", "title": says if count else none}],
            "intro": _("%(unit)s不用报送“%(title)s”%(period)s。原因会告知该单位，并留在记录里") % told,
        }


class Copies(ListPage):
    """Every copy that was handed in, corrections too."""

    permission = VIEW
    model = Report
    table = ReportTable
    filterset = ReportFilter
    key = "report-copies"
    title = gettext_lazy("已报送的报表")

    def queryset(self) -> Any:
        return super().queryset().defer("rows", "heads")

    def empty(self) -> dict[str, Any]:
        act = {"label": _("查看待报送"), "url": reverse("reports")}
        return {
            "title": _("还没有报送过报表"),
            "hint": _("每一期报送的副本都留在这里，以后可以查对。"),
            "act": act,
            "icon": "send",
        }


class OfCopy(Page):
    permission = VIEW
    action = "view"

    @cached_property
    def copy(self) -> Report:
        found = rows(Report).select_related("definition__recipient", "unit", "submitted_by")
        copy: Report = fetch(found, self.by, self.kwargs["pk"], self.action)
        return copy


class ReportCopy(OfCopy):
    """One copy as it was handed in, and the others of its unit and period."""

    template_name = "projects/report.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        copy = self.copy
        shown, hidden = queries.readable([copy], self.by)
        values = shown[copy.pk]
        others = [item for item in queries.copies_beside(copy, self.by) if item.pk != copy.pk]
        filing = queries.filing_of(copy)
        return self.render({
            "title": copy.definition.title, "copy": copy, "period": f"{day(copy.starts)} — {day(copy.ends)}", "unit": copy.unit.brief,
            "recipient": copy.definition.recipient.brief, "at": moment(copy.submitted_at), "heads": copy.heads,
            "badge": _filed(filing), "ruled": _ruled(copy.heads, timezone.localdate(copy.submitted_at)),
            "lines": [_shown(copy.heads, row) for row in values[:SHOWN_ROWS]], "summed": _sums(copy.heads, values), "hidden": hidden,
            "rest": max(len(values) - SHOWN_ROWS, 0), "back": {"label": _("已报送的报表"), "url": reverse("report-copies")},
            "newer": any(item.number > copy.number for item in others),
            "others": [
                {"title": _("第 %(number)s 次报送") % {"number": item.number}, "url": item.get_absolute_url(),
                 "sub": " · ".join(filter(None, [moment(item.submitted_at), str(item.submitted_by), item.reason]))}
                for item in others
            ],
            "exports": _exports("report-export", copy.pk) if self.by.may("projects.project.export") else [],
        })  # fmt: skip


# --- exports ------------------------------------------------------------------------------------------------------


def _exports(route: str, *args: Any) -> list[dict[str, Any]]:
    url = reverse(route, args=args)
    return [
        {"label": _("导出 Excel"), "url": f"{url}?format=xlsx"}, {"label": _("导出 Word"), "url": f"{url}?format=docx"}
    ]  # fmt: skip


class ExportCopy(OfCopy):
    """One copy as a workbook or a Word document; logged."""

    permission = "projects.project.export"
    action = "export"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        copy = self.copy
        shown, hidden = queries.readable([copy], self.by)
        title = f"{copy.definition.title}（{copy.unit.brief}）"
        about = [
            (_("报送期"), f"{copy.starts} — {copy.ends}"), (_("报送单位"), copy.unit.brief), (_("接收单位"), copy.definition.recipient.brief),
            (_("第几次报送"), str(copy.number)), (_("报送"), f"{copy.submitted_by} {moment(copy.submitted_at)}"), (_("摘要"), copy.digest),
            (_("合计"), _sums(copy.heads, shown[copy.pk])),
            *_by_rules(copy.heads, timezone.localdate(copy.submitted_at)), *_kept_back(hidden),
        ]  # fmt: skip
        return table_file(self, title, about, copy.heads, shown[copy.pk], copy)


class ExportPeriod(OfPeriod):
    """The newest copies of all units for a period in one table, the unit before each row; logged."""

    permission = "projects.project.export"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        definition, period = self.found
        readable_copies = [
            copy
            for copy in queries.copies_of(definition.code, period.starts, self.by)
            if self._may_export(copy)
        ]
        if not readable_copies:
            raise Missing
        shown, hidden = queries.readable(readable_copies, self.by)
        heads = queries.heads_of(definition, period.ends)
        if not all(head.get("of") for copy in readable_copies for head in copy.heads):
            for head in heads:  # some copy was filled as of its own day: the file must not say more than that
                del head["of"]
        unit_head = {"key": "unit", "label": _("报送单位"), "kind": "text"}
        found = [
            [copy.unit.brief, *_under(heads, copy.heads, values)]
            for copy in readable_copies
            for values in shown[copy.pk]
        ]
        about = [
            (_("报送期"), period.label), (_("接收单位"), definition.recipient.brief),
            (_("已报送"), _("、").join(copy.unit.brief for copy in readable_copies)), *self._not_yet(definition, period),
            (_("合计"), _sums([unit_head, *heads], found)), *_by_rules(heads, None), *_kept_back(hidden),
        ]  # fmt: skip
        return table_file(self, definition.title, about, [unit_head, *heads], found, readable_copies[0])

    def _not_yet(self, definition: ReportDefinition, period: queries.Period) -> list[tuple[str, str]]:
        """Return whose copy is still missing, for who receives them: a sum must not pass for the whole."""
        if not self.by.may_at(VIEW, definition.recipient_id):
            return []
        missing = queries.turn_of(definition, period).missing
        return [(_("未报送"), _("、").join(unit.brief for unit in missing))] if missing else []

    def _may_export(self, copy: Report) -> bool:
        may = self.by.may_at
        return any(may(self.permission, unit) for unit in (copy.unit_id, copy.definition.recipient_id))


def _under(
    wanted: Sequence[dict[str, str]], heads: Sequence[dict[str, str]], values: Sequence[Any]
) -> list[Any]:
    """Return a row under the heads of a newer version: what it did not have is empty."""
    by_key = {head["key"]: value for head, value in zip(heads, values, strict=True)}
    return [by_key.get(head["key"]) for head in wanted]


def _by_rules(heads: Sequence[dict[str, str]], filled: date | None) -> list[tuple[str, str]]:
    return [(_("口径"), _ruled(heads, filled))]


def _kept_back(hidden: int) -> list[tuple[str, str]]:
    return [(_("不显示"), _("%(count)s 个项目后来定为敏感") % {"count": hidden})] if hidden else []


# --- what is to be reported ---------------------------------------------------------------------------------------


class NewDefinition(ActPage):
    """Say what else is to be reported."""

    permission = DEFINE
    template_name = "projects/report_definition.html"
    form = DefinitionForm
    title = gettext_lazy("新增报送要求")
    definition: ReportDefinition | None = None

    def start(self) -> None:
        self.by.require(DEFINE)

    def form_arguments(self) -> dict[str, Any]:
        condition = queries.reported(self.definition.condition) if self.definition else None
        self.kept = too_deep(condition)
        return {"is_new": self.definition is None, "kept": self.kept}

    def initial(self) -> dict[str, Any]:
        return {
            "number": 0,
            "submitters": ["district", "zone"],
            "columns": ["name", "code", "enterprise", "stage", "intended", "host_unit"],
        }

    def cancel_url(self) -> str:
        return reverse("reports")

    def act(self, form: DefinitionForm) -> str:
        data = form.cleaned_data
        names = (
            "title",
            "recipient",
            "submitters",
            "period",
            "due_days",
            "valid_from",
            "columns",
            "is_closed",
            "source",
        )
        code = self.definition.code if self.definition else data["code"]
        services.define_report(
            by=self.by, code=code, number=data["number"], values={name: data[name] for name in names} | {"condition": form.condition()}
        )  # fmt: skip
        return reverse("reports")

    def extra(self) -> dict[str, Any]:
        return {
            "back": {"label": _("报送"), "url": reverse("reports")},
            "intro": self._intro(),
            "kept": self.kept.words if self.kept is not None else "",
        }

    def _intro(self) -> str:
        """Return what a change does; of which version it is, when another is in force."""
        told = _("改动只用于以后报送的报表；已经报送的副本不变。")
        if self.definition is None or self.definition.valid_from <= timezone.localdate():
            return told
        now, _coming = queries.in_force_on(
            queries.all_definitions()[self.definition.code], timezone.localdate()
        )
        words = {
            "told": told,
            "number": self.definition.number,
            "day": self.definition.valid_from,
            "now": now.number if now else 0,
        }
        if now is None:
            return _("%(told)s下面是第 %(number)s 版，%(day)s 起施行。") % words
        return _("%(told)s下面是第 %(number)s 版，%(day)s 起施行；现在施行的是第 %(now)s 版。") % words


class ChangeDefinition(NewDefinition):
    """Write the next version of what is to be reported."""

    title = gettext_lazy("修改报送要求")

    def start(self) -> None:
        super().start()
        versions = queries.all_definitions().get(self.kwargs["code"])
        if not versions:
            raise Missing
        self.definition = versions[0]

    def initial(self) -> dict[str, Any]:
        item = self.definition
        assert item is not None
        names = ("number", "title", "submitters", "period", "due_days", "columns", "is_closed", "source")
        found = {name: getattr(item, name) for name in names} | {
            "recipient": item.recipient_id,
            "valid_from": max(item.valid_from, timezone.localdate()),
        }
        return found | initial_of(queries.reported(item.condition))
