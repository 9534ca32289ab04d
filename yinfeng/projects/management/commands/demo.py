"""``yinfeng demo``: fill an empty city with a marked demonstration and print one sign-in per role."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from yinfeng.core.models import ProfileLoad
from yinfeng.projects import demonstration


class Command(BaseCommand):
    help = "Fill the database with a marked demonstration; again: new passwords for its accounts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", metavar="FILE", help="also write the sign-ins as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not ProfileLoad.objects.exists():
            raise CommandError(_("还没有载入城市方案，请先运行 yinfeng profile load。"))
        if demonstration.is_filled():
            sign_ins = demonstration.renew_passwords()
        elif demonstration.has_real_business():
            raise CommandError(_("这个数据库里已有真实业务，不能再填入演示数据。请换一个空的数据库。"))
        else:
            made = demonstration.Demonstration()
            with transaction.atomic():
                made.fill()
            sign_ins = made.sign_ins
        self.show(sign_ins)
        if options["out"]:
            Path(options["out"]).write_text(
                json.dumps(sign_ins, ensure_ascii=False, indent=1), encoding="utf-8"
            )

    def show(self, sign_ins: dict[str, dict[str, str]]) -> None:
        self.stdout.write(_("演示账号（人员和项目均为虚构）："))
        for person in sign_ins.values():
            self.stdout.write(
                f"  {person['username']:<14} {person['password']:<18} {person['unit']} · {person['role']}"
            )
