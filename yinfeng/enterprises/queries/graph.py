"""Relations read as a graph: what lies around an enterprise, and over whom it can be reached (以商引商, clause 2.3).

Every step is one query over the indexes of both ends of a relation, so that it costs what lies near, not what is stored.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.fields import BooleanField, TextField
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core.actors import Actor
from yinfeng.enterprises.models import RELATION_KINDS, Contact, Enterprise, EnterpriseTag, Relation, Tie
from yinfeng.enterprises.queries.targets import home_city
from yinfeng.enterprises.signals import spellings
from yinfeng.orgs.queries import brief_name

# How far a relation carries a recommendation, from the strongest on; who competes with a firm introduces nobody to it.
STRENGTH = {"shareholder": 4, "partner": 3, "customer": 2, "supplier": 2, "competitor": 0}
INTRODUCING = tuple(kind for kind, strength in STRENGTH.items() if strength)
MUTUAL = ("partner", "competitor")  # said of one, true of both

EDGES = 4000  # relations read per step
EXPANDED = 400  # enterprises from which one more step is taken
DRAWN = 150  # enterprises on a chart: more cannot be read
DRAWN_FIRST = 60  # of them at most so many at the first step, where there is a second

# What makes an enterprise one of the great ones on a chart: tags of the profile, or shares that are listed.
GREAT = ("central_soe", "central_soe_subsidiary", "listed")

# What a firm is called for short where nobody wrote a short name: its name without the form of company.
_FORM = re.compile(r"(股份)?有限(责任)?公司$")


class Link(NamedTuple):
    """A relation: “``other`` is a ``kind`` of ``enterprise``”, with where that was read."""

    pk: int
    enterprise: int
    other: int
    kind: str
    share: Decimal | None
    source: str
    noted_date: date

    @property
    def rank(self) -> tuple[int, date]:
        """By what the best of several relations between two enterprises is told."""
        return STRENGTH[self.kind], self.noted_date

    def sentence(self, names: Mapping[int, str]) -> str:
        """Say the relation in words."""
        said = {
            "other": names[self.other],
            "enterprise": names[self.enterprise],
            "kind": str(RELATION_KINDS[self.kind]).lower(),
        }
        return _("%(other)s是%(enterprise)s的%(kind)s") % said


_LINK = {
    "l_share": F("share"),
    "l_source": F("source"),
    "l_date": F("noted_date"),
}


def home_names() -> tuple[str, ...]:
    """Return how the home city of today is written in a record."""
    return spellings(home_city(timezone.localdate()))


def _links(near: Collection[int], kinds: Collection[str]) -> list[Link]:
    """Return the newest relations that have any of these enterprises at one end, one more than EDGES at most."""
    found = Relation.objects.filter(kind__in=kinds).order_by()
    sides: list[QuerySet[Any, Any]] = [
        found.filter(**{f"{side}__in": near})
        .annotate(**_LINK)
        .values_list("pk", "enterprise_id", "other_id", "kind", *_LINK)
        for side in ("enterprise", "other")
    ]
    rows = sides[0].union(sides[1]).order_by("-l_date", "pk")[: EDGES + 1]
    return [Link(*row) for row in rows]


def links(relations: Collection[int]) -> dict[int, Link]:
    """Return relations by their id."""
    rows = Relation.objects.filter(pk__in=relations).annotate(**_LINK)
    return {row[0]: Link(*row) for row in rows.values_list("pk", "enterprise_id", "other_id", "kind", *_LINK)}


def names(enterprises: Collection[int]) -> dict[int, str]:
    """Return the names of enterprises by their id."""
    return dict(Enterprise.objects.filter(pk__in=enterprises).values_list("pk", "name"))


def named_places(enterprises: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return name and place of enterprises by their id; a municipality is named once."""
    found = Enterprise.objects.filter(pk__in=enterprises).values_list("pk", "name", "province", "city")
    return {
        pk: (name, city if city.startswith(province) else " ".join(filter(None, (province, city))))
        for pk, name, province, city in found
    }


# --- around an enterprise -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Node:
    """An enterprise on a chart: ``group`` is this, local, great or other; ``step`` how far it is from the one in the middle."""

    pk: int
    name: str
    short: str
    city: str
    group: str
    step: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The enterprises up to two steps from one, and the relations among those that are drawn.

    ``left_out`` counts the enterprises not drawn; with ``is_partial`` there may be more that were not even read.
    """

    nodes: list[Node]
    links: list[Link]
    left_out: int = 0
    is_partial: bool = False


def _best(links: Iterable[Link], known: Collection[int]) -> list[int]:
    """Return the enterprises that the relations reach beyond ``known``: those with more of them first, then the stronger."""
    reached: dict[int, list[Link]] = {}
    for link in links:
        for pk in (link.enterprise, link.other):
            if pk not in known:
                reached.setdefault(pk, []).append(link)
    return sorted(
        reached, key=lambda pk: (len(reached[pk]), max(link.rank for link in reached[pk]), -pk), reverse=True
    )


def around(enterprise: Enterprise, kinds: Collection[str] = tuple(RELATION_KINDS)) -> Chart:
    """Return what lies up to two steps around an enterprise, in three queries."""
    first = _links([enterprise.pk], kinds)
    near = _best(first, {enterprise.pk})
    expanded = near[:DRAWN_FIRST]
    second = _links(expanded, kinds) if expanded else []
    beyond = _best(second, {enterprise.pk, *near})
    shown = [enterprise.pk, *expanded, *beyond[: DRAWN - 1 - len(expanded)], *near[DRAWN_FIRST:]][:DRAWN]
    firsts = set(near)
    drawn = {pk: 0 if pk == enterprise.pk else 1 if pk in firsts else 2 for pk in shown}
    is_partial = max(len(first), len(second)) > EDGES or len(expanded) < len(near)
    links = {link.pk: link for link in (*first, *second) if link.enterprise in drawn and link.other in drawn}
    left_out = 1 + len(near) + len(beyond) - len(drawn)
    return Chart(_nodes(drawn), sorted(links.values(), key=_order(drawn)), left_out, is_partial)


def _order(steps: Mapping[int, int]) -> Any:
    def key(link: Link) -> tuple[int, int, str, int]:
        ends = sorted((steps[link.enterprise], steps[link.other]))
        return ends[0], ends[1], link.kind, -link.noted_date.toordinal()

    return key


def _nodes(steps: Mapping[int, int]) -> list[Node]:
    great = EnterpriseTag.objects.filter(enterprise=OuterRef("pk"), tag__in=GREAT)
    found = Enterprise.objects.filter(pk__in=steps).annotate(is_great=Exists(great))
    rows = found.values_list("pk", "name", "short_name", "city", "listing_code", "is_great")
    home = home_names()

    def group(pk: int, city: str, is_great: bool) -> str:
        if not steps[pk]:
            return "this"
        if city in home:
            return "local"
        return "great" if is_great else "other"

    nodes = [
        Node(pk, name, short or _FORM.sub("", name), city, group(pk, city, is_great or bool(code)), steps[pk])
        for pk, name, short, city, code, is_great in rows
    ]
    order = {pk: place for place, pk in enumerate(steps)}
    return sorted(nodes, key=lambda node: order[node.pk])


# --- over whom a target is reached --------------------------------------------------------------------------------

DEPTH = 4  # relations from the first to the target: nobody asks a favour over more
PATHS = 8
ROUTES = 2  # different ways from one and the same start


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """One of ours who knows somebody in an enterprise: a tie, or a contact that a unit entered."""

    enterprise: int
    is_tie: bool
    kind: str  # of a tie: leader, advisor, officer
    name: str  # of a tie the person of ours, of a contact the unit
    whom: str
    source: str
    noted_date: date | None


@dataclass(frozen=True, slots=True)
class Path:
    """A way to the target: the enterprise it begins at and the relations one after the other."""

    start: int
    links: tuple[Link, ...]

    @property
    def places(self) -> list[int]:
        """The enterprises from the start to the target."""
        places = [self.start]
        for link in self.links:
            places.append(link.other if link.enterprise == places[-1] else link.enterprise)
        return places

    @property
    def key(self) -> tuple[int, int, int, int]:
        """By what the better of two ways is told: the shorter, then the stronger, then the one whose oldest word is newer."""
        oldest = min((link.noted_date for link in self.links), default=date.max)
        strength = sum(STRENGTH[link.kind] for link in self.links)
        return len(self.links), -strength, -oldest.toordinal(), self.start


@dataclass(slots=True)
class Introductions:
    """The best ways to a target, who of ours knows whom where they begin, and how far was looked."""

    paths: list[Path] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    local: set[int] = field(default_factory=set)
    known: dict[int, list[Acquaintance]] = field(default_factory=dict)
    is_cut: bool = False
    depth: int = 0

    def direct(self, target: int) -> list[Acquaintance]:
        """Return who of ours knows the target itself."""
        return self.known.get(target, [])


def introductions(
    target: Enterprise, by: Actor, *, paths: int = PATHS, depth: int = DEPTH, known: bool = True
) -> Introductions:
    """Return the shortest ways to ``target`` from an enterprise of the home city or one in which somebody of ours knows somebody.

    Breadth first from the target, one query per level, plus one for the acquaintances (``known``). Whom we know is told,
    and a way begun by it, only for who may see contacts. Firms that are ours to begin with are not gone beyond.
    """
    sees = by.may("enterprises.contact.view")
    found = Introductions(names={target.pk: target.name})
    home = home_names()
    routes: dict[int, list[Path]] = {target.pk: [Path(target.pk, ())]}
    starts: list[int] = []
    frontier = [target.pk]
    while frontier and found.depth < depth and len(starts) < paths:
        found.depth += 1
        rows = list(_level(frontier, sees))
        found.is_cut = found.is_cut or len(rows) > EDGES
        reached: dict[int, dict[int, Link]] = {}
        ours: set[int] = set()
        for row in rows[:EDGES]:
            near, far, name, city, is_known = row[7:]
            if far in routes:
                continue
            found.names[far] = name
            if city in home:
                found.local.add(far)
            if city in home or is_known:
                ours.add(far)
            link, ways = Link(*row[:7]), reached.setdefault(far, {})
            ways[near] = max(link, ways.get(near, link), key=lambda item: item.rank)
        for far, ways in reached.items():
            longer = (
                Path(far, (link, *route.links)) for near, link in ways.items() for route in routes[near]
            )
            routes[far] = sorted(longer, key=lambda path: path.key)[:ROUTES]
        starts += ours
        onward = sorted(reached.keys() - ours, key=lambda pk: routes[pk][0].key)
        found.is_cut = found.is_cut or len(onward) > EXPANDED
        frontier = onward[:EXPANDED]
    found.paths = _chosen(starts, routes, paths)
    if sees and known:
        for person in acquaintances({target.pk, *(path.start for path in found.paths)}):
            found.known.setdefault(person.enterprise, []).append(person)
    return found


def _chosen(starts: Iterable[int], routes: Mapping[int, Sequence[Path]], wanted: int) -> list[Path]:
    """Return the best way from each start, and others from the same starts as far as there is room."""
    each = sorted((routes[start] for start in starts), key=lambda ways: ways[0].key)
    chosen = [ways[0] for ways in each][:wanted]
    others = sorted((way for ways in each for way in ways[1:]), key=lambda path: path.key)
    return sorted([*chosen, *others[: wanted - len(chosen)]], key=lambda path: path.key)


def _level(frontier: Sequence[int], sees: bool) -> QuerySet[Any, Any]:
    """Return the relations one step from ``frontier`` with the far end's name, city and whether somebody of ours is known there."""

    def side(near: str, far: str) -> QuerySet[Any, Any]:
        known: Any = Value(False, BooleanField())
        if sees:
            there = {"enterprise": OuterRef(f"{far}_id")}
            known = Exists(Tie.objects.filter(**there)) | Exists(Contact.objects.filter(**there))
        rows = Relation.objects.filter(**{f"{near}__in": frontier, "kind__in": INTRODUCING}).order_by()
        ends = {
            "l_near": F(f"{near}_id"), "l_far": F(f"{far}_id"), "l_name": F(f"{far}__name"),
            "l_city": F(f"{far}__city"), "l_known": known,
        }  # fmt: skip
        return rows.annotate(**_LINK, **ends).values_list(
            "pk", "enterprise_id", "other_id", "kind", *_LINK, *ends
        )

    both = side("enterprise", "other").union(side("other", "enterprise"), all=True)
    return both.order_by("-l_date", "pk")[: EDGES + 1]


def acquaintances(enterprises: Collection[int]) -> list[Acquaintance]:
    """Return who of ours knows somebody in these enterprises, ties first, in one query; for who may see contacts."""
    nothing = Value("", TextField())
    ties = Tie.objects.filter(enterprise__in=enterprises).annotate(
        c_tie=Value(True, BooleanField()), c_kind=F("kind"), c_name=F("name"), c_whom=F("whom"),
        c_source=F("source"), c_day=F("noted_date"),
    )  # fmt: skip
    contacts = Contact.objects.filter(enterprise__in=enterprises).annotate(
        c_tie=Value(False, BooleanField()), c_kind=nothing, c_name=brief_name(), c_whom=F("name"), c_source=F("position"),
        c_day=Value(None, Tie._meta.get_field("noted_date")),
    )  # fmt: skip
    columns = ("enterprise_id", "c_tie", "c_kind", "c_name", "c_whom", "c_source", "c_day", "pk")
    rows = ties.order_by().values_list(*columns).union(contacts.order_by().values_list(*columns), all=True)
    kinds = {"leader": 0, "advisor": 1, "officer": 2, "": 3}
    people = sorted(rows, key=lambda row: (not row[1], kinds[row[2]], row[-1]))
    return [Acquaintance(row[0], bool(row[1]), *row[2:7]) for row in people]
