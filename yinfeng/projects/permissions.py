"""What may be done with leads and projects."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.permissions import Permission

_LEADS, _PROJECTS, _PLANNING = _("线索"), _("项目"), _("策划生成")

PERMISSIONS = (
    Permission("projects.proposal.view", _("查看策划项目"), _PLANNING),
    Permission("projects.proposal.change", _("提出和修改策划项目"), _PLANNING),
    Permission("projects.proposal.argue", _("论证策划项目"), _PLANNING),
    Permission("projects.proposal.export", _("导出策划项目"), _PLANNING),
    Permission("projects.lead.view", _("查看线索"), _LEADS),
    Permission("projects.lead.register", _("登记线索"), _LEADS),
    Permission("projects.lead.change", _("修改线索"), _LEADS),
    Permission("projects.lead.assess", _("研判线索"), _LEADS),
    Permission("projects.lead.export", _("导出线索"), _LEADS),
    Permission("projects.project.view", _("查看项目"), _PROJECTS),
    Permission("projects.project.view_sensitive", _("查看敏感项目"), _PROJECTS),
    Permission("projects.project.add", _("建立项目"), _PROJECTS),
    Permission("projects.project.change", _("修改项目"), _PROJECTS),
    Permission("projects.project.advance", _("推进项目阶段"), _PROJECTS),
    Permission("projects.project.hold", _("暂缓、终止或恢复项目"), _PROJECTS),
    Permission("projects.project.verify", _("核验业绩、批准退回、确认冲销"), _PROJECTS),
    Permission("projects.project.grade", _("调整项目分级"), _PROJECTS),
    Permission("projects.project.transfer", _("流出或承接项目"), _PROJECTS),
    Permission("projects.bottleneck.solve", _("解决项目难点"), _PROJECTS),
    Permission("projects.transfer.arbitrate", _("裁定项目流转"), _PROJECTS),
    Permission("projects.dispute.argue", _("提出和答复首报争议"), _PROJECTS),
    Permission("projects.dispute.decide", _("裁定首报争议"), _PROJECTS),
    Permission("projects.area.change", _("维护片区和指挥部"), _PROJECTS),
    Permission("projects.project.team", _("调整项目团队和参与单位"), _PROJECTS),
    Permission("projects.project.export", _("导出项目"), _PROJECTS),
    Permission("projects.ledger.reverse", _("申请冲销业绩记录"), _PROJECTS),
    Permission("projects.ledger.close", _("业绩台账结账"), _PROJECTS),
    Permission("projects.report.submit", _("报送报表"), _PROJECTS),
    Permission("projects.report.define", _("维护报送要求"), _PROJECTS),
    Permission("projects.contact.record", _("记录洽谈"), _PROJECTS),
)
