"""Every page of meetings and topics opens, asks the database ten times at most, and does what its form says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import signed_in
from tests.unit.meetings.conftest import Hall, fresh
from tests.unit.projects.conftest import PDF
from tests.unit.projects.test_pages import opened
from yinfeng.duties.models import Duty
from yinfeng.meetings import services, states
from yinfeng.meetings.models import Item, Meeting, Resolution, Topic
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture
def busy(hall: Hall) -> dict[str, Any]:
    """A meeting with its minutes, one that was held, one to come with late and reviewed topics, and proposals."""
    project = hall.major()
    issued = hall.issued(hall.approved(project=project), days=40)
    held = hall.held(hall.approved(), hall.approved())
    hall.resolve(held)
    coming = hall.meeting()
    support = hall.approved(kind=states.SUPPORT, project=project)
    for topic in (hall.approved(), support):
        services.take_on(by=hall.actor("office"), meeting=coming, topic=topic)
    hall.topic()
    hall.major("negotiating")
    return {"issued": issued, "held": held, "coming": coming, "support": support, "project": project}


@pytest.mark.parametrize("person", ["office", "bob", "erin", "rita"])
def test_pages_ask_ten_times_at_most(hall: Hall, busy: dict[str, Any], person: str) -> None:
    paths = ["/meetings/", "/meetings/?when=coming", "/topics/", "/topics/?state=decided"]
    paths += [topic.get_absolute_url() for topic in Topic.objects.permitted(hall.actor(person))]
    for meeting in Meeting.objects.permitted(hall.actor(person)):
        paths += [meeting.get_absolute_url(), f"/meetings/{meeting.pk}/people/"]
        paths += [f"/meetings/{meeting.pk}/topics/"] if meeting.state in states.OPEN_MEETINGS else []
    for project in Project.objects.permitted(hall.actor(person)):
        paths += [project.get_absolute_url(), f"/projects/{project.pk}/topics/"]
    assert len(paths) >= 5
    for path in paths:
        signed_in(hall.city.users[person]).get(path)  # codes and rules are kept for a minute
        opened(hall.city, person, path)


def test_the_way_of_a_topic_through_the_pages(hall: Hall) -> None:
    """A clerk brings a topic from a project's page, the reviewer passes it, the office takes it to the minutes."""
    bob, rita, office = (signed_in(hall.city.users[name]) for name in ("bob", "rita", "office"))
    project = hall.major()
    page = bob.get(f"/projects/{project.pk}/topics/").content.decode()
    assert f"/topics/new/?project={project.pk}" in page
    form = bob.get("/topics/new/", {"project": project.pk}).context["form"]
    assert (form.initial["project"], form.initial["review_unit"]) == (project.code, hall.market.pk)
    given = {
        "body": hall.body.pk, "kind": "support", "unit": hall.city.jimei.pk, "title": "支持政策", "project": project.code,
        "summary": "情况", "ask": "给予贷款贴息", "review_unit": hall.market.pk,
    }  # fmt: skip
    assert "没有这个编号" in bob.post("/topics/new/", given | {"project": "没有"}).content.decode()
    answer = bob.post("/topics/new/", given)
    topic = Topic.objects.get()
    assert answer.url == topic.get_absolute_url()
    assert "还没有审查结论" in office.get(topic.get_absolute_url()).content.decode()
    today = timezone.localdate()
    review = {
        "conclusion": "clear",
        "grounds": "面向全部企业",
        "review_date": today,
        "valid_until": today + timedelta(days=90),
    }
    file = SimpleUploadedFile("审查.pdf", PDF, "application/pdf")
    assert rita.post(f"/topics/{topic.pk}/review/", review | {"document": file}).status_code == 302
    assert office.post(f"/topics/{topic.pk}/moves/approve/", {}).status_code == 302
    starts = timezone.localtime(timezone.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    plan = {
        "body": hall.body.pk,
        "title": "例会",
        "starts_at": starts,
        "chair": hall.city.users["erin"].person.pk,
        "secrecy": "internal",
    }
    meeting_url = office.post("/meetings/new/", plan).url
    meeting = Meeting.objects.get()
    assert office.post(f"{meeting_url}topics/take-on/", {"key": f"topic:{topic.pk}"}).status_code == 302
    key = f"hearing:{project.pk}"
    assert office.post(f"{meeting_url}topics/take-on/", {"key": key}).status_code == 302
    second = Item.objects.get(order=2)
    assert office.post(f"{meeting_url}items/{second.pk}/up/").status_code == 302
    assert fresh(second).order == 1
    assert office.post(f"{meeting_url}fix/", {}).status_code == 302
    Meeting.objects.update(starts_at=timezone.now())
    assert office.post(f"{meeting_url}convene/", {}).status_code == 302
    _decide(office, meeting_url)
    people = {f"kind-{row.pk}": "present" for row in meeting.attendees.all()}
    assert office.post(f"{meeting_url}people/attendance/", people).status_code == 302
    assert office.post(f"{meeting_url}issue/", {}).status_code == 302
    for paper in ("agenda", "briefs", "seating", "minutes"):
        answer = office.get(f"{meeting_url}papers/{paper}/")
        assert (answer.status_code, answer["Content-Type"]) == (200, DOCX)
    assert office.get(f"{meeting_url}papers/gossip/").status_code == 404
    told = bob.get(project.get_absolute_url()).content.decode()
    assert "会商议定" in told
    assert "落实贴息" in bob.get(topic.get_absolute_url()).content.decode()


def _decide(office: Any, meeting_url: str) -> None:
    """Record both resolutions: the first with two duties, for which another row is asked for without scripts."""
    first, second = Item.objects.order_by("order")
    path = f"{meeting_url}items/{second.pk}/resolve/"
    unit = second.topic.unit_id
    six = {
        "item": "落实贴息",
        "target": "兑现",
        "requirement": "按季报告",
        "lead_unit": unit,
        "work_days": "20",
        "grade": "key",
    }
    rows = {f"tasks-0-{name}": value for name, value in six.items()}
    given = {
        "decision": "agreed",
        "text": "同意",
        "support": "贷款贴息",
        "tasks-TOTAL_FORMS": "1",
        "tasks-INITIAL_FORMS": "0",
        **rows,
    }
    more = office.post(path, given | {"more": "1"})
    assert more.status_code == 200
    assert 'name="tasks-1-item"' in more.content.decode()
    assert "落实贴息" in more.content.decode()
    wrong = {
        f"tasks-1-{name}": value
        for name, value in (six | {"work_days": "", "due_date": "2020-01-01"}).items()
    }
    answer = office.post(path, given | wrong | {"tasks-TOTAL_FORMS": "2"})
    assert answer.status_code == 422
    assert "已经过去" in answer.content.decode()
    assert not Resolution.objects.exists()
    assert office.post(path, given | {"tasks-TOTAL_FORMS": "2", "tasks-1-grade": "key"}).status_code == 302
    hearing = {
        "decision": "noted",
        "text": "抓紧",
        "tasks-TOTAL_FORMS": "1",
        "tasks-INITIAL_FORMS": "0",
        **rows,
    }
    assert office.post(f"{meeting_url}items/{first.pk}/resolve/", hearing).status_code == 302
    assert (Resolution.objects.count(), Duty.objects.count()) == (2, 2)


def test_who_sees_a_part_of_an_agenda_is_told_so_and_gets_no_papers(hall: Hall, busy: dict[str, Any]) -> None:
    Project.objects.filter(pk=busy["project"].pk).update(secrecy="sensitive")
    ina = signed_in(hall.city.users["ina"])
    page = ina.get(busy["coming"].get_absolute_url()).content.decode()
    assert "另有 1 个议题不在您的查看范围内" in page
    assert "papers/agenda" not in page
    assert ina.get(f"/meetings/{busy['coming'].pk}/papers/agenda/").status_code == 403


@pytest.mark.parametrize(
    "key", ["", "topic:", "topic:x", "topic:99999999999999999999", "hearing:0", "x:1", "topic:²", "\u202e:1"]
)
def test_made_up_keys_are_refused_with_a_sentence(hall: Hall, busy: dict[str, Any], key: str) -> None:
    office = signed_in(hall.city.users["office"])
    answer = office.post(f"/meetings/{busy['coming'].pk}/topics/take-on/", {"key": key})
    assert answer.status_code in {404, 409}
    assert Item.objects.filter(meeting=busy["coming"]).count() == 2


def test_a_late_topic_asks_why_on_a_page_of_its_own(hall: Hall, busy: dict[str, Any]) -> None:
    office = signed_in(hall.city.users["office"])
    topic = hall.approved()
    Topic.objects.filter(pk=topic.pk).update(submitted_date=hall.today + timedelta(days=9))
    path = f"/meetings/{busy['coming'].pk}/topics/take-on/"
    asked = office.post(path, {"key": f"topic:{topic.pk}"})
    assert asked.status_code == 422
    assert "确需补列" in asked.content.decode()
    assert f'value="topic:{topic.pk}"' in asked.content.decode()
    assert office.post(path, {"key": f"topic:{topic.pk}", "leave": "投资方下周签约"}).status_code == 302
    assert "投资方下周签约" in office.get(busy["coming"].get_absolute_url()).content.decode()


def test_issued_minutes_are_served_over_the_api(hall: Hall, busy: dict[str, Any]) -> None:
    office = signed_in(hall.city.users["office"])
    found = office.get(f"/api/v1/meetings/{busy['issued'].pk}/minutes/").json()
    assert found["digest"] == busy["issued"].minutes.digest
    assert office.get(f"/api/v1/meetings/{busy['coming'].pk}/minutes/").status_code == 404
    (owed,) = office.get("/api/v1/meetings/rhythms/").json()
    assert (owed["body"], owed["is_owed"]) == (hall.body.pk, False)
    proposed = office.get(f"/api/v1/meetings/{busy['coming'].pk}/proposals/").json()
    assert {item["brings"] for item in proposed} == {"hearing"}
