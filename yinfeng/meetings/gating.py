"""The states of what a body decided at a gate (决策节点)."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from yinfeng.core.errors import Sentence

PASSED, REFUSED, UNDONE = "passed", "refused", "undone"
DECISION_STATES: Mapping[str, Sentence] = {
    PASSED: _("通过"),
    REFUSED: _("未通过"),
    UNDONE: _("已撤销"),
}
# The action that whoever may record decisions does on a project.
GATE = "gate"
EVIDENCE = "minutes"  # the kind of file under which a decision's document stands with the project
