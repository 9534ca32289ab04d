"""Files as rows of raw cells: which kind of file it is, its sheets, its merged cells.

What reaches ``reading`` from here has been checked: the file is what its name says, and is safe to read.
"""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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

from yinfeng.core.errors import Invalid
from yinfeng.core.exchange import ooxml, values
from yinfeng.core.exchange.columns import ABOUT_SHEET, GUIDE_SHEET, LISTS_SHEET, Raw, said_in_all_languages
from yinfeng.core.exchange.delimited import DELIMITERS, GZIP_MAGIC, TextTable

MB = 1024 * 1024
# A sentence names no more things than this.
MOST_NAMED = 12
DAYS_1904 = 1462

T = TypeVar("T")


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


# --- which file it is ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that has been checked: its sheets, notes on those left out, and of a workbook what it was found to hold."""

    grids: Iterable[Grid]
    notes: list[str]
    measured: ooxml.Measured | None = None


def open_grids(
    file: IO[bytes], path: str | None, name: str, measured: ooxml.Measured | None = None
) -> Opened:
    """Open the file, after checking that it is what its name says.

    ``measured``: what an earlier opening found; if it was of the same bytes, they are not walked again.
    """
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
        return _workbook(file, path, measured)
    if ending.endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz")):
        packed = ending.endswith(".gz")
        if zipped:
            raise Invalid(_("文件的扩展名与内容不符：内容是 Excel 工作簿或压缩包。请改正扩展名后再上传。"))
        if packed != start.startswith(GZIP_MAGIC):
            raise Invalid(_("文件的扩展名与内容不符：压缩的表格应以 .csv.gz 结尾，未压缩的以 .csv 结尾。"))
        text = TextTable(file, packed=packed)
        tab = ending.removesuffix(".gz").endswith(".tsv")
        return Opened([_TextGrid(text, at) for at in ("\t" if tab else DELIMITERS)], [])
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


def _workbook(file: IO[bytes], path: str | None, measured: ooxml.Measured | None) -> Opened:
    package = ooxml.Package(file)
    if package.kind() != "xlsx":
        raise Invalid(
            _(
                "文件的扩展名是 .xlsx，内容却不是 Excel 工作簿。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"
            )
        )
    if measured is not None and measured.digest == ooxml.digest_of(file):
        extents = measured.extents()
    else:
        extents = package.walk(measure=True)
        measured = ooxml.Measured.of(file, extents)
    parts, days_off = _sheet_parts(package)
    file.seek(0)
    book = _calamine(lambda: load_workbook(path or file))
    shown: list[tuple[int, str]] = []
    hidden: list[str] = []
    for index, sheet in enumerate(book.sheets_metadata):
        if sheet.typ == SheetTypeEnum.WorkSheet:
            if sheet.visible == SheetVisibleEnum.Visible:
                shown.append((index, sheet.name))
            elif sheet.name not in own_sheets():
                hidden.append(sheet.name)
    # What is about to be laid out in memory must be what was measured.
    if any(parts.get(name) not in extents for _index, name in shown):
        ooxml.damaged()
    notes = [_("隐藏的工作表没有读取：%(names)s。") % {"names": named(hidden)}] if hidden else []
    return Opened(_sheets(book, shown, parts, extents, days_off), notes, measured)


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


def with_merges(
    rows: Iterable[list[Raw]], merges: Sequence[Merge], first: int = 0
) -> Iterator[tuple[int, list[Raw], Spread]]:
    """Yield each row's number from 0, its cells, and by position which are parts of merged cells that show something.

    The first cell of a merge is among them only if the merge has further rows: what it shows may be meant for all.
    """
    if not merges:
        yield from ((number, cells, {}) for number, cells in enumerate(rows, first))
        return
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


def own_sheets() -> set[str]:
    """Return the names of the sheets that the product itself puts beside a table."""
    return {said for text in (ABOUT_SHEET, GUIDE_SHEET, LISTS_SHEET) for said in said_in_all_languages(text)}


def named(names: Iterable[str]) -> str:
    """Return the names as a list within a sentence, the last of many left out."""
    listed = list(names)
    text = _("、").join(listed[:MOST_NAMED])
    return (
        _("%(names)s等 %(count)s 项") % {"names": text, "count": len(listed)}
        if len(listed) > MOST_NAMED
        else text
    )
