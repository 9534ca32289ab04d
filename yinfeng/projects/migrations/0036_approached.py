"""Let projects say since when they were approached, and those of leads that they were assessed: it was recorded already."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.models import F, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce


def fill(apps, schema_editor):
    """Take the day of the first talk, or else when the lead was heard of; nothing that lies behind the contract."""
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
        approached_date=Coalesce(Subquery(first.values("day")), Subquery(heard.values("heard_date")))
    )
    project.objects.filter(approached_date__gt=F("signed_date")).update(approached_date=None)
    project.objects.exclude(lead=None).update(is_assessed=True)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("projects", "0035_reporting_form")]
    operations: ClassVar = [migrations.RunPython(fill, migrations.RunPython.noop)]
