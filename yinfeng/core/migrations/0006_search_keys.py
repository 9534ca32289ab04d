"""Give entries of the search index the keys of their objects; ``yinfeng search rebuild`` makes the entries again.

The old entries go: their keys say nothing of their objects, and names are now found by more than they hold.
"""

import importlib

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

DROP = [
    "DROP TRIGGER core_search_insert",
    "DROP TRIGGER core_search_delete",
    "DROP TRIGGER core_search_update",
    "DROP TABLE core_search",
]


def empty(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the entries out, and on SQLite the FTS5 table with its triggers, which the next step would lose."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in DROP:
            schema_editor.execute(statement)
        schema_editor.execute("DELETE FROM core_searchentry")
    else:
        schema_editor.execute("TRUNCATE core_searchentry")


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the FTS5 table and its triggers again; PostgreSQL's index stayed."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in importlib.import_module("yinfeng.core.migrations.0003_search").SQLITE:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("core", "0005_no_truncate")]
    operations = [
        migrations.RunPython(empty, elidable=False),
        migrations.RemoveConstraint("searchentry", "core_searchentry_unique"),
        migrations.RunPython(install, elidable=False),
    ]
