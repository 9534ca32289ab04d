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
    Item("enterprises", _("目标企业"), "target-arrow", "targets", ("enterprises.target.view",), order=12),
    Item(
        "enterprises",
        _("名单"),
        "list-details",
        "enterprise-lists",
        ("enterprises.enterprise.view",),
        order=18,
    ),
    Item("enterprises", _("外迁预警"), "alert-triangle", "signals", ("enterprises.signal.view",), order=14),
    Item(
        "enterprises",
        _("以商引商"),
        "topology-star-3",
        "openings",
        ("enterprises.enterprise.view",),
        order=15,
    ),
    Item("enterprises", _("疑似重复"), "copy", "doubts", ("enterprises.enterprise.merge",), order=16),
)
