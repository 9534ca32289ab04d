"""What is read of the enterprise library: look-alikes of a name, tags, contacts and relations of one enterprise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yinfeng.core import events, search
from yinfeng.core import queries as core
from yinfeng.core.models import Code
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


def tagged(tag: str) -> QuerySet[Any]:
    """Return the ids of the enterprises that have a tag, of whatever year."""
    return EnterpriseTag.objects.filter(tag=tag).values("enterprise")


def industry_label(code: str) -> str:
    """Return an industry code with its name: “C3974 显示器件制造”."""
    found = Code.objects.filter(table="industry", code=code).first() if code else None
    return f"{code} {found.label}" if found else code


def contacts_of(enterprise: Enterprise) -> list[Contact]:
    """Return an enterprise's contacts; the caller has asked whether they may be seen."""
    return list(enterprise.contacts.select_related("unit").order_by("pk"))


def relations_of(enterprise: Enterprise) -> list[tuple[Relation, Enterprise, bool]]:
    """Return (relation, the other enterprise, whether it was noted from this side)."""
    own = enterprise.relations.select_related("other").order_by("kind", "pk")
    other = enterprise.related_from.select_related("enterprise").order_by("kind", "pk")
    return [*((item, item.other, True) for item in own), *((item, item.enterprise, False) for item in other)]


def texts_of(enterprise: Enterprise, former: Iterable[str]) -> list[str]:
    """Return everything besides its name that an enterprise is found by."""
    named = [enterprise.short_name, enterprise.name_en, enterprise.uscc or "", enterprise.listing_code]
    return [text for text in (*named, *former) if text]
