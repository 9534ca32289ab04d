"""The organisation and who may do what, in the desk's navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yinfeng.core.navigation import Item

ITEMS = (
    Item("organisation", _("组织机构"), "sitemap", "organisation", order=10),
    Item("organisation", pgettext_lazy("plural", "单位"), "building-community", "units", order=11),
    Item("organisation", _("人员"), "users", "people", order=12),
    Item("settings", _("用户与角色"), "user-cog", "accounts", ("orgs.role.assign",), order=20),
    Item("settings", _("角色与权限"), "id-badge-2", "roles", order=21),
)
