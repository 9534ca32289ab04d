"""The grade of a project by its investment: the page, the filter and the rule say the same at every threshold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.factories import signed_in
from tests.unit.projects.conftest import City
from yinfeng.core.models import Code, Rule
from yinfeng.core.money import WAN, YI
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db
TIERS = {"tier_100": 100, "tier_50": 50, "tier_10": 10, "general": 0}


@pytest.fixture
def rules() -> None:
    """福建省 2023 年意见 (FACTS §1.1): projects of 10, 50 and 100 亿元 and more."""
    names = {
        "tier_100": "百亿级项目",
        "tier_50": "五十亿级项目",
        "tier_10": "十亿级项目",
        "general": "一般项目",
    }
    for code, yi in TIERS.items():
        Code.objects.create(table="grade", code=code, name=names[code])
        Rule.objects.create(
            kind="grade",
            key=code,
            valid_from=date(2019, 4, 28),
            source="示例",
            data={"min_yuan": int(yi * YI)},
        )


def graded(project: Project) -> str:
    today = timezone.localdate()
    grade = queries.grade_of(project, queries.tiers(today))
    found = [
        code for code in TIERS
        if Project.objects.filter(queries.graded(code, today), pk=project.pk).exists()
    ]  # fmt: skip
    assert found == ([grade.code] if grade else [])
    return grade.code if grade else ""


@pytest.mark.clause("3.1.3")
@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Decimal(0), "general"), (10 * YI - Decimal("0.01"), "general"), (10 * YI, "tier_10"), (50 * YI - 1, "tier_10"),
        (50 * YI, "tier_50"), (100 * YI - 1, "tier_50"), (100 * YI, "tier_100"), (9_000 * YI, "tier_100"), (None, ""),
    ],
)  # fmt: skip
def test_thresholds(city: City, amount: Decimal | None, code: str) -> None:
    project = city.project()
    Project.objects.filter(pk=project.pk).update(intended=amount)
    project.refresh_from_db()
    assert graded(project) == code


@pytest.mark.usefixtures("rules")
def test_the_contracted_amount_counts_once_there_is_one(city: City) -> None:
    project = city.project(stages.SIGNED)
    Project.objects.filter(pk=project.pk).update(intended=60 * YI, contracted=12 * YI)
    project.refresh_from_db()
    assert graded(project) == "tier_10"
    page = signed_in(city.users["erin"]).get(f"/projects/{project.pk}/").content.decode()
    assert "十亿级项目" in page
    assert "合同投资额 12 亿元，达到 10 亿元" in page


@pytest.mark.usefixtures("rules")
def test_a_new_threshold_counts_from_its_day_on(city: City) -> None:
    project = city.project()
    Project.objects.filter(pk=project.pk).update(intended=12 * YI)
    project.refresh_from_db()
    Rule.objects.filter(kind="grade", key="tier_10").update(valid_to=date(2025, 12, 31))
    Rule.objects.create(
        kind="grade",
        key="tier_10",
        valid_from=date(2026, 1, 1),
        source="示例",
        data={"min_yuan": int(20 * YI)},
    )
    old, new = queries.tiers(date(2025, 6, 1)), queries.tiers(date(2026, 6, 1))
    assert [grade.code if grade else "" for grade in (queries.grade_of(project, old), queries.grade_of(project, new))] == [
        "tier_10", "general",
    ]  # fmt: skip


def test_without_grades_there_are_none(city: City) -> None:
    assert graded(city.project()) == ""


@pytest.mark.usefixtures("rules")
def test_lists_and_api_are_narrowed_by_grade(city: City) -> None:
    large, small = city.project(), city.project()
    Project.objects.filter(pk=large.pk).update(intended=80 * YI)
    Project.objects.filter(pk=small.pk).update(intended=800 * WAN)
    client = signed_in(city.users["erin"])
    page = client.get("/projects/", {"grade": "tier_50", "col": ["name", "grade"]}).content.decode()
    assert large.name in page
    assert small.name not in page
    assert page.count("五十亿级项目") >= 2  # the row, the filter
    found = client.get("/api/v1/projects/", {"grade": "general"}).json()["results"]
    assert [row["id"] for row in found] == [small.pk]
