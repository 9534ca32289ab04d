"""``yinfeng ledger verify``: prove of every entry of the achievement ledger that it keeps the ledger's rules."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.translation import gettext as _

from yinfeng.core import appendonly
from yinfeng.core.money import show
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Entry
from yinfeng.projects.models.ledger import TABLES


class Command(BaseCommand):
    help = "Verify the achievement ledger: shares are the whole, nothing counts twice, all has its evidence; exit 1 if not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_subparsers(dest="act", required=True).add_parser(
            "verify", help="check every entry and the sums"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(queries.faults())
        for fault in found:
            told = {"entry": fault.entry, "sentence": fault.sentence}
            self.stderr.write(_("记录 %(entry)s：%(sentence)s") % told if fault.entry else fault.sentence)
        unprotected = appendonly.missing(connection, TABLES)
        for name in unprotected:
            self.stderr.write(_("缺少禁止改动台账的触发器 %(name)s。") % {"name": name})
        everything = Entry.objects.all()
        whole, parts = queries.by_kind(everything), queries.by_kind_of(everything)
        for kind, sums in whole.items():
            told = {
                "kind": stages.ACHIEVEMENTS[kind], "entries": f"{sums.rows:,}", "count": f"{sums.count:,}",
                "amount": show(sums.amount),
            }  # fmt: skip
            self.stdout.write(_("%(kind)s：已核对 %(entries)s 条记录，净 %(count)s 项，%(amount)s。") % told)
        if {kind: (sums.count, sums.amount) for kind, sums in whole.items()} != {
            kind: (sums.count, sums.amount) for kind, sums in parts.items()
        }:
            raise CommandError(_("各单位之和与合计不符。"))
        if found or unprotected:
            raise CommandError(_("发现 %(count)s 处问题。") % {"count": len(found) + len(unprotected)})
        self.stdout.write(_("业绩台账无误，各单位之和等于合计。"))
