"""The one reporting form: short at first, growing by the stage, nothing filled or refused hidden (统一报送格式, FACTS §1.8)."""

from __future__ import annotations

import pytest

from tests.factories import signed_in
from tests.unit.projects.conftest import City
from yinfeng.projects import facts, stages
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db
FOLD = "yf-formgroup--folded"


def folded(text: str) -> set[str]:
    """Return the facts whose fields stand in the part that is folded away."""
    _before, _fold, after = text.partition(FOLD)
    after = after.partition("</details>")[0]
    return {fact.field for fact in facts.FACTS if f'name="{fact.field}' in after}


@pytest.mark.clause("3.1.3")
def test_the_form_grows_with_the_stage(city: City) -> None:
    client = signed_in(city.users["bob"])
    fresh = folded(client.get("/projects/new/").content.decode())
    assert {"host_unit", "fixed_investment", "site", "expected_tax", "construction_kind"} <= fresh
    assert not {"summary", "industry", "intended", "project_class"} & fresh
    before = None
    for stage in stages.ORDER[: stages.ORDER.index(stages.BUILDING)]:
        project = city.project(stages.PLANNED)
        Project.objects.filter(pk=project.pk).update(
            stage=stage, site="", land_mu=None, planned_start_date=None, planned_completion_date=None,
            planned_production_date=None, expected_output=None, expected_tax=None, contact_name="",
        )  # fmt: skip
        found = folded(client.get(f"/projects/{project.pk}/edit/").content.decode())
        near = stages.ORDER[stages.ORDER.index(stage) + 1]
        assert not [
            fact.field
            for fact in facts.FACTS
            if fact.field in found and stages.reached(near, fact.from_stage)
        ]
        assert before is None or found <= before
        before = found
    assert before == set()


def test_what_is_filled_is_never_folded_away(city: City) -> None:
    project = city.project(stages.PLANNED, site="软件园三期", expected_tax=None)
    found = folded(signed_in(city.users["bob"]).get(f"/projects/{project.pk}/edit/").content.decode())
    assert "expected_tax" in found
    assert not {"site", "land_mu", "planned_start_date", "expected_output"} & found


def test_what_is_refused_is_never_folded_away(city: City) -> None:
    given = {"name": "某项目", "summary": "建厂", "secrecy": "internal", "planned_start_date": "不是日期"}
    answer = signed_in(city.users["bob"]).post("/projects/new/", given)
    assert answer.status_code == 422
    assert "planned_start_date" not in folded(answer.content.decode())


def test_nothing_is_folded_where_every_stage_has_asked(city: City) -> None:
    project = city.project(stages.STARTED)
    assert FOLD not in signed_in(city.users["bob"]).get(f"/projects/{project.pk}/edit/").content.decode()
