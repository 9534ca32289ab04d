"""What one must know of an enterprise before meeting it, read in one go and as far as the reader may see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from yinfeng.core.actors import Actor
from yinfeng.core.prepared import prepared
from yinfeng.enterprises.models import (
    Contact,
    Enterprise,
    EnterpriseTag,
    FormerName,
    Relation,
    Signal,
    Target,
    Tie,
)
from yinfeng.enterprises.queries.graph import home_names
from yinfeng.enterprises.queries.records import as_lines
from yinfeng.enterprises.queries.targets import COURTING, SIGNALS_PENDING, at_hand, horizon
from yinfeng.orgs.queries import brief_name


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An enterprise in relation to the one of the brief; ``is_own`` when it is a ``kind`` of it, else the other way round."""

    enterprise: int
    name: str
    kind: str
    share: str
    is_local: bool
    is_own: bool
    noted_date: date


@dataclass(frozen=True, slots=True)
class Plan:
    """A target entry in the reader's sight: what the unit wants and does next."""

    unit: str
    state: str
    wanted: str
    next_step: str
    next_date: date | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A pending warning in the reader's sight."""

    kind: str
    level: int
    detail: str
    next_step: str
    noted_date: date
    due: str = ""


@dataclass(slots=True)
class Briefing:
    """What stands in the library about an enterprise; ``people`` and ``ties`` are empty for who may not see contacts."""

    tags: list[tuple[str, int, str]] = field(default_factory=list)
    former: list[str] = field(default_factory=list)
    neighbours: list[Neighbour] = field(default_factory=list)
    people: list[tuple[str, str, str]] = field(default_factory=list)  # name, position, unit
    ties: list[tuple[str, str, str]] = field(default_factory=list)  # kind, name, whom
    plans: list[Plan] = field(default_factory=list)
    courting: list[tuple[str, str, str]] = field(default_factory=list)  # unit, owner, state
    alarms: list[Alarm] = field(default_factory=list)

    @property
    def locals(self) -> list[Neighbour]:
        return [item for item in self.neighbours if item.is_local]

    @property
    def shareholders(self) -> list[Neighbour]:
        """Whom it belongs to, those with more of it first."""
        owners = [item for item in self.neighbours if item.kind == "shareholder" and item.is_own]
        return sorted(owners, key=lambda item: -float(item.share or 0))


@prepared
def _briefing(enterprise: int, by: Actor, home: str, bare: str, until: date | None) -> QuerySet[Any, Any]:
    """Return the lines of a brief; warnings only with ``until``, the last end of a lease that is worth a word."""
    own = {"enterprise": enterprise}
    unit = brief_name()
    noted = {"key": "kind", "text": "share", "day": "noted_date"}
    parts = [
        as_lines(
            Relation.objects.filter(Q(other__city__in=[home, bare]) | Q(kind="shareholder"), **own), "own",
            title="other__name", place="other__city", ref="other_id", **noted,
        ),
        as_lines(
            Relation.objects.filter(other=enterprise, enterprise__city__in=[home, bare]), "from",
            title="enterprise__name", place="enterprise__city", ref="enterprise_id", **noted,
        ),
        as_lines(EnterpriseTag.objects.filter(**own), "tag", title="tag", ref="year", place="rank"),
        as_lines(FormerName.objects.filter(**own), "former", title="name"),
    ]  # fmt: skip
    if by.may("enterprises.contact.view"):
        people = Contact.objects.filter(**own).annotate(brief=unit)
        parts.append(as_lines(people, "person", title="name", text="position", place="brief"))
        parts.append(as_lines(Tie.objects.filter(**own), "tie", title="name", key="kind", text="whom"))
    if by.may("enterprises.target.view"):
        plans = Target.objects.permitted(by).filter(**own, state__in=COURTING).annotate(brief=unit)
        parts.append(
            as_lines(plans, "plan", title="brief", key="state", text="next_step", place="wanted", day="next_date")
        )  # fmt: skip
        courting = Target.objects.filter(**own, state__in=COURTING).annotate(brief=unit)
        parts.append(as_lines(courting, "courting", title="brief", key="state", text="owner__name"))
    if until is not None:
        alarms = Signal.objects.permitted(by).filter(at_hand(until), **own, state__in=SIGNALS_PENDING)
        named = {"title": "kind", "key": "due_date", "text": "detail", "place": "next_step", "ref": "level"}
        parts.append(as_lines(alarms, "alarm", day="noted_date", **named))
    return parts[0].union(*parts[1:], all=True)


def briefing(enterprise: Enterprise, by: Actor) -> Briefing:
    """Return what stands in the library about an enterprise, in one query."""
    home = home_names()
    until = horizon(timezone.localdate()) if by.may("enterprises.signal.view") else None
    rows = _briefing(enterprise.pk, by, home[0] if home else "—", home[-1] if home else "—", until)
    found = Briefing()
    for kind, _pk, title, key, text, place, ref, day in sorted(rows, key=itemgetter(0, 1)):
        if kind == "tag":
            found.tags.append((title, ref, place or ""))
        elif kind == "former":
            found.former.append(title)
        elif kind == "person":
            found.people.append((title, text, place))
        elif kind == "tie":
            found.ties.append((key, title, text))
        elif kind == "plan":
            found.plans.append(Plan(title, key, place, text, day))
        elif kind == "courting":
            found.courting.append((title, text, key))
        elif kind == "alarm":
            found.alarms.append(Alarm(title, ref, text, place, day, key or ""))
        else:
            is_own = kind == "own"
            found.neighbours.append(Neighbour(ref, title, key, text or "", place in home, is_own, day))
    found.alarms.sort(key=lambda item: (item.level, -item.noted_date.toordinal()))
    return found
