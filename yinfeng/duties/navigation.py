"""Duties, the calendar and their settings in the desk's navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.navigation import Item

ITEMS = (
    Item("work", _("我的督办"), "clipboard-check", "work", ("duties.duty.view",), order=2),
    Item("supervision", _("督办事项"), "list-check", "duties", ("duties.duty.view",), order=3),
    Item("work", _("日历"), "calendar", "calendar", order=5),
    Item("settings", _("工作日历"), "calendar-event", "workdays", ("duties.calendar.change",), order=60),
    Item("settings", _("群机器人"), "robot", "bots", ("core.settings.change",), order=70),
    Item("supervision", _("督办统计"), "chart-bar", "duties-standing", ("duties.duty.view",), order=4),
)
