"""Official documents as Word files in the layout of GB/T 9704-2012: 公文, 纪要, 信函, and papers for a meeting (docs/adr/0028).

What a document says comes in as an ``Official``; where each element of it stands is decided here, after FACTS.md §3.4 and
the clauses of the standard named at each. Numbers of headings are counted here, so no text needs to carry them. Text is text
whatever it says, and the same document makes the same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import IO, Literal

from yinfeng.core.exchange import official_page as page
from yinfeng.core.exchange.official_lines import breadth, title_lines
from yinfeng.core.exchange.official_page import CHARACTER, LINE, WIDTH, exactly, indent, mm
from yinfeng.core.exchange.official_tables import Facts, Seats, Table, colophon_table, table
from yinfeng.core.exchange.values import clean_text, one_line
from yinfeng.core.exchange.wordml import title_property, word_package, words

__all__ = [
    "Attachment",
    "Block",
    "Facts",
    "Heading",
    "Layout",
    "Official",
    "PageBreak",
    "Paragraph",
    "People",
    "Seats",
    "Table",
    "chinese_date",
    "chinese_number",
    "document_number",
    "write_official",
]


class Layout(Enum):
    """How the first page is laid out."""

    DOCUMENT = "document"  # 公文: the mark in the text's area, a red rule
    MINUTES = "minutes"  # 纪要: as a document; who issued it and when stand above the rule, no seal
    LETTER = "letter"  # 信函: the mark near the page's edge, double rules, no number on the first page
    PAPER = "paper"  # papers for a meeting: no mark, the same page and fonts


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 4: 一、 （一） 1. （1）, counted by the writer."""

    level: Literal[1, 2, 3, 4]
    text: str
    numbered: bool = True


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; each line of the text is one. ``label`` runs in at its beginning, in bold (“会议议定：”)."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins a page."""


Block = Heading | Paragraph | Table | Facts | Seats | PageBreak


@dataclass(frozen=True, slots=True)
class People:
    """Who was there, or was not: a label (出席, 请假, 列席) and their units and names."""

    label: str
    names: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment, named below the text; if it has a body, it follows on pages of its own."""

    title: str
    body: Sequence[Block] = ()


@dataclass(frozen=True, slots=True)
class Official:
    """What an official document says.

    Attributes:
        mark: 发文机关标志, in red; who issues it, as a rule with 文件 or 纪要 behind it.
        number: 发文字号, as ``document_number`` makes it.
        approved_by: 签发人, of documents that go up.
        addressee: 主送, without its colon.
        people: of minutes; below the text.
        signed_by: 署名.
        date: 成文日期.
        sealed: leaves room for a seal.
        note: 附注, without its brackets.
        copies_to: 抄送, without its full stop.
        printed_by: 印发机关.
        printed_on: 印发日期.
        copy_number: 份号, shown in six digits.
        secrecy: 密级和保密期限.
        urgency: 紧急程度.
    """

    layout: Layout
    title: str
    body: Sequence[Block]
    mark: str = ""
    number: str = ""
    approved_by: str = ""
    addressee: str = ""
    attachments: Sequence[Attachment] = ()
    people: Sequence[People] = ()
    signed_by: str = ""
    date: dt.date | None = None
    sealed: bool = True
    note: str = ""
    copies_to: str = ""
    printed_by: str = ""
    printed_on: dt.date | None = None
    copy_number: int | None = None
    secrecy: str = ""
    urgency: str = ""


# --- numbers and dates --------------------------------------------------------------------------------------------

_DIGITS = "零一二三四五六七八九"
_PLACES = ((1000, "千"), (100, "百"), (10, "十"), (1, ""))


def chinese_number(number: int) -> str:
    """Return a number from 1 to 9999 in Chinese, as headings count: 十一, 二十, 一百零三.

    Raises:
        ValueError: the number is none of those.
    """
    if not 0 < number < 10_000:
        raise ValueError(number)
    said, skipped = "", False
    for size, place in _PLACES:
        digit = number // size % 10
        if digit:
            said += ("零" if skipped and said else "") + _DIGITS[digit] + place
        skipped = not digit
    return said.removeprefix("一") if said.startswith("一十") else said


def chinese_date(day: dt.date) -> str:
    """Return a date as official documents say it: 2026年11月3日, in Arabic digits without zeros in front (7.3.5.4)."""
    return f"{day.year}年{day.month}月{day.day}日"


def document_number(mark: str, year: int, number: int, *, kind: str = "") -> str:
    """Return a 发文字号: 厦招商办督〔2026〕3号, the year whole, in hexagonal brackets, the number without zeros (7.2.5)."""
    return f"{mark}{kind}〔{year}〕{number}号"


# --- writing ------------------------------------------------------------------------------------------------------


def write_official(stream: IO[bytes], document: Official) -> None:
    """Write the document as docx."""
    head, begins = _letter_mark(document.mark) if document.layout is Layout.LETTER else ("", 0)
    parts = page.around(head)
    with word_package(stream, parts, properties=title_property(document.title)) as write:
        write(f"<w:document {page.NAMESPACES}><w:body>")
        for xml in _elements(document):
            write(xml)
        write(f"{page.section(begins)}</w:body></w:document>")


def _elements(document: Official) -> Iterator[str]:
    """Yield the elements in the standard's order: head, title and text, what closes them, attachments, colophon."""
    yield from _HEADS[document.layout](document)
    yield _title(document.title)
    yield _blank()
    if document.addressee:
        yield _paragraph("Normal", _run(f"{clean_text(document.addressee).rstrip(':：')}："))
    signed = document.layout is not Layout.MINUTES and bool(document.signed_by or document.date)
    yield from _blocks(document.body, keep=signed and not document.attachments)
    yield from _attachments_named(document.attachments, keep=signed)
    if signed:
        yield from _signature(document)
    if note := clean_text(document.note).strip("()（）"):
        yield _paragraph("Body", _run(f"（{note}）"))
    yield from _people(document.people)
    for number, attachment in enumerate(document.attachments, start=1):
        if attachment.body:
            yield from _attached(attachment, number if len(document.attachments) > 1 else 0)
    yield from _colophon(document)


def _run(text: str, style: str = "") -> str:
    look = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    return f"<w:r>{look}{words(text)}</w:r>" if text else ""


_TAB = "<w:r><w:tab/></w:r>"


def _paragraph(
    style: str,
    runs: str,
    *,
    tab: int = 0,
    spacing: str = "",
    place: str = "",
    keep: bool = False,
    new_page: bool = False,
) -> str:
    """Return a paragraph of runs.

    Args:
        tab: where a tab of it ends, to the right.
        place: its indent, if another than its style's.
        keep: stays on the page of what follows.
    """
    kept = "<w:keepNext/>" if keep else ""
    broken = "<w:pageBreakBefore/>" if new_page else ""
    stop = f'<w:tabs><w:tab w:val="right" w:pos="{tab}"/></w:tabs>' if tab else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{kept}{broken}{stop}{spacing}{place}</w:pPr>{runs}</w:p>'


def _title(title: str) -> str:
    """Return a title, its lines broken where its sense allows (7.3.1)."""
    lines = title_lines(clean_text(title), page.TITLE_CHARACTERS)
    return _paragraph("Title", _run("\n".join(lines)))


def _blank(lines: int = 1, *, keep: bool = False) -> str:
    return ("<w:p><w:pPr><w:keepNext/></w:pPr></w:p>" if keep else "<w:p/>") * lines


# --- the head -----------------------------------------------------------------------------------------------------

# What a mark is set in if it is short, in points; how narrow its characters may be drawn before they get smaller, in per
# cent; how much of the line they may take.
_MARK_SIZE, _MARK_NARROWEST, _MARK_ROOM = 48, 55, 0.97
# The line around a mark, and what of it is above and below its characters, in parts of its size.
_MARK_LINE, _MARK_ABOVE, _MARK_BELOW = 1.25, 0.17, 0.16


def _mark_size(mark: str) -> tuple[float, int]:
    """Return the size in points and the breadth in per cent at which the mark fits into a line."""
    room = _MARK_ROOM * WIDTH / 20 / max(breadth(mark), 1)
    narrowed = min(100, max(_MARK_NARROWEST, int(room / _MARK_SIZE * 100)))
    return min(_MARK_SIZE, int(room / narrowed * 200) / 2), narrowed


def _mark(mark: str, *, below: int = 0) -> str:
    """Return the mark, its characters' upper edge so far below what stands above it."""
    text = clean_text(mark)
    size, narrowed = _mark_size(text)
    look = f'<w:rPr><w:w w:val="{narrowed}"/>{page.size(round(size * 2))}</w:rPr>'
    spacing = exactly(round(size * 20 * _MARK_LINE), before=max(0, below - round(size * 20 * _MARK_ABOVE)))
    return _paragraph("Mark", f"<w:r>{look}{words(text)}</w:r>", spacing=spacing)


def _letter_mark(mark: str) -> tuple[str, int]:
    """Return a letter's mark with its rule, 4 mm below its characters, and where its line begins: they, at 30 mm (10.1)."""
    size, _breadth = _mark_size(clean_text(mark))
    below = mm(4) - round(size * 20 * _MARK_BELOW)
    return page.letter_head(_mark(mark), below), page.LETTER_HEAD - round(size * 20 * _MARK_ABOVE)


def _top_lines(document: Official) -> list[str]:
    """Return what stands at the upper left (7.2.1–7.2.3): 份号, 密级, 紧急程度."""
    copy = f"{document.copy_number:06d}" if document.copy_number is not None else ""
    return [
        line for line in (_run(copy), _run(document.secrecy, "Hei"), _run(document.urgency, "Hei")) if line
    ]


_TOP_LINES = 3
# What an exact line of the grid leaves above and below its characters: they stand on four fifths of it.
_ABOVE_CHARACTERS, _BELOW_CHARACTERS = 187, 87


def _document_head(document: Official) -> Iterator[str]:
    """The mark 35 mm below the text's upper edge (7.2.4), the number after two lines (7.2.5), the rule 4 mm below (7.2.7)."""
    lines = _top_lines(document)
    for line in lines:
        yield _paragraph("Normal", line)
    yield _blank(_TOP_LINES - len(lines))
    yield _mark(document.mark, below=mm(35) - _TOP_LINES * LINE)
    yield _blank(2)
    yield from _under_mark(document)
    yield page.rule(16, before=mm(4) - _BELOW_CHARACTERS)
    yield _blank(2)


def _under_mark(document: Official) -> Iterator[str]:
    inside = WIDTH - round(CHARACTER)
    if document.approved_by:
        # 7.2.6: the number then stands to the left, who approved it to the right, one character in.
        signer = _run("签发人：") + _run(document.approved_by, "Kai")
        yield _paragraph(
            "Normal", _run(document.number) + _TAB + signer, tab=inside, place=indent(left=1, right=1)
        )
    elif document.number:
        yield _paragraph("Number", _run(document.number))
    if document.layout is Layout.MINUTES and (document.signed_by or document.date):
        day = chinese_date(document.date) if document.date else ""
        yield _paragraph(
            "Normal", _run(document.signed_by) + _TAB + _run(day), tab=inside, place=indent(left=1, right=1)
        )


def _letter_head(document: Official) -> Iterator[str]:
    """The number to the right, 份号 and the like to the left, 7/8 of a character below the rule (10.1); two lines."""
    first, *others = _top_lines(document) or [""]
    spacing = exactly(LINE, before=round(page.SIZE_3 * 10 * 7 / 8) - _ABOVE_CHARACTERS)
    yield _paragraph("Normal", first + _TAB + _run(document.number), tab=WIDTH, spacing=spacing)
    for line in others:
        yield _paragraph("Normal", line)
    yield _blank(2)


def _paper_head(_document: Official) -> Iterator[str]:
    return iter(())


_HEADS: dict[Layout, Callable[[Official], Iterator[str]]] = {
    Layout.DOCUMENT: _document_head,
    Layout.MINUTES: _document_head,
    Layout.LETTER: _letter_head,
    Layout.PAPER: _paper_head,
}


# --- the text -----------------------------------------------------------------------------------------------------

# 7.3.3: the levels and what each number looks like.
_NUMBERS: tuple[Callable[[int], str], ...] = (
    lambda number: f"{chinese_number(number)}、",
    lambda number: f"（{chinese_number(number)}）",
    lambda number: f"{number}.",
    lambda number: f"（{number}）",
)


# Characters of a paragraph that goes to the next page whole rather than leave who signed alone there: six lines.
_KEPT = 6 * 28


def _blocks(blocks: Sequence[Block], *, keep: bool = False) -> Iterator[str]:
    """Yield the blocks, headings counted; a page break is told to what follows it.

    Args:
        keep: the last paragraph stays on the page of what follows, so that no page holds nothing but who signed
            (7.3.5.5), unless it is long: LibreOffice moves all of it.
    """
    counts = [0] * len(_NUMBERS)
    new_page = False
    for at, block in enumerate(blocks, start=1):
        match block:
            case PageBreak():
                new_page = True
                continue
            case Heading():
                yield _heading(block, counts, new_page=new_page)
            case Paragraph():
                yield from _text(block, new_page=new_page, keep=keep and at == len(blocks))
            case Table() | Facts() | Seats():
                if new_page:
                    yield _paragraph("Rule", "", new_page=True)
                yield table(block)
        new_page = False


def _heading(heading: Heading, counts: list[int], *, new_page: bool) -> str:
    at = heading.level - 1
    if heading.numbered:
        counts[at:] = [counts[at] + 1] + [0] * (len(counts) - at - 1)
    number = _NUMBERS[at](counts[at]) if heading.numbered else ""
    return _paragraph(f"Heading{heading.level}", _run(number + one_line(heading.text)), new_page=new_page)


def _text(paragraph: Paragraph, *, new_page: bool, keep: bool) -> Iterator[str]:
    lines = [line for line in clean_text(paragraph.text).split("\n") if line.strip()] or [""]
    keep = keep and len(lines[-1]) <= _KEPT
    label = _run(paragraph.label, "Strong")
    for at, line in enumerate(lines, start=1):
        yield _paragraph(
            "Body", label + _run(line.strip()), new_page=new_page, keep=keep and at == len(lines)
        )
        label, new_page = "", False


# --- what closes it -----------------------------------------------------------------------------------------------


def _attachments_named(attachments: Sequence[Attachment], *, keep: bool) -> Iterator[str]:
    """Name the attachments a line below the text (7.3.4), numbered if there are several, without a stop behind."""
    if not attachments:
        return
    yield _blank()
    label, numbered = "附件：", len(attachments) > 1
    number_breadth = (1.5 if len(attachments) < 10 else 2) if numbered else 0
    for number, attachment in enumerate(attachments, start=1):
        said = _run(f"{label}{number}.") + _TAB if numbered else _run(label)
        hanging = number_breadth + len(label)
        yield _paragraph(
            "Normal",
            said + _run(attachment.title),
            place=indent(left=2 + 3 + number_breadth, hanging=hanging),
            keep=keep,
        )
        label = ""


def _signature(document: Official) -> Iterator[str]:
    """Who signs and when: with a seal centred above the date, four characters in (7.3.5.1); else two in (7.3.5.2)."""
    day = chinese_date(document.date) if document.date else ""
    name = clean_text(document.signed_by)
    broad = min(breadth(name), WIDTH / CHARACTER)  # a longer one takes several lines
    by_name, by_day = _signature_edges(broad, breadth(day), sealed=document.sealed)
    yield _blank(2 if document.sealed else 1, keep=True)
    if name:
        yield _paragraph("Signed", _run(name), place=indent(right=by_name), keep=bool(day))
    if day:
        yield _paragraph("Signed", _run(day), place=indent(right=by_day))


def _signature_edges(name: float, day: float, *, sealed: bool) -> tuple[float, float]:
    """Return how many characters stay free to the right of a name and of the date below it, each so many wide."""
    if sealed:
        by_name = 4 + (day - name) / 2
        return (by_name, 4) if by_name >= 0 else (0, (name - day) / 2)
    return (day + 4 - name, 2) if day > name else (2, name - day)


def _people(people: Sequence[People]) -> Iterator[str]:
    """Name who was there a line below the text (10.3): the label in 黑体, further lines below the first name."""
    if people:
        yield _blank()
    for group in people:
        label = clean_text(group.label).rstrip(":：")
        hanging = breadth(label) + 1
        runs = _run(label, "Hei") + _run("：") + _run(clean_text(group.names))
        yield _paragraph("Normal", runs, place=indent(left=2 + hanging, hanging=hanging))


def _attached(attachment: Attachment, number: int) -> Iterator[str]:
    """An attachment's own pages (7.3.7): 附件 and its number in the first line, its title in the third."""
    yield _paragraph("Normal", _run(f"附件{number or ''}", "Hei"), new_page=True)
    yield _blank()
    yield _title(attachment.title)
    yield _blank()
    yield from _blocks(attachment.body)


def _colophon(document: Official) -> Iterator[str]:
    """The 版记 at the foot of the last page (7.4); a letter's has no rules and does not say who printed it (10.1)."""
    letter = document.layout is Layout.LETTER
    copies = clean_text(document.copies_to).rstrip("。.")
    day = f"{chinese_date(document.printed_on)}印发" if document.printed_on else ""
    printed = ("", "") if letter else (clean_text(document.printed_by), day)
    if copies or any(printed):
        yield colophon_table(f"抄送：{copies}。" if copies else "", printed, ruled=not letter)
