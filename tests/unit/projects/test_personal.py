"""The three personal duties (clause 1.5): acts of first hands, which count for a quarter, which are missing."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.factories.races import at_once
from tests.factories.reversals import reverse_entry
from tests.unit.projects.conftest import CLERK, HEAD, PDF, City
from tests.unit.projects.test_pages import opened
from yinfeng.core import services as core
from yinfeng.core.errors import Conflict, DomainError, Forbidden, Invalid, Stale
from yinfeng.core.models import Code, Rule
from yinfeng.core.money import YI, Money
from yinfeng.orgs.models import Membership, Person, Unit
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import PersonalAct, Project, Stay
from yinfeng.projects.queries import Quarter

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 10, 10, tzinfo=timezone.get_default_timezone())
Q3, Q4 = Quarter(2026, 3), Quarter(2026, 4)


@pytest.fixture(autouse=True)
def now() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def rules() -> None:
    Rule.objects.create(
        kind="grade", key="tier_10", data={"min_yuan": str(10 * YI), "meeting": "领导小组会议"}, valid_from=date(2019, 4, 28)
    )  # fmt: skip
    Rule.objects.create(kind="grade", key="general", data={"min_yuan": "0"}, valid_from=date(2019, 4, 28))
    for kind, first, until in (
        ("promote", "intended", "signed"), ("solve", "negotiating", "producing"), ("supervise", "intended", "producing"),
    ):  # fmt: skip
        Rule.objects.create(
            kind="personal", key=kind, data={"times": 1, "from_stage": first, "until_stage": until}, valid_from=date(2019, 4, 28)
        )  # fmt: skip


def post_of(unit: Unit, name: str, **values: Any) -> Membership:
    return Membership.objects.create(
        person=Person.objects.create(name=name), unit=unit, position="区委书记", is_first_hand=True, **values
    )


@pytest.fixture
def duties(city: City) -> City:
    """The rules of the profile, and a first hand in each district."""
    rules()
    post_of(city.jimei, "集美书记")
    post_of(city.huli, "湖里书记")
    return city


def big(
    city: City, stage: str = stages.NEGOTIATING, yi: int = 12, made: datetime | None = None, **values: Any
) -> Project:
    given = {"intended": Money.in_yuan(Decimal(yi * YI)), "host_unit": city.jimei, **values}
    with time_machine.travel(made or timezone.now(), tick=False):
        return city.project(stage, **given)


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=timezone.get_default_timezone())


def hand(city: City, unit: Unit | None = None) -> Membership:
    return Membership.objects.get(unit=unit or city.jimei, is_first_hand=True)


def record(city: City, project: Project, kind: str = stages.PROMOTE, day: date | None = None, by: str = "bob", **values: Any) -> PersonalAct:  # fmt: skip
    given = {"post": hand(city), "done": "带队走访企业总部", "outcome": "对方同意来考察", **values}
    return services.record_personal_act(
        by=city.actor(by), project=project, kind=kind, act_date=day or timezone.localdate(), **given
    )


def lacks(project: Project, quarter: Quarter) -> set[str] | None:
    """Return which kinds a project lacks for a quarter; None when nothing is owed."""
    today = timezone.localdate()
    found = queries.owing(Project.objects.filter(pk=project.pk), quarter, today)
    if not found.exists():
        return None
    return {
        kind for kind in stages.PERSONAL_KINDS if found.filter(queries.missing(kind, quarter, today)).exists()
    }


# --- quarters -----------------------------------------------------------------------------------------------------


def test_quarters_follow_one_another() -> None:
    assert [queries.quarter_of(date(2026, month, 1)).code for month in (1, 3, 4, 9, 10, 12)] == [
        "2026-Q1", "2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4", "2026-Q4",
    ]  # fmt: skip
    assert (Q4.first, Q4.last) == (date(2026, 10, 1), date(2026, 12, 31))
    assert (Quarter(2026, 1).before, Q4.next) == (Quarter(2025, 4), Quarter(2027, 1))
    assert [quarter.code for quarter in queries.recent_quarters(date(2026, 2, 1), 3)] == [
        "2026-Q1", "2025-Q4", "2025-Q3",
    ]  # fmt: skip


# --- what is missing ----------------------------------------------------------------------------------------------


@pytest.mark.clause("1.5")
def test_missing_acts_show_and_vanish_when_they_are_done(duties: City) -> None:
    project = big(duties, made=at(9, 20))
    assert lacks(project, Q4) == {"promote", "solve", "supervise"}
    record(duties, project, stages.PROMOTE)
    record(duties, project, stages.SOLVE, date(2026, 10, 1))
    assert lacks(project, Q4) == {"supervise"}


@pytest.mark.parametrize(
    ("day", "counts"),
    [("2026-09-30", False), ("2026-10-01", True), ("2026-11-10", True)],
)
def test_an_act_counts_in_the_quarter_of_its_own_day(duties: City, day: str, counts: bool) -> None:
    project = big(duties, made=at(9, 20))
    record(duties, project, stages.PROMOTE, date.fromisoformat(day))
    assert ("promote" not in (lacks(project, Q4) or set())) is counts


def test_what_is_due_depends_on_the_stage(duties: City) -> None:
    assert lacks(big(duties, stages.PLANNED), Q4) is None
    assert lacks(big(duties, stages.INTENDED), Q4) == {"promote", "supervise"}
    assert lacks(big(duties, stages.SIGNED), Q4) is None, "its contracted amount, 0.4 亿元, makes it none"
    signed = big(duties, stages.NEGOTIATING)
    duties.verified(signed, stages.SIGNED, yuan=Decimal(12 * YI), confirmed=True)
    assert lacks(signed, Q4) == {"solve", "supervise"}


def test_a_withdrawn_act_and_one_of_another_unit_do_not_count(duties: City) -> None:
    project = big(duties)
    services.add_unit(by=duties.actor("charlie"), project=project, unit=duties.huli, part=stages.JOINT)
    joint = record(duties, project, stages.SOLVE, post=hand(duties, duties.huli), by="alice")
    assert not joint.as_holder
    act = record(duties, project)
    assert lacks(project, Q4) == {"solve", "supervise"}
    services.withdraw_personal_act(by=duties.actor("bob"), act=act, reason="记错了日期")
    assert lacks(project, Q4) == {"promote", "solve", "supervise"}
    assert act.state == stages.WITHDRAWN
    assert act.withdrawn_reason == "记错了日期"
    record(duties, project)  # and may be recorded anew


def test_only_ongoing_major_projects_owe(duties: City) -> None:
    assert lacks(big(duties, yi=9), Q4) is None
    held = big(duties)
    services.move_project(by=duties.actor("charlie"), project=held, move="hold", reason="对方重组")
    assert lacks(held, Q4) is None


def test_without_rules_nothing_is_owed(duties: City) -> None:
    Rule.objects.filter(kind="personal").delete()
    assert lacks(big(duties), Q4) is None


def test_more_than_one_act_a_quarter_may_be_due(duties: City) -> None:
    Rule.objects.filter(kind="personal", key="supervise").update(
        data={"times": 2, "from_stage": "intended", "until_stage": "producing"}
    )
    project = big(duties, made=at(9, 20))
    record(duties, project, stages.SUPERVISE, date(2026, 10, 8))
    assert "supervise" in (lacks(project, Q4) or set())
    record(duties, project, stages.SUPERVISE, date(2026, 10, 9))
    assert "supervise" not in (lacks(project, Q4) or set())


# --- since when a quarter counts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "owes"),
    [(-1, True), (0, False)],
)
def test_a_quarter_that_ended_before_the_project_was_made_does_not_count(
    duties: City, now: Any, made: int, owes: bool
) -> None:
    now.move_to(Q3.end + timedelta(seconds=made))
    project = big(duties)
    now.move_to(NOW)
    assert (lacks(project, Q3) is not None) is owes
    assert lacks(project, Q4) is not None


@pytest.mark.parametrize(
    ("grown", "owes"),
    [(-1, True), (0, False)],
)
def test_a_quarter_that_ended_before_it_became_major_does_not_count(
    duties: City, now: Any, grown: int, owes: bool
) -> None:
    now.move_to(datetime(2026, 5, 1, tzinfo=timezone.get_default_timezone()))
    project = big(duties, yi=9)
    now.move_to(Q3.end + timedelta(seconds=grown))
    change(duties, project, 11)
    now.move_to(NOW)
    change(duties, project, 13)  # it was major already
    assert (lacks(project, Q3) is not None) is owes
    change(duties, project, 9)
    project.refresh_from_db()
    assert (lacks(project, Q4), project.major_since) == (None, None)


def change(city: City, project: Project, yi: int) -> None:
    project.refresh_from_db()
    services.change_project(
        by=city.actor("bob"), project=project, version=project.version, confirmed=True,
        values={"intended": Money.in_yuan(Decimal(yi * YI))},
    )  # fmt: skip


def test_a_grade_given_by_hand_and_a_signing_say_since_when_too(duties: City, now: Any) -> None:
    now.move_to(datetime(2026, 5, 1, tzinfo=timezone.get_default_timezone()))
    graded, signed = big(duties, yi=2), big(duties, yi=9)
    stays_major = big(duties, yi=12)
    now.move_to(NOW)
    by = make_user("office", duties.root, [*CLERK, "projects.project.grade"])
    duties.users["office"] = by
    services.set_grade(by=duties.actor("office"), project=graded, grade="tier_10", reason="链主企业")
    for project in (signed, stays_major):
        project.refresh_from_db()
        duties.verified(project, stages.SIGNED, yuan=Decimal(12 * YI), confirmed=True)
    for project, since in ((graded, NOW), (signed, NOW), (stays_major, None)):
        project.refresh_from_db()
        assert project.major_since == since
    assert lacks(stays_major, Q3) is not None
    assert lacks(signed, Q3) is None
    entry = signed.entries.get(kind=stages.SIGNED)
    reverser = make_user("reverser", duties.root, [*CLERK, "projects.ledger.reverse"])
    duties.users["reverser"] = reverser
    reverse_entry(by=duties.actor("reverser"), entry=entry, reason="重复")
    signed.refresh_from_db()
    assert signed.major_since is None
    assert lacks(signed, Q4) is None


def test_a_past_quarter_asks_for_the_stage_in_which_it_ended(duties: City, now: Any) -> None:
    now.move_to(datetime(2026, 5, 1, tzinfo=timezone.get_default_timezone()))
    project = big(duties, stages.PLANNED)
    now.move_to(datetime(2026, 9, 30, 23, 59, tzinfo=timezone.get_default_timezone()))
    services.move_project(by=duties.actor("bob"), project=project, move="intend")
    now.move_to(NOW)
    services.move_project(by=duties.actor("bob"), project=project, move="negotiate")
    assert lacks(project, Quarter(2026, 2)) is None
    assert lacks(project, Q3) == {"promote", "supervise"}
    assert lacks(project, Q4) == {"promote", "solve", "supervise"}
    Stay.objects.filter(project=project, stage="intended").update(until=Q3.end, since=Q3.end - timedelta(1))
    assert lacks(project, Q3) == {"promote", "supervise"}, "left at the moment after the quarter"


def test_the_page_and_the_list_say_the_same(duties: City, now: Any) -> None:
    now.move_to(datetime(2026, 5, 1, tzinfo=timezone.get_default_timezone()))
    project = big(duties)
    now.move_to(NOW)
    quarters = queries.recent_quarters(timezone.localdate(), 4)
    owed = queries.owed_quarters(project, quarters, timezone.localdate())
    assert list(owed) == [Q4, Q3, Quarter(2026, 2)]
    assert {quarter for quarter in quarters if lacks(project, quarter) is not None} == set(owed)


# --- recording ----------------------------------------------------------------------------------------------------


def refused(field: str, text: str, **call: Any) -> None:
    with pytest.raises(Invalid) as caught:
        record(**call)
    assert text in caught.value.fields[field][0]


def test_what_cannot_be_recorded_is_refused_on_its_field(duties: City) -> None:
    project = big(duties)
    tomorrow = timezone.localdate() + timedelta(1)
    refused("act_date", "不能晚于今天", city=duties, project=project, day=tomorrow)
    refused("kind", "三个", city=duties, project=project, kind="other")
    refused("post", "参与本项目", city=duties, project=project, post=hand(duties, duties.huli))
    deputy = Membership.objects.create(
        person=Person.objects.create(name="副职"), unit=duties.jimei, position="副区长"
    )
    refused("post", "主要领导", city=duties, project=project, post=deputy)
    refused("done", "", city=duties, project=project, done=" ")
    refused("outcome", "", city=duties, project=project, outcome="")
    assert not PersonalAct.objects.exists()


def test_only_who_held_the_post_on_the_day_can_have_done_it(duties: City) -> None:
    project = big(duties, made=at(9, 20))
    Membership.objects.filter(unit=duties.jimei).update(
        valid_from=date(2026, 10, 10), valid_to=date(2026, 11, 1)
    )
    refused("act_date", "2026-10-10 起", city=duties, project=project, day=date(2026, 10, 9))
    refused("act_date", "2026-11-01 为止", city=duties, project=project, day=date(2026, 11, 2))
    for day in (date(2026, 10, 10), date(2026, 11, 1)):
        record(duties, project, day=day)


def test_the_same_act_is_recorded_once(duties: City) -> None:
    project = big(duties)
    record(duties, project)
    with pytest.raises(Invalid, match="已经记录过"):
        record(duties, project)


def test_a_project_that_is_over_takes_no_acts(duties: City) -> None:
    project = big(duties)
    services.move_project(by=duties.actor("charlie"), project=project, move="end", reason="终止")
    with pytest.raises(Conflict):
        record(duties, project)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("bob", None), ("charlie", None), ("alice", Forbidden), ("erin", Forbidden), ("stranger", Forbidden)],
)
def test_who_may_record(duties: City, who: str, refusal: type[DomainError] | None) -> None:
    project = big(duties)
    if refusal is None:
        record(duties, project, by=who)
    else:
        with pytest.raises(refusal):
            record(duties, project, by=who)


def test_another_units_act_is_recorded_by_it_or_by_the_team(duties: City) -> None:
    project = big(duties)
    services.add_unit(by=duties.actor("charlie"), project=project, unit=duties.huli, part=stages.JOINT)
    with pytest.raises(Invalid):
        record(duties, project, by="alice")  # the first hand of 集美
    services.add_member(
        by=duties.actor("charlie"), project=project, user=duties.users["alice"], is_leader=False
    )
    record(duties, project, by="alice")


def test_evidence_stays_as_long_as_the_act_counts(duties: City) -> None:
    project = big(duties)
    act = record(duties, project, file=ContentFile(PDF, "照片.pdf"), name="照片.pdf")
    assert act.evidence is not None
    with pytest.raises(Conflict, match="三个亲自"):
        core.remove_file(by=duties.actor("bob"), obj=project, attachment=act.evidence, reason="错")
    services.withdraw_personal_act(by=duties.actor("bob"), act=act, reason="错")
    core.remove_file(by=duties.actor("bob"), obj=project, attachment=act.evidence, reason="错")


def test_who_may_withdraw(duties: City) -> None:
    project = big(duties)
    services.add_unit(by=duties.actor("charlie"), project=project, unit=duties.huli, part=stages.JOINT)
    act = record(duties, project)
    for name in ("alice", "erin", "stranger"):
        with pytest.raises(Forbidden):
            services.withdraw_personal_act(by=duties.actor(name), act=act, reason="错")
    with pytest.raises(Invalid):
        services.withdraw_personal_act(by=duties.actor("charlie"), act=act, reason=" ")
    services.withdraw_personal_act(by=duties.actor("charlie"), act=act, reason="错")
    with pytest.raises(Conflict):
        services.withdraw_personal_act(by=duties.actor("charlie"), act=act, reason="错")


def passed_on(city: City, project: Project) -> None:
    """Pass a project on from 集美 to 湖里 today, with its agreement."""
    for name, unit in (("giver", city.jimei), ("taker", city.huli)):
        city.users[name] = make_user(name, unit, [*HEAD, "projects.project.transfer"], username=name)
    terms = {"percent": Decimal(40), "base": "both", "years": 5, "start": "agreement", "statistics": "split"}
    offered = services.offer_transfer(
        by=city.actor("giver"), project=project, to_unit=city.huli, reason="用地不足", terms=terms
    )
    services.move_transfer(by=city.actor("taker"), transfer=offered, move="accept", reason="同意")
    services.complete_transfer(
        by=city.actor("giver"), transfer=offered, agreed_date=timezone.localdate(), file=ContentFile(PDF, "协议.pdf"),
        name="协议.pdf",
    )  # fmt: skip
    project.refresh_from_db()


@pytest.mark.clause("1.5")
def test_a_quarter_is_its_own_holders_and_the_former_one_may_still_tell(duties: City, now: Any) -> None:
    """集美 held the project until it passed it on in October: what is missing of the third quarter is 集美’s, of the fourth 湖里’s."""
    city, today = duties, timezone.localdate()
    project = big(city, made=at(5, 1))
    now.move_to(at(10, 20))
    passed_on(city, project)
    now.move_to(NOW)

    def missed(quarter: Quarter) -> list[tuple[str, int]]:
        found = queries.duties_by_unit(seen(city, "giver"), quarter, today)
        return [(line.name, sum(line.missing.values())) for line in found]

    assert (missed(Q3), missed(Q4)) == ([("集美区", 3)], [("湖里区", 3)])
    for day in (date(2026, 4, 30), date(2026, 10, 21)):
        refused("act_date", "", city=city, project=project, day=day, by="charlie")
    huli = {"post": hand(city, city.huli), "by": "alice"}
    refused(
        "act_date",
        "湖里区参与本项目的时间是 2026-10-20 起",
        city=city,
        project=project,
        day=date(2026, 10, 19),
        **huli,
    )
    own = record(city, project, day=date(2026, 9, 10), by="charlie")
    record(
        city, project, stages.SOLVE, date(2026, 10, 20)
    )  # the day on which it was passed on belongs to both
    record(city, project, stages.SOLVE, date(2026, 10, 20), **huli)
    assert (missed(Q3), missed(Q4)) == ([("集美区", 2)], [("湖里区", 2)])
    client = signed_in(city.users["charlie"])
    page = client.get(f"/projects/{project.pk}/personal/").content.decode()
    assert '第 4 季度 <span class="yf-sub">湖里区' in page
    assert '第 3 季度 <span class="yf-sub">集美区' in page
    assert f"/projects/{project.pk}/personal/new/" in page
    for quarter, unit, count in (
        (Q3, city.jimei, 1),
        (Q3, city.huli, 0),
        (Q4, city.jimei, 0),
        (Q4, city.huli, 1),
    ):
        listed = client.get(f"/projects/personal/?quarter={quarter.code}&place={unit.pk}").content.decode()
        assert listed.count(project.code) == count, (quarter, unit)
    services.withdraw_personal_act(by=city.actor("charlie"), act=own, reason="记错了")
    with pytest.raises(Forbidden):  # of the former holder, which is not on the team, this is all
        services.record_talk(by=city.actor("charlie"), project=project, values={})


def test_while_nobody_hosts_a_project_it_is_its_reporters(duties: City, now: Any) -> None:
    city = duties
    city.users["gina"] = make_user("gina", city.group, CLERK, username="gina")
    with time_machine.travel(at(8, 1), tick=False):
        lead = services.register_lead(
            by=city.actor("gina"), despite="",
            values={"title": "线索", "source": "fair", "heard_date": date(2026, 8, 1), "content": "拟建", "industry": "3973"},
        )  # fmt: skip
    with time_machine.travel(at(9, 1), tick=False):
        project = city.project(by="gina", lead=lead)
    for day, host in ((at(10, 1), city.jimei), (at(10, 5), None), (at(10, 9), city.huli)):
        with time_machine.travel(day, tick=False):
            services.change_project(
                by=city.actor("gina"), project=project, version=project.version, values={"host_unit": host}
            )
    told = [(spell.unit, spell.since, spell.until) for spell in queries.holdings(project)]
    assert told == [
        (city.group.pk, date(2026, 8, 1), date(2026, 10, 1)), (city.jimei.pk, date(2026, 10, 1), date(2026, 10, 5)),
        (city.group.pk, date(2026, 10, 5), date(2026, 10, 9)), (city.huli.pk, date(2026, 10, 9), None),
    ]  # fmt: skip
    # acts that were judged by who held it when they were recorded are judged by their own day
    other, day, group = big(city), date(2026, 10, 1), post_of(city.group, "组长")
    for post in (group, hand(city), hand(city, city.huli)):
        kept = {
            "person": post.person,
            "unit": post.unit,
            "position": "书记",
            "recorded_by": city.users["gina"],
        }
        for number in (-62, -61, 0, 2, 4, 5, 8, 20):
            PersonalAct.objects.create(
                project=project, kind=stages.SOLVE, act_date=day + timedelta(days=number), as_holder=post.unit == city.huli,
                done="协调", outcome="解决", **kept,
            )  # fmt: skip
        PersonalAct.objects.create(
            project=other, kind=stages.SOLVE, act_date=NOW.date(), done="协调", outcome="解决", **kept
        )
    importlib.import_module("yinfeng.projects.migrations.0039_acts_judged_by_their_day").judge(
        apps, connection.schema_editor()
    )
    acts = list(PersonalAct.objects.select_related("project"))
    judged = [act.as_holder for act in acts]
    assert judged == [
        any(spell.holds(act.unit_id, act.act_date) for spell in queries.holdings(act.project)) for act in acts
    ]
    assert judged.count(True) == 5 + 3 + 2 + 1


def test_one_who_heads_two_units_acts_for_each(duties: City) -> None:
    project = big(duties)
    services.add_unit(by=duties.actor("charlie"), project=project, unit=duties.huli, part=stages.JOINT)
    both = hand(duties, duties.huli)
    Membership.objects.filter(pk=both.pk).update(person=hand(duties).person, is_main=False)
    record(duties, project)
    record(duties, project, post=hand(duties, duties.huli), by="alice")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_record_or_withdraw_at_once_one_wins(duties: City) -> None:
    project = big(duties)
    results = at_once([lambda who=who: record(duties, project, by=who) for who in ("bob", "charlie")])  # type: ignore[misc]
    assert sorted(isinstance(result, DomainError) for result in results) == [False, True]
    act = PersonalAct.objects.get()
    both = [
        lambda who=who: services.withdraw_personal_act(
            by=duties.actor(who), act=PersonalAct.objects.get(pk=act.pk), reason="错"
        )
        for who in ("bob", "charlie")
    ]
    results = at_once(both)
    assert sum(isinstance(result, Stale | Conflict) for result in results) == 1


def seen(city: City, who: str) -> Any:
    return Project.objects.permitted(city.actor(who))


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.clause("1.5")
def test_the_pages_show_what_is_missing(duties: City, django_assert_max_num_queries: Any) -> None:
    projects = [big(duties) for _number in range(3)]
    record(duties, projects[0])
    client = signed_in(duties.users["bob"])
    client.get("/projects/personal/")
    with django_assert_max_num_queries(10):
        page = client.get("/projects/personal/").content.decode()
    assert page.count("缺<") == 8
    assert "11-10" in page
    assert "共 3 条" in page
    assert client.get("/projects/personal/?missing=promote").content.decode().count("缺<") == 6
    assert "还没有" not in client.get("/projects/personal/?quarter=2026-Q3").content.decode()
    with django_assert_max_num_queries(10):
        units = client.get("/projects/personal/units/").content.decode()
    assert "集美区" in units
    assert f"place={duties.jimei.pk}&amp;missing=promote" in units
    with django_assert_max_num_queries(10):
        own = client.get(f"/projects/{projects[0].pk}/personal/").content.decode()
    assert "集美书记" in own
    assert "缺 1 次" in own
    assert "已办 1 次" in own
    assert "撤回记录" in own
    answer = client.get("/projects/personal/export/?format=csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 4
    assert "亲自推介考察洽谈" in lines[0]


def test_the_numbers_of_units_are_those_of_the_list(duties: City) -> None:
    for done in ((), (stages.PROMOTE,), tuple(stages.PERSONAL_KINDS)):
        project = big(duties)
        for kind in done:
            record(duties, project, kind)
    (line,) = queries.duties_by_unit(seen(duties, "bob"), Q4, timezone.localdate())
    assert (line.projects, line.lacking) == (3, 2)
    assert line.missing == {"promote": 1, "solve": 2, "supervise": 2}
    assert queries.duties_by_unit(seen(duties, "alice"), Q4, timezone.localdate()) == []


def test_one_records_and_withdraws_on_the_pages(duties: City) -> None:
    project = big(duties)
    client = signed_in(duties.users["bob"])
    url = f"/projects/{project.pk}/personal/new/"
    assert "集美书记 · 集美区 区委书记" in client.get(url).content.decode()
    given = {
        "kind": "solve",
        "post": hand(duties).pk,
        "act_date": "2026-11-11",
        "done": "现场会",
        "outcome": "落实",
    }
    assert "不能晚于今天" in client.post(url, given).content.decode()
    answer = client.post(url, {**given, "act_date": "2026-11-10"})
    assert answer["Location"] == f"/projects/{project.pk}/personal/"
    act = PersonalAct.objects.get()
    assert client.post(f"/personal/{act.pk}/withdraw/", {"reason": ""}).status_code == 422
    client.post(f"/personal/{act.pk}/withdraw/", {"reason": "记错", "version": act.version})
    page = client.get(f"/projects/{project.pk}/personal/").content.decode()
    assert "撤回原因：记错" in page
    other = signed_in(duties.users["alice"])
    assert other.get(f"/projects/{project.pk}/personal/").status_code == 404
    assert other.get(f"/personal/{act.pk}/withdraw/").status_code == 404


# --- the home page ------------------------------------------------------------------------------------------------


@pytest.mark.clause("1.2")
@pytest.mark.clause("1.5")
def test_a_leaders_home_says_what_waits_for_the_city(duties: City) -> None:
    """What a department must settle or is late, and which first hands lack which acts, the largest project first."""
    small, large = big(duties, yi=12), big(duties, yi=20, by="alice", host_unit=duties.huli)
    record(duties, small)
    built = big(duties, stages.SIGNED, yi=1)
    Code.objects.create(table="problem_kind", code="land", name="用地")
    department = make_unit("planning", "government", duties.root, name="资源规划局")
    today = timezone.localdate()
    given = {
        "kind": "land",
        "since_date": today - timedelta(days=9),
        "by": duties.actor("bob"),
        "project": built,
    }
    for what, unit, days in (
        ("等审批", department, 9),
        ("已经逾期", duties.jimei, 1),
        ("区里能解决", duties.jimei, 30),
    ):
        with time_machine.travel(NOW - timedelta(days=5), tick=False):
            due = timezone.localdate() + timedelta(days=days)
            services.raise_bottleneck(**given, what=what, unit=unit, due_date=due)  # type: ignore[arg-type]
    lists = {str(item["title"]): item for item in opened(duties, "erin", "/").context["lists"]}
    city = lists["需市级协调的难点"]
    assert [(row["sub"], row["late"]) for row in city["rows"]] == [
        ("集美区：已经逾期", True),
        ("资源规划局：等审批", False),
    ]
    listed = opened(duties, "erin", city["url"]).content.decode()
    assert "等审批" in listed
    assert "区里能解决" not in listed
    acts = lists["本季度还缺的三个“亲自”"]
    assert (acts["count"], [row["title"] for row in acts["rows"]]) == (2, [large.name, small.name])
    assert acts["rows"][1]["sub"] == "集美区缺：亲自协调解决问题、亲自督办过问进度"
    listed = opened(duties, "erin", acts["url"]).content.decode()
    assert small.name in listed
    assert built.name not in listed
    own = {str(item["title"]): item for item in opened(duties, "charlie", "/").context["lists"]}
    assert [row["title"] for row in own["本季度还缺的三个“亲自”"]["rows"]] == [small.name]
    assert "需市级协调的难点" not in own
    assert "本季度还缺的三个“亲自”" not in opened(duties, "stranger", "/").content.decode()
