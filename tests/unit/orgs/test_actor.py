"""Posts beside roles: for which units a person acts and under which he is shown."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import grant
from tests.unit.orgs.conftest import TODAY, City
from yinfeng.orgs.models import Membership, Person, Unit
from yinfeng.orgs.queries import actor_for

VIEW = "projects.project.view"


def post(city: City, name: str, unit: Unit, **values: object) -> Membership:
    person = Person.objects.get(user=city.users[name])
    return Membership.objects.create(
        person=person, unit=unit, position="专员", **{"valid_from": date(2020, 1, 1), **values}
    )


def test_a_post_lets_act_for_the_unit_but_gives_no_permission(city: City) -> None:
    post(city, "stranger", city.jimei)
    actor = actor_for(city.users["stranger"], TODAY)
    assert actor.unit_ids == {city.jimei.pk, city.street.pk}
    assert (actor.unit_id, actor.unit_name) == (city.jimei.pk, "集美区")
    assert not actor.grants


def test_an_ended_post_counts_no_more(city: City) -> None:
    post(city, "stranger", city.jimei, valid_to=date(2026, 5, 31))
    actor = actor_for(city.users["stranger"], TODAY)
    assert (actor.unit_id, actor.unit_ids) == (None, frozenset())


def test_the_main_post_is_the_unit_a_person_is_shown_under(city: City) -> None:
    post(city, "clerk", city.street, is_main=False)
    post(city, "clerk", city.huli, is_main=True)
    actor = actor_for(city.users["clerk"], TODAY)
    assert actor.unit_id == city.huli.pk
    assert actor.unit_ids == {city.jimei.pk, city.street.pk, city.huli.pk}


def test_roles_add_up_permission_by_permission(city: City) -> None:
    grant(city.users["clerk"], city.huli, [VIEW])
    grant(city.users["clerk"], city.street, [VIEW, "projects.contact.record"])
    actor = actor_for(city.users["clerk"], TODAY)
    assert actor.reach(VIEW).units == {city.huli.pk, city.street.pk}
    assert actor.reach("projects.contact.record").units == {city.street.pk}


@pytest.mark.parametrize("grants", [0, 1, 5])
def test_one_query_however_many_roles(city: City, grants: int) -> None:
    for number in range(grants):
        grant(city.users["stranger"], [city.jimei, city.huli, city.street][number % 3], [VIEW])
    user = city.users["stranger"]
    with CaptureQueriesContext(connection) as made:
        actor_for(user, TODAY)
    assert len(made) == 1
