"""Units that list the same firm at the same moment. Real threads, real connections."""

from __future__ import annotations

import pytest

from tests.factories import make_actor, make_enterprise, make_unit
from tests.factories.races import at_once
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict
from yinfeng.core.permissions import registry
from yinfeng.enterprises import services
from yinfeng.enterprises.models import Target

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
ALL = [code for code in registry() if code.startswith("enterprises.")]


@pytest.fixture
def people(transactional_db: None) -> list[Actor]:
    city = make_unit("city", "city")
    return [make_actor(name, make_unit(name, parent=city), ALL) for name in ("甲区", "乙区", "丙区", "丁区")]


@pytest.mark.clause("1.2")
def test_of_units_that_list_a_firm_at_once_one_is_first_and_the_others_are_told(people: list[Actor]) -> None:
    for turn in range(5):
        firm = make_enterprise(f"竞逐{turn}有限公司")
        results = at_once(
            [lambda by=by, firm=firm: services.add_target(by=by, enterprise=firm, values={}) for by in people]
        )
        refused = [result for result in results if isinstance(result, Conflict)]
        (first,) = Target.objects.filter(enterprise=firm)
        assert len(refused) == 3
        assert all(first.unit.name in str(error) for error in refused)


def test_a_unit_that_resumes_while_another_lists_learns_of_it(people: list[Actor]) -> None:
    one, two = people[:2]
    for turn in range(5):
        firm = make_enterprise(f"重启{turn}有限公司")
        target = services.add_target(by=one, enterprise=firm, values={})
        services.move_target(by=one, target=target, move="drop", reason="搁置")
        results = at_once(
            [
                lambda target=target: services.move_target(
                    by=one, target=target, move="resume", reason="再谈"
                ),
                lambda firm=firm: services.add_target(by=two, enterprise=firm, values={}),
            ]
        )
        assert sum(isinstance(result, Conflict) for result in results) == 1


def test_lists_of_several_firms_do_not_wait_for_each_other_in_a_circle(people: list[Actor]) -> None:
    firms = [make_enterprise(f"环{n}有限公司") for n in range(6)]
    results = at_once(
        [
            lambda by=by, rows=rows: services.add_targets(by=by, enterprises=rows, values={})
            for by, rows in zip(people, (firms, firms[::-1], firms[3:] + firms[:3], firms[2:]), strict=True)
        ]
    )
    assert sum(isinstance(result, Conflict) for result in results) == 3
    assert Target.objects.count() in {4, 6}
