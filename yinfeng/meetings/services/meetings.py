"""Meetings (clauses 1.1 and 3.2.1): planned, their agenda put together and fixed, held, their minutes issued for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Invalid, Missing, refusal
from yinfeng.core.lifecycle import stale
from yinfeng.core.models import Event
from yinfeng.core.scopes import demand
from yinfeng.core.services import person
from yinfeng.duties.services import digest_of, next_number
from yinfeng.meetings import lifecycle, papers, queries, states
from yinfeng.meetings.models import Attendee, Item, Meeting, Minutes, Topic
from yinfeng.orgs.models import Person, Unit
from yinfeng.orgs.queries import users_of_units
from yinfeng.projects.services.asking import check_year

Values = Mapping[str, Any]


@transaction.atomic
def plan_meeting(*, by: Actor, values: Values, is_demo: bool = False) -> Meeting:
    """Plan a meeting of a body and call who has a seat in it; topics close on the day that the profile says, unless one is given."""
    body, starts_at = values.get("body"), values.get("starts_at")
    if body is None:
        raise refusal("body", _("请选择召开机构。"))
    by.require_at("meetings.meeting.run", body.unit_id, _("您没有为这个机构组织会议的权限。"))
    if starts_at is None:
        raise refusal("starts_at", _("请填写开会时间。"))
    check_year("starts_at", _("开会日期"), starts_at.date())
    day = timezone.localtime(starts_at).date()
    if not queries.bodies(day).filter(pk=body.pk).exists():
        raise refusal("body", _("这个机构在开会那天已经撤销，请选择别的机构。"))
    closes = values.get("topics_close_date") or queries.closing_day(body, day)
    meeting = Meeting(created_by_id=person(by), is_demo=is_demo, **{**values, "topics_close_date": closes})
    _check_days(meeting)
    core.add(meeting, by=by, verb="meetings.meeting.planned", data={"text": _moment(meeting)})
    search.refresh(Meeting, meeting.pk)
    for row in queries.seats_called(body, day):
        row.meeting = meeting
        core.insert(row)
    return meeting


def _check_days(meeting: Meeting) -> None:
    if meeting.topics_close_date > timezone.localtime(meeting.starts_at).date():
        raise refusal("topics_close_date", _("议题截止日期不能晚于开会那天。"))


def _check_moved(meeting: Meeting, values: Values) -> None:
    """Refuse days that do not fit: of a meeting that was held one ahead, of one with its number one of another year.

    Once topics are closed, their day moves by as much as the meeting does: what comes late has its reason (``take_on``).
    """
    days = ("starts_at", "topics_close_date")
    wanted = Meeting(**{name: values.get(name, getattr(meeting, name)) for name in days})
    check_year("starts_at", _("开会日期"), wanted.starts_at.date())
    _check_days(wanted)
    day, before = (timezone.localtime(row.starts_at).date() for row in (wanted, meeting))
    if meeting.state == states.HELD and wanted.starts_at > timezone.now():
        raise refusal("starts_at", _("会议已经召开，开会时间不能晚于现在。"))
    if meeting.year is not None and day.year != meeting.year:
        told = {"numbered": meeting.numbered, "year": meeting.year}
        raise refusal("starts_at", _("会议已编为%(numbered)s，请填写 %(year)s 年的时间。") % told)
    moved = wanted.topics_close_date - meeting.topics_close_date
    if meeting.topics_close_date < timezone.localdate() and moved > max(day - before, timedelta(0)):
        told = {"day": meeting.topics_close_date}
        sentence = _(
            "议题已于 %(day)s 截止，不能再延后；确需补列的议题，列入议程时写明理由。会议延期的，可以顺延同样的天数。"
        )
        raise refusal("topics_close_date", sentence % told)


def _moment(meeting: Meeting) -> str:
    return f"{timezone.localtime(meeting.starts_at):%Y-%m-%d %H:%M}"


@transaction.atomic
def change_meeting(*, by: Actor, meeting: Meeting, version: int, values: Values) -> Meeting:
    """Change when, where and under whom a body meets; of one that was held, what was recorded wrongly, until its minutes are issued."""
    demand(meeting, by, "run")
    _demand_unissued(meeting)
    _check_moved(meeting, values)
    core.apply_edit(meeting, values, by=by, version=version, verb="meetings.meeting.changed")
    search.refresh(Meeting, meeting.pk)
    return meeting


def _demand_unissued(meeting: Meeting) -> None:
    if meeting.state in (states.ISSUED, states.CANCELLED):
        told = {"state": states.MEETING_STATES[meeting.state]}
        raise Conflict(_("会议的状态是“%(state)s”，不能再修改。") % told)


def _demand_begun(meeting: Meeting, kinds: Iterable[str]) -> None:
    if meeting.state in states.OPEN_MEETINGS and states.PRESENT in kinds:
        raise Conflict(_("会议还没有召开，不能登记出席；请假和列席可以先登记。"))


def _demand_open(meeting: Meeting) -> None:
    if meeting.state not in states.OPEN_MEETINGS:
        told = {"state": states.MEETING_STATES[meeting.state]}
        raise Conflict(_("会议的状态是“%(state)s”，议程不能再变动。") % told)


def touch(meeting: Meeting) -> None:
    """Hold a meeting as it was read and count what was done with its agenda as an update: of two at once one is told."""
    same = Meeting.objects.filter(pk=meeting.pk, version=meeting.version, state=meeting.state)
    if same.update(version=F("version") + 1, updated_at=timezone.now()) != 1:
        raise stale(meeting, _("您的操作没有生效，请刷新页面后再试。"))
    meeting.refresh_from_db(fields=["version", "updated_at"])
    for name in ("agenda", "attendance"):
        meeting.__dict__.pop(name, None)


@transaction.atomic
def move_meeting(
    *, by: Actor, meeting: Meeting, move: str, reason: str = "", version: int | None = None
) -> Meeting:
    """Fix the agenda, convene, issue the minutes or cancel: the first takes the meeting's number, issuing that of the minutes."""
    values: dict[str, Any] = {}
    if move == "fix":
        lifecycle.MEETING.check(meeting, move, by)  # a refusal draws no number
        year = timezone.localtime(meeting.starts_at).year
        values = {"year": year, "number": next_number(series=f"meeting:{meeting.body_id}", year=year)}
    lifecycle.MEETING.perform(
        meeting, move, by=by, reason=reason, version=version, values=values, data=_told(values)
    )
    if move == "cancel":
        for item in queries.items_of(meeting):
            _off(by, item, reason.strip())
    if move == "issue":
        _issue(by, meeting)
    return meeting


def _told(values: Mapping[str, Any]) -> dict[str, str]:
    return {"text": _("%(year)s年第%(number)s次") % values} if values else {}


def _issue(by: Actor, meeting: Meeting) -> Minutes:
    """Write down what the minutes say, for good, under the next number of the body's series (ADR 26)."""
    now = timezone.localtime()
    content = papers.minutes_content(meeting)
    number = next_number(series=f"minutes:{meeting.body_id}", year=now.year)
    return core.insert(
        Minutes(
            meeting=meeting, year=now.year, number=number, content=content, digest=digest_of(content), issued_by_id=person(by),
            issued_at=now,
        )
    )  # fmt: skip


# --- the agenda ---------------------------------------------------------------------------------------------------


def is_late(meeting: Meeting, topic: Topic) -> bool:
    """Say whether a topic comes to a meeting too late to need no leave: after its topics closed, or its agenda was fixed."""
    return meeting.state == states.FIXED or topic.submitted_date > meeting.topics_close_date


@transaction.atomic
def take_on(*, by: Actor, meeting: Meeting, topic: Topic, leave: str = "") -> Item:
    """Put an approved topic on the agenda; one that comes late by leave, for a reason (``leave``)."""
    demand(meeting, by, "run")
    _demand_open(meeting)
    if topic.body_id != meeting.body_id:
        raise Invalid(_("这个议题是向别的机构提出的，不能列入这次会议。"))
    late = is_late(meeting, topic)
    if late and not leave.strip():
        told = {"day": meeting.topics_close_date}
        raise refusal("leave", _("议题已于 %(day)s 截止。确需补列的，请写明理由。") % told)
    _demand_fair(meeting, topic)
    touch(meeting)
    last = Item.objects.filter(meeting=meeting).aggregate(last=Max("order"))["last"] or 0
    item = core.insert(
        Item(
            meeting=meeting,
            topic=topic,
            order=last + 1,
            leave=leave.strip() if late else "",
            put_on_by_id=by.user_id,
        )
    )
    lifecycle.TOPIC.perform(
        topic,
        "take_on",
        by=by,
        within=True,
        values={"meeting": meeting},
        data={"text": meeting.told},
        reason="" if meeting.secrecy == states.SENSITIVE else item.leave,
    )
    events.record(
        by=by,
        verb="meetings.meeting.topic_on",
        obj=meeting,
        note=item.leave,
        data={"text": topic.title, "topic": topic.pk},
    )
    return item


def _demand_fair(meeting: Meeting, topic: Topic) -> None:
    """Refuse a topic that asks for support unless its review stands on the day of the meeting (公平竞争审查条例)."""
    if topic.kind != states.SUPPORT:
        return
    day = max(timezone.localtime(meeting.starts_at).date(), timezone.localdate())
    for sentence in lifecycle.hindrance(topic, queries.review_of(topic), day):
        raise Conflict(sentence)


@transaction.atomic
def take_on_proposal(*, by: Actor, meeting: Meeting, key: str, leave: str = "") -> Item:
    """Take on what a rule proposes: the topic is made, approved by the rule that brings it, and put on the agenda.

    A rule brings hearings and difficulties alone, in which nothing is asked for that somebody else must approve.
    """
    demand(meeting, by, "run")
    _demand_open(meeting)
    found = queries.proposal(meeting.body, by, key, timezone.localdate())
    if found is None:
        raise Conflict(_("这一条已不符合列入规则，或者已有同事列入，请刷新页面。"))
    unit = found.project.host_unit or found.project.reporter_unit
    topic = Topic(
        body=meeting.body, kind=found.rule.brings, title=found.title[:100], project=found.project, bottleneck=found.bottleneck,
        unit=unit, summary=found.summary, ask=found.ask, state=states.APPROVED, rule=found.rule.code, why=found.reason[:500],
        approved_by_id=by.user_id, is_demo=meeting.is_demo,
    )  # fmt: skip
    core.add(topic, by=by, verb="meetings.topic.gathered", note=topic.why, data={"text": found.rule.label})
    search.refresh(Topic, topic.pk)
    return take_on(by=by, meeting=meeting, topic=topic, leave=leave)


@transaction.atomic
def take_off(*, by: Actor, meeting: Meeting, item: Item, reason: str) -> None:
    """Take a topic off an agenda that is still open; it waits for another meeting."""
    demand(meeting, by, "run")
    _demand_open(meeting)
    if not reason.strip():
        raise refusal("reason", _("请填写原因。"))
    touch(meeting)
    topic = _off(by, item, reason.strip())
    events.record(
        by=by,
        verb="meetings.meeting.topic_off",
        obj=meeting,
        note=reason.strip(),
        data={"text": topic.title, "topic": topic.pk},
    )


def _off(by: Actor, item: Item, reason: str) -> Topic:
    topic = Topic.objects.get(pk=item.topic_id)
    told = (
        "" if item.meeting.secrecy == states.SENSITIVE else reason
    )  # the topic's timeline is read by others
    lifecycle.TOPIC.perform(topic, "take_off", by=by, within=True, reason=told, values={"meeting": None})
    item.delete()
    return topic


@transaction.atomic
def reorder(*, by: Actor, meeting: Meeting, items: Sequence[int]) -> None:
    """Put the agenda into another order: the numbers of all its items, each once."""
    demand(meeting, by, "run")
    if meeting.state == states.HELD:
        raise Conflict(_("会议已经召开，议程的顺序不能再变动。"))
    _demand_open(meeting)
    touch(meeting)
    there = dict(Item.objects.filter(meeting=meeting).values_list("pk", "order"))
    if sorted(items) != sorted(there):
        raise Invalid(_("请列出议程中的全部议题，每个一次。"))
    for order, pk in enumerate(items, 1):
        if there[pk] != order:
            Item.objects.filter(pk=pk).update(order=order)
    events.record(by=by, verb="meetings.meeting.reordered", obj=meeting)


@transaction.atomic
def note_item(*, by: Actor, meeting: Meeting, item: Item, version: int, notes: str) -> Item:
    """Keep what was said about a topic, until the minutes are issued."""
    demand(meeting, by, "run")
    if meeting.state != states.HELD:
        raise Conflict(_("会议召开之后、纪要印发之前才能记录讨论情况。"))
    touch(meeting)
    if core.write_edit(item, {"notes": notes.strip()}, version):
        events.record(
            by=by,
            verb="meetings.meeting.minuted",
            obj=meeting,
            data={"text": item.topic.title, "topic": item.topic_id},
        )
    return item


# --- who comes ----------------------------------------------------------------------------------------------------


@transaction.atomic
def call(
    *, by: Actor, meeting: Meeting, unit: Unit | None = None, who: Person | None = None, position: str = "",
    kind: str = states.CALLED,
) -> Attendee:  # fmt: skip
    """Call a unit, or somebody, to a meeting."""
    demand(meeting, by, "run")
    _demand_unissued(meeting)
    _demand_begun(meeting, [kind])
    touch(meeting)
    last = Attendee.objects.filter(meeting=meeting).aggregate(last=Max("order"))["last"] or 0
    row = core.insert(
        Attendee(meeting=meeting, unit=unit, person=who, position=position.strip(), kind=kind, order=last + 1)
    )
    events.record(by=by, verb="meetings.meeting.called", obj=meeting, data={"text": row.text})
    return row


@transaction.atomic
def uncall(*, by: Actor, meeting: Meeting, attendee: int) -> None:
    """Take somebody off the list of those called."""
    demand(meeting, by, "run")
    _demand_unissued(meeting)
    row = next((row for row in queries.attendance_of(meeting) if row.pk == attendee), None)
    if row is None:
        raise Conflict(_("此人已不在参会名单中，请刷新页面。"))
    touch(meeting)
    row.delete()
    events.record(by=by, verb="meetings.meeting.uncalled", obj=meeting, data={"text": row.text})


@transaction.atomic
def record_attendance(*, by: Actor, meeting: Meeting, kinds: Mapping[int, str]) -> None:
    """Record of those called who came, who was excused and who listened in."""
    demand(meeting, by, "run")
    _demand_unissued(meeting)
    there = {row.pk: row for row in queries.attendance_of(meeting)}
    if strangers := set(kinds) - set(there):
        raise Invalid(_("参会名单中没有第 %(pk)s 号。请刷新页面后再试。") % {"pk": min(strangers)})
    if wrong := set(kinds.values()) - set(states.ATTENDANCE):
        raise Invalid(_("没有“%(kind)s”这种出席情况。") % {"kind": min(wrong)})
    changed = {pk: kind for pk, kind in kinds.items() if there[pk].kind != kind}
    if not changed:
        return
    _demand_begun(meeting, changed.values())
    touch(meeting)
    for pk, kind in changed.items():
        Attendee.objects.filter(pk=pk).update(kind=kind)
    told = _("、").join(f"{there[pk].text}：{states.ATTENDANCE[kind]}" for pk, kind in changed.items())
    events.record(by=by, verb="meetings.meeting.attendance", obj=meeting, data={"text": told})


@dataclass(frozen=True, slots=True)
class Printed:
    """A paper as docx, and what its file is called."""

    name: str
    content: bytes


@transaction.atomic
def print_paper(*, by: Actor, meeting: Meeting, paper: str) -> Printed:
    """Return a paper of a meeting for who sees every topic on its agenda; who took which is logged."""
    if paper not in papers.PAPERS:
        raise Missing
    demand(meeting, by, "read", _("会上有您不能查看的议题，会议材料由机构办公室提供。"))
    if meeting.state == states.CANCELLED:
        raise Conflict(_("会议已取消，没有会议材料。"))
    if paper == papers.MINUTES:
        minutes = queries.minutes_of(meeting)
        if minutes is None:
            raise Conflict(_("纪要还没有印发。"))
        document = papers.minutes(minutes)
    else:
        document = papers.MADE[paper](meeting, by)
    label = str(papers.PAPERS[paper])
    events.record(by=by, verb="meetings.meeting.printed", obj=meeting, data={"text": label})
    return Printed(f"{papers.full_name(meeting)}-{label}.docx", papers.written(document))


# --- who is told --------------------------------------------------------------------------------------------------

TO_ATTEND = "attend_meeting"


def tell_called(event: Event, by: Actor) -> None:
    """Tell who is called to a meeting, and the units whose topics it hears."""
    meeting = event.object_id or 0
    people = (
        Attendee.objects.filter(meeting=meeting)
        .exclude(person__user=None)
        .values_list("person__user", flat=True)
    )
    units = Attendee.objects.filter(meeting=meeting).exclude(unit=None).values_list("unit", flat=True)
    bringing = Item.objects.filter(meeting=meeting).values_list("topic__unit", flat=True)
    why = TO_ATTEND if event.verb == "meetings.meeting.fix" else core.ASSIGNED
    core.notify(event, {*people} | users_of_units({*units, *bringing}, "meetings.topic.submit"), why)
