"""Open packages of Office Open XML (xlsx, docx, pptx) without trusting anything they say of themselves.

The directory is checked before anything is unpacked: how many parts, how large, how much smaller than they claim to
unpack to, which names. Then every part is unpacked once, in pieces, never beyond the size it declared, and its XML is
walked without building it: no document type, no deep nesting, no cells outside the limits. What passes is safe to
hand to a library that reads less carefully.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, NoReturn
from xml.parsers import expat

from django.utils.translation import gettext as _

from yinfeng.core.errors import Invalid, TooLarge

MB = 1024 * 1024
PIECE = 64 * 1024
DEEPEST = 128
MOST_FAULTS = 10_000
_LONGEST_ERROR = 32
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_MAGIC = b"PK\x03\x04"

_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_LOCATOR_SIZE = 20
_ENCRYPTED = 0x1
CONTENT_TYPES = "[Content_Types].xml"
_OFFICE = "application/vnd.openxmlformats-officedocument."
MAIN_PARTS = {
    "xlsx": f"{_OFFICE}spreadsheetml.sheet.main+xml",
    "docx": f"{_OFFICE}wordprocessingml.document.main+xml",
    "pptx": f"{_OFFICE}presentationml.presentation.main+xml",
}
_UTF8_NAME = 0x800
_DRIVE_OR_CONTROL = re.compile("[\x00-\x1f\x7f:\\\\]")
_XML_NAME = re.compile(r"\.(xml|rels)$", re.IGNORECASE)
_CELL = re.compile(r"([A-Za-z]{1,4})([0-9]{1,8})")
_ROW = re.compile(r"[0-9]{1,8}")
_MACRO_TYPES = re.compile(r"macroEnabled|vbaProject", re.IGNORECASE)
_MACROS = re.compile(r"(^|/)vbaproject[^/]*$|(^|/)(macrosheets|dialogsheets)/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a package may be.

    Attributes:
        members: parts in the package.
        directory: bytes of the package's directory.
        part: bytes of one part when unpacked.
        total: bytes of all parts when unpacked.
        ratio: how many times its size a package may unpack to, once that is more than ``free`` bytes.
        cells: cells in the rectangle that a sheet's contents span; readers hold all of it in memory.
        density: one in so many of them must be filled, once they are more than ``sparse``.
    """

    members: int = 10_000
    directory: int = 2 * MB
    part: int = 400 * MB
    total: int = 512 * MB
    ratio: int = 100
    free: int = 32 * MB
    cells: int = 8_000_000
    sparse: int = 1_000_000
    density: int = 20


@dataclass(slots=True)
class Extent:
    """What one sheet holds: its last row and column with contents, how many cells, and those without a usable value.

    ``faults`` maps (row, column), counted from 0, to the error a cell shows (#N/A), or to ``""`` for a formula whose
    result was never computed.
    """

    rows: int = 0
    columns: int = 0
    filled: int = 0
    faults: dict[tuple[int, int], str] = field(default_factory=dict)


# What a walk found of each worksheet: part → rows, columns, filled cells, faults as (row, column, what is shown).
Sheets = dict[str, tuple[int, int, int, list[tuple[int, int, str]]]]
_MOST_NOTED = 1_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What a walk found of a package, to be believed of the same bytes only: they need not be walked again."""

    digest: str  # SHA-256 of the file
    sheets: Sheets

    @classmethod
    def of(cls, file: IO[bytes], extents: Mapping[str, Extent]) -> Measured | None:
        """Return what was found, or None if it is too much to be kept."""
        if sum(len(extent.faults) for extent in extents.values()) > _MOST_NOTED:
            return None
        sheets: Sheets = {
            part: (
                found.rows,
                found.columns,
                found.filled,
                [(*at, text) for at, text in found.faults.items()],
            )
            for part, found in extents.items()
        }
        return cls(digest_of(file), sheets)

    def extents(self) -> dict[str, Extent]:
        return {
            part: Extent(rows, columns, filled, {(row, column): text for row, column, text in faults})
            for part, (rows, columns, filled, faults) in self.sheets.items()
        }


def digest_of(file: IO[bytes]) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(MB):
        digest.update(piece)
    return digest.hexdigest()


def damaged() -> NoReturn:
    raise Invalid(_("文件已损坏或不完整，请用 Excel、WPS 等软件打开，另存一份后再上传。"))


def too_big() -> NoReturn:
    raise TooLarge(_("文件解压后过大，为安全起见不予打开。请拆成几个较小的文件，或另存一份后再上传。"))


class Package:
    """A package whose directory has been checked; ``walk`` checks the parts.

    Raises:
        Invalid: it is no package, is damaged, protected, or disguises what it holds.
        TooLarge: it unpacks to more than the limits.
    """

    def __init__(self, file: IO[bytes], limits: Limits | None = None) -> None:
        self.file = file
        self.limits = limits or Limits()
        self.size = file.seek(0, io.SEEK_END)
        self._check_end()
        try:
            with zipfile.ZipFile(file) as archive:
                self._start = archive.start_dir
                self.members = {info.filename: info for info in archive.infolist()}
                count = len(archive.infolist())
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, OverflowError):
            damaged()
        self._check_names(count)
        self._check_sizes()
        self._check_layout()

    def _check_end(self) -> None:
        """Check the record at the end of the file, so that no list of parts is read that is longer than the limits."""
        tail = self._tail(_LOCATOR_SIZE + _END.size)
        if len(tail) < _END.size:
            damaged()
        magic, _disk, _first, _here, entries, length, _start, comment = _END.unpack(tail[-_END.size :])
        # A comment behind the directory, or a second end record before it (ZIP64, for files beyond 4 GB), is how two
        # programs are made to see two different packages in one file.
        if magic != b"PK\x05\x06" or comment or tail.startswith(b"PK\x06\x07"):
            damaged()
        if entries > self.limits.members or length > self.limits.directory:
            self._too_many()

    def _tail(self, length: int) -> bytes:
        self.file.seek(max(0, self.size - length))
        return self.file.read(length)

    def _too_many(self) -> NoReturn:
        raise TooLarge(
            _("文件内部的部件超过 %(count)s 个，为安全起见不予打开。") % {"count": f"{self.limits.members:,}"}
        )

    def _check_names(self, count: int) -> None:
        if count > self.limits.members:
            self._too_many()
        seen = {name.casefold() for name in self.members}
        if count != len(seen):
            raise Invalid(_("文件内部有重名的部件，为安全起见不予打开。请另存一份后再上传。"))
        for name, info in self.members.items():
            # Two names for one part (a NUL, a second name in the extra field) are refused with the paths.
            foreign = name != info.orig_filename or _DRIVE_OR_CONTROL.search(name) is not None
            if not name or foreign or name.startswith("/") or ".." in name.split("/"):
                raise Invalid(_("文件内部有不合规的路径，为安全起见不予打开。请另存一份后再上传。"))
        if any(_MACROS.search(name) for name in self.members):
            refuse_macros()

    def _check_sizes(self) -> None:
        infos = self.members.values()
        total = sum(info.file_size for info in infos)
        packed = sum(info.compress_size for info in infos)
        if any(info.file_size > self.limits.part for info in infos) or total > self.limits.total:
            too_big()
        if total > self.limits.free and total > self.limits.ratio * max(packed, 1):
            too_big()
        for info in infos:
            if info.flag_bits & _ENCRYPTED:
                refuse_protected()
            if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                damaged()

    def _check_layout(self) -> None:
        """Check that the parts lie one behind the other from the first byte and none uses another's bytes."""
        reached = 0
        for info in sorted(self.members.values(), key=lambda info: info.header_offset):
            if info.header_offset < reached or (reached == 0 and info.header_offset != 0):
                damaged()
            reached = self._data_start(info) + info.compress_size
        if reached > self._start:
            damaged()

    def _data_start(self, info: zipfile.ZipInfo) -> int:
        self.file.seek(info.header_offset)
        head = self.file.read(_LOCAL.size)
        if len(head) != _LOCAL.size or not head.startswith(ZIP_MAGIC):
            damaged()
        name_length: int
        extra_length: int
        *_rest, name_length, extra_length = _LOCAL.unpack(head)
        name = self.file.read(name_length)
        if (
            name.decode("utf-8" if info.flag_bits & _UTF8_NAME else "cp437", errors="replace")
            != info.orig_filename
        ):
            damaged()
        return info.header_offset + _LOCAL.size + name_length + extra_length

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the part's bytes in pieces of at most 64 KB; what it declared is the most that is ever unpacked.

        Raises:
            Invalid: the part is smaller or other than the directory says.
            TooLarge: it is larger.
        """
        info = self.members[name]
        size = checksum = 0
        for piece in self._unpacked(info):
            size += len(piece)
            if size > info.file_size:
                too_big()
            checksum = zlib.crc32(piece, checksum)
            yield piece
        if size != info.file_size or checksum != info.CRC:
            damaged()

    def _unpacked(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        if info.compress_type == zipfile.ZIP_STORED:
            yield from self._packed(info)
            return
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        for packed in self._packed(info):
            while True:
                try:
                    piece = inflate.decompress(packed, PIECE)
                except zlib.error:
                    damaged()
                packed = inflate.unconsumed_tail
                if piece:
                    yield piece
                if not packed and len(piece) < PIECE:
                    break
        if not inflate.eof or inflate.unused_data:
            damaged()

    def _packed(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        at = self._data_start(info)
        end = at + info.compress_size
        while at < end:
            self.file.seek(at)
            piece = self.file.read(min(PIECE, end - at))
            if not piece:
                damaged()
            at += len(piece)
            yield piece

    def read(self, name: str, most: int = MB) -> bytes:
        """Return a small part whole."""
        if self.members[name].file_size > most:
            too_big()
        return b"".join(self.pieces(name))

    def kind(self) -> str:
        """Return what the package holds: “xlsx”, “docx” or “pptx”; ``""`` if none of them.

        Raises:
            Invalid: it says of itself that it holds macros.
        """
        if CONTENT_TYPES not in self.members:
            return ""
        types: dict[str, str] = {}

        def note(name: str, attributes: dict[str, str]) -> None:
            if name.rpartition(":")[2] == "Override":
                types[attributes.get("ContentType", "")] = attributes.get("PartName", "").lstrip("/")
            if _MACRO_TYPES.search(attributes.get("ContentType", "")):
                refuse_macros()

        self.scan(CONTENT_TYPES, note)
        return next((kind for kind, main in MAIN_PARTS.items() if types.get(main) in self.members), "")

    def scan(self, name: str, note: Callable[[str, dict[str, str]], None]) -> None:
        """Call ``note`` with the name and the attributes of each element of a small part."""
        parser = _parser()
        parser.StartElementHandler = note
        _parse(parser, self.read(name), last=True)

    def walk(self, *, measure: bool = False) -> dict[str, Extent]:
        """Unpack and check every part; if told to measure, return the extent of each part that is a worksheet.

        Raises:
            Invalid: a part is damaged or holds a document type.
            TooLarge: it is larger than the limits.
        """
        extents = {}
        for name in self.members:
            walk = (_Sheet if measure else _Walk)(self.limits) if _XML_NAME.search(name) else None
            for piece in self.pieces(name):
                if walk:
                    walk.feed(piece)
            if walk:
                walk.feed(b"", last=True)
                if isinstance(walk, _Sheet) and walk.is_sheet:
                    walk.check_density()
                    extents[name] = walk.extent
        return extents


def refuse_doctype(*_declaration: object) -> NoReturn:
    raise Invalid(_("文件内部含有文档类型声明（DOCTYPE），为安全起见不予打开。请另存一份后再上传。"))


def refuse_macros() -> NoReturn:
    raise Invalid(_("文件带有宏，不予接收。请另存为不带宏的格式（如 .xlsx、.docx）后再上传。"))


def refuse_protected() -> NoReturn:
    raise Invalid(_("文件设了打开密码，无法读取。请取消密码后再上传。"))


@lru_cache(maxsize=1024)
def column_number(letters: str) -> int:
    """Return the number of a column, counted from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def column_letters(number: int) -> str:
    """Return the letters of a column counted from 0."""
    letters = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse_doctype
    return parser


def _parse(parser: expat.XMLParserType, piece: bytes, *, last: bool) -> None:
    try:
        parser.Parse(piece, last)
    except (expat.ExpatError, ValueError, LookupError):  # not well-formed; of an encoding unknown here
        damaged()


class _Walk:
    """Walk over one part's XML without building it: well-formed, no document type, no deep nesting."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parser = _parser()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self.handlers()

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        _parse(self.parser, piece, last=last)

    def handlers(self) -> tuple[Callable[[str, dict[str, str]], None], Callable[[str], None]]:
        """Return what expat calls at the start and at the end of each element."""
        return _counting(0)


def _counting(depth: int) -> tuple[Callable[[str, dict[str, str]], None], Callable[[str], None]]:
    """Return handlers that only look how deep elements stand in each other, from ``depth`` on."""

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            damaged()

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    return start, end


_BEGIN_ROWS, _END_ROW = b"<sheetData>", b"</row>"
_TEXT = rb"(?:[^<&\x00-\x08\x0b\x0c\x0e-\x1f]|&(?:amp|lt|gt|quot|apos);)*+"
# A row as spreadsheet programs write it: cells of its own number in order, of values and texts, no formula and no error.
_PLAIN_ROW = re.compile(
    rb'<row r="(?P<row>[1-9][0-9]{0,6})"'
    rb'(?: (?:spans|ht|customHeight|customFormat|s|hidden|outlineLevel|collapsed|x14ac:dyDescent)="[^"<&]{0,40}")*+>'
    rb'(?:<c r="(?P<last>[A-Z]{1,3})(?P=row)"(?: s="[0-9]{1,6}")?(?: t="(?:n|s|b|d|str|inlineStr)")?(?:/>|>'
    rb"(?:<v>" + _TEXT + rb'</v>|<is><t(?: xml:space="preserve")?>' + _TEXT + rb"</t></is>)</c>))*+"
    rb"</row>"
)
_FILLED_COLUMN = re.compile(rb'<c r="([A-Z]+)[^<>]*+(?<!/)>')
_ROW_NUMBER = re.compile(rb'<row r="([0-9]+)')
_LONGEST_ROW = MB


class _Sheet(_Walk):
    """Walk over a part that may be a worksheet, and note its cells.

    Rows and cells are counted as readers count them: one without a reference follows the one before it. Plain rows, nearly
    all there are, never reach expat, which would call Python for every element of theirs: one pattern matches a whole row.
    """

    def __init__(self, limits: Limits) -> None:
        self.is_sheet = False
        self.extent = Extent()
        self.depth = self.passed = 0  # elements open; rows until now
        self.is_utf8 = True
        self.waiting = b""
        self.reads = self._read_head
        super().__init__(limits)
        self.parser.XmlDeclHandler = self._note_encoding

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        self.reads(piece, last)

    def _note_encoding(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.is_utf8 = encoding is None or encoding.casefold() == "utf-8"

    def _read_all(self, piece: bytes, last: bool) -> None:
        """Let expat read everything from here on."""
        self.reads = self._read_all
        piece, self.waiting = self.waiting + piece, b""
        _parse(self.parser, piece, last=last)

    def _read_head(self, piece: bytes, last: bool) -> None:
        """Let expat read until the rows begin."""
        piece, self.waiting = self.waiting + piece, b""
        at = piece.find(_BEGIN_ROWS)
        if last or at < 0:
            # What begins the rows may be cut in two.
            kept = 0 if last else min(len(_BEGIN_ROWS) - 1, len(piece))
            _parse(self.parser, piece[: len(piece) - kept], last=last)
            self.waiting = piece[len(piece) - kept :]
            return
        at += len(_BEGIN_ROWS)
        _parse(self.parser, piece[:at], last=False)
        # Else it stood in a comment, or deeper than the rows of a sheet.
        self.reads = self._read_rows if self.is_sheet and self.is_utf8 and self.depth == 2 else self._read_all
        self.reads(piece[at:], last)

    def _read_rows(self, piece: bytes, last: bool) -> None:
        """Measure plain rows here, and let expat read each other one."""
        piece, self.waiting = self.waiting + piece, b""
        at = 0
        while True:
            begin = at
            while found := _PLAIN_ROW.match(piece, at):
                row = int(found["row"])
                if row <= self.passed:
                    damaged()
                self.passed, at = row, found.end()
            self._note_plain(piece[begin:at])
            end = piece.find(_END_ROW, at) + len(_END_ROW)
            if end < len(_END_ROW):
                break
            if not piece.startswith(b"<row", at):
                self._read_all(piece[at:], last)
                return
            _parse(self.parser, piece[at:end], last=False)
            at = end
            if self.depth != 2:  # the end of another row than that which began
                self._read_all(piece[at:], last)
                return
        self.waiting = piece[at:]
        if last or len(self.waiting) > _LONGEST_ROW:
            self._read_all(b"", last)

    def _note_plain(self, rows: bytes) -> None:
        """Note the cells of plain rows that hold something."""
        filled = rows.count(b"</v></c>") + rows.count(b"</t></is></c>")
        if not filled:
            return
        try:
            rows.decode()
        except UnicodeDecodeError:
            damaged()
        self.extent.filled += filled
        last = _ROW_NUMBER.match(rows, rows.rfind(b"<row", 0, rows.rfind(b"</c>")))
        columns = {column_number(letters.decode()) for letters in set(_FILLED_COLUMN.findall(rows))}
        self._reach(int(last[1]) if last else self.passed, max(columns) + 1)

    def handlers(self) -> tuple[Callable[[str, dict[str, str]], None], Callable[[str], None]]:
        """Return the two handlers; they run for every cell of a sheet, hence the local variables."""
        parser, note, split = self.parser, self._note, _CELL.fullmatch
        row = column = 0
        row_said = formula = filled = False
        kind = text = ""

        def collect(piece: str) -> None:
            nonlocal text
            text = (text + piece)[:_LONGEST_ERROR]

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal row, column, row_said, formula, filled, kind, text
            self.depth += 1
            if self.depth > DEEPEST:
                damaged()
            if ":" in name:
                name = name.rpartition(":")[2]
            if name == "v" or name == "is":
                filled = True
                if formula:
                    text, parser.CharacterDataHandler = "", collect
            elif name == "c":
                if (reference := attributes.get("r")) is not None:
                    if (match := split(reference)) is None:
                        damaged()
                    letters, digits = match.groups()
                    column, below = column_number(letters), int(digits) - 1
                    if below != row:
                        if row_said or below < row:
                            damaged()
                        row = below
                kind = attributes.get("t", "")
                formula = filled = False
                if kind == "e":
                    text, parser.CharacterDataHandler = "", collect
            elif name == "f":
                formula = True
            elif name == "row":
                column, row_said, row = 0, False, max(row, self.passed)
                if (reference := attributes.get("r")) is not None:
                    # Readers lay out a sheet from its first and last row, so the order is not left to chance.
                    if not _ROW.fullmatch(reference) or int(reference) - 1 < row:
                        damaged()
                    row, row_said = int(reference) - 1, True
            elif self.depth == 1:
                self.is_sheet = name == "worksheet"
                if not self.is_sheet:
                    parser.StartElementHandler, parser.EndElementHandler = _counting(1)

        def end(name: str) -> None:
            nonlocal row, column, filled
            self.depth -= 1
            if ":" in name:
                name = name.rpartition(":")[2]
            if name == "c":
                if kind == "e":
                    parser.CharacterDataHandler = None
                    note(row, column, text.strip() or "#N/A")
                elif filled:
                    note(row, column)
                elif formula and kind != "str":
                    note(row, column, "")
                column += 1
            elif name == "v":
                if formula and kind != "e":
                    parser.CharacterDataHandler = None
                    filled = bool(text)
            elif name == "row":
                row += 1
                self.passed = row

        return start, end

    def _note(self, row: int, column: int, fault: str | None = None) -> None:
        """Note a cell that holds something, or the fault it shows instead."""
        extent = self.extent
        extent.filled += 1
        if fault is not None:
            extent.faults[row, column] = fault
            if len(extent.faults) > MOST_FAULTS:
                raise Invalid(
                    _("过多单元格的公式出错或没有计算结果。请用 Excel 或 WPS 打开文件，改正并保存后再上传。")
                )
        if row >= extent.rows or column >= extent.columns:
            self._reach(row + 1, column + 1)

    def _reach(self, rows: int, columns: int) -> None:
        """Note that the sheet's contents reach so far."""
        extent = self.extent
        extent.rows, extent.columns = max(extent.rows, rows), max(extent.columns, columns)
        if extent.rows * extent.columns > self.limits.cells:
            self._too_wide()

    def check_density(self) -> None:
        """Refuse a sheet of few cells that are far apart."""
        cells = self.extent.rows * self.extent.columns
        if cells > self.limits.sparse and cells > self.extent.filled * self.limits.density:
            self._too_wide()

    def _too_wide(self) -> NoReturn:
        raise TooLarge(
            _(
                "工作表的内容一直到第 %(row)s 行、第 %(column)s 列，超出了可读取的范围。"
                "请删去表格以外的内容，或拆成几个文件后再上传。"
            )
            % {"row": f"{self.extent.rows:,}", "column": column_letters(self.extent.columns - 1)}
        )
