"""What is read of the enterprise library: look-alikes of a name, tags, contacts and relations of one enterprise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any

from django.db.models import BigIntegerField, DateField, F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yinfeng.core import events, search
from yinfeng.core import queries as core
from yinfeng.core.crypto import decrypt, mask_phone
from yinfeng.core.prepared import prepared
from yinfeng.enterprises import naming, uscc
from yinfeng.enterprises.models import Contact, Enterprise, EnterpriseTag, FormerName, Relation

# How many rows that share a bigram with the name are looked at closely.
CLOSE_LOOK = 200


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An enterprise of the library that may be the one being entered, with the reason in words."""

    enterprise: Enterprise
    level: str  # same | possible
    score: float
    reason: str | Promise


def similar(name: str, code: str = "", *, limit: int = 5, exclude: int | None = None) -> list[LookAlike]:
    """Return enterprises that ``name`` (or the 统一社会信用代码 ``code``) may mean, likeliest first."""
    others = Enterprise.objects.exclude(pk=exclude) if exclude else Enterprise.objects.all()
    found: dict[int, LookAlike] = {}
    code = uscc.normalise_uscc(code) if code else ""
    if code and (holder := others.filter(uscc=code).first()):
        found[holder.pk] = LookAlike(holder, "same", 1.0, _("统一社会信用代码相同"))
    name = name.strip()
    if len(name) >= 2:
        parts = naming.parse(name)
        rows = _rows_like(parts, others)
        scored = naming.score_candidates(name, rows)[: limit * 2]
        objects = others.in_bulk([item.id for item in scored])
        for item in scored:
            if item.id in objects and item.id not in found:
                verdict = item.verdict
                found[item.id] = LookAlike(objects[item.id], verdict.level, verdict.score, verdict.reason)
    return sorted(found.values(), key=lambda item: (item.level != "same", -item.score))[:limit]


def _rows_like(parts: naming.NameParts, others: QuerySet[Enterprise]) -> list[tuple[int, str]]:
    """Return (id, name) of rows worth a closer look: the same key, or a present or former name found by brand."""
    same = Q(name_key=parts.key) | Q(former_names__name_key=parts.key)
    rows = list(others.filter(same).values_list("pk", "name"))
    rows += FormerName.objects.filter(name_key=parts.key).values_list("enterprise", "name")
    for wanted in dict.fromkeys(filter(None, (parts.brand, parts.core, parts.stem))):
        hits = search.ranked({events.type_of(Enterprise): others}, wanted, CLOSE_LOOK)
        rows += [(hit.object_id, hit.title) for hit in hits]
    known = {pk for pk, _name in rows}
    rows += FormerName.objects.filter(enterprise__in=known).values_list("enterprise", "name")
    return rows


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


def tagged(tag: str) -> QuerySet[Any]:
    """Return the ids of the enterprises that have a tag, of whatever year."""
    return EnterpriseTag.objects.filter(tag=tag).values("enterprise")


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


@dataclass(slots=True)
class Belongings:
    """What belongs to one enterprise: (tag, year), former names, contacts, relations."""

    tags: list[tuple[str, int]] = field(default_factory=list)
    former: list[str] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    relations: list[Related] = field(default_factory=list)


# The columns that all kinds of belongings share: texts as they are stored (encrypted ones too), a number, a date.
_TEXTS = ("title", "key", "text", "place")
_NOTHING: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, Value("")),
    "ref": Cast(Value(None), BigIntegerField()),
    "day": Cast(Value(None), DateField()),
}


def _lines(found: QuerySet[Any], kind: str, **columns: str) -> QuerySet[Any, Any]:
    """Return rows as (kind, pk, title, key, text, place, ref, day); a column that is not named stays empty."""
    shared = {f"c_{name}": F(columns[name]) if name in columns else empty for name, empty in _NOTHING.items()}
    for name in _TEXTS:
        shared[f"c_{name}"] = Cast(shared[f"c_{name}"], TextField())
    named = found.order_by().annotate(c_kind=Cast(Value(kind), TextField()), **shared)
    lines: QuerySet[Any, Any] = named.values_list("c_kind", "pk", *shared)
    return lines


@prepared
def _belongings(enterprise: int, contacts: bool) -> QuerySet[Any, Any]:
    noted = {"key": "kind", "text": "source", "place": "share", "day": "noted_date"}
    own = {"enterprise": enterprise}
    parts = [
        _lines(Relation.objects.filter(**own), "own", title="other__name", ref="other_id", **noted),
        _lines(
            Relation.objects.filter(other=enterprise), "from", title="enterprise__name", ref="enterprise_id", **noted
        ),
        _lines(EnterpriseTag.objects.filter(**own), "tag", title="tag", ref="year"),
        _lines(FormerName.objects.filter(**own), "former", title="name"),
    ]  # fmt: skip
    if contacts:
        unit = Coalesce(NullIf("unit__short_name", Value("")), "unit__name")
        people = Contact.objects.filter(**own).annotate(brief=unit)
        names = {"title": "name", "key": "phone", "text": "position", "place": "brief", "ref": "unit_id"}
        parts.append(_lines(people, "person", **names))
    return parts[0].union(*parts[1:], all=True)


def belongings(enterprise: Enterprise, *, contacts: bool) -> Belongings:
    """Return what belongs to an enterprise in one query; the contacts only if the caller may see them."""
    rows = _belongings(enterprise.pk, contacts)
    found = Belongings()
    for kind, pk, title, key, text, place, ref, day in sorted(rows, key=itemgetter(0, 1)):
        if kind == "tag":
            found.tags.append((title, ref))
        elif kind == "former":
            found.former.append(title)
        elif kind == "person":
            found.people.append(Person(pk, title, text, mask_phone(decrypt(key)) if key else "", ref, place))
        else:
            found.relations.append(Related(pk, ref, title, key, text, day, kind == "own", place or ""))
    found.relations.sort(key=lambda item: (not item.is_own, item.kind, item.pk))
    return found


def search_entries(ids: Sequence[int]) -> Iterator[search.Entry]:
    """Yield by what enterprises are found: all their names, codes, place and business; the people only for who may see them."""
    former = _texts_of(FormerName.objects.filter(enterprise__in=ids), "name")
    people = _texts_of(Contact.objects.filter(enterprise__in=ids), "name", "position")
    object_type = events.type_of(Enterprise)
    found = Enterprise.objects.filter(pk__in=ids).values_list(
        "pk",
        "name",
        "short_name",
        "name_en",
        "uscc",
        "listing_code",
        "province",
        "city",
        "address",
        "scope_of_business",
    )
    for pk, name, short, latin, code, listing, *texts in found:
        yield search.Entry(
            object_type, pk, name, [text for text in texts if text],
            names=[text for text in (short, latin, *former.get(pk, ())) if text],
            codes=[text for text in (code, listing) if text],
            guarded=people.get(pk, ()),
        )  # fmt: skip


def _texts_of(found: QuerySet[Any], *fields: str) -> dict[int, list[str]]:
    """Return the texts in some fields of what belongs to enterprises: id of the enterprise → those that are not empty."""
    texts: dict[int, list[str]] = {}
    for owner, *values in found.order_by("pk").values_list("enterprise_id", *fields):
        texts.setdefault(owner, []).extend(filter(None, values))
    return texts


def names_and_codes() -> Iterator[tuple[str, str | None, str]]:
    """Yield (name, 统一社会信用代码, listing code) of every name of the library, former ones too."""
    yield from Enterprise.objects.values_list("name", "uscc", "listing_code").iterator()
    former = FormerName.objects.values_list("name", "enterprise__uscc", "enterprise__listing_code")
    yield from former.iterator()
