"""What a body decided (clauses 1.1 and 3.2.1): each resolution opens its duties, with all six, in the same act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Blocked, Conflict, Invalid, refusal
from yinfeng.core.scopes import demand
from yinfeng.core.services import person
from yinfeng.duties import services as duties
from yinfeng.duties import terms
from yinfeng.duties.models import Duty
from yinfeng.duties.services import Six
from yinfeng.meetings import lifecycle, queries, states
from yinfeng.meetings.models import Item, Meeting, Resolution, Topic
from yinfeng.meetings.services.meetings import touch
from yinfeng.orgs.queries import hosts
from yinfeng.projects.stages import SENSITIVE

Values = Mapping[str, Any]


@transaction.atomic
def resolve(*, by: Actor, meeting: Meeting, item: Item, values: Values, tasks: Sequence[Six]) -> Resolution:
    """Record what was decided of a topic and give out what is to be done about it, all or nothing.

    ``values``: decision, text, conditions, siting_unit, support. What was agreed, or heard with demands, has at least one
    duty. Of two who record the same topic one is told; the number is the next of the body's year.
    """
    demand(meeting, by, "run")
    if meeting.state != states.HELD:
        raise Conflict(_("会议召开之后、纪要印发之前才能记录议定事项。"))
    topic = Topic.objects.select_related("body__unit", "project").get(pk=item.topic_id)
    if item.outcome is not None:
        raise Conflict(_("这个议题已经记录了议定事项。"))
    touch(meeting)
    day = timezone.localtime(meeting.starts_at).date()
    resolution = Resolution(
        item=item,
        topic=topic,
        meeting=meeting,
        decided_date=day,
        year=day.year,
        recorded_by_id=person(by),
        number=0,
        **values,
    )
    _check(resolution)
    if resolution.decision in states.GRANTING and not tasks:
        raise Invalid(_("请至少写明一项要落实的任务：谁牵头、做什么、什么时候办结。"))
    resolution.number = duties.next_number(series=f"resolution:{topic.body_id}", year=day.year)
    core.insert(resolution)
    _decide(by, resolution)
    events.record(
        by=by, verb="meetings.resolution.recorded", obj=resolution, data={"text": _told(resolution)}
    )
    events.record(
        by=by, verb="meetings.meeting.resolved", obj=meeting, data={"text": topic.title, "topic": topic.pk}
    )
    if topic.project is not None:
        told = f"{topic.body.label}{meeting.numbered}：{topic.title}。{_told(resolution)}"
        events.record(by=by, verb="meetings.project.resolved", obj=topic.project, data={"text": told[:600]})
    _give_out(by, resolution, tasks)
    return resolution


def _check(resolution: Resolution) -> None:
    """Refuse a site or support under a decision that gives none, a site that cannot be one, and support that was not found fair."""
    topic = resolution.topic
    gives = resolution.decision in states.GRANTING
    for name, label in (("siting_unit", _("落地单位")), ("support", _("给予的支持"))):
        if getattr(resolution, name) and not gives:
            told = {"label": label, "decision": states.DECISIONS[resolution.decision]}
            raise refusal(name, _("议定意见是“%(decision)s”时不能填写%(label)s。") % told)
    if (
        topic.kind == states.SITING
        and resolution.decision in (states.AGREED, states.CONDITIONAL)
        and resolution.siting_unit is None
    ):
        raise refusal("siting_unit", _("同意落地的，请选择落地单位。"))
    if resolution.siting_unit is not None and not hosts().filter(pk=resolution.siting_unit.pk).exists():
        raise refusal("siting_unit", _("这个单位已经撤销或者不能承接项目，请选择其他单位。"))
    if resolution.decision == states.CONDITIONAL and not resolution.conditions.strip():
        raise refusal("conditions", _("附条件同意的，请写明附带的条件。"))
    grants = topic.kind == states.SUPPORT and resolution.decision in (states.AGREED, states.CONDITIONAL)
    if grants or resolution.support.strip():  # whatever the topic was called
        day = max(resolution.decided_date, timezone.localdate())
        for sentence in lifecycle.hindrance(topic, queries.review_of(topic), day):
            raise refusal("support" if resolution.support.strip() else "decision", sentence)


def _told(resolution: Resolution) -> str:
    """Return what timelines tell of it: whoever sees a topic or a project reads theirs, so of a sensitive meeting nothing."""
    if resolution.meeting.secrecy == states.SENSITIVE:
        return resolution.meeting.told
    return f"{states.DECISIONS[resolution.decision]}：{resolution.text}"[:500]


def _give_out(by: Actor, resolution: Resolution, tasks: Sequence[Six]) -> None:
    topic, meeting = resolution.topic, resolution.meeting
    is_sensitive = meeting.secrecy == states.SENSITIVE or (
        topic.project is not None and topic.project.secrecy == SENSITIVE
    )
    text = f"{topic.body.label}{meeting.numbered} · {topic.title}"
    origin = duties.Origin(terms.RESOLUTION, obj=resolution, about=topic.project, text=text)
    for number, six in enumerate(tasks):
        try:
            duties.set_duty(
                by=by, six=six, origin=origin, set_unit=topic.body.unit, is_demo=meeting.is_demo,
                secrecy=terms.SENSITIVE if is_sensitive else terms.INTERNAL,
            )  # fmt: skip
        except Invalid as error:  # whose task it is about
            fields = {f"tasks-{number}-{name}": texts for name, texts in error.fields.items()}
            told = {"number": number + 1, "sentence": error.sentence}
            raise Invalid(_("第 %(number)s 项任务：%(sentence)s") % told, fields=fields) from error


@transaction.atomic
def correct_resolution(
    *, by: Actor, resolution: Resolution, version: int, values: Values, reason: str, tasks: Sequence[Six] = (),
    cancelled: Sequence[int] = (),
) -> Resolution:  # fmt: skip
    """Put right what was recorded of a decision, until the minutes are issued; the topic follows, duties come and go with it.

    ``values``: what changes of decision, text, conditions, siting_unit, support. ``tasks`` are given out besides, of the duties that
    came of it those named in ``cancelled`` are cancelled by the duties' own rules; what one asks for is changed on the duty.
    """
    demand(resolution, by, "change")
    if not reason.strip():
        raise refusal("reason", _("请填写原因。"))
    hold(resolution)
    for sentence in lifecycle.can_be_corrected(resolution, by):
        raise Conflict(sentence)
    touch(resolution.meeting)  # of this and the minutes, the later one is told
    before = resolution.decision
    wanted = copy(resolution)
    for name, value in values.items():
        setattr(wanted, name, value.strip() if isinstance(value, str) else value)
    _check(wanted)
    known = {duty.pk: duty for duty in queries.tasks_of(resolution)}
    if set(cancelled) - known.keys():
        raise refusal("cancelled", _("所选的任务已不在这项议定之下，请刷新页面。"))
    if wanted.decision in states.GRANTING and not tasks and not known.keys() - set(cancelled):
        raise Invalid(_("请至少保留或增加一项要落实的任务：谁牵头、做什么、什么时候办结。"))
    if wanted.decision != before:
        for sentence in lifecycle.no_gate_was_passed(resolution, by):
            raise Conflict(sentence)
    changes = core.write_edit(resolution, {name: getattr(wanted, name) for name in values}, version)
    if (before == states.DEFERRED) != (resolution.decision == states.DEFERRED):
        for sentence in lifecycle.topic_is_still_here(resolution, by):
            raise Conflict(sentence)
        _undecide(by, resolution, reason)
        _decide(by, resolution)
    gone = [known[pk] for pk in cancelled]
    _cancel(by, gone, reason)
    told = [_("增加任务：%(item)s") % {"item": six.item} for six in tasks]
    told += [_("撤销任务：%(item)s") % {"item": duty.item} for duty in gone]
    if changes or told:
        _tell(by, "corrected", resolution, reason, _("；").join(told), changes)
    _give_out(by, resolution, tasks)
    return resolution


def hold(resolution: Resolution) -> None:
    """Let nobody take back a resolution, change it or name it at a gate until the transaction ends."""
    Resolution.objects.select_for_update().get(pk=resolution.pk)


@transaction.atomic
def take_back_resolution(
    *, by: Actor, resolution: Resolution, reason: str, version: int | None = None
) -> Resolution:
    """Take back what was recorded of a decision, until the minutes are issued: its duties are cancelled, the topic is open again.

    A duty that was accepted and worked on is cancelled too, its lead unit is told why; one that is done or waits for review stops it.
    """
    hold(resolution)
    lifecycle.RESOLUTION.check(resolution, "take_back", by)
    touch(resolution.meeting)  # of this and the minutes, the later one is told
    _cancel(by, list(queries.tasks_of(resolution)), reason)
    lifecycle.RESOLUTION.perform(
        resolution, "take_back", by=by, reason=reason, version=version, values={"item": None}
    )
    _undecide(by, resolution, reason)
    _tell(by, "taken_back", resolution, reason)
    return resolution


def _decide(by: Actor, resolution: Resolution) -> None:
    """Let the topic follow what was decided of it."""
    move = "put_off" if resolution.decision == states.DEFERRED else "decide"
    lifecycle.TOPIC.perform(resolution.topic, move, by=by, within=True, data={"text": _told(resolution)})


def _undecide(by: Actor, resolution: Resolution, reason: str) -> None:
    told = "" if resolution.meeting.secrecy == states.SENSITIVE else reason
    lifecycle.TOPIC.perform(resolution.topic, "undecide", by=by, within=True, reason=told)


def _cancel(by: Actor, given: Sequence[Duty], reason: str) -> None:
    """Cancel duties as their own rules allow; a refusal names the duty."""
    for duty in given:
        try:
            duties.move_duty(by=by, duty=duty, move="cancel", reason=reason)
        except (Blocked, Conflict) as error:
            why = "".join(map(str, getattr(error, "reasons", ()))) or error.sentence
            raise Conflict(_("任务“%(item)s”不能撤销：%(why)s") % {"item": duty.item, "why": why}) from error


def _tell(
    by: Actor, act: str, resolution: Resolution, reason: str, text: str = "", changes: Mapping[str, tuple[Any, Any]] | None = None
) -> None:  # fmt: skip
    """Put what became of a resolution on the timelines of its topic, its meeting and its project, with the reason."""
    topic, note = resolution.topic, reason.strip()
    if act == "corrected":
        events.record(
            by=by, verb="meetings.resolution.corrected", obj=resolution, changes=changes, note=note, data={"text": text}
        )  # fmt: skip
    events.record(
        by=by, verb=f"meetings.meeting.resolution_{act}", obj=resolution.meeting, note=note,
        data={"text": topic.title, "topic": topic.pk},
    )  # fmt: skip
    if topic.project is not None:
        said = f"{topic.body.label}{resolution.meeting.numbered}：{topic.title}。{_told(resolution)}"
        note = "" if resolution.meeting.secrecy == states.SENSITIVE else note
        events.record(
            by=by, verb=f"meetings.project.resolution_{act}", obj=topic.project, note=note, data={"text": said[:600]}
        )  # fmt: skip
