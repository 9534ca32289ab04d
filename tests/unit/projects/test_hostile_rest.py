"""What hostile readers found wrong about plans, areas, construction and reports: each test failed once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from tests.unit.projects.conftest import City
from tests.unit.projects.test_construction import raised, report
from tests.unit.projects.test_proposals import generate, move, planning, propose, published
from yinfeng.core.conditions import Comparison, parse
from yinfeng.core.errors import Conflict, Invalid, Stale
from yinfeng.core.models import Code, Event
from yinfeng.core.money import WAN
from yinfeng.projects import facts, queries, services, stages
from yinfeng.projects.models import Project, Proposal
from yinfeng.projects.queries.reports import REPORTED

pytestmark = pytest.mark.django_db
assert planning
TALK = {"form": "call", "our_side": "招商办", "their_side": "投资部", "summary": "来电"}


def test_with_whom_a_sensitive_project_was_made_is_not_told(planning: City) -> None:
    city, plan = planning, published(planning, firms=2)
    firm = plan.partners.order_by("pk")[0].enterprise
    generate(city, plan, secrecy=stages.SENSITIVE)
    event = Event.objects.get(verb="projects.proposal.generate")
    assert firm.name not in str(event.data)
    outside = signed_in(city.users["outside"])
    text = outside.get(plan.get_absolute_url()).content.decode()
    assert "0 个，拟对接" in text
    row = outside.get(f"/api/v1/proposals/{plan.pk}/partners/").json()["results"][0]
    assert (row["has_project"], row["project"]) == (False, None)
    (line,) = queries.planned_by_unit(city.actor("outside"), timezone.localdate())
    assert line.projects == 0


def test_who_argues_a_plan_decides_about_the_firms_he_saw(planning: City) -> None:
    city, plan = planning, propose(planning)
    seen = move(city, plan, "submit", "paul").version
    services.add_partner(
        by=city.actor("paul"), proposal=plan, enterprise=make_enterprise("别的公司"), reason="换"
    )
    with pytest.raises(Stale):
        services.move_proposal(
            by=city.actor("petra"),
            proposal=Proposal.objects.get(pk=plan.pk),
            move="publish",
            reason="可行",
            version=seen,
        )


def test_a_command_post_learns_of_no_sensitive_project_by_its_place(city: City) -> None:
    post = make_unit("post", "command", city.root, name="东部指挥部")
    city.users["keeper"] = make_user(
        "keeper", city.root, ["projects.area.change", "projects.project.view"], username="keeper"
    )
    area = services.open_area(
        by=city.actor("keeper"),
        values={"name": "东部片区", "command_unit": post, "purpose": "制造业", "districts": [city.jimei]},
    )  # fmt: skip
    open_one, secret = city.project(area=area), city.project(area=area, secrecy=stages.SENSITIVE)
    assert open_one.participations.filter(part=stages.COMMAND, until=None).exists()
    assert not secret.participations.filter(part=stages.COMMAND, until=None).exists()


def test_boards_ask_no_more_for_more_projects_under_way(city: City) -> None:
    """Lights of projects under construction are brought along, not asked for one by one."""
    for _turn in range(3):
        project = city.project()
        Project.objects.filter(pk=project.pk).update(stage=stages.BUILDING, intended=Decimal(2 * 10**9))
    client = signed_in(city.users["erin"])
    for path in ("/projects/scheduling/", f"/units/{city.jimei.pk}/projects/"):
        client.get(path)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        assert len(asked) <= 10, path


def test_the_plan_that_is_proposed_can_be_reported(city: City) -> None:
    project = city.project(stages.SIGNED, planned_start_date=date(2026, 1, 1))
    project.planned_start_date = date(2025, 1, 1)
    months = [month for month, _yuan, _percent in queries.proposed_plan(project)]
    assert project.signed_date is not None
    assert months[0] == queries.month_of(project.signed_date)


def test_a_condition_with_known_goes_through_the_form_and_back() -> None:
    found = parse({"field": "intended", "op": "known", "value": True}, REPORTED, lambda table, code: True)
    assert isinstance(found, Comparison)
    assert (found.written, found.value_words) == ("是", "是")


def test_progress_after_a_period_neither_hides_nor_makes_progress_in_it(city: City) -> None:
    condition = parse(
        {"field": "progress", "op": "within_days", "value": 7}, REPORTED, lambda table, code: True
    )
    ends = timezone.localdate() - timedelta(days=10)
    found = {}
    for days in (12, 30):  # made in the week that ends, and before it; both get on today
        with mock.patch("django.utils.timezone.now", return_value=timezone.now() - timedelta(days=days)):
            project = city.project()
        services.record_talk(
            by=city.actor("bob"), project=project, values=TALK | {"talk_date": timezone.localdate()}
        )
        found[days] = condition.judge(project, ends).answer
        assert Project.objects.filter(condition.q(ends), pk=project.pk).exists() is found[days]
    assert found == {12: True, 30: False}


def test_every_fact_has_its_condition_in_sql_too() -> None:
    assert all((fact.when is facts.always) == (fact.where is facts.EVERY) for fact in facts.FACTS)


@pytest.mark.parametrize("year", ["0001-01-01", "9999-12-31"])
def test_days_of_no_year_that_can_be_meant_are_refused(year: str) -> None:
    with pytest.raises(Exception, match="日期"):
        parse({"field": "progress", "op": "until", "value": year}, REPORTED, lambda table, code: True)


def test_days_far_from_today_are_taken_for_a_slip_of_the_year(city: City) -> None:
    """Each alone would stand on boards and in light rules for good, or for a date that no calendar has."""
    by, today = city.actor("bob"), timezone.localdate()
    Code.objects.create(table="milestone", code="land", name="交地", parent="", level=1)
    Code.objects.create(table="problem_kind", code="land", name="用地", parent="", level=1)
    project = city.project(stages.PREPARING)
    stuck = {"by": by, "project": project, "kind": "land", "what": "未交地", "unit": city.jimei}
    step = {"next_step": "回访", "next_date": date(9999, 12, 31)}
    milestone = {"by": by, "project": project, "kind": "land"}
    months = [services.Planned(date(9999, 12, 1), Decimal(3_000 * WAN), Decimal(100))]
    acts: list[Callable[[], Any]] = [
        lambda: services.set_milestone(**milestone, planned_date=date(9999, 12, 31), actual_date=None),
        lambda: services.set_milestone(**milestone, planned_date=None, actual_date=date(1, 1, 1)),
        lambda: services.add_builder(by=by, project=project, role="owner", name="甲", since=date(1, 1, 1)),
        lambda: services.raise_bottleneck(**stuck, since_date=date(1, 1, 1), due_date=today),
        lambda: services.raise_bottleneck(**stuck, since_date=today, due_date=date(9999, 12, 31)),
        lambda: services.set_plan(by=by, project=project, months=months, confirmed=True),
        lambda: services.change_project(by=by, project=project, version=project.version, values=step),
        lambda: services.change_project(
            by=by, project=project, version=project.version, put_off="顺延", values={"planned_production_date": date(9999, 12, 31)}
        ),
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(Invalid, match="请核对年份"):
            act()


def test_who_must_act_is_not_removed_before_he_has(city: City) -> None:
    Code.objects.create(table="problem_kind", code="land", name="土地")
    project = city.project(stages.SIGNED)
    services.add_unit(by=city.actor("bob"), project=project, unit=city.huli, part=stages.JOINT)
    raised(city, project, unit=city.huli)
    part = project.participations.get(unit=city.huli, until=None)
    with pytest.raises(Conflict, match="难点"):
        services.remove_unit(by=city.actor("charlie"), project=project, pk=part.pk, reason="不再参与")


def test_nobody_waits_for_a_unit_that_cannot_see_the_project(city: City) -> None:
    Code.objects.create(table="problem_kind", code="land", name="土地")
    project = city.project(stages.SIGNED, secrecy=stages.INTERNAL)
    Project.objects.filter(pk=project.pk).update(secrecy=stages.SENSITIVE)
    project.refresh_from_db()
    with pytest.raises(Invalid, match="敏感项目"):
        raised(city, project, unit=city.huli)


def test_a_correction_is_no_progress(city: City) -> None:
    project = city.project(stages.SIGNED)
    Project.objects.filter(pk=project.pk).update(signed_date=date(2026, 1, 1))
    project.refresh_from_db()
    month = queries.month_of(timezone.localdate() - timedelta(days=40))
    first = report(city, project, month, 100, 10)
    idle = timezone.now() - timedelta(days=100)
    Project.objects.filter(pk=project.pk).update(progress_at=idle)
    report(city, project, month, 90, 10, corrects=first.pk, reason="重复计算")
    report(city, project, queries.month_of(timezone.localdate()), 0, 10)
    project.refresh_from_db()
    assert project.progress_at == idle
