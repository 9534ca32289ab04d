"""Give the reversals in the ledger their sign; an entry had none of its own while each counted one project.

The triggers that refuse any change are lifted for this one and come back with the next migration; nothing can be written
between the two but by who migrates.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from yinfeng.core import appendonly


def sign(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    appendonly.lift(schema_editor.connection, ["projects_entry"])
    apps.get_model("projects", "Entry").objects.filter(count=-1).update(sign=-1)


class Migration(migrations.Migration):
    dependencies = [("projects", "0006_whole_cycle")]
    operations = [migrations.RunPython(sign, elidable=False)]
