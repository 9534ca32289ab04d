"""What events of the enterprise library are called on a timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "enterprises.enterprise.added": _("录入了企业"),
    "enterprises.enterprise.changed": _("修改了企业资料"),
    "enterprises.enterprise.imported": _("批量导入了企业"),
    "enterprises.enterprise.updated": _("批量导入更新了企业资料"),
    "enterprises.enterprise.tagged": _("修改了企业标签"),
    "enterprises.enterprise.verified": _("核实了企业资料"),
    "enterprises.contact.added": _("添加了联系人"),
    "enterprises.contact.changed": _("修改了联系人"),
    "enterprises.contact.removed": _("删除了联系人"),
    "enterprises.contact.unmasked": _("查看了联系人完整电话"),
    "enterprises.relation.added": _("添加了企业关系"),
    "enterprises.relation.removed": _("删除了企业关系"),
}
