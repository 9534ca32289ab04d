"""What a hostile reader found when two act at once, or a row was read before somebody else changed it: real connections."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories.races import at_once
from tests.unit.projects.conftest import City
from yinfeng.core.errors import DomainError
from yinfeng.projects import services, stages
from yinfeng.projects.models import Project

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
    project = city.project()
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


def test_nobody_talks_about_what_somebody_has_ended_meanwhile(city: City) -> None:
    project = city.project()
    (row,) = read(project, 1)
    services.move_project(by=city.actor("charlie"), project=project, move="end", reason="企业放弃")
    with pytest.raises(DomainError):
        talk(city, row, days=1)
    project.refresh_from_db()
    assert (project.status, project.talks.exists()) == (stages.ENDED, False)
