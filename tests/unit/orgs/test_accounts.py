"""Invitations work once, stopped accounts are out at once, and an account is seen by those who keep it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import signed_in
from tests.factories.races import at_once
from tests.unit.orgs.conftest import City
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Missing
from yinfeng.core.models import User
from yinfeng.core.services import hash_token
from yinfeng.orgs import services
from yinfeng.orgs.models import Account, Invitation, Membership, RoleGrant

PASSWORD = "correct horse battery"  # pragma: allowlist secret


def invite(city: City, who: str = "chief", username: str = "new", **values: Any) -> tuple[Invitation, str]:
    return services.invite(
        by=city.actor(who), name="新同事", username=username, unit=values.pop("unit", city.jimei),
        roles=values.pop("roles", []), position="科员", now=values.pop("now", timezone.now()),
    )  # fmt: skip


def accept(secret: str, password: str = PASSWORD) -> User:
    return services.accept_invitation(secret=secret, password=password, now=timezone.now())


def test_an_invitation_makes_an_account_with_post_and_roles(city: City) -> None:
    role = city.role("viewer", "projects.lead.view")
    invitation, secret = invite(city, roles=[role])
    user = accept(secret)
    assert user.check_password(PASSWORD)
    assert Membership.objects.get(person__user=user).unit == city.jimei
    assert RoleGrant.objects.get(user=user).granted_by == city.users["chief"]
    invitation.refresh_from_db()
    assert invitation.user == user


def test_the_secret_itself_is_kept_nowhere(city: City) -> None:
    invitation, secret = invite(city)
    assert invitation.token_hash == hash_token(secret)
    assert secret not in str(Invitation.objects.filter(pk=invitation.pk).values())


def test_a_link_works_once(city: City) -> None:
    _invitation, secret = invite(city)
    accept(secret)
    with pytest.raises(Missing):
        accept(secret)
    assert User.objects.filter(username="new").count() == 1


def test_a_weak_password_leaves_the_link_as_it_was(city: City) -> None:
    _invitation, secret = invite(city)
    with pytest.raises(Invalid):
        accept(secret, "12345")
    assert accept(secret).username == "new"


@pytest.mark.parametrize("why", ["expired", "revoked", "wrong"])
def test_a_link_that_no_longer_holds_is_refused(city: City, why: str) -> None:
    long_ago = timezone.now() - timedelta(days=services.INVITATION_DAYS, seconds=1)
    invitation, secret = invite(city, now=long_ago if why == "expired" else timezone.now())
    if why == "revoked":
        services.revoke_invitation(by=city.actor("chief"), invitation=invitation, now=timezone.now())
    with pytest.raises(Missing):
        accept("x" if why == "wrong" else secret)
    assert not User.objects.filter(username="new").exists()


def test_what_the_inviter_lost_is_not_given_on_his_behalf(city: City) -> None:
    _invitation, secret = invite(city, "keeper")
    RoleGrant.objects.filter(user=city.users["keeper"]).delete()
    with pytest.raises(Conflict):
        accept(secret)
    assert not User.objects.filter(username="new").exists()


def test_only_for_ones_own_units_and_with_ones_own_roles(city: City) -> None:
    with pytest.raises(Forbidden):
        invite(city, "keeper", unit=city.huli)
    with pytest.raises(Forbidden):
        invite(city, "keeper", roles=[city.role("viewer", "projects.lead.view")])
    with pytest.raises(Invalid):
        invite(city, username=city.users["clerk"].username)
    invitation, _secret = invite(city)
    with pytest.raises(Forbidden):
        services.revoke_invitation(by=city.actor("neighbour"), invitation=invitation, now=timezone.now())


def test_a_used_invitation_cannot_be_revoked(city: City) -> None:
    invitation, secret = invite(city)
    accept(secret)
    with pytest.raises(Conflict):
        services.revoke_invitation(by=city.actor("chief"), invitation=invitation, now=timezone.now())


# --- stopping -----------------------------------------------------------------------------------------------------


def test_a_stopped_account_is_out_at_once(city: City) -> None:
    client, other = signed_in(city.users["clerk"]), signed_in(city.users["keeper"])
    assert client.get(reverse("home")).status_code == 200
    services.deactivate(by=city.actor("keeper"), user=city.users["clerk"], reason="调离")
    answer = client.get(reverse("home"))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    assert other.get(reverse("home")).status_code == 200


def test_a_stopped_account_cannot_sign_in_until_it_is_let_in_again(city: City) -> None:
    clerk, by = city.users["clerk"], city.actor("keeper")
    services.deactivate(by=by, user=clerk, reason="调离")
    with pytest.raises(Conflict):
        services.deactivate(by=by, user=clerk, reason="再次")
    services.reactivate(by=by, user=clerk)
    assert signed_in(clerk).get(reverse("home")).status_code == 200
    with pytest.raises(Conflict):
        services.reactivate(by=by, user=clerk)


def test_nobody_stops_himself(city: City) -> None:
    with pytest.raises(Forbidden):
        services.deactivate(by=city.actor("keeper"), user=city.users["keeper"], reason="调离")


# Whose accounts each of them sees: those with a post or a role in his units.
SEEN = {
    "chief": {"chief", "keeper", "clerk", "neighbour", "stranger"},
    "keeper": {"keeper", "clerk"},
    "neighbour": {"neighbour"},
    "clerk": set(),
    "stranger": set(),
}


@pytest.mark.parametrize("who", SEEN)
def test_who_sees_whose_account(city: City, who: str) -> None:
    found = Account.objects.permitted(city.actor(who)).values_list("name", flat=True)
    assert set(found) == SEEN[who]


# --- at the same moment -------------------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_link_opened_twice_at_once_makes_one_account(transactional_db: None, city: City) -> None:
    _invitation, secret = invite(city)
    results = at_once([lambda: accept(secret)] * 4)
    assert sum(isinstance(result, User) for result in results) == 1
    assert all(isinstance(result, User | Missing) for result in results)
    assert User.objects.filter(username="new").count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_invitations_of_one_name_at_once_make_one_account(transactional_db: None, city: City) -> None:
    secrets = [invite(city)[1] for _ in range(3)]
    results = at_once([lambda secret=secret: accept(secret) for secret in secrets])  # type: ignore[misc]
    assert sum(isinstance(result, User) for result in results) == 1
    assert sum(isinstance(result, Invalid) for result in results) == 2
