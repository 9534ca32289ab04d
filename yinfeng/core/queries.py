"""What the core reads for every app: the city, code tables, rules in force, timelines, files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core.actors import Actor
from yinfeng.core.keeping import kept, kept_each
from yinfeng.core.language import in_english
from yinfeng.core.models import (
    Attachment,
    Code,
    Event,
    Follow,
    Job,
    Notice,
    ProfileLoad,
    Rule,
    SavedView,
    User,
)
from yinfeng.core.prepared import prepared

LEFT_LYING = 10  # minutes


def brand(load: ProfileLoad | None) -> dict[str, str]:
    """Return the name of the product and of the city whose profile is loaded."""
    name = "" if load is None else (load.name_en if in_english() and load.name_en else load.name)
    return {"name": _("引凤"), "city": name}


def city() -> dict[str, str]:
    """Return the brand for pages without a signed-in person."""
    return brand(ProfileLoad.objects.first())


@prepared
def _around(by: Actor) -> QuerySet[ProfileLoad]:
    unread = (
        Notice.objects.permitted(by)
        .filter(read_at=None)
        .order_by()
        .values("owner")
        .annotate(n=Count("pk"))
        .values("n")
    )
    jobs = Job.objects.filter(owner_id=by.user_id, state__in=["queued", "running", "waiting"]).order_by()
    jobs_count = jobs.values("owner").annotate(n=Count("pk")).values("n")
    people = User.objects.filter(is_demo=True)
    city = ProfileLoad.objects.annotate(
        unread=Subquery(unread), jobs=Subquery(jobs_count), is_demo=Exists(people)
    )
    return city.order_by("-pk")[:1]


def around(by: Actor) -> dict[str, Any]:
    """Return what the frame of every page shows, in one query: the city, unread notices, jobs under way."""
    load = next(iter(_around(by)), None)
    return {
        "brand": brand(load),
        "unread_count": getattr(load, "unread", 0) or 0,
        "running_jobs": getattr(load, "jobs", 0) or 0,
        "demo": bool(getattr(load, "is_demo", False)),
    }


def is_work_left_lying(now: datetime) -> bool:
    """Say whether background work has waited so long that no worker can be running."""
    waiting = Job.objects.filter(state="queued", updated_at__lt=now - timedelta(minutes=LEFT_LYING))
    return waiting.exists()


def codes(table: str, day: date | None = None) -> QuerySet[Code]:
    """Return a code table's entries in order; with ``day`` only those in force then."""
    entries = Code.objects.filter(table=table).order_by("order", "code")
    return entries if day is None else entries.filter(Code.on(day))


class Entry(NamedTuple):
    """A code-table entry as forms and labels need it."""

    code: str
    name: str
    name_en: str
    level: int
    valid_from: date | None
    valid_to: date | None

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.name_en if in_english() and self.name_en else self.name

    def in_force(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or self.valid_to >= day
        )


def entries(table: str, *, level: int | None = None, day: date | None = None) -> list[Entry]:
    """Return a code table's entries in order, down to ``level``; with ``day`` only those in force then."""
    found = kept(("codes", table, level), lambda: _entries(table, level))
    return [entry for entry in found if day is None or entry.in_force(day)]


def _entries(table: str, level: int | None) -> list[Entry]:
    found = codes(table) if level is None else codes(table).filter(level__lte=level)
    columns = found.values_list("code", "name", "name_en", "level", "valid_from", "valid_to")
    return [Entry(*row) for row in columns]


def code_label(table: str, code: str) -> str:
    """Return the label of a code, closed ones too; a code that the table lacks stands for itself."""
    by_code = kept(("by code", table), lambda: {entry.code: entry for entry in _entries(table, None)})
    return by_code[code].label if code in by_code else code


def code_labels(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return table → label of one code of each table, asking for all that are not kept at once; like ``code_label``."""
    found = kept_each((("code", *pair) for pair in pairs if pair[1]), _named_codes)
    return {table: entry.label if entry else code for (_kind, table, code), entry in found.items()}


def _named_codes(keys: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], Entry | None]:
    wanted = Q(pk__in=[])
    for _kind, table, code in keys:
        wanted |= Q(table=table, code=code)
    columns = ("table", "code", "name", "name_en", "level", "valid_from", "valid_to")
    rows = Code.objects.filter(wanted).order_by().values_list(*columns)
    return dict.fromkeys(keys) | {("code", table, code): Entry(code, *rest) for table, code, *rest in rows}


def rules(kind: str, day: date) -> dict[str, dict[str, Any]]:
    """Return the rules of a kind in force on ``day`` by their key; those of all kinds are asked for at once and kept."""
    return kept(("rules", day), lambda: _rules_by_kind(day)).get(kind, {})


def _rules_by_kind(day: date) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for kind, key, data in Rule.objects.filter(Rule.on(day)).values_list("kind", "key", "data"):
        found.setdefault(kind, {})[key] = data
    return found


def rules_since(kind: str, day: date) -> dict[str, date | None]:
    """Return since when each of the rules of a kind that are in force on ``day`` is, by their key."""
    return kept(("rules since", day), lambda: _dates_by_kind(day)).get(kind, {})


def _dates_by_kind(day: date) -> dict[str, dict[str, date | None]]:
    found: dict[str, dict[str, date | None]] = {}
    for kind, key, since in Rule.objects.filter(Rule.on(day)).values_list("kind", "key", "valid_from"):
        found.setdefault(kind, {})[key] = since
    return found


def rate_of(currency: str, day: date) -> Decimal | None:
    """Return yuan per unit of ``currency`` by the profile's newest rate not after ``day``."""
    rates = [
        (entry["on"], entry["rate"])
        for entry in rules("exchange_rate", day).get(currency, {}).get("rates", [])
        if entry["on"] <= day.isoformat()
    ]
    return Decimal(max(rates)[1]) if rates else None


@prepared
def saved_views(by: Actor, page: str) -> QuerySet[SavedView]:
    """Return the actor's saved views of a list."""
    return SavedView.objects.permitted(by).filter(page=page).order_by("name")


def _places(objects: Iterable[Model]) -> list[str | int]:
    return [part for obj in objects for part in (events.type_of(obj), obj.pk)]


def _about(places: Sequence[str | int]) -> Q:
    """Return the Q of what belongs to any of the objects, given as type, id, type, id …"""
    about = Q(pk__in=[])
    for object_type, object_id in zip(places[::2], places[1::2], strict=True):
        about |= Q(object_type=object_type, object_id=object_id)
    return about


TOLD = 50  # events on a page
NEWEST = 2**63 - 1


@prepared
def _timeline(before: int, *places: str | int) -> QuerySet[Event]:
    told = Event.objects.filter(_about(places), pk__lt=before).exclude(verb__in=sorted(events.quiet_verbs()))
    return told.order_by("-id")[: TOLD + 1]


def timeline(objects: Sequence[Model], before: int = NEWEST) -> tuple[list[Event], int]:
    """Return the newest events about any of ``objects``, and the id before which there are more (0: there are none).

    What was written last is read; it stands by when it happened, which differs where a history was entered afterwards.
    The caller has read the objects through their scope.
    """
    found = _timeline(before, *_places(objects))
    rest = found[TOLD - 1].pk if len(found) > TOLD else 0
    return sorted(found[:TOLD], key=lambda event: event.at, reverse=True), rest


@prepared
def _attachments(*places: str | int) -> QuerySet[Attachment]:
    kept = Attachment.objects.filter(_about(places), removed_at=None)
    return kept.select_related("uploaded_by").order_by("-uploaded_at")


def attachments(objects: Iterable[Model]) -> list[Attachment]:
    """Return the files on any of ``objects``, newest first."""
    return _attachments(*_places(objects))


def files_of(obj: Model) -> QuerySet[Attachment]:
    """Return the files on an object that the caller has read through its scope."""
    kept = Attachment.objects.filter(object_type=events.type_of(obj), object_id=obj.pk, removed_at=None)
    return kept.select_related("uploaded_by")


def attachment(pk: Any) -> Attachment | None:
    """Return a file that was not taken off; who may have it, its object's scope says."""
    return Attachment.objects.filter(pk=pk, removed_at=None).first()


def followed_by(by: Actor, model: type[Model]) -> Exists:
    """Say of each row of ``model`` whether the actor follows it, for ``annotate``."""
    follows = Follow.objects.permitted(by).filter(object_type=events.type_of(model), object_id=OuterRef("pk"))
    return Exists(follows)
