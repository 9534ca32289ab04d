"""``yinfeng search rebuild``: make the full-text index again, after a restored backup or a change of what is found by what."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from yinfeng.core import search


class Command(BaseCommand):
    help = "Rebuild the full-text index in chunks while people work; it may be broken off and begun again."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        rebuild = acts.add_parser("rebuild", help="index every object again and drop what is no more")
        kinds = sorted(model._meta.label_lower for model in search.SOURCES)
        rebuild.add_argument("kinds", nargs="*", metavar="KIND", choices=[*kinds, []], help=", ".join(kinds))

    def handle(self, *args: Any, kinds: list[str], **options: Any) -> None:
        search.repair()
        for model in search.SOURCES:
            if not kinds or model._meta.label_lower in kinds:
                with search.in_bulk():
                    count = max(search.rebuild(model), default=0)
                words = {"kind": model._meta.verbose_name, "count": f"{count:,}"}
                self.stdout.write(_("%(kind)s：%(count)s 条") % words)
