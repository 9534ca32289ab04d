from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DutiesConfig(AppConfig):
    name = "yinfeng.duties"
    label = "duties"
    verbose_name = _("督办")

    def ready(self) -> None:
        from yinfeng.core import beats, desk, events, mailing, search
        from yinfeng.core.services import may_object
        from yinfeng.duties import bots, dated, queries, services  # noqa: F401 - the robots register themselves
        from yinfeng.duties.lists import found_line
        from yinfeng.duties.models import Duty, Extension
        from yinfeng.duties.services.calendar import CHANGES
        from yinfeng.orgs.services import may_object_to_closing

        search.register(Duty, queries.duty_entries)
        mailing.mask(Duty, queries.masked_duties)
        mailing.mask(Extension, queries.masked_extensions)
        desk.searchable(
            desk.Found(
                Duty, _("督办事项"), "duties", "duties.duty.view", found_line, ("lead_unit", "set_unit"), 15
            )
        )
        may_object(services.keep_evidence)
        may_object_to_closing(services.may_close_unit)
        events.subscribe("orgs.unit.merged", services.follow_unit)
        for verb in ("closed", "changed"):
            events.subscribe(f"orgs.unit.{verb}", services.follow_closing)
        for verb in ("created", "changed", "reopened"):
            events.subscribe(f"orgs.unit.{verb}", services.join_collectives)
        for verb in (
            "set",
            "changed",
            "approve",
            "reject",
            "insist",
            "hand_over",
            "follow_unit",
            "cancel",
            "reopen",
        ):
            events.subscribe(f"duties.duty.{verb}", services.tell_units)
        for verb in ("extension_granted", "extension_refused", "recounted", "joined", "setter_moved"):
            events.subscribe(f"duties.duty.{verb}", services.tell_units)
        for verb in ("submit", "send_back", "extension_asked", "part_closed", "follow_unit", "setter_moved"):
            events.subscribe(f"duties.duty.{verb}", services.tell_setters)
        for verb in CHANGES:
            events.subscribe(verb, services.recount_after)
        beats.register("duties", services.remind)
        beats.register("letters", services.write_weekly)
        dated.register()
        desk.own_setting(_("周报邮件"), "mail", "weekly-letter")
