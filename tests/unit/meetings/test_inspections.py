"""Inspections: drawn by a seed that anybody can repeat, visited, findings ordered to be put right, reported; who sees what."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ProtectedError
from django.utils import timezone

from tests.factories import make_project, make_user, signed_in
from tests.factories.races import at_once
from tests.unit.projects.conftest import HEAD, PDF, VIEW, City
from yinfeng.core import services as core
from yinfeng.core import waiting
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid, Stale
from yinfeng.core.exchange.official import chinese_date
from yinfeng.core.models import Code, Event, Notice
from yinfeng.core.scopes import actions_on
from yinfeng.duties import services as duties
from yinfeng.duties.models import Duty
from yinfeng.duties.services import Six
from yinfeng.meetings import inspecting, queries, sampling, services
from yinfeng.meetings.lifecycle_inspections import FINDING, INSPECTION
from yinfeng.meetings.models import Draw, Finding, Inspection, Subject
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db

RUN = [
    *VIEW, "projects.project.view_sensitive", "meetings.inspection.run", "meetings.inspection.view", "meetings.finding.view",
    "duties.duty.view", "duties.duty.view_sensitive", "duties.duty.set", "duties.duty.review",
]  # fmt: skip
OWN = [*HEAD, "meetings.finding.view", "duties.duty.view", "duties.duty.handle"]


@pytest.fixture
def people(city: City) -> City:
    """ins and two inspect for the city; leader looks over it; own and other are heads of 集美 and 湖里."""
    Code.objects.create(table=inspecting.SEVERITY, code="general", name="一般")
    for name, unit, permissions in (
        ("ins", city.root, RUN), ("two", city.root, RUN), ("own", city.jimei, OWN), ("other", city.huli, OWN),
        ("leader", city.root, [*VIEW, "meetings.inspection.view", "meetings.finding.view"]),
    ):  # fmt: skip
        city.users[name] = make_user(name, unit, permissions, username=name)
    return city


def today(days: int = 0) -> date:
    return timezone.localdate() + timedelta(days=days)


def plan(city: City, **values: Any) -> Inspection:
    given = {
        "title": "项目履约督查", "starts": today(-5), "ends": today(5), "matter": "履约和开工情况", "basis": "督查计划",
        "population": inspecting.PROJECTS, "sample_size": 2, "sample_by": inspecting.COUNT, **values,
    }  # fmt: skip
    return services.plan_inspection(by=city.actor("ins"), unit=city.group, values=given)


def some(city: City, count: int, unit: str = "jimei", **values: Any) -> list[Project]:
    holder = getattr(city, unit)
    return [make_project(f"{holder}{at}", holder, city.users["bob"], **values) for at in range(count)]


def draw(city: City, inspection: Inspection, reason: str = "", by: str = "ins") -> Draw:
    inspection = Inspection.objects.get(pk=inspection.pk)
    return services.draw_sample(
        by=city.actor(by), inspection=inspection, version=inspection.version, reason=reason
    )


def under_way(city: City, count: int = 1, **values: Any) -> Inspection:
    """Return an inspection that has started, its projects drawn and visited."""
    some(city, count, **values)
    inspection = plan(city, sample_size=count)
    draw(city, inspection)
    inspection.refresh_from_db()
    services.move_inspection(by=city.actor("ins"), inspection=inspection, move="start")
    for subject in Subject.objects.filter(inspection=inspection):
        services.record_visit(by=city.actor("ins"), subject=subject, visited_date=today(), note="现场查看")
    inspection.refresh_from_db()
    return inspection


def find(city: City, subject: Subject, what: str = "未按期开工", **values: Any) -> Finding:
    given = {"what": what, "severity": "general", "found_date": today(), "no_evidence": "口头了解", **values}
    return services.add_finding(by=city.actor("ins"), subject=subject, values=given)


def order(city: City, finding: Finding, by: str = "ins") -> Duty:
    six = Six(
        item="整改", target="按期开工", requirement="倒排工期", lead_unit=finding.unit, due_date=today(14)
    )
    return services.order_finding(by=city.actor(by), finding=finding, six=six)


# --- the draw -------------------------------------------------------------------------------------------------------


def test_the_draw_is_that_of_its_document() -> None:
    """The test vector: of 1…10 by the seed “yinfeng”, as ``printf '%s' yinfeng:7 | sha256sum`` ranks them."""
    ranked = [5, 9, 1, 10, 6, 4, 3, 2, 7, 8]
    for count in range(1, 11):
        assert sampling.draw({"": range(1, 11)}, "yinfeng", "count", count) == sorted(ranked[:count])
    assert sampling.draw({"": [3, 1, 2, 2]}, "x", "count", 9) == [1, 2, 3], "at most all, each once"
    assert sampling.draw({"a": [1, 2, 3], "b": [4]}, "x", "percent", 34) == sampling.draw(
        {"a": [3, 2, 1], "b": [4]}, "x", "percent", 34
    )
    assert [sampling.size_of(*case) for case in ((10, "percent", 25), (1, "percent", 1), (0, "percent", 50), (10, "percent", 100), (3, "count", 5))] == [3, 1, 0, 10, 3]  # fmt: skip
    assert len({sampling.new_seed() for _at in range(50)}) == 50


@pytest.mark.clause("1.4")
def test_what_is_drawn_can_be_repeated_from_what_was_kept(people: City) -> None:
    city = people
    some(city, 6)
    some(city, 3, "huli")
    some(city, 2, status="ended")
    inspection = plan(city, per_unit=True, condition={"field": "status", "op": "is", "value": "ongoing"})
    drawn = draw(city, inspection)
    assert {len(ids) for ids in drawn.strata.values()} == {6, 3}
    assert sampling.draw(drawn.strata, drawn.seed, "count", 2) == drawn.picked
    assert len(drawn.picked) == 4
    assert set(Subject.objects.filter(inspection=inspection).values_list("project", flat=True)) == set(
        drawn.picked
    )
    event = Event.objects.get(verb="meetings.inspection.drawn")
    assert drawn.seed in event.data["text"]
    assert event.actor_name == "ins"


def test_units_are_drawn_by_kind_and_never_the_one_that_inspects(people: City) -> None:
    inspection = plan(
        people,
        population=inspecting.UNITS,
        unit_kinds=["district", "group"],
        sample_size=100,
        sample_by="percent",
    )
    drawn = draw(people, inspection)
    assert {subject.unit.code for subject in Subject.objects.filter(inspection=inspection)} == {
        "jimei",
        "huli",
        "siming",
    }  # type: ignore[union-attr]
    assert sum(map(len, drawn.strata.values())) == 3


def test_a_further_draw_asks_why_and_the_first_stays(people: City) -> None:
    city = people
    projects = some(city, 5)
    inspection = plan(city)
    first = draw(city, inspection)
    by_hand = next(project for project in projects if project.pk not in first.picked)
    inspection.refresh_from_db()
    services.add_subject(by=city.actor("ins"), inspection=inspection, project=by_hand, reason="群众反映")
    with pytest.raises(Invalid, match="重新抽取的原因"):
        draw(city, inspection)
    second = draw(city, inspection, "一个项目已经终止")
    assert [item.number for item in queries.draws_of(inspection)] == [2, 1]
    assert Draw.objects.get(pk=first.pk).picked == first.picked
    there = set(Subject.objects.filter(inspection=inspection).values_list("project", flat=True))
    assert there == {*second.picked, by_hand.pk}
    inspection.refresh_from_db()
    assert inspection.draw == second
    text = signed_in(city.users["leader"]).get(f"/inspections/{inspection.pk}/draws/").content.decode()
    assert text.count("重算结果一致") == 2
    assert first.seed in text
    services.move_inspection(by=city.actor("ins"), inspection=inspection, move="start")
    with pytest.raises(Conflict, match="开始之后不能再抽取"):
        draw(city, inspection, "再抽")


def test_a_changed_rule_is_drawn_anew_before_it_starts(people: City) -> None:
    city = people
    some(city, 4)
    inspection = plan(city)
    with pytest.raises(Blocked) as found:
        services.move_inspection(by=city.actor("ins"), inspection=inspection, move="start")
    assert len(found.value.reasons) == 2, "no subjects, no draw"
    draw(city, inspection)
    inspection.refresh_from_db()
    services.change_inspection(
        by=city.actor("ins"),
        inspection=inspection,
        version=inspection.version,
        values={"sample_size": 3},
        team=[],
    )
    with pytest.raises(Blocked) as found:
        services.move_inspection(by=city.actor("ins"), inspection=inspection, move="start")
    assert "抽样规则在抽取之后改过" in str(found.value.reasons[0])
    draw(city, inspection, "规则改过")
    inspection.refresh_from_db()
    services.move_inspection(by=city.actor("ins"), inspection=inspection, move="start")
    with pytest.raises(Conflict, match="不能再改"):
        services.change_inspection(
            by=city.actor("ins"), inspection=inspection, version=inspection.version, values={}, team=[]
        )


def test_nothing_to_draw_from_and_nonsense_are_refused(people: City) -> None:
    city = people
    with pytest.raises(Conflict, match="没有符合抽样条件"):
        draw(city, plan(city, condition={"field": "status", "op": "is", "value": "ended"}))
    for wrong, field in (
        ({"population": inspecting.UNITS}, "unit_kinds"), ({"unit_kinds": ["moon"]}, "unit_kinds"), ({"ends": today(-9)}, "ends"),
        ({"population": inspecting.NONE, "per_unit": True}, "per_unit"), ({"sample_by": "percent", "sample_size": 101}, "sample_size"),
        ({"condition": {"field": "nothing", "op": "is", "value": 1}}, "condition"), ({"starts": date(1900, 1, 1)}, "starts"),
        ({"sample_size": 0}, "sample_size"), ({"title": ""}, "title"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as found:
            plan(city, **wrong)
        assert field in found.value.fields, wrong
    with pytest.raises(Conflict, match="不抽样"):
        draw(city, plan(city, population=inspecting.NONE))
    with pytest.raises(Forbidden):
        services.plan_inspection(
            by=city.actor("own"),
            unit=city.jimei,
            values={"title": "x", "starts": today(), "ends": today(), "matter": "x"},
        )


def test_of_two_who_draw_at_once_one_is_told(transactional_db: None, city: City) -> None:
    for name in ("ins", "two"):
        city.users[name] = make_user(name, city.root, RUN, username=name)
    some(city, 6)
    inspection = plan(city)
    version = inspection.version
    done = at_once([
        lambda by=by: services.draw_sample(by=city.actor(by), inspection=Inspection.objects.get(pk=inspection.pk), version=version)
        for by in ("ins", "two")
    ])  # fmt: skip
    assert sorted(isinstance(item, DomainError) for item in done) == [False, True]
    assert Draw.objects.count() == 1
    assert Subject.objects.count() == 2


# --- visits, findings, orders ---------------------------------------------------------------------------------------


def test_subjects_by_hand_ask_for_a_reason_and_leave_only_before_the_start(people: City) -> None:
    city = people
    (project,) = some(city, 1)
    inspection = plan(city, population=inspecting.NONE)
    ins = city.actor("ins")
    with pytest.raises(Invalid, match="列入的原因"):
        services.add_subject(by=ins, inspection=inspection, project=project, reason=" ")
    with pytest.raises(Invalid, match="一个单位，或者一个项目"):
        services.add_subject(by=ins, inspection=inspection, reason="反映")
    added = services.add_subject(by=ins, inspection=inspection, project=project, reason="反映")
    with pytest.raises(Invalid, match="已经在督查对象中"):
        services.add_subject(by=ins, inspection=inspection, project=project, reason="反映")
    services.remove_subject(by=ins, subject=added, reason="改期")
    kept = services.add_subject(by=ins, inspection=inspection, unit=city.jimei, reason="抽查")
    services.move_inspection(by=ins, inspection=inspection, move="start")
    with pytest.raises(Conflict, match="不能再移除"):
        services.remove_subject(by=ins, subject=kept, reason="改期")
    drawn = plan(city)
    draw(city, drawn)
    with pytest.raises(Conflict, match="不能单独移除"):
        services.remove_subject(by=ins, subject=Subject.objects.get(inspection=drawn), reason="熟人")


def test_a_finding_shows_its_evidence_or_says_why_there_is_none(people: City) -> None:
    city, ins = people, people.actor("ins")
    inspection = under_way(city)
    (subject,) = Subject.objects.filter(inspection=inspection)
    with pytest.raises(Invalid, match="佐证材料") as found:
        find(city, subject, no_evidence=" ")
    assert set(found.value.fields) == {"evidence"}
    for wrong, field in (
        ({"severity": "?"}, "severity"),
        ({"found_date": today(1)}, "found_date"),
        ({"found_date": today(-6)}, "found_date"),
    ):
        with pytest.raises(Invalid) as found:
            find(city, subject, **wrong)
        assert field in found.value.fields
    finding = services.add_finding(
        by=ins, subject=subject, files=[(ContentFile(PDF, "照片.pdf"), "照片.pdf")],
        values={"what": "未开工", "severity": "general", "found_date": today(), "no_evidence": "忘了"},
    )  # fmt: skip
    assert (finding.number, finding.unit, finding.project, finding.no_evidence) == (
        1,
        city.jimei,
        subject.project,
        "",
    )
    (file,) = core.Attachment.objects.filter(object_type="meetings.finding", object_id=finding.pk)
    order(city, finding)
    with pytest.raises(Conflict, match="佐证材料不能撤下"):
        core.remove_file(by=ins, obj=finding, attachment=file, reason="换")
    with pytest.raises(ProtectedError):
        subject.delete()


@pytest.mark.clause("1.4")
def test_what_is_ordered_is_settled_when_its_duty_is_closed(people: City) -> None:
    city = people
    inspection = under_way(city)
    finding = find(city, Subject.objects.get(inspection=inspection))
    duty = order(city, finding)
    assert (duty.source_kind, duty.source_id, duty.set_unit, duty.lead_unit) == (
        "inspection",
        finding.pk,
        city.group,
        city.jimei,
    )
    with pytest.raises(Conflict):
        order(city, finding)
    ins = city.actor("ins")

    def outcome() -> str:
        (told,) = queries.findings_of(inspection, ins)
        (listed,) = queries.with_outcomes(Finding.objects.all(), timezone.localdate())
        assert listed.outcome == told.outcome
        return told.outcome

    assert outcome() == inspecting.GOING
    Duty.objects.filter(pk=duty.pk).update(due_date=today(-1))
    assert outcome() == inspecting.LATE
    Duty.objects.filter(pk=duty.pk).update(due_date=today(14))
    duty.refresh_from_db()
    duties.move_duty(by=city.actor("own"), duty=duty, move="accept")
    duties.submit_duty(
        by=city.actor("own"), duty=duty, result="已开工", files=[(ContentFile(PDF, "证.pdf"), "证.pdf")]
    )
    assert outcome() == inspecting.GOING
    duties.move_duty(by=ins, duty=duty, move="approve", reason="属实")
    assert outcome() == inspecting.SETTLED
    Duty.objects.filter(pk=duty.pk).update(state="cancelled")
    assert outcome() == inspecting.ORDERED


def test_findings_corrected_on_the_spot_or_withdrawn_ask_why(people: City) -> None:
    city, ins = people, people.actor("ins")
    inspection = under_way(city)
    subject = Subject.objects.get(inspection=inspection)
    first, second = find(city, subject), find(city, subject, "台账不全")
    for move in ("correct", "withdraw"):
        with pytest.raises(Invalid):
            services.move_finding(by=ins, finding=first, move=move, reason=" ")
    services.move_finding(by=ins, finding=first, move="correct", reason="当场补齐")
    services.move_finding(by=ins, finding=second, move="withdraw", reason="核实不成立")
    with pytest.raises(Invalid, match="六项"):
        services.move_finding(by=ins, finding=second, move="order")
    assert [told.outcome for told in queries.findings_of(inspection, ins)] == ["corrected", "withdrawn"]
    services.report_inspection(by=ins, inspection=inspection, conclusion="总体较好")
    with pytest.raises(Conflict, match="督查进行中"):
        find(city, Subject.objects.get(pk=subject.pk))


# --- the report -----------------------------------------------------------------------------------------------------


def words(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("word/document.xml").decode()


@pytest.mark.clause("1.4")
def test_the_report_waits_for_visits_and_findings_and_stays_as_written(people: City) -> None:
    city, ins = people, people.actor("ins")
    some(city, 2)
    inspection = plan(city)
    draw(city, inspection)
    inspection.refresh_from_db()
    services.move_inspection(by=ins, inspection=inspection, move="start")
    first, second = Subject.objects.filter(inspection=inspection)
    services.record_visit(by=ins, subject=first, visited_date=today(), note="进展正常")
    finding = find(city, first)
    with pytest.raises(Blocked) as found:
        services.report_inspection(by=ins, inspection=inspection, conclusion="好")
    assert [str(reason)[:8] for reason in found.value.reasons] == ["还有 1 个督查", "还有 1 个问题"]
    services.record_visit(by=ins, subject=second, visited_date=today(), note="停工")
    order(city, finding)
    with pytest.raises(Blocked, match="还不能"):
        services.move_inspection(by=ins, inspection=inspection, move="cancel", reason="不查了")
    with pytest.raises(Invalid, match="总体评价"):
        services.report_inspection(by=ins, inspection=inspection, conclusion=" ")
    planned = inspection.ends
    Inspection.objects.filter(pk=inspection.pk).update(starts=planned)
    inspection.refresh_from_db()
    with pytest.raises(Blocked, match="还不能"):
        services.report_inspection(by=ins, inspection=inspection, conclusion="好")
    Inspection.objects.filter(pk=inspection.pk).update(starts=today())
    inspection.refresh_from_db()
    assert "（稿）" in words(services.print_report(by=ins, inspection=inspection))
    services.report_inspection(by=ins, inspection=inspection, conclusion="总体<较好>")
    assert (inspection.state, inspection.reported_date) == ("reported", today())
    assert inspection.ends == today() < planned  # a report tells of no day that is still to come
    assert "ends" in Event.objects.get(verb="meetings.inspection.report").changes
    assert inspection.report is not None
    with inspection.report.stored.open("rb") as file:
        text = words(file.read())
    for part in (
        "未按期开工",
        f"于{chinese_date(today())}开展",  # one day is not told as a period
        "整改中 1 个",
        "随机抽取 2 个",
        "总体&lt;较好&gt;",
        "停工",
        inspection.draw.seed,
    ):  # type: ignore[union-attr]
        assert part in text, part
    assert not any(part in text for part in ("（督查组）", "（）", "（稿）"))
    with pytest.raises(Conflict, match="督查报告"):
        core.remove_file(by=ins, obj=inspection, attachment=inspection.report, reason="重写")
    duty = Duty.objects.get()
    Duty.objects.filter(pk=duty.pk).update(state="closed", submitted_date=today(), closed_date=today())
    assert "整改完成 1 个" in words(services.print_report(by=ins, inspection=inspection))


def test_a_filed_report_tells_nothing_of_a_sensitive_project(people: City) -> None:
    city, ins = people, people.actor("ins")
    inspection = under_way(city, secrecy="sensitive")
    finding = find(city, Subject.objects.get(inspection=inspection), "密钥泄露")
    duty = order(city, finding)
    assert duty.secrecy == "sensitive"
    services.report_inspection(by=ins, inspection=inspection, conclusion="好")
    assert inspection.report is not None
    with inspection.report.stored.open("rb") as file:
        text = words(file.read())
    assert "密钥泄露" not in text
    assert "敏感项目，内容见系统" in text
    assert "密钥泄露" in words(services.print_report(by=ins, inspection=inspection))
    page = signed_in(city.users["leader"]).get(inspection.get_absolute_url()).content.decode()
    assert "另有 1 个敏感项目" in page
    assert "密钥泄露" not in page
    assert not Finding.objects.permitted(city.actor("leader")).exists()
    assert not Finding.objects.permitted(city.actor("own")).exists(), "not cleared for it"


# --- who sees what --------------------------------------------------------------------------------------------------


def test_who_sees_and_does_what(people: City) -> None:
    """Truth table: inspectors everything, who looks over the city reads, an inspected unit its own findings, once told."""
    city = people
    inspection = under_way(city)
    subject = Subject.objects.get(inspection=inspection)
    told, waiting = find(city, subject), find(city, subject, "台账不全")
    order(city, told)
    whole = {
        "ins": (True, True),
        "two": (True, True),
        "leader": (True, False),
        "own": (False, False),
        "other": (False, False),
    }
    for name, (sees, runs) in whole.items():
        actor = city.actor(name)
        assert Inspection.objects.permitted(actor).exists() == sees, name
        assert Subject.objects.permitted(actor).exists() == (
            (sees and name != "leader") or name == "leader"
        ), name
        assert (actions_on(inspection, actor, {"run"}) == {"run"}) == runs, name
        assert (actions_on(waiting, actor, {"run"}) == {"run"}) == runs, name
        if not runs:
            with pytest.raises(Forbidden):
                services.move_finding(by=actor, finding=waiting, move="withdraw", reason="撤")
            with pytest.raises(Forbidden):
                services.record_visit(by=actor, subject=subject, visited_date=today(), note="x")
    assert set(Finding.objects.permitted(city.actor("own"))) == {told}
    assert not Finding.objects.permitted(city.actor("other")).exists()
    client = signed_in(city.users["own"])
    text = client.get("/inspections/findings/").content.decode()
    assert "未按期开工" in text
    assert "台账不全" not in text
    assert client.get(told.get_absolute_url()).status_code == 200
    assert client.get(waiting.get_absolute_url()).status_code == 404
    assert client.get(inspection.get_absolute_url()).status_code == 403
    services.move_finding(by=city.actor("ins"), finding=waiting, move="correct", reason="补齐")
    services.report_inspection(by=city.actor("ins"), inspection=inspection, conclusion="好")
    assert set(Finding.objects.permitted(city.actor("own"))) == {told, waiting}


def test_every_guard_of_the_tables_is_refused_once(people: City) -> None:
    city = people
    inspection = under_way(city)
    offers = {offer.move.name: offer.is_open for offer in INSPECTION.offers(inspection, city.actor("ins"))}
    assert offers == {"report": True, "cancel": True}
    finding = find(city, Subject.objects.get(inspection=inspection))
    Inspection.objects.filter(pk=inspection.pk).update(state="cancelled")
    finding = Finding.objects.get(pk=finding.pk)
    assert {offer.is_open for offer in FINDING.offers(finding, city.actor("ins"))} == {False}


# --- pages and API --------------------------------------------------------------------------------------------------


def test_the_pages_from_plan_to_report(people: City, django_assert_max_num_queries: Any) -> None:
    city = people
    some(city, 3)
    client = signed_in(city.users["ins"])
    sent = {
        "title": "履约<b>督查</b>", "unit": city.group.pk, "starts": today(-1), "ends": today(9), "matter": "履约", "population": "projects",
        "sample_size": 1, "sample_by": "count", "joined": "all", "field_1": "status", "op_1": "is", "value_1": "推进中",
        "team": [city.users["ins"].person.pk],
    }  # fmt: skip
    assert client.post("/inspections/new/", {**sent, "value_1": "火星"}).status_code == 422
    answer = client.post("/inspections/new/", sent)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    inspection = Inspection.objects.get()
    url = inspection.get_absolute_url()
    assert client.post(f"{url}draw/", {"version": 7}).status_code == 409
    assert client.post(f"{url}draw/", {"version": inspection.version}).status_code == 302
    inspection.refresh_from_db()
    edit = client.get(f"{url}edit/").content.decode()
    assert 'value="推进中' in edit
    assert (
        client.post(f"{url}edit/", {**sent, "version": inspection.version, "basis": "计划"}).status_code
        == 302
    )
    other = Project.objects.exclude(pk__in=inspection.draw.picked).first()  # type: ignore[union-attr]
    assert other is not None
    assert client.post(f"{url}subjects/add/", {"project": "没有", "reason": "反映"}).status_code == 422
    assert client.post(f"{url}subjects/add/", {"project": other.code, "reason": "反映"}).status_code == 302
    assert client.post(f"{url}moves/start/", {"reason": ""}).status_code == 302
    for subject in Subject.objects.all():
        visit = {"visited_date": today(), "note": "查看", "version": 1}
        assert client.post(f"/inspections/subjects/{subject.pk}/visit/", visit).status_code == 302
    found = {
        "what": "<script>未开工",
        "severity": "general",
        "found_date": today(),
        "evidence": SimpleUploadedFile("照片.pdf", PDF),
    }
    answer = client.post(f"/inspections/subjects/{Subject.objects.first().pk}/finding/", found)  # type: ignore[union-attr]
    finding = Finding.objects.get()
    assert answer["Location"] == finding.get_absolute_url()
    six = {
        "item": "整改",
        "target": "开工",
        "requirement": "倒排",
        "lead_unit": city.jimei.pk,
        "work_days": 10,
        "grade": "key",
        "version": 1,
    }
    assert (
        client.post(f"{finding.get_absolute_url()}order/", {**six, "due_date": today(9)}).status_code == 422
    )
    assert client.post(f"{finding.get_absolute_url()}order/", six).status_code == 302
    client.get(url)  # code tables, rules and the calendar are kept from now on
    with django_assert_max_num_queries(10):
        text = client.get(url).content.decode()
    assert "整改中" in text
    assert "<script>未开工" not in text
    with django_assert_max_num_queries(10):
        assert Duty.objects.get().number in client.get(finding.get_absolute_url()).content.decode()
    for path in ("/inspections/", "/inspections/findings/", f"{url}draws/"):
        with django_assert_max_num_queries(10):
            assert client.get(path).status_code == 200
    assert "未开工" in client.get("/inspections/findings/?outcome=going").content.decode()
    assert "未开工" not in client.get("/inspections/findings/?outcome=late").content.decode()
    inspection.refresh_from_db()
    assert client.get(f"{url}close/").status_code == 200
    assert client.post(f"{url}close/", {"conclusion": "好", "version": inspection.version}).status_code == 302
    paper = client.get(f"{url}paper/")
    assert paper.content[:2] == b"PK"  # type: ignore[attr-defined]
    assert client.get("/inspections/export/?format=csv").status_code == 200
    assert client.get("/inspections/findings/export/?format=csv").status_code == 200


def test_the_api_from_plan_to_report(people: City) -> None:
    city = people
    some(city, 2)
    client = signed_in(city.users["ins"])

    def post(path: str, body: dict[str, Any], version: int | None = None) -> Any:
        headers = {"If-Match": f'"{version}"'} if version else {}
        return client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

    made = post("inspections/", {
        "title": "督查", "unit": city.group.pk, "starts": str(today()), "ends": str(today(3)), "matter": "履约", "team": [],
        "population": "projects", "condition": {"field": "status", "op": "is", "value": "ongoing"}, "sample_size": 50, "sample_by": "percent",
    })  # fmt: skip
    assert made.status_code == 201, made.content
    key = made.json()["id"]
    assert post("inspections/", {**made.json(), "id": 1}).status_code == 422
    drawn = post(f"inspections/{key}/draw/", {}, 1)
    assert (drawn.status_code, len(drawn.json()["picked"])) == (200, 1), drawn.content
    assert post(f"inspections/{key}/draw/", {"reason": "x"}, 1).status_code == 409
    version = client.get(f"/api/v1/inspections/{key}/").json()["version"]
    assert post(f"inspections/{key}/moves/start/", {}, version).status_code == 200
    (subject,) = client.get(f"/api/v1/inspections/{key}/subjects/").json()["results"]
    visit = post(f"subjects/{subject['id']}/visit/", {"visited_date": str(today()), "note": "查看"}, 1)
    assert visit.status_code == 200, visit.content
    found = client.post(
        f"/api/v1/subjects/{subject['id']}/findings/",
        {"what": "未开工", "severity": "general", "found_date": str(today()), "no_evidence": "口头"},
    )
    assert found.status_code == 201, found.content
    finding = found.json()["id"]
    six = {
        "item": "整改",
        "target": "开工",
        "requirement": "倒排",
        "lead_unit": city.jimei.pk,
        "due_date": str(today(9)),
    }
    ordered = post(f"findings/{finding}/order/", six, 1)
    assert (ordered.status_code, ordered.json()["state"]) == (200, "ordered"), ordered.content
    assert client.get("/api/v1/findings/?outcome=going").json()["results"][0]["outcome"] == "going"
    version = client.get(f"/api/v1/inspections/{key}/").json()["version"]
    closed = post(f"inspections/{key}/close/", {"conclusion": "好"}, version)
    assert (closed.status_code, closed.json()["state"]) == (200, "reported"), closed.content
    assert signed_in(city.users["own"]).get(f"/api/v1/inspections/{key}/").status_code == 403
    assert len(signed_in(city.users["own"]).get("/api/v1/findings/").json()["results"]) == 1


def test_an_older_version_is_not_moved(people: City) -> None:
    inspection = under_way(people)
    with pytest.raises(Stale):
        services.move_inspection(
            by=people.actor("ins"), inspection=inspection, move="cancel", reason="x", version=1
        )


# --- who is told, and who finds it ----------------------------------------------------------------------------------


def test_an_inspection_waits_for_its_team_until_it_is_reported(people: City) -> None:
    def step(name: str, mine: bool = True) -> list[str]:
        found = waiting.waiting(people.actor(name), today(), 8, mine=mine)
        return [row["sub"] for item in found if item.kind.code == "inspections_to_run" for row in item.rows]

    team = [people.users["two"].person]
    some(people, 1)
    inspection = services.plan_inspection(
        by=people.actor("ins"), unit=people.group, team=team,
        values={"title": "履约督查", "starts": today(1), "ends": today(5), "matter": "履约", "population": "projects", "sample_size": 1},
    )  # fmt: skip
    told = Notice.objects.filter(
        owner=people.users["two"], event__verb="meetings.inspection.team_changed"
    ).get()
    assert told.why == services.TO_INSPECT
    assert step("two") == [], "it begins tomorrow"
    Inspection.objects.filter(pk=inspection.pk).update(starts=today(-1))
    assert step("two") == step("ins") == ["开始日期已到，请抽取或列入对象，开始督查"]
    assert step("own") == step("leader") == []
    draw(people, inspection)
    inspection.refresh_from_db()
    services.move_inspection(by=people.actor("ins"), inspection=inspection, move="start")
    assert step("two") == ["还有 1 个对象没有检查"]
    subject = Subject.objects.get()
    services.record_visit(by=people.actor("two"), subject=subject, visited_date=today(), note="停工")
    finding = find(people, subject)
    assert step("two") == ["还有 1 个问题没有处理"]
    services.move_finding(by=people.actor("ins"), finding=finding, move="correct", reason="当场复工")
    assert step("two") == ["对象都已检查，请写出督查报告"]
    third = make_user("third", people.root, RUN, username="third")
    people.users["third"] = third
    assert (step("third"), step("third", mine=False)) == ([], step("two")), (
        "not of the team, but of those who inspect"
    )
    inspection.refresh_from_db()
    services.report_inspection(by=people.actor("ins"), inspection=inspection, conclusion="较好")
    assert step("two") == step("ins") == []


@pytest.mark.clause("1.4")
def test_the_inspected_are_told_when_it_is_reported_and_not_before(people: City) -> None:
    """Nobody is told that he is drawn (四不两直); what is ordered comes with its duty, the report with every finding that stands."""
    inspection = under_way(people)
    subject = Subject.objects.get(inspection=inspection)
    ordered, withdrawn, corrected = (find(people, subject, what) for what in ("甲", "乙", "丙"))
    services.move_finding(by=people.actor("ins"), finding=withdrawn, move="withdraw", reason="不成立")
    services.move_finding(by=people.actor("ins"), finding=corrected, move="correct", reason="当场改")

    def told(name: str) -> list[tuple[str, str, int | None]]:
        found = Notice.objects.filter(owner=people.users[name]).order_by("pk")
        return [(notice.event.verb, notice.why, notice.event.object_id) for notice in found]

    assert told("own") == [], "neither of the draw nor of what is not dealt with"
    duty = order(people, ordered)
    assert [verb for verb, _why, _pk in told("own")] == ["duties.duty.set"]
    services.report_inspection(by=people.actor("ins"), inspection=inspection, conclusion="较好")
    reported = "meetings.finding.reported"
    assert told("own")[1:] == [
        (reported, services.TO_READ, ordered.pk),
        (reported, services.TO_READ, corrected.pk),
    ]
    assert told("other") == []
    assert duty.lead_unit == people.jimei


def test_the_search_finds_inspections_for_those_who_see_them(people: City) -> None:
    inspection = plan(people, title="营商承诺督查")
    for name, sees in (("ins", True), ("leader", True), ("own", False)):
        page = signed_in(people.users[name]).get("/search/", {"q": "营商承诺"}).content.decode()
        assert (inspection.get_absolute_url() in page) is sees, name
