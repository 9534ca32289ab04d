"""What an acceptance reader found: every decision by page, topics named to those alone who see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.factories import signed_in
from tests.unit.meetings.conftest import Hall
from yinfeng.duties.models import Duty
from yinfeng.meetings import states
from yinfeng.meetings.models import Item, Resolution


def sent(page: Any, **more: Any) -> dict[str, Any]:
    """Return what a browser sends of the form as it came, with what is filled in."""
    found = {}
    for name, value in [*page.context["form"].initial.items()]:
        found[name] = value if value is not None else ""
    tasks = page.context["tasks"]
    for field in tasks.management_form:
        found[field.html_name] = field.value()
    for row in tasks:
        for field in row:
            value = field.value()
            empty: Any = (
                [] if hasattr(field.field, "queryset") and field.field.widget.allow_multiple_selected else ""
            )
            found[field.html_name] = empty if value is None else value
    return found | more


@pytest.mark.parametrize("decision", [states.NOT_AGREED, states.DEFERRED])
def test_what_needs_no_task_is_recorded_by_the_page_as_it_comes(hall: Hall, decision: str) -> None:
    topic = hall.approved(kind=states.SITING, ask="同意落地")
    meeting = hall.held(topic)
    item = Item.objects.get(meeting=meeting, topic=topic)
    client = signed_in(hall.city.users["office"])
    url = reverse("meeting-item-resolve", args=[meeting.pk, item.pk])
    answer = client.post(url, sent(client.get(url), decision=decision, text="会后再议"))
    assert answer.status_code == 302
    assert Resolution.objects.get(topic=topic).decision == decision
    assert not Duty.objects.filter(source_type="meetings.resolution").exists()


def test_the_timeline_of_a_meeting_names_a_topic_to_those_alone_who_see_it(hall: Hall) -> None:
    topic = hall.approved(title="只有集美知道的议题")
    meeting = hall.held(topic)
    for name, sees in (("office", True), ("bob", True), ("alice", False)):
        client = signed_in(hall.city.users[name])
        page = client.get(meeting.get_absolute_url())
        told = client.get(reverse("api-meetings-timeline", args=[meeting.pk]))
        if page.status_code != 200:
            assert not sees
            continue
        assert (topic.title in page.content.decode()) is sees
        assert (topic.title in told.content.decode()) is sees
