"""``yinfeng reports verify``: prove of every report that was handed in that it says what it said then."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.translation import gettext as _

from yinfeng.core import appendonly
from yinfeng.projects import queries
from yinfeng.projects.models import REPORT_TABLES, Report


class Command(BaseCommand):
    help = "Verify the reports handed in: every copy fits its digest and none is missing; exit 1 if not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_subparsers(dest="act", required=True).add_parser("verify", help="check every copy")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(queries.report_faults())
        for pk, sentence in found:
            self.stderr.write(_("报表 %(report)s：%(sentence)s。") % {"report": pk, "sentence": sentence})
        unprotected = appendonly.missing(connection, REPORT_TABLES)
        for name in unprotected:
            self.stderr.write(_("缺少禁止改动报表的触发器 %(name)s。") % {"name": name})
        if found or unprotected:
            raise CommandError(_("发现 %(count)s 处问题。") % {"count": len(found) + len(unprotected)})
        self.stdout.write(
            _("已核对 %(count)s 份报表，内容与报送时一致。") % {"count": f"{Report.objects.count():,}"}
        )
