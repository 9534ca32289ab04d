"""``yinfeng files``: compare the store of uploaded files with the rows that refer to them."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import stores


class Command(BaseCommand):
    help = "Name files that are missing from the store (exit 1), and files in it that nothing refers to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--delete-unreferenced",
            action="store_true",
            help="delete what nothing refers to and is older than a day; not after restoring an older database",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = stores.take_inventory(timezone.now())
        for name in found.missing:
            self.stderr.write(_("缺失：%(name)s") % {"name": name})
        for name in found.strangers:
            self.stdout.write(_("无记录引用：%(name)s") % {"name": name})
            if options["delete_unreferenced"]:
                default_storage.delete(name)
        self.stdout.write(
            _("文件库中有 %(files)s 个文件；缺失 %(missing)s 个，无记录引用 %(strangers)s 个。")
            % {"files": found.files, "missing": len(found.missing), "strangers": len(found.strangers)}
        )
        if found.missing:
            raise CommandError(_("有文件缺失，请从备份中恢复。"))
