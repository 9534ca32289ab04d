"""Tables as spreadsheet programs open them, and the workbook in which an import is filled in."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
import subprocess
import tracemalloc
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from yinfeng.core.exchange import workbooks, writing
from yinfeng.core.exchange.columns import Column, ParsedMoney
from yinfeng.core.exchange.delimited import escape_formula, unescape_formula
from yinfeng.core.exchange.reading import open_table
from yinfeng.core.money import Money

NAME = Column("name", "企业名称", required=True, help="营业执照上的全称", examples=["厦门某某有限公司"])
CODE = Column("code", "统一社会信用代码", "code")
CAPITAL = Column("capital", "注册资本", "money", unit="万元")
STAFF = Column("staff", "员工人数", "integer", unit="人")
RATE = Column("rate", "持股比例", "decimal", unit="%")
FOUNDED = Column("founded", "成立日期", "date")
MET = Column("met", "会面时间", "datetime")
FOREIGN = Column("foreign", "是否外资", "boolean")
DISTRICT = Column("district", "区", "choice", choices=[("jimei", "集美区"), ("huli", "湖里区")])
CITY = Column("city", "城市", "choice", choices=[(str(n), f"第 {n} 号城市") for n in range(600)])
COLUMNS = [NAME, CODE, CAPITAL, STAFF, RATE, FOUNDED, MET, FOREIGN, DISTRICT, CITY]
MOMENT = dt.datetime(2024, 5, 1, 2, 30, tzinfo=dt.UTC)
ROW: list[Any] = [
    "甲公司", "913502001555022666", Decimal(98959339), 328, Decimal("12.5"), dt.date(2024, 5, 1), MOMENT, True, "huli", "7"
]  # fmt: skip
# The beginnings that OWASP lists for CSV injection, and two that East Asian programs also take.
ATTACKS = [
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    " =1+1",
    "\n=1",
]


def sheet_of(*rows: Sequence[Any], columns: Sequence[Column] = COLUMNS, **about: Any) -> Worksheet:
    return book_of(*rows, columns=columns, **about).worksheets[0]


def book_of(*rows: Sequence[Any], columns: Sequence[Column] = COLUMNS, **about: Any) -> openpyxl.Workbook:
    stream = io.BytesIO()
    assert writing.write_xlsx(stream, "企业清单", columns, rows, **about) == len(rows)
    return openpyxl.load_workbook(stream)


def text_of(*rows: Sequence[Any], columns: Sequence[Column] = COLUMNS) -> str:
    stream = io.BytesIO()
    assert writing.write_csv(stream, columns, rows) == len(rows)
    return stream.getvalue().decode("utf-8")


class TestXlsx:
    def test_heads_say_their_units_and_stay_in_view(self) -> None:
        sheet = sheet_of(ROW)
        assert [cell.value for cell in sheet[1]] == [
            "企业名称", "统一社会信用代码", "注册资本（万元）", "员工人数（人）", "持股比例（%）",
            "成立日期", "会面时间", "是否外资", "区", "城市",
        ]  # fmt: skip
        assert sheet.title == "企业清单"
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == "A1:J2"
        assert sheet["A1"].font.bold

    def test_cells_have_their_types(self) -> None:
        name, code, capital, staff, rate, founded, met, foreign, district, city = sheet_of(ROW)[2]
        assert (name.value, name.data_type) == ("甲公司", "s")
        assert (code.value, code.data_type, code.number_format) == ("913502001555022666", "s", "@")
        assert (capital.value, capital.number_format) == (9895.9339, "#,##0.00##")
        assert (staff.value, staff.number_format) == (328, "#,##0")
        assert rate.value == 12.5
        assert founded.is_date
        assert (founded.value.date(), founded.number_format) == (dt.date(2024, 5, 1), "yyyy-mm-dd")
        assert met.value.isoformat() == "2024-05-01T10:30:00", "the time of Xiamen, not of Greenwich"
        assert (foreign.value, district.value, city.value) == ("是", "湖里区", "第 7 号城市")

    def test_empty_cells_stay_empty(self) -> None:
        assert [cell.value for cell in sheet_of([None, ""] + [None] * 8, ROW)[2]] == [None] * 10

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (Decimal(10000), 1),
            (Money.in_yuan(Decimal(10_000)), 1),
            (Money.of(Decimal(1200), "wan_usd", Decimal("7.1")), "1200万美元"),
            (ParsedMoney(Decimal("3.5"), "CNY", "亿元", Decimal(350_000_000)), 35_000),
            (ParsedMoney(Decimal(12), "USD", "million", Decimal(12_000_000)), "1200万美元"),
            ("保密", "保密"),
        ],
    )
    def test_money(self, value: object, shown: object) -> None:
        assert sheet_of([value], columns=[CAPITAL])["A2"].value == shown

    @pytest.mark.parametrize(
        "attack", [*ATTACKS, "http://example.com", "mailto:a@b.c", "{=1}", "123", "0012", "TRUE"]
    )
    def test_text_is_never_a_formula_a_link_or_a_number(self, attack: str) -> None:
        sheet = sheet_of([attack, attack], columns=[NAME, CODE])
        for cell in sheet[2]:
            assert isinstance(cell, Cell)
            assert cell.data_type == "s"
            assert cell.value == attack.replace("\r", "\n")
            assert cell.hyperlink is None
            assert cell.quotePrefix == attack.startswith(
                ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
            )

    def test_characters_that_xml_cannot_hold_are_left_out(self) -> None:
        assert sheet_of(["a\x00b\x0bc\ufffed\ud800e\r\nf"], columns=[NAME])["A2"].value == "abcde\nf"

    @pytest.mark.parametrize("letter", ["甲", "a", "😀"])
    def test_long_text_is_cut_and_says_so(self, letter: str) -> None:
        cell = sheet_of([letter * 40_000], columns=[NAME])["A2"].value
        assert isinstance(cell, str)
        assert cell.endswith("…（内容过长，已截断）")
        assert 32_765 <= len(cell.encode("utf-16-le")) // 2 <= 32_767
        whole = letter * (32_767 // len(letter.encode("utf-16-le")) * 2)
        assert sheet_of([whole], columns=[NAME])["A2"].value == whole

    def test_values_out_of_excels_range_are_text(self) -> None:
        sheet = sheet_of(["a", dt.date(1872, 1, 1), 10**17], columns=[NAME, FOUNDED, STAFF])
        assert [cell.value for cell in sheet[2]] == ["a", "1872-01-01", "1" + "0" * 17]

    def test_columns_are_as_wide_as_their_contents_chinese_counting_twice(self) -> None:
        sheet = sheet_of(["甲" * 12, "a" * 12, "甲" * 500], columns=[NAME, CODE, Column("text", "文")])
        widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
        assert widths == [pytest.approx(26, abs=1), pytest.approx(18, abs=1), pytest.approx(60, abs=1)]

    def test_a_second_sheet_says_where_the_table_comes_from(self) -> None:
        book = book_of(ROW, ROW, notes=[("导出人", "集美区招商办 陈某"), ("筛选条件", "=1+1")])
        assert book.sheetnames == ["企业清单", "关于本表"]
        assert [[cell.value for cell in row] for row in book["关于本表"].rows] == [
            ["表名", "企业清单"], ["导出人", "集美区招商办 陈某"], ["筛选条件", "=1+1"], ["行数", "2"]
        ]  # fmt: skip
        assert book["关于本表"]["B3"].data_type == "s"

    @pytest.mark.parametrize(
        ("title", "name"),
        [
            ("a/b:c*[d]?", "a b c  d"),
            ("", "数据"),
            ("'x'", "x"),
            ("History", "数据"),
            ("关于本表", "数据"),
            ("甲" * 40, "甲" * 30),
        ],
    )
    def test_any_title_becomes_a_sheet(self, title: str, name: str) -> None:
        stream = io.BytesIO()
        writing.write_xlsx(stream, title, [NAME], [["甲"]])
        assert openpyxl.load_workbook(stream).sheetnames[0] == name

    @pytest.mark.parametrize(("rows", "parts"), [(4, [4]), (5, [4, 1]), (8, [4, 4]), (9, [4, 4, 1])])
    def test_rows_beyond_the_last_of_a_sheet_go_on_in_the_next(
        self, rows: int, parts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workbooks, "MOST_ROWS", 4)
        monkeypatch.setattr(workbooks, "BLOCK", 3)
        book = book_of(*[[f"甲{number}"] for number in range(rows)], columns=[NAME])
        assert book.sheetnames == [*["企业清单", "企业清单 2", "企业清单 3"][: len(parts)], "关于本表"]
        written = [[row[0].value for row in sheet.rows] for sheet in book.worksheets[:-1]]
        assert [len(part) - 1 for part in written] == parts
        assert {part[0] for part in written} == {"企业名称"}
        assert [name for part in written for name in part[1:]] == [f"甲{number}" for number in range(rows)]
        assert [sheet.auto_filter.ref for sheet in book.worksheets[:-1]] == [
            f"A1:A{size + 1}" for size in parts
        ]

    def test_a_sheet_is_also_full_when_its_text_is_too_long_for_the_zip(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workbooks, "MOST_BYTES", 1_000)
        monkeypatch.setattr(workbooks, "BLOCK", 1)
        book = book_of(*[["甲" * 200]] * 4, columns=[NAME])
        assert [sheet.max_row - 1 for sheet in book.worksheets[:-1]] == [2, 2]

    def test_nothing_is_written_when_the_rows_fail(self) -> None:
        def rows() -> Iterator[list[str]]:
            yield ["甲"]
            raise RuntimeError("the database went away")

        stream = io.BytesIO()
        with pytest.raises(RuntimeError):
            writing.write_xlsx(stream, "清单", [NAME], rows())
        assert stream.getvalue() == b""

    def test_a_row_of_another_length_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="zip"):
            writing.write_xlsx(io.BytesIO(), "清单", [NAME, CODE], [["甲"]])

    def test_memory_stays_flat(self) -> None:
        tracemalloc.start()
        writing.write_xlsx(io.BytesIO(), "清单", [NAME], (["甲" * 500] for _ in range(5_000)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2 * 1024 * 1024, "of 7.5 MB of text"

    def test_an_export_reads_back(self) -> None:
        stream = io.BytesIO()
        writing.write_xlsx(stream, "清单", COLUMNS, [ROW])
        table = open_table(stream, "清单.xlsx", COLUMNS)
        assert table.notes == []
        self.same(next(iter(table)).values)

    def test_an_export_as_csv_reads_back(self) -> None:
        table = open_table(io.BytesIO(text_of(ROW).encode()), "清单.csv", COLUMNS)
        assert table.notes == []
        self.same(next(iter(table)).values)

    def same(self, read: dict[str, Any]) -> None:
        assert read.pop("capital").amount_in_base == Decimal(98_959_339)
        assert list(read.values()) == [value for value in ROW if value != Decimal(98959339)]


# What stands between the columns of an export, and what other programs must read in its place.
HARD: list[tuple[Any, Any]] = [
    ("甲<b>&amp;]]>\"'公司", "甲<b>&amp;]]>\"'公司"),
    ('=HYPERLINK("http://example.com")', '=HYPERLINK("http://example.com")'),
    ("  前后有空格 ", "  前后有空格 "),
    ("第一行\n第二行", "第一行\n第二行"),
    ("a\x00\x1f\ufffeb", "ab"),
    ("𠮷野家（厦门）😀", "𠮷野家（厦门）😀"),
    ("00123", "00123"),
]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a file with everything that is hard, on two sheets."""
    path = tmp_path_factory.mktemp("export") / "清单.xlsx"
    with path.open("wb+") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbooks, "MOST_ROWS", len(HARD) - 1)
        writing.write_xlsx(stream, "企业清单", COLUMNS, [[given, *ROW[1:]] for given, _read in HARD])
    return path


class TestOtherPrograms:
    """What one of them reads from an export, beside openpyxl above."""

    def test_calamine(self, export: Path) -> None:
        book = python_calamine.load_workbook(str(export))
        assert book.sheet_names == ["企业清单", "企业清单 2", "关于本表"]
        rows = [row for name in book.sheet_names[:2] for row in book.get_sheet_by_name(name).to_python()[1:]]
        assert [row[0] for row in rows] == [read for _given, read in HARD]
        expected = [
            "913502001555022666",
            9895.9339,
            328,
            12.5,
            dt.date(2024, 5, 1),
            dt.datetime.fromisoformat("2024-05-01 10:30"),
        ]
        assert [row[1:7] for row in rows] == [expected] * len(HARD)

    @pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice (soffice) is not installed here")
    def test_libreoffice(self, export: Path, tmp_path: Path) -> None:
        """Let it save the file as its own and as CSV: nothing may be repaired, no text become a formula."""
        home = f"-env:UserInstallation=file://{tmp_path}/home"
        words = [
            "soffice",
            home,
            "--headless",
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1",
        ]
        subprocess.run(
            [*words, "--outdir", str(tmp_path), str(export)], check=True, capture_output=True, timeout=120
        )
        rows = [
            row
            for sheet in ("企业清单", "企业清单 2")
            for row in list(csv.reader((tmp_path / f"清单-{sheet}.csv").read_text("utf-8-sig").splitlines(keepends=True)))[1:]
        ]  # fmt: skip
        assert [row[0] for row in rows] == [read for _given, read in HARD]
        shown = [
            "913502001555022666",
            "9895.9339",
            "328",
            "12.5",
            "2024-05-01",
            "2024-05-01 10:30:00",
            "是",
            "湖里区",
            "第 7 号城市",
        ]
        assert [row[1:] for row in rows] == [shown] * len(HARD)

    @given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=5))
    @settings(max_examples=50, deadline=None)
    def test_any_text_is_read_by_two_libraries_as_it_was(self, texts: list[str]) -> None:
        """Texts that look like an escape of OOXML (_x000D_) are left to the readers' own ideas of it."""
        texts = [text for text in texts if "_x" not in text and workbooks.cell_text(text)]
        stream = io.BytesIO()
        writing.write_xlsx(stream, "清单", [NAME], [[text] for text in texts])
        expected = [workbooks.cell_text(text) for text in texts]
        rows = openpyxl.load_workbook(stream).worksheets[0].iter_rows(min_row=2, values_only=True)
        assert [row[0] for row in rows] == expected
        stream.seek(0)
        sheet = python_calamine.load_workbook(stream).get_sheet_by_index(0)
        assert [row[0] for row in sheet.to_python()[1:]] == expected


class TestCsv:
    def test_excel_reads_it_as_utf8_and_every_value_as_it_is(self) -> None:
        text = text_of(ROW, ['乙, "公司"\n第二行'] + [None] * 9)
        assert text.startswith("\ufeff企业名称,")
        rows = list(csv.reader(io.StringIO(text[1:], newline="")))
        assert rows[1] == [
            "甲公司", "913502001555022666", "9895.9339", "328", "12.5", "2024-05-01", "2024-05-01 10:30", "是", "湖里区", "第 7 号城市"
        ]  # fmt: skip
        assert rows[2] == ['乙, "公司"\n第二行'] + [""] * 9

    @pytest.mark.parametrize("attack", ATTACKS)
    def test_what_looks_like_a_formula_gets_an_apostrophe(self, attack: str) -> None:
        text = text_of([attack], columns=[NAME])[1:]
        assert list(csv.reader(io.StringIO(text, newline="")))[1] == [f"'{attack}"]

    def test_negative_numbers_are_numbers(self) -> None:
        text = text_of([-5, Decimal(-50_000), Decimal("-0.5")], columns=[STAFF, CAPITAL, RATE])
        assert text.splitlines()[1] == "-5,-5,-0.5"

    @given(st.text(max_size=20))
    def test_escaping_is_undone_on_reading(self, text: str) -> None:
        assert unescape_formula(escape_formula(text)) in {text, text.removeprefix("'")}
        if not text.startswith("'"):
            assert unescape_formula(escape_formula(text)) == text
        assert not escape_formula(text).lstrip(" \u3000").startswith(("=", "+", "-", "@", "\t", "\r"))

    @settings(max_examples=50, deadline=None)
    @given(
        st.lists(
            st.text(
                st.characters(
                    exclude_categories=["Cc", "Cs", "Cf", "Zs", "Zl", "Zp", "Cn"], exclude_characters="'#"
                ),
                min_size=1,
                max_size=30,
            ),
            max_size=4,
        )
    )
    def test_any_name_comes_back_from_both_formats(self, names: list[str]) -> None:
        names = [name for name in names if name not in {"合计", "总计", "小计", "共计", "累计"}]
        stream = io.BytesIO()
        writing.write_xlsx(stream, "清单", [NAME], [[name] for name in names])
        assert [row.values["name"] for row in open_table(stream, "a.xlsx", [NAME])] == names
        data = text_of(*[[name] for name in names], columns=[NAME]).encode()
        assert [row.values["name"] for row in open_table(io.BytesIO(data), "a.csv", [NAME])] == names


class TestTemplate:
    def template(self, columns: Sequence[Column] = COLUMNS) -> io.BytesIO:
        stream = io.BytesIO()
        writing.template_workbook(stream, columns, "企业导入模板")
        return stream

    def test_it_reads_back_with_no_rows_and_nothing_to_say(self) -> None:
        table = open_table(self.template(), "模板.xlsx", COLUMNS)
        assert (list(table), table.row_count, table.notes, table.unknown) == ([], 0, [], [])
        assert list(table.columns.values()) == COLUMNS

    def test_it_reads_back_when_filled_in(self) -> None:
        book = openpyxl.load_workbook(self.template())
        book.worksheets[0].append(
            [
                "甲公司",
                "0012",
                5,
                6,
                7,
                dt.date(2024, 5, 1),
                "2024-05-01 10:30",
                "是",
                "湖里区",
                "第 7 号城市",
            ]
        )
        stream = io.BytesIO()
        book.save(stream)
        row = next(iter(open_table(stream, "模板.xlsx", COLUMNS)))
        assert row.errors == []
        assert (row.values["code"], row.values["district"], row.values["city"]) == ("0012", "huli", "7")

    def test_required_heads_are_marked_and_heads_carry_help(self) -> None:
        sheet = openpyxl.load_workbook(self.template()).worksheets[0]
        assert [sheet["A1"].value, sheet["B1"].value, sheet["C1"].value] == [
            "*企业名称",
            "统一社会信用代码",
            "注册资本（万元）",
        ]
        comment = sheet["A1"].comment
        assert comment
        assert comment.text == "营业执照上的全称\n文字\n例如：厦门某某有限公司"
        assert sheet.freeze_panes == "A2"
        assert sheet.column_dimensions["B"].width > 8

    def test_choices_are_lists_in_the_cells(self) -> None:
        book = openpyxl.load_workbook(self.template())
        lists = {
            str(rule.sqref): rule.formula1 for rule in book.worksheets[0].data_validations.dataValidation
        }
        assert lists == {
            "H2:H10001": '"是,否"', "I2:I10001": '"集美区,湖里区"', "J2:J10001": "'可填内容'!$A$1:$A$600"
        }  # fmt: skip
        assert book["可填内容"].sheet_state == "hidden"
        assert [book["可填内容"]["A1"].value, book["可填内容"]["A600"].value] == [
            "第 0 号城市",
            "第 599 号城市",
        ]

    def test_no_label_of_a_choice_becomes_a_formula_or_a_link(self) -> None:
        labels = ["=1+1", "http://example.com", "1,5", *(f"第 {n} 项" for n in range(40))]
        column = Column(
            "choice", "选项", "choice", choices=[(str(n), label) for n, label in enumerate(labels)]
        )
        cells = openpyxl.load_workbook(self.template([NAME, column]))["可填内容"]["A"]
        assert [(cell.value, cell.data_type, cell.hyperlink) for cell in cells] == [
            (label, "s", None) for label in labels
        ]

    def test_a_guide_explains_every_column(self) -> None:
        guide = openpyxl.load_workbook(self.template())["填写说明"]
        rows = [[cell.value for cell in row] for row in guide.rows]
        head = rows.index(["列名", "必填", "填什么", "填写要求", "可填内容", "举例"])
        assert [row[0] for row in rows[head + 1 :]] == [column.label for column in COLUMNS]
        assert rows[head + 1] == ["企业名称", "是", "文字", "营业执照上的全称", None, "厦门某某有限公司"]
        assert rows[head + 3][2] == "金额，单位万元"
        assert str(rows[head + 10][4]).endswith("等 600 项，见下拉列表")

    def test_text_columns_keep_long_numbers(self) -> None:
        sheet = openpyxl.load_workbook(self.template()).worksheets[0]
        assert sheet.column_dimensions["B"].number_format == "@"
        assert sheet.column_dimensions["F"].number_format == "yyyy-mm-dd"
