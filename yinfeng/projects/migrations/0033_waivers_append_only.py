"""Refuse changes to waivers of reports in the database itself, as to the reports."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from yinfeng.core import appendonly


def protect(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    appendonly.install(schema_editor.connection, ["projects_reportwaiver"])


class Migration(migrations.Migration):
    dependencies = [("projects", "0032_reports_waived_and_reminded")]
    operations = [migrations.RunPython(protect, elidable=False)]
