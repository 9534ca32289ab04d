"""Decisions at gates (决策节点, FACTS §1.7): recorded in the order of the chain with their document, undone with a reason."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Sentence, refusal
from yinfeng.core.models import Attachment
from yinfeng.core.scopes import demand
from yinfeng.meetings import gating, lifecycle_gates, queries, states
from yinfeng.meetings.models import GateDecision, Resolution
from yinfeng.meetings.services.resolutions import hold
from yinfeng.projects.models import Project
from yinfeng.projects.services.asking import check_past
from yinfeng.projects.services.records import read_anew, refuse_when_over


@transaction.atomic
def pass_gate(
    *, by: Actor, project: Project, gate: str, decided_date: date, document: str, file: File[bytes] | None, name: str,
    opinion: str = "", resolution: Resolution | None = None,
) -> GateDecision:  # fmt: skip
    """Record that the body of a gate passed the project, by a document on file; the gates before it must be passed.

    ``resolution``: what that body decided of it, where it met in this product.
    """
    if file is None:
        raise refusal("evidence", _("请上传决策文件。"))
    if resolution is not None and resolution.decision not in states.PASSING:
        told = {"decision": states.DECISIONS[resolution.decision]}
        raise refusal("resolution", _("这项议定是“%(decision)s”，不能据以记录通过。") % told)
    return _record(by, project, gate, gating.PASSED, decided_date, document, opinion, file, name, resolution)


@transaction.atomic
def refuse_gate(
    *, by: Actor, project: Project, gate: str, decided_date: date, document: str, opinion: str,
    file: File[bytes] | None = None, name: str = "", resolution: Resolution | None = None,
) -> GateDecision:  # fmt: skip
    """Record that the body of a gate did not pass the project, and why; it may be laid before it again."""
    if not opinion.strip():
        raise refusal("opinion", _("请写明未通过的原因。"))
    if resolution is not None and resolution.decision != states.NOT_AGREED:
        told = {"decision": states.DECISIONS[resolution.decision]}
        raise refusal("resolution", _("这项议定是“%(decision)s”，不能据以记录未通过。") % told)
    return _record(by, project, gate, gating.REFUSED, decided_date, document, opinion, file, name, resolution)


def _record(
    by: Actor, project: Project, code: str, state: str, day: date, document: str, opinion: str,
    file: File[bytes] | None, name: str, resolution: Resolution | None,
) -> GateDecision:  # fmt: skip
    """Write a decision; the project is held meanwhile, so that of two who decide about one gate the second sees the first."""
    if by.user_id is None:
        raise Forbidden(_("这项操作须由本人登录后办理。"))
    demand(project, by, gating.GATE)
    read_anew(project)
    refuse_when_over(project)
    chain, gate = _open_gate(project, code)
    if not document.strip():
        raise refusal("document", _("请填写会议名称或文号。"))
    _check_day(chain, gate, day, project)
    if resolution is not None:
        _check_resolution(by, project, gate, day, resolution)
    evidence = None
    if file is not None:
        evidence = core.attach_file(by=by, obj=project, file=file, name=name, kind=gating.EVIDENCE)
    decision = GateDecision(
        project=project, chain=chain.code, chain_name=chain.name, gate=gate.code, gate_name=gate.name,
        body=queries.gate_body(gate), state=state, decided_date=day, document=document.strip(), opinion=opinion.strip(),
        evidence=evidence, resolution=resolution, recorded_by_id=by.user_id,
    )  # fmt: skip
    core.insert(decision)
    _tell(by, decision, state, decision.opinion)
    return decision


def _open_gate(project: Project, code: str) -> tuple[queries.Chain, queries.Gate]:
    """Return the gate whose turn it is; Conflict when it is not its turn, or not one of the project's."""
    applied = queries.chain_of(project, timezone.localdate())
    gate = applied.chain.gate(code) if applied.chain else None
    if applied.chain is None or gate is None:
        raise Conflict(_("项目现在适用的决策链没有这个节点，请刷新页面查看。"))
    for step in queries.steps_of(applied.chain, queries.decisions_of(project)):
        if step.gate.code == code:
            if step.state == gating.PASSED:
                raise Conflict(_("这个决策节点已经记录为通过，请刷新页面查看。"))
            break
        if step.state != gating.PASSED:
            raise Conflict(_("前面的“%(gate)s”还没有通过，请先记录它。") % {"gate": step.gate.label})
    return applied.chain, gate


def _check_day(chain: queries.Chain, gate: queries.Gate, day: date, project: Project) -> None:
    """Refuse a day that lies ahead, or before what was decided before."""
    check_past("decided_date", _("决策日期"), day)
    before = queries.earliest(chain, gate, queries.decisions_of(project))
    if before is not None and day < before.decided_date:
        told = {"gate": before.gate_name, "state": before.get_state_display(), "day": before.decided_date}
        raise refusal("decided_date", _("决策日期不能早于“%(gate)s”%(state)s的日期（%(day)s）。") % told)


def _check_resolution(
    by: Actor, project: Project, gate: queries.Gate, day: date, resolution: Resolution
) -> None:
    """Refuse a resolution that is not the gate's body's about this project, that was named before, or of another day."""
    hold(resolution)
    if not queries.resolutions_for(project, gate, by).filter(pk=resolution.pk).exists():
        raise refusal(
            "resolution", _("这项议定不是“%(gate)s”对本项目的有效议定，请重新选择。") % {"gate": gate.label}
        )
    if day != resolution.decided_date:
        told = {"day": resolution.decided_date}
        raise refusal("decided_date", _("所选的议定事项是 %(day)s 议定的，决策日期应与它一致。") % told)


@transaction.atomic
def undo_decision(
    *, by: Actor, decision: GateDecision, reason: str, version: int | None = None
) -> GateDecision:
    """Take back what was recorded at a gate, with the reason; only the last pass of the chain, or a refusal."""
    project = decision.project
    read_anew(project)
    values: dict[str, Any] = {
        "undone_reason": reason.strip(),
        "undone_by": by.user_id,
        "undone_at": timezone.now(),
    }
    lifecycle_gates.GATE.perform(decision, "undo", by=by, reason=reason, version=version, values=values)
    _tell(by, decision, gating.UNDONE, reason.strip())
    return decision


def _tell(by: Actor, decision: GateDecision, state: str, note: str) -> None:
    """Put a decision on the project's own timeline."""
    told = [decision.chain_name, decision.gate_name, str(decision.decided_date), decision.document]
    if decision.resolution is not None:
        told.append(_("议定事项%(number)s") % {"number": decision.resolution.reference})
    events.record(
        by=by, verb=f"meetings.gate.{state}", obj=decision.project, note=note,
        data={"text": " · ".join(told), "decision": decision.pk},
    )  # fmt: skip


def keep_gate_evidence(attachment: Attachment) -> Sentence | None:
    """Object to taking off the document of a decision that counts."""
    counts = GateDecision.objects.filter(evidence=attachment).exclude(state=gating.UNDONE)
    return _("这份材料是决策记录的文件，不能撤下。请先撤销那条记录。") if counts.exists() else None
