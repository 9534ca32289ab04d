"""The pages of units, people and accounts in the hands of those who keep them, and of those who only look."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import signed_in
from tests.unit.orgs.conftest import TODAY, City
from yinfeng.core.actors import system
from yinfeng.orgs import services
from yinfeng.orgs.models import Body, Invitation, Membership, RoleGrant, Seat, SeatTerm, Unit


def text(city: City, who: str, url: str, status: int = 200) -> str:
    answer = signed_in(city.users[who]).get(url)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.fixture
def seat(city: City) -> Seat:
    body = Body.objects.create(
        code="jimei-group", kind="lead_group", name="集美区领导小组", unit=city.jimei, clause="1.5"
    )
    return Seat.objects.create(body=body, kind="head", position="集美区主要领导")


@pytest.mark.clause("1.5")
def test_a_seat_is_filled_and_left_on_the_pages(city: City, seat: Seat) -> None:
    person = services.add_person(by=system("test"), name="测试区长")
    keeper = signed_in(city.users["keeper"])
    body = reverse("body", args=[seat.body_id])
    assert reverse("seat-take", args=[seat.pk]) in keeper.get(body).content.decode()
    keeper.post(reverse("seat-take", args=[seat.pk]), {"person": person.pk, "day": "2026-06-01"})
    term = SeatTerm.objects.get()
    assert (term.person, term.valid_from) == (person, date(2026, 6, 1))
    assert "测试区长" in text(city, "stranger", reverse("organisation"))
    keeper.post(reverse("term-end", args=[term.pk]), {"day": "2026-06-30"})
    term.refresh_from_db()
    assert term.valid_to == date(2026, 6, 30)


def test_who_only_looks_is_offered_nothing(city: City, seat: Seat) -> None:
    for url, act in (
        (reverse("body", args=[seat.body_id]), reverse("seat-take", args=[seat.pk])),
        (city.jimei.get_absolute_url(), reverse("unit-rename", args=[city.jimei.pk])),
        (city.jimei.get_absolute_url(), reverse("unit-close", args=[city.jimei.pk])),
    ):
        assert act in text(city, "keeper", url)
        for who in ("clerk", "neighbour", "stranger"):
            assert act not in text(city, who, url)


def test_a_unit_is_renamed_and_shows_both_names(city: City) -> None:
    keeper = signed_in(city.users["keeper"])
    unit = services.add_unit(
        by=system("test"), code="old", parent=city.jimei, values={"name": "旧名办", "kind": "office"}, day=TODAY
    )  # fmt: skip
    data = {"name": "新名办", "version": unit.version, "day": "2026-07-01", "reason": "机构改革"}
    assert keeper.post(reverse("unit-rename", args=[unit.pk]), data).status_code == 302
    page = text(city, "stranger", unit.get_absolute_url())
    assert all(word in page for word in ("旧名办", "新名办", "机构改革"))
    found = text(city, "stranger", reverse("units") + "?q=旧名办")
    assert "新名办" in found, "a unit is found by the name it had"
    assert keeper.post(reverse("unit-rename", args=[unit.pk]), data | {"name": "又一名"}).status_code == 409


def test_a_new_first_hand_is_registered_on_the_page(city: City) -> None:
    keeper = signed_in(city.users["keeper"])
    form = {"unit": city.jimei.pk, "position": "区长", "is_first_hand": "on", "day": "2026-06-01"}
    for name in ("甲", "乙"):
        keeper.post(reverse("person-add"), {"name": name, **form})
    old, new = Membership.objects.filter(unit=city.jimei, is_first_hand=True).order_by("pk")
    assert old.valid_to is not None
    assert new.valid_to is None
    page = text(city, "stranger", city.jimei.get_absolute_url())
    assert "乙" in page


def test_the_link_of_an_invitation_is_shown_once(city: City) -> None:
    keeper = signed_in(city.users["keeper"])
    data = {"name": "新同事", "username": "new", "unit": city.jimei.pk, "position": "科员"}
    answer = keeper.post(reverse("invitation-add"), data)
    link = re.search(r'value="[^"]*(/accounts/accept/[^"]+)"', answer.content.decode())
    assert link is not None
    assert signed_in(city.users["stranger"]).get(link[1]).status_code == 200
    listed = keeper.get(reverse("invitations")).content.decode()
    assert "新同事" in listed
    assert link[1] not in listed
    invitation = Invitation.objects.get()
    keeper.post(reverse("invitation-revoke", args=[invitation.pk]))
    assert keeper.get(link[1]).status_code == 404
    again = keeper.get(reverse("invitations")).content.decode()
    assert reverse("invitation-revoke", args=[invitation.pk]) not in again


def test_only_roles_one_may_give_are_offered(city: City) -> None:
    own = city.role("own", "orgs.user.invite")
    other = city.role("other", "projects.lead.view")
    page = text(city, "keeper", reverse("grant-add", args=[city.users["clerk"].pk]))
    (roles,) = re.findall(r'<select name="role".*?</select>', page, re.DOTALL)  # units have numbers, too
    assert f'value="{own.pk}"' in roles
    assert f'value="{other.pk}"' not in roles


def test_a_role_is_given_and_taken_back_on_the_pages(city: City) -> None:
    keeper, clerk = signed_in(city.users["keeper"]), city.users["clerk"]
    role = city.role("own", "orgs.user.invite")
    today = timezone.localdate()
    keeper.post(
        reverse("grant-add", args=[clerk.pk]), {"role": role.pk, "unit": city.street.pk, "day": today.isoformat()}
    )  # fmt: skip
    grant = RoleGrant.objects.get(role=role)
    assert city.actor("clerk").may_at("orgs.user.invite", city.street.pk)
    url = reverse("grant-revoke", args=[grant.pk])
    assert url in text(city, "keeper", reverse("account", args=[clerk.pk]))
    assert keeper.post(url, {"reason": ""}).status_code == 422
    keeper.post(url, {"reason": "岗位调整"})
    assert not city.actor("clerk").may("orgs.user.invite")


def test_the_tabs_of_the_settings_open_to_whoever_sees_them(city: City) -> None:
    city.person("inviter", city.jimei, "orgs.user.invite")
    page = text(city, "inviter", reverse("invitations"))
    assert f'href="{reverse("roles")}"' in page
    assert f'href="{reverse("accounts")}"' not in page
    text(city, "inviter", reverse("accounts"), 403)


def test_units_and_people_are_found_by_the_search(city: City) -> None:
    services.add_unit(
        by=system("test"), code="finance", parent=city.root,
        values={"name": "市地方金融监督管理局", "kind": "government", "aliases": ["市金融办"]}, day=TODAY,
    )  # fmt: skip
    services.add_person(by=system("test"), name="欧阳测试")
    for query, title in (
        ("市金融办", "市地方金融监督管理局"),
        ("jrjd", "市地方金融监督管理局"),
        ("欧阳", "欧阳测试"),
    ):
        assert title in text(city, "stranger", reverse("search") + f"?q={query}")


@pytest.mark.parametrize(("state", "shown"), [("open", False), ("closed", True), ("", True)])
def test_closed_units_are_listed_when_asked_for(city: City, state: str, shown: bool) -> None:
    yesterday = timezone.localdate() - timezone.timedelta(days=1)
    services.close_unit(by=system("test"), unit=city.street, day=yesterday, reason="撤销")
    assert Unit.objects.get(pk=city.street.pk).valid_to == yesterday
    assert ("杏林街道" in text(city, "stranger", reverse("units") + f"?state={state}")) is shown
