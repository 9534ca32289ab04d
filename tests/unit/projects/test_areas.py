"""Major areas and their command posts: what lies in an area, who sees it, what premises it offers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.unit.projects.conftest import HEAD, City
from tests.unit.projects.test_pages import opened
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Stale
from yinfeng.core.models import Event
from yinfeng.core.money import WAN
from yinfeng.core.scopes import actions_on
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Area, Project

pytestmark = pytest.mark.django_db

KEEP = ["projects.project.view", "projects.area.change", "projects.project.export"]


@pytest.fixture
def posts(city: City) -> City:
    """The office keeps areas; quinn heads the command post of one, rita of another."""
    first = make_unit("east", "command", city.root, name="东部指挥部")
    second = make_unit("west", "command", city.root, name="西部指挥部")
    for name, unit, permissions in (
        ("office", city.root, KEEP), ("quinn", first, [*HEAD, "projects.area.change"]), ("rita", second, HEAD),
    ):  # fmt: skip
        city.users[name] = make_user(name, unit, permissions, username=name)
    return city


def unit(code: str) -> Unit:
    return Unit.objects.get(code=code)


def opens(city: City, by: str = "office", **values: Any) -> Area:
    given = {
        "name": "东部片区", "command_unit": unit("east"), "districts": [city.jimei], "purpose": "产城融合", "duties": "统筹征收和供地", **values,
    }  # fmt: skip
    return services.open_area(by=city.actor(by), values=given)


def land(city: City, area: Area, **values: Any) -> Any:
    given = {
        "name": "A12 地块",
        "kind": stages.LAND,
        "size": Decimal(80),
        "state": stages.AVAILABLE,
        **values,
    }
    return services.add_premises(by=city.actor("office"), area=area, values=given)


def lies(city: City, project: Project, area: Area | None, by: str = "bob") -> Project:
    project.refresh_from_db()
    return services.change_project(
        by=city.actor(by), project=project, version=project.version, values={"area": area}
    )


@pytest.mark.clause("3.2.2")
def test_a_command_post_has_its_projects_and_premises_on_one_board(posts: City) -> None:
    """The post takes part in what lies in its area and sees it; the board shows stages, amounts, lights, what stands still."""
    city = posts
    area = opens(city)
    land(city, area)
    land(city, area, name="一号楼", kind=stages.BUILDING, size=Decimal(12_000))
    land(city, area, name="B3 地块", state=stages.RESERVED)
    inside, outside = city.project(stages.NEGOTIATING), city.project()
    signed = city.project(stages.SIGNED)
    assert not Project.objects.permitted(city.actor("quinn")).exists()
    lies(city, inside, area)
    lies(city, signed, area)
    Project.objects.filter(pk=inside.pk).update(progress_at=timezone.now() - timedelta(days=40))
    assert set(Project.objects.permitted(city.actor("quinn"))) == {inside, signed}
    signed_in(city.users["quinn"]).get(f"/areas/{area.pk}/")
    page = opened(city, "quinn", f"/areas/{area.pk}/").content.decode()
    for word in (
        inside.name,
        signed.name,
        "80.00 亩",
        "12,000.00 ㎡",
        "B3 地块",
        "已预留",
        "统筹征收和供地",
        "5,000 万元",
        "4,000 万元",
        "绿灯",
    ):
        assert word in page, word
    assert outside.name not in page
    assert page.index(inside.name) < page.index(signed.name)
    assert "加入载体" in page
    lines = queries.stage_lines(queries.projects_of(area, city.actor("quinn")), timezone.localdate())
    assert [(line.stage, line.count, line.amount) for line in lines] == [
        (stages.NEGOTIATING, 1, Decimal(5_000 * WAN)), (stages.SIGNED, 1, Decimal(4_000 * WAN)),
    ]  # fmt: skip


def test_the_post_follows_the_area_of_a_project_and_the_post_of_an_area(posts: City) -> None:
    city = posts
    area, other = opens(city), opens(city, name="西部片区", command_unit=unit("west"))
    project = lies(city, city.project(), area)
    assert Event.objects.filter(verb="projects.project.changed", object_id=project.pk).exists()
    lies(city, project, other)
    assert not Project.objects.permitted(city.actor("quinn")).exists()
    assert Project.objects.permitted(city.actor("rita")).get() == project
    other.refresh_from_db()
    services.change_area(
        by=city.actor("office"), area=other, version=other.version, values={"command_unit": unit("east")}
    )
    assert Project.objects.permitted(city.actor("quinn")).get() == project
    assert not Project.objects.permitted(city.actor("rita")).exists()
    lies(city, project, None)
    assert not Project.objects.permitted(city.actor("quinn")).exists()
    parts = project.participations.filter(part=stages.COMMAND)
    assert (parts.count(), parts.filter(until=None).count()) == (3, 0)


def test_a_sensitive_project_stays_out_of_the_posts_sight(posts: City) -> None:
    area = opens(posts)
    lies(posts, posts.project(secrecy=stages.SENSITIVE), area)
    assert not Project.objects.permitted(posts.actor("quinn")).exists()
    assert queries.stage_lines(queries.projects_of(area, posts.actor("quinn")), timezone.localdate()) == []


def test_the_sight_of_a_post_ends_with_the_last_day_of_its_area(posts: City) -> None:
    city = posts
    today = timezone.localdate()
    area = opens(city)
    project = lies(city, city.project(), area)

    def change(**values: Any) -> None:
        services.change_area(by=city.actor("office"), area=area, version=area.version, values=values)

    def seen(days: int) -> tuple[bool, list[tuple[str, int]], bool]:
        by = actor_for(city.users["quinn"], today + timedelta(days=days))
        units = {row.name for row in queries.involved(project, by)[0]}
        return Project.objects.permitted(by).exists(), list(queries.stage_counts(by)), "东部指挥部" in units

    change(until=today)
    assert seen(0) == (True, [(stages.PLANNED, 1)], True)
    assert seen(1) == (False, [], False)
    change(until=today + timedelta(days=1))
    assert seen(1) == (True, [(stages.PLANNED, 1)], True)
    assert seen(2) == (False, [], False)


def test_every_change_of_an_area_tells_what_was_before(posts: City) -> None:
    city = posts
    area = opens(city)
    project = lies(city, city.project(), area)
    hidden = lies(city, city.project(secrecy=stages.SENSITIVE), area)
    plot = land(city, area)
    by = city.actor("office")
    services.change_area(
        by=by,
        area=area,
        version=area.version,
        values={"command_unit": unit("west"), "districts": [city.huli]},
    )
    services.change_premises(by=by, area=area, pk=plot.pk, values={"state": stages.TAKEN})
    told = {
        event.verb: event for event in Event.objects.filter(object_type="projects.area", object_id=area.pk)
    }
    assert told["projects.area.changed"].changes == {"command_unit": ["东部指挥部", "西部指挥部"]}
    assert told["projects.area.redistricted"].changes == {"districts": ["集美区", "湖里区"]}
    assert (
        told["projects.area.premises_changed"].data["text"]
        == "A12 地块 80.00 亩 可用 → A12 地块 80.00 亩 已使用"
    )
    passed = Event.objects.get(verb="projects.project.command_changed")
    assert (passed.object_id, passed.data["text"]) == (project.pk, "东部指挥部 → 西部指挥部")
    assert not hidden.participations.filter(part=stages.COMMAND).exists()
    page = signed_in(city.users["office"]).get(f"/areas/{area.pk}/").content.decode()
    assert "集美区" in page
    assert "湖里区" in page
    with pytest.raises(Stale):  # who edits other districts saw those before
        services.change_area(by=by, area=area, version=1, values={"districts": [city.jimei]})


def test_closed_units_are_not_chosen_for_an_area_and_stay_where_they_are(posts: City) -> None:
    city = posts
    area = opens(city, districts=[city.jimei, city.huli])
    closed = Unit.objects.filter(pk__in=[city.huli.pk, area.command_unit_id])
    closed.update(valid_to=timezone.localdate() - timedelta(days=1))
    for values in ({"command_unit": unit("east")}, {"command_unit": unit("west"), "districts": [city.huli]}):
        with pytest.raises(Invalid) as refused:
            opens(city, name="另一片区", **values)
        assert refused.value.fields.keys() == set(values) - ({"command_unit"} if len(values) > 1 else set())
    form = opened(city, "office", f"/areas/{area.pk}/edit/").content.decode()
    assert f'<option value="{area.command_unit_id}" selected>' in form
    assert f'value="{city.huli.pk}"' in form
    same = {"command_unit": unit("east"), "districts": [city.jimei, city.huli], "purpose": "总部集聚"}
    services.change_area(by=city.actor("office"), area=area, version=area.version, values=same)


def test_who_keeps_areas(posts: City) -> None:
    area = opens(posts)
    acts = {"view", "change", "export"}
    truth = {
        "office": acts, "quinn": acts, "rita": {"view", "export"}, "bob": {"view", "export"}, "erin": {"view"},
    }  # fmt: skip
    for person, allowed in truth.items():
        assert actions_on(area, posts.actor(person), acts) == allowed, person
    with pytest.raises(Forbidden):
        opens(posts, by="bob", name="另一片区")
    with pytest.raises(Forbidden):
        opens(posts, by="quinn", name="另一片区", command_unit=unit("west"))
    with pytest.raises(Forbidden):
        services.change_area(
            by=posts.actor("quinn"), area=area, version=area.version, values={"command_unit": unit("west")}
        )
    with pytest.raises(Forbidden):
        services.add_premises(by=posts.actor("bob"), area=area, values={})


def test_what_an_area_must_be(posts: City) -> None:
    today = timezone.localdate()
    area = opens(posts)
    for values, field in (
        ({"command_unit": posts.jimei}, "command_unit"), ({"command_unit": None}, "command_unit"), ({"districts": []}, "districts"),
        ({"since": today, "until": today - timedelta(days=1)}, "until"), ({"name": "东部片区"}, "name"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            opens(posts, **({"name": "另一片区"} | values))
        assert field in refused.value.fields, field
    with pytest.raises(Stale):
        services.change_area(by=posts.actor("office"), area=area, version=9, values={"purpose": "别的"})


def test_a_closed_area_is_not_chosen_and_keeps_what_lies_in_it(posts: City) -> None:
    area = opens(posts)
    project = lies(posts, posts.project(), area)
    today = timezone.localdate()
    Area.objects.filter(pk=area.pk).update(since=today - timedelta(days=9), until=today - timedelta(days=1))
    area.refresh_from_db()
    with pytest.raises(Invalid) as refused:
        lies(posts, posts.project(), area)
    assert "area" in refused.value.fields
    services.change_project(
        by=posts.actor("bob"), project=project, version=project.version, values={"area": area, "site": "新址"}
    )
    page = signed_in(posts.users["bob"]).get(f"/projects/{project.pk}/edit/").content.decode()
    assert f'<option value="{area.pk}" selected>' in page
    assert (
        f'<option value="{area.pk}"'
        not in signed_in(posts.users["bob"]).get("/projects/new/").content.decode()
    )


def test_premises_are_changed_and_taken_off_with_a_reason(posts: City) -> None:
    area = opens(posts)
    plot = land(posts, area)
    by = posts.actor("quinn")
    with pytest.raises(Invalid):
        land(posts, area)
    with pytest.raises(Invalid):
        land(posts, area, name="空地", size=Decimal(0))
    services.change_premises(by=by, area=area, pk=plot.pk, values={"state": stages.TAKEN})
    assert "已使用" in Event.objects.filter(verb="projects.area.premises_changed").get().data["text"]
    with pytest.raises(Stale):
        services.change_premises(by=by, area=area, pk=plot.pk, values={"state": stages.AVAILABLE}, version=1)
    with pytest.raises(Invalid):
        services.remove_premises(by=by, area=area, pk=plot.pk, reason=" ")
    services.remove_premises(by=by, area=area, pk=plot.pk, reason="已出让")
    with pytest.raises(Conflict):
        services.remove_premises(by=by, area=area, pk=plot.pk, reason="已出让")


def test_lists_are_narrowed_by_area_and_pages_ask_ten_times_at_most(posts: City) -> None:
    city = posts
    area = opens(city)
    for number in range(3):
        opens(city, name=f"片区{number}")
        land(city, area, name=f"地块{number}")
    inside, outside = lies(city, city.project(), area), city.project()
    bob = signed_in(city.users["bob"])
    for path in (
        "/projects/",
        f"/projects/?area={area.pk}",
        f"/projects/{inside.pk}/",
        "/areas/",
        f"/areas/{area.pk}/",
    ):
        bob.get(path)
    listed = opened(city, "bob", f"/projects/?area={area.pk}").content.decode()
    assert inside.name in listed
    assert outside.name not in listed
    assert "东部片区" in opened(city, "bob", f"/projects/{inside.pk}/").content.decode()
    for person in ("bob", "office", "quinn"):
        for path in (
            "/areas/",
            "/areas/?is_open=true",
            "/areas/?is_open=false",
            "/areas/?q=东",
            f"/areas/{area.pk}/",
        ):
            opened(city, person, path)


def test_the_forms_do_what_they_say(posts: City) -> None:
    office = signed_in(posts.users["office"])
    form = {
        "name": "北部片区", "command_unit": unit("west").pk, "districts": [posts.jimei.pk, posts.huli.pk], "purpose": "总部集聚",
        "since": "2026-01-01", "until": "",
    }  # fmt: skip
    assert office.post("/areas/new/", form).status_code == 302
    area = Area.objects.get(name="北部片区")
    assert area.districts.count() == 2
    changed = form | {"districts": [posts.huli.pk], "version": area.version, "purpose": "金融集聚"}
    assert office.post(f"/areas/{area.pk}/edit/", changed).status_code == 302
    assert list(area.districts.all()) == [posts.huli]
    plot = {
        "name": "二号楼",
        "kind": "building",
        "size": "900",
        "state": "available",
        "available_date": "2027-01-01",
    }
    assert office.post(f"/areas/{area.pk}/premises/add/", plot).status_code == 302
    made = area.premises.get()
    edited = plot | {"state": "reserved", "version": made.version}
    assert office.post(f"/areas/{area.pk}/premises/{made.pk}/edit/", edited).status_code == 302
    made.refresh_from_db()
    assert made.state == stages.RESERVED
    assert office.post(f"/areas/{area.pk}/premises/{made.pk}/remove/", {"reason": "错录"}).status_code == 302
    assert office.get(f"/areas/{area.pk}/premises/{made.pk}/edit/").status_code == 404
    answer = office.get("/areas/export/?format=csv")
    told = (
        b"".join(answer.streaming_content).decode("utf-8-sig")
        if answer.streaming
        else answer.content.decode()
    )
    assert "北部片区" in told


def test_an_extension_and_a_plan_keep_the_area(posts: City) -> None:
    area = opens(posts)
    first = lies(posts, posts.project(), area)
    Project.objects.filter(pk=first.pk).update(stage=stages.PRODUCING)
    first.refresh_from_db()
    grown = services.extend_project(
        by=posts.actor("bob"),
        project=first,
        values={"name": "二期", "summary": "扩产", "intended": Decimal(9_000 * WAN)},
    )
    assert grown.area == area
