"""``yinfeng audit seal`` and ``yinfeng audit verify``: close the event log in batches and prove that nobody touched it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events


class Command(BaseCommand):
    help = "Seal the event log, or verify it: names every removed, changed or reordered row."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("seal", help="seal the events recorded so far")
        verify = acts.add_parser("verify", help="check events against seals; exit 1 when something is wrong")
        verify.add_argument(
            "--expect", default="", metavar="HASH", help="a seal's hash noted outside the database"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "seal":
            self.seal()
        else:
            self.verify(options["expect"])

    def seal(self) -> None:
        seals = 0
        last = None
        while (made := events.seal(timezone.now())) is not None:
            last, seals = made, seals + 1
        self.stdout.write(_("新增 %(count)s 个封存。") % {"count": seals})
        if last is not None:
            self.stdout.write(_("最新封存值 %(hash)s（请另行抄存）") % {"hash": last.hash})

    def verify(self, expected: str) -> None:
        audit = events.verify(expected)
        for fault in audit.faults:
            self.stderr.write(fault.sentence)
        self.stdout.write(
            _("已核对 %(events)s 条事件、%(seals)s 个封存；尚未封存 %(unsealed)s 条。")
            % {"events": f"{audit.events:,}", "seals": f"{audit.seals:,}", "unsealed": f"{audit.unsealed:,}"}
        )
        if audit.faults:
            raise CommandError(_("发现 %(count)s 处问题。") % {"count": len(audit.faults)})
        self.stdout.write(_("事件日志完整，封存值 %(hash)s") % {"hash": audit.last_hash or "—"})
