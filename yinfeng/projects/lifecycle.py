"""The moves of leads, of a project's stage and status, of claims and steps back. Buttons, API and services read these tables.

Stage and status are two axes (FACTS §5): a project on hold keeps its stage. Stages go forward one step at a time, past
building where nothing is built. A stage that is an achievement follows from the verification of a claim and from nothing
else; back goes a project only when somebody else than asked for it agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.lifecycle import Guard, Lifecycle, Move
from yinfeng.projects import achievements, demands, facts, queries, stages
from yinfeng.projects.achievements import Achievement
from yinfeng.projects.models import (
    Bottleneck,
    Claim,
    Dispute,
    Entry,
    Lead,
    Project,
    Proposal,
    Reversal,
    StepBack,
    Transfer,
)


def _yielded(record: Lead | Project) -> bool:
    known: bool | None = record.__dict__.get("has_yielded")  # a page has asked for it with the row
    return record.sides.filter(yields=True).exists() if known is None else known


def lead_was_not_lost(lead: Lead, by: Actor) -> Iterator[Sentence]:
    """Ask that no dispute was decided for the other side."""
    if _yielded(lead):
        yield _now("首报争议已裁定由另一方承办，不能重新研判。")


LEAD = Lifecycle(
    name="projects.lead",
    state_field="state",
    initial=stages.REGISTERED,
    states=stages.LEAD_STATES,
    moves=(
        Move(
            "convert", _("转为项目"), (stages.QUALIFIED,), stages.CONVERTED, "convert",
            style="primary", icon="briefcase", route="lead-convert",
        ),
        Move(
            "qualify", _("研判通过"), (stages.REGISTERED,), stages.QUALIFIED, "assess", asks_reason=True,
            style="primary", icon="check", explain=_("请在下面写明研判意见：投资方是否真实、意向是否具体、建议由谁承办。"),
        ),
        Move(
            "decline", _("不予跟进"), (stages.REGISTERED, stages.QUALIFIED), stages.DECLINED, "assess", asks_reason=True,
            icon="x", explain=_("线索将不再跟进，需要时可以重新研判。"),
        ),
        Move(
            "reopen", _("重新研判"), (stages.DECLINED,), stages.REGISTERED, "assess", guards=(lead_was_not_lost,),
            asks_reason=True, icon="rotate",
        ),
        Move(
            "yield", _("让出线索"), (stages.REGISTERED, stages.QUALIFIED), stages.DECLINED, "yield", within=True,
            icon="x", explain=_("首报争议裁定由另一方承办时自动办理。"),
        ),
    ),
)  # fmt: skip


# --- guards -------------------------------------------------------------------------------------------------------


def is_ongoing(project: Project, by: Actor) -> Iterator[Sentence]:
    if project.status == stages.ON_HOLD:
        yield _now("项目现在的状态是“%(status)s”，恢复推进之后才能办理。") % {
            "status": stages.STATUSES[project.status]
        }
    elif project.status == stages.LEFT:
        yield _now("项目已移出项目库，重新入库之后才能办理。")
    elif project.status != stages.ONGOING:
        yield _now("项目已“%(status)s”，不能再办理。") % {"status": stages.STATUSES[project.status]}


def puts_right(project: Project, kind: str, key: str = "") -> bool:
    """Say whether a claim of a project that is ended is of what was reversed: a wrong amount is claimed anew, nothing else."""
    return project.status == stages.ENDED and (kind, key) in queries.taken_back(project)


def has_facts(stage: str) -> Callable[[Any, Actor], Iterable[Sentence]]:
    def guard(project: Project, by: Actor) -> Iterable[Sentence]:
        return facts.sentences(project, stage)

    return guard


@dataclass(frozen=True, slots=True)
class Situation:
    """What waits to be decided about a project, and which achievements behind it are reversed and not claimed anew."""

    waiting: tuple[str, ...] = ()
    is_going_back: bool = False
    undone: tuple[str, ...] = ()


def situation(project: Project) -> Situation:
    """Return the situation that a page has brought along with the project, or ask for it now."""
    known: Situation | None = project.__dict__.get("situation")
    if known is not None:
        return known
    waiting = project.claims.filter(state=stages.SUBMITTED).order_by("pk").values_list("kind", flat=True)
    entries = project.entries.exclude(kind__in=stages.RECURRING)
    counted = set(entries.counting().values_list("kind", flat=True))
    undone = set(entries.values_list("kind", flat=True)) - counted
    return Situation(
        tuple(waiting), project.steps_back.filter(state=stages.ASKED).exists(), behind(project, undone)
    )


def behind(project: Project, kinds: Iterable[str]) -> tuple[str, ...]:
    """Return those of the achievements that the project has behind it, in their order."""
    wanted = set(kinds)
    return tuple(kind for kind in stages.ORDER if kind in wanted and stages.reached(project.stage, kind))


def no_step_waits(project: Project, by: Actor) -> Iterator[Sentence]:
    """Ask that neither a claim of another stage nor a step back waits: who decides it decides of the project as it stands."""
    found = situation(project)
    yield from _told_to_wait((kind for kind in found.waiting if kind not in stages.RECURRING), found)


def nothing_waits(project: Project, by: Actor) -> Iterator[Sentence]:
    """Ask that no claim at all and no step back waits."""
    found = situation(project)
    yield from _told_to_wait(found.waiting, found)


def _told_to_wait(kinds: Iterable[str], found: Situation) -> Iterator[Sentence]:
    for kind in kinds:
        yield _now("有一份“%(kind)s”申报待核验，请先核验它。") % {"kind": stages.ACHIEVEMENTS[kind]}
    if found.is_going_back:
        yield _now("有一份退回申请待批准，请先处理它。")


def nothing_undone(project: Project, before: str = "") -> Iterator[Sentence]:
    """Ask that no achievement that the project has behind it is reversed and waits to be claimed anew.

    ``before``: of those that come before this one, so that several are claimed anew one after the other.
    """
    found = situation(project).undone
    yield from asked_anew(kind for kind in found if not before or not stages.reached(kind, before))


def asked_anew(kinds: Iterable[str]) -> Iterator[Sentence]:
    """Yield of each achievement that it was reversed and must be claimed anew before the project goes on."""
    for kind in kinds:
        yield _now("“%(kind)s”业绩已冲销，请先重新申报。") % {"kind": stages.ACHIEVEMENTS[kind]}


def goes_on_undisturbed(project: Project, by: Actor) -> Iterator[Sentence]:
    """Ask that nothing about where the project stands waits or is undone before it goes on."""
    yield from no_step_waits(project, by)
    yield from nothing_undone(project)


def leads_on(project: Project, kind: Achievement) -> bool:
    """Say whether an achievement is the next that can come of a project where it stands; money arrives once it is registered."""
    if not kind.move:
        return stages.reached(project.stage, stages.REGISTERED)
    if project.stage not in STAGE.by_name[kind.move].sources:
        return False
    if kind.code == stages.PRODUCING:
        return stages.reached(project.stage, stages.COMPLETED) or not facts.builds(project)
    return kind.code not in stages.CONSTRUCTION or facts.builds(project)


def builds(project: Project, by: Actor) -> Iterator[Sentence]:
    if not facts.builds(project):
        yield _now("建设性质是“开业”的项目没有施工阶段，请直接申报投产。")


def has_built(project: Project, by: Actor) -> Iterator[Sentence]:
    if facts.builds(project) and not stages.reached(project.stage, stages.COMPLETED):
        yield _now("项目还没有竣工。没有施工的项目，请把建设性质改为“开业”。")


def is_unsigned(project: Project, by: Actor) -> Iterator[Sentence]:
    if stages.reached(project.stage, stages.SIGNED):
        yield _now("项目已经签约，不能这样处理。如合同解除，请记为“终止”并写明原因。")


def is_due_to_leave(project: Project, by: Actor) -> Iterator[Sentence]:
    """Ask that the project has stood still for as long as the rule ``stale`` says (FACTS §1.6: half a year)."""
    today = timezone.localdate()
    if not queries.leaving(project, today, queries.limits(today)):
        yield _now("没有进展的天数还没有到规定移出项目库的天数。")


def goes_back_by_the_office(project: Project, by: Actor) -> Iterator[Sentence]:
    """Ask of who takes a signed project back in that he answers for the whole library: its signing counted all along."""
    everywhere = by.is_system or by.reach("projects.project.hold").everywhere
    if stages.reached(project.stage, stages.SIGNED) and not everywhere:
        yield _now("项目已经签约，重新入库由领导小组办公室办理。")


def was_never_signed(project: Project, by: Actor) -> Iterator[Sentence]:
    if stages.reached(project.stage, stages.SIGNED):
        yield _now("项目签约之后终止的不能重新启动。投资方重新投资的，请另建项目。")


def is_undisputed(project: Project, by: Actor) -> Iterator[Sentence]:
    """Ask that no dispute over the first report is open in which its unit waits."""
    known: bool | None = project.__dict__.get("is_disputed")  # a page has asked for it with the row
    if queries.project_is_disputed(project) if known is None else known:
        yield _now("首报争议尚未裁定，这期间不能转入在谈或签约。")


def was_not_lost(project: Project, by: Actor) -> Iterator[Sentence]:
    """Ask that no dispute was decided for the other side."""
    if _yielded(project):
        yield _now("首报争议已裁定由另一方承办，不能重新启动。")


def was_heard(dispute: Dispute, by: Actor) -> Iterator[Sentence]:
    """Ask that the other side has spoken, or that its time to do so is over (rule first_report: dispute)."""
    if dispute.state == stages.RAISED and not queries.time_to_answer_is_over(dispute, timezone.localdate()):
        days = queries.days_to_answer(timezone.localdate())
        yield _now("另一方还没有陈述，提出满 %(days)s 天之后才能直接裁定。") % {"days": days}


def not_raised_by_oneself(dispute: Dispute, by: Actor) -> Iterator[Sentence]:
    if by.user_id == dispute.raised_by_id:
        yield _now("争议由提出人以外的人陈述。")


def is_no_side(dispute: Dispute, by: Actor) -> Iterator[Sentence]:
    """Ask that who decides neither raised it nor made one of the records, and is of neither side's unit."""
    sides = dispute.__dict__.get("known_sides")  # a page has read them
    if sides is None:
        sides = list(dispute.sides.select_related("lead", "project"))
    made = {side.project.created_by_id if side.project else side.lead.registered_by_id for side in sides}
    if by.user_id in {dispute.raised_by_id, *made} or by.unit_id in {side.unit_id for side in sides}:
        yield _now("裁定须由双方以外的人办理。")


def by_another(claim: Claim, by: Actor) -> Iterator[Sentence]:
    if by.user_id == claim.entered_by_id:
        yield _now("业绩须由申报人以外的人核验。")


def counts_already(claim: Claim) -> bool:
    """Say whether what is claimed counts in the ledger; a page has found it out for all claims at once."""
    known: bool | None = claim.__dict__.get("counts_already")
    if known is not None:
        return known
    same = claim.project.entries.filter(kind=claim.kind, key=claim.key)
    return same.counting().exists()


def stands_as_claimed(claim: Claim, by: Actor) -> Iterator[Sentence]:
    """Ask that the project is where the claim leads on from, with the facts of the stage it leads to."""
    project, kind = claim.project, achievements.KINDS[claim.kind]
    if project.status == stages.ONGOING or not puts_right(project, claim.kind, claim.key):
        yield from is_ongoing(project, by)
    if counts_already(claim):
        yield _now("“%(kind)s”业绩已经认定过，台账中有效。") % {"kind": kind.label}
        return
    if not kind.move:
        if not leads_on(project, kind):
            stage = stages.STAGES[project.stage]
            yield _now("项目现在的阶段是“%(stage)s”，不能核验这份申报。") % {"stage": stage}
        yield from nothing_undone(project)
        return
    yield from nothing_undone(project, kind.code)
    move = STAGE.by_name[kind.move]
    if project.stage in move.sources:
        for guard in move.guards:
            if guard is not is_ongoing:
                yield from guard(project, by)
    elif not stages.reached(project.stage, kind.code):
        stage = stages.STAGES[project.stage]
        yield _now("项目现在的阶段是“%(stage)s”，不能核验这份申报。") % {"stage": stage}


def entered_by_oneself(claim: Claim, by: Actor) -> Iterator[Sentence]:
    if by.user_id != claim.entered_by_id:
        yield _now("只有申报人自己可以撤回。")


def asked_by_oneself(step: StepBack, by: Actor) -> Iterator[Sentence]:
    if by.user_id != step.asked_by_id:
        yield _now("只有申请人自己可以撤回。")


def agreed_by_another(step: StepBack, by: Actor) -> Iterator[Sentence]:
    if by.user_id == step.asked_by_id:
        yield _now("退回须由申请人以外的人批准。")


def may_go_back(step: StepBack, by: Actor) -> Iterator[Sentence]:
    """Ask that the project still stands where it stood, and that nothing it achieved since then counts any more."""
    project = step.project
    yield from is_ongoing(project, by)
    if project.stage != step.source:
        stage = stages.STAGES[project.stage]
        yield _now("项目现在的阶段是“%(stage)s”，不再是申请退回时的阶段。") % {"stage": stage}
    for kind in project.claims.filter(state=stages.SUBMITTED).order_by("pk").values_list("kind", flat=True):
        yield _now("有一份“%(kind)s”申报待核验，请先核验它。") % {"kind": stages.ACHIEVEMENTS[kind]}
    if (
        not stages.reached(step.target, stages.REGISTERED)
        and project.extensions.filter(status=stages.ONGOING).exists()
    ):
        yield _now("项目还有推进中的增资扩产项目，请先处理它们。")
    if step.target in achievements.KINDS and not project.entries.counting().filter(kind=step.target).exists():
        told = {"kind": stages.ACHIEVEMENTS[step.target]}
        yield _now("“%(kind)s”业绩在台账中没有有效记录，不能退回到这个阶段。") % told
    for kind in counted_since(project, step.target):
        yield _now("“%(kind)s”业绩在台账中有效，请先由领导小组办公室冲销。") % {
            "kind": stages.ACHIEVEMENTS[kind]
        }


def counted_since(project: Project, target: str) -> list[str]:
    """Return the kinds of achievement beyond a stage that the ledger counts for a project; of arrived money once registered."""
    later = {kind for kind in achievements.KINDS if kind in stages.ORDER and not stages.reached(target, kind)}
    if stages.REGISTERED in later:
        later.update(stages.RECURRING)
    counted = set(project.entries.counting().filter(kind__in=later).values_list("kind", flat=True))
    return [kind for kind in achievements.KINDS if kind in counted]


def can_be_reversed(entry: Entry) -> Iterator[Sentence]:
    """Ask that nobody has reversed an entry yet; of a reversal that nothing was counted anew, and that the project still
    stands where the achievement is behind it."""
    known: bool | None = entry.__dict__.get("is_reversed")  # a page has read it with the chain
    if Entry.objects.filter(reverses=entry).exists() if known is None else known:
        yield _now("这条记录已经冲销过。请刷新页面查看。")
        return
    yield from can_be_taken_back(entry)


def can_be_taken_back(entry: Entry) -> Iterator[Sentence]:
    """Ask of a reversal what ``can_be_reversed`` asks of it; of other entries nothing."""
    if entry.sign > 0:
        return
    project, kind = entry.project, achievements.KINDS[entry.kind]
    known: bool | None = entry.__dict__.get("counts_anew")
    if queries.counting(project, entry.kind, entry.key).exists() if known is None else known:
        yield _now("“%(kind)s”已经重新认定，这次冲销不能再撤销。") % {"kind": kind.label}
    elif not stages.reached(project.stage, kind.from_stage):
        told = {"kind": kind.label, "stage": stages.STAGES[project.stage]}
        yield _now("项目现在的阶段是“%(stage)s”，“%(kind)s”的冲销不能再撤销。") % told


def may_be_reversed(reversal: Reversal, by: Actor) -> Iterator[Sentence]:
    yield from can_be_reversed(reversal.entry)


def confirmed_by_another(reversal: Reversal, by: Actor) -> Iterator[Sentence]:
    if by.user_id == reversal.asked_by_id:
        yield _now("冲销须由申请人以外的人确认。")


def proposed_by_oneself(reversal: Reversal, by: Actor) -> Iterator[Sentence]:
    if by.user_id != reversal.asked_by_id:
        yield _now("只有申请人自己可以撤回。")


def project_goes_on(transfer: Transfer, by: Actor) -> Iterator[Sentence]:
    yield from is_ongoing(transfer.project, by)


def not_offered_by_oneself(transfer: Transfer, by: Actor) -> Iterator[Sentence]:
    if by.user_id == transfer.offered_by_id:
        yield _now("流转须由提出人以外的人同意承接。")


def not_ruled(transfer: Transfer, by: Actor) -> Iterator[Sentence]:
    if transfer.ruling:
        yield _now("领导小组办公室已经裁定流转，不能再撤回或不承接。")


def project_of_bottleneck_goes_on(bottleneck: Bottleneck, by: Actor) -> Iterator[Sentence]:
    yield from is_ongoing(bottleneck.project, by)


def project_waits_for_nobody(transfer: Transfer, by: Actor) -> Iterator[Sentence]:
    """Ask that nothing waits to be decided: who decides it saw whose it would be."""
    yield from nothing_waits(transfer.project, by)


def argued_by_another(proposal: Proposal, by: Actor) -> Iterator[Sentence]:
    """Ask that who argues neither proposed nor wrote or submitted what has not been published since; a page has asked it."""
    known: set[int] | None = proposal.__dict__.get("hands")
    if by.user_id in (queries.hands_in(proposal) if known is None else known):
        yield _now("策划项目须由提出人以外的人论证，上次发布以来修改或提交过它的人也不能论证。")


# What a planned project must say before it is published, under the names that people know.
_ASKED_OF_PROPOSALS: dict[str, Sentence] = {
    "fixed_investment": _("固定资产投资"), "return_mechanism": _("回报机制"), "host_unit": _("拟落地单位或拟选址"),
    "partners": _("拟对接企业"),
}  # fmt: skip


def lacking(proposal: Proposal, has_partners: bool | None = None) -> dict[str, Sentence]:
    """Return what a proposal lacks to be published: its fields with their labels, “partners” for no firm at all.

    ``has_partners`` is known to a page that lists them.
    """
    known: dict[str, Sentence] | None = proposal.__dict__.get("lacking")
    if known is not None:
        return known
    missing = [
        name for name in ("fixed_investment", "return_mechanism") if getattr(proposal, name) in (None, "")
    ]
    if not (proposal.host_unit_id or proposal.site):
        missing.append("host_unit")
    if not (proposal.partners.exists() if has_partners is None else has_partners):
        missing.append("partners")
    return {name: _ASKED_OF_PROPOSALS[name] for name in missing}


def a_firm_is_left(proposal: Proposal, by: Actor) -> Iterator[Sentence]:
    """Ask that there is a firm with which no project was made yet; a page that lists the firms knows it."""
    known: bool | None = proposal.__dict__.get("a_firm_is_left")
    if not (proposal.partners.filter(project=None).exists() if known is None else known):
        yield _now("与拟对接企业都已生成项目，请先加入另一家企业。")


def says_enough(proposal: Proposal, by: Actor) -> Iterator[Sentence]:
    for label in lacking(proposal).values():
        yield _now("缺少“%(fact)s”。") % {"fact": label}


# --- tables -------------------------------------------------------------------------------------------------------


def _follows(kind: str, *sources: str, more: tuple[Guard, ...] = (), icon: str = "arrow-right") -> Move:
    """Return the move to a stage that follows from the verification of a claim."""
    label = stages.STAGES[kind]
    return Move(
        achievements.KINDS[kind].move, format_lazy(_("转为{stage}"), stage=label), sources, kind, "verify", within=True,
        guards=(is_ongoing, *more, has_facts(kind), demands.before(kind)), icon=icon,
        explain=format_lazy(_("“{stage}”由另一位同事核验申报后自动进入，不能直接转。"), stage=label),
    )  # fmt: skip


def _back(target: str) -> Move:
    """Return the move back to a stage from any later one."""
    label = stages.STAGES[target]
    later = tuple(stage for stage in stages.ORDER if stage != target and stages.reached(stage, target))
    return Move(
        f"return_to_{target}", format_lazy(_("退回{stage}"), stage=label), later, target, "verify", within=True,
        guards=(is_ongoing,), asks_reason=True, icon="arrow-back-up",
        explain=_("退回须先申请，由申请人以外的人批准。"),
    )  # fmt: skip


def _advance(name: str, source: str, target: str, explain: Sentence, *more: Guard) -> Move:
    """Return the move to a stage that needs no proof."""
    return Move(
        name, format_lazy(_("转为{stage}"), stage=stages.STAGES[target]), (source,), target, "advance",
        guards=(is_ongoing, goes_on_undisturbed, *more, has_facts(target), demands.before(target)), style="primary", explain=explain,
    )  # fmt: skip


STAGE = Lifecycle(
    name="projects.project",
    state_field="stage",
    initial=stages.PLANNED,
    states=stages.STAGES,
    noun=_("阶段"),
    moves=(
        _advance("intend", stages.PLANNED, stages.INTENDED, _("投资方已有明确的投资意向。")),
        _advance(
            "negotiate",
            stages.INTENDED,
            stages.NEGOTIATING,
            _("双方已就投资内容和条件展开磋商。"),
            is_undisputed,
        ),
        _follows(stages.SIGNED, stages.NEGOTIATING, more=(is_undisputed,), icon="writing-sign"),
        _follows(stages.REGISTERED, stages.SIGNED),
        _advance("prepare", stages.REGISTERED, stages.PREPARING, _("开始办理供地、审批等前期工作。")),
        _follows(stages.STARTED, stages.PREPARING, more=(builds,)),
        _advance("build", stages.STARTED, stages.BUILDING, _("主体工程已全面施工。")),
        _follows(stages.COMPLETED, stages.BUILDING),
        _follows(stages.PRODUCING, stages.REGISTERED, stages.PREPARING, stages.COMPLETED, more=(has_built,)),
        _follows(stages.AT_CAPACITY, stages.PRODUCING),
        *(_back(stage) for stage in stages.ORDER[:-1]),
    ),
)

STATUS = Lifecycle(
    name="projects.project",
    state_field="status",
    initial=stages.ONGOING,
    states=stages.STATUSES,
    moves=(
        Move(
            "resume", _("恢复推进"), (stages.ON_HOLD,), stages.ONGOING, "hold", style="primary", icon="player-play",
        ),
        Move(
            "hold", pgettext_lazy("act", "暂缓"), (stages.ONGOING,), stages.ON_HOLD, "hold", asks_reason=True, icon="player-pause",
            explain=_("项目暂时不推进，阶段保持不变，之后可以恢复。"),
        ),
        Move(
            "lose", _("记为流失"), (stages.ONGOING, stages.ON_HOLD), stages.LOST, "hold",
            guards=(is_unsigned,), asks_reason=True, icon="plane-departure", route="project-lose",
        ),
        Move(
            "end", pgettext_lazy("act", "终止"), (stages.ONGOING, stages.ON_HOLD), stages.ENDED, "hold", asks_reason=True,
            style="danger", icon="player-stop", explain=_("项目不再推进。已签约的项目终止之后不能再恢复。"),
        ),
        Move(
            "reopen", _("重新启动"), (stages.LOST, stages.ENDED), stages.ONGOING, "hold",
            guards=(was_never_signed, was_not_lost), asks_reason=True, icon="rotate",
        ),
        Move(
            "take_out", _("移出项目库"), (stages.ONGOING,), stages.LEFT, "hold", guards=(is_due_to_leave, nothing_waits),
            asks_reason=True, icon="folder-x", quiet=True,
            explain=_("项目不再计入项目库、看板和亮灯，按状态“出库”仍可查到；已认定的业绩不变。之后可以重新入库。"),
        ),
        Move(
            "take_in", _("重新入库"), (stages.LEFT,), stages.ONGOING, "hold", guards=(goes_back_by_the_office, was_not_lost),
            asks_reason=True, style="primary", icon="folder-plus",
            explain=_("项目回到原来的阶段继续推进，没有进展的天数从今天重新计算。"),
        ),
        Move(
            "yield", _("让出项目"), (stages.ONGOING, stages.ON_HOLD), stages.ENDED, "yield", within=True,
            guards=(is_unsigned,), icon="x", explain=_("首报争议裁定由另一方承办时自动办理。"),
        ),
    ),
)  # fmt: skip

CLAIM = Lifecycle(
    name="projects.claim",
    state_field="state",
    initial=stages.SUBMITTED,
    states=stages.CLAIM_STATES,
    moves=(
        Move(
            "verify", _("核验通过"), (stages.SUBMITTED,), stages.VERIFIED, "verify",
            guards=(by_another, stands_as_claimed), style="primary", icon="shield-check",
        ),
        Move(
            "refute", _("核验不通过"), (stages.SUBMITTED,), stages.REFUTED, "verify",
            guards=(by_another,), asks_reason=True, icon="shield-x",
        ),
        Move(
            "withdraw", _("撤回申报"), (stages.SUBMITTED,), stages.WITHDRAWN, "change",
            guards=(entered_by_oneself,), icon="arrow-back-up", explain=_("申报不再等待核验，之后可以重新申报。"),
        ),
    ),
)  # fmt: skip

STEP_BACK = Lifecycle(
    name="projects.stepback",
    state_field="state",
    initial=stages.ASKED,
    states=stages.STEP_BACK_STATES,
    moves=(
        Move(
            "approve", _("批准退回"), (stages.ASKED,), stages.APPROVED, "verify",
            guards=(agreed_by_another, may_go_back), style="primary", icon="check",
        ),
        Move(
            "refuse", _("不批准"), (stages.ASKED,), stages.REFUSED, "verify",
            guards=(agreed_by_another,), asks_reason=True, icon="x",
        ),
        Move(
            "withdraw", _("撤回申请"), (stages.ASKED,), stages.WITHDRAWN, "advance",
            guards=(asked_by_oneself,), icon="arrow-back-up", explain=_("项目留在现在的阶段。"),
        ),
    ),
)  # fmt: skip

REVERSAL = Lifecycle(
    name="projects.reversal",
    state_field="state",
    initial=stages.ASKED,
    states=stages.REVERSAL_STATES,
    moves=(
        Move(
            "approve", _("确认冲销"), (stages.ASKED,), stages.APPROVED, "verify",
            guards=(confirmed_by_another, may_be_reversed), style="primary", icon="check",
        ),
        Move(
            "refuse", _("不同意冲销"), (stages.ASKED,), stages.REFUSED, "verify",
            guards=(confirmed_by_another,), asks_reason=True, icon="x",
        ),
        Move(
            "withdraw", _("撤回冲销申请"), (stages.ASKED,), stages.WITHDRAWN, "reverse",
            guards=(proposed_by_oneself,), icon="arrow-back-up", explain=_("记录照旧有效，之后可以重新申请。"),
        ),
    ),
)  # fmt: skip

TRANSFER = Lifecycle(
    name="projects.transfer",
    state_field="state",
    initial=stages.OFFERED,
    states=stages.TRANSFER_STATES,
    moves=(
        Move(
            "accept", _("同意承接"), (stages.OFFERED,), stages.ACCEPTED, "take", guards=(project_goes_on, not_offered_by_oneself),
            style="primary", icon="check", explain=_("同意按这些条件承接项目。下一步由双方和投资方签订三方协议。"),
        ),
        Move(
            "decline", _("不承接"), (stages.OFFERED,), stages.DECLINED, "take", asks_reason=True, icon="x",
            explain=_("流出单位可以撤回，也可以提请领导小组办公室裁定。"),
        ),
        Move(
            "appeal", _("提请裁定"), (stages.DECLINED,), stages.ARBITRATING, "give", guards=(project_goes_on,),
            asks_reason=True, style="primary", icon="scale", explain=_("由领导小组办公室裁定是否流转。"),
        ),
        Move(
            "award", _("裁定流转"), (stages.ARBITRATING,), stages.ACCEPTED, "arbitrate", guards=(project_goes_on,),
            asks_reason=True, style="primary", icon="gavel", route="transfer-award",
        ),
        Move(
            "dismiss", _("裁定不流转"), (stages.ARBITRATING, stages.DECLINED, stages.ACCEPTED), stages.DISMISSED, "arbitrate", asks_reason=True,
            icon="x", explain=_("项目留在原单位。"),
        ),
        Move(
            "complete", _("办结流转"), (stages.ACCEPTED,), stages.COMPLETED_TRANSFER, "file",
            guards=(project_goes_on, project_waits_for_nobody), style="primary", icon="file-check", route="transfer-complete",
        ),
        Move(
            "step_down", _("不再承接"), (stages.ACCEPTED,), stages.DECLINED, "take", guards=(not_ruled,), asks_reason=True,
            icon="x", explain=_("流出单位可以撤回，也可以提请领导小组办公室裁定。"),
        ),
        Move(
            "withdraw", _("撤回流转"), (stages.OFFERED, stages.ACCEPTED, stages.DECLINED), stages.WITHDRAWN, "give",
            guards=(not_ruled,), asks_reason=True, icon="arrow-back-up", explain=_("项目留在原单位。"),
        ),
    ),
)  # fmt: skip

PERSONAL_ACT = Lifecycle(
    name="projects.personalact",
    state_field="state",
    initial=stages.RECORDED,
    states=stages.PERSONAL_STATES,
    moves=(
        Move(
            "withdraw", _("撤回记录"), (stages.RECORDED,), stages.WITHDRAWN, "withdraw", asks_reason=True, icon="arrow-back-up",
            explain=_("记录有误时撤回并写明原因；撤回的记录仍可查看，但不再计入。需要时另行记录。"),
        ),
    ),
)  # fmt: skip

PROPOSAL = Lifecycle(
    name="projects.proposal",
    state_field="state",
    initial=stages.COLLECTED,
    states=stages.PROPOSAL_STATES,
    moves=(
        Move(
            "generate", _("生成项目"), (stages.PUBLISHED, stages.GENERATED), stages.GENERATED, "generate", guards=(a_firm_is_left,),
            style="primary", icon="briefcase", route="proposal-generate",
        ),
        Move(
            "submit", _("提交论证"), (stages.COLLECTED,), stages.ARGUED, "change", guards=(says_enough,),
            style="primary", icon="send", explain=_("由没有提出、修改和提交它的人论证是否发布。"),
        ),
        Move(
            "publish", _("论证通过并发布"), (stages.ARGUED,), stages.PUBLISHED, "argue", guards=(argued_by_another, says_enough),
            asks_reason=True, style="primary", icon="check",
            explain=_("请写明论证意见：依据是否成立、投资和回报是否可行、企业是否合适。发布之后，全市有权查看策划项目的人都能看到。"),
        ),
        Move(
            "send_back", _("退回修改"), (stages.ARGUED,), stages.COLLECTED, "argue", guards=(argued_by_another,),
            asks_reason=True, icon="arrow-back-up", explain=_("提出单位修改后可以再次提交。"),
        ),
        Move(
            "argue_again", _("重新论证"), (stages.PUBLISHED,), stages.ARGUED, "change", within=True, icon="send",
            explain=_("修改已发布的策划项目的内容时自动转入。"),
        ),
        Move(
            "refresh", _("确认本期有效"), (stages.PUBLISHED,), stages.PUBLISHED, "change", icon="refresh",
            explain=_("内容没有变化、仍然要做。有变化的，请修改内容，改后重新论证。"),
        ),
        Move(
            "take_off", _("撤下"), (stages.COLLECTED, stages.ARGUED, stages.PUBLISHED), stages.WITHDRAWN, "change",
            asks_reason=True, icon="x", explain=_("不再策划这个项目，需要时可以重新征集。"),
        ),
        Move(
            "collect_again", _("重新征集"), (stages.WITHDRAWN,), stages.COLLECTED, "change", asks_reason=True,
            icon="rotate", explain=_("归入当前一轮征集。"),
        ),
    ),
)  # fmt: skip


DISPUTE = Lifecycle(
    name="projects.dispute",
    state_field="state",
    initial=stages.RAISED,
    states=stages.DISPUTE_STATES,
    moves=(
        Move(
            "answer", _("陈述意见"), (stages.RAISED,), stages.ANSWERED, "answer", guards=(not_raised_by_oneself,),
            asks_reason=True, style="primary", icon="message", explain=_("写明本单位何时接触、做了哪些工作。提出方看得到这段陈述。"),
        ),
        Move(
            "decide", _("裁定争议"), (stages.RAISED, stages.ANSWERED), stages.DECIDED, "decide", guards=(is_no_side, was_heard),
            style="primary", icon="gavel", route="dispute-decide",
        ),
        Move(
            "withdraw", _("撤回争议"), (stages.RAISED,), stages.WITHDRAWN, "raise", asks_reason=True,
            icon="arrow-back-up", explain=_("双方各自照旧推进，之后可以重新提出。"),
        ),
    ),
)  # fmt: skip

BOTTLENECK = Lifecycle(
    name="projects.bottleneck",
    state_field="state",
    initial=stages.OPEN,
    states=stages.BOTTLENECK_STATES,
    moves=(
        Move(
            "solve", _("已解决"), (stages.OPEN,), stages.SOLVED, "solve", asks_reason=True, style="primary", icon="check",
            route="bottleneck-solve",
        ),
        Move(
            "withdraw", _("撤回难点"), (stages.OPEN,), stages.WITHDRAWN, "change", asks_reason=True, icon="arrow-back-up",
            explain=_("难点不再需要解决，记录保留。"),
        ),
        Move(
            "extend", _("延长时限"), (stages.OPEN,), stages.OPEN, "change", guards=(project_of_bottleneck_goes_on,),
            asks_reason=True, icon="clock-plus", route="bottleneck-extend",
        ),
        Move(
            "reopen", _("仍未解决"), (stages.SOLVED,), stages.OPEN, "change", guards=(project_of_bottleneck_goes_on,),
            asks_reason=True, icon="rotate", route="bottleneck-reopen",
        ),
        Move(
            "drop", _("随项目了结"), (stages.OPEN,), stages.DROPPED, "drop", within=True,
            icon="x", explain=_("项目终止、流失或让出时自动办理。"),
        ),
    ),
)  # fmt: skip


def hindrances(project: Project, target: str, by: Actor) -> list[Sentence]:
    """Return what keeps a project from its next stage beside facts, what is to be claimed anew, and the proof of that stage."""
    others = {nothing_undone, goes_on_undisturbed, is_ongoing}
    guards = {
        guard: None for move in STAGE.moves if move.target == target and project.stage in move.sources for guard in move.guards
    }  # fmt: skip
    told = [sentence for guard in guards if guard not in others for sentence in guard(project, by)]
    lacking = set(facts.sentences(project, target))
    waiting = situation(project)
    before = [kind for kind in waiting.waiting if kind not in stages.RECURRING and kind != target]
    return [*_told_to_wait(before, waiting), *(sentence for sentence in told if sentence not in lacking)]


def lifecycle_of(move: str) -> Lifecycle:
    """Return which of a project's two tables has the move; an unknown name is left to the first to refuse."""
    return STATUS if move in STATUS.by_name else STAGE
