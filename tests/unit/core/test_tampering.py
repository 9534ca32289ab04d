"""Somebody with the database's own password tampers with the event log: what ``audit verify`` says then (SECURITY 16.4.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests.factories import make_enterprise, make_unit, make_user
from yinfeng.core import appendonly, events
from yinfeng.core.models import Event, Seal
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def log() -> None:
    """Nine sealed events in three seals, two not sealed yet."""
    by, firm = actor_for(make_user("甲", make_unit("home"))), make_enterprise("测试企业有限公司")
    for number in range(11):
        events.record(by=by, verb="enterprises.enterprise.changed", obj=firm, note=f"第{number}条")
        if number % 3 == 2:
            assert events.seal(NOW) is not None
    assert events.verify().faults == ()


def run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def ids() -> list[int]:
    return list(Event.objects.order_by("id").values_list("id", flat=True))


@pytest.mark.parametrize(
    "spans",
    ["[[1, 1000000000000]]", "[[5, 1]]", '"x"', "[]", "null", '[["a", "b"]]', "{}", "[[1]]", "[[1.5, 2]]"],
)
def test_a_seal_whose_spans_were_rewritten_is_named_and_breaks_nothing(spans: str) -> None:
    run("UPDATE core_seal SET spans = %s WHERE number = 2", spans)
    faults = events.verify().faults
    assert any(fault.seal == 2 for fault in faults)
    assert all(fault.seal in {2, 3, None} for fault in faults)


def test_a_seal_whose_digests_were_cut_is_named() -> None:
    run("UPDATE core_seal SET digests = %s WHERE number = 2", b"")
    assert any(fault.seal == 2 for fault in events.verify().faults)


def test_a_seal_dated_otherwise_is_named() -> None:
    run("UPDATE core_seal SET sealed_at = %s WHERE number = 2", NOW - timedelta(days=30))
    assert any(fault.seal == 2 for fault in events.verify().faults)


@pytest.mark.parametrize(
    ("column", "value"),
    [("note", "别的"), ("actor_id", 99), ("actor_name", "乙"), ("at", NOW - timedelta(days=9)), ("object_id", 77),
     ("object_label", "别的"), ("data", '{"x": 1}'), ("changes", '{"a": [1, 2]}'), ("address", "10.0.0.9"), ("verb", "x")],
)  # fmt: skip
def test_whichever_column_is_changed_the_row_is_named(column: str, value: Any) -> None:
    victim = ids()[4]
    run(f"UPDATE core_event SET {column} = %s WHERE id = %s", value, victim)
    assert [fault.event for fault in events.verify().faults] == [victim]


def test_all_rows_of_the_middle_seal_are_missed_one_by_one() -> None:
    gone = ids()[3:6]
    run("DELETE FROM core_event WHERE id IN (%s, %s, %s)", *gone)
    assert [fault.event for fault in events.verify().faults] == gone


def test_an_id_that_was_changed_is_missed_and_found_as_a_stranger() -> None:
    victim = ids()[4]
    run("UPDATE core_event SET id = -5 WHERE id = %s", victim)
    assert {fault.event for fault in events.verify().faults} == {victim, -5}


def test_the_tail_cut_off_with_its_seal_is_missed_by_the_noted_value() -> None:
    noted = Seal.objects.get(number=3).hash
    run("DELETE FROM core_seal WHERE number = 3")
    run("DELETE FROM core_event WHERE id >= %s", ids()[6])
    assert events.verify().faults == ()  # nothing in the database knows of it any more
    assert len(events.verify(noted).faults) == 1


def test_the_log_is_not_emptied_at_a_stroke() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    appendonly.install(connection)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run("TRUNCATE core_event CASCADE")
    appendonly.remove(connection)
