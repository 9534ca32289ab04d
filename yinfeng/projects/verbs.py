"""What events of leads and projects are called on a timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

VERBS = {
    "projects.lead.registered": _("登记了线索"),
    "projects.lead.changed": _("修改了线索"),
    "projects.lead.qualify": _("研判通过"),
    "projects.lead.decline": _("决定不予跟进"),
    "projects.lead.reopen": _("重新研判"),
    "projects.lead.repointed": _("企业记录合并，改指合并后的企业"),
    "projects.lead.convert": pgettext_lazy("event", "转为项目"),
    "projects.project.created": _("建立了项目"),
    "projects.project.changed": _("修改了项目"),
    "projects.project.repointed": _("企业记录合并，改指合并后的企业"),
    "projects.project.intend": _("转为意向"),
    "projects.project.negotiate": _("转为在谈"),
    "projects.project.sign": _("核验通过，转为签约"),
    "projects.project.return_to_planned": _("退回策划"),
    "projects.project.return_to_intended": _("退回意向"),
    "projects.project.hold": _("暂缓"),
    "projects.project.resume": _("恢复推进"),
    "projects.project.lose": _("记为流失"),
    "projects.project.end": _("终止"),
    "projects.project.reopen": _("重新启动"),
    "projects.project.unit_added": _("加入参与单位"),
    "projects.project.unit_removed": _("移出参与单位"),
    "projects.project.member_added": _("加入团队成员"),
    "projects.project.member_removed": _("移出团队成员"),
    "projects.project.talked": _("记录了洽谈"),
    "projects.project.signature_submitted": _("提交了签约申报"),
    "projects.project.signature_refuted": _("签约核验不通过"),
    "projects.project.entry_reversed": _("冲销了业绩记录"),
    "projects.signature.verify": _("核验通过"),
    "projects.signature.refute": _("核验不通过"),
}
