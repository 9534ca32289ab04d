"""One small language for the rules that officers write and must understand: field, comparison, value, joined by and and or.

A condition is plain data, as a profile has it in TOML and a form in lines of words::

    { all = [ { field = "stage", op = "at_least", value = "signed" },
              { any = [ { field = "fixed", op = "at_least", value = 1, unit = "yi" },
                        { field = "foreign", op = "is", value = true } ] } ] }

It is read in two ways that never disagree (a property test holds them together): ``judge`` says of one object yes, no or
not known, with a sentence for each comparison; ``q`` finds in SQL the rows of which the answer is yes. What is not filled in
makes a comparison not known; not known and no are no, not known or yes are yes (Kleene). There is no “not”: every
comparison has its opposite, so an empty field never counts as fulfilling one.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, IsNull, LessThan, LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from yinfeng.core import queries
from yinfeng.core.errors import Invalid, Sentence
from yinfeng.core.language import in_english
from yinfeng.core.money import MOST, UNITS, exact, plain, show, spoken_unit

DEEPEST, MOST_COMPARISONS, LONGEST_LIST = 4, 40, 100
FURTHEST_DAYS, FURTHEST_MONTHS = 3660, 120

AMOUNT, NUMBER, DATE, FLAG, CHOICE, ORDER, PLACE, SET = (
    "amount",
    "number",
    "date",
    "flag",
    "choice",
    "order",
    "place",
    "set",
)
_COMPARED = ("at_least", "more_than", "at_most", "less_than")
OPS: Mapping[str, Sequence[str]] = {
    AMOUNT: (*_COMPARED, "known"),
    NUMBER: (*_COMPARED, "known"),
    DATE: ("from", "until", "within_days", "within_months", "ahead_days", "known"),
    FLAG: ("is", "known"),
    CHOICE: ("is", "is_not", "in", "not_in", "known"),
    ORDER: ("at_least", "at_most", "is", "is_not", "in", "not_in", "known"),
    PLACE: ("under", "known"),
    SET: ("in", "not_in", "known"),
}
_OPPOSITE = {"at_least": "less_than", "more_than": "at_most", "at_most": "more_than", "less_than": "at_least"}
_LOOKUPS: Mapping[str, Any] = {
    "at_least": GreaterThanOrEqual, "more_than": GreaterThan, "at_most": LessThanOrEqual, "less_than": LessThan,
}  # fmt: skip
_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "at_least": lambda value, limit: value >= limit, "more_than": lambda value, limit: value > limit,
    "at_most": lambda value, limit: value <= limit, "less_than": lambda value, limit: value < limit,
}  # fmt: skip
# How people name a comparison when they choose one.
WORDS: Mapping[str, Sentence] = {
    "at_least": gettext_lazy("不低于"),
    "more_than": gettext_lazy("超过"),
    "at_most": gettext_lazy("不超过"),
    "less_than": gettext_lazy("低于"),
    "from": gettext_lazy("不早于"),
    "until": gettext_lazy("不晚于"),
    "within_days": gettext_lazy("在最近几天内"),
    "within_months": gettext_lazy("在最近几个月内"),
    "ahead_days": gettext_lazy("在今后几天内"),
    "is": gettext_lazy("为"),
    "is_not": gettext_lazy("不是"),
    "in": gettext_lazy("是其中之一"),
    "not_in": gettext_lazy("不是其中任何一个"),
    "under": gettext_lazy("属于"),
    "known": gettext_lazy("已填"),
}
# How a comparison is said of a field that has no words of its own for it.
_SENTENCES: Mapping[str, Any] = {
    "at_least": gettext_lazy("%(field)s不低于 %(value)s"),
    "more_than": gettext_lazy("%(field)s超过 %(value)s"),
    "at_most": gettext_lazy("%(field)s不超过 %(value)s"),
    "less_than": gettext_lazy("%(field)s低于 %(value)s"),
    "from": gettext_lazy("%(field)s在 %(value)s 及以后"),
    "until": gettext_lazy("%(field)s在 %(value)s 及以前"),
    "within_days": ngettext_lazy("%(field)s在最近 %(count)s 天内", "%(field)s在最近 %(count)s 天内", "count"),
    "within_months": ngettext_lazy("%(field)s在最近 %(count)s 个月内", "%(field)s在最近 %(count)s 个月内", "count"),
    "ahead_days": ngettext_lazy("%(field)s在今后 %(count)s 天内", "%(field)s在今后 %(count)s 天内", "count"),
    "is": gettext_lazy("%(field)s为%(value)s"),
    "is_not": gettext_lazy("%(field)s不是%(value)s"),
    "in": gettext_lazy("%(field)s为%(value)s"),
    "not_in": gettext_lazy("%(field)s不是%(value)s"),
    "under": gettext_lazy("%(field)s属于%(value)s"),
    "known": gettext_lazy("%(field)s已填"),
    "unknown": gettext_lazy("%(field)s未填"),
    "yes": gettext_lazy("%(field)s：是"),
    "no": gettext_lazy("%(field)s：否"),
}  # fmt: skip
_OF_KIND: Mapping[tuple[str, str], Any] = {
    (ORDER, "at_least"): gettext_lazy("%(field)s在%(value)s及以上"),
    (ORDER, "at_most"): gettext_lazy("%(field)s在%(value)s及以下"),
    (SET, "in"): gettext_lazy("%(field)s含%(value)s"),
    (SET, "not_in"): gettext_lazy("%(field)s不含%(value)s"),
}
NOTHING = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Field:
    """What a model lets conditions ask about: its name in the data, its label, the kind of its values, where they are.

    ``column`` is a column, an expression, or what gives either for a day, of what is kept as it was then.
    ``table`` is the code table of its values, ``choices`` are fixed ones in order; ``order`` gives the codes of an ORDER
    field on a day, the lowest first. ``read`` and ``among`` are for values that are worked out: of an object, and the Q of
    the rows that have one of some values. A SET field has any number of values: ``read`` gives each with its text, and it is
    known where ``column`` is filled. ``words`` says comparisons (of a FLAG “yes” and “no”) as officers do where the common
    sentence would not do. A PLACE field says with ``below`` what lies under a code: beginnings of codes, or
    (``exact``) the very values.
    """

    name: str
    label: Sentence
    kind: str
    column: Any = ""
    table: str = ""
    choices: Mapping[str, Sentence] = field(default_factory=dict)
    order: Callable[[date], Sequence[str]] | None = None
    read: Callable[[Any, date], Any] | None = None
    among: Callable[[frozenset[Any], date], Q] | None = None
    below: Callable[[str], frozenset[Any]] | None = None
    exact: bool = False
    naming: Callable[[Any], str] | None = None
    names: Callable[[], Mapping[str, str]] | None = None
    unit: Sentence = ""
    words: Mapping[str, Any] = field(default_factory=dict)
    is_moment: bool = False  # a date and time of which the day counts

    def on(self, day: date) -> Any:
        """Return the expression of what rows have here on a day."""
        column = self.column(day) if callable(self.column) else self.column
        return F(column) if isinstance(column, str) else column

    def value(self, obj: Any, day: date) -> Any:
        """Return what an object has here; None when it is not filled in."""
        found = self.read(obj, day) if self.read else getattr(obj, self.column)
        if found is None or found == "":
            return None
        return timezone.localdate(found) if self.is_moment else found

    def named(self, value: Any) -> str:
        """Return a value as people read it."""
        if self.naming:
            return self.naming(value)
        if value in self.choices:
            return str(self.choices[value])
        return (
            queries.code_labels([(self.table, value)]).get(self.table, str(value))
            if self.table
            else str(value)
        )

    def say(self, key: str, **told: Any) -> str:
        """Return the sentence for a comparison, or for what is known of an object."""
        sentence = self.words.get(key) or _OF_KIND.get((self.kind, key)) or _SENTENCES[key]
        said: str = sentence % {"field": self.in_sentence, **told}
        return said

    @property
    def in_sentence(self) -> str:
        """The label within a sentence: English begins it with a small letter."""
        label = str(self.label)
        return label[:1].lower() + label[1:] if in_english() and label[1:2].islower() else label

    def ordered(self, day: date) -> list[str]:
        return list(self.order(day) if self.order else self.choices)

    def filled(self, day: date) -> Q:
        """Return the Q of the rows in which this is filled in."""
        if self.among and self.kind != SET:
            return self._filled_among(self.among, day)
        if self.kind in {CHOICE, ORDER} or (self.kind == PLACE and not self.exact):
            return ~Q(**{self.column: ""})
        return Q(IsNull(self.on(day), False))

    def _filled_among(self, among: Callable[[frozenset[Any], date], Q], day: date) -> Q:
        """Return the Q of the rows for which a value that is worked out is known; places are known of every row."""
        if self.kind == ORDER:
            return among(frozenset(self.ordered(day)), day)
        return otherwise(among(frozenset({""}), day)) if self.kind == CHOICE else Q(pk__isnull=False)


class Fields:
    """The fields of a model, by name."""

    def __init__(self, *fields: Field) -> None:
        self.by_name = {item.name: item for item in fields}

    def __iter__(self) -> Iterator[Field]:
        return iter(self.by_name.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes (True), no (False) or not known (None), and the sentences that decide it."""

    answer: bool | None
    sentences: tuple[str, ...]

    @property
    def reason(self) -> str:
        return _("；").join(self.sentences)


# --- comparisons --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a field with a value."""

    field: Field
    op: str
    value: Any
    unit: str = ""

    def comparisons(self) -> Iterator[Comparison]:
        yield self

    def data(self) -> dict[str, Any]:
        """Return the comparison as plain data, as it is kept."""
        value = self.value
        if isinstance(value, Decimal):
            value = int(value) if value == value.to_integral_value() else str(value)
        elif isinstance(value, date):
            value = value.isoformat()
        found = {
            "field": self.field.name,
            "op": self.op,
            "value": list(value) if isinstance(value, tuple) else value,
        }
        return found | ({"unit": self.unit} if self.unit else {})

    @property
    def words(self) -> str:
        """The comparison as an officer says it: “固定资产投资不低于 1 亿元”."""
        return self.field.say(self._key, value=self.value_words, count=self.value)

    @property
    def _key(self) -> str:
        if self.op == "known":
            return "known" if self.value else "unknown"
        if self.field.kind == FLAG:
            return "yes" if self.value else "no"
        return self.op

    @property
    def value_words(self) -> str:
        """The value as people say it."""
        match self.field.kind:
            case _ if self.op == "known" or self.field.kind == FLAG:
                return _("是") if self.value else _("否")
            case "amount":
                return self._amount
            case "number":
                return f"{plain(self.value, 6)} {self.field.unit}".strip()
            case "date":
                return f"{self.value}"
            case _:
                return _either([self.field.named(value) for value in self._values])

    @property
    def _amount(self) -> str:
        label, currency, size = UNITS[self.unit]
        if in_english():  # which counts in thousands: no 万, no 亿
            return f"{currency} {plain(self.value * size / 1_000_000, 12)} million"
        return f"{plain(self.value, 6)} {label}"

    @property
    def _values(self) -> tuple[Any, ...]:
        return self.value if isinstance(self.value, tuple) else (self.value,)

    @property
    def written(self) -> str:
        """The value for a form: codes stand beside names, of which several codes may have the same."""
        if self.op == "known" or self.field.kind in {FLAG, AMOUNT, NUMBER, DATE}:
            return self.value_words
        return "；".join(f"{self.field.named(value)}（{value}）" for value in self._values)

    # The two readings of each kind stand side by side.

    def judge(self, obj: Any, day: date) -> Verdict:
        """Answer for one object."""
        found = self.field.value(obj, day)
        if self.op == "known":
            is_known = found is not None and (self.field.kind != ORDER or found in self.field.ordered(day))
            return Verdict(is_known == self.value, (self.field.say("known" if is_known else "unknown"),))
        if found is None:
            return Verdict(None, (self.field.say("unknown"),))
        match self.field.kind:
            case "amount" | "number":
                return self._judge_number(found, day)
            case "date":
                low, high = self._bounds(day)
                holds = (low is None or found >= low) and (high is None or found <= high)
                return Verdict(holds, (self._say(found.isoformat(), holds),))
            case "flag":
                return Verdict(found == self.value, (self.field.say("yes" if found else "no"),))
            case "place":
                places = self._places()
                holds = found in places if self.field.exact else str(found).startswith(tuple(places))
                return Verdict(holds, (self._say(self.field.named(found), holds),))
            case "set":
                there = [text for code, text in found.items() if code in self.value]
                holds = bool(there) == (self.op == "in")
                told = _("、").join(there or found.values()) or _("无")
                return Verdict(holds, (self._say(told, holds),))
            case _:
                wanted, wants = self._wanted(day)
                if wanted is None or (self.field.kind == ORDER and found not in self.field.ordered(day)):
                    return Verdict(None, (_("%(field)s无法比较：城市方案中已没有这个代码") % self._said(),))
                holds = (found in wanted) == wants
                return Verdict(holds, (self._say(self.field.named(found), holds),))

    def q(self, day: date) -> Q:
        """Return the Q of the rows for which the answer is yes."""
        filled = self.field.filled(day)
        match self.field.kind:
            case _ if self.op == "known":
                return filled if self.value else otherwise(filled)
            case "amount" | "number":
                limit = self._limit(day)
                return NOTHING if limit is None else Q(_LOOKUPS[self.op](self.field.on(day), limit))
            case "date":
                return self._q_dates(day)
            case "flag":
                return Q(**{self.field.column: self.value})
            case "place":
                return self._q_places(day)
            case "set":
                assert self.field.among is not None
                there = self.field.among(frozenset(self.value), day)
                return filled & (there if self.op == "in" else otherwise(there))
            case _:
                wanted, wants = self._wanted(day)
                return NOTHING if wanted is None else self._q_codes(wanted, wants, day) & filled

    def no(self, day: date) -> Q:
        """Return the Q of the rows for which the answer is no; those of which it is not known are neither here nor in ``q``."""
        if self.op == "known":
            return otherwise(self.q(day))
        filled = self.field.filled(day)
        match self.field.kind:
            case "amount" | "number":
                limit = self._limit(day)
                return (
                    NOTHING if limit is None else Q(_LOOKUPS[_OPPOSITE[self.op]](self.field.on(day), limit))
                )
            case "date" | "place" | "set" | "flag":
                return filled & otherwise(self.q(day))
            case _:
                wanted, wants = self._wanted(day)
                return NOTHING if wanted is None else self._q_codes(wanted, not wants, day) & filled

    def _judge_number(self, found: Decimal, day: date) -> Verdict:
        limit = self._limit(day)
        if limit is None:
            return Verdict(None, (_("城市方案中没有%(unit)s的汇率") % {"unit": UNITS[self.unit][0]},))
        holds = _HOLDS[self.op](found, limit)
        said = {
            "field": self.field.in_sentence,
            "how": WORDS[self.op if holds else _OPPOSITE[self.op]],
            "value": self.value_words,
        }
        if self.field.kind == NUMBER:
            said["found"] = f"{plain(found)} {self.field.unit}".strip()
        else:
            said["found"] = exact(found)
            if UNITS[self.unit][1] != "CNY":
                told = {"foreign": self.value_words, "yuan": show(limit)}
                said["value"] = _("%(foreign)s（折 %(yuan)s）") % told
        return Verdict(holds, (_("%(field)s %(found)s，%(how)s %(value)s") % said,))

    def _limit(self, day: date) -> Decimal | None:
        """Return the value to compare with, an amount in yuan at the day's rate; None where there is no rate."""
        if self.field.kind == NUMBER:
            return Decimal(self.value)
        _label, currency, size = UNITS[self.unit]
        rate = Decimal(1) if currency == "CNY" else queries.rate_of(currency, day)
        return None if rate is None else (self.value * size * rate).quantize(Decimal("0.01"))

    def _bounds(self, day: date) -> tuple[date | None, date | None]:
        """Return the first and the last day that fulfil the comparison on ``day``, which itself counts as one of them."""
        match self.op:
            case "from":
                return self.value, None
            case "until":
                return None, self.value
            case "within_days":
                return day - timedelta(days=self.value - 1), day
            case "within_months":
                return months_before(day, self.value) + timedelta(days=1), day
            case _:
                return day, day + timedelta(days=self.value)

    def _q_dates(self, day: date) -> Q:
        low, high = self._bounds(day)
        found, ends = self.field.on(day), list[Q]()
        if low is not None:
            ends.append(Q(GreaterThanOrEqual(found, _moment(low) if self.field.is_moment else low)))
        if high is not None and self.field.is_moment:
            ends.append(Q(LessThan(found, _moment(high + timedelta(days=1)))))
        elif high is not None:
            ends.append(Q(LessThanOrEqual(found, high)))
        return reduce(and_, ends)

    def _wanted(self, day: date) -> tuple[frozenset[str] | None, bool]:
        """Return codes and whether one of them is wanted or none; no codes when the profile no longer orders the value."""
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        if self.op in {"at_least", "at_most"}:
            order = self.field.ordered(day)
            if self.value not in order:
                return None, True
            at = order.index(self.value)
            return frozenset(order[at:] if self.op == "at_least" else order[: at + 1]), True
        return frozenset(values), self.op in {"is", "in"}

    def _q_codes(self, codes: frozenset[str], wants: bool, day: date) -> Q:
        if self.field.kind == ORDER:
            order = frozenset(self.field.ordered(day))
            codes = codes & order if wants else order - codes
            wants = True
        found = (
            self.field.among(codes, day)
            if self.field.among
            else Q(**{f"{self.field.column}__in": sorted(codes)})
        )
        return found if wants else ~found

    def _places(self) -> frozenset[Any]:
        assert self.field.below is not None
        return frozenset().union(*(self.field.below(code) for code in self.value))

    def _q_places(self, day: date) -> Q:
        places = self._places()
        if self.field.among:
            return self.field.among(places, day)
        if self.field.exact:
            return Q(**{f"{self.field.column}__in": sorted(places)})
        return reduce(
            or_, (Q(**{f"{self.field.column}__startswith": place}) for place in sorted(places)), NOTHING
        )

    def _said(self) -> dict[str, Any]:
        return {"field": self.field.in_sentence}

    @property
    def _asks_for_one(self) -> bool:
        """Say whether one code fulfils the comparison, so that to name what was found is to say that it fits."""
        one = self.op == "is" or (self.op == "in" and len(self.value) == 1)
        return one and self.field.kind in {CHOICE, ORDER}

    def _say(self, found: str, holds: bool) -> str:
        told = {"field": self.field.in_sentence, "found": found, "words": self.words}
        if holds and self._asks_for_one:
            return _("%(field)s为“%(found)s”") % told
        if holds:
            return _("%(field)s为“%(found)s”，符合“%(words)s”") % told
        return _("%(field)s为“%(found)s”，不符合“%(words)s”") % told


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all, or any, must hold."""

    joined: str
    parts: tuple[Comparison | Group, ...]

    def comparisons(self) -> Iterator[Comparison]:
        for part in self.parts:
            yield from part.comparisons()

    def data(self) -> dict[str, Any]:
        return {self.joined: [part.data() for part in self.parts]}

    @property
    def words(self) -> str:
        """The condition as an officer says it, parts of another kind in brackets."""
        said = [
            _("（%(words)s）") % {"words": part.words} if isinstance(part, Group) and len(part.parts) > 1 else part.words
            for part in self.parts
        ]  # fmt: skip
        if len(said) == 1:
            return said[0]
        joint = _("%(first)s，且%(last)s") if self.joined == "all" else _("%(first)s，或%(last)s")
        return joint % {"first": _("，").join(said[:-1]), "last": said[-1]}

    def judge(self, obj: Any, day: date) -> Verdict:
        """Answer for one object: what decides is told, not what agrees with it by the way."""
        found = [part.judge(obj, day) for part in self.parts]
        answers = {verdict.answer for verdict in found}
        decisive = self.joined != "all"  # one yes decides “any”, one no decides “all”
        answer: bool | None = decisive if decisive in answers else (None if None in answers else not decisive)
        told = (verdict.sentences for verdict in found if verdict.answer is answer)
        return Verdict(answer, tuple(sentence for sentences in told for sentence in sentences))

    def q(self, day: date) -> Q:
        return reduce(and_ if self.joined == "all" else or_, (part.q(day) for part in self.parts))

    def no(self, day: date) -> Q:
        """Return the Q of the rows for which the answer is no."""
        return reduce(or_ if self.joined == "all" else and_, (part.no(day) for part in self.parts))


Condition = Comparison | Group


def _either(values: Sequence[str]) -> str:
    """Return names of which one is enough: “制造业、金融业或房地产业”."""
    if len(values) < 2:
        return "".join(values)
    return _("%(first)s或%(last)s") % {"first": _("、").join(values[:-1]), "last": values[-1]}


def otherwise(q: Q) -> Q:
    """Return the Q of all other rows: SQL’s NOT would leave out those of which it does not know."""
    fits = Case(When(q, then=Value(1)), default=Value(0), output_field=IntegerField())
    return Q(Exact(fits, 0))


def months_before(day: date, months: int) -> date:
    """Return the same day so many months earlier; of a month’s last day the last day, so that whole months are whole."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    is_last = day.day == monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_last else min(day.day, last))


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


# --- parsing ------------------------------------------------------------------------------------------------------


class WrongCondition(Invalid):
    """Refuse a condition; ``mistakes`` says what is wrong with it, each with its place."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__(_("；").join(mistakes), fields={"condition": list(mistakes)})
        self.mistakes = list(mistakes)


def parse(data: Any, fields: Fields, is_code: Callable[[str, str], bool] | None = None) -> Condition:
    """Return the condition that plain data says; WrongCondition lists every mistake.

    ``is_code`` says whether a code table has a code, by default the tables of the database.
    """
    parser = _Parser(fields, is_code or _is_known)
    condition = parser.condition(data, "", 1)
    if parser.count > MOST_COMPARISONS:
        parser.mistakes.append(
            _("条件太多（%(count)s 条），最多 %(most)s 条")
            % {"count": parser.count, "most": MOST_COMPARISONS}
        )
    if parser.mistakes or condition is None:
        raise WrongCondition(parser.mistakes)
    return condition


def _is_known(table: str, code: str) -> bool:
    return queries.codes(table).filter(code=code).exists()


class _Mistake(ValueError):
    """What is wrong with one part of a condition."""


def _wrong(sentence: str, **values: Any) -> _Mistake:
    return _Mistake(sentence % values if values else sentence)


class _Parser:
    def __init__(self, fields: Fields, is_code: Callable[[str, str], bool]) -> None:
        self.fields, self.is_code = fields, is_code
        self.mistakes: list[str] = []
        self.count = 0

    def condition(self, data: Any, place: str, depth: int) -> Condition | None:
        """Return a condition or the part of one at ``place``; None after noting what is wrong with it."""
        try:
            return self._condition(data, place, depth)
        except _Mistake as error:
            told = {"place": place, "text": error}
            self.mistakes.append(_("第 %(place)s 条：%(text)s") % told if place else str(error))
            return None

    def _condition(self, data: Any, place: str, depth: int) -> Condition | None:
        if not isinstance(data, Mapping):
            raise _wrong(_("条件须写成 {field, op, value} 或 {all: [...]}、{any: [...]}"))
        joined = [name for name in ("all", "any") if name in data]
        if not joined:
            return self.test(data)
        parts = data[joined[0]]
        if len(data) > 1 or not isinstance(parts, list | tuple) or not parts:
            raise _wrong(_("%(name)s 后面须是至少一个条件的列表，且不能与其他内容并列"), name=joined[0])
        if depth > DEEPEST:
            raise _wrong(_("条件套得太深，最多 %(most)s 层"), most=DEEPEST)
        if len(parts) > MOST_COMPARISONS:
            raise _wrong(_("条件太多，最多 %(most)s 条"), most=MOST_COMPARISONS)
        found = [
            self.condition(part, f"{place}.{index}" if place else str(index), depth + 1)
            for index, part in enumerate(parts, 1)
        ]
        whole = [part for part in found if part is not None]
        return Group(joined[0], tuple(whole)) if len(whole) == len(found) else None

    def test(self, data: Mapping[str, Any]) -> Comparison:
        self.count += 1
        unknown = [str(name) for name in data if name not in {"field", "op", "value", "unit"}]
        if unknown:
            raise _wrong(_("没有“%(name)s”这一项"), name=unknown[0][:40])
        name, op = data.get("field"), data.get("op")
        if name in (None, ""):
            raise _wrong(_("没有写明比较哪个字段（field）"))
        item = self.fields.by_name.get(name) if isinstance(name, str) else None
        if item is None:
            names = _("、").join(f"{field.name}（{field.label}）" for field in self.fields)
            raise _wrong(_("没有“%(name)s”这个字段，可用的有：%(names)s"), name=str(name)[:40], names=names)
        if not isinstance(op, str) or op not in OPS[item.kind]:
            fit = _("、").join(f"{name}（{WORDS[name]}）" for name in OPS[item.kind])
            raise _wrong(_("“%(field)s”不能用“%(op)s”比较，可用的有：%(ops)s"),
                              field=item.label, op=str(op)[:40], ops=fit)  # fmt: skip
        unit = data.get("unit", "")
        if unit and (item.kind != AMOUNT or op == "known" or not isinstance(unit, str) or unit not in UNITS):
            raise _wrong(_("单位“%(unit)s”不能用在这里；金额的单位有：%(units)s"),
                              unit=str(unit)[:40], units=_("、").join(UNITS))  # fmt: skip
        value = self.value(item, op, data.get("value"))
        unit = (unit or "yi") if item.kind == AMOUNT and op != "known" else ""
        if unit and value * UNITS[unit][2] > MOST:
            raise _wrong(_("金额过大，请检查单位"))
        return Comparison(item, op, value, unit)

    def value(self, item: Field, op: str, value: Any) -> Any:
        """Return the value as its kind wants it."""
        if op == "known" or item.kind == FLAG:
            if not isinstance(value, bool):
                raise _wrong(_("“%(field)s”的值须是 true 或 false"), field=item.label)
            return value
        match item.kind:
            case "amount" | "number":
                return self.number(item, value)
            case "date" if op in {"from", "until"}:
                return self.day(item, value)
            case "date":
                most = FURTHEST_MONTHS if op == "within_months" else FURTHEST_DAYS
                if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
                    return value
                raise _wrong(_("“%(field)s”的值须是 1 到 %(most)s 的整数"), field=item.label, most=most)
            case _:
                return self.codes(item, op, value)

    def number(self, item: Field, value: Any) -> Decimal:
        try:
            found = (
                Decimal(str(value))
                if isinstance(value, int | float | str | Decimal) and not isinstance(value, bool)
                else None
            )
        except InvalidOperation:
            found = None
        if found is None or not found.is_finite() or not 0 <= found <= MOST or found != round(found, 6):
            raise _wrong(_("“%(field)s”的值须是不小于 0 的数，最多六位小数"), field=item.label)
        return found

    def day(self, item: Field, value: Any) -> date:
        try:
            found = value if type(value) is date else date.fromisoformat(value)
            if not 2000 <= found.year <= 2999:
                raise ValueError
            return found
        except (TypeError, ValueError):
            raise _wrong(_("“%(field)s”的值须是日期，如 2026-05-01"), field=item.label) from None

    def codes(self, item: Field, op: str, value: Any) -> Any:
        several = op in {"in", "not_in", "under"}
        values = value if isinstance(value, list | tuple) else [value]
        if (
            not values
            or len(values) > (LONGEST_LIST if several else 1)
            or not all(isinstance(code, str) for code in values)
        ):
            raise _wrong(_("“%(field)s”的值须是%(what)s"), field=item.label,
                              what=_("一个或几个代码") if several else _("一个代码"))  # fmt: skip
        for code in values:
            is_known = (
                code in item.choices
                if item.choices
                else 0 < len(code) <= 40 and self.is_code(item.table, code)
            )
            if not is_known:
                raise _wrong(_("“%(field)s”没有代码“%(code)s”"), field=item.label, code=code[:40])
        return tuple(values) if several else values[0]


# --- words --------------------------------------------------------------------------------------------------------


def in_words(condition: Condition) -> tuple[str, list[tuple[str, str, str]]] | None:
    """Return how comparisons are joined and each as field, op and value in words; None of one with parts inside parts."""
    parts = condition.parts if isinstance(condition, Group) else (condition,)
    found = [(part.field.name, part.op, part.written) for part in parts if isinstance(part, Comparison)]
    joined = condition.joined if isinstance(condition, Group) else "all"
    return (joined, found) if len(found) == len(parts) else None


def from_words(item: Field, op: str, text: str) -> dict[str, Any]:
    """Return a comparison as data from a value in words: “1 亿元”, “是”, “签约”, “制造业、金融业”; ``parse`` refuses what is wrong."""
    text = text.strip()
    data: dict[str, Any] = {"field": item.name, "op": op, "value": text}
    if op == "known" or item.kind == FLAG:
        data["value"] = {str(_("是")): True, str(_("否")): False}.get(text, text)
    elif item.kind == NUMBER:
        found = _NUMBER.match(text)
        if found and text[found.end() :].strip() in {"", str(item.unit)}:
            data["value"] = found[0].replace(",", "")
    elif item.kind == AMOUNT:
        data |= _amount_in(text)
    elif item.kind == DATE and op not in {"from", "until"}:
        data["value"] = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else text
    elif item.kind != DATE:
        codes = _codes_of(item, text)
        data["value"] = codes if op in {"in", "not_in", "under"} else (codes[0] if len(codes) == 1 else codes)
    return data


def _amount_in(text: str) -> dict[str, Any]:
    """Return value and unit of an amount in words, 亿元 without a unit; nothing of one that says neither."""
    if english := _ENGLISH.fullmatch(text):
        own = [code for code, (_label, currency, _size) in UNITS.items() if currency == english[1]]
        if own:
            amount = Decimal(english[2].replace(",", "")) * 1_000_000
            unit = spoken_unit(amount, own) if amount <= MOST else own[0]
            return {"value": f"{amount / UNITS[unit][2]:f}", "unit": unit}
    found = _NUMBER.match(text)
    unit = text[found.end() :].strip() if found else ""
    units = {str(label): code for code, (label, _currency, _size) in UNITS.items()}
    if found and (not unit or unit in units):
        return {"value": found[0].replace(",", ""), "unit": units.get(unit, "yi")}
    return {}


_ENGLISH = re.compile(r"([A-Z]{3}) ([0-9][0-9,]*(?:\.[0-9]+)?) million")
_NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")


def _codes_of(item: Field, text: str) -> list[str]:
    """Return the codes that a text means, names that mean none or several as they are: ``parse`` refuses those.

    Names are parted by “；”, and by “、” where that is not part of a name; a code may stand behind its name in brackets.
    """
    named: Mapping[str, Any] = item.names() if item.names else item.choices
    if not named and item.table:
        named = {entry.code: entry.label for entry in queries.entries(item.table)}
    codes: list[str] = []
    for token in filter(None, map(str.strip, re.split(r"[;；]", text))):
        bracketed = _CODE.search(token)
        if bracketed and (bracketed[1] in named or not named):
            codes.append(bracketed[1])
            continue
        whole = _meant(named, token)
        parts = [token] if whole else [part.strip() for part in re.split(r"[、,，]", token) if part.strip()]
        codes += [_meant(named, part) or part for part in parts]
    return codes


_CODE = re.compile(r"（([^（）]+)）\Z")


def _meant(named: Mapping[str, Any], name: str) -> str:
    """Return the code that a name or a code means; nothing when several have the name."""
    if name in named:
        return name
    found = [code for code, label in named.items() if str(label) == name]
    return found[0] if len(found) == 1 else ""
