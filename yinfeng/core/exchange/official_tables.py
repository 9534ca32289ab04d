"""Tables of official documents: rows under a head, facts beside their labels, seats, and the colophon at the foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yinfeng.core.exchange.official_page import LEFT, SIZE_4, WIDTH, indent
from yinfeng.core.exchange.wordml import words


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head that every page repeats; ``widths`` are proportions, equal if none are given."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float] = ()
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and what each says, so many pairs in a row."""

    pairs: Sequence[tuple[str, str]]
    columns: int = 2


@dataclass(frozen=True, slots=True)
class Seats:
    """A seating plan, row by row from the front; an empty text is an aisle."""

    rows: Sequence[Sequence[str]]
    front: str = "主席台"


_LABEL, _VALUE = 1.0, 2.4  # how wide, of facts
_SEAT_HEIGHT = 680
_SPLITS = 180  # characters from which a row of facts may go on on the next page rather than leave a part of its own empty
# Room between a table and the line below it.
_AFTER = '<w:p><w:pPr><w:pStyle w:val="Rule"/><w:spacing w:before="0" w:after="0" w:line="120" w:lineRule="exact"/></w:pPr></w:p>'


def table(block: Table | Facts | Seats) -> str:
    """Return a table as wide as the text."""
    match block:
        case Table():
            return _rows_table(block)
        case Facts():
            return _facts_table(block)
        case Seats():
            return _seats_table(block)


def _rows_table(block: Table) -> str:
    count = max([len(block.heads), *(len(row) for row in block.rows)], default=0)
    if not count:
        return ""
    widths = _widths(block.widths or [1] * count, count)
    caption = (
        f'<w:p><w:pPr><w:pStyle w:val="Caption"/></w:pPr><w:r>{words(block.caption)}</w:r></w:p>'
        if block.caption
        else ""
    )
    head = (
        _row([_cell(text, width, "CellHead") for text, width in _filled(block.heads, widths)], head=True)
        if block.heads
        else ""
    )
    rows = "".join(
        _row(
            [_cell(text, width) for text, width in _filled(row, widths)],
            splits=any(len(text) > _SPLITS for text in row),
        )
        for row in block.rows
    )
    return caption + _table(widths, head + rows)


def _facts_table(block: Facts) -> str:
    columns = max(1, min(block.columns, len(block.pairs)))
    widths = _widths([_LABEL, _VALUE if columns > 1 else _VALUE * 2] * columns, 2 * columns)
    rows = ""
    for at in range(0, len(block.pairs), columns):
        pairs = block.pairs[at : at + columns]
        cells = []
        for place, (label, value) in enumerate(pairs):
            # The last pair of a row that is not full takes what is left of it.
            end = 2 * columns if place == len(pairs) - 1 else 2 * place + 2
            cells.append(_cell(label, widths[2 * place], "CellLabel"))
            cells.append(_cell(value, sum(widths[2 * place + 1 : end]), span=end - 2 * place - 1))
        rows += _row(cells, splits=any(len(value) > _SPLITS for _label, value in pairs))
    return _table(widths, rows) if rows else ""


def _seats_table(block: Seats) -> str:
    count = max((len(row) for row in block.rows), default=0)
    if not count:
        return ""
    widths = _widths([1] * count, count)
    front = (
        _row([_cell(block.front, WIDTH, "CellHead", span=count)], height=_SEAT_HEIGHT) if block.front else ""
    )
    rows = "".join(
        _row(
            [_cell(seat, width, "CellCentred", free=not seat) for seat, width in _filled(row, widths)],
            height=_SEAT_HEIGHT,
        )
        for row in block.rows
    )
    return _table(widths, front + rows)


def _widths(proportions: Sequence[float], count: int) -> list[int]:
    """Return the columns' widths, which fill the line; a column without a proportion is as wide as the mean."""
    given = list(proportions[:count])
    given += [sum(given) / len(given)] * (count - len(given))
    widths = [int(WIDTH * part / sum(given)) for part in given]
    widths[-1] += WIDTH - sum(widths)
    return widths


def _filled(row: Sequence[str], widths: Sequence[int]) -> list[tuple[str, int]]:
    """Return the row's texts with their widths; a row that is too short ends with empty cells."""
    return list(zip([*row, *[""] * (len(widths) - len(row))], widths, strict=True))


def _cell(
    text: str, width: int, style: str = "Cell", *, span: int = 1, place: str = "", free: bool = False
) -> str:
    """Return a cell; a free one has no lines around it."""
    spanned = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    edges = "".join(f'<w:{edge} w:val="nil"/>' for edge in ("top", "left", "bottom", "right"))
    borders = f"<w:tcBorders>{edges}</w:tcBorders>" if free else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{spanned}{borders}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{place}</w:pPr><w:r>{words(text)}</w:r></w:p></w:tc>'
    )


def _row(cells: Sequence[str], *, head: bool = False, height: int = 0, splits: bool = False) -> str:
    high = f'<w:trHeight w:val="{height}" w:hRule="atLeast"/>' if height else ""
    repeated = "<w:tblHeader/>" if head else ""
    whole = "" if splits else "<w:cantSplit/>"
    return f"<w:tr><w:trPr>{whole}{high}{repeated}</w:trPr>{''.join(cells)}</w:tr>"


_ALL_EDGES = dict.fromkeys(("top", "left", "bottom", "right", "insideH", "insideV"), 4)


def _table(widths: Sequence[int], rows: str) -> str:
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{WIDTH}" w:type="dxa"/><w:tblInd w:w="0" w:type="dxa"/>{_borders(_ALL_EDGES)}'
        f'<w:tblLayout w:type="fixed"/>{_margins(80)}</w:tblPr>{_grid(widths)}{rows}</w:tbl>{_AFTER}'
    )


def _grid(widths: Sequence[int]) -> str:
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return f"<w:tblGrid>{columns}</w:tblGrid>"


def _borders(rules: Mapping[str, int]) -> str:
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="{rule}" w:space="0" w:color="auto"/>' for side, rule in rules.items()
    )
    return f"<w:tblBorders>{edges}</w:tblBorders>" if edges else ""


def _margins(width: int) -> str:
    return f'<w:tblCellMar><w:left w:w="{width}" w:type="dxa"/><w:right w:w="{width}" w:type="dxa"/></w:tblCellMar>'


# --- the colophon -------------------------------------------------------------------------------------------------

# 7.4.1: the outer rules 0.35 mm, those between 0.25 mm, in eighths of a point.
_OUTER, _INNER = 8, 6
_CHARACTER = SIZE_4 * 10
_PRINTER = 0.6  # of the line, for who printed it
# At the foot of the text's area. A table as wide as the text floats in LibreOffice only if it is placed from the page's edge.
_AT_FOOT = f'<w:tblpPr w:leftFromText="0" w:rightFromText="0" w:vertAnchor="margin" w:horzAnchor="page" w:tblpX="{LEFT}" w:tblpYSpec="bottom"/><w:tblOverlap w:val="never"/>'


def colophon_table(copies: str, printed: tuple[str, str], *, ruled: bool = True) -> str:
    """Return the 版记: whom it is copied to; who printed it, and when. Its lower rule is the text's lower edge (7.4.1).

    It floats at the foot of the page on which what stands above it ends.
    """
    widths = _widths([_PRINTER, 1 - _PRINTER], 2)
    rows = ""
    if copies:
        # A character in on both sides, further lines below the first name.
        rows += _row(
            [_foot_cell(copies, WIDTH, indent(left=4, right=1, hanging=3, width=_CHARACTER), span=2)]
        )
    if any(printed):
        left = indent(left=1, width=_CHARACTER)
        right = indent(right=1, width=_CHARACTER) + '<w:jc w:val="right"/>'
        rows += _row([_foot_cell(printed[0], widths[0], left), _foot_cell(printed[1], widths[1], right)])
    rules = {"top": _OUTER, "bottom": _OUTER, "insideH": _INNER} if ruled else {}
    return (
        f'<w:tbl><w:tblPr>{_AT_FOOT}<w:tblW w:w="{WIDTH}" w:type="dxa"/>{_borders(rules)}<w:tblLayout w:type="fixed"/>{_margins(0)}</w:tblPr>'
        f'{_grid(widths)}{rows}</w:tbl><w:p><w:pPr><w:pStyle w:val="Rule"/></w:pPr></w:p>'
    )


def _foot_cell(text: str, width: int, place: str, *, span: int = 1) -> str:
    return _cell(text, width, "Colophon", span=span, place=place)
