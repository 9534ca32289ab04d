"""Book what is in the ledger on the day on which it happened: no books were closed before."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F

from yinfeng.core import appendonly


def book(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give every entry its day; the triggers come back with the next migration."""
    appendonly.lift(schema_editor.connection, ["projects_entry"])
    apps.get_model("projects", "Entry").objects.filter(booked_date=None).update(
        booked_date=F("happened_date")
    )


class Migration(migrations.Migration):
    dependencies = [("projects", "0010_closings")]
    operations = [migrations.RunPython(book, elidable=False)]
