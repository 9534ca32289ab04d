"""Taking out of the library what has stood still too long, and taking it back in (FACTS §1.6)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.factories.races import at_once
from tests.factories.reversals import reverse_entry
from tests.unit.projects.conftest import CLERK, HEAD, City
from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden
from yinfeng.core.models import Event, Notice, Rule
from yinfeng.core.scopes import actions_on
from yinfeng.projects import lifecycle, queries, services, stages
from yinfeng.projects.models import Project
from yinfeng.projects.queries.ready import to_advance

pytestmark = pytest.mark.django_db
CLERKS_OWN = [code for code in CLERK if code != "projects.project.advance"]


@pytest.fixture
def people(city: City) -> City:
    """paul is a clerk who advances nothing; office answers for the whole city; half a year is the limit."""
    Rule.objects.create(
        kind="stale", key="project", data={"warn_days": 60, "late_days": 90, "leave_days": 180},
        valid_from=date(2019, 4, 28), source="测试",
    )  # fmt: skip
    city.users["paul"] = make_user("paul", city.jimei, CLERKS_OWN, username="paul")
    city.users["office"] = make_user("office", city.root, HEAD, username="office")
    return city


def still(project: Project, days: int) -> Project:
    Project.objects.filter(pk=project.pk).update(progress_at=timezone.now() - timedelta(days=days))
    project.refresh_from_db()
    return project


def take_out(city: City, project: Project, by: str = "charlie", **more: Any) -> None:
    services.move_project(by=city.actor(by), project=project, move="take_out", reason="投资方搁置", **more)
    project.refresh_from_db()


def told(city: City, name: str, verb: str) -> int:
    return Notice.objects.filter(owner=city.users[name], event__verb=f"projects.project.{verb}").count()


def offered(city: City, project: Project, by: str) -> set[str]:
    return {offer.move.name for offer in lifecycle.STATUS.offers(project, city.actor(by))}


def test_what_is_due_leaves_the_library_and_comes_back(people: City) -> None:
    city = people
    project = still(city.project(stages.NEGOTIATING), 179)
    assert "take_out" not in offered(city, project, "charlie")  # nothing to do yet: no act, not a blocked one
    with pytest.raises(Blocked):
        take_out(city, project)
    still(project, 180)
    assert "take_out" in offered(city, project, "charlie")
    assert "take_out" not in offered(city, project, "bob")
    with pytest.raises(Forbidden):
        take_out(city, project, by="bob")
    head = signed_in(city.users["charlie"])
    page = head.get(f"/projects/{project.pk}/moves/take_out/").content.decode()
    assert "已 180 天没有进展，满 180 天应移出项目库</textarea>" in page
    take_out(city, project)
    assert project.status == stages.LEFT
    assert told(city, "bob", "take_out") == 1  # its leader
    assert not Project.objects.filter(queries.to_leave(timezone.localdate())).exists()
    assert queries.light_of(project, timezone.localdate(), queries.limits(timezone.localdate())) is None
    with pytest.raises(Conflict, match="不能再修改"):
        services.record_talk(by=city.actor("bob"), project=project, values={})
    assert project.name in head.get("/projects/?status=left").content.decode()
    assert "重新入库" in head.get(project.get_absolute_url()).content.decode()
    version = project.version
    services.move_project(
        by=city.actor("charlie"), project=project, move="take_in", reason="投资方重启", version=version
    )
    project.refresh_from_db()
    assert (project.status, project.stage) == (stages.ONGOING, stages.NEGOTIATING)
    assert (
        timezone.localdate(project.progress_at)
        == timezone.localdate()
        == timezone.localdate(project.named_at)
    )


def test_of_a_signed_one_the_achievements_stand_and_the_office_takes_it_back_in(people: City) -> None:
    city = people
    project = still(city.project(stages.REGISTERED), 200)
    named = project.named_at
    claim = city.claim(project, stages.CAPITAL)
    with pytest.raises(Blocked) as refused:
        take_out(city, project)
    assert "待核验" in str(refused.value.reasons[0])
    services.verify_claim(by=city.actor("charlie"), claim=claim)
    project.refresh_from_db()
    take_out(city, still(project, 200), by="office")
    assert told(city, "charlie", "take_out") == 1  # the head of its unit
    assert project.entries.counting().count() == 3
    with pytest.raises(Blocked, match="重新入库"):
        services.move_project(by=city.actor("charlie"), project=project, move="take_in", reason="复工")
    services.move_project(by=city.actor("office"), project=project, move="take_in", reason="复工")
    project.refresh_from_db()
    assert (project.status, project.named_at) == (stages.ONGOING, named)


def test_many_at_once_each_with_its_own_reason(people: City) -> None:
    city = people
    due = [still(city.project(stages.INTENDED), days) for days in (181, 250)]
    not_due = city.project(stages.INTENDED)
    head = signed_in(city.users["charlie"])
    assert "移出项目库" in head.get("/projects/?to_leave=true").content.decode()
    assert 'formaction="/projects/take-out/"' not in head.get("/projects/").content.decode()
    picked = {"pk": [project.pk for project in (*due, not_due)]}
    assert "将办理 3 个项目" in head.post("/projects/take-out/", picked).content.decode()
    done = head.post("/projects/take-out/", {**picked, "reason": "季度清理"}, follow=True).content.decode()
    assert "已将 2 个项目移出项目库" in done
    assert "另有 1 个没有移出" in done
    notes = Event.objects.filter(verb="projects.project.take_out").values_list("note", flat=True)
    assert sorted(notes) == [f"已 {days} 天没有进展，满 180 天应移出项目库；季度清理" for days in (181, 250)]
    assert signed_in(city.users["bob"]).post("/projects/take-out/", picked).status_code == 403


def test_the_clock_tells_once_that_a_project_falls_due(people: City) -> None:
    city = people
    project = still(city.project(stages.INTENDED), 180)
    now = timezone.now()
    assert [services.tell_of_leaving(now) for _again in range(2)] == [1, 0]
    assert [told(city, name, "take_out_due") for name in ("charlie", "bob", "alice")] == [1, 1, 0]
    assert "应移出项目库" in signed_in(city.users["charlie"]).get("/").content.decode()
    services.record_talk(
        by=city.actor("bob"), project=project,
        values={"talk_date": timezone.localdate(), "form": "call", "our_side": "我", "their_side": "他", "summary": "再谈"},
    )  # fmt: skip
    still(project, 0)
    assert services.tell_of_leaving(now + timedelta(days=179)) == 0
    assert services.tell_of_leaving(now + timedelta(days=181)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_out_and_go_on_at_once_one_is_told(people: City) -> None:
    city = people
    project = still(city.project(stages.INTENDED), 200)

    def move(name: str) -> bool:
        try:
            mine = Project.objects.get(pk=project.pk)
            services.move_project(by=city.actor("charlie"), project=mine, move=name, reason="同时办理")
        except DomainError:
            return False
        return True

    assert sorted(at_once([lambda: move("take_out"), lambda: move("negotiate")])) == [False, True]


# --- what may go on -----------------------------------------------------------------------------------------------


def test_a_clerk_reads_who_lets_a_complete_project_on_and_the_head_finds_it_on_his_desk(people: City) -> None:
    city = people
    project = city.project(stages.PLANNED)
    clerk, head = signed_in(city.users["paul"]), signed_in(city.users["charlie"])
    page = clerk.get(project.get_absolute_url()).content.decode()
    assert "都齐了" in page
    assert "请集美区负责人（bob、charlie）转为“意向”" in page
    assert "负责人（" not in head.get(project.get_absolute_url()).content.decode()  # he has the button
    with CaptureQueriesContext(connection) as asked:
        home = head.get("/").content.decode()
    assert len(asked) <= 10
    assert "待我转入下一阶段的项目" in home
    assert project.name in home
    for name in ("paul", "office", "alice"):
        assert "待我转入下一阶段的项目" not in signed_in(city.users[name]).get("/").content.decode()
    Project.objects.filter(pk=project.pk).update(intended=None)
    assert "待我转入下一阶段的项目" not in head.get("/").content.decode()
    assert "负责人（" not in clerk.get(project.get_absolute_url()).content.decode()
    Project.objects.filter(pk=project.pk).update(intended=1, stage=stages.SIGNED)  # follows from a claim
    assert "待我转入下一阶段的项目" not in head.get("/").content.decode()


def test_the_desk_and_the_gate_agree(people: City) -> None:
    """Each fact of the next stage emptied once: the desk lists a project exactly when its gate opens."""
    city, by = people, people.actor("charlie")
    for stage, move in ((stages.PLANNED, "intend"), (stages.INTENDED, "negotiate")):
        project = city.project(stage)
        names = [
            "project_class",
            "is_foreign",
            "industry",
            "enterprise",
            "contact_name",
            "host_unit",
            "fixed_investment",
        ]
        for name in [None, *names]:
            row = Project.objects.get(pk=project.pk)
            values: dict[str, Any] = {}
            if name is not None:
                field = Project._meta.get_field(name)
                values = {name: None if field.null else ""}  # type: ignore[union-attr]
            Project.objects.filter(pk=row.pk).update(**values)
            row.refresh_from_db()
            opens = not lifecycle.STAGE._reasons(lifecycle.STAGE.by_name[move], row, by)
            listed = to_advance(by).filter(pk=row.pk).exists()
            assert listed == (opens and "advance" in actions_on(row, by, {"advance"})), (stage, name)
            Project.objects.filter(pk=row.pk).update(**{key: getattr(project, key) for key in values})


def test_what_was_reversed_is_missing_as_the_gate_says(people: City) -> None:
    city = people
    project = city.project(stages.REGISTERED)
    entry = project.entries.get(kind=stages.SIGNED)
    reverse_entry(by=_reverser(city), entry=entry, reason="金额有误")
    page = signed_in(city.users["charlie"]).get(project.get_absolute_url()).content.decode()
    missing = page[page.index('id="missing-title"') :][:1500]
    assert "“签约”业绩已冲销，请先重新申报。" in missing
    assert "都齐了" not in missing
    assert f'href="/projects/{project.pk}/claims/signed/"' in missing


def _reverser(city: City) -> Any:
    city.users["reverser"] = make_user(
        "reverser", city.root, [*HEAD, "projects.ledger.reverse"], username="reverser"
    )
    return city.actor("reverser")


# --- who supports -------------------------------------------------------------------------------------------------


def test_a_group_of_no_industry_supports_and_is_no_working_group(people: City) -> None:
    city = people
    make_unit("group-factors", "group", city.root, name="全要素保障组")
    Rule.objects.create(
        kind="grade", key="tier_10", valid_from=date(2019, 4, 28), source="测试",
        data={"name": "十亿级", "min_yuan": 10_000_000, "units": ["group-factors", "group-manufacturing"]},
    )  # fmt: skip
    project = city.project(stages.INTENDED)
    parts = set(project.participations.filter(until=None).values_list("unit__name", "part"))
    assert {("全要素保障组", stages.SUPPORT), ("制造业组", stages.GROUP)} <= parts
    assert "保障组" in signed_in(city.users["bob"]).get(project.get_absolute_url()).content.decode()


def test_notices_of_one_project_stand_together_under_the_latest(people: City) -> None:
    city = people
    one, other = city.project(), city.project()
    for project in (one, other, one, one):
        core.notify(
            events.record(by=city.actor("bob"), verb="projects.project.changed", obj=project),
            [city.users["charlie"].pk],
        )
    page = signed_in(city.users["charlie"]).get("/notices/").content.decode()
    assert page.index(one.name) < page.index("还有 2 条") < page.index(other.name)
    assert page.count(f"{one.name}：") == 3
