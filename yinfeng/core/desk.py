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
    """How one kind of object appears among search results: its label, its list, and the second line of a row.

    Without a ``permission`` every signed-in person finds it.
    """

    model: type[Model]
    label: Sentence
    route: str
    permission: str
    line: Callable[[Any], dict[str, Any]]
    related: Sequence[str] = ()
    order: int = 50


@dataclass(frozen=True, slots=True)
class Board:
    """What an app has for a person's home page: figures on top, lists below (see core/home.html).

    They come together because a card often counts what a list shows the beginning of.
    """

    cards: Sequence[dict[str, Any]] = ()
    lists: Sequence[dict[str, Any]] = ()


FOUND: list[Found] = []
HOME: list[Callable[[Actor], Board]] = []
PRIMARY: list[Callable[[Actor], dict[str, Any] | None]] = []


def searchable(found: Found) -> None:
    """Let the search box find a kind of object."""
    if all(known.model is not found.model for known in FOUND):
        FOUND.append(found)
        FOUND.sort(key=lambda known: known.order)


def on_home(
    *,
    board: Callable[[Actor], Board] | None = None,
    primary: Callable[[Actor], dict[str, Any] | None] | None = None,
) -> None:
    """Put cards and lists, or the first act, on the home page."""
    if board is not None and board not in HOME:
        HOME.append(board)
    if primary is not None and primary not in PRIMARY:
        PRIMARY.append(primary)
