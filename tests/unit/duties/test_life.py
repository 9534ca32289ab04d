"""The life of a duty: every move once and refused once, nobody closes his own, evidence, parts, handing over, units that close."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import grant, make_actor, make_unit, make_user, signed_in
from tests.unit.duties.conftest import CLERK, HEAD, OFFICER, City, pdf, told
from yinfeng.core import keeping
from yinfeng.core import services as core
from yinfeng.core.actors import system
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid, Stale
from yinfeng.core.models import Event, Rule
from yinfeng.core.queries import files_of
from yinfeng.core.scopes import actions_on
from yinfeng.duties import lifecycle, queries, services, terms
from yinfeng.duties.models import Duty, DutyPart
from yinfeng.duties.services import calendar
from yinfeng.orgs import services as orgs
from yinfeng.orgs.models import Unit

pytestmark = pytest.mark.django_db

# move → from which state, by whom, to which state; who is in sight of the duty and may not
MOVES = {
    "accept": (terms.ASSIGNED, "carl", terms.WORKING, "olga"), "send_back": (terms.WORKING, "carl", terms.RETURNED, "fred"),
    "insist": (terms.RETURNED, "olga", terms.ASSIGNED, "cora"), "take_back": (terms.SUBMITTED, "carl", terms.WORKING, "olga"),
    "approve": (terms.SUBMITTED, "olga", terms.CLOSED, "fred"), "reject": (terms.SUBMITTED, "otto", terms.WORKING, "fred"),
    "reopen": (terms.CLOSED, "otto", terms.WORKING, "carl"), "cancel": (terms.RETURNED, "olga", terms.CANCELLED, "cora"),
}  # fmt: skip


@pytest.mark.clause("3.5.3")
def test_every_move_is_made_once_by_who_may_and_from_where_it_leads_on(city: City) -> None:
    tables = {move.name: move for move in lifecycle.DUTY.moves}
    assert set(MOVES) == set(tables) - {"submit", "hand_over", "follow_unit"}
    for move, (state, by, target, other) in MOVES.items():
        duty = city.duty(state, joint_units=[city.units["finance"]])
        with pytest.raises(Forbidden):
            city.move(other, duty, move, "理由")
        wrong = next(name for name in (terms.CANCELLED, terms.CLOSED) if name not in tables[move].sources)
        with pytest.raises(DomainError):
            city.move(by, city.duty(wrong), move, "理由")
        if tables[move].asks_reason:
            with pytest.raises(Invalid, match="原因"):
                city.move(by, duty, move, " ")
        stale = Duty.objects.get(pk=duty.pk)
        assert city.move(by, duty, move, "理由").state == target
        with pytest.raises((Stale, Conflict)):
            city.move(by, stale, move, "理由")
        assert Event.objects.filter(object_id=duty.pk, verb=f"duties.duty.{move}").count() == 1
    with pytest.raises(Conflict):
        city.move("erin", city.duty(), "follow_unit")
    for act in ("submit", "hand_over"):
        with pytest.raises(Invalid):
            city.move("carl", city.duty(terms.WORKING), act)


def test_what_each_move_leaves_on_the_row(city: City) -> None:
    duty = city.duty(terms.WORKING)
    assert (duty.handler, duty.accepted_date) == (city.users["carl"], date(2026, 9, 14))
    city.move("carl", duty, "send_back", "不属于本单位职责")
    assert (duty.returns, told(duty, "send_back")) == (1, {"olga", "otto"})
    city.move("olga", duty, "insist", "三定规定明确")
    assert (duty.state, duty.handler, duty.accepted_date) == (terms.ASSIGNED, None, None)
    assert told(duty, "insist") == {"carl", "cora"}
    city.move("cora", duty, "accept")
    city.on(date(2026, 9, 23))
    city.submit("carl", duty)
    assert (duty.submitted_by, duty.submitted_date, duty.reported_date) == (
        city.users["carl"], date(2026, 9, 23), date(2026, 9, 23),
    )  # fmt: skip
    city.on(date(2026, 9, 24))
    city.move("otto", duty, "approve")
    assert (duty.closed_date, duty.submitted_date, duty.percent) == (
        date(2026, 9, 24), date(2026, 9, 23), 100,
    )  # fmt: skip
    assert Duty.objects.filter(queries.WAS_LATE, pk=duty.pk).exists()
    city.move("otto", duty, "reopen", "复核发现未落实")
    assert (duty.closed_date, duty.submitted_date, duty.reopenings, duty.due_date) == (
        None, None, 1, date(2026, 9, 22),
    )  # fmt: skip


# --- nobody closes his own ----------------------------------------------------------------------------------------


@pytest.mark.clause("3.5.3")
def test_nobody_closes_his_own(city: City) -> None:
    """Whoever handled, reported, submitted, took back or asked for time is refused, however far his rights reach."""
    office = city.units["office"]
    for name in ("carl", "cora"):
        grant(city.users[name], office, HEAD)  # they review for the office too
    duty = city.duty(terms.WORKING)  # carl has accepted
    services.report_progress(
        by=city.actor("cora"), duty=duty, unit=city.units["commerce"], text="已完成一半", percent=50
    )
    grant(city.users["otto"], city.units["commerce"], CLERK)
    city.submit("otto", duty)  # and otto has submitted
    for name in ("carl", "cora", "otto"):
        for move in ("approve", "reject"):
            with pytest.raises(Blocked, match="经办"):
                city.move(name, duty, move, "符合要求")
        assert not next(
            offer for offer in lifecycle.DUTY.offers(duty, city.actor(name)) if offer.move.name == "approve"
        ).is_open
    # what he did first does not go away because another did it after him
    city.move("otto", duty, "take_back")
    fresh = make_user("新人", city.units["commerce"], CLERK, username="nina")
    city.users["nina"] = fresh
    city.submit("nina", duty)
    with pytest.raises(Blocked, match="经办"):
        city.move("otto", duty, "approve")
    assert city.move("olga", duty, "approve").state == terms.CLOSED


def test_who_belongs_to_the_lead_unit_does_not_review_it_by_a_right_for_the_whole_city(city: City) -> None:
    duty = city.duty(terms.SUBMITTED)
    with pytest.raises(Blocked, match="牵头单位的人员"):
        city.move("both", duty, "approve")
    assert city.move("erin", duty, "approve").state == terms.CLOSED


def test_what_a_unit_set_for_itself_is_closed_by_another_of_its_people(city: City) -> None:
    duty = city.duty(by="cora", set_unit=city.units["commerce"])
    city.move("carl", duty, "accept")
    services.report_progress(by=city.actor("cora"), duty=duty, unit=city.units["commerce"], text="已完成一半")
    city.submit("carl", duty)
    with pytest.raises(Blocked, match="经办"):
        city.move("cora", duty, "approve")
    city.users["chen"] = make_user("陈处", city.units["commerce"], HEAD, username="chen")
    assert city.move("chen", duty, "approve").state == terms.CLOSED


def test_a_right_for_the_whole_city_speaks_for_no_unit_but_ones_own(city: City) -> None:
    duty = city.duty()
    with pytest.raises(Forbidden):
        city.move("erin", duty, "accept")
    city.move("both", duty, "accept")  # who has a post in commerce
    with pytest.raises(Forbidden):
        services.report_progress(by=city.actor("erin"), duty=duty, unit=city.units["commerce"], text="已完成")
    with pytest.raises(Invalid, match="您所在的"):
        services.report_progress(by=city.actor("both"), duty=duty, unit=city.units["office"], text="已完成")
    with pytest.raises(Forbidden):
        city.submit("erin", duty)


# --- progress -----------------------------------------------------------------------------------------------------


def test_reports_of_progress(city: City) -> None:
    units = city.units
    duty = city.duty(joint_units=[units["finance"], units["districts"]])

    def report(name: str, unit: str, duty: Duty = duty, **values: Any) -> Any:
        given = {"text": "已核对 40 处", **values}
        return services.report_progress(by=city.actor(name), duty=duty, unit=units[unit], **given)

    with pytest.raises(Conflict, match="签收之后"):
        report("fred", "finance")
    stale = Duty.objects.get(pk=city.move("carl", duty, "accept").pk)
    with pytest.raises(Forbidden):
        report("olga", "office")
    with pytest.raises(Forbidden):
        report("tom", "tourism")
    for name, unit, match, values in (
        ("fred", "commerce", "您所在的", {}), ("fred", "finance", "牵头单位填写", {"percent": 10}), ("jack", "districts", "您所在的", {}),
        ("fred", "finance", "写明进展", {"text": " "}),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=match):
            report(name, unit, **values)
    for percent in (-1, 101):
        with pytest.raises(Invalid):
            report("carl", "commerce", percent=percent)
    report("jack", "jimei")
    assert (duty.reported_date, duty.percent) == (None, 0)
    city.on(date(2026, 9, 16))
    report("carl", "commerce", percent=40)
    assert (duty.reported_date, duty.percent) == (date(2026, 9, 16), 40)
    assert queries.report_due(duty, date(2026, 9, 16)) == date(2026, 9, 30)  # 重点：两周一报
    for day, late in ((date(2026, 9, 30), False), (date(2026, 10, 1), True)):
        assert Duty.objects.filter(queries.report_late_q(day)).exists() == late
    city.submit("carl", duty)
    with pytest.raises(Conflict):
        report("jack", "jimei", stale)


# --- evidence -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.5.3")
def test_evidence_is_wanted_by_rule_and_not_counted_again_after_a_refusal(city: City) -> None:
    duty = city.duty(terms.WORKING)
    with pytest.raises(Invalid, match="至少 1 份") as error:
        city.submit("carl", duty, files=())
    assert set(error.value.fields) == {"files"}
    with pytest.raises(Invalid, match="办理结果"):
        services.submit_duty(by=city.actor("carl"), duty=duty, result=" ", files=(pdf(),))
    file, name = pdf("现场照片.pdf")
    core.attach_file(by=city.actor("carl"), obj=duty, file=file, name="附件.pdf")  # no evidence by kind
    with pytest.raises(Invalid):
        city.submit("carl", duty, files=())
    core.attach_file(by=city.actor("carl"), obj=duty, file=file, name=name, kind=terms.EVIDENCE)
    city.submit("carl", duty, files=())
    city.move("carl", duty, "take_back")
    city.submit("carl", duty, files=())  # taken back, not refused: it counts
    city.move("olga", duty, "reject", "照片看不清")
    with pytest.raises(Invalid, match="至少 1 份"):
        city.submit("carl", duty, files=())
    city.submit("carl", duty, files=(pdf("新照片.pdf"),))
    city.move("olga", duty, "approve")
    city.move("olga", duty, "reopen", "复核发现未落实")
    with pytest.raises(Invalid):
        city.submit("carl", duty, files=())
    Rule.objects.filter(kind="duty_closing").update(data={"files": 2})
    keeping.forget()
    with pytest.raises(Invalid, match="至少 2 份"):
        city.submit("carl", duty, files=(pdf("一.pdf"),))
    core.attach_file(
        by=city.actor("carl"), obj=duty, file=pdf("二.pdf")[0], name="二.pdf", kind=terms.EVIDENCE
    )
    city.submit("carl", duty, files=(pdf("三.pdf"),))  # one kept before, one brought along
    city.move("carl", duty, "take_back")
    Rule.objects.filter(kind="duty_closing").delete()
    keeping.forget()
    city.submit("carl", city.duty(terms.WORKING), files=())  # a city whose rule asks for none


def test_evidence_stays_while_it_is_judged_and_afterwards(city: City) -> None:
    duty = city.duty(terms.SUBMITTED)
    (file,) = list(files_of(duty))
    for state in (terms.SUBMITTED, terms.CLOSED):
        assert duty.state == state
        with pytest.raises(Conflict, match="佐证材料"):
            core.remove_file(by=city.actor("carl"), obj=duty, attachment=file, reason="传错了")
        if state == terms.SUBMITTED:
            city.move("olga", duty, "approve")
    city.move("olga", duty, "reopen", "复核发现未落实")
    core.remove_file(by=city.actor("carl"), obj=duty, attachment=file, reason="传错了")
    assert list(files_of(duty)) == []


# --- parts --------------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.5.3")
def test_the_whole_is_done_when_its_parts_are(city: City) -> None:
    whole = city.duty(terms.WORKING)
    done, dropped = city.part(whole), city.part(whole, "jimei")
    with pytest.raises(Blocked, match="2 项分解任务"):
        city.submit("carl", whole)
    for name, move in (("carl", "send_back"), ("olga", "cancel")):
        with pytest.raises(Blocked, match="2 项"):
            city.move(name, whole, move, "理由")
    city.move("cora", dropped, "cancel", "合并办理")
    city.move("fred", done, "accept")
    city.submit("fred", done)
    with pytest.raises(Forbidden):
        city.move("olga", done, "approve")  # who set the whole does not review the parts
    city.move("cora", done, "approve")
    event = Event.objects.get(verb="duties.duty.part_closed", object_id=whole.pk)
    assert "1 / 1 项已办结" in event.data["text"]
    city.submit("carl", whole)
    # a part reopened while the whole is reviewed: it is not closed before the part is
    city.move("cora", done, "reopen", "数据有误")
    with pytest.raises(Blocked, match="1 项"):
        city.move("olga", whole, "approve")
    city.submit("fred", done)
    city.move("cora", done, "approve")
    whole.refresh_from_db()
    city.move("olga", whole, "approve")
    done.refresh_from_db()
    with pytest.raises(Blocked, match="上级事项"):
        city.move("cora", done, "reopen", "数据有误")


def test_what_was_read_before_the_part_came_is_not_submitted(city: City) -> None:
    whole = city.duty(terms.WORKING)
    seen, other = Duty.objects.get(pk=whole.pk), Duty.objects.get(pk=whole.pk)
    city.part(whole)
    seen.__dict__["parts_open"] = 0  # as a page has read it
    with pytest.raises(Stale):
        city.submit("carl", seen)
    done = city.duty(terms.WORKING)
    late = Duty.objects.get(pk=done.pk)
    city.submit("carl", done)
    with pytest.raises(Conflict):
        city.part(late)
    with pytest.raises(Conflict):
        city.ask(late, date(2026, 9, 30))
    city.ask(other, date(2026, 9, 30))
    assert not Duty.objects.filter(parent=done).exists()


# --- handing over, units that close -------------------------------------------------------------------------------


def test_another_unit_takes_a_duty_over_and_is_told(city: City) -> None:
    units = city.units
    duty = city.duty(terms.WORKING, joint_units=[units["finance"], units["jimei"]])
    part = city.part(duty, "huli")
    by = city.actor("olga")
    for unit, match in (
        (units["commerce"], "另一个单位"),
        (units["gone"], "已经撤销"),
        (units["districts"], "统称"),
    ):
        with pytest.raises(Invalid, match=match):
            services.hand_over(by=by, duty=duty, unit=unit, reason="职责调整")
    with pytest.raises(Invalid, match="原因"):
        services.hand_over(by=by, duty=duty, unit=units["finance"], reason=" ")
    with pytest.raises(Forbidden):
        services.hand_over(by=city.actor("cora"), duty=duty, unit=units["finance"], reason="职责调整")
    extension = city.ask(duty, date(2026, 9, 28))
    with pytest.raises(Blocked, match="延期申请"):
        services.hand_over(by=by, duty=duty, unit=units["finance"], reason="职责调整")
    services.move_extension(by=city.actor("carl"), extension=extension, move="withdraw")
    duty.refresh_from_db()
    services.hand_over(by=by, duty=duty, unit=units["finance"], reason="职责调整")
    assert (duty.lead_unit, duty.state, duty.handler, duty.due_date) == (
        units["finance"], terms.ASSIGNED, None, date(2026, 9, 22),
    )  # fmt: skip
    assert told(duty, "hand_over") == {"fred", "jack"}
    assert [side.unit.code for side in queries.sides(duty.pk) if side.unit] == ["office", "finance", "jimei"]
    part.refresh_from_db()
    assert part.set_unit == units["finance"]
    # who led it sees on what it did
    assert set(Duty.objects.permitted(city.actor("carl"))) == {duty, part}
    for move in ("approve", "reject"):
        assert move not in {offer.move.name for offer in lifecycle.DUTY.offers(part, city.actor("cora"))}
    city.move("fred", duty, "accept")
    # what commerce had shown does not count for finance
    city.move("heidi", part, "accept")
    city.submit("heidi", part)
    city.users["finn"] = make_user("财政处长", units["finance"], HEAD, username="finn")
    city.move("finn", part, "approve")
    with pytest.raises(Invalid, match="至少 1 份"):
        city.submit("fred", duty, files=())


def test_who_held_a_duty_before_sees_it_on_and_does_nothing_more(city: City) -> None:
    units, olga = city.units, city.actor("olga")
    acts = {"set", "handle", "contribute", "review", "supervise", "change"}
    people = {
        "clerk": make_actor("科员", units["commerce"], CLERK), "head": make_actor("处长", units["commerce"], HEAD),
        "officer": make_actor("督查", units["commerce"], OFFICER), "other": make_actor("别人", units["tourism"], OFFICER),
    }  # fmt: skip
    for secrecy, seeing in (
        (terms.INTERNAL, {"clerk", "head", "officer"}),
        (terms.SENSITIVE, {"head", "officer"}),
    ):
        duty = city.duty(secrecy=secrecy)
        city.move("cora", duty, "accept")
        services.report_progress(
            by=city.actor("cora"), duty=duty, unit=units["commerce"], text="已核对 40 处"
        )
        part = city.part(duty, "huli")
        city.on(date(2026, 9, 16))
        services.hand_over(by=olga, duty=duty, unit=units["finance"], reason="职责调整")
        services.change_duty(
            by=olga, duty=duty, version=duty.version, values={"target": "录入 200 处"}, leader=None, joint_units=[units["jimei"]], reason="细化",
        )  # fmt: skip
        for name, actor in people.items():
            for row in (duty, part):
                assert actions_on(row, actor, {"view", *acts}) == ({"view"} if name in seeing else set()), (
                    name
                )
            assert Duty.objects.permitted(actor).filter(pk__in=[duty.pk, part.pk]).count() == (
                2 if name in seeing else 0
            )
        city.on(date(2026, 9, 14))
    page = signed_in(city.users["cora"]).get(duty.get_absolute_url()).content.decode()
    assert "市商务局（2026-09-14 至 2026-09-16）" in page
    assert "已核对 40 处" in page
    # the second that holds it, and the first once more
    city.on(date(2026, 9, 17))
    services.hand_over(by=olga, duty=duty, unit=units["commerce"], reason="收回")
    held = DutyPart.objects.filter(duty=duty, part=terms.FORMER_LEAD).order_by("until")
    assert list(held.values_list("unit__code", "since", "until")) == [
        ("commerce", date(2026, 9, 14), date(2026, 9, 16)), ("finance", date(2026, 9, 16), date(2026, 9, 17)),
    ]  # fmt: skip
    assert {"handle", "contribute"} <= actions_on(duty, people["head"], acts)


@pytest.mark.clause("3.5.3")
def test_a_unit_is_not_closed_while_it_owes(city: City) -> None:
    unit, day = city.units["commerce"], date(2026, 9, 14)
    duties = [city.duty(state) for state in (terms.ASSIGNED, terms.SUBMITTED, terms.RETURNED, terms.CLOSED)]
    with pytest.raises(Conflict, match="还有 3 项"):
        orgs.close_unit(by=city.actor("erin"), unit=unit, day=day, reason="机构改革")
    for duty in duties[:3]:
        if duty.state == terms.SUBMITTED:
            city.move("olga", duty, "approve")
        else:
            services.hand_over(
                by=city.actor("olga"), duty=duty, unit=city.units["science"], reason="机构改革"
            )
    unit.refresh_from_db()
    orgs.close_unit(by=city.actor("erin"), unit=unit, day=day, reason="机构改革")
    # on its last day it is given nothing more, and what it had closed is not put to work again
    with pytest.raises(Invalid, match="撤销"):
        city.duty()
    with pytest.raises(Invalid, match="撤销"):
        city.move("olga", Duty.objects.get(pk=duties[3].pk), "reopen", "复核发现未落实")
    city.on(date(2026, 9, 15))
    with pytest.raises(Blocked, match="移交"):
        city.move("olga", Duty.objects.get(pk=duties[3].pk), "reopen", "复核发现未落实")


def test_what_a_merged_unit_owes_goes_with_it(city: City) -> None:
    units = city.units
    states = (terms.ASSIGNED, terms.WORKING, terms.SUBMITTED, terms.RETURNED)
    open_ones = [city.duty(state, joint_units=[units["science"]]) for state in states]
    closed = city.duty(terms.CLOSED)
    whole = open_ones[1]
    part = city.part(whole)
    city.ask(whole, date(2026, 9, 28))
    orgs.close_unit(
        by=city.actor("erin"), unit=units["commerce"], day=date(2026, 9, 14), reason="并入科技局", into=units["science"]
    )  # fmt: skip
    for duty in open_ones:
        duty.refresh_from_db()
        assert (duty.lead_unit, duty.state) == (units["science"], terms.ASSIGNED)
        assert told(duty, "follow_unit") >= {"sven", "olga", "otto"}
        assert [side.unit.code for side in queries.sides(duty.pk) if side.unit] == ["office", "science"]
        city.move("sven", duty, "accept")
    part.refresh_from_db()
    assert part.set_unit == units["science"]
    closed.refresh_from_db()
    assert (closed.lead_unit, closed.state) == (units["commerce"], terms.CLOSED)
    assert not Duty.objects.filter(queries.orphans()).exists()


def test_what_a_merged_unit_had_set_is_reviewed_by_the_unit_it_joined(city: City) -> None:
    units = city.units
    duty, closed = city.duty(terms.SUBMITTED), city.duty(terms.CLOSED)
    orgs.close_unit(
        by=city.actor("erin"), unit=units["office"], day=date(2026, 9, 14), reason="并入文旅局", into=units["tourism"]
    )  # fmt: skip
    city.on(date(2026, 9, 15))
    for row, unit in ((duty, "tourism"), (closed, "office")):
        row.refresh_from_db()
        assert row.set_unit == units[unit]
        assert queries.sides(row.pk)[0].unit == units[unit]
    city.move("carl", duty, "take_back")
    city.submit("carl", duty)
    assert "tom" in told(duty, "submit")
    assert city.move("tom", duty, "approve").state == terms.CLOSED


def test_what_a_closed_unit_had_set_is_reviewed_by_the_one_above_or_the_office(city: City) -> None:
    units = city.units
    units["bureau"] = make_unit("bureau", "government", units["science"], name="科技处")
    for name, unit, heir in (("bea", "bureau", "science"), ("tom", "tourism", "office")):
        if name not in city.users:
            city.users[name] = make_user(name, units[unit], HEAD, username=name)
        duty = city.duty(terms.SUBMITTED, by=name, set_unit=units[unit], lead_unit=units["commerce"])
        orgs.close_unit(by=city.actor("erin"), unit=units[unit], day=date(2026, 9, 14), reason="机构改革")
        duty.refresh_from_db()
        assert duty.set_unit == units[heir]
        event = Event.objects.get(verb="duties.duty.setter_moved", object_id=duty.pk)
        assert (event.note, len(event.changes["set_unit"])) == ("机构改革", 2)
        assert told(duty, "setter_moved") >= {"carl", "cora"}
    assert "olga" in told(duty, "setter_moved")
    assert city.move("olga", duty, "approve").state == terms.CLOSED
    # … nothing is above an office, and nobody would review what it has set
    Unit.objects.filter(code="tourism").update(valid_to=None)
    city.duty()
    with pytest.raises(Conflict, match="接着审核"):
        orgs.close_unit(by=city.actor("erin"), unit=units["office"], day=date(2026, 9, 14), reason="机构改革")


def test_a_new_district_joins_the_policys_tasks_that_say_each_district(city: City) -> None:
    six = replace(city.six(joint_units=[city.units["districts"]]), due_date=None)
    origin = services.Origin(terms.POLICY, clause="9.9")
    task = services.set_duty(by=system(), six=six, origin=origin, set_unit=city.units["office"])
    by_hand = city.duty(joint_units=[city.units["districts"]])
    new = orgs.put_unit(
        by=system(), code="xiangan", parent=city.units["root"], values={"kind": "district", "name": "翔安区"}, day=date(2026, 9, 14)
    )  # fmt: skip
    assert list(DutyPart.objects.filter(unit=new).values_list("duty", "part", "named_as__code")) == [
        (task.pk, terms.JOINT, "districts")
    ]
    assert "翔安区（各区）" in Event.objects.get(verb="duties.duty.joined", object_id=task.pk).data["text"]
    clerk = make_actor("翔安干部", new, CLERK)
    assert actions_on(task, clerk, {"view", "contribute"}) == {"view", "contribute"}
    assert not Duty.objects.permitted(clerk).filter(pk=by_hand.pk).exists()
    orgs.put_unit(
        by=system(),
        code="xiangan",
        parent=city.units["root"],
        values={"name": "翔安新区"},
        day=date(2026, 9, 14),
    )
    assert DutyPart.objects.filter(unit=new).count() == 1


def test_what_a_unit_owes_that_the_profile_closed_shows_as_to_be_handed_over(city: City) -> None:
    duty, other = city.duty(), city.duty(lead_unit=city.units["science"])
    done = city.duty(terms.CLOSED)
    Unit.objects.filter(code="commerce").update(valid_to=date(2026, 9, 13))
    assert list(Duty.objects.filter(queries.orphans())) == [duty]
    with pytest.raises(Forbidden):  # its people are nobody's any more
        city.move("carl", Duty.objects.get(pk=duty.pk), "accept")
    services.hand_over(
        by=city.actor("olga"),
        duty=Duty.objects.get(pk=duty.pk),
        unit=city.units["science"],
        reason="机构改革",
    )
    assert not Duty.objects.filter(queries.orphans()).exists()
    assert {other.state, done.state} == {terms.ASSIGNED, terms.CLOSED}


# --- against the calendar -----------------------------------------------------------------------------------------


def test_days_given_in_working_days_are_counted_again_when_the_calendar_changes(city: City) -> None:
    by = system("test")
    counted = city.duty(work_days=6)
    dated = city.duty(due_date=counted.due_date)
    lawful = city.duty(work_days=6, statutory_date=counted.due_date)
    done = city.duty(terms.SUBMITTED, work_days=6)
    returned = city.duty(terms.RETURNED, work_days=6)
    whole = city.duty(terms.WORKING, due_date=counted.due_date)
    part = city.part(whole, due_date=None, work_days=6)
    assert {duty.due_date for duty in (counted, dated, lawful, done, returned, part)} == {date(2026, 9, 21)}
    entry = {
        "day": date(2026, 9, 16), "is_workday": False, "name": "台风停工", "source": "市防指通知",
    }  # fmt: skip
    calendar.enter_day(by=by, values=entry, reason="台风")
    due = {}
    for name, duty in (
        ("counted", counted), ("dated", dated), ("lawful", lawful), ("done", done), ("returned", returned), ("part", part),
    ):  # fmt: skip
        duty.refresh_from_db()
        due[name] = duty.due_date
    same, later = date(2026, 9, 21), date(2026, 9, 22)
    assert due == {
        "counted": later, "dated": same, "lawful": same, "done": same, "returned": later, "part": same,
    }  # fmt: skip
    assert told(counted, "recounted") == {"carl", "cora"}
    event = Event.objects.get(verb="duties.duty.recounted", object_id=counted.pk)
    assert event.changes["due_date"] == ["2026-09-21", "2026-09-22"]
    assert services.recount(by=by) == 0


def test_a_day_that_becomes_a_holiday_is_the_next_working_day_and_back(city: City) -> None:
    by, monday, tuesday = system("test"), date(2026, 9, 21), date(2026, 9, 22)
    dated, other = city.duty(due_date=monday), city.duty(due_date=date(2026, 9, 24))
    granted = city.duty(terms.WORKING, due_date=date(2026, 9, 17))
    services.grant_extension(by=city.actor("olga"), extension=city.ask(granted, monday), until=monday)
    older = city.duty(due_date=monday)  # of before the day as given was kept
    Duty.objects.filter(pk=older.pk).update(given_date=None)
    whole = city.duty(terms.WORKING, due_date=monday)
    part = city.part(whole)
    moving = (dated, granted, older, whole, part)
    entry = {"day": monday, "is_workday": False, "name": "台风停工", "source": "市防指通知"}
    holiday = calendar.enter_day(by=by, values=entry, reason="台风")
    for duty in moving:
        duty.refresh_from_db()
        assert (duty.due_date, duty.given_date) == (tuesday, monday)
    other.refresh_from_db()
    assert other.due_date == date(2026, 9, 24)
    city.on(tuesday)
    assert not Duty.objects.filter(queries.standing_q(terms.OVERDUE, tuesday)).exists()
    page = signed_in(city.users["olga"]).get(dated.get_absolute_url()).content.decode()
    assert "所定日期 2026-09-21 遇节假日" in page
    city.on(date(2026, 9, 15))
    calendar.remove_day(by=by, day=holiday, version=holiday.version, reason="台风未登陆")
    for duty in moving:
        duty.refresh_from_db()
        assert duty.due_date == monday


@pytest.mark.parametrize("state", [terms.ASSIGNED, terms.WORKING])
def test_by_when_it_is_to_be_accepted(city: City, state: str) -> None:
    city.on(date(2026, 9, 24))
    duty = city.duty(state, due_date=date(2026, 10, 20))
    wanted = date(2026, 9, 29) if state == terms.ASSIGNED else None
    assert queries.accept_by(duty, timezone.localdate() + timedelta(days=1)) == wanted


def test_a_duty_is_found_by_whoever_sees_it(city: City) -> None:
    duty = city.duty()
    for name, sees in (("carl", True), ("olga", True), ("tom", False)):
        for asked in ("载体", duty.number):
            page = signed_in(city.users[name]).get(reverse("search"), {"q": asked}).content.decode()
            assert (duty.get_absolute_url() in page) is sees
