"""Index the tokens of the search table in the way that each database can use (see ``core.models_search``)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SQLITE = [
    # The tokens stay in core_searchentry, so a row's old ones are at hand when it is changed. ``detail`` and
    # ``columnsize``: neither positions nor lengths are asked for. ``ascii`` leaves every other character in its word.
    """
    CREATE VIRTUAL TABLE core_search USING fts5(
        tokens, content='core_searchentry', content_rowid='id', detail='none', columnsize=0,
        tokenize="ascii tokenchars '._'"
    )
    """,
    """
    CREATE TRIGGER core_search_insert AFTER INSERT ON core_searchentry BEGIN
        INSERT INTO core_search(rowid, tokens) VALUES (new.id, new.tokens);
    END
    """,
    """
    CREATE TRIGGER core_search_delete AFTER DELETE ON core_searchentry BEGIN
        INSERT INTO core_search(core_search, rowid, tokens) VALUES ('delete', old.id, old.tokens);
    END
    """,
    """
    CREATE TRIGGER core_search_update AFTER UPDATE ON core_searchentry WHEN new.tokens <> old.tokens BEGIN
        INSERT INTO core_search(core_search, rowid, tokens) VALUES ('delete', old.id, old.tokens);
        INSERT INTO core_search(rowid, tokens) VALUES (new.id, new.tokens);
    END
    """,
]
POSTGRESQL = ["CREATE INDEX core_searchentry_tokens ON core_searchentry USING gin (tokens)"]


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the index over the tokens."""
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("core", "0002_append_only")]
    operations = [migrations.RunPython(install, elidable=False)]
