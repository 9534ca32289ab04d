"""``yinfeng serve``: the web server with the background worker and the minute clock beside it, in one command."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from granian import Granian
from granian.constants import Interfaces

from yinfeng.core.processes import Companion, load_application


class Command(BaseCommand):
    help = "Serve the product: web server, background worker and minute clock."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--workers", type=int, default=1, help="web processes; more than one wants PostgreSQL"
        )
        parser.add_argument(
            "--web-only", action="store_true", help="no worker and no clock (they run elsewhere)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        beside = [("db_worker", "--interval", "0.5", "--no-reload"), ("tick", "--every", "60")]
        companions = [] if options["web_only"] else [Companion(*words) for words in beside]
        address = f"http://{options['host']}:{options['port']}/"
        self.stdout.write(f"Yinfeng serves on {address} (stop with Ctrl-C)")
        self.stdout.flush()
        try:
            Granian(
                "config.wsgi:application",
                address=options["host"],
                port=options["port"],
                interface=Interfaces.WSGI,
                workers=options["workers"],
                blocking_threads=1 if connection.vendor == "sqlite" else 4,
                log_enabled=settings.DEBUG,
                respawn_failed_workers=True,
            ).serve(target_loader=load_application)
        finally:
            for companion in companions:
                companion.stop()
