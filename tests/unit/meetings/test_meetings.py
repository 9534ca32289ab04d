"""Topics brought before a body, meetings that decide them, duties that come of it, minutes that stay as they were issued."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from tests.factories import signed_in
from tests.factories.races import at_once
from tests.unit.core.test_official import converted, libreoffice_writer
from tests.unit.meetings.conftest import FIVE_DAYS, HEARD_DAYS, YI, Hall, fresh
from tests.unit.projects.conftest import PDF
from yinfeng.core import appendonly, events
from yinfeng.core import services as core
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid, Stale
from yinfeng.core.exchange import official_lines, official_page
from yinfeng.core.exchange.official import PageBreak
from yinfeng.core.keeping import forget
from yinfeng.core.models import Code, Event, Notice, Rule
from yinfeng.core.scopes import actions_on
from yinfeng.duties import queries as duties
from yinfeng.duties import services as duties_services
from yinfeng.duties.models import Duty
from yinfeng.duties.services import digest_of
from yinfeng.meetings import lifecycle, papers, queries, services, states
from yinfeng.meetings.models import (
    Attendee,
    FairReview,
    GateDecision,
    Item,
    Meeting,
    Minutes,
    Resolution,
    Topic,
)
from yinfeng.projects import services as projects
from yinfeng.projects.models import Project, TeamMember

pytestmark = pytest.mark.django_db


# --- the whole way ------------------------------------------------------------------------------------------------


@pytest.mark.clause("1.1", "3.2.1")
def test_a_topic_becomes_a_resolution_and_its_duties_and_every_decision_names_its_body(hall: Hall) -> None:
    """A district asks where a project shall land; the leader group decides; the duty, the project and the minutes say who did."""
    project = hall.major()
    topic = hall.approved(kind=states.SITING, title="封测基地落地布局", ask="请明确落地单位", project=project)
    meeting = hall.held(topic)
    assert (meeting.year, meeting.number, meeting.numbered) == (
        hall.today.year,
        1,
        f"{hall.today.year}年第1次",
    )
    resolution = hall.resolve(
        meeting, decision=states.AGREED, siting_unit=hall.city.jimei, text="同意落地集美区。",
        tasks=[hall.six(), hall.six(hall.market, item="指导企业登记", joint_units=[hall.city.jimei], leader=hall.city.users["erin"].person)],
    )  # fmt: skip
    first, second = duties.duties_of(resolution).order_by("pk")
    assert (first.source_kind, first.set_unit, first.lead_unit) == (
        "resolution",
        hall.body.unit,
        hall.city.jimei,
    )
    assert (second.lead_unit, second.leader) == (hall.market, hall.city.users["erin"].person)
    assert first.source_text == f"厦门市招商引资工作领导小组{meeting.numbered} · 封测基地落地布局"
    assert duties.source_of(first, hall.actor("office")) == resolution
    told = Event.objects.get(verb="meetings.project.resolved", object_id=project.pk)
    assert (
        told.data["text"]
        == f"厦门市招商引资工作领导小组{meeting.numbered}：封测基地落地布局。同意：同意落地集美区。"
    )
    assert fresh(topic).state == states.DECIDED
    hall.came(meeting)
    meeting = services.move_meeting(by=hall.actor("office"), meeting=fresh(meeting), move="issue")
    minutes = meeting.minutes
    assert (str(minutes), minutes.digest) == (f"〔{hall.today.year}〕1号", digest_of(minutes.content))
    (item,) = minutes.content["items"]
    assert (item["resolution"]["decision"], item["resolution"]["siting"]) == ("同意", "集美区")
    assert [task["lead_unit"] for task in item["resolution"]["tasks"]] == ["集美区", "市市场监管局"]
    assert item["resolution"]["tasks"][1]["joint_units"] == "集美区"


@pytest.mark.clause("1.4")
def test_a_meeting_opens_with_how_the_duties_of_the_last_one_stand(hall: Hall) -> None:
    earlier = hall.issued(days=9)
    meeting = hall.meeting()
    assert queries.last_before(meeting) == earlier
    Duty.objects.update(due_date=hall.today - timedelta(days=3))
    document = papers.agenda(meeting, hall.actor("office"))
    heading, told, table = document.body[1:4]
    assert heading.text == "听取上次会议议定事项落实情况"
    assert "交办1项，已办结0项（按期0项），正在办理1项，其中逾期1项" in told.text
    assert table.rows[0][:2] == ["落实用地指标", "集美区"]
    assert table.rows[0][3].startswith("逾期")


# --- topics -------------------------------------------------------------------------------------------------------


def test_who_brought_a_topic_or_changed_it_never_approves_it(hall: Hall) -> None:
    topic = hall.topic(by="office", unit=hall.market)
    with pytest.raises(Blocked) as refused:
        services.move_topic(by=hall.actor("office"), topic=topic, move="approve")
    assert "提出和修改它的人以外" in str(refused.value)
    services.change_topic(
        by=hall.actor("olga"), topic=topic, version=topic.version, values={"title": "改过的议题"}
    )
    with pytest.raises(Blocked):
        services.move_topic(by=hall.actor("olga"), topic=fresh(topic), move="approve")
    with pytest.raises(Forbidden):
        services.move_topic(by=hall.actor("bob"), topic=hall.topic(), move="approve")


def test_an_approved_topic_whose_words_change_is_approved_again(hall: Hall) -> None:
    topic = hall.approved()
    services.change_topic(
        by=hall.actor("charlie"), topic=topic, version=topic.version, values={"ask": "请批准用地 200 亩"}
    )
    assert fresh(topic).state == states.SUBMITTED
    assert Notice.objects.filter(
        owner=hall.city.users["office"], event__verb="meetings.topic.submit_changed"
    ).exists()


def test_a_refused_topic_comes_back_and_a_topic_on_an_agenda_is_not_changed(hall: Hall) -> None:
    topic = services.move_topic(by=hall.actor("office"), topic=hall.topic(), move="refuse", reason="材料不全")
    assert Notice.objects.filter(owner=hall.city.users["bob"], event__verb="meetings.topic.refuse").exists()
    services.change_topic(
        by=hall.actor("bob"), topic=topic, version=topic.version, values={"summary": "补充了材料"}
    )
    topic = services.move_topic(by=hall.actor("bob"), topic=fresh(topic), move="submit_again")
    services.move_topic(by=hall.actor("office"), topic=topic, move="approve")
    services.take_on(by=hall.actor("office"), meeting=hall.meeting(), topic=topic)
    with pytest.raises(Conflict, match="已列入议程"):
        services.change_topic(
            by=hall.actor("bob"), topic=fresh(topic), version=fresh(topic).version, values={"ask": "再改"}
        )
    with pytest.raises(Conflict):
        services.move_topic(by=hall.actor("bob"), topic=fresh(topic), move="withdraw", reason="不要了")


def test_what_a_topic_names_must_fit_and_be_in_sight(hall: Hall) -> None:
    """A project out of sight, a difficulty of another, a closed unit, another's unit, a difficulty left unnamed."""
    other = hall.city.project(by="alice")
    hall.city.made += 1
    own = hall.major("building")
    difficulty = _difficulty(hall, own)
    for field, values in (
        ("project", {"project": other}),
        ("bottleneck", {"bottleneck": difficulty}),
        ("bottleneck", {"kind": states.DIFFICULTY, "project": own}),
        ("review_unit", {"kind": states.SUPPORT, "review_unit": None}),
        ("review_unit", {"kind": states.SUPPORT, "review_unit": hall.city.jimei}),
    ):
        with pytest.raises(Invalid) as refused:
            hall.topic(**values)
        assert field in refused.value.fields
    with pytest.raises(Forbidden):
        hall.topic(unit=hall.city.huli)
    hall.body.valid_to = hall.today - timedelta(days=1)
    hall.body.save()
    with pytest.raises(Invalid, match="已经撤销"):
        hall.topic()


def _difficulty(hall: Hall, project: Project, days: int = 5, what: str = "场地平整未完成") -> Any:
    Code.objects.get_or_create(table="problem_kind", code="land", name="土地", level=1)
    forget()
    return projects.raise_bottleneck(
        by=hall.actor("bob"), project=project, kind="land", what=what, since_date=hall.today - timedelta(days=20),
        unit=hall.market, due_date=hall.today + timedelta(days=days),
    )  # fmt: skip


# --- fair competition ---------------------------------------------------------------------------------------------


@pytest.mark.clause("3.2.1")
def test_support_is_not_decided_without_a_review_that_stands(hall: Hall) -> None:
    """公平竞争审查条例: none, one against it, one of other words and one that lapsed each stop it, with a sentence."""
    office = hall.actor("office")
    topic = hall.topic(kind=states.SUPPORT, ask="给予固定资产投资奖励")

    def refused(sentence: str) -> None:
        topic.__dict__.pop("review", None)
        with pytest.raises(Blocked, match=sentence):
            services.move_topic(by=office, topic=fresh(topic), move="approve")

    refused("还没有审查结论")
    hall.review(topic, states.AGAINST)
    refused("公平竞争审查不通过")
    hall.review(topic)
    services.change_topic(
        by=hall.actor("bob"), topic=topic, version=topic.version, values={"ask": "给予税收返还"}
    )
    refused("审查之后有改动")
    hall.review(fresh(topic), valid_until=hall.today)
    services.move_topic(by=office, topic=fresh(topic), move="approve")
    meeting = hall.meeting()
    with pytest.raises(Conflict, match="已失效"):
        services.take_on(by=office, meeting=meeting, topic=fresh(topic))
    hall.review(fresh(topic), states.EXEMPT)
    services.take_on(by=office, meeting=meeting, topic=fresh(topic))
    FairReview.objects.update(valid_until=hall.today)
    with pytest.raises(Blocked, match="已失效"):
        services.move_meeting(by=office, meeting=fresh(meeting), move="fix")


def test_a_review_is_another_units_and_says_what_it_found(hall: Hall) -> None:
    topic = hall.topic(kind=states.SUPPORT)
    for values, field in (
        ({"conclusion": states.AGAINST, "found": []}, "found"),
        ({"conclusion": states.CLEAR, "found": [states.COST]}, "found"),
        ({"conclusion": states.EXEMPT, "exception": " "}, "exception"),
        ({"conclusion": states.CLEAR, "exception": "第十二条"}, "exception"),
        ({"found": ["x"], "conclusion": states.AGAINST}, "found"),
        ({"review_date": hall.today + timedelta(days=1)}, "review_date"),
        ({"valid_until": hall.today - timedelta(days=1)}, "valid_until"),
    ):
        with pytest.raises(Invalid) as refused:
            hall.review(topic, **values)
        assert field in refused.value.fields
    with pytest.raises(Forbidden):
        hall.review(topic, by="bob")
    with pytest.raises(Stale):
        hall.review(topic, version=topic.version + 1)
    mine = hall.topic(by="rita", unit=hall.market, kind=states.SUPPORT, review_unit=hall.city.root)
    Topic.objects.filter(pk=mine.pk).update(review_unit=hall.market)
    with pytest.raises(Conflict, match="以外的单位和人员"):
        hall.review(fresh(mine))
    review = hall.review(topic, file=ContentFile(PDF, "审查.pdf"), name="审查.pdf")
    with pytest.raises(Conflict, match="不能撤下"):
        core.remove_file(by=hall.actor("bob"), obj=topic, attachment=review.document, reason="错了")


def test_support_given_under_another_kind_of_topic_is_reviewed_too(hall: Hall) -> None:
    meeting = hall.held()
    with pytest.raises(Invalid, match="公平竞争审查") as refused:
        hall.resolve(meeting, support="给予一事一议奖励 500 万元")
    assert "support" in refused.value.fields
    assert not Resolution.objects.exists()
    assert not Duty.objects.exists()


# --- the agenda ---------------------------------------------------------------------------------------------------


def test_topics_close_when_the_profile_says_and_late_ones_need_leave(hall: Hall) -> None:
    office = hall.actor("office")
    meeting = hall.meeting(days=10)
    assert meeting.topics_close_date == hall.today + timedelta(days=10 - FIVE_DAYS)
    on_time, late, later = hall.approved(), hall.approved(), hall.approved()
    services.take_on(by=office, meeting=meeting, topic=on_time)
    Topic.objects.filter(pk=late.pk).update(submitted_date=meeting.topics_close_date + timedelta(days=1))
    with pytest.raises(Invalid, match="补列") as refused:
        services.take_on(by=office, meeting=meeting, topic=fresh(late))
    assert "leave" in refused.value.fields
    assert (
        services.take_on(by=office, meeting=meeting, topic=fresh(late), leave="投资方下周签约").leave
        == "投资方下周签约"
    )
    services.move_meeting(by=office, meeting=fresh(meeting), move="fix")
    with pytest.raises(Invalid):
        services.take_on(by=office, meeting=fresh(meeting), topic=later)
    services.take_on(by=office, meeting=fresh(meeting), topic=later, leave="市领导批示")
    assert [item.order for item in meeting.items.order_by("order")] == [1, 2, 3]


def test_an_agenda_is_reordered_and_what_is_taken_off_waits_again(hall: Hall) -> None:
    office = hall.actor("office")
    meeting = hall.meeting()
    items = [services.take_on(by=office, meeting=meeting, topic=hall.approved()) for _turn in range(3)]
    services.reorder(by=office, meeting=meeting, items=[items[2].pk, items[0].pk, items[1].pk])
    assert [item.pk for item in queries.items_of(fresh(meeting))] == [items[2].pk, items[0].pk, items[1].pk]
    with pytest.raises(Invalid):
        services.reorder(by=office, meeting=meeting, items=[items[0].pk, items[0].pk, items[1].pk])
    with pytest.raises(Stale):  # who saw another agenda
        services.reorder(
            by=office,
            meeting=Meeting(pk=meeting.pk, version=1, state=meeting.state, body=meeting.body),
            items=[],
        )
    services.take_off(by=office, meeting=fresh(meeting), item=items[2], reason="改期")
    topic = fresh(items[2].topic)
    assert (topic.state, topic.meeting) == (states.APPROVED, None)
    services.move_meeting(by=office, meeting=fresh(meeting), move="cancel", reason="改期")
    assert set(Topic.objects.values_list("state", flat=True)) == {states.APPROVED}
    with pytest.raises(Conflict, match="不能再变动"):
        services.take_on(by=office, meeting=fresh(meeting), topic=topic)


@pytest.mark.clause("3.2.1")
def test_rules_propose_what_an_agenda_should_hold_with_the_reason(hall: Hall) -> None:
    """Major projects are due when this body has not heard of them for so many days; small ones, waiting and heard ones are not."""
    office = hall.actor("office")
    big, small = hall.major("negotiating"), hall.city.project("negotiating")
    built = hall.major("building")
    late = _difficulty(hall, built)
    found = queries.proposed(hall.body, office, hall.today)
    assert {item.project for item in found if item.bottleneck is None} == {big}
    assert [item.bottleneck for item in found if item.bottleneck] == [late]
    reason = next(item.reason for item in found if item.project == big)
    assert reason == "tier_10（意向投资额 20 亿元，达到 10 亿元）；本机构的会议还没有听取过"
    assert small not in {item.project for item in found}
    meeting = hall.meeting()
    key = next(item.key for item in found if item.project == big)
    item = services.take_on_proposal(by=office, meeting=meeting, key=key)
    assert (item.topic.kind, item.topic.rule, item.topic.why, item.topic.submitted_by) == (
        states.HEARING,
        "hearing",
        reason,
        None,
    )
    with pytest.raises(Conflict, match="不符合列入规则"):
        services.take_on_proposal(by=office, meeting=fresh(meeting), key=key)
    services.take_on_proposal(by=office, meeting=fresh(meeting), key=f"difficulties:{late.pk}")
    assert queries.proposed(hall.body, office, hall.today) == []
    for wrong in ("", "hearing", "hearing:x", "hearing:²", f"none:{big.pk}", "hearing:" + "9" * 30):
        with pytest.raises(Conflict):
            services.take_on_proposal(by=office, meeting=fresh(meeting), key=wrong)


@pytest.mark.parametrize(("days", "is_due"), [(HEARD_DAYS - 1, False), (HEARD_DAYS, True)])
def test_a_project_is_due_again_so_many_days_after_it_was_heard(hall: Hall, days: int, is_due: bool) -> None:
    project = hall.major()
    hall.issued(hall.approved(project=project), days=days)
    found = queries.proposed(hall.body, hall.actor("office"), hall.today)
    assert bool(found) is is_due
    if found:
        assert f"（{days} 天前）" in found[0].reason


def test_what_was_put_off_comes_back_before_the_next_meeting(hall: Hall) -> None:
    topic = hall.approved()
    meeting = hall.held(topic)
    hall.resolve(meeting, decision=states.DEFERRED, text="补充论证后再议", tasks=[])
    topic = fresh(topic)
    assert topic.state == states.PUT_OFF
    services.move_topic(by=hall.actor("office"), topic=topic, move="take_up")
    services.take_on(by=hall.actor("office"), meeting=hall.meeting(), topic=fresh(topic))
    assert [item.meeting for item in queries.heard_at(topic, hall.actor("office"))][1] == meeting


# --- deciding -----------------------------------------------------------------------------------------------------


def test_what_a_resolution_says_must_fit_and_what_is_agreed_has_a_duty(hall: Hall) -> None:
    topic = hall.approved(kind=states.SITING)
    meeting = hall.held(topic)
    for field, values in (
        ("siting_unit", {"decision": states.AGREED}),
        ("siting_unit", {"decision": states.NOT_AGREED, "siting_unit": hall.city.jimei}),
        ("support", {"decision": states.DEFERRED, "support": "奖励"}),
        ("conditions", {"decision": states.CONDITIONAL, "siting_unit": hall.city.jimei}),
        ("siting_unit", {"decision": states.AGREED, "siting_unit": hall.city.group}),
    ):
        with pytest.raises(Invalid) as refused:
            hall.resolve(meeting, **values)
        assert field in refused.value.fields, values
    with pytest.raises(Invalid, match="至少写明一项"):
        hall.resolve(meeting, decision=states.AGREED, siting_unit=hall.city.jimei, tasks=[])
    with pytest.raises(Invalid, match="第 2 项任务") as refused:
        hall.resolve(
            meeting, decision=states.AGREED, siting_unit=hall.city.jimei,
            tasks=[hall.six(), hall.six(work_days=None, due_date=hall.today - timedelta(days=400))],
        )  # fmt: skip
    assert "tasks-1-due_date" in refused.value.fields
    assert (Resolution.objects.count(), Duty.objects.count(), fresh(topic).state) == (0, 0, states.ON_AGENDA)
    hall.resolve(meeting, decision=states.NOT_AGREED, text="不同意", tasks=[])
    assert Resolution.objects.get().number == 1
    with pytest.raises(Conflict, match="已经记录"):
        hall.resolve(meeting, decision=states.NOT_AGREED, text="不同意", tasks=[])


def corrected(
    hall: Hall, resolution: Resolution, by: str = "office", reason: str = "记错了", **given: Any
) -> Resolution:
    values = {name: given.pop(name) for name in list(given) if name not in ("tasks", "cancelled", "version")}
    version = given.pop("version", fresh(resolution).version)
    return services.correct_resolution(
        by=hall.actor(by),
        resolution=fresh(resolution),
        version=version,
        values=values,
        reason=reason,
        **given,
    )


def test_a_resolution_is_put_right_wholly_until_the_minutes_are_issued(hall: Hall) -> None:
    """The clerk clicked “agreed”; the body put it off. The topic follows, tasks go and come, the timelines say why."""
    project = hall.major()
    topic = hall.approved(kind=states.SITING, ask="请明确落地单位", project=project)
    meeting = hall.held(topic)
    resolution = hall.resolve(
        meeting, decision=states.AGREED, siting_unit=hall.city.jimei, tasks=[hall.six()]
    )
    (task,) = duties.duties_of(resolution)
    with pytest.raises(Invalid, match="原因"):
        corrected(hall, resolution, text="改", reason=" ")
    with pytest.raises(Forbidden):
        corrected(hall, resolution, by="bob", text="改")
    with pytest.raises(Invalid, match="不能填写落地单位"):
        corrected(hall, resolution, decision=states.DEFERRED)
    with pytest.raises(Invalid, match="至少保留或增加一项"):
        corrected(hall, resolution, text="改", cancelled=[task.pk])
    with pytest.raises(Invalid, match="不在这项议定之下"):
        corrected(hall, resolution, cancelled=[task.pk + 99])
    duties_services.move_duty(by=hall.actor("bob"), duty=task, move="accept")
    corrected(
        hall, resolution, decision=states.DEFERRED, text="补充论证后再议", siting_unit=None, cancelled=[task.pk], tasks=[hall.six(item="补充论证")],
    )  # fmt: skip
    assert (fresh(task).state, fresh(topic).state) == ("cancelled", states.PUT_OFF)
    assert Notice.objects.filter(owner=hall.city.users["bob"], event__verb="duties.duty.cancel").exists()
    told = Event.objects.get(verb="meetings.resolution.corrected")
    assert (told.changes["decision"], told.note) == ([states.AGREED, states.DEFERRED], "记错了")
    assert told.data["text"] == "增加任务：补充论证；撤销任务：落实用地指标"
    assert {
        event.object_id for event in Event.objects.filter(verb="meetings.project.resolution_corrected")
    } == {project.pk}
    corrected(
        hall,
        resolution,
        decision=states.CONDITIONAL,
        conditions="先取得用地意见",
        siting_unit=hall.city.jimei,
    )
    assert fresh(topic).state == states.DECIDED
    with pytest.raises(Stale):
        corrected(hall, resolution, text="再改", version=1)
    hall.came(meeting)
    issued = services.move_meeting(by=hall.actor("office"), meeting=fresh(meeting), move="issue")
    (minuted,) = issued.minutes.content["items"]
    assert [row["item"] for row in minuted["resolution"]["tasks"]] == ["补充论证"]
    with pytest.raises(Conflict, match="以后的会议更正"):
        corrected(hall, resolution, text="改")


def test_a_resolution_is_taken_back_with_its_duties_and_recorded_anew(hall: Hall) -> None:
    project = hall.major()
    topic = hall.approved(project=project)
    meeting = hall.held(topic)
    first = hall.resolve(meeting, tasks=[hall.six(), hall.six(item="报告进展")])
    office, bob = hall.actor("office"), hall.actor("bob")
    going, done = duties.duties_of(first).order_by("pk")
    for duty in (going, done):
        duties_services.move_duty(by=bob, duty=duty, move="accept")
    duties_services.report_progress(
        by=bob, duty=fresh(going), unit=hall.city.jimei, text="已开两次会", percent=40
    )
    files = [(ContentFile(PDF, name="意见.pdf"), "意见.pdf")]
    duties_services.submit_duty(by=bob, duty=fresh(done), result="已报告", files=files)

    def take_back(by: Any = office, reason: str = "记到了别的议题上") -> Resolution:
        return services.take_back_resolution(by=by, resolution=fresh(first), reason=reason)

    with pytest.raises(Blocked) as refused:
        take_back()
    assert "“报告进展”已报结待审核" in "".join(map(str, refused.value.reasons))
    assert fresh(going).state == "working"  # all or nothing
    duties_services.move_duty(by=office, duty=fresh(done), move="reject", reason="议定撤回")
    with pytest.raises(Invalid, match="原因"):
        take_back(reason=" ")
    with pytest.raises(Forbidden):
        take_back(by=bob)
    take_back()
    assert {fresh(duty).state for duty in (going, done)} == {"cancelled"}
    assert (fresh(topic).state, fresh(first).state, fresh(first).item_id) == (
        states.ON_AGENDA,
        states.TAKEN_BACK,
        None,
    )
    assert Event.objects.get(verb="meetings.meeting.resolution_taken_back").note == "记到了别的议题上"
    with pytest.raises(Conflict, match="已经撤回"):
        corrected(hall, first, text="改")
    hall.came(meeting)
    with pytest.raises(Blocked, match="记录议定事项"):
        services.move_meeting(by=office, meeting=fresh(meeting), move="issue")
    second = hall.resolve(meeting, text="重新记录")
    assert (first.number, second.number) == (1, 2)
    assert list(queries.resolutions_about(project, office)) == [second]
    duties_services.move_duty(
        by=office, duty=duties.duties_of(second).get(), move="cancel", reason="写错了单位"
    )
    with pytest.raises(Blocked, match="任务都已撤销"):
        services.move_meeting(by=office, meeting=fresh(meeting), move="issue")
    corrected(hall, second, tasks=[hall.six(hall.market)])
    services.move_meeting(by=office, meeting=fresh(meeting), move="issue")
    with pytest.raises(Blocked, match="以后的会议更正"):
        services.take_back_resolution(by=office, resolution=fresh(second), reason="晚了")


def test_a_topic_that_was_put_off_and_brought_up_again_stays_where_it_is(hall: Hall) -> None:
    topic = hall.approved()
    meeting = hall.held(topic)
    resolution = hall.resolve(meeting, decision=states.DEFERRED, text="再议", tasks=[])
    services.move_topic(by=hall.actor("office"), topic=fresh(topic), move="take_up")
    with pytest.raises(Blocked, match="待上会"):
        services.take_back_resolution(by=hall.actor("office"), resolution=fresh(resolution), reason="记错了")
    with pytest.raises(Conflict, match="待上会"):
        corrected(hall, resolution, decision=states.NOTED, tasks=[hall.six()])
    assert fresh(resolution).decision == states.DEFERRED


def test_minutes_wait_for_attendance_and_resolutions_and_stay_as_issued(hall: Hall) -> None:
    office = hall.actor("office")
    meeting = hall.held()
    with pytest.raises(Blocked) as refused:
        services.move_meeting(by=office, meeting=fresh(meeting), move="issue")
    assert "还没有登记出席人员" in str(refused.value)
    assert "还没有记录议定事项" in str(refused.value)
    item = Item.objects.get(meeting=meeting)
    services.note_item(
        by=office, meeting=fresh(meeting), item=item, version=item.version, notes="集美区作了汇报"
    )
    with pytest.raises(Stale):
        services.note_item(
            by=office, meeting=fresh(meeting), item=fresh(item), version=1, notes="另一位同事的"
        )
    hall.resolve(meeting)
    chair = Attendee.objects.get(meeting=meeting, person=meeting.chair)
    services.record_attendance(by=office, meeting=fresh(meeting), kinds={chair.pk: states.EXCUSED})
    with pytest.raises(Blocked, match="主持人登记为请假"):
        services.move_meeting(by=office, meeting=fresh(meeting), move="issue")
    hall.came(meeting)
    meeting = services.move_meeting(by=office, meeting=fresh(meeting), move="issue")
    minutes = Minutes.objects.get()
    assert minutes.content["items"][0]["notes"] == "集美区作了汇报"
    assert minutes.content["attendance"]["present"] == ["厦门市市委主要领导erin", "集美区委书记"]
    for act in (
        lambda: services.change_meeting(
            by=office, meeting=fresh(meeting), version=fresh(meeting).version, values={"place": "别处"}
        ),
        lambda: services.call(by=office, meeting=fresh(meeting), unit=hall.market),
        lambda: services.record_attendance(by=office, meeting=fresh(meeting), kinds={}),
        lambda: services.note_item(by=office, meeting=fresh(meeting), item=item, version=2, notes="改"),
        lambda: services.move_meeting(by=office, meeting=fresh(meeting), move="issue"),
        lambda: hall.resolve(meeting),
    ):
        with pytest.raises(Conflict):
            act()
    assert digest_of(Minutes.objects.get().content) == minutes.digest


def test_who_is_not_excused_is_noted_as_present_at_once(hall: Hall) -> None:
    meeting = hall.held()
    called = list(Attendee.objects.filter(meeting=meeting).exclude(person=meeting.chair))
    url = reverse("meeting-attendance", args=[meeting.pk])
    kinds = {f"kind-{row.pk}": row.kind for row in Attendee.objects.filter(meeting=meeting)}
    kinds[f"kind-{called[0].pk}"] = states.EXCUSED
    client = signed_in(hall.city.users["office"])
    assert "其余应到的都登记为出席" in client.get(url).content.decode()
    assert client.post(url, {**kinds, "rest": "on"}).status_code == 302
    now = Attendee.objects.filter(meeting=meeting)
    assert set(now.exclude(pk=called[0].pk).values_list("kind", flat=True)) == {states.PRESENT}
    assert now.get(pk=called[0].pk).kind == states.EXCUSED


def test_the_database_itself_keeps_issued_minutes(hall: Hall) -> None:
    hall.issued()
    tables = ["meetings_minutes", "meetings_fairreview"]
    appendonly.install(connection, tables)
    try:
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            Minutes.objects.update(digest="0" * 64)
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            Minutes.objects.all().delete()
    finally:
        appendonly.lift(connection, tables)


def test_a_meeting_is_held_when_it_has_begun_and_has_a_chair(hall: Hall) -> None:
    office = hall.actor("office")
    meeting = hall.meeting(chair=None)
    with pytest.raises(Blocked, match="议程还是空的"):
        services.move_meeting(by=office, meeting=meeting, move="fix")
    services.take_on(by=office, meeting=fresh(meeting), topic=hall.approved())
    services.move_meeting(by=office, meeting=fresh(meeting), move="fix")
    with pytest.raises(Blocked) as refused:
        services.move_meeting(by=office, meeting=fresh(meeting), move="convene")
    assert len(refused.value.reasons) == 2
    with pytest.raises(Conflict):
        hall.resolve(meeting)
    with pytest.raises(Invalid, match="不能晚于开会那天"):
        services.change_meeting(
            by=office,
            meeting=fresh(meeting),
            version=fresh(meeting).version,
            values={"topics_close_date": hall.today + timedelta(days=99)},
        )


# --- who comes ----------------------------------------------------------------------------------------------------


def test_the_timeline_names_everybody_of_a_large_meeting(hall: Hall) -> None:
    meeting, office = hall.meeting(), hall.actor("office")
    for number in range(25):
        services.call(by=office, meeting=fresh(meeting), unit=hall.market, position=f"第{number}处处长")
    kinds = {row.pk: states.EXCUSED for row in queries.attendance_of(meeting)}
    services.record_attendance(by=office, meeting=fresh(meeting), kinds=kinds)
    told = Event.objects.get(verb="meetings.meeting.attendance").data["text"]
    assert told.count("请假") == len(kinds) > 25


def test_who_has_a_seat_is_called_once_and_marked(hall: Hall) -> None:
    meeting = hall.meeting()
    assert [row.text for row in queries.attendance_of(meeting)] == [
        "厦门市 市委主要领导 erin",
        "集美区委书记",
    ]
    office = hall.actor("office")
    with pytest.raises(Invalid):
        services.call(by=office, meeting=meeting)
    with pytest.raises(DomainError):
        services.call(by=office, meeting=fresh(meeting), who=hall.city.users["erin"].person)
    row = services.call(by=office, meeting=fresh(meeting), unit=hall.market, kind=states.LISTENING)
    services.record_attendance(by=office, meeting=fresh(meeting), kinds={row.pk: states.EXCUSED})
    with pytest.raises(Invalid):
        services.record_attendance(by=office, meeting=fresh(meeting), kinds={row.pk: "asleep"})
    with pytest.raises(Invalid):
        services.record_attendance(by=office, meeting=fresh(meeting), kinds={10**9: states.PRESENT})
    services.uncall(by=office, meeting=fresh(meeting), attendee=row.pk)
    with pytest.raises(Conflict):
        services.uncall(by=office, meeting=fresh(meeting), attendee=row.pk)


# --- which bodies are to meet -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("months", "last", "today", "is_owed"), [
    (1, None, date(2026, 11, 30), True),
    (1, date(2026, 11, 1), date(2026, 11, 30), False),
    (1, date(2026, 10, 31), date(2026, 11, 1), True),
    (3, date(2026, 9, 1), date(2026, 11, 30), False),
    (3, date(2026, 8, 31), date(2026, 11, 30), True),
    (2, date(2025, 12, 1), date(2026, 1, 31), False),
])  # fmt: skip
def test_a_body_is_to_meet_once_in_so_many_months(
    months: int, last: date | None, today: date, is_owed: bool
) -> None:
    """领导小组会议原则上每月一次 (厦委发〔2019〕8号 三（二）1)."""
    body = Meeting._meta.get_field("body").related_model(code="x", name="某组")
    body.last = timezone.make_aware(datetime.combine(last, time(9))) if last else None
    body.coming = None
    assert queries.rhythm_of(body, months, today).is_owed is is_owed


def test_the_list_knows_which_bodies_have_not_met(hall: Hall) -> None:
    (owed,) = queries.rhythms(hall.actor("office"), hall.today)
    assert (owed.body, owed.is_owed, owed.last) == (hall.body, True, None)
    hall.issued()
    (met,) = queries.rhythms(hall.actor("office"), hall.today)
    assert not met.is_owed
    assert not queries.rhythms(hall.actor("bob"), hall.today)


# --- sight --------------------------------------------------------------------------------------------------------

PEOPLE = ("office", "erin", "ina", "bob", "alice", "rita", "stranger")


@pytest.mark.parametrize(("kind", "secrecy", "seen"), [
    ("project", "internal", "office erin ina bob"),
    ("project", "sensitive", "office erin bob"),
    ("none", "internal", "office erin ina bob"),
    ("support", "internal", "office erin ina bob rita"),
])  # fmt: skip
def test_a_topic_is_seen_through_its_project_or_by_the_body_and_who_brings_it(
    hall: Hall, kind: str, secrecy: str, seen: str
) -> None:
    project = hall.major() if kind == "project" else None
    topic = hall.topic(project=project, kind=states.SUPPORT if kind == "support" else states.HEARING)
    if project is not None:
        Project.objects.filter(pk=project.pk).update(secrecy=secrecy)
        if secrecy == "sensitive":
            TeamMember.objects.get_or_create(project=project, user=hall.city.users["bob"], until=None)
    found = [
        name for name in PEOPLE if Topic.objects.permitted(hall.actor(name)).filter(pk=topic.pk).exists()
    ]
    assert found == seen.split()


def test_a_meeting_is_seen_by_its_body_by_who_is_called_and_by_whose_topic_it_hears(hall: Hall) -> None:
    meeting = hall.meeting()
    sight = [name for name in PEOPLE if Meeting.objects.permitted(hall.actor(name)).exists()]
    assert sight == ["office", "erin", "ina", "bob"]  # 集美 has a seat
    services.take_on(by=hall.actor("office"), meeting=meeting, topic=_alices(hall))
    assert Meeting.objects.permitted(hall.actor("alice")).exists()
    assert not Meeting.objects.permitted(hall.actor("bob"), "read").exists()  # alice's topic is none of his
    assert Meeting.objects.permitted(hall.actor("ina"), "read").exists()
    Meeting.objects.update(secrecy=states.SENSITIVE)
    assert [name for name in PEOPLE if Meeting.objects.permitted(hall.actor(name)).exists()] == [
        "office",
        "erin",
    ]


def _alices(hall: Hall) -> Topic:
    topic = services.submit_topic(
        by=hall.actor("alice"),
        values={"body": hall.body, "kind": states.OTHER, "title": "湖里的议题", "unit": hall.city.huli, "summary": "情况", "ask": "请研究"},
    )  # fmt: skip
    return services.move_topic(by=hall.actor("office"), topic=topic, move="approve")


TOPIC_ACTS = {
    "view": "office erin ina bob rita",
    "bring": "office bob",
    "approve": "office",
    "review": "rita",
    "export": "office",
}


def test_who_may_do_what_with_a_topic(hall: Hall) -> None:
    topic = hall.topic(kind=states.SUPPORT)
    for act, names in TOPIC_ACTS.items():
        allowed = [name for name in PEOPLE if act in actions_on(topic, hall.actor(name), {act})]
        assert allowed == names.split(), act


def test_who_may_do_what_with_a_meeting(hall: Hall) -> None:
    meeting = hall.meeting()
    for act, names in {
        "view": "office erin ina bob",
        "run": "office",
        "change": "office",
        "export": "office",
        "read": "office erin ina bob",
    }.items():
        allowed = [name for name in PEOPLE if act in actions_on(meeting, hall.actor(name), {act})]
        assert allowed == names.split(), act
    with pytest.raises(Forbidden):
        hall.meeting(by="bob")


# --- a gate names what was decided --------------------------------------------------------------------------------


def test_a_gate_names_the_resolution_of_its_body_and_that_is_not_taken_back_before(hall: Hall) -> None:
    gate = {"code": "group", "name": "领导小组会议", "name_en": "Group", "body": "leader-group"}
    chain = {
        "name": "甲类", "name_en": "A", "order": 1, "condition": {"field": "status", "op": "is", "value": "ongoing"}, "before_stage": "",
        "gates": [gate, {**gate, "code": "council", "body": "council"}], "source": "测试",
    }  # fmt: skip
    Rule.objects.create(kind="gate_chain", key="a", valid_from=date(2019, 1, 1), data=chain, source="测试")
    forget()
    project, other = hall.major(), hall.major()
    meeting = hall.held(
        *(hall.approved(project=row) for row in (project, other)), hall.approved(project=project)
    )
    yes, others = (hall.resolve(meeting, at, decision=states.AGREED, text="同意") for at in (0, 1))
    no = hall.resolve(meeting, 2, decision=states.NOT_AGREED, text="不同意", tasks=[])
    office = signed_in(hall.city.users["office"])
    url = f"/projects/{project.pk}/gates/group/pass/"
    proposed = office.get(url).context["form"]
    assert (proposed.initial["resolution"], proposed.initial["decided_date"]) == (yes.pk, yes.decided_date)
    given = proposed.initial | {
        "opinion": "",
        "evidence": SimpleUploadedFile("纪要.pdf", PDF, "application/pdf"),
    }
    for wrong in (others, no):
        answer = office.post(
            url,
            given
            | {"resolution": wrong.pk, "evidence": SimpleUploadedFile("纪要.pdf", PDF, "application/pdf")},
        )
        assert answer.status_code == 422
    given["evidence"].seek(0)
    late = hall.today - timedelta(days=1)
    assert "应与它一致" in office.post(url, given | {"decided_date": late}).content.decode()
    given["evidence"].seek(0)
    assert office.post(url, given).status_code == 302
    decision = GateDecision.objects.get()
    told = Event.objects.get(verb="meetings.gate.passed").data["text"]
    assert (decision.resolution, told.endswith(f"议定事项{yes.reference}")) == (yes, True)
    page = office.get(f"/projects/{project.pk}/gates/").content.decode()
    assert yes.get_absolute_url() in page
    for change in (
        lambda: services.take_back_resolution(
            by=hall.actor("office"), resolution=fresh(yes), reason="记错了"
        ),
        lambda: corrected(hall, yes, decision=states.NOTED),
    ):
        with pytest.raises((Blocked, Conflict), match="先撤销决策记录"):
            change()
    services.undo_decision(by=hall.actor("office"), decision=decision, reason="议定有误")
    services.take_back_resolution(by=hall.actor("office"), resolution=fresh(yes), reason="记错了")
    assert (
        "resolution" not in office.get(url).context["form"].fields
    )  # one that was taken back is not offered


# --- papers -------------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.2.1")
def test_every_paper_is_a_document_of_what_is_recorded(hall: Hall) -> None:
    project = hall.major("building", summary="建设封测基地。" * 60)
    _difficulty(hall, project)
    topic = hall.approved(project=project, kind=states.SUPPORT, ask="给予贷款贴息")
    meeting = hall.held(topic, _alices(hall))
    for item in range(2):
        hall.resolve(meeting, item)
    hall.came(meeting)
    meeting = services.move_meeting(by=hall.actor("office"), meeting=fresh(meeting), move="issue")
    office = hall.actor("office")
    made = {name: make(meeting, office) for name, make in papers.MADE.items()} | {
        "minutes": papers.minutes(meeting.minutes)
    }
    texts = {}
    for name, document in made.items():
        content = papers.written(document)
        assert content == papers.written(document)  # the same words, the same bytes
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            texts[name] = package.read("word/document.xml").decode()
    for name, words in {
        "agenda": ["给予贷款贴息", "湖里的议题", "2026"[:2]],
        "briefs": ["20 亿元", "场地平整未完成", "公平竞争审查", "全文见系统", project.code],
        "seating": ["erin"],
        "minutes": ["会议纪要", "落实用地指标", "出席", "原则同意推进安排"],
    }.items():
        for word in words:
            assert word in texts[name], (name, word)


def test_who_does_not_see_every_topic_gets_no_papers_and_a_project_out_of_sight_is_not_told(
    hall: Hall,
) -> None:
    project = hall.major()
    meeting = hall.held(hall.approved(project=project))
    ina = hall.actor("ina")
    document = papers.briefs(fresh(meeting), ina)
    assert project.code not in str(document)
    Project.objects.filter(pk=project.pk).update(secrecy="sensitive")
    assert not Meeting.objects.permitted(ina, "read").exists()


# --- races --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_of_two_who_approve_fix_resolve_or_issue_at_once_one_wins(hall: Hall) -> None:
    office, olga = hall.actor("office"), hall.actor("olga")

    def both(act: Any) -> list[Any]:
        answers = at_once([lambda: act(office), lambda: act(olga)])
        assert sum(isinstance(answer, DomainError) for answer in answers) == 1, answers
        return answers

    topic = hall.topic()
    both(lambda by: services.move_topic(by=by, topic=fresh(topic), move="approve"))
    meeting = hall.meeting(days=1, topics_close_date=hall.today)
    both(lambda by: services.take_on(by=by, meeting=fresh(meeting), topic=fresh(topic)))
    both(lambda by: services.move_meeting(by=by, meeting=fresh(meeting), move="fix"))
    Meeting.objects.update(starts_at=timezone.now())
    both(lambda by: services.move_meeting(by=by, meeting=fresh(meeting), move="convene"))
    item = Item.objects.get()
    given = {"decision": states.NOTED, "text": "抓紧落实"}
    both(
        lambda by: services.resolve(
            by=by, meeting=fresh(meeting), item=fresh(item), values=given, tasks=[hall.six()]
        )
    )
    assert (Resolution.objects.count(), Duty.objects.count()) == (1, 1)
    both(
        lambda by: services.take_back_resolution(
            by=by, resolution=fresh(Resolution.objects.get()), reason="记错了"
        )
    )
    assert (Duty.objects.get().state, fresh(topic).state) == ("cancelled", states.ON_AGENDA)
    hall.resolve(meeting)
    hall.came(meeting)
    both(lambda by: services.move_meeting(by=by, meeting=fresh(meeting), move="issue"))
    assert Minutes.objects.get().number == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
@pytest.mark.parametrize("act", ["correct", "take back"])
def test_minutes_never_say_what_was_put_right_or_taken_back_while_they_were_issued(
    hall: Hall, act: str
) -> None:
    """Whoever is later is told: the minutes hold what stands, or the correction is refused."""
    meeting = hall.held()
    resolution = hall.resolve(meeting, text="原来的话")
    hall.came(meeting)

    def change() -> Any:
        if act == "correct":
            return corrected(hall, resolution, text="改正的话")
        return services.take_back_resolution(
            by=hall.actor("office"), resolution=fresh(resolution), reason="记错了"
        )

    answers = at_once(
        [change, lambda: services.move_meeting(by=hall.actor("olga"), meeting=fresh(meeting), move="issue")]
    )
    minutes = Minutes.objects.filter(meeting=meeting).first()
    stands = fresh(resolution)
    assert any(not isinstance(answer, Exception) for answer in answers), answers
    assert all(isinstance(answer, DomainError) for answer in answers if isinstance(answer, Exception)), (
        answers
    )
    if minutes is None:
        assert stands.text == "改正的话" or stands.state == states.TAKEN_BACK
        return
    (item,) = minutes.content["items"]
    assert (item["resolution"]["text"], stands.state) == (stands.text, states.STANDING)


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_two_meetings_fixed_at_once_take_two_numbers_without_a_gap(hall: Hall) -> None:
    meetings = [hall.meeting(days=days, topics_close_date=hall.today) for days in (1, 2)]
    for meeting in meetings:
        services.take_on(by=hall.actor("office"), meeting=meeting, topic=hall.approved())
    at_once([
        lambda meeting=meeting: services.move_meeting(by=hall.actor("office"), meeting=fresh(meeting), move="fix") for meeting in meetings
    ])  # fmt: skip
    assert sorted(Meeting.objects.values_list("number", flat=True)) == [1, 2]


def test_two_meetings_of_a_body_cannot_have_one_number(hall: Hall) -> None:
    first, second = hall.meeting(), hall.meeting()
    Meeting.objects.filter(pk=first.pk).update(year=2026, number=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Meeting.objects.filter(pk=second.pk).update(year=2026, number=1)


# --- the tables ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [lifecycle.MEETING, lifecycle.TOPIC], ids=lambda table: table.name)
def test_every_state_can_be_reached_and_every_move_has_a_verb(table: Any) -> None:
    reached, before = {table.initial}, set()
    while reached != before:
        before = set(reached)
        reached |= {move.target for move in table.moves if reached & set(move.sources)}
    assert reached == set(table.states)
    assert all(f"{table.name}.{move.name}" in events.verbs() for move in table.moves)


def test_amounts_in_briefs_have_their_unit(hall: Hall) -> None:
    project = hall.major(fixed_investment=Decimal(3 * YI))
    meeting = hall.held(hall.approved(project=project))
    facts = next(
        block for block in papers.briefs(fresh(meeting), hall.actor("office")).body if hasattr(block, "pairs")
    )
    told = dict(facts.pairs)
    assert (told["意向投资"], told["固定投资"], told["合同投资"]) == ("20 亿元", "3 亿元", "—")


def test_a_brief_never_takes_more_than_its_page_and_says_what_it_cut(hall: Hall, tmp_path: Path) -> None:
    """The height of the lines of the worst that can be written, beside the 22 lines of a page; LibreOffice counts the pages below."""
    long = "一、固定资产投资125.5亿元。\n二、投资方 Sanan Optoelectronics (Xiamen) Co., Ltd. 提出须在2026年12月31日前开工。\n"
    project = hall.major(
        "building", summary=long * 9, site="翔安区新圩镇" * 16, next_step="签订补充协议" * 16
    )
    for _at in range(3):
        _difficulty(hall, project, what="场地平整未完成" * 40)
    worst = {
        "title": "封测基地" * 25,
        "ask": (long * 12)[:1000],
        "summary": (long * 20)[:2000],
        "project": project,
    }
    topics = [
        hall.approved(kind=states.SUPPORT, **worst),
        hall.approved(**worst),
        hall.approved(ask="请\n批准"),
    ]
    document = papers.briefs(fresh(hall.held(*topics)), hall.actor("office"))
    pages: list[list[Any]] = [[]]
    for block in document.body:
        if isinstance(block, PageBreak):
            pages.append([])
        else:
            pages[-1].append(block)
    for at, blocks in enumerate(pages):
        heading, *tables = blocks
        lines = len(official_lines.wrapped(heading.text, 26)) + (0 if at else 2)
        height = lines * official_page.LINE
        for table in tables:
            most = 12 if table.columns == 2 else 28
            heights = [papers._height(text, most) for _label, text in table.pairs]
            height += official_page.CELL_LINE + sum(
                map(max, *([iter(heights)] * 2)) if most == 12 else heights
            )
        assert height <= official_page.PAGE_ROOM, at
    asked = [dict(blocks[-1].pairs)["提请议定"] for blocks in pages]
    assert asked[0].endswith("……（全文见系统）")
    assert len(asked[1]) > len(asked[0])  # there is no review, and no title of the paper
    assert asked[2] == "请\n批准"
    if libreoffice_writer():
        (tmp_path / "briefs.docx").write_bytes(papers.written(document))
        assert len(converted(tmp_path, ["briefs"])["briefs"]) == 3


def test_the_chair_is_among_those_who_were_there_and_tasks_end_with_a_stop(hall: Hall) -> None:
    meeting = hall.held(hall.approved(ask="听取汇报"))
    hall.resolve(meeting, text="抓紧落实", tasks=[hall.six(item="落实用地")])
    meeting = fresh(meeting)
    meeting.attendees.all().delete()
    services.call(
        by=hall.actor("office"), meeting=meeting, unit=hall.market, position="局长", kind=states.PRESENT
    )
    content = papers.minutes_content(fresh(meeting))
    assert content["attendance"][states.PRESENT] == ["erin", "市市场监管局局长"]
    said = "".join(
        block.text
        for block in papers.minutes(Minutes(meeting=meeting, year=2026, number=1, content=content)).body
    )
    assert "抓紧落实。（1）落实用地。集美区牵头" in said
    assert "月" in said
    assert not re.search(r"日 前|\d 个|。。", said)
