"""``yinfeng tick``: what the clock does — seal events, revive jobs of dead workers, what the apps have it do (``core.beats``),
write letters about notices, send what the outbox holds, tidy the search index.

Nothing depends on it for being right: what is late is computed on reading. Several clocks may run at once.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections
from django.utils import timezone

from yinfeng.core import events, jobs, mailing, outbox, search
from yinfeng.core.beats import BEATS

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Seal events, revive jobs, let the apps do what is due, send letters; with --every N seconds again and again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=int, default=0, help="seconds between two ticks; 0: once")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            try:
                self.tick()
            except OperationalError:
                log.exception("tick failed")
                if not options["every"]:
                    raise
            if not options["every"]:
                return
            close_old_connections()
            time.sleep(options["every"])

    def tick(self) -> None:
        now = timezone.now()
        sealed = 0
        while events.seal(now) is not None and sealed < 100:
            sealed += 1
        revived = jobs.revive(now)
        done = {name: beat(now) for name, beat in BEATS.items()}
        mailing.write_letters(now)
        sent = outbox.send_due(now)
        search.tidy()
        if sealed or revived or sent or any(done.values()):
            log.info("tick", sealed=sealed, revived=revived, sent=sent, **done)
