"""The page of an official document by GB/T 9704-2012: its grid, its fonts, its styles, the number at its foot (FACTS.md §3.4).

Lengths are in twips, twentieths of a point, as WordprocessingML counts them.
"""

from __future__ import annotations

from dataclasses import dataclass

from yinfeng.core.exchange.wordml import MAIN, OFFICE, Part


def mm(length: float) -> int:
    """Return millimetres as twips."""
    return round(length * 1440 / 25.4)


# 5.1: A4. 5.2.1: 37 mm above, 28 mm at the binding; 156 × 225 mm of text leave the rest.
PAGE_WIDTH, PAGE_HEIGHT = 11906, 16838
TOP, BOTTOM, LEFT, RIGHT = mm(37), mm(35), mm(28), mm(26)
WIDTH = PAGE_WIDTH - LEFT - RIGHT
# 5.2.3: 22 lines of 28 characters. A line more than 579 high would leave room for 21 of them, and characters of their own
# 16 points for 27. The page's grid says so (in 4096ths of a point), but programs read it in different ways: LibreOffice gives
# each character that is wider than its field two of them. So paragraphs are not bound to the grid; their lines are as high
# as its, their characters as close or a little closer, and a full line is drawn out to the edge.
LINE = 579
CHARACTER = 15.79 * 20
PAGE_ROOM = 22 * LINE
_GRID_CLOSER = -848
_CLOSER = -6
# 7.5: the number's dash is 7 mm below the text; half of its line hangs below the dash.
NUMBER_LINE = 280
FOOT = BOTTOM - mm(7) - NUMBER_LINE // 2
# 10.1: a letter's mark is 30 mm below the upper edge, its lower rule 20 mm above the lower one, both rules 170 mm long.
LETTER_HEAD, LETTER_FOOT = mm(30), mm(20)
_LETTER_RULE = mm(170)
_LETTER_LEFT = (PAGE_WIDTH - _LETTER_RULE) // 2 - LEFT
_LETTER_RIGHT = WIDTH - _LETTER_RULE - _LETTER_LEFT
# Type sizes in half-points.
SIZE_2, SIZE_3, SIZE_4, SIZE_CELL = 44, 32, 28, 24
TITLE_CHARACTERS = WIDTH * 2 // (SIZE_2 * 20)
# A line of a table, room above and below its text: the same in every font, so that it is known what a page holds.
CELL_LINE, CELL_ROOM = 320, 40
RED = "FF0000"

MARK, TEXT, KAI, HEI, SONG = "方正小标宋简体", "仿宋_GB2312", "楷体_GB2312", "黑体", "宋体"


@dataclass(frozen=True, slots=True)
class Font:
    """A typeface that the standard names, and free ones that stand in for it where it is not installed."""

    name: str
    instead: str
    family: str
    panose: str


FONTS = (
    Font(MARK, "方正小标宋_GBK, Source Han Serif SC, Noto Serif CJK SC, 思源宋体, FandolSong", "roman", "02010601030101010101"),
    Font(TEXT, "仿宋, FandolFang, FandolFang R, Noto Serif CJK SC, 思源宋体", "modern", "02010609030101010101"),
    Font(KAI, "楷体, FandolKai, LXGW WenKai, 霞鹜文楷, Noto Serif CJK SC", "modern", "02010609030101010101"),
    Font(HEI, "SimHei, FandolHei, Noto Sans CJK SC, 思源黑体", "modern", "02010609060101010101"),
    Font(SONG, "SimSun, FandolSong, Noto Serif CJK SC, 思源宋体", "auto", "02010600030101010101"),
)  # fmt: skip


def face(name: str) -> str:
    """Return the property that sets a run in a font, its Latin letters and its digits too."""
    return (
        f'<w:rFonts w:ascii="{name}" w:eastAsia="{name}" w:hAnsi="{name}" w:cs="{name}" w:hint="eastAsia"/>'
    )


def size(half_points: int) -> str:
    return f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'


def indent(
    *, left: float = 0, right: float = 0, first: float = 0, hanging: float = 0, width: float = CHARACTER
) -> str:
    """Return an indent in characters, for programs that count them and for those that measure."""
    given = {"left": left, "right": right, "firstLine": first, "hanging": hanging}
    said = " ".join(
        f'w:{side}Chars="{round(count * 100)}" w:{side}="{round(count * width)}"' for side, count in given.items() if count
    )  # fmt: skip
    return f"<w:ind {said}/>" if said else ""


def exactly(line: int, *, before: int = 0, after: int = 0) -> str:
    return f'<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="exact"/>'


# --- styles -------------------------------------------------------------------------------------------------------


def _style(
    name: str,
    title: str,
    paragraph: str = "",
    run: str = "",
    *,
    based: str = "Normal",
    kind: str = "paragraph",
) -> str:
    over = f'<w:basedOn w:val="{based}"/>' if based and kind == "paragraph" else ""
    settings = f"<w:pPr>{paragraph}</w:pPr>" if paragraph else ""
    look = f"<w:rPr>{run}</w:rPr>" if run else ""
    default = ' w:default="1"' if name == "Normal" else ""
    return f'<w:style w:type="{kind}"{default} w:styleId="{name}"><w:name w:val="{title}"/>{over}<w:qFormat/>{settings}{look}</w:style>'


_CENTRED, _RIGHT = '<w:jc w:val="center"/>', '<w:jc w:val="right"/>'
_STYLES = (
    # A line alone at a page's edge stays there: pages have their 22 lines. No room beside digits: lines have their 28 characters.
    _style("Normal", "Normal", f'<w:widowControl w:val="0"/><w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/><w:snapToGrid w:val="0"/>{exactly(LINE)}<w:jc w:val="both"/>', f'{face(TEXT)}<w:spacing w:val="{_CLOSER}"/>{size(SIZE_3)}', based=""),
    _style("Body", "公文正文", indent(first=2)),
    _style("Heading1", "heading 1", '<w:keepNext/><w:outlineLvl w:val="0"/>', face(HEI), based="Body"),
    _style("Heading2", "heading 2", '<w:keepNext/><w:outlineLvl w:val="1"/>', face(KAI), based="Body"),
    _style("Heading3", "heading 3", '<w:keepNext/><w:outlineLvl w:val="2"/>', based="Body"),
    _style("Heading4", "heading 4", '<w:keepNext/><w:outlineLvl w:val="3"/>', based="Body"),
    _style("Title", "Title", f"<w:keepNext/>{_CENTRED}", face(MARK) + size(SIZE_2)),
    _style("Mark", "发文机关标志", _CENTRED, f'{face(MARK)}<w:color w:val="{RED}"/>'),
    _style("Number", "发文字号", _CENTRED),
    _style("Rule", "分隔线", exactly(20), size(2)),
    _style("Signed", "署名", _RIGHT),
    _style("Caption", "caption", f"<w:keepNext/>{_CENTRED}", face(HEI)),
    _style("Cell", "表格", f'{exactly(CELL_LINE, before=CELL_ROOM, after=CELL_ROOM)}<w:jc w:val="left"/>', size(SIZE_CELL)),
    _style("CellCentred", "表格居中", _CENTRED, based="Cell"),
    _style("CellHead", "表头", f"<w:keepNext/>{_CENTRED}", face(HEI), based="Cell"),
    # without keepNext: programs that read it in a row keep whole tables of labels on one page
    _style("CellLabel", "表格标签", _CENTRED, face(HEI), based="Cell"),
    _style("Colophon", "版记", '<w:jc w:val="left"/>', size(SIZE_4)),
    _style("PageNumber", "页码", exactly(NUMBER_LINE), face(SONG) + size(SIZE_4)),
    _style("Strong", "Strong", run="<w:b/><w:bCs/>", kind="character"),
    _style("Hei", "黑体字", run=face(HEI), kind="character"),
    _style("Kai", "楷体字", run=face(KAI), kind="character"),
)  # fmt: skip


def _styles() -> Part:
    language = '<w:lang w:val="en-US" w:eastAsia="zh-CN"/>'
    defaults = f"<w:docDefaults><w:rPrDefault><w:rPr>{language}</w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>"
    styles = "".join(_STYLES)
    return Part("styles", "styles", f'<w:styles xmlns:w="{MAIN}">{defaults}{styles}</w:styles>')


def _fonts() -> Part:
    named = "".join(
        f'<w:font w:name="{font.name}"><w:altName w:val="{font.instead}"/>'
        f'<w:panose1 w:val="{font.panose}"/><w:charset w:val="86"/><w:family w:val="{font.family}"/></w:font>'
        for font in FONTS
    )
    return Part("fontTable", "fontTable", f'<w:fonts xmlns:w="{MAIN}">{named}</w:fonts>')


def _settings() -> Part:
    office = "http://schemas.microsoft.com/office/word"
    return Part("settings", "settings", (
        f'<w:settings xmlns:w="{MAIN}"><w:zoom w:percent="100"/><w:evenAndOddHeaders/>'
        '<w:characterSpacingControl w:val="doNotCompress"/>'
        f'<w:compat><w:doNotExpandShiftReturn/><w:compatSetting w:name="compatibilityMode" w:uri="{office}" w:val="15"/></w:compat></w:settings>'
    ))  # fmt: skip


# --- headers and footers ------------------------------------------------------------------------------------------


def _number(side: str, below: int) -> str:
    """Return a page's number between two dashes, one character from the edge."""
    field = "".join(
        f"<w:r>{piece}</w:r>" for piece in (
            '<w:t xml:space="preserve">— </w:t>',
            '<w:fldChar w:fldCharType="begin"/>',
            '<w:instrText xml:space="preserve"> PAGE </w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>1</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
            '<w:t xml:space="preserve"> —</w:t>',
        )
    )  # fmt: skip
    edge = indent(left=1, width=SIZE_4 * 10) if side == "left" else indent(right=1, width=SIZE_4 * 10)
    raised = f'<w:p><w:pPr><w:pStyle w:val="Rule"/>{exactly(below)}</w:pPr></w:p>' if below else ""
    return (
        f'<w:p><w:pPr><w:pStyle w:val="PageNumber"/>{edge}<w:jc w:val="{side}"/></w:pPr>{field}</w:p>{raised}'
    )


def rule(
    border: int, *, before: int = 0, below: int = 0, color: str = RED, sides: str = "", frame: str = ""
) -> str:
    """Return a paragraph that is a rule, as wide as the text unless ``sides`` says otherwise.

    Args:
        border: how thick, in eighths of a point; ``below`` is that of a second rule under the first.
        before: room above it.
    """
    line = '<w:{} w:val="single" w:sz="{}" w:space="0" w:color="{}"/>'
    edges = line.format("top", border, color) + (line.format("bottom", below, color) if below else "")
    return f'<w:p><w:pPr><w:pStyle w:val="Rule"/><w:pBdr>{edges}</w:pBdr>{exactly(30 if below else 20, before=before)}{sides}</w:pPr></w:p>'


_BROAD = f'<w:ind w:left="{_LETTER_LEFT}" w:right="{_LETTER_RIGHT}"/>'
_THICK, _THIN = 24, 6


def letter_head(mark: str, below: int) -> str:
    """Return what stands above a letter's text: its mark, and so far below its line the rule, thick over thin."""
    return mark + rule(_THICK, before=below, below=_THIN, sides=_BROAD)


def around(head: str = "") -> list[Part]:
    """Return the parts beside the text: styles, fonts, settings, and what stands above and below the pages.

    Args:
        head: what stands above a letter's first page (``letter_head``); it then has a rule at its foot and no number.
    """
    below = FOOT - LETTER_FOOT if head else 0
    parts = [
        _styles(), _fonts(), _settings(),
        _edge("footer", "footer_odd", _number("right", below)), _edge("footer", "footer_even", _number("left", below)),
    ]  # fmt: skip
    if head:
        parts += [
            _edge("header", "header_first", head),
            _edge("footer", "footer_first", rule(_THIN, below=_THICK, sides=_BROAD)),
        ]
    return parts


def _edge(kind: str, name: str, xml: str) -> Part:
    tag = "hdr" if kind == "header" else "ftr"
    return Part(kind, name, f'<w:{tag} xmlns:w="{MAIN}">{xml}</w:{tag}>')


def section(letter_head: int = 0) -> str:
    """Return the properties of the page: its size, margins and grid, and which part stands where.

    Args:
        letter_head: how far below the upper edge a letter's head begins.
    """
    placed = [("footer", "default", "footer_odd"), ("footer", "even", "footer_even")]
    if letter_head:
        placed += [("header", "first", "header_first"), ("footer", "first", "footer_first")]
    parts = "".join(f'<w:{kind}Reference w:type="{where}" r:id="r_{name}"/>' for kind, where, name in placed)
    head, foot = (letter_head, LETTER_FOOT) if letter_head else (mm(15), FOOT)
    return (
        f"<w:sectPr>{parts}"
        f'<w:pgSz w:w="{PAGE_WIDTH}" w:h="{PAGE_HEIGHT}"/>'
        f'<w:pgMar w:top="{TOP}" w:right="{RIGHT}" w:bottom="{BOTTOM}" w:left="{LEFT}" w:header="{head}" w:footer="{foot}" w:gutter="0"/>'
        f"{'<w:titlePg/>' if letter_head else ''}"
        f'<w:docGrid w:type="linesAndChars" w:linePitch="{LINE}" w:charSpace="{_GRID_CLOSER}"/></w:sectPr>'
    )


NAMESPACES = f'xmlns:w="{MAIN}" xmlns:r="{OFFICE}"'
