"""Meetings in the calendar of those who see them."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.meetings.conftest import Hall
from yinfeng.meetings import dated, services, states


def test_a_meeting_stands_in_the_calendars_of_those_who_see_it(hall: Hall) -> None:
    meeting, gone = hall.meeting(days=10), hall.meeting(days=12)
    services.move_meeting(by=hall.actor("office"), meeting=gone, move="cancel", reason="并入下次")

    def found(name: str, until: int = 20) -> list[str]:
        return [
            item.uid
            for item in dated.meetings(hall.actor(name), hall.today, hall.today + timedelta(days=until))
        ]

    assert found("office") == [f"meeting-{meeting.pk}"]
    assert found("office", until=9) == []
    (item,) = dated.meetings(hall.actor("office"), hall.today, hall.today + timedelta(days=20))
    assert (item.start, item.done, item.is_sensitive) == (meeting.starts_at, "", False)
    assert meeting.state == states.PLANNED
    assert dated.meetings(hall.actor("dora"), hall.today, hall.today + timedelta(days=20)) == []


def test_what_is_over_says_so_in_the_meetings_own_word(hall: Hall) -> None:
    hall.issued(days=2)
    hall.held(days=1)
    found = dated.meetings(hall.actor("office"), hall.today - timedelta(days=9), hall.today)
    assert [str(item.done) for item in found] == ["纪要已印发", "已召开"]
