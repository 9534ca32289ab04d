"""The enterprise library in the desk's navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.navigation import Item

ITEMS = (
    Item("enterprises", _("企业库"), "building", "enterprises", ("enterprises.enterprise.view",), order=10),
    Item(
        "enterprises",
        _("导入名单"),
        "file-import",
        "enterprises-import",
        ("enterprises.enterprise.import",),
        order=20,
    ),
)
