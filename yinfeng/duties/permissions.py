"""What may be done with duties and the calendar they are counted by."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.permissions import Permission

_GROUP = _("督办")

PERMISSIONS = (Permission("duties.calendar.change", _("维护工作日历"), _GROUP),)
