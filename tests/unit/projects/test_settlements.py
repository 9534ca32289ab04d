"""The yearly settlement of a unit: both sides read the same, tax is owed, all else is credit, statistics may count it twice."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.factories.reversals import reverse_entry
from tests.unit.projects.conftest import HEAD, City
from tests.unit.projects.test_transfers import claim, days_ago, passed_on, people, signed_long_ago
from yinfeng.core.models import Rule
from yinfeng.core.money import WAN, Money
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Entry, Participation, Project, Transfer

pytestmark = pytest.mark.django_db
assert people
QUARTER: dict[str, Any] = {"percent": Decimal(25)}


def sheet(city: City, unit: Unit, by: str = "office") -> list[queries.SettlementLine]:
    return queries.year_settlement(unit.pk, timezone.localdate().year, city.actor(by))


def page(city: City, unit: Unit, by: str) -> str:
    answer = signed_in(city.users[by]).get("/transfers/settlement/", {"unit": unit.pk})
    assert answer.status_code == 200
    return answer.content.decode()


def shared(city: City, **terms: Any) -> Project:
    """Return a project passed on from 集美 to 湖里 for a quarter, registered and taxed 100 万元 since."""
    project = signed_long_ago(city)
    passed_on(city, project, days_ago(20), **QUARTER | terms)
    claim(city, project, stages.REGISTERED, happened_date=days_ago(10))
    claim(
        city,
        project,
        stages.TAX,
        key=str(timezone.localdate().year),
        happened_date=days_ago(5),
        yuan=Decimal(100 * WAN),
    )
    return project


@pytest.mark.clause("3.2.4")
def test_both_sides_read_who_owes_whom(people: City) -> None:
    shared(people)
    for unit, other, gives in ((people.huli, people.jimei, True), (people.jimei, people.huli, False)):
        tax = next(line for line in sheet(people, unit) if line.kind == stages.TAX)
        assert (tax.other, tax.gives, tax.base.amount, tax.ratio) == (other, gives, 100 * WAN, 25)
        assert (tax.own.amount, tax.others.amount) == (
            (75 * WAN, 25 * WAN) if gives else (25 * WAN, 75 * WAN)
        )
        assert tax.to_pay == (25 * WAN if gives else -25 * WAN)
        credit = next(line for line in sheet(people, unit) if line.kind == stages.REGISTERED)
        assert (credit.to_pay, credit.is_fiscal) == (0, False)
        assert credit.own.count == (Decimal("0.75") if gives else Decimal("0.25"))
        assert (
            sum(line.own.amount + line.others.amount - line.base.amount for line in sheet(people, unit)) == 0
        )
    for unit, by in ((people.jimei, "giver"), (people.huli, "taker"), (people.jimei, "office")):
        text = page(people, unit, by)
        assert "湖里区应划付集美区 25 万元" in text
        assert "只计业绩" in text
        assert ("应收 25 万元" if unit == people.jimei else "应划付 25 万元") in text
    assert (
        "湖里区应划付集美区 25 万元"
        in signed_in(people.users["giver"]).get(Transfer.objects.get().get_absolute_url()).content.decode()
    )


@pytest.mark.clause("3.2.4")
def test_statistics_may_count_both_in_full_beside_the_ledger(people: City) -> None:
    shared(people, statistics=stages.DOUBLE)
    lines = {line.kind: line for line in sheet(people, people.jimei)}
    credit, tax = lines[stages.REGISTERED], lines[stages.TAX]
    assert (credit.own.amount, credit.others.amount) == (1_000 * WAN, 3_000 * WAN), "the ledger is 1"
    assert (credit.counted.amount, credit.other_counted.amount) == (4_000 * WAN, 4_000 * WAN)
    assert (credit.counted.count, credit.other_counted.count) == (1, 1)
    assert (tax.counted.amount, tax.other_counted.amount) == (25 * WAN, 75 * WAN), "money is not doubled"
    text = page(people, people.jimei, "giver")
    assert "各单位份额之和始终是 1" in text
    assert "本单位 1 项 4,000 万元；对方 1 项 4,000 万元" in text
    assert [fault.sentence for fault in queries.faults()] == []


@pytest.mark.clause("3.2.4")
def test_what_counts_for_the_taker_alone_is_shown_with_the_reason(people: City) -> None:
    with mock.patch("django.utils.timezone.now", return_value=timezone.now() - timedelta(days=100)):
        project = people.project(stages.NEGOTIATING)
    transfer = passed_on(people, project, days_ago(20), statistics=stages.SINGLE)
    claim(people, project, stages.SIGNED, happened_date=days_ago(10))
    for unit in (people.jimei, people.huli):
        (line,) = sheet(people, unit)
        assert (line.base.amount, line.ratio, line.why) == (4_000 * WAN, 0, "统计方式是“只计承接单位”")
        assert "不分成：统计方式是“只计承接单位”" in page(people, unit, "office")
    text = signed_in(people.users["giver"]).get(transfer.get_absolute_url()).content.decode()
    assert "4,000 万元，其中集美区 0 万元，湖里区 4,000 万元（不分成：统计方式是“只计承接单位”）" in text
    assert "还没有业绩" not in text


def test_introducers_have_credit_and_rewards_are_taken_off_first(people: City) -> None:
    Rule.objects.create(
        kind="share", key="introducer", valid_from=date(2019, 4, 28), source="示例", data={"percent": 30}
    )
    project = signed_long_ago(people)
    third = make_unit("tongan", parent=people.root, name="同安区")
    Participation.objects.create(project=project, unit=third, part=stages.INTRODUCER)
    passed_on(people, project, days_ago(20), base=stages.NET_TAX, **QUARTER)
    claim(people, project, stages.REGISTERED, happened_date=days_ago(10))
    claim(
        people, project, stages.TAX, key=str(timezone.localdate().year), happened_date=days_ago(5), yuan=Decimal(100 * WAN),
        rewards=Money.of(Decimal("33.3333"), "wan"),
    )  # fmt: skip
    (credit,) = sheet(people, third)
    assert (credit.part, credit.other, credit.ratio, credit.own.amount, credit.to_pay) == (
        stages.INTRODUCER, people.huli, 30, 1_200 * WAN, 0,
    )  # fmt: skip
    lines = {(line.kind, line.other.pk): line for line in sheet(people, people.huli)}
    assert lines[stages.REGISTERED, third.pk].others.amount == 1_200 * WAN
    assert lines[stages.REGISTERED, people.jimei.pk].why == "分成范围是“地方留成税收减已兑现奖补”"
    tax = lines[stages.TAX, people.jimei.pk]
    assert (tax.rewards, tax.to_pay, tax.ratio) == (Decimal(333_333), Decimal("166666.75"), 25)
    assert "湖里区应划付集美区 16.666675 万元" in page(people, people.huli, "taker"), "to the cent"


def test_totals_are_of_all_projects_however_few_are_listed(people: City) -> None:
    """What the database adds up of shares by rule is what the lines come to, beside projects that were passed on."""
    Rule.objects.create(
        kind="share", key="introducer", valid_from=date(2019, 4, 28), source="示例", data={"percent": 30}
    )
    third = make_unit("tongan", parent=people.root, name="同安区")
    for _turn in range(3):
        project = people.project(stages.NEGOTIATING)
        Participation.objects.create(project=project, unit=third, part=stages.INTRODUCER)
        for kind in (stages.SIGNED, stages.REGISTERED):
            services.verify_claim(by=people.actor("charlie"), claim=people.claim(project, kind))
            project.refresh_from_db()
    passed = signed_long_ago(people)
    Participation.objects.create(project=passed, unit=third, part=stages.INTRODUCER)
    passed_on(people, passed, days_ago(20), **QUARTER)
    claim(people, passed, stages.REGISTERED, happened_date=days_ago(10))
    by, year = people.actor("office"), timezone.localdate().year

    def told(found: list[queries.SettlementTotal]) -> list[tuple[Any, ...]]:
        return [
            (total.other.brief, total.kind, total.base, total.own, total.others, total.counted, total.other_counted)
            for total in found
        ]  # fmt: skip

    for unit in (people.jimei, people.huli, third):
        lines = queries.year_settlement(unit.pk, year, by)
        few, all_ = (queries.year_sheet(unit.pk, year, by, most) for most in (1, 9))
        assert told(few.totals) == told(all_.totals) == told(queries.totals(lines))
        assert (few.is_cut, all_.is_cut) == (unit != people.huli, False)
        assert all_.lines == lines
    assert len({line.project for line in queries.year_sheet(third.pk, year, by, 1).lines}) == 2, "one by rule"


def test_what_was_reversed_is_not_owed_and_who_keeps_nothing_owes_all(people: City) -> None:
    shared(people, percent=Decimal(100))
    tax = next(line for line in sheet(people, people.jimei) if line.kind == stages.TAX)
    assert (tax.other, tax.to_pay, tax.others.amount) == (people.huli, -100 * WAN, 0)
    reverse_entry(by=people.actor("office"), entry=Entry.objects.get(kind=stages.TAX), reason="金额有误")
    assert {line.kind for line in sheet(people, people.jimei)} == {stages.REGISTERED}
    assert {line.kind for line in sheet(people, people.huli)} == {stages.REGISTERED}


def test_two_units_that_owe_each_other_are_set_off(people: City) -> None:
    shared(people)
    lines = sheet(people, people.huli)
    owed = next(line for line in lines if line.is_fiscal)
    back = replace(owed, gives=False, own=queries.Figures(10 * WAN), others=queries.Figures(90 * WAN))
    (total,) = (item for item in queries.totals([*lines, back]) if item.kind == stages.TAX)
    assert (total.pays, total.receives) == (25 * WAN, 10 * WAN)


def test_settlements_are_seen_in_ones_reach_alone(people: City) -> None:
    project = shared(people)
    for by, unit, status in (
        ("giver", people.jimei, 200), ("giver", people.huli, 404), ("stranger", people.jimei, 404), ("office", people.huli, 200),
    ):  # fmt: skip
        client = signed_in(people.users[by])
        assert client.get("/transfers/settlement/", {"unit": unit.pk}).status_code == status, (by, unit)
    year, client = timezone.localdate().year, signed_in(people.users["giver"])
    told = client.get("/api/v1/transfers/settlement/", {"unit": people.jimei.pk, "year": year}).json()
    assert [(line["kind"], line["to_pay"], line["own"]["amount"]) for line in told] == [
        (stages.REGISTERED, "0.00", "10000000.00"), (stages.TAX, "-250000.00", "250000.00"),
    ]  # fmt: skip
    asked = {"unit": people.huli.pk, "year": year}
    assert client.get("/api/v1/transfers/settlement/", asked).status_code == 404
    Project.objects.filter(pk=project.pk).update(secrecy=stages.SENSITIVE)
    assert sheet(people, people.jimei, "giver") == []
    empty = signed_in(people.users["stranger"]).get("/transfers/settlement/").content.decode()
    assert "没有与其他单位结算的内容" in empty
    assert "先看在办的流转" in empty
    client = signed_in(people.users["giver"])
    for odd in (
        {"unit": "x", "year": "x"},
        {"year": "0"},
        {"unit": "-1"},
        {"unit": "9" * 30},
        {"year": "2020"},
    ):
        assert client.get("/transfers/settlement/", odd).status_code == 200, odd


def test_files_say_the_same_to_the_cent_and_pages_ask_ten_times_at_most(people: City) -> None:
    project = shared(people)
    shared(people)
    people.users["exporter"] = make_user("exporter", people.jimei, HEAD, username="exporter")
    client, asked = signed_in(people.users["exporter"]), {"unit": people.jimei.pk}
    answer = client.get("/transfers/settlement/export/", {**asked, "format": "xlsx"})
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    cells = [cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row]
    assert project.name in cells
    assert cells.count(25) >= 2, "万元 receivable, of each project"
    about = [cell for row in book.worksheets[-1].iter_rows(values_only=True) for cell in row]
    assert "湖里区应划付集美区 50 万元" in [*cells, *about]
    answer = client.get("/transfers/settlement/export/", {**asked, "format": "docx"})
    document = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).read("word/document.xml")
    text = "".join(ET.fromstring(document).itertext())
    assert "湖里区应划付集美区 50 万元" in text
    assert "25 万元" in text
    assert "各单位份额之和始终是 1" in text
    assert signed_in(people.users["stranger"]).get("/transfers/settlement/export/", asked).status_code in {
        403,
        404,
    }
    client.get("/notices/")
    for path in ("/transfers/settlement/", "/transfers/", f"/units/{people.jimei.pk}/projects/"):
        with CaptureQueriesContext(connection) as queried:
            text = client.get(path).content.decode()
        assert "/transfers/settlement/" in text
        assert len(queried) <= 10, (path, len(queried))


def test_a_term_that_is_over_is_told(people: City) -> None:
    project = signed_long_ago(people, days=1200)
    passed_on(people, project, days_ago(800), years=1)
    claim(people, project, stages.REGISTERED, happened_date=timezone.localdate() - timedelta(days=1))
    (line,) = sheet(people, people.jimei)
    assert line.why == "认定时不在分成年限内"
