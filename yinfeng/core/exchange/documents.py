"""Write a table as a Word document: a title, a few lines about it, the rows with a head that every page repeats.

The XML is written as text, as the workbooks are (ADR 14): a document of ours is always the same thing, and Word, WPS and
LibreOffice open it. Text is text whatever it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO

from yinfeng.core.exchange.wordml import MAIN, word_package, words

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_FONTS = '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="宋体"/>'
_EDGES = "".join(f'<w:{edge} w:val="single" w:sz="4" w:color="808080"/>' for edge in ("top", "left", "bottom", "right", "insideH", "insideV"))  # fmt: skip
# A4 on its side, in twentieths of a point.
_PAGE = '<w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134"/></w:sectPr>'
_WIDTH = 14570


def write_docx(
    stream: IO[bytes], title: str, lines: Sequence[str], heads: Sequence[str], rows: Iterable[Sequence[str]]
) -> int:
    """Write the table and return how many rows it has."""
    count = 0
    with word_package(stream, packed=True) as write:
        width = _WIDTH // max(len(heads), 1)
        write(f'<w:document xmlns:w="{MAIN}"><w:body>')
        write(_paragraph(title, size=32, bold=True, centred=True))
        for line in lines:
            write(_paragraph(line))
        write(
            f'<w:tbl><w:tblPr><w:tblW w:w="{_WIDTH}" w:type="dxa"/><w:tblBorders>{_EDGES}</w:tblBorders></w:tblPr>'
        )
        column = f'<w:gridCol w:w="{width}"/>'
        write(f"<w:tblGrid>{column * len(heads)}</w:tblGrid>")
        write(_row(heads, width, head=True))
        for row in rows:
            count += 1
            write(_row(row, width))
        write(f"</w:tbl><w:p/>{_PAGE}</w:body></w:document>")
    return count


def _row(cells: Sequence[str], width: int, *, head: bool = False) -> str:
    shown = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{_paragraph(cell, size=18, bold=head)}</w:tc>' for cell in cells
    )  # fmt: skip
    repeated = "<w:trPr><w:tblHeader/></w:trPr>" if head else ""
    return f"<w:tr>{repeated}{shown}</w:tr>"


def _paragraph(text: str, *, size: int = 21, bold: bool = False, centred: bool = False) -> str:
    weight = "<w:b/>" if bold else ""
    look = f'<w:rPr>{_FONTS}{weight}<w:sz w:val="{size}"/></w:rPr>'
    place = '<w:pPr><w:jc w:val="center"/></w:pPr>' if centred else ""
    return f"<w:p>{place}<w:r>{look}{words(text)}</w:r></w:p>"
