"""Meetings in the calendar of those who see them."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from yinfeng.core import desk
from yinfeng.core.actors import Actor
from yinfeng.meetings import queries, states

# How long a meeting is shown, of which only the beginning is known.
LASTS = timedelta(hours=2)


def register() -> None:
    """Put them in their place; called once, when the app is ready."""
    desk.dated("meeting", _("会议"), "calendar-event", meetings)


def meetings(by: Actor, first: date, last: date) -> list[desk.Dated]:
    """Return the meetings in the actor's sight from one day to another, without those that were cancelled."""
    return [
        desk.Dated(
            uid=f"meeting-{meeting.pk}", title=str(meeting), url=meeting.get_absolute_url(), start=meeting.starts_at,
            end=meeting.starts_at + LASTS, note=meeting.place, sequence=meeting.version, modified_at=meeting.updated_at,
            done=states.MEETING_STATES[meeting.state] if meeting.state in states.TOOK_PLACE else "",
            is_sensitive=meeting.secrecy == states.SENSITIVE,
        )
        for meeting in queries.meetings_between(by, first, last)
    ]  # fmt: skip
