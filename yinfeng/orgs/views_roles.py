"""Pages under 设置: accounts with their roles, the roles themselves, and invitations."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from yinfeng.core import queries as core
from yinfeng.core import tables
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict
from yinfeng.core.forms import ReasonForm, Styled
from yinfeng.core.permissions import registry
from yinfeng.core.scopes import actions_on, fetch, rows
from yinfeng.core.web import SIGNED_IN, ActPage, DetailPage, EditPage, ListPage, Page, entry
from yinfeng.orgs import forms, queries, services
from yinfeng.orgs.filters import AccountFilter, InvitationFilter
from yinfeng.orgs.models import UNIT_KINDS, Account, Invitation, RoleGrant
from yinfeng.orgs.tables import AccountTable, InvitationTable
from yinfeng.orgs.views import act, since

# --- roles --------------------------------------------------------------------------------------------------------


class Roles(Page):
    """What each role may do, by groups of permissions, and how many hold it."""

    permission = SIGNED_IN
    template_name = "orgs/roles.html"
    title = gettext_lazy("角色与权限")

    def get(self, request: HttpRequest) -> HttpResponse:
        known = registry()
        counts = queries.holders_by_role()
        found = []
        for role in queries.open_roles():
            groups: defaultdict[str, list[str]] = defaultdict(list)
            for code in role.permissions:
                if code in known:
                    groups[str(known[code].group)].append(str(known[code].label))
            kinds = _("、").join(str(UNIT_KINDS[kind]) for kind in role.unit_kinds)
            found.append(
                {
                    "role": role, "groups": dict(groups), "kinds": kinds or _("任何单位"), "holders": counts.get(role.pk, 0),
                    "url": f"{reverse('accounts')}?role={role.code}" if self.by.may(queries.ASSIGN) else "",
                }
            )  # fmt: skip
        return self.render({"roles": found, "tabs": tabs(self.by, "roles")})


# --- accounts -----------------------------------------------------------------------------------------------------


class Accounts(ListPage):
    permission = "orgs.role.assign"
    model = Account
    filterset = AccountFilter
    table = AccountTable
    key = "accounts"
    title = gettext_lazy("用户与角色")

    def primary(self) -> dict[str, Any] | None:
        if not self.by.may("orgs.user.invite"):
            return None
        return {"label": _("邀请用户"), "url": reverse("invitation-add"), "icon": "user-plus"}

    def tabs(self) -> list[dict[str, Any]]:
        return tabs(self.by, "accounts")


def tabs(by: Actor, active: str) -> list[dict[str, Any]]:
    """Return the tabs of the pages about who may sign in and do what, as far as they open to the actor."""
    pages = [
        ("accounts", pgettext("plural", "账号"), by.may(queries.ASSIGN)),
        ("invitations", pgettext("plural", "邀请"), by.may("orgs.user.invite")),
        ("roles", pgettext("plural", "角色"), True),
    ]
    shown = [
        {"label": label, "url": reverse(route), "active": route == active}
        for route, label, may in pages
        if may
    ]
    return shown if len(shown) > 1 else []


class AccountDetail(DetailPage):
    permission = "orgs.role.assign"
    template_name = "orgs/account.html"
    model = Account
    follows = False

    def content(self) -> dict[str, Any]:
        account: Account = self.object
        user = account.as_user()  # whose name the events bear
        person = getattr(account, "person", None)
        posts = queries.posts_of([person.pk]).get(person.pk, []) if person else []
        state = (
            {"text": _("可以登录"), "tone": "success"}
            if account.is_active
            else {"text": _("已停用"), "tone": "muted"}
        )
        return {
            "title": account.name or account.username,
            "back": {"label": _("用户与角色"), "url": reverse("accounts")},
            "code": account.username,
            "badges": [state] + ([{"text": _("演示账号"), "tone": "muted"}] if account.is_demo else []),
            "files": None,
            "acts": self._acts(account),
            "fact_groups": [
                {
                    "title": _("账号"),
                    "facts": [
                        {"label": _("人员"), "value": person.name if person else "", "url": person.get_absolute_url() if person else ""},
                        {"label": _("现任职务"), "value": "；".join(posts)},
                        {"label": _("电子邮箱"), "value": account.email},
                        {"label": _("建立时间"), "value": tables.moment(account.created_at)},
                        {"label": _("最近登录"), "value": tables.moment(account.last_login)},
                        {"label": _("密码修改时间"), "value": tables.moment(account.password_changed_at)},
                    ],
                }
            ],
            "grants": [self._grant(grant) for grant in queries.grants_of(account)],
            "timeline": [entry(event, user) for event in core.timeline([user])[0]],
        }  # fmt: skip

    def _grant(self, grant: RoleGrant) -> dict[str, Any]:
        is_open = grant.valid_to is None
        may = is_open and queries.may_hand_out(self.by, grant.role, grant.unit)
        return {
            "grant": grant, "period": since(grant.valid_from, grant.valid_to), "is_open": is_open,
            "by": str(grant.granted_by) if grant.granted_by else _("系统"),
            "revoke_url": reverse("grant-revoke", args=[grant.pk]) if may else "",
        }  # fmt: skip

    def _acts(self, account: Account) -> list[dict[str, Any]]:
        found = []
        own = account.pk == self.by.user_id
        if account.is_active and not own:
            found.append(
                act(_("授予角色"), reverse("grant-add", args=[account.pk]), "shield-plus", "primary")
            )
        if not own and "change" in actions_on(account, self.by, {"change"}):
            if account.is_active:
                found.append(
                    act(_("停用账号"), reverse("account-stop", args=[account.pk]), "user-off", "danger")
                )
            else:
                found.append(act(_("恢复账号"), reverse("account-restore", args=[account.pk]), "user-check"))
        return found


class GrantRole(EditPage):
    permission = "orgs.role.assign"
    model = Account
    action = "view"
    form = forms.GrantForm
    title = gettext_lazy("授予角色")
    submit_label = gettext_lazy("授予")

    def initial(self) -> dict[str, Any]:
        return {}

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by}

    def extra(self) -> dict[str, Any]:
        return {"intro": str(self.object)}

    def act(self, form: Any) -> Account:
        services.grant_role(by=self.by, user=self.object.as_user(), **form.cleaned_data)
        return self.object  # type: ignore[no-any-return]


class RevokeRole(EditPage):
    permission = "orgs.role.assign"
    model = RoleGrant
    action = "view"
    form = ReasonForm
    danger = True
    template_name = "core/confirm.html"
    title = gettext_lazy("收回角色")
    submit_label = gettext_lazy("收回")

    def cancel_url(self) -> str:
        return reverse("account", args=[self.object.user_id])

    def extra(self) -> dict[str, Any]:
        return {"sentence": str(self.object), "consequences": [_("他立即失去这个角色的权限。")]}

    def act(self, form: Any) -> str:
        reason = form.cleaned_data["reason"]
        services.revoke_role(by=self.by, grant=self.object, day=timezone.localdate(), reason=reason)
        return self.cancel_url()


class StopAccount(EditPage):
    permission = "orgs.user.change"
    model = Account
    form = ReasonForm
    danger = True
    template_name = "core/confirm.html"
    title = gettext_lazy("停用账号")
    submit_label = gettext_lazy("停用")

    def initial(self) -> dict[str, Any]:
        return {}

    def extra(self) -> dict[str, Any]:
        consequences = [_("他立即退出登录，不能再登录。"), _("他经办的记录都保留。")]
        return {"sentence": str(self.object), "consequences": consequences}

    def act(self, form: Any) -> Account:
        services.deactivate(by=self.by, user=self.object.as_user(), reason=form.cleaned_data["reason"])
        return self.object  # type: ignore[no-any-return]


class RestoreAccount(EditPage):
    permission = "orgs.user.change"
    model = Account
    form = Styled
    template_name = "core/confirm.html"
    title = gettext_lazy("恢复账号")
    submit_label = gettext_lazy("恢复")

    def initial(self) -> dict[str, Any]:
        return {}

    def extra(self) -> dict[str, Any]:
        return {
            "sentence": str(self.object),
            "consequences": [_("他可以用原来的密码登录，原有角色仍然有效。")],
        }

    def act(self, form: Any) -> Account:
        services.reactivate(by=self.by, user=self.object.as_user())
        return self.object  # type: ignore[no-any-return]


# --- invitations --------------------------------------------------------------------------------------------------


class Invitations(ListPage):
    permission = "orgs.user.invite"
    model = Invitation
    filterset = InvitationFilter
    table = InvitationTable
    key = "invitations"
    title = pgettext_lazy("plural", "邀请")

    def primary(self) -> dict[str, Any] | None:
        return {"label": _("邀请用户"), "url": reverse("invitation-add"), "icon": "user-plus"}

    def tabs(self) -> list[dict[str, Any]]:
        return tabs(self.by, "invitations")


class Invite(ActPage):
    permission = "orgs.user.invite"
    form = forms.InviteForm
    title = gettext_lazy("邀请用户")
    submit_label = gettext_lazy("生成邀请链接")

    def form_arguments(self) -> dict[str, Any]:
        return {"by": self.by}

    def cancel_url(self) -> str:
        return reverse("invitations")

    def act(self, form: Any) -> HttpResponse:
        invitation, secret = services.invite(by=self.by, now=timezone.now(), **form.cleaned_data)
        link = settings.BASE_URL.rstrip("/") + reverse("account_accept", args=[secret])
        context = {
            "title": _("邀请链接"),
            "warning": _("这个链接只显示这一次"),
            "what_to_do": _("请当面或用可信的方式交给本人。打开后由本人设置密码，链接随即失效。"),
            "label": f"{invitation.name} · {invitation.username}",
            "secret": link,
            "hint": _("有效期至 %(expires)s") % {"expires": tables.moment(invitation.expires_at)},
            "done": {"label": _("完成"), "url": reverse("invitations")},
        }
        return self.render(context, template="core/once.html")


class RevokeInvitation(EditPage):
    permission = "orgs.user.invite"
    model = Invitation
    action = "view"
    form = Styled
    danger = True
    template_name = "core/confirm.html"
    title = gettext_lazy("撤回邀请")
    submit_label = gettext_lazy("撤回")

    def start(self) -> None:
        self.object = fetch(rows(Invitation), self.by, self.kwargs["pk"])
        if self.object.used_at or self.object.revoked_at:
            raise Conflict(_("这个邀请已被使用或已撤回。"))

    def extra(self) -> dict[str, Any]:
        return {"sentence": self.object.name, "consequences": [_("邀请链接立即失效。")]}

    def act(self, form: Any) -> str:
        services.revoke_invitation(by=self.by, invitation=self.object, now=timezone.now())
        return reverse("invitations")
