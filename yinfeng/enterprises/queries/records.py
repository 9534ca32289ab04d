"""What is read of the enterprise library: its tags, what belongs to one enterprise, by what enterprises are found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    DateField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, TruncDate
from django.utils.translation import gettext as _now

from yinfeng.core import events, search
from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.crypto import decrypt, mask_phone
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
from yinfeng.orgs.queries import Joined, brief_name


def tag_labels() -> dict[str, str]:
    """Return the profile's enterprise tags: code → label."""
    return {code.code: code.label for code in core.entries("enterprise_tag")}


def tags_of(enterprises: Iterable[int]) -> dict[int, list[tuple[str, int]]]:
    """Return the (tag, year) of each of the enterprises, in one query."""
    found: dict[int, list[tuple[str, int]]] = {}
    rows = EnterpriseTag.objects.filter(enterprise__in=enterprises).order_by("pk")
    for enterprise, tag, year in rows.values_list("enterprise_id", "tag", "year"):
        found.setdefault(enterprise, []).append((tag, year))
    return found


def tagged_by(codes: Iterable[str], year: int) -> QuerySet[Any]:
    """Return the ids of the enterprises that have one of some tags, of no year or of one up to ``year``."""
    return EnterpriseTag.objects.filter(tag__in=list(codes), year__lte=year).values("enterprise")


def joined_tags(enterprise: str) -> Subquery:
    """Return for a query all tags of the enterprise to which ``enterprise`` leads as one text, for ``split_tags``."""
    told = Concat("tag", Value(":"), "year", Value(":"), "rank", output_field=TextField())
    found = EnterpriseTag.objects.filter(enterprise=OuterRef(enterprise)).order_by()
    return Subquery(found.annotate(all=Joined(told)).values("all"), output_field=TextField())


def split_tags(text: str | None) -> list[tuple[str, int, int | None]]:
    """Return the tag, year and rank (None: not known) that ``joined_tags`` joined."""
    parts = [part.split(":") for part in (text or "").split(",") if part]
    return [(tag, int(year), int(rank) if rank else None) for tag, year, rank in parts]


def tag_text(label: str, year: int, rank: object = None) -> str:
    """Return a tag as people read it: 世界500强 2025 第 69 位."""
    parts = [
        label,
        str(year) if year else "",
        _now("第 %(rank)s 位") % {"rank": f"{int(str(rank)):,}"} if rank else "",
    ]
    return " ".join(filter(None, parts))


def tagged(tag: str, year: int | None = None) -> QuerySet[Any]:
    """Return the ids of the enterprises that have a tag (any, if empty), of a year or of whatever year."""
    found = EnterpriseTag.objects.filter(tag=tag) if tag else EnterpriseTag.objects.all()
    return found.filter(year=year).values("enterprise") if year is not None else found.values("enterprise")


def industry_label(code: str) -> str:
    """Return an industry code with its name: “C3974 显示器件制造”."""
    label = core.code_label("industry", code) if code else ""
    return f"{code} {label}" if label != code else code


# --- an enterprise's page -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as a page shows it; the phone is masked."""

    pk: int
    name: str
    position: str
    phone: str
    unit_id: int
    unit: str


@dataclass(frozen=True, slots=True)
class Tied:
    """One of ours who knows somebody in the enterprise, for whoever may see contacts."""

    pk: int
    kind: str
    name: str
    whom: str
    source: str
    noted_date: date
    unit_id: int


@dataclass(frozen=True, slots=True)
class Related:
    """A relation seen from one side; ``is_own`` when it was noted on that side."""

    pk: int
    other_id: int
    other: str
    kind: str
    source: str
    noted_date: date
    is_own: bool
    share: str = ""


@dataclass(frozen=True, slots=True)
class Courted:
    """A unit that courts the firm, as whoever may see targets sees it: nothing of its plans."""

    pk: int
    unit: str
    owner: str
    state: str
    since: date
    is_seen: bool


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning in the person's sight that the firm may move away."""

    pk: int
    kind: str
    state: str
    detail: str
    level: int
    noted_date: date
    due_date: str = ""  # 2027-06-30

    @property
    def due(self) -> date | None:
        return date.fromisoformat(self.due_date) if self.due_date else None


@dataclass(slots=True)
class Belongings:
    """What belongs to one enterprise: (tag, year, rank), former and other names, contacts, relations, who courts it, warnings."""

    tags: list[tuple[str, int, str]] = field(default_factory=list)
    former: list[str] = field(default_factory=list)
    alternative: list[str] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    ties: list[Tied] = field(default_factory=list)
    relations: list[Related] = field(default_factory=list)
    targets: list[Courted] = field(default_factory=list)
    signals: list[Warned] = field(default_factory=list)


# The columns that all kinds of belongings share: texts as they are stored (encrypted ones too), a number, a date.
_TEXTS = ("title", "key", "text", "place")
_NOTHING: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, Value("")),
    "ref": Cast(Value(None), BigIntegerField()),
    "day": Cast(Value(None), DateField()),
}


def as_lines(found: QuerySet[Any], kind: str, **columns: str) -> QuerySet[Any, Any]:
    """Return rows as (kind, pk, title, key, text, place, ref, day); a column that is not named stays empty."""
    shared = {f"c_{name}": F(columns[name]) if name in columns else empty for name, empty in _NOTHING.items()}
    for name in _TEXTS:
        shared[f"c_{name}"] = Cast(shared[f"c_{name}"], TextField())
    named = found.order_by().annotate(c_kind=Cast(Value(kind), TextField()), **shared)
    lines: QuerySet[Any, Any] = named.values_list("c_kind", "pk", *shared)
    return lines


@prepared
def _belongings(enterprise: int, contacts: bool, by: Actor) -> QuerySet[Any, Any]:
    noted = {"key": "kind", "text": "source", "place": "share", "day": "noted_date"}
    own = {"enterprise": enterprise}
    parts = [
        as_lines(Relation.objects.filter(**own), "own", title="other__name", ref="other_id", **noted),
        as_lines(
            Relation.objects.filter(other=enterprise), "from", title="enterprise__name", ref="enterprise_id", **noted
        ),
        as_lines(EnterpriseTag.objects.filter(**own), "tag", title="tag", ref="year", place="rank"),
        as_lines(FormerName.objects.filter(**own), "former", title="name", key="kind"),
    ]  # fmt: skip
    if contacts:
        people = Contact.objects.filter(**own).annotate(brief=brief_name())
        names = {"title": "name", "key": "phone", "text": "position", "place": "brief", "ref": "unit_id"}
        parts.append(as_lines(people, "person", **names))
        known = {"title": "name", "key": "kind", "text": "whom", "place": "source", "ref": "unit_id"}
        parts.append(as_lines(Tie.objects.filter(**own), "tie", day="noted_date", **known))
    if by.may("enterprises.target.view"):
        parts.append(_courting(enterprise, by))
    if by.may("enterprises.signal.view"):
        noted = {
            "title": "kind",
            "key": "state",
            "text": "detail",
            "place": "due_date",
            "ref": "level",
            "day": "noted_date",
        }
        parts.append(as_lines(Signal.objects.permitted(by).filter(**own), "signal", **noted))
    return parts[0].union(*parts[1:], all=True)


def _courting(enterprise: int, by: Actor) -> QuerySet[Any, Any]:
    """Return the targets that are not given up, of whatever unit; ``ref`` says whether the row itself is in sight."""
    seen = Case(
        When(Q(pk__isnull=False) & Target.objects.all().scope(by, "view"), then=Value(1)), default=Value(0)
    )
    found = Target.objects.filter(enterprise=enterprise).exclude(state="dropped").annotate(
        brief=brief_name(), since=TruncDate("created_at"),
        seen=Value(1) if by.is_system else seen,
    )  # fmt: skip
    named = {"title": "brief", "key": "state", "text": "owner__name", "ref": "seen", "day": "since"}
    return as_lines(found, "target", **named)


def belongings(enterprise: Enterprise, by: Actor) -> Belongings:
    """Return what belongs to an enterprise, in one query and as far as the actor may see it."""
    rows = _belongings(enterprise.pk, by.may("enterprises.contact.view"), by)
    found = Belongings()
    for kind, pk, title, key, text, place, ref, day in sorted(rows, key=itemgetter(0, 1)):
        if kind == "tag":
            found.tags.append((title, ref, place or ""))
        elif kind == "former":
            (found.alternative if key == "alternative" else found.former).append(title)
        elif kind == "target":
            found.targets.append(Courted(pk, title, text, key, day, bool(ref)))
        elif kind == "signal":
            found.signals.append(Warned(pk, title, key, text, ref, day, place or ""))
        elif kind == "tie":
            found.ties.append(Tied(pk, key, title, text, place, day, ref))
        elif kind == "person":
            found.people.append(Person(pk, title, text, mask_phone(decrypt(key)) if key else "", ref, place))
        else:
            found.relations.append(Related(pk, ref, title, key, text, day, kind == "own", place or ""))
    found.relations.sort(key=lambda item: (not item.is_own, item.kind, item.pk))
    return found


# The fields by which enterprises are found.
FOUND_BY = (
    "name", "short_name", "name_en", "uscc", "listing_code", "province", "city", "address", "scope_of_business",
)  # fmt: skip


def search_entries(ids: Sequence[int]) -> Iterator[search.Entry]:
    """Yield by what enterprises are found: all their names, codes, place and business; the people only for who may see them."""
    former = _texts_of(FormerName.objects.filter(enterprise__pk__among=ids), "name")
    people = _texts_of(Contact.objects.filter(enterprise__pk__among=ids), "name", "position")
    for pk, *values in Enterprise.objects.filter(pk__among=ids).values_list("pk", *FOUND_BY):
        said = dict(zip(FOUND_BY, values, strict=True))
        yield search_entry(pk, said, former.get(pk, ()), people.get(pk, ()))


def search_entry(
    pk: int, values: Mapping[str, Any], former: Iterable[str] = (), people: Sequence[str] = ()
) -> search.Entry:
    """Return by what an enterprise with these values is found, its other names and its people."""

    def said(*names: str) -> list[str]:
        return [text for name in names if (text := values.get(name))]

    return search.Entry(
        events.type_of(Enterprise), pk, values["name"], said("province", "city", "address", "scope_of_business"),
        names=[*said("short_name", "name_en"), *former], codes=said("uscc", "listing_code"), guarded=people,
    )  # fmt: skip


def _texts_of(found: QuerySet[Any], *fields: str) -> dict[int, list[str]]:
    """Return the texts in some fields of what belongs to enterprises: id of the enterprise → those that are not empty."""
    texts: dict[int, list[str]] = {}
    for owner, *values in found.order_by("pk").values_list("enterprise_id", *fields):
        texts.setdefault(owner, []).extend(filter(None, values))
    return texts
