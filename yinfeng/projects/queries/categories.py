"""The class of a project by rule (分级分类, clause 3.1.3): the first class of the profile whose condition it fulfils.

Worked out on reading by the rules ``category`` in force today and told with the figures that decide. Whoever may can put a
project into another class, with a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.conditions import Condition, Fields, Verdict
from yinfeng.core.keeping import kept
from yinfeng.projects.models import Project
from yinfeng.projects.queries.conditions import PAST, PROJECT, condition_of

TABLE = "category"


@dataclass(frozen=True, slots=True)
class Category:
    """A class of projects and the condition that puts one into it."""

    code: str
    order: int
    condition: Condition

    @property
    def label(self) -> str:
        return core.code_label(TABLE, self.code)


@dataclass(frozen=True, slots=True)
class Classed:
    """The class of a project, None when none fits or too little is known, and why, in words."""

    category: Category | None
    reason: str

    @property
    def label(self) -> str:
        return self.category.label if self.category else ""


def categories(day: date, fields: Fields = PROJECT) -> list[Category]:
    """Return the classes in force on a day, in the order in which they are tried; with PAST they judge what was so then."""
    return kept(("categories", day, fields is PAST), lambda: _categories(day, fields))


def _categories(day: date, fields: Fields) -> list[Category]:
    found = []
    for code, rule in core.rules(TABLE, day).items():
        condition = condition_of(rule["condition"], fields)
        if condition is not None:
            found.append(Category(code, int(rule["order"]), condition))
    return sorted(found, key=lambda item: (item.order, item.code))


def class_of(project: Project, in_force: Sequence[Category], today: date) -> Classed | None:
    """Return the class of a project: as somebody put it, else by the rules; None where the profile has no classes."""
    if not in_force:
        return None
    chosen = next((item for item in in_force if item.code == project.category_override), None)
    if chosen is not None:
        return Classed(chosen, _("人工归类：%(reason)s") % {"reason": project.category_reason})
    unclear: list[tuple[Category, Verdict]] = []
    for item in in_force:
        verdict = item.condition.judge(project, today)
        if verdict.answer:
            return Classed(item, _("；").join([verdict.reason, *map(_unclear, unclear)]))
        if verdict.answer is None:
            unclear.append((item, verdict))
    if not unclear:
        return Classed(None, _("不符合任何一类的条件"))
    return Classed(None, _("；").join(map(_unclear, unclear)))


def _unclear(found: tuple[Category, Verdict]) -> str:
    category, verdict = found
    return _("是否“%(category)s”尚不能判断：%(why)s") % {"category": category.label, "why": verdict.reason}


def categorised(code: str, today: date, fields: Fields = PROJECT) -> Q:
    """Return the Q of the projects of a class, as ``class_of`` says it of each."""
    in_force = categories(today, fields)
    by_hand = When(category_override__in=[item.code for item in in_force], then=F("category_override"))
    by_rule = [When(item.condition.q(today), then=Value(item.code)) for item in in_force]
    return Q(Exact(Case(by_hand, *by_rule, default=Value(""), output_field=CharField()), code))
