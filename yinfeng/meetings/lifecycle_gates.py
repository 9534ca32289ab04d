"""The life of a decision at a gate: it is recorded as it was taken, and undone when that was wrong."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.lifecycle import Lifecycle, Move
from yinfeng.meetings import gating, queries
from yinfeng.meetings.models import GateDecision
from yinfeng.projects import stages


def is_of_an_open_project(decision: GateDecision, by: Actor) -> Iterator[Sentence]:
    project = decision.project
    if project.status in stages.OVER:
        yield _now("项目已“%(status)s”，不能再修改。") % {"status": stages.STATUSES[project.status]}


def is_last_passed(decision: GateDecision, by: Actor) -> Iterator[Sentence]:
    """Ask that no gate behind it is passed, and that its chain is the one that applies: what is past stands as it was."""
    project = decision.project
    applied = queries.chain_of(project, timezone.localdate())
    chain = applied.chain
    if chain is None or chain.code != decision.chain or chain.gate(decision.gate) is None:
        yield _now("这条决策记录不属于项目现在适用的决策链，作为历史保留，不能撤销。")
        return
    if decision.state != gating.PASSED:
        return
    for gate in queries.later_passed(chain, decision.gate, queries.decisions_of(project)):
        yield _now("后面的“%(gate)s”已经通过，请先撤销它。") % {"gate": gate.label}


GATE = Lifecycle(
    name="meetings.gatedecision",
    state_field="state",
    initial=gating.PASSED,
    states=gating.DECISION_STATES,
    moves=(
        Move(
            "undo", _("撤销决策记录"), (gating.PASSED, gating.REFUSED), gating.UNDONE, "undo",
            guards=(is_of_an_open_project, is_last_passed), asks_reason=True, style="danger", icon="arrow-back-up",
            explain=_("记录有误，或决策被撤回时办理。记录和撤销原因都保留在项目动态中；节点重新打开，可以再次记录。"),
        ),
    ),
)  # fmt: skip
