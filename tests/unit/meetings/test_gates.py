"""Decision gates: the chain by the class of a project, passed in order with documents, undone, refused, and stages that wait."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests.factories import make_project, make_user, signed_in
from tests.factories.races import at_once
from tests.unit.projects.conftest import HEAD, PDF, City
from yinfeng.core import profile, waiting
from yinfeng.core import services as core
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid
from yinfeng.core.keeping import forget
from yinfeng.core.models import Code, Event, Notice, Rule
from yinfeng.core.money import WAN
from yinfeng.core.scopes import actions_on
from yinfeng.meetings import gating, lifecycle_gates, profile_gates, queries, services
from yinfeng.meetings.models import GateDecision
from yinfeng.orgs.models import Body
from yinfeng.projects import services as projects
from yinfeng.projects import stages
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db

COMMITTEE, EXECUTIVE, LAND, BOARD = "investment-committee", "executive-meeting", "land-meeting", "soe-board"


@pytest.fixture
def people(city: City) -> City:
    """The built-in profile's chains; rec and two record decisions in 集美, away in 湖里, office everywhere."""
    for code in ("investment", "other"):
        Code.objects.create(table="project_class", code=code, name=code)
    read = profile.read("xiamen")
    assert not [problem for problem in read.problems if problem.file == "gates.toml"]
    rows = read.rows[queries.KIND]
    profile_gates.SECTIONS[0].load(profile.Changes(rows, [], [], rows), None, timezone.localdate())  # type: ignore[misc,arg-type]
    forget()
    record = [*HEAD, "meetings.gate.record"]
    for name, unit in (("rec", city.jimei), ("two", city.jimei), ("away", city.huli), ("office", city.root)):
        city.users[name] = make_user(name, unit, record, username=name)
    return city


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def land(city: City, **values: Any) -> Project:
    return make_project(
        "供地项目", city.jimei, city.users["bob"], stage="negotiating", project_class="land", **values
    )


def passed(city: City, project: Project, gate: str, days: int = 1, by: str = "rec") -> GateDecision:
    return services.pass_gate(
        by=city.actor(by), project=project, gate=gate, decided_date=days_ago(days), document="第 12 次会议纪要",
        file=ContentFile(PDF, "纪要.pdf"), name="纪要.pdf",
    )  # fmt: skip


def refused(
    city: City, project: Project, gate: str, days: int = 1, opinion: str = "用地未落实"
) -> GateDecision:
    return services.refuse_gate(
        by=city.actor("rec"),
        project=project,
        gate=gate,
        decided_date=days_ago(days),
        document="纪要",
        opinion=opinion,
    )


def states(project: Project) -> list[tuple[str, str]]:
    project = Project.objects.get(pk=project.pk)
    applied = queries.chain_of(project, timezone.localdate())
    assert applied.chain is not None
    return [
        (step.gate.code, step.state)
        for step in queries.steps_of(applied.chain, queries.decisions_of(project))
    ]


# --- which chain applies --------------------------------------------------------------------------------------------


def test_the_chain_follows_from_the_class_and_the_amount(people: City) -> None:
    """The vectors of FACTS §1.7: 投资类 above 0.5 亿 has three gates, up to 0.5 亿 none; 其他 none."""
    vectors: list[tuple[str, Decimal | None, str | None, list[str]]] = [
        ("policy", None, "policy", [COMMITTEE, EXECUTIVE]),
        ("investment", Decimal(5_000 * WAN), "investment-small", []),
        ("investment", Decimal(5_000 * WAN) + Decimal("0.01"), "investment", [BOARD, COMMITTEE, EXECUTIVE]),
        ("investment", None, None, []),
        ("land", None, "land", [COMMITTEE, EXECUTIVE, LAND]),
        ("other", Decimal(90_000 * WAN), "other", []),
        ("", Decimal(90_000 * WAN), None, []),
    ]
    for kind, amount, chain, gates in vectors:
        project = Project(project_class=kind, intended=amount)
        found = queries.chain_of(project, timezone.localdate())
        assert (found.chain.code if found.chain else None) == chain, (kind, amount)
        assert [gate.code for gate in (found.chain.gates if found.chain else ())] == gates
        assert found.reason
    unknown = queries.chain_of(Project(project_class="investment"), timezone.localdate())
    assert unknown.unclear is not None
    assert "投资额未填" in unknown.reason


def test_a_chain_is_in_force_from_its_day_on(people: City) -> None:
    Rule.objects.filter(kind=queries.KIND, key="land").update(valid_to=days_ago(1))
    first = Rule.objects.get(kind=queries.KIND, key="land")
    data = {**first.data, "gates": first.data["gates"][:1]}
    Rule.objects.create(kind=queries.KIND, key="land", data=data, valid_from=timezone.localdate())
    forget()
    project = land(people)
    before, now = (queries.chain_of(project, day).chain for day in (days_ago(1), timezone.localdate()))
    assert before is not None
    assert now is not None
    assert (len(before.gates), len(now.gates)) == (3, 1)


def test_a_wrong_chain_is_told_with_its_place(tmp_path: Any) -> None:
    text = """
[[gate_chain]]
code = "a"
name = "甲"
order = 1
condition = { field = "nothing", op = "is", value = 1 }
before_stage = "someday"
valid_from = 2020-01-01
source = "测试"
"""
    (tmp_path / "gates.toml").write_text(text, encoding="utf-8")
    (tmp_path / "stages.toml").write_text(
        '[[stage]]\ncode = "signed"\nname = "签约"\nstate = "signed"\n', encoding="utf-8"
    )
    told = [str(problem) for problem in profile.read(str(tmp_path)).problems if problem.file == "gates.toml"]
    assert any("gates.toml:6" in item and "nothing" in item for item in told)
    assert any("gates.toml:7" in item and "someday" in item for item in told)
    assert any("没有决策节点" in item for item in told)


# --- recording ------------------------------------------------------------------------------------------------------


@pytest.mark.clause("1.1")
def test_gates_are_passed_in_order_and_stand_on_the_timeline(people: City) -> None:
    city, project = people, land(people)
    project.team.create(user=city.users["bob"])
    with pytest.raises(Conflict, match="前面的“投委会”还没有通过"):
        passed(city, project, EXECUTIVE)
    first = passed(city, project, COMMITTEE, 9)
    assert (first.chain_name, first.gate_name, first.evidence.kind) == ("供地类", "投委会", "minutes")  # type: ignore[union-attr]
    assert states(project) == [(COMMITTEE, "passed"), (EXECUTIVE, "open"), (LAND, "after")]
    told = Event.objects.get(
        object_type="projects.project", object_id=project.pk, verb="meetings.gate.passed"
    )
    assert told.data["text"] == f"供地类 · 投委会 · {days_ago(9)} · 第 12 次会议纪要"
    assert Notice.objects.filter(owner=city.users["bob"], event=told).exists(), "on its team"
    with pytest.raises(Conflict, match="已经记录为通过"):
        passed(city, project, COMMITTEE)
    with pytest.raises(Conflict, match="没有这个节点"):
        passed(city, project, BOARD)
    assert first.evidence is not None
    with pytest.raises(Conflict, match="不能撤下"):
        core.remove_file(by=city.actor("office"), obj=project, attachment=first.evidence, reason="换一份")


def test_days_documents_and_reasons_are_asked_for(people: City) -> None:
    city, project = people, land(people)
    with pytest.raises(Invalid, match="不能晚于今天"):
        passed(city, project, COMMITTEE, -1)
    with pytest.raises(Invalid, match="决策文件"):
        services.pass_gate(
            by=city.actor("rec"),
            project=project,
            gate=COMMITTEE,
            decided_date=days_ago(1),
            document="纪要",
            file=None,
            name="",
        )
    with pytest.raises(Invalid, match="会议名称或文号"):
        services.refuse_gate(
            by=city.actor("rec"),
            project=project,
            gate=COMMITTEE,
            decided_date=days_ago(1),
            document=" ",
            opinion="不行",
        )
    with pytest.raises(Invalid, match="未通过的原因"):
        refused(city, project, COMMITTEE, opinion=" ")
    refused(city, project, COMMITTEE, 5)
    with pytest.raises(Invalid, match="不能早于“投委会”未通过的日期"):
        passed(city, project, COMMITTEE, 6)
    passed(city, project, COMMITTEE, 5)
    with pytest.raises(Invalid, match="不能早于“投委会”通过的日期") as found:
        passed(city, project, EXECUTIVE, 6)
    assert set(found.value.fields) == {"decided_date"}
    passed(city, project, EXECUTIVE, 5)  # on one day
    Project.objects.filter(pk=project.pk).update(status="ended")
    with pytest.raises(Conflict, match="不能再修改"):
        passed(city, project, LAND)


def test_only_the_last_pass_is_undone_and_the_gate_is_open_again(people: City) -> None:
    city, project = people, land(people)
    first, second = passed(city, project, COMMITTEE, 9), passed(city, project, EXECUTIVE, 8)
    with pytest.raises(Blocked, match="还不能"):
        services.undo_decision(by=city.actor("two"), decision=first, reason="写错了")
    with pytest.raises(Invalid, match="原因"):
        services.undo_decision(by=city.actor("two"), decision=second, reason=" ")
    services.undo_decision(by=city.actor("two"), decision=second, reason="写错了日期")
    assert states(project) == [(COMMITTEE, "passed"), (EXECUTIVE, "open"), (LAND, "after")]
    assert (second.state, second.undone_reason, second.undone_by) == (
        "undone",
        "写错了日期",
        city.users["two"],
    )
    again = passed(city, project, EXECUTIVE, 7)
    services.undo_decision(by=city.actor("rec"), decision=again, reason="会议撤回")
    undone = Event.objects.filter(
        object_type="projects.project", object_id=project.pk, verb="meetings.gate.undone"
    )
    assert undone.count() == 2
    with pytest.raises(Conflict):
        services.undo_decision(by=city.actor("rec"), decision=again, reason="再撤")
    refusal = refused(city, project, EXECUTIVE)
    services.undo_decision(by=city.actor("rec"), decision=refusal, reason="不是本项目")
    Project.objects.filter(pk=project.pk).update(status="ended")
    with pytest.raises(Blocked):
        services.undo_decision(
            by=city.actor("rec"), decision=GateDecision.objects.get(pk=first.pk), reason="再撤"
        )


def test_a_change_of_class_leaves_what_was_passed_on_record(people: City) -> None:
    city, project = people, land(people)
    first = passed(city, project, COMMITTEE, 9)
    Project.objects.filter(pk=project.pk).update(project_class="policy")
    assert states(project) == [(COMMITTEE, "open"), (EXECUTIVE, "after")]
    text = signed_in(city.users["rec"]).get(f"/projects/{project.pk}/gates/").content.decode()
    assert "其他决策记录" in text
    assert "供地类 · 投委会" in text
    with pytest.raises(Blocked):
        services.undo_decision(
            by=city.actor("rec"), decision=GateDecision.objects.get(pk=first.pk), reason="改了类"
        )
    Project.objects.filter(pk=project.pk).update(project_class="land")
    assert states(project)[0] == (COMMITTEE, "passed")


def test_who_may_record_and_undo(people: City) -> None:
    """Truth table: who runs the project and holds the right records; who only sees it does not; others see nothing."""
    city, project = people, land(people)
    decision = passed(city, project, COMMITTEE)
    allowed = {"rec": True, "office": True, "bob": False, "erin": False}
    for name, may in allowed.items():
        actor = city.actor(name)
        assert (actions_on(project, actor, {"gate"}) == {"gate"}) == may, name
        assert (actions_on(decision, actor, {"undo"}) == {"undo"}) == may, name
        assert GateDecision.objects.permitted(actor).exists()
        if not may:
            with pytest.raises(Forbidden):
                passed(city, project, EXECUTIVE, by=name)
            with pytest.raises(Forbidden):
                services.undo_decision(by=actor, decision=decision, reason="撤")
    for name in ("away", "stranger"):
        assert not GateDecision.objects.permitted(city.actor(name)).exists()
        assert signed_in(city.users[name]).get(f"/projects/{project.pk}/gates/").status_code == 404
    project.participations.create(unit=city.huli, part="joint")  # takes part, does not run it
    with pytest.raises(Forbidden):
        passed(city, project, EXECUTIVE, by="away")


# --- stages that wait -----------------------------------------------------------------------------------------------


def wait_before(stage: str, *chains: str) -> None:
    for rule in Rule.objects.filter(kind=queries.KIND, key__in=chains):
        rule.data["before_stage"] = stage
        rule.save()
    forget()


def test_a_stage_waits_for_the_gates_of_its_chain(people: City) -> None:
    city = people
    project = city.project(stages.NEGOTIATING)
    claim = city.claim(project)
    wait_before(stages.SIGNED, "land")
    with pytest.raises(Blocked) as found:
        projects.verify_claim(by=city.actor("charlie"), claim=claim)
    assert [str(reason) for reason in found.value.reasons] == [
        f"“{name}”还没有通过，通过之后才能转为签约。" for name in ("投委会", "常务会", "供地会")
    ]
    text = signed_in(city.users["charlie"]).get(project.get_absolute_url()).content.decode()
    assert "“供地会”还没有通过" in text
    for gate in (COMMITTEE, EXECUTIVE, LAND):
        passed(city, project, gate)
    projects.verify_claim(by=city.actor("charlie"), claim=claim)
    project.refresh_from_db()
    assert project.stage == stages.SIGNED
    projects.verify_claim(
        by=city.actor("charlie"), claim=city.claim(project, stages.REGISTERED)
    )  # behind: nothing is asked


def test_a_stage_waits_while_it_is_not_known_whether_a_chain_applies(people: City) -> None:
    wait_before(stages.SIGNED, "investment", "investment-small")
    project = land(people)
    Project.objects.filter(pk=project.pk).update(project_class="investment", intended=None)
    project.refresh_from_db()
    (told,) = queries.gates_before(project, stages.SIGNED, people.actor("rec"))
    assert "还不能判断" in str(told)
    assert list(queries.gates_before(project, stages.NEGOTIATING, people.actor("rec"))) == []


# --- pages, API, races ----------------------------------------------------------------------------------------------


def test_the_pages_record_and_undo(people: City, django_assert_max_num_queries: Any) -> None:
    city, project = people, land(people)
    client = signed_in(city.users["rec"])
    url = f"/projects/{project.pk}/gates/"
    assert "决策节点" in client.get(project.get_absolute_url()).content.decode()
    sent = {
        "decided_date": days_ago(3),
        "document": "纪要〔2026〕3号",
        "evidence": SimpleUploadedFile("纪要.pdf", PDF),
    }
    answer = client.post(f"{url}{COMMITTEE}/pass/", sent)
    assert (answer.status_code, answer["Location"]) == (302, url)
    refusal = {"decided_date": days_ago(2), "document": "纪要", "opinion": "<b>资金来源</b>不清"}
    assert client.post(f"{url}{EXECUTIVE}/refuse/", refusal).status_code == 302
    late = {"decided_date": days_ago(5), "document": "纪要", "evidence": SimpleUploadedFile("纪要.pdf", PDF)}
    answer = client.post(f"{url}{EXECUTIVE}/pass/", late)
    assert answer.status_code == 422
    assert "不能早于" in answer.content.decode()
    with django_assert_max_num_queries(10):
        text = client.get(url).content.decode()
    assert "项目分类为“" in text
    assert "待决策" in text
    assert "前面的节点尚未通过" in text
    assert "&lt;b&gt;资金来源" in text
    assert "<b>资金来源" not in text
    decision = GateDecision.objects.get(state=gating.PASSED)
    assert f"/gates/{decision.pk}/undo/" in text
    assert client.post(f"/gates/{decision.pk}/undo/", {"reason": "记错了", "version": 9}).status_code == 409
    assert client.post(f"/gates/{decision.pk}/undo/", {"reason": "记错了", "version": 1}).status_code == 302
    assert client.get(f"{url}{LAND}/pass/").status_code == 200  # an old page: the service refuses
    assert client.get(f"{url}nothing/pass/").status_code == 404
    viewer = signed_in(city.users["bob"]).get(url).content.decode()
    assert "记录通过" not in viewer
    assert "撤销决策记录" not in viewer
    with django_assert_max_num_queries(10):
        client.get(project.get_absolute_url())


def test_the_api_tells_the_chain_and_records(people: City) -> None:
    project = land(people)
    client = signed_in(people.users["rec"])
    url = f"/api/v1/projects/{project.pk}/gates/"
    sent = {
        "gate": COMMITTEE, "outcome": "passed", "decided_date": days_ago(3).isoformat(), "document": "纪要",
        "evidence": SimpleUploadedFile("纪要.pdf", PDF),
    }  # fmt: skip
    made = client.post(url, sent)
    assert made.status_code == 201, made.content
    chain = client.get(f"{url}chain/").json()
    assert (chain["code"], [step["state"] for step in chain["steps"]]) == (
        "land",
        ["passed", "open", "after"],
    )
    assert client.post(url, {**sent, "gate": EXECUTIVE, "evidence": ""}).status_code == 422
    assert client.post(url, {**sent, "outcome": "undone"}).status_code == 422
    key = made.json()["id"]
    undo = f"/api/v1/gates/{key}/moves/undo/"
    answer = client.post(
        undo, {"reason": "写错了"}, content_type="application/json", headers={"If-Match": '"1"'}
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "undone")
    assert client.get("/api/v1/gates/?state=undone").json()["results"][0]["undone_reason"] == "写错了"
    assert signed_in(people.users["away"]).get(url).status_code == 404


def test_of_two_who_pass_one_gate_at_once_one_is_told(transactional_db: None, city: City) -> None:
    """Also of one who undoes a gate while another passes the next."""
    Rule.objects.create(
        kind=queries.KIND, key="land", source="测试", valid_from=date(2020, 1, 1),
        data={
            "name": "供地类", "name_en": "", "order": 1, "before_stage": "",
            "condition": {"field": "project_class", "op": "is", "value": "land"},
            "gates": [{"code": code, "name": code, "name_en": "", "body": ""} for code in ("a", "b")],
        },
    )  # fmt: skip
    forget()
    for name in ("rec", "two"):
        city.users[name] = make_user(name, city.jimei, [*HEAD, "meetings.gate.record"], username=name)
    project = land(city)
    done = at_once(
        [lambda by=by: passed(city, Project.objects.get(pk=project.pk), "a", by=by) for by in ("rec", "two")]
    )
    assert sorted(isinstance(item, DomainError) for item in done) == [False, True]
    assert GateDecision.objects.filter(state="passed").count() == 1
    first = GateDecision.objects.get(state="passed")
    at_once([
        lambda: services.undo_decision(by=city.actor("rec"), decision=GateDecision.objects.get(pk=first.pk), reason="撤"),
        lambda: passed(city, Project.objects.get(pk=project.pk), "b", by="two"),
    ])  # fmt: skip
    left = set(GateDecision.objects.filter(state="passed").values_list("gate", flat=True))
    assert left in ({"a", "b"}, set()), "b never stands without a"


def test_the_moves_of_a_decision_are_all_refused_once(people: City) -> None:
    decision = passed(people, land(people), COMMITTEE)
    assert [offer.move.name for offer in lifecycle_gates.GATE.offers(decision, people.actor("rec"))] == [
        "undo"
    ]
    assert lifecycle_gates.GATE.offers(decision, people.actor("erin")) == []


# --- whose turn it is -----------------------------------------------------------------------------------------------


def turns_of(city: City, name: str) -> set[str]:
    """Return the projects at whose gates it is a person's turn: in his inbox, and in the list that it leads to."""
    by, today = city.actor(name), timezone.localdate()
    found = [item for item in waiting.waiting(by, today, 8, mine=True) if item.kind.code == "gates_to_record"]
    told = {row["title"] for item in found for row in item.rows}
    page = signed_in(city.users[name]).get("/gates/?turn=mine").content.decode()
    assert all(title in page for title in told)
    assert told == set(
        queries.of_their_turn(queries.at_gates(by, today), by, today).values_list("name", flat=True)
    )
    return told


def test_one_query_says_of_many_projects_what_the_page_says_of_each(people: City) -> None:
    """Of every class, with and without an amount, some way along its chain; one that is over waits no more."""
    today = timezone.localdate()
    for kind in ("land", "policy", "investment", "other", ""):
        for amount in (None, 3_000 * WAN, 8_000 * WAN):
            make_project(
                f"{kind}{amount}",
                people.jimei,
                people.users["bob"],
                stage="negotiating",
                project_class=kind,
                intended=amount,
            )
    first, second, third = (land(people) for _at in range(3))
    passed(people, second, COMMITTEE, 9)
    refused(people, second, EXECUTIVE, 3)
    for gate in (COMMITTEE, EXECUTIVE, LAND):
        passed(people, third, gate)
    Project.objects.filter(pk=land(people).pk).update(status=stages.LOST)
    found = queries.with_since(queries.at_gates(people.actor("office"), today), today)
    at = {row.pk: row for row in found}
    for project in Project.objects.filter(status=stages.ONGOING):
        chain = queries.chain_of(project, today).chain
        steps = queries.steps_of(chain, queries.decisions_of(project)) if chain else []
        turn = [f"{chain.code}:{step.gate.code}" for step in steps if chain and step.state == queries.OPEN]
        assert ([at[project.pk].turn] if project.pk in at else []) == turn, project
    assert (first.pk in at, third.pk in at, len(at)) == (True, False, 2 + 3 + 3 + 1)
    assert (queries.waits_since(at[second.pk]), at[second.pk].refused_date) == (days_ago(9), days_ago(3))
    assert (queries.waits_since(at[first.pk]), at[first.pk].refused_date) == (today, None)


def test_whose_turn_it_is_finds_the_project(people: City, django_assert_max_num_queries: Any) -> None:
    """Who records decisions of it, never who does not see it; a gate that names a body is its own people's."""
    project, secret = land(people), make_project("秘密供地", people.jimei, people.users["bob"], stage="negotiating", project_class="land", secrecy="sensitive")  # fmt: skip
    assert turns_of(people, "rec") == turns_of(people, "office") == {project.name}
    assert turns_of(people, "away") == turns_of(people, "bob") == set()
    assert secret.name not in signed_in(people.users["rec"]).get("/gates/").content.decode()
    client = signed_in(people.users["rec"])
    for query, shown in (
        (f"gate={COMMITTEE}", True), (f"gate={LAND}", False), ("chain=land", True), ("project_class=policy", False),
        (f"place={people.jimei.pk}", True), (f"place={people.huli.pk}", False), ("gate=nowhere", False),
    ):  # fmt: skip
        client.get(f"/gates/?{query}")
        with django_assert_max_num_queries(10):
            page = client.get(f"/gates/?{query}").content.decode()
        assert (f"/projects/{project.pk}/gates/" in page) is shown, query
    passed(people, project, COMMITTEE)
    # the next gate names the body of 湖里, whose people may not record decisions of this project: the city's office goes on
    body = Body.objects.create(code="huli-body", kind="leader_group", name="供地会", unit=people.huli)
    rule = Rule.objects.get(kind=queries.KIND, key="land")
    gates = [gate | {"body": body.code if gate["code"] == EXECUTIVE else ""} for gate in rule.data["gates"]]
    Rule.objects.filter(pk=rule.pk).update(data=rule.data | {"gates": gates})
    forget()
    assert (turns_of(people, "rec"), turns_of(people, "office")) == (set(), {project.name})
    Body.objects.filter(pk=body.pk).update(unit=people.jimei)
    assert turns_of(people, "rec") == {project.name}
    people.users["away"].role_grants.all().delete()
    assert turns_of(people, "away") == set()
