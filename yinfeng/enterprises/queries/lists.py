"""The lists kept as tags with a year: what there is, and what became of a list from one year to another."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.db.models import Count, Exists, OuterRef, QuerySet

from yinfeng.core import queries as core
from yinfeng.core.models import Event
from yinfeng.core.queries import Entry
from yinfeng.enterprises.models import EnterpriseTag


@dataclass(frozen=True, slots=True)
class YearOfList:
    """A list of one year (0: without year): how many firms it has, and when and from where it was last loaded."""

    year: int
    count: int
    loaded_at: datetime | None
    source: str


@dataclass(frozen=True, slots=True)
class TagList:
    """A tag with the years of its list, the newest first."""

    entry: Entry
    years: tuple[YearOfList, ...]

    @property
    def previous(self) -> dict[int, int]:
        """The year before each year that has a list of one."""
        dated = [item.year for item in self.years if item.year]
        return dict(pairwise(dated))


LOADS = 500  # events looked at for the last load of each list


def tag_lists(tag: str = "") -> list[TagList]:
    """Return every tag of the profile (or one) that is in force or in use, with its years."""
    rows = EnterpriseTag.objects.filter(tag=tag) if tag else EnterpriseTag.objects.all()
    counts: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for name, year, count in rows.order_by().values_list("tag", "year").annotate(n=Count("pk")):
        counts[name][year] = count
    loads = _loads()
    found = []
    for entry in core.entries("enterprise_tag"):
        if tag and entry.code != tag:
            continue
        years = []
        for year in sorted(counts[entry.code], reverse=True):
            at, source = loads.get((entry.code, year), (None, ""))
            years.append(YearOfList(year, counts[entry.code][year], at, source))
        if years or entry.valid_to is None:
            found.append(TagList(entry, tuple(years)))
    return found


def _loads() -> dict[tuple[str, int], tuple[datetime, str]]:
    """Return when and from where each list (tag, year) was loaded last."""
    found: dict[tuple[str, int], tuple[datetime, str]] = {}
    events = Event.objects.filter(verb="enterprises.list.loaded").order_by("-pk")
    for at, data in events.values_list("at", "data")[:LOADS]:
        found.setdefault((data.get("tag", ""), data.get("year") or 0), (at, data.get("source", "")))
    return found


def only_in(tag: str, year: int, other: int) -> QuerySet[EnterpriseTag]:
    """Return the places of firms on the list of ``year`` that are not on that of ``other``, best rank first."""
    there = EnterpriseTag.objects.filter(tag=tag, year=other, enterprise=OuterRef("enterprise"))
    rows = EnterpriseTag.objects.filter(~Exists(there), tag=tag, year=year)
    return rows.select_related("enterprise").order_by("rank", "pk")
