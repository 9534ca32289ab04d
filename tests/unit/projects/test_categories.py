"""The class of a project by rule: told with what decides, found by the list, overridden with a reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_user, signed_in
from tests.unit.projects.conftest import VIEW, City
from yinfeng.core.errors import Conflict, Forbidden, Invalid
from yinfeng.core.models import Code, Event, Rule
from yinfeng.core.money import WAN, YI
from yinfeng.core.profile import read
from yinfeng.enterprises.models import EnterpriseTag
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db
NAMES = {
    "major": "重大产业项目",
    "manufacturing": "制造业项目",
    "services": "现代服务业项目",
    "foreign": "一般外资项目",
}
CONDITIONS: dict[str, Any] = {
    "major": {"any": [
        {"field": "investment", "op": "at_least", "value": 10, "unit": "yi"},
        {"all": [{"field": "is_foreign", "op": "is", "value": True}, {"field": "investment", "op": "at_least", "value": 1000, "unit": "wan_usd"}]},
    ]},
    "manufacturing": {"all": [
        {"field": "industry", "op": "under", "value": ["C"]}, {"field": "fixed_investment", "op": "at_least", "value": 5000, "unit": "wan"},
    ]},
    "services": {"all": [{"field": "industry", "op": "under", "value": ["J"]}, {"field": "investment", "op": "at_least", "value": 2}]},
    "foreign": {"field": "is_foreign", "op": "is", "value": True},
}  # fmt: skip


@pytest.fixture
def rules() -> None:
    for order, (code, condition) in enumerate(CONDITIONS.items(), 1):
        Code.objects.create(table="category", code=code, name=NAMES[code])
        Rule.objects.create(
            kind="category", key=code, valid_from=date(2019, 4, 28), source="示例", data={"order": order, "condition": condition}
        )  # fmt: skip
    Rule.objects.create(kind="exchange_rate", key="USD", data={"rates": [{"on": "2020-01-01", "rate": "7"}]})


def classed(project: Project, **values: Any) -> tuple[str, str]:
    """Return the class of a project and why, after asking the list’s Q the same."""
    Project.objects.filter(pk=project.pk).update(**values)
    project.refresh_from_db()
    today = timezone.localdate()
    found = queries.class_of(project, queries.categories(today), today)
    assert found is not None
    code = found.category.code if found.category else ""
    listed = [
        item
        for item in NAMES
        if Project.objects.filter(queries.categorised(item, today), pk=project.pk).exists()
    ]
    assert listed == ([code] if code else [])
    return code, found.reason


@pytest.mark.clause("3.1.3")
@pytest.mark.usefixtures("rules")
def test_thresholds_of_the_classes(city: City) -> None:
    """重庆首报首谈: 10 亿元, foreign 1,000 万美元 (here 7,000 万元); 青田: industry 5,000 万元, services 2 亿元 (FACTS §1.2, 1.4)."""
    project = city.project(stages.NEGOTIATING)
    base = {"is_foreign": False, "industry": "3973", "intended": 1 * YI, "fixed_investment": 5_000 * WAN}
    vectors: list[tuple[dict[str, Any], str]] = [
        ({"intended": 10 * YI}, "major"),
        ({"intended": 10 * YI - Decimal("0.01")}, "manufacturing"),
        ({"intended": 7_000 * WAN, "is_foreign": True}, "major"),
        ({"intended": 7_000 * WAN - Decimal("0.01"), "is_foreign": True}, "manufacturing"),
        ({"fixed_investment": 5_000 * WAN - Decimal("0.01")}, ""),
        ({"fixed_investment": 1 * YI, "industry": "66"}, ""),
        ({"industry": "66", "intended": 2 * YI}, "services"),
        ({"industry": "66", "intended": 6_000 * WAN, "is_foreign": True}, "foreign"),
    ]  # fmt: skip
    for values, code in vectors:
        assert classed(project, **{**base, **values})[0] == code, values


@pytest.mark.usefixtures("rules")
def test_what_is_not_known_is_told(city: City) -> None:
    project = city.project()
    unknown = {"is_foreign": False, "industry": "3973", "intended": None, "fixed_investment": 5_000 * WAN}
    code, reason = classed(project, **unknown)
    assert code == "manufacturing"
    assert "固定资产投资 5,000 万元，不低于 5,000 万元" in reason
    assert "是否“重大产业项目”尚不能判断：投资额未填" in reason
    assert classed(project, **{**unknown, "fixed_investment": None, "is_foreign": None})[0] == ""


@pytest.mark.usefixtures("rules")
def test_page_list_and_api_say_the_same(city: City) -> None:
    large, small = city.project(), city.project()
    Project.objects.filter(pk=large.pk).update(intended=80 * YI)
    Project.objects.filter(pk=small.pk).update(fixed_investment=5_000 * WAN)
    client = signed_in(city.users["erin"])
    page = client.get(f"/projects/{large.pk}/").content.decode()
    assert "重大产业项目" in page
    assert "投资额 80 亿元，不低于 10 亿元" in page
    listed = client.get(
        "/projects/", {"category": "manufacturing", "col": ["name", "category"]}
    ).content.decode()
    assert small.name in listed
    assert large.name not in listed
    found = client.get("/api/v1/projects/", {"category": "major"}).json()["results"]
    assert [row["id"] for row in found] == [large.pk]
    told = {"code": "major", "label": "重大产业项目", "reason": "投资额 80 亿元，不低于 10 亿元"}
    assert found[0]["category"] == client.get(f"/api/v1/projects/{large.pk}/").json()["category"] == told


def test_lists_ask_nothing_more_for_each_class(city: City) -> None:
    """The investor's rank decides, on the page and over the API: one row asks as often as five."""
    Code.objects.create(table="enterprise_tag", code="global500", name="世界500强")
    Code.objects.create(table="category", code="leading", name="头部企业项目")
    condition = {"field": "investor_list", "op": "in", "value": ["global500"]}
    Rule.objects.create(
        kind="category", key="leading", valid_from=date(2019, 4, 28), source="示例", data={"order": 1, "condition": condition}
    )  # fmt: skip
    client = signed_in(city.users["erin"])
    counts: list[list[int]] = []
    for number in (1, 1, 4):  # what is kept is read by the first
        for _turn in range(number):
            project = city.project()
            EnterpriseTag.objects.create(enterprise=project.enterprise, tag="global500", year=2025, rank=69)
        counts.append([])
        for path in ("/projects/?col=name&col=category", "/api/v1/projects/"):
            with CaptureQueriesContext(connection) as asked:
                text = client.get(path).content.decode()
            assert text.count("头部企业项目") >= number
            counts[-1].append(len(asked))
    assert counts[1] == counts[2]
    assert "投资方标签为“世界500强 2025 第 69 位”" in client.get(project.get_absolute_url()).content.decode()


@pytest.mark.usefixtures("rules")
def test_by_hand_with_a_reason(city: City) -> None:
    project = city.project()
    grader = make_user("grader", city.root, [*VIEW, "projects.project.grade"], username="grader")
    city.users["grader"] = grader
    client = signed_in(grader)
    url = f"/projects/{project.pk}/category/"
    assert "现在的类别" in client.get(url).content.decode()
    assert (
        client.post(url, {"category": "major", "reason": "", "version": project.version}).status_code == 422
    )
    assert (
        client.post(url, {"category": "moon", "reason": "不存在", "version": project.version}).status_code
        == 422
    )
    answer = client.post(
        url, {"category": "major", "reason": "市级统筹的产业链缺环项目", "version": project.version}
    )
    assert answer.status_code == 302
    assert classed(project) == ("major", "人工归类：市级统筹的产业链缺环项目")
    event = Event.objects.get(verb="projects.project.categorised")
    assert event.note == "市级统筹的产业链缺环项目"
    with pytest.raises(Conflict):
        services.set_category(by=city.actor("grader"), project=project, category="", reason="恢复", version=1)
    services.set_category(by=city.actor("grader"), project=project, category="", reason="恢复按规则")
    assert classed(project)[0] == ""
    assert Project.objects.get(pk=project.pk).category_reason == ""


@pytest.mark.usefixtures("rules")
def test_guards(city: City) -> None:
    project = city.project()
    with pytest.raises(Forbidden):
        services.set_category(by=city.actor("bob"), project=project, category="major", reason="想要")
    city.users["grader"] = make_user(
        "grader", city.root, [*VIEW, "projects.project.grade"], username="grader"
    )
    for category, reason in (("moon", "原因"), ("major", " ")):
        with pytest.raises(Invalid):
            services.set_category(by=city.actor("grader"), project=project, category=category, reason=reason)
    services.move_project(by=city.actor("charlie"), project=project, move="end", reason="不再推进")
    project.refresh_from_db()
    with pytest.raises(Conflict):
        services.set_category(by=city.actor("grader"), project=project, category="major", reason="想要")


def test_a_city_without_classes(city: City) -> None:
    project = city.project()
    assert queries.class_of(project, queries.categories(timezone.localdate()), timezone.localdate()) is None
    assert "未归类" not in signed_in(city.users["erin"]).get(f"/projects/{project.pk}/").content.decode()


def test_the_profile_of_xiamen_says_its_classes() -> None:
    assert not read("xiamen").problems
    call_command("profile", "load", "xiamen")
    today = timezone.localdate()
    assert [item.code for item in queries.categories(today)] == [
        "major",
        "leading",
        "missing-link",
        "manufacturing",
        "services",
        "agriculture",
        "foreign",
    ]
    assert queries.categories(today)[0].label == "重大产业项目"
    assert (
        queries.categories(today)[0].condition.words
        == "投资额不低于 10 亿元，或（是外资项目，且投资额不低于 1,000 万美元）"
    )
