"""What events about units, people and accounts are called on a timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "orgs.unit.created": _("设立了单位"),
    "orgs.unit.changed": _("修改了单位资料"),
    "orgs.unit.renamed": _("更改了单位名称"),
    "orgs.unit.moved": _("调整了单位隶属"),
    "orgs.unit.merged": _("把单位并入了其他单位"),
    "orgs.unit.closed": _("撤销了单位"),
    "orgs.unit.reopened": _("恢复了单位"),
    "orgs.body.changed": _("修改了领导机构"),
    "orgs.seat.added": _("增设了席位"),
    "orgs.seat.ended": _("撤销了席位"),
    "orgs.seat.taken": _("安排了席位人选"),
    "orgs.seat.left": _("结束了席位任期"),
    "orgs.person.added": _("登记了人员"),
    "orgs.person.changed": _("修改了人员资料"),
    "orgs.membership.added": _("登记了任职"),
    "orgs.membership.ended": _("结束了任职"),
    "orgs.role.changed": _("修改了角色"),
    "orgs.role.granted": _("授予了角色"),
    "orgs.role.revoked": _("收回了角色"),
    "orgs.account.created": _("建立了账号"),
    "orgs.account.deactivated": _("停用了账号"),
    "orgs.account.reactivated": _("恢复了账号"),
    "orgs.invitation.sent": _("发出了邀请"),
    "orgs.invitation.accepted": _("接受了邀请"),
    "orgs.invitation.revoked": _("撤回了邀请"),
}
