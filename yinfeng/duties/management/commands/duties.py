"""``yinfeng duties export``: write duties with their six as CSV; the columns are those a document lists them under."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import override

from yinfeng.duties import queries, terms

COLUMNS = ("clause", "item", "lead_units", "responsible_units", "lead_leader", "requirement", "deadline")


class Command(BaseCommand):
    help = "Write the duties of a source with their six as CSV, several units joined by “、”."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        export = acts.add_parser("export", help="write duties as CSV (UTF-8)")
        export.add_argument("--source", choices=list(terms.SOURCES), required=True)
        export.add_argument("--out", required=True, metavar="FILE.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        with override("zh-hans"):
            rows = queries.told_as_six(options["source"])
            try:
                with Path(options["out"]).open("w", encoding="utf-8", newline="") as stream:
                    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(rows)
            except OSError as error:
                raise CommandError(_("写不进文件：%(error)s") % {"error": error}) from error
            self.stdout.write(_("已写出 %(count)s 项。") % {"count": len(rows)})
