"""What events of meetings, decisions and inspections are called on a timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    # decision gates and inspections
    "meetings.gate.passed": _("决策节点通过"),
    "meetings.gate.refused": _("决策节点未通过"),
    "meetings.gate.undone": _("撤销了决策记录"),
    "meetings.gatedecision.undo": _("撤销了决策记录"),
    "meetings.inspection.planned": _("部署了督查"),
    "meetings.inspection.changed": _("修改了督查部署"),
    "meetings.inspection.team_changed": _("调整了督查组"),
    "meetings.inspection.drawn": _("抽取了督查对象"),
    "meetings.inspection.subject_added": _("列入了督查对象"),
    "meetings.inspection.subject_removed": _("移除了督查对象"),
    "meetings.inspection.start": _("开始了督查"),
    "meetings.inspection.visited": _("记录了检查情况"),
    "meetings.inspection.found": _("记录了问题"),
    "meetings.inspection.report": _("写出了督查报告"),
    "meetings.inspection.cancel": _("取消了督查"),
    "meetings.inspection.printed": _("下载了督查报告"),
    "meetings.finding.recorded": _("记录了问题"),
    "meetings.finding.order": _("责令整改"),
    "meetings.finding.correct": _("记为当场整改"),
    "meetings.finding.withdraw": _("撤销了问题"),
}
