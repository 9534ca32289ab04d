"""Every page of leads and projects opens, asks the database ten times at most, and does what its form says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import signed_in
from tests.unit.projects.conftest import City
from yinfeng.projects import services, stages
from yinfeng.projects.models import Project


def opened(city: City, name: str, path: str, limit: int = 10) -> Any:
    client = signed_in(city.users[name])
    client.get("/notices/")  # the session notes when it was last seen once a minute
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = client.get(path)
    assert answer.status_code == 200, path
    assert len(asked) <= limit, [query["sql"][:150] for query in asked.captured_queries]
    return answer


@pytest.mark.parametrize("person", ["bob", "charlie", "erin"])
def test_lists_and_details_ask_ten_times_at_most(city: City, person: str) -> None:
    for stage in stages.STAGES:
        city.project(stage)
    waiting = city.project(stages.NEGOTIATING)
    city.signature(waiting)
    lead = city.lead(stages.CONVERTED)
    today = timezone.localdate()
    talk = {"talk_date": today, "form": "call", "our_side": "甲", "their_side": "乙", "summary": "谈选址",
            "next_step": "看地", "next_date": today + timedelta(days=7)}  # fmt: skip
    services.record_talk(by=city.actor("bob"), project=waiting, values=talk)
    for path in (
        "/leads/",
        "/projects/",
        lead.get_absolute_url(),
        *(p.get_absolute_url() for p in Project.objects.all()),
    ):
        opened(city, person, path)


def test_a_list_asks_no_more_for_more_rows(city: City) -> None:
    city.project()
    client = signed_in(city.users["bob"])
    client.get("/projects/")
    with CaptureQueriesContext(connection) as few:
        client.get("/projects/")
    for _turn in range(5):
        city.project()
    with CaptureQueriesContext(connection) as many:
        client.get("/projects/")
    assert len(many) == len(few)
