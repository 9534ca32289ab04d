"""Many rows at once, as fast as the database takes them: COPY on PostgreSQL, prepared statements on SQLite.

Nothing is validated and no signal is sent: only services that have checked their rows write here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from django.utils import timezone

Convert = Callable[[Any], Any]
Values = Mapping[str, Any]
# The kinds of fields whose values a driver writes as they are, unless a field of our own prepares them (encrypted texts).
_PLAIN = {
    "sqlite": (
        models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.FloatField, models.ForeignKey,
    ),
    "postgresql": (
        models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.FloatField, models.ForeignKey,
        models.DecimalField, models.DateField,
    ),
}  # fmt: skip


def _as_it_is(value: Any) -> Any:
    return value


def _converter(field: Any) -> Convert:
    """Return what makes a value of the field one that the driver writes."""
    prepares = (type(field).get_prep_value, type(field).get_db_prep_value)
    usual = all(prepare.__module__.startswith("django.db.models.fields") for prepare in prepares)
    if usual and isinstance(field, _PLAIN[connection.vendor]):
        return _as_it_is
    if isinstance(
        field, models.JSONField
    ):  # Django's own asks the driver for an object that COPY would write as text
        return lambda value: json.dumps(value, ensure_ascii=False, cls=field.encoder)
    return lambda value: field.get_db_prep_save(value, connection)


def _new_keys(model: type[models.Model], count: int) -> list[int]:
    """Return keys for new rows; on SQLite nobody else takes them, since the writing transaction is the only one."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [key for (key,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        last = row[0] if row else 0
    return list(range(last + 1, last + 1 + count))


def insert(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model and give them their keys; call it in a transaction."""
    if not rows:
        return
    model = type(rows[0])
    clocks, now = _clocks(model), timezone.now()
    for row in rows:
        for name in clocks:
            setattr(row, name, now)
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    keys = insert_values(model, [{name: getattr(row, name) for name in names} for row in rows])
    for row, key in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, connection.alias


def _clocks(model: type[models.Model]) -> list[str]:
    """Return the fields that keep the time of writing."""
    return [
        field.attname
        for field in model._meta.concrete_fields
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    ]


def insert_values(model: type[models.Model], rows: Sequence[Values], same: Values | None = None) -> list[int]:
    """Insert new rows, given as values by attribute, and return their keys; call it in a transaction.

    ``same`` are values that all of them have; what neither gives is as the model has it by default. No objects are made,
    which would take as long as the writing.
    """
    if not rows:
        return []
    keys, columns, lines = _new_lines(model, rows, same or {})
    put_new(model._meta.db_table, columns, lines)
    return keys


def _new_lines(
    model: type[models.Model], rows: Sequence[Values], same: Values
) -> tuple[list[int], list[str], Iterator[list[Any]]]:
    """Return the keys of new rows, the columns, and the rows as they are written."""
    fields: list[Any] = list(model._meta.concrete_fields)
    given = {name: timezone.now() for name in _clocks(model)} | dict(same)
    converters = [_converter(field) for field in fields]
    usual = [
        None if field.primary_key else convert(given.get(field.attname, field.get_default()))
        for field, convert in zip(fields, converters, strict=True)
    ]
    places = {field.attname: (at, converters[at]) for at, field in enumerate(fields)}
    key_at = places[model._meta.pk.attname][0]
    keys = _new_keys(model, len(rows))

    def lines() -> Iterator[list[Any]]:
        for key, row in zip(keys, rows, strict=True):
            line = usual.copy()
            line[key_at] = key
            for name, value in row.items():
                at, convert = places[name]
                line[at] = convert(value)
            yield line

    return keys, [str(field.column) for field in fields], lines()


def put_new(table: str, columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Insert finished rows into a table, while they are being made."""
    quote = connection.ops.quote_name
    listed = ", ".join(map(quote, columns))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            copying = cursor.copy(f"COPY {quote(table)} ({listed}) FROM STDIN")
            # What fails fails at the end of the copying, past the cursor that turns errors into Django's.
            with connection.wrap_database_errors, copying as copy:
                for line in lines:
                    copy.write_row(line)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {quote(table)} ({listed}) VALUES ({marks})", lines)  # type: ignore[arg-type]  # noqa: S608 - names


def put(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], changing: Sequence[str]) -> None:
    """Insert finished rows into a table of PostgreSQL; of one whose id is there already change some columns.

    COPY takes arrays as they are written; as parameters each would be escaped letter by letter.
    """
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE arriving (LIKE {quote(table)})")
        put_new("arriving", columns, rows)
        listed = ", ".join(map(quote, columns))
        changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in changing)
        cursor.execute(
            f"INSERT INTO {quote(table)} ({listed}) SELECT {listed} FROM arriving ON CONFLICT (id) DO UPDATE SET {changes}"  # noqa: S608 - names
        )
        cursor.execute("DROP TABLE arriving")


class Arriving:
    """Very many rows that PostgreSQL sorts into their tables and indexes while Python goes on with other things.

    ``insert`` and ``update`` take them in; they are written during ``with arriving.working()``, whose end waits for it and
    raises what went wrong. SQLite, which works in our own process, writes at once.
    """

    def __init__(self) -> None:
        self.updated = 0  # rows, after the work
        self._inserts: list[tuple[str, list[Any]]] = []
        self._updates: list[tuple[str, list[Any]]] = []
        self._waiting: list[str] = []  # tables that rows wait in

    def insert(
        self, model: type[models.Model], rows: Sequence[Values], same: Values | None = None
    ) -> list[int]:
        """Take in new rows and return their keys, as ``insert_values`` does."""
        if connection.vendor != "postgresql" or not rows:
            return insert_values(model, rows, same)
        keys, columns, lines = _new_lines(model, rows, same or {})
        table = connection.ops.quote_name(model._meta.db_table)
        listed, arriving = self._wait(table, columns, lines)
        self._inserts.append((f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {arriving}", []))  # noqa: S608 - names
        return keys

    def update(self, model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Take in changes of versioned rows, of each the key, the version it was read at, and the values of ``names``.

        Those that are no longer at their version stay as they are: ``updated`` says how many were changed.
        """
        if not rows:
            return
        assert not self._updates, "their rows are counted together"
        fields: list[Any] = [model._meta.get_field(name) for name in names]
        converters = [_as_it_is, _as_it_is, *map(_converter, fields)]
        lines = ([convert(value) for convert, value in zip(converters, row, strict=True)] for row in rows)
        quote = connection.ops.quote_name
        table, columns = quote(model._meta.db_table), [quote(field.column) for field in fields]
        clock: Any = model._meta.get_field("updated_at")
        now = clock.get_db_prep_save(timezone.now(), connection)
        if connection.vendor == "postgresql":
            _listed, arriving = self._wait(
                table, ["id", "version", *(field.column for field in fields)], lines
            )
            changes = ", ".join(f"{column} = {arriving}.{column}" for column in columns)
            same = f"{table}.id = {arriving}.id AND {table}.version = {arriving}.version"
            changes += f", version = {table}.version + 1, updated_at = %s"
            self._updates.append((f"UPDATE {table} SET {changes} FROM {arriving} WHERE {same}", [now]))  # noqa: S608 - names
            return
        changes = ", ".join(f"{column} = %s" for column in columns)
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {table} SET {changes}, version = version + 1, updated_at = %s WHERE id = %s AND version = %s",  # noqa: S608 - names
                ([*line[2:], now, *line[:2]] for line in lines),  # type: ignore[arg-type]
            )
            self.updated += cursor.rowcount

    def _wait(self, table: str, columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> tuple[str, str]:
        """Let rows wait in a table of their own; return its columns and its name."""
        name = f"arriving_{len(self._waiting)}"
        listed = ", ".join(map(connection.ops.quote_name, columns))
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE {name} AS SELECT {listed} FROM {table} WHERE false")  # noqa: S608 - names
        put_new(name, columns, lines)
        self._waiting.append(name)
        return listed, name

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let the rows be written during the block."""
        if not self._waiting:
            yield
            return
        with (
            connection.wrap_database_errors,
            connection.cursor() as inserting,
            connection.cursor() as updating,
        ):
            with connection.connection.pipeline():
                for sql, params in self._inserts:
                    inserting.execute(sql, params)
                for sql, params in self._updates:
                    updating.execute(sql, params)
                connection.connection.pgconn.flush()  # else they are sent with what comes next
                yield
            self.updated += updating.rowcount if self._updates else 0
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {', '.join(self._waiting)}")


def update(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Change rows as ``Arriving.update`` does; return how many were still at their version."""
    arriving = Arriving()
    arriving.update(model, names, rows)
    with arriving.working():
        pass
    return arriving.updated
