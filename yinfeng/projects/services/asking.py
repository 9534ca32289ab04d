"""What is asked before it is taken: amounts that look wrong, days that run backwards or lie behind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core.errors import Invalid, Sentence
from yinfeng.core.money import Money, show
from yinfeng.projects import facts, queries
from yinfeng.projects.models import Lead, Project, Proposal

Values = Mapping[str, Any]

EARLIEST = 1980  # a year before which no city attracted investment: a slip
AHEAD = 50  # years from now beyond which nobody plans: a slip


def refuse(field: str, sentence: Sentence) -> None:
    raise Invalid(sentence, fields={field: [sentence]})


# --- amounts ------------------------------------------------------------------------------------------------------


def _yuan(value: Any) -> Decimal | None:
    return value.yuan if isinstance(value, Money) else value


Questions = dict[str, list[Sentence]]


def ask(questions: Questions, sentence: Sentence, confirm: Sentence) -> None:
    """Raise Invalid for questions, all at once, because one tick answers them; ``confirm`` says when to set it."""
    if questions:
        raise Invalid(sentence, fields=questions | {"confirm_amounts": [confirm]})


def ask_about_amounts(values: Values, confirmed: bool, obj: Any = None) -> None:
    """Raise Invalid for amounts that look ten thousand times too large or small, until somebody says they are right."""
    if not confirmed:
        questions = questions_about_amounts(values, obj)
        ask(questions, _("有金额看起来过大或过小，请核对。"), _("金额无误时，请勾选这一项再保存。"))


def questions_about_amounts(values: Values, obj: Any = None, *, claimed: str = "") -> Questions:
    """Return what is to be asked about amounts by themselves, beside the others of the row, and beside what they were before.

    ``claimed``: the amount is of an achievement of that kind of ``obj``.
    """

    def known(name: str) -> Decimal | None:
        return _yuan(values[name] if name in values else getattr(obj, name, None))

    found: Questions = {}
    for name in queries.AMOUNTS:
        if name not in values or (yuan := known(name)) is None:
            continue
        before = getattr(obj, name, None)
        told: dict[str, Sentence] = {"amount": show(yuan)}
        other = queries.odd_beside(name, yuan, known, claimed)
        is_new = obj is None or before != yuan
        if is_new and queries.is_questionable(yuan, name):
            sentence = _("您填写的是 %(amount)s，请核对单位是万元还是亿元。") % told
        elif is_new and queries.is_another(yuan, before):
            sentence = _("您填写的是 %(amount)s，原来是 %(before)s，请核对单位是万元还是亿元。") % {
                **told,
                "before": show(before),
            }
        elif other and (is_new or _is_changed(other, values, obj)):
            told |= {"other": _label(other), "known": show(known(other))}
            sentence = _("您填写的是 %(amount)s，而%(other)s是 %(known)s，请核对单位是万元还是亿元。") % told
        else:
            continue
        found[name] = [sentence]
    return found


def _is_changed(name: str, values: Values, obj: Any) -> bool:
    return name in values and _yuan(values[name]) != getattr(obj, name, None)


def _label(name: str) -> Sentence:
    model = Proposal if name == "estimated" else Project
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field.verbose_name


# --- days ---------------------------------------------------------------------------------------------------------


def check_year(field: str, label: Sentence, day: date) -> None:
    """Refuse a day so far back or ahead that only a slip of the year explains it."""
    told = {"label": label, "day": day}
    if day.year < EARLIEST:
        refuse(field, _("%(label)s（%(day)s）太早了，请核对年份。") % told)
    if day.year > timezone.localdate().year + AHEAD:
        refuse(field, _("%(label)s（%(day)s）太晚了，请核对年份。") % told)


def check_past(field: str, label: Sentence, day: date) -> None:
    """Refuse the day of something that has happened which lies ahead, or too far back."""
    today = timezone.localdate()
    if day > today:
        refuse(
            field,
            _("%(label)s（%(day)s）不能晚于今天（%(today)s）。")
            % {"label": label, "day": day, "today": today},
        )
    check_year(field, label, day)


def check_next_step(values: Values, before: date | None = None) -> None:
    """Refuse a next step by a day that is over; one that was set before and stays is kept."""
    day, today = values.get("next_date"), timezone.localdate()
    if day is not None and day != before and day < today:
        told = {"day": day, "today": today}
        refuse("next_date", _("下一步时限（%(day)s）不能早于今天（%(today)s）。") % told)
    if day is not None and day != before:
        check_year("next_date", facts.field_of("next_date").verbose_name, day)


# In which order the days of a project's plan follow each other, and after which days that have happened each comes.
PLAN = ("planned_start_date", "planned_completion_date", "planned_production_date")
_HAPPENED = {"planned_start_date": "started_date", "planned_completion_date": "completed_date"}
_AFTER = {
    "planned_completion_date": ("started_date",),
    "planned_production_date": ("started_date", "completed_date"),
}


def check_plan(values: Values, project: Project | None = None) -> None:
    """Refuse a plan whose days run backwards, among each other or behind what has happened since."""
    days = [(name, values[name] if name in values else getattr(project, name, None)) for name in PLAN]
    known = [(name, when) for name, when in days if when is not None]
    for name, when in known:
        if name in values and (project is None or getattr(project, name) != when):
            check_year(name, facts.field_of(name).verbose_name, when)
            for happened in _AFTER.get(name, ()):
                if project is not None and (past := getattr(project, happened)) is not None:
                    _in_order(name, (happened, past), (name, when))
    ahead = [(name, when) for name, when in known if getattr(project, _HAPPENED.get(name, ""), None) is None]
    for earlier, later in pairwise(
        ahead
    ):  # a planned day that has come is fixed: what really happened counts
        _in_order(later[0] if later[0] in values else earlier[0], earlier, later)


def _in_order(field: str, earlier: tuple[str, date], later: tuple[str, date]) -> None:
    """Refuse two days of a project that run backwards, naming both."""
    if later[1] < earlier[1]:
        told = {
            "second": facts.field_of(later[0]).verbose_name, "later": later[1],
            "first": facts.field_of(earlier[0]).verbose_name, "earlier": earlier[1],
        }  # fmt: skip
        refuse(field, _("%(second)s（%(later)s）不能早于%(first)s（%(earlier)s）。") % told)


def check_approached(values: Values, project: Project | None = None) -> None:
    """Refuse a first contact that lies ahead, or behind the contract that came of it."""
    day = values.get("approached_date")
    if day is None or (project is not None and project.approached_date == day):
        return
    check_past("approached_date", facts.field_of("approached_date").verbose_name, day)
    signed = queries.signing_day(project) if project is not None else None
    if signed is not None:
        _in_order("approached_date", ("approached_date", day), ("signed_date", signed))


# --- what follows a yes -------------------------------------------------------------------------------------------


def _given(values: Values, project: Project | None, name: str) -> Any:
    return values[name] if name in values else getattr(project, name, None)


def ask_what_follows(values: Values, project: Project | None = None) -> None:
    """Raise Invalid for a yes without what follows from it, and for what is filled in although the yes is not given."""
    fields: dict[str, list[Sentence]] = {}
    for flag, followers in facts.FOLLOWS.items():
        if not {flag, *followers} & values.keys():
            continue
        is_given = _given(values, project, flag) is True
        empty = [name for name in followers if _given(values, project, name) in (None, "")]
        labels = {name: facts.field_of(name).verbose_name for name in (flag, *followers)}
        if is_given and empty:
            names = _("、").join(str(labels[name]) for name in followers)
            sentence = _("“%(flag)s”选了“是”，请同时填写%(names)s。") % {"flag": labels[flag], "names": names}
            fields |= {name: [sentence] for name in empty}
        elif not is_given:
            for name in followers:
                if name not in empty and _given(values, project, name) != getattr(project, name, None):
                    told = {"flag": labels[flag], "name": labels[name]}
                    fields[name] = [_("“%(flag)s”选“是”的才填写%(name)s。") % told]
    year, today = values.get("first_invested_year"), timezone.localdate()
    if year is not None and year > today.year:
        sentence = _("首次投资年份（%(year)s）不能晚于今年（%(now)s）。") % {"year": year, "now": today.year}
        fields["first_invested_year"] = [sentence]
    if fields:
        raise Invalid(next(iter(fields.values()))[0], fields=fields)


def without_unasked(values: Values) -> dict[str, Any]:
    """Return the values without what followed from a yes that is not given any more."""
    kept = dict(values)
    for flag, followers in facts.FOLLOWS.items():
        if flag in values and values[flag] is not True:
            kept |= {name: None if facts.field_of(name).null else "" for name in followers}
    return kept


def check_heard(values: Values, lead: Lead | None = None) -> None:
    """Refuse a lead heard of on a day that lies ahead or far back."""
    day = values.get("heard_date")
    if day is not None and (lead is None or lead.heard_date != day):
        label = Lead._meta.get_field("heard_date").verbose_name
        check_past("heard_date", label, day)
