"""Many rows at once are stored as one by one: every kind of value, their keys, versions that have moved on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.forms.models import model_to_dict

from tests.factories import make_unit
from yinfeng.core import bulk
from yinfeng.core.models import Event
from yinfeng.enterprises.models import Contact, Enterprise

pytestmark = pytest.mark.django_db
HARD = "a\tb\\n\nc\\N\"d'e{f},g😀𠮷\r\x1f"


def firm(name: str, **more: Any) -> Enterprise:
    return Enterprise(name=name, name_key=name, country="CN", **more)


def test_rows_are_stored_as_one_by_one() -> None:
    values: dict[str, Any] = {
        "city": HARD[:30], "capital": Decimal("12345678901234.56"), "founded_date": date(1899, 12, 31), "staff": 0,
        "scope_of_business": HARD, "uscc": None, "is_demo": True,
    }  # fmt: skip
    one, many = firm("甲", **values), firm("乙", **values)
    one.save()
    bulk.insert([many])
    assert many.pk > one.pk
    stored = Enterprise.objects.get(name="乙")
    left_out = {"name", "name_key"}
    assert model_to_dict(stored, exclude=["id", *left_out]) == model_to_dict(
        Enterprise.objects.get(name="甲"), exclude=["id", *left_out]
    )
    assert (stored.version, stored.created_at, stored.updated_at) == (1, many.created_at, many.created_at)
    later = firm("丙")
    later.save()
    assert later.pk > many.pk


def test_texts_are_encrypted_and_json_is_json() -> None:
    unit = make_unit("home")
    owner = firm("甲")
    owner.save()
    contact = Contact(enterprise=owner, name="某人", phone="13900000000", unit=unit)
    bulk.insert([contact])
    assert Contact.objects.get().phone == "13900000000"
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM enterprises_contact")
        assert "1390000" not in cursor.fetchone()[0]
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    event = Event(
        at=moment,
        verb="x",
        source="web",
        changes={HARD: [None, 1.5]},
        data={"a": ["b", True]},
        object_type="y",
    )
    bulk.insert([event])
    stored = Event.objects.get()
    assert (stored.at, stored.changes, stored.data) == (moment, {HARD: [None, 1.5]}, {"a": ["b", True]})
    assert Event.objects.filter(data__a__0="b").exists()


def test_nothing_is_nothing() -> None:
    bulk.insert([])
    assert bulk.update(Enterprise, ["city"], []) == 0


def test_only_rows_at_their_version_are_changed() -> None:
    rows = [firm(name, city="旧") for name in "甲乙丙"]
    bulk.insert(rows)
    changes = [
        (row.pk, 7 if row.name == "乙" else 1, HARD[:30], Decimal("1.5"), date(2026, 1, 2)) for row in rows
    ]
    assert bulk.update(Enterprise, ["city", "capital", "verified_date"], changes) == 2
    found = {row.name: row for row in Enterprise.objects.all()}
    assert (found["乙"].city, found["乙"].version) == ("旧", 1)
    assert (found["甲"].city, found["甲"].version, found["甲"].capital) == (HARD[:30], 2, Decimal("1.50"))
    assert found["丙"].verified_date == date(2026, 1, 2)
    assert found["丙"].updated_at > rows[2].updated_at
    assert bulk.update(Enterprise, ["city"], [(rows[0].pk, 2, "新")]) == 1


def test_a_row_that_is_there_already_is_djangos_error() -> None:
    """Whoever writes rows takes them again on an IntegrityError, not on the driver's own."""
    bulk.insert([Enterprise(name="示例甲有限公司", name_key="示例甲有限公司")])
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert([Enterprise(name="示例甲 有限公司", name_key="示例甲有限公司")])


def test_rows_are_written_while_something_else_is_done() -> None:
    rows = [firm(name, city="旧") for name in "甲乙"]
    bulk.insert(rows)
    (key,) = bulk.new_keys(Enterprise, 1)
    with bulk.arriving() as arriving:
        arriving.insert(
            Enterprise, [key], [{"name": "丙", "name_key": "丙", "city": HARD[:30]}], {"country": "CN"}
        )
        arriving.update(Enterprise, ["city"], [(rows[0].pk, 1, "新"), (rows[1].pk, 2, "新")])
        done = "something else"
    assert (arriving.updated, done) == (1, "something else")
    assert dict(Enterprise.objects.values_list("name", "city")) == {"甲": "新", "乙": "旧", "丙": HARD[:30]}
    assert Enterprise.objects.get(name="丙").pk == key

    def put_twice() -> None:
        keys = bulk.new_keys(Enterprise, 1)
        with bulk.arriving() as again:
            again.insert(Enterprise, keys, [{"name": "丙", "name_key": "丙"}], {"country": "CN"})

    with pytest.raises(IntegrityError), transaction.atomic():
        put_twice()
    assert Enterprise.objects.count() == 3, "the connection goes on"


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite knows no lengths")
def test_what_does_not_fit_is_refused_not_cut_off() -> None:
    keys = bulk.new_keys(Enterprise, 1)
    with pytest.raises(DataError), transaction.atomic(), bulk.arriving() as arriving:
        arriving.insert(
            Enterprise, keys, [{"name": "甲", "name_key": "甲", "city": "x" * 1000}], {"country": "CN"}
        )
    assert not Enterprise.objects.exists()


def test_each_kind_of_value_arrives() -> None:
    keys = bulk.new_keys(Enterprise, 2)
    rows = [
        {"name": "甲", "name_key": "甲", "capital": Decimal("1234567890.12"), "founded_date": date(1899, 12, 31)},
        {"name": 'NULL"\\', "name_key": "乙", "scope_of_business": HARD, "uscc": None, "is_demo": True, "staff": 0},
    ]  # fmt: skip
    events = bulk.new_keys(Event, 1)
    with bulk.arriving() as arriving:
        arriving.insert(Enterprise, keys, rows, {"country": "CN"})
        told = {"changes": {HARD: [None, 1.5]}, "object_label": "NULL"}
        same = {
            "at": datetime(2026, 1, 2, tzinfo=UTC), "verb": "x", "source": "web", "data": {"a": [HARD]}, "object_type": "y",
        }  # fmt: skip
        arriving.insert(Event, events, [told], same)
    one, other = Enterprise.objects.order_by("pk")
    assert (one.capital, one.founded_date, one.uscc, one.city) == (
        Decimal("1234567890.12"),
        date(1899, 12, 31),
        None,
        "",
    )
    assert (other.name, other.scope_of_business, other.is_demo, other.staff, other.capital) == (
        'NULL"\\',
        HARD,
        True,
        0,
        None,
    )
    event = Event.objects.get(pk=events[0])
    assert (event.changes, event.data, event.object_label) == ({HARD: [None, 1.5]}, {"a": [HARD]}, "NULL")


def test_questions_are_answered_while_something_else_is_done() -> None:
    bulk.insert([firm("甲", capital=Decimal("1.5")), firm("乙")])
    done: list[str] = []
    names, none, capitals = bulk.asked(
        Enterprise.objects.order_by("pk").values_list("name"),
        Enterprise.objects.filter(name__among=[]).values_list("pk"),
        Enterprise.objects.filter(name__among=["甲", HARD]).values_list("capital"),
        meanwhile=lambda: done.append("something else"),
    )
    assert (names, none, capitals) == ([("甲",), ("乙",)], [], [(Decimal("1.50"),)])
    assert done == ["something else"]
