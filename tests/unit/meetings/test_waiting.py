"""Whoever must act finds it: once, in his inbox and on his first page, with what to do; and the notice says so too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_user, signed_in
from tests.unit.meetings.conftest import OFFICE, Hall, fresh
from tests.unit.projects.test_pages import opened
from yinfeng.core import mailing, outbox, waiting
from yinfeng.core.models import Notice
from yinfeng.meetings import services, states
from yinfeng.meetings.models import FairReview, Meeting
from yinfeng.projects import queries as projects
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db


def inbox(hall: Hall, name: str, *, mine: bool = True) -> dict[str, list[str]]:
    """Return what waits for a person, or for his units, by kind; what is urgent stands on his first page in the same words."""
    by, today = hall.actor(name), hall.today
    found = waiting.waiting(by, today, 8, mine=mine)
    if mine:
        first_page = waiting.listed(projects.waiting_for(by, 8), by, today, mine=True)
        assert first_page == [item for item in found if item.kind.urgent]
    return {item.kind.code: [row["title"] for row in item.rows] for item in found}


def asked(hall: Hall, name: str, verb: str) -> list[str]:
    """Return why a person was told of an event last."""
    told = Notice.objects.filter(owner=hall.city.users[name], event__verb=f"meetings.topic.{verb}")
    return [notice.why for notice in told.order_by("-pk")[:1]]


@pytest.mark.clause("3.2.1")
def test_a_topic_waits_for_its_office_and_for_nobody_else(hall: Hall) -> None:
    topic = hall.topic()
    assert inbox(hall, "office") == inbox(hall, "olga") == {"topics_to_approve": [topic.title]}
    assert inbox(hall, "bob") == {"topics_brought": [topic.title]}
    assert inbox(hall, "charlie") == {}, "another one of the same unit has it in his unit's"
    assert inbox(hall, "charlie", mine=False) == {"topics_brought": [topic.title]}
    assert inbox(hall, "alice") == inbox(hall, "erin") == inbox(hall, "rita") == {}
    assert asked(hall, "office", "submitted") == [services.TO_APPROVE]
    # who brought it, or changed its words, does not approve it
    own = hall.topic(by="office", title="办公室的议题", unit=hall.city.root)
    assert inbox(hall, "office")["topics_to_approve"] == [topic.title]
    assert set(inbox(hall, "olga")["topics_to_approve"]) == {topic.title, own.title}
    # a body with an office of its own is not the city's office's
    hall.city.users["sec"] = make_user("sec", hall.body.unit, OFFICE, username="sec")
    assert inbox(hall, "sec") == {"topics_to_approve": [topic.title, own.title]}
    assert "topics_to_approve" not in inbox(hall, "olga")
    services.move_topic(by=hall.actor("sec"), topic=fresh(topic), move="approve")
    assert inbox(hall, "sec") == {"topics_to_approve": [own.title]}


@pytest.mark.clause("3.2.1")
def test_support_waits_for_its_reviewer_then_for_who_brought_it_or_for_the_office(hall: Hall) -> None:
    topic = hall.topic(kind=states.SUPPORT, ask="给予租金补助")
    assert inbox(hall, "rita") == {"topics_to_review": [topic.title]}
    assert (inbox(hall, "office"), inbox(hall, "bob")) == ({}, {"topics_brought": [topic.title]})
    assert (asked(hall, "rita", "submitted"), asked(hall, "office", "submitted")) == (
        [services.TO_REVIEW],
        [],
    )
    hall.review(topic, states.AGAINST)
    assert (inbox(hall, "rita"), inbox(hall, "office")) == ({}, {})
    assert inbox(hall, "bob") == inbox(hall, "bob", mine=False) == {"topics_to_mend": [topic.title]}
    assert (asked(hall, "bob", "reviewed"), asked(hall, "office", "reviewed")) == ([services.TO_MEND], [])
    topic = fresh(topic)
    services.change_topic(
        by=hall.actor("bob"), topic=topic, version=topic.version, values={"ask": "按全市标准给予租金补助"}
    )
    assert inbox(hall, "rita") == {"topics_to_review": [topic.title]}, "its words were not reviewed"
    hall.review(fresh(topic))
    assert (inbox(hall, "rita"), inbox(hall, "office")) == ({}, {"topics_to_approve": [topic.title]})
    assert asked(hall, "office", "reviewed") == [services.TO_APPROVE]
    FairReview.objects.filter(topic=topic, conclusion=states.CLEAR).update(
        valid_until=hall.today - timedelta(days=1)
    )
    assert (inbox(hall, "rita"), inbox(hall, "office")) == ({"topics_to_review": [topic.title]}, {}), (
        "it lapsed"
    )
    # one that holds today, but not on the day of the meeting on whose agenda it stands
    FairReview.objects.filter(topic=topic, conclusion=states.CLEAR).update(
        valid_until=hall.today + timedelta(days=20)
    )
    services.move_topic(by=hall.actor("office"), topic=fresh(topic), move="approve")
    meeting = hall.meeting()
    services.take_on(by=hall.actor("office"), meeting=meeting, topic=fresh(topic))
    assert inbox(hall, "rita") == {}
    Meeting.objects.filter(pk=meeting.pk).update(starts_at=timezone.now() + timedelta(days=30))
    assert inbox(hall, "rita") == {"topics_to_review": [topic.title]}


@pytest.mark.clause("1.1")
def test_a_meeting_waits_for_its_next_step(hall: Hall) -> None:
    """Topics closed: fix the agenda; its time come: convene; held: the minutes; then nothing more."""

    def step(name: str = "office") -> list[str]:
        kinds = waiting.waiting(hall.actor(name), hall.today, 8, mine=True)
        return [row["sub"] for item in kinds if item.kind.code == "meetings_to_run" for row in item.rows]

    meeting = hall.meeting(days=10, topics_close_date=hall.today)
    assert step() == [], "topics may still come"
    Meeting.objects.filter(pk=meeting.pk).update(topics_close_date=hall.today - timedelta(days=1))
    assert step() == ["议题征集已截止，请列入议题，确定议程"]
    Meeting.objects.filter(pk=meeting.pk).update(starts_at=timezone.now() - timedelta(hours=1))
    assert step() == ["开会时间已过，请改期或者取消"]
    Meeting.objects.filter(pk=meeting.pk).delete()
    meeting = hall.meeting(days=1, topics_close_date=hall.today)
    services.take_on(by=hall.actor("office"), meeting=meeting, topic=hall.approved())
    services.move_meeting(by=hall.actor("office"), meeting=fresh(meeting), move="fix")
    assert step() == []
    Meeting.objects.filter(pk=meeting.pk).update(starts_at=timezone.now() - timedelta(hours=1))
    assert step() == ["开会时间已过，请办理召开，或者改期"]
    services.move_meeting(by=hall.actor("office"), meeting=fresh(meeting), move="convene")
    assert step() == step("olga") == ["请记录议定事项，印发纪要"]
    assert step("bob") == step("erin") == []
    hall.resolve(meeting)
    hall.came(meeting)
    services.move_meeting(by=hall.actor("office"), meeting=fresh(meeting), move="issue")
    assert step() == []


def test_pages_tell_what_to_do_and_ask_ten_times_at_most(hall: Hall) -> None:
    """The first page, the inbox of a person and of a unit: each line one click from the act."""
    hall.topic()
    hall.topic(kind=states.SUPPORT, title="租金补助", ask="给予租金补助")
    hall.held(hall.approved(title="已上会"))
    for name, links in (
        ("office", ["待我审核的议题", "看过议题之后同意上会", "待我办理的会议", "请记录议定事项，印发纪要"]),
        ("rita", ["待我审查公平竞争的议题", "/review/"]), ("bob", ["已提出、等别人办的议题"]), ("erin", []),
    ):  # fmt: skip
        client = signed_in(hall.city.users[name])
        for path in ("/", "/work/", "/work/?who=unit"):
            if path != "/" and not hall.actor(name).may("duties.duty.view"):
                continue
            client.get(path)
            opened(hall.city, name, path)
            page = client.get(path).content.decode()
            here = [link for link in links if path != "/" or ("别人" not in link and "看过" not in link)]
            assert all(link in page for link in here), (name, path)


def test_a_notice_and_its_letter_say_what_is_asked_for(hall: Hall, monkeypatch: Any) -> None:
    rita = hall.city.users["rita"]
    rita.email = "rita@example.com"
    rita.save()
    hall.topic(kind=states.SUPPORT, title="租金补助", ask="给予租金补助")
    client = signed_in(rita)
    assert "请进行公平竞争审查" in client.get("/notices/").content.decode()
    assert client.get("/api/v1/notices/").json()["results"][0]["asks"] == "请进行公平竞争审查"
    letters: list[str] = []
    monkeypatch.setattr(outbox, "put", lambda **told: letters.append(told["text"]) or True)
    mailing.write_letters(timezone.now() + timedelta(hours=1))
    assert "· 租金补助：提出了议题，请进行公平竞争审查" in letters[0]


def test_the_search_finds_topics_and_meetings_in_sight_by_their_own_words_alone(hall: Hall) -> None:
    project, secret = (hall.city.project("negotiating", name=name) for name in ("雾凇计划", "雾岛计划"))
    hidden = hall.topic(project=secret, title="海岛用地专题")
    Project.objects.filter(pk=secret.pk).update(secrecy="sensitive")
    topic = hall.topic(project=project, title="海岛供电专题", ask="协调海底电缆")
    meeting = hall.meeting(title="海岛专题会议")

    def found(name: str, words: str) -> set[str]:
        page = signed_in(hall.city.users[name]).get("/search/", {"q": words})
        return {row["url"] for group in page.context["groups"] for row in group["rows"]}

    assert found("office", "海岛") >= {topic.get_absolute_url(), meeting.get_absolute_url()}
    assert found("alice", "海岛") == set(), "neither her unit's nor called"
    assert topic.get_absolute_url() in found("ina", "海底电缆")
    assert hidden.get_absolute_url() not in found("ina", "海岛"), "of the body, but not cleared"
    assert topic.get_absolute_url() not in found("ina", "雾凇"), "not by the name of a project out of sight"
    services.change_topic(
        by=hall.actor("bob"), topic=topic, version=topic.version, values={"title": "岛际航线专题"}
    )
    assert topic.get_absolute_url() in found("bob", "航线")
