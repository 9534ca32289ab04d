"""Whoever watches the servers learns whether they work, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from yinfeng.core import queries
from yinfeng.core.models import Job

pytestmark = pytest.mark.django_db


def test_all_is_well_without_signing_in(client: Client) -> None:
    answer = client.get("/health/")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "tasks": True}
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("state", "minutes", "status"), [("queued", 9, 200), ("queued", 11, 503), ("done", 11, 200)]
)
def test_work_that_nobody_takes_up(client: Client, state: str, minutes: int, status: int) -> None:
    job = Job.objects.create(kind="x", title="x", state=state)
    Job.objects.filter(pk=job.pk).update(updated_at=timezone.now() - timedelta(minutes=minutes))
    answer = client.get("/health/")
    assert answer.status_code == status
    assert answer.json()["tasks"] is (status == 200)


def test_a_database_that_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(now: object) -> bool:
        raise DatabaseError("gone")

    monkeypatch.setattr(queries, "is_work_left_lying", fails)
    answer = client.get("/health/")
    assert answer.status_code == 503
    assert answer.json() == {"database": False, "tasks": False}
    assert "gone" not in answer.content.decode()
