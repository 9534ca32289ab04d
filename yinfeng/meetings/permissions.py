"""What may be done with meetings, decisions and inspections."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.permissions import Permission

_DECISIONS, _INSPECTIONS = _("决策节点"), _("督查")

PERMISSIONS = (
    # decision gates and inspections
    Permission("meetings.gate.record", _("记录决策节点"), _DECISIONS),
    Permission("meetings.inspection.run", _("部署和开展督查"), _INSPECTIONS),
    Permission("meetings.inspection.view", _("查看督查"), _INSPECTIONS),
    Permission("meetings.finding.view", _("查看督查发现的本单位问题"), _INSPECTIONS),
)
