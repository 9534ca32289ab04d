"""Which amounts look as if they were typed in the wrong unit (万 for 元, 亿 for 万): they are questioned, not refused.

An amount is odd by itself outside ``SMALLEST`` (of what is invested in a project ``LEAST_INVESTED``) and ``LARGEST``, and beside
another of the same project when it is more than ``APART`` times as large or as small as such amounts usually are: half way to
the ten thousand by which 万 and 亿 differ. What was built is odd when it is more than a fifth off what was reported or planned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from yinfeng.core.money import WAN, YI
from yinfeng.projects import stages

SMALLEST, LARGEST = 10 * WAN, 1_000 * YI
LEAST_INVESTED = 100 * WAN  # 12 万元 for 12 亿元 is less, and no project of which a city keeps record
INVESTMENTS = ("intended", "estimated", "fixed_investment", "statistics_investment")
OFF = 5  # the part of an amount, one fifth, by which another may differ that means the same
BUILT = 95  # per cent of the works that must have been reported before a completion is believed unasked
APART = 100
CHANGED = 1_000  # so many times as much as before, or as little, no amount becomes by one edit


@dataclass(frozen=True, slots=True)
class Beside:
    """To what an amount is compared, what part of it it usually is, and whether it may be as small as it likes."""

    other: str
    usual: Decimal = Decimal(1)
    may_be_small: bool = False


# Of the amounts of a project or planned project. A tax of a twentieth of the output is usual.
COMPARED: dict[str, tuple[Beside, ...]] = {
    "fixed_investment": (Beside("intended"), Beside("estimated")),
    "statistics_investment": (Beside("intended"),),
    "expected_output": (Beside("intended"),),
    "expected_tax": (Beside("expected_output", Decimal("0.05")),),
}
# Of what is claimed: capital is registered and arrives in parts.
CLAIMED: dict[str, Beside] = {
    stages.SIGNED: Beside("intended"),
    stages.REGISTERED: Beside("intended", may_be_small=True),
    stages.CAPITAL: Beside("intended", may_be_small=True),
    stages.COMPLETED: Beside("contracted"),
    stages.AT_CAPACITY: Beside("expected_output"),
    stages.OUTPUT: Beside("expected_output"),
    stages.TAX: Beside("expected_tax"),
}
AMOUNTS = ("intended", "estimated", *COMPARED, "amount", "rewards")


def is_questionable(yuan: Decimal | None, name: str = "") -> bool:
    """Say whether an amount, of the field of this name, looks ten thousand times too small or too large."""
    least = LEAST_INVESTED if name in INVESTMENTS else SMALLEST
    return yuan is not None and yuan != 0 and not least <= yuan <= LARGEST


def is_off(yuan: Decimal, known: Decimal | None) -> bool:
    """Say whether an amount is more than a fifth more or less than another that should be about the same; not of one unknown."""
    return known is not None and abs(yuan - known) * OFF > known


def is_apart(yuan: Decimal | None, known: Decimal | None, beside: Beside) -> bool:
    """Say whether an amount looks ten thousand times too small or too large beside another."""
    if not yuan or not known:
        return False
    usual = known * beside.usual
    return yuan > usual * APART or (not beside.may_be_small and yuan * APART < usual)


def is_another(yuan: Decimal | None, before: Decimal | None) -> bool:
    """Say whether an edit makes of an amount one so different that the unit was probably mistaken, then or now."""
    return bool(yuan and before) and not before / CHANGED < yuan < before * CHANGED  # type: ignore[operator]


def odd_beside(name: str, yuan: Decimal, known: Callable[[str], Any], claimed: str = "") -> str:
    """Return the field of the amount beside which this one looks wrong; empty when it does not."""
    compared = (CLAIMED[claimed],) if name == "amount" and claimed in CLAIMED else COMPARED.get(name, ())
    return next((beside.other for beside in compared if is_apart(yuan, known(beside.other), beside)), "")
