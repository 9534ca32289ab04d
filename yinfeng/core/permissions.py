"""The permissions that exist, each declared by the app that asks for it; roles of the profile are sets of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module

from django.apps import apps
from django.utils.functional import Promise
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Permission:
    """A right with the words an administrator chooses it by; ``code`` is app.noun.verb."""

    code: str
    label: str | Promise
    group: str | Promise


PERMISSIONS = (
    Permission("core.audit.view", _("查看审计日志"), _("系统")),
    Permission("core.settings.change", _("修改系统设置"), _("系统")),
    Permission("core.job.view", _("查看全部后台任务"), _("系统")),
)


def gather(module_name: str, attribute: str) -> list[tuple[str, object]]:
    """Return (app label, attribute) of every Yinfeng app that has such a module, in dependency order."""
    found = []
    for config in apps.get_app_configs():
        if config.name.startswith("yinfeng.") and module_has_submodule(config.module, module_name):
            module = import_module(f"{config.name}.{module_name}")
            if hasattr(module, attribute):
                found.append((config.label, getattr(module, attribute)))
    return found


@cache
def registry() -> dict[str, Permission]:
    """Return every permission by its code."""
    return {item.code: item for _app, items in gather("permissions", "PERMISSIONS") for item in items}  # type: ignore[attr-defined]
