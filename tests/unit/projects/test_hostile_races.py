"""What a hostile reader found when two act at once, or a row was read before somebody else changed it: real connections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from tests.factories import make_enterprise, make_user
from tests.factories.races import at_once
from tests.unit.projects.conftest import HEAD, PDF, VIEW, City
from yinfeng.core.errors import DomainError
from yinfeng.core.models import Code
from yinfeng.core.money import WAN, Money
from yinfeng.enterprises import services as library
from yinfeng.orgs.queries import actor_for
from yinfeng.projects import services, stages
from yinfeng.projects.models import Project, Transfer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture
def city(transactional_db: None, city: City) -> City:
    """The same city with its rows committed, for other connections to see."""
    return city


def talk(city: City, project: Project, days: int) -> Any:
    """Record a talk of so many days ago."""
    given = {"form": "call", "our_side": "甲", "their_side": "乙", "summary": "谈"}
    values = {"talk_date": timezone.localdate() - timedelta(days=days), **given}
    return services.record_talk(by=city.actor("bob"), project=project, values=values)


def read(project: Project, times: int) -> list[Project]:
    """Return the row as several people have read it before any of them acts."""
    return [Project.objects.get(pk=project.pk) for _turn in range(times)]


def test_of_several_first_talks_at_once_the_earliest_counts(city: City) -> None:
    project = city.project(approached_date=None)
    first, second = read(project, 2)
    talk(city, first, days=9)
    talk(city, second, days=4)  # who has read the project before that
    for days in ((11, 10, 12), (30, 31, 29, 28)):
        rows = read(project, len(days))
        results = at_once(
            [lambda row=row, day=day: talk(city, row, day) for row, day in zip(rows, days, strict=True)]
        )
        assert not any(isinstance(result, DomainError) for result in results)
        project.refresh_from_db()
        assert project.approached_date == timezone.localdate() - timedelta(days=max(days))


def test_nobody_goes_on_with_what_somebody_has_ended_meanwhile(city: City) -> None:
    """Each act is made with a row that was read before the project was ended."""
    by, today = city.actor("charlie"), timezone.localdate()
    Code.objects.create(table="milestone", code="land", name="交地", parent="", level=1)
    grown = {"name": "二期", "summary": "扩建", "intended": Money.in_yuan(1_000 * WAN)}
    acts: dict[str, Callable[[Project], Any]] = {
        "talk": lambda row: talk(city, row, days=1),
        "join": lambda row: services.add_unit(by=by, project=row, unit=city.huli, part=stages.JOINT),
        "team": lambda row: services.add_member(by=by, project=row, user=city.users["dora"]),
        "milestone": lambda row: services.set_milestone(by=by, project=row, kind="land", planned_date=today, actual_date=None),
        "builder": lambda row: services.add_builder(by=by, project=row, role="owner", name="甲建设公司"),
        "grow": lambda row: services.extend_project(by=by, project=row, values=grown),
    }  # fmt: skip
    project = city.project(stages.REGISTERED)
    rows = read(project, len(acts))
    services.move_project(by=by, project=project, move="end", reason="企业撤资")
    for (name, act), row in zip(acts.items(), rows, strict=True):
        with pytest.raises(DomainError):
            act(row)
        made = (project.talks, project.milestones, project.builders, project.extensions)
        assert not any(found.exists() for found in made), name
    assert project.team.count() == 1


def test_a_project_grows_while_the_record_of_its_firm_is_merged(city: City) -> None:
    """Both are done, or one is told: nobody waits for the other for ever, and what has grown is of the record that is left."""
    chief = make_user(
        "chief", city.root, [*VIEW, "enterprises.enterprise.merge", "enterprises.enterprise.change"]
    )
    grown = {"name": "二期", "summary": "扩建", "intended": Money.in_yuan(1_000 * WAN)}
    for turn in range(4):
        kept, gone = make_enterprise(f"甲{turn}电池有限公司"), make_enterprise(f"乙{turn}电池有限公司")
        (row,) = read(city.project(stages.REGISTERED, enterprise=gone), 1)
        merged, made = at_once([
            lambda kept=kept, gone=gone: library.merge(
                by=actor_for(chief), kept=kept, gone=gone, versions=(kept.version, gone.version), choices={}, reason="同一家"
            ),
            lambda row=row: services.extend_project(by=city.actor("bob"), project=row, values=grown, despite="追加"),
        ])  # fmt: skip
        assert not isinstance(merged, DomainError)
        of_kept = Project.objects.filter(enterprise=kept).count()
        assert of_kept == (1 if isinstance(made, DomainError) else 2)


def test_a_transfer_is_not_taken_over_while_its_project_ends(city: City) -> None:
    city.users["giver"] = make_user(
        "giver", city.jimei, [*HEAD, "projects.project.transfer"], username="giver"
    )
    city.users["taker"] = make_user(
        "taker", city.huli, [*HEAD, "projects.project.transfer"], username="taker"
    )
    for move in ("accept", "complete"):
        for _turn in range(2):
            project = city.project(stages.SIGNED)
            transfer = services.offer_transfer(
                by=city.actor("giver"), project=project, to_unit=city.huli, reason="用地不足", terms=services.default_terms(timezone.localdate())
            )  # fmt: skip
            if move == "complete":
                services.move_transfer(by=city.actor("taker"), transfer=transfer, move="accept")
            row, held = Transfer.objects.get(pk=transfer.pk), Project.objects.get(pk=project.pk)
            file = ContentFile(PDF, name="协议.pdf")
            taken: dict[str, Callable[[], Any]] = {
                "accept": lambda row=row: services.move_transfer(by=city.actor("taker"), transfer=row, move="accept"),
                "complete": lambda row=row, file=file: services.complete_transfer(
                    by=city.actor("giver"), transfer=row, agreed_date=timezone.localdate(), file=file, name="协议.pdf"
                ),
            }  # fmt: skip
            at_once([
                taken[move],
                lambda held=held: services.move_project(by=city.actor("charlie"), project=held, move="end", reason="撤资"),
            ])  # fmt: skip
            transfer.refresh_from_db()
            project.refresh_from_db()
            told = (project.status, transfer.state, project.host_unit_id)
            assert told in {
                (stages.ENDED, stages.WITHDRAWN, city.jimei.pk), (stages.ONGOING, stages.ACCEPTED, city.jimei.pk),
                (stages.ONGOING, stages.COMPLETED_TRANSFER, city.huli.pk), (stages.ENDED, stages.COMPLETED_TRANSFER, city.huli.pk),
            }, told  # fmt: skip
            if transfer.state == stages.WITHDRAWN:
                assert not project.participations.filter(unit=city.huli, until=None).exists()
