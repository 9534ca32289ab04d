"""What those who look after accounts find on their home page."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import desk
from yinfeng.core.actors import Actor
from yinfeng.core.tables import day
from yinfeng.orgs.models import Account, Invitation
from yinfeng.orgs.queries import ASSIGN

SHOWN = 8


def register() -> None:
    """Put everything in its place; called once, when the app is ready."""
    desk.on_home(board=board, primary=primary)


def primary(by: Actor) -> dict[str, Any] | None:
    """Return the act an administrator comes for."""
    if not (by.may("orgs.user.invite") and by.may(ASSIGN)):
        return None
    return {"label": _("邀请用户"), "url": reverse("invitation-add"), "icon": "user-plus"}


def board(by: Actor) -> desk.Board:
    """Return the invitations nobody has taken up and the accounts nobody has used."""
    if not (by.may("orgs.user.invite") and by.may(ASSIGN)):
        return desk.Board()
    open_ones = Invitation.objects.permitted(by).filter(used_at=None, revoked_at=None)
    waiting = list(open_ones.select_related("unit").order_by("expires_at")[:SHOWN])
    unused = Account.objects.permitted(by).filter(Q(is_active=True, last_login=None))
    return desk.Board(lists=[_invitations(waiting), _unused(list(unused.order_by("-created_at")[:SHOWN]))])


def _invitations(waiting: list[Invitation]) -> dict[str, Any]:
    now = timezone.now()
    return {
        "title": _("等待接受的邀请"), "icon": "mail", "url": reverse("invitations"),
        "empty": _("没有等待接受的邀请。新同事由“邀请用户”加入：链接交给本人，由本人设置密码。"),
        "rows": [
            {
                "title": item.name, "url": reverse("invitations"), "sub": item.unit.brief,
                "date_text": _("%(day)s 到期") % {"day": day(item.expires_at)}, "late": item.expires_at < now,
            }
            for item in waiting
        ],
    }  # fmt: skip


def _unused(accounts: list[Account]) -> dict[str, Any]:
    return {
        "title": _("还没有登录过的账号"), "icon": "user-question", "url": reverse("accounts"),
        "empty": _("每个账号都有人用过。"),
        "rows": [
            {
                "title": item.name, "url": item.get_absolute_url(), "sub": item.username,
                "date_text": _("%(day)s 建立") % {"day": day(item.created_at)},
            }
            for item in accounts
        ],
    }  # fmt: skip
