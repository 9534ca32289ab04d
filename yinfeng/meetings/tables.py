"""The columns of the lists of meetings and topics."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from yinfeng.core.tables import Cell, Column, Table, day, moment
from yinfeng.meetings import states
from yinfeng.meetings.models import Meeting, Topic

MEETING_TONES = {
    states.PLANNED: "muted", states.FIXED: "info", states.HELD: "warning", states.ISSUED: "success", states.CANCELLED: "muted"
}  # fmt: skip
TOPIC_TONES = {
    states.SUBMITTED: "warning", states.APPROVED: "info", states.ON_AGENDA: "primary", states.DECIDED: "success",
    states.PUT_OFF: "warning", states.REFUSED: "danger", states.WITHDRAWN: "muted",
}  # fmt: skip
DECISION_TONES = {
    states.AGREED: "success", states.CONDITIONAL: "success", states.NOT_AGREED: "danger", states.NOTED: "info",
    states.DEFERRED: "warning",
}  # fmt: skip
REVIEW_TONES = {states.CLEAR: "success", states.EXEMPT: "info", states.AGAINST: "danger"}
ATTENDANCE_TONES = {
    states.CALLED: "muted", states.PRESENT: "success", states.EXCUSED: "warning", states.LISTENING: "info"
}  # fmt: skip


def _name(row: Meeting) -> Cell:
    return Cell(row.title, sub=row.numbered)


class MeetingTable(Table):
    order = "-starts_at"
    related = ("body",)
    columns = (
        Column("title", _("会议名称"), _name, value=lambda row: row.title, sort="title"),
        Column("number", _("次序"), lambda row: row.numbered or "—", shown=False),
        Column(
            "starts_at", _("开会时间"), lambda row: moment(row.starts_at), value=lambda row: row.starts_at, kind="datetime",
            sort="starts_at",
        ),
        Column("body", _("召开机构"), lambda row: row.body.label),
        Column("place", _("地点"), lambda row: row.place or "—"),
        Column("chair", _("主持人"), lambda row: row.chair.name if row.chair else "—", related="chair"),
        Column(
            "closes", _("议题截止"), lambda row: day(row.topics_close_date), value=lambda row: row.topics_close_date, kind="date",
            sort="topics_close_date",
        ),
        Column(
            "state", _("状态"),
            lambda row: Cell(str(states.MEETING_STATES[row.state]), badge=True, tone=MEETING_TONES[row.state]), sort="state",
        ),
    )  # fmt: skip


def _title(row: Topic) -> Cell:
    return Cell(row.title, sub=row.project.name if row.project else "")


class TopicTable(Table):
    order = "-pk"
    related = ("body", "unit", "project")
    columns = (
        Column("title", _("议题"), _title, value=lambda row: row.title, sort="title"),
        Column("kind", _("类别"), lambda row: str(states.TOPIC_KINDS[row.kind]), sort="kind"),
        Column("body", _("提交机构"), lambda row: row.body.label),
        Column("unit", _("提出单位"), lambda row: row.unit.brief),
        Column(
            "submitted", _("提交日期"), lambda row: day(row.submitted_date), value=lambda row: row.submitted_date, kind="date",
            sort="submitted_date",
        ),
        Column("meeting", _("会议"), lambda row: row.meeting.told if row.meeting else "—", related="meeting"),
        Column("ask", _("提请议定的事项"), lambda row: row.ask, shown=False),
        Column("why", _("列入理由"), lambda row: row.why or "—", shown=False),
        Column(
            "state", _("状态"), lambda row: Cell(str(states.TOPIC_STATES[row.state]), badge=True, tone=TOPIC_TONES[row.state]),
            sort="state",
        ),
    )  # fmt: skip


# --- what was searched for ----------------------------------------------------------------------------------------


def topic_line(topic: Topic) -> dict[str, Any]:
    """Return a topic as a line among what was searched for."""
    words = [
        str(states.TOPIC_KINDS[topic.kind]),
        topic.unit.brief,
        topic.body.label,
        str(states.TOPIC_STATES[topic.state]),
    ]
    return {"title": topic.title, "url": topic.get_absolute_url(), "sub": " · ".join(words)}


def meeting_line(meeting: Meeting) -> dict[str, Any]:
    """Return a meeting as a line among what was searched for."""
    words = [
        meeting.body.label,
        moment(meeting.starts_at),
        meeting.place,
        str(states.MEETING_STATES[meeting.state]),
    ]
    return {"title": meeting.title, "url": meeting.get_absolute_url(), "sub": " · ".join(filter(None, words))}
