"""The headquarters-project library: projects of the headquarters kind, what is asked of them, their own list."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import signed_in
from tests.unit.projects.conftest import City
from tests.unit.projects.test_pages import opened
from yinfeng.core.errors import Blocked, Invalid
from yinfeng.core.keeping import forget
from yinfeng.core.models import Code, Rule
from yinfeng.projects import facts, services, stages
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db


@pytest.fixture
def library(city: City) -> City:
    Code.objects.create(table="headquarters_kind", code="functional", name="职能型总部", level=1)
    Code.objects.create(table="headquarters_kind", code="listed", name="上市公司总部", level=1)
    forget()
    return city


def looked_at(city: City, path: str) -> str:
    """Return the page as bob sees it once the profile's codes and rules are kept."""
    signed_in(city.users["bob"]).get(path)
    return str(opened(city, "bob", path).content.decode())


def headquarters(city: City, stage: str = stages.INTENDED, **values: Any) -> Project:
    given = {
        "headquarters_kind": "functional", "headquarters_staff": 300, "headquarters_functions": "结算、研发", **values,
    }  # fmt: skip
    return city.project(stage, **given)


@pytest.mark.clause("2.1")
def test_the_library_holds_the_headquarters_in_sight_alone(library: City) -> None:
    """One library of the headquarters projects, in the four states, with kind, functions and staff; no other project in it."""
    city = library
    kept, plain = headquarters(city), city.project()
    other = headquarters(city, by="alice")
    signed = headquarters(city, stages.SIGNED, headquarters_kind="listed")
    page = looked_at(city, "/projects/headquarters/")
    assert all(
        word in page for word in (kept.name, signed.name, "职能型总部", "上市公司总部", "结算、研发", "300")
    )
    assert plain.name not in page
    assert other.name not in page
    assert "共 2 条" in page
    landed = looked_at(city, "/projects/headquarters/?state=landed")
    assert signed.name in landed
    assert kept.name not in landed
    narrowed = looked_at(city, "/projects/headquarters/?headquarters_kind=listed")
    assert signed.name in narrowed
    assert kept.name not in narrowed


def test_functions_and_staff_are_asked_of_a_headquarters_alone(library: City) -> None:
    plain = library.project()
    assert {fact.field for fact in facts.missing(plain, stages.SIGNED)} == set()
    bare = headquarters(library, headquarters_staff=None, headquarters_functions="")
    assert [fact.field for fact in facts.missing(bare, stages.NEGOTIATING)] == ["headquarters_functions"]
    assert {fact.field for fact in facts.missing(bare, stages.SIGNED)} == {
        "headquarters_functions",
        "headquarters_staff",
    }
    with pytest.raises(Blocked) as refused:
        services.move_project(by=library.actor("bob"), project=bare, move="negotiate")
    assert "总部职能" in "".join(map(str, refused.value.reasons))


def test_a_kind_that_the_profile_does_not_have_is_refused(library: City) -> None:
    with pytest.raises(Invalid) as refused:
        headquarters(library, headquarters_kind="castle")
    assert "headquarters_kind" in refused.value.fields


def test_exported_with_its_own_columns(library: City) -> None:
    headquarters(library)
    library.project()
    answer = signed_in(library.users["bob"]).get("/projects/headquarters/export/?format=csv")
    lines = (
        b"".join(answer.streaming_content).decode("utf-8-sig")
        if answer.streaming
        else answer.content.decode()
    )
    assert "总部职能" in lines
    assert lines.count("有限公司") == 1
    assert signed_in(library.users["erin"]).get("/projects/headquarters/export/").status_code == 403


def test_an_empty_library_says_how_one_fills_it(library: City) -> None:
    assert "选择总部类型" in looked_at(library, "/projects/headquarters/")
    project = headquarters(library)
    page = looked_at(library, f"/projects/{project.pk}/")
    assert "职能型总部" in page


def test_what_is_being_built_is_read_with_its_plan_in_the_same_question(library: City) -> None:
    """Lights ask for the schedules of projects under way: not one by one, and not in a question of their own."""
    Rule.objects.create(
        kind="schedule", key="behind", valid_from=date(2019, 4, 28), source="FACTS §1.6",
        data={"warn_points": 10, "late_points": 30, "report_day": 10},
    )  # fmt: skip
    forget()
    client, asked = signed_in(library.users["bob"]), []
    for _ in range(2):
        for _ in range(2):
            headquarters(library, stages.BUILDING)
        client.get("/projects/headquarters/")
        with CaptureQueriesContext(connection) as queries:
            assert "亮灯" in client.get("/projects/headquarters/").content.decode()
        asked.append([query["sql"] for query in queries.captured_queries])
    assert len(asked[0]) == len(asked[1]) <= 10
    assert sum("projects_plannedmonth" in sql for sql in asked[1]) == 1
