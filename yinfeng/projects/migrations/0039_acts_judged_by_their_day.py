"""Judge acts of first hands by who held the project on their day: the first ones were judged by who held it when they were recorded."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone

BATCH = 500
Spell = tuple[int, date, date | None]


def holdings(reporter: int, first: date, made: date, hosts: list[Spell]) -> Iterator[Spell]:
    """Yield whose a project was from when until when: its host's, while it had none its reporter's; both have the last day."""
    free: date | None = first
    for unit, since, until in hosts:
        began = first if since <= made else since
        if free is not None and began > free:
            yield reporter, free, began
        yield unit, began, until
        free = None if free is None or until is None else max(free, until)
    if free is not None:
        yield reporter, free, None


def judge(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Say anew of every act whether its unit held the project on its day, withdrawn ones too."""
    act, part = apps.get_model("projects", "PersonalAct"), apps.get_model("projects", "Participation")
    known = act.objects.values_list(
        "pk", "unit_id", "act_date", "as_holder", "project_id", "project__reporter_unit_id", "project__created_at",
        "project__lead__first_reported_at",
    )  # fmt: skip
    acts = list(known.order_by("pk"))
    hosts: defaultdict[int, list[Spell]] = defaultdict(list)
    rows = part.objects.filter(part="host", project__in=act.objects.values("project")).order_by("since", "pk")
    for project, *spell in rows.values_list("project_id", "unit_id", "since", "until"):
        hosts[project].append(tuple(spell))
    wrong: dict[bool, list[int]] = {True: [], False: []}
    for pk, unit, day, was, project, reporter, created, reported in acts:
        made, first = (timezone.localdate(at) for at in (created, reported or created))
        is_holder = any(
            holder == unit and since <= day and (until is None or day <= until)
            for holder, since, until in holdings(reporter, first, made, hosts[project])
        )
        if is_holder != was:
            wrong[is_holder].append(pk)
    for is_holder, found in wrong.items():
        for at in range(0, len(found), BATCH):
            act.objects.filter(pk__in=found[at : at + BATCH]).update(as_holder=is_holder)


class Migration(migrations.Migration):
    dependencies = [("projects", "0038_area_duties")]
    operations = [migrations.RunPython(judge, migrations.RunPython.noop)]
