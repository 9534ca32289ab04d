"""The leader group of a small city, its office, a reviewer, and the districts that bring topics before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_unit, make_user
from tests.unit.projects.conftest import CLERK, HEAD, LEADER, City, city  # noqa: F401 - the fixture is built upon
from yinfeng.core.actors import Actor
from yinfeng.core.keeping import forget
from yinfeng.core.models import Rule
from yinfeng.duties.services import Six
from yinfeng.meetings import services, states
from yinfeng.meetings.models import Item, Meeting, Resolution, Topic
from yinfeng.orgs.models import Body, Seat, SeatTerm, Unit
from yinfeng.projects.models import Project

SEE = "meetings.meeting.view"
OFFICE = [
    *LEADER, SEE, "meetings.meeting.run", "meetings.meeting.export", "meetings.topic.submit", "meetings.gate.record", "duties.duty.view",
    "duties.duty.view_sensitive", "duties.duty.set", "duties.duty.review",
]  # fmt: skip
BRING = [*CLERK, SEE, "meetings.topic.submit", "duties.duty.view", "duties.duty.handle"]
YI = 100_000_000
FIVE_DAYS, HEARD_DAYS = 5, 30


@dataclass
class Hall:
    """A city with a leader group that meets, and short ways to do what its people do."""

    city: City
    body: Body
    market: Unit

    def actor(self, name: str) -> Actor:
        return self.city.actor(name)

    @property
    def today(self) -> date:
        return timezone.localdate()

    def meeting(self, days: int = 10, by: str = "office", **values: Any) -> Meeting:
        """Plan a meeting so many days from now, at three in the afternoon; days ago it is in the past."""
        starts = timezone.make_aware(datetime.combine(self.today + timedelta(days=days), time(15)))
        given = {
            "body": self.body,
            "title": "领导小组会议",
            "starts_at": starts,
            "place": "第一会议室",
            **values,
        }
        given.setdefault("chair", self.city.users["erin"].person)
        return services.plan_meeting(by=self.actor(by), values=given)

    def topic(self, by: str = "bob", **values: Any) -> Topic:
        given = {
            "body": self.body, "kind": states.HEARING, "title": "封测基地推进情况", "unit": self.city.jimei,
            "summary": "已就选址达成一致", "ask": "听取汇报", **values,
        }  # fmt: skip
        if given["kind"] == states.SUPPORT:
            given.setdefault("review_unit", self.market)
        return services.submit_topic(by=self.actor(by), values=given)

    def approved(self, by: str = "office", **values: Any) -> Topic:
        topic = self.topic(**values)
        if topic.kind == states.SUPPORT:
            self.review(topic)
        return services.move_topic(by=self.actor(by), topic=topic, move="approve")

    def review(self, topic: Topic, conclusion: str = states.CLEAR, by: str = "rita", **values: Any) -> Any:
        given = {
            "conclusion": conclusion, "found": [] if conclusion == states.CLEAR else [states.COST], "grounds": "不针对特定经营者",
            "exception": "条例第十二条第二项" if conclusion == states.EXEMPT else "", "review_date": self.today,
            "valid_until": self.today + timedelta(days=180), **values,
        }  # fmt: skip
        return services.review_topic(by=self.actor(by), topic=topic, **given)

    def held(self, *topics: Topic, days: int = 0, **values: Any) -> Meeting:
        """Return a meeting of today (or of days ago) with these topics, whose agenda was fixed and which was held."""
        meeting = self.meeting(days=1, topics_close_date=self.today, **values)
        for topic in topics or [self.approved()]:
            services.take_on(by=self.actor("office"), meeting=meeting, topic=topic)
        services.move_meeting(by=self.actor("office"), meeting=meeting, move="fix")
        starts = timezone.make_aware(datetime.combine(self.today - timedelta(days=days), time(0, 1)))
        Meeting.objects.filter(pk=meeting.pk).update(starts_at=starts)
        return services.move_meeting(by=self.actor("office"), meeting=fresh(meeting), move="convene")

    def six(self, unit: Unit | None = None, **values: Any) -> Six:
        given = {
            "item": "落实用地指标", "target": "完成供地", "requirement": "会同规划部门办理", "lead_unit": unit or self.city.jimei,
            "work_days": 10, **values,
        }  # fmt: skip
        return Six(**given)

    def resolve(
        self,
        meeting: Meeting,
        number: int = 0,
        tasks: list[Six] | None = None,
        by: str = "office",
        **values: Any,
    ) -> Resolution:
        item = Item.objects.filter(meeting=meeting).order_by("order")[number]
        given = {"decision": states.NOTED, "text": "原则同意推进安排，请抓紧落实。", **values}
        return services.resolve(
            by=self.actor(by),
            meeting=fresh(meeting),
            item=item,
            values=given,
            tasks=[self.six()] if tasks is None else tasks,
        )

    def came(self, meeting: Meeting) -> None:
        """Say of everybody called that he came; of nobody called call the office's person first."""
        meeting = fresh(meeting)
        if not meeting.attendees.exists():
            services.call(by=self.actor("office"), meeting=meeting, who=self.city.users["erin"].person)
        kinds = dict.fromkeys(meeting.attendees.values_list("pk", flat=True), states.PRESENT)
        services.record_attendance(by=self.actor("office"), meeting=fresh(meeting), kinds=kinds)

    def issued(self, *topics: Topic, **values: Any) -> Meeting:
        meeting = self.held(*topics, **values)
        for number in range(meeting.items.count()):
            self.resolve(meeting, number)
        self.came(meeting)
        return services.move_meeting(by=self.actor("office"), meeting=fresh(meeting), move="issue")

    def major(self, stage: str = "negotiating", **values: Any) -> Project:
        return self.city.project(stage, intended=Decimal(20 * YI), **values)


def fresh(row: Any) -> Any:
    """Return the row as it is in the database now."""
    return type(row).objects.get(pk=row.pk)


@pytest.fixture
def hall(city: City) -> Hall:  # noqa: F811
    """office and olga run the leader group's meetings; bob and charlie of 集美, alice of 湖里 bring topics; rita reviews; ina looks."""
    unit = make_unit(
        "leader-group", "leader_group", city.root, name="招商引资工作领导小组", short_name="领导小组"
    )
    market = make_unit(
        "market-regulation", "government", city.root, name="市场监督管理局", short_name="市市场监管局"
    )
    body = Body.objects.create(
        code="leader-group", kind="leader_group", name="厦门市招商引资工作领导小组", unit=unit, clause="1.1"
    )
    for name, place, permissions in (
        ("office", city.root, OFFICE), ("olga", city.root, OFFICE), ("bob", city.jimei, BRING), ("charlie", city.jimei, [*HEAD, *BRING]),
        ("alice", city.huli, [*HEAD, *BRING]), ("rita", market, [SEE, "meetings.topic.review", "meetings.topic.submit"]),
        ("erin", city.root, [*LEADER, SEE]), ("ina", unit, [SEE, "duties.duty.view"]),
    ):  # fmt: skip
        city.users[f"{name}"] = make_user(name, place, permissions, username=f"{name}-meets")
    head = Seat.objects.create(body=body, kind="head", position="市委主要领导", unit=city.root, order=1)
    SeatTerm.objects.create(seat=head, person=city.users["erin"].person)
    Seat.objects.create(body=body, kind="member", position="集美区委书记", unit=city.jimei, order=2)
    major = {"field": "status", "op": "is", "value": "ongoing"}
    rules: list[tuple[str, str, dict[str, Any]]] = [
        ("meeting", "leader-group", {"every_months": 1, "closes_days": FIVE_DAYS}),
        ("grade", "tier_10", {"min_yuan": 10 * YI, "meeting": "领导小组会议"}),
        ("fair_review", "default", {"unit": "market-regulation", "months": 12}),
        ("agenda", "hearing", {
            "name": "重大项目进展", "name_en": "Progress", "bodies": ["leader-group"], "brings": "hearing", "condition": major,
            "grade_meeting": "领导小组会议", "every_days": HEARD_DAYS, "order": 1,
        }),
        ("agenda", "difficulties", {
            "name": "需市级协调的难点", "name_en": "Difficulties", "bodies": ["leader-group"], "brings": "difficulty", "for_city": True,
            "every_days": HEARD_DAYS, "order": 2,
        }),
    ]  # fmt: skip
    Rule.objects.bulk_create(
        Rule(kind=kind, key=key, valid_from=date(2019, 1, 1), data=data, source="测试")
        for kind, key, data in rules
    )
    forget()
    return Hall(city, body, market)
