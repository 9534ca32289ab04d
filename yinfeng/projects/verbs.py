"""What events of leads and projects are called on a timeline."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yinfeng.projects import stages

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
    "projects.project.register": _("核验通过，转为注册"),
    "projects.project.prepare": _("转为前期"),
    "projects.project.start": _("核验通过，转为开工"),
    "projects.project.build": _("转为在建"),
    "projects.project.complete": _("核验通过，转为竣工"),
    "projects.project.produce": _("核验通过，转为投产"),
    "projects.project.reach_capacity": _("核验通过，转为达产"),
    **{
        f"projects.project.return_to_{stage}": format_lazy(_("退回{stage}"), stage=label)
        for stage, label in stages.STAGES.items()
        if stage != stages.AT_CAPACITY
    },
    "projects.project.graded": _("调整了分级"),
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
    "projects.project.claim_submitted": _("提交了业绩申报"),
    "projects.project.claim_verified": _("核验通过"),
    "projects.project.claim_refuted": _("业绩核验不通过"),
    "projects.project.claim_withdrawn": _("撤回了业绩申报"),
    "projects.project.step_back_withdrawn": _("撤回了退回申请"),
    "projects.claim.withdraw": _("撤回申报"),
    "projects.stepback.withdraw": _("撤回申请"),
    "projects.project.step_back_asked": _("申请退回"),
    "projects.project.step_back_refused": _("退回未批准"),
    "projects.project.extended": _("建立了增资扩产项目"),
    "projects.project.entry_reversed": _("冲销了业绩记录"),
    "projects.project.transfer_offered": _("提出了流转"),
    "projects.project.transfer_accepted": _("承接单位同意流转"),
    "projects.project.transfer_declined": _("承接单位未接收"),
    "projects.project.transfer_withdrawn": _("撤回了流转"),
    "projects.project.transfer_appealed": _("提请裁定流转"),
    "projects.project.transfer_awarded": _("裁定流转"),
    "projects.project.transfer_dismissed": _("裁定不流转"),
    "projects.project.transfer_completed": _("办结了流转"),
    "projects.transfer.offer": _("提出了流转"),
    "projects.transfer.accept": _("同意承接"),
    "projects.transfer.decline": _("不承接"),
    "projects.transfer.step_down": _("不再承接"),
    "projects.transfer.appeal": _("提请裁定"),
    "projects.transfer.award": _("裁定流转"),
    "projects.transfer.dismiss": _("裁定不流转"),
    "projects.transfer.complete": _("办结了流转"),
    "projects.transfer.withdraw": _("撤回了流转"),
    "projects.dispute.raise": _("提出了首报争议"),
    "projects.dispute.answer": _("陈述了意见"),
    "projects.dispute.decide": _("裁定了首报争议"),
    "projects.dispute.withdraw": _("撤回了首报争议"),
    **{
        f"projects.{kind}.{verb}": label
        for kind in ("lead", "project")
        for verb, label in (
            ("dispute_raised", _("提出了首报争议")),
            ("dispute_answered", _("陈述了意见")),
            ("dispute_decided", _("裁定了首报争议")),
            ("dispute_withdrawn", _("撤回了首报争议")),
            ("rivalled", _("另一单位登记了同一企业")),
        )
    },
    "projects.lead.yield": _("首报争议裁定由另一方承办"),
    "projects.project.yield": _("首报争议裁定由另一方承办"),
    "projects.project.personal_recorded": _("记录了亲自事项"),
    "projects.project.personal_withdrawn": _("撤回了亲自事项记录"),
    "projects.personalact.withdraw": _("撤回记录"),
    "projects.closing.closed": _("业绩台账结账"),
    "projects.claim.verify": _("核验通过"),
    "projects.claim.refute": _("核验不通过"),
    "projects.stepback.approve": _("批准退回"),
    "projects.stepback.refuse": _("不批准退回"),
    # What signings were called before every achievement was claimed alike; their events stand as they were recorded.
    "projects.project.signature_submitted": _("提交了签约申报"),
    "projects.project.signature_refuted": _("签约核验不通过"),
    "projects.signature.verify": _("核验通过"),
    "projects.signature.refute": _("核验不通过"),
}
