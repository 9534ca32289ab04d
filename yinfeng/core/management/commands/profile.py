"""``yinfeng profile load NAME`` and ``yinfeng profile check PATH``: a city's profile into the database, or its mistakes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from yinfeng.core import keeping, profile
from yinfeng.core.actors import system
from yinfeng.core.errors import DomainError


class Command(BaseCommand):
    help = "Load a city's profile (a built-in name or a folder), or check one without loading it."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for act, text in (
            ("load", "load a profile; twice changes nothing"),
            ("check", "say what is wrong with a profile"),
        ):
            acts.add_parser(act, help=text).add_argument(
                "name", help="a built-in profile's name, or a folder"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["act"] == "load":
                self.load(options["name"])
            else:
                self.check_profile(options["name"])
        except profile.WrongProfile as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(str(error)) from error

    def load(self, name: str) -> None:
        report = profile.load(name, by=system("profile"))
        keeping.forget()
        changed = [f"{section} {count.total}" for section, count in report.counts.items() if count.total]
        what = "，".join(changed) if changed else _("没有变化")
        self.stdout.write(_("城市方案“%(name)s”已载入：%(what)s") % {"name": report.name, "what": what})

    def check_profile(self, name: str) -> None:
        found = profile.read(name)
        if found.problems:
            raise profile.WrongProfile(found.problems)
        rows = sum(len(rows) for rows in found.rows.values())
        self.stdout.write(_("城市方案没有错误，共 %(rows)s 条。") % {"rows": f"{rows:,}"})
