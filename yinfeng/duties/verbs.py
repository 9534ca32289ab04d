"""What events of duties are called on a timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "duties.calendarday.added": _("录入了节假日或调休"),
    "duties.calendarday.changed": _("修改了节假日或调休"),
    "duties.calendarday.removed": _("删去了节假日或调休"),
    "duties.calendaryear.loaded": _("载入了节假日安排"),
    "duties.calendaryear.announced": _("标记为已公布节假日的年份"),
    "duties.duty.set": _("交办"),
    "duties.duty.changed": _("修改了交办内容"),
    "duties.duty.accept": _("签收"),
    "duties.duty.reported": _("报告进展"),
    "duties.duty.submit": _("报结"),
    "duties.duty.take_back": _("撤回报结"),
    "duties.duty.approve": _("同意办结"),
    "duties.duty.reject": _("不同意办结"),
    "duties.duty.send_back": _("退回"),
    "duties.duty.insist": _("坚持交办"),
    "duties.duty.hand_over": _("移交"),
    "duties.duty.follow_unit": _("随单位并入移交"),
    "duties.duty.cancel": _("撤销"),
    "duties.duty.reopen": _("重新办理"),
    "duties.duty.part_set": _("分解任务"),
    "duties.duty.part_closed": _("分解任务办结"),
    "duties.duty.extension_asked": _("申请延期"),
    "duties.duty.extension_granted": _("同意延期"),
    "duties.duty.extension_refused": _("不同意延期"),
    "duties.duty.extension_withdrawn": _("撤回延期申请"),
    "duties.duty.recounted": _("节假日安排变动，重新计算时限"),
    "duties.duty.reminded": _("提醒"),
    "duties.duty.urged": _("催办"),
    "duties.duty.ordered": _("发督办单"),
    "duties.duty.criticised": _("通报"),
    "duties.duty.talked_to": _("约谈"),
    "duties.about.set": _("交办了督办事项"),
    "duties.about.closed": _("督办事项办结"),
    "duties.extension.grant": _("同意延期"),
    "duties.extension.refuse": _("不同意延期"),
    "duties.extension.withdraw": _("撤回延期申请"),
}
