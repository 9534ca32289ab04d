"""The tree of units and its history: moves carry what is below along, names of the past stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from tests.factories import make_unit
from tests.unit.orgs.conftest import TODAY, City
from yinfeng.core.actors import Actor, system
from yinfeng.core.errors import Conflict, Invalid, Stale
from yinfeng.core.models import Event
from yinfeng.core.web import entry
from yinfeng.orgs import queries, services
from yinfeng.orgs.models import RoleGrant, Unit, UnitVersion

LATER = TODAY + timedelta(days=30)


@pytest.fixture
def by() -> Actor:
    return system("test")


def put(by: Actor, code: str, parent: Unit | None, name: str = "") -> Unit:
    values = {"name": name or code, "kind": "office"}
    return services.put_unit(by=by, code=code, parent=parent, values=values, day=TODAY)


def move(by: Actor, unit: Unit, parent: Unit) -> Unit:
    unit = Unit.objects.get(pk=unit.pk)
    return services.move_unit(
        by=by, unit=unit, version=unit.version, parent=parent, day=LATER, reason="机构改革"
    )


def test_paths_below_follow_a_move(city: City, by: Actor) -> None:
    deep = put(by, "deep", city.street)
    look_alike = put(by, "xinglin-2", city.jimei)  # its path begins alike, it does not move
    move(by, city.street, city.huli)
    paths = dict(Unit.objects.values_list("code", "path"))
    assert paths["xinglin"] == "/city/huli/xinglin/"
    assert paths[deep.code] == "/city/huli/xinglin/deep/"
    assert paths[look_alike.code] == "/city/jimei/xinglin-2/"
    assert set(queries.below(city.huli)) >= {city.street, deep}


def test_the_timeline_tells_the_new_parent_and_not_the_path(city: City, by: Actor) -> None:
    moved = move(by, city.street, city.huli)
    event = Event.objects.filter(verb="orgs.unit.moved").get()
    assert set(event.changes) == {"parent", "path"}
    assert [line["label"] for line in entry(event, moved)["changes"]] == ["上级单位"]


def test_who_acts_for_a_unit_acts_for_what_moved_below_it(city: City, by: Actor) -> None:
    move(by, city.street, city.huli)
    assert city.actor("neighbour").may_at("orgs.unit.change", city.street.pk)
    assert not city.actor("keeper").may_at("orgs.unit.change", city.street.pk)


@pytest.mark.parametrize("target", ["jimei", "street", "deep"])
def test_a_unit_does_not_move_below_itself(city: City, by: Actor, target: str) -> None:
    deep = put(by, "deep", city.street)
    places = {"jimei": city.jimei, "street": city.street, "deep": deep}
    with pytest.raises(Conflict):
        move(by, city.jimei, places[target])
    assert Unit.objects.get(pk=city.jimei.pk).path == "/city/jimei/"


def test_the_city_stays_where_it_is(city: City, by: Actor) -> None:
    with pytest.raises(Conflict):
        move(by, city.root, city.huli)
    with pytest.raises(Conflict):
        services.close_unit(by=by, unit=city.root, day=TODAY, reason="撤销")


def test_a_new_name_leaves_the_old_one_in_the_history(city: City, by: Actor) -> None:
    unit = put(by, "finance", city.root, "市金融办")
    services.rename_unit(
        by=by, unit=unit, version=unit.version, names={"name": "市金融监管局"}, day=LATER, reason="机构改革"
    )
    old, new = UnitVersion.objects.filter(unit=unit)
    assert (old.name, old.act, old.valid_to) == ("市金融办", "created", LATER - timedelta(days=1))
    assert (new.name, new.act, new.valid_from) == ("市金融监管局", "renamed", LATER)
    assert new.reason == "机构改革"
    event = Event.objects.filter(verb="orgs.unit.renamed").get()
    assert event.changes["name"] == ["市金融办", "市金融监管局"]


def test_a_query_calls_a_unit_what_its_page_calls_it(city: City) -> None:
    for code, short_name, name_en in (("a", "", ""), ("b", "短", ""), ("c", "", "Long"), ("d", "短", "Long")):
        make_unit(code, parent=city.root, name="全称", short_name=short_name, name_en=name_en)
    for language in ("zh-hans", "en"):
        with override(language):
            named = Unit.objects.annotate(named=queries.brief_name(""))
            assert [unit.named for unit in named] == [unit.brief for unit in named]


def test_a_rename_needs_a_reason_another_name_and_the_newest_version(city: City, by: Actor) -> None:
    unit = put(by, "finance", city.root, "市金融办")
    for names, reason in (({"name": "新名"}, " "), ({"name": "市金融办"}, "改革")):
        with pytest.raises(Invalid):
            services.rename_unit(
                by=by, unit=unit, version=unit.version, names=names, day=LATER, reason=reason
            )
    with pytest.raises(Stale):
        services.rename_unit(
            by=by, unit=unit, version=unit.version - 1, names={"name": "新名"}, day=LATER, reason="改革"
        )
    assert UnitVersion.objects.filter(unit=unit).count() == 1


def test_saying_the_same_again_changes_nothing(city: City, by: Actor) -> None:
    unit = put(by, "finance", city.root, "市金融办")
    events = Event.objects.count()
    again = put(by, "finance", city.root, "市金融办")
    assert (again.version, Event.objects.count()) == (unit.version, events)


def test_a_closed_unit_stays_readable_and_ends_its_roles(city: City, by: Actor) -> None:
    day = timezone.localdate()
    with pytest.raises(Conflict, match="下级单位"):
        services.close_unit(by=by, unit=city.jimei, day=day, reason="撤销")
    user = city.person("streetwise", city.street, "projects.lead.view")
    services.close_unit(by=by, unit=city.street, day=day - timedelta(days=1), reason="撤销")
    assert not queries.actor_for(user).may("projects.lead.view")
    assert city.street.pk in city.actor("keeper").unit_ids
    assert city.street not in queries.units_today()
    with pytest.raises(Conflict):
        services.grant_role(
            by=city.actor("chief"), user=user, role=city.role("any"), unit=city.street, day=day
        )
    services.reopen_unit(by=by, unit=Unit.objects.get(pk=city.street.pk), day=day, reason="恢复")
    assert queries.actor_for(user).may("projects.lead.view")


def test_a_merged_unit_goes_below_the_one_that_takes_over(city: City, by: Actor) -> None:
    services.close_unit(by=by, unit=city.street, day=TODAY, reason="合并", into=city.huli)
    merged = Unit.objects.get(pk=city.street.pk)
    assert (merged.parent, merged.valid_to, merged.path) == (city.huli, TODAY, "/city/huli/xinglin/")
    assert UnitVersion.objects.filter(unit=merged, act="merged").exists()


# --- the actor ----------------------------------------------------------------------------------------------------


def test_a_role_reaches_its_unit_and_all_below_it_only(city: City) -> None:
    clerk = city.actor("clerk")
    for unit, held in ((city.jimei, True), (city.street, True), (city.huli, False), (city.root, False)):
        assert clerk.may_at("projects.lead.view", unit.pk) is held
    assert clerk.unit_ids == {city.jimei.pk, city.street.pk}
    assert clerk.unit_id == city.jimei.pk


def test_a_role_at_the_root_reaches_everywhere_but_makes_no_one_act_for_all(city: City, by: Actor) -> None:
    chief = city.actor("chief")
    new = put(by, "new", city.huli)
    assert chief.reach("projects.lead.view").everywhere
    assert chief.may_at("projects.lead.view", new.pk)
    assert chief.unit_ids == frozenset()


@pytest.mark.parametrize(("begins", "ends", "held"), [
    (0, None, True), (0, 0, True), (1, None, False), (-30, -1, False), (-30, 30, True),
])  # fmt: skip
def test_a_role_holds_from_its_first_to_its_last_day(
    city: City, begins: int, ends: int | None, held: bool
) -> None:
    last = None if ends is None else TODAY + timedelta(days=ends)
    RoleGrant.objects.filter(user=city.users["clerk"]).update(
        valid_from=TODAY + timedelta(days=begins), valid_to=last
    )
    assert queries.actor_for(city.users["clerk"], TODAY).may("projects.lead.view") is held


def test_a_stopped_account_and_a_closed_role_allow_nothing(city: City) -> None:
    user = city.users["clerk"]
    role = RoleGrant.objects.get(user=user).role
    role.is_closed = True
    role.save()
    assert not queries.actor_for(user, TODAY).grants
    role.is_closed = False
    role.save()
    user.is_active = False
    assert not queries.actor_for(user, TODAY).grants


def test_the_actor_costs_two_queries(city: City, django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        queries.actor_for(city.users["keeper"], TODAY)
