"""A real ``kill -9``: of the worker, and of the whole product, in the middle of an import and of an upload.

The processes are those of a deployment (``yinfeng serve``, ``yinfeng db_worker``) on the database of the test, where
also the moment to kill is read off. Only the two minutes after which a worker counts as dead are not waited for.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.factories import make_unit, make_user, signed_in
from yinfeng.core import events, jobs
from yinfeng.core.models import Attachment, Event, Job, User
from yinfeng.core.permissions import registry
from yinfeng.enterprises import imports
from yinfeng.enterprises.models import Enterprise, EnterpriseTag
from yinfeng.orgs.queries import actor_for

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(os.name != "posix", reason="kill -9 is a thing of POSIX systems"),
]
ROOT = Path(__file__).resolve().parents[3]
ROWS = 1_800
NAMES = [f"测试{number:05}号光电有限公司" for number in range(ROWS)]
LIST = ("企业名称,城市\n" + "".join(f"{name},厦门市\n" for name in NAMES)).encode()
WORKER = ("db_worker", "--interval", "0.1", "--no-startup-delay", "--no-reload")
KEY = "k" * 32  # the same in cookie and form: what the browser sends back


@pytest.fixture
def user() -> User:
    codes = [code for code in registry() if code.startswith("enterprises.")]
    return make_user("甲区专员", make_unit("home", parent=make_unit("city", "city")), codes)


class Processes:
    """The product's processes on the database and the files of this test; each leads a group of its own."""

    def __init__(self) -> None:
        self.running: list[subprocess.Popen[bytes]] = []
        name = str(connection.settings_dict["NAME"])
        url = f"sqlite:///{name}"
        if connection.vendor == "postgresql":
            url = urlsplit(os.environ["YINFENG_DATABASE_URL"])._replace(path=f"/{name}").geturl()
        self.environment = os.environ | {
            "YINFENG_DATABASE_URL": url,
            "YINFENG_SECRET_KEY": settings.SECRET_KEY,
            "YINFENG_FIELD_KEYS": ",".join(settings.FIELD_KEYS),
            "YINFENG_AUDIT_KEY": settings.AUDIT_KEY,
            "YINFENG_MEDIA_DIR": str(settings.MEDIA_ROOT),
            "YINFENG_DEBUG": "1",  # static files without collecting them first
            "TMPDIR": str(settings.MEDIA_ROOT.parent),
        }

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "yinfeng", *words], cwd=ROOT, env=self.environment, start_new_session=True
        )
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the process and all that it started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)


@pytest.fixture
def processes() -> Iterator[Processes]:
    found = Processes()
    yield found
    for process in list(found.running):
        found.kill(process)


def until(reached: Callable[[], bool], seconds: float = 150) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def beyond(job: Job, row: int) -> Callable[[], bool]:
    """Say when a chunk after that row is seen; of what is written by the rows themselves, not by what the job says."""
    if job.parameters["phase"] == "write":
        return lambda: Enterprise.objects.count() > row
    return lambda: Job.objects.filter(pk=job.pk, cursor__gt=row).exists()


def reaches(job: Job, state: str) -> Callable[[], bool]:
    def reached() -> bool:
        job.refresh_from_db()
        assert job.state == state or job.state in {"queued", "running"}, job.problem
        return job.state == state

    return reached


def two_minutes_later(job: Job) -> None:
    """Make the job's last sign of life as old as that of a dead worker."""
    long_ago = timezone.now() - jobs.DEAD_AFTER - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(beat_at=long_ago, updated_at=long_ago)


def assert_every_row_once(job: Job) -> None:
    job.refresh_from_db()
    assert (job.state, job.cursor, job.total) == ("done", ROWS, ROWS)
    assert {name: count for name, count in job.report["counts"].items() if count} == {"new": ROWS}
    assert sorted(Enterprise.objects.values_list("name", flat=True)) == NAMES
    ids = set(Enterprise.objects.values_list("pk", flat=True))
    told = Event.objects.filter(object_type="enterprises.enterprise")
    assert Counter(told.values_list("object_id", "verb")) == {
        (pk, "enterprises.enterprise.imported"): 1 for pk in ids
    }
    tags = {(pk, job.parameters["tag"]) for pk in ids if job.parameters["tag"]}
    assert set(EnterpriseTag.objects.values_list("enterprise_id", "tag")) == tags
    with connection.cursor() as cursor:
        cursor.execute("SELECT object_id FROM core_searchentry WHERE object_type = 'enterprises.enterprise'")
        assert sorted(row[0] for row in cursor.fetchall()) == sorted(ids)
    story = Event.objects.filter(object_type="core.job", object_id=job.pk).order_by("pk")
    assert list(story.values_list("verb", flat=True)) == [
        "core.job.started", "core.job.wait", "core.job.confirm", "core.job.finish",
    ]  # fmt: skip


def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(user: User, processes: Processes) -> None:
    """Killed while it reads, before it is confirmed, and twice while it writes, ever deeper in a chunk."""
    by = actor_for(user)
    job = jobs.start(
        by=by, kind=imports.KIND, title="名单", source=ContentFile(LIST), source_name="名单.csv",
        parameters={"tag": "listed", "phase": "check"},
    )  # fmt: skip
    worker = processes.start(*WORKER)

    def kill_in_the_middle(after: int, delay: float) -> None:
        nonlocal worker
        until(beyond(job, after))
        time.sleep(delay)
        processes.kill(worker)
        job.refresh_from_db()
        assert job.state == "running"
        assert after < job.cursor < ROWS
        assert Enterprise.objects.count() == (job.cursor if job.parameters["phase"] == "write" else 0)
        assert (
            Event.objects.filter(object_type="enterprises.enterprise").count() == Enterprise.objects.count()
        )
        two_minutes_later(job)
        call_command("tick")
        worker = processes.start(*WORKER)

    kill_in_the_middle(0, 0)
    until(reaches(job, "waiting"))
    assert (job.total, Enterprise.objects.count()) == (ROWS, 0)
    processes.kill(worker)
    jobs.move(job, "confirm", by=by)
    worker = processes.start(*WORKER)
    for delay in (0, 0.1):
        job.refresh_from_db()
        kill_in_the_middle(job.cursor, delay)
    until(reaches(job, "done"))
    assert_every_row_once(job)


# --- the whole product --------------------------------------------------------------------------------------------


def form(name: str, content: bytes) -> tuple[bytes, str]:
    """Return the body of the import's form and its type, as a browser sends them."""
    parts = [
        f'--yf\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in (("csrfmiddlewaretoken", KEY), ("tag", ""))
    ]
    head = f'--yf\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    return b"".join([*parts, head.encode(), content, b"\r\n--yf--\r\n"]), "multipart/form-data; boundary=yf"


class Served:
    """The product as ``make run`` serves it, and a browser that is signed in there."""

    def __init__(self, processes: Processes, user: User, *words: str) -> None:
        self.processes, self.session = processes, signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
        self.start(*words)

    def start(self, *words: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process = self.processes.start("serve", "--port", str(self.port), *words)
        until(self.answers)

    def answers(self) -> bool:
        try:
            return self.send("GET", "/accounts/login/")[0] in {200, 302}
        except OSError:
            return False

    def kill(self) -> None:
        self.processes.kill(self.process)

    def headers(self) -> dict[str, str]:
        cookies = {settings.SESSION_COOKIE_NAME: self.session, settings.CSRF_COOKIE_NAME: KEY}
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}

    def send(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, str, str]:
        """Return the status, the place that the browser is sent to, and the page."""
        talk = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(talk):
            headers = self.headers() | ({"Content-Type": kind} if kind else {})
            talk.request(method, path, body or None, headers)
            answer = talk.getresponse()
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()

    def send_half(self, path: str, body: bytes, kind: str) -> socket.socket:
        """Send the first half of a form and leave the server waiting for the rest."""
        talk = socket.create_connection(("127.0.0.1", self.port))
        headers = self.headers() | {
            "Host": "localhost",
            "Content-Type": kind,
            "Content-Length": str(len(body)),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        talk.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body[: len(body) // 2])
        return talk


def test_the_product_killed_in_an_upload_before_the_confirmation_and_in_the_import(
    user: User, processes: Processes
) -> None:
    served = Served(processes, user, "--web-only")
    signed_in_at = Event.objects.count()

    # in the middle of a large upload: as if it had never begun
    with served.send_half("/enterprises/import/", *form("名单.csv", LIST * 200)):
        served.kill()
    assert not Job.objects.exists()
    assert not Attachment.objects.exists()
    assert Event.objects.count() == signed_in_at
    assert not DBTaskResult.objects.exists()
    folder = Path(settings.MEDIA_ROOT).parent
    assert [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size] == []

    # between the upload and its confirmation
    served.start("--web-only")
    status, place, _page = served.send("POST", "/enterprises/import/", *form("名单.csv", LIST))
    assert (status, place[:6]) == (302, "/jobs/")
    served.kill()
    job = Job.objects.get()
    assert job.state == "queued"
    two_minutes_later(job)
    served.start()
    until(reaches(job, "waiting"))
    assert not Enterprise.objects.exists()

    # in the middle of the import
    token = f"csrfmiddlewaretoken={KEY}".encode()
    status, *_ = served.send("POST", f"{place}confirm/", token, "application/x-www-form-urlencoded")
    assert status == 302
    until(beyond(job, 0))
    served.kill()
    job.refresh_from_db()
    assert (job.state, 0 < job.cursor < ROWS) == ("running", True)
    two_minutes_later(job)
    served.start()
    status, _place, page = served.send("GET", place)
    assert status == 200
    assert re.search(rf"已处理 [\d,]+ / {ROWS:,}|已完成", page)
    until(reaches(job, "done"))
    assert_every_row_once(job)
    assert events.verify().faults == ()


@pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="looks the processes up where Linux lists them"
)
def test_what_dies_is_started_again_and_nothing_outlives_the_server(user: User, processes: Processes) -> None:
    served = Served(processes, user)

    def children() -> dict[str, int]:
        """Return the server's processes by their command (the web process has the server's own)."""
        found = {}
        tasks = Path(f"/proc/{served.process.pid}/task").glob("*/children")
        for pid in " ".join(task.read_text() for task in tasks).split():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                if len(words) > 3 and not gone(int(pid)):
                    found[words[3]] = int(pid)
        return found

    until(lambda: len(children()) == 3)
    before = children()
    for name in before:
        os.kill(before[name], signal.SIGKILL)
        until(lambda name=name: children().get(name, before[name]) != before[name])  # type: ignore[misc]
    until(served.answers)
    last = children()
    os.kill(served.process.pid, signal.SIGKILL)
    served.process.wait()
    until(lambda: all(gone(pid) for pid in last.values()))


def gone(pid: int) -> bool:
    """Say whether the process has ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
