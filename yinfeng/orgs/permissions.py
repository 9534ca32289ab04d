"""What may be done with units, people and roles."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.permissions import Permission

_GROUP = _("组织")

PERMISSIONS = (
    Permission("orgs.unit.change", _("维护单位"), _GROUP),
    Permission("orgs.body.change", _("维护领导机构"), _GROUP),
    Permission("orgs.person.change", _("维护人员"), _GROUP),
    Permission("orgs.role.assign", _("授予和收回角色"), _GROUP),
    Permission("orgs.user.invite", _("邀请用户"), _GROUP),
    Permission("orgs.user.change", _("停用和恢复账号"), _GROUP),
)
