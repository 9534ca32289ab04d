"""Background jobs: enqueued with what they belong to, done once whatever dies, seen and stopped by their owner."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from yinfeng.core import events, jobs
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden
from yinfeng.core.models import Event, Job, User
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db
ROWS, CHUNK = 10, 3


class Crash(BaseException):
    """A killed process: nothing may catch it."""


@pytest.fixture
def kind() -> Iterator[dict[str, int | None]]:
    """Register a job that makes ten enterprises, three per chunk, and can be told to die in the middle of one."""
    told: dict[str, int | None] = {"die_at": None}

    def chunk(job: Job, by: Actor) -> jobs.Step:
        end = min(job.cursor + CHUNK, ROWS)
        for number in range(job.cursor, end):
            if number == told["die_at"]:
                raise Crash
            make_enterprise(f"第{number}号有限公司")
        return jobs.Step(end, {"counts": {"new": end}}, "finish" if end == ROWS else "more", total=ROWS)

    jobs.register("test.make", "测试", chunk)
    yield told
    del jobs.KINDS["test.make"]


@pytest.fixture
def by() -> Actor:
    return actor_for(make_user("甲", make_unit("home"), ["enterprises.enterprise.view"]))


def start(by: Actor) -> Job:
    return jobs.start(by=by, kind="test.make", title="测试任务", parameters={})


def test_a_job_runs_to_its_end(kind: dict[str, int | None], by: Actor) -> None:
    job = start(by)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.cursor, job.total) == ("done", ROWS, ROWS)
    assert Enterprise.objects.count() == ROWS
    assert list(
        Event.objects.filter(object_type="core.job").values_list("verb", flat=True).order_by("id")
    ) == [
        "core.job.started",
        "core.job.finish",
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("row", range(ROWS))
def test_a_killed_worker_loses_and_doubles_nothing(kind: dict[str, int | None], by: Actor, row: int) -> None:
    job = start(by)
    kind["die_at"] = row
    with pytest.raises(Crash):
        jobs.run_job.func(job.pk)
    assert Enterprise.objects.count() == row - row % CHUNK
    kind["die_at"] = None
    later = timezone.now() + jobs.DEAD_AFTER + timedelta(seconds=1)
    assert jobs.revive(later) == 1
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "done"
    assert sorted(Enterprise.objects.values_list("name", flat=True)) == sorted(
        f"第{n}号有限公司" for n in range(ROWS)
    )


@pytest.mark.django_db(transaction=True)
def test_without_the_cursor_in_the_chunk_rows_would_double(kind: dict[str, int | None], by: Actor) -> None:
    """The control: with the cursor kept apart from the chunk, the same kill makes a second run collide."""
    job = start(by)
    jobs.run_job.func(job.pk)
    Job.objects.filter(pk=job.pk).update(state="queued", cursor=0)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"


@pytest.mark.django_db(transaction=True)
def test_a_job_and_its_wake_up_call_exist_together_or_not_at_all(
    kind: dict[str, int | None], by: Actor
) -> None:

    def fails_after_starting() -> None:
        with transaction.atomic():
            start(by)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_after_starting()
    assert not Job.objects.exists()
    assert not DBTaskResult.objects.exists()
    start(by)
    assert Job.objects.count() == DBTaskResult.objects.count() == 1


def test_a_cancelled_job_stops_before_its_next_chunk(kind: dict[str, int | None], by: Actor) -> None:
    job = start(by)
    jobs.move(job, "cancel", by=by)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not Enterprise.objects.exists()
    with pytest.raises(Conflict):
        jobs.move(job, "retry", by=by)


def test_nobody_moves_anothers_job(kind: dict[str, int | None], by: Actor) -> None:
    job = start(by)
    other = actor_for(make_user("乙", make_unit("away"), ["core.job.view"]))
    with pytest.raises(Forbidden):
        jobs.move(job, "cancel", by=other)


def test_an_error_is_told_and_can_be_retried(kind: dict[str, int | None], by: Actor) -> None:
    make_enterprise("第4号有限公司")
    job = start(by)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.cursor == CHUNK
    assert "重新处理" in job.problem
    Enterprise.objects.filter(name="第4号有限公司").delete()
    jobs.move(job, "retry", by=by)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "done"
    assert Enterprise.objects.count() == ROWS


def test_a_job_called_for_twice_is_worked_on_once(kind: dict[str, int | None], by: Actor) -> None:
    """A worker that is called while another is at it leaves it alone: neither doubles its rows nor stops it."""
    job = start(by)
    Job.objects.filter(pk=job.pk).update(state="running", beat_at=timezone.now())
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.cursor) == ("running", 0)
    assert not Enterprise.objects.exists()


def test_who_lost_a_job_to_another_worker_does_not_stop_it(kind: dict[str, int | None], by: Actor) -> None:
    """A worker taken for dead comes back with an error while another has gone on."""
    job = start(by)

    def chunk(job: Job, by: Actor) -> jobs.Step:
        job.version -= 2  # what this worker knows is older than what is stored
        raise RuntimeError

    jobs.register("test.make", "测试", chunk)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.problem) == ("running", "")


@pytest.mark.django_db(transaction=True)
def test_the_end_and_its_event_exist_together_or_not_at_all(
    kind: dict[str, int | None], by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start(by)
    real = events.record

    def dies(**words: Any) -> Any:
        raise Crash

    monkeypatch.setattr(events, "record", dies)
    with pytest.raises(Crash):
        jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "running"
    monkeypatch.setattr(events, "record", real)
    assert jobs.revive(timezone.now() + jobs.DEAD_AFTER + timedelta(seconds=1)) == 1
    jobs.run_job.func(job.pk)
    assert Event.objects.filter(object_type="core.job", verb="core.job.finish").count() == 1


def test_a_right_taken_away_ends_a_running_job_with_its_chunk(by: Actor) -> None:
    """SECURITY race 21: what the owner may do is asked anew for each chunk."""
    asked = []

    def chunk(job: Job, by: Actor) -> jobs.Step:
        by.require("enterprises.enterprise.view")
        asked.append(job.cursor)
        User.objects.filter(pk=by.user_id).update(is_active=False)
        return jobs.Step(job.cursor + 1, {}, "finish" if job.cursor == 2 else "more", total=3)

    jobs.register("test.stop", "测试", chunk)
    try:
        job = jobs.start(by=by, kind="test.stop", title="测试任务", parameters={})
        jobs.run_job.func(job.pk)
    finally:
        del jobs.KINDS["test.stop"]
    job.refresh_from_db()
    assert (asked, job.state, job.cursor) == ([0], "failed", 1)


def test_whoever_keeps_the_system_running_sees_a_job_but_not_its_result() -> None:
    root = make_unit("city", "city")
    owner, keeper = make_user("甲", root), make_user("系统管理员", root, ["core.job.view"])
    job = Job.objects.create(kind="enterprises.import", title="导入名单", owner=owner, state="done")
    job.result_file.save("result.xlsx", ContentFile(b"x"), save=True)
    place = reverse("job-result", args=[job.pk])
    page = signed_in(keeper).get(reverse("job", args=[job.pk]))
    assert page.status_code == 200
    assert place not in page.content.decode()
    assert signed_in(keeper).get(place).status_code == 403
    assert signed_in(owner).get(place).status_code == 200
    assert place in signed_in(owner).get(reverse("job", args=[job.pk])).content.decode()


def test_older_jobs_are_a_page_further() -> None:
    owner = make_user("甲", make_unit("home"))
    for number in range(60):
        Job.objects.create(kind="test.make", title=f"第{number:02}项任务", owner=owner, state="done")
    client = signed_in(owner)
    text = client.get(reverse("jobs")).content.decode()
    assert ("第59项任务" in text, "第00项任务" in text) == (True, False)
    (link,) = re.findall(r'href="([^"]+)" rel="next"', text)
    further = client.get(reverse("jobs") + link.replace("&amp;", "&")).content.decode()
    assert ("第59项任务" in further, "第00项任务" in further) == (False, True)
    assert 'rel="prev"' in further


def test_a_job_looks_for_circles_seldom_and_others_as_ever(by: Actor, monkeypatch: Any) -> None:
    usual, during = gc.get_threshold(), []

    def looking(_job: Job, _by: Actor) -> jobs.Step:
        during.append(gc.get_threshold())
        raise OSError

    monkeypatch.setitem(jobs.KINDS, "test.looking", jobs.Kind("test.looking", "", looking))
    job = jobs.start(by=by, kind="test.looking", title="名单", parameters={})
    jobs.run_job.func(job.pk)
    assert during[0][0] == jobs.LOOKED_THROUGH_AFTER
    assert gc.get_threshold() == usual


@pytest.mark.parametrize(
    ("referer", "leads_to"),
    [
        ("http://testserver/jobs/", "http://testserver/jobs/"),
        ("https://elsewhere.example/jobs/", "/"),
        ("", "/"),
    ],
)
def test_a_refused_act_leads_back_to_the_page_it_was_sent_from(
    referer: str, leads_to: str, kind: dict[str, int | None]
) -> None:
    user = make_user("甲", make_unit("home"), ["enterprises.enterprise.view"])
    job = start(actor_for(user))
    jobs.run_job.func(job.pk)
    page = signed_in(user).post(reverse("job-move", args=[job.pk, "cancel"]), headers={"referer": referer})
    assert page.status_code == 409
    assert f'<a class="btn btn-primary" href="{leads_to}">' in page.content.decode()
