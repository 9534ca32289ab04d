"""What becomes of files when the disk is full, when their row is not kept, and when their content is missing."""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from yinfeng.core import api, exporting, jobs, services, stores, uploads
from yinfeng.core.errors import Invalid, NoSpace, sentence_for
from yinfeng.core.models import Attachment, Event, Job, User
from yinfeng.core.permissions import registry
from yinfeng.enterprises import imports
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
LIST = "企业名称,城市\n甲一有限公司,厦门市\n,泉州市\n".encode()
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def user() -> User:
    return make_user("甲", make_unit("home", parent=make_unit("city", "city")), registry())


@pytest.fixture
def client(user: User) -> Client:
    """A browser that is answered as in production: with a page, whatever happened."""
    browser = signed_in(user)
    browser.raise_request_exception = False
    return browser


def stored() -> list[str]:
    """Return what lies in the store, arriving files among it."""
    root = Path(settings.MEDIA_ROOT)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def pdf() -> SimpleUploadedFile:
    return SimpleUploadedFile("合同.pdf", PDF, "application/pdf")


def fails(*_words: Any, **_more: Any) -> Any:
    raise FULL


class Full(io.BytesIO):
    """A file on a full disk."""

    write = fails


@contextlib.contextmanager
def refused_for_want_of_space(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[Any], None]]:
    """Give a function that checks an answer; afterwards nothing is half-done and the log tells it once."""
    rows = {model: model._default_manager.count() for model in (Attachment, Job, Event)}
    before = stored()

    def check(response: Any) -> None:
        assert response.status_code == 507
        assert "磁盘空间不足" in response.content.decode()

    caplog.clear()
    with caplog.at_level(logging.WARNING):
        yield check
    assert {model: model._default_manager.count() for model in rows} == rows
    assert stored() == before
    told = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(told) == 1
    assert told[0].exc_info is not None


# --- the disk is full ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["mkstemp", "fsync"])
def test_a_file_that_does_not_fit_is_refused(
    call: str, client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = make_enterprise("甲一有限公司")
    place = {"mkstemp": tempfile, "fsync": os}[call]
    with refused_for_want_of_space(caplog) as check:
        monkeypatch.setattr(place, call, fails)
        check(client.post(f"/on/enterprises.enterprise/{firm.pk}/file/", {"file": pdf(), "kind": ""}))
        monkeypatch.undo()
    assert client.post(
        f"/on/enterprises.enterprise/{firm.pk}/file/", {"file": pdf(), "kind": ""}
    ).status_code == 302  # fmt: skip
    assert len(stored()) == 1


def test_a_list_that_does_not_fit_is_refused(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refused_for_want_of_space(caplog) as check:
        monkeypatch.setattr(os, "fsync", fails)
        check(client.post("/enterprises/import/", {"file": SimpleUploadedFile("名单.csv", LIST), "tag": ""}))


@pytest.mark.parametrize("csrf", [False, True], ids=["read by the view", "read before any view"])
def test_an_upload_that_does_not_fit_while_it_is_received_is_refused(
    csrf: bool, user: User, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Client(enforce_csrf_checks=csrf, raise_request_exception=False)
    browser.force_login(user, backend="yinfeng.core.signin.Backend")
    browser.cookies[settings.CSRF_COOKIE_NAME] = "k" * 32
    large = SimpleUploadedFile("名单.csv", LIST * 60_000)
    assert (large.size or 0) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    with refused_for_want_of_space(caplog) as check:
        monkeypatch.setattr(uploads.tempfile, "TemporaryFile", Full)
        form = {"file": large, "tag": "", "csrfmiddlewaretoken": "k" * 32}
        check(browser.post("/enterprises/import/", form))


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_an_export_that_does_not_fit_is_refused(
    kind: str, client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_enterprise("甲一有限公司")
    with refused_for_want_of_space(caplog) as check:
        monkeypatch.setattr(exporting.tempfile, "TemporaryFile", Full)
        check(client.get(f"/enterprises/export/?format={kind}&kind={kind}"))


def test_a_job_whose_result_does_not_fit_says_so_and_goes_on_later(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    by = actor_for(user)
    job = jobs.start(
        by=by, kind=imports.KIND, title="名单", source=ContentFile(LIST), source_name="名单.csv",
        parameters={"tag": "", "phase": "check"},
    )  # fmt: skip
    before = stored()
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.cursor, job.result_file.name) == ("failed", 0, "")
    assert "磁盘空间不足" in job.problem
    assert stored() == before
    jobs.move(job, "retry", by=by)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, job.report["counts"]["new"], job.report["counts"]["refused"]) == ("waiting", 1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite can be told how large it may grow")
def test_a_full_database_is_said_to_be_full(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A limit on its pages makes SQLite answer as on a full disk: “database or disk is full”."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
        try:
            for number in range(100):  # first the free pages within the file are used up
                before = (Enterprise.objects.count(), Event.objects.count())
                caplog.clear()
                form = {
                    "name": f"{chr(0x4E00 + number) * 4}有限公司",
                    "country": "CN",
                    "introduction": "长" * 3_000,
                }
                response = client.post("/enterprises/add/", form)
                if response.status_code != 302:
                    break
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert response.status_code == 507
    assert "磁盘空间不足" in response.content.decode()
    assert (Enterprise.objects.count(), Event.objects.count()) == before
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1
    assert client.post("/enterprises/add/", form).status_code == 302


def test_what_says_that_a_disk_is_full_is_understood() -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
    postgres = type("DiskFull", (Exception,), {"sqlstate": "53100"})()

    def raised(cause: Exception) -> Exception:
        try:
            raise OperationalError from cause
        except DatabaseError as error:
            return error

    assert isinstance(sentence_for(raised(full)), NoSpace)
    assert isinstance(sentence_for(raised(postgres)), NoSpace)
    assert isinstance(sentence_for(OSError(errno.EDQUOT, "")), NoSpace)
    assert sentence_for(raised(locked)) is None
    assert sentence_for(OSError(errno.EACCES, "")) is None
    invalid = Invalid("不对")
    assert sentence_for(invalid) is invalid


def test_the_api_says_it_too(rf: Any) -> None:
    request = type("Request", (), {"_request": rf.post("/api/v1/")})
    response = api.explain(FULL, {"request": request})
    assert response is not None
    assert (response.status_code, response.data["code"]) == (507, "no_space")


@pytest.mark.skipif(
    not (hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("mount")), reason="mounts a disk"
)
def test_on_a_real_full_disk(
    client: Client, tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=False, capture_output=True
    ).returncode:
        pytest.skip("may not mount a disk here")
    try:
        settings.MEDIA_ROOT = disk
        firm = make_enterprise("甲一有限公司")
        large = SimpleUploadedFile("合同.pdf", PDF + b"%" * 200_000)
        with refused_for_want_of_space(caplog) as check:
            check(client.post(f"/on/enterprises.enterprise/{firm.pk}/file/", {"file": large, "kind": ""}))
        assert (
            client.post(
                f"/on/enterprises.enterprise/{firm.pk}/file/", {"file": pdf(), "kind": ""}
            ).status_code
            == 302
        )
    finally:
        subprocess.run(["umount", disk], check=True)


# --- rows that are not kept, content that is missing --------------------------------------------------------------


def test_the_file_of_a_row_that_was_not_kept_is_taken_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm, real = make_enterprise("甲一有限公司"), services.attach_file

    def refused_afterwards(**words: Any) -> Any:
        with transaction.atomic():
            real(**words)
            assert len(stored()) == 1
            raise Invalid("不对")

    monkeypatch.setattr(services, "attach_file", refused_afterwards)
    client.post(f"/on/enterprises.enterprise/{firm.pk}/file/", {"file": pdf(), "kind": ""})
    assert not Attachment.objects.exists()
    assert stored() == []


def test_a_store_keeps_names_apart_and_content_whole() -> None:
    names = [default_storage.save("a/一.pdf", ContentFile(text)) for text in (b"1", b"2")]
    assert [default_storage.open(name).read() for name in names] == [b"1", b"2"]
    assert stored() == sorted(names)
    mode = Path(default_storage.path(names[0])).stat().st_mode & 0o777
    assert mode == settings.FILE_UPLOAD_PERMISSIONS


def test_a_file_whose_content_is_missing_is_said_to_be(client: Client, user: User) -> None:
    firm = make_enterprise("甲一有限公司")
    attachment = services.attach_file(by=actor_for(user), obj=firm, file=ContentFile(PDF), name="合同.pdf")
    Path(attachment.stored.path).unlink()
    response = client.get(f"/files/{attachment.pk}/")
    assert response.status_code == 410
    assert "“合同.pdf”" in response.content.decode()
    assert not Event.objects.filter(verb="core.attachment.downloaded").exists()


def test_a_job_whose_file_is_missing_says_so(user: User) -> None:
    by = actor_for(user)
    job = jobs.start(
        by=by, kind=imports.KIND, title="名单", source=ContentFile(LIST), source_name="名单.csv",
        parameters={"tag": "", "phase": "check"},
    )  # fmt: skip
    Path(job.source_file.path).unlink()
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert "“名单.csv”" in job.problem
    assert not Enterprise.objects.exists()


def test_every_field_that_refers_to_a_file_is_known() -> None:
    assert {f"{field.model._meta.label}.{field.name}" for field in stores.references()} == {
        "core.Attachment.stored", "core.Job.source_file", "core.Job.result_file",
    }  # fmt: skip
