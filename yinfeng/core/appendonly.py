"""Database triggers that refuse to change or delete rows of the event log and of ledgers, whoever asks (SECURITY 16.4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("core_event", "core_seal")
SENTENCE = "this table is append-only"
SUFFIXES = ("_no_update", "_no_delete", "_no_truncate")


def statements(vendor: str, tables: Iterable[str] = TABLES) -> Iterator[str]:
    """Yield the SQL that installs the triggers."""
    if vendor == "postgresql":
        yield (
            "CREATE OR REPLACE FUNCTION core_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
        )
    for table in tables:
        for act in ("UPDATE", "DELETE"):
            name = f"{table}_no_{act.lower()}"
            yield f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if vendor == "postgresql" else "")
            if vendor == "postgresql":
                yield f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION core_append_only()"
            else:
                yield f"CREATE TRIGGER {name} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"


def against_truncate(vendor: str, tables: Iterable[str] = TABLES) -> Iterator[str]:
    """Yield the SQL that refuses to empty a table at a stroke, which only PostgreSQL can."""
    if vendor == "postgresql":
        for table in tables:
            yield f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}"
            yield (
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION core_append_only()"
            )


def install(connection: BaseDatabaseWrapper, tables: Iterable[str] = TABLES) -> None:
    """Install the triggers on some tables, again if they are there: whoever alters such a table calls this afterwards."""
    tables = list(tables)
    with connection.cursor() as cursor:
        for statement in (
            *statements(connection.vendor, tables),
            *against_truncate(connection.vendor, tables),
        ):
            cursor.execute(statement)


def installed(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """Return the triggers that are there, each with its table."""
    sql = (
        "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [(name, table) for name, table in cursor.fetchall() if name.endswith(SUFFIXES)]


def missing(connection: BaseDatabaseWrapper, tables: Iterable[str] = TABLES) -> list[str]:
    """Return the triggers that should be there and are not: SQLite drops them with a table that a migration remakes."""
    acts = ("update", "delete", "truncate") if connection.vendor == "postgresql" else ("update", "delete")
    there = {name for name, _table in installed(connection)}
    return [name for table in tables for act in acts if (name := f"{table}_no_{act}") not in there]


def lift(connection: BaseDatabaseWrapper, tables: Iterable[str]) -> None:
    """Remove the triggers of some tables, for a migration that must give a new column its values and installs them again."""
    _drop(connection, [(name, table) for name, table in installed(connection) if table in set(tables)])


def remove(connection: BaseDatabaseWrapper) -> None:
    """Remove all the triggers; only test databases, which must be emptied between tests, have a use for this."""
    _drop(connection, installed(connection))


def _drop(connection: BaseDatabaseWrapper, triggers: Iterable[tuple[str, str]]) -> None:
    with connection.cursor() as cursor:
        for name, table in triggers:
            cursor.execute(
                f"DROP TRIGGER {name}" + (f" ON {table}" if connection.vendor == "postgresql" else "")
            )
