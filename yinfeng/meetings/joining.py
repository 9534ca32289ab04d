"""Where meetings join the pages of others, and who is told of what."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core import desk, events, search
from yinfeng.core.services import may_object
from yinfeng.meetings import lists_inspections, queries, services, tables
from yinfeng.meetings.models import Inspection, Meeting, Topic
from yinfeng.projects import sections

SEE = "meetings.meeting.view"


def register() -> None:
    """Give every project its page of topics and resolutions, tell people of what waits for them, and let the search find it."""
    sections.register(sections.Section("project-topics", _("会商")))
    may_object(services.keep_review_documents)
    events.names("topic", Topic)
    for verb in ("submitted", "submit_again", "submit_changed"):
        events.subscribe(f"meetings.topic.{verb}", services.tell_reviewers)
        events.subscribe(f"meetings.topic.{verb}", services.tell_office)
    for verb in (
        "approve", "take_up", "refuse", "take_on", "take_off", "decide", "undecide", "put_off", "reviewed",
    ):  # fmt: skip
        events.subscribe(f"meetings.topic.{verb}", services.tell_bringer)
    events.subscribe("meetings.topic.reviewed", services.tell_office)
    for verb in ("fix", "cancel", "issue"):
        events.subscribe(f"meetings.meeting.{verb}", services.tell_called)
    for verb in ("team_changed", "start", "cancel", "report"):
        events.subscribe(f"meetings.inspection.{verb}", services.tell_team)
    events.subscribe("meetings.finding.reported", services.tell_inspected)
    for why, sentence in (
        (services.TO_APPROVE, _("请审核是否同意上会")), (services.TO_REVIEW, _("请进行公平竞争审查")),
        (services.TO_MEND, _("请修改提请议定的事项，或者撤回议题")), (services.TO_ATTEND, _("请准备参会")),
        (services.TO_INSPECT, _("请按分工开展督查")), (services.TO_READ, _("请查看本单位的问题，需要整改的按要求整改")),
    ):  # fmt: skip
        desk.asks(why, sentence)
    search.register(Topic, queries.topic_entries)
    search.register(Meeting, queries.meeting_entries)
    search.register(Inspection, queries.inspection_entries)
    for found in (
        desk.Found(Topic, _("议题"), "topics", SEE, tables.topic_line, ("body", "unit"), 16),
        desk.Found(Meeting, _("会议"), "meetings", SEE, tables.meeting_line, ("body",), 17),
        desk.Found(
            Inspection, _("督查"), "inspections", "meetings.inspection.view", lists_inspections.inspection_line, ("unit",), 18
        ),
    ):  # fmt: skip
        desk.searchable(found)
