"""What says that a firm may move away (外迁预警): pure functions of its record before and after, or of a tag, and the city's rules.

The signs are those that relocation-warning systems of other cities watch first: registration moved, investment cut, staff
swing, a lease that ends, the list of abnormal operation (FACTS.md, the field's requirement documents); from where on each
counts, the profile's rules of kind ``moving_away`` say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from yinfeng.core.money import show

WATCHED = ("city", "capital", "staff")


@dataclass(frozen=True, slots=True)
class Found:
    """One sign that a firm may move away: its kind and level (1 is the gravest), and what happened in words."""

    kind: str
    level: int
    detail: str


def spellings(home: str) -> tuple[str, ...]:
    """Return how the home city is written in a record, with 市 and without; nothing when no profile says which it is."""
    return tuple(dict.fromkeys((home, home.removesuffix("市")))) if home else ()


def is_here(city: str, home: str) -> bool:
    """Say whether a record's city is the home city."""
    return city.strip() in spellings(home)


def both(
    present: Mapping[str, Any], change: Mapping[str, tuple[Any, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a record's watched values before and after a change, whichever of the two ``present`` holds."""
    kept = {name: present.get(name) for name in WATCHED}
    before = {name: change[name][0] if name in change else kept[name] for name in WATCHED}
    return before, {name: change[name][1] if name in change else kept[name] for name in WATCHED}


def from_change(
    before: Mapping[str, Any], after: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]], home: str
) -> list[Found]:
    """Return the signs in a change of a firm that was here before; of what a record did not say before, nothing is said.

    ``before`` and ``after`` hold ``city``, ``capital`` (yuan) and ``staff``; ``rules`` the data of kind ``moving_away`` by key.
    """
    if not is_here(str(before.get("city") or ""), home):
        return []
    found = []
    city = str(after.get("city") or "")
    if "registration" in rules and city and not is_here(city, home):
        detail = _("登记所在城市由%(old)s变为%(new)s。") % {"old": before["city"], "new": city}
        found.append(Found("registration", int(rules["registration"]["level"]), detail))
    if (rule := rules.get("investment")) and _falls(
        before.get("capital"), after.get("capital"), rule["percent"]
    ):
        old, new = Decimal(before["capital"]), Decimal(after["capital"])
        words = {"old": show(old), "new": show(new), "percent": _percent(old, new)}
        detail = _("注册资本由 %(old)s 减为 %(new)s，减少 %(percent)s%%。") % words
        found.append(Found("investment", int(rule["level"]), detail))
    if (rule := rules.get("staff")) and _swings(before.get("staff"), after.get("staff"), rule["percent"]):
        old, new = Decimal(before["staff"]), Decimal(after["staff"])
        words = {"old": f"{old:,}", "new": f"{new:,}", "percent": _percent(old, new)}
        sentence = (
            _("员工由 %(old)s 人变为 %(new)s 人，减少 %(percent)s%%。")
            if new < old
            else _("员工由 %(old)s 人变为 %(new)s 人，增加 %(percent)s%%。")
        )
        found.append(Found("staff", int(rule["level"]), sentence % words))
    return found


def tag_rule(tag: str, rules: Mapping[str, Mapping[str, Any]]) -> tuple[str, int] | None:
    """Return the kind and level of the warning that gaining a tag means by the rules; None when it means none."""
    meant = (kind for kind, rule in rules.items() if tag and rule.get("tag") == tag)
    return next(((kind, int(rules[kind]["level"])) for kind in meant), None)


def lease_horizon(today: date, rules: Mapping[str, Mapping[str, Any]]) -> date:
    """Return the last end of a lease that is a matter for today: ``days`` ahead by the rule ``lease``, any day without one."""
    days = rules.get("lease", {}).get("days")
    return date.max if days is None else today + timedelta(days=int(days))


def _falls(old: Any, new: Any, percent: Any) -> bool:
    """Say whether an amount fell by at least ``percent`` of what it was."""
    return (
        bool(old)
        and new is not None
        and (Decimal(old) - Decimal(new)) * 100 >= Decimal(old) * Decimal(percent)
    )


def _swings(old: Any, new: Any, percent: Any) -> bool:
    """Say whether a number went down or up by at least ``percent`` of what it was."""
    return (
        bool(old)
        and new is not None
        and abs(Decimal(new) - Decimal(old)) * 100 >= Decimal(old) * Decimal(percent)
    )


def _percent(old: Decimal, new: Decimal) -> str:
    return f"{abs(new - old) * 100 / old:.0f}"
