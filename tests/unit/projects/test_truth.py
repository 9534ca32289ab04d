"""Who sees and does what: person × row × act, and every move of every lifecycle reached and refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.unit.projects.conftest import City
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid
from yinfeng.core.lifecycle import Lifecycle
from yinfeng.core.models import Rule
from yinfeng.core.scopes import actions_on
from yinfeng.projects import facts, lifecycle, services, stages
from yinfeng.projects.models import Claim, Lead, Project

ACTS = ("view", "change", "advance", "hold", "verify", "team", "record", "export")


def rows_of(city: City) -> dict[str, Project]:
    """Return an own project of 集美, one of 湖里, one without the group's industry, a sensitive one, one with dora's team."""
    bob = city.actor("bob")
    own = city.project()
    other = city.project(by="alice")
    finance = city.project(industry="66")
    sensitive = city.project(secrecy=stages.SENSITIVE)
    team = city.project(secrecy=stages.SENSITIVE, industry="66")
    services.add_member(by=bob, project=team, user=city.users["dora"])
    return {"own": own, "other": other, "finance": finance, "sensitive": sensitive, "team": team}


CLERK = "view change advance team record export"
# Empty: not even seen (404). bob is on the team of every project he made.
TRUTH = {
    ("own", "alice"): "", ("own", "bob"): CLERK, ("own", "charlie"): f"{CLERK} hold verify",
    ("own", "dora"): "view verify record", ("own", "erin"): "view", ("own", "stranger"): "",
    ("other", "alice"): f"{CLERK} hold verify", ("other", "bob"): "", ("other", "charlie"): "",
    ("other", "dora"): "view verify record", ("other", "erin"): "view", ("other", "stranger"): "",
    ("finance", "alice"): "", ("finance", "bob"): CLERK, ("finance", "charlie"): f"{CLERK} hold verify",
    ("finance", "dora"): "", ("finance", "erin"): "view", ("finance", "stranger"): "",
    ("sensitive", "alice"): "", ("sensitive", "bob"): CLERK, ("sensitive", "charlie"): "",
    ("sensitive", "dora"): "", ("sensitive", "erin"): "view", ("sensitive", "stranger"): "",
    ("team", "alice"): "", ("team", "bob"): CLERK, ("team", "charlie"): "",
    ("team", "dora"): "view record", ("team", "erin"): "view", ("team", "stranger"): "",
}  # fmt: skip


@pytest.mark.clause("1.2")
def test_person_by_row_by_act(city: City) -> None:
    rows = rows_of(city)
    for (row, person), allowed in TRUTH.items():
        found = actions_on(rows[row], city.actor(person), set(ACTS))
        assert found == set(allowed.split()), (row, person)
        listed = Project.objects.permitted(city.actor(person)).filter(pk=rows[row].pk).exists()
        assert listed == ("view" in found), (row, person)


def test_the_industry_decides_the_working_group(city: City) -> None:
    project = city.project(industry="66")
    dora = city.actor("dora")
    assert not Project.objects.permitted(dora).exists()
    services.change_project(
        by=city.actor("bob"), project=project, version=project.version, values={"industry": "3973"}
    )
    assert Project.objects.permitted(dora).get() == project
    services.change_project(
        by=city.actor("bob"), project=project, version=project.version, values={"industry": "66"}
    )
    assert not Project.objects.permitted(dora).exists()


LEAD_TRUTH = {
    "bob": {"view", "change", "export", "convert"},
    "charlie": {"view", "change", "assess", "export", "convert"},
    "alice": set(), "dora": set(), "erin": {"view"}, "stranger": set(),
}  # fmt: skip


def test_who_does_what_with_a_lead(city: City) -> None:
    lead = city.lead()
    for person, allowed in LEAD_TRUTH.items():
        found = actions_on(lead, city.actor(person), {"view", "change", "assess", "export", "convert"})
        assert found == allowed, person


# --- lifecycles ---------------------------------------------------------------------------------------------------

TABLES = [lifecycle.LEAD, lifecycle.STAGE, lifecycle.STATUS, lifecycle.CLAIM, lifecycle.STEP_BACK]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.name}.{table.state_field}")
def test_every_state_is_reachable(table: Lifecycle) -> None:
    reached = {table.initial}
    for _turn in table.states:
        reached |= {move.target for move in table.moves if reached & set(move.sources)}
    assert reached == set(table.states)


def rows_in_every_state(city: City) -> list[tuple[Lifecycle, Any]]:
    Rule.objects.create(
        kind="stale",
        key=stages.INTENDED,
        data={"leave_days": 180},
        valid_from=date(2019, 4, 28),
        source="测试",
    )
    found: list[tuple[Lifecycle, Any]] = [(lifecycle.LEAD, city.lead(state)) for state in stages.LEAD_STATES]
    for stage in stages.STAGES:
        project = city.project(stage)
        found += [(lifecycle.STAGE, project), (lifecycle.STATUS, project)]
    charlie = city.actor("charlie")
    for moves in (["hold"], ["lose"], ["end"]):
        project = city.project(stages.NEGOTIATING)
        for move in moves:
            services.move_project(by=charlie, project=project, move=move, reason="说明", lost_reason="price")
        found += [(lifecycle.STAGE, project), (lifecycle.STATUS, project)]
    for moves in ([], ["take_out"]):
        project = city.project(stages.INTENDED)
        Project.objects.filter(pk=project.pk).update(progress_at=timezone.now() - timedelta(days=180))
        project.refresh_from_db()
        for move in moves:
            services.move_project(by=charlie, project=project, move=move, reason="说明")
        found.append((lifecycle.STATUS, project))
    bare = city.project(host_unit=city.jimei, enterprise=None, project_class="")
    found.append((lifecycle.STAGE, bare))
    waiting = city.project(stages.NEGOTIATING)
    found += [(lifecycle.CLAIM, city.claim(waiting)), (lifecycle.STAGE, waiting)]
    refuted = city.claim(city.project(stages.NEGOTIATING))
    services.refute_claim(by=charlie, claim=refuted, reason="金额不符")
    found.append((lifecycle.CLAIM, refuted))
    found.append((lifecycle.CLAIM, Claim.objects.filter(state=stages.VERIFIED).first()))
    for decide in (None, services.approve_step_back, services.refuse_step_back):
        step = services.ask_back(
            by=city.actor("bob"), project=city.project(stages.NEGOTIATING), target=stages.PLANNED, reason="改了方向"
        )  # fmt: skip
        if decide is not None:
            decide(
                by=charlie, step=step, **({"reason": "不必"} if decide is services.refuse_step_back else {})
            )
        found.append((lifecycle.STEP_BACK, step))
    return found


def test_offers_and_enforcement_agree_and_every_move_is_refused_once(city: City) -> None:
    refused: set[tuple[str, str]] = set()
    open_somewhere: set[tuple[str, str]] = set()
    for table, row in rows_in_every_state(city):
        for person in city.users:
            by = city.actor(person)
            offers = {offer.move.name: offer for offer in table.offers(row, by)}
            for move in table.moves:
                try:
                    table.check(row, move.name, by)
                    is_open = True
                except (Forbidden, Conflict):
                    is_open = False
                offered = move.name in offers and offers[move.name].is_open
                assert offered == is_open, (table.state_field, move.name, person)
                (open_somewhere if is_open else refused).add((table.state_field, move.name))
    every = {(table.state_field, move.name) for table in TABLES for move in table.moves}
    assert refused == every
    # Stages that are achievements, and steps back, are open to nobody by themselves: only within what two people decide.
    within = {(table.state_field, move.name) for table in TABLES for move in table.moves if move.within}
    assert open_somewhere == every - within


@pytest.mark.parametrize("move", ["decline", "qualify"])
def test_a_reason_is_asked(city: City, move: str) -> None:
    with pytest.raises(Invalid):
        services.move_lead(by=city.actor("charlie"), lead=city.lead(), move=move)


# --- facts and signing --------------------------------------------------------------------------------------------


@pytest.mark.clause("3.1.3")
def test_a_stage_asks_for_its_facts(city: City) -> None:
    project = city.project(project_class="", origin="", is_foreign=True)
    with pytest.raises(Blocked) as caught:
        services.move_project(by=city.actor("bob"), project=project, move="intend")
    assert caught.value.reasons == ["缺少“项目分类”。", "缺少“投资来源地”。"]
    values = {"project_class": "policy", "is_foreign": False}
    services.change_project(by=city.actor("bob"), project=project, version=project.version, values=values)
    services.move_project(by=city.actor("bob"), project=project, move="intend")
    assert project.stage == stages.INTENDED


def test_land_is_asked_of_projects_that_need_land(city: City) -> None:
    project = city.project(land_mu=None)
    assert [item.field for item in facts.missing(project, stages.SIGNED)] == ["land_mu"]
    project.project_class = "policy"
    assert facts.missing(project, stages.SIGNED) == []


def test_a_fact_the_stage_asks_for_is_not_emptied(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    with pytest.raises(Invalid) as caught:
        services.change_project(
            by=city.actor("bob"), project=project, version=project.version, values={"contact_name": ""}
        )
    assert "contact_name" in caught.value.fields


def test_who_entered_a_signing_does_not_verify_it(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    claim = city.claim(project, by="charlie")
    with pytest.raises(Blocked, match="申报人以外"):
        services.verify_claim(by=city.actor("charlie"), claim=claim)
    with pytest.raises(Forbidden):
        services.verify_claim(by=city.actor("bob"), claim=claim)
    services.verify_claim(by=city.actor("dora"), claim=claim, note="合同原件已核对")
    project.refresh_from_db()
    assert (project.stage, project.contracted, project.signed_date) == (
        stages.SIGNED, claim.amount, claim.happened_date,
    )  # fmt: skip
    assert project.intended != project.contracted


def test_a_signing_is_entered_in_talks_alone_and_with_all_facts(city: City) -> None:
    with pytest.raises(Blocked, match="现在的阶段是“意向”"):
        city.claim(city.project(stages.INTENDED))
    with pytest.raises(Blocked, match="拟选址"):
        city.claim(city.project(stages.NEGOTIATING, site=""))
    project = city.project(stages.NEGOTIATING)
    city.claim(project)
    with pytest.raises(DomainError, match="待核验"):
        city.claim(project)


def test_a_converted_lead_brings_its_facts_and_its_story(city: City) -> None:
    lead = city.lead(stages.CONVERTED, title="某芯片封装项目")
    project = Project.objects.get(lead=lead)
    assert (project.name, project.industry, project.stage) == ("某芯片封装项目", "3973", stages.PLANNED)
    parts = set(project.participations.filter(until=None).values_list("part", "unit__code"))
    assert parts == {("reporter", "jimei"), ("host", "jimei"), ("group", "group-manufacturing")}
    assert project.team.get().user == city.users["bob"]
    assert project.team.get().is_leader
    assert Lead.objects.get(pk=lead.pk).state == stages.CONVERTED
