"""What may be done with meetings and topics, from which state, by whom, and what must be true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.actors import Actor
from yinfeng.core.errors import Sentence, Stale
from yinfeng.core.lifecycle import Lifecycle, Move, stale
from yinfeng.duties import queries as duties
from yinfeng.duties import terms
from yinfeng.meetings import queries, states
from yinfeng.meetings.models import FairReview, Meeting, Resolution, Topic

# --- fair competition ---------------------------------------------------------------------------------------------


def hindrance(topic: Topic, review: FairReview | None, day: date) -> Iterator[Sentence]:
    """Yield why a topic that asks for support may not be decided on ``day`` (公平竞争审查条例, FACTS §1.17)."""
    if review is None:
        yield _now("申请支持政策须先经公平竞争审查，还没有审查结论。")
    elif review.conclusion == states.AGAINST:
        yield _now("公平竞争审查不通过（%(day)s，%(unit)s），不能提请审议。请修改所提支持并重新审查。") % {
            "day": review.review_date, "unit": review.unit.brief,
        }  # fmt: skip
    elif review.ask != topic.ask:
        yield _now("提请议定的事项在公平竞争审查之后有改动，请重新审查。")
    elif review.valid_until < day:
        yield _now("公平竞争审查结论的有效期到 %(day)s，到 %(wanted)s 已失效，请重新审查。") % {
            "day": review.valid_until, "wanted": day,
        }  # fmt: skip


def is_fair(topic: Topic, by: Actor) -> Iterator[Sentence]:
    """Ask of a topic that asks for support that a review stands which found nothing against it."""
    if topic.kind == states.SUPPORT:
        yield from hindrance(topic, queries.review_of(topic), timezone.localdate())


def approved_by_another(topic: Topic, by: Actor) -> Iterator[Sentence]:
    """Ask that who approves a topic neither brought it nor changed its words."""
    if by.user_id is not None and by.user_id in queries.brought_by(topic):
        yield _now("议题须由提出和修改它的人以外的人审核。")


def body_is_open(topic: Topic, by: Actor) -> Iterator[Sentence]:
    if topic.body.valid_to is not None and topic.body.valid_to < timezone.localdate():
        yield _now("%(body)s已经撤销，请撤回议题，另向别的机构提出。") % {"body": topic.body.label}


# --- meetings -----------------------------------------------------------------------------------------------------


def has_agenda(meeting: Meeting, by: Actor) -> Iterator[Sentence]:
    if not queries.items_of(meeting, by):
        yield _now("议程还是空的，请先列入议题。")


def support_is_fair(meeting: Meeting, by: Actor) -> Iterator[Sentence]:
    """Ask of every topic on the agenda that asks for support that its review holds on the day of the meeting."""
    day = max(timezone.localtime(meeting.starts_at).date(), timezone.localdate())
    for item in queries.items_of(meeting, by):
        if item.topic.kind == states.SUPPORT and item.outcome is None:
            for sentence in hindrance(item.topic, queries.review_of(item.topic), day):
                yield _now("“%(topic)s”：%(why)s") % {"topic": queries.title_of(item), "why": sentence}


def has_begun(meeting: Meeting, by: Actor) -> Iterator[Sentence]:
    if meeting.starts_at > timezone.now():
        yield _now("开会时间还没有到，提前召开的请先修改开会时间。")


def has_chair(meeting: Meeting, by: Actor) -> Iterator[Sentence]:
    if meeting.chair_id is None:
        yield _now("还没有填写主持人。")


def all_is_decided(meeting: Meeting, by: Actor) -> Iterator[Sentence]:
    for item in queries.items_of(meeting, by):
        if item.outcome is None:
            yield _now("“%(topic)s”还没有记录议定事项。") % {"topic": queries.title_of(item)}


def attendance_is_known(meeting: Meeting, by: Actor) -> Iterator[Sentence]:
    present, waiting = queries.attendance_counts(meeting)
    if not present:
        yield _now("还没有登记出席人员。")
    elif waiting:
        yield _now("还有 %(count)s 人没有登记是否出席。") % {"count": waiting}
    if queries.chair_is_excused(meeting):
        yield _now("主持人登记为请假，请更正出席情况或者主持人。")


def what_is_granted_has_tasks(meeting: Meeting, by: Actor) -> Iterator[Sentence]:
    """Ask of what was agreed, or heard with demands, that somebody still has to do something about it."""
    for item in queries.without_tasks(meeting, by):
        told = {"topic": queries.title_of(item)}
        yield _now("“%(topic)s”的任务都已撤销，请在“更正”中补充任务，或者更正议定意见。") % told


MEETING = Lifecycle(
    name="meetings.meeting",
    state_field="state",
    initial=states.PLANNED,
    states=states.MEETING_STATES,
    moves=(
        Move(
            "fix", _("确定议程"), (states.PLANNED,), states.FIXED, "run", guards=(has_agenda, support_is_fair),
            style="primary", icon="list-check",
            explain=_("取得会议次序号，议题征集结束。之后仍可凭理由补列议题。"),
        ),
        Move(
            "convene", _("召开"), (states.FIXED,), states.HELD, "run", guards=(has_begun, has_chair, support_is_fair),
            style="primary", icon="players", explain=_("议程不再变动，逐项记录讨论情况和议定事项。"),
        ),
        Move(
            "issue", _("印发纪要"), (states.HELD,), states.ISSUED, "run",
            guards=(attendance_is_known, all_is_decided, what_is_granted_has_tasks), style="primary", icon="file-certificate",
            explain=_("取得纪要编号，内容从此固定，不能再修改。有误的由以后的会议更正。"),
        ),
        Move(
            "cancel", _("取消会议"), states.OPEN_MEETINGS, states.CANCELLED, "run", asks_reason=True, icon="x",
            explain=_("议程上的议题退回“待上会”，可以列入别的会议。"),
        ),
    ),
)  # fmt: skip

TOPIC = Lifecycle(
    name="meetings.topic",
    state_field="state",
    initial=states.SUBMITTED,
    states=states.TOPIC_STATES,
    moves=(
        Move(
            "approve", _("同意上会"), (states.SUBMITTED,), states.APPROVED, "approve",
            guards=(approved_by_another, body_is_open, is_fair), style="primary", icon="check",
            explain=_("之后可以列入会议议程。"),
        ),
        Move(
            "take_up", _("重新上会"), (states.PUT_OFF,), states.APPROVED, "approve",
            guards=(approved_by_another, body_is_open, is_fair), style="primary", icon="rotate", explain=_("可以列入下一次会议的议程。"),
        ),
        Move(
            "refuse", _("不予上会"), (states.SUBMITTED, states.APPROVED, states.PUT_OFF), states.REFUSED, "approve",
            asks_reason=True, icon="x", explain=_("提出单位可以修改后重新提交。"),
        ),
        Move(
            "withdraw", _("撤回议题"), (states.SUBMITTED, states.APPROVED, states.PUT_OFF), states.WITHDRAWN, "bring",
            asks_reason=True, icon="arrow-back-up", explain=_("之后可以重新提交。"),
        ),
        Move(
            "submit_again", _("重新提交"), (states.REFUSED, states.WITHDRAWN), states.SUBMITTED, "bring",
            guards=(body_is_open,), style="primary", icon="send", explain=_("由机构的办公室重新审核。"),
        ),
        Move(
            "submit_changed", _("改后重新审核"), (states.APPROVED, states.PUT_OFF), states.SUBMITTED, "bring", within=True, icon="send",
            explain=_("修改已同意上会的议题的内容时自动转入。"),
        ),
        Move(
            "take_on", _("列入议程"), (states.APPROVED,), states.ON_AGENDA, "approve", within=True, icon="list-details",
            explain=_("在会议页面把议题列入议程。"),
        ),
        Move(
            "take_off", _("移出议程"), (states.ON_AGENDA,), states.APPROVED, "approve", within=True, icon="arrow-back-up",
            explain=_("在会议页面把议题移出议程。"),
        ),
        Move(
            "decide", _("议定"), (states.ON_AGENDA,), states.DECIDED, "approve", within=True, icon="gavel",
            explain=_("记录议定事项时自动办理。"),
        ),
        Move(
            "undecide", _("撤回议定"), (states.DECIDED, states.PUT_OFF), states.ON_AGENDA, "approve", within=True, icon="arrow-back-up",
            explain=_("撤回或更正议定事项时自动办理。"),
        ),
        Move(
            "put_off", _("暂缓议定"), (states.ON_AGENDA,), states.PUT_OFF, "approve", within=True, icon="clock-pause",
            explain=_("记录“暂缓议定”时自动办理。"),
        ),
    ),
)  # fmt: skip


# --- resolutions --------------------------------------------------------------------------------------------------


def minutes_are_not_issued(resolution: Resolution, by: Actor) -> Iterator[Sentence]:
    if resolution.meeting.state != states.HELD:
        yield _now("纪要已经印发，不能再修改；有误的由以后的会议更正。")


def can_be_corrected(resolution: Resolution, by: Actor) -> Iterator[Sentence]:
    yield from minutes_are_not_issued(resolution, by)
    if resolution.state != states.STANDING:
        yield _now("这项议定已经撤回，不能再更正。请重新记录。")


def topic_is_still_here(resolution: Resolution, by: Actor) -> Iterator[Sentence]:
    """Ask that the topic was not brought up again meanwhile, as one that was put off is."""
    topic = resolution.topic
    if topic.meeting_id != resolution.meeting_id or topic.state not in (states.DECIDED, states.PUT_OFF):
        yield _now("议题已转为“%(state)s”，请先把它退回原来的状态。") % {
            "state": states.TOPIC_STATES[topic.state]
        }


def no_gate_was_passed(resolution: Resolution, by: Actor) -> Iterator[Sentence]:
    """Ask that no decision at a gate names the resolution: it is undone before."""
    for decision in queries.decisions_naming(resolution):
        yield _now("项目的决策节点“%(gate)s”是凭这项议定记录的，请先撤销决策记录。") % {
            "gate": decision.gate_name
        }


def tasks_can_be_cancelled(resolution: Resolution, by: Actor) -> Iterator[Sentence]:
    """Ask that none of its duties is done or waits for review; what is only being worked on goes with the resolution."""
    for duty in queries.tasks_of(resolution):
        if duty.state == terms.SUBMITTED:
            yield _now("任务“%(item)s”已报结待审核，请先退回继续办理。") % {"item": duty.item}
        elif duty.state == terms.CLOSED:
            yield _now("任务“%(item)s”已经办结；确需撤回的，请先在事项页面重新办理。") % {"item": duty.item}
        elif duties.open_parts(duty):
            yield _now("任务“%(item)s”已经分解，分解任务还没有办结，请先由牵头单位撤销。") % {
                "item": duty.item
            }


RESOLUTION = Lifecycle(
    name="meetings.resolution",
    state_field="state",
    initial=states.STANDING,
    states=states.RESOLUTION_STATES,
    moves=(
        Move(
            "take_back", _("撤回议定事项"), (states.STANDING,), states.TAKEN_BACK, "change",
            guards=(minutes_are_not_issued, topic_is_still_here, no_gate_was_passed, tasks_can_be_cancelled), asks_reason=True,
            style="danger", icon="arrow-back-up",
            explain=_("记错了议题，或者会上没有议定的，撤回后重新记录。编号不再使用，原来的记录和撤回原因保留备查。"),
        ),
    ),
)  # fmt: skip


def stale_topic(topic: Topic) -> Stale:
    """Return the refusal of who reviews an older version of a topic than there is."""
    return stale(topic, _now("请看过最新内容再审查。"), version=topic.version)
