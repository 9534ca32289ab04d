from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeetingsConfig(AppConfig):
    name = "yinfeng.meetings"
    label = "meetings"
    verbose_name = _("会商")

    def ready(self) -> None:
        from yinfeng.core.services import may_object
        from yinfeng.meetings import dated, gates, joining, services, waits

        dated.register()
        joining.register()
        gates.register()
        waits.register()
        may_object(services.keep_inspection_files)
