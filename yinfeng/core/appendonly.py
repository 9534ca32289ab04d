"""Database triggers that refuse to change or delete rows of the event log, whoever asks (SECURITY 16.4.2)."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("core_event", "core_seal")
SENTENCE = "the event log is append-only"


def statements(vendor: str) -> Iterator[str]:
    """Yield the SQL that installs the triggers."""
    if vendor == "postgresql":
        yield (
            "CREATE OR REPLACE FUNCTION core_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
        )
    for table in TABLES:
        for act in ("UPDATE", "DELETE"):
            name = f"{table}_no_{act.lower()}"
            if vendor == "postgresql":
                yield f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION core_append_only()"
            else:
                yield f"CREATE TRIGGER {name} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"


def against_truncate(vendor: str) -> Iterator[str]:
    """Yield the SQL that refuses to empty a table at a stroke, which only PostgreSQL can."""
    if vendor == "postgresql":
        for table in TABLES:
            yield f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}"
            yield (
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION core_append_only()"
            )


def install(connection: BaseDatabaseWrapper) -> None:
    """Install the triggers."""
    with connection.cursor() as cursor:
        for statement in (*statements(connection.vendor), *against_truncate(connection.vendor)):
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Remove the triggers; only test databases, which must be emptied between tests, have a use for this."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for act in ("update", "delete", "truncate"):
                suffix = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}{suffix}")
