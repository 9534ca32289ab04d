"""What waits for a person to decide: claims to verify, steps back to approve, transfers and disputes in which it is his turn,
planned projects to argue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, F, IntegerField, QuerySet, Value, Window
from django.db.models.functions import Cast, RowNumber
from django.utils import timezone

from yinfeng.core.actors import Actor
from yinfeng.core.money import YuanField
from yinfeng.orgs.queries import brief_name
from yinfeng.projects.queries.claims import to_approve, to_verify
from yinfeng.projects.queries.first_reports import disputes_to_do
from yinfeng.projects.queries.proposals import to_argue
from yinfeng.projects.queries.records import name_of
from yinfeng.projects.queries.transfers import transfers_to_do

CLAIMS, STEPS, TRANSFERS, DISPUTES, PROPOSALS = range(5)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: of a claim its kind, amount and who entered it; of a step back from where to where and why; of
    a transfer between whom and how far it has come; of a dispute its state; of a planned project who plans it. ``pk`` is the project's, or its own."""

    pk: int
    title: str
    first: str
    second: str
    third: str
    amount: Decimal | None
    at: datetime


def waiting_for(by: Actor, each: int) -> dict[int, tuple[int, list[Waiting]]]:
    """Return of each kind of decision how many wait for the person and those that have waited longest, in one query."""
    legs = []
    if by.may("projects.project.verify"):
        legs.append(
            _leg(
                CLAIMS,
                to_verify(by),
                each,
                "entered_at",
                "project_id",
                F("kind"),
                name_of("entered_by"),
                _NOTHING,
                F("amount"),
            )
        )
        legs.append(
            _leg(
                STEPS,
                to_approve(by),
                each,
                "asked_at",
                "project_id",
                F("source"),
                F("target"),
                F("reason"),
                _NO_AMOUNT,
            )
        )
    if by.may("projects.project.transfer") or by.may("projects.transfer.arbitrate"):
        sides = brief_name("from_unit__"), brief_name("to_unit__")
        legs.append(
            _leg(TRANSFERS, transfers_to_do(by), each, "updated_at", "pk", *sides, F("state"), _NO_AMOUNT)
        )
    if by.may("projects.dispute.argue") or by.may("projects.dispute.decide"):
        legs.append(
            _leg(
                DISPUTES,
                disputes_to_do(by, timezone.localdate()),
                each,
                "raised_at",
                "pk",
                F("state"),
                _NOTHING,
                _NOTHING,
                _NO_AMOUNT,
                title="subject",
            )
        )
    if by.may("projects.proposal.argue"):
        planner = brief_name("planning_unit__")
        legs.append(
            _leg(
                PROPOSALS, to_argue(by), each, "updated_at", "pk", planner, _NOTHING, _NOTHING, F("estimated"), title="title"
            )
        )  # fmt: skip
    if not legs:
        return {}
    found: dict[int, tuple[int, list[Waiting]]] = {}
    for leg, total, _place, *told in legs[0].union(*legs[1:], all=True):
        found.setdefault(leg, (total, []))[1].append(Waiting(*told))
    return {leg: (total, sorted(rows, key=lambda row: row.at)) for leg, (total, rows) in found.items()}


_NOTHING = Value("", output_field=CharField())
# Cast, or PostgreSQL takes the column of nothing for text.
_NO_AMOUNT = Cast(Value(None), YuanField(null=True))


def _leg(
    leg: int, rows: QuerySet[Any], each: int, at: str, pk: str, *told: Any, title: str = "project__name"
) -> QuerySet[Any, Any]:
    """Return the rows of one kind that have waited longest, in the columns that all kinds share."""
    first, second, third, amount = told
    ranked = rows.order_by().annotate(
        leg=Value(leg, output_field=IntegerField()), total=Window(Count("pk")),
        place=Window(RowNumber(), order_by=[F(at).asc(), F("pk").asc()]),
        shown_pk=F(pk), shown_title=F(title), first=first, second=second, third=third, shown_amount=amount, since=F(at),
    )  # fmt: skip
    columns = (
        "leg",
        "total",
        "place",
        "shown_pk",
        "shown_title",
        "first",
        "second",
        "third",
        "shown_amount",
        "since",
    )
    shown: QuerySet[Any, Any] = ranked.filter(place__lte=each).values_list(*columns)
    return shown
