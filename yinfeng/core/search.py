"""The one full-text index over the product's objects: for the search box and for the lists' filters.

What is asked for is found anywhere inside a text, from two characters on; a single Chinese character is looked for in
titles, a single Latin letter at the beginning of words. Blanks in a query separate terms, all of which must be there. Letters
also find names by their pinyin: two or more initials, or two or more whole syllables, from anywhere in the name.

A row is found by its distinct tokens (``core.text``), kept as ``text[]`` under GIN on PostgreSQL and as an FTS5 table on
SQLite (``core.models_search``), written in the transaction that changes the object. SQLite's trigram index knows no
words of two characters, and PostgreSQL's makes none of Chinese under ``LC_CTYPE=C``. A long text may be found although
the grams of the query stand apart in it; ``ranked`` looks at the title itself.

What not everybody may see (the people of an enterprise) is indexed under a mark of its own, and only who holds the
permission that its kind was registered with is answered by it.

An app registers for each kind of object what it is found by (``register``); its services call ``refresh`` after a change,
and ``rebuild`` makes the whole index again. Only services write here. Reading is scoped by the caller: ``answering`` and
``matching`` filter a permitted query set, and ``ranked`` is given the permitted rows of each type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar
from zlib import crc32

from django.db import connection, transaction
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)

from yinfeng.core import bulk, events
from yinfeng.core.actors import ANONYMOUS, Actor
from yinfeng.core.models_search import Question, SearchEntry, fts_params
from yinfeng.core.text import (
    READINGS_LIMIT,
    bigrams,
    code_grams,
    initials_of,
    normalise,
    pinyin_pairs,
    pinyin_readings,
    pinyin_syllables,
    query_bigrams,
)

M = TypeVar("M", bound=Model)

TITLE_LENGTH = 300
FEW = 20  # entries that are written by one statement; more are copied
TOKENS_LIMIT = 3000  # per entry; the names' come first
QUERY_LENGTH = 200
TERMS_LIMIT = 8
READINGS = (
    3 * READINGS_LIMIT
)  # of a query's terms by their pinyin, altogether: each is one more thing to look up
CANDIDATES = 200  # of each sort of answer, looked at for the ranking

# From so many answers on, looking at rows one by one in the order of the list finds a page of them sooner than gathering
# the answers and sorting them; half a million answers took 0.4 s to gather (docs/adr/0013).
COMMON = 20_000
# PostgreSQL guesses how many rows answer. Where it guessed too high, its walk is broken off after so many rows.
WALK = 60_000

# A LIMIT keeps PostgreSQL from walking a list in its order and asking of each row whether it matches: that guess took 9 s
# over 1,000,000 rows where matches lie together (all of one place), and 0.2 s by the index (docs/adr/0010).
_NO_LIMIT = 1_000_000_000

# Marks that no normalised text contains.
_BEGIN, _END, _WHOLE, _INITIALS, _SPELT, _GUARDED = "«", "»", "¬", "§", "¶", "¦"


@dataclass(frozen=True, slots=True)
class Entry:
    """An object to be found by its title, further names, texts and codes; by ``guarded`` texts only for who may."""

    object_type: str
    object_id: int
    title: str
    texts: Sequence[str] = ()
    names: Sequence[str] = ()
    codes: Sequence[str] = ()
    guarded: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """An object that was found; ``rank`` 0 is best (see ``_rank``)."""

    object_type: str
    object_id: int
    title: str
    rank: int


# --- writing ------------------------------------------------------------------------------------------------------


def _keys(object_type: str) -> tuple[int, int]:
    """Return the first and the last key of one kind of object: 2^40 of them, in an order that only needs to stay."""
    first = (crc32(object_type.encode()) & 0x3FFFFF) << 40
    return first, first + (1 << 40) - 1


def key(object_type: str, object_id: int) -> int:
    """Return the key of an object's entry."""
    first, _last = _keys(object_type)
    return first + object_id


def _pinyin_tokens(name: str) -> list[str]:
    syllables = pinyin_syllables(name)
    initials = initials_of(syllables)
    if initials == name:  # all Latin: found as it is
        return []
    tokens = [_INITIALS + initials[i : i + 2] for i in range(len(initials) - 1)]
    tokens += [_INITIALS + initials[i : i + 3] for i in range(len(initials) - 2)]
    tokens += [_SPELT + pair for pair in pinyin_pairs(syllables)]
    return tokens


def _name_tokens(name: str, normal: str) -> list[str]:
    return bigrams(name) + _pinyin_tokens(normal)


def _tokens(entry: Entry) -> list[str]:
    title = normalise(entry.title)
    tokens = [_BEGIN + title[:1], _BEGIN + title[:2], title[-2:] + _END]
    tokens += _name_tokens(entry.title, title)
    tokens += [char for char in title if not char.isascii()]
    for name in entry.names:
        normal = normalise(name)
        tokens.append(whole(normal))
        tokens += _name_tokens(name, normal)
    for code in entry.codes:
        tokens += code_grams(code)
    for text in entry.guarded:
        tokens += [_GUARDED + token for token in _name_tokens(text, normalise(text))]
    for text in entry.texts:
        tokens += bigrams(text)
    return list(dict.fromkeys(tokens))[:TOKENS_LIMIT]


_UPSERT_MANY = """
INSERT INTO core_searchentry (id, object_type, object_id, title, tokens)
SELECT a, b, c, d, e::text[] FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[]) AS t(a, b, c, d, e)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, tokens = excluded.tokens
"""
_UPSERT_EACH = """
INSERT INTO core_searchentry (id, object_type, object_id, title, tokens) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, tokens = excluded.tokens
"""


def index_many(entries: Iterable[Entry], batch_size: int = 2000) -> None:
    """Put entries into the index, each in the place of what was there for its object; of two for one object the last counts."""
    pending = iter(entries)
    while batch := {key(entry.object_type, entry.object_id): entry for entry in islice(pending, batch_size)}:
        rows = [list(stored(entry).values()) for entry in batch.values()]
        if connection.vendor == "postgresql" and len(rows) > FEW:
            columns = ("id", "object_type", "object_id", "title", "tokens")
            bulk.put("core_searchentry", columns, rows, changing=("title", "tokens"))
            continue
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(_UPSERT_MANY, [list(column) for column in zip(*rows, strict=True)])
            else:
                cursor.executemany(_UPSERT_EACH, rows)


def stored(entry: Entry) -> dict[str, Any]:
    """Return an entry as the columns of its row."""
    prepare = SearchEntry._meta.get_field("tokens").get_db_prep_value
    return {
        "id": key(entry.object_type, entry.object_id),
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "title": events.kept_text(entry.title)[:TITLE_LENGTH],
        "tokens": prepare(_tokens(entry), connection),
    }


def forget(object_type: str, *object_ids: int) -> None:
    """Take objects out of the index."""
    SearchEntry.objects.filter(pk__in=[key(object_type, object_id) for object_id in object_ids]).delete()


# For every kind of object that can be found, the entries of those with the given ids.
Entries = Callable[[Sequence[int]], Iterable[Entry]]
SOURCES: dict[type[Model], Entries] = {}
GUARDS: dict[str, str] = {}  # object type → the permission that its guarded texts need


def register(model: type[Model], entries: Entries, *, guard: str = "") -> None:
    """Let objects of ``model`` be found by what ``entries`` says of them; called in ``AppConfig.ready``.

    Guarded texts are found by who holds the permission ``guard``.
    """
    taken = {_keys(known._meta.label_lower) for known in SOURCES if known is not model}
    assert _keys(model._meta.label_lower) not in taken, f"{model._meta.label} has the keys of another kind"
    SOURCES[model] = entries
    if guard:
        GUARDS[model._meta.label_lower] = guard


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
            until = key(kind, ids[-1]) if ids else _keys(kind)[1]
            strangers = SearchEntry.objects.filter(pk__gt=key(kind, last), pk__lte=until)
            strangers.exclude(pk__in=[key(kind, pk) for pk in ids]).delete()
            index_many(SOURCES[model](ids))
        if not ids:
            return
        last, done = ids[-1], done + len(ids)
        yield done


def add_in_bulk(entries: Sequence[Mapping[str, Any]], arriving: bulk.Arriving) -> None:
    """Put entries of very many new objects, as ``stored`` makes them, into the index: of each it has none yet.

    PostgreSQL notes their tokens in a list that every search reads through, instead of sorting them into the index in many
    small portions while the writer waits; ``tidy`` is to be called some time afterwards.
    """
    if not entries:
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL gin_pending_list_limit = '1GB'")
    arriving.insert_finished(SearchEntry, entries)


def tidy() -> None:
    """Sort what was added in bulk into PostgreSQL's index; nothing to do if nothing was."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list('core_searchentry_tokens')")


@contextmanager
def in_bulk() -> Iterator[None]:
    """Index much at once: PostgreSQL puts tokens into its index in few large portions, the last at the end.

    It took half the time for 20,000 entries beside a million. Until the end, searches read what is pending one by one.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET gin_pending_list_limit = '64MB'")
    try:
        yield
        tidy()
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("RESET gin_pending_list_limit")


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


def _alternatives(term: str, guarded: bool, readings: int = READINGS_LIMIT) -> list[list[str]]:
    """Return the sets of tokens of which a row must have one: of the term itself, of initials, of syllables."""
    ways = [query_bigrams(term)]
    if term.isascii() and not term.isdigit() and len(term) > 1:
        ways.append([_INITIALS + gram for gram in query_bigrams(term)])
        ways += ([_SPELT + pair for pair in pairs] for pairs in pinyin_readings(term, readings))
    return ways + [[_GUARDED + token for token in way] for way in ways] if guarded else ways


def _question(object_type: str, terms: Sequence[str], by: Actor = ANONYMOUS) -> Question:
    guard = GUARDS.get(object_type, "")
    guarded = bool(guard) and by.may(guard)
    readings = min(READINGS // max(len(terms), 1), READINGS_LIMIT)
    return Question([_alternatives(term, guarded, readings) for term in terms], *_keys(object_type))


def _entries(question: Question) -> QuerySet[SearchEntry]:
    """Return the entries that answer, by the index."""
    return SearchEntry.objects.filter(pk__range=(question.low, question.high), tokens__answers=question)


_COUNT = """
SELECT count(*) FROM (SELECT 1 FROM core_search WHERE core_search MATCH %s AND rowid BETWEEN %s AND %s LIMIT %s)
"""


def _is_common(question: Question, from_: int) -> bool:
    """Say whether about ``from_`` entries or more answer: counted so far on SQLite, guessed by PostgreSQL's statistics."""
    if connection.vendor == "postgresql":
        (plan,) = json.loads(_entries(question).explain(format="json"))
        return bool(plan["Plan"]["Plan Rows"] >= from_)
    (common,) = _are_common_on_sqlite([question], from_)
    return common


def _are_common_on_sqlite(questions: Sequence[Question], from_: int | None = None) -> list[bool]:
    """Count so far for several questions at once."""
    enough = COMMON if from_ is None else from_
    counts = ", ".join(f"({_COUNT})" for _question in questions)
    params = [param for question in questions for param in (*fts_params(question), enough)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", params)
        return [count >= enough for count in cursor.fetchone()]


def matching(object_type: str, query: str, by: Actor = ANONYMOUS) -> QuerySet[SearchEntry, int]:
    """Return the ids of the objects that answer the query, as a subquery: ``rows.filter(pk__in=matching(…))``.

    A query without any letter or digit finds nothing. For a list that may be long, see ``answering``.
    """
    terms = _terms(query)
    found = _entries(_question(object_type, terms, by)) if terms else SearchEntry.objects.none()
    return found.values_list("object_id", flat=True)[:_NO_LIMIT]


def answering(rows: QuerySet[M], query: str, by: Actor = ANONYMOUS, wanted: int = 0) -> QuerySet[M]:
    """Keep the rows that answer the query, in the way that gives the first ``wanted`` (a page, if 0) of them soonest.

    Few answers are gathered by the index; of very many, rows are looked at one by one in the order of the list.
    """
    object_type, terms = rows.model._meta.label_lower, _terms(query)
    if not terms:
        return rows.none()
    question = _question(object_type, terms, by)
    if _is_common(question, max(COMMON, wanted * 8)):
        return rows.filter(_each(question))
    return rows.filter(pk__in=_entries(question).values("object_id")[:_NO_LIMIT])


def _each(question: Question) -> Subquery:
    """Return the condition that a row's own entry answers; as a value, lest it be joined and gathered after all."""
    entry = SearchEntry.objects.filter(pk=OuterRef("pk") + question.low)
    answer = ExpressionWrapper(Q(tokens__has=question), output_field=BooleanField())
    return Subquery(entry.values(answers=answer), output_field=BooleanField())


# --- ranking ------------------------------------------------------------------------------------------------------


def _rank(title: str, terms: Sequence[str], is_name: bool) -> int:
    """Return how well a title answers; less is better.

    0: the query is the title or another name; 1: the title begins with it; 2: it has all terms; 3, 4: its pinyin does; 5: another text.
    """
    name, whole = normalise(title), "".join(terms)
    if name == whole or is_name:
        return 0
    if name.startswith(whole):
        return 1
    if all(term in name for term in terms):
        return 2
    if whole.isascii():
        syllables = pinyin_syllables(name)
        read = (initials_of(syllables), "".join(syllables))
        if any(letters.startswith(whole) for letters in read):
            return 3
        if any(all(term in letters for term in terms) for letters in read):
            return 4
    return 5


@dataclass(frozen=True, slots=True)
class _Candidate:
    object_id: int
    title: str
    is_name: bool


def _newest(question: Question, rows: QuerySet[Any], is_common: bool, limit: int) -> QuerySet[Any, Any]:
    """Return the keys of the newest answers among the rows, gathered by the index or found on a walk."""
    # A query set without conditions is all rows of its kind, and every entry has its row.
    narrowed = bool(rows.query.where)
    if narrowed and is_common:
        found: QuerySet[Any, Any] = rows.filter(_each(question)).order_by("-pk")
        keys: QuerySet[Any, Any] = found.annotate(key=F("pk") + question.low).values("key")[:limit]
        return keys
    if narrowed:
        entries = _entries(question).filter(Exists(rows.filter(pk=OuterRef("object_id")).order_by()))
    elif connection.vendor == "sqlite":
        return _entries(replace(question, limit=limit)).values("pk")
    elif is_common:
        newest = SearchEntry.objects.filter(pk__lte=question.high).order_by("-pk").values("pk")[:1]
        near = SearchEntry.objects.filter(pk__gt=Subquery(newest) - WALK, pk__lte=question.high)
        return near.filter(pk__gte=question.low, tokens__has=question).order_by("-pk").values("pk")[:limit]
    else:
        entries = _entries(question)
    # Sorted by a sum, PostgreSQL goes by the tokens: its index of the keys would be walked until enough answers came.
    order = F("pk") + 0 if connection.vendor == "postgresql" else F("pk")
    return entries.order_by(order.desc()).values("pk")[:limit]


def _are_common(questions: Sequence[Question], rows: QuerySet[Any]) -> list[bool]:
    """Say of each question whether its answers are better found on a walk; SQLite's need none to be given in order."""
    if connection.vendor != "postgresql":
        return _are_common_on_sqlite(questions) if rows.query.where else [False] * len(questions)
    # Without a limit the parts could be read in parallel, and each would say how many rows one worker reads.
    first, *others = (_entries(question).values("pk")[:_NO_LIMIT] for question in questions)
    (plan,) = json.loads(first.union(*others, all=True).explain(format="json"))
    return [part["Plan Rows"] >= COMMON for part in (plan["Plan"]["Plans"] if others else [plan["Plan"]])]


def _best(
    object_type: str, rows: QuerySet[Any], terms: Sequence[str], by: Actor
) -> tuple[list[_Candidate], bool]:
    """Return answers among the rows, with the best if there are more than CANDIDATES, and whether these are all.

    Of a common query they are the newest of all, those whose title begins so, and those that are named so.
    """
    whole, limit = "".join(terms), CANDIDATES + 1
    asked = _question(object_type, terms, by)
    # What a mark implies is not asked for again: PostgreSQL would take the two for independent and guess too few.
    begin, end = _BEGIN + whole[:2], whole[-2:] + _END
    grams = dict.fromkeys(gram for term in terms for gram in query_bigrams(term) if gram != whole[:2])
    beginning = replace(asked, terms=[[[begin, *grams]]])
    exact = replace(asked, terms=[[[_WHOLE + whole], [begin, end, *grams]]])

    def read(*keys: QuerySet[Any, Any]) -> list[list[_Candidate]]:
        """Read the entries of each, in one query; what is read of them is read of no others that were sorted with them."""
        named = Q(tokens__has=Question([[[_WHOLE + whole]]], 0, 0))
        is_name = ExpressionWrapper(named, output_field=BooleanField())
        entries = SearchEntry.objects.annotate(is_name=is_name)
        parts = [
            entries.filter(pk__in=some).annotate(part=Value(number)).values_list("part", "object_id", "title", "is_name")
            for number, some in enumerate(keys)
        ]  # fmt: skip
        found: list[list[_Candidate]] = [[] for _keys in keys]
        for number, *row in parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0]:
            found[number].append(_Candidate(*row))
        return found

    common, common_beginning = _are_common([asked, beginning], rows)
    best = (
        _newest(beginning, rows, common_beginning, limit),
        _newest(exact, rows, False, limit),
    )
    if rows.query.where:  # much was asked beforehand: all in one query
        found, *others = read(_newest(asked, rows, common, limit), *best)
        if len(found) < limit:
            return found, True
    else:
        (found,) = read(_newest(asked, rows, common, limit))
        if common and len(found) < limit:  # PostgreSQL guessed too many, or they lie far back
            (found,) = read(_newest(asked, rows, False, limit))
        if len(found) < limit:
            return found, True
        others = read(*best)
    return list({item.object_id: item for part in (found, *others) for item in part}.values()), False


def sharing(object_type: str, ways: Sequence[Sequence[str]], each: int) -> dict[int, float]:
    """Return for objects that have all the tokens of a way how much they share: more ways count more, and rarer ones.

    Of every way ``each`` objects are looked at, in one query: the ways should be telling.
    """
    first, last = _keys(object_type)
    sliced = connection.vendor == "postgresql"
    found = []
    for number, way in enumerate(ways):
        question = Question([[list(way)]], first, last, None if sliced else each)
        rows = _entries(question).order_by().annotate(way=Value(number)).values_list("object_id", "way")
        found.append(rows[:each] if sliced else rows)
    if not found:
        return {}
    having: dict[int, list[int]] = {}
    for object_id, number in found[0].union(*found[1:], all=True) if len(found) > 1 else found[0]:
        having.setdefault(number, []).append(object_id)
    shared: dict[int, float] = {}
    for ids in having.values():
        for object_id in ids:
            shared[object_id] = shared.get(object_id, 0) + len(ids) ** -0.25
    return shared


def whole(name: str) -> str:
    """Return the token of an object that has this normalised name beside its title."""
    return _WHOLE + name


def spelt(syllables: Sequence[str]) -> list[str]:
    """Return the tokens of which each says that two syllables stand beside each other in a name."""
    return [_SPELT + pair for pair in pinyin_pairs(syllables)]


def ranked(
    visible: Mapping[str, QuerySet[Any]], query: str, limit: int = 20, by: Actor = ANONYMOUS
) -> list[Hit]:
    """Return the best answers among the ``visible`` rows (object type → permitted query set), best first.

    Equal ranks: the shorter title first, then by title. Of a query with more than CANDIDATES answers of a kind, the newest
    of each sort are compared.
    """
    return best(visible, query, limit, by)[0]


def best(
    visible: Mapping[str, QuerySet[Any]], query: str, limit: int = CANDIDATES, by: Actor = ANONYMOUS
) -> tuple[list[Hit], bool]:
    """Return what ``ranked`` does, and whether these are all answers."""
    terms = _terms(query)
    hits: list[Hit] = []
    complete = True
    for object_type, rows in visible.items() if terms else ():
        found, all_of_them = _best(object_type, rows, terms, by)
        complete = complete and all_of_them
        hits += (
            Hit(object_type, item.object_id, item.title, _rank(item.title, terms, item.is_name))
            for item in found
        )
    hits.sort(key=lambda hit: (hit.rank, len(hit.title), hit.title, hit.object_type, hit.object_id))
    return hits[:limit], complete and len(hits) <= limit
