"""Green, yellow and red from dates alone: the page, the filter and the database say the same of every day and hour."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import signed_in
from tests.unit.projects.conftest import City
from yinfeng.core import keeping
from yinfeng.core.models import Rule
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 1, 10, 0, tzinfo=timezone.get_fixed_timezone(480))
TODAY = date(2026, 7, 1)


@pytest.fixture
def rule() -> None:
    """邯郸经开区 (FACTS §1.6): two months without progress yellow, three red, half a year out of the library."""
    Rule.objects.create(
        kind="stale", key="project", valid_from=date(2019, 4, 28), source="邯郸经开区项目亮灯办法",
        data={"warn_days": 60, "late_days": 90, "leave_days": 180},
    )  # fmt: skip


def moved(project: Project, at: datetime) -> Project:
    Project.objects.filter(pk=project.pk).update(progress_at=at)
    project.refresh_from_db()
    return project


@pytest.mark.clause("3.1.3")
@pytest.mark.usefixtures("rule")
@pytest.mark.parametrize(
    ("days", "code", "leaves"),
    [(0, "green", False), (59, "green", False), (60, "yellow", False), (89, "yellow", False), (90, "red", False),
     (179, "red", False), (180, "red", True), (400, "red", True)],
)  # fmt: skip
@pytest.mark.parametrize("hour", [0, 10, 23])
def test_days_without_progress(city: City, days: int, code: str, leaves: bool, hour: int) -> None:
    """T4 of FACTS §4: 59, 60, 89, 90, 180 days; counted in days of the city's calendar, at whatever hour."""
    with time_machine.travel(NOW, tick=False):
        project = moved(city.project(), NOW.replace(hour=hour) - timedelta(days=days))
        light = queries.light_of(project, TODAY, queries.limits(TODAY))
        assert light is not None
        assert light.code == code
        for each in stages.LIGHTS:
            assert Project.objects.filter(queries.lit(each, TODAY)).exists() is (each == code)
        assert Project.objects.filter(queries.to_leave(TODAY)).exists() is leaves
        (unit,) = queries.lights_by_unit(city.actor("erin"), TODAY)
        assert unit.counts == {each: int(each == code) for each in stages.LIGHTS}
        assert unit.to_leave == leaves
        said = {
            "green": "有进展",
            "yellow": "满 60 天亮黄灯",
            "red": "应移出项目库" if leaves else "满 90 天亮红灯",
        }
        assert said[code] in light.reason


@pytest.mark.usefixtures("rule")
def test_a_stage_may_have_a_rule_of_its_own_and_what_is_over_has_no_light(city: City) -> None:
    Rule.objects.create(
        kind="stale",
        key="planned",
        valid_from=date(2019, 4, 28),
        source="示例",
        data={"warn_days": 365, "late_days": 400},
    )
    with time_machine.travel(NOW, tick=False):
        planned = moved(city.project(), NOW - timedelta(days=200))
        talking = moved(city.project(stages.NEGOTIATING), NOW - timedelta(days=200))
        held = moved(city.project(), NOW - timedelta(days=200))
        Project.objects.filter(pk=held.pk).update(status=stages.ON_HOLD)
        held.refresh_from_db()
        lights = {
            each: list(Project.objects.filter(queries.lit(each, TODAY)).values_list("pk", flat=True))
            for each in stages.LIGHTS
        }
        assert lights == {"green": [planned.pk], "yellow": [], "red": [talking.pk]}
        found = [queries.light_of(row, TODAY, queries.limits(TODAY)) for row in (planned, talking, held)]
        assert [light.code if light else "" for light in found] == ["green", "red", ""]


def test_without_a_rule_nothing_is_lit(city: City) -> None:
    with time_machine.travel(NOW, tick=False):
        project = moved(city.project(), NOW - timedelta(days=900))
        assert queries.light_of(project, TODAY, queries.limits(TODAY)) is None
        assert not any(Project.objects.filter(queries.lit(code, TODAY)).exists() for code in stages.LIGHTS)
        (unit,) = queries.lights_by_unit(city.actor("erin"), TODAY)
        assert unit.counts == dict.fromkeys(stages.LIGHTS, 0)
        page = signed_in(city.users["erin"]).get(project.get_absolute_url()).content.decode()
        assert "绿灯" not in page


@pytest.mark.usefixtures("rule")
def test_all_lights_take_one_statement(city: City) -> None:
    for days in (0, 60, 90):
        moved(city.project(), timezone.now() - timedelta(days=days))
    today = timezone.localdate()
    queries.limits(today)
    by = city.actor("erin")
    with CaptureQueriesContext(connection) as asked:
        (unit,) = queries.lights_by_unit(by, today)
    assert unit.counts == {"green": 1, "yellow": 1, "red": 1}
    assert len(asked) == 1


@pytest.mark.clause("3.1.3")
@pytest.mark.usefixtures("rule")
def test_the_red_list_of_a_unit(city: City) -> None:
    for days in (0, 75, 100, 200):
        moved(city.project(), timezone.now() - timedelta(days=days))
    moved(city.project(by="alice"), timezone.now() - timedelta(days=100))
    client = signed_in(city.users["erin"])
    with CaptureQueriesContext(connection) as asked:
        page = client.get("/projects/lights/").content.decode()
    assert len(asked) <= 10
    assert page.index("集美区") < page.index("湖里区")
    address = f"/projects/?place={city.jimei.pk}&status=ongoing&light=red"
    assert address.replace("&", "&amp;") in page
    listed = client.get(address).content.decode()
    assert listed.count("红灯</span>") == 2
    assert "第1个项目" not in listed
    assert "满 60 天没有进展亮黄灯，满 90 天亮红灯，满 180 天应移出项目库（2019-04-28 起施行）。" in page
    of_own = signed_in(city.users["stranger"]).get("/projects/lights/").content.decode()
    assert "集美区" not in of_own
    assert "没有推进中的" in of_own


@pytest.mark.usefixtures("rule")
def test_a_projects_page_says_its_light_and_why(city: City) -> None:
    project = moved(city.project(), timezone.now() - timedelta(days=100))
    page = signed_in(city.users["erin"]).get(f"/projects/{project.pk}/").content.decode()
    assert "红灯" in page
    assert "已 100 天没有进展，满 90 天亮红灯" in page


@pytest.mark.usefixtures("rule")
def test_the_api_filters_by_light(city: City) -> None:
    red = moved(city.project(), timezone.now() - timedelta(days=100))
    city.project()
    client: Any = signed_in(city.users["erin"])
    found = client.get("/api/v1/projects/", {"light": "red"}).json()["results"]
    assert [row["id"] for row in found] == [red.pk]


@pytest.mark.usefixtures("rule")
def test_the_desk_says_how_many_are_red(city: City) -> None:
    client = signed_in(city.users["erin"])
    moved(city.project(), timezone.now())
    assert "红灯" not in client.get("/").content.decode()
    for days in (100, 120, 70):
        moved(city.project(), timezone.now() - timedelta(days=days))
    page = client.get("/").content.decode()
    assert "另有黄灯 1 个" in page
    assert "/projects/lights/" in page


def test_the_page_says_the_rules_that_there_are(city: City) -> None:
    client = signed_in(city.users["erin"])
    assert "城市方案没有亮灯规则" in client.get("/projects/lights/").content.decode()
    Rule.objects.create(
        kind="stale",
        key="negotiating",
        valid_from=date(2019, 4, 28),
        source="示例",
        data={"warn_days": 15, "late_days": 30},
    )
    for key, data in (
        ("start", {"warn_months": 1, "late_months": 3}),
        ("behind", {"warn_points": 10, "late_points": 30, "report_day": 10}),
    ):
        Rule.objects.create(kind="schedule", key=key, valid_from=date(2025, 1, 1), source="示例", data=data)
    keeping.forget()
    page = client.get("/projects/lights/").content.decode()
    for rule in (
        "在谈阶段：满 15 天没有进展亮黄灯，满 30 天亮红灯（2019-04-28 起施行）。",
        "过了计划开工的月份满 1 个月没有开工亮黄灯，满 3 个月没有开工亮红灯（2025-01-01 起施行）。",
        "投资落后月度计划满 10 个百分点亮黄灯，落后超过 30 个百分点亮红灯，以次月 10 日应报的月份计（2025-01-01 起施行）。",
    ):
        assert rule in page
    assert "满 0 天" not in page


@pytest.mark.usefixtures("rule")
def test_days_are_counted_alike_everywhere(city: City) -> None:
    """In days of the calendar: a project that moved at eleven at night ninety days ago has not moved for ninety days."""
    Rule.objects.create(
        kind="stage_limit", key="planned", valid_from=date(2019, 4, 28), source="示例", data={"days": 90}
    )
    with time_machine.travel(NOW, tick=False):
        moved(city.project(), NOW.replace(hour=23) - timedelta(days=90))
        client = signed_in(city.users["erin"])
        assert "红灯" in client.get("/projects/", {"idle_days": 90}).content.decode().split("<tbody", 1)[1]
        assert "已 90 天没有进展" in client.get("/").content.decode()
