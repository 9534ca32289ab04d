"""The Xiamen profile in the database: clauses 1.1–1.5 on the page, the policy's units all known, a second load idle."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from tests.factories import grant, make_user, signed_in
from yinfeng.core import profile
from yinfeng.core.actors import system
from yinfeng.core.models import Event, ProfileLoad
from yinfeng.orgs import queries, services
from yinfeng.orgs.models import Body, Seat, Unit

pytestmark = pytest.mark.django_db

POLICY = Path(__file__).resolve().parents[3] / "../shared/policy/policy-2019-8.txt"


@pytest.fixture(scope="module", autouse=True)
def _xiamen(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Load the profile once for this file, in a transaction around its tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        profile.load("xiamen", by=system("test"))
        yield
        transaction.set_rollback(True)


@pytest.fixture
def page() -> str:
    return signed_in(make_user("读者")).get(reverse("organisation")).content.decode()


@pytest.mark.clause("1.1")
def test_the_leader_group_with_its_seats_by_rank(page: str) -> None:
    ranks = [
        ("head", "市委主要领导"), ("first_deputy", "市政府主要领导"), ("deputy", "市人大主要领导"),
        ("deputy", "市政协主要领导"), ("deputy", "市委副书记"), ("deputy", "常务副市长"),
    ]  # fmt: skip
    seats = Seat.objects.filter(body__code="leader-group").exclude(kind="member")
    assert [(seat.kind, seat.position) for seat in seats] == ranks
    places = [page.index(position) for _kind, position in ranks]
    assert places == sorted(places), "the page keeps the order of rank"
    for member in ("其他市委常委", "市政府副市长", "思明区委书记", "翔安区区长"):
        assert member in page


@pytest.mark.clause("1.1")
def test_who_holds_a_seat_and_since_when_is_on_the_page() -> None:
    seat = Seat.objects.get(body__code="leader-group", kind="head")
    person = services.add_person(by=system("test"), name="测试书记", is_demo=True)
    services.take_seat(by=system("test"), seat=seat, person=person, day=timezone.localdate())
    text = signed_in(make_user("读者")).get(reverse("organisation")).content.decode()
    assert "测试书记" in text
    assert timezone.localdate().isoformat() in text


@pytest.mark.clause("1.2")
def test_the_four_working_groups_with_their_industries(page: str) -> None:
    names = ["现代农业招商组", "现代制造业和信息产业招商组", "现代服务业招商组", "央企总部和金融招商组"]
    assert [unit.name for unit in queries.working_groups()] == names
    assert all(name in page for name in names)
    for industry, group in (("0111", "现代农业招商组"), ("3973", "现代制造业和信息产业招商组"), ("66", "央企总部和金融招商组")):  # fmt: skip
        assert [unit.name for unit in queries.groups_for_industry(industry)] == [group]


@pytest.mark.clause("1.3")
def test_the_factor_support_group(page: str) -> None:
    assert "全要素保障工作组" in page
    members = set(Seat.objects.filter(body__code="group-factors").values_list("unit__short_name", flat=True))
    assert {"市财政局", "市人社局", "市资源规划局", "市金融监管局"} <= members


@pytest.mark.clause("1.4")
def test_the_performance_review_group(page: str) -> None:
    assert "全周期绩评组" in page
    assert Body.objects.get(code="group-performance").clause == "1.4"


@pytest.mark.clause("1.5")
def test_every_district_and_department_with_tasks_has_its_lead_group(page: str) -> None:
    bodies = Body.objects.filter(kind="lead_group").select_related("unit")
    units = {body.unit.code for body in bodies}
    districts = set(Unit.objects.filter(kind="district").values_list("code", flat=True))
    assert len(districts) == 6
    assert districts | {"ftz", "torch", "commerce", "development-reform", "industry-it"} <= units
    assert all(body.unit.brief in page for body in bodies)
    assert set(Seat.objects.filter(body__in=bodies).values_list("kind", flat=True)) == {"head"}


def test_the_organisation_costs_few_queries(django_assert_max_num_queries: object) -> None:
    client = signed_in(make_user("读者"))
    client.get(reverse("organisation"))
    with django_assert_max_num_queries(12):  # type: ignore[operator]  # ten, the session and its account
        assert client.get(reverse("organisation")).status_code == 200


def test_a_unit_says_in_which_clauses_it_is_named() -> None:
    user = make_user("读者")
    grant(user, Unit.objects.get(code="xiamen"), ["orgs.role.assign"])
    unit = Unit.objects.get(code="development-reform")
    text = signed_in(user).get(unit.get_absolute_url()).content.decode()
    assert "2.1" in text
    assert "千亿产业链群" in text


# --- the policy's own list ----------------------------------------------------------------------------------------


def units_named() -> set[str]:
    """Return every unit that the policy's lines “(牵头部门:…;责任单位:…)” name."""
    if not POLICY.exists():
        absent = "needs ../shared/policy/policy-2019-8.txt"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    found: set[str] = set()
    for inside in re.findall(r"[(（](牵头部门[^)）]*)[)）]", POLICY.read_text(encoding="utf-8")):
        words = re.split(r"(?:牵头部门|责任单位)[:;：；]", inside)
        for word in re.split(r"[、,，;；]", "、".join(words)):
            # the print has one comma missing (市资源规划局市生态环境局) and one “配合” behind a name
            found |= set(re.split(r"(?<=局)(?=市)", word.strip().removesuffix("配合"))) - {""}
    return found


def test_every_unit_of_the_policy_is_known() -> None:
    known: set[str] = set()
    for unit in Unit.objects.all():
        known |= {unit.name, unit.short_name, *unit.aliases}
    named = units_named()
    assert len(named) > 25
    assert named - known == set()


# --- loading again ------------------------------------------------------------------------------------------------


def test_loading_twice_changes_nothing() -> None:
    before = (Event.objects.count(), ProfileLoad.objects.count(), list(Unit.objects.values_list()))
    assert profile.load("xiamen", by=system("test")).total == 0
    assert (Event.objects.count(), ProfileLoad.objects.count(), list(Unit.objects.values_list())) == before


def test_what_was_changed_in_the_product_stays() -> None:
    unit = Unit.objects.get(code="finance")
    services.change_unit(
        by=system("test"), unit=unit, version=unit.version, values={"note": "改过"}, day=timezone.localdate()
    )  # fmt: skip
    profile.load("xiamen", by=system("test"))
    assert Unit.objects.get(code="finance").note == "改过"
