"""Many rows at once, as fast as the database takes them: COPY on PostgreSQL, prepared statements on SQLite.

Nothing is validated and no signal is sent: only services that have checked their rows write here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import repeat
from select import select
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


def new_keys(model: type[models.Model], count: int) -> list[int]:
    """Return keys for new rows; on SQLite nobody else takes them, since the writing transaction is the only one."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # OFFSET 0: else it would look the sequence up for each key, which takes several times as long as the keys.
            cursor.execute(
                "SELECT nextval(name) FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name OFFSET 0) AS sequence, "
                "generate_series(1, %s)",
                [table, count],
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
    keys = new_keys(model, len(rows))
    columns = _columns_of_new(model, keys, rows, same or {})
    put_new(model._meta.db_table, [column.name for column in columns], _lines(columns))
    return keys


@dataclass(frozen=True, slots=True)
class Column:
    """A column of rows that are to be written: a value for each, or one for all of them."""

    name: str
    type: str  # what the database calls it, without a length: too long a text is an error, not cut off
    values: Sequence[Any] | None = None
    same: Any = None


def _column(field: Any, values: Sequence[Any] | None, same: Any = None) -> Column:
    return Column(str(field.column), str(field.cast_db_type(connection)).partition("(")[0], values, same)


def _columns_of_new(
    model: type[models.Model], keys: Sequence[int], rows: Sequence[Values], same: Values
) -> list[Column]:
    """Return new rows as they are written, column by column."""
    usual = {name: timezone.now() for name in _clocks(model)} | dict(same)
    given = {name for row in rows for name in row}
    columns = []
    fields: list[Any] = list(model._meta.concrete_fields)
    for field in fields:
        name = field.attname
        if field.primary_key:
            columns.append(_column(field, keys))
            continue
        convert = _converter(field)
        otherwise = usual[name] if name in usual else field.get_default()
        if name not in given:
            columns.append(_column(field, None, convert(otherwise)))
            continue
        values = [row.get(name, otherwise) for row in rows]
        columns.append(_column(field, _converted(convert, values)))
    return columns


def _converted(convert: Convert, values: list[Any]) -> list[Any]:
    return values if convert is _as_it_is else [convert(value) for value in values]


def _lines(columns: Sequence[Column]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of columns, of which one at least has a value for each."""
    return zip(*(repeat(column.same) if column.values is None else column.values for column in columns))  # noqa: B905 - some have no end


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


def asked(
    *questions: models.QuerySet[Any, Any], meanwhile: Callable[[], object] = lambda: None
) -> list[list[tuple[Any, ...]]]:
    """Return the rows of ``values_list`` query sets; PostgreSQL looks up those of the last one while Python goes on.

    It takes in a question only when it has answered the one before.
    """
    if connection.vendor != "postgresql":
        found = [list(question) for question in questions]
        meanwhile()
        return found
    connection.ensure_connection()
    compilers = [question.query.get_compiler(connection=connection) for question in questions]
    with connection.wrap_database_errors, ExitStack() as cursors, connection.connection.pipeline():
        answering = [cursors.enter_context(connection.cursor()) for _compiler in compilers]
        for compiler, cursor in zip(compilers, answering, strict=True):
            cursor.execute(*compiler.as_sql())
        _flush()
        meanwhile()
        return [
            list(compiler.results_iter([cursor.fetchall()], tuple_expected=True))
            for compiler, cursor in zip(compilers, answering, strict=True)
        ]


@contextmanager
def arriving() -> Iterator[Arriving]:
    """Let PostgreSQL sort very many rows into its tables and indexes while Python goes on with other things.

    Each batch is sent when it is given and PostgreSQL is done with the one before, so what takes long to make should be made
    between two batches. The end of the block waits for all; what went wrong is raised there at the latest. SQLite, which
    works in our own process, writes at once.
    """
    batches = Arriving()
    if connection.vendor != "postgresql":
        yield batches
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield batches
    if batches.updating is not None:
        batches.updated = batches.updating.rowcount


class Arriving:
    """The batches of rows that are written in a block of ``arriving``."""

    def __init__(self) -> None:
        self.updated = 0  # rows, after the block
        self.updating: Any = None

    def insert(
        self,
        model: type[models.Model],
        keys: Sequence[int],
        rows: Sequence[Values],
        same: Values | None = None,
    ) -> None:
        """Take in new rows as ``insert_values`` does, under keys that ``new_keys`` gave."""
        if rows:
            self._put(model._meta.db_table, _columns_of_new(model, keys, rows, same or {}))

    def insert_finished(self, model: type[models.Model], rows: Sequence[Values]) -> None:
        """Take in new rows, given by column as the database keeps them, each with its key and all columns."""
        columns: dict[str, Any] = {str(field.column): field for field in model._meta.concrete_fields}
        finished = [_column(field, [row[name] for row in rows]) for name, field in columns.items()]
        self._put(model._meta.db_table, finished)

    def _put(self, table: str, columns: Sequence[Column]) -> None:
        if connection.vendor != "postgresql":
            put_new(table, [column.name for column in columns], _lines(columns))
            return
        quote = connection.ops.quote_name
        listed = ", ".join(quote(column.name) for column in columns)
        each = [column for column in columns if column.values is not None]
        shown = ", ".join(
            f"%s::{column.type}" if column.values is None else quote(column.name) for column in columns
        )
        source, arrays = _unnested(each)
        same = [column.same for column in columns if column.values is None]
        self._send(f"INSERT INTO {quote(table)} ({listed}) SELECT {shown} FROM {source}", [*same, *arrays])  # noqa: S608 - names

    def update(self, model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Take in changes of versioned rows, of each the key, the version it was read at, and the values of ``names``.

        Those that are no longer at their version stay as they are: ``updated`` says how many were changed.
        """
        if not rows:
            return
        assert self.updating is None, "their rows are counted together"
        fields: list[Any] = [model._meta.get_field(name) for name in ("id", "version", *names)]
        columns = [
            _column(field, _converted(_converter(field), list(values)))
            for field, values in zip(fields, zip(*rows, strict=True), strict=True)
        ]
        quote = connection.ops.quote_name
        table = quote(model._meta.db_table)
        clock: Any = model._meta.get_field("updated_at")
        now = clock.get_db_prep_save(timezone.now(), connection)
        if connection.vendor == "postgresql":
            changes = ", ".join(
                f"{quote(column.name)} = arriving.{quote(column.name)}" for column in columns[2:]
            )
            source, arrays = _unnested(columns)
            self.updating = self._send(
                f"UPDATE {table} SET {changes}, version = {table}.version + 1, updated_at = %s FROM {source} "  # noqa: S608 - names
                f"WHERE {table}.id = arriving.id AND {table}.version = arriving.version",
                [now, *arrays],
            )
            return
        changes = ", ".join(f"{quote(column.name)} = %s" for column in columns[2:])
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {table} SET {changes}, version = version + 1, updated_at = %s WHERE id = %s AND version = %s",  # noqa: S608 - names
                ([*line[2:], now, *line[:2]] for line in _lines(columns)),  # type: ignore[arg-type]
            )
            self.updated += cursor.rowcount

    def _send(self, sql: str, params: Sequence[Any]) -> Any:
        """Send a statement, without waiting for it."""
        from psycopg import Cursor  # Django's own writes the values into the statement, which is parsed then

        cursor = Cursor(connection.connection)
        cursor.execute(sql, params)
        _flush()
        return cursor


def _flush() -> None:
    """Send what the driver has gathered: it would wait for the next statement, and PostgreSQL with it."""
    pgconn = connection.connection.pgconn
    while pgconn.flush():
        readable, _writable, _none = select([pgconn.socket], [pgconn.socket], [])
        if readable:
            pgconn.consume_input()


def _unnested(columns: Sequence[Column]) -> tuple[str, list[str]]:
    """Return columns as the rows of ``arriving`` for PostgreSQL, and the arrays that it asks for.

    As literals: psycopg escapes arrays letter by letter. What is an array itself is the text of one.
    """
    types = ["text" if column.type.endswith("[]") else column.type for column in columns]
    assert "bytea" not in types, "bytes have no text of their own"
    given = ", ".join(f"%s::{type_}[]" for type_ in types)
    listed = ", ".join(connection.ops.quote_name(column.name) for column in columns)
    shown = ", ".join(f"{connection.ops.quote_name(column.name)}::{column.type}" for column in columns)
    source = f"(SELECT {shown} FROM unnest({given}) AS given({listed})) AS arriving"  # noqa: S608 - names
    return source, [array_literal(column.values or ()) for column in columns]


def array_literal(values: Sequence[Any]) -> str:
    """Return values as PostgreSQL writes an array down: psycopg's own takes several times as long."""
    texts = [None if value is None else str(value) for value in values]
    whole = "".join(text for text in texts if text)
    if "\\" in whole or '"' in whole:
        texts = [text and text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return "{" + ",".join("NULL" if text is None else f'"{text}"' for text in texts) + "}"


def update(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Change rows as ``Arriving.update`` does; return how many were still at their version."""
    with arriving() as batches:
        batches.update(model, names, rows)
    return batches.updated
