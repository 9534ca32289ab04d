"""Closing the ledger: what it said up to a day stays, corrections count afterwards, and tampering is found."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from tests.factories import make_user, signed_in
from tests.factories.races import at_once
from tests.factories.reversals import reverse_entry
from tests.unit.projects.conftest import City
from yinfeng.core import appendonly
from yinfeng.core.errors import Forbidden, Invalid
from yinfeng.core.money import WAN
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import Books, Closing, Entry, Share
from yinfeng.projects.models.ledger import TABLES

pytestmark = pytest.mark.django_db

PERMISSIONS = ["projects.project.view", "projects.ledger.reverse", "projects.ledger.close"]


@pytest.fixture
def office(city: City) -> Any:
    city.users["office"] = make_user("市办", city.root, PERMISSIONS, username="office")
    return actor_for(city.users["office"])


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def up_to(day: date) -> Any:
    return queries.frozen(day)


@pytest.mark.clause("3.5.1")
def test_what_was_closed_stays_and_what_comes_later_counts_afterwards(city: City, office: Any) -> None:
    project = city.project(stages.NEGOTIATING)
    city.verified(project, happened_date=days_ago(9))
    closing = services.close_books(by=office, until=days_ago(5), note="上月")
    assert (closing.entries, closing.sums) == (1, {"signed": ["1", "40000000.00"]})
    before = up_to(days_ago(5))
    late = city.project(stages.NEGOTIATING)
    city.verified(late, happened_date=days_ago(7), yuan=Decimal(WAN * 1_000))
    entry = Entry.objects.get(project=late)
    assert (entry.happened_date, entry.booked_date) == (days_ago(7), days_ago(4))
    first = Entry.objects.get(project=project)
    undone = reverse_entry(by=office, entry=first, reason="重复")
    assert (undone.happened_date, undone.booked_date) == (days_ago(9), days_ago(4))
    assert up_to(days_ago(5)) == before
    assert list(queries.faults()) == []
    page = signed_in(city.users["office"]).get(f"/ledger/{entry.pk}/").content.decode()
    assert "此前已结账" in page
    narrowed = signed_in(city.users["office"]).get("/ledger/", {"booked_date_before": str(days_ago(5))})
    assert "签约 1 项 4,000 万元" in narrowed.content.decode()


def test_in_open_days_an_entry_counts_when_it_happened(city: City, office: Any) -> None:
    services.close_books(by=office, until=days_ago(30))
    project = city.project(stages.SIGNED)
    entry = Entry.objects.get(project=project)
    assert entry.booked_date == entry.happened_date
    undone = reverse_entry(by=office, entry=entry, reason="重复")
    assert undone.booked_date == entry.booked_date


@pytest.mark.parametrize("days", [0, -1])
def test_only_days_that_are_over_are_closed(city: City, office: Any, days: int) -> None:
    with pytest.raises(Invalid, match="昨天或更早"):
        services.close_books(by=office, until=days_ago(days))


def test_closing_goes_forward(city: City, office: Any) -> None:
    services.close_books(by=office, until=days_ago(5))
    for days in (5, 9):
        with pytest.raises(Invalid, match="已经结账至"):
            services.close_books(by=office, until=days_ago(days))
    services.close_books(by=office, until=days_ago(1))
    assert Closing.objects.count() == 2


@pytest.mark.parametrize(("person", "sees", "closes"), [
    ("office", True, True), ("district", False, False), ("erin", True, False), ("bob", False, False), ("charlie", False, False),
])  # fmt: skip
def test_who_sees_and_who_closes(city: City, office: Any, person: str, sees: bool, closes: bool) -> None:
    city.users["district"] = make_user("区办", city.jimei, PERMISSIONS, username="district")
    services.close_books(by=office, until=days_ago(40), note="年度结账")
    client = signed_in(city.users[person])
    assert ("年度结账" in client.get("/ledger/closings/").content.decode()) is sees
    answer = client.post("/ledger/closings/new/", {"until": str(days_ago(3)), "note": ""})
    assert (answer.status_code == 302) is closes
    assert Closing.objects.count() == 1 + closes
    by = city.actor(person)
    if not closes:
        with pytest.raises(Forbidden):
            services.close_books(by=by, until=days_ago(2))


@pytest.mark.parametrize(
    ("person", "status"), [("office", 201), ("district", 403), ("erin", 403), ("bob", 403)]
)
def test_who_closes_over_the_api(city: City, office: Any, person: str, status: int) -> None:
    city.users["district"] = make_user("区办", city.jimei, PERMISSIONS, username="district")
    client = signed_in(city.users[person])
    answer = client.post("/api/v1/closings/", {"until": str(days_ago(3))}, content_type="application/json")
    assert answer.status_code == status
    assert Closing.objects.count() == (status == 201)
    wrong = client.post("/api/v1/closings/", {"until": "0001-01-01"}, content_type="application/json")
    assert wrong.status_code == (422 if status == 201 else 403)


def test_a_change_of_closed_days_is_found(city: City, office: Any, capsys: Any) -> None:
    city.verified(city.project(stages.NEGOTIATING), happened_date=days_ago(9))
    services.close_books(by=office, until=days_ago(5))
    appendonly.install(connection, TABLES)
    call_command("ledger", "verify")
    appendonly.remove(connection)
    Share.objects.update(unit=city.huli)  # past every rule but this one
    assert [fault.sentence for fault in queries.faults()] == [
        f"结账至 {days_ago(5)} 的记录与结账时不同"
    ]  # fmt: skip
    with pytest.raises(CommandError):
        call_command("ledger", "verify")


def test_a_closing_or_the_books_changed_past_the_services_are_found(city: City, office: Any) -> None:
    city.verified(city.project(stages.NEGOTIATING), happened_date=days_ago(9))
    services.close_books(by=office, until=days_ago(5))
    services.close_books(by=office, until=days_ago(2))
    assert list(queries.faults()) == []
    Closing.objects.filter(until=days_ago(5)).update(sums={"signed": ["9", "1.00"]})
    assert [fault.sentence for fault in queries.faults()] == [f"结账至 {days_ago(5)} 的记录与结账时不同"]
    Closing.objects.filter(until=days_ago(2)).delete()
    Books.objects.update(closed_until=None)
    assert "账册的结账日期与结账记录不符" in [fault.sentence for fault in queries.faults()]
    late = city.project(stages.NEGOTIATING)
    city.verified(late, happened_date=days_ago(7))
    assert Entry.objects.get(project=late).booked_date == days_ago(4)  # the closing that is left holds


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_nothing_slips_into_days_that_are_being_closed(transactional_db: None, city: City) -> None:
    city.users["office"] = make_user("市办", city.root, PERMISSIONS, username="office")
    by = actor_for(city.users["office"])
    for turn in range(4, 0, -1):
        claims = [
            city.claim(city.project(stages.NEGOTIATING), happened_date=days_ago(turn + 1))
            for _each in range(2)
        ]
        at_once([
            lambda turn=turn: services.close_books(by=by, until=days_ago(turn)),
            *(lambda claim=claim: services.verify_claim(by=city.actor("charlie"), claim=claim) for claim in claims),
        ])  # fmt: skip
        assert Closing.objects.filter(until=days_ago(turn)).exists()
        assert list(queries.faults()) == []
    assert Entry.objects.count() == 8
