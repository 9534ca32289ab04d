"""What apps put on pages that belong to none of them: search results, lists of the home page, a person's calendar and weekly letter.

An app registers a provider in ``AppConfig.ready``; the page asks each in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
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


# --- what has a date ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dated:
    """Something that a person's calendar shows: on a day, or from a moment to a moment.

    ``uid`` is its own among everything dated and stays the same (``duty-12``); ``url`` is a path; ``sequence`` grows whenever
    the row changes (a version does), ``modified_at`` says when it last did. What is over says so in the word of its own
    lifecycle (``done``). Of what is sensitive only the product tells the words; ``number`` is what may be said elsewhere.
    """

    uid: str
    title: str
    url: str
    day: date | None = None
    start: datetime | None = None
    end: datetime | None = None
    note: str = ""
    sequence: int = 0
    modified_at: datetime | None = None
    done: Sentence = ""
    is_sensitive: bool = False
    number: str = ""


@dataclass(frozen=True, slots=True)
class DatedKind:
    """A kind of dated things: what it is called, its icon, and who finds those in a person's sight from one day to another."""

    code: str
    label: Sentence
    icon: str
    find: Callable[[Actor, date, date], Sequence[Dated]]


DATED: list[DatedKind] = []


def dated(
    code: str, label: Sentence, icon: str, find: Callable[[Actor, date, date], Sequence[Dated]]
) -> None:
    """Put what ``find(by, first day, last day)`` returns into people's calendars."""
    if all(kind.code != code for kind in DATED):
        DATED.append(DatedKind(code, label, icon, find))


# --- the weekly letter --------------------------------------------------------------------------------------------

OVERDUE, DUE, TO_REVIEW, NEW = "overdue", "due", "to_review", "new"


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a person's weekly letter: in which part it stands, what it is about, its page, and the day that counts.

    Of what is sensitive the letter tells only that there is something, by its ``number``.
    """

    part: str
    title: str
    url: str
    day: date | None = None
    note: str = ""
    is_sensitive: bool = False
    number: str = ""


DIGEST: list[Callable[[Actor, date, date], Sequence[Told]]] = []


def digest(find: Callable[[Actor, date, date], Sequence[Told]]) -> None:
    """Put what ``find(by, first day, last day)`` returns into the letter about the week between the two days."""
    if find not in DIGEST:
        DIGEST.append(find)


# --- what a notice asks for -----------------------------------------------------------------------------------------

ASKS: dict[str, Sentence] = {}


def asks(why: str, sentence: Sentence) -> None:
    """Say what is to be done by who gets a notice for this reason (``core.services.notify``); of the others nothing is asked."""
    ASKS[why] = sentence


# --- what a person sets for himself -------------------------------------------------------------------------------

OWN_SETTINGS: list[tuple[Sentence, str, str]] = []


def own_setting(label: Sentence, icon: str, route: str) -> None:
    """Offer a page on which a person says what he wants to be told, beside his notices."""
    if all(known != route for _label, _icon, known in OWN_SETTINGS):
        OWN_SETTINGS.append((label, icon, route))
