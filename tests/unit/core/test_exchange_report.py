"""The report on an import, which is itself a file that can be corrected and imported."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from yinfeng.core.exchange.columns import Column
from yinfeng.core.exchange.reading import Table, open_table
from yinfeng.core.exchange.report import RowReport

COLUMNS = [
    Column("name", "企业名称", required=True),
    Column("capital", "注册资本", "money", unit="万元"),
    Column("founded", "成立日期", "date"),
    Column("code", "代码", "code"),
]


def source() -> Table:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "名单"
    for row in (
        ["单位：亿元"],
        ["企业名称", "注册资本", "成立日期", "代码", "备注"],
        ["甲", 3.5, dt.date(2024, 5, 1), "0012", "=危险"],
        [None, "5000万元", "去年", 350200, True],
        ["丙", None, None, None, dt.time(8, 30)],
    ):
        sheet.append(row)
    sheet["E3"].data_type = "s"
    stream = io.BytesIO()
    book.save(stream)
    return open_table(stream, "企业.xlsx", COLUMNS)


def report_on(table: Table) -> RowReport:
    report = RowReport(notes=list(table.notes))
    for row in table:
        report.add(row.number, "refused" if row.errors else "new", row.errors + row.questions)
    return report


def test_counts_and_summary() -> None:
    report = report_on(source())
    assert report.counts == {"new": 2, "updated": 0, "unchanged": 0, "questioned": 0, "refused": 1}
    assert report.summary() == "新增 2 行，未导入 1 行"
    assert RowReport().summary() == "没有读到任何一行"
    assert [row.label for row in report.rows] == ["新增", "未导入", "新增"]


def test_it_goes_through_json() -> None:
    report = report_on(source())
    kept = json.loads(json.dumps(report.to_json()))
    assert kept["counts"]["refused"] == 1
    assert kept["rows"][1]["sentences"] == [
        "「企业名称」必须填写。", "「成立日期」“去年”不是日期，请写成 2024-05-01 的样子。"
    ]  # fmt: skip
    assert RowReport.from_json(kept) == report


def test_an_outcome_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="lost"):
        RowReport().add(1, "lost")  # type: ignore[arg-type]


def written(report: RowReport, **options: Any) -> io.BytesIO:
    stream = io.BytesIO()
    report.write_xlsx(stream, source(), **options)
    return stream


def test_the_workbook_has_every_row_as_it_was_and_what_became_of_it() -> None:
    book = openpyxl.load_workbook(written(report_on(source()), notes=[("导入人", "陈某")]))
    rows = [[cell.value for cell in row] for row in book["名单"].rows]
    assert rows[0] == ["企业名称", "注册资本（亿元）", "成立日期", "代码", "备注", "导入结果", "导入说明"]
    assert rows[1] == [
        "甲",
        3.5,
        dt.datetime.combine(dt.date(2024, 5, 1), dt.time()),
        "0012",
        "=危险",
        "新增",
        None,
    ]
    assert rows[2][:5] == [None, "5000万元", "去年", 350200, True]
    assert rows[2][5:] == [
        "未导入",
        "「企业名称」必须填写。\n「成立日期」“去年”不是日期，请写成 2024-05-01 的样子。",
    ]
    assert rows[3][4] == "08:30:00"
    assert book["名单"]["E2"].data_type == "s"
    about = [[cell.value for cell in row] for row in book["关于本表"].rows]
    assert ["文件", "企业.xlsx"] in about
    assert ["导入人", "陈某"] in about
    assert ["结果", "新增 2 行，未导入 1 行"] in about
    assert ["读入说明", "「注册资本」的单位按 亿元 读入。"] in about


def test_only_the_rows_to_correct() -> None:
    book = openpyxl.load_workbook(written(report_on(source()), only=["refused", "questioned"]))
    assert [cell.value for cell in book["名单"]["F"]] == ["导入结果", "未导入"]


def test_corrected_it_can_be_imported_and_reported_on_again() -> None:
    book = openpyxl.load_workbook(written(report_on(source())))
    sheet = book["名单"]
    sheet["A3"], sheet["C3"] = "乙", "2023年4月1日"
    stream = io.BytesIO()
    book.save(stream)
    table = open_table(stream, "企业-改.xlsx", COLUMNS)
    rows = list(table)
    assert [row.errors for row in rows] == [[], [], []]
    assert [row.values["name"] for row in rows] == ["甲", "乙", "丙"]
    amounts = [money.amount_in_base if money else None for money in (row.values["capital"] for row in rows)]  # type: ignore[union-attr]
    assert amounts == [Decimal(350_000_000), Decimal(50_000_000), None], (
        "the unit above the table is not lost"
    )
    assert table.unknown == ["备注"]
    assert list(table.heads.values()) == ["企业名称", "注册资本（亿元）", "成立日期", "代码", "备注"]
    again = io.BytesIO()
    report_on(table).write_xlsx(again, table)
    heads = [cell.value for cell in openpyxl.load_workbook(again)["名单"][1]]
    assert heads == ["企业名称", "注册资本（亿元）", "成立日期", "代码", "备注", "导入结果", "导入说明"]


def test_saved_as_csv_it_can_be_imported_too() -> None:
    text = "企业名称,代码,导入结果,导入说明\n甲,0012,未导入,说明\n"
    table = open_table(io.BytesIO(text.encode()), "企业.csv", COLUMNS)
    assert [row.errors for row in table] == [[]]
    assert table.notes == []


def test_an_error_left_as_it_was_is_refused_again() -> None:
    table = open_table(io.BytesIO("企业名称,代码\n#N/A,1\n".encode()), "企业.csv", COLUMNS)
    stream = io.BytesIO()
    report_on(table).write_xlsx(stream, table)
    assert [row.errors for row in open_table(stream, "企业.xlsx", COLUMNS)] == [
        ["「企业名称」单元格显示错误 #N/A；请改正公式，或直接填写内容。"]
    ]
