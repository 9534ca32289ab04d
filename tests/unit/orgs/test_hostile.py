"""What an administrator of one district, a former colleague and a namesake try in order to get further than they may."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.factories.races import at_once
from tests.unit.orgs.conftest import EVERY_ACT, TODAY, City, grant_of
from tests.unit.projects.test_races import refusals
from yinfeng.core.errors import DomainError, Forbidden
from yinfeng.core.models import User
from yinfeng.orgs import services
from yinfeng.orgs.models import Membership, Unit
from yinfeng.orgs.queries import active_administrators, actor_for

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def test_a_districts_administrator_does_not_stop_a_city_account_by_giving_it_a_post(city: City) -> None:
    keeper, chief = city.actor("keeper"), city.users["chief"]
    make_user("另一位", city.root, EVERY_ACT)  # not the last administrator
    services.add_membership(by=keeper, person=chief.person, unit=city.jimei, position="顾问", day=TODAY)
    with pytest.raises(Forbidden):
        services.deactivate(by=keeper, user=chief, reason="试试")
    chief.refresh_from_db()
    assert chief.is_active


def test_a_districts_administrator_does_not_stop_a_city_account_by_giving_it_a_role(city: City) -> None:
    keeper, chief = city.actor("keeper"), city.users["chief"]
    make_user("另一位", city.root, EVERY_ACT)  # not the last administrator
    role = city.role("small", "orgs.unit.change")
    services.grant_role(by=keeper, user=chief, role=role, unit=city.jimei, day=timezone.localdate())
    with pytest.raises(Forbidden):
        services.deactivate(by=keeper, user=chief, reason="试试")
    chief.refresh_from_db()
    assert chief.is_active


def test_whoever_left_a_district_long_ago_is_not_its_administrators_to_stop(city: City) -> None:
    chief = city.users["chief"]
    Membership.objects.create(
        person=chief.person, unit=city.jimei, position="曾任", valid_from="2010-01-01", valid_to="2012-01-01"
    )
    with pytest.raises(Forbidden):
        services.deactivate(by=city.actor("keeper"), user=chief, reason="试试")


def test_a_districts_administrator_does_not_rename_a_city_person_by_giving_him_a_post(city: City) -> None:
    keeper, chief = city.actor("keeper"), city.users["chief"]
    make_user("另一位", city.root, EVERY_ACT)  # not the last administrator
    services.add_membership(by=keeper, person=chief.person, unit=city.jimei, position="顾问", day=TODAY)
    chief.person.refresh_from_db()
    with pytest.raises(Forbidden):
        services.change_person(
            by=keeper, person=chief.person, version=chief.person.version, values={"name": "改名"}
        )


def test_a_district_does_not_make_itself_a_working_group(city: City) -> None:
    """A working group sees all projects of its industries: no district gets there by editing its own record."""
    keeper = city.actor("keeper")
    with pytest.raises(DomainError):
        services.change_unit(
            by=keeper, unit=city.jimei, version=city.jimei.version,
            values={"kind": "group", "industries": ["C", "J"]}, day=TODAY,
        )  # fmt: skip
    with pytest.raises(DomainError):
        services.add_unit(
            by=keeper, code="my-group", parent=city.jimei, day=TODAY,
            values={"name": "我的组", "kind": "group", "industries": ["C"]},
        )  # fmt: skip
    assert not Unit.objects.filter(kind="group").exists()


def test_two_accounts_do_not_differ_by_case_alone(city: City) -> None:
    make_user("原来", username="wang.wei")
    with pytest.raises(DomainError):
        services.invite(
            by=city.actor("chief"), name="冒名", username="Wang.Wei", unit=city.jimei, roles=[], now=NOW
        )


def test_two_invitations_do_not_make_two_accounts_of_one_address_or_name(city: City) -> None:
    chief = city.actor("chief")
    secrets = [
        services.invite(
            by=chief,
            name="同名",
            username=name,
            email="same@example.gov.cn",
            unit=city.jimei,
            roles=[],
            now=NOW,
        )[1]
        for name in ("li.si", "LI.SI")
    ]
    made = 0
    for secret in secrets:
        try:
            services.accept_invitation(secret=secret, password="a quite long secret", now=NOW)
            made += 1
        except DomainError:
            pass
    assert made == 1
    assert User.objects.filter(email__iexact="same@example.gov.cn").count() == 1


def test_a_stopped_inviters_links_are_dead(city: City) -> None:
    _invitation, secret = services.invite(
        by=city.actor("keeper"), name="新人", username="xinren", unit=city.jimei, roles=[], now=NOW
    )
    services.deactivate(by=city.actor("chief"), user=city.users["keeper"], reason="离职")
    with pytest.raises(DomainError):
        services.accept_invitation(secret=secret, password="a quite long secret", now=NOW)


def test_a_stopped_account_is_out_everywhere_at_once(city: City) -> None:
    from yinfeng.core import services as core

    user = city.users["clerk"]
    client = signed_in(user)
    assert client.get("/").status_code == 200
    _token, secret = core.create_token(by=actor_for(user), name="x", scopes=["projects.lead.view"], days=30)
    services.deactivate(by=city.actor("chief"), user=user, reason="离职")
    assert client.get("/").status_code == 302
    answer = Client().get("/api/v1/leads/", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 401
    assert (
        Client()
        .post(reverse("account_login"), {"login": user.username, "password": "correct horse battery"})
        .headers.get("location")
        != "/"
    )


def test_nobody_gives_himself_a_role_through_another_of_his_accounts_invitations(city: City) -> None:
    """An administrator of a district invites himself anew, with roles he may hand out: never wider than his reach."""
    keeper = city.actor("keeper")
    role = city.role("wide", *EVERY_ACT)
    with pytest.raises(DomainError):
        services.invite(by=keeper, name="我", username="me2", unit=city.root, roles=[role], now=NOW)
    with pytest.raises(DomainError):
        services.invite(by=keeper, name="我", username="me3", unit=city.huli, roles=[role], now=NOW)


@pytest.mark.parametrize("variant", ["{}", " {} ", "{}\u3000", "{}\u200b", "\t{}", "{}\x00"])
def test_the_lock_is_not_passed_by_writing_the_name_otherwise(city: City, variant: str) -> None:
    user = make_user("被试", username="Zhang.San", email="zhang@example.gov.cn")
    forms = ["Zhang.San", "zhang.san", "ZHANG.SAN", "zhang@example.gov.cn", "ZHANG@EXAMPLE.GOV.CN"]
    for number in range(12):
        name = variant.format(forms[number % len(forms)])
        Client().post(
            reverse("account_login"), {"login": name, "password": f"wrong {number}"},
            REMOTE_ADDR=f"10.0.0.{number}", headers={"X-Forwarded-For": f"1.2.3.{number}"},
        )  # fmt: skip
    answer = Client().post(
        reverse("account_login"), {"login": variant.format("Zhang.San"), "password": "correct horse battery"},
        REMOTE_ADDR="10.9.9.9",
    )  # fmt: skip
    assert answer.status_code != 302
    assert user.is_active


@pytest.mark.parametrize(("behind", "status"), [(True, 302), (False, 429)])
def test_wrong_passwords_from_one_address_lock_that_address_alone(
    city: City, settings: Any, behind: bool, status: int
) -> None:
    """Told of its proxy, the product counts by the address the proxy saw; else a client's own header counts for nothing."""
    if behind:
        settings.MIDDLEWARE = ["yinfeng.core.middleware.client_address", *settings.MIDDLEWARE]
    make_user("好人", username="good")

    def sign_in(name: str, password: str, seen: str) -> Any:
        given = {"login": name, "password": password}
        headers = {
            "X-Forwarded-For": f"192.0.2.{len(name)}, {seen}"
        }  # the first part is the client's invention
        return Client().post(reverse("account_login"), given, REMOTE_ADDR="127.0.0.1", headers=headers)

    for number in range(8):
        sign_in("nobody" + "x" * number, "wrong", "203.0.113.9")
    assert sign_in("good", "correct horse battery", "198.51.100.4").status_code == status
    assert sign_in("good", "correct horse battery", "203.0.113.9").status_code == 429


def test_ones_own_sign_in_does_not_forgive_guesses_at_another_account(city: City) -> None:
    make_user("攻击者", username="mallory")
    make_user("被害者", username="victim")

    def sign_in(name: str, password: str) -> int:
        return Client().post(reverse("account_login"), {"login": name, "password": password}).status_code

    for number in range(6):
        for guess in range(4):
            sign_in("victim", f"guess {number} {guess}")
        sign_in("mallory", "correct horse battery")
    assert sign_in("victim", "correct horse battery") == 429


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["revoke", "stop"])
def test_two_administrators_do_not_put_each_other_out_at_once(transactional_db: None, act: str) -> None:
    root = make_unit("city", "city", name="测试市")
    pair = [make_user(name, root, EVERY_ACT) for name in ("甲", "乙")]
    actors, day = [actor_for(user) for user in pair], timezone.localdate()

    def put_out(by: Any, other: User) -> None:
        if act == "stop":
            services.deactivate(by=by, user=other, reason="试试")
        else:
            services.revoke_role(by=by, grant=grant_of(other), day=day, reason="试试")

    results = at_once([lambda: put_out(actors[0], pair[1]), lambda: put_out(actors[1], pair[0])])
    assert refusals(results) == 1
    assert active_administrators(day).count() == 1
