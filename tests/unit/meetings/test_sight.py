"""What an acceptance reader found: every decision by page, topics named to those alone who see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.factories import signed_in
from tests.unit.meetings.conftest import Hall
from yinfeng.core.models import Event
from yinfeng.duties.models import Duty
from yinfeng.meetings import services, states
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


def test_a_wrong_decision_is_put_right_and_taken_back_by_the_pages(hall: Hall) -> None:
    meeting = hall.held(hall.approved(ask="一、请批准\n二、请协调"))
    resolution = hall.resolve(meeting)
    (task,) = Duty.objects.all()
    client = signed_in(hall.city.users["office"])
    url = reverse("resolution-correct", args=[resolution.pk])
    page = client.get(url)
    assert task.get_absolute_url() in page.content.decode()
    assert "一、请批准\n二、请协调" in page.content.decode()
    given = sent(
        page, decision=states.DEFERRED, cancelled=[task.pk], reason="会上没有议定", version=resolution.version
    )
    more = client.post(url, given | {"more": "1"})
    assert 'name="tasks-0-item"' in more.content.decode()
    assert client.post(url, given | {"reason": ""}).status_code == 422
    assert client.post(url, given | {"cancelled": [task.pk + 9]}).status_code == 422
    assert client.post(url, given).status_code == 302
    assert (Resolution.objects.get().decision, Duty.objects.get().state) == (states.DEFERRED, "cancelled")
    topic = resolution.topic.get_absolute_url()
    assert "会上没有议定" in signed_in(hall.city.users["bob"]).get(topic).content.decode()
    move = reverse("meetings.resolution-move", args=[resolution.pk, "take_back"])
    assert "已列入议程" in client.get(move).content.decode()
    assert client.post(move, {"reason": "记错了议题"}).status_code == 302
    assert client.get(url).status_code == 409
    told = client.get(meeting.get_absolute_url()).content.decode()
    assert reverse("meeting-item-resolve", args=[meeting.pk, Item.objects.get().pk]) in told
    assert "记错了议题" in told


def test_who_took_papers_is_for_the_audit_log_alone(hall: Hall) -> None:
    meeting = hall.issued()
    client = signed_in(hall.city.users["office"])
    for paper in ("agenda", "briefs", "seating", "minutes"):
        pages = [
            reverse("meeting-paper", args=[meeting.pk, paper]),
            reverse("api-meetings-papers", args=[meeting.pk, paper]),
        ]
        first, second = (client.get(page) for page in pages)
        assert (first.status_code, second.status_code) == (200, 200)
        assert (first.content, first["Content-Disposition"]) == (
            second.content,
            second["Content-Disposition"],
        )
    assert Event.objects.filter(verb="meetings.meeting.printed", object_id=meeting.pk).count() == 8
    for page in (meeting.get_absolute_url(), reverse("api-meetings-timeline", args=[meeting.pk])):
        assert "下载了会议材料" not in client.get(page).content.decode()
    coming = hall.meeting()
    assert client.get(reverse("api-meetings-papers", args=[coming.pk, "minutes"])).status_code == 409
    alices = hall.topic(by="alice", unit=hall.city.huli)
    services.move_topic(by=hall.actor("office"), topic=alices, move="approve")
    services.take_on(by=hall.actor("office"), meeting=coming, topic=alices)
    assert (
        signed_in(hall.city.users["bob"])
        .get(reverse("api-meetings-papers", args=[coming.pk, "agenda"]))
        .status_code
        == 403
    )
