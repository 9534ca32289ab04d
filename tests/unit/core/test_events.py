"""The event log: recorded with the act, sealed in batches, and every tampering found by name."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tests.factories import make_enterprise
from yinfeng.core import appendonly, events
from yinfeng.core.actors import system
from yinfeng.core.models import Event, Seal

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
BY = system("测试")

pytestmark = pytest.mark.django_db


def record(number: int) -> list[Event]:
    """Record ``number`` events about one enterprise."""
    firm = make_enterprise(f"演示{Event.objects.count()}有限公司")
    return [
        events.record(
            by=BY,
            verb="core.attachment.added",
            obj=firm,
            changes={"name": ("旧", "新")},
            data={"file": f"{index}.pdf"},
        )
        for index in range(number)
    ]


def faults() -> list[str]:
    return [fault.sentence for fault in events.verify().faults]


def test_an_untouched_log_verifies() -> None:
    record(3)
    first = events.seal(NOW)
    record(2)
    second = events.seal(NOW)
    audit = events.verify()
    assert first is not None
    assert second is not None
    assert second.previous_hash == first.hash
    assert (audit.seals, audit.events, audit.unsealed, audit.faults) == (2, 5, 0, ())
    assert events.seal(NOW) is None


def test_a_changed_row_is_named() -> None:
    rows = record(3)
    events.seal(NOW)
    Event.objects.filter(pk=rows[1].pk).update(note="后来加的")
    assert [fault.event for fault in events.verify().faults] == [rows[1].pk]


def test_a_removed_row_is_named() -> None:
    rows = record(3)
    events.seal(NOW)
    Event.objects.filter(pk=rows[2].pk).delete()
    assert [fault.event for fault in events.verify().faults] == [rows[2].pk]


def test_two_swapped_rows_are_named() -> None:
    rows = record(2)
    events.seal(NOW)
    first, second = rows
    Event.objects.filter(pk=first.pk).update(data=second.data)
    Event.objects.filter(pk=second.pk).update(data=first.data)
    assert [fault.event for fault in events.verify().faults] == [first.pk, second.pk]


def test_a_row_slipped_in_after_sealing_is_named() -> None:
    rows = record(3)
    middle = rows[1]
    Event.objects.filter(pk=middle.pk).delete()
    for _ in range(events.LOOK_BACK + 1):
        events.seal(NOW)
        record(1)
    events.seal(NOW)
    assert faults() == []
    middle.save(force_insert=True)
    assert [fault.event for fault in events.verify().faults] == [middle.pk]


def test_a_slow_transactions_row_goes_into_the_next_seal() -> None:
    rows = record(3)
    late = rows[1]
    Event.objects.filter(pk=late.pk).delete()
    events.seal(NOW)
    late.save(force_insert=True)
    sealed = events.seal(NOW)
    assert sealed is not None
    assert sealed.spans == [[late.pk, late.pk]]
    assert faults() == []


def test_a_rewritten_seal_breaks_the_chain() -> None:
    record(2)
    events.seal(NOW)
    record(2)
    events.seal(NOW)
    Seal.objects.filter(number=1).update(spans=[[1, 1]])
    assert any(fault.seal == 1 for fault in events.verify().faults)


def test_a_removed_seal_is_missed() -> None:
    for _ in range(3):
        record(1)
        events.seal(NOW)
    Seal.objects.filter(number=2).delete()
    assert any(fault.seal == 2 for fault in events.verify().faults)


def test_a_chain_rewritten_as_a_whole_lacks_the_noted_hash() -> None:
    record(1)
    noted = events.seal(NOW)
    assert noted is not None
    assert events.verify(noted.hash).faults == ()
    Seal.objects.all().delete()
    Event.objects.filter(pk__gt=0).update(note="改写")
    events.seal(NOW)
    assert faults() == []
    assert events.verify(noted.hash).faults != ()


def test_the_command_fails_on_a_fault() -> None:
    rows = record(1)
    call_command("audit", "seal")
    call_command("audit", "verify")
    Event.objects.filter(pk=rows[0].pk).update(actor_name="别人")
    with pytest.raises(CommandError):
        call_command("audit", "verify")


def test_the_database_refuses_changes_to_the_log() -> None:
    rows = record(1)
    events.seal(NOW)
    appendonly.install(connection)
    try:
        for act in (
            lambda: Event.objects.filter(pk=rows[0].pk).update(note="x"),
            lambda: Event.objects.filter(pk=rows[0].pk).delete(),
            lambda: Seal.objects.update(hash="x"),
        ):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                act()
    finally:
        appendonly.remove(connection)


def test_an_event_needs_a_verb_with_a_label() -> None:
    with pytest.raises(AssertionError, match="no label"):
        events.record(by=BY, verb="core.unheard.of", obj=make_enterprise("甲有限公司"))


@pytest.mark.parametrize("verb", sorted(events.verbs()))
def test_every_verb_is_app_noun_act(verb: str) -> None:
    assert len(verb.split(".")) >= 3


def test_what_no_database_stores_is_not_recorded() -> None:
    told = events.storable({"a\0": ["x\0y", "\ud800z", date(2026, 1, 2)]})
    assert told == {"a": ["xy", "z", "2026-01-02"]}
