"""The six of a duty (六定): what is refused when one is set, what is written, who sees it and who may do what."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_actor, make_unit, signed_in
from tests.unit.duties.conftest import CLERK, HEAD, OFFICER, City, told
from yinfeng.core.actors import system
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Stale
from yinfeng.core.models import Event
from yinfeng.core.scopes import actions_on
from yinfeng.duties import queries, services, terms
from yinfeng.duties.models import Duty, DutyPart, Serial
from yinfeng.duties.views import work

pytestmark = pytest.mark.django_db


def refused(city: City, field: str, match: str, **values: Any) -> None:
    before = Duty.objects.count()
    with pytest.raises(Invalid, match=match) as error:
        city.duty(**values)
    assert set(error.value.fields) == {field}, values
    assert Duty.objects.count() == before


@pytest.mark.clause("3.5.3")
def test_what_a_duty_cannot_be_set_with(city: City) -> None:
    refused(city, "lead_unit", "统称", lead_unit=city.units["districts"])
    refused(city, "lead_unit", "具体的单位", lead_unit=city.units["root"])
    refused(city, "lead_unit", "已经撤销", lead_unit=city.units["gone"])
    refused(city, "due_date", "请填写办结时限", due_date=None)
    refused(city, "due_date", "已经过去", due_date=date(2026, 9, 11))
    refused(city, "due_date", "核对年份", due_date=date(2206, 9, 22))
    refused(city, "due_date", "法定时限", statutory_date=date(2026, 9, 21))
    refused(city, "work_days", "法定时限", work_days=7, statutory_date=date(2026, 9, 21))
    refused(city, "work_days", "1 到 750", work_days=10**9)
    refused(city, "work_days", "1 到 750", work_days=-1)
    for field in ("item", "target", "requirement"):
        refused(city, field, "内容需要修改", **{field: "  "})
    refused(city, "item", "内容需要修改", item="长" * 201)
    # what was refused leaves no number behind
    assert not Serial.objects.filter(last__gt=0).exists()
    assert [city.duty().number, city.duty().number] == ["DB-2026-00001", "DB-2026-00002"]


def test_a_last_day_on_the_statutory_day_is_early_enough_and_today_too(city: City) -> None:
    assert city.duty(statutory_date=date(2026, 9, 22)).due_date == date(2026, 9, 22)
    assert city.duty(due_date=date(2026, 9, 14)).due_date == date(2026, 9, 14)
    # a day off that the law ends before: the next working day is too late
    refused(city, "due_date", "法定时限", due_date=date(2026, 9, 26), statutory_date=date(2026, 9, 27))


def test_who_may_not_set(city: City) -> None:
    for name in ("carl", "lena", "cora"):  # no right at all; none for the office
        with pytest.raises(Forbidden):
            city.duty(by=name)
    actor = make_actor("新人", city.units["office"], [*CLERK, "duties.duty.set"])
    with pytest.raises(Forbidden, match="看不到"):  # not cleared for what he sets himself
        services.set_duty(
            by=actor, six=city.six(), origin=services.Origin(terms.OTHER), set_unit=city.units["office"], secrecy=terms.SENSITIVE,
        )  # fmt: skip
    assert not Duty.objects.exists()


def test_a_unit_that_is_about_to_be_closed_is_given_nothing_more(city: City) -> None:
    unit = make_unit(
        "leaving", "government", city.units["root"], name="市机构改革办", valid_to=date(2026, 9, 30)
    )
    refused(city, "lead_unit", "2026-09-30 撤销", lead_unit=unit)


def test_working_days_over_the_holidays(city: City) -> None:
    """国务院办公厅关于2026年部分节假日安排的通知: 25–27 September and 1–7 October off, 20 September and 10 October worked."""
    terms_and_days = (
        (date(2026, 9, 18), 1, date(2026, 9, 20)), (date(2026, 9, 18), 2, date(2026, 9, 21)),
        (date(2026, 9, 24), 1, date(2026, 9, 28)), (date(2026, 9, 24), 4, date(2026, 10, 8)),
        (date(2026, 9, 24), 6, date(2026, 10, 10)), (date(2026, 9, 24), 7, date(2026, 10, 12)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)), (date(2026, 10, 3), 1, date(2026, 10, 8)),
    )  # fmt: skip
    for start, number, due in terms_and_days:
        city.on(start)
        duty = city.duty(work_days=number)
        assert (duty.due_date, duty.work_days, duty.set_date) == (due, number, start)
    city.on(date(2026, 9, 14))
    for day, due in (
        (date(2026, 9, 25), date(2026, 9, 28)), (date(2026, 10, 1), date(2026, 10, 8)), (date(2026, 10, 7), date(2026, 10, 8)),
        (date(2026, 9, 20), date(2026, 9, 20)), (date(2026, 10, 10), date(2026, 10, 10)), (date(2026, 10, 11), date(2026, 10, 12)),
        (date(2026, 9, 19), date(2026, 9, 20)),
    ):  # fmt: skip
        duty = city.duty(due_date=day)
        assert (duty.due_date, duty.work_days) == (due, None)
    # both given: the day holds
    assert city.duty(due_date=date(2026, 9, 22), work_days=1).work_days is None


def test_parts_end_with_the_whole_and_go_two_levels_deep(city: City) -> None:
    whole = city.duty()
    with pytest.raises(Conflict, match="签收之后"):
        city.part(whole)
    city.move("carl", whole, "accept")
    with pytest.raises(Invalid, match="上级事项的时限"):
        city.part(whole, due_date=date(2026, 9, 23))
    with pytest.raises(Forbidden):
        city.part(whole, by="olga")  # who set it leaves the parts to who leads
    with pytest.raises(Forbidden):
        city.part(whole, by="erin")  # who may everywhere works for no unit
    with pytest.raises(Invalid, match="牵头单位交办"):
        services.set_duty(
            by=city.actor("cora"), six=city.six(), origin=services.Origin(terms.PART), set_unit=city.units["office"], parent=whole
        )  # fmt: skip
    part = city.part(whole, due_date=date(2026, 9, 21))
    assert (part.set_unit, part.parent) == (city.units["commerce"], whole)
    assert Event.objects.filter(verb="duties.duty.part_set", object_id=whole.pk).count() == 1
    city.move("fred", part, "accept")
    deeper = services.set_duty(
        by=city.actor("fred"), six=city.six(lead_unit=city.units["jimei"], due_date=date(2026, 9, 18)),
        origin=services.Origin(terms.PART), set_unit=city.units["finance"], parent=part,
    )  # fmt: skip
    city.move("jack", deeper, "accept")
    with pytest.raises(Conflict, match="最多分解两层"):
        services.set_duty(
            by=city.actor("jack"), six=city.six(lead_unit=city.units["huli"], due_date=date(2026, 9, 17)),
            origin=services.Origin(terms.PART), set_unit=city.units["jimei"], parent=deeper,
        )  # fmt: skip


def test_a_part_of_what_is_sensitive_is_sensitive(city: City) -> None:
    whole = city.duty(secrecy=terms.SENSITIVE)
    city.move("cora", whole, "accept")
    assert city.part(whole).secrecy == terms.SENSITIVE


@pytest.mark.clause("3.5.3")
def test_who_takes_part_is_written_as_named_with_the_members_of_a_collective(city: City) -> None:
    units = city.units
    duty = city.duty(
        co_leads=[units["science"], units["commerce"]], leader=city.person("lena"),
        joint_units=[units["finance"], units["districts"], units["science"], units["finance"], units["jimei"]],
    )  # fmt: skip
    written = [
        (
            side.part,
            side.unit.code if side.unit else str(side.person),
            side.named_as.code if side.named_as else "",
        )
        for side in queries.sides(duty.pk)
    ]
    assert written == [
        ("setter", "office", ""), ("lead", "commerce", ""), ("co_lead", "science", ""), ("joint", "finance", ""),
        ("joint", "districts", ""), *(("joint", code, "districts") for code in ("huli", "jimei")), ("joint", "jimei", ""),
        ("leader", "lena", ""),
    ]  # fmt: skip
    assert told(duty, "set") == {"carl", "cora", "sven", "fred", "jack", "heidi", "lena"}


# --- who may do what ----------------------------------------------------------------------------------------------

ACTS = {"view", "set", "handle", "contribute", "review", "supervise", "export", "change"}
ROLES = {"clerk": CLERK, "head": HEAD, "officer": OFFICER}
MAY = {
    ("clerk", "office"): "view", ("clerk", "commerce"): "view handle contribute change",
    **{("clerk", unit): "view contribute change" for unit in ("science", "finance", "jimei")},
    ("clerk", "tourism"): "", ("clerk", "root"): "view",
    ("head", "office"): "view set review export change", ("head", "commerce"): "view handle contribute export change",
    **{("head", unit): "view contribute export change" for unit in ("science", "finance", "jimei")},
    ("head", "tourism"): "", ("head", "root"): "view set review export change",
    ("officer", "office"): "view set review supervise export change",
    ("officer", "commerce"): "view handle contribute export change",
    **{("officer", unit): "view contribute export change" for unit in ("science", "finance", "jimei")},
    ("officer", "tourism"): "", ("officer", "root"): "view set review supervise export change",
}  # fmt: skip


@pytest.mark.clause("3.5.3")
def test_role_by_unit_by_act(city: City) -> None:
    units = city.units
    sides = {
        "co_leads": [units["science"]],
        "joint_units": [units["finance"], units["districts"]],
        "leader": city.person("lena"),
    }
    open_one, sensitive = city.duty(**sides), city.duty(secrecy=terms.SENSITIVE, **sides)
    for (role, unit), acts in MAY.items():
        actor = make_actor(f"{role}-{unit}", units[unit], ROLES[role])
        assert actions_on(open_one, actor, ACTS) == set(acts.split()), (role, unit)
        cleared = set(acts.split()) if role != "clerk" else set()
        assert actions_on(sensitive, actor, ACTS) == cleared, ("sensitive", role, unit)
        listed = Duty.objects.permitted(actor).count()
        assert listed == bool(acts) + bool(cleared), (role, unit)
    for duty in (open_one, sensitive):
        assert actions_on(duty, city.actor("lena"), ACTS) == {"view"}
    # below a unit that takes part: a street of 集美 sees and does nothing by itself; above it, the district does it for the street
    street = make_unit("xinglin", "district", units["jimei"], name="杏林街道")
    assert actions_on(open_one, make_actor("街道", street, OFFICER), ACTS) == set()
    other = city.duty(lead_unit=street)
    assert actions_on(other, city.actor("jack"), ACTS) == {"view", "handle", "contribute", "change"}
    # the city's reviewer with a post in commerce works for commerce, and only for it
    assert {"handle", "contribute"} <= actions_on(open_one, city.actor("both"), ACTS)
    assert actions_on(other, city.actor("both"), {"handle", "contribute"}) == set()


def test_an_inbox_holds_nothing_that_its_reader_may_not_see(city: City) -> None:
    duties = [city.duty(secrecy=secrecy, leader=city.person("lena")) for secrecy in terms.SECRECY]
    for duty in duties:
        city.move("cora", duty, "accept")
    for name, seen in (
        ("carl", duties[:1]),
        ("cora", duties),
        ("lena", duties),
        ("olga", duties),
        ("fred", []),
    ):
        found = queries.inbox(city.actor(name), date(2026, 9, 14), mine=False, each=9)
        assert {row for leg in found for row in leg.rows} == set(seen), name
        assert max((leg.count for leg in found), default=0) == len(seen), name


def test_the_rest_of_every_leg_opens_as_a_list(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each leg of which the page shows the first, the link leads to as many duties as the leg counts."""
    monkeypatch.setattr(work, "SHOWN", 1)
    for _turn in range(2):
        for state in (terms.ASSIGNED, terms.WORKING, terms.SUBMITTED, terms.RETURNED):
            city.duty(state)
        city.duty(terms.WORKING, due_date=date(2026, 10, 30), joint_units=[city.units["finance"]])
        city.ask(city.duty(terms.WORKING, due_date=date(2026, 10, 29)), date(2026, 11, 10))
    city.on(date(2026, 9, 29))
    for _turn in range(2):
        city.duty(terms.WORKING, due_date=date(2026, 12, 1))
    seen = set()
    for name in ("carl", "olga", "fred"):
        client = signed_in(city.users[name])
        for who in ("mine", "unit"):
            page = client.get(f"/work/?who={who}").content.decode()
            for count, leg in re.findall(
                rf'yf-count">(\d+)<(?:(?!</section>).)*?work={who}-([a-z_]+)"', page, re.DOTALL
            ):
                assert f"共 {count} 条" in client.get(f"/duties/?work={who}-{leg}").content.decode(), (
                    name,
                    who,
                    leg,
                )
                seen.add(leg)
    assert seen == {
        "overdue",
        "accept",
        "report",
        "review",
        "extend",
        "returned",
        "escalate",
        "in_hand",
        "under_review",
        "waiting",
        "joint",
    }
    assert "共 0 条" in signed_in(city.users["tom"]).get("/duties/?work=unit-overdue").content.decode()


def test_a_duty_stands_in_an_inbox_once_under_the_act_that_comes_first(city: City) -> None:
    """Not accepted, then not reported, then due: whoever owes or leads it has it in one leg, and the first page counts it once."""
    waits = city.duty(leader=city.person("lena"), item="待签收的")
    works = city.duty(leader=city.person("lena"), item="在办的", grade=terms.KEY)
    city.move("cora", works, "accept")
    seen: set[str] = set()
    for days in (0, 20, 35, 60, 200):
        today = timezone.localdate() + timedelta(days=days)
        for name in ("cora", "lena"):
            for mine in (True, False):
                legs = queries.inbox(city.actor(name), today, mine=mine, each=9)
                rows = [row for leg in legs for row in leg.rows]
                assert len(rows) == len(set(rows)), (days, name, mine)
                assert name == "lena" or set(rows) == {waits, works}, (days, mine)
                seen |= {leg.name for leg in legs if name == "cora" and waits in leg.rows}
            urgent = [row.pk for _leg, rows, _at in queries.urgent(city.actor(name), today) for row in rows]
            assert len(urgent) == len(set(urgent))
    assert seen == {queries.TO_ACCEPT}, "first it is accepted, however late"


# --- changing the six ---------------------------------------------------------------------------------------------


def change(city: City, duty: Duty, by: str = "olga", **given: Any) -> Duty:
    values = {
        "version": duty.version, "values": {}, "leader": duty.leader, "reason": "细化要求",
        "joint_units": [
            side.unit for side in queries.sides(duty.pk) if side.part == terms.JOINT and not side.named_as
        ], **given,
    }  # fmt: skip
    return services.change_duty(by=city.actor(by), duty=duty, **values)


def test_a_change_of_the_six_is_told_with_what_was_before(city: City) -> None:
    units = city.units
    duty = city.duty(joint_units=[units["finance"]], co_leads=[units["science"]])
    assert change(city, duty).version == 1
    change(
        city,
        duty,
        values={"target": "录入 200 处"},
        leader=city.person("lena"),
        joint_units=[units["districts"]],
    )
    event = Event.objects.get(verb="duties.duty.changed")
    assert event.changes["target"] == ["录入全部可招商载体", "录入 200 处"]
    assert (event.note, event.data["text"]) == ("细化要求", "市财政局 → 各区")
    assert told(duty, "changed") == {"carl", "cora", "sven", "jack", "heidi", "lena"}
    codes = [side.unit.code for side in queries.sides(duty.pk) if side.unit]
    assert codes == ["office", "commerce", "science", "districts", "huli", "jimei"]
    with pytest.raises(Invalid, match="原因"):
        change(city, duty, reason=" ", values={"target": "x"})
    with pytest.raises(Forbidden):
        change(city, duty, by="cora", values={"target": "x"})
    for state, match in (
        (terms.SUBMITTED, "等待审核"),
        (terms.CLOSED, "已办结"),
        (terms.CANCELLED, "已撤销"),
    ):
        done = (
            city.duty(state) if state != terms.CANCELLED else city.move("olga", city.duty(), "cancel", "重复")
        )
        with pytest.raises(Conflict, match=match):
            change(city, done, values={"target": "x"})


def test_of_two_changes_of_the_units_alone_the_slower_is_told(city: City) -> None:
    duty = city.duty()
    seen = Duty.objects.get(pk=duty.pk)
    change(city, duty, joint_units=[city.units["finance"]])
    for later in (seen, Duty.objects.get(pk=duty.pk)):
        with pytest.raises((Conflict, Stale)):
            change(city, later, version=1, joint_units=[city.units["jimei"]])
    assert [side.unit for side in queries.sides(duty.pk)][-1] == city.units["finance"]
    # … and a hand-over that it did not see is not written over
    stale = Duty.objects.get(pk=duty.pk)
    services.hand_over(by=city.actor("olga"), duty=duty, unit=city.units["science"], reason="职责调整")
    with pytest.raises((Conflict, Stale)):
        change(city, stale, joint_units=[city.units["jimei"]])
    lead = DutyPart.objects.get(duty=duty, part=terms.LEAD)
    assert lead.unit == city.units["science"]


def test_a_standing_duty_is_the_policys_alone(city: City) -> None:
    six = replace(city.six(), due_date=None)
    origin = services.Origin(terms.POLICY, clause="9.9")
    duty = services.set_duty(by=system(), six=six, origin=origin, set_unit=city.units["office"])
    assert duty.due_date is None
    assert queries.standing(duty, date(2026, 9, 14)) == terms.STANDING
