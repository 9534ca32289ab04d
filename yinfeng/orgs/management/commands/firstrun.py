"""``yinfeng firstrun``: let the first administrator in by a one-time link; there is no default account or password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core.actors import system
from yinfeng.orgs import queries, services
from yinfeng.orgs.models import Invitation, Role

USERNAME = "administrator"


class Command(BaseCommand):
    help = "Print a one-time sign-in link for the first administrator, unless there is one already."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if queries.active_administrators(timezone.localdate(now)).exists():
            return
        root = queries.root_unit()
        roles = [role for role in Role.objects.filter(is_closed=False) if queries.ASSIGN in role.permissions]
        if root is None or not roles:
            raise CommandError(_("还没有载入城市方案，请先运行 yinfeng profile load。"))
        by = system("firstrun")
        username = queries.free_username(USERNAME)
        for earlier in Invitation.objects.filter(invited_by=None, used_at=None, revoked_at=None):
            services.revoke_invitation(by=by, invitation=earlier, now=now)
        _invitation, secret = services.invite(
            by=by,
            name=_("系统管理员"),
            username=username,
            unit=root,
            roles=roles[:1],
            position=_("系统管理员"),
            now=now,
        )
        self.stdout.write(
            _("请用下面的一次性链接设置管理员 %(name)s 的密码（七天内有效）：") % {"name": username}
        )
        self.stdout.write(settings.BASE_URL + reverse("account_accept", args=[secret]))
