"""Packages that lie: they are refused whole, and no more of them is read or unpacked than they are worth."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterable

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from yinfeng.core.errors import DomainError, Invalid, TooLarge
from yinfeng.core.exchange import ooxml
from yinfeng.core.exchange.columns import Column
from yinfeng.core.exchange.ooxml import Limits, Package
from yinfeng.core.exchange.reading import open_table

MB = 1024 * 1024
SHEET = "xl/worksheets/sheet1.xml"
COLUMNS = [Column("name", "名称", required=True)]


def workbook(*, rows: int = 3) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet()
    sheet.write_column(0, 0, ["名称", *(f"第{n}家" for n in range(rows))])
    book.close()
    return stream.getvalue()


def changed(data: bytes, parts: dict[str, bytes], *, drop: Iterable[str] = ()) -> bytes:
    """Return the package with parts replaced or added."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts and name not in drop:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return stream.getvalue()


def sheet_xml(rows: str, *, head: str = "") -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{head}<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def text(reference: str, said: str = "名称") -> str:
    where = f' r="{reference}"' if reference else ""
    return f'<c{where} t="inlineStr"><is><t>{said}</t></is></c>'


CELLS = [
    '<c r="{at}" t="inlineStr"><is><t>甲 &amp; 乙</t></is></c>',
    '<c r="{at}" s="2"><v>12.5</v></c>',
    '<c r="{at}" t="s"><v>3</v></c>',
    '<c r="{at}" s="1"/>',
    '<c r="{at}" t="e"><v>#N/A</v></c>',
    '<c r="{at}"><f>A1</f></c>',
    '<c r="{at}"><!-- <sheetData> --><v>1</v></c>',
    "<c><v>1</v></c>",
    '<c r="{at}"><v>1<v></c>',
]
ROWS = [
    '<row r="{row}" spans="1:3">{cells}</row>',
    '<row r="{row}">{cells}</row>',
    "<row>{cells}</row>",
    '<!-- <row r="{row}"> --><row r="{row}" ht="2">{cells}</row>',
    '<!-- <row r="7">{cells}</row> --><row r="{row}">{cells}</row>',
]


class Zip:
    """A zip written by hand, in which every field may lie."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.directory = bytearray()
        self.count = 0

    def add(
        self, name: bytes, packed: bytes, *, size: int, crc: int = 0, method: int = 8, flags: int = 0,
        offset: int | None = None, local_name: bytes | None = None, write: bool = True,
    ) -> Zip:  # fmt: skip
        at = len(self.body) if offset is None else offset
        local = name if local_name is None else local_name
        if write:
            self.body += struct.pack(
                "<4s5H3L2H", b"PK\3\4", 20, flags, method, 0, 0, crc, len(packed), size, len(local), 0
            )
            self.body += local + packed
        self.directory += struct.pack(
            "<4s6H3L5H2L",
            b"PK\1\2",
            20,
            20,
            flags,
            method,
            0,
            0,
            crc,
            len(packed),
            size,
            len(name),
            0,
            0,
            0,
            0,
            0,
            at,
        )
        self.directory += name
        self.count += 1
        return self

    def bytes(self, *, count: int | None = None, length: int | None = None, comment: bytes = b"") -> bytes:
        end = struct.pack(
            "<4s4H2LH", b"PK\5\6", 0, 0, *[self.count if count is None else count] * 2,
            len(self.directory) if length is None else length, len(self.body), len(comment),
        )  # fmt: skip
        return bytes(self.body + self.directory + end + comment)


def deflated(piece: bytes, times: int) -> tuple[bytes, int]:
    """Return ``times`` pieces deflated without ever holding them, and their checksum."""
    pack, crc, packed = zlib.compressobj(9, zlib.DEFLATED, -15), 0, bytearray()
    for _ in range(times):
        crc = zlib.crc32(piece, crc)
        packed += pack.compress(piece)
    return bytes(packed + pack.flush()), crc


class Watched(io.BytesIO):
    """A file that counts what is read of it."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.reads += len(piece)
        return piece


def refused(
    data: bytes, error: type[DomainError] = Invalid, limits: Limits | None = None, *, measure: bool = True
) -> str:
    """Check that the package is refused, holding at most 8 MB and reading little more than its own size; return why."""
    file = Watched(data)
    tracemalloc.start()
    try:
        with pytest.raises(error) as refusal:
            Package(file, limits).walk(measure=measure)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MB, f"held {peak / MB:.1f} MB"
    assert file.reads < 3 * len(data) + MB
    return str(refusal.value)


class TestBombs:
    def test_an_honest_bomb_is_refused_without_unpacking(self) -> None:
        packed, crc = deflated(bytes(MB), 40)
        data = Zip().add(b"xl/worksheets/sheet1.xml", packed, size=40 * MB, crc=crc).bytes()
        file = Watched(data)
        with pytest.raises(TooLarge, match="解压后过大"):
            Package(file)
        assert file.reads < 4096, "only the directory is read"

    def test_42_kilobytes_that_say_they_are_gigabytes(self) -> None:
        bomb = Zip()
        for n in range(16):
            bomb.add(b"xl/media/%d.xml" % n, b"\0" * 2600, size=2**32 - 2)
        data = bomb.bytes()
        assert len(data) < 45_000
        assert "解压后过大" in refused(data, TooLarge)

    def test_a_bomb_that_says_it_is_small_is_unpacked_no_further_than_it_said(self) -> None:
        packed, crc = deflated(bytes(MB), 256)
        data = Zip().add(b"a.xml", packed, size=100_000, crc=crc).bytes()
        package = Package(io.BytesIO(data))
        sizes: list[int] = []
        pieces = package.pieces("a.xml")
        with pytest.raises(TooLarge, match="解压后过大"):
            sizes.extend(len(piece) for piece in pieces)
        assert max(sizes) <= 64 * 1024
        assert sum(sizes) <= 100_000

    def test_parts_that_share_their_bytes(self) -> None:
        """Refuse the bomb of overlapping parts (D. Fifield, “A better zip bomb”, 2019): each quotes the next one whole."""
        inner = Zip().add(b"b.xml", b"<b/>", size=4, crc=zlib.crc32(b"<b/>"), method=0)
        quoted = bytes(inner.body)
        outer = Zip().add(b"a.txt", quoted, size=len(quoted), crc=zlib.crc32(quoted), method=0)
        assert Package(io.BytesIO(outer.bytes())).walk() == {}
        at = outer.body.index(b"PK", 1)
        outer.add(b"b.xml", b"<b/>", size=4, crc=zlib.crc32(b"<b/>"), method=0, offset=at, write=False)
        assert "已损坏" in refused(outer.bytes())

    def test_something_else_before_the_package(self) -> None:
        assert "已损坏" in refused(b"#!/bin/sh\n" + workbook())

    def test_many_parts(self) -> None:
        data = Zip()
        for n in range(100_000):
            data.directory += struct.pack(
                "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0
            )
            data.directory += b"%06d" % n
        file = Watched(data.bytes(count=65_535))
        with pytest.raises(TooLarge, match="10,000 个"):
            Package(file)
        assert file.reads < 100
        file = Watched(data.bytes(count=1))
        with pytest.raises(TooLarge, match="10,000 个"):
            Package(file)
        assert file.reads < 100, (
            "the directory is not read when it is too long, whatever it says of its count"
        )

    def test_a_second_end_that_says_otherwise(self) -> None:
        data = Zip()
        for n in range(100_000):
            data.directory += struct.pack(
                "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0
            )
            data.directory += b"%06d" % n
        length = len(data.directory)
        end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 100_000, 100_000, length, 0)
        data.directory += end64 + struct.pack("<4sLQL", b"PK\6\7", 0, length, 1)
        file = Watched(data.bytes(count=1, length=52))
        with pytest.raises(Invalid, match="已损坏"):
            Package(file)
        assert file.reads < 100

    @pytest.mark.parametrize(
        ("limits", "part"),
        [
            (Limits(part=1000), "解压后过大"),
            (Limits(total=1000), "解压后过大"),
            (Limits(members=2), "2 个"),
            (Limits(directory=50), "个"),
        ],
    )
    def test_every_limit_holds(self, limits: Limits, part: str) -> None:
        assert part in refused(workbook(), TooLarge, limits)
        Package(io.BytesIO(workbook())).walk()

    @pytest.mark.parametrize("measure", [True, False])
    def test_deep_nesting(self, measure: bool) -> None:
        deep = b"<a>" * 200_000 + b"</a>" * 200_000
        assert "已损坏" in refused(
            changed(workbook(), {"xl/deep.xml": deep}), limits=Limits(ratio=10**9), measure=measure
        )

    @pytest.mark.parametrize(
        "part",
        [SHEET, "xl/sharedStrings.xml", "xl/styles.xml", "docProps/app.xml", "xl/_rels/workbook.xml.rels"],
    )
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_billion_laughs_end_at_the_document_type(self, part: str, encoding: str) -> None:
        laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
        xml = (
            f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l9;</x>'
        )
        assert "DOCTYPE" in refused(changed(workbook(), {part: xml.encode(encoding)}))

    def test_a_file_from_outside_is_not_read(self) -> None:
        xml = sheet_xml(
            f'<row r="1">{text("A1", "&x;")}</row>',
            head='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        )
        assert "DOCTYPE" in refused(changed(workbook(), {SHEET: xml}))


class TestCells:
    """A sheet is laid out in memory as the rectangle of its cells: two cells may make it endless."""

    def walk(self, rows: str, **limits: int) -> ooxml.Extent:
        data = changed(workbook(), {SHEET: sheet_xml(rows)})
        return Package(io.BytesIO(data), Limits(**limits)).walk(measure=True)[SHEET]

    @pytest.mark.parametrize(
        "rows",
        [
            f'<row r="1">{text("A1")}</row><row r="1048576">{text("XFD1048576")}</row>',
            f'<row r="1">{text("A1")}{text("XFD1")}</row><row r="1048576">{text("A1048576")}</row>',
            f'<row r="1048575">{text("XFC1048575")}</row><row>{text("")}</row>',
            '<x:row xmlns:x="x" r="1048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
        ],
        ids=["corners", "edges", "without references", "with a prefix"],
    )
    def test_two_cells_far_apart(self, rows: str) -> None:
        with pytest.raises(TooLarge, match="超出了可读取的范围"):
            self.walk(rows)
        with pytest.raises(TooLarge):
            open_table(io.BytesIO(changed(workbook(), {SHEET: sheet_xml(rows)})), "a.xlsx", COLUMNS)

    def test_few_cells_far_apart(self) -> None:
        rows = f'<row r="1">{text("A1")}</row><row r="190000">{text("AA190000")}</row>'
        with pytest.raises(TooLarge, match="第 190,000 行、第 AA 列"):
            self.walk(rows)
        small = f'<row r="1">{text("A1")}</row><row r="30000">{text("AA30000")}</row>'
        assert self.walk(small).filled == 2, "a remark far below a small table does no harm"
        dense = "".join(f'<row r="{n}">{text(f"A{n}")}{text(f"AA{n}")}</row>' for n in range(1, 41_000))
        assert self.walk(dense).filled == 81_998

    def test_files_that_are_only_kept_may_hold_any_cells(self) -> None:
        rows = f'<row r="9">{text("A1")}</row><row r="1048576">{text("XFD1048576")}</row>'
        rows += "".join(f'<row r="{n}"><c r="A{n}" t="e"><v>#N/A</v></c></row>' for n in range(1, 10_003))
        data = changed(workbook(), {SHEET: sheet_xml(rows)})
        assert Package(io.BytesIO(data)).walk() == {}

    def test_the_sentence_says_where(self) -> None:
        with pytest.raises(TooLarge, match="第 1,048,576 行、第 XFD 列"):
            self.walk(f'<row r="1048576">{text("XFD1048576")}</row>')

    def test_empty_cells_with_a_format_do_not_count(self) -> None:
        extent = self.walk(f'<row r="1">{text("A1")}</row><row r="1048576"><c r="XFD1048576" s="1"/></row>')
        assert (extent.rows, extent.columns) == (1, 1)

    def test_rows_and_cells_without_references_are_counted(self) -> None:
        cells = text("") * 3
        extent = self.walk(f'<row>{cells}</row><row r="5">{cells}</row><row>{text("D6")}{text("")}</row>')
        assert (extent.rows, extent.columns) == (6, 5)
        extent = self.walk(f"<row>{cells}</row>" * 7)
        assert (extent.rows, extent.columns) == (7, 3)

    @pytest.mark.parametrize(
        "rows",
        [
            f'<row r="5">{text("A5")}</row><row r="2">{text("A2")}</row>',
            f'<row r="1">{text("A7")}</row>',
            f'<row r="x">{text("A1")}</row>',
            f'<row r="-1">{text("A1")}</row>',
            f'<row r="99999999999999999999">{text("A1")}</row>',
            f'<row r="1">{text("1A")}</row>',
            f'<row r="1">{text("AAAAAAAA1")}</row>',
            '<row r="1"><c r="A1">',
        ],
    )
    def test_disorder_is_refused(self, rows: str) -> None:
        with pytest.raises(Invalid, match="已损坏"):
            self.walk(rows)

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_rows_read_by_pattern_and_by_expat_come_to_the_same(self, data: st.DataObject) -> None:
        row, rows = 0, []
        for _ in range(data.draw(st.integers(1, 6))):
            row += data.draw(st.sampled_from([1, 1, 1, 3, 0]))
            letters = data.draw(st.lists(st.sampled_from(["A", "B", "Z", "AA"]), max_size=3))
            cells = "".join(
                data.draw(st.sampled_from(CELLS)).format(at=f"{column}{row}") for column in letters
            )
            rows.append(data.draw(st.sampled_from(ROWS)).format(row=row, cells=cells))
        xml, cut = sheet_xml("".join(rows)), data.draw(st.integers(1, 400))

        def measured(only_expat: bool) -> object:
            sheet = ooxml._Sheet(Limits())
            if only_expat:
                sheet.reads = sheet._read_all
            try:
                for at in range(0, len(xml), cut):
                    sheet.feed(xml[at : at + cut])
                sheet.feed(b"", last=True)
            except DomainError as error:
                return str(error)
            return sheet.extent

        assert measured(False) == measured(True)

    def test_faults(self) -> None:
        extent = self.walk(
            '<row r="1"><c r="A1" t="e"><v>#N/A</v></c><c r="B1"><f>1+1</f></c><c r="C1"><f>1+1</f><v></v></c>'
            '<c r="D1"><f>1+1</f><v/></c><c r="E1"><f>1+1</f><v>2</v></c><c r="F1" t="str"><f>""</f><v></v></c>'
            '<c r="G1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="H1"><v>1</v></c><c r="I1"/></row>'
        )
        assert extent.faults == {(0, 0): "#N/A", (0, 1): "", (0, 2): "", (0, 3): "", (0, 6): "#DIV/0!"}
        assert (extent.rows, extent.columns) == (1, 8)

    def test_faults_without_end_are_refused(self) -> None:
        row = "".join(f'<row r="{n}"><c r="A{n}" t="e"><v>#N/A</v></c></row>' for n in range(1, 10_003))
        with pytest.raises(Invalid, match="过多单元格的公式出错"):
            self.walk(row)


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "../../etc/passwd",
            "/etc/passwd",
            "xl/../../x",
            "C:/x",
            "xl\\worksheets\\sheet1.xml",
            "a\nb.xml",
            "..",
        ],
    )
    def test_paths_that_lead_elsewhere(self, name: str) -> None:
        data = Zip().add(name.encode(), b"x", size=1, crc=zlib.crc32(b"x"), method=0).bytes()
        assert "不合规的路径" in refused(data)

    def test_a_name_cut_by_a_nul(self) -> None:
        data = Zip().add(b"a.xml\0.png", b"x", size=1, crc=zlib.crc32(b"x"), method=0).bytes()
        assert "不合规的路径" in refused(data)

    @pytest.mark.parametrize("twin", ["a.xml", "A.XML"])
    def test_two_parts_of_one_name(self, twin: str) -> None:
        data = Zip().add(b"a.xml", b"", size=0, method=0).add(twin.encode(), b"", size=0, method=0).bytes()
        assert "重名" in refused(data)

    def test_another_name_at_the_part_than_in_the_directory(self) -> None:
        data = Zip().add(b"a.xml", b"", size=0, method=0, local_name=b"b.xml").bytes()
        assert "已损坏" in refused(data)

    @pytest.mark.parametrize(
        "name",
        [
            "xl/vbaProject.bin",
            "word/VBAPROJECT.bin",
            "xl/macrosheets/sheet1.xml",
            "xl/vbaProjectSignature.bin",
        ],
    )
    def test_macros(self, name: str) -> None:
        assert "宏" in refused(changed(workbook(), {name: b"x"}))

    def test_macros_under_another_name(self) -> None:
        types = zipfile.ZipFile(io.BytesIO(workbook())).read("[Content_Types].xml").decode()
        macro = types.replace("spreadsheetml.sheet.main+xml", "sheet.macroEnabled.main+xml")
        with pytest.raises(Invalid, match="宏"):
            Package(io.BytesIO(changed(workbook(), {"[Content_Types].xml": macro.encode()}))).kind()


class TestDamage:
    @pytest.mark.parametrize(
        "data",
        [
            *(
                b"",
                b"PK",
                b"PK\5\6" + bytes(18),
                b"x" * 5000,
                workbook()[:-1],
                workbook()[:2000],
                b"junk" + workbook(),
            ),
            *(workbook() + b"junk", workbook() + workbook()[:100], Zip().bytes(comment=b"PK\5\6")),
        ],
    )
    def test_no_package(self, data: bytes) -> None:
        with pytest.raises(Invalid):
            open_table(io.BytesIO(data), "a.xlsx", COLUMNS)

    def test_wrong_checksums_methods_and_passwords(self) -> None:
        assert "已损坏" in refused(Zip().add(b"a.xml", b"x", size=1, crc=1, method=0).bytes())
        assert "已损坏" in refused(Zip().add(b"a.xml", b"x", size=1, crc=1, method=12).bytes())
        assert "已损坏" in refused(Zip().add(b"a.xml", b"not deflated", size=1, crc=1).bytes())
        assert "已损坏" in refused(Zip().add(b"a.xml", deflated(b"<a/>", 1)[0], size=9, crc=1).bytes())
        packed, crc = deflated(b"<a/>", 1)
        assert Package(io.BytesIO(Zip().add(b"a.xml", packed, size=4, crc=crc).bytes())).walk() == {}
        assert "已损坏" in refused(Zip().add(b"a.xml", packed + b"more", size=4, crc=crc).bytes())
        assert "密码" in refused(Zip().add(b"a.xml", b"x", size=1, flags=1, method=0).bytes())

    @pytest.mark.parametrize("target", ["worksheets/sheet1.bin", "../other.xml", "styles.xml"])
    def test_a_sheet_that_is_kept_where_nobody_measures(self, target: str) -> None:
        data = workbook()
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            relations = (
                parts.read("xl/_rels/workbook.xml.rels").decode().replace("worksheets/sheet1.xml", target)
            )
            other = parts.read(SHEET).replace(b"worksheet", b"somesheet")
        moved = {
            "xl/_rels/workbook.xml.rels": relations.encode(),
            "other.xml": other,
            "xl/worksheets/sheet1.bin": other,
        }
        with pytest.raises(Invalid, match="已损坏"):
            open_table(io.BytesIO(changed(data, moved)), "a.xlsx", COLUMNS)

    def test_strings_that_are_kept_where_nobody_looks(self) -> None:
        data = workbook()
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            relations = parts.read("xl/_rels/workbook.xml.rels").replace(
                b"sharedStrings.xml", b"sharedStrings.bin"
            )
            strings = parts.read("xl/sharedStrings.xml")
        moved = {"xl/_rels/workbook.xml.rels": relations, "xl/sharedStrings.bin": strings}
        with pytest.raises(Invalid, match="已损坏"):
            open_table(io.BytesIO(changed(data, moved)), "a.xlsx", COLUMNS)

    def test_a_panic_in_the_reading_library_is_a_damaged_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class PanicException(BaseException):
            pass

        def panic(*_arguments: object) -> None:
            raise PanicException

        monkeypatch.setattr("yinfeng.core.exchange.grids.load_workbook", panic)
        with pytest.raises(Invalid, match="已损坏"):
            open_table(io.BytesIO(workbook()), "a.xlsx", COLUMNS)

    @pytest.mark.parametrize("kind", ["xlsx", "docx", "pptx"])
    def test_kinds(self, kind: str) -> None:
        content = f'<Types><Override PartName="/main.xml" ContentType="{ooxml.MAIN_PARTS[kind]}"/></Types>'
        data = changed(workbook(), {"[Content_Types].xml": content.encode(), "main.xml": b"<x/>"})
        assert Package(io.BytesIO(data)).kind() == kind
        assert Package(io.BytesIO(changed(data, {}, drop=["main.xml"]))).kind() == ""
        assert Package(io.BytesIO(changed(data, {}, drop=["[Content_Types].xml"]))).kind() == ""

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_any_change_of_bytes_is_read_or_refused_with_a_sentence(self, data: st.DataObject) -> None:
        spoilt = bytearray(ORIGINAL)
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(spoilt) - 1))
            spoilt[at] = data.draw(st.integers(0, 255))
        read_or_refused(bytes(spoilt))

    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def test_any_change_of_xml_is_read_or_refused_with_a_sentence(self, data: st.DataObject) -> None:
        part = data.draw(
            st.sampled_from(
                [
                    "xl/workbook.xml",
                    SHEET,
                    "xl/sharedStrings.xml",
                    "xl/styles.xml",
                    "xl/_rels/workbook.xml.rels",
                ]
            )
        )
        xml = bytearray(zipfile.ZipFile(io.BytesIO(ORIGINAL)).read(part))
        edit: Callable[[int], None] = data.draw(
            st.sampled_from(
                [
                    lambda at: xml.__setitem__(at, 57),
                    lambda at: xml.__delitem__(at),
                    lambda at: xml.insert(at, 45),
                ]
            )
        )
        for _ in range(data.draw(st.integers(1, 3))):
            edit(data.draw(st.integers(0, len(xml) - 1)))
        read_or_refused(changed(ORIGINAL, {part: bytes(xml)}))


def original() -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["名称", "日期", "数"])
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for row in range(1, 6):
        sheet.write_string(row, 0, f"第{row}家")
        sheet.write_number(row, 1, 45413 + row, day)
        sheet.write_number(row, 2, row * 1.5)
    sheet.merge_range("A8:A9", "合并")
    book.close()
    return stream.getvalue()


ORIGINAL = original()


def read_or_refused(data: bytes) -> None:
    columns = [*COLUMNS, Column("day", "日期", "date"), Column("number", "数", "decimal")]
    sentence = "。"
    try:
        with open_table(io.BytesIO(data), "a.xlsx", columns) as table:
            for row in table:
                assert row.values or row.errors
    except DomainError as error:
        sentence = str(error)
    assert sentence.endswith("。")
