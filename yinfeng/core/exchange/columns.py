"""What the columns of a table hold: one declaration that templates, imports and exports follow."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Literal, get_args

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rapidfuzz import fuzz, process

from yinfeng.core.exchange import values
from yinfeng.core.exchange.values import ONE, CellError, ParsedMoney, Raw, Unit

__all__ = ["CellError", "Column", "Header", "ParsedMoney", "Raw", "Reading", "Value", "said_in_all_languages"]

Text = str | Promise

# What the product's own files hold beside the table; reading passes over it without a word.
ABOUT_SHEET = gettext_lazy("关于本表")
GUIDE_SHEET = gettext_lazy("填写说明")
LISTS_SHEET = gettext_lazy("可填内容")
RESULT_HEAD = gettext_lazy("导入结果")
REMARK_HEAD = gettext_lazy("导入说明")
REQUIRED_MARK = "*"

Kind = Literal["text", "integer", "decimal", "money", "date", "datetime", "boolean", "choice", "code"]
Value = str | int | Decimal | bool | dt.date | dt.datetime | ParsedMoney | None

# A sentence names the choices while they are so few; beyond that it points to the template.
NAMED_CHOICES = 8
ALIKE = 50

_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|【([^【】]*)】|〔([^〔〕]*)〕")
_UNIT_BEHIND = re.compile(r"[,/]([^,/]+)$")
_MARKS = re.compile(r"[\s*※:·、]+")


def said_in_all_languages(text: Text) -> list[str]:
    """Return the text in every language of the product; a plain string is returned as it is."""
    if isinstance(text, str):
        return [text]
    said = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            said.append(str(text))
    return list(dict.fromkeys(said))


@dataclass(frozen=True, slots=True)
class Header:
    """The head of one column of a file: its text, the name that is compared and the remarks in brackets."""

    text: str
    name: str
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, raw: Raw) -> Header:
        """Take a head apart: “*总投资（亿元）” and “总投资/亿元” are 总投资 with the remark 亿元."""
        text = values.read_text(raw) if raw is not None else ""
        half = values.half_width(text)
        remarks = ["".join(groups).strip() for groups in _BRACKETS.findall(half)]
        name = _BRACKETS.sub("", half).strip()
        if (behind := _UNIT_BEHIND.search(name)) and values.parse_unit(behind[1]):
            name, remarks = name[: behind.start()], [*remarks, behind[1]]
        return cls(
            " ".join(text.split()),
            _MARKS.sub("", name),
            tuple(re.sub("^单位:?", "", r).strip() for r in remarks),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell was read as, and the doubts about it."""

    value: Value
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Column:
    """One column: its name in code, the label people see, and what its cells may hold.

    A declaration: two of them are equal only if they are one.

    Attributes:
        choices: pairs of code and label; a cell may hold either, in any language of the product.
        unit: of a money column 万元 unless another is given, of a number column (㎡, 人, %) printed behind the label.
        aliases: other heads under which files carry this column.
        plausible: of a money column, the least and the most, in yuan, that need no question.
    """

    name: str
    label: Text
    kind: Kind = "text"
    required: bool = False
    help: Text = ""
    choices: Sequence[tuple[str, Text]] = ()
    unit: Text = ""
    examples: Sequence[str] = ()
    aliases: Sequence[str] = ()
    plausible: tuple[Decimal, Decimal] | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"{self.name}: no such kind of column: {self.kind}")
        if self.kind == "money" and not self.unit:
            object.__setattr__(self, "unit", gettext_lazy("万元"))
        # A translated unit is only looked at in use: columns are declared before the translations are there.
        if self.kind == "money" and isinstance(self.unit, str) and not values.parse_unit(self.unit):
            raise ValueError(f"{self.name}: {self.unit} is no unit of money")
        if self.kind == "choice" and not self.choices:
            raise ValueError(f"{self.name}: a choice column lists its choices")

    @property
    def head(self) -> str:
        """Return the label with its unit, as it stands over the column: 总投资（万元）."""
        return (
            _("%(label)s（%(unit)s）") % {"label": self.label, "unit": self.unit}
            if self.unit
            else str(self.label)
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """Return every head, as compared, under which this column is recognised."""
        heads = [self.name, *self.aliases, *said_in_all_languages(self.label)]
        return frozenset(name for head in heads if (name := Header.of(head).name))

    @cached_property
    def money_unit(self) -> Unit:
        """Return the unit of a money column; of a translated one, the first wording that names a unit."""
        for text in said_in_all_languages(self.unit):
            if unit := values.parse_unit(text):
                return unit
        raise ValueError(f"{self.name}: {self.unit} is no unit of money")

    @cached_property
    def _plain_unit(self) -> str:
        """Return the unit as files write it, whatever language the page is in."""
        return said_in_all_languages(self.unit)[0]

    def label_of(self, code: str) -> str:
        """Return the label of a choice, in the language of the page; a code that is no choice is returned as it is."""
        label = self._labels.get(code)
        return code if label is None else str(label)

    @cached_property
    def _labels(self) -> dict[str, Text]:
        return dict(self.choices)

    @cached_property
    def _codes(self) -> dict[str, str | None]:
        """Return code by everything a cell may say for it; ``None`` where two choices share a label."""
        codes: dict[str, str | None] = {}
        for code, label in self.choices:
            for said in said_in_all_languages(label):
                key = values.folded(said)
                codes[key] = code if codes.get(key, code) == code else None
        for code, _label in self.choices:
            codes[values.folded(code)] = code
        return codes

    def unit_of(self, header: Header) -> Unit | Decimal | None:
        """Return the unit that a head states where it differs from the column's own: a money unit, or a factor.

        Raises:
            CellError: the head states a unit whose numbers must be converted first.
        """
        own = {"", *(values.folded(text) for text in said_in_all_languages(self.unit))}
        for remark in header.remarks:
            if values.folded(remark) in own:
                continue
            if self.kind == "money":
                unit = values.parse_unit(remark, self.money_unit.currency)
                if unit and not unit.equals(self.money_unit):
                    return unit
            elif self.kind in {"integer", "decimal"} and self.unit:
                size = values.unit_size(remark, self._plain_unit)
                if size is not None and size != ONE:
                    return size
        return None

    def parse(self, raw: Raw) -> Value:
        """Return the value of a cell, ``None`` when it is empty.

        Raises:
            CellError: the cell cannot be read; the sentence does not name the column.
        """
        return self.read(raw).value

    def read(self, raw: Raw, unit: Unit | Decimal | None = None) -> Reading:
        """Return the value of a cell and the doubts about it; ``unit`` is what ``unit_of`` found in the head.

        Raises:
            CellError: as ``parse``.
        """
        questions: list[str] = []
        if isinstance(raw, str) and values.shows_error(raw):
            values.refuse_error(raw.strip())
        words = self.kind in {"text", "code", "boolean", "choice"}
        if values.is_blank(raw) if words else values.says_nothing(raw, questions):
            if self.required:
                raise CellError(_("必须填写。"))
            return Reading(None, tuple(questions))
        return Reading(self._value(raw, questions, unit), tuple(questions))

    def _value(self, raw: Raw, questions: list[str], unit: Unit | Decimal | None) -> Value:
        match self.kind:
            case "text":
                return values.read_text(raw)
            case "code":
                return values.read_code(raw)
            case "integer" | "decimal":
                size = unit if isinstance(unit, Decimal) else ONE
                read = values.read_integer if self.kind == "integer" else values.read_decimal
                return read(raw, questions, self._plain_unit, size)
            case "money":
                money_unit = unit if isinstance(unit, Unit) else self.money_unit
                return values.read_money(raw, questions, money_unit, self.plausible)
            case "date":
                return values.read_date(raw)
            case "datetime":
                return values.read_datetime(raw)
            case "boolean":
                return values.read_boolean(raw)
            case "choice":
                return self._choice(raw)

    def _choice(self, raw: Raw) -> str:
        said = values.read_text(raw)
        key = values.folded(said)
        if key not in self._codes:
            raise CellError(self._no_such_choice(said))
        if (code := self._codes[key]) is None:
            raise CellError(_("“%(text)s”对应不止一项，请改填编码。") % {"text": values.shorten(said)})
        return code

    def _no_such_choice(self, said: str) -> str:
        labels = [str(label) for _code, label in self.choices]
        wrong = {"text": values.shorten(said)}
        if len(labels) <= NAMED_CHOICES:
            return _("“%(text)s”不在可填的内容之中，可填：%(choices)s。") % (
                wrong | {"choices": _("、").join(labels)}
            )
        if alike := process.extract(wrong["text"], labels, scorer=fuzz.ratio, limit=3, score_cutoff=ALIKE):
            names = _("、").join(label for label, _score, _index in alike)
            return _("“%(text)s”不在可填的内容之中，是不是指：%(choices)s？") % (wrong | {"choices": names})
        return _("“%(text)s”不在可填的内容之中，请对照模板中的可填内容。") % wrong


# --- the usual cells of a column ----------------------------------------------------------------------------------

# What ``usual`` answers of a cell that has to be read with all care.
UNUSUAL: Final = object()
_INTEGERS = 10**values.FLOAT_DIGITS


def usual(column: Column, unit: Unit | Decimal | None) -> Callable[[Raw], Any]:
    """Return what reads the usual cells of a column as ``Column.read`` does, many times sooner; others are ``UNUSUAL``.

    A usual cell raises neither doubt nor error: a text of one line, a whole number, a date.
    """
    match column.kind:
        case "text":
            return _usual_text
        case "code":
            return _usual_code
        case "integer" if unit is None and column.unit != "%":
            return _usual_integer
        case "money":
            return _usual_money(unit if isinstance(unit, Unit) else column.money_unit, column.plausible)
        case "date":
            return _usual_date
    return lambda raw: UNUSUAL


def _usual_text(raw: Raw) -> Any:
    if type(raw) is str and (raw.isalnum() or (raw.isprintable() and "#" not in raw and "_x" not in raw)):
        return raw.strip() or UNUSUAL
    return UNUSUAL


def _usual_code(raw: Raw) -> Any:
    # 1.5e+10 has a dot, and digits alone are no sign of lost ones in a text.
    return raw if type(raw) is str and raw.isalnum() and raw.isascii() else UNUSUAL


def _usual_integer(raw: Raw) -> Any:
    if (type(raw) is float and raw.is_integer()) or type(raw) is int:
        return int(raw) if -_INTEGERS < raw < _INTEGERS else UNUSUAL
    return int(raw) if type(raw) is str and _is_plain(raw) else UNUSUAL


def _usual_money(unit: Unit, plausible: tuple[Decimal, Decimal] | None) -> Callable[[Raw], Any]:
    low, high = plausible or (Decimal(0), values.LARGEST_NUMBER - 1)

    def read(raw: Raw) -> Any:
        amount = _usual_integer(raw)
        if amount is UNUSUAL:
            return UNUSUAL
        amount = Decimal(amount)
        base = amount * unit.size
        if not low <= base <= high or base >= values.LARGEST_NUMBER:
            return UNUSUAL
        return ParsedMoney(amount, unit.currency, unit.text, base)

    return read


def _usual_date(raw: Raw) -> Any:
    if type(raw) is str and len(raw) == 10 and raw[4] == raw[7] == "-":
        try:
            raw = dt.date.fromisoformat(raw)
        except ValueError:
            return UNUSUAL
    return raw if type(raw) is dt.date and values.FIRST_YEAR <= raw.year <= values.LAST_YEAR else UNUSUAL


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= values.FLOAT_DIGITS
