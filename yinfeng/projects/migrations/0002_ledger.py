"""The tables of the achievement ledger."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yinfeng.core.clock
import yinfeng.core.money


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_tokens_by_their_bytes"),
        ("orgs", "0001_initial"),
        ("projects", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(choices=[("signed", "签约")], max_length=20, verbose_name="业绩")),
                ("key", models.CharField(blank=True, max_length=40, verbose_name="区分")),
                ("happened_date", models.DateField(verbose_name="发生日期")),
                ("count", models.SmallIntegerField(default=1, verbose_name="项数")),
                ("amount", yinfeng.core.money.YuanField(verbose_name="金额")),
                ("reason", models.CharField(blank=True, max_length=1000, verbose_name="原因")),
                (
                    "recognised_at",
                    models.DateTimeField(default=yinfeng.core.clock.now, verbose_name="认定时间"),
                ),
                (
                    "evidence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.attachment",
                        verbose_name="依据",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="projects.project",
                        verbose_name="项目",
                    ),
                ),
                (
                    "recognised_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="认定人",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="projects.entry",
                        verbose_name="冲销的记录",
                    ),
                ),
                (
                    "signature",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="projects.signature",
                        verbose_name="签约申报",
                    ),
                ),
            ],
            options={
                "verbose_name": "业绩记录",
                "verbose_name_plural": "业绩记录",
            },
        ),
        migrations.CreateModel(
            name="Share",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("reporter", "报送单位"),
                            ("host", "落地单位"),
                            ("joint", "协同单位"),
                            ("group", "招商组"),
                            ("introducer", "引荐单位"),
                            ("approver", "审批单位"),
                        ],
                        max_length=20,
                        verbose_name="参与身份",
                    ),
                ),
                ("millionths", models.PositiveIntegerField(verbose_name="份额（百万分之）")),
                ("amount", yinfeng.core.money.YuanField(verbose_name="金额")),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="projects.entry",
                        verbose_name="业绩记录",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orgs.unit",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "业绩份额",
                "verbose_name_plural": "业绩份额",
            },
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["happened_date", "id"], name="projects_entry_happened"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses", None)),
                fields=("project", "kind", "key"),
                name="projects_entry_once",
                violation_error_message="这项业绩已经认定过。",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(("count__in", [1, -1])), name="projects_entry_counts_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gte", 0), ("count", 1)),
                    models.Q(("amount__lte", 0), ("count", -1)),
                    _connector="OR",
                ),
                name="projects_entry_one_sign",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("count", 1), ("reverses", None)),
                    models.Q(("reverses__isnull", False), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="projects_entry_reversed_with_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="share",
            index=models.Index(fields=["unit", "entry"], name="projects_share_unit"),
        ),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.UniqueConstraint(fields=("entry", "unit"), name="projects_share_once"),
        ),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.CheckConstraint(
                condition=models.Q(("millionths__gte", 1), ("millionths__lte", 1000000)),
                name="projects_share_of_the_whole",
            ),
        ),
    ]
