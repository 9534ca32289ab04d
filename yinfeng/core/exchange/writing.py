"""Write tables for spreadsheet programs: xlsx and csv exports, and the workbook in which an import is filled in.

Rows are written as they come, in constant memory. Text is never taken for a formula, a link or a number. Times are in
the current time zone, since a workbook knows none.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from typing import IO, Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core.exchange import values, workbooks
from yinfeng.core.exchange.columns import ABOUT_SHEET, GUIDE_SHEET, LISTS_SHEET, REQUIRED_MARK, Column
from yinfeng.core.exchange.delimited import escape_formula
from yinfeng.core.exchange.ooxml import column_letters
from yinfeng.core.exchange.workbooks import (
    FORMATS,
    HEADER_FILL,
    HEADER_LINE,
    CellWriter,
    Plain,
    cell_text,
    workbook,
)

# Excel's limits for a list written into a validation, and for the message shown beside it.
LONGEST_LIST = 255
LONGEST_PROMPT_TITLE = 32
LONGEST_SHEET_NAME = 31
TEMPLATE_ROWS = 10_000
NAMED_CHOICES = 30
# Rows whose contents decide how wide the columns are; later rows may be wider.
MEASURED_ROWS = 200
NARROWEST, WIDEST = 8, 60
REQUIRED_FILL = "#FFF3D6"


def _amount(value: object) -> tuple[Decimal, str] | None:
    """Return the amount and currency of what stands for money here: a parsed amount, or one kept with its original."""
    if isinstance(value, int | Decimal):
        return Decimal(value), "CNY"
    currency = getattr(value, "currency", None)
    base = getattr(value, "amount_in_base", getattr(value, "original", None))
    return (base, currency) if isinstance(base, Decimal) and isinstance(currency, str) else None


def plain_value(column: Column, value: object) -> Plain:
    """Return what a cell of the column shows: a number, a date, or text.

    An amount of money is a number in the column's unit; plain numbers are yuan. An amount in another currency is text
    that says so (“1200万美元”), which reads back as the same amount.
    """
    if value is None or value == "":
        return None
    if column.kind == "money" and not isinstance(value, bool) and (money := _amount(value)):
        amount, currency = money
        if currency == column.money_unit.currency:
            return amount / column.money_unit.size
        unit = values.unit_of(column.money_unit.size, currency)
        return f"{values.plain(amount / unit.size)}{unit.text}"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if column.kind == "choice":
        return column.label_of(str(value))
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).replace(tzinfo=None) if timezone.is_aware(value) else value
    if column.kind in {"text", "code"} and not isinstance(value, dt.date):
        return str(value)
    return value if isinstance(value, int | float | Decimal | dt.date) else str(value)


# --- csv ----------------------------------------------------------------------------------------------------------


def write_csv(stream: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> int:
    """Write the rows as CSV that Excel and WPS open as UTF-8; return how many.

    Text that a spreadsheet program would take for a formula gets an apostrophe (OWASP, CSV injection).
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True)
    count = 0
    try:
        writer = csv.writer(text)
        writer.writerow([escape_formula(column.head) for column in columns])
        for row in rows:
            writer.writerow(
                [_csv_cell(plain_value(column, value)) for column, value in zip(columns, row, strict=True)]
            )
            count += 1
    finally:
        text.detach()
    return count


def _csv_cell(value: Plain) -> str:
    match value:
        case None:
            return ""
        case str():
            return escape_formula(values.printable(value))
        case dt.datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case Decimal():
            return values.plain(value)
        case _:
            return str(value)


# --- xlsx ---------------------------------------------------------------------------------------------------------


def write_xlsx(
    stream: IO[bytes],
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
    *,
    notes: Sequence[tuple[str, str]] = (),
) -> int:
    """Write the rows as a workbook with one table and a sheet that says where it comes from; return how many.

    More rows than a sheet can hold go on in a second one.

    Args:
        notes: what the last sheet says besides the title and the number of rows: when, who, by which filters.
    """
    cells = [_cell_writer(column, column_letters(at)) for at, column in enumerate(columns)]
    shown = partial(_shown_values, columns)
    return _write(stream, title, [column.head for column in columns], cells, rows, shown, notes)


def write_lines(
    stream: IO[bytes],
    title: str,
    heads: Sequence[str],
    lines: Iterable[Sequence[Plain]],
    *,
    notes: Sequence[tuple[str, str]] = (),
) -> int:
    """Write finished lines as ``write_xlsx`` does its rows."""
    cells = [workbooks.plain_cell(column_letters(at)) for at in range(len(heads))]
    return _write(stream, title, heads, cells, lines, list, notes)


def _write(
    stream: IO[bytes],
    title: str,
    heads: Sequence[str],
    cells: Sequence[CellWriter],
    rows: Iterable[Sequence[Any]],
    shown: Callable[[Sequence[Any]], list[Plain]],
    notes: Sequence[tuple[str, str]],
) -> int:
    """Write a table and the sheet about it; the first rows say how wide the columns are."""
    left = iter(rows)
    first = list(islice(left, MEASURED_ROWS))
    measured = [[_width(head) for head in heads]]
    measured += [[_width(str(value)) for value in shown(row)] for row in first]
    widths = [min(max(*column, NARROWEST - 2) + 2, WIDEST) for column in zip(*measured, strict=True)]
    with workbook(stream, title) as book:
        count = book.table(_sheet_name(title), heads, cells, widths, chain(first, left))
        about = [(_("表名"), title), *notes, (_("行数"), f"{count:,}")]
        book.texts(str(ABOUT_SHEET), about, widths=(16, 80))
    return count


def _shown_values(columns: Sequence[Column], row: Sequence[object]) -> list[Plain]:
    return [plain_value(column, value) for column, value in zip(columns, row, strict=True)]


def _cell_writer(column: Column, letters: str) -> CellWriter:
    """Return what writes the cells of a column as ``plain_value`` says, the usual type of its values without asking."""
    plain = workbooks.plain_cell(letters, column.kind)

    def anything(value: Any, row: int) -> str:
        return plain(plain_value(column, value), row)

    if column.kind == "money" and column.money_unit.currency == "CNY":
        return _money_cell(workbooks.number_cell(letters, "money"), column.money_unit.size, anything)
    usual: dict[str, tuple[type, CellWriter]] = {
        "text": (str, workbooks.text_cell(letters)),
        "code": (str, workbooks.text_cell(letters)),
        "integer": (int, workbooks.number_cell(letters, "integer")),
        "decimal": (Decimal, workbooks.number_cell(letters)),
        "date": (dt.date, workbooks.date_cell(letters)),
    }
    if column.kind not in usual:
        return anything
    expected, direct = usual[column.kind]

    def write(value: Any, row: int) -> str:
        if value is None:
            return ""
        return direct(value, row) if type(value) is expected else anything(value, row)

    return write


def _money_cell(number: CellWriter, size: Decimal, anything: CellWriter) -> CellWriter:
    def write(value: Any, row: int) -> str:
        if value is None:
            return ""
        return number(value / size, row) if type(value) is Decimal else anything(value, row)

    return write


def _sheet_name(title: str) -> str:
    """Return the title as Excel allows it for a sheet, and other than the names of the sheets beside it."""
    name = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", values.printable(title)).strip().strip("'")
    name = name[: LONGEST_SHEET_NAME - 1].strip()
    if not name or name.casefold() == "history" or name in {str(ABOUT_SHEET), str(GUIDE_SHEET)}:
        return _("数据")
    return name


def _width(text: str) -> int:
    """Return how wide the text's widest line is, in Latin letters; a Chinese character takes two."""
    line = max(text[: WIDEST * 4].split("\n"), key=len)[:WIDEST]
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


# --- the template of an import ------------------------------------------------------------------------------------


@contextmanager
def _template(stream: IO[bytes], title: str) -> Iterator[Any]:
    """Give a workbook of the library that also writes notes on cells and lists to choose from."""
    book = xlsxwriter.Workbook(
        stream,
        {
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "in_memory": True,
        },
    )
    book.set_properties({"title": title})
    yield book
    book.close()


def _page(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _header_format(book: Any, fill: str = f"#{HEADER_FILL}") -> Any:
    return book.add_format(
        {
            "bold": True,
            "bg_color": fill,
            "bottom": 1,
            "bottom_color": f"#{HEADER_LINE}",
            "num_format": "@",
            "valign": "vcenter",
        }
    )


def _text_sheet(book: Any, name: str, lines: Sequence[Sequence[str]], *, widths: Sequence[int]) -> None:
    """Add a sheet of plain text, one line a row."""
    sheet = book.add_worksheet(name)
    wrapped = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    for position, width in enumerate(widths):
        sheet.set_column(position, position, width)
    for row, line in enumerate(lines):
        for position, text in enumerate(line):
            # A line of its own runs on over the empty cells beside it.
            if text:
                sheet.write_string(row, position, cell_text(text), wrapped if len(line) > 1 else None)
    _page(sheet)


def template_workbook(stream: IO[bytes], columns: Sequence[Column], title: str) -> None:
    """Write the workbook that is filled in for an import: heads, help on each, lists to choose from, a guide."""
    with _template(stream, title) as book:
        sheet = book.add_worksheet(_sheet_name(title))
        plain, required = _header_format(book), _header_format(book, REQUIRED_FILL)
        lists: list[tuple[int, Column]] = []
        for position, column in enumerate(columns):
            head = f"{REQUIRED_MARK}{column.head}" if column.required else column.head
            sheet.write_string(0, position, head, required if column.required else plain)
            if help_text := _help(column):
                sheet.write_comment(
                    0, position, help_text, {"x_scale": 1.6, "y_scale": 1 + help_text.count("\n") / 4}
                )
            width = max(
                _width(head) + 2, *(_width(example) + 2 for example in column.examples), NARROWEST + 4
            )
            style = {"num_format": FORMATS[column.kind]} if column.kind in FORMATS else {}
            sheet.set_column(position, position, min(width, WIDEST), book.add_format(style))
            if choices := _choices(column):
                source: list[str] | str = choices
                if len(",".join(choices)) > LONGEST_LIST or any("," in choice for choice in choices):
                    lists.append((position, column))
                    source = f"='{LISTS_SHEET!s}'!{_list_range(len(lists) - 1, len(choices))}"
                sheet.data_validation(1, position, TEMPLATE_ROWS, position, _validation(column, source))
        sheet.freeze_panes(1, 0)
        _page(sheet)
        _text_sheet(book, str(GUIDE_SHEET), _guide(columns, title), widths=(24, 10, 20, 50, 50, 24))
        if lists:
            hidden = book.add_worksheet(str(LISTS_SHEET))
            hidden.hide()
            for at, (_position, column) in enumerate(lists):
                hidden.write_column(0, at, _choices(column))


def _list_range(position: int, length: int) -> str:
    letters = xlsxwriter.utility.xl_col_to_name(position)
    return f"${letters}$1:${letters}${length}"


def _choices(column: Column) -> list[str]:
    if column.kind == "boolean":
        return [_("是"), _("否")]
    return [cell_text(str(label)) for _code, label in column.choices]


def _validation(column: Column, source: list[str] | str) -> dict[str, object]:
    return {
        "validate": "list",
        "source": source,
        "error_title": str(column.label)[:LONGEST_PROMPT_TITLE],
        "error_message": _("请从下拉列表中选择。"),
    }


def _kind_said(column: Column) -> str:
    said = {
        "text": _("文字"),
        "integer": _("整数"),
        "decimal": _("数字"),
        "money": _("金额，单位%(unit)s") % {"unit": column.unit},
        "date": _("日期，如 2024-05-01"),
        "datetime": _("日期和时间，如 2024-05-01 14:30"),
        "boolean": _("是或否"),
        "choice": _("从列表中选择"),
        "code": _("编码，按文字填写"),
    }[column.kind]
    return f"{said}（{column.unit}）" if column.unit and column.kind in {"integer", "decimal"} else said


def _help(column: Column) -> str:
    """Return the note on a head: what to fill in, of which kind, for example."""
    lines = [str(column.help), _kind_said(column)]
    if column.examples:
        lines.append(_("例如：%(examples)s") % {"examples": _("、").join(column.examples)})
    return "\n".join(line for line in lines if line)


def _guide(columns: Sequence[Column], title: str) -> list[list[str]]:
    """Return the lines of the guide: how to fill in the table, then each column."""
    lines = [
        [title],
        [""],
        [_("1. 从第 2 行起填写，一行一条；列名带 * 的必须填写，其余可以留空。请不要改动列名。")],
        [_("2. 日期写成 2024-05-01；金额按列名中的单位填写，也可以带上单位，如 3.5亿元、1200万美元。")],
        [_("3. 统一社会信用代码、电话等长数字请按文字填写，以免后几位变成 0。")],
        [_("4. 上传后先核对：逐行列出新增、更新和有问题的内容，确认后才会写入。")],
        [""],
        [_("列名"), _("必填"), _("填什么"), _("填写要求"), _("可填内容"), _("举例")],
    ]
    for column in columns:
        choices = _choices(column)
        listed = _("、").join(choices[:NAMED_CHOICES])
        if len(choices) > NAMED_CHOICES:
            listed = _("%(names)s等 %(count)s 项，见下拉列表") % {"names": listed, "count": len(choices)}
        examples = _("、").join(column.examples)
        required = _("是") if column.required else ""
        lines.append([str(column.label), required, _kind_said(column), str(column.help), listed, examples])
    return lines
