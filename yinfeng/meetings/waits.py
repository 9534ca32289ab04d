"""What the consultation mechanism puts into the inboxes of people and units, each with what is to be done about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from yinfeng.core import waiting
from yinfeng.core.actors import Actor
from yinfeng.core.tables import moment
from yinfeng.core.waiting import NOTHING, Kind, Rows, Waiting
from yinfeng.meetings import inspecting, queries, states
from yinfeng.meetings.lists_inspections import INSPECTION_TONES
from yinfeng.meetings.tables import MEETING_TONES, TOPIC_TONES
from yinfeng.orgs.queries import brief_name

RUN, SUBMIT, REVIEW = "meetings.meeting.run", "meetings.topic.submit", "meetings.topic.review"
RECORD, INSPECT = "meetings.gate.record", "meetings.inspection.run"


def register() -> None:
    """Put everything in its place; called once, when the app is ready."""
    for kind in (
        Kind(
            "topics_to_approve", _("待我审核的议题"), "list-check", _("看过议题之后同意上会，或者写明原因不予上会。"),
            _topics(RUN, queries.to_approve), _topic, _list("topics", state=states.SUBMITTED), order=10,
        ),
        Kind(
            "topics_to_review", _("待我审查公平竞争的议题"), "scale", _("对照《公平竞争审查条例》写出审查结论，之后才能审核上会。"),
            _topics(REVIEW, queries.to_review), _review, _list("topics", kind=states.SUPPORT), order=11,
        ),
        Kind(
            "topics_to_mend", _("审查不通过，待我修改的议题"), "pencil", _("修改提请议定的事项，由审查单位重新审查；或者撤回。"),
            _topics(SUBMIT, lambda by, today, mine: queries.to_mend(by, mine)), _topic, _list("topics", kind=states.SUPPORT),
            order=12,
        ),
        Kind(
            "meetings_to_run", _("待我办理的会议"), "calendar-event", _("议题截止之后确定议程，开会之后记录议定事项，印发纪要。"),
            _meetings, _meeting, _list("meetings"), order=13,
        ),
        Kind(
            "inspections_to_run", _("待我开展的督查"), "zoom-check", _("逐个检查对象，处理发现的问题，写出督查报告。"),
            _inspections, _inspection, _list("inspections"), order=14,
        ),
        Kind(
            "gates_to_record", _("轮到决策的项目"), "gavel", _("提请机构决策，决策之后上传会议纪要，记录通过或者未通过。"),
            _gates, _gate, _list("gates", turn="mine"), order=15,
        ),
        Kind(
            "topics_brought", _("已提出、等别人办的议题"), "user-share", "", _topics(SUBMIT, lambda by, today, mine: queries.brought(by, mine)),
            _topic, _list("topics"), urgent=False, order=20,
        ),
    ):  # fmt: skip
        waiting.register(kind)


def _list(route: str, **asked: str) -> Callable[[Actor, bool], str]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return lambda by, mine: f"{reverse(route)}?{query}" if query else reverse(route)


# --- topics -------------------------------------------------------------------------------------------------------


def _topics(
    permission: str, find: Callable[[Actor, date, bool], Any]
) -> Callable[[Actor, date, bool], Rows | None]:
    def rows(by: Actor, today: date, mine: bool) -> Rows | None:
        if not by.may(permission):
            return None
        told = (F("state"), brief_name("unit__"), Cast("submitted_date", CharField()))
        return Rows(find(by, today, mine), "submitted_date", told)

    return rows


def _topic(item: Waiting, today: date) -> dict[str, Any]:
    return {
        "title": item.title, "url": reverse("topic", args=[item.pk]), "sub": _now("%(unit)s提出") % {"unit": item.second},
        "badge": {"text": states.TOPIC_STATES[item.first], "tone": TOPIC_TONES[item.first]}, "date_text": item.third,
    }  # fmt: skip


def _review(item: Waiting, today: date) -> dict[str, Any]:
    return _topic(item, today) | {"url": reverse("topic-review", args=[item.pk])}


# --- meetings -----------------------------------------------------------------------------------------------------


def _meetings(by: Actor, today: date, mine: bool) -> Rows | None:
    if not by.may(RUN):
        return None
    found = queries.to_run(by, timezone.now(), today)
    return Rows(found, "starts_at", (F("state"), NOTHING, NOTHING), since="starts_at")


def _meeting(item: Waiting, today: date) -> dict[str, Any]:
    return {
        "title": item.title, "url": reverse("meeting", args=[item.pk]), "sub": _next_step(item.first, item.at),
        "badge": {"text": states.MEETING_STATES[item.first], "tone": MEETING_TONES[item.first]}, "date_text": moment(item.at),
    }  # fmt: skip


def _next_step(state: str, starts_at: datetime) -> str:
    """Return what is to be done about a meeting."""
    if state == states.HELD:
        return _now("请记录议定事项，印发纪要")
    if state == states.FIXED:
        return _now("开会时间已过，请办理召开，或者改期")
    if starts_at <= timezone.now():
        return _now("开会时间已过，请改期或者取消")
    return _now("议题征集已截止，请列入议题，确定议程")


# --- inspections --------------------------------------------------------------------------------------------------


def _inspections(by: Actor, today: date, mine: bool) -> Rows | None:
    if not by.may(INSPECT):
        return None
    return Rows(
        queries.to_inspect(by, today, mine), "ends", (F("state"), F("left"), Cast("ends", CharField()))
    )


def _inspection(item: Waiting, today: date) -> dict[str, Any]:
    return {
        "title": item.title, "url": reverse("inspection", args=[item.pk]), "sub": _still_to_do(item.first, item.second),
        "badge": {"text": inspecting.INSPECTION_STATES[item.first], "tone": INSPECTION_TONES[item.first]},
        "date_text": item.third, "late": item.third < today.isoformat(),
    }  # fmt: skip


def _still_to_do(state: str, left: str) -> str:
    """Return what is to be done in an inspection, by how many subjects are not visited and how many findings not dealt with."""
    if state == inspecting.PLANNED:
        return _now("开始日期已到，请抽取或列入对象，开始督查")
    unvisited, undecided = map(int, left.split())
    if unvisited:
        return ngettext("还有 %(count)s 个对象没有检查", "还有 %(count)s 个对象没有检查", unvisited) % {
            "count": unvisited
        }
    if undecided:
        return ngettext("还有 %(count)s 个问题没有处理", "还有 %(count)s 个问题没有处理", undecided) % {
            "count": undecided
        }
    return _now("对象都已检查，请写出督查报告")


# --- gates --------------------------------------------------------------------------------------------------------


def _gates(by: Actor, today: date, mine: bool) -> Rows | None:
    found = queries.whose_turn(by, today)
    if found is None:
        return None
    since = Coalesce("passed_date", TruncDate("created_at"))
    refused = Coalesce(Cast("refused_date", CharField()), Value(""), output_field=CharField())
    told = (F("turn"), Cast("since_date", CharField()), refused)
    return Rows(found.annotate(since_date=since), "since_date", told, title="name", since="created_at")


def _gate(item: Waiting, today: date) -> dict[str, Any]:
    chain, gate = queries.turns(today)[item.first]
    told = {"chain": chain.label, "gate": gate.label, "since": item.second, "refused": item.third}
    again = _now("%(refused)s 未通过，请补充后再次提请%(gate)s决策；%(chain)s，%(since)s 起等待")
    words = again if item.third else _now("请提请%(gate)s决策；%(chain)s，%(since)s 起等待")
    return {"title": item.title, "url": reverse("project-gates", args=[item.pk]), "sub": words % told}
