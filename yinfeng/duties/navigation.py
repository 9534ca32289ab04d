from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.navigation import Item

ITEMS = (
    Item("work", _("我的督办"), "clipboard-check", "work", ("duties.duty.view",), order=2),
    Item("supervision", _("督办事项"), "list-check", "duties", ("duties.duty.view",), order=2),
)
