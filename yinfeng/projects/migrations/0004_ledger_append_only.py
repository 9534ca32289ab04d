"""Refuse changes to the ledger in the database itself; after what was there before has been entered and committed."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from yinfeng.core import appendonly


def protect(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Install the triggers; PostgreSQL makes none on a table whose new rows are not checked yet."""
    appendonly.install(schema_editor.connection, ["projects_entry", "projects_share"])


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_ledger_of_the_signed"), ("core", "0005_no_truncate")]
    operations = [migrations.RunPython(protect, elidable=False)]
