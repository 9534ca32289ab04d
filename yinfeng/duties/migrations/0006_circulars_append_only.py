"""Refuse changes to circulars that were issued, in the database itself."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from yinfeng.core import appendonly


def protect(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    appendonly.install(schema_editor.connection, ["duties_circular", "duties_circularunit"])


class Migration(migrations.Migration):
    dependencies = [("duties", "0005_circulars"), ("core", "0005_no_truncate")]
    operations = [migrations.RunPython(protect, elidable=False)]
