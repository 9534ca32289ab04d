"""Background jobs: enqueued in the writer's transaction, done in chunks, each chunk committed with how far it came.

An app registers what a kind of job does with ``register``: a function that does one chunk from ``job.cursor`` and returns a
``Step``. A killed worker loses at most the chunk it was in, which the next one does again from the start of it; as a
chunk and its cursor are one transaction, nothing is done twice.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.files.base import File
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django_tasks import task

from yinfeng.core import events, stores
from yinfeng.core.actors import Actor, actor_of, system
from yinfeng.core.errors import DomainError, NoSpace, sentence_for
from yinfeng.core.job_lifecycle import JOB_STATES
from yinfeng.core.lifecycle import Lifecycle, Move
from yinfeng.core.models import Job

log = structlog.get_logger(__name__)

# A running job whose last sign of life is older than this belongs to a worker that died.
DEAD_AFTER = timedelta(minutes=2)
# After so many new objects Python looks for circles of dead ones while a job runs.
LOOKED_THROUGH_AFTER = 500_000

LIFECYCLE = Lifecycle(
    name="core.job",
    state_field="state",
    initial="queued",
    states=JOB_STATES,
    moves=(
        Move("run", gettext_lazy("开始处理"), ("queued",), "running", "work"),
        Move("wait", gettext_lazy("等待确认"), ("running",), "waiting", "work"),
        Move("finish", gettext_lazy("完成"), ("running",), "done", "work"),
        Move("fail", gettext_lazy("中止"), ("queued", "running"), "failed", "work"),
        Move("confirm", gettext_lazy("确认执行"), ("waiting",), "queued", "change", style="primary", icon="check"),
        Move("retry", gettext_lazy("重新处理"), ("failed",), "queued", "change", icon="refresh",
             explain=gettext_lazy("从上次停下的地方继续，已处理的不会重复。")),
        Move("cancel", gettext_lazy("取消任务"), ("queued", "running", "waiting"), "cancelled", "change", style="danger",
             icon="x", explain=gettext_lazy("已经写入的内容会保留，其余不再处理。")),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """What one chunk came to: the new cursor and report, and whether the job goes on, waits for its owner or is done."""

    cursor: int
    report: Mapping[str, Any]
    outcome: str = "more"  # more | wait | finish
    total: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: what it is called and one chunk of its work.

    ``options`` gives what may be decided about a line of its report, as the job's page shows it; ``again`` the address to
    post to when the questioned rows are to be taken up once more, empty when there are none.
    """

    code: str
    label: Any
    chunk: Callable[[Job, Actor], Step]
    options: Callable[[Job, Mapping[str, Any]], list[dict[str, Any]]] | None = None
    again: Callable[[Job], str] | None = None


KINDS: dict[str, Kind] = {}


def register(code: str, label: Any, chunk: Callable[[Job, Actor], Step], **more: Any) -> None:
    """Say what a kind of job does (see ``Kind``); called in ``AppConfig.ready``."""
    KINDS[code] = Kind(code, label, chunk, **more)


@transaction.atomic
def start(
    *,
    by: Actor,
    kind: str,
    title: str,
    parameters: Mapping[str, Any],
    source: File[Any] | None = None,
    source_name: str = "",
    source_of: Job | None = None,
) -> Job:
    """Create a job and enqueue it in the same transaction: either both exist afterwards or neither.

    It works on a new file (``source``), or on the one that another job was given (``source_of``).
    """
    job = Job(
        kind=kind,
        title=title[:200],
        owner_id=by.user_id,
        unit_id=by.unit_id,
        parameters=dict(parameters),
        source_name=source_name,
    )
    if source is not None:
        job.source_file.save(f"{kind}{timezone.now():%H%M%S%f}", source, save=False)
    if source_of is not None:
        job.source_file, job.source_name = source_of.source_file.name, source_of.source_name
    job.save(force_insert=True)
    events.record(by=by, verb="core.job.started", obj=job, data={"file": job.source_name})
    _enqueue(job)
    return job


def _enqueue(job: Job) -> None:
    run_job.enqueue(job_id=job.pk)


@transaction.atomic
def move(job: Job, name: str, *, by: Actor, reason: str = "", version: int | None = None) -> Job:
    """Confirm, retry or cancel a job; what is queued again is enqueued in the same transaction."""
    LIFECYCLE.perform(job, name, by=by, reason=reason, version=version)
    if job.state == "queued":
        _enqueue(job)
    elif job.state in {"cancelled", "failed"}:
        Job.objects.filter(pk=job.pk).update(finished_at=timezone.now())
    return job


@task()
def run_job(job_id: int) -> None:
    """Work on a job until it is done, waits for its owner, or stops being ours."""
    job = Job.objects.filter(pk=job_id).select_related("owner").first()
    if job is None or job.kind not in KINDS:
        return
    language = job.parameters.get("language", "zh-hans")
    with override(language), stores.taking_back(), _seldom_collecting():
        if not _claim(job):  # another worker has it: a job may be called for twice, never worked on twice
            return
        try:
            while job.state == "running" and _chunk(job):
                pass
        except DomainError as error:
            if error.status >= 500:
                log.exception("job failed", job=job.pk, kind=job.kind)
            _fail(job, str(error))
        except Exception as error:
            log.exception("job failed", job=job.pk, kind=job.kind)
            _fail(job, _told(error))


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let Python look for circles of dead objects seldom: a job makes very many objects, and they hold none.

    Looking after every 700 of them took a quarter of the time of an import.
    """
    usual = gc.get_threshold()
    gc.set_threshold(LOOKED_THROUGH_AFTER, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _told(error: Exception) -> str:
    """Return what the owner reads of an error of the system."""
    if isinstance(sentence_for(error), NoSpace):
        return _("磁盘空间不足，处理停在这里；已处理的部分已保存。请联系管理员清理或扩容，然后重新处理。")
    kind = type(error).__name__
    return _("处理时系统出错（%(kind)s），已处理的部分已保存，可以重新处理。") % {"kind": kind}


def keep_result(job: Job, stream: Any, name: str) -> dict[str, str]:
    """Store a job's result and return the values its next Step sets for it to be downloaded under ``name``."""
    stored = job.result_file.storage.save(f"jobs/{job.pk}-{job.kind}.xlsx", File(stream))
    return {"result_file": stored, "result_name": name[:200]}


def _owner(job: Job) -> Actor:
    return system(source="job") if job.owner is None else actor_of(job.owner)


def _claim(job: Job) -> bool:
    """Take a queued job; of two workers one gets it."""
    taken = Job.objects.filter(pk=job.pk, state="queued").update(
        state="running", version=F("version") + 1, beat_at=timezone.now(), problem=""
    )
    job.refresh_from_db()
    return taken == 1


def _chunk(job: Job) -> bool:
    """Do one chunk and commit it with the cursor; False when the job is no longer running here.

    What its owner may do is asked anew each time: a right that was taken away ends with the chunk.
    """
    by = _owner(job)
    with transaction.atomic():
        step = KINDS[job.kind].chunk(job, by)
        target = {"more": "running", "wait": "waiting", "finish": "done"}[step.outcome]
        ours = Job.objects.filter(pk=job.pk, state="running", cursor=job.cursor, version=job.version).update(
            cursor=step.cursor, report=dict(step.report), state=target, beat_at=timezone.now(),
            finished_at=timezone.now() if target == "done" else None, version=F("version") + 1,
            **({"total": step.total} if step.total is not None else {}), **step.values,
        )  # fmt: skip
        if ours != 1:
            transaction.set_rollback(
                True
            )  # cancelled, or taken over by another worker: this chunk never happened
        elif step.outcome != "more":
            events.record(
                by=by, verb="core.job.wait" if step.outcome == "wait" else "core.job.finish", obj=job
            )
    job.refresh_from_db()
    return ours == 1 and step.outcome == "more"


def _fail(job: Job, problem: str) -> None:
    """Tell the owner why it stopped, unless another worker has taken it over meanwhile."""
    Job.objects.filter(pk=job.pk, state="running", version=job.version).update(
        state="failed", problem=problem, finished_at=timezone.now(), version=F("version") + 1
    )


def revive(now: datetime) -> int:
    """Queue jobs again whose worker died; return how many. Called by ``yinfeng tick``."""
    dead = Q(state="running", beat_at__lt=now - DEAD_AFTER) | Q(
        state="queued", updated_at__lt=now - DEAD_AFTER
    )
    revived = 0
    for job in Job.objects.filter(dead):
        with transaction.atomic():
            if Job.objects.filter(pk=job.pk, state=job.state, version=job.version).update(
                state="queued", version=F("version") + 1, beat_at=now, updated_at=now
            ):
                _enqueue(job)
                revived += 1
    return revived
