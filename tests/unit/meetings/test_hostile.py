"""What a hostile reader tried on meetings, topics and inspections: each way in, closed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.unit.meetings import test_inspections as inspections
from tests.unit.meetings.conftest import SEE, Hall, fresh
from tests.unit.projects.conftest import PDF, City
from yinfeng.core import mailing
from yinfeng.core import services as core
from yinfeng.core.errors import Conflict, DomainError, Invalid
from yinfeng.core.models import Attachment, Delivery, Event, User
from yinfeng.meetings import inspecting, services, states
from yinfeng.meetings.models import Item, Meeting, Subject, Topic
from yinfeng.orgs.models import Body

people = inspections.people
SECRET = "绝密工程"


def text_of(hall: Hall, who: str, url: str) -> str:
    answer = signed_in(hall.city.users[who]).get(url)
    assert answer.status_code == 200, (who, url, answer.status_code)
    return answer.content.decode()


def named(hall: Hall, who: str, *urls: str) -> list[str]:
    """Return the addresses under which somebody reads the secret word."""
    return [url for url in urls if SECRET in text_of(hall, who, url)]


def of_secret_project(hall: Hall) -> Topic:
    """Return an approved topic about a sensitive project, which ina and gus, who run or see the group's meetings, do not see."""
    if "gus" not in hall.city.users:
        runs = [SEE, "meetings.meeting.run", "meetings.topic.submit"]
        hall.city.users["gus"] = make_user("gus", hall.body.unit, runs, username="gus")
    project = hall.city.project(secrecy="sensitive", name=f"{SECRET}甲")
    return hall.approved(project=project, title=f"{SECRET}甲落地")


def change(hall: Hall, topic: Topic, by: str = "bob", **values: object) -> Topic:
    topic = fresh(topic)
    return services.change_topic(by=hall.actor(by), topic=topic, version=topic.version, values=values)


# --- what one may not see -------------------------------------------------------------------------------------------


def test_of_a_sensitive_meeting_its_topic_and_project_tell_nothing(hall: Hall) -> None:
    topic = hall.approved(project=hall.city.project())
    meeting = hall.held(topic, title=f"{SECRET}专题会", secrecy="sensitive")
    item = Item.objects.get(meeting=meeting)
    services.note_item(
        by=hall.actor("office"), meeting=meeting, item=item, version=item.version, notes=f"{SECRET}讨论"
    )
    hall.resolve(meeting, text=f"{SECRET}决定")
    assert topic.project is not None
    urls = [
        topic.get_absolute_url(), reverse("topics"), topic.project.get_absolute_url(), "/notices/", "/api/v1/notices/",
        reverse("project-topics", args=[topic.project.pk]), reverse("api-topics-timeline", args=[topic.pk]), "/api/v1/resolutions/",
        reverse("api-projects-timeline", args=[topic.project.pk]),
    ]  # fmt: skip
    assert named(hall, "bob", *urls) == []
    assert "敏感会议" in text_of(hall, "bob", topic.get_absolute_url())
    assert named(hall, "office", topic.get_absolute_url()) != []
    # the next meeting does not name it as the last one
    later = hall.meeting(days=1, topics_close_date=hall.today)
    services.take_on(by=hall.actor("office"), meeting=later, topic=hall.approved())
    assert named(hall, "bob", later.get_absolute_url()) == []
    assert named(hall, "office", later.get_absolute_url()) != []


def test_a_hidden_topic_is_named_to_nobody_who_runs_follows_or_issues_the_meeting(hall: Hall) -> None:
    meeting = hall.meeting(days=1, topics_close_date=hall.today)
    secret, taken_off = of_secret_project(hall), of_secret_project(hall)
    for who in ("gus", "ina"):
        core.follow(by=hall.actor(who), obj=meeting)
    office = hall.actor("office")
    for topic in (secret, taken_off):
        services.take_on(by=office, meeting=fresh(meeting), topic=topic)
    gone = Item.objects.get(topic=taken_off)
    services.take_off(by=office, meeting=fresh(meeting), item=gone, reason=f"{SECRET}未成熟")
    name = f"{SECRET}汇报.pdf"
    file = core.attach_file(by=office, obj=meeting, file=ContentFile(PDF, name=name), name=name)
    services.move_meeting(by=office, meeting=fresh(meeting), move="fix")
    Meeting.objects.filter(pk=meeting.pk).update(starts_at=timezone.now())
    services.move_meeting(by=office, meeting=fresh(meeting), move="convene")
    here = [meeting.pk]
    urls = [
        meeting.get_absolute_url(), reverse("api-meetings-timeline", args=here), reverse("api-meetings-moves", args=here),
        "/notices/", "/api/v1/notices/",
    ]  # fmt: skip
    for who in ("gus", "ina"):
        assert named(hall, who, *urls) == []
        client = signed_in(hall.city.users[who])
        assert client.get(reverse("file", args=[file.pk])).status_code == 403
        assert client.get(f"/api/v1/files/{file.pk}/").status_code == 403
        assert client.get(f"/api/v1/meetings/{meeting.pk}/files/").status_code == 403
    with pytest.raises(DomainError) as refused:
        services.move_meeting(by=hall.actor("gus"), meeting=fresh(meeting), move="issue")
    assert SECRET not in f"{refused.value} {getattr(refused.value, 'reasons', '')}"
    assert named(hall, "office", *urls[:3]) == urls[:3]


def test_the_words_of_what_is_sensitive_leave_in_no_letter(hall: Hall) -> None:
    User.objects.filter(pk=hall.city.users["bob"].pk).update(email="bob@example.org")
    of_secret_project(hall)
    hall.approved(title="公开的议题")
    mailing.write_letters(timezone.now() + timedelta(hours=1))
    letters = list(Delivery.objects.values_list("text", flat=True))
    assert len(letters) == 1
    assert SECRET not in letters[0]
    assert "敏感事项，请登录查看：" in letters[0]
    assert "公开的议题：" in letters[0]


# --- topics and their reviews ---------------------------------------------------------------------------------------


def test_what_one_body_approved_of_one_unit_is_not_taken_to_another(hall: Hall) -> None:
    other = Body.objects.create(code="g", kind="group", name="制造业组", unit=hall.city.group, clause="1.1")
    assert change(hall, hall.approved(), body=other).state == states.SUBMITTED
    assert change(hall, hall.approved(), by="olga", unit=hall.city.huli).state == states.SUBMITTED


def test_a_review_is_of_its_project_and_unit_and_a_sensitive_one_stays_in_the_history_alone(
    hall: Hall,
) -> None:
    first, second = hall.city.project(), hall.city.project()
    reviewed = hall.topic(kind=states.SUPPORT, project=first)
    hall.review(reviewed)
    for values in ({"project": second}, {"unit": hall.city.huli}):
        with pytest.raises(Invalid, match="已经出具公平竞争审查结论"):
            change(hall, reviewed, by="olga", **values)
    change(hall, reviewed, summary="补充情况")
    with pytest.raises(Invalid, match="敏感项目"):
        change(hall, of_secret_project(hall), project=None)


def test_nobody_of_the_asking_unit_reviews_in_the_name_of_another(hall: Hall) -> None:
    bureau = make_unit("bureau", "government", hall.market, name="下属局")
    hall.city.users["sue"] = make_user("sue", bureau, [SEE, "meetings.topic.submit"], username="sue")
    topic = hall.topic(by="sue", unit=bureau, kind=states.SUPPORT)
    moved = replace(hall.actor("rita"), unit_id=bureau.pk)
    given = {
        "conclusion": states.CLEAR,
        "found": [],
        "grounds": "无",
        "review_date": hall.today,
        "valid_until": hall.today,
    }
    with pytest.raises(Conflict, match="以外的单位和人员"):
        services.review_topic(by=moved, topic=topic, **given)  # type: ignore[arg-type]


def test_support_is_not_agreed_to_after_a_review_against_it(hall: Hall) -> None:
    topic = hall.approved(kind=states.SUPPORT)
    meeting = hall.held(topic)
    hall.review(fresh(topic), states.AGAINST)
    with pytest.raises(Invalid, match="不通过"):
        hall.resolve(meeting, decision=states.AGREED, text="同意给予支持")
    hall.resolve(meeting, decision=states.NOT_AGREED, tasks=[])


def test_what_a_meeting_had_before_it_is_not_taken_off_a_topic(hall: Hall) -> None:
    topic = hall.approved()
    paper = core.attach_file(
        by=hall.actor("bob"), obj=topic, file=ContentFile(PDF, name="a.pdf"), name="a.pdf", kind="topic_paper"
    )
    hall.held(topic)
    with pytest.raises(Conflict, match="已经提交会议"):
        core.remove_file(by=hall.actor("bob"), obj=topic, attachment=paper, reason="重写")


# --- days -----------------------------------------------------------------------------------------------------------


def test_days_of_a_meeting_are_not_moved_to_suit(hall: Hall) -> None:
    office, now = hall.actor("office"), timezone.now()

    def move(meeting: Meeting, **values: object) -> None:
        meeting = fresh(meeting)
        services.change_meeting(by=office, meeting=meeting, version=meeting.version, values=values)

    held = hall.held()
    with pytest.raises(Invalid, match="不能晚于现在"):
        move(held, starts_at=now + timedelta(hours=1))
    with pytest.raises(Invalid, match="已编为"):
        move(held, starts_at=now - timedelta(days=400), topics_close_date=(now - timedelta(days=500)).date())
    closed = hall.meeting(topics_close_date=hall.today - timedelta(days=2))
    with pytest.raises(Invalid, match="不能再延后"):
        move(closed, topics_close_date=hall.today + timedelta(days=1))
    move(
        closed,
        starts_at=closed.starts_at + timedelta(days=3),
        topics_close_date=hall.today + timedelta(days=1),
    )
    with pytest.raises(Conflict, match="还没有召开"):
        hall.came(closed)


def test_absurd_days_and_numbers_are_refused_with_a_sentence(hall: Hall) -> None:
    client = signed_in(hall.city.users["office"])
    for at in ("0001-01-01T00:00", "0001-01-02T00:00", "9999-12-31T23:59", "9999-12-31T23:59:59Z"):
        sent = {"body": hall.body.pk, "title": "会", "starts_at": at, "secrecy": "internal"}
        assert client.post(reverse("meeting-new"), sent).status_code == 422
        answer = client.post(reverse("api-meetings-list"), sent, content_type="application/json")
        assert answer.status_code == 422
        assert "starts_at" in answer.json()["fields"]
    for number in ("9" * 30, "1e400", "-1"):
        assert client.get(reverse("topics"), {"project": number}).status_code == 200
        assert client.get("/api/v1/topics/", {"project": number}).status_code == 422


# --- inspections ----------------------------------------------------------------------------------------------------


def test_what_was_drawn_stays_although_it_had_been_added_by_hand(people: City) -> None:
    projects = inspections.some(people, 3)
    inspection = inspections.plan(people, sample_size=1)
    for project in projects:
        services.add_subject(by=people.actor("ins"), inspection=inspection, reason="重点", project=project)
    (picked,) = inspections.draw(people, inspection).picked
    for subject in Subject.objects.filter(inspection=inspection):
        if subject.project_id == picked:
            with pytest.raises(Conflict, match="抽中的对象不能单独移除"):
                services.remove_subject(by=people.actor("ins"), subject=subject, reason="误列")
        else:
            services.remove_subject(by=people.actor("ins"), subject=subject, reason="误列")


def test_what_a_visit_said_first_stays_in_the_log(people: City) -> None:
    inspection, ins = inspections.under_way(people), people.actor("ins")
    subject = Subject.objects.get(inspection=inspection)
    services.record_visit(by=ins, subject=subject, visited_date=inspections.today(), note="一切正常")
    told = Event.objects.filter(verb="meetings.inspection.visited").order_by("-pk")[0]
    assert "现场查看" in told.data["before"]


def test_all_that_shows_a_finding_is_not_taken_off(people: City) -> None:
    subject = Subject.objects.get(inspection=inspections.under_way(people))
    ins = people.actor("ins")
    finding = services.add_finding(
        by=ins,
        subject=subject,
        files=[(ContentFile(PDF, name="a.pdf"), "a.pdf")],
        values={"what": "未开工", "severity": "general", "found_date": inspections.today()},
    )
    first = Attachment.objects.get(object_id=finding.pk, kind=inspecting.EVIDENCE)
    with pytest.raises(Conflict, match="唯一的佐证材料"):
        core.remove_file(by=ins, obj=finding, attachment=first, reason="传错")
    core.attach_file(
        by=ins, obj=finding, file=ContentFile(PDF, name="b.pdf"), name="b.pdf", kind=inspecting.EVIDENCE
    )
    core.remove_file(by=ins, obj=finding, attachment=first, reason="传错")


def test_a_filed_report_does_not_tell_how_a_sensitive_finding_was_put_right(people: City) -> None:
    inspection = inspections.under_way(people, secrecy="sensitive")
    finding = inspections.find(people, Subject.objects.get(inspection=inspection))
    services.move_finding(by=people.actor("ins"), finding=finding, move="correct", reason=f"{SECRET}已改正")
    services.report_inspection(by=people.actor("ins"), inspection=fresh(inspection), conclusion="总体良好")
    report = zipfile.ZipFile(io.BytesIO(fresh(inspection).report.stored.read()))
    assert SECRET not in report.read("word/document.xml").decode()
