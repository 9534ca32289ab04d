"""Let the database itself refuse to change what was issued and what a review found."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from yinfeng.core import appendonly

TABLES = ["meetings_minutes", "meetings_fairreview"]


def keep(apps: Any, schema_editor: Any) -> None:
    appendonly.install(schema_editor.connection, TABLES)


class Migration(migrations.Migration):
    dependencies = [("meetings", "0003_topics_and_meetings")]
    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
