from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnterprisesConfig(AppConfig):
    name = "yinfeng.enterprises"
    label = "enterprises"
    verbose_name = _("企业")

    def ready(self) -> None:
        from yinfeng.core import beats, desk, events, jobs, search
        from yinfeng.enterprises import deduping, home, imports, queries, services
        from yinfeng.enterprises.imports import pages
        from yinfeng.enterprises.models import Enterprise

        def line(firm: Any) -> dict[str, Any]:
            place = " ".join(filter(None, [firm.province, firm.city]))
            return {
                "title": firm.name,
                "url": firm.get_absolute_url(),
                "sub": " · ".join(filter(None, [firm.short_name, place])),
            }

        desk.searchable(desk.Found(Enterprise, _("企业"), "enterprises", "enterprises.enterprise.view", line))
        search.register(Enterprise, queries.search_entries, guard="enterprises.contact.view")
        jobs.register(deduping.KIND, _("查找疑似重复"), deduping.chunk)
        jobs.register(
            imports.KIND, _("导入企业名单"), imports.chunk, options=pages.options, again=pages.again_url
        )
        home.register()
        beats.register("leases", services.tell_of_leases)
        events.subscribe("enterprises.enterprise.merged", services.tell_of_each_other)
        for verb in ("added", "handed_over"):
            events.subscribe(f"enterprises.target.{verb}", services.tell_owner)
        for verb in ("added", "assigned", "due"):
            events.subscribe(f"enterprises.signal.{verb}", services.tell_signal_owner)
