from django.db import migrations, models

ORDERS = ("name", "industry", "capital", "staff", "verified_date", "province")


class Migration(migrations.Migration):
    dependencies = [("enterprises", "0005_ties")]
    operations = [
        # Its own index would be a second one beside that of the order.
        migrations.AlterField(
            "enterprise", "industry", models.CharField("行业代码", max_length=10, blank=True)
        ),
        *(
            migrations.AddIndex(
                "enterprise", models.Index(fields=[name, "id"], name=f"enterprises_by_{name}")
            )
            for name in ORDERS
        ),
    ]
