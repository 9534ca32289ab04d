"""Write a workbook row by row: SpreadsheetML as text into a zip, in constant memory (docs/adr/0014).

Cells are made by functions, one for each column, that turn a value into the text of its ``<c>`` element. Text stands in the
cells themselves (inline strings), so nothing has to be kept until the end, and it is always a string: no program takes
it for a formula, a link or a number (ECMA-376 part 1, 18.3.1.4 and 18.18.11).
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import chain, islice
from itertools import count as numbers
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

from django.utils.translation import gettext as _

from yinfeng.core.exchange import values
from yinfeng.core.exchange.delimited import FORMULA_STARTS
from yinfeng.core.exchange.ooxml import CONTENT_TYPES, MAIN_PARTS, column_letters

Plain = str | int | float | Decimal | dt.date | dt.datetime | None
# A value and the number of its row → the cell, empty for a value that says nothing.
CellWriter = Callable[[Any, int], str]

MOST_ROWS = 1_048_575
LONGEST_CELL = 32_767
LONGEST_NUMBERED = 26  # of 31 letters in a sheet's name, five are for a number
MOST_BYTES = 2_000_000_000  # of one sheet, below what a zip keeps in 32 bits
FIRST_YEAR = 1900
BLOCK = 200
# The lowest level packs twice as fast as the usual one into files a quarter larger.
LEVEL = 1

STYLES = {
    "": 0,
    "text": 1,
    "code": 1,
    "choice": 1,
    "boolean": 1,
    "date": 2,
    "datetime": 3,
    "integer": 4,
    "money": 5,
}
QUOTED, HEADER, WRAPPED = 6, 7, 8
HEADER_FILL, HEADER_LINE = "E8EEF7", "9FB2D0"
# Excel's formats 49 (@) and 3 (#,##0) have numbers of their own.
FORMATS = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm", "integer": "#,##0", "money": "#,##0.00##"} | dict.fromkeys(
    ("text", "code", "choice", "boolean"), "@"
)  # fmt: skip

_MARCH_1900 = dt.date(1900, 3, 1).toordinal()
_DAY_ZERO = dt.date(1899, 12, 30).toordinal()
_ESCAPE = re.compile(r"_(?=x[0-9a-fA-F]{4}_)")
_LARGEST = 10**values.FLOAT_DIGITS
# First characters for which a text is looked at closely.
_ODD = frozenset(FORMULA_STARTS) | {" "}

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CORE = "application/vnd.openxmlformats-package.core-properties+xml"


# --- cells --------------------------------------------------------------------------------------------------------


def cell_text(text: str) -> str:
    """Return the text as a cell can hold it; one that is too long is cut, and says so."""
    text = values.printable(text.replace("\r\n", "\n").replace("\r", "\n"))
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_CELL:
        return text
    mark = _("…（内容过长，已截断）")
    return units[: 2 * (LONGEST_CELL - len(mark))].decode("utf-16-le", errors="ignore") + mark


def text_cell(letters: str, style: int = STYLES["text"]) -> CellWriter:
    """Return what writes the text cells of a column."""
    head, middle = f'<c r="{letters}', f'" s="{style}" t="inlineStr"><is><t>'
    quoted = (
        f'" s="{QUOTED if style == STYLES["text"] else style}" t="inlineStr"><is><t xml:space="preserve">'
    )
    spaced = f'" s="{style}" t="inlineStr"><is><t xml:space="preserve">'

    def write(text: Any, row: int) -> str:
        if not text:
            return ""
        if (
            text.isprintable()
            and text[0] not in _ODD
            and "&" not in text
            and "<" not in text
            and ">" not in text
            and "_x" not in text
            and text[-1] != " "
            and len(text) < LONGEST_CELL // 2
        ):
            return f"{head}{row}{middle}{text}</t></is></c>"
        kept = cell_text(text)
        opening = quoted if kept.startswith(FORMULA_STARTS) else spaced
        return f"{head}{row}{opening}{escape(_ESCAPE.sub('_x005F_', kept))}</t></is></c>"

    return write


def number_cell(letters: str, kind: str = "") -> CellWriter:
    """Return what writes the numbers of a column; one of more digits than a program keeps becomes text."""
    head, middle = f'<c r="{letters}', f'" s="{STYLES[kind]}"><v>'
    text = text_cell(letters)

    def write(number: Any, row: int) -> str:
        if -_LARGEST < number < _LARGEST:
            return f"{head}{row}{middle}{number}</v></c>"
        return text(str(number), row)

    return write


def date_cell(letters: str) -> CellWriter:
    """Return what writes the dates and moments of a column; those before Excel's calendar become text."""
    head, day, moment = f'<c r="{letters}', f'" s="{STYLES["date"]}"><v>', f'" s="{STYLES["datetime"]}"><v>'
    text = text_cell(letters)

    def write(value: Any, row: int) -> str:
        if value.year < FIRST_YEAR:
            return text(str(value), row)
        number = value.toordinal()
        # Excel's calendar has a 29 February 1900.
        serial = number - _DAY_ZERO - (number < _MARCH_1900)
        if isinstance(value, dt.datetime):
            passed = (value - value.replace(hour=0, minute=0, second=0, microsecond=0)) / dt.timedelta(days=1)
            return f"{head}{row}{moment}{serial + passed!r}</v></c>"
        return f"{head}{row}{day}{serial}</v></c>"

    return write


def plain_cell(letters: str, kind: str = "text") -> CellWriter:
    """Return what writes whatever values stand in a column, each by its own type; ``kind`` says how numbers are shown."""
    text, date = text_cell(letters), date_cell(letters)
    number = number_cell(letters, kind if kind in {"integer", "money"} else "")

    def write(value: Any, row: int) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return f'<c r="{letters}{row}" t="b"><v>{value:d}</v></c>'
        if isinstance(value, dt.date):
            return date(value, row)
        if isinstance(value, int | float | Decimal) and value == value:
            return number(value, row)
        return text(str(value), row)

    return write


# --- sheets -------------------------------------------------------------------------------------------------------


class Workbook:
    """A workbook being written to a stream that can seek, from where it stands; made by ``workbook``."""

    def __init__(self, archive: zipfile.ZipFile, title: str) -> None:
        self.archive = archive
        self.title = title
        self.sheets: list[tuple[str, str]] = []  # name, what is defined for it

    def table(
        self, name: str, heads: Sequence[str], cells: Sequence[CellWriter], widths: Sequence[float], rows: Iterable[Sequence[Any]]
    ) -> int:  # fmt: skip
        """Write rows under a frozen head with filters; return how many. What one sheet cannot hold goes on in the next.

        Args:
            name: of the sheet; those that follow are numbered.
            heads: the texts over the columns.
            cells: for each column what writes its cells.
            widths: of the columns, in letters.
        """
        left = iter(rows)
        count = self._part(name, heads, cells, widths, left)
        for part in numbers(2):
            if (row := next(left, None)) is None:
                break
            count += self._part(f"{name[:LONGEST_NUMBERED]} {part}", heads, cells, widths, chain([row], left))
        return count

    def _part(
        self, name: str, heads: Sequence[str], cells: Sequence[CellWriter], widths: Sequence[float],
        rows: Iterator[Sequence[Any]],
    ) -> int:  # fmt: skip
        """Write one sheet of a table, until it is full; return how many rows it took."""
        last = column_letters(max(len(heads) - 1, 0))
        header = [text_cell(column_letters(at), HEADER)(cell_text(head), 1) for at, head in enumerate(heads)]
        view = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        with self._sheet(name, widths, view) as write:
            write(f'<row r="1">{"".join(header)}</row>')
            number, size, ended = 1, 0, False
            while number <= MOST_ROWS and size < MOST_BYTES and not ended:
                block = list(islice(rows, min(BLOCK, MOST_ROWS + 1 - number)))
                ended = not block
                lines = []
                for row in block:
                    number += 1
                    inside = "".join([cell(value, number) for cell, value in zip(cells, row, strict=True)])
                    lines.append(f'<row r="{number}">{inside}</row>')
                size += write("".join(lines))
            filters = f'<autoFilter ref="A1:{last}{number}"/>' if heads else ""
            write("</sheetData>" + filters)
        index, quoted = len(self.sheets), f"'{name.replace(chr(39), chr(39) * 2)}'"
        defined = f'<definedName name="_xlnm.Print_Titles" localSheetId="{index}">{escape(quoted)}!$1:$1</definedName>'
        if heads:
            area = f"{escape(quoted)}!$A$1:${last}${number}"
            defined += f'<definedName name="_xlnm._FilterDatabase" localSheetId="{index}" hidden="1">{area}</definedName>'
        self.sheets.append((name, defined))
        return number - 1

    def texts(self, name: str, lines: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        """Write a sheet of plain text, one line a row."""
        cells = [text_cell(column_letters(at), WRAPPED) for at in range(len(widths))]
        with self._sheet(name, widths) as write:
            for number, line in enumerate(lines, 1):
                inside = "".join(cell(text, number) for cell, text in zip(cells, line, strict=False))
                write(f'<row r="{number}">{inside}</row>')
            write("</sheetData>")
        self.sheets.append((name, ""))

    @contextmanager
    def _sheet(self, name: str, widths: Sequence[float], view: str = "") -> Iterator[Callable[[str], int]]:
        """Give what writes the rows of a sheet and closes them; columns, view and the printed page are written around it."""
        columns = "".join(
            f'<col min="{at}" max="{at}" width="{width + 0.7109375}" customWidth="1"/>' for at, width in enumerate(widths, 1)
        )  # fmt: skip
        active = "" if self.sheets else ' tabSelected="1"'
        with self.archive.open(f"xl/worksheets/sheet{len(self.sheets) + 1}.xml", "w") as part:

            def write(text: str) -> int:
                return part.write(text.encode())

            write(
                f'{_XML}<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
                f'<sheetViews><sheetView{active} workbookViewId="0">{view}</sheetView></sheetViews>'
                f'<sheetFormatPr defaultRowHeight="15"/>{f"<cols>{columns}</cols>" if columns else ""}<sheetData>'
            )
            yield write
            write(
                '<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>'
                '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
            )

    def finish(self) -> None:
        """Write the parts that say what the others are."""
        numbered = list(enumerate(self.sheets, 1))
        sheets = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{at}" r:id="rId{at}"/>' for at, (name, _) in numbered
        )
        defined = "".join(text for _name, text in self.sheets)
        defined = f"<definedNames>{defined}</definedNames>" if defined else ""
        book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews><sheets>{sheets}</sheets>'
        self._put("xl/workbook.xml", f"{book}{defined}</workbook>")
        targets = [("worksheet", f"worksheets/sheet{at}.xml") for at, _sheet in numbered]
        self._relate(
            "xl/_rels/workbook.xml.rels",
            [(f"{_OFFICE}/{kind}", to) for kind, to in [*targets, ("styles", "styles.xml")]],
        )
        self._put("xl/styles.xml", _style_sheet())
        self._put("docProps/core.xml", (
            f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{escape(values.printable(self.title))}</dc:title></cp:coreProperties>"
        ))  # fmt: skip
        self._relate("_rels/.rels", [
            (f"{_OFFICE}/officeDocument", "xl/workbook.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
        ])  # fmt: skip
        parts = [(f"/xl/worksheets/sheet{at}.xml", f"{_TYPES}.worksheet+xml") for at, _sheet in numbered]
        parts += [
            ("/xl/workbook.xml", MAIN_PARTS["xlsx"]),
            ("/xl/styles.xml", f"{_TYPES}.styles+xml"),
            ("/docProps/core.xml", _CORE),
        ]
        overrides = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts)
        self._put(CONTENT_TYPES, (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
        ))  # fmt: skip

    def _relate(self, part: str, targets: Sequence[tuple[str, str]]) -> None:
        related = "".join(
            f'<Relationship Id="rId{at}" Type="{kind}" Target="{target}"/>' for at, (kind, target) in enumerate(targets, 1)
        )  # fmt: skip
        self._put(part, f'<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>')

    def _put(self, part: str, text: str) -> None:
        self.archive.writestr(part, _XML + text)


@contextmanager
def workbook(stream: IO[bytes], title: str) -> Iterator[Workbook]:
    """Give a workbook that is complete at the end; if its rows fail, the stream is as it was before."""
    start = stream.tell()
    try:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
            book = Workbook(archive, title)
            yield book
            book.finish()
    except BaseException:
        stream.seek(start)
        stream.truncate()
        raise


def _style_sheet() -> str:
    """Return the part with the styles that ``STYLES`` and the names beside it number."""
    custom = {FORMATS[kind]: 164 + at for at, kind in enumerate(("date", "datetime", "money"))}
    formats = "".join(f'<numFmt numFmtId="{code}" formatCode="{text}"/>' for text, code in custom.items())
    font = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
    solid = f'<patternFill patternType="solid"><fgColor rgb="FF{HEADER_FILL}"/><bgColor indexed="64"/></patternFill>'
    line = f'<bottom style="thin"><color rgb="FF{HEADER_LINE}"/></bottom>'

    def style(number: int, more: str = "", inside: str = "") -> str:
        return f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"{more}>{inside}</xf>'

    header = (
        '<xf numFmtId="49" fontId="1" fillId="2" borderId="1" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" '
        'applyBorder="1" applyAlignment="1"><alignment vertical="center"/></xf>'
    )
    cells = [
        style(0), style(49), style(custom[FORMATS["date"]]), style(custom[FORMATS["datetime"]]), style(3),
        style(custom[FORMATS["money"]]), style(49, ' quotePrefix="1"'),
        header,
        style(49, ' applyAlignment="1"', '<alignment vertical="top" wrapText="1"/>'),
    ]  # fmt: skip
    return (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="{len(custom)}">{formats}</numFmts>'
        f'<fonts count="2"><font>{font}</font><font><b/>{font}</font></fonts>'
        '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
        f"<fill>{solid}</fill></fills>"
        '<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border>'
        f"<border><left/><right/><top/>{line}<diagonal/></border></borders>"
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(cells)}">{"".join(cells)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
