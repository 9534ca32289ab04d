"""Let PostgreSQL compare the tokens of the search table by their bytes: their order means nothing to people.

By the rules of a language every token was compared several times as slowly, and an index would have had to be made again
after each change of these rules by the operating system. The rows stay; the index is made again (a minute at a million).
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

POSTGRESQL = 'ALTER TABLE core_searchentry ALTER COLUMN tokens TYPE text[] COLLATE "C"'


def compare_bytes(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give the column the collation that new databases make it with; nothing happens where it has it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)


class Migration(migrations.Migration):
    dependencies = [("core", "0006_search_keys")]
    operations = [migrations.RunPython(compare_bytes, elidable=False)]
