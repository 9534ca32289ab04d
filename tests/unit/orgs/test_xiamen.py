"""The organisation page with the Xiamen profile: clauses 1.1–1.5 (the profile itself: ../test_xiamen_profile.py)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from tests.factories import grant, make_user, signed_in
from yinfeng.core import profile
from yinfeng.core.actors import system
from yinfeng.orgs import queries, services
from yinfeng.orgs.models import Body, Seat, Unit

pytestmark = pytest.mark.django_db


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
    ranks = ["市委主要领导", "市政府主要领导", "市人大主要领导", "市政协主要领导", "市委副书记", "常务副市长"]
    places = [page.index(position) for position in ranks]
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
