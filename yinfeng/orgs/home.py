"""What those who look after accounts find on their home page."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import CharField, Q, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import desk
from yinfeng.core.actors import Actor
from yinfeng.core.tables import day
from yinfeng.orgs.models import Account, Invitation
from yinfeng.orgs.queries import ASSIGN, brief_name

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
    waiting, unused = _both(by)
    return desk.Board(lists=[_invitations(waiting), _unused(unused)])


class Line(NamedTuple):
    """An open invitation (``text`` its unit, ``at`` its end) or an account without use (its user name, when it was made)."""

    kind: str
    pk: int
    name: str
    text: str
    at: datetime


def _both(by: Actor) -> tuple[list[Line], list[Line]]:
    """Return the invitations that end first and the newest accounts without use, in one query."""
    open_ones = Invitation.objects.permitted(by).filter(used_at=None, revoked_at=None).order_by("expires_at")
    unused = Account.objects.permitted(by).filter(Q(is_active=True, last_login=None)).order_by("-created_at")
    invitations = Invitation.objects.filter(pk__in=open_ones.values("pk")[:SHOWN]).order_by()
    accounts = Account.objects.filter(pk__in=unused.values("pk")[:SHOWN]).order_by()
    parts = [
        invitations.values_list(Value("invitation", CharField()), "pk", "name", brief_name(), "expires_at"),
        accounts.values_list(Value("account", CharField()), "pk", "name", "username", "created_at"),
    ]
    lines = sorted(map(Line._make, parts[0].union(parts[1], all=True)), key=attrgetter("at"))
    newest_first = [line for line in reversed(lines) if line.kind == "account"]
    return [line for line in lines if line.kind == "invitation"], newest_first


def _invitations(waiting: list[Line]) -> dict[str, Any]:
    now = timezone.now()
    return {
        "title": _("等待接受的邀请"), "icon": "mail", "url": reverse("invitations"),
        "empty": _("没有等待接受的邀请。新同事由“邀请用户”加入：链接交给本人，由本人设置密码。"),
        "rows": [
            {
                "title": item.name, "url": reverse("invitations"), "sub": item.text,
                "date_text": _("%(day)s 到期") % {"day": day(item.at)}, "late": item.at < now,
            }
            for item in waiting
        ],
    }  # fmt: skip


def _unused(accounts: list[Line]) -> dict[str, Any]:
    return {
        "title": _("还没有登录过的账号"), "icon": "user-question", "url": reverse("accounts"),
        "empty": _("每个账号都有人用过。"),
        "rows": [
            {
                "title": item.name, "url": reverse("account", args=[item.pk]), "sub": item.text,
                "date_text": _("%(day)s 建立") % {"day": day(item.at)},
            }
            for item in accounts
        ],
    }  # fmt: skip
