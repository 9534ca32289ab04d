"""Money: yuan in ``Decimal``, shown in 万元 or 亿元 with the unit always printed; the original currency is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.language import in_english

WAN = Decimal(10_000)
YI = Decimal(100_000_000)
MOST = 100_000 * YI
PLACES = 6  # decimals of an amount as people type it

# The units people type amounts in: code → (label, currency, how many of the currency's units one is).
UNITS: dict[str, tuple[str | Promise, str, Decimal]] = {
    "wan": (gettext_lazy("万元"), "CNY", WAN),
    "yi": (gettext_lazy("亿元"), "CNY", YI),
    "yuan": (gettext_lazy("元"), "CNY", Decimal(1)),
    "wan_usd": (gettext_lazy("万美元"), "USD", WAN),
    "wan_eur": (gettext_lazy("万欧元"), "EUR", WAN),
    "wan_hkd": (gettext_lazy("万港元"), "HKD", WAN),
    "yi_jpy": (gettext_lazy("亿日元"), "JPY", YI),
}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as it was given (``original`` in ``currency``) and in yuan at ``rate`` yuan per unit of currency."""

    yuan: Decimal
    currency: str = "CNY"
    original: Decimal = Decimal(0)
    rate: Decimal = Decimal(1)

    @classmethod
    def in_yuan(cls, yuan: Decimal) -> Money:
        return cls(yuan=yuan, original=yuan)

    @classmethod
    def of(cls, amount: Decimal, unit: str, rate: Decimal = Decimal(1)) -> Money:
        """Return the money that ``amount`` of ``unit`` (a key of UNITS) is at ``rate`` yuan per unit of its currency."""
        _label, currency, size = UNITS[unit]
        original = amount * size
        yuan = (original * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
        return cls(yuan=yuan, currency=currency, original=original, rate=rate)


def plain(value: Decimal, places: int = 2) -> str:
    """Return the number with thousands separators and no trailing zeros: 1,234.5."""
    shown = f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def show(yuan: Decimal | None) -> str:
    """Return an amount of yuan for people: 亿元 from one 亿 on, else 万元, millions in English; “—” when it is not known."""
    return _shown(yuan, plain)


def spoken_unit(original: Decimal, units: Sequence[str]) -> str:
    """Return the one of ``units``, all of one currency, in which a person would say an amount (``original``, in that currency).

    The largest of which there is at least one and in which no digit is lost; else the smallest.
    """
    sizes = sorted(units, key=lambda code: UNITS[code][2], reverse=True)
    fits = (
        code for code in sizes if abs(original) >= UNITS[code][2] and _is_whole(original / UNITS[code][2])
    )
    return next(fits, sizes[-1])


def _is_whole(figure: Decimal) -> bool:
    return figure == figure.quantize(Decimal(1).scaleb(-PLACES))


def exact(yuan: Decimal) -> str:
    """Return an amount of yuan for people without losing a digit: 1.23456 亿元, 12,345.678901 万元."""
    if in_english():
        return f"CNY {plain(yuan / 1_000_000, 8)} million"
    code = spoken_unit(yuan, ("wan", "yi"))
    label, _currency, size = UNITS[code]
    return f"{plain(yuan / size, PLACES)} {label}"


def in_column(yuan: Decimal | None, unit: Decimal = YI) -> str:
    """Return an amount for a column of a table: in one unit and with two decimals, so that figures can be compared.

    What would be lost in so large a unit is shown in 万元.
    """
    if yuan is not None and unit == YI and abs(yuan) < YI / 100:
        unit = WAN
    return _shown(yuan, lambda value: f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):,f}", unit)


def to_the_cent(yuan: Decimal) -> str:
    """Return an amount that somebody settles: in 万元, however large, with every cent of it."""
    return _shown(yuan, lambda value: plain(value, 8), WAN)


def _shown(yuan: Decimal | None, figure: Callable[[Decimal], str], unit: Decimal | None = None) -> str:
    if yuan is None:
        return "—"
    if in_english():  # English counts in thousands: no 万, no 亿
        return f"CNY {figure(yuan / 1_000_000)} million"
    if unit is None:
        unit = YI if abs(yuan) >= YI else WAN
    if unit == YI:
        return _("%(amount)s 亿元") % {"amount": figure(yuan / YI)}
    return _("%(amount)s 万元") % {"amount": figure(yuan / WAN)}


def show_dollars(dollars: Decimal) -> str:
    """Return an amount of US$ for people: 万美元, millions in English."""
    if in_english():
        return f"US${plain(dollars / 1_000_000)} million"
    return _("%(amount)s 万美元") % {"amount": plain(dollars / WAN)}


def show_money(money: Money | None) -> str:
    """Return the amount in yuan and, when it was given in another currency, the original behind it."""
    if money is None:
        return "—"
    if money.currency == "CNY":
        return show(money.yuan)
    return _("%(yuan)s（原币 %(currency)s %(original)s，汇率 %(rate)s）") % {
        "yuan": show(money.yuan),
        "currency": money.currency,
        "original": plain(money.original),
        "rate": plain(money.rate, 4),
    }


class YuanField(models.DecimalField):
    """An amount in yuan with two decimals.

    More than any city has is refused: SQLite counts exactly up to some 10¹³ yuan, and somebody has mistaken the unit.
    """

    default_validators = [MaxValueValidator(MOST, gettext_lazy("金额不能超过 10 万亿元，请检查单位。"))]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = 18, 2
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs
