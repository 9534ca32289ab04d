"""The columns of units, people, accounts and invitations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yinfeng.core.tables import Cell, Column, Table, day, moment
from yinfeng.orgs.models import UNIT_KINDS, Invitation, Person, Unit
from yinfeng.orgs.queries import first_hands, posts_of, roles_of


class UnitTable(Table):
    order = "order"
    related = ("parent",)
    columns = (
        Column(
            "name", _("单位"), lambda row: Cell(row.label, sub=row.brief if row.brief != row.label else ""),
            value=lambda row: row.name, sort="name",
        ),
        Column("kind", _("类别"), lambda row: str(UNIT_KINDS[row.kind]), sort="kind"),
        Column("parent", _("上级单位"), lambda row: row.parent.brief if row.parent else "—"),
        Column("first_hand", _("主要领导"), lambda row: row.first_hand_text or "—"),
        Column("since", _("设立日期"), lambda row: day(row.valid_from), value=lambda row: row.valid_from, kind="date", sort="valid_from"),
        Column("clauses", _("相关条款"), lambda row: "、".join(row.clauses) or "—", shown=False),
        Column("code", _("代码"), lambda row: row.code, shown=False),
        Column("closed", _("撤销日期"), lambda row: day(row.valid_to), value=lambda row: row.valid_to, kind="date", shown=False),
    )  # fmt: skip

    def prepare(self, objects: Iterable[Any]) -> Iterator[Unit]:
        units = list(objects)
        names = first_hands(units)
        for unit in units:
            unit.first_hand_text = names.get(unit.pk, "")
            yield unit

    def tone(self, obj: Unit) -> str:
        return "" if obj.is_open(timezone.localdate()) else "muted"


class PersonTable(Table):
    order = "name"
    related = ("user",)
    columns = (
        Column("name", _("姓名"), lambda row: Cell(row.name, sub=str(_("演示人员")) if row.is_demo else ""), sort="name"),
        Column("posts", _("现任职务"), lambda row: row.posts_text or "—"),
        Column("account", _("账号"), lambda row: row.user.username if row.user else "—"),
    )  # fmt: skip

    def prepare(self, objects: Iterable[Any]) -> Iterator[Person]:
        people = list(objects)
        texts = posts_of([person.pk for person in people])
        for person in people:
            person.posts_text = "；".join(texts.get(person.pk, []))
            yield person


class AccountTable(Table):
    order = "username"
    related = ("person",)
    columns = (
        Column("name", _("姓名"), lambda row: Cell(row.name or row.username, sub=row.username), value=lambda row: row.name, sort="name"),
        Column("posts", _("现任职务"), lambda row: row.posts_text or "—"),
        Column("roles", _("角色"), lambda row: row.roles_text or "—"),
        Column("email", _("电子邮箱"), lambda row: row.email or "—", shown=False),
        Column("seen", _("最近登录"), lambda row: moment(row.last_login) if row.last_login else "—"),
        Column(
            "state", _("状态"),
            lambda row: Cell(str(_("可以登录")), tone="success", badge=True)
            if row.is_active else Cell(str(_("已停用")), tone="muted", badge=True),
        ),
    )  # fmt: skip

    def prepare(self, objects: Iterable[Any]) -> Iterator[Any]:
        accounts = list(objects)
        people = [account.person.pk for account in accounts if hasattr(account, "person")]
        posts, roles = posts_of(people), roles_of([account.pk for account in accounts])
        for account in accounts:
            person = account.person.pk if hasattr(account, "person") else 0
            account.posts_text = "；".join(posts.get(person, []))
            account.roles_text = "；".join(roles.get(account.pk, []))
            yield account


def invitation_state(row: Invitation) -> Cell:
    """Return what has become of an invitation."""
    if row.used_at:
        return Cell(str(_("已接受")), tone="success", badge=True)
    if row.revoked_at:
        return Cell(str(_("已撤回")), tone="muted", badge=True)
    if row.expires_at <= timezone.now():
        return Cell(str(_("已过期")), tone="muted", badge=True)
    return Cell(str(_("等待接受")), tone="info", badge=True)


class InvitationTable(Table):
    related = ("unit", "invited_by", "user")
    prefetch = ("roles",)
    columns = (
        Column("name", _("姓名"), lambda row: Cell(row.name, sub=row.username)),
        Column("unit", _("单位"), lambda row: row.unit.brief),
        Column("roles", _("角色"), lambda row: gettext("、").join(role.label for role in row.roles.all()) or "—"),
        Column("by", _("邀请人"), lambda row: str(row.invited_by) if row.invited_by else str(_("系统"))),
        Column("sent", _("发出时间"), lambda row: moment(row.created_at), sort="created_at"),
        Column("expires", _("到期时间"), lambda row: moment(row.expires_at), sort="expires_at"),
        Column("state", _("状态"), invitation_state),
    )  # fmt: skip

    def url(self, obj: Invitation) -> str:
        """Return where an invitation that can still be used is taken back."""
        waiting = not (obj.used_at or obj.revoked_at or obj.expires_at <= timezone.now())
        return reverse("invitation-revoke", args=[obj.pk]) if waiting else ""
