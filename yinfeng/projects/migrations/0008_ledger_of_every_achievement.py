"""Hold each entry to one sign, and refuse changes to the ledger again; what was there before has its sign by now."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from yinfeng.core import appendonly


def protect(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    appendonly.install(schema_editor.connection, ["projects_entry", "projects_share"])


class Migration(migrations.Migration):
    dependencies = [("projects", "0007_sign_of_reversals")]
    operations = [
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gte", 0), ("count__in", [0, 1]), ("sign", 1)),
                    models.Q(("amount__lte", 0), ("count__in", [0, -1]), ("sign", -1)),
                    _connector="OR",
                ),
                name="projects_entry_one_sign",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reverses", None), ("sign", 1)),
                    models.Q(("reverses__isnull", False), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="projects_entry_reversed_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses", None)),
                fields=("project", "kind", "key", "turn"),
                name="projects_entry_once",
                violation_error_message="这项业绩已经认定过。",
            ),
        ),
        migrations.RunPython(protect, elidable=False),
    ]
