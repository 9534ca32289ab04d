"""Read a table from a file that somebody filled in: xlsx, csv, tsv, csv.gz.

``open_table`` either refuses the whole file with one sentence, before a single row has been handed out, or returns a
``Table`` whose rows come one by one, each with its values, its errors and its questions. The text formats are read in
constant memory; a workbook's sheet is held whole by the library that reads it (within ``ooxml.Limits.cells``).
"""

from __future__ import annotations

import io
import os
import posixpath
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import IO, NoReturn, Self, TypeVar

from django.utils.translation import gettext as _
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from yinfeng.core.errors import Invalid, TooLarge
from yinfeng.core.exchange import ooxml, values
from yinfeng.core.exchange.columns import (
    ABOUT_SHEET,
    GUIDE_SHEET,
    LISTS_SHEET,
    REMARK_HEAD,
    RESULT_HEAD,
    Column,
    Header,
    Raw,
    Text,
    Value,
    said_in_all_languages,
)
from yinfeng.core.exchange.delimited import DELIMITERS, GZIP_MAGIC, TextTable
from yinfeng.core.exchange.values import CellError, Unit

MB = 1024 * 1024
MAX_BYTES = 50 * MB
MAX_ROWS = 200_000
HEADER_ROWS = 10
MOST_COLUMNS = 1_000
LONGEST_HEAD = 200
# A sentence names no more heads than this.
NAMED_HEADS = 12
TOTALS = frozenset({"合计", "总计", "小计", "共计", "累计"})
DAYS_1904 = 1462

_SHEET_UNIT = re.compile(r"单位\s*[::]\s*([^\s,;)]+)")
T = TypeVar("T")


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
    raw: dict[str, Raw]


@dataclass(frozen=True, slots=True)
class Merge:
    """Cells made one in a sheet, counted from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


# By position in a row: the merged cells it is a part of, and what they show.
Spread = Mapping[int, tuple[Merge, Raw]]


class Grid(ABC):
    """A sheet or a text as rows of raw cells, from its first row and column on.

    Attributes:
        name: of the sheet; a text has none.
        faults: by row and column from 0, what a cell shows instead of a value; ``""`` is a formula never computed.
        days_off: days by which plain day numbers lag behind Excel's usual calendar.
        is_text: rows are as long as their author made them, so a longer one means shifted columns.
    """

    name = ""
    merges: Sequence[Merge] = ()
    faults: Mapping[tuple[int, int], str] = MappingProxyType({})
    days_off = 0
    is_text = False

    @abstractmethod
    def rows(self) -> Iterator[list[Raw]]:
        """Yield every row from the first on."""

    @abstractmethod
    def count_rows(self) -> int:
        """Return the number of rows, having made sure that all can be read."""


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
        rows = islice(self._grid.rows(), self._first_row, None)
        for number, cells, spread in _with_merges(rows, self._grid.merges, self._first_row):
            if number in faults or not all(values.is_blank(cell) for cell in cells):
                yield self._row(number, cells, spread, faults.get(number, {}))

    def _row(self, number: int, cells: list[Raw], spread: Spread, faults: Mapping[int, str]) -> Row:
        cells.extend([""] * (self._width - len(cells)))
        for position, (merge, shown) in spread.items():
            if position == merge.left:
                cells[position] = shown
        if self._grid.days_off:
            self._put_on_calendar(cells)
        raw = {head: faults.get(position) or cells[position] for position, head in self.heads.items()}
        row = Row(number + 1, {}, [], [], raw)
        first = next((cell for cell in cells if not values.is_blank(cell)), "")
        if self._grid.is_text and not all(values.is_blank(cell) for cell in cells[self._width :]):
            row.errors.append(_("这一行的列数比表头多，各列可能已经错位；请检查是否有多余的分隔符。"))
        elif isinstance(first, str) and values.folded(first) in TOTALS:
            row.errors.append(_("这一行是合计，不作为一条记录读入。"))
        else:
            self._read(row, cells, spread, faults)
        return row

    def _read(self, row: Row, cells: Sequence[Raw], spread: Spread, faults: Mapping[int, str]) -> None:
        for position, column in self.columns.items():
            try:
                if position in faults:
                    _refuse_fault(faults[position])
                if position in spread:
                    _check_merge(spread[position][0], position, column)
                reading = column.read(cells[position], self._units.get(position))
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
) -> Table:
    """Open the table in a file.

    Args:
        source: a path, or an open binary file that can seek and stays the caller's.
        name: the file's name as its author gave it; its ending says how to read it.
        columns: what the table may hold. Other columns are noted and ignored.

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
        grids, notes = _grids(file, path, name)
        table = _find_table(name, grids, list(columns), notes)
        if table.row_count > max_rows:
            raise TooLarge(
                _("表格有 %(count)s 行，一次最多读入 %(limit)s 行。请拆成几个文件后再上传。")
                % {"count": f"{table.row_count:,}", "limit": f"{max_rows:,}"}
            )
        table._closing = closing.pop_all()
    return table


# --- which file it is ---------------------------------------------------------------------------------------------


def _grids(file: IO[bytes], path: str | None, name: str) -> tuple[Iterable[Grid], list[str]]:
    """Return the sheets of the file and notes on those left out, after checking that it is what its name says."""
    file.seek(0)
    start = file.read(8)
    ending = name.casefold()
    if ending.endswith((".xlsm", ".xltm", ".xlsb", ".xla", ".xlam")):
        ooxml.refuse_macros()
    if start == ooxml.OLE_MAGIC:
        _refuse_ole(file)
    zipped = start.startswith(ooxml.ZIP_MAGIC)
    if ending.endswith(".xlsx"):
        if not zipped:
            raise Invalid(
                _(
                    "文件的扩展名是 .xlsx，内容却不是 Excel 工作簿。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"
                )
            )
        return _workbook(file, path)
    if ending.endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz")):
        packed = ending.endswith(".gz")
        if zipped:
            raise Invalid(_("文件的扩展名与内容不符：内容是 Excel 工作簿或压缩包。请改正扩展名后再上传。"))
        if packed != start.startswith(GZIP_MAGIC):
            raise Invalid(_("文件的扩展名与内容不符：压缩的表格应以 .csv.gz 结尾，未压缩的以 .csv 结尾。"))
        text = TextTable(file, packed=packed)
        tab = ending.removesuffix(".gz").endswith(".tsv")
        return [_TextGrid(text, "\t")] if tab else [
            _TextGrid(text, delimiter) for delimiter in DELIMITERS
        ], []
    raise Invalid(_("不支持这种文件。请上传 .xlsx 工作簿或 .csv 文件；旧版 .xls、.et 请先另存为 .xlsx。"))


def _refuse_ole(file: IO[bytes]) -> NoReturn:
    """Refuse an old binary file: a workbook with a password is kept in the same container as an .xls."""
    file.seek(0)
    tail = b""
    while piece := file.read(MB):
        if "EncryptedPackage".encode("utf-16-le") in tail + piece:
            ooxml.refuse_protected()
        tail = piece[-64:]
    raise Invalid(_("文件是旧版 .xls 格式，请用 Excel 或 WPS 另存为 .xlsx 后再上传。"))


class _TextGrid(Grid):
    """The records of a text table, taken apart at one delimiter."""

    is_text = True

    def __init__(self, text: TextTable, delimiter: str) -> None:
        self.text = text
        self.delimiter = delimiter

    def rows(self) -> Iterator[list[Raw]]:
        for record in self.text.records(self.delimiter):
            yield list(record)

    def count_rows(self) -> int:
        return sum(1 for _record in self.text.records(self.delimiter))


class _SheetGrid(Grid):
    """A worksheet; the library that reads it leaves out empty columns on the left, which are put back here."""

    def __init__(self, name: str, sheet: CalamineSheet) -> None:
        self.name = name
        self.sheet = sheet
        self.merges = [Merge(*start, *end) for start, end in sheet.merged_cell_ranges or []]

    @classmethod
    def of(
        cls,
        book: CalamineWorkbook,
        index: int,
        name: str,
        faults: Mapping[tuple[int, int], str],
        days_off: int,
    ) -> Self:
        """Lay out a sheet of the book in memory."""
        grid = cls(name, book.get_sheet_by_index(index))
        grid.faults, grid.days_off = faults, days_off
        return grid

    def rows(self) -> Iterator[list[Raw]]:
        left: list[Raw] = [""] * (self.sheet.start[1] if self.sheet.start else 0)
        rows = self.sheet.iter_rows()
        while (row := _calamine(lambda: next(rows, None))) is not None:
            yield [*left, *row]

    def count_rows(self) -> int:
        return self.sheet.end[0] + 1 if self.sheet.end else 0


def _calamine(call: Callable[[], T]) -> T:
    """Return what ``call`` into the reading library returns; whatever it stumbles over is a damaged file."""
    try:
        return call()
    except (CalamineError, OSError, ValueError, OverflowError):
        ooxml.damaged()
    except BaseException as error:
        # A panic in the library is not an Exception, so that it is not taken for an ordinary one.
        if type(error).__name__ == "PanicException":
            ooxml.damaged()
        raise


def _workbook(file: IO[bytes], path: str | None) -> tuple[Iterable[Grid], list[str]]:
    package = ooxml.Package(file)
    if package.kind() != "xlsx":
        raise Invalid(
            _(
                "文件的扩展名是 .xlsx，内容却不是 Excel 工作簿。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"
            )
        )
    extents = package.walk(measure=True)
    parts, days_off = _sheet_parts(package)
    file.seek(0)
    book = _calamine(lambda: load_workbook(path or file))
    shown: list[tuple[int, str]] = []
    hidden: list[str] = []
    for index, sheet in enumerate(book.sheets_metadata):
        if sheet.typ == SheetTypeEnum.WorkSheet:
            if sheet.visible == SheetVisibleEnum.Visible:
                shown.append((index, sheet.name))
            elif sheet.name not in _own_sheets():
                hidden.append(sheet.name)
    # What is about to be laid out in memory must be what was measured.
    if any(parts.get(name) not in extents for _index, name in shown):
        ooxml.damaged()
    notes = [_("隐藏的工作表没有读取：%(names)s。") % {"names": _named(hidden)}] if hidden else []
    return _sheets(book, shown, parts, extents, days_off), notes


def _sheets(
    book: CalamineWorkbook,
    shown: list[tuple[int, str]],
    parts: Mapping[str, str],
    extents: Mapping[str, ooxml.Extent],
    days_off: int,
) -> Iterator[Grid]:
    for index, name in shown:
        faults = extents[parts[name]].faults
        yield _calamine(partial(_SheetGrid.of, book, index, name, faults, days_off))


def _sheet_parts(package: ooxml.Package) -> tuple[dict[str, str], int]:
    """Return the part of the package that each sheet is in, and how many days its calendar begins after Excel's usual one."""
    book, relations = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if book not in package.members or relations not in package.members:
        ooxml.damaged()
    targets: dict[str, str] = {}
    sheets: dict[str, str] = {}
    days_off = 0

    def note_relation(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            # Parts with another ending have not been walked.
            if part in package.members and not part.casefold().endswith(".xml"):
                ooxml.damaged()
            targets[attributes.get("Id", "")] = part

    def note_sheet(name: str, attributes: dict[str, str]) -> None:
        nonlocal days_off
        local = name.rpartition(":")[2]
        if local == "sheet":
            relation = next(
                (value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), ""
            )
            sheets[attributes.get("name", "")] = targets.get(relation, "")
        elif local == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
            days_off = DAYS_1904

    package.scan(relations, note_relation)
    package.scan(book, note_sheet)
    return sheets, days_off


# --- the head and what is under it --------------------------------------------------------------------------------


def _with_merges(
    rows: Iterable[list[Raw]], merges: Sequence[Merge], first: int = 0
) -> Iterator[tuple[int, list[Raw], Spread]]:
    """Yield each row's number from 0, its cells, and by position which are parts of merged cells that show something.

    The first cell of a merge is among them only if the merge has further rows: what it shows may be meant for all.
    """
    waiting = sorted(
        (merge for merge in merges if merge.bottom >= first), key=lambda merge: merge.top, reverse=True
    )
    active: list[tuple[Merge, Raw]] = []
    for number, cells in enumerate(rows, first):
        active = [(merge, shown) for merge, shown in active if merge.bottom >= number]
        while waiting and waiting[-1].top <= number:
            merge = waiting.pop()
            if merge.left < len(cells):
                active.append((merge, cells[merge.left]))
        if sum(min(merge.right + 1, len(cells)) - merge.left for merge, _shown in active) > len(cells):
            ooxml.damaged()  # merged cells do not overlap
        yield (
            number,
            cells,
            {
                position: (merge, shown)
                for merge, shown in active
                if not values.is_blank(shown)
                for position in range(merge.left, min(merge.right + 1, len(cells)))
                if position > merge.left or merge.bottom > merge.top
            },
        )


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
        if any(top) and grid.name not in _own_sheets():
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
            % {"rows": HEADER_ROWS, "wanted": _named(str(column.label) for column in columns)}
        )
    head, grid, top = best
    if len(filled) > 1 and grid.name:
        others = _named(sheet for sheet in filled if sheet != grid.name)
        notes = [
            *notes,
            _("读取了工作表「%(sheet)s」，没有读取：%(others)s。") % {"sheet": grid.name, "others": others},
        ]
    return _table(name, grid, head, top, columns, list(notes))


def _own_sheets() -> set[str]:
    """Return the names of the sheets that the product itself puts beside a table."""
    return {said for text in (ABOUT_SHEET, GUIDE_SHEET, LISTS_SHEET) for said in said_in_all_languages(text)}


def _top(grid: Grid) -> list[list[Raw]]:
    """Return the first rows, with cells that are merged with those above showing the same."""
    top = []
    for number, cells, spread in _with_merges(islice(grid.rows(), HEADER_ROWS), grid.merges):
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
        notes.append(_("这些列没有对应的内容，未读入：%(names)s。") % {"names": _named(unknown)})
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
                "missing": _named(missing),
                "found": _named(text for at, text in heads.items() if head.heads[at].text),
            }
        )
    column, times = Counter(found).most_common(1)[0]
    if times > 1:
        letters = [ooxml.column_letters(at) for at, other in head.columns.items() if other is column]
        raise Invalid(
            _(
                "表头中「%(column)s」出现了不止一次（第 %(letters)s 列），不知以哪一列为准。请只留一列后再上传。"
            )
            % {"column": column.label, "letters": _named(letters)}
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
            named = (
                unit.text
                if isinstance(unit, Unit)
                else _("%(unit)s的 %(size)s 倍") % {"unit": column.unit, "size": values.grouped(unit)}
            )
            notes.append(_("「%(column)s」的单位按 %(unit)s 读入。") % {"column": header.text, "unit": named})
    return units


def _named(names: Iterable[str]) -> str:
    """Return the names as a list within a sentence, the last of many left out."""
    listed = list(names)
    text = _("、").join(listed[:NAMED_HEADS])
    return (
        _("%(names)s等 %(count)s 项") % {"names": text, "count": len(listed)}
        if len(listed) > NAMED_HEADS
        else text
    )
