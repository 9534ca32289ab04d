"""Official documents by GB/T 9704-2012: the page, what stands where on it, and what LibreOffice makes of it."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from yinfeng.core.exchange import documents, official_lines, official_page
from yinfeng.core.exchange.official import (
    Attachment,
    Facts,
    Heading,
    Layout,
    Official,
    PageBreak,
    Paragraph,
    People,
    Seats,
    Table,
    chinese_date,
    chinese_number,
    document_number,
    write_official,
)
from yinfeng.core.exchange.ooxml import Package

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
OFFICE = "某市招商引资工作领导小组办公室"
DAY = dt.date(2026, 11, 3)
SENTENCE = "各有关部门要按照职责分工主动靠前服务，逐项列出清单，明确责任单位和办结时限。"
NOTICE = Official(
    Layout.DOCUMENT,
    "关于某项目用地保障事项的督办通知",
    [
        Paragraph(SENTENCE),
        Heading(1, "督办事项"),
        Facts([("事项", "用地预审"), ("目标", "取得意见"), ("办结时限", "2026年12月4日")]),
        Heading(1, "有关要求"),
        Heading(2, "压实责任"),
        Heading(3, "按周报送"),
        Heading(4, "逾期情形"),
        Heading(4, "例外"),
        Heading(2, "加强配合"),
        Heading(3, "及时反馈"),
        Paragraph(SENTENCE, label="时间："),
    ],
    mark=f"{OFFICE}文件",
    number=document_number("某招商办", 2026, 3, kind="督"),
    addressee="市资源规划局，某区人民政府：",
    attachments=[Attachment("清单", [Table(["序号", "事项"], [["1", "预审"]])]), Attachment("报送表")],
    signed_by=OFFICE,
    date=DAY,
    note="联系人：张三",
    copies_to="市委办公厅。",
    printed_by=OFFICE,
    printed_on=DAY,
    copy_number=12,
    secrecy="机密★1年",
    urgency="特急",
)
MINUTES = Official(
    Layout.MINUTES,
    "研究某项目用地保障工作",
    [Paragraph("由市资源规划局牵头。", label="会议议定：")],
    mark="某市招商引资工作领导小组会议纪要",
    number="〔2026〕3号",
    people=[People("出席", "市政府办公厅张三、市发改委李四"), People("请假：", "市财政局王五")],
    signed_by=OFFICE,
    date=DAY,
)
LETTER = Official(
    Layout.LETTER,
    "关于商请提供意见的函",
    [Paragraph(SENTENCE)] * 12,
    mark=OFFICE,
    number="某招商办函〔2026〕5号",
    signed_by=OFFICE,
    date=DAY,
    copies_to="市工信局",
    printed_by=OFFICE,
)
PAPER = Official(
    Layout.PAPER,
    "第三次会议议程",
    [
        Table(["序号", "议题"], [["1", "落实情况"]], widths=[1, 5], caption="议题"),
        PageBreak(),
        Facts([("项目名称", "某基地"), ("总投资", "50 亿元"), ("阶段", "在谈")]),
        PageBreak(),
        Seats([["张三", "", "李四"], ["王五"]]),
    ],
)
ALL = [NOTICE, MINUTES, LETTER, PAPER]


def written(document: Official) -> bytes:
    stream = io.BytesIO()
    write_official(stream, document)
    return stream.getvalue()


def part(document: Official, name: str = "document") -> ET.Element:
    with zipfile.ZipFile(io.BytesIO(written(document))) as archive:
        return ET.fromstring(archive.read(f"word/{name}.xml"))


def paragraphs(document: Official) -> list[tuple[str, str]]:
    """Return the style and the text of each paragraph."""
    return [(style_of(paragraph), text_of(paragraph)) for paragraph in part(document).iter(f"{W}p")]


def text_of(element: ET.Element) -> str:
    """Return the text of the runs in an element."""
    marks = {f"{W}br": "\n", f"{W}tab": "\t"}
    pieces = (piece for run in element.iter(f"{W}r") for piece in run)
    return "".join(piece.text or "" if piece.tag == f"{W}t" else marks.get(piece.tag, "") for piece in pieces)


def style_of(paragraph: ET.Element) -> str:
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    return value(style) if style is not None else "Normal"


def value(element: ET.Element | None, name: str = "val") -> str:
    assert element is not None
    return element.attrib[f"{W}{name}"]


def values(element: ET.Element | None) -> dict[str, str]:
    assert element is not None
    return {name.removeprefix(W): said for name, said in element.attrib.items()}


def mm(twips: str) -> float:
    return int(twips) / 1440 * 25.4


class TestNumbers:
    def test_chinese(self) -> None:
        said = {
            1: "一",
            10: "十",
            11: "十一",
            20: "二十",
            21: "二十一",
            99: "九十九",
            100: "一百",
            103: "一百零三",
        }
        said |= {110: "一百一十", 1000: "一千", 1001: "一千零一", 1010: "一千零一十", 9999: "九千九百九十九"}
        assert {number: chinese_number(number) for number in said} == said
        for number in (0, -1, 10_000):
            with pytest.raises(ValueError, match=str(number)):
                chinese_number(number)

    def test_date_and_document_number(self) -> None:
        """7.2.5, 7.3.5: Arabic digits, the year whole, no zeros in front, hexagonal brackets."""
        assert [chinese_date(dt.date(2026, 11, 30)), chinese_date(dt.date(2026, 1, 2))] == [
            "2026年11月30日",
            "2026年1月2日",
        ]
        assert document_number("厦招商办", 2026, 3, kind="督") == "厦招商办督〔2026〕3号"
        assert document_number("厦府", 2026, 128) == "厦府〔2026〕128号"


class TestTitles:
    """7.3.1: a title's lines are whole in sense and even; a line alone with one character, or a date torn apart, is neither."""

    def test_lines_end_where_the_sense_allows(self) -> None:
        for title, lines in (
            ("关于“落实新增工业用地指标”逾期未办结的通报", ["关于“落实新增工业用地指标”", "逾期未办结的通报"]),
            (
                "关于“协调落实厦门第三代半导体碳化硅（SiC）功率器件总部基地二期项目350.75亩用地指标并于2026年12月31日前完成供地”的督办通知",
                ["关于“协调落实厦门第三代半导体", "碳化硅（SiC）功率器件总部基地", "二期项目350.75亩用地指标并于", "2026年12月31日前完成供地”的督办通知"],
            ),
            ("某市招商引资工作领导小组\n2026年第3次会议纪要", ["某市招商引资工作领导小组", "2026年第3次会议纪要"]),
            ("短标题", ["短标题"]), ("国" * 45, ["国" * 15] * 3),
        ):  # fmt: skip
            assert official_lines.title_lines(title, official_page.TITLE_CHARACTERS) == lines
        for title in ("W" * 99, "（" * 50, "。" * 50, "", "\n", " ", "1" * 99):
            said = official_lines.title_lines(title, official_page.TITLE_CHARACTERS)
            assert "".join(said) == title.replace("\n", "").strip() or not title.strip()

    def test_what_is_cut_says_so(self) -> None:
        text = "第一行\n" + "很长的一行" * 9
        assert official_lines.shortened(text, 9, 20, "……") == text
        assert official_lines.shortened(text, 2, 10, "……") == "第一行\n很长的一行很长的…" + "…"
        assert official_lines.shortened(text, 1, 10, "……") == "第一行……"


class TestPage:
    def test_margins_and_grid(self) -> None:
        """5.2: A4; 156 × 225 mm of text in 22 lines of 28 characters."""
        for document in ALL:
            section = part(document).find(f".//{W}sectPr")
            assert section is not None
            assert values(section.find(f"{W}pgSz")) == {"w": "11906", "h": "16838"}
            margins = values(section.find(f"{W}pgMar"))
            assert [round(mm(margins[side]), 1) for side in ("top", "left", "right", "bottom")] == [
                37,
                28,
                26,
                35,
            ]
            grid = values(section.find(f"{W}docGrid"))
            assert grid["type"] == "linesAndChars"
            height = (16838 - int(margins["top"]) - int(margins["bottom"])) / int(grid["linePitch"])
            width = (11906 - int(margins["left"]) - int(margins["right"])) / (
                20 * (16 + int(grid["charSpace"]) / 4096)
            )
            assert (int(height), int(width)) == (22, 28)

    def test_styles(self) -> None:
        """7.2, 7.3: 3号 (16 points) 仿宋, title 2号 (22) 小标宋, headings 黑, 楷, 仿, 仿; lines exactly as high as the grid's."""
        styles = {value(style, "styleId"): style for style in part(NOTICE, "styles").iter(f"{W}style")}

        def look(name: str) -> tuple[str, str]:
            font, size = (styles[name].find(f"{W}rPr/{W}{tag}") for tag in ("rFonts", "sz"))
            return value(font, "eastAsia") if font is not None else "", value(
                size
            ) if size is not None else ""

        assert look("Normal") == ("仿宋_GB2312", "32")
        assert values(styles["Normal"].find(f"{W}pPr/{W}spacing")) == {"before": "0", "after": "0", "line": "579", "lineRule": "exact"}  # fmt: skip
        assert [look(f"Heading{level}")[0] for level in (1, 2, 3, 4)] == ["黑体", "楷体_GB2312", "", ""]
        assert look("Title") == ("方正小标宋简体", "44")
        assert look("PageNumber") == ("宋体", "28")
        assert look("Colophon")[1] == "28"
        assert value(styles["Mark"].find(f"{W}rPr/{W}color")) == "FF0000"
        assert value(styles["Body"].find(f"{W}pPr/{W}ind"), "firstLineChars") == "200"

    def test_fonts_are_named_with_free_ones_and_not_embedded(self) -> None:
        fonts = {value(font, "name"): font for font in part(NOTICE, "fontTable").iter(f"{W}font")}
        assert set(fonts) == {"方正小标宋简体", "仿宋_GB2312", "楷体_GB2312", "黑体", "宋体"}
        for font in fonts.values():
            assert re.search("Noto (Serif|Sans) CJK SC", value(font.find(f"{W}altName")))
        with zipfile.ZipFile(io.BytesIO(written(NOTICE))) as archive:
            assert all(name.endswith((".xml", ".rels")) for name in archive.namelist())

    def test_page_numbers(self) -> None:
        """7.5: — 1 — in 4号 宋体, to the right on odd pages, to the left on even ones, one character in; not on a letter's first."""
        for side, name in (("right", "footer_odd"), ("left", "footer_even")):
            paragraph = part(NOTICE, name).find(f"{W}p")
            assert paragraph is not None
            assert (text_of(paragraph), style_of(paragraph)) == ("— 1 —", "PageNumber")
            assert value(paragraph.find(f"{W}pPr/{W}jc")) == side
            assert values(paragraph.find(f"{W}pPr/{W}ind")) == {f"{side}Chars": "100", side: "280"}
        assert part(NOTICE, "settings").find(f"{W}evenAndOddHeaders") is not None
        assert part(NOTICE).find(f".//{W}titlePg") is None
        assert part(LETTER).find(f".//{W}titlePg") is not None
        assert text_of(part(LETTER, "footer_first")) == ""


class TestElements:
    def test_order_and_blank_lines(self) -> None:
        texts = [
            text
            for style, text in paragraphs(NOTICE)
            if style not in {"Rule", "Cell", "CellLabel", "CellHead"}
        ]
        assert texts == [
            "000012", "机密★1年", "特急", f"{OFFICE}文件", "", "", "某招商办督〔2026〕3号", "", "",
            "关于某项目用地保障事项的督办通知", "", "市资源规划局，某区人民政府：", SENTENCE,
            "一、督办事项", "二、有关要求", "（一）压实责任", "1.按周报送", "（1）逾期情形", "（2）例外",
            "（二）加强配合", "1.及时反馈", f"时间：{SENTENCE}",
            "", "附件：1.\t清单", "2.\t报送表", "", "", OFFICE, "2026年11月3日", "（联系人：张三）",
            "附件1", "", "清单", "", "抄送：市委办公厅。", OFFICE, "2026年11月3日印发",
        ]  # fmt: skip

    def test_red_rule_is_as_wide_as_the_text(self) -> None:
        red, *_others = [
            rule for rule in part(NOTICE).iter(f"{W}p") if rule.find(f"{W}pPr/{W}pBdr") is not None
        ]
        assert value(red.find(f"{W}pPr/{W}pBdr/{W}top"), "color") == "FF0000"
        assert red.find(f"{W}pPr/{W}ind") is None

    def test_signature(self) -> None:
        """7.3.5: with a seal, the name centred above the date, that four characters in; without, two characters in."""

        def edges(document: Official) -> list[int]:
            signed = [each for each in part(document).iter(f"{W}p") if style_of(each) == "Signed"]
            found = [each.find(f"{W}pPr/{W}ind") for each in signed]
            return [int(values(each).get("rightChars", 0)) if each is not None else 0 for each in found]

        short = replace(NOTICE, signed_by="某市人民政府")  # six characters; the date takes six and a half
        assert edges(short) == [425, 400]
        assert edges(NOTICE) == [0, 425]  # fifteen: too long for four, the date stays below its middle
        assert edges(replace(short, sealed=False)) == [450, 200]
        assert edges(replace(NOTICE, sealed=False)) == [200, 850]
        assert edges(replace(short, date=None)) == [100]

    def test_who_approved_it(self) -> None:
        """7.2.6: the number then stands to the left, 签发人 to the right."""
        assert ("Normal", "某招商办督〔2026〕3号\t签发人：张三") in paragraphs(
            replace(NOTICE, approved_by="张三")
        )

    def test_colophon(self) -> None:
        """7.4: rules of 0.35, 0.25 and 0.35 mm, the last at the lower edge of the text; a letter's has none."""

        def colophon(document: Official) -> ET.Element:
            return next(
                each
                for each in part(document).iter(f"{W}tbl")
                if each.find(f"{W}tblPr/{W}tblpPr") is not None
            )

        table = colophon(NOTICE)
        borders = {
            edge.tag.removeprefix(W): int(value(edge, "sz"))
            for edge in table.find(f"{W}tblPr/{W}tblBorders") or []
        }
        thick = {side: round(eighths / 8 / 72 * 25.4, 2) for side, eighths in borders.items()}
        assert thick == {"top": 0.35, "bottom": 0.35, "insideH": 0.26}
        assert values(table.find(f"{W}tblPr/{W}tblpPr"))["tblpYSpec"] == "bottom"
        assert colophon(LETTER).find(f"{W}tblPr/{W}tblBorders") is None
        assert text_of(colophon(LETTER)) == "抄送：市工信局。"
        assert not list(part(PAPER).iter(f"{W}tblpPr"))

    def test_minutes(self) -> None:
        """10.3: the labels of who was there in 黑体, further lines below the first name; no signature at the end."""
        said = paragraphs(MINUTES)
        assert ("Normal", f"{OFFICE}\t2026年11月3日") in said
        assert [text for _style, text in said[-2:]] == [
            "出席：市政府办公厅张三、市发改委李四",
            "请假：市财政局王五",
        ]
        assert not [style for style, _text in said if style == "Signed"]
        last = list(part(MINUTES).iter(f"{W}p"))[-1]
        assert values(last.find(f"{W}pPr/{W}ind"))["hangingChars"] == "300"
        assert value(last.find(f"{W}r/{W}rPr/{W}rStyle")) == "Hei"

    def test_letter(self) -> None:
        """10.1: rules of 170 mm, thick over thin above the text and thin over thick below it."""
        for name, order in (("header_first", [24, 6]), ("footer_first", [6, 24])):
            rule = next(
                each for each in part(LETTER, name).iter(f"{W}p") if each.find(f"{W}pPr/{W}pBdr") is not None
            )
            edges = rule.find(f"{W}pPr/{W}pBdr")
            assert edges is not None
            assert [(edge.tag.removeprefix(W), int(value(edge, "sz"))) for edge in edges] == list(
                zip(["top", "bottom"], order, strict=True)
            )
            wider = values(rule.find(f"{W}pPr/{W}ind"))
            assert 156 - mm(wider["left"]) - mm(wider["right"]) == pytest.approx(170, abs=0.1)
        margins = values(part(LETTER).find(f".//{W}pgMar"))
        assert mm(margins["footer"]) == pytest.approx(20, abs=0.1)

    def test_tables_fill_the_line_and_repeat_their_head(self) -> None:
        long = Table(["甲", "乙", "丙"], [["1", "2"]] * 200, widths=[1, 2])
        for document in (PAPER, replace(PAPER, body=[long])):
            for table in part(document).iter(f"{W}tbl"):
                columns = [int(value(column, "w")) for column in table.iter(f"{W}gridCol")]
                assert sum(columns) == official_page.WIDTH
                for row in table.iter(f"{W}tr"):
                    assert sum(int(value(cell, "w")) for cell in row.iter(f"{W}tcW")) == official_page.WIDTH
        assert len(list(part(replace(PAPER, body=[long])).iter(f"{W}tblHeader"))) == 1

    def test_a_long_mark_is_narrowed_and_then_smaller(self) -> None:
        def mark(text: str) -> tuple[int, int]:
            run = next(
                each for each in part(replace(NOTICE, mark=text)).iter(f"{W}p") if style_of(each) == "Mark"
            )
            return int(value(run.find(f"{W}r/{W}rPr/{W}sz"))), int(value(run.find(f"{W}r/{W}rPr/{W}w")))

        assert mark("甲文件") == (96, 100)
        assert mark("某市招商引资文件十二字了")[0] == 96
        size, breadth = mark(f"{OFFICE}文件")
        assert size < 96
        assert size / 2 * breadth / 100 * len(f"{OFFICE}文件") < official_page.WIDTH / 20


class TestText:
    NASTY = "<w:p>&amp;\x00\x1b\ud800 ]]>\"'\r\n甲\u202e乙\n\n{{ x }} =1+1 𠮷"

    def test_text_is_text_whatever_it_says(self) -> None:
        nasty = self.NASTY
        document = Official(
            Layout.DOCUMENT, nasty, [
                Paragraph(nasty, label=nasty), Heading(1, nasty), Table([nasty], [[nasty, nasty], []], caption=nasty),
                Facts([(nasty, nasty)]), Seats([[nasty]], front=nasty), Table([], []), Facts([]), Seats([]), PageBreak(),
            ],
            mark=nasty, number=nasty, approved_by=nasty, addressee=nasty, attachments=[Attachment(nasty, [Paragraph(nasty)])],
            people=[People(nasty, nasty)], signed_by=nasty, date=DAY, note=nasty, copies_to=nasty, printed_by=nasty,
            secrecy=nasty, urgency=nasty,
        )  # fmt: skip
        for layout in Layout:
            package = Package(io.BytesIO(written(replace(document, layout=layout))))
            package.walk()
            assert package.kind() == "docx"
        said = [text for style, text in paragraphs(document) if style == "Body"]
        # One paragraph a line, the label before the first; what no document can hold is left out.
        assert said[1:3] == ["甲乙", "{{ x }} =1+1 𠮷"]
        assert said[0].endswith("<w:p>&amp; ]]>\"'")

    def test_the_same_document_makes_the_same_bytes(self) -> None:
        for document in ALL:
            assert written(document) == written(replace(document))
        with zipfile.ZipFile(io.BytesIO(written(NOTICE))) as archive:
            assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}

    def test_tables_share_the_package(self) -> None:
        stream = io.BytesIO()
        assert documents.write_docx(stream, "清单 <1>", ["截至今日"], ["甲", "乙"], [["1", "2\n3"]]) == 1
        package = Package(stream)
        package.walk()
        assert package.kind() == "docx"


def libreoffice_writer() -> bool:
    program = shutil.which("soffice")
    return bool(program) and any(Path(str(program)).resolve().parent.glob("*swlo.*"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Return what LibreOffice makes of each document: page by page, the texts as left edge, base line (points), characters."""
    folder = tmp_path_factory.mktemp("official")
    full = "国" * 26 + "国" * 28 * 43  # two pages, the first line two characters in
    made = {
        "notice": NOTICE, "minutes": MINUTES, "letter": LETTER, "paper": PAPER,
        "grid": Official(Layout.PAPER, "格", [PageBreak(), Paragraph(full)]),
        "table": Official(Layout.PAPER, "表", [Table(["甲", "乙"], [["1", "2"]] * 200)]),
        "nasty": replace(NOTICE, title=TestText.NASTY, body=[Paragraph(TestText.NASTY)]),
    }  # fmt: skip
    for name, document in made.items():
        (folder / f"{name}.docx").write_bytes(written(document))
    return converted(folder, list(made))


def converted(folder: Path, names: list[str]) -> Pages:
    """Return what LibreOffice makes of the documents of these names in a folder."""
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/home", "--headless", "--convert-to", "pdf", "--outdir", str(folder)]
        + [str(folder / f"{name}.docx") for name in names],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return {name: list(pdf_pages((folder / f"{name}.pdf").read_bytes())) for name in names}


Pages = dict[str, list[list[tuple[float, float, int]]]]


def pdf_pages(pdf: bytes) -> Iterator[list[tuple[float, float, int]]]:
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            drawn = zlib.decompress(packed)
        except zlib.error:
            continue
        texts = re.findall(rb"BT\n(?:1 0 0 1 )?([\d.]+) ([\d.]+) Td [^\n]*?Tf(.*?)T[jJ]", drawn, re.DOTALL)
        if b" Tf" in drawn:
            yield [
                (float(left), float(base), sum(len(hexes) // 2 for hexes in re.findall(rb"<([0-9A-Fa-f]+)>", shown)))
                for left, base, shown in texts
            ]  # fmt: skip


@pytest.mark.skipif(not libreoffice_writer(), reason="LibreOffice Writer (soffice) is not installed here")
class TestLibreOffice:
    def test_twenty_two_lines_of_twenty_eight_characters(self, pages: Pages) -> None:
        _title, *full = pages["grid"]
        assert len(full) == 2
        bottom = 35 / 25.4 * 72
        for number, page in enumerate(full):
            lines: dict[float, int] = {}
            for _left, base, count in page:
                if base > bottom:
                    lines[base] = lines.get(base, 0) + count
            assert list(lines.values()) == [28 if number else 26, *[28] * 21]

    def test_page_numbers_alternate_below_the_text(self, pages: Pages) -> None:
        for number, page in enumerate(pages["grid"], start=1):
            foot = [(left, base) for left, base, _count in page if base < 35 / 25.4 * 72]
            middle = sum(left for left, _base in foot) / len(foot)
            assert (middle > 595 / 2) == (number % 2 == 1)
            # The dash, a third of its 14 points above the base line, is 7 mm below the text.
            assert 35 - (foot[0][1] + 14 / 3) / 72 * 25.4 == pytest.approx(7, abs=1)

    def test_it_opens_every_layout(self, pages: Pages) -> None:
        counted = {name: len(drawn) for name, drawn in pages.items()}
        # How high a line of a table is depends on the fonts that are there.
        assert 5 < counted.pop("table") < 12
        assert counted == {"notice": 3, "minutes": 1, "letter": 2, "paper": 3, "grid": 3, "nasty": 3}
        # A letter's first page has no number; its second has.
        assert [min(base for _left, base, _count in page) < 35 / 25.4 * 72 for page in pages["letter"]] == [
            False,
            True,
        ]
