"""The moves of leads, of a project's stage and status, and of a signing. Buttons, API and services read these tables.

Stage and status are two axes (FACTS §5): a project on hold keeps its stage. Stages go one step at a time; the step to
“signed” is made by verifying a signing and by nothing else, and nobody steps back from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.lifecycle import Lifecycle, Move
from yinfeng.projects import facts, stages
from yinfeng.projects.models import Project, Signature

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
            "reopen", _("重新研判"), (stages.DECLINED,), stages.REGISTERED, "assess", asks_reason=True, icon="rotate",
        ),
    ),
)  # fmt: skip


# --- guards -------------------------------------------------------------------------------------------------------


def is_ongoing(project: Project, by: Actor) -> Iterator[Sentence]:
    if project.status != stages.ONGOING:
        yield _now("项目现在的状态是“%(status)s”，恢复推进之后才能调整阶段。") % {
            "status": stages.STATUSES[project.status]
        }


def has_facts(stage: str) -> Callable[[Any, Actor], Iterable[Sentence]]:
    def guard(project: Project, by: Actor) -> Iterable[Sentence]:
        return facts.sentences(project, stage)

    return guard


def current_signature(project: Project) -> Signature | None:
    """Return the signing that waits or was verified; at most one (pages bring it along as ``signing``)."""
    if "signing" not in project.__dict__:
        project.__dict__["signing"] = project.signatures.exclude(state=stages.REFUTED).first()
    found: Signature | None = project.__dict__["signing"]
    return found


def no_signature_waits(project: Project, by: Actor) -> Iterator[Sentence]:
    if current_signature(project) is not None:
        yield _now("有一份签约申报待核验，请先核验它。")


def is_verified(project: Project, by: Actor) -> Iterator[Sentence]:
    signature = current_signature(project)
    if signature is None:
        yield _now("须先提交签约申报和合同文本。")
    elif signature.state != stages.VERIFIED:
        yield _now("签约申报须由申报人以外的人核验通过。")


def is_unsigned(project: Project, by: Actor) -> Iterator[Sentence]:
    if project.stage == stages.SIGNED:
        yield _now("项目已经签约，不能这样处理。如合同解除，请记为“终止”并写明原因。")


def by_another(signature: Signature, by: Actor) -> Iterator[Sentence]:
    if by.user_id == signature.entered_by_id:
        yield _now("签约须由申报人以外的人核验。")


def can_be_signed(signature: Signature, by: Actor) -> Iterator[Sentence]:
    project = signature.project
    yield from is_ongoing(project, by)
    yield from facts.sentences(project, stages.SIGNED)


# --- tables -------------------------------------------------------------------------------------------------------

STAGE = Lifecycle(
    name="projects.project",
    state_field="stage",
    initial=stages.PLANNED,
    states=stages.STAGES,
    moves=(
        Move(
            "intend", _("转为意向"), (stages.PLANNED,), stages.INTENDED, "advance",
            guards=(is_ongoing, has_facts(stages.INTENDED)), style="primary",
            explain=_("投资方已有明确的投资意向。"),
        ),
        Move(
            "negotiate", _("转为在谈"), (stages.INTENDED,), stages.NEGOTIATING, "advance",
            guards=(is_ongoing, has_facts(stages.NEGOTIATING)), style="primary",
            explain=_("双方已就投资内容和条件展开磋商。"),
        ),
        Move(
            "sign", _("转为签约"), (stages.NEGOTIATING,), stages.SIGNED, "verify",
            guards=(is_ongoing, has_facts(stages.SIGNED), is_verified), icon="writing-sign",
        ),
        Move(
            "return_to_planned", _("退回策划"), (stages.INTENDED,), stages.PLANNED, "advance",
            guards=(is_ongoing,), asks_reason=True, icon="arrow-back-up",
        ),
        Move(
            "return_to_intended", _("退回意向"), (stages.NEGOTIATING,), stages.INTENDED, "advance",
            guards=(is_ongoing, no_signature_waits), asks_reason=True, icon="arrow-back-up",
        ),
    ),
)  # fmt: skip

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
            guards=(is_unsigned,), asks_reason=True, icon="rotate",
        ),
    ),
)  # fmt: skip

SIGNATURE = Lifecycle(
    name="projects.signature",
    state_field="state",
    initial=stages.SUBMITTED,
    states=stages.SIGNATURE_STATES,
    moves=(
        Move(
            "verify", _("核验通过"), (stages.SUBMITTED,), stages.VERIFIED, "verify",
            guards=(by_another, can_be_signed), style="primary", icon="shield-check",
        ),
        Move(
            "refute", _("核验不通过"), (stages.SUBMITTED,), stages.REFUTED, "verify",
            guards=(by_another,), asks_reason=True, icon="shield-x",
        ),
    ),
)  # fmt: skip


def lifecycle_of(move: str) -> Lifecycle:
    """Return which of a project's two tables has the move; an unknown name is left to the first to refuse."""
    return STATUS if move in STATUS.by_name else STAGE
