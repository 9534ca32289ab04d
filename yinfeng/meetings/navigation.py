from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.navigation import Item

ITEMS = (
    # decision gates and inspections
    Item("supervision", _("督查"), "zoom-check", "inspections", ("meetings.inspection.view",), order=7),
    Item("supervision", _("督查问题"), "clipboard-x", "findings", ("meetings.finding.view",), order=8),
    Item("supervision", _("决策节点"), "gavel", "gates", ("projects.project.view",), order=6),
    # meetings and topics
    Item("supervision", _("会议"), "calendar-event", "meetings", ("meetings.meeting.view",), order=1),
    Item("supervision", _("议题"), "list-details", "topics", ("meetings.meeting.view",), order=2),
)
