"""Let every project say since when it was approached, and those of leads that they were assessed: it was recorded already."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.models import Min, OuterRef, Subquery
from django.db.models.functions import Coalesce, TruncDate


def fill(apps, schema_editor):
    """Take the day of the first talk, or else when the lead was heard of, or else the day on which the project was entered."""
    project, talk = apps.get_model("projects", "Project"), apps.get_model("projects", "Talk")
    lead = apps.get_model("projects", "Lead")
    first = (
        talk.objects.filter(project=OuterRef("pk"))
        .order_by()
        .values("project")
        .annotate(day=Min("talk_date"))
    )
    heard = lead.objects.filter(pk=OuterRef("lead"))
    project.objects.filter(approached_date=None).update(
        approached_date=Coalesce(
            Subquery(first.values("day")), Subquery(heard.values("heard_date")), TruncDate("created_at")
        )
    )
    project.objects.exclude(lead=None).update(is_assessed=True)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("projects", "0035_reporting_form")]
    operations: ClassVar = [migrations.RunPython(fill, migrations.RunPython.noop)]
