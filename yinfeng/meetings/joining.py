"""Where meetings join the pages of others, and who is told of what."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from yinfeng.core import events
from yinfeng.core.services import may_object
from yinfeng.meetings import services
from yinfeng.meetings.models import Topic
from yinfeng.projects import sections


def register() -> None:
    """Give every project its page of topics and resolutions, and tell people of what waits for them."""
    sections.register(sections.Section("project-topics", _("会商")))
    may_object(services.keep_review_documents)
    events.names("topic", Topic)
    for verb in ("submitted", "submit_again", "submit_changed"):
        events.subscribe(f"meetings.topic.{verb}", services.tell_office)
        events.subscribe(f"meetings.topic.{verb}", services.tell_reviewers)
    for verb in ("approve", "take_up", "refuse", "take_on", "take_off", "decide", "put_off", "reviewed"):
        events.subscribe(f"meetings.topic.{verb}", services.tell_bringer)
    events.subscribe("meetings.topic.reviewed", services.tell_office)
    for verb in ("fix", "cancel", "issue"):
        events.subscribe(f"meetings.meeting.{verb}", services.tell_called)
