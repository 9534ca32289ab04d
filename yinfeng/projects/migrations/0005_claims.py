"""Make of the signing one kind of achievement that is claimed and verified; what was entered before is a signing."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_ledger_append_only")]
    operations = [
        migrations.RemoveConstraint("signature", "projects_signature_once"),
        migrations.RemoveConstraint("signature", "projects_signature_two_people"),
        migrations.RenameModel("Signature", "Claim"),
        migrations.RenameField("claim", "signed_date", "happened_date"),
        migrations.RenameField("claim", "contracted", "amount"),
        migrations.RenameField("claim", "contracted_currency", "amount_currency"),
        migrations.RenameField("claim", "contracted_original", "amount_original"),
        migrations.RenameField("claim", "contracted_rate", "amount_rate"),
        migrations.RenameField("claim", "contract", "evidence"),
        migrations.RenameField("entry", "signature", "claim"),
    ]
