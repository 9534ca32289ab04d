"""Tables as people send them: found, read row by row, or refused whole with one sentence."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from yinfeng.core.errors import DomainError, Invalid, TooLarge
from yinfeng.core.exchange import ooxml
from yinfeng.core.exchange.columns import Column, ParsedMoney
from yinfeng.core.exchange.delimited import unescape_formula
from yinfeng.core.exchange.ooxml import OLE_MAGIC
from yinfeng.core.exchange.reading import Row, Table, open_table
from yinfeng.core.exchange.values import is_blank

MB = 1024 * 1024
NAME = Column("name", "企业名称", required=True, aliases=["公司名称", "company_name"])
CAPITAL = Column("capital", "注册资本", "money", unit="万元", aliases=["reg_capital_wan"])
DISTRICT = Column("district", "区", "choice", choices=[("jimei", "集美区"), ("huli", "湖里区")])
STAFF = Column("staff", "员工人数", "integer", unit="人", aliases=["employees"])
FOUNDED = Column("founded", "成立日期", "date")
COLUMNS = [NAME, CAPITAL, DISTRICT, STAFF, FOUNDED]
LISTED = Path("../shared/data/listed-companies/listed_profile.csv.gz")


def xlsx(*rows: Sequence[Any], change: Callable[[Worksheet], object] | None = None) -> io.BytesIO:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(row)
    if change:
        change(sheet)
    return saved(book)


def saved(book: openpyxl.Workbook) -> io.BytesIO:
    stream = io.BytesIO()
    book.save(stream)
    return stream


def read_xlsx(*rows: Sequence[Any], change: Callable[[Worksheet], object] | None = None) -> Table:
    return open_table(xlsx(*rows, change=change), "表.xlsx", COLUMNS)


def read_csv(text: str | bytes, name: str = "表.csv", columns: Sequence[Column] = COLUMNS) -> Table:
    return open_table(io.BytesIO(text.encode() if isinstance(text, str) else text), name, columns)


def refused(open_it: Callable[[], Table], error: type[DomainError] = Invalid) -> str:
    with pytest.raises(error) as refusal:
        open_it()
    return str(refusal.value)


def values(rows: Sequence[Row] | Table, name: str) -> list[Any]:
    return [row.values.get(name) for row in rows]


class TestHeads:
    def test_a_head_below_a_title_in_any_order_with_marks_and_units(self) -> None:
        table = read_xlsx(
            ["2024年重点企业一览表"],
            [],
            [None, "注册资本（亿元）", "备注", "* 企业 名称"],
            [None, 3.5, "好", "甲公司"],
            [None, "2", None, "乙公司"],
        )
        assert (table.header_row, table.row_count, table.unknown) == (3, 2, ["备注"])
        assert table.notes == [
            "这些列没有对应的内容，未读入：备注。",
            "「注册资本（亿元）」的单位按 亿元 读入。",
        ]
        rows = list(table)
        assert [row.number for row in rows] == [4, 5]
        assert values(rows, "name") == ["甲公司", "乙公司"]
        assert [money.amount_in_base for money in values(rows, "capital")] == [
            Decimal(350_000_000),
            Decimal(200_000_000),
        ]
        assert "district" not in rows[0].values, "a column the file does not have is left as it is"
        assert rows[0].raw == {"第 A 列": "", "注册资本（亿元）": 3.5, "备注": "好", "* 企业 名称": "甲公司"}

    def test_the_unit_above_the_table(self) -> None:
        table = read_xlsx(["", "单位：亿元，人"], ["企业名称", "注册资本", "员工人数"], ["甲", 3.5, 20])
        assert table.notes == ["「注册资本」的单位按 亿元 读入。"]
        assert [money.amount_in_base for money in values(table, "capital")] == [Decimal(350_000_000)]
        assert table.heads_with_units() == ["企业名称", "注册资本（亿元）", "员工人数"]

    def test_the_unit_of_a_head_wins_over_the_one_above_and_that_of_a_cell_over_both(self) -> None:
        table = read_xlsx(["单位：亿元"], ["企业名称", "注册资本(元)"], ["甲", 500], ["乙", "500万美元"])
        assert [(m.amount_in_base, m.currency) for m in values(table, "capital")] == [
            (Decimal(500), "CNY"),
            (Decimal(5_000_000), "USD"),
        ]
        assert table.heads_with_units() == ["企业名称", "注册资本(元)"]

    def test_other_units_above_the_table_are_not_those_of_money(self) -> None:
        table = read_xlsx(["填报单位：厦门市商务局", "单位：亿元"], ["企业名称", "注册资本"], ["甲", 3.5])
        assert [money.amount_in_base for money in values(table, "capital")] == [Decimal(350_000_000)]
        table = read_xlsx(["填报单位：厦门市商务局"], ["企业名称", "注册资本"], ["甲", 3.5])
        assert (table.notes, [m.amount_in_base for m in values(table, "capital")]) == ([], [Decimal(35_000)])

    def test_any_number_of_columns(self) -> None:
        row = next(iter(read_csv("企业名称" + ",备注" * 999 + "\n甲" + ",注" * 999)))
        assert list(row.raw)[-1] == "备注 (999)"
        assert (
            refused(lambda: read_csv("企业名称" + ",备注" * 1000), TooLarge)
            == "表头超过 1,000 列，请只留下需要的列。"
        )
        assert "没有找到表头" in refused(lambda: read_csv(("x" * 100 + ",") * 5_000))
        assert "出现了不止一次" in refused(lambda: read_csv("企业名称," * 1000))

    def test_a_head_in_two_rows(self) -> None:
        def merge(sheet: Worksheet) -> None:
            for cells in ("A1:A2", "B1:B2", "C1:D1"):
                sheet.merge_cells(cells)

        table = read_xlsx(
            ["序号", "企业名称", "规模", None],
            [None, None, "注册资本", "员工人数"],
            [1, "甲", 5, 6],
            change=merge,
        )
        assert table.header_row == 2
        assert values(table, "name") == ["甲"]
        assert values(table, "staff") == [6]

    def test_a_head_merged_down_is_no_row(self) -> None:
        def merge(sheet: Worksheet) -> None:
            sheet.merge_cells("A1:A2")
            sheet.merge_cells("B1:B2")

        table = read_xlsx(["企业名称", "员工人数"], [None, None], ["甲", 5], change=merge)
        assert [row.number for row in table] == [3]

    def test_required_columns_are_named_with_what_was_found(self) -> None:
        assert refused(lambda: read_xlsx(["单位", "注册资本", "区"], ["甲", 1, "集美区"])) == (
            "表头（第 1 行）缺少必需的列：企业名称。找到的列是：单位、注册资本、区。请补上，或改用模板后再上传。"
        )

    def test_no_head(self) -> None:
        assert refused(lambda: read_xlsx(["甲", 1], ["乙", 2])) == (
            "没有找到表头：前 10 行里应有一行写着列名，如企业名称、注册资本、区、员工人数、成立日期。请使用模板，或补上列名后再上传。"
        )
        assert "没有找到表头" in refused(lambda: read_xlsx(*[["说明"]] * 10, ["企业名称"], ["甲"]))

    def test_a_column_twice(self) -> None:
        assert refused(lambda: read_xlsx(["企业名称", "区", "公司名称"], ["甲", "集美区", "乙"])) == (
            "表头中「企业名称」出现了不止一次（第 A、C 列），不知以哪一列为准。请只留一列后再上传。"
        )

    def test_a_head_in_a_unit_that_must_be_converted(self) -> None:
        area = Column("area", "面积", "decimal", unit="㎡")
        sentence = refused(lambda: read_csv("企业名称,面积(亩)\n甲,3\n", columns=[NAME, area]))
        assert sentence == "「面积」单位“亩”与要求的“㎡”不同，请换算后再填。"
        table = read_csv("企业名称,面积(万平方米)\n甲,3\n", columns=[NAME, area])
        assert values(table, "area") == [30_000]
        assert table.notes == ["「面积(万平方米)」的单位按 ㎡的 10,000 倍 读入。"]

    def test_unknown_columns_of_one_name_keep_their_cells(self) -> None:
        row = next(iter(read_csv("企业名称,备注,备注,,\n甲,1,2,,\n")))
        assert row.raw == {"企业名称": "甲", "备注": "1", "备注 (2)": "2"}


class TestSheets:
    def book(self) -> openpyxl.Workbook:
        book = openpyxl.Workbook()
        first = book.worksheets[0]
        first.title = "封面"
        first.append(["企业名称一览"])
        for title, heads in {"区": ["区", "企业名称"], "名单": ["企业名称", "区", "员工人数"]}.items():
            sheet = book.create_sheet(title)
            sheet.append(heads)
            sheet.append(["集美区", "甲"] if title == "区" else ["乙", "湖里区", 3])
        return book

    def test_the_sheet_that_fits_best(self) -> None:
        table = open_table(saved(self.book()), "表.xlsx", COLUMNS)
        assert table.sheet == "名单"
        assert table.notes == ["读取了工作表「名单」，没有读取：封面、区。"]
        assert values(table, "name") == ["乙"]

    @pytest.mark.parametrize("state", ["hidden", "veryHidden"])
    def test_hidden_sheets_are_not_read(self, state: str) -> None:
        book = self.book()
        book["名单"].sheet_state = state
        table = open_table(saved(book), "表.xlsx", COLUMNS)
        assert table.sheet == "区"
        assert table.notes == ["隐藏的工作表没有读取：名单。", "读取了工作表「区」，没有读取：封面。"]

    def test_charts_and_empty_sheets_are_passed_over(self) -> None:
        book = self.book()
        del book["封面"], book["区"]
        book.create_chartsheet("图")
        book.create_sheet("空")
        table = open_table(saved(book), "表.xlsx", COLUMNS)
        assert (table.sheet, table.notes) == ("名单", [])

    def test_a_workbook_of_hidden_sheets_only(self) -> None:
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream)
        book.add_chartsheet("图")
        hidden = book.add_worksheet("藏")
        hidden.write(0, 0, "企业名称")
        hidden.hide()
        book.close()
        assert "没有找到表头" in refused(lambda: open_table(stream, "表.xlsx", COLUMNS))


class TestRows:
    def test_empty_rows_are_passed_over_and_keep_their_numbers(self) -> None:
        table = read_xlsx(["企业名称"], [], ["甲"], ["  "], [None], ["乙"])
        assert [(row.number, row.values["name"]) for row in table] == [(3, "甲"), (6, "乙")]

    def test_a_table_can_be_read_again(self) -> None:
        table = read_xlsx(["企业名称"], ["甲"], ["乙"])
        assert values(table, "name") == values(table, "name") == ["甲", "乙"]

    def test_errors_name_the_column_and_leave_the_other_cells(self) -> None:
        row = next(
            iter(read_xlsx(["企业名称", "区", "员工人数", "成立日期"], [None, "思明", "三百", "2024-05"]))
        )
        assert row.errors == [
            "「企业名称」必须填写。",
            "「区」“思明”不在可填的内容之中，可填：集美区、湖里区。",
            "「员工人数」“三百”不是一个数，请填写数字，例如 1200 或 1,200.5。",
            "「成立日期」“2024-05”没有写到日，请写成 2024-05-01 的样子。",
        ]
        assert row.values == {}
        assert row.raw["员工人数"] == "三百"

    def test_cells_of_every_type(self) -> None:
        rows = list(
            read_xlsx(
                ["企业名称", "注册资本", "区", "员工人数", "成立日期"],
                ["甲", 5000, "集美区", 20, dt.date(2024, 5, 1)],
                ["乙", "５０００", " huli ", "２０", "2024年5月1日"],
                ["丙", "0.5亿元", None, None, 45413],
            )
        )
        assert [row.errors for row in rows] == [[], [], []]
        assert values(rows, "capital") == [
            ParsedMoney(Decimal(5000), "CNY", "万元", Decimal(50_000_000)),
            ParsedMoney(Decimal(5000), "CNY", "万元", Decimal(50_000_000)),
            ParsedMoney(Decimal("0.5"), "CNY", "亿元", Decimal(50_000_000)),
        ]
        assert values(rows, "district") == ["jimei", "huli", None]
        assert values(rows, "founded") == [dt.date(2024, 5, 1)] * 3

    def test_the_calendar_of_1904(self) -> None:
        book = openpyxl.Workbook()
        book.epoch = dt.datetime.combine(dt.date(1904, 1, 1), dt.time())
        sheet = book.worksheets[0]
        sheet.append(["企业名称", "成立日期"])
        sheet.append(["甲", dt.date(2024, 5, 1)])
        sheet.append(["乙", 45413 - 1462])
        assert values(open_table(saved(book), "表.xlsx", COLUMNS), "founded") == [dt.date(2024, 5, 1)] * 2

    def test_sums_are_no_records(self) -> None:
        rows = list(
            read_xlsx(
                ["序号", "企业名称", "员工人数"], [1, "甲", 5], ["合 计", None, 5], [2, "合计科技有限公司", 5]
            )
        )
        assert [row.errors for row in rows] == [[], ["这一行是合计，不作为一条记录读入。"], []]

    def test_formulas_are_read_as_their_values(self) -> None:
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream)
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["企业名称", "员工人数"])
        sheet.write_formula(1, 0, '="甲"&"公司"', None, "甲公司")
        sheet.write_formula(1, 1, "=1+1", None, 2)
        sheet.write_formula(2, 0, '=""', None, "")
        book.close()
        rows = list(open_table(stream, "表.xlsx", COLUMNS))
        assert rows[0].values == {"name": "甲公司", "staff": 2}
        assert len(rows) == 1

    def test_a_formula_that_was_never_computed_is_an_error_not_an_empty_cell(self) -> None:
        row = next(iter(read_xlsx(["企业名称", "员工人数"], ["甲", "=1+1"])))
        assert row.errors == ["「员工人数」公式没有计算结果；请用 Excel 或 WPS 打开文件并保存一次，再上传。"]

    def test_cells_that_show_an_error(self) -> None:
        def spoil(sheet: Worksheet) -> None:
            for cell, error in {"A2": "#REF!", "B2": "#N/A", "C2": "#DIV/0!", "A3": "#N/A"}.items():
                sheet[cell].value, sheet[cell].data_type = error, "e"

        rows = list(read_xlsx(["企业名称", "员工人数", "备注"], ["甲", 1, 1], change=spoil))
        assert rows[0].errors == [
            "「企业名称」单元格显示错误 #REF!；请改正公式，或直接填写内容。",
            "「员工人数」单元格显示错误 #N/A；请改正公式，或直接填写内容。",
        ]
        assert rows[0].raw == {"企业名称": "#REF!", "员工人数": "#N/A", "备注": "#DIV/0!"}
        assert len(rows) == 2, "a row of nothing but errors is not empty"

    def test_cells_merged_down(self) -> None:
        def merge(sheet: Worksheet) -> None:
            sheet.merge_cells("B2:B4")
            sheet.merge_cells("C2:C3")

        table = read_xlsx(
            ["企业名称", "区", "员工人数"], ["甲", "集美区", 30], ["乙"], ["丙", None, 7], change=merge
        )
        rows = list(table)
        assert values(rows, "district") == ["jimei", "jimei", "jimei"]
        assert [row.raw["区"] for row in rows] == ["集美区"] * 3
        refusal = "「员工人数」第 2 至 3 行合并成了一格，看不出各行的数；请拆分后分别填写。"
        assert [row.errors for row in rows] == [[refusal], [refusal], []]
        assert table.notes == ["表中有上下合并的单元格，其中的文字按每一行都相同读入。"]

    def test_cells_merged_across(self) -> None:
        row = next(
            iter(read_xlsx(["企业名称", "区"], ["甲"], change=lambda sheet: sheet.merge_cells("A2:B2")))
        )
        assert row.errors == ["「区」与左边的单元格合并成了一格，看不出各列的内容；请拆分后分别填写。"]

    def test_merged_cells_that_show_nothing_are_just_empty(self) -> None:
        rows = list(
            read_xlsx(
                ["企业名称", "员工人数"], ["甲"], ["乙"], change=lambda sheet: sheet.merge_cells("B2:B9")
            )
        )
        assert [row.errors for row in rows] == [[], []]
        assert len(rows) == 2

    @pytest.mark.parametrize("merges", [["A1:XFD1048576"] * 99, ["A2:B9", "B2:B9"]])
    def test_merges_that_overlap_are_refused(self, merges: list[str]) -> None:
        data = xlsx(["企业名称", "区"], *[["甲", "集美区"]] * 30)
        parts = zipfile.ZipFile(data)
        cells = "".join(f'<mergeCell ref="{cells}"/>' for cells in merges)
        merged = f"</sheetData><mergeCells>{cells}</mergeCells>".encode()
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as new:
            for part in parts.namelist():
                content = parts.read(part)
                new.writestr(part, content.replace(b"</sheetData>", merged))
        with pytest.raises(Invalid, match="已损坏"):
            list(open_table(stream, "表.xlsx", COLUMNS))

    def test_columns_that_begin_further_right(self) -> None:
        table = read_xlsx([], [None, None, "企业名称", None, "区"], [None, None, "甲", None, "集美区"])
        assert [(row.number, row.values) for row in table] == [(3, {"name": "甲", "district": "jimei"})]


class TestText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_encodings_and_line_ends(self, encoding: str, end: str) -> None:
        text = end.join(["企业名称,区", "厦门（集团）公司,集美区", '"乙, ""公司""",湖里区', ""])
        table = read_csv(text.encode(encoding))
        assert values(table, "name") == ["厦门（集团）公司", '乙, "公司"']
        assert table.row_count == 2

    @pytest.mark.parametrize(
        ("name", "delimiter"),
        [("a.csv", ","), ("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t"), ("A.CSV", ",")],
    )
    def test_delimiters(self, name: str, delimiter: str) -> None:
        text = f"企业名称{delimiter}区\n甲,乙;丙{delimiter}集美区\n".replace("甲,乙;丙", f'"甲{delimiter}乙"')
        assert values(read_csv(text, name), "name") == [f"甲{delimiter}乙"]

    def test_quotes_that_do_not_match_at_one_delimiter_may_at_another(self) -> None:
        assert values(read_csv('"企业名称";"区"\n"甲";"集美区"\n'), "name") == ["甲"]

    def test_packed(self) -> None:
        assert values(read_csv(gzip.compress("企业名称\n甲\n".encode()), "a.csv.gz"), "name") == ["甲"]
        assert "已损坏" in refused(
            lambda: read_csv(gzip.compress("企业名称\n甲\n".encode() * 99)[:-9], "a.csv.gz")
        )
        assert "扩展名" in refused(lambda: read_csv(gzip.compress("企业名称\n甲\n".encode()), "a.csv"))
        assert "扩展名" in refused(lambda: read_csv("企业名称\n甲\n", "a.csv.gz"))

    def test_row_numbers_are_those_a_spreadsheet_program_shows(self) -> None:
        rows = list(read_csv('企业名称,区\n"甲\n第二行",集美区\n\n乙,湖里区\n'))
        assert [(row.number, row.values["name"]) for row in rows] == [(2, "甲\n第二行"), (4, "乙")]

    def test_short_rows_are_filled_and_long_ones_refused(self) -> None:
        rows = list(read_csv("企业名称,区,员工人数\n甲\n乙,集美区,5,,\n丙,集美区,1,200\n"))
        assert [row.errors for row in rows] == [
            [], [], ["这一行的列数比表头多，各列可能已经错位；请检查是否有多余的分隔符。"]
        ]  # fmt: skip
        assert rows[0].values == {"name": "甲", "district": None, "staff": None}

    @pytest.mark.parametrize(
        "text", ['企业名称\n"甲\n乙\n', '企业名称\n"甲"乙\n', "企业名称\n" + "甲" * 140_000]
    )
    def test_quotes_and_cells_without_end_are_refused_before_any_row(self, text: str) -> None:
        assert (
            refused(lambda: read_csv(text))
            == "第 2 行的引号没有成对，或单元格过长，分不出各列。请改正后再上传。"
        )

    def test_records_without_end_are_refused(self) -> None:
        assert "过长" in refused(lambda: read_csv("企业名称\n" + "甲," * 600_000))
        assert "过长" in refused(lambda: read_csv("企业名称\n" + '"甲\n",' * 300_000))

    @pytest.mark.parametrize(
        "data",
        [b"\x00\x01\x02", "企业名称\n甲\0\n".encode(), b"\xff\xff\xff\xff", "企业名称".encode("utf-32")],
    )
    def test_no_text(self, data: bytes) -> None:
        assert refused(lambda: read_csv(data)).endswith("后再上传。") or "文字表格" in refused(
            lambda: read_csv(data)
        )

    def test_the_apostrophe_of_our_own_exports_is_taken_off(self) -> None:
        assert values(read_csv("企业名称\n'=1+1\n'甲'\n'\n"), "name") == ["=1+1", "'甲'", "'"]

    def test_memory_stays_flat(self) -> None:
        text = "企业名称,区,简介\n" + f"甲公司,集美区,{'介' * 1000}\n" * 10_000
        file = io.BytesIO(text.encode())
        tracemalloc.start()
        with open_table(file, "a.csv", COLUMNS) as table:
            count = sum(1 for _row in table)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == table.row_count == 10_000
        assert peak < MB, "of 30 MB"

    def test_a_packed_text_is_unpacked_no_further_than_the_limit(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("yinfeng.core.exchange.delimited.MOST_TEXT", 5 * MB)
        data = gzip.compress(b"\n" * (200 * MB))
        tracemalloc.start()
        assert "超过 5 MB" in refused(lambda: read_csv(data, "a.csv.gz"), TooLarge)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2 * MB

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(
            st.lists(
                st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
                min_size=2,
                max_size=2,
            ),
            max_size=5,
        )
    )
    def test_any_text_is_read_back(self, rows: list[list[str]]) -> None:
        quoted = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
        read = [list(row.raw.values()) for row in read_csv(f"企业名称,备注\n{quoted}")]
        assert read == [
            [unescape_formula(cell) for cell in row]
            for row in rows
            if not all(is_blank(unescape_formula(cell)) for cell in row)
        ]

    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=200))
    def test_any_bytes_are_read_or_refused_with_a_sentence(self, data: bytes) -> None:
        sentence = "。"
        try:
            list(read_csv("企业名称,区\n".encode() + data))
        except DomainError as error:
            sentence = str(error)
        assert sentence.endswith("。")


class TestFiles:
    def test_paths_and_uploads(self, tmp_path: Path) -> None:
        data = xlsx(["企业名称"], ["甲"]).getvalue()
        path = tmp_path / "表.xlsx"
        path.write_bytes(data)
        with open_table(path, "表.xlsx", COLUMNS) as table:
            assert values(table, "name") == ["甲"]
        with open_table(str(path), "表.xlsx", COLUMNS) as table:
            assert values(table, "name") == ["甲"]
        kept = TemporaryUploadedFile("表.xlsx", "", len(data), None)
        kept.write(data)
        for file in (SimpleUploadedFile("表.xlsx", data), kept):
            assert values(open_table(file, "表.xlsx", COLUMNS), "name") == ["甲"]
        text = SimpleUploadedFile("表.csv", "企业名称\n甲\n".encode())
        table = open_table(text, "表.csv", COLUMNS)
        assert values(table, "name") == values(table, "name") == ["甲"]
        assert not text.closed

    def test_a_workbook_is_walked_once_and_others_are_not_taken_for_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def with_fault(sheet: Worksheet) -> None:
            sheet["A3"].value, sheet["A3"].data_type = "#N/A", "e"

        data = xlsx(["企业名称"], ["甲"], ["乙"], change=with_fault)
        first = open_table(data, "表.xlsx", COLUMNS)
        assert first.measured
        kept = ooxml.Measured(**json.loads(json.dumps(asdict(first.measured))))
        walked: list[str] = []
        walk = ooxml.Package.walk
        monkeypatch.setattr(
            ooxml.Package, "walk", lambda *of, **how: walked.append("here") or walk(*of, **how)
        )
        again = open_table(data, "表.xlsx", COLUMNS, measured=kept)
        assert [row.errors for row in again] == [row.errors for row in first] != [[], []]
        assert not walked
        other = open_table(xlsx(["企业名称"], ["甲"], ["丙"]), "表.xlsx", COLUMNS, measured=kept)
        assert values(other, "name") == ["甲", "丙"]
        assert walked == ["here"]

    @pytest.mark.parametrize("name", ["表.xlsm", "表.XLTM", "表.xlsb"])
    def test_names_of_files_with_macros(self, name: str) -> None:
        assert "宏" in refused(lambda: open_table(xlsx(["企业名称"]), name, COLUMNS))

    @pytest.mark.parametrize("name", ["表.xls", "表.et", "表.ods", "表.txt", "表", "表.xlsx.exe"])
    def test_other_names(self, name: str) -> None:
        assert "不支持这种文件" in refused(lambda: open_table(xlsx(["企业名称"]), name, COLUMNS))

    def test_old_and_protected_workbooks_look_alike_and_are_told_apart(self) -> None:
        for name in ("表.xlsx", "表.xls", "表.csv"):
            old = OLE_MAGIC + bytes(5000)
            assert "旧版 .xls" in refused(lambda: read_csv(old, name))  # noqa: B023
            protected = OLE_MAGIC + bytes(3 * MB - 20) + "EncryptedPackage".encode("utf-16-le") + bytes(500)
            assert "密码" in refused(lambda: read_csv(protected, name))  # noqa: B023

    def test_names_that_lie(self) -> None:
        assert "内容却不是 Excel" in refused(lambda: read_csv("企业名称\n甲\n", "表.xlsx"))
        assert "内容却不是 Excel" in refused(lambda: read_csv("<html><table>", "表.xlsx"))
        assert "与内容不符" in refused(lambda: open_table(xlsx(["企业名称"]), "表.csv", COLUMNS))

    def test_a_word_document_called_xlsx(self) -> None:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as package:
            package.writestr("[Content_Types].xml", "<Types/>")
            package.writestr("word/document.xml", "<x/>")
        assert "内容却不是 Excel" in refused(lambda: open_table(stream, "表.xlsx", COLUMNS))

    def test_limits(self) -> None:
        data = "企业名称\n" + "甲\n" * 10
        assert refused(lambda: read_csv(""), Invalid) == "文件是空的，请检查后重新上传。"
        large = io.BytesIO(data.encode() + b" " * MB)
        assert refused(lambda: open_table(large, "a.csv", COLUMNS, max_bytes=MB), TooLarge) == (
            "文件超过 1 MB，请拆成几个文件后再上传。"
        )
        many = lambda limit: open_table(io.BytesIO(data.encode()), "a.csv", COLUMNS, max_rows=limit)  # noqa: E731
        assert (
            refused(lambda: many(9), TooLarge) == "表格有 10 行，一次最多读入 9 行。请拆成几个文件后再上传。"
        )
        assert many(10).row_count == 10
        with pytest.raises(TooLarge, match="表格有 10 行"):
            open_table(xlsx(["企业名称"], *[["甲"]] * 10), "a.xlsx", COLUMNS, max_rows=9)

    def test_a_hundred_thousand_rows(self) -> None:
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream, {"constant_memory": True})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["企业名称", "员工人数"])
        for row in range(1, 100_001):
            sheet.write_string(row, 0, f"第{row}家公司")
            sheet.write_number(row, 1, row)
        book.close()
        with open_table(stream, "表.xlsx", COLUMNS) as table:
            assert table.row_count == 100_000
            last = None
            for last in table:  # noqa: B007
                pass
        assert last is not None
        assert (last.number, last.values) == (100_001, {"name": "第100000家公司", "staff": 100_000})


@pytest.fixture
def listed() -> Iterator[Table]:
    if not LISTED.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{LISTED} is missing: CI tests on the real companies")
        pytest.skip(f"{LISTED} is not here; the test reads the real companies where it is")
    columns = [
        NAME, CAPITAL, STAFF, Column("code", "证券代码", "code", required=True, aliases=["ts_code"]),
        Column("city", "城市", aliases=["city"]), Column("introduction", "简介"), Column("main_business", "主营业务"),
    ]  # fmt: skip
    with open_table(LISTED, LISTED.name, columns) as table:
        yield table


def test_the_listed_companies_of_china(listed: Table) -> None:
    rows = list(listed)
    assert len(rows) == listed.row_count == 6194
    # Three companies have no name in the source; nothing else is wrong with any row.
    assert [(row.number, row.errors) for row in rows if row.errors] == [
        (number, ["「企业名称」必须填写。"]) for number in (3496, 5364, 5376)
    ]
    assert not any(row.questions for row in rows)
    assert sum(row.values["city"] == "厦门市" for row in rows) == 73
    assert all(isinstance(row.values["capital"], ParsedMoney | None) for row in rows)
    assert rows[0].values["capital"] == ParsedMoney(
        Decimal("9895.9339"), "CNY", "万元", Decimal("98959339.0000")
    )
    assert listed.unknown == ["exchange", "province"]
