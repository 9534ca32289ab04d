"""Uploaded files are what their names say, or are refused with a sentence."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import tracemalloc
import zipfile
import zlib
from email.message import Message
from urllib.parse import unquote

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from yinfeng.core.errors import DomainError, Invalid, TooLarge
from yinfeng.core.exchange import ooxml
from yinfeng.core.uploads import ATTACHMENTS, KINDS, TABLES, clean_name, content_disposition, inspect_upload

MB = 1024 * 1024


def package(kind: str, **parts: bytes) -> bytes:
    """Return the least that is a package of the kind, with parts added under the names xl/<name>.bin."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        override = f'<Override PartName="/main.xml" ContentType="{ooxml.MAIN_PARTS[kind]}"/>'
        new.writestr("[Content_Types].xml", f"<Types>{override}</Types>")
        new.writestr("main.xml", "<x/>")
        for name, content in parts.items():
            new.writestr(f"xl/{name}.bin", content)
    return stream.getvalue()


def ole(*streams: str) -> bytes:
    """Return what an old binary file looks like: its magic, and a directory of streams at its end."""
    entries = b"".join(f"{name}\0".encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *streams))
    return ooxml.OLE_MAGIC + bytes(70_000 - 8) + entries


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">2L5B", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


GOOD = {
    "合同.pdf": ("pdf", b"%PDF-1.7\n%%EOF"),
    "可研.docx": ("docx", package("docx")),
    "测算.xlsx": ("xlsx", package("xlsx")),
    "推介.pptx": ("pptx", package("pptx")),
    "批复.doc": ("doc", ole("WordDocument", "1Table")),
    "台账.xls": ("xls", ole("Workbook")),
    "旧账.xls": ("xls", ole("Book")),
    "汇报.ppt": ("ppt", ole("PowerPoint Document", "Current User")),
    "现场.JPG": ("jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(50)),
    "现场.jpeg": ("jpeg", b"\xff\xd8\xff\xe1" + bytes(50)),
    "红线.png": ("png", png()),
    "说明.txt": ("text", "说明\n第二行\t制表".encode("gb18030")),
    "名单.csv": ("csv", "\ufeff企业名称,区\n甲,集美区\n".encode()),
    "名单.tsv": ("csv", "企业名称\t区\n".encode("utf-16")),
}


TEXTS = {"text", "csv"}
# A PDF that is all text cannot be told from text, and is kept as text; so is a table under .txt.
MISNAMED = [
    (name, extension)
    for name, (kind, _data) in GOOD.items()
    for other in sorted(ATTACHMENTS - {kind} - (TEXTS if kind in {"pdf", *TEXTS} else set()))
    for extension in KINDS[other].extensions
]


def refused(data: bytes, name: str, error: type[DomainError] = Invalid, **options: object) -> str:
    with pytest.raises(error) as refusal:
        inspect_upload(io.BytesIO(data), name, **{"max_bytes": 50 * MB, **options})  # type: ignore[arg-type]
    return str(refusal.value)


class TestContent:
    @pytest.mark.parametrize("name", GOOD)
    def test_accepted(self, name: str) -> None:
        kind, data = GOOD[name]
        file = SimpleUploadedFile(name, data, content_type="text/html")
        found = inspect_upload(file, name, max_bytes=MB)
        assert found.kind == kind
        assert found.content_type == KINDS[kind].content_type, "never the type the browser declared"
        assert found.extension == "." + name.rpartition(".")[2].lower()
        assert found.safe_name == name.partition(".")[0] + found.extension
        assert (found.size, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert file.read() == data, "the file is left at its beginning"

    def test_a_real_workbook(self) -> None:
        stream = io.BytesIO()
        openpyxl.Workbook().save(stream)
        assert inspect_upload(stream, "a.xlsx", max_bytes=MB).kind == "xlsx"

    @pytest.mark.parametrize(("name", "extension"), MISNAMED)
    def test_every_content_under_every_other_ending_is_refused(self, name: str, extension: str) -> None:
        assert "与扩展名不符" in refused(GOOD[name][1], f"a{extension}")

    @pytest.mark.parametrize(
        "name",
        [
            *(
                "页.html",
                "页.htm",
                "图.svg",
                "a.exe",
                "a.bat",
                "a.js",
                "a.php",
                "a.xml",
                "a.zip",
                "a.rar",
                "a.7z",
                "a.msi",
                "a.lnk",
            ),
            *(
                "a.docm",
                "a.xlsm",
                "a.pptm",
                "a.dotm",
                "a.csv.gz",
                "a.gz",
                "a",
                "",
                ".",
                "合同.pdf.exe",
                "合同.pdf\u202efdp.exe",
                "a.pdf.",
                "a.pdf ",
            ),
        ],
    )
    def test_only_known_endings(self, name: str) -> None:
        if name.rstrip(" .").endswith(".pdf"):
            assert inspect_upload(io.BytesIO(b"%PDF-1.7"), name, max_bytes=MB).safe_name == "a.pdf"
        else:
            assert refused(b"%PDF-1.7", name).startswith("不接收这种文件。可以上传：.pdf、.docx、")

    @pytest.mark.parametrize(
        "page",
        [
            *(
                "<!DOCTYPE html><script>",
                "  \n<html>",
                "<SVG onload=x>",
                "<?xml version='1.0'?><svg/>",
                "#!/bin/sh",
                "<?php x",
                "<script>",
                "<%@ page %>",
            ),
            "\ufeff<html>",
        ],
    )
    @pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.pdf", "a.png", "a.docx", "a.doc"])
    def test_pages_and_scripts(self, page: str, name: str) -> None:
        for encoding in ("utf-8", "utf-16"):
            assert "与扩展名不符" in refused(page.encode(encoding), name)

    @pytest.mark.parametrize(
        "data",
        [b"MZ\x90\x00\x03", b"\x7fELF\x02\x01", b"a\0b", b"\x1b\x02", b"\xff\xfe\xfd\xfc\xfb", bytes(99)],
    )
    def test_what_is_no_text(self, data: bytes) -> None:
        for name in ("a.txt", "a.csv", "a.jpg", "a.xlsx", "a.xls"):
            assert "与扩展名不符" in refused(data, name)

    def test_an_installer_in_the_container_of_a_document(self) -> None:
        for name in ("a.doc", "a.xls", "a.ppt"):
            assert "与扩展名不符" in refused(ole("SummaryInformation"), name)

    def test_macros(self) -> None:
        assert "宏" in refused(ole("WordDocument", "Macros", "_VBA_PROJECT"), "a.doc")
        assert "宏" in refused(ole("Workbook", "_VBA_PROJECT_CUR"), "a.xls")
        assert "宏" in refused(package("docx", vbaProject=b"x"), "a.docx")

    def test_names_of_streams_are_found_wherever_they_lie(self) -> None:
        name = "WordDocument\0".encode("utf-16-le")
        for at in range(64 * 1024 - len(name) - 2, 64 * 1024 + 2):
            data = ooxml.OLE_MAGIC + bytes(at - 8) + name + bytes(100)
            assert inspect_upload(io.BytesIO(data), "a.doc", max_bytes=MB).kind == "doc"

    def test_passwords(self) -> None:
        assert "密码" in refused(ole("EncryptedPackage", "EncryptionInfo"), "a.docx")
        assert "与扩展名不符" in refused(ole("WordDocument"), "a.docx")

    def test_what_is_inside_a_package_is_looked_at(self) -> None:
        stream = io.BytesIO(package("docx"))
        with zipfile.ZipFile(stream, "a") as document:
            document.writestr("word/comments.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
        assert "DOCTYPE" in refused(stream.getvalue(), "a.docx")
        spoilt = package("docx", media=b"x" * 200).replace(
            zlib.crc32(b"x" * 200).to_bytes(4, "little"), b"\0\0\0\0"
        )
        assert "已损坏" in refused(spoilt, "a.docx")

    def test_packages_of_another_kind(self) -> None:
        assert "与扩展名不符" in refused(package("xlsx"), "a.docx")
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a.txt", "x")
        assert "与扩展名不符" in refused(stream.getvalue(), "a.docx")

    def test_bombs(self) -> None:
        data = package("docx", bomb=bytes(40 * MB))
        assert len(data) < MB
        tracemalloc.start()
        assert "解压后过大" in refused(data, "a.docx", TooLarge)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2 * MB

    def test_packed_tables_only_where_tables_are_wanted(self) -> None:
        data = b"\x1f\x8b\x08" + bytes(20)
        assert (
            inspect_upload(io.BytesIO(data), "名单.CSV.gz", max_bytes=MB, allowed=TABLES).extension
            == ".csv.gz"
        )
        assert (
            refused(b"%PDF-1.7", "a.pdf", allowed=TABLES)
            == "不接收这种文件。可以上传：.xlsx、.csv、.tsv、.csv.gz、.tsv.gz。"
        )
        assert "csv.gz" not in ATTACHMENTS

    def test_sizes(self) -> None:
        assert refused(b"", "a.pdf") == "文件是空的，请检查后重新上传。"
        data = b"%PDF-1.7".ljust(2 * MB)
        assert inspect_upload(io.BytesIO(data), "a.pdf", max_bytes=2 * MB).size == 2 * MB
        assert (
            refused(data + b"x", "a.pdf", TooLarge, max_bytes=2 * MB)
            == "文件超过 2 MB，请压缩或拆分后再上传。"
        )

    def test_it_is_read_in_pieces_and_no_further_than_the_limit(self) -> None:
        class Endless(io.RawIOBase):
            given = 0
            largest = 0

            def read(self, size: int = -1) -> bytes:
                self.given += size
                self.largest = max(self.largest, size)
                return b"x" * size

            def seek(self, offset: int, whence: int = 0) -> int:
                return offset

        endless = Endless()
        with pytest.raises(TooLarge):
            inspect_upload(endless, "a.pdf", max_bytes=5 * MB)  # type: ignore[arg-type]
        assert endless.given <= 5 * MB + 64 * 1024
        assert endless.largest <= 64 * 1024

    @given(st.binary(max_size=300), st.sampled_from(sorted(GOOD)))
    def test_any_bytes_are_accepted_or_refused_with_a_sentence(self, data: bytes, name: str) -> None:
        start = GOOD[name][1][: len(data)]
        sentence = "。"
        try:
            inspect_upload(io.BytesIO(start + data), name, max_bytes=MB)
        except DomainError as error:
            sentence = str(error)
        assert sentence.endswith("。")


class TestNames:
    @pytest.mark.parametrize(
        ("declared", "name"),
        [
            ("合同.pdf", "合同.pdf"),
            ("../../etc/passwd.pdf", "passwd.pdf"),
            ("C:\\Users\\陈\\合同.PDF", "合同.pdf"),
            ("a\0b.pdf", "ab.pdf"),
            ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie_ x=1.pdf"),
            ("fdp\u202e.exe.pdf", "fdp.exe.pdf"),
            ("con.pdf", "_con.pdf"),
            ("LPT1.txt.pdf", "_LPT1.txt.pdf"),
            ("constant.pdf", "constant.pdf"),
            ('a"b<c>|?*.pdf', "a_b_c____.pdf"),
            (" .合同 . .pdf ", "合同.pdf"),
            (".pdf", "pdf"),
            ("。.pdf", "。.pdf"),
            ("", "文件"),
            ("..", "文件"),
            ("a/", "文件"),
            ("é.pdf", "é.pdf"),
            ("\ud800.pdf", "pdf"),
        ],
    )
    def test_cleaned(self, declared: str, name: str) -> None:
        assert clean_name(declared) == name

    def test_long_names_keep_their_ending(self) -> None:
        name = clean_name("厦" * 500 + ".pdf")
        assert name == "厦" * 116 + ".pdf"
        assert len(clean_name("a." + "b" * 500)) <= 120

    @given(st.text(max_size=300))
    def test_any_name_is_safe(self, declared: str) -> None:
        name = clean_name(declared)
        assert 0 < len(name) <= 120
        assert not re.search(r'[\x00-\x1f\x7f/\\<>:"|?*\u202a-\u202e\u2066-\u2069]', name)
        assert name not in {".", ".."}
        assert name == name.strip()
        assert clean_name(name) == name


class TestDisposition:
    @pytest.mark.parametrize(
        ("name", "header"),
        [
            ("report.pdf", 'attachment; filename="report.pdf"'),
            ("合同 1.pdf", "attachment; filename=\"__ 1.pdf\"; filename*=UTF-8''%E5%90%88%E5%90%8C%201.pdf"),
            ("50%.pdf", "attachment; filename=\"50_.pdf\"; filename*=UTF-8''50%25.pdf"),
            ("a'b.pdf", "attachment; filename=\"a_b.pdf\"; filename*=UTF-8''a%27b.pdf"),
            ('a"; x="y.pdf', "attachment; filename=\"a__ x=_y.pdf\"; filename*=UTF-8''a_%3B%20x%3D_y.pdf"),
        ],
    )
    def test_headers(self, name: str, header: str) -> None:
        assert content_disposition(name) == header

    def test_inline(self) -> None:
        assert content_disposition("a.png", inline=True) == 'inline; filename="a.png"'

    @given(st.text(max_size=200))
    def test_no_name_breaks_out_of_the_header(self, declared: str) -> None:
        header = content_disposition(declared)
        assert header.isascii()
        assert header.isprintable()
        message = Message()
        message["Content-Disposition"] = header
        parameters = dict(message.get_params(header="content-disposition", unquote=True))
        assert set(parameters) <= {"attachment", "filename", "filename*"}
        if "filename*" in header:
            assert unquote(header.rpartition("''")[2]) == clean_name(declared)
        else:
            assert header == f'attachment; filename="{clean_name(declared)}"'
