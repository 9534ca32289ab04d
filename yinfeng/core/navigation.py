"""The desk's navigation, in the order of an officer's head; each app's ``navigation.py`` adds its items to a section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.permissions import gather

SECTIONS: dict[str, tuple[str | Promise, str]] = {
    "work": (_("我的工作"), "home"),
    "projects": (_("项目"), "briefcase"),
    "progress": (_("推进调度"), "route"),
    "results": (_("报送与业绩"), "book-2"),
    "supervision": (_("会商督办"), "clipboard-check"),
    "enterprises": (_("企业"), "building"),
    "organisation": (_("组织"), "sitemap"),
    "settings": (_("设置"), "settings"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: shown to those who hold any of ``permissions`` (none named: to every signed-in person)."""

    section: str
    label: str | Promise
    icon: str
    route: str
    permissions: Sequence[str] = ()
    order: int = 50

    def shown_to(self, by: Actor) -> bool:
        return by.is_known and (not self.permissions or any(by.may(code) for code in self.permissions))


ITEMS = (
    Item("work", _("工作台"), "layout-dashboard", "home", order=1),
    Item("work", _("通知"), "bell", "notices", order=8),
    Item("work", _("后台任务"), "progress", "jobs", order=9),
    Item("settings", _("接口密钥"), "key", "tokens", order=80),
    Item("settings", _("对外消息"), "mail-forward", "deliveries", ("core.settings.change",), order=85),
    Item("settings", _("审计日志"), "history", "audit", ("core.audit.view",), order=90),
)


@cache
def items() -> tuple[Item, ...]:
    """Return every app's items in order."""
    found = [item for _app, group in gather("navigation", "ITEMS") for item in group]  # type: ignore[attr-defined]
    return tuple(sorted(found, key=lambda item: (list(SECTIONS).index(item.section), item.order)))


def navigation(by: Actor, path: str) -> list[dict[str, Any]]:
    """Return the sections with the items ``by`` may use; the item whose page ``path`` is or lies below is active."""
    shown = [(item, reverse(item.route)) for item in items() if item.shown_to(by)]
    matching = [url for _item, url in shown if path == url or (url != "/" and path.startswith(url))]
    here = max(matching, key=len, default="")
    sections = []
    for key, (label, icon) in SECTIONS.items():
        entries = [
            {"label": item.label, "url": url, "icon": item.icon, "active": url == here}
            for item, url in shown
            if item.section == key
        ]
        if entries:
            sections.append({"key": key, "label": label, "icon": icon, "items": entries})
    return sections
