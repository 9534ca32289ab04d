"""Uploaded files in S3-compatible storage: kept whole, served only through the application, missed and refused in sentences."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from config.settings import media
from tests.factories import make_lead, make_unit, make_user, s3, signed_in
from yinfeng.core import jobs, services
from yinfeng.core.errors import Away, Invalid
from yinfeng.core.models import Attachment, Event, Job, User
from yinfeng.core.permissions import registry
from yinfeng.enterprises import imports
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.queries import actor_for
from yinfeng.projects.models import Lead

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n" + b"%" * 3_000_000
LIST = "企业名称,城市\n甲一有限公司,厦门市\n,泉州市\n".encode()


@pytest.fixture
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[s3.Bucket]:
    """The store of this test is a bucket, chosen as a deployment chooses it."""
    monkeypatch.setenv("YINFENG_MEDIA_KEY_ID", "key-of-the-test")
    monkeypatch.setenv("YINFENG_MEDIA_SECRET", "secret-of-the-test")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with s3.serve("yinfeng") as served:
        url = f"s3://yinfeng/city?endpoint={served.address}&region=cn-xiamen&addressing=path"
        settings.STORAGES = {**settings.STORAGES, "default": media(url)}
        yield served


@pytest.fixture
def user() -> User:
    return make_user("甲", make_unit("home", parent=make_unit("city", "city")), registry())


@pytest.fixture
def client(user: User) -> Client:
    browser = signed_in(user)
    browser.raise_request_exception = False
    return browser


@pytest.fixture
def lead(user: User) -> Lead:
    return make_lead("测试线索", make_unit("home"), user)


def upload(client: Client, lead: Lead) -> Any:
    file = SimpleUploadedFile("合同 一.pdf", PDF, "application/pdf")
    return client.post(f"/on/projects.lead/{lead.pk}/file/", {"file": file, "kind": ""})


def test_an_upload_is_kept_in_the_bucket_and_comes_back_as_it_was(
    bucket: s3.Bucket, client: Client, lead: Lead
) -> None:
    assert upload(client, lead).status_code == 302
    attachment = Attachment.objects.get()
    key = f"city/{attachment.stored.name}"
    assert bucket.objects == {key: PDF}
    assert bucket.headers[key]["content-type"] == "application/octet-stream"
    assert "x-amz-acl" not in bucket.headers[key]
    assert [request for request in bucket.requests if request[0] in {"PUT", "POST"}] == [
        ("PUT", f"/yinfeng/{key}")
    ]
    for headers in ({}, {"HTTP_RANGE": "bytes=0-9"}):  # parts are not offered: the whole is a proper answer
        answer = client.get(f"/files/{attachment.pk}/", **headers)
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content) == PDF
        assert answer["Content-Length"] == str(len(PDF)) == str(attachment.size)
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert "Location" not in answer


def test_nobody_is_sent_to_the_bucket_and_who_may_not_see_the_row_gets_nothing(
    bucket: s3.Bucket, client: Client, lead: Lead
) -> None:
    upload(client, lead)
    attachment = Attachment.objects.get()
    page = client.get(f"/leads/{lead.pk}/").content.decode()
    assert "合同 一.pdf" in page
    assert bucket.address not in page
    with pytest.raises(NotImplementedError):
        _ = attachment.stored.url
    bucket.requests.clear()
    outsider = signed_in(make_user("乙", make_unit("away", parent=make_unit("city")), registry()))
    assert outsider.get(f"/files/{attachment.pk}/").status_code == 404
    assert Client().get(f"/files/{attachment.pk}/").status_code == 302
    assert bucket.requests == []


def test_a_file_that_is_missing_from_the_bucket_is_said_to_be(
    bucket: s3.Bucket, client: Client, lead: Lead
) -> None:
    upload(client, lead)
    bucket.objects.clear()
    answer = client.get(f"/files/{Attachment.objects.get().pk}/")
    assert answer.status_code == 410
    assert "“合同 一.pdf”" in answer.content.decode()
    assert not Event.objects.filter(verb="core.attachment.downloaded").exists()


@pytest.mark.parametrize(
    ("refusal", "status", "sentence"),
    [
        ((507, "XMinioStorageFull"), 507, "磁盘空间不足"),
        ((403, "QuotaExceeded"), 507, "磁盘空间不足"),
        ((403, "AccessDenied"), 503, "文件库暂时无法使用"),
        ((404, "NoSuchBucket"), 503, "文件库暂时无法使用"),
    ],
)
def test_what_the_store_refuses_is_said_and_leaves_nothing(
    refusal: tuple[int, str], status: int, sentence: str,
    bucket: s3.Bucket, client: Client, lead: Lead, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    bucket.refuse["PUT"] = refusal
    before = Event.objects.count()
    caplog.clear()
    answer = upload(client, lead)
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert (Attachment.objects.count(), Event.objects.count(), bucket.objects) == (0, before, {})
    told = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(told) == 1
    assert refusal[1] in caplog.text


def test_a_store_that_cannot_be_reached_is_said_to_be_away(
    bucket: s3.Bucket, client: Client, lead: Lead, settings: Any
) -> None:
    upload(client, lead)
    nowhere = media("s3://yinfeng?endpoint=http://127.0.0.1:9&region=cn-xiamen&addressing=path")
    settings.STORAGES = {**settings.STORAGES, "default": nowhere}
    for answer in (upload(client, lead), client.get(f"/files/{Attachment.objects.get().pk}/")):
        assert answer.status_code == 503
        assert "文件库暂时无法使用" in answer.content.decode()
    assert Attachment.objects.count() == 1


def test_the_file_of_a_row_that_was_not_kept_is_taken_back(
    bucket: s3.Bucket, client: Client, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = services.attach_file

    def refused_afterwards(**words: Any) -> Any:
        with transaction.atomic():
            real(**words)
            assert len(bucket.objects) == 1
            raise Invalid("不对")

    monkeypatch.setattr(services, "attach_file", refused_afterwards)
    upload(client, lead)
    assert bucket.objects == {}


def test_an_import_reads_its_list_from_the_bucket_and_puts_its_result_there(
    bucket: s3.Bucket, user: User
) -> None:
    by = actor_for(user)
    job = jobs.start(
        by=by, kind=imports.KIND, title="名单", source=ContentFile(LIST), source_name="名单.csv",
        parameters={"tag": "", "phase": "check"},
    )  # fmt: skip
    jobs.run_job.func(job.pk)
    job = Job.objects.get()
    jobs.move(job, "confirm", by=by)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert (job.state, Enterprise.objects.count()) == ("done", 1)
    assert bucket.objects[f"city/{job.result_file.name}"].startswith(b"PK")


def test_a_job_waits_to_be_retried_while_the_store_is_away(bucket: s3.Bucket, user: User) -> None:
    by = actor_for(user)
    job = jobs.start(
        by=by, kind=imports.KIND, title="名单", source=ContentFile(LIST), source_name="名单.csv",
        parameters={"tag": "", "phase": "check"},
    )  # fmt: skip
    bucket.refuse["GET"] = (403, "AccessDenied")
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert "文件库暂时无法使用" in job.problem
    bucket.refuse.clear()
    jobs.move(job, "retry", by=by)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    assert job.state == "waiting"


def inventory(**options: Any) -> tuple[str, bool]:
    """Return what ``yinfeng files`` prints, and whether it found all that rows refer to."""
    out = io.StringIO()
    try:
        call_command("files", stdout=out, stderr=out, **options)
    except CommandError:
        return out.getvalue(), False
    return out.getvalue(), True


def test_the_store_is_compared_with_the_rows(bucket: s3.Bucket, client: Client, lead: Lead) -> None:
    upload(client, lead)
    kept = Attachment.objects.get().stored.name
    bucket.objects |= {"city/attachments/2024/01/left-behind.pdf": b"1", "another-product.txt": b"2"}
    text, whole = inventory()
    assert whole
    assert "attachments/2024/01/left-behind.pdf" in text
    assert kept not in text
    inventory(delete_unreferenced=True)
    assert set(bucket.objects) == {f"city/{kept}", "another-product.txt"}
    bucket.objects.clear()
    text, whole = inventory()
    assert not whole
    assert kept in text


@pytest.mark.parametrize(
    "url",
    ["http://bucket", "s3://", "s3://key:secret@bucket", "s3://bucket?public=1", "bucket"],
)
def test_a_wrong_address_of_the_store_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="YINFENG_MEDIA_URL"):
        media(url)


def test_an_installation_without_the_packages_for_a_bucket_says_which(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("config.settings.find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"run-s3\.txt"):
        media("s3://bucket")


def test_without_an_address_files_lie_in_a_folder() -> None:
    assert media("") == {"BACKEND": "yinfeng.core.stores.FolderStorage"}


def test_a_store_that_refuses_is_not_one_that_lacks_the_file(bucket: s3.Bucket) -> None:
    """Else a wrong key would read as if every file were lost."""
    bucket.refuse = {"HEAD": (403, "AccessDenied")}
    with pytest.raises(Away):
        default_storage.open("attachments/x.pdf")
