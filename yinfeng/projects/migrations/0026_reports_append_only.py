"""Refuse changes to reports that were handed in, and to what they were filled by, in the database itself."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from yinfeng.core import appendonly


def protect(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    appendonly.install(schema_editor.connection, ["projects_reportdefinition", "projects_report"])


class Migration(migrations.Migration):
    dependencies = [("projects", "0025_reports"), ("core", "0005_no_truncate")]
    operations = [migrations.RunPython(protect, elidable=False)]
