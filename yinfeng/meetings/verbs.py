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
    "meetings.inspection.team_changed": _("确定了督查组成员"),
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
    "meetings.finding.reported": _("督查报告已写出"),
    "meetings.finding.order": _("责令整改"),
    "meetings.finding.correct": _("记为当场整改"),
    "meetings.finding.withdraw": _("撤销了问题"),
    # meetings and topics
    "meetings.meeting.planned": _("拟定了会议"),
    "meetings.meeting.changed": _("修改了会议"),
    "meetings.meeting.fix": _("确定了议程"),
    "meetings.meeting.convene": _("召开了会议"),
    "meetings.meeting.issue": _("印发了纪要"),
    "meetings.meeting.cancel": _("取消了会议"),
    "meetings.meeting.topic_on": _("列入了议题"),
    "meetings.meeting.topic_off": _("移出了议题"),
    "meetings.meeting.reordered": _("调整了议程顺序"),
    "meetings.meeting.called": _("列入参会名单"),
    "meetings.meeting.uncalled": _("移出参会名单"),
    "meetings.meeting.attendance": _("登记了出席情况"),
    "meetings.meeting.minuted": _("记录了讨论情况"),
    "meetings.meeting.resolved": _("记录了议定事项"),
    "meetings.meeting.printed": _("下载了会议材料"),
    "meetings.topic.submitted": _("提出了议题"),
    "meetings.topic.gathered": _("按规则列出议题"),
    "meetings.topic.changed": _("修改了议题"),
    "meetings.topic.approve": _("同意上会"),
    "meetings.topic.take_up": _("重新上会"),
    "meetings.topic.refuse": _("不予上会"),
    "meetings.topic.withdraw": _("撤回了议题"),
    "meetings.topic.submit_again": _("重新提交"),
    "meetings.topic.submit_changed": _("内容有变化，重新审核"),
    "meetings.topic.take_on": _("列入会议议程"),
    "meetings.topic.take_off": _("移出会议议程"),
    "meetings.topic.decide": _("会议议定"),
    "meetings.topic.put_off": _("会议暂缓议定"),
    "meetings.topic.reviewed": _("记录了公平竞争审查结论"),
    "meetings.resolution.recorded": _("记录了议定事项"),
    "meetings.topic.undecide": _("撤回议定"),
    "meetings.resolution.corrected": _("更正了议定事项"),
    "meetings.resolution.take_back": _("撤回了议定事项"),
    "meetings.meeting.resolution_corrected": _("更正了议定事项"),
    "meetings.meeting.resolution_taken_back": _("撤回了议定事项"),
    # on the project that was spoken about
    "meetings.project.resolved": _("会商议定"),
    "meetings.project.resolution_corrected": _("会商议定的记录更正"),
    "meetings.project.resolution_taken_back": _("会商议定的记录撤回"),
}

# The audit log alone tells them: who took a paper with him, and what the topic's own moves say already.
QUIET = (
    "meetings.meeting.printed", "meetings.inspection.printed", "meetings.resolution.recorded", "meetings.resolution.take_back",
)  # fmt: skip
