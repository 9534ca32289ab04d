"""Enter what was verified before there was a ledger, whole for the host unit.

Before, no rule shared anything: credit is not divided in hindsight.
"""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

WHOLE = 1_000_000


def enter(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    models: Any = {name: apps.get_model("projects", name) for name in ("Signature", "Entry", "Share")}
    verified = models["Signature"].objects.filter(state="verified", entries=None).select_related("project")
    for signature in verified.order_by("verified_at", "pk"):
        project = signature.project
        entry = models["Entry"].objects.create(
            project=project, kind="signed", happened_date=signature.signed_date, amount=signature.contracted,
            evidence_id=signature.contract_id, signature=signature, recognised_by_id=signature.verified_by_id,
            recognised_at=signature.verified_at,
        )  # fmt: skip
        part = "host" if project.host_unit_id else "reporter"
        unit = project.host_unit_id or project.reporter_unit_id
        models["Share"].objects.create(
            entry=entry, unit_id=unit, part=part, millionths=WHOLE, amount=entry.amount
        )


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_ledger")]
    operations = [migrations.RunPython(enter, elidable=False)]
