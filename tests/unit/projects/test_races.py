"""Two people at the same moment: one wins, the other is told. Real threads, real connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories.races import at_once
from tests.unit.projects.conftest import City
from yinfeng.core.errors import DomainError
from yinfeng.core.models import Event
from yinfeng.projects import services, stages
from yinfeng.projects.models import Claim, Lead, Project, TeamMember

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture
def city(transactional_db: None, city: City) -> City:
    """The same city with its rows committed, for other connections to see."""
    return city


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
    claim = city.claim(project)
    people = [city.actor(name) for name in ("charlie", "dora")]
    rows = [Claim.objects.get(pk=claim.pk) for _person in people]
    results = at_once(
        [
            lambda by=by, row=row: services.verify_claim(by=by, claim=row)
            for by, row in zip(people, rows, strict=True)
        ]
    )
    assert refusals(results) == 1
    project.refresh_from_db()
    assert project.stage == stages.SIGNED
    # the control: one alone is verified
    other = city.claim(city.project(stages.NEGOTIATING))
    assert refusals(at_once([lambda: services.verify_claim(by=people[1], claim=other)])) == 0


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


def test_a_colleague_joins_and_leaves_a_team_once(city: City) -> None:
    project, user = city.project(), city.users["dora"]
    people = [city.actor(name) for name in ("bob", "charlie") * 2]
    results = at_once([lambda by=by: services.add_member(by=by, project=project, user=user) for by in people])
    assert refusals(results) == 3
    member = TeamMember.objects.get(project=project, user=user, until=None)
    results = at_once(
        [
            lambda by=by: services.remove_member(by=by, project=project, pk=member.pk, reason="调整")
            for by in people
        ]
    )
    assert refusals(results) == 3
    assert Event.objects.filter(verb="projects.project.member_removed").count() == 1


def test_a_unit_joins_a_project_once(city: City) -> None:
    project = city.project()
    people = [city.actor(name) for name in ("bob", "charlie") * 2]
    results = at_once(
        [
            lambda by=by: services.add_unit(by=by, project=project, unit=city.huli, part=stages.JOINT)
            for by in people
        ]
    )
    assert refusals(results) == 3
    part = project.participations.get(unit=city.huli, until=None)
    results = at_once(
        [
            lambda by=by: services.remove_unit(by=by, project=project, pk=part.pk, reason="调整")
            for by in people
        ]
    )
    assert refusals(results) == 3


def test_a_team_has_one_leader_whoever_names_him(city: City) -> None:
    project, by = city.project(), city.actor("charlie")
    names = ["alice", "dora", "erin", "stranger"]
    results = at_once(
        [
            lambda name=name: services.add_member(
                by=by, project=project, user=city.users[name], is_leader=True
            )
            for name in names
        ]
    )
    assert refusals(results) == 0
    assert project.team.filter(until=None, is_leader=True).count() == 1


def test_a_signing_is_not_submitted_while_the_project_steps_back(city: City) -> None:
    for _turn in range(4):
        project = city.project(stages.NEGOTIATING)
        rows = [Project.objects.get(pk=project.pk) for _person in range(2)]
        at_once(
            [
                lambda row=rows[0]: city.claim(row),
                lambda row=rows[1]: services.ask_back(
                    by=city.actor("charlie"), project=row, target=stages.INTENDED, reason="退回"
                ),
            ]
        )
        waits = project.claims.filter(state=stages.SUBMITTED).exists()
        assert waits + project.steps_back.filter(state=stages.ASKED).exists() == 1


def test_a_signing_is_not_verified_while_the_project_is_put_on_hold(city: City) -> None:
    for _turn in range(4):
        project = city.project(stages.NEGOTIATING)
        claim = city.claim(project)
        row = Project.objects.get(pk=project.pk)
        at_once(
            [
                lambda claim=claim: services.verify_claim(
                    by=city.actor("dora"), claim=Claim.objects.get(pk=claim.pk)
                ),
                lambda row=row: services.move_project(
                    by=city.actor("charlie"), project=row, move="hold", reason="暂缓"
                ),
            ]
        )
        project.refresh_from_db()
        claim.refresh_from_db()
        signed = project.stage == stages.SIGNED
        assert signed == (claim.state == stages.VERIFIED)
        assert signed == (project.contracted is not None)
