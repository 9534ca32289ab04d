"""Read a table from a file that somebody filled in: xlsx, csv, tsv, csv.gz.

``open_table`` either refuses the whole file with one sentence, before a single row has been handed out, or returns a
``Table`` whose rows come one by one, each with its values, its errors and its questions. The text formats are read in
constant memory; a workbook's sheet is held whole by the library that reads it (within ``ooxml.Limits.cells``).
"""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Any, NoReturn, Self

from django.utils.translation import gettext as _

from yinfeng.core.errors import Invalid, TooLarge
from yinfeng.core.exchange import ooxml, values
from yinfeng.core.exchange.columns import (
    REMARK_HEAD,
    RESULT_HEAD,
    UNUSUAL,
    Column,
    Header,
    Raw,
    Text,
    Value,
    said_in_all_languages,
    usual,
)
from yinfeng.core.exchange.grids import Grid, Merge, Spread, named, open_grids, own_sheets, with_merges
from yinfeng.core.exchange.values import CellError, Unit

MB = 1024 * 1024
MAX_BYTES = 50 * MB
MAX_ROWS = 200_000
HEADER_ROWS = 10
MOST_COLUMNS = 1_000
LONGEST_HEAD = 200
TOTALS = frozenset({"合计", "总计", "小计", "共计", "累计"})

_SHEET_UNIT = re.compile(r"单位\s*[::]\s*([^\s,;)]+)")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as the spreadsheet program shows it, and what became of its cells.

    Attributes:
        values: by column name, of the columns that the file has and that could be read; an empty cell is ``None``.
        errors: sentences that forbid taking the row, each naming its column.
        questions: sentences a person should confirm.
        raw: by head, every cell of the row as it was.
    """

    number: int
    values: dict[str, Value]
    errors: list[str]
    questions: list[str]
    _heads: Mapping[int, str]
    _cells: Sequence[Raw]
    _faults: Mapping[int, str]

    @property
    def raw(self) -> dict[str, Raw]:
        return {head: self._faults.get(at) or self._cells[at] for at, head in self._heads.items()}


# Of each column its place in the file, and what reads its usual cells.
Readers = Sequence[tuple[int, Column, Callable[[Raw], Any]]]


@dataclass(frozen=True, slots=True)
class _Head:
    """A row of heads: where it is, what it says by position, and which columns it names."""

    row: int
    heads: Mapping[int, Header]
    columns: Mapping[int, Column]

    @property
    def score(self) -> tuple[int, int]:
        found = set(self.columns.values())
        return sum(column.required for column in found), len(found)


@dataclass(slots=True)
class Table:
    """A table found in a file. Iterate over it as often as needed; it is a context manager that lets go of the file.

    Attributes:
        name: the file's name.
        sheet: the sheet's name, empty for text.
        header_row: number of the row with the heads.
        heads: the heads by position, made distinct; without those of a report on an earlier import.
        columns: the columns found, by position.
        unknown: the heads that name no column.
        row_count: rows below the head, empty ones included.
        notes: sentences on how the file as a whole was read.
        measured: of a workbook what it was found to hold, so that it is sooner opened again.
    """

    name: str
    sheet: str
    header_row: int
    heads: dict[int, str]
    columns: dict[int, Column]
    unknown: list[str]
    row_count: int
    notes: list[str]
    _grid: Grid
    _units: dict[int, Unit | Decimal]
    _first_row: int
    _width: int
    measured: ooxml.Measured | None = None
    _closing: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file, if ``open_table`` opened it."""
        self._closing.close()

    def heads_with_units(self) -> list[str]:
        """Return the heads, each saying its unit even if the file said it elsewhere (“单位：亿元” above the table)."""
        heads = []
        for position, text in self.heads.items():
            head, unit = text, self._units.get(position)
            said = any(values.parse_unit(remark) for remark in Header.of(head).remarks)
            if isinstance(unit, Unit) and not said:
                head = _("%(label)s（%(unit)s）") % {"label": head, "unit": unit.text}
            heads.append(head)
        return heads

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows that hold anything."""
        faults: dict[int, dict[int, str]] = {}
        for (number, position), fault in self._grid.faults.items():
            faults.setdefault(number, {})[position] = fault
        readers = [
            (position, column, usual(column, self._units.get(position)))
            for position, column in self.columns.items()
        ]
        rows = islice(self._grid.rows(), self._first_row, None)
        for number, cells, spread in with_merges(rows, self._grid.merges, self._first_row):
            if number in faults or not all(values.is_blank(cell) for cell in cells):
                yield self._row(number, cells, spread, faults.get(number, {}), readers)

    def _row(
        self, number: int, cells: list[Raw], spread: Spread, faults: Mapping[int, str], readers: Readers
    ) -> Row:
        if len(cells) < self._width:
            cells.extend([""] * (self._width - len(cells)))
        for position, (merge, shown) in spread.items():
            if position == merge.left:
                cells[position] = shown
        if self._grid.days_off:
            self._put_on_calendar(cells)
        row = Row(number + 1, {}, [], [], self.heads, cells, faults)
        first = next((cell for cell in cells if cell and not values.is_blank(cell)), "")
        if self._grid.is_text and not all(values.is_blank(cell) for cell in cells[self._width :]):
            row.errors.append(_("这一行的列数比表头多，各列可能已经错位；请检查是否有多余的分隔符。"))
        elif isinstance(first, str) and "计" in first and values.folded(first) in TOTALS:
            row.errors.append(_("这一行是合计，不作为一条记录读入。"))
        else:
            found = row.values
            for position, column, read in readers:
                value: Any = UNUSUAL if position in faults or position in spread else read(cells[position])
                if value is UNUSUAL:
                    self._read(row, column, position, spread, faults)
                else:
                    found[column.name] = value
        return row

    def _read(
        self, row: Row, column: Column, position: int, spread: Spread, faults: Mapping[int, str]
    ) -> None:
        """Read a cell with all care."""
        try:
            if position in faults:
                _refuse_fault(faults[position])
            if position in spread:
                _check_merge(spread[position][0], position, column)
            reading = column.read(row._cells[position], self._units.get(position))
        except CellError as error:
            row.errors.append(_about(column, error.sentence))
        else:
            row.values[column.name] = reading.value
            row.questions.extend(_about(column, question) for question in reading.questions)

    def _put_on_calendar(self, cells: list[Raw]) -> None:
        """Make plain day numbers those of Excel's usual calendar."""
        for position, column in self.columns.items():
            raw = cells[position]
            if column.kind in {"date", "datetime"} and isinstance(raw, float) and raw < values.LAST_SERIAL:
                cells[position] = raw + self._grid.days_off


def _refuse_fault(fault: str) -> NoReturn:
    if fault:
        values.refuse_error(fault)
    raise CellError(_("公式没有计算结果；请用 Excel 或 WPS 打开文件并保存一次，再上传。"))


def _check_merge(merge: Merge, position: int, column: Column) -> None:
    """Refuse a part of merged cells that may mean something else than what is shown."""
    if position > merge.left:
        raise CellError(_("与左边的单元格合并成了一格，看不出各列的内容；请拆分后分别填写。"))
    if merge.bottom > merge.top and column.kind in {"money", "integer", "decimal"}:
        raise CellError(
            _("第 %(first)s 至 %(last)s 行合并成了一格，看不出各行的数；请拆分后分别填写。")
            % {"first": merge.top + 1, "last": merge.bottom + 1}
        )


def _about(column: Column, sentence: Text) -> str:
    return _("「%(column)s」%(sentence)s") % {"column": column.label, "sentence": sentence}


def open_table(
    source: str | os.PathLike[str] | IO[bytes],
    name: str,
    columns: Sequence[Column],
    *,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
    measured: ooxml.Measured | None = None,
) -> Table:
    """Open the table in a file.

    Args:
        source: a path, or an open binary file that can seek and stays the caller's.
        name: the file's name as its author gave it; its ending says how to read it.
        columns: what the table may hold. Other columns are noted and ignored.
        measured: what an earlier opening of the file found (``Table.measured``).

    Raises:
        Invalid: the file as a whole cannot be read, is not safe to read, or lacks required columns.
        TooLarge: it is larger than the limits.
    """
    with ExitStack() as closing:
        if isinstance(source, str | os.PathLike):
            path: str | None = os.fspath(source)
            file: IO[bytes] = closing.enter_context(Path(source).open("rb"))
        else:
            path, file = None, source
        size = file.seek(0, io.SEEK_END)
        if size > max_bytes:
            raise TooLarge(
                _("文件超过 %(limit)s MB，请拆成几个文件后再上传。") % {"limit": f"{max_bytes / MB:g}"}
            )
        if not size:
            raise Invalid(_("文件是空的，请检查后重新上传。"))
        opened = open_grids(file, path, name, measured)
        table = _find_table(name, opened.grids, list(columns), opened.notes)
        if table.row_count > max_rows:
            raise TooLarge(
                _("表格有 %(count)s 行，一次最多读入 %(limit)s 行。请拆成几个文件后再上传。")
                % {"count": f"{table.row_count:,}", "limit": f"{max_rows:,}"}
            )
        table.measured = opened.measured
        table._closing = closing.pop_all()
    return table


# --- the head and what is under it --------------------------------------------------------------------------------


def _find_table(name: str, grids: Iterable[Grid], columns: Sequence[Column], notes: Sequence[str]) -> Table:
    """Return the table under the head that fits best, or refuse the file with what was sought and found."""
    names = {known: column for column in columns for known in column.names}
    best: tuple[_Head, Grid, list[list[Raw]]] | None = None
    filled: list[str] = []
    refusals: list[Invalid] = []
    readable = False
    for grid in grids:
        try:
            top = _top(grid)
        except Invalid as error:
            if not grid.is_text:
                raise
            refusals.append(error)  # another delimiter may take the text apart
            continue
        readable = True
        if any(top) and grid.name not in own_sheets():
            filled.append(grid.name)
        for number, cells in enumerate(top):
            head = _read_head(number, cells, names)
            if head.columns and (best is None or head.score > best[0].score):
                best = head, grid, top
    if refusals and not readable:
        raise refusals[0]
    if best is None:
        raise Invalid(
            _(
                "没有找到表头：前 %(rows)s 行里应有一行写着列名，如%(wanted)s。请使用模板，或补上列名后再上传。"
            )
            % {"rows": HEADER_ROWS, "wanted": named(str(column.label) for column in columns)}
        )
    head, grid, top = best
    if len(filled) > 1 and grid.name:
        others = named(sheet for sheet in filled if sheet != grid.name)
        notes = [
            *notes,
            _("读取了工作表「%(sheet)s」，没有读取：%(others)s。") % {"sheet": grid.name, "others": others},
        ]
    return _table(name, grid, head, top, columns, list(notes))


def _top(grid: Grid) -> list[list[Raw]]:
    """Return the first rows, with cells that are merged with those above showing the same."""
    top = []
    for number, cells, spread in with_merges(islice(grid.rows(), HEADER_ROWS), grid.merges):
        for position, (merge, shown) in spread.items():
            if number > merge.top and position == merge.left:
                cells[position] = shown
        top.append([] if all(values.is_blank(cell) for cell in cells) else cells)
    return top


def _read_head(number: int, cells: Sequence[Raw], names: Mapping[str, Column]) -> _Head:
    texts = {at: cell[:LONGEST_HEAD] for at, cell in enumerate(cells[:MOST_COLUMNS]) if isinstance(cell, str)}
    heads = {position: Header.of(text) for position, text in texts.items()}
    columns = {position: names[head.name] for position, head in heads.items() if head.name in names}
    return _Head(number, heads, columns)


def _table(
    name: str,
    grid: Grid,
    head: _Head,
    top: Sequence[Sequence[Raw]],
    columns: Sequence[Column],
    notes: list[str],
) -> Table:
    left_out = {
        Header.of(said).name for text in (RESULT_HEAD, REMARK_HEAD) for said in said_in_all_languages(text)
    }
    width = max((at for at, found in head.heads.items() if found.text), default=-1) + 1
    heads = _distinct(
        {at: found for at, found in head.heads.items() if found.name not in left_out or at in head.columns}
    )
    if not all(values.is_blank(cell) for cell in top[head.row][MOST_COLUMNS:]):
        raise TooLarge(_("表头超过 %(count)s 列，请只留下需要的列。") % {"count": f"{MOST_COLUMNS:,}"})
    _check_columns(head, columns, heads)
    unknown = [text for at, text in heads.items() if at not in head.columns and head.heads[at].name]
    if unknown:
        notes.append(_("这些列没有对应的内容，未读入：%(names)s。") % {"names": named(unknown)})
    units = _units(head, top, notes)
    first_row = max([head.row, *(m.bottom for m in grid.merges if m.top <= head.row <= m.bottom)]) + 1
    row_count = max(0, grid.count_rows() - first_row)
    if any(merge.top >= first_row and merge.bottom > merge.top for merge in grid.merges):
        notes.append(_("表中有上下合并的单元格，其中的文字按每一行都相同读入。"))
    return Table(
        name,
        grid.name,
        head.row + 1,
        heads,
        dict(head.columns),
        unknown,
        row_count,
        notes,
        grid,
        units,
        first_row,
        width,
    )


def _distinct(heads: Mapping[int, Header]) -> dict[int, str]:
    """Return the heads by position up to the last that says anything; equal ones are numbered, empty ones named."""
    last = max((position for position, head in heads.items() if head.text), default=-1)
    distinct: dict[int, str] = {}
    used: set[str] = set()
    times: Counter[str] = Counter()
    for position, head in heads.items():
        if position > last:
            break
        text = wanted = head.text or _("第 %(letters)s 列") % {"letters": ooxml.column_letters(position)}
        while text in used:
            times[wanted] += 1
            text = f"{wanted} ({times[wanted] + 1})"
        used.add(text)
        distinct[position] = text
    return distinct


def _check_columns(head: _Head, columns: Sequence[Column], heads: Mapping[int, str]) -> None:
    """Refuse a file that lacks required columns or has one twice."""
    found = list(head.columns.values())
    missing = [str(column.label) for column in columns if column.required and column not in found]
    if missing:
        raise Invalid(
            _(
                "表头（第 %(row)s 行）缺少必需的列：%(missing)s。找到的列是：%(found)s。请补上，或改用模板后再上传。"
            )
            % {
                "row": head.row + 1,
                "missing": named(missing),
                "found": named(text for at, text in heads.items() if head.heads[at].text),
            }
        )
    column, times = Counter(found).most_common(1)[0]
    if times > 1:
        letters = [ooxml.column_letters(at) for at, other in head.columns.items() if other is column]
        raise Invalid(
            _(
                "表头中「%(column)s」出现了不止一次（第 %(letters)s 列），不知以哪一列为准。请只留一列后再上传。"
            )
            % {"column": column.label, "letters": named(letters)}
        )


def _units(head: _Head, top: Sequence[Sequence[Raw]], notes: list[str]) -> dict[int, Unit | Decimal]:
    """Return the units that the file states and that are not the columns' own, by position; say so in the notes.

    A head's own unit wins over one written above the table (“单位：亿元”).
    """
    above = " ".join(
        values.half_width(cell) for row in top[: head.row] for cell in row if isinstance(cell, str)
    )
    stated = next((found[1] for found in _SHEET_UNIT.finditer(above) if values.parse_unit(found[1])), None)
    units: dict[int, Unit | Decimal] = {}
    for position, column in head.columns.items():
        header = head.heads[position]
        if stated and column.kind == "money" and not any(values.parse_unit(said) for said in header.remarks):
            header = Header(header.text, header.name, (stated,))
        try:
            unit = column.unit_of(header)
        except CellError as error:
            raise Invalid(_about(column, error.sentence)) from None
        if unit is not None:
            units[position] = unit
            said = (
                unit.text
                if isinstance(unit, Unit)
                else _("%(unit)s的 %(size)s 倍") % {"unit": column.unit, "size": values.grouped(unit)}
            )
            notes.append(_("「%(column)s」的单位按 %(unit)s 读入。") % {"column": header.text, "unit": said})
    return units
