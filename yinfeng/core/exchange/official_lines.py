"""Where the lines of official documents end: how broad text is, titles broken where their sense allows, texts cut to so many lines.

7.3.1: a title's lines are whole in sense, even in length. No dictionary of words is at hand; what must not be torn apart is named.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

# Latin letters and digits are half as broad as a character in the fonts that the standard names, a little more in others.
_NARROW = 0.6
# What stays on one line: dates, amounts with their unit, words of Latin letters, and terms that titles are full of.
_TERMS = (
    "领导小组|工作组|办公室|管委会|委员会|招商引资|高质量发展|自由贸易试验区|有限公司|产业园|座次图|逾期未办结|用地指标|要素保障|半导体|关于|"
    "会议|议程|纪要|通知|通报|提醒|督办|催办|约谈|督查|整改|报告|请示|方案|情况|项目|工作|基地|总部|中心|平台|园区|厂房|地块|道路|通车|建设|"
    "开工|履约|专项|落实|完成|推进|协调|解决|保障|支持|政策|产业|工业|制造|装备|研发|企业|投资|市场|监管|服务|用地|供地|收储|指标|布局|落地|"
    "审批|环评|能耗|融资|贷款|贴息|奖励|协议|签约"
)
_PIECE = re.compile(
    r"第?\d+(?:年第\d+次|年\d+月\d+日|年\d+月|月\d+日|年|月|日|号|次)"
    r"|(?:US\$|HK\$|[¥€£$])?\d[\d,.]*(?:%|‰|万|亿)?(?:元|美元|港元|亩|平方米|个|项|家|人|吨|天|期|批)?"
    r"|[A-Za-z][\w&.+'’-]*"
    rf"|{_TERMS}|."
)  # fmt: skip
_OPENING, _CLOSING = "“‘《（(〈【〔", "”’》）)〉】〕，。、；：！？,.;:!?…—的"
# How bad it is to end a line between two characters, within brackets besides, and where something ends or begins.
_ANYWHERE, _WITHIN, _BETWEEN = 12.0, 8.0, 1.0


def breadth(text: str) -> float:
    """Return how many characters of the grid a line takes, at the least."""
    return sum(1 if unicodedata.east_asian_width(letter) in "WFA" else 0.5 for letter in text)


def _room(text: str) -> float:
    """Return how many characters a text may take whatever the font."""
    return sum(1 if unicodedata.east_asian_width(letter) in "WFA" else _NARROW for letter in text)


def pieces(text: str) -> list[str]:
    """Return a line of text in pieces that stay whole: opening marks stay with what follows, closing ones with what is before."""
    found: list[str] = []
    for piece in _PIECE.findall(text):
        if found and (piece[0] in _CLOSING or found[-1][-1] in _OPENING):
            found[-1] += piece
        else:
            found.append(piece)
    return found


def title_lines(title: str, most: float) -> list[str]:
    """Return the lines of a title, as few and as even as ``most`` characters a line allow; its own line breaks stay."""
    return [line for part in title.split("\n") for line in (_even(part, most) if part.strip() else [part])]


def _even(text: str, most: float) -> list[str]:
    whole = pieces(text.strip())
    rooms = [_room(piece) for piece in whole]
    count = len(_full(whole, most))
    if count < 2:
        return [text.strip()]
    ideal = sum(rooms) / count

    @cache
    def best(start: int, lines: int) -> tuple[float, tuple[int, ...]]:
        """Return the least cost of so many lines from a piece on, and where each of them ends."""
        if lines == 1:
            length = sum(rooms[start:])
            return ((length - ideal) ** 2 if length <= most else 1e9, (len(whole),))
        found: tuple[float, tuple[int, ...]] = (1e9, (len(whole),))
        length = 0.0
        for end in range(start + 1, len(whole)):
            length += rooms[end - 1]
            if length > most:
                break
            rest, ends = best(end, lines - 1)
            cost = (length - ideal) ** 2 + _badness(whole, end) + rest
            if cost < found[0]:
                found = (cost, (end, *ends))
        return found

    cost, ends = best(0, count)
    if cost >= 1e9:  # a piece is broader than a line
        return ["".join(line) for line in _full(whole, most)]
    return ["".join(whole[a:b]).strip() for a, b in zip((0, *ends[:-1]), ends, strict=True)]


def _badness(whole: Sequence[str], end: int) -> float:
    """Return how bad it is to end a line behind a piece."""
    between = whole[end - 1][-1] in _CLOSING or whole[end][0] in _OPENING
    before = "".join(whole[:end])
    within = before.count("（") > before.count("）")
    return (_BETWEEN if between else _ANYWHERE) + (_WITHIN if within else 0)


def _full(whole: Sequence[str], most: float) -> list[list[str]]:
    """Return pieces in lines each as full as can be; one broader than a line is torn."""
    lines: list[list[str]] = [[]]
    length = 0.0
    for piece in whole:
        for part in [piece] if _room(piece) <= most else list(piece):
            if lines[-1] and length + _room(part) > most:
                lines.append([])
                length = 0.0
            lines[-1].append(part)
            length += _room(part)
    return lines


def wrapped(text: str, most: float) -> list[str]:
    """Return a text in lines of at most so many characters, its own line breaks kept, empty lines left out."""
    return [line for row in _rows(text, most) for line in row]


def shortened(text: str, lines: int, most: float, more: str) -> str:
    """Return a text that takes so many lines of ``most`` characters at the most; one that is cut ends with ``more``."""
    kept: list[str] = []
    rows = _rows(text, most)
    cut = sum(map(len, rows)) > lines
    for row in rows:
        if len(row) >= lines and cut:
            return "\n".join([*kept, "".join(row[: lines - 1]) + _ended(row[lines - 1], most, more)])
        kept.append("".join(row))
        lines -= len(row)
    return "\n".join(kept)


def _ended(line: str, most: float, more: str) -> str:
    while line and _room(line + more) > most:
        line = line[:-1]
    return line + more


def _rows(text: str, most: float) -> list[list[str]]:
    """Return the lines of a text, each in the lines that it takes."""
    return [
        ["".join(line) for line in _full(pieces(row.strip()), most)]
        for row in text.splitlines()
        if row.strip()
    ]
