"""``yinfeng search rebuild``: the index comes out as the services keep it, whatever was in it, and however often it runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, make_user
from tests.unit.projects.conftest import City
from yinfeng.core import search
from yinfeng.core.actors import actor_of, system
from yinfeng.core.models_search import SearchEntry
from yinfeng.duties import services as duties
from yinfeng.enterprises import services as library
from yinfeng.enterprises.models import Enterprise
from yinfeng.meetings import services as meetings
from yinfeng.orgs import services as orgs
from yinfeng.orgs.models import Body
from yinfeng.projects import stages

Index = dict[tuple[str, int], tuple[str, list[str]]]
FIRMS = Enterprise._meta.label_lower


def index() -> Index:
    rows = SearchEntry.objects.all()
    return {(row.object_type, row.object_id): (row.title, sorted(row.tokens)) for row in rows}


@pytest.fixture
def kept(city: City) -> Index:
    """Some of every kind, written by the services."""
    by = system("test")
    city.lead()
    city.project(stages.INTENDED)
    orgs.add_person(by=by, name="王示例")
    values = {"name": "街道办", "kind": "office"}
    orgs.put_unit(by=by, code="street", parent=city.jimei, values=values, day=city.jimei.created_at.date())
    firm = library.add_enterprise(by=by, values={"name": "示例光电有限公司", "country": "CN"})
    six = duties.Six(item="梳理用地", target="清单", requirement="周报", lead_unit=city.jimei, work_days=5)
    duties.set_duty(by=by, six=six, origin=duties.Origin("other"), set_unit=city.huli)
    unit = make_unit("leader-group", "leader_group", city.root)
    body = Body.objects.create(code="leader-group", kind="leader_group", name="领导小组", unit=unit)
    runs = ["meeting.view", "meeting.run", "topic.submit", "inspection.view", "inspection.run"]
    by = actor_of(make_user("秘书", city.root, [f"meetings.{name}" for name in runs]))
    values = {"kind": "hearing", "title": "推进情况", "summary": "已选址", "ask": "听取汇报"}
    meetings.submit_topic(by=by, values={"body": body, "unit": city.jimei, **values})
    now = timezone.now()
    values = {"title": "领导小组会议", "starts_at": now + timedelta(days=9)}
    meetings.plan_meeting(by=by, values={"body": body, **values})
    values = {"title": "履约督查", "starts": now.date(), "ends": now.date(), "matter": "合同履约"}
    meetings.plan_inspection(by=by, unit=unit, values=values)
    library.change_enterprise(
        by=system("test"), enterprise=firm, version=1, values={"name": "新名光电有限公司"}
    )
    return index()


@pytest.fixture
def whole(kept: Index) -> Index:
    """The same, with what the factories made without a service."""
    call_command("search", "rebuild")
    return index()


def test_it_makes_what_the_services_make(kept: Index) -> None:
    assert {kind for kind, _pk in kept} == {model._meta.label_lower for model in search.SOURCES}
    call_command("search", "rebuild")
    assert kept.items() <= index().items()


def test_it_mends_what_is_lost_wrong_or_too_much(whole: Index) -> None:
    kinds = sorted({kind for kind, _pk in whole})
    SearchEntry.objects.filter(object_type__in=kinds[:2]).delete()
    SearchEntry.objects.filter(object_type__in=kinds[2:]).update(title="错", tokens=["cuo"])
    search.index_many([search.Entry(kinds[0], 10**6, "没有这一行")])
    for _time in (1, 2):
        call_command("search", "rebuild")
        assert index() == whole


def test_in_chunks_it_says_how_far_it_is_and_broken_off_it_leaves_whole_entries(whole: Index) -> None:
    for number in range(5):
        make_enterprise(f"第{number}家有限公司")
    total = Enterprise.objects.count()
    steps = search.rebuild(Enterprise, chunk=2)
    assert next(steps) == 2
    assert whole.items() <= index().items()
    assert list(search.rebuild(Enterprise, chunk=2))[-1] == total
    assert SearchEntry.objects.filter(object_type=FIRMS).count() == total


def test_one_kind_alone_and_no_unknown_one(whole: Index) -> None:
    SearchEntry.objects.all().delete()
    call_command("search", "rebuild", "projects.lead")
    assert {kind for kind, _pk in index()} == {"projects.lead"}
    with pytest.raises(CommandError):
        call_command("search", "rebuild", "projects.moon")


def test_it_fills_an_emptied_table_of_sqlite(whole: Index) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its index itself")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO core_search(core_search) VALUES ('delete-all')")
    assert not search.matching(FIRMS, "新名光电").exists()
    call_command("search", "rebuild")
    assert search.matching(FIRMS, "新名光电").exists()


def test_leads_and_projects_are_found_by_the_new_name_of_their_enterprise(city: City) -> None:
    firm = make_enterprise("旧名光电有限公司")
    lead, project = city.lead(enterprise=firm), city.project(enterprise=firm)
    library.change_enterprise(
        by=system("test"), enterprise=firm, version=1, values={"name": "凤凰材料有限公司"}
    )
    for row in (lead, project):
        kind = row._meta.label_lower
        assert list(search.matching(kind, "凤凰材料")) == [row.pk]
        assert list(search.matching(kind, "旧名光电")) == []
