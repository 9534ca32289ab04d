"""What may be done with meetings and topics, decisions and inspections."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.permissions import Permission

_DECISIONS, _INSPECTIONS, _MEETINGS = _("决策节点"), _("督查"), _("会商")

PERMISSIONS = (
    # decision gates and inspections
    Permission("meetings.gate.record", _("记录决策节点"), _DECISIONS),
    Permission("meetings.inspection.run", _("部署和开展督查"), _INSPECTIONS),
    Permission("meetings.inspection.view", _("查看督查"), _INSPECTIONS),
    Permission("meetings.finding.view", _("查看督查发现的本单位问题"), _INSPECTIONS),
    # meetings and topics
    Permission("meetings.meeting.view", _("查看会议和议题"), _MEETINGS),
    Permission("meetings.meeting.run", _("审定议题、组织会议、记录议定事项"), _MEETINGS),
    Permission("meetings.meeting.export", _("导出会议和议题"), _MEETINGS),
    Permission("meetings.topic.submit", _("提出议题"), _MEETINGS),
    Permission("meetings.topic.review", _("公平竞争审查"), _MEETINGS),
)
