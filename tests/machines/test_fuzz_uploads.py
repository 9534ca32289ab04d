"""Hostile files through the pages that take files: refused with a sentence, and nothing kept of them (SECURITY 5.2, 5.3)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import signed_in
from tests.machines.hostile import PAYLOADS, hostile_client, judge, sentences
from tests.machines.test_routes import snapshot
from tests.machines.world import PDF, World
from yinfeng.core.exchange import ooxml
from yinfeng.core.jobs import move, run_job
from yinfeng.core.models import Attachment, Job
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.queries import actor_for
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db
OFFICE = "http://schemas.openxmlformats.org"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def workbook(rows: str = "", head: str = "", **parts: bytes) -> bytes:
    """Return a small workbook whose sheet has these rows as XML, with more parts (``__`` in a name is a slash)."""
    main = f"{OFFICE}/spreadsheetml/2006/main"
    links = f"{OFFICE}/officeDocument/2006/relationships"
    packed = f"{OFFICE}/package/2006"
    made = {
        "[Content_Types].xml": f'<Types xmlns="{packed}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET_TYPE}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packed}/relationships"><Relationship Id="r1" '
        f'Type="{links}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>'
        f'<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packed}/relationships"><Relationship Id="r1" '
        f'Type="{links}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?>{head}<worksheet xmlns="{main}"><sheetData>'
        f"{rows or row('企业名称') + row('测试丙有限公司')}</sheetData></worksheet>",
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name, text in made.items():
            new.writestr(name, text)
        for name, content in parts.items():
            new.writestr(name.replace("__", "/") + ".bin", content)
    return stream.getvalue()


def row(text: str) -> str:
    return f'<row><c t="inlineStr"><is><t>{text}</t></is></c></row>'


def bomb() -> bytes:
    """Return a workbook of some 200 kB that unpacks to 200 MB."""
    return workbook(xl__media__x=bytes(200 * 1024 * 1024))


def many_members() -> bytes:
    stream = io.BytesIO(workbook())
    with zipfile.ZipFile(stream, "a") as new:
        for number in range(20_000):
            new.writestr(f"xl/media/{number}", "")
    return stream.getvalue()


ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY e0 "ha">'
    + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)
HTML = b"<!doctype html><script>alert(1)</script>"
OLE = ooxml.OLE_MAGIC + bytes(2000) + "Workbook\0".encode("utf-16-le") + bytes(500)

# What no page may keep, whatever it calls itself. Made when wanted, as some are large.
HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "zip bomb": ("名单.xlsx", bomb),
    "too many members": ("名单.xlsx", many_members),
    "macros": ("名单.xlsx", lambda: workbook(xl__vbaProject=b"x")),
    "macros by name": ("名单.xlsm", lambda: workbook(xl__vbaProject=b"x")),
    "external entity": ("名单.xlsx", lambda: workbook(row("&e;"), head=ENTITY)),
    "billion laughs": ("名单.xlsx", lambda: workbook(row("&e9;"), head=LAUGHS)),
    "old workbook as a new one": ("名单.xlsx", lambda: OLE),
    "page as a workbook": ("名单.xlsx", lambda: HTML),
    "page as a contract": ("合同.pdf", lambda: HTML),
    "program as a contract": ("合同.pdf", lambda: b"MZ\x90\0" + bytes(500)),
    "page": ("合同.html", lambda: HTML),
    "drawing with a script": ("图.svg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>'),
    "drawing as an image": ("图.png", lambda: b"<svg onload=x>"),
    "page as a table": ("名单.csv", lambda: HTML + b"\nx,y\n"),
    "program as a table": ("名单.csv", lambda: b"MZ\x90\0\x03" + bytes(500)),
    "program": ("合同.exe", lambda: b"MZ"),
    "two endings": ("合同.pdf.exe", lambda: PDF),
    "no ending": ("合同", lambda: PDF),
    "ending behind a NUL": ("合同.exe\0.pdf", lambda: b"MZ\x90\0" + bytes(500)),
    "nothing": ("合同.pdf", lambda: b""),
    "nothing at all": ("名单.csv", lambda: b""),
    "blank": ("名单.xlsx", lambda: b" "),
    "half a workbook": ("名单.xlsx", lambda: workbook()[:400]),
    "workbook with a path": ("名单.xlsx", lambda: renamed(workbook(), "../../../tmp/x")),
}  # fmt: skip
# What a polyglot begins with decides: it is kept as that, and never served as anything else.
POLYGLOT = PDF + HTML


def renamed(data: bytes, name: str) -> bytes:
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as new:
        new.writestr(name, "x")
    return stream.getvalue()


def ready(world: World) -> None:
    """Fill in what a project must say before it can be signed."""
    Project.objects.filter(pk=world.rows["unsigned"].pk).update(
        project_class="policy", is_foreign=False, industry="C39", intended=100_000_000, contact_name="李", site="某地",
        investment_kind="chain", fixed_investment=50_000_000, planned_start_date=timezone.localdate(), chain="x",
        expected_output=1, expected_tax=1, origin="某市", land_mu=1, approached_date=timezone.localdate(),
    )  # fmt: skip


def send(page: str, file: Any, world: World, client: Client) -> Any:
    if page == "project-claim":
        ready(world)
        rest = {"happened_date": timezone.localdate().isoformat(), "amount": "1", "amount_unit": "yi"}
        return client.post(
            reverse(page, args=[world.rows["unsigned"].pk, "signed"]), {**rest, "evidence": file}
        )
    if page == "file-add":
        url = reverse(page, args=["projects.project", world.rows["project"].pk])
        return client.post(url, {"kind": "other", "file": file})
    return client.post(reverse(page), {"file": file})


def stored(settings: LazySettings) -> set[Path]:
    return {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


PAGES = ("project-claim", "file-add", "enterprises-import")


@pytest.mark.parametrize("label", HOSTILE)
@pytest.mark.parametrize("page", PAGES)
def test_a_hostile_file_is_refused_with_a_sentence_and_not_kept(
    page: str, label: str, world: World, settings: LazySettings
) -> None:
    name, make = HOSTILE[label]
    client = hostile_client(signed_in(world.insider))
    ready(world)
    before, files = snapshot(), stored(settings)
    answer = send(page, SimpleUploadedFile(name, make(), content_type="application/pdf"), world, client)
    judge(answer, f"{page}: {label}")
    assert answer.status_code in {413, 422}, f"{page}: {label}: {answer.status_code}"
    assert sentences(answer)
    assert snapshot() == before
    assert stored(settings) == files


@pytest.mark.parametrize("page", PAGES)
def test_a_file_over_the_limit_is_refused(
    page: str, world: World, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    monkeypatch.setattr("yinfeng.core.exchange.reading.MAX_BYTES", 1000)
    client = hostile_client(signed_in(world.insider))
    ready(world)
    before, files = snapshot(), stored(settings)
    name, data = ("名单.csv", b"x" * 1001) if page == "enterprises-import" else ("合同.pdf", PDF.ljust(1001))
    answer = send(page, SimpleUploadedFile(name, data), world, client)
    judge(answer, page)
    assert answer.status_code in {413, 422}
    assert (snapshot(), stored(settings)) == (before, files)


NAMES = {
    "path": "../../../etc/合同.pdf", "windows path": "..\\..\\合同.pdf", "device": "con.pdf", "long": "长" * 300 + ".pdf",
    "very long": "a" * 5000 + ".pdf", "header": 'x"\r\nSet-Cookie: a=1\r\n.pdf', "right to left": "合同\u202efdp.pdf",
    "nul": "合同\0.pdf", "markup": "\"'><svg onload=x>.pdf", "dots": "....pdf", "blank": "  .pdf", "script": "${x}{{x}}.pdf",
}  # fmt: skip


# Of these nothing with an ending is left.
NOT_A_NAME = {"header", "dots", "blank"}


@pytest.mark.parametrize("label", NAMES)
@pytest.mark.parametrize("page", ["project-claim", "file-add"])
def test_a_hostile_name_is_only_a_name(page: str, label: str, world: World, settings: LazySettings) -> None:
    """The file is kept under a number in the store; what is shown and offered for saving is a clean name."""
    client = hostile_client(signed_in(world.insider))
    known = set(Attachment.objects.values_list("pk", flat=True))
    answer = send(page, SimpleUploadedFile(NAMES[label], PDF), world, client)
    judge(answer, label)
    if label in NOT_A_NAME:
        assert answer.status_code == 422
        assert set(Attachment.objects.values_list("pk", flat=True)) == known
        return
    assert answer.status_code == 302, sentences(answer)
    file = Attachment.objects.exclude(pk__in=known).get()
    assert Path(file.stored.name).name == f"{file.pk}.pdf"
    assert Path(settings.MEDIA_ROOT) in Path(file.stored.path).resolve().parents
    assert file.name.endswith(".pdf")
    assert len(file.name) <= 120
    assert not set(file.name) & set('/\\<>:"|?*\r\n\0\u202e')
    judge(client.get(answer["Location"]), f"{label}, shown")
    sent = client.get(reverse("file", args=[file.pk]))
    assert sent["Content-Disposition"].startswith("attachment; filename=")
    assert "Set-Cookie: a=1" not in str(sent.headers)


def test_a_polyglot_is_sent_as_what_it_begins_with_and_never_shown(world: World) -> None:
    client = signed_in(world.insider)
    known = set(Attachment.objects.values_list("pk", flat=True))
    send("file-add", SimpleUploadedFile("合同.pdf", POLYGLOT, content_type="text/html"), world, client)
    sent = client.get(reverse("file", args=[Attachment.objects.exclude(pk__in=known).get().pk]))
    assert sent["Content-Type"] == "application/pdf"
    assert sent["Content-Disposition"].startswith("attachment")
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    "name",
    ["../../名单.csv", "名" * 300 + ".csv", "名单\0.csv", "\"'><svg onload=x>.csv", "CON.csv", "${x}.csv"],
)
def test_a_hostile_name_of_an_import_is_only_a_name(name: str, world: World, settings: LazySettings) -> None:
    client = hostile_client(signed_in(world.insider))
    known = set(Job.objects.values_list("pk", flat=True))
    answer = send("enterprises-import", SimpleUploadedFile(name, "企业名称\n甲\n".encode()), world, client)
    judge(answer, name)
    assert answer.status_code == 302, sentences(answer)
    job = Job.objects.exclude(pk__in=known).get()
    assert Path(settings.MEDIA_ROOT) in Path(job.source_file.path).resolve().parents
    assert not set(Path(job.source_file.name).name) & set('<>"\0名')
    judge(client.get(answer["Location"]), f"{name}, shown")


def test_hostile_rows_are_judged_one_by_one(world: World) -> None:
    """Rows with payloads are data: each gets its line in the report, and none breaks the others."""
    names = [
        payload.decode(errors="replace").replace('"', '""')
        for label, payload in PAYLOADS.items()
        if len(payload) < 1000 and payload.strip() and label not in {"nul", "control"}
    ]
    table = "企业名称,注册资本（万元）,成立日期\n" + "".join(
        f'"{name}","{name}","{name}"\n' for name in names
    )
    client = hostile_client(signed_in(world.chief))
    known, firms = set(Job.objects.values_list("pk", flat=True)), Enterprise.objects.count()
    answer = send("enterprises-import", SimpleUploadedFile("名单.csv", table.encode()), world, client)
    assert answer.status_code == 302, sentences(answer)
    job = Job.objects.exclude(pk__in=known).get()
    run_job.call(job.pk)
    job.refresh_from_db()
    assert job.state == "waiting", job.problem
    assert sum(job.report["counts"].values()) >= len(names) - 3  # what is invisible or a note is no row
    judge(client.get(answer["Location"]), "the report of rows")
    assert Enterprise.objects.count() == firms, "nothing is written before somebody confirms"
    move(job, "confirm", by=actor_for(world.chief))
    run_job.call(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.problem
    for url in (answer["Location"], reverse("enterprises")):
        judge(client.get(url), "what came of the rows")
    for firm in Enterprise.objects.order_by("-pk")[:5]:
        judge(client.get(firm.get_absolute_url()), firm.name)
