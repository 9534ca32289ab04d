from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.navigation import Item

ITEMS = (
    Item("projects", _("策划生成"), "compass", "proposals", ("projects.proposal.view",), order=5),
    Item("projects", _("线索"), "bulb", "leads", ("projects.lead.view",), order=10),
    Item("projects", _("项目"), "briefcase", "projects", ("projects.project.view",), order=20),
    Item(
        "projects",
        _("总部项目库"),
        "building-skyscraper",
        "headquarters",
        ("projects.project.view",),
        order=21,
    ),
    Item("projects", _("看板"), "layout-kanban", "project-board", ("projects.project.view",), order=22),
    Item("projects", _("亮灯"), "traffic-lights", "lights", ("projects.project.view",), order=25),
    Item("projects", _("重大项目调度"), "route", "scheduling", ("projects.project.view",), order=24),
    Item("projects", _("三个“亲自”"), "user-check", "personal", ("projects.project.view",), order=26),
    Item("projects", _("片区指挥部"), "map-pins", "areas", ("projects.project.view",), order=26),
    Item("projects", _("建设推进"), "crane", "construction", ("projects.project.view",), order=26),
    Item("projects", _("项目流转"), "arrows-exchange", "transfers", ("projects.project.view",), order=27),
    Item("projects", _("首报争议"), "scale", "disputes", ("projects.project.view",), order=28),
    Item("projects", _("报送"), "send", "reports", ("projects.project.view",), order=28),
    Item("projects", _("业绩台账"), "book-2", "ledger", ("projects.project.view",), order=30),
)
