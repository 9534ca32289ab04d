"""The rows of a list of enterprises in stored form, and for what one cannot be taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.exchange.columns import Column, ParsedMoney
from yinfeng.core.exchange.reading import Row
from yinfeng.core.money import MOST, YuanField
from yinfeng.core.queries import rate_of
from yinfeng.core.text import normalise
from yinfeng.enterprises import naming, uscc
from yinfeng.enterprises.models import Enterprise

COLUMNS = (
    Column("name", gettext_lazy("企业名称"), required=True, aliases=("company_name", "公司名称", "单位名称", "名称"), examples=("示例科技（厦门）有限公司",)),
    Column("uscc", gettext_lazy("统一社会信用代码"), "code", aliases=("信用代码", "uscc")),
    Column("listing_code", gettext_lazy("证券代码"), "code", aliases=("ts_code", "股票代码")),
    Column("short_name", gettext_lazy("简称"), aliases=("short_name",)),
    Column("province", gettext_lazy("省份"), aliases=("province", "所在省份")),
    Column("city", gettext_lazy("城市"), aliases=("city", "所在城市")),
    Column("address", gettext_lazy("地址"), aliases=("address", "注册地址")),
    Column("capital", gettext_lazy("注册资本"), "money", aliases=("reg_capital_wan", "注册资金"), plausible=(Decimal(10_000), Decimal(10) ** 12)),
    Column("founded_date", gettext_lazy("成立日期"), "date", aliases=("成立时间",)),
    Column("industry", gettext_lazy("行业代码"), "code", help=gettext_lazy("国民经济行业分类 GB/T 4754-2017 的代码")),
    Column("staff", gettext_lazy("员工人数"), "integer", aliases=("employees", "从业人数")),
    Column("scope_of_business", gettext_lazy("经营范围"), aliases=("main_business", "主营业务")),
    Column("introduction", gettext_lazy("企业简介"), aliases=("introduction", "简介")),
    Column("website", gettext_lazy("网站"), aliases=("website",)),
    Column("source", gettext_lazy("信息来源"), aliases=("来源",)),
    Column("verified_date", gettext_lazy("最近核实日期"), "date", aliases=("核实日期",)),
    Column("rank", gettext_lazy("名次"), "integer", aliases=("rank", "排名"), help=gettext_lazy("企业在名单中的名次，随标签记录")),
)  # fmt: skip

RANKS = range(1, 2**31)
ONE, CENT = Decimal(1), Decimal("0.01")
_CHINESE = re.compile("[\u4e00-\u9fff]")
# Forms that ``naming`` makes one with another.
_OF_TWO_SPELLINGS = ("责任公司", "股份公司")


@dataclass(slots=True)
class Said:
    """What a row says: values in stored form, the key of its name, the place in the list; and why it cannot be taken."""

    number: int
    values: dict[str, Any]
    key: str = ""
    rank: int | None = None
    questions: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)  # that are told only of a new enterprise
    remarks: list[str] = field(default_factory=list)  # on how it was matched; found anew each time

    @property
    def name(self) -> str:
        return str(self.values.get("name", ""))

    def marks(self) -> list[str]:
        """Return that by which two rows of a file mean one enterprise: the name's key, the code."""
        return [self.key, *([f"#{self.values['uscc']}"] if "uscc" in self.values else [])]


def said(row: Row) -> Said:
    """Return what a row says that could be read."""
    values = stored(row.values)
    rank = values.pop("rank", None)
    found = Said(row.number, values, rank=rank, questions=row.questions, errors=row.errors)
    if "name" in values:
        found.key = key_of(values["name"])
    verdict = verdict_on(values.get("uscc"))
    found.errors = [*row.errors, *faults(values, found.key, verdict)]
    if verdict and verdict.level == "warn":
        found.doubts = list(verdict.sentences)
    if rank is not None and rank not in RANKS:
        found.errors.append(_("名次应为正整数。"))
    return found


def stored(read: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that say something, in stored form: codes normalised, amounts in yuan."""
    kept: dict[str, Any] = {}
    for name, value in read.items():
        if value is not None and value != "":
            kept[name] = in_yuan(value) if type(value) is ParsedMoney else value
    if "name" in kept:
        kept["name"] = " ".join(str(kept["name"]).split())
    if "uscc" in kept:
        kept["uscc"] = uscc.normalise_uscc(str(kept["uscc"]))
    return kept


def in_yuan(parsed: ParsedMoney) -> Decimal | None:
    """Return an amount in yuan at the profile's newest rate; None when the profile has no rate for its currency."""
    rate = ONE if parsed.currency == "CNY" else rate_of(parsed.currency, timezone.localdate())
    return None if rate is None else (parsed.amount_in_base * rate).quantize(CENT)


def key_of(name: str) -> str:
    """Return the key of a name, as ``naming.parse`` gives it: of most names in Chinese without taking them apart."""
    if name.isalnum() and _CHINESE.match(name):
        key = normalise(name)
        if not any(form in key for form in _OF_TWO_SPELLINGS):
            return key
    return naming.parse(name).key


# --- rules --------------------------------------------------------------------------------------------------------


def verdict_on(code: str | None) -> uscc.UsccVerdict | None:
    """Return what is to be said of a 统一社会信用代码, if anything is."""
    return None if code is None or uscc.is_right(code) else uscc.check(code)


def faults(values: Mapping[str, Any], key: str, verdict: uscc.UsccVerdict | None = None) -> list[str]:
    """Return the sentences for which a row cannot be taken, from the model's own rules and what its code is found to be."""
    if None in values.values():
        return [_("城市方案中没有该币种的汇率，请改填人民币金额。")]
    if verdict and verdict.level == "malformed":
        return list(verdict.sentences)
    rules = _rules()
    doubtful = [name for name, value in values.items() if not rules[name][0](value)]
    found = [fault for name in doubtful if (fault := _fault(rules[name][1], values[name]))]
    if key and not rules["name_key"][0](key) and (fault := _fault(rules["name_key"][1], key)):
        found.append(fault)
    return found


def _fault(field: Any, value: Any) -> str:
    """Return what the field itself finds wrong with a value."""
    try:
        field.clean(value, None)
    except ValidationError as error:
        return f"{label_of(field.name)}：{' '.join(error.messages)}"
    return ""


@cache
def _rules() -> dict[str, tuple[Callable[[Any], bool], Any]]:
    """Return for each field what nearly every value passes, and the field, whose own rules judge the others."""
    names = [*(column.name for column in COLUMNS if column.name != "rank"), "name_key"]
    fields: list[Any] = [Enterprise._meta.get_field(name) for name in names]
    return {field.name: (_passing(field), field) for field in fields}


def _passing(field: Any) -> Callable[[Any], bool]:
    """Return a quick test that only values pass which the field's rules pass, too."""
    if type(field) is models.CharField and not field.choices:
        longest = field.max_length or 0
        return lambda value: type(value) is str and 0 < len(value) <= longest
    if type(field) is models.TextField:
        return lambda value: type(value) is str and bool(value)
    if type(field) is models.DateField:
        return lambda value: type(value) is date
    if type(field) is models.PositiveIntegerField:
        return lambda value: type(value) is int and 0 <= value < 2**31
    if type(field) is YuanField:
        return lambda value: type(value) is Decimal and 0 < value <= MOST and value.same_quantum(CENT)
    return lambda value: False


def label_of(name: str) -> str:
    return str(getattr(Enterprise._meta.get_field(name), "verbose_name", name))


def labels() -> dict[str, str]:
    """Return the labels of the fields, in the language of the reader: asked once for many rows."""
    return {column.name: label_of(column.name) for column in COLUMNS if column.name != "rank"}
