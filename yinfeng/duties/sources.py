"""From what a duty can be set on the spot: an upper app registers its objects in ``AppConfig.ready`` (ADR 26).

The form then comes with what is known of the object, and the duty keeps where it came from and what it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import reverse

from yinfeng.core import events
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Missing
from yinfeng.core.scopes import fetch, rows
from yinfeng.duties import terms


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of object that duties come from: what it is about, what the form begins with, and who may know of it."""

    kind: str
    model: type[Model]
    about: Callable[[Any], Model | None]
    initial: Callable[[Any], Mapping[str, Any]]
    is_sensitive: Callable[[Any], bool]
    related: tuple[str, ...] = ()


_SOURCES: dict[str, Source] = {}


def register(source: Source) -> None:
    """Let duties be set from objects of a kind."""
    _SOURCES[events.type_of(source.model)] = source


def found(given: str, by: Actor) -> tuple[Source, Any]:
    """Return the source and the object that an address names (``projects.project-7``); Missing out of sight or unknown."""
    kind, _dash, number = given.rpartition("-")
    source = _SOURCES.get(kind)
    if source is None or not (number.isascii() and number.isdecimal()) or len(number) > 18:
        raise Missing
    return source, fetch(rows(source.model).select_related(*source.related), by, int(number))


def new_url(obj: Model) -> str:
    """Return the address of the form that sets a duty from an object."""
    return f"{reverse('duty-new')}?from={events.type_of(obj)}-{obj.pk}"


def secrecy_of(source: Source, obj: Any) -> str:
    """Return how secret a duty from this object is."""
    return terms.SENSITIVE if source.is_sensitive(obj) else terms.INTERNAL
