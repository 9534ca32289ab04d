"""Two people at the same moment: one wins, the other is told. Real threads, real connections."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from tests.unit.projects.conftest import City
from yinfeng.core.errors import DomainError
from yinfeng.projects import services, stages
from yinfeng.projects.models import Lead, Project, Signature

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture
def city(transactional_db: None, city: City) -> City:
    """The same city with its rows committed, for other connections to see."""
    return city


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run the acts in threads that start together; a refusal is returned as the error."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return act()
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refusals(results: list[Any]) -> int:
    return sum(isinstance(result, DomainError) for result in results)


def test_a_lead_is_converted_once(city: City) -> None:
    lead = city.lead(stages.QUALIFIED)
    people = [city.actor(name) for name in ("bob", "charlie") * 3]
    rows = [Lead.objects.get(pk=lead.pk) for _person in people]
    results = at_once(
        [
            lambda by=by, row=row: services.convert_lead(by=by, lead=row)
            for by, row in zip(people, rows, strict=True)
        ]
    )
    assert refusals(results) == len(people) - 1
    assert Project.objects.filter(lead=lead).count() == 1


def test_control_different_leads_are_all_converted_under_different_codes(city: City) -> None:
    leads = [city.lead(stages.QUALIFIED) for _turn in range(6)]
    by = city.actor("bob")
    results = at_once([lambda row=row: services.convert_lead(by=by, lead=row) for row in leads])
    assert refusals(results) == 0
    codes = sorted(Project.objects.values_list("code", flat=True))
    assert [code[-4:] for code in codes] == [f"{number:04d}" for number in range(1, 7)]


def test_a_signing_is_verified_once(city: City) -> None:
    project = city.project(stages.NEGOTIATING)
    signature = city.signature(project)
    people = [city.actor(name) for name in ("charlie", "dora")]
    rows = [Signature.objects.get(pk=signature.pk) for _person in people]
    results = at_once(
        [
            lambda by=by, row=row: services.verify_signature(by=by, signature=row)
            for by, row in zip(people, rows, strict=True)
        ]
    )
    assert refusals(results) == 1
    project.refresh_from_db()
    assert project.stage == stages.SIGNED
    # the control: one alone is verified
    other = city.signature(city.project(stages.NEGOTIATING))
    assert refusals(at_once([lambda: services.verify_signature(by=people[1], signature=other)])) == 0


def test_of_many_edits_on_one_version_one_is_saved(city: City) -> None:
    project = city.project()
    by, version = city.actor("bob"), project.version
    rows = [Project.objects.get(pk=project.pk) for _turn in range(6)]

    def edit(row: Project, number: int) -> Callable[[], Any]:
        return lambda: services.change_project(
            by=by, project=row, version=version, values={"site": f"{number}号地块"}
        )

    results = at_once([edit(row, number) for number, row in enumerate(rows)])
    assert refusals(results) == 5
    project.refresh_from_db()
    assert project.version == version + 1
    winner = next(number for number, result in enumerate(results) if not isinstance(result, DomainError))
    assert project.site == f"{winner}号地块"


def test_control_edits_of_different_projects_are_all_saved(city: City) -> None:
    rows = [city.project() for _turn in range(4)]
    by = city.actor("bob")
    results = at_once(
        [
            lambda row=row: services.change_project(
                by=by, project=row, version=row.version, values={"site": "甲"}
            )
            for row in rows
        ]
    )
    assert refusals(results) == 0
