"""A list and a single row are asked for differently; who sees what is the same."""

from __future__ import annotations

import pytest
from django.db.models import Q

from tests.unit.projects.conftest import City
from yinfeng.core.actors import Actor, Reach
from yinfeng.core.scopes import actions_on, one_by_one, permits
from yinfeng.projects import services, stages
from yinfeng.projects.models import Participation, Project

ACTIONS = ("view", "change", "advance", "team", "verify", "record", "export")


@pytest.mark.parametrize("person", ["alice", "bob", "charlie", "dora", "erin", "stranger"])
def test_a_row_is_permitted_exactly_where_a_list_shows_it(city: City, person: str) -> None:
    """Own, another unit's, joint and sensitive projects, those one is on the team of, and those a unit has left."""
    made = [city.project(), city.project(by="alice"), city.project(secrecy=stages.SENSITIVE)]
    services.add_joint_unit(by=city.actor("bob"), projects=made[:1], unit=city.huli)
    services.add_member(by=city.actor("bob"), project=made[2], user=city.users["stranger"])
    Participation.objects.filter(project=made[1]).update(until="2026-01-01")
    by = city.actor(person)
    for action in ACTIONS:
        listed = set(Project.objects.permitted(by, action).values_list("pk", flat=True))
        assert {item.pk for item in made if permits(item, by, action)} == listed
        assert {item.pk for item in made if action in actions_on(item, by, ACTIONS)} == listed


def test_what_is_not_a_membership_stays_as_it_is(city: City) -> None:
    project = city.project()
    for q, found in [
        (Q(), True),
        (Q(pk__in=[]), False),
        (~Q(pk__in=[project.pk]), False),
        (Q(name="x") | Q(pk__in=Project.objects.values("pk")), True),
        (~Q(pk__in=Project.objects.values("pk")), False),
        (Q(name="x") & Q(pk__in=Project.objects.values("pk")), False),
    ]:
        assert Project.objects.filter(one_by_one(q)).exists() is found
        assert Project.objects.filter(q).exists() is found


@pytest.mark.parametrize(
    ("view", "cleared", "seen"),
    [
        ("jimei", "city", {"open 集美", "sensitive 集美"}),
        ("city", "jimei", {"open 集美", "sensitive 集美", "open 湖里"}),
        ("jimei", "huli", {"open 集美"}),
        ("city", "city", {"open 集美", "sensitive 集美", "open 湖里", "sensitive 湖里"}),
        ("city", "", {"open 集美", "open 湖里"}),
        ("", "city", set()),
    ],
)
def test_seeing_and_being_cleared_reach_each_as_far_as_they_were_given(
    city: City, view: str, cleared: str, seen: set[str]
) -> None:
    """Clearance opens sensitive projects among those in sight; it brings none into sight."""
    for by, place in (("bob", "集美"), ("alice", "湖里")):
        city.project(by=by, name=f"open {place}")
        city.project(by=by, name=f"sensitive {place}", secrecy=stages.SENSITIVE)
    reaches = {
        "city": Reach(everywhere=True), "jimei": Reach(units=frozenset({city.jimei.pk})),
        "huli": Reach(units=frozenset({city.huli.pk})), "": Reach(),
    }  # fmt: skip
    grants = {"projects.project.view": reaches[view], "projects.project.view_sensitive": reaches[cleared]}
    by = Actor(user_id=city.users["stranger"].pk, name="x", grants=grants)
    assert set(Project.objects.permitted(by).values_list("name", flat=True)) == seen
