"""The one full-text index over the product's objects: for the search box and for the lists' filters.

What is asked for is found anywhere inside a text, from two Chinese characters or three Latin letters on; one Chinese
character is looked for in titles, one or two Latin letters at the beginning of words. Blanks in a query separate terms,
all of which must be there. Letters also find titles by their pinyin initials: two from the start, more from anywhere.

A row is found by its distinct grams (``core.text``), kept as ``text[]`` under GIN on PostgreSQL and as an FTS5 table on
SQLite (``core.models_search``), written in the transaction that changes the object. SQLite's trigram index knows no
words of two characters, and PostgreSQL's makes none of Chinese under ``LC_CTYPE=C``. A long text may be found although
the grams of the query stand apart in it; ``ranked`` looks at the title itself.

An app registers for each kind of object what it is found by (``register``); its services call ``refresh`` after a change,
and ``rebuild`` makes the whole index again. Only services write here. Reading is scoped by the caller: ``matching`` is one more filter on a permitted query set, and
``ranked`` is given the permitted rows of each type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Model, QuerySet

from yinfeng.core.models_search import Question, SearchEntry
from yinfeng.core.text import bigrams, normalise, pinyin_initials, query_bigrams

TITLE_LENGTH = 300
TOKENS_LIMIT = 600  # per entry; the title's come first
QUERY_LENGTH = 200
TERMS_LIMIT = 8
CANDIDATES = 200  # of each type, looked at for the ranking

# A LIMIT keeps PostgreSQL from walking a list in its order and asking of each row whether it matches: that guess took 9 s
# over 1,000,000 rows where matches lie together (all of one place), and 0.2 s by the index (docs/adr/0010).
_NO_LIMIT = 1_000_000_000

# Marks that no normalised text contains.
_BEGIN, _END, _INITIALS, _TYPE = "«", "»", "§", "¤"


@dataclass(frozen=True, slots=True)
class Entry:
    """An object to be found by its title and by further texts (former names, codes, places)."""

    object_type: str
    object_id: int
    title: str
    texts: Sequence[str] = ()
    pinyin: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """An object that was found; ``rank`` 0 is best (see ``_rank``)."""

    object_type: str
    object_id: int
    title: str
    rank: int


# --- writing ------------------------------------------------------------------------------------------------------


def _initials_tokens(title: str) -> Iterator[str]:
    initials = pinyin_initials(title)
    if initials != normalise(title):
        yield _INITIALS + _BEGIN + initials[:2]
        yield from (_INITIALS + initials[i : i + 3] for i in range(len(initials) - 2))


def _tokens(entry: Entry) -> list[str]:
    title = normalise(entry.title)
    tokens = [_TYPE + entry.object_type, _BEGIN + title[:1], _BEGIN + title[:2], title[-2:] + _END]
    tokens += [*bigrams(entry.title), *(char for char in title if not char.isascii())]
    if entry.pinyin:
        tokens += _initials_tokens(entry.title)
    for text in entry.texts:
        tokens += bigrams(text)
    return list(dict.fromkeys(tokens))[:TOKENS_LIMIT]


def _row(entry: Entry) -> SearchEntry:
    # Neither database stores a NUL, nor UTF-8 a lone surrogate.
    title = entry.title.encode(errors="ignore").decode().replace("\0", "")[:TITLE_LENGTH]
    return SearchEntry(
        object_type=entry.object_type, object_id=entry.object_id, title=title, tokens=_tokens(entry)
    )


def index_many(entries: Iterable[Entry], batch_size: int = 2000) -> None:
    """Put entries into the index, each in the place of what was there for its object; of two for one object the last counts."""
    pending = iter(entries)
    while batch := {(entry.object_type, entry.object_id): entry for entry in islice(pending, batch_size)}:
        SearchEntry.objects.bulk_create(
            [_row(entry) for entry in batch.values()],
            update_conflicts=True,
            unique_fields=["object_type", "object_id"],
            update_fields=["title", "tokens"],
        )


def index(
    object_type: str, object_id: int, title: str, texts: Iterable[str] = (), *, pinyin: bool = True
) -> None:
    """Let an object be found by ``title`` and ``texts``, and by nothing it had before."""
    index_many([Entry(object_type, object_id, title, tuple(texts), pinyin)])


def forget(object_type: str, *object_ids: int) -> None:
    """Take objects out of the index."""
    SearchEntry.objects.filter(object_type=object_type, object_id__in=object_ids).delete()


# For every kind of object that can be found, the entries of those with the given ids.
Entries = Callable[[Sequence[int]], Iterable[Entry]]
SOURCES: dict[type[Model], Entries] = {}


def register(model: type[Model], entries: Entries) -> None:
    """Let objects of ``model`` be found by what ``entries`` says of them; called in ``AppConfig.ready``."""
    SOURCES[model] = entries


def refresh(model: type[Model], *object_ids: int) -> None:
    """Let objects be found by what is stored of them now, and by nothing they had before."""
    index_many(SOURCES[model](object_ids))


def rebuild(model: type[Model], chunk: int = 1000) -> Iterator[int]:
    """Make the index of one kind of object again, yielding how many are done after each chunk.

    Each chunk is its own transaction: people go on working, and what is broken off is begun again without harm.
    """
    kind, last, done = model._meta.label_lower, 0, 0
    while True:
        with transaction.atomic():
            rows = model._base_manager.filter(pk__gt=last).order_by("pk").select_for_update()
            ids = list(rows.values_list("pk", flat=True)[:chunk])
            strangers = SearchEntry.objects.filter(object_type=kind, object_id__gt=last)
            if ids:
                strangers = strangers.filter(object_id__lte=ids[-1]).exclude(object_id__in=ids)
            strangers.delete()
            index_many(SOURCES[model](ids))
        if not ids:
            return
        last, done = ids[-1], done + len(ids)
        yield done


def repair() -> None:
    """Make SQLite's FTS5 table again from the entries; PostgreSQL keeps its index itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO core_search(core_search) VALUES ('rebuild')")


# --- asking -------------------------------------------------------------------------------------------------------


def _terms(query: str) -> list[str]:
    """Return the terms of a query in normal form; what is too long is cut, what has no letter or digit is left out."""
    terms = (normalise(term) for term in query[:QUERY_LENGTH].split())
    return list(dict.fromkeys(term[:QUERY_LENGTH] for term in terms if term))[:TERMS_LIMIT]


def _alternatives(term: str) -> list[list[str]]:
    """Return the sets of tokens of which a row must have one: those of the term itself, those of pinyin initials."""
    ways = [query_bigrams(term)]
    if term.isascii() and not term.isdigit() and len(term) == 2:
        ways.append([_INITIALS + _BEGIN + term])
    elif term.isascii() and not term.isdigit() and len(term) > 2:
        ways.append([_INITIALS + gram for gram in query_bigrams(term)])
    return ways


def _asking(object_type: str, terms: Sequence[str], *marks: str) -> QuerySet[SearchEntry]:
    question: Question = [[[_TYPE + object_type, *marks]], *map(_alternatives, terms)]
    return SearchEntry.objects.filter(object_type=object_type, tokens__answers=question)


def matching(object_type: str, query: str) -> QuerySet[SearchEntry, int]:
    """Return the ids of the objects that answer the query, as a subquery: ``rows.filter(pk__in=matching(…))``.

    A query without any letter or digit finds nothing.
    """
    terms = _terms(query)
    found = _asking(object_type, terms) if terms else SearchEntry.objects.none()
    return found.values_list("object_id", flat=True)[:_NO_LIMIT]


def _rank(title: str, terms: Sequence[str]) -> int:
    """Return 0 if the title is the query, 1 if it begins with it, 2 if it has all terms, 3 and 4 for initials, else 5."""
    key, whole = normalise(title), "".join(terms)
    if key == whole:
        return 0
    if key.startswith(whole):
        return 1
    if all(term in key for term in terms):
        return 2
    if whole.isascii():
        initials = pinyin_initials(title)
        if initials.startswith(whole):
            return 3
        if all(term in initials for term in terms):
            return 4
    return 5


def _candidates(object_type: str, visible: QuerySet[Any], terms: Sequence[str]) -> dict[int, str]:
    """Return id → title of objects of one type, with the best among them if there are more than CANDIDATES."""

    def some(*marks: str) -> dict[int, str]:
        rows = _asking(object_type, terms, *marks).filter(object_id__in=visible.order_by().values("pk"))
        return dict(rows.values_list("object_id", "title")[: CANDIDATES + 1])

    found = some()
    if len(found) > CANDIDATES:
        whole = "".join(terms)
        begin, end = _BEGIN + whole[:2], whole[-2:] + _END
        found |= some(begin) | some(begin, end)
    return found


def ranked(visible: Mapping[str, QuerySet[Any]], query: str, limit: int = 20) -> list[Hit]:
    """Return the best answers among the ``visible`` rows (object type → permitted query set), best first.

    Equal ranks: the shorter title first, then by title. One query per type, three for a type in which the query is common.
    """
    terms = _terms(query)
    hits = [
        Hit(object_type, object_id, title, _rank(title, terms))
        for object_type, rows in visible.items()
        if terms
        for object_id, title in _candidates(object_type, rows, terms).items()
    ]
    return sorted(
        hits, key=lambda hit: (hit.rank, len(hit.title), hit.title, hit.object_type, hit.object_id)
    )[:limit]
