from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrgsConfig(AppConfig):
    name = "yinfeng.orgs"
    label = "orgs"
    verbose_name = _("组织")

    def ready(self) -> None:
        from yinfeng.core import desk, events, search
        from yinfeng.orgs import home, queries, services
        from yinfeng.orgs.models import UNIT_KINDS, Person, Unit

        def unit_line(unit: Any) -> dict[str, Any]:
            words = [unit.short_name, str(UNIT_KINDS[unit.kind]), unit.parent.brief if unit.parent else ""]
            return {
                "title": unit.label,
                "url": unit.get_absolute_url(),
                "sub": " · ".join(word for word in words if word),
            }

        def person_line(person: Any) -> dict[str, Any]:
            posts = queries.posts_of([person.pk]).get(person.pk, [])
            return {"title": person.name, "url": person.get_absolute_url(), "sub": "；".join(posts)}

        home.register()
        events.subscribe("core.delivery.given_up", services.tell_keepers)
        search.register(Unit, queries.unit_entries)
        search.register(Person, queries.person_entries)
        desk.searchable(desk.Found(Unit, _("单位"), "units", "", unit_line, ("parent",)))
        desk.searchable(desk.Found(Person, _("人员"), "people", "", person_line))
