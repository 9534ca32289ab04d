"""People who handle one warning or one target at the same moment, clocks that tell of one lease. Real threads and connections."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.factories import make_actor, make_enterprise, make_unit
from tests.factories.races import at_once
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, DomainError
from yinfeng.core.models import Code, Event, Rule
from yinfeng.core.permissions import registry
from yinfeng.enterprises import services
from yinfeng.enterprises.models import Enterprise, Signal, Target

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
ALL = [code for code in registry() if code.startswith("enterprises.")]
TURNS = 5


@pytest.fixture
def people(transactional_db: None) -> list[Actor]:
    city = make_unit("city", "city")
    home = make_unit("home", parent=city, name="甲区")
    return [make_actor(name, home, ALL) for name in ("甲", "乙", "丙", "丁")]


def warning(by: Actor, firm: Enterprise, **values: object) -> Signal:
    said = {"kind": "other", "noted_date": timezone.localdate(), "detail": "看厂房", "source": "走访"}
    return services.record_signal(by=by, enterprise=firm, values={**said, **values})


def events_of(signal: Signal, verb: str) -> int:
    return Event.objects.filter(object_type="enterprises.signal", object_id=signal.pk, verb=verb).count()


def test_of_people_who_close_a_warning_at_once_one_says_what_came_of_it(people: list[Actor]) -> None:
    for turn in range(TURNS):
        signal = warning(people[0], make_enterprise(f"守{turn}有限公司"))
        signal = services.move_signal(by=people[0], signal=signal, move="handle")
        rows = [Signal.objects.get(pk=signal.pk) for _person in people]
        moves = ("stay", "leave", "refute", "stay")
        results = at_once(
            [
                lambda by=by, row=row, move=move: services.move_signal(
                    by=by, signal=row, move=move, reason="核实过"
                )
                for by, row, move in zip(people, rows, moves, strict=True)
            ]
        )
        assert sum(isinstance(result, Conflict) for result in results) == 3
        signal.refresh_from_db()
        assert signal.version == 3
        assert sum(events_of(signal, f"enterprises.signal.{move}") for move in set(moves)) == 1


def test_a_warning_is_not_closed_under_the_hands_of_who_changes_it(people: list[Actor]) -> None:
    one, two, three, four = people
    for turn in range(TURNS):
        signal = warning(people[0], make_enterprise(f"改{turn}有限公司"))
        rows = [Signal.objects.get(pk=signal.pk) for _person in people]
        calm, unit = {"next_step": "回访"}, signal.unit
        results = at_once(
            [
                lambda row=rows[0]: services.change_signal(
                    by=one, signal=row, version=1, values={"level": 1}
                ),
                lambda row=rows[1]: services.move_signal(by=two, signal=row, move="refute", reason="误传"),
                lambda row=rows[2], unit=unit: services.assign_signal(
                    by=three, signal=row, version=1, values={"unit": unit}
                ),
                lambda row=rows[3], calm=calm: services.assign_signal(
                    by=four, signal=row, version=1, values=calm
                ),
            ]
        )
        refused = [result for result in results if isinstance(result, DomainError)]
        assert len(refused) == 3, results
        signal.refresh_from_db()
        assert signal.version == 2


def test_clocks_that_run_at_once_tell_of_a_lease_once(people: list[Actor]) -> None:
    today = timezone.localdate()
    for turn in range(TURNS):
        signal = warning(people[0], make_enterprise(f"租{turn}有限公司"), kind="lease", due_date=today)
        Signal.objects.filter(pk=signal.pk).update(told_date=None)
        results = at_once([lambda: services.tell_of_leases(timezone.now())] * 4)
        assert sum(results) == 1
        assert events_of(signal, "enterprises.signal.due") == 1


def test_changes_at_once_propose_a_warning_once(people: list[Actor], monkeypatch: pytest.MonkeyPatch) -> None:
    day = timezone.localdate() - timedelta(days=9)
    Rule.objects.create(
        kind="moving_away", key="abnormal", data={"tag": "abnormal", "level": 1}, valid_from=day
    )
    Rule.objects.create(
        kind="moving_away", key="investment", data={"percent": 30, "level": 1}, valid_from=day
    )
    Rule.objects.create(kind="city", key="city", data={"division": "350200"}, valid_from=day)
    Code.objects.create(table="division", code="350200", name="厦门市")
    for turn in range(TURNS):
        firm = make_enterprise(f"减{turn}有限公司", city="厦门市", capital=Decimal(1000000))
        rows = [Enterprise.objects.get(pk=firm.pk) for _person in people]
        at_once(
            [
                lambda by=by, row=row: services.change_enterprise(
                    by=by, enterprise=row, version=1, values={"capital": Decimal(10)}, tags={("abnormal", 0)}
                )
                for by, row in zip(people, rows, strict=True)
            ]
        )
        assert Signal.objects.filter(enterprise=firm, kind="investment").count() == 1
        assert Signal.objects.filter(enterprise=firm, kind="abnormal").count() == 1


def test_a_unit_takes_over_a_firm_once(people: list[Actor]) -> None:
    city = make_unit("city")
    units = [make_unit(name, parent=city, name=name) for name in ("乙区", "丙区", "丁区")]
    third = make_actor("接", units[2], ALL)
    boss = make_actor("市", city, ALL)
    for turn in range(TURNS):
        firm = make_enterprise(f"交{turn}有限公司")
        targets = [
            services.add_target(by=boss, enterprise=firm, values={"unit": unit, "together": "配合"})
            for unit in units[:2]
        ]
        given = {"unit": units[2]}
        results = at_once(
            [
                *(
                    lambda row=row, given=given: services.hand_over_target(
                        by=boss, target=row, version=1, values=given
                    )
                    for row in targets
                ),
                lambda firm=firm: services.add_target(by=third, enterprise=firm, values={"together": "分工"}),
            ]
        )
        assert Target.objects.filter(enterprise=firm, unit=units[2]).count() == 1
        assert sum(isinstance(result, Conflict) for result in results) == 2, results
