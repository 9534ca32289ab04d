"""Ask a day of every entry, and refuse changes to the ledger and its closings again."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from yinfeng.core import appendonly


def protect(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    appendonly.install(schema_editor.connection, ["projects_entry", "projects_share", "projects_closing"])


class Migration(migrations.Migration):
    dependencies = [("projects", "0011_booked_when_it_happened")]
    operations = [
        migrations.AlterField("entry", "booked_date", models.DateField(verbose_name="入账日期")),
        migrations.AddConstraint(
            "entry",
            models.CheckConstraint(
                condition=models.Q(("booked_date__gte", models.F("happened_date"))),
                name="projects_entry_booked_after",
            ),
        ),
        migrations.RunPython(protect, elidable=False),
    ]
