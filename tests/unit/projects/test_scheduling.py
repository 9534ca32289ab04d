"""The scheduling board (clause 1.2): for what each major project waits, since when, and who must act."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.unit.projects.conftest import HEAD, City
from tests.unit.projects.test_personal import big, rules
from yinfeng.core.models import Rule
from yinfeng.orgs.models import Unit
from yinfeng.projects import facts, queries, services, stages
from yinfeng.projects.models import Bottleneck, Participation, Project
from yinfeng.projects.tables import awaited

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 10, 10, tzinfo=timezone.get_default_timezone())
TERMS = {"percent": Decimal(40), "base": "both", "years": 5, "start": "agreement", "statistics": "split"}


@pytest.fixture(autouse=True)
def now() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def board(city: City) -> City:
    rules()
    Rule.objects.create(
        kind="stale", key="project", data={"warn_days": 60, "late_days": 90, "leave_days": 180}, valid_from=NOW.date()
    )  # fmt: skip
    for name, unit, permissions in (
        ("giver", city.jimei, [*HEAD, "projects.project.transfer"]),
        ("taker", city.huli, [*HEAD, "projects.project.transfer"]),
        ("office", city.root, ["projects.project.view", "projects.transfer.arbitrate"]),
    ):
        city.users[name] = make_user(name, unit, permissions, username=name)
    return city


def told(project: Project) -> tuple[str, str]:
    """Return for what a project waits, and the sentence of the board."""
    found = queries.scheduled(Project.objects.filter(pk=project.pk), timezone.localdate())
    row = queries.with_particulars(found).select_related("host_unit", "reporter_unit").get()
    return row.waits, awaited(row)


def test_a_claim_waits_for_those_who_verify(board: City, now: Any) -> None:
    project = big(board)
    board.claim(project)
    now.shift(timedelta(days=3))
    assert told(project) == (
        "claim",
        "等集美区或领导小组办公室核验“签约”申报，自 2026-11-10 起，3 天",
    )


def test_a_step_back_waits_for_those_who_verify(board: City) -> None:
    project = big(board)
    services.ask_back(by=board.actor("bob"), project=project, target="intended", reason="改了方向")
    assert told(project) == (
        "step_back",
        "等集美区或领导小组办公室批准退回“意向”，自 2026-11-10 起，0 天",
    )


def test_a_transfer_waits_for_the_side_whose_turn_it_is(board: City, now: Any) -> None:
    project = big(board)
    transfer = services.offer_transfer(
        by=board.actor("giver"), project=project, to_unit=board.huli, reason="用地不足", terms=TERMS
    )
    assert told(project) == ("offered", "等湖里区答复是否承接，自 2026-11-10 起，0 天")
    now.shift(timedelta(days=1))
    for move, by, waits, text in (
        ("decline", "taker", "declined", "等集美区撤回流转或提请裁定，自 2026-11-11"),
        ("appeal", "giver", "arbitrating", "等领导小组办公室裁定流转，自 2026-11-11"),
        ("award", "office", "accepted", "等集美区、湖里区与投资方签订三方协议，自 2026-11-11"),
    ):
        transfer.refresh_from_db()
        services.move_transfer(by=board.actor(by), transfer=transfer, move=move, reason="按规定")
        assert told(project)[0] == waits
        assert told(project)[1].startswith(text)


def test_a_step_whose_day_has_passed_waits_for_who_leads(board: City) -> None:
    project = big(board)
    Project.objects.filter(pk=project.pk).update(next_step="签订备忘录", next_date=NOW.date())
    assert told(project)[0] == "nothing", "it is due today"
    Project.objects.filter(pk=project.pk).update(next_date=NOW.date() - timedelta(1))
    assert told(project)[1] == "等bob完成已过期限的“签订备忘录”，自 2026-11-09 起，1 天"
    project.team.update(until=NOW.date())
    assert told(project) == (
        "next_step",
        "等集美区（项目负责人）完成已过期限的“签订备忘录”，自 2026-11-09 起，1 天",
    )


def test_missing_facts_and_silence_wait_for_the_holder(board: City, now: Any) -> None:
    project = big(board)
    now.shift(timedelta(days=60))
    assert told(project) == ("silent", "等集美区推进并更新进展，自 2026-11-10 起，60 天")
    Project.objects.filter(pk=project.pk).update(site="", land_mu=None)
    assert told(project) == (
        "lacking",
        "等集美区补齐“签约”所需的拟选址、用地需求（亩），自 2026-11-10 起，60 天",
    )
    Project.objects.filter(pk=project.pk).update(planned_start_date=None, expected_output=None)
    assert "拟选址、用地需求（亩）、计划开工日期等 4 项" in told(project)[1]


def test_a_missed_start_and_points_behind_the_plan_are_told_as_such(board: City, now: Any) -> None:
    """Each has words of its own: since when, and who must do what; silence is told of what is silent alone."""
    for key, data in (
        ("start", {"warn_months": 1, "late_months": 3}),
        ("behind", {"warn_points": 10, "late_points": 30, "report_day": 10}),
    ):
        Rule.objects.create(kind="schedule", key=key, data=data, valid_from=NOW.date())
    project = big(board)
    filled = {
        "planned_completion_date": date(2028, 1, 1),
        "planned_production_date": date(2028, 6, 1),
        "construction_kind": "new",
    }
    Project.objects.filter(pk=project.pk).update(
        stage=stages.SIGNED, planned_start_date=date(2026, 9, 10), **filled
    )
    assert told(project) == ("unstarted", "等开工：计划 2026-09 开工，已过 61 天，由集美区办理")
    put_off = {"first_planned_start_date": date(2026, 8, 1), "planned_start_delays": 1}
    Project.objects.filter(pk=project.pk).update(**put_off)
    assert told(project)[1].endswith("由集美区办理（原计划 2026-08-01，已顺延 1 次，共 40 天）")
    Project.objects.filter(pk=project.pk).update(stage=stages.STARTED, signed_date=date(2026, 1, 1))
    project.refresh_from_db()
    months = [
        services.Planned(date(2026, month, 1), Decimal(10**9), Decimal(10 * month)) for month in range(1, 11)
    ]
    services.set_plan(by=board.actor("bob"), project=project, months=months, confirmed=True)
    assert told(project) == (
        "behind",
        "等赶上计划：到 2026-09 投资落后 90.00 个百分点，由集美区办理",
    )
    rows = {"project": project, "kind": "land", "since_date": NOW.date(), "raised_by": board.users["bob"]}
    for what, days, unit in (("管线迁改", 9, board.huli), ("用地未交付", 3, board.jimei)):
        due = NOW.date() + timedelta(days=days)
        Bottleneck.objects.create(what=what, unit=unit, due_date=due, **rows)
    assert told(project)[1] == (
        "等赶上计划：到 2026-09 投资落后 90.00 个百分点，等集美区在 2026-11-13 前解决“用地未交付”"
    )
    now.shift(timedelta(days=4))
    assert told(project)[1].endswith("等集美区解决“用地未交付”（时限 2026-11-13，已过期）")
    Bottleneck.objects.filter(unit=board.jimei).update(state="withdrawn", closed_date=NOW.date())
    assert told(project)[1].endswith("等湖里区在 2026-11-19 前解决“管线迁改”，由集美区跟进")
    page = signed_in(board.users["bob"]).get("/projects/scheduling/?who=holder").content.decode()
    assert "等赶上计划" in page


def test_what_goes_as_it_should_waits_for_nobody(board: City) -> None:
    assert told(big(board)) == ("nothing", "没有等人的事")


def test_the_first_that_holds_is_told(board: City) -> None:
    project = big(board)
    claim = board.claim(project)
    Project.objects.filter(pk=project.pk).update(next_date=NOW.date() - timedelta(5), site="")
    assert told(project)[0] == "claim"
    services.withdraw_claim(by=board.actor("bob"), claim=claim)
    assert told(project)[0] == "next_step"
    Project.objects.filter(pk=project.pk).update(next_date=None)
    assert told(project)[0] == "lacking"


def test_every_state_of_an_open_transfer_waits_for_somebody() -> None:
    assert set(stages.OPEN_TRANSFERS) <= set(stages.WAITS_FOR)
    assert set(stages.WAITS_FOR.values()) == set(stages.MUST_ACT)


def test_missing_facts_are_the_same_in_sql_and_on_the_page(board: City) -> None:
    made = big(board, stages.PLANNED)
    fields = {fact.field: facts.field_of(fact.field) for fact in facts.FACTS}
    cases: list[dict[str, Any]] = [
        {},
        *({name: None if field.null else ""} for name, field in fields.items()),
        {"project_class": "policy", "land_mu": None},
        {"is_foreign": True, "origin": "香港"},
        {"is_foreign": True, "origin": ""},
    ]
    whole = {name: getattr(made, name) for name in fields}
    same = {"reporter_unit": board.jimei, "created_by": board.users["bob"], "name": "项目"}
    every = [
        Project(**same, **{**whole, "construction_kind": kind, **case}, stage=stage, code=f"S-{number}")
        for number, (stage, kind, case) in enumerate(product(stages.ORDER, ("new", "opening"), cases))
    ]
    Project.objects.bulk_create(every)
    lacking = set(Project.objects.filter(facts.lacking_for_next()).values_list("code", flat=True))
    for project in every:
        wanted = facts.next_stage(project)
        expected = bool(wanted and facts.missing(project, wanted))
        assert (project.code in lacking) is expected, (project.stage, project.construction_kind)


def test_only_ongoing_major_projects_are_scheduled(board: City) -> None:
    big(board, yi=9)
    held = big(board)
    services.move_project(by=board.actor("charlie"), project=held, move="hold", reason="对方重组")
    assert not queries.scheduled(Project.objects.all(), NOW.date()).exists()


# --- the page -----------------------------------------------------------------------------------------------------


def group_of(city: City, project: Project, code: str = "group-services") -> Unit:
    other = make_unit(code, "group", city.root, name="服务业组", industries=["K"])
    Participation.objects.filter(project=project, part=stages.GROUP).delete()
    Participation.objects.create(project=project, unit=other, part=stages.GROUP)
    return other


@pytest.mark.clause("1.2")
def test_each_group_has_its_board(board: City, now: Any, django_assert_max_num_queries: Any) -> None:
    first, second, third = big(board), big(board), big(board)
    board.claim(second)
    other = group_of(board, third)
    Project.objects.filter(pk=first.pk).update(progress_at=NOW - timedelta(days=100))
    client = signed_in(board.users["erin"])
    client.get("/projects/scheduling/")
    with django_assert_max_num_queries(10):
        page = client.get("/projects/scheduling/").content.decode()
    assert [page.index(name) for name in (first.name, second.name)] == sorted(
        page.index(name) for name in (first.name, second.name)
    )
    assert "制造业组" in page
    assert "已 100 天没有进展，满 90 天亮红灯" in page

    def names(query: str) -> set[str]:
        text = client.get(f"/projects/scheduling/?{query}").content.decode()
        return {project.name for project in (first, second, third) if project.name in text}

    assert names(f"group={other.pk}") == {third.name}
    assert names(f"group={board.group.pk}") == {first.name, second.name}
    assert names("who=verifiers") == {second.name}
    assert names("who=holder&light=red") == {first.name}
    assert names("who=nobody") == {third.name}
    assert names(f"place={board.huli.pk}") == set()
    officer = signed_in(board.users["dora"]).get("/projects/scheduling/").content.decode()
    assert third.name not in officer
    assert first.name in officer


def test_the_board_is_exported(board: City) -> None:
    project = big(board)
    board.claim(project)
    answer = signed_in(board.users["bob"]).get("/projects/scheduling/export/?format=csv&who=verifiers")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert "核验“签约”申报" in lines[1]
    assert "核验人" in lines[1]
