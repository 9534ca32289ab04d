"""What is to be reported: periods and their deadlines, the rows a report is filled with, copies as one may read them."""

from __future__ import annotations

import hashlib
import json
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Window
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import events
from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.conditions import CHOICE, Condition, Field, Fields, otherwise, parse
from yinfeng.core.errors import Sentence
from yinfeng.core.models import Event
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import below, units_on
from yinfeng.projects import stages
from yinfeng.projects.models import Participation, Project, Report, ReportDefinition
from yinfeng.projects.queries.categories import TABLE, categories, categorised, class_of
from yinfeng.projects.queries.conditions import PAST, held_by, is_known_code, with_investors
from yinfeng.projects.queries.grades import grade_of, tiers
from yinfeng.projects.queries.past import as_of, date_by, existed_on, then

SUBMITTERS = ("district", "zone", "group")  # the kinds of unit that hand reports in
SHOWN_PERIODS, MOST_PERIODS = 2, 530  # weeks of ten years


# --- conditions ---------------------------------------------------------------------------------------------------


def _category(project: Project, day: date) -> str | None:
    found = class_of(project, categories(day, PAST), day)
    return found.category.code if found and found.category else None


def _of_categories(codes: frozenset[str], day: date) -> Q:
    return reduce(or_, (categorised(code, day, PAST) for code in sorted(codes)), Q(pk__in=[]))


# Reports ask what was so at the end of their period. They may ask for classes too; the rules that make classes may not.
REPORTED = Fields(
    *PAST,
    Field(
        "category", gettext_lazy("类别"), CHOICE, table=TABLE, read=_category, among=_of_categories,
    ),
)  # fmt: skip


def reported(data: Any) -> Condition | None:
    """Return the condition of a definition that was checked and kept as ``data``; None of none at all."""
    return parse(data, REPORTED, lambda table, code: True) if data else None


def checked_reported(data: Any) -> Condition | None:
    """Return the condition of a definition as somebody wrote it; WrongCondition says what is wrong with it."""
    return parse(data, REPORTED, is_known_code) if data else None


# --- columns ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """A column that a report may have: what it is called, the kind of its values, how it is read from a project.

    ``by_rule`` values are worked out by the rules in force on a day: the last of the period. Stage, status, progress and
    what happened are told as of the end of that day, all else as it is when the report is filled.
    """

    key: str
    label: Sentence
    kind: str
    value: Callable[[Project, date], Any]
    by_rule: bool = False


def _reached(key: str) -> Head:
    label = Project._meta.get_field(key).verbose_name  # type: ignore[union-attr]
    return Head(key, label, "date", lambda project, day: date_by(project, key, day))


def _text(key: str, label: Sentence, value: Callable[[Project], str]) -> Head:
    return Head(key, label, "text", lambda project, day: value(project))


def _by_rule(key: str, label: Sentence, value: Callable[[Project, date], str]) -> Head:
    return Head(key, label, "text", value, by_rule=True)


def _own(key: str, kind: str) -> Head:
    label = Project._meta.get_field(key).verbose_name  # type: ignore[union-attr]
    return Head(key, label, kind, lambda project, day: getattr(project, key))


def _coded(key: str) -> Head:
    table = Project.code_tables[key]
    return Head(
        key, Project._meta.get_field(key).verbose_name, "text", lambda project, day: core.code_label(table, getattr(project, key))  # type: ignore[union-attr]
    )  # fmt: skip


def _graded(project: Project, day: date) -> str:
    grade = grade_of(project, tiers(day))
    return grade.label if grade else ""


def _classed(project: Project, day: date) -> str:
    found = class_of(project, categories(day, PAST), day)
    return found.label if found else ""


def _unit(name: str) -> Callable[[Project], str]:
    def brief(project: Project) -> str:
        unit = getattr(project, name)
        return unit.brief if unit else ""

    return brief


FLAGS = ("is_assessed", "is_research_centre", "is_advanced_manufacturing", "is_enclave", "is_spillover")
# In the order of the report form (FACTS §1.8).
HEADS = {
    head.key: head
    for head in (
        _own("name", "text"), _own("code", "code"), _coded("project_class"), _own("is_foreign", "boolean"), _own("origin", "text"),
        _coded("industry"), _coded("second_industry"), _coded("chain"), _coded("chain_effect"), _by_rule("grade", gettext_lazy("分级"), _graded),
        _by_rule("category", gettext_lazy("类别"), _classed),
        _text("enterprise", gettext_lazy("投资主体"), lambda project: project.enterprise.name if project.enterprise else ""),
        _text("nature", gettext_lazy("企业性质"), lambda project: core.code_label("enterprise_nature", project.enterprise.nature) if project.enterprise else ""),
        _own("is_existing_firm", "boolean"), _coded("existing_kind"), _own("first_invested_year", "integer"), _coded("home_tie"),
        _own("contact_name", "text"), _own("intended", "money"), _own("contracted", "money"), _own("fixed_investment", "money"),
        _coded("investment_kind"), _own("investment_note", "text"), _own("approached_date", "date"), _own("summary", "text"),
        _coded("assigned_by"), _own("responsible_leader", "text"), *(_own(flag, "boolean") for flag in FLAGS), _own("spillover_from", "text"),
        _text("host_unit", gettext_lazy("落地单位"), _unit("host_unit")),
        _text("reporter_unit", gettext_lazy("报送单位"), _unit("reporter_unit")), _own("site", "text"), _own("land_mu", "decimal"),
        _coded("construction_kind"), _own("statistics_name", "text"), _own("statistics_investment", "money"), _own("expected_output", "money"), _own("expected_tax", "money"),
        Head("stage", gettext_lazy("阶段"), "text", lambda project, day: str(stages.STAGES[then(project, "stage", day)])),
        Head("status", gettext_lazy("状态"), "text", lambda project, day: str(stages.STATUSES[then(project, "status", day)])),
        _own("planned_start_date", "date"), _reached("signed_date"), _reached("started_date"), _reached("producing_date"),
        Head("progress", gettext_lazy("最近进展"), "date", lambda project, day: timezone.localdate(then(project, "progress", day))),
        _own("next_step", "text"), _own("next_date", "date"),
    )
}  # fmt: skip


# --- definitions and periods --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Period:
    """The days a report is about, the first and the last."""

    starts: date
    ends: date

    @property
    def label(self) -> str:
        return f"{self.starts} — {self.ends}"


def period_of(kind: str, day: date) -> Period:
    """Return the week (from Monday), month or quarter in which a day lies."""
    if kind == stages.WEEKLY:
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=6))
    first = day.month if kind == stages.MONTHLY else day.month - (day.month - 1) % 3
    last = first if kind == stages.MONTHLY else first + 2
    return Period(date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1]))


def due_date(definition: ReportDefinition, period: Period) -> date:
    """Return the last day on which a period may be handed in without being late."""
    return period.ends + timedelta(days=definition.due_days)


def all_definitions() -> dict[str, list[ReportDefinition]]:
    """Return every definition’s versions, the newest first, in one query."""
    found: dict[str, list[ReportDefinition]] = {}
    for item in ReportDefinition.objects.select_related("recipient").order_by("code", "-number"):
        found.setdefault(item.code, []).append(item)
    return found


def definition_for(versions: Sequence[ReportDefinition], ends: date) -> ReportDefinition | None:
    """Return the version by which a period that ends on a day is reported: the newest in force by then."""
    found = next((item for item in versions if item.valid_from <= ends), None)
    return None if found is None or found.is_closed else found


def period_named(
    versions: Sequence[ReportDefinition], starts: date
) -> tuple[ReportDefinition, Period] | None:
    """Return the period that starts on a day and the version by which it is reported; versions may ask for other periods."""
    if not 2000 <= starts.year <= 2999:
        return None
    for kind in dict.fromkeys(item.period for item in versions):
        period = period_of(kind, starts)
        definition = definition_for(versions, period.ends)
        if period.starts == starts and definition is not None and definition.period == kind:
            return definition, period
    return None


def in_force_on(
    versions: Sequence[ReportDefinition], day: date
) -> tuple[ReportDefinition | None, list[ReportDefinition]]:
    """Return the version in force on a day, None of none yet, and those that come into force later, the next first."""
    now = next((item for item in versions if item.valid_from <= day), None)
    coming: list[ReportDefinition] = []
    for item in versions:  # the newest first: one that a newer one precedes never comes into force
        if item is now:
            break
        if not coming or item.valid_from < coming[-1].valid_from:
            coming.append(item)
    return now, coming[::-1]


def written_on(versions: Sequence[ReportDefinition]) -> date:
    """Return the day on which a report was first written down."""
    return min(timezone.localdate(item.changed_at) for item in versions)


def ended_periods(
    versions: Sequence[ReportDefinition], today: date
) -> Iterator[tuple[ReportDefinition, Period, bool]]:
    """Yield every period that has ended and is to be reported, the newest first, and whether it is one of the last.

    Nothing is asked of the time before the report was written down, but for the last periods that had ended then.
    """
    written = written_on(versions) if versions else today
    for kind in dict.fromkeys(item.period for item in versions):
        first = period_of(kind, written)
        for _turn in range(SHOWN_PERIODS):
            first = period_of(kind, first.starts - timedelta(days=1))
        period = period_of(kind, period_of(kind, today).starts - timedelta(days=1))
        for turn in range(MOST_PERIODS):
            if period.starts < first.starts:
                break
            definition = definition_for(versions, period.ends)
            if definition is not None and definition.period == kind:
                yield definition, period, turn < SHOWN_PERIODS
            period = period_of(kind, period.starts - timedelta(days=1))


def submitting_units(definition: ReportDefinition, day: date) -> QuerySet[Any]:
    """Return the units that have to hand in the report of a period that ends on a day: those that existed then."""
    return units_on(day).filter(kind__in=definition.submitters).order_by("order", "code")


def unit_by(pk: int) -> Any:
    """Return a unit, None if there is no such."""
    return Unit.objects.filter(pk=pk).first()


# --- filling ------------------------------------------------------------------------------------------------------


def projects_of(unit: Unit) -> Q:
    """Return the Q of the projects a unit reports: those it or a unit below it holds, of a working group those it takes part in."""
    if unit.kind == "group":
        parts = Participation.objects.filter(unit=unit, part__in=stages.GROUP_PARTS, until=None)
        return Q(pk__in=parts.values("project"))
    return held_by(below(unit).values("pk"))


def reported_projects(definition: ReportDefinition, unit: Unit, by: Actor, ends: date) -> QuerySet[Any]:
    """Return the projects in a person’s sight that a unit has to report for the period that ends on a day.

    Dates of the condition are counted from that day, and what is kept of then is asked as it was. Sensitive projects are in no
    report (``left_out`` says how many).
    """
    found = _fitting(definition, by, ends).filter(projects_of(unit)).exclude(secrecy=stages.SENSITIVE)
    seen: QuerySet[Any] = as_of(with_investors(found), ends)
    return seen.select_related("enterprise", "host_unit", "reporter_unit").order_by("code")


def _fitting(definition: ReportDefinition, by: Actor, ends: date) -> QuerySet[Any]:
    """Return the projects in a person’s sight that fit a report’s condition and had been made by the end of its period."""
    condition = reported(definition.condition)
    found = Project.objects.permitted(by).filter(existed_on(ends))
    return found.filter(condition.q(ends)) if condition else found


def left_out(definition: ReportDefinition, unit: Unit, by: Actor, ends: date) -> int:
    """Return how many sensitive projects that the person sees fit and are left out; nothing of those he does not see."""
    found = _fitting(definition, by, ends).filter(projects_of(unit), secrecy=stages.SENSITIVE)
    return found.count()


def left_over(
    definition: ReportDefinition, units: Sequence[Unit], by: Actor, ends: date, most: int
) -> tuple[int, list[Any]]:
    """Return how many projects in a person’s sight fit and are held by none of the units that hand in, and the first of them."""
    found = _fitting(definition, by, ends).exclude(secrecy=stages.SENSITIVE)
    groups = [unit.pk for unit in units if unit.kind == "group"]
    if groups:
        parts = Participation.objects.filter(unit__in=groups, part__in=stages.GROUP_PARTS, until=None)
        found = found.exclude(pk__in=parts.values("project"))
    if len(groups) < len(units):
        below_them = reduce(or_, (Q(path__startswith=unit.path) for unit in units if unit.kind != "group"))
        found = found.filter(otherwise(held_by(Unit.objects.filter(below_them).values("pk"))))
    told = as_of(found, ends).select_related("host_unit", "reporter_unit").order_by("code")
    rows = list(told.annotate(in_all=Window(Count("pk")))[:most])
    return (rows[0].in_all if rows else 0), rows


def heads_of(definition: ReportDefinition, ends: date) -> list[dict[str, str]]:
    """Return the heads of a report as they are frozen; what is worked out by rule says the ``day`` of the rules.

    ``of`` is the day as of whose end stages and the like are told; copies that were filled as of their own day lack it.
    """
    return [
        {"key": head.key, "label": str(head.label), "kind": head.kind, "of": ends.isoformat()}
        | ({"day": ends.isoformat()} if head.by_rule else {})
        for head in (HEADS[key] for key in definition.columns if key in HEADS)
    ]


def rows_of(definition: ReportDefinition, projects: Iterable[Project], ends: date) -> list[dict[str, Any]]:
    """Return the rows of a report as they are frozen: amounts and numbers as text, dates as ISO has them."""
    heads = [HEADS[key] for key in definition.columns if key in HEADS]
    return [
        {"project": project.pk, "values": [_frozen(head.value(project, ends)) for head in heads]}
        for project in projects
    ]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a report would say if it were handed in now, and the digest by which one knows whether it still would."""

    heads: list[dict[str, str]]
    rows: list[dict[str, Any]]
    digest: str


def preview(definition: ReportDefinition, unit: Unit, by: Actor, ends: date, most: int) -> Preview:
    """Fill a unit’s report for the period that ends on a day, from the projects in a person’s sight; one row more than ``most``
    says that there are too many."""
    found = reported_projects(definition, unit, by, ends)[: most + 1]
    heads, rows = heads_of(definition, ends), rows_of(definition, found, ends)
    return Preview(heads, rows, _digest([definition.pk, unit.pk, ends.isoformat(), heads, rows]))


def _frozen(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


def thawed(kind: str, value: Any) -> Any:
    """Return a frozen value as what it was."""
    if value is None or value == "":
        return None
    if kind in {"money", "decimal"}:
        return Decimal(value)
    return date.fromisoformat(value) if kind == "date" else value


def digest_of(report: Report) -> str:
    """Return the digest of everything a copy says: who handed in what to whom, for which period, by which rule, when."""
    rule = report.definition
    said = [
        report.code, rule.code, rule.number, rule.title, rule.recipient.code, rule.condition, rule.submitters, rule.columns, report.unit.code, report.starts.isoformat(), report.ends.isoformat(),
        report.due_date.isoformat(), report.number, report.reason, report.heads, report.rows, report.count,
        report.submitted_by_id, report.submitted_at.astimezone(timezone.get_fixed_timezone(0)).isoformat(),
    ]  # fmt: skip
    return _digest(said)


def _digest(said: Any) -> str:
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# --- copies -------------------------------------------------------------------------------------------------------


def last_copies(reports: Iterable[Report]) -> dict[tuple[str, int, date], Report]:
    """Return the newest copy of each unit, report and period."""
    found: dict[tuple[str, int, date], Report] = {}
    for report in reports:
        key = (report.code, report.unit_id, report.starts)
        if key not in found or found[key].number < report.number:
            found[key] = report
    return found


def last_number(code: str, unit: Unit, starts: date) -> int:
    """Return how many copies a unit has handed in for a period."""
    numbers = Report.objects.filter(code=code, unit=unit, starts=starts)
    return numbers.aggregate(last=Max("number"))["last"] or 0


def copies_of(code: str, starts: date, by: Actor) -> list[Report]:
    """Return the newest copy of each unit for a period in a person’s sight."""
    found = (
        Report.objects.permitted(by)
        .filter(code=code, starts=starts)
        .select_related("unit", "definition", "submitted_by")
    )
    return sorted(last_copies(found).values(), key=lambda report: (report.unit.order, report.unit_id))


def copies_beside(report: Report, by: Actor) -> QuerySet[Any]:
    """Return the copies of the same unit and period in a person’s sight, without their rows."""
    found = Report.objects.permitted(by).filter(code=report.code, unit=report.unit_id, starts=report.starts)
    return found.defer("rows", "heads").select_related("submitted_by").order_by("-number")


def readable(reports: Sequence[Report], by: Actor) -> tuple[dict[int, list[list[Any]]], int]:
    """Return of each copy the values that a person may read, and how many rows are kept from him.

    A project that was made sensitive after it was reported is shown in old copies only to those who may see it now.
    """
    ids = {row["project"] for report in reports for row in report.rows}
    sensitive = Project.objects.filter(pk__in=ids, secrecy=stages.SENSITIVE)
    hidden = set(sensitive.values_list("pk", flat=True))
    if hidden:
        hidden -= set(sensitive.permitted(by).values_list("pk", flat=True))
    shown = {
        report.pk: [row["values"] for row in report.rows if row["project"] not in hidden]
        for report in reports
    }
    return shown, sum(row["project"] in hidden for report in reports for row in report.rows)


def counted_sum(heads: Sequence[dict[str, str]], rows: Sequence[Sequence[Any]]) -> Decimal | None:
    """Return what counts of two amounts, of each project the contracted one, else the intended; None unless both come to something."""
    at = {head["key"]: place for place, head in enumerate(heads)}
    if not {"intended", "contracted"} <= at.keys():
        return None
    pairs = [
        tuple(
            None if row[at[key]] in (None, "") else Decimal(row[at[key]])
            for key in ("contracted", "intended")
        )
        for row in rows
    ]
    if not all(any(side) for side in zip(*pairs, strict=True)) or not pairs:
        return None
    counted = (contracted if contracted is not None else intended for contracted, intended in pairs)
    return sum((value for value in counted if value is not None), Decimal(0))


def sums_of(heads: Sequence[dict[str, str]], rows: Sequence[Sequence[Any]]) -> list[tuple[str, Decimal]]:
    """Return what each column of amounts comes to."""
    return [
        (head["label"], sum((Decimal(row[at]) for row in rows if row[at] not in (None, "")), Decimal(0)))
        for at, head in enumerate(heads)
        if head["kind"] == "money"
    ]


# --- proof --------------------------------------------------------------------------------------------------------


def report_faults() -> Iterator[tuple[int, str]]:
    """Yield what is wrong with copies that were handed in: a digest that does not fit its copy, or the event of its handing
    in, which the sealed log keeps; a number, or a whole copy, that is missing."""
    last: dict[tuple[str, int, date], int] = {}
    told = {
        pk: data.get("digest")
        for pk, data in Event.objects.filter(
            object_type=events.type_of(Report),
            verb__in=("projects.report.submitted", "projects.report.corrected"),
        ).values_list("object_id", "data")
    }
    found = Report.objects.select_related("definition__recipient", "unit").order_by(
        "code", "unit", "starts", "number"
    )
    for report in found.iterator(chunk_size=100):
        key = (report.code, report.unit_id, report.starts)
        if report.number != last.get(key, 0) + 1:
            yield report.pk, _("第 %(number)s 次报送之前缺了一份") % {"number": report.number}
        last[key] = report.number
        if digest_of(report) != report.digest:
            yield report.pk, _("内容与摘要不符")
        elif report.count != len(report.rows):
            yield report.pk, _("项目数与内容不符")
        if told.pop(report.pk, None) != report.digest:
            yield report.pk, _("与报送时记入审计日志的摘要不符")
    for pk in told:
        if pk is not None:
            yield pk, _("报送过的副本已经不在")
