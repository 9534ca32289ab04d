"""What conditions may ask about a project: the fields that rules for classes and reports are written over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Field as ModelField
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import In
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from yinfeng.core import queries as core
from yinfeng.core.conditions import (
    AMOUNT,
    CHOICE,
    DATE,
    FLAG,
    NUMBER,
    ORDER,
    PLACE,
    SET,
    Condition,
    Field,
    Fields,
    parse,
)
from yinfeng.core.errors import Sentence
from yinfeng.core.keeping import kept
from yinfeng.core.models import Code
from yinfeng.enterprises.queries import joined_tags, split_tags, tag_text, tagged_by
from yinfeng.orgs.models import Unit
from yinfeng.projects import stages
from yinfeng.projects.achievements import KINDS
from yinfeng.projects.models import Project
from yinfeng.projects.queries import past
from yinfeng.projects.queries.grades import COUNTED, grade_of, graded, tiers

UNIT = "unit"
TAGS = "enterprise_tag"


def _grade(project: Project, day: date) -> str | None:
    grade = grade_of(project, tiers(day))
    return grade.code if grade else None


def _of_grades(codes: frozenset[str], day: date) -> Q:
    found = Q(pk__in=[])
    for code in codes:
        found |= graded(code, day)
    return found


def _grades(day: date) -> Sequence[str]:
    return [tier.code for tier in reversed(tiers(day))]


def _in_industry(code: str) -> frozenset[str]:
    """Return how the codes of GB/T 4754 below one begin: a section (a letter) by its divisions, others as they are."""
    divisions = kept(("divisions",), _divisions)
    return frozenset({code, *divisions.get(code, ())})


def _divisions() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for parent, code in Code.objects.filter(table="industry", level=2).values_list("parent", "code"):
        found.setdefault(parent, []).append(code)
    return found


def _units() -> dict[Any, tuple[int, str, str]]:
    """Return id, path and name of every unit, by its code and by its id."""
    rows = list(Unit.objects.only("pk", "code", "path", "name", "short_name", "name_en"))
    known: dict[Any, tuple[int, str, str]] = {}
    for unit in rows:
        known[unit.code] = known[unit.pk] = (unit.pk, unit.path, unit.short_name or unit.name)
    return known


def _below(code: str) -> frozenset[int]:
    known = kept(("units",), _units)
    if code not in known:
        return frozenset()
    path = known[code][1]
    return frozenset(pk for pk, other, _name in known.values() if other.startswith(path))


def _unit_name(value: Any) -> str:
    known = kept(("units",), _units)
    return known[value][2] if value in known else str(value)


def _unit_names() -> dict[str, str]:
    return {
        code: name for code, (_pk, _path, name) in kept(("units",), _units).items() if isinstance(code, str)
    }


def _held(units: frozenset[int], day: date) -> Q:
    return held_by(units)


def held_by(units: Any) -> Q:
    """Return the Q of the projects whose unit is one of ``units``: their host, or while there is none who reported them."""
    return Q(host_unit__in=units) | Q(host_unit=None, reporter_unit__in=units)


def with_investors(projects: QuerySet[Any]) -> Any:
    """Bring along the tags of each project's investor, so that judging many projects asks no more for each."""
    return projects.annotate(investor_tags=joined_tags("enterprise"))


def _investor_lists(project: Project, day: date) -> dict[str, str] | None:
    """Return the tags of a project's investor of no year or of one up to the day's, each with its text; the newest tells."""
    if project.enterprise_id is None:
        return None
    if "investor_tags" not in project.__dict__:
        told = (
            with_investors(Project.objects.filter(pk=project.pk))
            .values_list("investor_tags", flat=True)
            .first()
        )
    else:
        told = project.__dict__["investor_tags"]
    tags = sorted(split_tags(told), key=lambda item: item[1])
    return {
        tag: tag_text(core.code_label(TAGS, tag), year, rank) for tag, year, rank in tags if year <= day.year
    }


def _of_investors(codes: frozenset[str], day: date) -> Q:
    return Q(enterprise__in=tagged_by(codes, day.year))


def _label(column: str) -> Sentence:
    field = Project._meta.get_field(column)
    assert isinstance(field, ModelField)
    return field.verbose_name


def _amount(name: str, column: str = "") -> Field:
    column = column or name
    return Field(name, _label(column), AMOUNT, column)


def _date(name: str, column: str = "") -> Field:
    column = column or name
    return Field(name, _label(column), DATE, column)


def _coded(name: str) -> Field:
    return Field(name, _label(name), CHOICE, name, table=Project.code_tables[name])


def _flag(name: str, yes: Sentence, no: Sentence) -> Field:
    return Field(name, _label(name), FLAG, name, words={"yes": yes, "no": no})


PROJECT = Fields(
    Field(
        "stage", _("阶段"), ORDER, "stage", choices=stages.STAGES,
        words={"at_least": _("已到%(value)s或以后的阶段"), "at_most": _("还在%(value)s或以前的阶段")},
    ),
    Field("status", _("状态"), CHOICE, "status", choices=stages.STATUSES),
    Field("grade", _("分级"), ORDER, table="grade", order=_grades, read=_grade, among=_of_grades),
    Field(
        "investment", _("投资额"), AMOUNT, COUNTED,
        read=lambda project, day: project.contracted if project.contracted is not None else project.intended,
    ),
    _amount("intended"), _amount("contracted"), _amount("fixed_investment"), _amount("expected_output"), _amount("expected_tax"), _amount("statistics_investment"),
    _coded("project_class"), _coded("investment_kind"), _coded("construction_kind"), _coded("chain"),
    _coded("chain_effect"), _coded("assigned_by"), _coded("home_tie"),
    _flag("is_foreign", _("是外资项目"), _("不是外资项目")),
    _flag("is_existing_firm", _("投资方是存量企业"), _("投资方不是存量企业")),
    _flag("is_research_centre", _("是研发中心"), _("不是研发中心")),
    _flag("is_advanced_manufacturing", _("属于先进制造业"), _("不属于先进制造业")),
    _flag("is_enclave", _("是飞地项目"), _("不是飞地项目")),
    _flag("is_spillover", _("由外地产业外溢而来"), _("不是产业外溢而来")),
    _flag("is_assessed", _("已经过研判"), _("未经研判")),
    Field("industry", _("行业"), PLACE, "industry", table="industry", below=_in_industry),
    Field("land_mu", _("用地需求"), NUMBER, "land_mu", unit=_("亩")),
    Field(
        "unit", _("落地或报送单位"), PLACE, Coalesce("host_unit", "reporter_unit"), table=UNIT, exact=True, below=_below, among=_held,
        naming=_unit_name, names=_unit_names, read=lambda project, day: project.host_unit_id or project.reporter_unit_id,
    ),
    Field(
        "investor_list", _("投资方标签"), SET, "enterprise", table=TAGS, read=_investor_lists, among=_of_investors,
    ),
    _date("approached_date"), _date("planned_start_date"), _date("planned_completion_date"), _date("planned_production_date"), _date("next_date"),
    _date("signed_date"), _date("registered_date"), _date("started_date"), _date("completed_date"), _date("producing_date"),
    _date("at_capacity_date"),
    Field(
        "progress", _("最近进展"), DATE, "progress_at", is_moment=True,
        words={
            "within_days": ngettext_lazy("最近 %(count)s 天内有进展", "最近 %(count)s 天内有进展", "count"),
            "within_months": ngettext_lazy("最近 %(count)s 个月内有进展", "最近 %(count)s 个月内有进展", "count"),
        },
    ),
    Field("created", _("建立日期"), DATE, "created_at", is_moment=True),
)  # fmt: skip


def _stood(name: str, kept: Callable[[date], Any]) -> Field:
    return replace(
        PROJECT.by_name[name], read=lambda project, day: past.then(project, name, day),
        among=lambda codes, day: Q(In(kept(day), sorted(codes))) if codes else Q(pk__in=[]),
    )  # fmt: skip


def _reached(name: str) -> Field:
    return replace(
        PROJECT.by_name[name], column=past.reached_by(name), read=lambda project, day: past.date_by(project, name, day)
    )  # fmt: skip


_KEPT = Fields(
    _stood("stage", past.stage_on), _stood("status", past.status_on),
    replace(PROJECT.by_name["progress"], column=past.progress_on, read=lambda project, day: past.then(project, "progress", day)),
    *(_reached(kind.date_field) for kind in KINDS.values() if kind.date_field),
)  # fmt: skip
# The same fields as of the end of the day on which they are judged, where that is kept; of all others today’s values.
PAST = Fields(*(_KEPT.by_name.get(item.name, item) for item in PROJECT))


def condition_of(data: Any, fields: Fields = PROJECT) -> Condition | None:
    """Return the condition about projects that was checked and kept as ``data``; None of none at all."""
    return parse(data, fields, lambda table, code: True) if data else None


def checked_condition(data: Any) -> Condition | None:
    """Return a condition as somebody wrote it, after looking up every code and unit it names; WrongCondition says what is wrong."""
    return parse(data, PROJECT, is_known_code) if data else None


def is_known_code(table: str, code: str) -> bool:
    """Say whether a code table, or the tree of units, has a code."""
    if table == UNIT:
        return Unit.objects.filter(code=code).exists()
    return core.codes(table).filter(code=code).exists()
