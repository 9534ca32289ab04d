"""Text tables (csv, tsv, csv.gz) read and written safely: encodings, quoting, and what a spreadsheet would execute."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from typing import IO, NoReturn

from django.utils.translation import gettext as _

from yinfeng.core.errors import Invalid, TooLarge

MB = 1024 * 1024
PIECE = 64 * 1024
MOST_TEXT = 512 * MB
LONGEST_RECORD = 1_000_000
DELIMITERS = (",", "\t", ";")
GZIP_MAGIC = b"\x1f\x8b"

# What a spreadsheet program takes for the beginning of a formula when it opens text (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape_formula(text: str) -> str:
    """Return the text with an apostrophe before what a spreadsheet program would take for a formula."""
    return f"'{text}" if text.lstrip(" \u3000").startswith(FORMULA_STARTS) else text


def unescape_formula(text: str) -> str:
    """Return the text as it was before ``escape_formula``."""
    return text[1:] if text.startswith("'") and escape_formula(text[1:]) == text else text


class TextTable:
    """A text table in a file: its encoding is found by reading it through once; rows come one by one.

    Raises:
        Invalid: it is no text, or of no encoding that is in use here.
        TooLarge: it is too long, packed or not.
    """

    def __init__(self, file: IO[bytes], *, packed: bool) -> None:
        self.file = file
        self.packed = packed
        self.encoding = self._find_encoding()

    def _stream(self) -> IO[bytes]:
        self.file.seek(0)
        return gzip.GzipFile(fileobj=self.file, mode="rb") if self.packed else self.file  # type: ignore[return-value]

    def _find_encoding(self) -> str:
        start = next(self._pieces(), b"")
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            candidates = ["utf-16"]
        elif start.startswith(codecs.BOM_UTF8):
            candidates = ["utf-8-sig"]
        else:
            candidates = ["utf-8", "gb18030"]
        for encoding in candidates:
            if self._decodes(encoding):
                return encoding
        raise Invalid(
            _("无法识别文件的文字编码。请用 Excel 或 WPS 打开，另存为“CSV UTF-8”或 .xlsx 后再上传。")
        )

    def _pieces(self) -> Iterator[bytes]:
        stream, size = self._stream(), 0
        while True:
            try:
                piece = stream.read(PIECE)
            except (EOFError, OSError, zlib.error):
                raise Invalid(_("压缩文件已损坏或不完整，请重新压缩后再上传。")) from None
            if not piece:
                return
            size += len(piece)
            if size > MOST_TEXT:
                raise TooLarge(_("文件内容超过 %(size)s MB，请拆成几个文件。") % {"size": MOST_TEXT // MB})
            yield piece

    def _decodes(self, encoding: str) -> bool:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for piece in self._pieces():
                if "\0" in decoder.decode(piece):
                    self._no_text()
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True

    def _no_text(self) -> NoReturn:
        raise Invalid(_("文件内容不是文字表格。请上传 .xlsx 工作簿，或以逗号分隔的 .csv 文件。"))

    def records(self, delimiter: str) -> Iterator[list[str]]:
        """Yield the records; an empty line is an empty record, so that numbers are those a spreadsheet shows.

        Raises:
            Invalid: quotes do not match, or a record has no end.
        """
        text = io.TextIOWrapper(self._stream(), encoding=self.encoding, newline="")
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        number = 0
        try:
            while True:
                lines.left = LONGEST_RECORD
                number += 1
                try:
                    record = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    raise Invalid(
                        _("第 %(number)s 行的引号没有成对，或单元格过长，分不出各列。请改正后再上传。")
                        % {"number": number}
                    ) from None
                yield [unescape_formula(field) for field in record]
        finally:
            if not text.closed:  # by the collector, when a reading is given up half-way
                text.detach()

    def lines(self) -> Iterator[str]:
        """Yield the lines of the text without the blanks around them."""
        with io.TextIOWrapper(self._stream(), encoding=self.encoding) as text:
            yield from (line.strip() for line in text)


class _Lines:
    """The lines of a text, of which no record may take more than its share."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text = text
        self.left = LONGEST_RECORD

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.text.readline(self.left + 1)
        if not line:
            raise StopIteration
        self.left -= len(line)
        if self.left < 0:
            raise Invalid(_("文件中有一行过长，像是引号没有成对，或不是文字表格。请检查后再上传。"))
        return line
