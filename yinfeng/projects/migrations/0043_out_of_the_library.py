"""Let projects leave the library, and tell apart the groups that support a project from those of its industry."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


def support(apps, schema_editor):
    """Call those groups supporting that look after no industry: they came by the grade of a project."""
    units = apps.get_model("orgs", "Unit").objects.filter(kind="group", industries=[])
    parts = apps.get_model("projects", "Participation").objects.filter(part="group")
    parts.filter(unit__in=list(units.values_list("pk", flat=True))).update(part="support")


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("projects", "0042_registered_firm"),
    ]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="participation",
            name="part",
            field=models.CharField(
                choices=[
                    ("reporter", "报送单位"),
                    ("host", "落地单位"),
                    ("joint", "协同单位"),
                    ("group", "招商组"),
                    ("support", "保障组"),
                    ("introducer", "引荐单位"),
                    ("approver", "审批单位"),
                    ("receiver", "拟承接单位"),
                    ("origin", "流出单位"),
                    ("command", "片区指挥部"),
                    ("linked", "市区联动单位"),
                ],
                max_length=20,
                verbose_name="参与身份",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="status",
            field=models.CharField(
                choices=[
                    ("ongoing", "推进中"),
                    ("on_hold", "暂缓"),
                    ("lost", "流失"),
                    ("ended", "终止"),
                    ("left", "出库"),
                ],
                default="ongoing",
                max_length=20,
                verbose_name="状态",
            ),
        ),
        migrations.AlterField(
            model_name="share",
            name="part",
            field=models.CharField(
                choices=[
                    ("reporter", "报送单位"),
                    ("host", "落地单位"),
                    ("joint", "协同单位"),
                    ("group", "招商组"),
                    ("support", "保障组"),
                    ("introducer", "引荐单位"),
                    ("approver", "审批单位"),
                    ("receiver", "拟承接单位"),
                    ("origin", "流出单位"),
                    ("command", "片区指挥部"),
                    ("linked", "市区联动单位"),
                ],
                max_length=20,
                verbose_name="参与身份",
            ),
        ),
        migrations.RunPython(support, migrations.RunPython.noop),
    ]
