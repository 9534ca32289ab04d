"""What waits for a person: claims to verify, steps back to approve, reversals to confirm, transfers and disputes in which it is
his turn, planned projects to argue, bottlenecks to solve, reports to hand in; for who sees the whole city the bottlenecks that wait for it, for
first hands and those above them the personal duties not done yet in the quarter; for who lets projects on those that are ready for
their next stage, and those that want a leader."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import (
    Case,
    CharField,
    ExpressionWrapper,
    F,
    IntegerField,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone

from yinfeng.core import waiting
from yinfeng.core.actors import Actor
from yinfeng.core.money import YuanField
from yinfeng.core.waiting import NO_AMOUNT as _NO_AMOUNT
from yinfeng.core.waiting import NOTHING as _NOTHING
from yinfeng.duties import queries as duties
from yinfeng.orgs.queries import brief_name
from yinfeng.projects import stages
from yinfeng.projects.models import Bottleneck, Project
from yinfeng.projects.queries.claims import to_approve, to_confirm, to_verify
from yinfeng.projects.queries.conditions import held_by
from yinfeng.projects.queries.construction import for_the_city, to_solve
from yinfeng.projects.queries.first_reports import disputes_to_do
from yinfeng.projects.queries.grades import COUNTED
from yinfeng.projects.queries.personal import ANY, missing, owing, quarter_of
from yinfeng.projects.queries.proposals import to_argue
from yinfeng.projects.queries.ready import to_advance, to_lead
from yinfeng.projects.queries.records import name_of
from yinfeng.projects.queries.report_turns import unfiled
from yinfeng.projects.queries.transfers import transfers_to_do

CLAIMS, STEPS, TRANSFERS, DISPUTES, PROPOSALS, BOTTLENECKS, REPORTS, FOR_CITY, PERSONAL, REVERSALS = range(10)
TO_ADVANCE, TO_LEAD = range(10, 12)
DUTIES = 20  # and the kinds of duties from here on, in the order of their inbox

_leg = partial(waiting.leg, title="project__name")


def waiting_for(by: Actor, each: int) -> dict[int, tuple[int, list[Any]]]:
    """Return of each kind how many wait for the person and those that have waited longest or are due first, in one query.

    Each is told as a ``Waiting``, a report that is still to be handed in as an ``OwedReport``. Told are of a claim its kind,
    amount and who entered it; of a step back from where to where and why; of a reversal of what, who proposes it, why and how
    much; of a transfer between whom and how far it has come; of a dispute its state; of a planned project who plans it; of a
    bottleneck the key of its project, what stands still and by when it must be solved, with who must before what where it waits
    for the city; of a project that lacks personal acts whose it is and the kinds, parted by blanks; of a duty its lead unit, last
    day and state; of a project that is ready its stage and unit. What upper apps registered (``core.waiting``) comes along.
    """
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
        legs.append(
            _leg(
                REVERSALS, to_confirm(by), each, "asked_at", "entry_id", F("entry__kind"), name_of("asked_by"), F("reason"),
                F("entry__amount"), title="entry__project__name",
            )
        )  # fmt: skip
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
    if by.may("projects.bottleneck.solve"):
        legs.append(
            _leg(
                BOTTLENECKS, to_solve(by), each, "due_date", "pk", Cast("project_id", CharField()), F("what"),
                Cast("due_date", CharField()), _NO_AMOUNT, since="raised_at",
            )
        )  # fmt: skip
    if sees_the_city(by):
        waits = Bottleneck.objects.permitted(by).filter(for_the_city(timezone.localdate()))
        legs.append(
            _leg(
                FOR_CITY, waits, each, "due_date", "pk", Cast("project_id", CharField()),
                Concat(brief_name(), Value("："), F("what"), output_field=CharField()), Cast("due_date", CharField()), _NO_AMOUNT,
                since="raised_at",
            )
        )  # fmt: skip
    if sees_the_city(by) or by.may("projects.contact.record"):
        legs.append(
            _leg(
                PERSONAL, _lacking(by), each, "largest_first", "pk", F("holder_name"), F("lacks"), _NOTHING, F("counted"),
                title="name", since="is_major_since",
            )
        )  # fmt: skip
    # Who answers for the whole city is not told of each: the units' own heads are.
    holder = Coalesce(brief_name("host_unit__"), brief_name("reporter_unit__"))
    ready = ((TO_ADVANCE, "advance", to_advance), (TO_LEAD, "team", to_lead))
    legs += [
        _leg(leg, rows(by), each, "progress_at", "pk", F("stage"), holder, _NOTHING, _NO_AMOUNT, title="name")
        for leg, action, rows in ready
        if (reach := by.reach(f"projects.project.{action}")) and not reach.everywhere
    ]
    if by.may("duties.duty.view"):
        legs += [
            _leg(
                DUTIES + duties.URGENT.index(name), rows, each, at, "pk", brief_name("lead_unit__"), Cast("due_date", CharField()),
                F("state"), _NO_AMOUNT, title="item", since="updated_at",
            )
            for name, rows, at in duties.urgent(by, timezone.localdate())
        ]  # fmt: skip
    reports = unfiled(by, timezone.localdate())
    if reports is not None:
        legs += [_plain(REPORTS, rows, *columns) for rows, columns in reports.known()]
    legs += waiting.legs(by, timezone.localdate(), each, mine=True, urgent=True)
    if not legs:
        return {}
    rows = list(waiting.united(legs))
    known = [tuple(told[:5]) for leg, _total, _place, *told in rows if leg == REPORTS]
    shown = waiting.sorted_out(row for row in rows if row[0] != REPORTS)
    if reports is not None and (owed := reports.owed(known)):
        shown[REPORTS] = (len(owed), owed[:each])
    return shown


def sees_the_city(by: Actor) -> bool:
    """Say whether a person sees the projects of the whole city, so that what no district can settle is his to see."""
    return by.reach("projects.project.view").everywhere


def _lacking(by: Actor) -> QuerySet[Any]:
    """Return the major projects whose holder lacks personal acts in the present quarter, with the kinds it ``lacks``.

    Those of all holders for who sees the whole city, else of the person's own units.
    """
    today = timezone.localdate()
    quarter = quarter_of(today)
    seen = Project.objects.permitted(by)
    if not sees_the_city(by):
        seen = seen.filter(held_by(by.reach("projects.contact.record").units))
    kinds = (
        Case(When(missing(kind, quarter, today), then=Value(f"{kind} ")), default=Value(""))
        for kind in stages.PERSONAL_KINDS
    )
    amount = YuanField()
    found: QuerySet[Any] = owing(seen, quarter, today).filter(missing(ANY, quarter, today)).annotate(
        lacks=Concat(*kinds, output_field=CharField()), counted=Cast(COUNTED, amount),
        largest_first=ExpressionWrapper(-Coalesce(COUNTED, Value(0), output_field=amount), output_field=amount),
    )  # fmt: skip
    return found


def _plain(leg: int, rows: QuerySet[Any], *told: Any) -> QuerySet[Any, Any]:
    """Return all rows, in no order, in the columns that all kinds share: key, title and three more."""
    nothing = Value(0, output_field=IntegerField())
    first, second, third = told[2:]
    shown: QuerySet[Any, Any] = rows.order_by().annotate(
        leg_number=Value(leg, output_field=IntegerField()), leg_total=nothing, leg_place=nothing, shown_pk=F(told[0]), shown_title=told[1],
        first=first, second=second, third=third, shown_amount=_NO_AMOUNT, since=waiting.NO_TIME,
    ).values_list(*waiting.COLUMNS)  # fmt: skip
    return shown
