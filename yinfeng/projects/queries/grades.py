"""The grade of a project: the highest tier of the profile that its investment reaches, worked out on reading, explained.

The contracted amount counts once there is one, the intended one before. Thresholds are the profile's rules ``grade`` in
force today (10, 50 and 100 亿元 in 福建省 2023 年意见, FACTS §1.1). A grade may count foreign projects alone, by US$ at the
profile's rate of the day (重庆: US$10 million, FACTS §1.4). Whoever may can grade a project otherwise, with a reason.
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
from yinfeng.core.money import show, show_dollars
from yinfeng.projects.models import Project

COUNTED = Coalesce("contracted", "intended")


@dataclass(frozen=True, slots=True)
class Tier:
    """A grade, the investment in yuan from which it begins, and what it asks for: an update every so many days (0: as the
    stage does), the meeting that hears its projects, who leads them, and the units (codes) that see them besides those that
    take part anyway. ``usd``: the US$ from which it begins, of foreign projects alone; its ``least`` is that in yuan today."""

    code: str
    least: Decimal
    usd: Decimal | None = None
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
    """Return the grades in force, the highest first; one in US$ is not, while the profile has no rate."""
    found = []
    for code, rule in core.rules("grade", today).items():
        usd = Decimal(rule["min_usd"]) if rule.get("min_usd") else None
        rate = Decimal(1) if usd is None else core.rate_of("USD", today)
        if rate is None:
            continue
        least = Decimal(rule["min_yuan"]) if usd is None else (usd * rate).quantize(Decimal("0.01"))
        found.append(
            Tier(
                code, least, usd, int(rule.get("update_days") or 0), str(rule.get("meeting") or ""),
                str(rule.get("leader") or ""), tuple(rule.get("units") or ()),
            )
        )  # fmt: skip
    return sorted(found, key=lambda tier: -tier.least)


def _begins_next(tier: Tier, in_force: Sequence[Tier], *, is_foreign: bool) -> Decimal | None:
    """Return the investment from which a project would be of a higher grade than ``tier``."""
    above = [
        other.least for other in in_force if other.least > tier.least and (is_foreign or other.usd is None)
    ]
    return min(above, default=None)


def grade_of(project: Project, in_force: Sequence[Tier]) -> Grade | None:
    """Return the grade of a project: as somebody graded it, else by its amount; None while that is not known, or where the
    profile has no grade for it."""
    chosen = next((tier for tier in in_force if tier.code == project.grade_override), None)
    if chosen is not None:
        return Grade(chosen, _("人工定级：%(reason)s") % {"reason": project.grade_reason})
    amount = project.contracted if project.contracted is not None else project.intended
    if amount is None:
        return None
    is_foreign = project.is_foreign is True
    tier = next(
        (tier for tier in in_force if amount >= tier.least and (is_foreign or tier.usd is None)), None
    )
    if tier is None:
        return None
    kind = _("合同投资额") if project.contracted is not None else _("意向投资额")
    words = {"kind": kind, "amount": show(amount), "least": show(tier.least)}
    if tier.usd is not None:
        told = {**words, "usd": show_dollars(tier.usd)}
        return Grade(tier, _("外资项目，%(kind)s %(amount)s，达到 %(usd)s（今日折合 %(least)s）") % told)
    above = _begins_next(tier, in_force, is_foreign=is_foreign)
    if not tier.least and above is not None:
        return Grade(tier, _("%(kind)s %(amount)s，不到 %(above)s") % {**words, "above": show(above)})
    return Grade(tier, _("%(kind)s %(amount)s，达到 %(least)s") % words)


def graded(code: str, today: date) -> Q:
    """Return the Q of the projects of a grade."""
    in_force = tiers(today)
    tier = next((tier for tier in in_force if tier.code == code), None)
    if tier is None:
        return Q(pk__in=[])
    by_rule = ~Q(grade_override__in=[tier.code for tier in in_force]) & Q(
        GreaterThanOrEqual(COUNTED, tier.least)
    )
    below = {is_foreign: _below(tier, in_force, is_foreign=is_foreign) for is_foreign in (True, False)}
    if tier.usd is not None:
        by_rule &= Q(is_foreign=True) & below[True]
    elif below[True] == below[False]:
        by_rule &= below[False]
    else:
        by_rule &= (
            Q(is_foreign=True) & below[True] | (Q(is_foreign=False) | Q(is_foreign=None)) & below[False]
        )
    return Q(grade_override=code) | by_rule


def _below(tier: Tier, in_force: Sequence[Tier], *, is_foreign: bool) -> Q:
    above = _begins_next(tier, in_force, is_foreign=is_foreign)
    return Q() if above is None else Q(LessThan(COUNTED, above))
