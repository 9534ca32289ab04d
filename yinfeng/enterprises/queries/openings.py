"""Targets two steps from firms already here: whom their suppliers also supply, with whom their competitors work (clause 2.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yinfeng.enterprises.models import Enterprise, Relation
from yinfeng.enterprises.queries.graph import home_names

WAYS: dict[str, str | Promise] = {
    "customers": _("供应商的其他客户"),
    "partners": _("竞争对手的合作伙伴"),
}
# Each relation may be noted on either side: the first step and the second as (kind on one's own record, kind on the other's).
STEPS = {
    "customers": (("supplier", "customer"), ("customer", "supplier")),
    "partners": (("competitor", "competitor"), ("partner", "partner")),
}
ROWS = 50_000  # pairs of relations read at most
SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """One way to an opening: the firm here, the one between, and the relations on which each step rests."""

    way: str
    local: int
    between: int
    first: int
    second: int


@dataclass(slots=True)
class Opening:
    """An enterprise elsewhere that firms here lead to, and how."""

    enterprise: int
    locals: set[int] = field(default_factory=set)
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def ways(self) -> list[str]:
        return sorted({item.way for item in self.evidence})


@dataclass(slots=True)
class Openings:
    """Openings, those that more firms here lead to first; with ``is_partial`` not all relations were read."""

    found: list[Opening]
    is_partial: bool = False


def openings(firm: Enterprise | None = None, ways: Collection[str] = tuple(WAYS)) -> Openings:
    """Return the two-step targets of one firm, or of all firms of the home city, in one query."""
    home = home_names()
    if not ways or (firm is None and not home):
        return Openings([])
    parts = [part for way in WAYS if way in ways for part in _parts(way, firm, home)]
    rows = list(parts[0].union(*parts[1:], all=True)[: ROWS + 1])
    found: dict[int, Opening] = {}
    for way, local, between, target, city, first, second in rows[:ROWS]:
        if target == local or city in home:
            continue
        opening = found.setdefault(target, Opening(target))
        opening.locals.add(local)
        opening.evidence.append(Evidence(way, local, between, first, second))
    order = sorted(found.values(), key=lambda item: (-len(item.locals), -len(item.evidence), item.enterprise))
    return Openings(order, len(rows) > ROWS)


def _parts(way: str, firm: Enterprise | None, home: Collection[str]) -> Iterator[QuerySet[Any, Any]]:
    """Yield the four queries of a way: each of its two steps may be noted on either of its ends."""
    (own_first, others_first), (own_second, others_second) = STEPS[way]
    first_steps = (("enterprise", "other", own_first), ("other", "enterprise", others_first))
    second_steps = (("relations", "other", own_second), ("related_from", "enterprise", others_second))
    for (near, between, kind), (step, far, second_kind) in product(first_steps, second_steps):
        second = f"{between}__{step}"
        ours = {near: firm} if firm is not None else {f"{near}__city__in": home}
        rows = Relation.objects.filter(**ours, kind=kind, **{f"{second}__kind": second_kind}).order_by()
        yield rows.annotate(o_way=Cast(Value(way), TextField())).values_list(
            "o_way", f"{near}_id", f"{between}_id", f"{second}__{far}_id", f"{second}__{far}__city", "pk",
            f"{second}__pk",
        )  # fmt: skip
