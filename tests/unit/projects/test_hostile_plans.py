"""Ways around what a plan binds to, found by trying: replanning in time, planning later, one act on what somebody ended."""

from __future__ import annotations

import importlib
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from tests.factories import make_actor, make_enterprise, signed_in
from tests.factories.races import at_once
from tests.unit.projects.conftest import City
from tests.unit.projects.test_construction import (
    TODAY,
    codes,
    fresh,
    july,
    months,
    put_off,
    raised,
    report,
    rules,
)
from yinfeng.core.errors import Conflict, Invalid, Stale
from yinfeng.core.models import Event
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Bottleneck, FirstMonth, Project, ProjectLink

__all__ = ["codes", "july", "rules"]
pytestmark = pytest.mark.django_db


def planned(city: City, project: Project, first: date, **more: Any) -> Any:
    given = months(*[500] * 6, first=first)
    return services.set_plan(
        by=city.actor("bob"), project=project, months=given, confirmed=True, reason="调整", **more
    )


@pytest.mark.usefixtures("rules", "july")
def test_who_reports_nothing_leaves_a_trace_when_he_replans(city: City) -> None:
    project = city.project(stages.BUILDING)
    Project.objects.filter(pk=project.pk).update(signed_date=date(2025, 1, 1), started_date=date(2025, 6, 1))
    planned(city, fresh(project), date(2026, 8, 1))
    planned(city, fresh(project), date(2026, 1, 1))  # nothing was due of the plan before
    assert (fresh(project).replanned, FirstMonth.objects.count()) == (0, 0)
    planned(city, fresh(project), date(2026, 9, 1))
    assert (fresh(project).replanned, FirstMonth.objects.count()) == (1, 6)
    light = queries.light_of(fresh(project), TODAY, queries.limits(TODAY))
    assert light is not None
    assert "月度计划已调整 1 次" in light.reason


@pytest.mark.django_db(transaction=True)
def test_of_two_who_replan_at_once_one_keeps_the_first_plan(city: City) -> None:
    project = city.project(stages.SIGNED)
    Project.objects.filter(pk=project.pk).update(signed_date=date(2025, 1, 1))
    planned(city, fresh(project), date(2026, 1, 1))
    report(city, fresh(project), date(2026, 1, 1), 100)
    seen = [fresh(project) for _ in range(2)]
    acts = [
        lambda row=row, first=first: planned(city, row, first)
        for row, first in zip(seen, (date(2026, 2, 1), date(2026, 3, 1)), strict=True)
    ]
    answers = at_once(acts)
    assert sum(isinstance(answer, list) for answer in answers) == 1
    assert sum(isinstance(answer, Stale) for answer in answers) == 1
    assert FirstMonth.objects.count() == 6


def test_nothing_stands_still_on_what_somebody_has_ended_meanwhile(city: City) -> None:
    project = city.project(stages.SIGNED)
    seen = fresh(project)
    row = raised(city, fresh(project))
    solver = make_actor("解", city.jimei, ["projects.project.view", "projects.bottleneck.solve"])
    services.solve_bottleneck(by=solver, bottleneck=row, how="已平整", solved_date=timezone.localdate())
    solved = Bottleneck.objects.select_related("project").get(pk=row.pk)
    services.move_project(by=city.actor("charlie"), project=fresh(project), move="end", reason="撤资")
    with pytest.raises(Conflict, match="项目已“终止”"):
        raised(city, seen)
    with pytest.raises(Conflict, match="项目已“终止”"):
        services.reopen_bottleneck(
            by=city.actor("bob"), bottleneck=solved, reason="没有平整", due_date=timezone.localdate() + timedelta(days=5)
        )  # fmt: skip
    assert not Bottleneck.objects.filter(state=stages.OPEN).exists()


@pytest.mark.usefixtures("rules", "july")
def test_nobody_earns_or_escapes_by_planning_later(city: City) -> None:
    project = city.project(stages.PREPARING)
    Project.objects.filter(pk=project.pk).update(
        planned_start_date=date(2026, 1, 10),
        planned_completion_date=date(2026, 9, 1),
        planned_production_date=None,
    )
    with pytest.raises(Invalid, match="推迟了，请写明顺延原因"):
        put_off(city, fresh(project), planned_completion_date=date(2027, 3, 1))
    put_off(city, fresh(project), reason="用地未交付", planned_start_date=date(2026, 8, 1))
    (penalty,) = queries.incentives_of(fresh(project), TODAY)
    assert penalty.kind == stages.PENALTY
    assert penalty.reason.startswith("计划 2026-01 开工，已过 6 个月")
    assert Project.objects.filter(queries.proposed(stages.PENALTY, TODAY), pk=project.pk).exists()
    light = queries.light_of(fresh(project), TODAY, queries.limits(TODAY))
    assert light is not None
    assert light.code == stages.GREEN


def test_a_start_earlier_than_planned_leaves_the_other_days_free(city: City) -> None:
    project, today = city.project(stages.PREPARING), timezone.localdate()
    names = ("planned_start_date", "planned_completion_date", "planned_production_date")
    days = {name: today + timedelta(days=number) for name, number in zip(names, (200, 400, 500), strict=True)}
    Project.objects.filter(pk=project.pk).update(**days)
    city.verified(fresh(project), stages.STARTED)
    sooner = today + timedelta(days=100)
    assert put_off(city, fresh(project), planned_completion_date=sooner).planned_completion_date == sooner


def test_a_first_contact_is_not_made_up(city: City) -> None:
    signed, planned_one = city.project(stages.SIGNED), city.project()
    Project.objects.filter(pk=signed.pk).update(signed_date=date(2024, 1, 1), approached_date=None)
    Project.objects.filter(pk=planned_one.pk).update(approached_date=None, lead=None)
    importlib.import_module("yinfeng.projects.migrations.0036_approached").fill(apps, None)
    assert (fresh(signed).approached_date, fresh(planned_one).approached_date) == (None, None)


def test_of_two_projects_what_was_said_last_stands(city: City) -> None:
    by, firm, other = city.actor("bob"), make_enterprise("甲公司"), make_enterprise("乙公司")
    first = city.project(enterprise=firm)
    given = {"name": "检测中心", "summary": "检测中心", "enterprise": firm}
    second = services.add_project(by=by, values=given, despite="另建检测中心", related=first.pk)
    for enterprise, related in ((other, None), (firm, None)):
        now = fresh(second)
        services.change_project(
            by=by, project=now, version=now.version, values={"enterprise": enterprise}, despite="另一个项目", related=related
        )  # fmt: skip
    (link,) = queries.links_of(fresh(second), by)
    assert (link.kind, link.reason) == (stages.DIFFERENT, "另一个项目")
    said = [
        event.data["links"] for event in Event.objects.filter(verb="projects.project.linked").order_by("pk")
    ]
    assert said == [[[first.pk, stages.RELATED]], [[first.pk, stages.DIFFERENT]]]


def test_a_reason_for_several_projects_is_read_by_who_may_see_the_sensitive_one(city: City) -> None:
    """bob is on the team of the sensitive one, charlie is not: he reads neither its name nor that there is one."""
    bob, charlie, firm = city.actor("bob"), city.actor("charlie"), make_enterprise("甲公司")
    plain, secret = (
        city.project(enterprise=firm),
        city.project(enterprise=firm, name="机密基地", secrecy=stages.SENSITIVE),
    )
    ProjectLink.objects.all().delete()
    given, why = {"name": "检测中心", "summary": "检测中心", "enterprise": firm}, "为机密基地配套"
    with pytest.raises(Invalid, match="理由只有看得到它们的人能看到"):
        services.add_project(by=bob, values=given)
    made = services.add_project(by=bob, values=given, despite=why)
    blank = city.project(enterprise=None)
    services.change_project(
        by=bob, project=blank, version=blank.version, values={"enterprise": firm}, despite=why
    )
    ProjectLink.objects.filter(
        project=blank, other=secret
    ).delete()  # as of what grew out of the sensitive one
    Project.objects.filter(pk=blank.pk).update(parent=secret)
    for project in (plain, made, blank):
        assert queries.links_of(fresh(project), charlie) == []
        page = signed_in(city.users["charlie"]).get(project.get_absolute_url()).content.decode()
        assert ("机密基地" in page, "其他项目的关系" in page) == (False, False), project
    assert {link.reason for link in queries.links_of(fresh(made), bob)} == {why}
    Project.objects.filter(pk=secret.pk).update(secrecy=stages.INTERNAL)  # what is secret no more is told
    assert {link.reason for link in queries.links_of(fresh(made), charlie)} == {why}
