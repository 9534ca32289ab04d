"""What is read of doubts and mergers: where a record went, until when a merger can be undone, what one would move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, IntegerField, Model, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from yinfeng.core import events
from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.prepared import prepared
from yinfeng.core.scopes import ScopedQuerySet
from yinfeng.enterprises import relinking
from yinfeng.enterprises.models import Distinction, Doubt, Enterprise, FormerName, Merging
from yinfeng.enterprises.relinking import Link, Pair

# When the profile says nothing (rule “merge”, key “undo”).
UNDO_DAYS = 30


def merged_into(pk: int) -> Merging | None:
    """Return the merger by which a record that is not there any more became part of another, chains followed."""
    return Merging.objects.filter(gone_id=pk, state="merged").select_related("kept").order_by("-pk").first()


@prepared
def _mergings(enterprise: int) -> QuerySet[Merging]:
    return Merging.objects.filter(kept=enterprise).select_related("merged_by", "unit").order_by("-pk")


def mergings_of(enterprise: Enterprise) -> list[Merging]:
    """Return the mergers into an enterprise, undone ones too, newest first."""
    return list(_mergings(enterprise.pk))


def former_selves(mergings: list[Merging]) -> list[Enterprise]:
    """Return the records that became part of an enterprise, as far as their events and files ask: type and number."""
    return [Enterprise(pk=item.gone_id, name=item.gone_name) for item in mergings if item.state == "merged"]


def undo_until(merging: Merging) -> date:
    """Return the last day on which a merger can be undone, by the rule in force on the day it was made."""
    day = timezone.localdate(merging.merged_at)
    days = core.rules("merge", day).get("undo", {}).get("days", UNDO_DAYS)
    return day + timedelta(days=days)


def later_merger(merging: Merging) -> Merging | None:
    """Return the standing merger that has to be undone before this one, if there is one.

    By it the record kept here became part of another one, or it dropped rows that came from this merger.
    """
    own = {(events.type_of(Merging), merging.pk)}
    came = {(step["link"], pk) for step in merging.moved for pk in step["rows"]}
    names = next(link.key for link in relinking.LINKS if link.model is FormerName)
    came |= {(names, pk) for pk in merging.before["added"]}
    for later in Merging.objects.filter(kept=merging.kept_id, state="merged", pk__gt=merging.pk).order_by(
        "pk"
    ):
        moved = {(step["link"], pk) for step in later.moved for pk in step["rows"]}
        dropped = {(row["link"], row["values"]["id"]) for row in later.before["dropped"]}
        if own & moved or came & dropped:
            return later
    return None


def doubts_of(enterprise: Enterprise) -> list[Doubt]:
    """Return the open doubts in which an enterprise is, likeliest first."""
    found = Doubt.objects.filter(Q(one=enterprise) | Q(other=enterprise), state="open")
    return list(found.select_related("one", "other").order_by("-score", "pk"))


def doubt_between(one: Enterprise, other: Enterprise) -> Doubt | None:
    """Return the pair of two enterprises, decided or not."""
    low, high = sorted([one.pk, other.pk])
    return Doubt.objects.filter(one=low, other=high).first()


def all_names(enterprise: Enterprise) -> list[str]:
    """Return the name of an enterprise and those it had or is also known by."""
    return [enterprise.name, *enterprise.former_names.order_by("pk").values_list("name", flat=True)]


def told_apart(one: Enterprise, other: Enterprise) -> Distinction | None:
    """Return the newest finding that two enterprises are not one."""
    found = Distinction.objects.filter(
        Q(enterprise=one, name_key=other.name_key) | Q(enterprise=other, name_key=one.name_key)
    )
    return found.select_related("found_by").order_by("-pk").first()


# --- what a merger would do ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Told:
    """How many rows there are, and the texts of those that the person may see."""

    count: int = 0
    texts: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Sequence[Model], by: Actor) -> Told:
        if not rows:
            return cls()
        seen = {row.pk for row in rows}
        found = type(rows[0])._default_manager.filter(pk__in=seen)
        if isinstance(found, ScopedQuerySet):
            seen = set(found.permitted(by).values_list("pk", flat=True))
        return cls(len(rows), [str(row) for row in rows if row.pk in seen])


@dataclass(slots=True)
class Share:
    """How many rows of one kind would move; which of them both records have, and which become meaningless."""

    link: Link
    count: int
    twice: Told = field(default_factory=Told)
    void: Told = field(default_factory=Told)


def shares(kept: Enterprise, gone: Enterprise, by: Actor, name_key: str = "") -> list[Share]:
    """Return what hangs on the record that would go, kind by kind; only kinds of which both have rows are read."""
    pair = Pair(kept, gone, name_key or kept.name_key)
    counted = _counted(kept, gone)
    found = []
    for link in relinking.LINKS:
        mine, theirs = counted[kept.pk][link.key], counted[gone.pk][link.key]
        if not theirs or not link.shown:
            continue
        share = Share(link, theirs)
        if mine and any(link.uniques()):
            made = relinking.plan(link, gone.pk, kept.pk, pair=pair)
            share.twice = Told.of([row for row, stays in made.dropped if stays is not None], by)
            share.void = Told.of([row for row, stays in made.dropped if stays is None], by)
            share.count = len(made.moving)
        found.append(share)
    return found


def _counted(*enterprises: Enterprise) -> dict[int, dict[str, int]]:
    """Return how many rows of each kind point at each of the enterprises, in one query."""
    numbers: dict[str, Any] = {}
    for index, enterprise in enumerate(enterprises):
        for at, link in enumerate(relinking.LINKS):
            rows = link.pointing(enterprise.pk).order_by().annotate(all=Value(1)).values("all")
            number = Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
            numbers[f"n_{index}_{at}"] = Coalesce(number, 0)
    (row,) = Enterprise.objects.filter(pk=enterprises[0].pk).values_list(*numbers.values())
    width = len(relinking.LINKS)
    return {
        enterprise.pk: {link.key: row[index * width + at] for at, link in enumerate(relinking.LINKS)}
        for index, enterprise in enumerate(enterprises)
    }
