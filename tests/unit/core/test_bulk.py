"""Many rows at once are stored as one by one: every kind of value, their keys, versions that have moved on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
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
    arriving = bulk.Arriving()
    (key,) = arriving.insert(
        Enterprise, [{"name": "丙", "name_key": "丙", "city": HARD[:30]}], {"country": "CN"}
    )
    arriving.update(Enterprise, ["city"], [(rows[0].pk, 1, "新"), (rows[1].pk, 2, "新")])
    with arriving.working():
        done = "something else"
    assert (arriving.updated, done) == (1, "something else")
    assert dict(Enterprise.objects.values_list("name", "city")) == {"甲": "新", "乙": "旧", "丙": HARD[:30]}
    assert Enterprise.objects.get(name="丙").pk == key
    again = bulk.Arriving()

    def put_twice() -> None:
        again.insert(Enterprise, [{"name": "丙", "name_key": "丙"}], {"country": "CN"})
        with again.working():
            pass

    with pytest.raises(IntegrityError), transaction.atomic():
        put_twice()
    assert Enterprise.objects.count() == 3, "the connection goes on"
