"""What may be done with the enterprise library."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.permissions import Permission

_GROUP = _("企业")

PERMISSIONS = (
    Permission("enterprises.enterprise.view", _("查看企业库"), _GROUP),
    Permission("enterprises.enterprise.add", _("录入企业"), _GROUP),
    Permission("enterprises.enterprise.change", _("修改企业资料"), _GROUP),
    Permission("enterprises.enterprise.import", _("批量导入企业"), _GROUP),
    Permission("enterprises.enterprise.export", _("导出企业清单"), _GROUP),
    Permission("enterprises.enterprise.merge", _("合并重复企业"), _GROUP),
    Permission("enterprises.contact.view", _("查看企业联系人"), _GROUP),
    Permission("enterprises.contact.unmask", _("查看联系人完整电话"), _GROUP),
    Permission("enterprises.relation.change", _("维护企业关系"), _GROUP),
    Permission("enterprises.target.view", _("查看目标企业名单"), _GROUP),
    Permission("enterprises.target.change", _("维护目标企业名单"), _GROUP),
    Permission("enterprises.signal.view", _("查看外迁预警"), _GROUP),
    Permission("enterprises.signal.change", _("处理外迁预警"), _GROUP),
)
