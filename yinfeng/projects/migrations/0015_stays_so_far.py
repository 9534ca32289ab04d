"""Tell from the events how long each project has stood in which stage so far."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone

BATCH = 2000


def tell(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make a stay of each stage between two events that changed it; projects without events stand where they are."""
    models: Any = {name: apps.get_model("projects", name) for name in ("Project", "Stay")}
    events = apps.get_model("core", "Event")
    moved: defaultdict[int, list[tuple[datetime, str]]] = defaultdict(list)
    told = events.objects.filter(object_type="projects.project", verb__startswith="projects.project.")
    for pk, at, changes in told.order_by("pk").values_list("object_id", "at", "changes").iterator():
        if "stage" in (changes or {}):
            moved[pk].append((at, changes["stage"][1]))
    made: list[Any] = []
    for pk, stage, created, since in models["Project"].objects.values_list(
        "pk", "stage", "created_at", "stage_since"
    ):
        way = [(created, "planned"), *moved.get(pk, [])]
        if way[-1][1] != stage:  # what events do not tell of
            way.append((since, stage))
        for (at, name), following in zip(way, [*way[1:], None], strict=True):
            until = following[0] if following else None
            days = None
            if until is not None:
                days = max((timezone.localdate(until) - timezone.localdate(at)).days, 0)
            made.append(models["Stay"](project_id=pk, stage=name, since=at, until=until, days=days))
        if len(made) > BATCH:
            models["Stay"].objects.bulk_create(made)
            made.clear()
    models["Stay"].objects.bulk_create(made)


class Migration(migrations.Migration):
    dependencies = [("projects", "0014_stays"), ("core", "0007_tokens_by_their_bytes")]
    operations = [migrations.RunPython(tell, elidable=False)]
