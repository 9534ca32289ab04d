"""Read single values as officers type them: numbers, amounts of money, dates, yes and no.

Everything goes through NFKC first, so that full-width digits and punctuation are what they look like. Each function
raises ``CellError`` with a sentence that says what is wrong and how to write it; doubts that do not forbid reading are
appended to ``questions``.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core.errors import Invalid

# What a cell holds before it is read.
Raw = str | int | float | Decimal | dt.date | dt.time | dt.timedelta | None


class CellError(Invalid):
    """Refuse one cell with the sentence its author reads."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of money: ``size`` of the currency's own units (万美元: 10,000 USD) and how it is written."""

    size: Decimal
    currency: str
    text: str

    def equals(self, other: Unit) -> bool:
        """Say whether amounts in both are the same, however the units are written."""
        return (self.size, self.currency) == (other.size, other.currency)


@dataclass(frozen=True, slots=True)
class ParsedMoney:
    """An amount as it was written (``amount`` of ``unit``) and in the currency's own unit (yuan, dollars)."""

    amount: Decimal
    currency: str
    unit: str
    amount_in_base: Decimal


LONGEST_NUMBER = 100
LARGEST_NUMBER = Decimal(10) ** 16
# A workbook's floats carry 53 bits; Excel itself keeps and shows 15 digits.
FLOAT_DIGITS = 15
ONE = Decimal(1)

SIZES: Mapping[str, Decimal] = {
    "千": Decimal(10) ** 3,
    "万": Decimal(10) ** 4,
    "十万": Decimal(10) ** 5,
    "百万": Decimal(10) ** 6,
    "千万": Decimal(10) ** 7,
    "亿": Decimal(10) ** 8,
    "十亿": Decimal(10) ** 9,
    "百亿": Decimal(10) ** 10,
    "千亿": Decimal(10) ** 11,
    "万亿": Decimal(10) ** 12,
    "thousand": Decimal(10) ** 3,
    "mn": Decimal(10) ** 6,
    "million": Decimal(10) ** 6,
    "bn": Decimal(10) ** 9,
    "billion": Decimal(10) ** 9,
    "trillion": Decimal(10) ** 12,
}

# How a currency is called before or behind an amount, after NFKC and case folding. The first Chinese word is the one
# written behind a Chinese number.
CURRENCIES: Mapping[str, tuple[str, ...]] = {
    "CNY": ("元", "人民币元", "元人民币", "人民币", "yuan", "rmb", "cny", "cn¥", "¥"),
    "USD": ("美元", "美金", "usd", "us$", "$", "us dollars", "dollars"),
    "HKD": ("港元", "港币", "hkd", "hk$"),
    "EUR": ("欧元", "eur", "€", "euros", "euro"),
    "JPY": ("日元", "jpy", "jp¥"),
    "GBP": ("英镑", "gbp", "£"),
    "TWD": ("新台币", "新台币元", "台币", "twd", "nt$"),
    "KRW": ("韩元", "韩币", "krw", "₩"),
    "SGD": ("新加坡元", "新加坡币", "新币", "sgd", "s$"),
    "MOP": ("澳门元", "澳门币", "mop", "mop$"),
    "AUD": ("澳元", "澳大利亚元", "aud", "a$"),
    "CAD": ("加元", "加拿大元", "cad", "c$"),
    "CHF": ("瑞士法郎", "瑞郎", "chf"),
    "MYR": ("林吉特", "马币", "myr"),
    "THB": ("泰铢", "thb"),
    "IDR": ("印尼盾", "印尼卢比", "idr"),
    "VND": ("越南盾", "vnd"),
    "RUB": ("卢布", "rub"),
    "PHP": ("菲律宾比索", "php"),
    "NZD": ("新西兰元", "nzd"),
}
_CURRENCY_OF = {word: code for code, words in CURRENCIES.items() for word in words}
# Bounds of what is plausible are given in yuan; within an order of magnitude they hold for these too.
_LIKE_YUAN = frozenset({"CNY", "USD", "HKD", "EUR", "GBP", "SGD", "MOP", "AUD", "CAD", "CHF", "NZD"})

# Units of other numbers that mean the same, after NFKC (㎡ and m² become m2).
_SAME_UNITS = (
    ("m2", "平方米", "平米"),
    ("亩", "mu"),
    ("公顷", "ha"),
    ("平方公里", "平方千米", "km2"),
    ("%", "百分比"),
    ("人", "名", "位"),
    ("家", "户"),
    ("个",),
    ("项",),
    ("吨", "t"),
    ("米", "m"),
    ("年",),
    ("月", "个月"),
    ("日", "天"),
)
_UNIT_NAMES = {word: words[0] for words in _SAME_UNITS for word in words}

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TRADITIONAL = str.maketrans("萬億圓圆幣臺歐鎊", "万亿元元币台欧镑")
_ERRORS = frozenset({"#n/a", "#ref!", "#value!", "#div/0!", "#name?", "#num!", "#null!", "#spill!", "#calc!"})
_NOTHING = frozenset({"-", "--", "—", "——", "―", "–", "/", "\\", "n/a", "na", "nil", "none", "null"})
_NOT_KNOWN = frozenset({"无", "暂无", "不详", "未知", "待定", "未定", "暂缺", "tbd", "unknown"})


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


# A sign, digits in threes or not grouped at all, decimals, an exponent as Excel writes it into csv.
_NUMBER = r"[+\-−]?(?:\d{1,3}(?:[, ]\d{3})+|\d+|(?=\.\d))(?:\.\d+)?(?:e[+-]?\d{1,2})?"
_SIZE = _any_of(SIZES)
_CURRENCY = _any_of(_CURRENCY_OF)
_PLAIN = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<size>{_SIZE})?\s*(?P<rest>.*)", re.DOTALL)
_MONEY = re.compile(
    r"(?P<about>大约|约为|约|将?近|超过|超|逾|不低于|不少于|不超过)?\s*"
    rf"(?P<before>{_CURRENCY})?\s*(?P<number>{_NUMBER})\s*(?P<more>余|多)?\s*(?P<size>{_SIZE})?\s*"
    rf"(?P<behind>{_CURRENCY})?\s*(?P<around>左右|以上|以下|以内)?"
)
_UNIT = re.compile(rf"(?P<before>{_CURRENCY})?\s*(?P<size>{_SIZE})?\s*(?P<behind>{_CURRENCY})?")

_YMD = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?"
_TIME = r"(\d{1,2})\s*[:时点]\s*(\d{1,2})\s*分?\s*(?::?\s*(\d{1,2})(?:\.\d+)?\s*秒?)?"
_MOMENT = re.compile(rf"{_YMD}(?:\s*(?:星期|周)[一二三四五六日天])?(?:[\sT]*{_TIME})?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*月?|\d{4}\s*年?")
_UNCLEAR = re.compile(r"\d{1,2}\s*[-/.年月]\s*\d{1,2}\s*[-/.月日]\s*\d{1,4}\s*[日号]?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
# Day numbers that a cell of a date column may mean: 1927 to 2099. Smaller ones are years or counts.
FIRST_SERIAL, LAST_SERIAL = 10_000, 73_050
_EXCEL_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 — a workbook knows no time zone
FIRST_YEAR, LAST_YEAR = 1800, 2200

_TRUE = frozenset({"是", "有", "对", "真", "√", "✓", "✔", "☑", "yes", "y", "true", "t", "1"})
_FALSE = frozenset({"否", "无", "没有", "不是", "错", "假", "×", "✗", "✘", "☐", "no", "n", "false", "f", "0"})


# --- text ---------------------------------------------------------------------------------------------------------


def clean_text(raw: str) -> str:
    """Return the text without invisible and control characters, outer spaces and Windows line ends."""
    if raw.isprintable() and "_x" not in raw:  # nearly every cell
        return raw.strip()
    text = raw.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", _INVISIBLE.sub("", text)).strip()


def printable(text: str) -> str:
    """Return the text without characters that XML, and so a workbook, cannot hold."""
    return _CONTROL.sub("", text)


def half_width(raw: str) -> str:
    """Return the text cleaned, in NFKC and lower case, with the simplified characters of number words."""
    return unicodedata.normalize("NFKC", clean_text(raw)).translate(_TRADITIONAL).casefold()


def folded(raw: str) -> str:
    """Return the form in which labels are compared: NFKC, case folded, without any space."""
    return "".join(half_width(raw).split())


def one_line(text: str) -> str:
    """Return the text with single spaces: patterns that allow several in several places take their time over many."""
    return " ".join(text.split())


def shorten(text: str, length: int = 40) -> str:
    """Return the text cut for use in a sentence."""
    return text if len(text) <= length else f"{text[:length]}…"


def is_blank(raw: Raw) -> bool:
    """Say whether the cell holds nothing a person can see."""
    return raw is None or (isinstance(raw, str) and not clean_text(raw))


def refuse_error(shown: str) -> NoReturn:
    """Refuse a cell that shows an error instead of a value."""
    raise CellError(_("单元格显示错误 %(error)s；请改正公式，或直接填写内容。") % {"error": shown})


def shows_error(raw: Raw) -> bool:
    """Say whether the cell holds an error as text, as spreadsheet programs write it into csv."""
    return isinstance(raw, str) and "#" in raw and clean_text(raw).casefold() in _ERRORS


def says_nothing(raw: Raw, questions: list[str]) -> bool:
    """Say whether a cell meant for a number or a date says that there is none: —, /, N/A; 无 and 待定 with a question."""
    if not isinstance(raw, str):
        return raw is None
    text = folded(raw)
    if text in _NOT_KNOWN:
        questions.append(_("“%(text)s”按空白读入，请确认。") % {"text": text})
        return True
    return not text or text in _NOTHING


def read_text(raw: Raw) -> str:
    """Return the cell as text: 328.0 is “328”, a date “2024-05-01”.

    Raises:
        CellError: the workbook has already lost digits of a long number.
    """
    if isinstance(raw, str):
        return clean_text(raw)
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, int | float):
        if abs(raw) >= 10**FLOAT_DIGITS:
            raise _digits_lost()
        return plain(_number(raw))
    if isinstance(raw, dt.datetime):
        return (
            raw.isoformat(sep=" ", timespec="minutes") if raw.time() != dt.time() else raw.date().isoformat()
        )
    return str(raw)


def read_code(raw: Raw) -> str:
    """Return a code without any space, its characters made half-width; upper and lower case stay as they are.

    Raises:
        CellError: the spreadsheet program has already lost digits of it.
    """
    text = "".join(unicodedata.normalize("NFKC", read_text(raw)).split())
    if re.fullmatch(r"\d(?:\.\d+)?[eE]\+\d{2}", text):
        raise _digits_lost()
    return text


def _digits_lost() -> CellError:
    return CellError(_("这串数字被表格软件当成了数值，后几位已经丢失。请把该列设为“文本”格式，再重新填写。"))


# --- numbers ------------------------------------------------------------------------------------------------------


def plain(value: Decimal) -> str:
    """Return the number in plain digits: no exponent, no trailing zeros."""
    shown = f"{value:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def grouped(value: Decimal) -> str:
    """Return the number with thousands separators and no trailing zeros."""
    shown = f"{value:,f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _number(raw: Raw) -> Decimal:
    """Return the number that a workbook's cell shows: a float has at most 15 significant digits."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise CellError(_("单元格是日期、时间或真假值，这里要填数。请把单元格格式改为“常规”，再重新填写。"))
    value = Decimal(f"{raw:.{FLOAT_DIGITS}g}") if isinstance(raw, float) else Decimal(raw)
    if not value.is_finite():
        raise _not_a_number(str(raw))
    return value


def _digits(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace(" ", "").replace("−", "-"))


def _not_a_number(text: str) -> CellError:
    return CellError(_("“%(text)s”不是一个数，请填写数字，例如 1200 或 1,200.5。") % {"text": shorten(text)})


def _bounded(value: Decimal) -> Decimal:
    if abs(value) >= LARGEST_NUMBER:
        raise CellError(_("数值过大，请检查位数和单位。"))
    return value


def unit_name(text: str) -> str:
    """Return one name for all spellings of a unit (平方米, ㎡, m2); an unknown unit is returned as it is compared."""
    name = folded(text)
    return _UNIT_NAMES.get(name, name)


def unit_size(text: str, unit: str) -> Decimal | None:
    """Return how many of ``unit`` one of the unit in ``text`` is (万平方米 in ㎡: 10,000).

    Returns:
        ``None`` when ``text`` is no unit at all (a remark in brackets).

    Raises:
        CellError: it is another unit, so that its numbers must be converted first.
    """
    name, size = folded(text), ONE
    if unit_name(name) == unit_name(unit):
        return ONE
    if match := re.fullmatch(rf"({_SIZE})(.*)", name):
        name, size = match[2], SIZES[match[1]]
    if unit_name(name) == unit_name(unit):
        return size
    if name in _UNIT_NAMES:
        raise CellError(
            _("单位“%(found)s”与要求的“%(unit)s”不同，请换算后再填。") % {"found": text, "unit": unit}
        )
    return None


def read_decimal(raw: Raw, questions: list[str], unit: str = "", size: Decimal = ONE) -> Decimal:
    """Return the number: thousands separators, 万 and 亿, the column's own unit and % are understood.

    Args:
        unit: the column's unit, which a cell may repeat (“200亩”). With “%” values are per cent, else 12% is 0.12.
        size: how many of it one of the header's unit is; a cell with its own unit does not use it.

    Raises:
        CellError: the cell is not one number, is in another unit or out of any range.
    """
    if not isinstance(raw, str):
        value = _number(raw)
        if unit == "%" and 0 < abs(value) <= 1:
            questions.append(
                _("%(number)s 按 %(number)s%% 读入；如果指 %(percent)s%%，请写成“%(percent)s%%”。")
                % {"number": plain(value), "percent": plain(value * 100)}
            )
        return _bounded(value * size)
    text = half_width(raw)
    match = _PLAIN.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    if match is None:
        raise _not_a_number(text)
    value, rest = _digits(match["number"]) * SIZES.get(match["size"] or "", ONE), match["rest"].strip()
    if rest == "%":
        return _bounded(value if unit == "%" else value / 100)
    if rest:
        own = unit_size(rest, unit) if unit else None
        if own is None:
            raise _not_a_number(text)
        return _bounded(value * own)
    return _bounded(value if match["size"] else value * size)


def read_integer(raw: Raw, questions: list[str], unit: str = "", size: Decimal = ONE) -> int:
    """Return the whole number, read as ``read_decimal`` does.

    Raises:
        CellError: it is no number or not a whole one.
    """
    value = read_decimal(raw, questions, unit, size)
    if value != value.to_integral_value():
        raise CellError(_("%(number)s 不是整数，请填写整数。") % {"number": plain(value)})
    return int(value)


# --- money --------------------------------------------------------------------------------------------------------


def parse_unit(text: str, currency: str = "CNY") -> Unit | None:
    """Return the unit of money that ``text`` names (亿元, 万美元, 美元百万, USD million), or ``None`` if it names none.

    ``currency`` is meant where only a size is named (万).
    """
    name = re.sub(r"^单位[::]?", "", one_line(half_width(text))).strip()
    match = _UNIT.fullmatch(name)
    if not name or match is None:
        return None
    words = {_CURRENCY_OF[word] for word in (match["before"], match["behind"]) if word}
    if len(words) > 1:
        return None
    return Unit(SIZES.get(match["size"] or "", ONE), words.pop() if words else currency, clean_text(text))


def show_amount(value: Decimal, currency: str) -> str:
    """Return an amount for a sentence: yuan in 亿元, 万元 or 元, other currencies with their code."""
    if currency != "CNY":
        return f"{currency} {grouped(value)}"
    if abs(value) >= SIZES["亿"]:
        return _("%(amount)s 亿元") % {"amount": grouped(value / SIZES["亿"])}
    if abs(value) >= SIZES["万"]:
        return _("%(amount)s 万元") % {"amount": grouped(value / SIZES["万"])}
    return _("%(amount)s 元") % {"amount": grouped(value)}


def read_money(
    raw: Raw, questions: list[str], unit: Unit, plausible: tuple[Decimal, Decimal] | None = None
) -> ParsedMoney:
    """Return the amount; a unit or currency in the cell wins over ``unit``, that of the column or its header.

    Args:
        plausible: the least and the most, in yuan, that need no question. Amounts beyond are mostly 万 and 亿 mixed up.

    Raises:
        CellError: the cell is not one amount.
    """
    if isinstance(raw, str):
        money = _money_from_text(raw, questions, unit)
    else:
        amount = _number(raw)
        money = ParsedMoney(amount, unit.currency, unit.text, amount * unit.size)
    _bounded(money.amount_in_base)
    if plausible and money.amount_in_base and money.currency in _LIKE_YUAN:
        low, high = plausible
        if not low <= money.amount_in_base <= high:
            written = f"{plain(money.amount)} {money.unit}"
            total = show_amount(money.amount_in_base, money.currency)
            questions.append(
                _("%(written)s = %(total)s，请确认单位。") % {"written": written, "total": total}
                if total.replace(",", "") != written
                else _("%(written)s 与通常的数额相差很大，请确认单位。") % {"written": written}
            )
    return money


def _money_from_text(raw: str, questions: list[str], unit: Unit) -> ParsedMoney:
    text = one_line(half_width(raw))
    match = _MONEY.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    words = {_CURRENCY_OF[word] for word in (match["before"], match["behind"]) if word} if match else set()
    if match is None or len(words) > 1:
        raise CellError(
            _("“%(text)s”不是一个数额。请填写一个数，可以带单位，例如 3.5亿元 或 1200万美元。")
            % {"text": shorten(clean_text(raw))}
        )
    amount, currency = _digits(match["number"]), words.pop() if words else unit.currency
    unsure = bool(match["about"] or match["more"] or match["around"])
    if match["size"] or match["behind"]:
        own = unit_of(SIZES.get(match["size"] or "", ONE), currency)
    elif match["before"]:
        # “USD 500” under 万元: the sign names the currency only, so the column's size holds; that may not be meant.
        own = unit if currency == unit.currency else unit_of(unit.size, currency)
        unsure = unsure or unit.size != ONE
    else:
        own = unit
    if unsure:
        questions.append(
            _("“%(text)s”按 %(amount)s %(unit)s 读入，请确认。")
            % {"text": shorten(clean_text(raw)), "amount": plain(amount), "unit": own.text}
        )
    return ParsedMoney(amount, currency, own.text, amount * own.size)


def unit_of(size: Decimal, currency: str) -> Unit:
    """Return the unit of a currency that has this size, with the name it has behind a Chinese number."""
    word = next((word for word, value in SIZES.items() if value == size), "")
    return Unit(size, currency, f"{word}{CURRENCIES[currency][0]}")


# --- dates and truth ----------------------------------------------------------------------------------------------


def read_datetime(raw: Raw) -> dt.datetime:
    """Return the moment, in the current time zone: a date and perhaps a time in any usual form, or Excel's day number.

    Raises:
        CellError: it is no date, lacks its day or its century, or does not exist.
    """
    if isinstance(raw, dt.datetime):
        moment = raw
    elif isinstance(raw, dt.date):
        moment = dt.datetime.combine(raw, dt.time())
    elif isinstance(raw, str):
        moment = _moment_from_text(half_width(raw))
    elif isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        moment = _moment_from_number(_number(raw))
    else:
        raise _not_a_date(str(raw))
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise CellError(_("年份 %(year)s 不合理，请检查。") % {"year": moment.year})
    return timezone.localtime(moment) if timezone.is_aware(moment) else timezone.make_aware(moment)


def read_date(raw: Raw) -> dt.date:
    """Return the day, read as ``read_datetime`` does."""
    return read_datetime(raw).date()


def _moment_from_text(text: str) -> dt.datetime:
    text = one_line(text)
    match = _MOMENT.fullmatch(text.upper()) or _COMPACT.fullmatch(text)
    if match:
        try:
            return dt.datetime(*(int(part) for part in match.groups() if part is not None))  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:
            raise CellError(_("“%(text)s”这一天不存在，请检查。") % {"text": shorten(text)}) from None
    if _SERIAL.fullmatch(text) and FIRST_SERIAL <= Decimal(text) <= LAST_SERIAL:
        return _moment_from_number(Decimal(text))
    if _MONTH.fullmatch(text):
        raise CellError(_("“%(text)s”没有写到日，请写成 2024-05-01 的样子。") % {"text": text})
    if _UNCLEAR.fullmatch(text):
        raise CellError(_("“%(text)s”的年月日分不清，请写成 2024-05-01 的样子。") % {"text": text})
    raise _not_a_date(text)


def _moment_from_number(value: Decimal) -> dt.datetime:
    if FIRST_SERIAL <= value <= LAST_SERIAL:
        return _EXCEL_EPOCH + dt.timedelta(seconds=round(float(value) * 86_400))
    return _moment_from_text(plain(value))


def _not_a_date(text: str) -> CellError:
    return CellError(_("“%(text)s”不是日期，请写成 2024-05-01 的样子。") % {"text": shorten(text)})


def read_boolean(raw: Raw) -> bool:
    """Return what 是 and 否, √ and ×, yes and no, 1 and 0 mean.

    Raises:
        CellError: it is none of these.
    """
    text = folded(read_text(raw))
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise CellError(_("“%(text)s”不是“是”或“否”。") % {"text": shorten(text)})
