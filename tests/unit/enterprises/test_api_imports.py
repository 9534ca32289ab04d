"""Lists over the API: from the file to the written rows, who may do what with whose import, the library as a file."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories import make_user, signed_in
from tests.unit.enterprises.test_imports import ALL, home
from yinfeng.core import jobs
from yinfeng.core.models import Event, Job
from yinfeng.enterprises import services
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db
TEXT = "企业名称,城市\n示例光电（厦门）股份有限公司,厦门市\n甲一有限公司,厦门市\n"
IMPORT, EXPORT = "enterprises.enterprise.import", "enterprises.enterprise.export"


@pytest.fixture
def unit() -> Unit:
    return home()


def sent(client: Client, **more: Any) -> Any:
    file = SimpleUploadedFile("名单.csv", TEXT.encode(), "text/csv")
    return client.post("/api/v1/imports/", {"file": file, **more})


def work() -> None:
    for job in Job.objects.filter(state="queued"):
        jobs.run_job.func(job.pk)


def post(client: Client, address: str, **body: Any) -> Any:
    return client.post(f"/api/v1/imports/{address}", body, content_type="application/json")


def test_a_list_from_the_file_to_the_last_row(unit: Unit) -> None:
    user = make_user("乙", unit, ALL)
    firm = services.add_enterprise(by=actor_for(user), values={"name": "示例光电（厦门）有限公司"})
    client = signed_in(user)
    job = sent(client, complete="false").json()
    assert (job["state"], job["kind"]) == ("queued", "enterprises.import")
    work()
    read = client.get(f"/api/v1/imports/{job['id']}/").json()
    assert (read["state"], read["counts"]["new"], read["counts"]["questioned"]) == ("waiting", 1, 1)
    (row,) = client.get(f"/api/v1/imports/{job['id']}/report/").json()["rows"]
    assert (row["name"], row["candidates"][0]["id"]) == ("示例光电（厦门）股份有限公司", firm.pk)
    assert post(client, f"{job['id']}/moves/confirm/").json()["state"] == "queued"
    work()
    assert post(client, f"{job['id']}/settle/", row=2, enterprise=firm.pk, same=True).status_code == 200
    (row,) = client.get(f"/api/v1/imports/{job['id']}/report/").json()["rows"]
    assert row["candidates"][0]["same"] is True
    more = post(client, f"{job['id']}/again/")
    assert more.status_code == 201
    work()
    assert client.get(f"/api/v1/imports/{more.json()['id']}/").json()["counts"]["updated"] == 1
    assert set(Enterprise.objects.values_list("city", flat=True)) == {"厦门市"}
    assert post(client, f"{job['id']}/again/").status_code == 201, "the old report still has its row"


def test_a_list_that_cannot_be_read_is_refused_with_its_sentence(unit: Unit) -> None:
    client = signed_in(make_user("乙", unit, ALL))
    for name, content in (("x.exe", b"MZ"), ("x.csv", b"a,b\n1,2\n"), ("x.xlsx", b"PK\x03\x04")):
        answer = client.post("/api/v1/imports/", {"file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 422
        assert answer.json()["sentence"]
    assert sent(client, complete="true").json()["fields"]["complete"]
    assert sent(client, year="1").status_code == 422
    assert not Job.objects.exists()


ACTS = {
    "report/": ("get", {}, 200),
    "moves/": ("get", {}, 200),
    "moves/confirm/": ("post", {}, 200),
    "moves/cancel/": ("post", {}, 200),
    "moves/run/": ("post", {}, 404),
    "moves/retry/": ("post", {}, 409),
    "settle/": ("post", {"row": 3, "enterprise": 1, "same": True}, 404),
    "again/": ("post", {}, 409),
    "": ("get", {}, 200),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_import_is_its_owners_and_needs_the_right(act: str, unit: Unit) -> None:
    owner = make_user("甲", unit, ALL)
    job = sent(signed_in(owner)).json()["id"]
    work()
    method, body, status = ACTS[act]

    def answer(client: Client) -> int:
        address = f"/api/v1/imports/{job}/{act}"
        if method == "get":
            return client.get(address).status_code
        return client.post(address, body, content_type="application/json").status_code

    before = list(Job.objects.values())
    assert answer(Client()) == 401
    assert answer(signed_in(make_user("同事", unit, ALL))) == 404
    assert answer(signed_in(make_user("无权", unit, [code for code in ALL if code != IMPORT]))) == 403
    assert list(Job.objects.values()) == before
    owner.role_grants.all().delete()
    assert answer(signed_in(owner)) == 403
    assert list(Job.objects.values()) == before
    other = make_user("乙", unit, ALL)
    Job.objects.filter(pk=job).update(owner=other)
    assert answer(signed_in(other)) == status


def test_jobs_of_another_kind_are_no_imports(unit: Unit) -> None:
    user = make_user("乙", unit, ALL)
    job = Job.objects.create(kind="other", title="别的", owner=user, state="waiting")
    client = signed_in(user)
    assert client.get(f"/api/v1/imports/{job.pk}/").status_code == 404
    assert post(client, f"{job.pk}/moves/cancel/").status_code == 404
    assert client.get("/api/v1/imports/").json()["results"] == []


def test_the_library_as_a_file(unit: Unit) -> None:
    user = make_user("乙", unit, ALL)
    by = actor_for(user)
    for name, city in (("甲一有限公司", "厦门市"), ("=乙一有限公司", "泉州市")):
        services.add_enterprise(by=by, values={"name": name, "city": city})
    client = signed_in(user)
    answer = client.get("/api/v1/enterprises/export/", {"col": ["name", "place"]}, headers={"Accept": "*/*"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).worksheets[0]  # type: ignore[attr-defined]
    assert [cell.value for cell in sheet["A"]] == ["企业名称", "甲一有限公司", "=乙一有限公司"]
    assert sheet["A3"].data_type == "s"
    answer = client.get("/api/v1/enterprises/export/", {"as": "csv", "q": "甲一"})
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "甲一有限公司" in text
    assert "乙一" not in text
    assert Event.objects.filter(verb="core.list.exported").count() == 2
    refused = signed_in(make_user("无权", unit, [code for code in ALL if code != EXPORT]))
    assert refused.get("/api/v1/enterprises/export/").status_code == 403
    assert Client().get("/api/v1/enterprises/export/").status_code == 401
