"""The moves of a duty and of an extension that is asked for. Buttons, API and services read these tables.

Who set a duty reviews it and nobody closes his own (clause 3.5.3): whoever submitted it or worked on it for the lead unit is
refused, and so is who belongs to the lead unit alone, however far his rights reach.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence
from yinfeng.core.lifecycle import Lifecycle, Move
from yinfeng.duties import queries, terms
from yinfeng.duties.models import Duty, Extension


def is_not_own(duty: Duty, by: Actor) -> Iterator[Sentence]:
    """Ask that who reviews had no hand in the work."""
    if by.is_system:
        return
    if by.user_id in queries.hands_in(duty):
        yield _now("您经办过这一事项，不能由您审核。请由交办单位的其他同事审核。")
    elif duty.lead_unit_id in by.unit_ids and duty.set_unit_id not in by.unit_ids:
        yield _now("您是牵头单位的人员，不能审核本单位的事项。请由交办单位审核。")


def parts_are_done(duty: Duty, by: Actor) -> Iterator[Sentence]:
    """Ask that no part of the duty is open (ADR 26)."""
    if count := queries.open_parts(duty):
        yield _now("还有 %(count)s 项分解任务没有办结，请先办结或撤销。") % {"count": count}


def holder_is_open(duty: Duty, by: Actor) -> Iterator[Sentence]:
    """Ask that the lead unit still exists: what an abolished one owes is handed over first."""
    if not queries.is_open(duty.lead_unit, by.day):
        yield _now("牵头单位“%(unit)s”已经撤销，请先移交给其他单位。") % {"unit": duty.lead_unit.brief}


def asks_nothing(duty: Duty, by: Actor) -> Iterator[Sentence]:
    """Ask that no extension waits for an answer."""
    if queries.is_asking(duty):
        yield _now("有一份延期申请等待审批，请先撤回或等待审批。")


def is_decided(duty: Duty, by: Actor) -> Iterator[Sentence]:
    """Ask that who set the duty has answered the extension that is asked for: it is his to decide."""
    if not queries.is_asking(duty):
        return
    if by.may_at("duties.duty.review", duty.set_unit_id):
        yield _now("有一份延期申请等您审批，请先同意或者不同意延期。")
    else:
        yield _now("有一份延期申请等待审批，请先由交办单位有审核权限的同事审批。")


def parent_is_open(duty: Duty, by: Actor) -> Iterator[Sentence]:
    """Ask that the duty of which this is a part goes on."""
    if duty.parent is not None and duty.parent.state not in terms.OPEN:
        yield _now("上级事项现在的状态是“%(state)s”，请先重新办理上级事项。") % {
            "state": terms.DUTY_STATES[duty.parent.state]
        }


def source_is_free(duty: Duty, by: Actor) -> Iterator[Sentence]:
    """Ask that what the duty came from has no other open one meanwhile, where it may have one at a time only."""
    if other := queries.open_beside(duty.source_kind, duty.source_type, duty.source_id, duty.pk):
        yield queries.already_set(other)


DUTY = Lifecycle(
    name="duties.duty",
    state_field="state",
    initial=terms.ASSIGNED,
    states=terms.DUTY_STATES,
    moves=(
        Move(
            "accept", _("签收"), (terms.ASSIGNED,), terms.WORKING, "handle", style="primary", icon="check",
            guards=(holder_is_open,), explain=_("签收之后由您单位办理，您是经办人。办不了的请写明原因退回。"),
        ),
        Move(
            "submit", _("报结"), (terms.WORKING,), terms.SUBMITTED, "handle", style="primary", icon="send",
            guards=(parts_are_done, asks_nothing), route="duty-submit",
        ),
        Move(
            "approve", _("同意办结"), (terms.SUBMITTED,), terms.CLOSED, "review", style="primary", icon="check",
            guards=(is_not_own, parts_are_done), explain=_("请对照目标任务和佐证材料审核。办结之后仍可以重新办理。"),
        ),
        Move(
            "reject", _("不同意办结"), (terms.SUBMITTED,), terms.WORKING, "review", guards=(is_not_own,), asks_reason=True,
            icon="arrow-back-up", explain=_("事项退给牵头单位继续办理，时限不变。"),
        ),
        Move(
            "take_back", _("撤回报结"), (terms.SUBMITTED,), terms.WORKING, "handle", icon="arrow-back-up",
            explain=_("撤回之后可以补充材料，再次报结。"),
        ),
        Move(
            "send_back", _("退回"), (terms.ASSIGNED, terms.WORKING), terms.RETURNED, "handle", guards=(asks_nothing, parts_are_done),
            asks_reason=True, icon="arrow-back-up", explain=_("请写明为什么不该由您单位办理，建议由谁办理。交办单位可以移交，也可以坚持交办。"),
        ),
        Move(
            "insist", _("坚持交办"), (terms.RETURNED,), terms.ASSIGNED, "set", asks_reason=True, icon="rotate", guards=(holder_is_open,),
            explain=_("事项仍由原牵头单位办理，须重新签收。"),
        ),
        Move(
            "hand_over", _("移交"), (terms.ASSIGNED, terms.WORKING, terms.RETURNED), terms.ASSIGNED, "set", icon="user-share",
            guards=(is_decided,), route="duty-hand-over",
        ),
        Move(
            "follow_unit", _("随单位并入移交"), (terms.ASSIGNED, terms.WORKING, terms.SUBMITTED, terms.RETURNED), terms.ASSIGNED, "view", within=True,
            icon="arrow-merge", explain=_("单位并入其他单位时自动办理。"),
        ),
        Move(
            "cancel", _("撤销"), (terms.ASSIGNED, terms.WORKING, terms.RETURNED), terms.CANCELLED, "set", asks_reason=True,
            style="danger", icon="x", guards=(parts_are_done,), explain=_("撤销之后不再办理，记录保留。"),
        ),
        Move(
            "reopen", _("重新办理"), (terms.CLOSED,), terms.WORKING, "review", asks_reason=True, icon="rotate",
            guards=(holder_is_open, parent_is_open, source_is_free), explain=_("办结之后发现没有落实的，由牵头单位继续办理。时限不变，须延期的另行申请。"),
        ),
    ),
)  # fmt: skip


def duty_goes_on(item: Extension, by: Actor) -> Iterator[Sentence]:
    """Ask that the duty is still being worked on."""
    if item.duty.state not in terms.OWED:
        yield _now("事项现在的状态是“%(state)s”，不再需要延期。") % {
            "state": terms.DUTY_STATES[item.duty.state]
        }


def is_not_own_extension(item: Extension, by: Actor) -> Iterator[Sentence]:
    """Ask that nobody grants what he asked for."""
    yield from is_not_own(item.duty, by)
    if not by.is_system and item.asked_by_id == by.user_id and by.user_id not in queries.hands_in(item.duty):
        yield _now("延期是您申请的，请由交办单位的其他同事审批。")


EXTENSION = Lifecycle(
    name="duties.extension",
    state_field="state",
    initial=terms.ASKED,
    states=terms.EXTENSION_STATES,
    moves=(
        Move(
            "grant", _("同意延期"), (terms.ASKED,), terms.GRANTED, "decide", style="primary", icon="clock-plus",
            guards=(is_not_own_extension, duty_goes_on), route="extension-grant",
        ),
        Move(
            "refuse", _("不同意延期"), (terms.ASKED,), terms.REFUSED, "decide", guards=(is_not_own_extension,), asks_reason=True, icon="x",
        ),
        Move(
            "withdraw", _("撤回延期申请"), (terms.ASKED,), terms.WITHDRAWN, "take_back", icon="arrow-back-up",
        ),
    ),
)  # fmt: skip
