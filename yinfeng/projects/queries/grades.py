"""The grade of a project: the highest tier of the profile that its investment reaches, worked out on reading, explained.

The contracted amount counts once there is one, the intended one before. Thresholds are the profile's rules ``grade`` in
force today (10, 50 and 100 亿元 in 福建省 2023 年意见, FACTS §1.1). Whoever may can grade a project otherwise, with a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThan
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.money import show
from yinfeng.projects.models import Project

COUNTED = Coalesce("contracted", "intended")


@dataclass(frozen=True, slots=True)
class Tier:
    """A grade, the investment in yuan from which it begins, and what it asks for: an update every so many days (0: as the
    stage does), the meeting that hears its projects, who leads them, and the units (codes) that see them besides those that
    take part anyway."""

    code: str
    least: Decimal
    update_days: int = 0
    meeting: str = ""
    leader: str = ""
    units: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return core.code_label("grade", self.code)

    @property
    def demands(self) -> str:
        """What the grade asks for, in words."""
        told = []
        if self.leader:
            told.append(_("由%(leader)s牵头") % {"leader": self.leader})
        if self.update_days:
            told.append(_("每 %(days)s 天至少更新一次") % {"days": self.update_days})
        if self.meeting:
            told.append(_("由%(meeting)s听取进展") % {"meeting": self.meeting})
        return _("；").join(told)


@dataclass(frozen=True, slots=True)
class Grade:
    """A project's grade and why, in words."""

    tier: Tier
    reason: str

    @property
    def code(self) -> str:
        return self.tier.code

    @property
    def label(self) -> str:
        return self.tier.label


def tiers(today: date) -> list[Tier]:
    """Return the grades in force, the highest first."""
    rules = core.rules("grade", today)
    found = [
        Tier(
            code,
            Decimal(rule["min_yuan"]),
            int(rule.get("update_days") or 0),
            str(rule.get("meeting") or ""),
            str(rule.get("leader") or ""),
            tuple(rule.get("units") or ()),
        )
        for code, rule in rules.items()
    ]
    return sorted(found, key=lambda tier: -tier.least)


def grade_of(project: Project, in_force: Sequence[Tier]) -> Grade | None:
    """Return the grade of a project: as somebody graded it, else by its amount; None while that is not known, or where the
    profile has no grade for it."""
    chosen = next((tier for tier in in_force if tier.code == project.grade_override), None)
    if chosen is not None:
        return Grade(chosen, _("人工定级：%(reason)s") % {"reason": project.grade_reason})
    amount = project.contracted if project.contracted is not None else project.intended
    if amount is None:
        return None
    tier = next((tier for tier in in_force if amount >= tier.least), None)
    if tier is None:
        return None
    kind = _("合同投资额") if project.contracted is not None else _("意向投资额")
    words = {"kind": kind, "amount": show(amount), "least": show(tier.least)}
    above = min((other.least for other in in_force if other.least > tier.least), default=None)
    if not tier.least and above is not None:
        return Grade(tier, _("%(kind)s %(amount)s，不到 %(above)s") % {**words, "above": show(above)})
    return Grade(tier, _("%(kind)s %(amount)s，达到 %(least)s") % words)


def graded(code: str, today: date) -> Q:
    """Return the Q of the projects of a grade."""
    in_force = tiers(today)
    tier = next((tier for tier in in_force if tier.code == code), None)
    if tier is None:
        return Q(pk__in=[])
    above = min((other.least for other in in_force if other.least > tier.least), default=None)
    by_rule = ~Q(grade_override__in=[tier.code for tier in in_force]) & Q(
        GreaterThanOrEqual(COUNTED, tier.least)
    )
    if above is not None:
        by_rule &= Q(LessThan(COUNTED, above))
    return Q(grade_override=code) | by_rule
