"""Which of the three personal duties (三个“亲自”, clause 1.5) a major project’s holder owes for a quarter, and has done.

Worked out on reading, out of the dated acts. The profile’s rules ``personal`` in force on the quarter’s last day (today, in
the present one) say how many acts of a kind are due in a quarter, and in which stages; that the clause asks for three kinds
is the policy’s, how often is common practice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.orgs.models import Membership
from yinfeng.orgs.queries import brief_name
from yinfeng.projects import stages
from yinfeng.projects.models import Participation, PersonalAct, Project, Stay, TeamMember
from yinfeng.projects.queries.grades import grade_of, graded, tiers


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of the calendar."""

    year: int
    number: int

    @property
    def code(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def label(self) -> str:
        return _("%(year)s 年第 %(number)s 季度") % {"year": self.year, "number": self.number}

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> Quarter:
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def before(self) -> Quarter:
        return Quarter(self.year - (self.number == 1), (self.number + 2) % 4 + 1)

    @property
    def end(self) -> datetime:
        """The moment at which the next quarter begins."""
        return timezone.make_aware(datetime.combine(self.next.first, time.min))


def quarter_of(day: date) -> Quarter:
    """Return the quarter in which a day lies."""
    return Quarter(day.year, (day.month + 2) // 3)


def recent_quarters(today: date, count: int = 8) -> list[Quarter]:
    """Return the present quarter and those before it, the newest first."""
    found = [quarter_of(today)]
    while len(found) < count:
        found.append(found[-1].before)
    return found


@dataclass(frozen=True, slots=True)
class Due:
    """How many acts of a kind are due in a quarter, and of projects in which stages."""

    times: int
    stages: tuple[str, ...]


def personal_rules(day: date) -> dict[str, Due]:
    """Return what is due of each kind by the rules in force: from a stage on, before another; nothing without a rule."""
    rules = core.rules("personal", day)
    found = {}
    for kind in stages.PERSONAL_KINDS:
        rule = rules.get(kind) or {}
        first, until = rule.get("from_stage", stages.PLANNED), rule.get("until_stage")
        if rule.get("times") and first in stages.ORDER:
            owed = [
                stage for stage in stages.ORDER
                if stages.reached(stage, first) and not (until in stages.ORDER and stages.reached(stage, until))
            ]  # fmt: skip
            found[kind] = Due(int(rule["times"]), tuple(owed))
    return found


def major(day: date) -> Q:
    """Return the Q of the major projects: those of a grade that a meeting of the leader group hears."""
    found = Q(pk__in=[])
    for tier in tiers(day):
        if tier.meeting:
            found |= graded(tier.code, day)
    return found


def is_major(project: Project, day: date) -> bool:
    """Say whether a project is a major one, by the rules of a day."""
    grade = grade_of(project, tiers(day))
    return grade is not None and bool(grade.tier.meeting)


# --- whose the project was ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spell:
    """The days on which a unit took part in a project, or held it; the last one is empty while it goes on."""

    unit: int
    since: date
    until: date | None

    def holds(self, unit: int, day: date) -> bool:
        return unit == self.unit and self.since <= day and (self.until is None or day <= self.until)

    def __str__(self) -> str:
        if self.until is None:
            return _("%(since)s 起") % {"since": self.since}
        return _("%(since)s 至 %(until)s") % {"since": self.since, "until": self.until}


def reported_day(project: Project) -> date:
    """Return the day on which a project was first told of: as a lead, or when it was made."""
    return timezone.localdate(project.lead.first_reported_at if project.lead else project.created_at)


def _spells(project: Project, parts: Iterable[str]) -> list[Spell]:
    """Return who took part in a project as one of ``parts``; who did when it was made has been there since it was reported."""
    first, made = reported_day(project), timezone.localdate(project.created_at)
    rows = Participation.objects.filter(project=project, part__in=tuple(parts)).order_by("since", "pk")
    return [
        Spell(unit, first if since <= made else since, until)
        for unit, since, until in rows.values_list("unit", "since", "until")
    ]


def took_part(project: Project, unit: int) -> list[Spell]:
    """Return when a unit took part in a project and acted in it."""
    return [spell for spell in _spells(project, stages.ACTING_PARTS) if spell.unit == unit]


def holdings(project: Project) -> list[Spell]:
    """Return whose a project was from when until when: its host's, while it has none its reporter's.

    The day on which it is passed on belongs to both.
    """
    found: list[Spell] = []
    free: date | None = reported_day(project)
    for spell in _spells(project, [stages.HOST]):
        if free is not None and spell.since > free:
            found.append(Spell(project.reporter_unit_id, free, spell.since))
        found.append(spell)
        free = None if free is None or spell.until is None else max(free, spell.until)
    if free is not None:
        found.append(Spell(project.reporter_unit_id, free, None))
    return found


def _holder(quarter: Quarter, today: date) -> dict[str, Any]:
    """Return the unit whose a project was at a quarter’s end (now, in the present one), and its name."""
    now = {
        "holder": Coalesce("host_unit", "reporter_unit"),
        "holder_name": Coalesce(brief_name("host_unit__"), brief_name("reporter_unit__")),
    }
    if quarter.last >= today:
        return now
    hosts = Participation.objects.filter(project=OuterRef("pk"), part=stages.HOST, since__lte=quarter.last)
    then = hosts.filter(Q(until=None) | Q(until__gt=quarter.last)).order_by("-since", "-pk")
    return {
        "holder": Coalesce(
            Subquery(then.values("unit")[:1]), "reporter_unit", output_field=BigIntegerField()
        ),
        "holder_name": Coalesce(
            Subquery(then.annotate(name=brief_name()).values("name")[:1]), brief_name("reporter_unit__")
        ),
    }


# --- what is missing ----------------------------------------------------------------------------------------------


def owing(projects: QuerySet[Project], quarter: Quarter, today: date) -> QuerySet[Any]:
    """Return the projects whose holder owes acts for a quarter, with how many of each kind were ``made_…`` in it.

    A project owes for a quarter when it is going on and major now, was made and became major (``major_since``) before the
    quarter ended, and stood at the quarter’s end — now, in the present quarter — in a stage for which a rule asks for acts.
    A quarter that ended before is not counted: the day on which a quarter ends belongs to it, the moment after does not.
    Acts count by their own date, those alone of the unit that held the project on that day; withdrawn ones never. What is
    missing is missed by the ``holder``, the unit whose the project was at the quarter’s end.
    """
    day = min(quarter.last, today)
    due = personal_rules(day)
    owed = {stage for rule in due.values() for stage in rule.stages}
    stood: Any = F("stage") if quarter.last >= today else Subquery(_stay_at(quarter.end))
    found = projects.filter(major(day), status=stages.ONGOING).annotate(
        stood=stood, is_major_since=Coalesce("major_since", "created_at"),
        **{f"made_{kind}": _made(kind, quarter) for kind in stages.PERSONAL_KINDS}, **_holder(quarter, today),
    )  # fmt: skip
    return found.filter(is_major_since__lt=quarter.end, created_at__lt=quarter.end, stood__in=sorted(owed))


def _stay_at(moment: datetime) -> QuerySet[Any, Any]:
    """Return the stage in which the outer project stood just before a moment."""
    stays = Stay.objects.filter(project=OuterRef("pk"), since__lt=moment)
    return stays.filter(Q(until=None) | Q(until__gte=moment)).order_by("-since", "-pk").values("stage")[:1]


def _made(kind: str, quarter: Quarter) -> Coalesce:
    acts = counted_acts(quarter).filter(project=OuterRef("pk"), kind=kind).order_by().values("project")
    return Coalesce(Subquery(acts.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)


def counted_acts(quarter: Quarter) -> QuerySet[PersonalAct]:
    """Return the acts that count for a quarter."""
    inside = {"act_date__gte": quarter.first, "act_date__lt": quarter.next.first}
    return PersonalAct.objects.filter(state=stages.RECORDED, as_holder=True, **inside)


def missing(kind: str, quarter: Quarter, today: date) -> Q:
    """Return the Q of those of the projects ``owing`` that lack acts of a kind (“any”: of any kind)."""
    due = personal_rules(min(quarter.last, today))
    found = Q(pk__in=[])
    for name, rule in due.items():
        if kind in {name, ANY}:
            found |= Q(stood__in=rule.stages, **{f"made_{name}__lt": rule.times})
    return found


ANY = "any"


@dataclass(frozen=True, slots=True)
class UnitDuties:
    """How many major projects of a unit owe acts for a quarter, and how many of them lack which kind."""

    unit: int
    name: str
    projects: int
    missing: dict[str, int]
    lacking: int


def duties_by_unit(projects: QuerySet[Project], quarter: Quarter, today: date) -> list[UnitDuties]:
    """Return of each unit that held major ones of the projects what is missing, most first, in one query.

    Each project is asked once of each kind whether acts are missing, and counted by unit and by what it lacks.
    """
    lacks = {
        f"lack_{kind}": Case(When(missing(kind, quarter, today), then=Value(1)), default=Value(0))
        for kind in stages.PERSONAL_KINDS
    }
    owed = owing(projects, quarter, today).order_by().annotate(**lacks)
    counted = owed.values_list("holder", "holder_name", *lacks).annotate(n=Count("pk"))
    found: dict[int, UnitDuties] = {}
    for unit, name, *lacking, count in counted:
        known = found.get(unit) or UnitDuties(unit, name, 0, dict.fromkeys(stages.PERSONAL_KINDS, 0), 0)
        missed = {
            kind: known.missing[kind] + count * lack
            for kind, lack in zip(stages.PERSONAL_KINDS, lacking, strict=True)
        }
        found[unit] = UnitDuties(
            unit, name, known.projects + count, missed, known.lacking + count * max(lacking)
        )
    return sorted(found.values(), key=lambda item: (-item.lacking, -item.projects, item.name))


@dataclass(frozen=True, slots=True)
class Owed:
    """What a project’s holder owed of a kind for a quarter (0: nothing), and on which days he did it."""

    times: int
    days: tuple[date, ...]

    @property
    def is_missing(self) -> bool:
        return len(self.days) < self.times


def owed_by(project: Any, quarter: Quarter, today: date, acts: Sequence[PersonalAct]) -> dict[str, Owed]:
    """Return what is owed of each kind for a quarter by a project from ``owing``, out of its acts that count."""
    due = personal_rules(min(quarter.last, today))
    found = {}
    for kind in stages.PERSONAL_KINDS:
        rule = due.get(kind)
        times = rule.times if rule and project.stood in rule.stages else 0
        found[kind] = Owed(times, tuple(sorted(act.act_date for act in acts if act.kind == kind)))
    return found


def acts_in(quarter: Quarter) -> Prefetch[str, Any, Any]:
    """Return the prefetch of the acts that count for a quarter, as ``counted``."""
    return Prefetch("personal_acts", counted_acts(quarter).order_by("act_date", "pk"), to_attr="counted")


def owed_quarters(
    project: Project, quarters: Sequence[Quarter], today: date
) -> dict[Quarter, tuple[str, str]]:
    """Return of those of the quarters for which a project owes acts in which stage it stood and whose it was, in one query."""
    here = Project.objects.filter(pk=project.pk).order_by()
    legs = [
        owing(here, quarter, today).values_list(
            Value(number, IntegerField()),
            Coalesce("stood", Value(""), output_field=CharField()),
            "holder_name",
        )
        for number, quarter in enumerate(quarters)
    ]
    found = sorted(legs[0].union(*legs[1:], all=True))
    return {quarters[number]: (stood, holder) for number, stood, holder in found}


def personal_acts(project: Project) -> list[PersonalAct]:
    """Return the acts of a project, withdrawn ones too, the newest first."""
    acts = project.personal_acts.select_related("unit", "person", "recorded_by", "evidence")
    return list(acts.order_by("-act_date", "-pk"))


def first_hands_for(project: Project, by: Actor) -> QuerySet[Membership]:
    """Return the posts of first hands whose acts ``by`` may record: of the units that act in the project or did, former
    first hands too, of the person’s own units alone unless he is on the team or records everywhere."""
    parts = Participation.objects.filter(project=project).exclude(part__in=stages.LOOKING_PARTS)
    posts = Membership.objects.filter(is_first_hand=True, unit__in=parts.values("unit"))
    reach = by.reach("projects.contact.record")
    if not reach.everywhere:
        on_team = TeamMember.objects.filter(project=project, user=by.user_id, until=None)
        if not on_team.exists():
            posts = posts.filter(unit__in=reach.units)
    return posts.select_related("person", "unit").order_by("unit__order", "unit", F("valid_to").desc(nulls_first=True), "pk")  # fmt: skip
