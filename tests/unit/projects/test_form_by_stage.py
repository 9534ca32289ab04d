"""The one reporting form: short at first, growing by the stage, nothing filled or refused hidden (统一报送格式, FACTS §1.8)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.utils import timezone

from tests.factories import signed_in
from tests.unit.projects.conftest import City
from yinfeng.core.errors import Invalid
from yinfeng.core.models import Code
from yinfeng.projects import facts, services, stages
from yinfeng.projects.models import Project
from yinfeng.projects.models.reporting_form import Reported

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


def test_nothing_is_for_later_where_every_stage_has_asked(city: City) -> None:
    project = city.project(stages.STARTED)
    text = signed_in(city.users["bob"]).get(f"/projects/{project.pk}/edit/").content.decode()
    assert "以后的阶段才需要" not in text
    assert text.count(FOLD) == 1  # what no stage asks for
    assert 'name="statistics_name"' in text.partition(FOLD)[2]


def test_what_follows_from_a_yes_is_asked_once_it_is_given_and_never_without(city: City) -> None:
    Code.objects.create(table="existing_kind", code="growth", name="增资")
    project = city.project(stages.INTENDED)
    client, url = signed_in(city.users["bob"]), f"/projects/{project.pk}/edit/"
    page = client.get(url)
    before, _begin, after = page.content.decode().partition('<template data-when="is_existing_firm=True">')
    inert, _end, after = after.partition("</template>")  # for scripts: no browser shows or sends it by itself
    assert 'name="existing_kind"' in inert
    assert "existing_kind" not in before + after
    assert 'name="is_existing_firm"' in page.content.decode().partition(FOLD)[2]
    form = page.context["form"]
    given = {
        field.html_name: field.value() for field in form if isinstance(field.value(), str | int) and field.value() is not True
    } | {"is_foreign": "False", "enterprise_name": project.enterprise.name, "fixed_investment": "3000", "fixed_investment_unit": "wan",
         "intended": "5000", "intended_unit": "wan", "expected_output": "9000", "expected_output_unit": "wan", "expected_tax": "500",
         "expected_tax_unit": "wan", "land_mu": "30"}  # fmt: skip
    given |= {
        name: str(getattr(project, name))
        for name in ("planned_start_date", "planned_completion_date", "planned_production_date")
    }
    refused = client.post(url, given | {"is_existing_firm": "True"})
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "“存量企业”选了“是”，请同时填写存量类型、首次投资年份。" in text
    assert 'name="existing_kind"' in text.partition(FOLD)[0]
    answers = {"is_existing_firm": "True", "existing_kind": "growth", "first_invested_year": "2011"}
    assert client.post(url, given | answers).status_code == 302
    project.refresh_from_db()
    assert (project.existing_kind, project.first_invested_year) == ("growth", 2011)
    assert 'name="first_invested_year"' in client.get(url).content.decode()
    given["version"] = project.version
    assert client.post(url, given | answers | {"is_existing_firm": "False"}).status_code == 302
    project.refresh_from_db()
    assert (project.is_existing_firm, project.existing_kind, project.first_invested_year) == (False, "", None)
    with pytest.raises(Invalid, match="选“是”的才填写"):
        services.change_project(
            by=city.actor("bob"),
            project=project,
            version=project.version,
            values={"spillover_from": "深圳市"},
        )
    with pytest.raises(Invalid, match="不能晚于今年"):
        services.change_project(
            by=city.actor("bob"), project=project, version=project.version,
            values={"is_existing_firm": True, "existing_kind": "growth", "first_invested_year": 2099},
        )  # fmt: skip


def test_the_first_talk_says_since_when_a_project_is_approached(city: City) -> None:
    project = city.project(approached_date=None)
    for days in (4, 5, 3):
        talk_date = timezone.localdate() - timedelta(days=days)
        services.record_talk(by=city.actor("bob"), project=project, values={
            "talk_date": talk_date, "form": "call", "our_side": "甲", "their_side": "乙", "summary": "谈",
        })  # fmt: skip
    project.refresh_from_db()
    assert project.approached_date == timezone.localdate() - timedelta(days=5)
    page = signed_in(city.users["bob"]).get(f"/projects/{project.pk}/").content.decode()
    assert "统一报送" in page


DOCUMENT = Path(__file__).parents[3] / "docs" / "reporting-form.md"


def test_the_table_of_the_form_names_fields_that_are_there() -> None:
    """Each field named in the document exists, and each field of the form beyond the outline is named."""
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    named = {name for row in rows for name in re.findall(r"`(\w+\.\w+)`", row)}
    for name in named:
        model, _dot, field = name.partition(".")
        owner = apps.get_model(
            "enterprises" if model in {"Enterprise", "Contact", "EnterpriseTag"} else "projects", model
        )
        owner._meta.get_field(field)
    assert {f"Project.{field.name}" for field in Reported._meta.get_fields()} <= named
    assert {f"Project.{fact.field}" for fact in facts.FACTS} <= named


def test_what_is_folded_away_stands_under_its_heads(city: City) -> None:
    text = signed_in(city.users["bob"]).get("/projects/new/").content.decode()
    folds = text.split(FOLD)[1:]
    assert len(folds) >= 1
    for fold in folds:
        inside = fold.partition("</details>")[0]
        heads, fields = inside.count('class="yf-formgroup__part"'), inside.count('class="yf-field ')
        assert 1 <= heads < fields
    assert "纳统</h2>" in text
