"""What the core reads for every app: the city, code tables, rules in force, timelines, files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.utils import translation
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core.actors import Actor
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


def brand(load: ProfileLoad | None) -> dict[str, str]:
    """Return the name of the product and of the city whose profile is loaded."""
    english = (translation.get_language() or "").startswith("en")
    name = "" if load is None else (load.name_en if english and load.name_en else load.name)
    return {"name": _("引凤"), "city": name}


def city() -> dict[str, str]:
    """Return the brand for pages without a signed-in person."""
    return brand(ProfileLoad.objects.first())


def around(by: Actor) -> dict[str, Any]:
    """Return what the frame of every page shows, in one query: the city, unread notices, jobs under way."""
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
    load = ProfileLoad.objects.annotate(
        unread=Subquery(unread), jobs=Subquery(jobs_count), is_demo=Exists(people)
    ).first()
    return {
        "brand": brand(load),
        "unread_count": getattr(load, "unread", 0) or 0,
        "running_jobs": getattr(load, "jobs", 0) or 0,
        "demo": bool(getattr(load, "is_demo", False)),
    }


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
        english = (translation.get_language() or "").startswith("en")
        return self.name_en if english and self.name_en else self.name

    def in_force(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or self.valid_to >= day
        )


# Every page asks for the same few tables and rules, which change when a profile is loaded: a minute later all processes
# have it.
KEPT_SECONDS = 60


def entries(table: str, *, level: int | None = None, day: date | None = None) -> list[Entry]:
    """Return a code table's entries in order, down to ``level``; with ``day`` only those in force then."""
    key = f"codes:{table}:{level}"
    kept: list[Entry] | None = cache.get(key)
    if kept is None:
        found = codes(table) if level is None else codes(table).filter(level__lte=level)
        kept = [
            Entry(*row)
            for row in found.values_list("code", "name", "name_en", "level", "valid_from", "valid_to")
        ]
        cache.set(key, kept, KEPT_SECONDS)
    return kept if day is None else [entry for entry in kept if entry.in_force(day)]


def code_label(table: str, code: str) -> str:
    """Return the label of a code, closed ones too; a code that the table lacks stands for itself."""
    return next((entry.label for entry in entries(table) if entry.code == code), code)


def rules(kind: str, day: date) -> dict[str, dict[str, Any]]:
    """Return the rules of a kind in force on ``day`` by their key."""
    key = f"rules:{kind}:{day}"
    kept: dict[str, dict[str, Any]] | None = cache.get(key)
    if kept is None:
        kept = dict(Rule.objects.filter(kind=kind).filter(Rule.on(day)).values_list("key", "data"))
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def saved_views(by: Actor, page: str) -> list[SavedView]:
    """Return the actor's saved views of a list."""
    return list(SavedView.objects.permitted(by).filter(page=page).order_by("name"))


def timeline(objects: Sequence[Model], limit: int = 50) -> list[Event]:
    """Return the newest events about any of ``objects``, which the caller has read through their scope."""
    about = Q(pk__in=[])
    for obj in objects:
        about |= Q(object_type=events.type_of(obj), object_id=obj.pk)
    return list(
        Event.objects.filter(about).exclude(verb="core.attachment.downloaded").order_by("-id")[:limit]
    )


def attachments(objects: Iterable[Model]) -> list[Attachment]:
    """Return the files on any of ``objects``, newest first."""
    about = Q(pk__in=[])
    for obj in objects:
        about |= Q(object_type=events.type_of(obj), object_id=obj.pk)
    return list(
        Attachment.objects.filter(about, removed_at=None)
        .select_related("uploaded_by")
        .order_by("-uploaded_at")
    )


def followed_by(by: Actor, model: type[Model]) -> Exists:
    """Say of each row of ``model`` whether the actor follows it, for ``annotate``."""
    follows = Follow.objects.permitted(by).filter(object_type=events.type_of(model), object_id=OuterRef("pk"))
    return Exists(follows)
