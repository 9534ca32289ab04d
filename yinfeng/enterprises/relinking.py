"""Everything in the product that points at an enterprise: the one list by which a merger moves it and undoing moves it back.

The enterprise app declares its own here, upper apps theirs in ``AppConfig.ready`` (``declare``). A test walks the registry
of models and fails when a relation to an enterprise, or a model that refers to objects by type and number, is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q, QuerySet, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from yinfeng.core import events
from yinfeng.core.errors import Sentence
from yinfeng.core.models import Attachment, Event, Follow, SearchEntry
from yinfeng.enterprises.models import (
    Contact,
    Distinction,
    Doubt,
    Enterprise,
    EnterpriseTag,
    FormerName,
    Merging,
    Relation,
    Signal,
    Target,
    Tie,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records about to be one, and the comparison key of the name that stays."""

    kept: Enterprise
    gone: Enterprise
    name_key: str


def never(moved: Any, present: Any) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Link:
    """One kind of row that points at enterprises, by one or several foreign keys or (``generic``) by type and number.

    ``verb`` is the event that each row tells of its move. Of two rows that say the same, the kept record's stays unless
    the moved one ``outdoes`` it; ``void`` names rows that the merger itself makes meaningless. ``ordered``: the lower id
    stands in the first field. ``part`` tells several links of one model apart. The preview of a merger tells of those that are ``shown``.
    """

    model: type[Model]
    label: Sentence
    fields: tuple[str, ...] = ("enterprise",)
    ordered: bool = False
    generic: bool = False
    verb: str = ""
    outdoes: Callable[[Any, Any], bool] = never
    void: Callable[[Any, Pair], bool] = never
    shown: bool = True
    part: str = ""

    @property
    def key(self) -> str:
        return ".".join(filter(None, [self.model._meta.label_lower, self.part]))

    def attributes(self) -> list[str]:
        """Return the columns that hold the number of an enterprise."""
        return [str(self.model._meta.get_field(name).attname) for name in self.fields]  # type: ignore[union-attr]

    def pointing(self, pk: int, object_type: str = "") -> QuerySet[Any]:
        """Return the rows that point at an enterprise, or at the object ``pk`` of another type."""
        found = Q()
        for name in self.attributes():
            found |= Q(**{name: pk})
        if self.generic:
            found &= Q(object_type=object_type or events.type_of(Enterprise))
        return self.model._base_manager.filter(found).order_by("pk")

    def repointed(self, row: Any, old: int, new: int) -> dict[str, int]:
        """Return what the row's columns hold when ``new`` takes the place of ``old``."""
        columns = self.attributes()
        values = [new if getattr(row, name) == old else getattr(row, name) for name in columns]
        return dict(zip(columns, sorted(values) if self.ordered else values, strict=True))

    def uniques(self) -> Iterator[tuple[list[str], Q]]:
        """Yield what may be there once only: the columns together, among the rows of a condition."""
        meta = self.model._meta
        for constraint in meta.constraints:
            if isinstance(constraint, UniqueConstraint) and set(self.fields) & set(constraint.fields):
                columns = [str(meta.get_field(name).attname) for name in constraint.fields]  # type: ignore[union-attr]
                yield columns, constraint.condition or Q()
        for name in self.fields:
            if meta.get_field(name).unique:  # type: ignore[union-attr]
                yield [str(meta.get_field(name).attname)], Q()  # type: ignore[union-attr]


@dataclass(slots=True)
class Plan:
    """What becomes of the rows of one link: those that move, and those dropped, each with the row that stays for it."""

    link: Link
    moving: list[Any] = field(default_factory=list)
    dropped: list[tuple[Any, Any]] = field(default_factory=list)


def plan(link: Link, old: int, new: int, object_type: str = "", pair: Pair | None = None) -> Plan:
    """Say what becomes of the rows that point at ``old`` when ``new`` takes its place; writes nothing."""
    made = Plan(link)
    for row in link.pointing(old, object_type):
        values = link.repointed(row, old, new)
        if len(set(values.values())) < len(values) or (pair and link.void(row, pair)):
            made.dropped.append((row, None))
        else:
            made.moving.append(row)
    if pair and link.void is not never:
        made.dropped += [(row, None) for row in link.pointing(new) if link.void(row, pair)]
    for columns, condition in link.uniques():
        _meet(made, columns, condition, old, new, object_type)
    return made


def _meet(made: Plan, columns: list[str], condition: Q, old: int, new: int, object_type: str) -> None:
    """Drop one of each two rows of which only one may be there."""
    link = made.link
    gone = {row.pk for row, _stays in made.dropped}
    concerned = set(link.pointing(old, object_type).filter(condition).values_list("pk", flat=True))
    if not concerned:
        return
    present = {
        tuple(getattr(row, name) for name in columns): row
        for row in link.pointing(new, object_type).filter(condition)
        if row.pk not in gone
    }
    for row in [row for row in made.moving if row.pk in concerned]:
        values = link.repointed(row, old, new)
        twin = present.get(tuple(values.get(name, getattr(row, name)) for name in columns))
        if twin is None:
            continue
        if link.outdoes(row, twin):
            made.dropped.append((twin, row))
        else:
            made.moving.remove(row)
            made.dropped.append((row, twin))


# --- the rules of this app's own ----------------------------------------------------------------------------------


def was_decided(moved: Doubt, present: Doubt) -> bool:
    """A person's finding stands before an open question."""
    return moved.state == "different" and present.state == "open"


def says_more(moved: Any, present: Any) -> bool:
    """Of a tag with and without rank, of a relation with and without share, the one that says more stays."""
    name = "rank" if isinstance(moved, EnterpriseTag) else "share"
    return getattr(moved, name) is not None and getattr(present, name) is None


def is_further(moved: Target, present: Target) -> bool:
    """Of two entries of one unit's list the one that is pursued, and of those the one touched last, stays."""
    return (moved.state != "dropped", moved.updated_at) > (present.state != "dropped", present.updated_at)


def is_its_name(row: FormerName, pair: Pair) -> bool:
    """The name that stays is no other name of the record."""
    return row.name_key == pair.name_key


def denies_merger(row: Distinction, pair: Pair) -> bool:
    """That the one's name does not mean the other holds no longer."""
    return row.name_key in {pair.kept.name_key, pair.gone.name_key}


LINKS: list[Link] = [
    Link(FormerName, _("曾用名和别名"), void=is_its_name),
    Link(EnterpriseTag, _("标签"), outdoes=says_more),
    Link(Contact, _("联系人")),
    Link(Relation, _("企业关系"), ("enterprise", "other"), outdoes=says_more),
    Link(Target, _("目标企业名单"), outdoes=is_further),
    Link(Signal, _("外迁预警")),
    Link(Tie, _("人脉")),
    Link(Distinction, _("不是同一家的认定"), void=denies_merger),
    Link(Doubt, _("疑似重复"), ("one", "other"), ordered=True, outdoes=was_decided, shown=False),
    Link(Merging, _("以前的合并"), ("kept",)),
    Link(Attachment, _("材料"), ("object_id",), generic=True),
    Link(Follow, _("关注"), ("object_id",), generic=True),
]
# Rows that refer to objects by type and number and are not moved: events are written once, the kept record's timeline
# shows those of the records merged into it; the search index is made again from what is stored.
STAYING: tuple[type[Model], ...] = (Event, SearchEntry)


def declare(link: Link) -> None:
    """Add a kind of row of an upper app that points at enterprises."""
    if all(known.key != link.key for known in LINKS):
        LINKS.append(link)


def link_of(key: str) -> Link | None:
    """Return the link of a kind of row; None when the product has it no more."""
    return next((link for link in LINKS if link.key == key), None)
