"""Planned projects: proposed, argued by another, published, kept up to date, taken up as projects firm by firm."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from tests.factories.races import at_once
from tests.unit.projects.conftest import CLERK, City
from tests.unit.projects.test_pages import opened
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid, Stale
from yinfeng.core.keeping import forget
from yinfeng.core.models import Code, Event, Notice, Rule
from yinfeng.core.money import WAN, YI, Money
from yinfeng.core.scopes import actions_on
from yinfeng.orgs.models import Unit
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.models import Area, Partner, Project, Proposal
from yinfeng.projects.queries import Calendar

pytestmark = pytest.mark.django_db

PLAN = [f"projects.proposal.{act}" for act in ("view", "change", "argue", "export")]
ROUNDS = Calendar(11, 12, 3, 3)


@pytest.fixture
def planning(city: City) -> City:
    """paul and petra plan in the working group, the office argues too; hugo of 集美 only looks and takes up."""
    library = "enterprises.enterprise.view"
    for name, unit, permissions in (
        ("paul", city.group, [*PLAN[:2], library, "projects.project.view"]),
        ("petra", city.group, [*PLAN, library, "projects.project.view"]),
        ("office", city.root, [*PLAN, *CLERK]),
        ("hugo", city.jimei, [*CLERK, PLAN[0]]),
        ("hanna", city.jimei, [*CLERK, PLAN[0]]),
        ("outside", make_unit("siming"), [*PLAN, *CLERK]),
    ):
        city.users[name] = make_user(name, unit, permissions, username=name)
    Code.objects.bulk_create(
        [
            Code(table="chain", code="chips", name="集成电路", level=1),
            Code(table="industry", code="A", name="农业", level=1),
        ]
    )
    Rule.objects.bulk_create(
        Rule(kind=kind, key=key, valid_from=date(2019, 1, 1), data=data, source="测试")
        for kind, key, data in (
            ("proposal", "calendar", {"collect_month": 11, "argue_month": 12, "publish_before_month": 3, "update_months": 3}),
            ("proposal_threshold", "industry", {"sections": ["C"], "min_yuan": 50_000_000, "below": "ask"}),
            ("proposal_threshold", "agriculture", {"sections": ["A"], "min_yuan": 30_000_000, "below": "refuse"}),
        )
    )  # fmt: skip
    forget()
    return city


def propose(city: City, by: str = "paul", firms: int = 1, confirmed: bool = False, **values: Any) -> Proposal:
    given = {
        "title": "功率器件封装线", "planning_unit": city.group, "industry": "3973", "chain": "chips", "content": "建封装测试线",
        "rationale": "补封装环节的缺口", "return_mechanism": "本地整机厂商的订单", "estimated": Decimal(5 * YI),
        "fixed_investment": Decimal(3 * YI), "host_unit": city.jimei, "site": "软件园三期", "land_mu": Decimal(60), **values,
    }  # fmt: skip
    made = services.propose(by=city.actor(by), values=given, confirmed=confirmed)
    for number in range(firms):
        firm = make_enterprise(f"第{made.pk}-{number}号器件有限公司")
        services.add_partner(by=city.actor(by), proposal=made, enterprise=firm, reason="链上龙头，正在扩产")
    return made


def move(city: City, proposal: Proposal, name: str, by: str, reason: str = "依据成立") -> Proposal:
    proposal.refresh_from_db()
    proposal.__dict__.pop("lacking", None)
    return services.move_proposal(by=city.actor(by), proposal=proposal, move=name, reason=reason)


def published(city: City, **values: Any) -> Proposal:
    made = propose(city, **values)
    move(city, made, "submit", "paul")
    return move(city, made, "publish", "petra")


def generate(city: City, proposal: Proposal, number: int = 0, by: str = "hugo", **values: Any) -> Project:
    partner = proposal.partners.order_by("pk")[number]
    given = {"name": f"封装线{number}", "intended": Money.in_yuan(Decimal(5 * YI)), **values}
    fresh = Proposal.objects.get(pk=proposal.pk)
    return services.generate_project(by=city.actor(by), proposal=fresh, partner=partner.pk, values=given)


# --- the way of a proposal ----------------------------------------------------------------------------------------


@pytest.mark.clause("1.2")
def test_a_wish_is_argued_published_and_taken_up_firm_by_firm(planning: City) -> None:
    """The working group plans, somebody else argues, a district makes a project with each firm; the plan is linked to both."""
    city = planning
    plan = propose(city, firms=2)
    assert not Proposal.objects.permitted(city.actor("outside")).exists()
    move(city, plan, "submit", "paul")
    assert Notice.objects.filter(owner=city.users["petra"]).exists()
    move(city, plan, "publish", "petra", "缺口属实，企业有扩产计划")
    assert (plan.argued_by, plan.opinion) == (city.users["petra"], "缺口属实，企业有扩产计划")
    assert Proposal.objects.permitted(city.actor("outside")).get() == plan
    first, second = generate(city, plan), generate(city, plan, 1, by="office")
    plan.refresh_from_db()
    assert plan.state == stages.GENERATED
    assert [partner.project for partner in plan.partners.order_by("pk")] == [first, second]
    assert (first.stage, first.enterprise, first.chain, first.industry) == (
        stages.PLANNED, plan.partners.order_by("pk")[0].enterprise, "chips", "3973",
    )  # fmt: skip
    assert (first.host_unit, first.land_mu, first.fixed_investment, first.intended) == (
        city.jimei, None, None, Decimal(5 * YI),  # of several firms none is said to do the whole
    )  # fmt: skip
    assert city.group in {part.unit for part in first.participations.filter(until=None)}
    (line,) = queries.planned_by_unit(city.actor("office"), timezone.localdate())
    assert (line.name, line.projects, line.conversion, line.amount) == ("制造业组", 2, 1, Decimal(5 * YI))


def test_the_planner_sees_what_came_of_the_plan_although_its_industry_is_anothers(planning: City) -> None:
    plan = published(planning, industry="66", fixed_investment=Decimal(3 * YI))
    project = generate(planning, plan)
    assert Project.objects.permitted(planning.actor("paul")).get() == project


def test_who_proposed_it_does_not_argue_it(planning: City) -> None:
    plan = propose(planning, by="petra")
    move(planning, plan, "submit", "petra")
    with pytest.raises(Blocked, match="以外的人") as refused:
        move(planning, plan, "publish", "petra")
    assert "提出人以外" in str(refused.value.reasons)
    with pytest.raises(Forbidden):
        move(planning, plan, "publish", "paul")
    move(planning, plan, "send_back", "office", "请补充企业意向")
    plan.refresh_from_db()
    assert (plan.state, plan.opinion) == (stages.COLLECTED, "请补充企业意向")


@pytest.mark.clause("2.2")
def test_a_return_mechanism_and_named_firms_are_asked_before_it_is_argued(planning: City) -> None:
    """An opportunity is published with its return mechanism stated and the firms named to which it is offered."""
    plan = propose(planning, firms=0, return_mechanism="", fixed_investment=None, host_unit=None, site="")
    with pytest.raises(Blocked) as refused:
        move(planning, plan, "submit", "paul")
    told = "".join(map(str, refused.value.reasons))
    assert all(word in told for word in ("固定资产投资", "回报机制", "拟落地单位", "拟对接企业"))


def test_what_was_argued_cannot_be_emptied(planning: City) -> None:
    plan = published(planning)
    with pytest.raises(Invalid) as refused:
        services.change_proposal(
            by=planning.actor("paul"), proposal=plan, version=plan.version, values={"return_mechanism": ""}
        )
    assert "return_mechanism" in refused.value.fields
    with pytest.raises(Conflict, match="至少"):
        services.remove_partner(
            by=planning.actor("paul"), proposal=plan, pk=plan.partners.get().pk, reason="改了"
        )


def test_what_became_projects_stays(planning: City) -> None:
    plan = published(planning, firms=2)
    generate(planning, plan)
    plan.refresh_from_db()
    with pytest.raises(Conflict, match="不能移除"):
        services.remove_partner(
            by=planning.actor("paul"), proposal=plan, pk=plan.partners.order_by("pk")[0].pk, reason="改了"
        )
    with pytest.raises(Conflict, match="不能再修改"):
        services.change_proposal(
            by=planning.actor("paul"), proposal=plan, version=plan.version, values={"site": "别处"}
        )
    with pytest.raises(Conflict):
        move(planning, plan, "take_off", "paul")
    with pytest.raises(Conflict, match="刷新"):
        generate(planning, plan)
    generate(planning, plan, 1)
    with pytest.raises(Blocked) as refused:
        generate(planning, plan, 1)
    assert "加入另一家" in str(refused.value.reasons)


def test_taken_off_and_collected_again_belongs_to_the_present_round(planning: City) -> None:
    plan = propose(planning)
    Proposal.objects.filter(pk=plan.pk).update(collected_date=date(2020, 1, 1))
    move(planning, plan, "take_off", "paul")
    with pytest.raises(Conflict, match="撤下"):
        services.add_partner(
            by=planning.actor("paul"),
            proposal=plan,
            enterprise=make_enterprise("某器件有限公司"),
            reason="龙头",
        )
    move(planning, plan, "collect_again", "paul")
    plan.refresh_from_db()
    assert (plan.state, plan.collected_date) == (stages.COLLECTED, timezone.localdate())


def test_generating_asks_what_every_new_project_is_asked(planning: City) -> None:
    city = planning
    plan = published(city)
    firm = plan.partners.get().enterprise
    city.project(by="alice", enterprise=firm)
    with pytest.raises(Invalid) as refused:
        generate(city, plan)
    assert "despite" in refused.value.fields
    plan.refresh_from_db()
    assert plan.state == stages.PUBLISHED
    assert plan.partners.get().project is None
    with pytest.raises(Invalid):
        services.move_proposal(by=city.actor("hugo"), proposal=plan, move="generate")


def change(city: City, plan: Proposal, by: str = "paul", **values: Any) -> Proposal:
    plan.refresh_from_db()
    return services.change_proposal(by=city.actor(by), proposal=plan, version=plan.version, values=values)


def test_what_was_published_is_argued_again_when_its_substance_changes(planning: City) -> None:
    """Out of the others' sight until somebody else argues it; its name and where it is filed are not argued about."""
    city = planning
    plan = published(city)
    change(city, plan, title="功率器件封装测试线", chain="")
    assert plan.state == stages.PUBLISHED
    Proposal.objects.filter(pk=plan.pk).update(collected_date=date(2020, 1, 1))
    form = signed_in(city.users["paul"]).get(f"/proposals/{plan.pk}/edit/").content.decode()
    assert "须由别人重新论证" in form
    change(city, plan, content="建垃圾焚烧厂")
    assert (plan.state, plan.collected_date) == (stages.ARGUED, timezone.localdate())
    told = Event.objects.filter(object_id=plan.pk, verb="projects.proposal.argue_again").get()
    assert told.changes == {"state": [stages.PUBLISHED, stages.ARGUED]}
    assert not Proposal.objects.permitted(city.actor("outside")).exists()
    signed_in(city.users["petra"]).get(f"/proposals/{plan.pk}/")
    assert "上次论证意见" in opened(city, "petra", f"/proposals/{plan.pk}/").content.decode()
    with pytest.raises(DomainError):
        generate(city, plan)
    with pytest.raises(Conflict, match="自动转入"):
        services.move_proposal(by=city.actor("paul"), proposal=published(city), move="argue_again")
    move(city, plan, "publish", "petra")
    assert generate(city, plan).summary == "建垃圾焚烧厂"


def test_nobody_argues_what_he_wrote_or_submitted(planning: City) -> None:
    """petra may argue in her unit; each of these acts of hers leaves it to the office, until it is published."""
    city = planning
    acts: dict[str, Any] = {
        "changed": lambda plan: change(city, plan, by="petra", site="新址"),
        "named a firm": lambda plan: services.add_partner(
            by=city.actor("petra"), proposal=plan, enterprise=make_enterprise("某封装有限公司"), reason="龙头"
        ),
        "submitted": lambda plan: move(city, plan, "submit", "petra"),
    }  # fmt: skip
    for name, act in acts.items():
        plan = propose(city)
        act(plan)
        if plan.state != stages.ARGUED:
            move(city, plan, "submit", "paul")
        with pytest.raises(Blocked) as refused:
            move(city, plan, "publish", "petra")
        assert "修改或提交过" in str(refused.value.reasons), name
        move(city, plan, "send_back", "office")
        move(city, plan, "submit", "paul")
        with pytest.raises(Blocked):  # what she wrote is still in it
            move(city, plan, "send_back", "petra")
        move(city, plan, "publish", "office")
        change(city, plan, content="另一条线")
        assert move(city, plan, "publish", "petra").state == stages.PUBLISHED, name


def waits_for(city: City, who: str) -> list[str]:
    count, rows = queries.waiting_for(city.actor(who), 5).get(queries.PROPOSALS, (0, []))
    assert count == len(rows)
    return [row.title for row in rows]


def test_who_may_argue_is_told_and_finds_it_on_the_desk(planning: City) -> None:
    """The arguers of the unit; where there is none, or only who submitted it, those who argue for the whole city."""
    city = planning
    move(city, propose(city), "submit", "paul")
    assert [notice.owner.username for notice in Notice.objects.select_related("owner")] == ["petra"]
    Notice.objects.all().delete()
    move(city, propose(city, title="独自提交"), "submit", "petra")
    soe = make_unit("soe", "soe", city.root, name="某国企")
    city.users["sam"] = make_user("sam", soe, PLAN[:2], username="sam")
    move(city, propose(city, by="sam", title="国企策划", planning_unit=soe), "submit", "sam")
    notices = [notice.owner.username for notice in Notice.objects.select_related("owner")]
    assert notices == ["office", "office"]
    assert waits_for(city, "petra") == ["功率器件封装线"]
    assert waits_for(city, "office") == ["功率器件封装线", "独自提交", "国企策划"]
    assert waits_for(city, "paul") == waits_for(city, "outside") == []
    home = opened(city, "office", "/").content.decode()
    assert "待我论证的策划项目" in home
    assert "某国企" in home


def test_what_is_closed_is_not_chosen_and_stays_where_it_was(planning: City) -> None:
    """Closed units and areas that are over: on no form and refused; a plan that names one keeps it and is edited on."""
    city = planning
    yesterday = timezone.localdate() - timedelta(days=1)
    post = make_unit("post", "command", city.root)
    area = Area.objects.create(name="旧片区", command_unit=post, purpose="产业", since=date(2020, 1, 1))
    plan = published(city, host_unit=city.huli, area=area)
    Unit.objects.filter(pk=city.huli.pk).update(valid_to=yesterday)
    Area.objects.filter(pk=area.pk).update(until=yesterday)
    for name, value in (("host_unit", city.huli), ("area", area), ("planning_unit", city.root)):
        with pytest.raises(Invalid) as refused:
            propose(city, by="office", **{name: value})
        assert name in refused.value.fields
    assert f'value="{city.huli.pk}"' not in opened(city, "paul", "/proposals/new/").content.decode()
    form = signed_in(city.users["paul"]).get(f"/proposals/{plan.pk}/edit/").content.decode()
    assert f'<option value="{city.huli.pk}" selected>' in form
    assert f'<option value="{area.pk}" selected>' in form
    change(city, plan, host_unit=city.huli, area=area, title="改名")
    made = generate(city, plan)
    assert (made.host_unit, made.area) == (city.jimei, None)  # whose clerk took it up


TRUTH = {
    ("collected", "paul"): "view change", ("collected", "petra"): "view change argue export", ("collected", "hugo"): "view generate",
    ("collected", "office"): "view change argue export generate", ("collected", "outside"): "", ("collected", "bob"): "",
    ("published", "paul"): "view change", ("published", "petra"): "view change argue export", ("published", "hugo"): "view generate",
    ("published", "office"): "view change argue export generate", ("published", "outside"): "view generate", ("published", "bob"): "",
}  # fmt: skip


def test_person_by_row_by_act(planning: City) -> None:
    found = {"collected": propose(planning), "published": published(planning)}
    for (row, person), allowed in TRUTH.items():
        acts = actions_on(
            found[row], planning.actor(person), {"view", "change", "argue", "export", "generate"}
        )
        assert acts == set(allowed.split()), (row, person)


def test_every_state_is_reached_and_every_move_refused_once(planning: City) -> None:
    table, reached = lifecycle.PROPOSAL, {lifecycle.PROPOSAL.initial}
    for _turn in table.states:
        reached |= {step.target for step in table.moves if reached & set(step.sources)}
    assert reached == set(table.states)
    plan = propose(planning)
    for step in table.moves:
        with pytest.raises(DomainError):
            lifecycle.PROPOSAL.check(plan, step.name, planning.actor("bob"))


def test_one_proposes_for_units_of_ones_own(planning: City) -> None:
    with pytest.raises(Forbidden):
        propose(planning, planning_unit=planning.jimei)
    plan = propose(planning)
    with pytest.raises(Forbidden):
        services.change_proposal(
            by=planning.actor("paul"),
            proposal=plan,
            version=plan.version,
            values={"planning_unit": planning.jimei},
        )


# --- amounts and thresholds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("industry", "fixed", "field"),
    [
        ("3973", 50_000_000, None), ("3973", Decimal("49999999.99"), "exception"), ("A", 30_000_000, None),
        ("A", Decimal("29999999.99"), "fixed_investment"), ("66", 10_000_000, None), ("C", 10_000_000, "exception"),
    ],
)  # fmt: skip
def test_thresholds_by_industry(planning: City, industry: str, fixed: Any, field: str | None) -> None:
    """工业 5000 万, 农业 3000 万 (青田县, FACTS §1.2); what no rule names has none."""
    values = {"industry": industry, "fixed_investment": Decimal(fixed), "chain": ""}
    if field is None:
        assert propose(planning, **values).pk
        return
    with pytest.raises(Invalid) as refused:
        propose(planning, **values)
    assert list(refused.value.fields) == [field]
    if field == "exception":
        assert propose(planning, exception="首台套", **values).pk


def test_amounts_are_questioned_and_the_part_is_no_more_than_the_whole(planning: City) -> None:
    with pytest.raises(Invalid) as refused:
        propose(planning, estimated=Decimal(2_000 * YI))
    assert {"estimated", "confirm_amounts"} <= set(refused.value.fields)
    plan = propose(planning, estimated=Decimal(2_000 * YI), confirmed=True)
    services.change_proposal(
        by=planning.actor("paul"), proposal=plan, version=plan.version, values={"site": "别处"}
    )
    with pytest.raises(Invalid, match="不能大于"):
        propose(planning, fixed_investment=Decimal(6 * YI))
    with pytest.raises(Invalid, match="代码"):
        propose(planning, chain="nothing")
    with pytest.raises(Invalid, match="策划单位"):
        propose(planning, planning_unit=None)


# --- the round ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("collected", "argued", "published_by"),
    [
        (date(2026, 11, 30), date(2027, 1, 1), date(2027, 3, 1)),
        (date(2026, 12, 1), date(2028, 1, 1), date(2028, 3, 1)),
        (date(2026, 1, 5), date(2027, 1, 1), date(2027, 3, 1)),
    ],
)
def test_the_round_to_which_a_proposal_belongs(collected: date, argued: date, published_by: date) -> None:
    """Every November collected, December argued, published before March (青田县, FACTS §1.2): the days after."""
    assert (ROUNDS.argued_until(collected), ROUNDS.published_until(collected)) == (argued, published_by)


def test_a_round_over_the_turn_of_the_year_and_other_periods() -> None:
    other = Calendar(12, 1, 2, 6)
    assert other.collected_until(date(2026, 12, 31)) == date(2027, 1, 1)
    assert other.argued_until(date(2026, 12, 31)) == date(2027, 2, 1)
    assert other.published_until(date(2026, 12, 31)) == date(2027, 2, 1)
    assert (other.period_of(date(2026, 8, 1)), other.period_end(date(2026, 8, 1))) == (
        date(2026, 7, 1), date(2027, 1, 1),
    )  # fmt: skip


DUE = [
    (stages.COLLECTED, date(2026, 11, 20), date(2026, 12, 31), False, "2026-12-31"),
    (stages.COLLECTED, date(2026, 11, 20), date(2027, 1, 1), True, "已过期"),
    (stages.COLLECTED, date(2026, 12, 1), date(2027, 12, 31), False, "2027-12-31"),
    (stages.ARGUED, date(2026, 11, 20), date(2027, 2, 28), False, "2027-02-28"),
    (stages.ARGUED, date(2026, 11, 20), date(2027, 3, 1), True, "已过期"),
    (stages.PUBLISHED, date(2026, 7, 1), date(2026, 9, 30), None, ""),
    (stages.PUBLISHED, date(2026, 9, 30), date(2026, 10, 1), False, "本季未更新"),
    (stages.PUBLISHED, date(2026, 9, 30), date(2027, 1, 1), True, "上季和本季"),
    (stages.GENERATED, date(2020, 1, 1), date(2027, 1, 1), None, ""),
    (stages.WITHDRAWN, date(2020, 1, 1), date(2027, 1, 1), None, ""),
]


@pytest.mark.parametrize(("state", "day", "today", "is_late", "told"), DUE)
def test_what_is_due_and_the_filters_agree(
    planning: City, state: str, day: date, today: date, is_late: bool | None, told: str
) -> None:
    plan = propose(planning)
    Proposal.objects.filter(pk=plan.pk).update(state=state, collected_date=day, checked_date=day)
    plan.refresh_from_db()
    due = queries.due_of(plan, today, queries.calendar(today))
    assert (due and due.is_late) == is_late
    assert told in (due.sentence if due else "")
    assert Proposal.objects.filter(queries.late(today)).exists() == bool(is_late)
    stale = state == stages.PUBLISHED and due is not None
    assert Proposal.objects.filter(queries.not_updated(today)).exists() == stale


def test_without_a_rule_nothing_is_due_and_nothing_below(planning: City) -> None:
    Rule.objects.all().delete()
    forget()
    plan, today = propose(planning, fixed_investment=Decimal(1 * WAN * 1_000)), date(2040, 1, 1)
    assert queries.due_of(plan, today, queries.calendar(today)) is None
    assert not Proposal.objects.filter(queries.late(today) | queries.not_updated(today)).exists()
    assert "没有策划日程" in signed_in(planning.users["office"]).get("/proposals/units/").content.decode()


def test_looking_at_it_updates_it(planning: City) -> None:
    for act in ("refresh", "change", "partner"):
        plan = published(planning)
        Proposal.objects.filter(pk=plan.pk).update(checked_date=timezone.localdate() - timedelta(days=200))
        plan.refresh_from_db()
        if act == "refresh":
            move(planning, plan, "refresh", "paul")
        elif act == "change":
            services.change_proposal(
                by=planning.actor("paul"), proposal=plan, version=plan.version, values={"title": "新名"}
            )
        else:
            services.add_partner(
                by=planning.actor("paul"), proposal=plan, enterprise=make_enterprise(f"某{act}{plan.pk}有限公司"), reason="龙头"
            )  # fmt: skip
        plan.refresh_from_db()
        assert plan.checked_date == timezone.localdate(), act


# --- two at once --------------------------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_up_one_plan_with_one_firm_one_wins(transactional_db: None, planning: City) -> None:
    for turn in range(3):
        plan = published(planning)
        partner = plan.partners.get().pk
        values = {"name": f"封装线第{turn}", "intended": Money.in_yuan(Decimal(5 * YI))}

        def act(name: str, plan: Proposal = plan, partner: int = partner, values: Any = values) -> Project:
            fresh = Proposal.objects.get(pk=plan.pk)
            return services.generate_project(
                by=planning.actor(name), proposal=fresh, partner=partner, values=values, despite="两人同时"
            )

        results = at_once([lambda: act("hugo"), lambda: act("hanna")])
        refused = [result for result in results if isinstance(result, DomainError)]
        assert len(refused) == 1
        assert isinstance(refused[0], Conflict | Stale | Blocked)
        assert str(refused[0])
        made = Project.objects.filter(name=values["name"])
        assert Partner.objects.get(pk=partner).project == made.get()


# --- pages --------------------------------------------------------------------------------------------------------


def test_pages_ask_ten_times_at_most(planning: City) -> None:
    city = planning
    plan = published(city, firms=3)
    generate(city, plan)
    propose(city)
    for person in ("paul", "office", "hugo"):
        for path in (
            "/proposals/", "/proposals/?due=stale", "/proposals/?due=late", "/proposals/?q=封装", "/proposals/?state=generated",
            "/proposals/units/", f"/proposals/{plan.pk}/",
        ):  # fmt: skip
            opened(city, person, path)
    opened(city, "paul", "/proposals/new/")
    opened(city, "hugo", f"/proposals/{plan.pk}/generate/")
    project = plan.partners.order_by("pk")[0].project
    assert "策划项目" in opened(city, "hugo", f"/projects/{project.pk}/").content.decode()


def test_the_page_says_what_is_lacking_and_what_came_of_it(planning: City) -> None:
    city = planning
    bare = propose(city, firms=0, return_mechanism="")
    page = opened(city, "paul", f"/proposals/{bare.pk}/").content.decode()
    assert "提交论证前还缺什么" in page
    assert f"/proposals/{bare.pk}/partners/add/" in page
    plan = published(city)
    project = generate(city, plan, secrecy=stages.SENSITIVE)
    assert project.code in opened(city, "hugo", f"/proposals/{plan.pk}/").content.decode()
    told = opened(city, "paul", f"/proposals/{plan.pk}/").content.decode()
    assert project.code not in told
    assert project.name not in told


def test_the_forms_do_what_they_say(planning: City) -> None:
    city = planning
    paul = signed_in(city.users["paul"])
    form = {
        "title": "晶圆厂", "planning_unit": city.group.pk, "industry": "3973", "chain": "chips", "content": "建厂", "rationale": "缺口",
        "return_mechanism": "订单", "estimated_0": "2", "estimated_unit": "yi", "fixed_investment_0": "0.4", "fixed_investment_unit": "yi",
        "host_unit": city.jimei.pk, "site": "", "land_mu": "", "estimated": "2", "fixed_investment": "0.4",
    }  # fmt: skip
    asked = paul.post("/proposals/new/", form)
    assert asked.status_code == 422
    assert "低于这个行业的策划门槛" in asked.content.decode()
    assert paul.post("/proposals/new/", form | {"exception": "首台套"}).status_code == 302
    plan = Proposal.objects.get(title="晶圆厂")
    firm = make_enterprise("晶圆制造有限公司")
    added = paul.post(f"/proposals/{plan.pk}/partners/add/", {"enterprise_name": firm.name, "reason": "龙头"})
    assert added.status_code == 302, added.content.decode()
    twice = paul.post(f"/proposals/{plan.pk}/partners/add/", {"enterprise_name": firm.name, "reason": "龙头"})
    assert twice.status_code == 422
    assert (
        paul.post(f"/proposals/{plan.pk}/submit/", {"version": plan.version}).status_code == 409
    )  # other firms since
    plan.refresh_from_db()
    assert paul.post(f"/proposals/{plan.pk}/submit/", {"version": plan.version}).status_code == 302
    office = signed_in(city.users["office"])
    plan.refresh_from_db()
    assert (
        office.post(f"/proposals/{plan.pk}/publish/", {"reason": "成立", "version": plan.version}).status_code
        == 302
    )
    partner = plan.partners.get()
    hugo = signed_in(city.users["hugo"])
    taken = hugo.post(
        f"/proposals/{plan.pk}/generate/",
        {"partner": partner.pk, "name": "晶圆项目", "intended": "2", "intended_0": "2", "intended_unit": "yi", "summary": "建厂",
         "secrecy": "internal"},
    )  # fmt: skip
    assert taken.status_code == 302, taken.content.decode()
    partner.refresh_from_db()
    assert partner.project is not None
    assert hugo.get(f"/proposals/{plan.pk}/partners/{partner.pk}/remove/").status_code == 403
    assert paul.get(f"/proposals/{plan.pk}/partners/{10**9}/remove/").status_code == 404


def test_exports_hold_what_one_may_export(planning: City) -> None:
    propose(planning)
    answer = signed_in(planning.users["petra"]).get("/proposals/export/?format=csv")
    assert (
        "功率器件封装线" in b"".join(answer.streaming_content).decode("utf-8-sig")
        if answer.streaming
        else answer.content.decode()
    )
    assert signed_in(planning.users["paul"]).get("/proposals/export/").status_code == 403


@mock.patch("django.utils.timezone.localdate", return_value=date(2027, 1, 10))
def test_the_roll_up_says_what_is_late(today: Any, planning: City) -> None:
    late, stale = propose(planning), propose(planning)
    Proposal.objects.filter(pk=late.pk).update(collected_date=date(2026, 11, 1))
    Proposal.objects.filter(pk=stale.pk).update(state=stages.PUBLISHED, checked_date=date(2026, 12, 1))
    (told,) = signed_in(planning.users["office"]).get("/api/v1/proposals/units/").json()
    assert (told["name"], told["counts"]["published"], told["amount"], told["stale"]) == (
        "制造业组",
        1,
        "1000000000.00",
        1,
    )
    (line,) = queries.planned_by_unit(planning.actor("office"), date(2027, 1, 10))
    assert (line.late, line.stale, line.conversion, line.amount) == (1, 1, 0, Decimal(10 * YI))
