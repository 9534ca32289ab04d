"""The package of a Word document, written as text: its parts, what relates them, and text that is text whatever it says.

The same parts make the same bytes on every machine and on every day: dates in the zip are fixed, and what is not large is
not packed, since what packs differs between machines.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO
from xml.sax.saxutils import escape

from yinfeng.core.exchange import values
from yinfeng.core.exchange.ooxml import CONTENT_TYPES, MAIN_PARTS

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CORE = "application/vnd.openxmlformats-package.core-properties+xml"
_RELATIONS = "application/vnd.openxmlformats-package.relationships+xml"
_DOCUMENT = "word/document.xml"
# The first day that a zip can tell.
_NO_DAY = (1980, 1, 1, 0, 0, 0)
_UNIX, _READABLE = 3, 0o644 << 16


@dataclass(frozen=True, slots=True)
class Part:
    """A part beside the text: what it is (``styles``, ``footer`` …), the name of its file, its XML without the declaration."""

    kind: str
    name: str
    xml: str

    @property
    def relation(self) -> str:
        """The id by which the text refers to the part."""
        return f"r_{self.name}"


@contextmanager
def word_package(
    stream: IO[bytes], parts: Sequence[Part] = (), *, properties: str = "", packed: bool = False
) -> Iterator[Callable[[str], None]]:
    """Write a package with the parts, and give what writes the XML of its text.

    Args:
        packed: smaller, but not the same bytes wherever it is written.
        properties: the elements of its core properties (ECMA-376 part 2, 11), such as ``title_property`` makes.
    """
    packing = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w") as archive:
        for name, xml in _around(parts, properties):
            archive.writestr(_member(name, packing), XML + xml)
        with archive.open(_member(_DOCUMENT, packing), "w") as text:

            def write(xml: str) -> None:
                text.write(xml.encode())

            write(XML)
            yield write


def title_property(title: str) -> str:
    """Return the property by which programs name a document's window."""
    return f"<dc:title>{escape(values.clean_text(title))}</dc:title>"


def words(text: str) -> str:
    """Return the text as what a run holds; a new line in it is a line break."""
    return "<w:br/>".join(
        f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in values.clean_text(text).split("\n")
    )


def _around(parts: Sequence[Part], properties: str) -> Iterator[tuple[str, str]]:
    """Yield the name and XML of every part but the text."""
    types = "".join(
        f'<Override PartName="/word/{part.name}.xml" ContentType="{MAIN_PARTS["docx"].replace("document.main", part.kind)}"/>'
        for part in parts
    )
    main = f'<Override PartName="/{_DOCUMENT}" ContentType="{MAIN_PARTS["docx"]}"/>'
    root = f'<Relationship Id="r_document" Type="{OFFICE}/officeDocument" Target="{_DOCUMENT}"/>'
    if properties:
        types += f'<Override PartName="/docProps/core.xml" ContentType="{_CORE}"/>'
        root += f'<Relationship Id="r_core" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    yield (
        CONTENT_TYPES,
        (
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="{_RELATIONS}"/>{main}{types}</Types>'
        ),
    )
    yield "_rels/.rels", _relations(root)
    if properties:
        yield (
            "docProps/core.xml",
            (
                f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
                f' xmlns:dc="http://purl.org/dc/elements/1.1/">{properties}</cp:coreProperties>'
            ),
        )
    if parts:
        yield "word/_rels/document.xml.rels", _relations("".join(
            f'<Relationship Id="{part.relation}" Type="{OFFICE}/{part.kind}" Target="{part.name}.xml"/>' for part in parts
        ))  # fmt: skip
    for part in parts:
        yield f"word/{part.name}.xml", part.xml


def _relations(entries: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _member(name: str, packing: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _NO_DAY)
    info.compress_type = packing
    info.create_system, info.external_attr = _UNIX, _READABLE
    return info
