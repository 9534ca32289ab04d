from django.db import migrations, models

ORDERS = ("name", "industry", "capital", "staff", "verified_date", "province", "city")


class Migration(migrations.Migration):
    dependencies = [("enterprises", "0005_ties")]
    operations = [
        # Their own indexes would be second ones beside those of the orders.
        migrations.AlterField(
            "enterprise", "industry", models.CharField("行业代码", max_length=10, blank=True)
        ),
        migrations.AlterField("enterprise", "city", models.CharField("城市", max_length=60, blank=True)),
        *(
            migrations.AddIndex(
                "enterprise", models.Index(fields=[name, "id"], name=f"enterprises_by_{name}")
            )
            for name in ORDERS
        ),
    ]
