"""Who may do what with units, people, roles and accounts: each act by each person, through the services alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.unit.orgs.conftest import TODAY, City, grant_of
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, DomainError, Forbidden, Invalid
from yinfeng.orgs import queries, services
from yinfeng.orgs.models import Body, Membership, Person, RoleGrant, Seat, SeatTerm


def seat_of(city: City) -> Seat:
    body = Body.objects.create(code="jimei-group", name="集美区招商引资工作领导小组", unit=city.jimei)
    return Seat.objects.create(body=body, kind="head", position="区委书记")


def rename(city: City, by: Actor) -> None:
    unit = city.jimei
    services.rename_unit(
        by=by, unit=unit, version=unit.version, names={"name": "新集美区"}, day=TODAY, reason="区划调整"
    )


def move(city: City, by: Actor) -> None:
    unit = city.street
    services.move_unit(by=by, unit=unit, version=unit.version, parent=city.root, day=TODAY, reason="调整隶属")


def post(city: City, by: Actor) -> None:
    person = Person.objects.get(user=city.users["stranger"])
    services.add_membership(by=by, person=person, unit=city.jimei, position="科员", day=TODAY)


def invite(city: City, by: Actor) -> None:
    services.invite(
        by=by, name="新同事", username="new", unit=city.jimei, roles=[], position="科员", now=timezone.now()
    )


# What may be tried, and who may: the keeper of the district keeps what is his, the neighbour nothing of it.
ACTS: dict[str, tuple[Callable[[City, Actor], Any], str]] = {
    "add a unit": (
        lambda city, by: services.add_unit(
            by=by, code="new", parent=city.jimei, values={"name": "新单位", "kind": "office"}, day=TODAY
        ),
        "chief keeper",
    ),
    "rename a unit": (rename, "chief keeper"),
    "move a unit out of the district": (move, "chief"),
    "close a unit": (
        lambda city, by: services.close_unit(by=by, unit=city.street, day=TODAY, reason="撤销"),
        "chief keeper",
    ),
    "rename the neighbour": (
        lambda city, by: services.rename_unit(
            by=by, unit=city.huli, version=city.huli.version, names={"name": "新湖里区"}, day=TODAY, reason="调整"
        ),
        "chief neighbour",
    ),
    "register a post": (post, "chief keeper"),
    "fill a seat": (
        lambda city, by: services.take_seat(
            by=by, seat=seat_of(city), person=Person.objects.get(user=city.users["clerk"]), day=TODAY
        ),
        "chief keeper",
    ),
    "invite": (invite, "chief keeper"),
    "stop an account": (
        lambda city, by: services.deactivate(by=by, user=city.users["clerk"], reason="调离"),
        "chief keeper",
    ),
    "take a role back": (
        lambda city, by: services.revoke_role(
            by=by, grant=grant_of(city.users["keeper"]), day=TODAY, reason="调离"
        ),
        "chief keeper",
    ),
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["chief", "keeper", "clerk", "neighbour", "stranger"])
def test_person_by_act(city: City, act: str, who: str) -> None:
    attempt, allowed = ACTS[act]
    by = city.actor(who)
    if who in allowed.split():
        attempt(city, by)
        return
    with pytest.raises(Forbidden):
        attempt(city, by)


# --- roles --------------------------------------------------------------------------------------------------------


def test_nobody_gives_what_he_lacks(city: City) -> None:
    role = city.role("viewer", "projects.lead.view")
    with pytest.raises(Forbidden):
        services.grant_role(
            by=city.actor("keeper"), user=city.users["stranger"], role=role, unit=city.jimei, day=TODAY
        )
    services.grant_role(
        by=city.actor("chief"), user=city.users["stranger"], role=role, unit=city.jimei, day=TODAY
    )
    assert city.actor("stranger").may_at("projects.lead.view", city.jimei.pk)


def test_what_one_holds_here_is_not_given_there(city: City) -> None:
    role = city.role("inviter", "orgs.user.invite")
    keeper = city.actor("keeper")
    services.grant_role(by=keeper, user=city.users["stranger"], role=role, unit=city.street, day=TODAY)
    for unit in (city.huli, city.root):
        with pytest.raises(Forbidden):
            services.grant_role(by=keeper, user=city.users["stranger"], role=role, unit=unit, day=TODAY)


def test_an_administrator_gives_what_his_role_assigns(city: City) -> None:
    role = city.role("clerk", "projects.lead.view")
    admin = city.role("admin", "orgs.role.assign", assigns=["clerk"])
    user = city.person("admin")
    RoleGrant.objects.create(user=user, role=admin, unit=city.jimei, valid_from=TODAY - timedelta(days=900))
    by = city.actor("admin")
    assert not by.may("projects.lead.view")
    services.grant_role(by=by, user=city.users["stranger"], role=role, unit=city.jimei, day=TODAY)
    with pytest.raises(Forbidden):
        services.grant_role(by=by, user=city.users["clerk"], role=role, unit=city.huli, day=TODAY)


def test_nobody_gives_himself_a_role(city: City) -> None:
    with pytest.raises(Forbidden, match="不能给自己授予角色"):
        services.grant_role(
            by=city.actor("chief"),
            user=city.users["chief"],
            role=city.role("more"),
            unit=city.huli,
            day=TODAY,
        )


def test_a_role_fits_its_kind_of_unit_and_is_held_once(city: City) -> None:
    chief, user = city.actor("chief"), city.users["stranger"]
    role = city.role("city-only", unit_kinds=["city"])
    with pytest.raises(Invalid):
        services.grant_role(by=chief, user=user, role=role, unit=city.huli, day=TODAY)
    services.grant_role(by=chief, user=user, role=role, unit=city.root, day=TODAY)
    with pytest.raises(Conflict):
        services.grant_role(by=chief, user=user, role=role, unit=city.root, day=TODAY)


def test_the_last_administrator_stays(city: City) -> None:
    chief = grant_of(city.users["chief"])
    with pytest.raises(Conflict, match="最后一位"):
        services.revoke_role(by=city.actor("chief"), grant=chief, day=TODAY, reason="调离")
    city.person("deputy", city.root, "orgs.role.assign")
    services.revoke_role(by=city.actor("chief"), grant=chief, day=TODAY, reason="调离")
    assert list(queries.active_administrators(TODAY)) == [grant_of(city.users["deputy"])]


def test_the_last_administrator_is_not_stopped_either(city: City) -> None:
    """Two with the right to stop accounts, one who hands out roles: the first cannot leave the city without the second."""
    city.person("stopper", city.root, "orgs.user.change")
    with pytest.raises(Conflict, match="最后一位"):
        services.deactivate(by=city.actor("stopper"), user=city.users["chief"], reason="调离")


def test_a_revoked_role_cannot_be_revoked_again(city: City) -> None:
    grant = grant_of(city.users["clerk"])
    by = city.actor("chief")
    services.revoke_role(by=by, grant=grant, day=TODAY, reason="调离")
    assert not queries.actor_for(city.users["clerk"], TODAY).grants
    with pytest.raises(DomainError):
        services.revoke_role(by=by, grant=grant, day=TODAY, reason="再次")


def test_taking_away_needs_a_reason(city: City) -> None:
    clerk, by = city.users["clerk"], city.actor("chief")
    grant = grant_of(clerk)
    with pytest.raises(Invalid):
        services.revoke_role(by=by, grant=grant, day=TODAY, reason=" ")
    with pytest.raises(Invalid):
        services.deactivate(by=by, user=clerk, reason=" ")


# --- people -------------------------------------------------------------------------------------------------------


@pytest.mark.clause("1.5")
def test_a_new_first_hand_ends_the_one_before(city: City) -> None:
    by = city.actor("keeper")
    for name, day in (("甲", TODAY), ("乙", TODAY + timedelta(days=30))):
        person = services.add_person(by=by, name=name)
        services.add_membership(
            by=by, person=person, unit=city.jimei, position="区长", day=day, is_first_hand=True
        )
    old, new = Membership.objects.filter(unit=city.jimei).order_by("pk")
    assert (old.valid_to, new.valid_to) == (TODAY + timedelta(days=29), None)


@pytest.mark.clause("1.1")
def test_a_seat_has_one_holder_unless_it_is_shared(city: City) -> None:
    by, seat = city.actor("keeper"), seat_of(city)
    first, second = (services.add_person(by=by, name=name) for name in "甲乙")
    services.take_seat(by=by, seat=seat, person=first, day=TODAY)
    services.take_seat(by=by, seat=seat, person=second, day=TODAY + timedelta(days=1))
    assert SeatTerm.objects.get(valid_to=None).person == second
    assert SeatTerm.objects.get(person=first).valid_to == TODAY
    seat.is_shared = True
    services.take_seat(by=by, seat=seat, person=first, day=TODAY + timedelta(days=2))
    assert SeatTerm.objects.filter(valid_to=None).count() == 2
    term = SeatTerm.objects.filter(valid_to=None).first()
    assert term is not None
    services.leave_seat(by=by, term=term, day=TODAY + timedelta(days=3))
    with pytest.raises(Conflict):
        services.leave_seat(by=by, term=term, day=TODAY + timedelta(days=3))


def test_without_an_administrator_others_can_still_be_stopped(city: City) -> None:
    """The rule keeps the last administrator, it does not ask for one."""
    RoleGrant.objects.filter(user=city.users["chief"]).delete()
    services.deactivate(by=city.actor("keeper"), user=city.users["clerk"], reason="调离")
    assert not type(city.users["clerk"]).objects.get(pk=city.users["clerk"].pk).is_active
