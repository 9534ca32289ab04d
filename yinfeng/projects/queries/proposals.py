"""Planned projects: when each is due in its round, from what investment on one is worth it, what became of them per unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Round
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.events import type_of
from yinfeng.core.language import in_english
from yinfeng.core.models import Code, Event
from yinfeng.core.tables import day as day_text
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import brief_name, hosts, units_on, units_today
from yinfeng.projects import stages
from yinfeng.projects.models import Area, Partner, Project, Proposal
from yinfeng.projects.queries.areas import areas_on

# Who plans: the working groups of clause 1.2, their office, and those that have the land.
PLANNING_KINDS = ("group", "office", "district", "zone", "government", "command", "soe")


# --- the round ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calendar:
    """The months of a round: collecting and arguing go on until the end of theirs, publishing until ``publish_before`` begins.

    What is published is to be looked at once in every period of ``update_months`` (three: each quarter). 青田县, FACTS §1.2.
    """

    collect: int
    argue: int
    publish_before: int
    update_months: int

    def collected_until(self, collected: date) -> date:
        """Return the first day after the collecting of the round to which a proposal belongs."""
        return _next_first(collected + timedelta(days=1), self.collect % 12 + 1)

    def argued_until(self, collected: date) -> date:
        """Return the first day after the arguing of the round."""
        return _next_first(self.collected_until(collected), self.argue % 12 + 1)

    def published_until(self, collected: date) -> date:
        """Return the first day after the publishing of the round."""
        return _next_first(self.argued_until(collected), self.publish_before)

    def period_of(self, day: date) -> date:
        """Return the first day of the period in which a published proposal is to be looked at."""
        month = (day.month - 1) // self.update_months * self.update_months + 1
        return date(day.year, month, 1)

    def period_end(self, day: date) -> date:
        """Return the first day after the period of a day."""
        begins = self.period_of(day)
        months = begins.month - 1 + self.update_months
        return date(begins.year + months // 12, months % 12 + 1, 1)


def _next_first(day: date, month: int) -> date:
    """Return the first of a month that is not before ``day``."""
    found = date(day.year, month, 1)
    return found if found >= day else date(day.year + 1, month, 1)


def calendar(day: date) -> Calendar | None:
    """Return the calendar of rounds by the rule in force; None without one: then nothing is ever due."""
    rule = core.rules("proposal", day).get("calendar")
    if not rule:
        return None
    names = ("collect_month", "argue_month", "publish_before_month", "update_months")
    return Calendar(*(int(rule[name]) for name in names))


@dataclass(frozen=True, slots=True)
class RoundDue:
    """Until which day what is to be done with a proposal, in words; ``is_late`` when that day is past."""

    until: date
    is_late: bool
    sentence: str


def due_of(proposal: Proposal, today: date, rounds: Calendar | None) -> RoundDue | None:
    """Return what a proposal waits for; None when nothing is due."""
    if rounds is None or proposal.state not in {stages.COLLECTED, stages.ARGUED, stages.PUBLISHED}:
        return None
    if proposal.state == stages.PUBLISHED:
        return _update_due(proposal, today, rounds)
    if proposal.state == stages.COLLECTED:
        ends, told = rounds.argued_until(proposal.collected_date), _("应在 %(day)s 前论证")
    else:
        ends, told = rounds.published_until(proposal.collected_date), _("应在 %(day)s 前发布")
    until = ends - timedelta(days=1)
    sentence = told % {"day": day_text(until)}
    is_late = today >= ends
    return RoundDue(until, is_late, _("%(due)s，已过期") % {"due": sentence} if is_late else sentence)


def _update_due(proposal: Proposal, today: date, rounds: Calendar) -> RoundDue | None:
    if proposal.checked_date >= rounds.period_of(today):
        return None
    until = rounds.period_end(today) - timedelta(days=1)
    missed = proposal.checked_date < rounds.period_of(rounds.period_of(today) - timedelta(days=1))
    told = _("上季和本季都未更新") if missed else _("本季未更新")
    if rounds.update_months != 3:
        told = _("上期和本期都未更新") if missed else _("本期未更新")
    return RoundDue(
        until, missed, _("%(told)s，应在 %(day)s 前更新") % {"told": told, "day": day_text(until)}
    )


def _collected_before(today: date, rounds: Calendar, state: str) -> date:
    """Return the day before which what was collected is late in a state: the last round whose time for it is over."""
    for year in range(today.year + 1, today.year - 4, -1):
        begins = date(year, rounds.collect % 12 + 1, 1)
        last = begins - timedelta(days=1)
        ends = rounds.argued_until(last) if state == stages.COLLECTED else rounds.published_until(last)
        if today >= ends:
            return begins
    return date.min


def late(today: date) -> Q:
    """Return the Q of the proposals with which something should have been done before today."""
    rounds = calendar(today)
    if rounds is None:
        return Q(pk__in=[])
    found = Q(pk__in=[])
    for state in (stages.COLLECTED, stages.ARGUED):
        found |= Q(state=state, collected_date__lt=_collected_before(today, rounds, state))
    before = rounds.period_of(rounds.period_of(today) - timedelta(days=1))
    return found | Q(state=stages.PUBLISHED, checked_date__lt=before)


def not_updated(today: date) -> Q:
    """Return the Q of the published proposals that nobody looked at in the present period."""
    rounds = calendar(today)
    if rounds is None:
        return Q(pk__in=[])
    return Q(state=stages.PUBLISHED, checked_date__lt=rounds.period_of(today))


# --- who may argue ------------------------------------------------------------------------------------------------

# By which acts one has a hand in what is argued next.
_HANDS = [
    f"projects.proposal.{verb}"
    for verb in ("entered", "changed", "submit", "partner_added", "partner_removed")
]


def _hands(proposal: Any) -> QuerySet[Event]:
    """Return the events by which somebody wrote at a proposal or submitted it since it was last published."""
    of_proposals = Event.objects.filter(object_type=type_of(Proposal))
    published = of_proposals.filter(object_id=OuterRef("object_id"), verb="projects.proposal.publish")
    last = Subquery(published.order_by("-pk").values("pk")[:1])
    return of_proposals.filter(object_id=proposal, verb__in=_HANDS, pk__gt=Coalesce(last, 0))


def hands_in(proposal: Proposal) -> set[int]:
    """Return the accounts that may not argue a proposal: who proposed it, wrote at it or submitted it."""
    told = _hands(proposal.pk).values_list("actor_id", flat=True)
    return {proposal.proposed_by_id, *(person for person in told if person is not None)}


def to_argue(by: Actor) -> QuerySet[Proposal]:
    """Return what waits to be argued by the person."""
    waiting = Proposal.objects.permitted(by, "argue").filter(state=stages.ARGUED)
    own = _hands(OuterRef("pk")).filter(actor_id=by.user_id)
    return waiting.filter(~Exists(own)).exclude(proposed_by=by.user_id)


# --- thresholds ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least fixed investment (yuan) of a planned project of some sections of GB/T 4754; ``refuses`` what is below."""

    minimum: Decimal
    refuses: bool


def threshold_for(industry: str, day: date) -> Threshold | None:
    """Return the threshold of an industry by the rules ``proposal_threshold`` in force (青田县, FACTS §1.2); None: any."""
    rules = core.rules("proposal_threshold", day)
    section = industry[:1] if industry[:1].isalpha() else _section(industry)
    for rule in rules.values():
        if section in rule.get("sections", ()):
            return Threshold(Decimal(rule["min_yuan"]), rule.get("below") == "refuse")
    return None


def _section(industry: str) -> str:
    found = Code.objects.filter(table="industry", code=industry[:2]).values_list("parent", flat=True).first()
    return found or ""


def below(industry: str, fixed: Decimal | None, day: date) -> Threshold | None:
    """Return the threshold that a fixed investment does not reach; None when it does, or is not known."""
    found = threshold_for(industry, day) if fixed is not None and industry else None
    return found if found is not None and fixed is not None and fixed < found.minimum else None


# --- pages --------------------------------------------------------------------------------------------------------


def planners() -> QuerySet[Unit]:
    """Return the units that plan projects today."""
    found: QuerySet[Unit] = units_today().filter(kind__in=PLANNING_KINDS)
    return found.order_by("order", "code")


Options = list[tuple[str, str]]


def planning_options(day: date) -> tuple[Options, Options, Options]:
    """Return the chains, the planning units and the areas (closed ones too) to choose from, in one query."""

    def leg(number: int, rows: QuerySet[Any], order: Any, key: Any, label: Any) -> QuerySet[Any, Any]:
        return rows.order_by().values_list(Value(number, IntegerField()), order, key, label)

    name, pk = "name_en" if in_english() else "name", Cast("pk", CharField())
    codes = leg(0, Code.objects.filter(table="chain"), "order", "code", name)
    units = leg(1, units_on(day).filter(kind__in=PLANNING_KINDS), "order", pk, brief_name(""))
    areas = leg(2, Area.objects.all(), Value(0, IntegerField()), pk, "name")
    found: tuple[Options, Options, Options] = ([], [], [])
    for number, _order, key, label in sorted(codes.union(units, areas, all=True)):
        found[number].append((key, label))
    return found


def planners_for(by: Actor) -> QuerySet[Unit]:
    """Return the units for which a person may propose."""
    reach = by.reach("projects.proposal.change")
    return planners() if reach.everywhere else planners().filter(pk__in=reach.units)


# What a list brings along of the firms of each proposal: with their projects, in one query.
PARTNERS: Prefetch[str, Any, Any] = Prefetch("partners", Partner.objects.select_related("project"))


def partners(proposal: Proposal, by: Actor) -> QuerySet[Partner]:
    """Return the firms of a proposal in the order in which they were named, each with whether its project is in sight."""
    seen = Project.objects.permitted(by).filter(pk=OuterRef("project"))
    found = Partner.objects.filter(proposal=proposal).annotate(sees_project=Exists(seen))
    return found.select_related("enterprise", "project").order_by("pk")


def is_told(partner: Partner) -> bool:
    """Say whether it may be told that a project came of a partner: of a sensitive one only who sees it knows."""
    if partner.project is None:
        return False
    return partner.project.secrecy != stages.SENSITIVE or bool(getattr(partner, "sees_project", False))


def free_partners(proposal: Proposal) -> QuerySet[Partner]:
    """Return the partners with whom no project was made yet."""
    return Partner.objects.filter(proposal=proposal, project=None).select_related("enterprise").order_by("pk")


def partner(proposal: Proposal, pk: int) -> Partner | None:
    return Partner.objects.filter(proposal=proposal, pk=pk).select_related("enterprise").first()


def closed_places(proposal: Proposal) -> list[str]:
    """Return which of ``area`` and ``host_unit`` a proposal names that has been closed since, in one query."""
    is_open = {
        "area": Exists(areas_on(timezone.localdate()).filter(pk=OuterRef("area"))),
        "host_unit": Exists(hosts().filter(pk=OuterRef("host_unit"))),
    }
    rows: Any = Proposal.objects.filter(pk=proposal.pk).values_list(*is_open.values())
    return [
        name
        for name, there in zip(is_open, rows.get(), strict=True)
        if getattr(proposal, f"{name}_id") and not there
    ]


def with_partner_named(word: str) -> QuerySet[Any, Any]:
    """Return the proposals one of whose firms has a word in its name."""
    return Partner.objects.filter(enterprise__name__icontains=word).values("proposal")


def proposal_counts(by: Actor) -> dict[str, int]:
    """Return how many proposals in the person's sight are in each state."""
    rows = Proposal.objects.permitted(by).order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a unit planned: how many stand in each state, what they come to, what became of them."""

    unit: int
    name: str
    counts: dict[str, int]
    amount: Decimal
    projects: int
    late: int
    stale: int

    @property
    def conversion(self) -> Decimal | None:
        """The part of what was published of which projects came; None before anything was."""
        published = self.counts[stages.PUBLISHED] + self.counts[stages.GENERATED]
        return Decimal(self.counts[stages.GENERATED]) / published if published else None


def planned_by_unit(by: Actor, today: date) -> list[Planned]:
    """Return what each unit planned, of what the person sees, in two queries; what was taken off counts nowhere but as such."""
    counts: dict[str, Any] = {state: Count("pk", filter=Q(state=state)) for state in stages.PROPOSAL_STATES}
    standing = ~Q(state=stages.WITHDRAWN)
    cents = Coalesce(Sum(Cast(Round(F("estimated") * 100), BigIntegerField()), filter=standing), 0)
    seen = Proposal.objects.permitted(by).order_by()
    rows = seen.values_list("planning_unit", brief_name("planning_unit__")).annotate(
        **counts,
        cents=cents,
        late=Count("pk", filter=late(today)),
        stale=Count("pk", filter=not_updated(today)),
    )
    made = dict(
        Partner.objects.filter(proposal__in=seen.values("pk"), project__isnull=False)
        .exclude(project__secrecy=stages.SENSITIVE)
        .order_by().values_list("proposal__planning_unit").annotate(n=Count("pk"))
    )  # fmt: skip
    found = [
        Planned(
            unit, name, dict(zip(stages.PROPOSAL_STATES, numbers, strict=True)), Decimal(total) / 100, made.get(unit, 0),
            is_late, is_stale,
        )
        for unit, name, *numbers, total, is_late, is_stale in rows
    ]  # fmt: skip
    return sorted(found, key=lambda item: (-sum(item.counts.values()), item.name))


def outdoes(moved: Partner, present: Partner) -> bool:
    """Of two lines of one proposal that name one firm, that of which a project came stays (see relinking)."""
    return moved.project_id is not None and present.project_id is None
