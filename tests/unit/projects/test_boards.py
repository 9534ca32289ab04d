"""The board and the funnel: every figure is that of the list to which it leads, and stage clocks run from move to move."""

from __future__ import annotations

import importlib
import re
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import signed_in
from tests.unit.projects.conftest import City
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Project, Stay

pytestmark = pytest.mark.django_db


def at(days_ago: int) -> Any:
    moment = timezone.now() - timedelta(days=days_ago)
    return mock.patch("django.utils.timezone.now", return_value=moment)


def aged(city: City, steps: list[tuple[int, str]]) -> Project:
    """Return a project that made each move so many days ago."""
    with at(steps[0][0]):
        project = city.project()
    for days, move in steps[1:]:
        with at(days):
            project.refresh_from_db()
            services.move_project(by=city.actor("bob"), project=project, move=move)
    return project


def test_clocks_run_from_move_to_move(city: City) -> None:
    project = aged(city, [(30, ""), (20, "intend"), (5, "negotiate")])
    stays = list(project.stays.order_by("pk").values_list("stage", "days"))
    assert stays == [("planned", 10), ("intended", 15), ("negotiating", None)]
    step = services.ask_back(by=city.actor("bob"), project=project, target=stages.INTENDED, reason="改了方向")
    services.approve_step_back(by=city.actor("charlie"), step=step)
    assert list(project.stays.order_by("pk").values_list("stage", "days"))[2:] == [
        ("negotiating", 5),
        ("intended", None),
    ]
    project.refresh_from_db()
    services.move_project(by=city.actor("bob"), project=project, move="negotiate")
    city.verified(project)
    assert project.stays.get(until=None).stage == stages.SIGNED


@pytest.mark.clause("3.1.3")
def test_the_funnel_counts_what_came_how_far_and_how_long_it_took(city: City) -> None:
    aged(city, [(30, ""), (20, "intend"), (5, "negotiate")])
    aged(city, [(40, ""), (20, "intend")])
    city.project()
    found = {line.stage: line for line in queries.funnel(Project.objects.all())}
    assert [found[stage].reached for stage in ("planned", "intended", "negotiating", "signed")] == [
        3,
        2,
        1,
        0,
    ]
    assert [found[stage].standing for stage in ("planned", "intended", "negotiating")] == [1, 1, 1]
    assert (found["planned"].days, found["planned"].longest) == (15, 20)
    assert found["intended"].share == pytest.approx(2 / 3)
    assert found["signed"].share == 0
    assert found["registered"].share is None


def test_what_builds_nothing_has_come_past_building(city: City) -> None:
    city.project(stages.PRODUCING, construction_kind="opening")
    found = {line.stage: line.reached for line in queries.funnel(Project.objects.all())}
    assert found[stages.STARTED] == found[stages.PRODUCING] == 1
    assert found[stages.AT_CAPACITY] == 0


@pytest.mark.parametrize("person", ["bob", "erin", "stranger"])
def test_pictures_show_what_the_person_sees_and_lead_to_the_same(city: City, person: str) -> None:
    for stage in (stages.PLANNED, stages.NEGOTIATING, stages.SIGNED):
        city.project(stage)
    city.project(by="alice")
    client = signed_in(city.users[person])
    seen = Project.objects.permitted(city.actor(person)).count()
    for path in ("/projects/board/", "/projects/board/funnel/"):
        client.get(path)
        with CaptureQueriesContext(connection) as asked:
            page = client.get(path)
        assert page.status_code == 200
        assert len(asked) <= 10
    columns = client.get("/projects/board/").context["columns"]
    assert sum(int(column["count"]) for column in columns) == seen
    for column in columns:
        listed = client.get(column["url"])
        assert len(listed.context["table"]["rows"]) == int(column["count"]) == len(column["cards"])


def test_filters_narrow_pictures_as_they_do_the_list(city: City) -> None:
    city.project()
    city.project(by="alice")
    client = signed_in(city.users["erin"])
    for path in ("/projects/board/", "/projects/board/funnel/"):
        page = client.get(path, {"place": city.huli.pk})
        counts = [
            int(row.get("count", row.get("standing")))
            for row in page.context.get("columns") or page.context["rows"]
        ]
        assert sum(counts) == 1
    board = client.get("/projects/board/", {"place": city.huli.pk})
    assert f"place={city.huli.pk}" in board.context["columns"][0]["url"]
    assert client.get("/projects/board/funnel/", {"created_from": "2999-01-01"}).context["whole"] == 0
    assert client.get("/projects/board/funnel/", {"created_from": "昨天"}).status_code == 200


def test_a_column_holds_the_longest_standing_and_says_how_many_more(city: City) -> None:
    oldest = aged(city, [(90, "")])
    for _turn in range(7):
        city.project()
    column = signed_in(city.users["bob"]).get("/projects/board/").context["columns"][0]
    assert (column["count"], len(column["cards"]), column["more"]) == ("8", 6, "另有 2 个")
    assert column["cards"][0]["title"] == oldest.name
    assert column["cards"][0]["days"] == "90 天"


def test_stays_of_before_are_told_from_the_events(city: City) -> None:
    project = aged(city, [(30, ""), (20, "intend"), (5, "negotiate")])
    bare = city.project()
    before = list(Stay.objects.order_by("project", "pk").values_list("project", "stage", "days"))
    Stay.objects.all().delete()
    importlib.import_module("yinfeng.projects.migrations.0015_stays_so_far").tell(
        apps, connection.schema_editor()
    )
    assert list(Stay.objects.order_by("project", "since").values_list("project", "stage", "days")) == before
    assert {project.pk, bare.pk} == {pk for pk, _stage, _days in before}


def test_an_empty_board_says_so_and_a_full_one_names_every_stage(city: City) -> None:
    """Columns beyond the edge of the window are told above the board, with their numbers."""
    client = signed_in(city.users["erin"])
    for path in ("/projects/board/", "/projects/board/funnel/"):
        assert "没有推进中的项目可看" in client.get(path).content.decode()
    city.project(stages.NEGOTIATING)
    text = client.get("/projects/board/").content.decode()
    stops = text.split('class="yf-stops"')[1].split("</ol>")[0]
    anchors = re.findall(r'href="#(column-\d+)">([^<]+) <b>(\d+)</b>', stops)
    assert [label for _anchor, label, _count in anchors] == [str(label) for label in stages.STAGES.values()]
    assert [count for _anchor, _label, count in anchors].count("0") == len(anchors) - 1
    assert all(f'id="{anchor}"' in text for anchor, _label, _count in anchors)
