"""Write tables for spreadsheet programs: xlsx and csv exports, and the workbook in which an import is filled in.

Rows are written as they come, in constant memory. Text is never taken for a formula, a link or a number. Times are in
the current time zone, since a workbook knows none.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core.errors import TooLarge
from yinfeng.core.exchange import values
from yinfeng.core.exchange.columns import ABOUT_SHEET, GUIDE_SHEET, LISTS_SHEET, REQUIRED_MARK, Column
from yinfeng.core.exchange.delimited import FORMULA_STARTS, escape_formula

MOST_ROWS = 1_048_575
LONGEST_CELL = 32_767
# Excel's limits for a list written into a validation, and for the message shown beside it.
LONGEST_LIST = 255
LONGEST_PROMPT_TITLE = 32
LONGEST_SHEET_NAME = 31
TEMPLATE_ROWS = 10_000
NAMED_CHOICES = 30
# Rows whose contents decide how wide the columns are; later rows may be wider.
MEASURED_ROWS = 200
NARROWEST, WIDEST = 8, 60
FIRST_YEAR = 1900

FORMATS = {
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
    "integer": "#,##0",
    "money": "#,##0.00##",
    "text": "@",
    "code": "@",
    "choice": "@",
    "boolean": "@",
}
HEADER_FILL, HEADER_LINE, REQUIRED_FILL = "#E8EEF7", "#9FB2D0", "#FFF3D6"

Plain = str | int | float | Decimal | dt.date | dt.datetime | None


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

    Args:
        notes: what the second sheet says besides the title and the number of rows: when, who, by which filters.

    Raises:
        TooLarge: there are more rows than a sheet can hold.
    """
    kinds = [column.kind for column in columns]
    lines = ([plain_value(c, value) for c, value in zip(columns, row, strict=True)] for row in rows)
    return write_lines(stream, title, [column.head for column in columns], lines, kinds=kinds, notes=notes)


def write_lines(
    stream: IO[bytes],
    title: str,
    heads: Sequence[str],
    lines: Iterable[Sequence[Plain]],
    *,
    kinds: Sequence[str] = (),
    notes: Sequence[tuple[str, str]] = (),
) -> int:
    """Write finished lines as ``write_xlsx`` does its rows; ``kinds`` say how numbers are shown."""
    with _workbook(stream, title, constant_memory=True) as book:
        sheet = _Sheet(book, _sheet_name(title), heads, kinds)
        for line in lines:
            sheet.add(line)
        sheet.finish()
        about = [(_("表名"), title), *notes, (_("行数"), f"{sheet.rows:,}")]
        _text_sheet(book, str(ABOUT_SHEET), about, widths=(16, 80))
    return sheet.rows


@contextmanager
def _workbook(stream: IO[bytes], title: str, *, constant_memory: bool) -> Iterator[Any]:
    """Give a workbook that is written to the stream at the end, and not at all if its rows failed."""
    with tempfile.TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(
            stream,
            {
                "constant_memory": constant_memory,
                "tmpdir": folder,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        book.set_properties({"title": title})
        yield book
        book.close()


class _Sheet:
    """A table being written: heads, then line by line."""

    def __init__(self, book: Any, name: str, heads: Sequence[str], kinds: Sequence[str] = ()) -> None:
        self.sheet = book.add_worksheet(name)
        self.rows = 0
        self._heads = heads
        self._widths = [_width(head) + 2 for head in heads]
        self._formats = {kind: book.add_format({"num_format": shown}) for kind, shown in FORMATS.items()}
        self._kinds = [*kinds, *["text"] * (len(heads) - len(kinds))]
        self._quoted = book.add_format({"num_format": "@", "quote_prefix": True})
        header = _header_format(book)
        for position, head in enumerate(heads):
            self.sheet.write_string(0, position, _cell_text(head), header)

    def add(self, line: Sequence[Plain]) -> None:
        self.rows += 1
        if self.rows > MOST_ROWS:
            raise TooLarge(
                _("超过 %(count)s 行，一张工作表放不下。请缩小筛选范围，或导出为 CSV。")
                % {"count": f"{MOST_ROWS:,}"}
            )
        for position, value in enumerate(line):
            if value is not None and value != "":
                self._write(position, value)

    def _write(self, position: int, value: Plain) -> None:
        kind = self._kinds[position]
        if isinstance(value, bool):
            self.sheet.write_boolean(self.rows, position, value)
        elif isinstance(value, dt.date) and value.year >= FIRST_YEAR:
            kind = "datetime" if isinstance(value, dt.datetime) else "date"
            self.sheet.write_datetime(self.rows, position, value, self._formats[kind])
        elif isinstance(value, int | float | Decimal) and abs(value) < 10**values.FLOAT_DIGITS:
            style = self._formats[kind] if kind in {"integer", "money"} else None
            self.sheet.write_number(self.rows, position, value, style)
        else:
            text = _cell_text(str(value))
            style = self._quoted if text.startswith(FORMULA_STARTS) else self._formats["text"]
            self.sheet.write_string(self.rows, position, text, style)
        if self.rows <= MEASURED_ROWS:
            self._widths[position] = max(self._widths[position], _width(str(value)) + 2)

    def finish(self) -> None:
        """Set what the reader sees: widths, the frozen head, filters, the printed page."""
        for position, width in enumerate(self._widths):
            self.sheet.set_column(position, position, min(max(width, NARROWEST), WIDEST))
        self.sheet.freeze_panes(1, 0)
        if self._heads:
            self.sheet.autofilter(0, 0, self.rows, len(self._heads) - 1)
        _page(self.sheet)


def _page(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _header_format(book: Any, fill: str = HEADER_FILL) -> Any:
    return book.add_format(
        {
            "bold": True,
            "bg_color": fill,
            "bottom": 1,
            "bottom_color": HEADER_LINE,
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
                sheet.write_string(row, position, _cell_text(text), wrapped if len(line) > 1 else None)
    _page(sheet)


def _sheet_name(title: str) -> str:
    """Return the title as Excel allows it for a sheet, and other than the names of the sheets beside it."""
    name = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", values.printable(title)).strip().strip("'")
    name = name[: LONGEST_SHEET_NAME - 1].strip()
    if not name or name.casefold() == "history" or name in {str(ABOUT_SHEET), str(GUIDE_SHEET)}:
        return _("数据")
    return name


def _cell_text(text: str) -> str:
    """Return the text as a cell can hold it; one that is too long is cut, and says so."""
    text = values.printable(text.replace("\r\n", "\n").replace("\r", "\n"))
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_CELL:
        return text
    mark = _("…（内容过长，已截断）")
    return units[: 2 * (LONGEST_CELL - len(mark))].decode("utf-16-le", errors="ignore") + mark


def _width(text: str) -> int:
    """Return how wide the text's widest line is, in Latin letters; a Chinese character takes two."""
    line = max(text[: WIDEST * 4].split("\n"), key=len)[:WIDEST]
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


# --- the template of an import ------------------------------------------------------------------------------------


def template_workbook(stream: IO[bytes], columns: Sequence[Column], title: str) -> None:
    """Write the workbook that is filled in for an import: heads, help on each, lists to choose from, a guide."""
    with _workbook(stream, title, constant_memory=False) as book:
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
    return [_cell_text(str(label)) for _code, label in column.choices]


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
