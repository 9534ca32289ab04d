from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core.navigation import Item

SEEN = ("projects.project.view",)

# In the order in which a project comes by: what there is, how it gets on, what is told of it and what came of it.
ITEMS = (
    Item("projects", _("策划生成"), "compass", "proposals", ("projects.proposal.view",), order=1),
    Item("projects", _("线索"), "bulb", "leads", ("projects.lead.view",), order=2),
    Item("projects", _("项目"), "briefcase", "projects", SEEN, order=3),
    Item("projects", _("总部项目库"), "building-skyscraper", "headquarters", SEEN, order=4),
    Item("projects", _("首报争议"), "scale", "disputes", SEEN, order=5),
    Item("projects", _("项目流转"), "arrows-exchange", "transfers", SEEN, order=6),
    Item("progress", _("看板"), "layout-kanban", "project-board", SEEN, order=1),
    Item("progress", _("亮灯"), "traffic-lights", "lights", SEEN, order=2),
    Item("progress", _("重大项目调度"), "route", "scheduling", SEEN, order=3),
    Item("progress", _("三个“亲自”"), "user-check", "personal", SEEN, order=4),
    Item("progress", _("建设推进"), "crane", "construction", SEEN, order=5),
    Item("progress", _("片区指挥部"), "map-pins", "areas", SEEN, order=6),
    Item("results", _("报送"), "send", "reports", SEEN, order=1),
    Item("results", _("业绩台账"), "book-2", "ledger", SEEN, order=2),
)
