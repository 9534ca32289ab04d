"""Refuse changes to the event log in the database itself."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from yinfeng.core import appendonly


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    appendonly.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunPython(install, elidable=False)]
