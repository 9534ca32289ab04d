"""A second project of one unit with one firm is asked about: the same, grown out of it, or another one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.factories import signed_in
from tests.unit.projects.conftest import City
from yinfeng.core.errors import Invalid
from yinfeng.core.models import Event
from yinfeng.core.money import WAN, Money
from yinfeng.projects import services, stages
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db


def plan(city: City, enterprise: Any, by: str = "bob", despite: str = "") -> Project:
    values = {"name": "又一个项目", "summary": "建厂", "enterprise": enterprise}
    return services.add_project(by=city.actor(by), values=values, despite=despite)


@pytest.mark.clause("3.1.3")
def test_a_second_project_is_asked_about_until_somebody_says_what_is_different(city: City) -> None:
    first = city.project()
    with pytest.raises(Invalid, match="本单位已有这家企业的项目") as asked:
        plan(city, first.enterprise)
    assert first.code in str(asked.value)
    assert Project.objects.count() == 1
    made = plan(city, first.enterprise, despite="这次是研发中心，用地和产品都不同")
    told = Event.objects.get(verb="projects.project.created", object_id=made.pk)
    assert told.note == "这次是研发中心，用地和产品都不同"


def test_what_is_over_or_grows_out_of_the_first_asks_nothing(city: City) -> None:
    over = city.project()
    services.move_project(by=city.actor("charlie"), project=over, move="end", reason="不谈了")
    plan(city, over.enterprise)
    landed = city.project(stages.REGISTERED)
    values = {"name": "二期", "summary": "追加", "intended": Money.in_yuan(Decimal(1_000 * WAN))}
    services.extend_project(by=city.actor("bob"), project=landed, values=values)


def test_both_questions_are_put_at_once(city: City) -> None:
    first = city.project()
    city.project(by="alice", enterprise=first.enterprise)
    with pytest.raises(Invalid) as asked:
        plan(city, first.enterprise)
    assert len(asked.value.fields["despite"]) == 2


def test_the_form_shows_where_to_answer(city: City) -> None:
    first = city.project()
    assert first.enterprise is not None
    given = {
        "name": "又一个项目",
        "summary": "建厂",
        "secrecy": "internal",
        "enterprise_name": first.enterprise.name,
    }
    client = signed_in(city.users["bob"])
    page = client.post("/projects/new/", given)
    assert page.status_code == 422
    assert "建立增资扩产" in page.content.decode()
    assert 'name="despite"' in page.content.decode()
    assert client.post("/projects/new/", given | {"despite": "产品不同"}).status_code == 302
