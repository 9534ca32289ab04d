"""Who reported an investor first, how long that protects him, and disputes over it (首报首谈, FACTS §1.4).

By the profile's rules ``first_report``: with ``protection`` a record protects its unit for ``months`` after it was reported
or last got on, whichever is later: without progress the right lapses; what other units report within
``simultaneous_hours`` of the first counts as reported at the same time, and what was done since decides (集美区 办法).
With ``dispute`` the other side has ``answer_days`` to speak. Once it is signed, a project is its unit's: the contest is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor, system
from yinfeng.core.clock import months_after
from yinfeng.enterprises.models import Enterprise
from yinfeng.projects import stages
from yinfeng.projects.models import Dispute, Lead, Project, Side, seen_sides
from yinfeng.projects.queries.records import OPEN_LEADS, OPEN_PROJECTS, Dealing, dealings

BEFORE_SIGNING = tuple(stage for stage in stages.ORDER if not stages.reached(stage, stages.SIGNED))


@dataclass(frozen=True, slots=True)
class Reported:
    """A record's place among those of one investor: its rank, and the last day on which it is protected; None of a signed
    one, which nobody takes from its unit."""

    dealing: Dealing
    rank: str
    until: date | None


def months_protected(day: date) -> int:
    """Return how many months a report protects; 0 where the profile protects none."""
    return int(core.rules("first_report", day).get("protection", {}).get("months") or 0)


def protected_until(reported_at: datetime, progress_at: datetime, months: int) -> date:
    """Return the last day on which a record is protected: so many months after it was reported or last got on."""
    return months_after(timezone.localdate(max(reported_at, progress_at)), months)


def reported_on(lapsing: date, months: int) -> date:
    """Return the first day that still protects on ``lapsing``: what was reported on it or later has not lapsed then."""
    day = months_after(lapsing, -months)
    return day if months_after(day, months) >= lapsing else day + timedelta(days=1)


def renewed(project: Project, now: datetime) -> dict[str, Any]:
    """Return what begins anew when a project gets on after its protection has lapsed: its place among reports of its investor."""
    months = months_protected(timezone.localdate(now))
    if not months or project.named_at is None:
        return {}
    until = protected_until(project.named_at, project.progress_at, months)
    return {"named_at": now} if timezone.localdate(now) > until else {}


def lead_is_protected(today: date) -> Q:
    """Return the Q of the open leads whose protection has not lapsed; of none where the profile protects none."""
    months = months_protected(today)
    if not months:
        return Q(pk__in=[])
    since = timezone.make_aware(datetime.combine(reported_on(today, months), datetime.min.time()))
    return Q(state__in=OPEN_LEADS, named_at__gte=since)


def ranked(found: Iterable[Dealing], today: date) -> list[Reported]:
    """Return the open records of an investor that are not signed yet, by when they were reported, each with its rank.

    The first of those whose protection has not lapsed is the first report, and with it its unit's others; together with it
    what another unit reported within the hours of the rule.
    """
    rule = core.rules("first_report", today).get("protection", {})
    months = int(rule.get("months") or 0)
    if not months:
        return []
    contest = [
        item for item in found
        if item.is_open and not item.is_growth and (not item.is_project or item.stage in BEFORE_SIGNING)
    ]  # fmt: skip
    contest.sort(key=lambda item: (item.at, item.is_project, item.pk))
    until = {item.key: protected_until(item.at, item.progress_at, months) for item in contest}
    live = [item for item in contest if today <= until[item.key]]
    hours = timedelta(hours=int(rule.get("simultaneous_hours") or 0))
    at_once = [item for item in live if item.at - live[0].at <= hours]
    is_shared = len({item.holder for item in at_once}) > 1

    def rank(item: Dealing) -> str:
        if item not in live:
            return stages.LAPSED
        if is_shared:
            return stages.TOGETHER if item in at_once else stages.LATER
        return stages.FIRST if item.holder == live[0].holder else stages.LATER

    return [Reported(item, rank(item), until[item.key]) for item in contest]


def places_of(found: Iterable[Dealing], today: date) -> list[Reported]:
    """Return who has the investor and who reported it: signed projects before all others, whose units are first with what
    else they have of it; then the contest of those not signed, behind them (FACTS §1.4: the contest is over once it is signed).
    """
    dealings = list(found)
    contest = ranked(dealings, today)
    if not contest and not months_protected(today):
        return []
    held = [
        item for item in dealings
        if item.is_open and item.is_project and not item.is_growth and item.stage not in BEFORE_SIGNING
    ]  # fmt: skip
    holders = {item.holder for item in held}

    def rank(item: Reported) -> str:
        if not holders or item.rank == stages.LAPSED:
            return item.rank
        return stages.FIRST if item.dealing.holder in holders else stages.LATER

    signed = [Reported(item, stages.HELD, None) for item in sorted(held, key=lambda item: (item.at, item.pk))]
    return [*signed, *(Reported(item.dealing, rank(item), item.until) for item in contest)]


def key_of(record: Lead | Project) -> str:
    return f"{'project' if isinstance(record, Project) else 'lead'}-{record.pk}"


def report_of(record: Lead | Project, today: date) -> Reported | None:
    """Return a record's place among all there are of its investor, sensitive ones too; None when it is not in the contest."""
    if record.enterprise is None:
        return None
    found = ranked(dealings(record.enterprise, system()), today)
    return next((item for item in found if item.dealing.key == key_of(record)), None)


def rivals(record: Lead | Project, by: Actor, today: date) -> list[Reported]:
    """Return the other units' records of the same investor of which a person may be told, in the order of their reports."""
    if record.enterprise is None:
        return []
    found = ranked(dealings(record.enterprise, by), today)
    holder = next((item.dealing.holder for item in found if item.dealing.key == key_of(record)), None)
    return [item for item in found if holder is not None and item.dealing.holder != holder]


# --- disputes -----------------------------------------------------------------------------------------------------


def days_to_answer(day: date) -> int:
    """Return how many days the other side has to speak before the office may decide without it."""
    return int(core.rules("first_report", day).get("dispute", {}).get("answer_days") or 0)


def time_to_answer_is_over(dispute: Dispute, today: date) -> bool:
    return (today - timezone.localdate(dispute.raised_at)).days >= days_to_answer(today)


def pair_of(first: Lead | Project, second: Lead | Project) -> str:
    """Return the name of a pair of records, whichever comes first; a project that came of a lead is named by the lead."""

    def name(record: Lead | Project) -> str:
        if isinstance(record, Project) and record.lead_id:
            return f"lead-{record.lead_id}"
        return key_of(record)

    return " ".join(sorted([name(first), name(second)]))


def record_named(key: str) -> Lead | Project | None:
    """Return the lead or project that a form names."""
    kind, _dash, number = key.partition("-")
    model: type[Lead | Project] | None = {"lead": Lead, "project": Project}.get(kind)  # type: ignore[assignment]
    if model is None or not number.isdecimal() or len(number) > 18:
        return None
    return model._default_manager.filter(pk=number).first()


def told_sides(by: Actor) -> QuerySet[Any]:
    """Return the sides of disputes with what is read of their records and whether a person sees them.

    ``named_at``, ``talks``, ``first_talk`` and ``last_talk`` are of the record; talks count that were written down before the
    dispute was raised, so that nobody adds to them for its sake.
    """
    sees = (
        Value(True, BooleanField())
        if by.is_system
        else Case(When(seen_sides(by), then=Value(True)), default=Value(False), output_field=BooleanField())
    )
    before = Q(project__talks__recorded_at__lt=F("dispute__raised_at"))
    return (
        Side.objects.select_related("unit", "lead", "project")
        .annotate(
            sees=sees,
            named_at=Coalesce(
                "project__named_at", "lead__named_at", "project__created_at", "lead__first_reported_at"
            ),
            talks=Count("project__talks", filter=before),
            first_talk=Min("project__talks__talk_date", filter=before),
            last_talk=Max("project__talks__talk_date", filter=before),
        )
        .order_by("-is_raiser")
    )


def sides_of(dispute: Dispute, by: Actor) -> list[Any]:
    """Return both sides of a dispute, the raiser first, in one query."""
    return list(told_sides(by).filter(dispute=dispute))


def with_sides(disputes: QuerySet[Dispute], by: Actor) -> QuerySet[Dispute]:
    """Bring along the sides of disputes as they are told a person."""
    return disputes.prefetch_related(Prefetch("sides", told_sides(by)))


def others_of(investor: int, unit: int) -> list[Dealing]:
    """Return what a unit has in the contest for an investor: what goes with it when a dispute is decided for the other side."""
    enterprise = Enterprise.objects.get(pk=investor)
    found = ranked(dealings(enterprise, system()), timezone.localdate())
    return [item.dealing for item in found if item.dealing.holder == unit]


_GOES_ON = Q(project__status__in=OPEN_PROJECTS) | Q(project=None, lead__state__in=OPEN_LEADS)


def _waiting() -> QuerySet[Side]:
    """Return the sides that wait for a dispute to be decided, as long as the other side's record goes on."""
    other = Side.objects.filter(dispute=OuterRef("dispute")).exclude(pk=OuterRef("pk")).filter(_GOES_ON)
    return Side.objects.filter(Exists(other), waits=True, dispute__state__in=stages.OPEN_DISPUTES)


def is_disputed() -> Exists:
    """Say of a project whether its unit waits for a dispute over its investor to be decided, for ``annotate``.

    The unit waits, not the record alone: else it would go on under another one.
    """
    same = Q(project__enterprise=OuterRef("enterprise")) | Q(
        project=None, lead__enterprise=OuterRef("enterprise")
    )
    return Exists(_waiting().filter(same, unit=Coalesce(OuterRef("host_unit"), OuterRef("reporter_unit"))))


def project_is_disputed(project: Project) -> bool:
    """Say of one project the same."""
    return Project.objects.filter(is_disputed(), pk=project.pk).exists()


def has_yielded(field: str) -> Exists:
    """Say of the lead or project in a field (“lead” or “project”) whether a dispute was decided for the other side."""
    return Exists(Side.objects.filter(yields=True, **{field: OuterRef("pk")}))


def disputes_about(record: Lead | Project) -> QuerySet[Dispute]:
    """Return the disputes in which a record is a side; those of a lead go with the project that came of it."""
    mine = Q(project=record) if isinstance(record, Project) else Q(lead=record, project=None)
    return Dispute.objects.filter(pk__in=Side.objects.filter(mine).values("dispute"))


def disputes_of(record: Lead | Project) -> list[list[Side]]:
    """Return both sides of each dispute of a record, the newest dispute first and its raiser first, in one query."""
    found = Side.objects.filter(dispute__in=disputes_about(record).values("pk")).select_related(
        "dispute", "unit"
    )
    made: dict[int, list[Side]] = {}
    for side in found.order_by("-dispute", "-is_raiser"):
        made.setdefault(side.dispute_id, []).append(side)
    return list(made.values())


def undisputed(found: Iterable[Reported], disputes: Iterable[Sequence[Side]]) -> list[Reported]:
    """Return those of the rivals with whom nothing was disputed yet, or only what was withdrawn."""
    known = {
        key
        for sides in disputes
        if sides[0].dispute.state != stages.WITHDRAWN
        for side in sides
        for key in (f"lead-{side.lead_id}", f"project-{side.project_id}")
    }
    return [item for item in found if item.dealing.key not in known]


def disputes_to_do(by: Actor, today: date) -> QuerySet[Dispute]:
    """Return the disputes in which it is the person's turn: to speak, or to decide once the other side has or its time is over."""
    latest = today - timedelta(days=days_to_answer(today) - 1)
    over = timezone.make_aware(datetime.combine(latest, datetime.min.time()))
    ripe = Q(state=stages.ANSWERED) | Q(state=stages.RAISED, raised_at__lt=over)
    mine = Q(pk__in=Dispute.objects.permitted(by, "answer").values("pk"), state=stages.RAISED)
    mine |= Q(pk__in=Dispute.objects.permitted(by, "decide").values("pk")) & ripe
    return Dispute.objects.permitted(by).filter(mine)
