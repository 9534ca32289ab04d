"""Where decision gates join the pages and rules of projects."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core import events
from yinfeng.core.services import may_object
from yinfeng.meetings import gating, queries, services
from yinfeng.projects import demands, sections
from yinfeng.projects.models.records import let_act
from yinfeng.projects.services import tell_team


def register() -> None:
    """Give every project its page of gates, let stages wait for them, and tell the team what was decided."""
    let_act(gating.GATE, "meetings.gate.record")
    sections.register(sections.Section("project-gates", _("决策节点"), when=queries.has_gates))
    demands.register(demands.Demand(queries.PASSES, queries.passed_gates, queries.gates_before))
    may_object(services.keep_gate_evidence)
    for verb in (gating.PASSED, gating.REFUSED, gating.UNDONE):
        events.subscribe(f"meetings.gate.{verb}", tell_team)
