"""Two people, or two clocks, at the same moment: one wins, the other is told. Real threads, real connections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.factories.races import at_once
from tests.unit.duties.conftest import City, moment, pdf, told
from yinfeng.core.errors import DomainError
from yinfeng.core.models import Event, Notice
from yinfeng.duties import services, terms
from yinfeng.duties.models import Duty, DutyPart, Extension, Reminder, Serial
from yinfeng.orgs import services as orgs
from yinfeng.orgs.models import Unit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
TURNS = 4


@pytest.fixture
def city(transactional_db: None, city: City) -> City:
    """The same city with its rows committed, for other connections to see."""
    return city


def refusals(results: list[Any]) -> int:
    return sum(isinstance(result, DomainError) for result in results)


def moving(city: City, duty: Duty, *moves: tuple[str, str]) -> list[Callable[[], Any]]:
    """Return the moves of several people who all see the duty as it is now."""
    acts: list[Callable[[], Any]] = []
    for name, move in moves:
        by, row = city.actor(name), Duty.objects.get(pk=duty.pk)
        acts.append(
            lambda by=by, row=row, move=move: services.move_duty(by=by, duty=row, move=move, reason="理由")
        )
    return acts


@pytest.mark.clause("3.5.3")
def test_of_two_reviewers_at_once_one_decides(city: City) -> None:
    for other in ("approve", "reject"):
        duty = city.duty(terms.SUBMITTED)
        results = at_once(moving(city, duty, ("olga", "approve"), ("otto", other)))
        assert refusals(results) == 1
        verbs = [f"duties.duty.{move}" for move in ("approve", "reject")]
        event = Event.objects.get(object_id=duty.pk, verb__in=verbs)
        duty.refresh_from_db()
        assert duty.state == (terms.CLOSED if event.verb.endswith("approve") else terms.WORKING)
        assert told(duty, event.verb.rsplit(".", 1)[1]) == {"carl", "cora"}
    # the control: two who do not decide about the same both do
    one, two = city.duty(terms.SUBMITTED), city.duty(terms.SUBMITTED)
    assert (
        refusals(at_once([*moving(city, one, ("olga", "approve")), *moving(city, two, ("otto", "approve"))]))
        == 0
    )


def test_what_is_taken_back_is_not_approved_at_once(city: City) -> None:
    for _turn in range(TURNS):
        duty = city.duty(terms.SUBMITTED)
        assert refusals(at_once(moving(city, duty, ("olga", "approve"), ("cora", "take_back")))) == 1
        duty.refresh_from_db()
        assert (duty.state == terms.CLOSED) == (duty.closed_date is not None)


def test_an_extension_is_granted_once(city: City) -> None:
    duty = city.duty(terms.WORKING)
    extension = city.ask(duty, date(2026, 9, 30))

    def grant(name: str, until: date) -> Callable[[], Any]:
        by, row = city.actor(name), Extension.objects.get(pk=extension.pk)
        return lambda: services.grant_extension(by=by, extension=row, until=until)

    results = at_once([grant("olga", date(2026, 9, 28)), grant("otto", date(2026, 9, 30))])
    assert refusals(results) == 1
    duty.refresh_from_db()
    extension.refresh_from_db()
    assert (duty.extensions, duty.due_date) == (1, extension.granted_until)


def test_an_extension_is_not_asked_for_what_is_submitted_at_once(city: City) -> None:
    for _turn in range(TURNS):
        duty = city.duty(terms.WORKING)
        carl, cora = city.actor("carl"), city.actor("cora")
        rows = [Duty.objects.get(pk=duty.pk) for _row in range(2)]
        results = at_once([
            lambda by=carl, row=rows[0]: services.submit_duty(by=by, duty=row, result="已办结", files=(pdf(),)),
            lambda by=cora, row=rows[1]: services.ask_extension(by=by, duty=row, until=date(2026, 9, 30), reason="理由"),
        ])  # fmt: skip
        assert refusals(results) == 1
        duty.refresh_from_db()
        assert (duty.state == terms.SUBMITTED) != Extension.objects.filter(duty=duty).exists()


def test_a_part_is_not_set_while_the_whole_is_submitted(city: City) -> None:
    for _turn in range(TURNS):
        duty = city.duty(terms.WORKING)
        carl = city.actor("carl")
        rows = [Duty.objects.get(pk=duty.pk) for _row in range(2)]
        results = at_once([
            lambda by=carl, row=rows[0]: services.submit_duty(by=by, duty=row, result="已办结", files=(pdf(),)),
            lambda row=rows[1]: city.part(row),
        ])  # fmt: skip
        assert refusals(results) == 1
        duty.refresh_from_db()
        assert (duty.state == terms.SUBMITTED) != Duty.objects.filter(parent=duty).exists()


def test_two_clocks_and_a_person_send_a_reminder_once(city: City) -> None:
    duties = [city.duty() for _turn in range(3)]
    city.on(date(2026, 9, 23))
    olga = city.actor("olga")
    row = Duty.objects.get(pk=duties[0].pk)
    at_once([
        lambda: services.remind(moment(date(2026, 9, 23))), lambda: services.remind(moment(date(2026, 9, 23))),
        lambda: services.issue_reminder(by=olga, duty=row, level=terms.URGE, reason="请抓紧"),
    ])  # fmt: skip
    services.remind(moment(date(2026, 9, 23)))
    assert Reminder.objects.count() == Event.objects.filter(verb="duties.duty.urged").count() == 3
    assert sorted(row.number for row in Reminder.objects.all()) == [f"测催〔2026〕{n}号" for n in (1, 2, 3)]
    assert Notice.objects.filter(event__verb="duties.duty.urged").count() == 6


def test_numbers_have_neither_a_gap_nor_a_double(city: City) -> None:
    by, office = city.actor("olga"), city.units["office"]
    results = at_once([
        lambda turn=turn: services.set_duty(
            by=by, six=city.six(due_date=date(2026, 9, 11 if turn % 3 == 2 else 22)), origin=services.Origin(terms.OTHER), set_unit=office,
        )
        for turn in range(9)
    ])  # fmt: skip
    assert refusals(results) == 3
    assert sorted(Duty.objects.values_list("number", flat=True)) == [f"DB-2026-{n:05}" for n in range(1, 7)]
    assert Serial.objects.get(series="duty").last == 6


@pytest.mark.clause("3.5.3")
def test_a_unit_is_not_closed_and_given_a_duty_at_once(city: City) -> None:
    erin, olga = city.actor("erin"), city.actor("olga")
    for turn in range(TURNS):
        Unit.objects.create(
            code=f"unit-{turn}",
            kind="government",
            name=f"第{turn}局",
            parent=city.units["root"],
            path=f"/xm/unit-{turn}/",
        )
        rows = [Unit.objects.get(code=f"unit-{turn}") for _row in range(2)]
        results = at_once([
            lambda row=rows[0]: orgs.close_unit(by=erin, unit=row, day=date(2026, 9, 14), reason="机构改革"),
            lambda row=rows[1]: services.set_duty(
                by=olga, six=city.six(lead_unit=row), origin=services.Origin(terms.OTHER), set_unit=city.units["office"]
            ),
        ])  # fmt: skip
        assert refusals(results) == 1, results
        rows[0].refresh_from_db()
        assert (rows[0].valid_to is None) == Duty.objects.filter(lead_unit=rows[0]).exists()


def test_a_unit_is_merged_while_it_is_given_a_duty_and_owes_nothing_afterwards(city: City) -> None:
    erin, olga, into = city.actor("erin"), city.actor("olga"), city.units["science"]
    for turn in range(TURNS):
        Unit.objects.create(
            code=f"unit-{turn}",
            kind="government",
            name=f"第{turn}局",
            parent=city.units["root"],
            path=f"/xm/unit-{turn}/",
        )
        rows = [Unit.objects.get(code=f"unit-{turn}") for _row in range(2)]
        results = at_once([
            lambda row=rows[0]: orgs.close_unit(by=erin, unit=row, day=date(2026, 9, 14), reason="机构改革", into=into),
            lambda row=rows[1]: services.set_duty(
                by=olga, six=city.six(lead_unit=row), origin=services.Origin(terms.OTHER), set_unit=city.units["office"]
            ),
        ])  # fmt: skip
        assert refusals(results[:1]) == 0, results
        assert not Duty.objects.filter(lead_unit=rows[0]).exists()
    for duty in Duty.objects.all():
        assert DutyPart.objects.get(duty=duty, part=terms.LEAD).unit_id == duty.lead_unit_id == into.pk


def test_of_two_who_hand_a_duty_over_at_once_one_does(city: City) -> None:
    for _turn in range(TURNS):
        duty = city.duty(terms.WORKING)
        acts = []
        for name, unit in (("olga", "science"), ("otto", "finance")):
            by, row = city.actor(name), Duty.objects.get(pk=duty.pk)
            acts.append(
                lambda by=by, row=row, unit=unit: services.hand_over(
                    by=by, duty=row, unit=city.units[unit], reason="职责调整"
                )
            )
        assert refusals(at_once(acts)) == 1
        duty.refresh_from_db()
        assert DutyPart.objects.get(duty=duty, part=terms.LEAD).unit_id == duty.lead_unit_id
