from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "yinfeng.core"
    label = "core"
    verbose_name = _("基础")

    def ready(self) -> None:
        from yinfeng.core import events, lookups, services, signin  # noqa: F401 - lookups register themselves

        events.subscribe("*", services.notify_followers, many=services.notify_followers_of_many)
        signin.connect()
