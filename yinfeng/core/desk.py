"""What upper apps put on the core's pages: groups of search results and lists of the home page.

An app registers a provider in ``AppConfig.ready``; the home page and the search page ask each in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence


@dataclass(frozen=True, slots=True)
class Found:
    """How one kind of object appears among search results: its label, its list, and the second line of a row."""

    model: type[Model]
    label: Sentence
    route: str
    permission: str
    line: Callable[[Any], dict[str, Any]]
    related: Sequence[str] = ()


FOUND: list[Found] = []
CARDS: list[Callable[[Actor], list[dict[str, Any]]]] = []
LISTS: list[Callable[[Actor], list[dict[str, Any]]]] = []
PRIMARY: list[Callable[[Actor], dict[str, Any] | None]] = []


def searchable(found: Found) -> None:
    """Let the search box find a kind of object."""
    if all(known.model is not found.model for known in FOUND):
        FOUND.append(found)


def on_home(
    *,
    cards: Callable[[Actor], list[dict[str, Any]]] | None = None,
    lists: Callable[[Actor], list[dict[str, Any]]] | None = None,
    primary: Callable[[Actor], dict[str, Any] | None] | None = None,
) -> None:
    """Put cards, lists or the first act on the home page."""
    for provider, place in ((cards, CARDS), (lists, LISTS), (primary, PRIMARY)):
        if provider is not None and provider not in place:
            place.append(provider)  # type: ignore[arg-type]
