"""What may be done with duties and the calendar they are counted by."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.permissions import Permission

_DUTIES = _("督办")

PERMISSIONS = (
    Permission("duties.duty.view", _("查看督办事项"), _DUTIES),
    Permission("duties.duty.view_sensitive", _("查看敏感督办事项"), _DUTIES),
    Permission("duties.duty.set", _("交办、移交和撤销督办事项"), _DUTIES),
    Permission("duties.duty.handle", _("签收、办理和报结督办事项"), _DUTIES),
    Permission("duties.duty.review", _("审核办结和延期"), _DUTIES),
    Permission("duties.duty.supervise", _("发督办单、通报和约谈"), _DUTIES),
    Permission("duties.duty.export", _("导出督办事项"), _DUTIES),
    Permission("duties.calendar.change", _("维护工作日历"), _DUTIES),
)
