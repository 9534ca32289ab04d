"""The grade of a project by its investment: the page, the filter and the rule say the same at every threshold."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.unit.projects.conftest import HEAD, OFFICER, City
from yinfeng.core import keeping
from yinfeng.core.errors import Conflict, Forbidden, Invalid
from yinfeng.core.keeping import forget
from yinfeng.core.models import Code, Event, Rule
from yinfeng.core.money import WAN, YI, Money
from yinfeng.projects import queries, services, stages
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
        code for code in (*TIERS, "major_foreign")
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


@pytest.mark.clause("3.1.3")
@pytest.mark.usefixtures("rules")
def test_foreign_projects_have_a_grade_by_dollars(city: City) -> None:
    """重庆首报首谈制度 (FACTS §1.4): 10 亿元 and more, foreign ones from US$10 million on, at the rate of the day."""
    today = timezone.localdate()
    Code.objects.create(table="grade", code="major_foreign", name="重大外资项目")
    data = {"min_usd": "10000000"}
    Rule.objects.create(
        kind="grade", key="major_foreign", valid_from=date(2019, 4, 28), source="示例", data=data
    )
    project = city.project()

    def grade(amount: Decimal, is_foreign: bool | None) -> str:
        Project.objects.filter(pk=project.pk).update(intended=amount, is_foreign=is_foreign)
        project.refresh_from_db()
        return graded(project)

    edge = 7_000 * WAN  # US$10 million at 7 yuan
    assert grade(edge, True) == "general"  # no rate is known: nobody can say
    rates = [{"on": "2026-01-01", "rate": "7"}]
    Rule.objects.create(
        kind="exchange_rate", key="USD", valid_from=date(2026, 1, 1), source="示例", data={"rates": rates}
    )
    forget()
    found = [
        grade(amount, is_foreign)
        for amount in (edge - Decimal("0.01"), edge, 10 * YI - 1, 10 * YI)
        for is_foreign in (True, False, None)
    ]
    assert found == [
        *("general", "general", "general"), *("major_foreign", "general", "general"), *("major_foreign", "general", "general"),
        *("tier_10", "tier_10", "tier_10"),
    ]  # fmt: skip
    grade(edge, True)
    reason = queries.grade_of(project, queries.tiers(today)).reason  # type: ignore[union-attr]
    assert reason == "外资项目，意向投资额 7,000 万元，达到 1,000 万美元（今日折合 7,000 万元）"


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


# --- graded otherwise ---------------------------------------------------------------------------------------------


@pytest.fixture
def graders(city: City) -> City:
    """Let the office and the working group grade projects."""
    permissions = ["projects.project.view", "projects.project.grade"]
    for name, unit in (("office", city.root), ("liaison", city.group), ("other", city.huli)):
        city.users[name] = make_user(name, unit, permissions, username=name)
    return city


@pytest.mark.clause("3.1.3")
@pytest.mark.usefixtures("rules")
def test_somebody_grades_a_project_otherwise_with_a_reason_and_the_rule_again(graders: City) -> None:
    city = graders
    project = city.project()
    assert graded(project) == "general"
    by = city.actor("office")
    services.set_grade(by=by, project=project, grade="tier_10", reason="补上功率器件的缺链环节")
    project.refresh_from_db()
    assert graded(project) == "tier_10"
    page = signed_in(city.users["erin"]).get(project.get_absolute_url()).content.decode()
    assert "人工定级：补上功率器件的缺链环节" in page
    change = Event.objects.get(verb="projects.project.graded")
    assert change.changes["grade_override"] == ["", "tier_10"]
    services.set_grade(by=by, project=project, grade="", reason="已不缺链")
    project.refresh_from_db()
    assert (graded(project), project.grade_reason) == ("general", "")


@pytest.mark.usefixtures("rules")
def test_a_grade_needs_a_reason_and_must_be_one_of_the_profile(graders: City) -> None:
    city = graders
    project = city.project()
    with pytest.raises(Invalid, match="原因"):
        services.set_grade(by=city.actor("office"), project=project, grade="tier_10", reason=" ")
    with pytest.raises(Invalid, match="没有这个分级"):
        services.set_grade(by=city.actor("office"), project=project, grade="tier_11", reason="重要")
    services.move_project(by=city.actor("charlie"), project=project, move="end", reason="不谈了")
    with pytest.raises(Conflict, match="已“终止”"):
        services.set_grade(by=city.actor("office"), project=project, grade="tier_10", reason="重要")


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("person", "grades"),
    [
        ("office", True),
        ("liaison", True),
        ("other", False),
        ("bob", False),
        ("charlie", False),
        ("erin", False),
    ],
)
def test_who_grades(graders: City, person: str, grades: bool) -> None:
    city = graders
    project = city.project()
    client = signed_in(city.users[person])
    address = f"/projects/{project.pk}/grade/"
    shown = client.get(project.get_absolute_url())
    assert (shown.status_code == 200 and address in shown.content.decode()) is grades
    assert (client.get(address).status_code == 200) is grades
    posted = client.post(address, {"grade": "tier_50", "reason": "重要"})
    assert (posted.status_code == 302) is grades
    project.refresh_from_db()
    assert (project.grade_override == "tier_50") is grades


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(("days", "light"), [(29, "green"), (30, "yellow"), (45, "yellow"), (90, "red")])
def test_a_grade_wants_its_projects_updated_more_often(city: City, days: int, light: str) -> None:
    Rule.objects.filter(key="tier_10").update(
        data={"min_yuan": int(10 * YI), "update_days": 30, "meeting": "领导小组会议"}
    )
    Rule.objects.create(
        kind="stale", key="project", valid_from=date(2019, 4, 28), source="示例",
        data={"warn_days": 60, "late_days": 90, "leave_days": 180},
    )  # fmt: skip
    today = timezone.localdate()
    moment = timezone.now() - timedelta(days=days)
    great, small = city.project(), city.project()
    Project.objects.filter(pk=great.pk).update(intended=12 * YI, progress_at=moment)
    Project.objects.filter(pk=small.pk).update(progress_at=moment)
    for project, expected in ((great, light), (small, "green" if days < 60 else "red")):
        project.refresh_from_db()
        found = queries.light_of(
            project, today, queries.limits(today), queries.grade_of(project, queries.tiers(today))
        )
        assert found is not None
        assert found.code == expected
        lit = [
            code
            for code in stages.LIGHTS
            if Project.objects.filter(queries.lit(code, today), pk=project.pk).exists()
        ]
        assert lit == [expected]
    if light == "yellow":
        page = signed_in(city.users["erin"]).get(great.get_absolute_url()).content.decode()
        assert f"十亿级项目每 30 天须更新，已 {days} 天没有进展" in page
        assert "由领导小组会议听取进展" in page


@pytest.mark.usefixtures("rules")
def test_what_produces_is_not_pressed_for_updates(city: City) -> None:
    Rule.objects.filter(key="general").update(data={"min_yuan": 0, "update_days": 30})
    for key, days in (("project", 60), ("producing", 0)):
        Rule.objects.create(
            kind="stale", key=key, valid_from=date(2019, 4, 28), source="示例",
            data={"warn_days": days, "late_days": days, "leave_days": days},
        )  # fmt: skip
    project = city.project(stages.PRODUCING)
    Project.objects.filter(pk=project.pk).update(progress_at=timezone.now() - timedelta(days=500))
    today = timezone.localdate()
    assert not Project.objects.filter(queries.lit("yellow", today) | queries.lit("red", today)).exists()
    project.refresh_from_db()
    assert (
        queries.light_of(
            project, today, queries.limits(today), queries.grade_of(project, queries.tiers(today))
        )
        is None
    )


@pytest.mark.usefixtures("rules")
def test_a_grade_says_who_leads_and_lets_units_see_its_projects(city: City) -> None:
    """By the amount, by hand, and by what was signed; who sees it by the grade alone cannot grade it out of his sight."""
    factors = make_unit("group-factors", "group", city.root, name="要素组")
    city.users["fay"] = make_user("fay", factors, [*OFFICER, "projects.project.grade"], username="fay")
    Rule.objects.filter(key="tier_10").update(
        data={"min_yuan": int(10 * YI), "leader": "市领导专班", "units": ["group-factors"]}
    )
    keeping.forget()
    project = city.project(stages.NEGOTIATING)
    seen = Project.objects.permitted(city.actor("fay"))
    assert not seen.exists()
    services.change_project(
        by=city.actor("bob"),
        project=project,
        version=project.version,
        values={"intended": Money.in_yuan(12 * YI)},
    )
    assert seen.get() == project
    assert "由市领导专班牵头" in signed_in(city.users["fay"]).get(project.get_absolute_url()).content.decode()
    with pytest.raises(Forbidden):
        services.set_grade(by=city.actor("fay"), project=project, grade="general", reason="并非重大")
    project.refresh_from_db()
    city.verified(project)  # signed for 4,000 万元: the amount that counts now is below the tier
    assert not seen.exists()
    city.users["gina"] = make_user("gina", city.jimei, [*HEAD, "projects.project.grade"], username="gina")
    services.set_grade(by=city.actor("gina"), project=project, grade="tier_10", reason="重点")
    assert seen.get() == project
    assert city.group in [
        part.unit for part in project.participations.filter(until=None)
    ]  # the industry's stays
