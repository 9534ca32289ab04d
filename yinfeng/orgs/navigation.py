"""The organisation and who may do what, in the desk's navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yinfeng.core.navigation import Item

ITEMS = (
    Item("settings", _("组织机构"), "sitemap", "organisation", order=10),
    Item("settings", pgettext_lazy("plural", "单位"), "building-community", "units", order=11),
    Item("settings", _("人员"), "users", "people", order=12),
    Item("settings", _("用户与角色"), "shield-lock", "accounts", ("orgs.role.assign",), order=20),
    Item("settings", _("角色与权限"), "key", "roles", order=21),
)
