"""The achievement ledger: recognised once, shared to the last cent, corrected by reversal, never edited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import grant, make_project, make_unit, make_user, signed_in
from tests.factories.races import at_once
from tests.factories.reversals import checker, reverse_entry
from tests.unit.projects.conftest import City
from yinfeng.core import appendonly, tables
from yinfeng.core.errors import Blocked, Conflict, DomainError, Forbidden, Invalid
from yinfeng.core.models import Attachment, Event, Notice, Rule
from yinfeng.core.money import WAN
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import WHOLE, Claim, Entry, Participation, Project, Reversal, Share
from yinfeng.projects.models.ledger import TABLES

REVERSE = "projects.ledger.reverse"


def three_tenths() -> None:
    Rule.objects.create(
        kind="share", key="introducer", valid_from=date(2019, 4, 28), source="集美区招商引资项目管理暂行办法",
        data={"percent": 30},
    )  # fmt: skip


def office(city: City) -> Any:
    """Return the actor who may reverse, everywhere."""
    user = city.users.get("office") or make_user("市办", city.root, ["projects.project.view", REVERSE])
    city.users["office"] = user
    return actor_for(user)


def shares_of(entry: Entry) -> dict[str, tuple[str, int, Decimal]]:
    rows = entry.shares.select_related("unit")
    return {row.unit.name: (row.part, row.millionths, row.amount) for row in rows}


def totals() -> tuple[Decimal, Decimal]:
    """Return how many projects and how much all entries come to, whatever their kind."""
    sums = queries.by_kind(Entry.objects.all()).values()
    return Decimal(sum(item.count for item in sums)), Decimal(sum(item.amount for item in sums))


def totals_of_units() -> dict[int, tuple[Decimal, Decimal]]:
    """Return the same of each unit's shares."""
    units = Share.objects.order_by().values_list("unit", flat=True).distinct()
    found = {unit: queries.by_kind_of(Entry.objects.all(), unit).values() for unit in units}
    return {
        unit: (Decimal(sum(item.count for item in sums)), Decimal(sum(item.amount for item in sums)))
        for unit, sums in found.items()
    }


def no_faults() -> bool:
    return [fault.sentence for fault in queries.faults()] == []


def introduced(city: City, *units: Unit) -> Project:
    project = city.project(stages.NEGOTIATING)
    for unit in units:
        Participation.objects.create(project=project, unit=unit, part=stages.INTRODUCER)
    return project


# --- recognising --------------------------------------------------------------------------------------------------


@pytest.mark.clause("3.5.1")
@pytest.mark.django_db
def test_a_verified_signing_is_in_the_ledger_with_its_contract(city: City) -> None:
    project = introduced(city)
    claim = city.claim(project)
    assert not Entry.objects.exists()
    services.verify_claim(by=city.actor("charlie"), claim=claim)
    entry = Entry.objects.get()
    assert (entry.project, entry.kind, entry.count, entry.amount) == (project, "signed", 1, 4_000 * WAN)
    assert (entry.evidence, entry.happened_date) == (claim.evidence, claim.happened_date)
    assert entry.recognised_by == city.users["charlie"]
    assert shares_of(entry) == {"集美区": ("host", WHOLE, Decimal(4_000 * WAN))}
    assert no_faults()


@pytest.mark.clause("3.2.4")
@pytest.mark.django_db
def test_without_an_agreement_who_introduced_has_three_tenths(city: City) -> None:
    """集美区招商引资项目管理暂行办法 (FACTS §1.4): 无共享协议按三七分成引资额."""
    three_tenths()
    project = introduced(city, city.huli)
    claim = city.claim(project)
    page = signed_in(city.users["charlie"]).get(f"/claims/{claim.pk}/verify/").content.decode()
    assert "业绩记入台账，归属：集美区 70%、湖里区 30%。" in page
    services.verify_claim(by=city.actor("charlie"), claim=claim)
    assert shares_of(Entry.objects.get()) == {
        "集美区": ("host", 700_000, Decimal(2_800 * WAN)), "湖里区": ("introducer", 300_000, Decimal(1_200 * WAN)),
    }  # fmt: skip
    assert no_faults()


@pytest.mark.clause("3.5.1")
@pytest.mark.django_db
def test_a_unit_of_the_city_that_won_it_with_the_district_has_half_beside_the_introducer(city: City) -> None:
    """市区联动, 招商方:落地方 5:5 (宁德市 2017, FACTS §1.5); who introduced it keeps his three tenths, and nobody shares twice."""
    three_tenths()
    Rule.objects.create(
        kind="share",
        key="linkage",
        valid_from=date(2019, 4, 28),
        source="宁德市 2017 年办法",
        data={"percent": 50},
    )
    project, by = introduced(city, city.huli), city.actor("bob")
    with pytest.raises(Invalid, match="市区联动单位是与区一起招商的市级单位"):
        services.add_unit(by=by, project=project, unit=city.huli, part=stages.LINKED)
    services.add_unit(by=by, project=project, unit=city.group, part=stages.LINKED)
    claim = city.claim(project)
    with pytest.raises(Conflict, match="市区联动单位暂不能增减"):
        services.add_unit(by=by, project=project, unit=city.root, part=stages.LINKED)
    services.verify_claim(by=city.actor("charlie"), claim=claim)
    assert {unit: (part, share) for unit, (part, share, _yuan) in shares_of(Entry.objects.get()).items()} == {
        "集美区": ("host", 200_000), "湖里区": ("introducer", 300_000), city.group.name: ("linked", 500_000),
    }  # fmt: skip
    client, address = signed_in(city.users["bob"]), f"/files/{claim.evidence_id}/remove/"
    form = client.get(f"/projects/{project.pk}/units/add/").content.decode()
    assert "引荐单位共得 30%，市区联动单位共得 50%。" in form
    page = client.get(Entry.objects.get().get_absolute_url()).content.decode()
    assert "引荐单位按分成规则共得 30%；市区联动单位按分成规则共得 50%" in page
    assert address not in client.get(project.get_absolute_url()).content.decode()
    refused = client.post(address, {"reason": "误传"})
    assert refused.status_code == 409
    assert "业绩已核验入账，证明材料不能撤下" in refused.content.decode()
    assert no_faults()


@pytest.mark.django_db
def test_who_introduced_it_stays_while_the_signing_is_verified(city: City) -> None:
    three_tenths()
    project = introduced(city, city.huli)
    part = project.participations.get(part=stages.INTRODUCER)
    claim = city.claim(project)
    by = city.actor("bob")
    with pytest.raises(Conflict, match="引荐单位暂不能增减"):
        services.remove_unit(by=by, project=project, pk=part.pk, reason="不再引荐")
    with pytest.raises(Conflict, match="引荐单位暂不能增减"):
        services.add_unit(by=by, project=project, unit=city.group, part=stages.INTRODUCER)
    services.refute_claim(by=city.actor("charlie"), claim=claim, reason="金额不符")
    services.remove_unit(by=by, project=project, pk=part.pk, reason="不再引荐")


@pytest.mark.django_db
def test_an_amount_that_no_city_has_is_refused_and_breaks_no_page(city: City) -> None:
    """SQLite read 9,999,999,999,999,999.99 back with an error: every page that showed it failed."""
    project = city.project(stages.NEGOTIATING)
    much = Decimal("9999999999999999.99")
    with pytest.raises(Invalid) as refused:
        city.claim(project, yuan=much, confirmed=True)
    assert "10 万亿元" in str(refused.value.fields["amount"])
    project.refresh_from_db()
    city.verified(project, yuan=Decimal(10) ** 13, confirmed=True)
    assert totals()[1] == Decimal(10) ** 13
    assert signed_in(city.users["erin"]).get("/").status_code == 200


@pytest.mark.django_db
def test_an_introducer_that_is_the_host_is_not_counted_twice(city: City) -> None:
    three_tenths()
    project = introduced(city, city.jimei)
    services.verify_claim(by=city.actor("charlie"), claim=city.claim(project))
    assert shares_of(Entry.objects.get()) == {"集美区": ("host", WHOLE, Decimal(4_000 * WAN))}


@pytest.mark.parametrize(
    ("introducers", "percent", "expected"),
    [
        ([], 30, [(1, "host", WHOLE)]),
        ([2], 0, [(1, "host", WHOLE)]),
        ([2], -5, [(1, "host", WHOLE)]),
        ([2], 130, [(2, "introducer", WHOLE)]),
        ([2], 30, [(1, "host", 700_000), (2, "introducer", 300_000)]),
        ([2, 3], 50, [(1, "host", 500_000), (2, "introducer", 250_000), (3, "introducer", 250_000)]),
        (
            [2, 3, 4],
            100,
            [(2, "introducer", 333_334), (3, "introducer", 333_333), (4, "introducer", 333_333)],
        ),
    ],
)
def test_shares_by_rule(introducers: list[int], percent: int, expected: list[tuple[int, str, int]]) -> None:
    parts = queries.split(1, "host", [("introducer", introducers, percent)])
    assert [(part.unit, part.part, part.millionths) for part in parts] == expected


UNITS = st.lists(st.integers(2, 40), unique=True, max_size=7)


@given(
    introducers=UNITS,
    linked=UNITS,
    percents=st.tuples(st.integers(0, 100), st.integers(0, 100)),
    cents=st.integers(0, 10**15),
)
def test_shares_are_the_whole_whatever_is_shared(
    introducers: list[int], linked: list[int], percents: tuple[int, int], cents: int
) -> None:
    parts = queries.split(
        1, "host", [("introducer", introducers, percents[0]), ("linked", linked, percents[1])]
    )
    assert sum(part.millionths for part in parts) == WHOLE
    assert len({part.unit for part in parts}) == len(parts)
    assert all(part.millionths > 0 for part in parts)
    amount = Decimal(cents) / 100
    yuan = queries.amounts(amount, parts)
    assert sum(yuan) == amount
    for part, own in zip(parts, yuan, strict=True):
        assert abs(own - amount * part.millionths / WHOLE) <= Decimal("0.01") * len(parts)


@pytest.mark.django_db
def test_a_project_is_signed_once_in_the_ledger(city: City) -> None:
    project = city.project(stages.SIGNED)
    entry = Entry.objects.get(project=project)
    assert entry.claim is not None
    with pytest.raises(Conflict, match="已经认定过"):
        services.recognise(by=city.actor("dora"), claim=entry.claim)
    assert Entry.objects.count() == 1


# --- reversing ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_entry_is_taken_out_by_its_opposite_and_both_stay(city: City) -> None:
    three_tenths()
    project = introduced(city, city.huli)
    services.verify_claim(by=city.actor("charlie"), claim=city.claim(project))
    entry = Entry.objects.get()
    opposite = reverse_entry(by=office(city), entry=entry, reason="合同解除")
    assert (opposite.count, opposite.amount, opposite.reverses) == (-1, -entry.amount, entry)
    assert totals() == (0, 0)
    assert set(totals_of_units().values()) == {(0, 0)}
    told = Event.objects.get(verb="projects.project.entry_reversed")
    assert (told.object_id, told.note) == (project.pk, "合同解除")
    again = reverse_entry(by=office(city), entry=opposite, reason="冲错了")
    assert totals() == (1, entry.amount)
    assert queries.standing(list(Entry.objects.all())) == {again.pk}
    assert no_faults()


@pytest.mark.django_db
def test_reversing_asks_for_a_reason_the_right_and_an_entry_that_stands(city: City) -> None:
    entry = Entry.objects.get(project=city.project(stages.SIGNED))
    with pytest.raises(Invalid, match="原因"):
        reverse_entry(by=office(city), entry=entry, reason=" ")
    for person in ("charlie", "dora", "erin"):
        with pytest.raises(Forbidden):
            reverse_entry(by=city.actor(person), entry=entry, reason="不该算")
    reverse_entry(by=office(city), entry=entry, reason="重复")
    with pytest.raises(Conflict, match="已经冲销过"):
        reverse_entry(by=office(city), entry=entry, reason="重复")
    client = signed_in(city.users["office"])
    for answer in (
        client.get(f"/ledger/{entry.pk}/reverse/"),
        client.post(
            f"/api/v1/ledger/{entry.pk}/reverse/", {"reason": "重复"}, content_type="application/json"
        ),
    ):
        assert answer.status_code == 409
        assert "已经冲销过" in answer.content.decode()
    assert Entry.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("person", "sees", "reverses"),
    [("bob", True, False), ("charlie", True, False), ("dora", True, False), ("erin", True, False), ("alice", False, False),
     ("stranger", False, False), ("office", True, True), ("districts_office", True, True), ("others_office", False, False),
     ("approvers_office", True, False)],
)  # fmt: skip
def test_person_by_entry_by_act(city: City, person: str, sees: bool, reverses: bool) -> None:
    project = city.project(stages.SIGNED)
    entry = Entry.objects.get(project=project)
    office(city)
    approver = make_unit("approver", parent=city.root, name="审批单位")
    Participation.objects.create(project=project, unit=approver, part=stages.APPROVER)
    for name, unit in (
        ("districts_office", city.jimei),
        ("others_office", city.huli),
        ("approvers_office", approver),
    ):
        city.users[name] = make_user(name, unit, ["projects.project.view", REVERSE], username=name)
    by, client = actor_for(city.users[person]), signed_in(city.users[person])
    assert Entry.objects.permitted(by).filter(pk=entry.pk).exists() is sees
    assert Entry.objects.permitted(by, "reverse").filter(pk=entry.pk).exists() is reverses
    assert not Entry.objects.permitted(by, "change").exists()
    assert (project.name in client.get("/ledger/").content.decode()) is sees
    address = f"/ledger/{entry.pk}/reverse/"
    assert (client.get(f"/projects/{project.pk}/").status_code == 200) is sees
    page = client.get(f"/ledger/{entry.pk}/")
    assert (page.status_code == 200) is sees
    assert (address in page.content.decode()) is reverses
    assert (client.get(address).status_code == 200) is reverses
    posted = client.post(address, {"reason": "合同解除"}).status_code
    assert (posted == 302) is reverses
    assert Entry.objects.count() == 1, "another confirms it first"
    assert Reversal.objects.count() == reverses
    asked = Reversal.objects.first() or services.ask_reversal(by=office(city), entry=entry, reason="合同解除")
    verifies = person in {"charlie", "dora"}
    answer = client.post(f"/ledger/reversals/{asked.pk}/approve/", {"reason": ""}).status_code
    assert answer == (302 if verifies else 403 if sees else 404)
    assert Entry.objects.count() == 1 + verifies


@pytest.mark.django_db
def test_an_entry_is_reversed_by_two_people(city: City) -> None:
    """One proposes, another who verifies confirms or refuses; in closed books nothing changes and both are told so."""
    project = city.project(stages.SIGNED)
    entry = Entry.objects.get(project=project)
    city.users["both"] = make_user(
        "市办核验", city.root, ["projects.project.view", "projects.project.verify", REVERSE, "projects.ledger.close"], username="both"
    )  # fmt: skip
    both, head = city.actor("both"), city.actor("charlie")
    services.close_books(by=both, until=entry.happened_date)
    reversal = services.ask_reversal(by=both, entry=entry, reason="合同解除")
    assert totals() == (1, entry.amount), "nothing changes before it is confirmed"
    assert Notice.objects.filter(owner=city.users["charlie"], event__verb="projects.project.reversal_asked")
    with pytest.raises(Conflict, match="已有一份冲销申请"):
        services.ask_reversal(by=office(city), entry=entry, reason="重复")
    for act in (services.approve_reversal, lambda **given: services.refuse_reversal(**given, reason="不")):
        with pytest.raises(Blocked) as refused:
            act(by=both, reversal=reversal)
        assert "申请人以外" in refused.value.reasons[0]
    with pytest.raises(Blocked):
        services.withdraw_reversal(by=office(city), reversal=reversal)
    client = signed_in(city.users["charlie"])
    page = client.get(f"/ledger/{entry.pk}/").content.decode()
    for text in ("待确认", "合同解除", "已结账期间的数字不变", f"/ledger/reversals/{reversal.pk}/approve/"):
        assert text in page
    assert "待我确认的冲销" in client.get("/").content.decode()
    assert "冲销待确认" in client.get(f"/projects/{project.pk}/").content.decode()
    assert "已结账期间的数字不变" in client.get(f"/ledger/reversals/{reversal.pk}/approve/").content.decode()
    with pytest.raises(Invalid, match="原因"):
        services.refuse_reversal(by=head, reversal=reversal, reason=" ")
    services.refuse_reversal(by=head, reversal=reversal, reason="合同仍有效")
    assert Notice.objects.filter(owner=city.users["both"], event__verb="projects.project.reversal_refused")
    services.withdraw_reversal(
        by=both, reversal=services.ask_reversal(by=both, entry=entry, reason="再看"), note="不办了"
    )
    again = services.ask_reversal(by=both, entry=entry, reason="合同确已解除")
    assert client.post(f"/ledger/reversals/{again.pk}/approve/", {"reason": "属实"}).status_code == 302
    opposite = Entry.objects.get(reverses=entry)
    assert (opposite.recognised_by, opposite.reason) == (city.users["charlie"], "合同确已解除")
    assert opposite.booked_date == entry.happened_date + timedelta(days=1)
    told = signed_in(city.users["both"]).get(f"/ledger/{entry.pk}/").content.decode()
    for text in ("合同仍有效", "未同意", "已撤回", "已确认"):
        assert text in told
    assert no_faults()
    Reversal.objects.filter(pk=again.pk).update(decided_by=city.users["dora"])
    assert [fault.sentence for fault in queries.faults()] == ["没有另一人确认的冲销申请"]
    api = signed_in(city.users["bob"]).get("/api/v1/reversals/?state=refused").json()
    assert [row["finding"] for row in api["results"]] == ["合同仍有效"]


# --- the pages ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_list_says_what_it_comes_to(city: City) -> None:
    three_tenths()
    for units in ((), (city.huli,)):
        project = introduced(city, *units)
        services.verify_claim(by=city.actor("charlie"), claim=city.claim(project))
    client = signed_in(city.users["erin"])
    page = client.get("/ledger/").content.decode()
    assert "净计：签约 2 项 8,000 万元" in page
    assert "集美区 70%（2,800 万元）、湖里区 30%（1,200 万元）" in page
    assert f'value="{city.huli.pk}"' in page
    of_huli = client.get("/ledger/", {"unit": city.huli.pk}).content.decode()
    assert "该单位份额：签约 0.3 项 1,200 万元" in of_huli
    assert "第1个项目" not in of_huli
    assert client.get("/ledger/", {"happened_date_before": "2019-01-01"}).content.decode().count("<tr") <= 1
    assert "导出" not in page  # she may look, not take away
    assert client.get("/ledger/export/", {"format": "csv"}).status_code == 403
    taken = signed_in(city.users["charlie"]).get("/ledger/export/", {"format": "csv"})
    lines = b"".join(taken.streaming_content).decode("utf-8-sig").strip().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3
    assert "集美区 70%（2,800 万元）、湖里区 30%（1,200 万元）" in lines[1] + lines[2]


@pytest.mark.django_db
def test_the_sums_are_of_all_pages_and_of_what_the_filters_leave(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "PAGE_ROWS", 1)
    three_tenths()
    for units in ((), (city.huli,), ()):
        project = introduced(city, *units)
        services.verify_claim(by=city.actor("charlie"), claim=city.claim(project))
    client = signed_in(city.users["erin"])
    assert "共 3 条 · 净计：签约 3 项 1.2 亿元" in client.get("/ledger/").content.decode()
    assert "净计：签约 1 项 4,000 万元" in client.get("/ledger/", {"q": project.code}).content.decode()
    assert (
        "该单位份额：签约 0.3 项 1,200 万元"
        in client.get("/ledger/", {"unit": city.huli.pk}).content.decode()
    )


@pytest.mark.django_db
def test_pages_ask_few_questions(city: City, django_assert_max_num_queries: Any) -> None:
    three_tenths()
    for _turn in range(3):
        project = introduced(city, city.huli)
        services.verify_claim(by=city.actor("charlie"), claim=city.claim(project))
    client = signed_in(city.users["erin"])
    client.get(f"/projects/{project.pk}/")  # codes and rules are kept for a minute
    entry = Entry.objects.first()
    assert entry is not None
    for address in (
        "/ledger/",
        f"/ledger/?unit={city.huli.pk}&q=项目",
        f"/ledger/{entry.pk}/",
        f"/projects/{project.pk}/",
    ):
        with django_assert_max_num_queries(10):
            assert client.get(address).status_code == 200


@pytest.mark.django_db
def test_an_entrys_page_tells_whose_it_is_and_what_became_of_it(city: City) -> None:
    three_tenths()
    project = introduced(city, city.huli)
    services.verify_claim(by=city.actor("charlie"), claim=city.claim(project))
    entry = Entry.objects.get()
    client = signed_in(city.users["erin"])
    assert (
        f"/ledger/?q={project.code}&amp;kind=signed"
        in client.get(f"/projects/{project.pk}/").content.decode()
    )
    assert f"/ledger/{entry.pk}/" in client.get("/ledger/", {"q": project.code}).content.decode()
    page = client.get(f"/ledger/{entry.pk}/").content.decode()
    for text in ("有效", "70% · 2,800 万元", "30% · 1,200 万元", "合同文本.pdf", "charlie"):
        assert text in page
    opposite = reverse_entry(by=office(city), entry=entry, reason="合同解除")
    page = client.get(f"/ledger/{entry.pk}/").content.decode()
    for text in ("已冲销", "合同解除", f"/ledger/{opposite.pk}/", "-4,000 万元"):
        assert text in page
    assert (
        f"/ledger/{entry.pk}/reverse/"
        not in signed_in(city.users["office"]).get(f"/ledger/{entry.pk}/").content.decode()
    )
    listed = client.get("/ledger/").content.decode()
    assert "签约（已冲销）" in listed
    assert "冲销：签约" in listed
    assert "撤销这次冲销" in signed_in(city.users["office"]).get(f"/ledger/{opposite.pk}/").content.decode()
    undoing = signed_in(city.users["office"]).get(f"/ledger/{opposite.pk}/reverse/").content.decode()
    for text in ("撤销冲销", "冲销：签约", "份额随之恢复", "前面的记录都不改不删"):
        assert text in undoing
    assert "冲销了业绩记录" in client.get(f"/projects/{project.pk}/").content.decode()


@pytest.mark.django_db
def test_who_ends_a_signed_project_is_told_that_its_entry_stays(city: City) -> None:
    client = signed_in(city.users["charlie"])
    for stage, told in ((stages.SIGNED, True), (stages.NEGOTIATING, False)):
        page = client.get(f"/projects/{city.project(stage).pk}/moves/end/").content.decode()
        assert ("不会自动冲销" in page) is told
        assert "完成后状态：终止" in page
    moved = signed_in(city.users["bob"]).get(f"/projects/{city.project().pk}/moves/intend/").content.decode()
    assert "完成后阶段：意向" in moved


# --- proof --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_database_refuses_to_change_what_was_entered(city: City) -> None:
    entry = Entry.objects.get(project=city.project(stages.SIGNED))
    appendonly.install(connection, ["projects_entry", "projects_share"])
    try:
        for act in (
            lambda: Entry.objects.filter(pk=entry.pk).update(amount=1),
            lambda: Share.objects.filter(entry=entry).update(amount=1),
            lambda: Share.objects.filter(entry=entry).delete(),
        ):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                act()
    finally:
        appendonly.remove(connection)


@pytest.mark.django_db
def test_verify_names_every_entry_that_breaks_a_rule(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    """Break each rule past the services (the triggers are off here) and see it named."""
    entries = [Entry.objects.get(project=city.project(stages.SIGNED)) for _turn in range(9)]
    reversal = reverse_entry(by=office(city), entry=entries[5], reason="重复")
    with pytest.raises(CommandError):  # nothing keeps anybody from changing it
        call_command("ledger", "verify")
    assert "projects_entry_no_update" in capsys.readouterr().err
    appendonly.install(connection, TABLES)
    appendonly.install(connection, TABLES)
    call_command("ledger", "verify")
    assert "各单位之和等于合计" in capsys.readouterr().out
    appendonly.remove(connection)
    Share.objects.filter(entry=entries[0]).update(millionths=999_999)
    Share.objects.filter(entry=entries[1]).update(amount=1)
    Attachment.objects.filter(pk=entries[2].evidence_id).update(removed_at=entries[2].recognised_at)
    Entry.objects.filter(pk=entries[3].pk).update(recognised_by=city.users["bob"])
    Entry.objects.filter(pk=reversal.pk).update(happened_date=date(2020, 1, 1))
    Share.objects.filter(entry=reversal).update(unit=city.huli)
    for rows in (Entry.objects.filter(pk=entries[6].pk), Share.objects.filter(entry=entries[6])):
        rows.update(amount=5)
    Entry.objects.filter(pk=entries[7].pk).update(claim=None)
    lost = entries[8].claim_id
    Share.objects.filter(entry=entries[8]).delete()
    Entry.objects.filter(pk=entries[8].pk).delete()
    found = {(fault.entry, fault.sentence) for fault in queries.faults()}
    assert found == {
        (entries[0].pk, "各单位份额之和不是 1"), (entries[1].pk, "各单位金额之和不等于记录的金额"), (entries[1].pk, "单位的金额与份额不符"),
        (entries[2].pk, "依据已被撤下"), (entries[3].pk, "与核验通过的业绩申报不相符"),
        (entries[3].pk, "申报和认定是同一个人"),
        (reversal.pk, "冲销与原记录不相符"), (reversal.pk, "冲销的份额与原记录不同"),
        (entries[6].pk, "与核验通过的业绩申报不相符"), (entries[6].pk, "项目的合同投资额与台账不符"), (entries[7].pk, "没有核验通过的业绩申报"),
        (0, f"业绩申报 {entries[7].claim_id} 已核验，台账没有记录"), (0, f"业绩申报 {lost} 已核验，台账没有记录"),
    }  # fmt: skip
    assert Claim.objects.get(pk=lost).state == "verified"
    with pytest.raises(CommandError):
        call_command("ledger", "verify")


@pytest.mark.django_db
def test_each_way_around_the_sums_is_found(city: City) -> None:
    """Moved in time, moved between units, or taken away with all that told of it: each alone is named."""
    three_tenths()
    project = introduced(city, city.huli)
    entry = Entry.objects.get(claim=city.verified(project))
    host, introducer = entry.shares.order_by("-millionths")
    undone = Entry.objects.get(project=city.project(stages.SIGNED))
    reversal = reverse_entry(by=office(city), entry=undone, reason="重复")
    assert no_faults()
    one, shares = Entry.objects.filter(pk=entry.pk), Share.objects.filter(entry=entry)
    later = timezone.localdate() + timedelta(days=400)

    def trade(field: str) -> None:
        for row, other in ((host, introducer), (introducer, host)):
            shares.filter(pk=row.pk).update(**{field: getattr(other, field)})

    def remove(row: Entry) -> None:
        Share.objects.filter(entry=row).delete()
        Entry.objects.filter(pk=row.pk).delete()

    def remove_all() -> None:
        remove(entry)
        Claim.objects.filter(pk=entry.claim_id).delete()

    ways: list[tuple[Callable[[], Any], tuple[int, str]]] = [
        (lambda: one.update(booked_date=later), (entry.pk, "入账日期与发生日期、结账不符")),
        (lambda: Entry.objects.filter(pk=reversal.pk).update(booked_date=later), (reversal.pk, "入账日期与发生日期、结账不符")),
        (lambda: trade("amount"), (entry.pk, "单位的金额与份额不符")),
        (lambda: trade("millionths"), (entry.pk, "单位的金额与份额不符")),
        (lambda: remove(reversal), (undone.pk, "记录已冲销，冲销的记录不在了")),
        (remove_all, (0, f"业绩申报 {entry.claim_id} 已核验，申报和记录都不在了")),
    ]  # fmt: skip
    for act, told in ways:
        with transaction.atomic():
            act()
            assert told in {(fault.entry, fault.sentence) for fault in queries.faults()}, told
            transaction.set_rollback(True)
    assert no_faults()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sign"), st.integers(0, 3), st.integers(1, 10**13)),
        st.tuples(st.just("reverse"), st.integers(0, 30), st.just(0)),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@pytest.mark.django_db(transaction=True)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, percent=st.integers(0, 100))
def test_whatever_is_entered_and_reversed_the_ledger_is_right(
    city: City, steps: list[Any], percent: int
) -> None:
    with transaction.atomic():
        Rule.objects.create(
            kind="share",
            key="introducer",
            valid_from=date(2019, 4, 28),
            source="示例",
            data={"percent": percent},
        )
        city.users.pop("office", None)  # the one of the example before was rolled back with it
        by, head = office(city), city.actor("charlie")
        units = [make_unit(f"u{number}", parent=city.root, name=f"第{number}引荐单位") for number in range(3)]
        evidence = Attachment.objects.create(
            object_type="projects.project",
            object_id=1,
            name="合同.pdf",
            kind="contract",
            size=1,
            sha256="0" * 64,
        )
        net: dict[int, Decimal] = {}
        for act, number, cents in steps:
            if act == "sign":
                amount = Decimal(cents) / 100
                project = make_project(
                    "示例项目", city.jimei, city.users["bob"], stage="signed", signed_date=date(2026, 5, 1), contracted=amount,
                )  # fmt: skip
                for unit in units[:number]:
                    Participation.objects.create(project=project, unit=unit, part=stages.INTRODUCER)
                claim = Claim.objects.create(
                    project=project, happened_date=date(2026, 5, 1), amount=amount, amount_original=amount,
                    evidence=evidence, entered_by=city.users["bob"], state="verified", verified_by=city.users["charlie"],
                )  # fmt: skip
                services.recognise(by=head, claim=claim)
                net[project.pk] = amount
            elif net:
                chosen = list(Entry.objects.order_by("pk"))[number % Entry.objects.count()]
                try:
                    with transaction.atomic():
                        done = reverse_entry(by=by, entry=chosen, reason="核对")
                except DomainError:
                    assert Entry.objects.filter(reverses=chosen).exists()
                else:
                    net[chosen.project_id] += done.amount
            assert no_faults()
            count, amount = totals()
            assert amount == sum(net.values())
            parts = totals_of_units().values()
            assert (sum(part[0] for part in parts), sum(part[1] for part in parts)) == (count, amount)
        transaction.set_rollback(True)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_entry_is_reversed_once(transactional_db: None, city: City) -> None:
    entry = Entry.objects.get(project=city.project(stages.SIGNED))
    office(city)
    other = make_user("市办二", city.root, ["projects.project.view"])
    grant(other, city.root, [REVERSE])
    people = [actor_for(city.users["office"]), actor_for(other)] * 2
    rows = [Entry.objects.get(pk=entry.pk) for _person in people]
    results = at_once(
        [
            lambda by=by, row=row: services.ask_reversal(by=by, entry=row, reason="重复")
            for by, row in zip(people, rows, strict=True)
        ]
    )
    assert sum(isinstance(result, DomainError) for result in results) == 3
    asked = Reversal.objects.get(entry=entry)
    deciding = [city.actor("charlie"), city.actor("dora"), checker(), checker()]
    results = at_once(
        [
            lambda by=by: services.approve_reversal(by=by, reversal=Reversal.objects.get(pk=asked.pk))
            for by in deciding[:3]
        ]
        + [
            lambda: services.refuse_reversal(
                by=deciding[3], reversal=Reversal.objects.get(pk=asked.pk), reason="没有错"
            )
        ]
    )
    assert sum(isinstance(result, DomainError) for result in results) == 3
    asked.refresh_from_db()
    if asked.state == stages.REFUSED:
        assert Entry.objects.count() == 1
        reverse_entry(by=people[0], entry=entry, reason="确实重复")
    assert Entry.objects.count() == 2
    assert no_faults()
