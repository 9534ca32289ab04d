"""Reads whose SQL is worked out once: a page that asks ten small questions spends most of its time on wording them.

Decorate a function that returns a query set; called, it returns the rows as a list::

    @prepared
    def _talks(project: int) -> QuerySet[Talk]:
        return Talk.objects.filter(project=project).order_by("-talk_date")[:20]

The first call builds and compiles the query with stand-ins for the arguments; later ones bind their own values to the same
SQL. So a function may use its arguments only as values of the query and must take from outside nothing that changes but
the reader's language (docs/adr/0009-prepared-reads.md).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.utils import timezone, translation

from yinfeng.core.actors import Actor

P = ParamSpec("P")
T = TypeVar("T")

KEPT = 1024  # compiled queries per process: tens of kilobytes each, those of one actor's scope among them
BEYOND = 2**63  # the first number that no column holds
_kept: OrderedDict[Any, Prepared | None] = OrderedDict()
_lock = Lock()


def prepared(make: Callable[P, QuerySet[Any, T]]) -> Callable[P, list[T]]:
    """Return the rows of ``make``'s query set, its SQL compiled once per actor's sight, language and kind of argument.

    Numbers, texts and days are bound anew at each call; actors, booleans, None and whatever else can be hashed choose
    another SQL. Raises LookupError at the first call when a bound argument does not stand in the query as it was given.
    """
    assert make.__closure__ is None, "a prepared read takes what it needs as arguments"

    @wraps(make)
    def read(*args: P.args, **kwargs: P.kwargs) -> list[T]:
        values = [*args, *kwargs.values()]
        key = (make, translation.get_language(), tuple(kwargs), *map(_kind, values))
        bound = [value for value in values if _stands_in(value)]
        if any(isinstance(value, int) and not -BEYOND <= value < BEYOND for value in bound):
            # Django knows that no row has such a number; a database refuses it.
            return list(make(*args, **kwargs))
        with _lock:
            known = key in _kept
            query = _kept.get(key)
            if known:
                _kept.move_to_end(key)
        if not known:
            query = _prepare(make, args, kwargs, bound)
            with _lock:
                _kept[key] = query
                while len(_kept) > KEPT:
                    _kept.popitem(last=False)
        return list(make(*args, **kwargs)) if query is None else query.rows(bound)

    return read


def forget() -> None:
    """Drop every compiled query of this process."""
    with _lock:
        _kept.clear()


def _stands_in(value: Any) -> bool:
    return isinstance(value, int | str | date) and not isinstance(value, bool)


def _kind(value: Any) -> Any:
    """Return what of an argument decides the SQL: of a bound value its type, of an actor what it may see."""
    if isinstance(value, Actor):
        return (
            value.is_system,
            value.user_id,
            value.unit_id,
            value.unit_ids,
            value.day,
            value.person_id,
            frozenset(value.grants.items()),
        )
    return type(value) if _stands_in(value) else value


def _stand_in(value: Any, number: int) -> Any:
    """Return a value of the same type that stands nowhere else in a query."""
    if isinstance(value, int):
        return 2_147_400_000 + number  # fits the fields of 32 bits too
    if isinstance(value, str):
        return f"\x1astand-in-{number}\x1a"
    if isinstance(value, datetime):
        return datetime(1800, 1, 1, tzinfo=timezone.get_default_timezone()) + timedelta(days=number)
    return date(1700, 1, 1) + timedelta(days=number)


def _prepare(make: Any, args: Any, kwargs: Any, bound: list[Any]) -> Prepared | None:
    """Compile the query; None when the database need not be asked at all, or only for other values."""
    stand_ins = [_stand_in(value, number) for number, value in enumerate(bound)]
    left = iter(stand_ins)
    given = [next(left) if _stands_in(value) else value for value in args]
    named = {name: next(left) if _stands_in(value) else value for name, value in kwargs.items()}
    queryset = make(*given, **named)
    compiler = queryset.query.get_compiler(using=queryset.db)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    places = [_adapted(compiler.connection, value) for value in stand_ins]
    slots = [_slot(param, places) for param in params]
    missing = set(range(len(bound))) - {slot.argument for slot in slots if isinstance(slot, Slot)}
    if missing:
        raise LookupError(
            f"{make.__qualname__}: arguments {sorted(missing)} do not stand in the query as given"
        )
    return Prepared(queryset, compiler, sql, slots)


def _adapted(connection: Any, value: Any) -> Any:
    """Return a value as this database is given it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter that an argument fills, whole or between the wild cards of a LIKE."""

    argument: int
    kind: type
    around: tuple[str, ...] = ()

    def filled(self, bound: list[Any], connection: Any) -> Any:
        value = _adapted(connection, bound[self.argument])
        if self.around:
            return connection.ops.prep_for_like_query(value).join(self.around)
        return value if type(value) is self.kind else self.kind(value)


def _slot(param: Any, places: list[Any]) -> Any:
    """Return the Slot of a parameter that carries a stand-in; any other parameter stays as it is."""
    for number, place in enumerate(places):
        if isinstance(param, type(place)) and param == place:
            return Slot(number, type(param))  # PostgreSQL's numbers carry their width
        if isinstance(param, str) and isinstance(place, str) and place in param:
            return Slot(number, str, tuple(param.split(place)))
    return param


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled query and where in its parameters the arguments belong."""

    queryset: Any
    compiler: Any
    sql: str
    slots: list[Any]

    def rows(self, bound: list[Any]) -> list[Any]:
        """Run the query for these arguments, on the connection of the calling thread."""
        connection = connections[self.queryset.db]
        params = tuple(
            slot.filled(bound, connection) if isinstance(slot, Slot) else slot for slot in self.slots
        )
        compiler, query, queryset = copy(self.compiler), copy(self.queryset.query), self.queryset._chain()
        compiler.connection = connection
        compiler.as_sql = lambda *_args, **_kwargs: (self.sql, params)
        query.get_compiler = lambda *_args, **_kwargs: compiler
        queryset._query = query  # the setter would turn rows of models into rows of values
        return list(queryset)
