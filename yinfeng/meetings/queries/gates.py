"""Which chain of bodies must decide about a project (决策节点, FACTS §1.7), and how far it has come along it.

Worked out on reading, by the rules ``gate_chain`` in force on the day: the first whose condition the project fulfils. While
an earlier one cannot be judged, none applies: it might be that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.core.conditions import Condition
from yinfeng.core.errors import Sentence
from yinfeng.core.keeping import kept
from yinfeng.core.language import in_english
from yinfeng.meetings import gating, states
from yinfeng.meetings.models import GateDecision, Resolution
from yinfeng.orgs.models import Body
from yinfeng.orgs.queries import Joined
from yinfeng.projects import stages
from yinfeng.projects.models import Project
from yinfeng.projects.queries import condition_of

KIND = "gate_chain"


@dataclass(frozen=True, slots=True)
class Gate:
    """One body that decides; ``body`` is its code in the directory, where it stands there."""

    code: str
    name: str
    name_en: str
    body: str

    @property
    def label(self) -> str:
        return self.name_en if in_english() and self.name_en else self.name


@dataclass(frozen=True, slots=True)
class Chain:
    """The bodies that decide, in their order, about the projects of a condition; without gates nobody needs to.

    ``before_stage``: all of them must have passed before a project goes on to that stage; empty: no stage waits.
    """

    code: str
    name: str
    name_en: str
    order: int
    condition: Condition
    gates: tuple[Gate, ...]
    before_stage: str
    source: str = ""

    @property
    def label(self) -> str:
        return self.name_en if in_english() and self.name_en else self.name

    def gate(self, code: str) -> Gate | None:
        return next((gate for gate in self.gates if gate.code == code), None)


def gate_chains(day: date) -> list[Chain]:
    """Return the chains in force on a day, in the order in which they are tried."""
    return kept(("gate chains", day), lambda: _gate_chains(day))


def _gate_chains(day: date) -> list[Chain]:
    found = []
    for code, rule in core.rules(KIND, day).items():
        condition = condition_of(rule["condition"])
        if condition is not None:
            gates = tuple(Gate(**gate) for gate in rule["gates"])
            found.append(
                Chain(code, rule["name"], rule["name_en"], int(rule["order"]), condition, gates, rule["before_stage"], rule.get("source", ""))
            )  # fmt: skip
    return sorted(found, key=lambda chain: (chain.order, chain.code))


def has_gates(project: Project) -> bool:
    """Say whether the profile has chains at all."""
    return bool(gate_chains(timezone.localdate()))


@dataclass(frozen=True, slots=True)
class Applied:
    """The chain that applies to a project, None when none does or too little is known, and why, in words.

    ``unclear`` is the chain of which the project does not tell whether it applies.
    """

    chain: Chain | None
    reason: str
    unclear: Chain | None = None


def chain_of(project: Project, day: date) -> Applied:
    """Return the chain of a project by the rules of a day."""
    for chain in gate_chains(day):
        verdict = chain.condition.judge(project, day)
        if verdict.answer:
            return Applied(chain, verdict.reason)
        if verdict.answer is None:
            return Applied(None, verdict.reason, chain)
    return Applied(None, _("不符合任何一条决策链的条件"))


# --- how far it has come ------------------------------------------------------------------------------------------

OPEN, AFTER = "open", "after"


@dataclass(frozen=True, slots=True)
class Step:
    """A gate as it stands for a project: passed, open (its turn), or after one that is not passed yet."""

    gate: Gate
    state: str
    passed: GateDecision | None
    refusals: tuple[GateDecision, ...]


def decisions_of(project: Project) -> list[GateDecision]:
    """Return what was decided about a project that the caller has read through its scope, the oldest first."""
    found = GateDecision.objects.filter(project=project).select_related(
        "evidence", "recorded_by", "undone_by", "resolution__topic"
    )
    return list(found.order_by("decided_date", "pk"))


def steps_of(chain: Chain, decisions: Iterable[GateDecision]) -> list[Step]:
    """Return how each gate of a chain stands by the decisions about a project."""
    mine = [decision for decision in decisions if decision.chain == chain.code]
    found: list[Step] = []
    for gate in chain.gates:
        here = [decision for decision in mine if decision.gate == gate.code]
        passed = next((item for item in here if item.state == gating.PASSED), None)
        refusals = tuple(item for item in here if item.state == gating.REFUSED)
        waits = any(step.state != gating.PASSED for step in found)
        state = gating.PASSED if passed else AFTER if waits else OPEN
        found.append(Step(gate, state, passed, refusals))
    return found


def besides(applied: Applied, decisions: Iterable[GateDecision]) -> list[GateDecision]:
    """Return the decisions that do not count for the chain that applies: undone ones, those of others, of gates that are gone."""
    chain = applied.chain
    return [
        item for item in decisions
        if chain is None or item.chain != chain.code or chain.gate(item.gate) is None or item.state == gating.UNDONE
    ]  # fmt: skip


def later_passed(chain: Chain, gate: str, decisions: Iterable[GateDecision]) -> list[Gate]:
    """Return the gates behind one that are passed, the last first: they are undone before it."""
    codes = [item.code for item in chain.gates]
    after = chain.gates[codes.index(gate) + 1 :] if gate in codes else ()
    passed = {item.gate for item in decisions if item.chain == chain.code and item.state == gating.PASSED}
    return [item for item in reversed(after) if item.code in passed]


def earliest(chain: Chain, gate: Gate, decisions: Sequence[GateDecision]) -> GateDecision | None:
    """Return the newest decision which one at a gate cannot come before: a pass of an earlier gate, a refusal of its own."""
    codes = [item.code for item in chain.gates]
    earlier = set(codes[: codes.index(gate.code)])
    bounds = [
        item for item in decisions
        if item.chain == chain.code
        and ((item.gate in earlier and item.state == gating.PASSED) or (item.gate == gate.code and item.state == gating.REFUSED))
    ]  # fmt: skip
    return max(bounds, key=lambda item: item.decided_date, default=None)


def gate_body(gate: Gate) -> Body | None:
    """Return the body of the directory that a gate names."""
    return Body.objects.filter(code=gate.body).first() if gate.body else None


def resolutions_for(project: Project, gate: Gate, by: Actor) -> QuerySet[Resolution]:
    """Return what the body of a gate decided about a project, as far as the person sees it, the newest first.

    One that a decision at a gate names already is none of them, unless that one was undone; neither is one put off.
    """
    named = GateDecision.objects.filter(resolution=OuterRef("pk")).exclude(state=gating.UNDONE)
    found = Resolution.objects.permitted(by).filter(
        ~Exists(named), topic__project=project, topic__body__code=gate.body, state=states.STANDING,
        decision__in=[*states.PASSING, states.NOT_AGREED],
    )  # fmt: skip
    return found.select_related("topic", "meeting__body").order_by("-decided_date", "-pk")


def decisions_naming(resolution: Resolution) -> QuerySet[GateDecision]:
    """Return the decisions at gates that name a resolution, without those that were undone."""
    return GateDecision.objects.filter(resolution=resolution).exclude(state=gating.UNDONE)


def gate_decisions(project: Project) -> QuerySet[GateDecision]:
    """Return the decisions about a project, for the API."""
    return GateDecision.objects.filter(project=project).select_related("evidence__uploaded_by")


# --- what a stage waits for ---------------------------------------------------------------------------------------

PASSES = "passed_gates"


def passed_gates() -> Subquery:
    """Return for a query of projects the gates that each has passed as one text: chain:gate, separated by commas."""
    told = Concat("chain", Value(":"), "gate", output_field=TextField())
    found = GateDecision.objects.filter(project=OuterRef("pk"), state=gating.PASSED).order_by()
    return Subquery(found.annotate(all=Joined(told)).values("all"), output_field=TextField())


def _passed(project: Project) -> set[str]:
    known: Mapping[str, Any] = project.__dict__
    if PASSES in known:  # the page has read them with the row
        return set((known[PASSES] or "").split(","))
    found = GateDecision.objects.filter(project=project, state=gating.PASSED)
    return {f"{chain}:{gate}" for chain, gate in found.values_list("chain", "gate")}


def gates_before(project: Project, stage: str, by: Actor) -> Iterator[Sentence]:
    """Yield which bodies have still to decide before a project goes on to a stage (see ``Chain.before_stage``)."""
    day = timezone.localdate()
    if not any(_waits(chain, project, stage) for chain in gate_chains(day)):
        return
    applied = chain_of(project, day)
    if applied.unclear is not None and _waits(applied.unclear, project, stage):
        yield _("还不能判断是否须经“%(chain)s”决策：%(why)s") % {
            "chain": applied.unclear.label,
            "why": applied.reason,
        }
    if applied.chain is None or not _waits(applied.chain, project, stage):
        return
    passed = _passed(project)
    for gate in applied.chain.gates:
        if f"{applied.chain.code}:{gate.code}" not in passed:
            told = {"gate": gate.label, "stage": stages.STAGES[stage]}
            yield _("“%(gate)s”还没有通过，通过之后才能转为%(stage)s。") % told


def _waits(chain: Chain, project: Project, stage: str) -> bool:
    """Say whether the step to a stage is the one before which a chain must be passed."""
    asked = chain.before_stage
    return bool(asked) and stages.reached(stage, asked) and not stages.reached(project.stage, asked)
