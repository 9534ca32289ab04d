"""No regular expression of the product can be made to take its time (SECURITY 1.2.9): judged by its form, not by a clock.

Three forms make a search go back over what it has read again and again: a repetition without end inside another one,
two of them side by side that may share the same letters, and one at the beginning of what is looked for inside a text.
None is let in.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from yinfeng.core import profile_format, uploads
from yinfeng.core.exchange import values
from yinfeng.enterprises import matching

PACKAGE = Path(__file__).resolve().parents[2] / "yinfeng"
CALLS = {"compile", "fullmatch", "match", "search", "sub", "split", "findall", "finditer", "subn"}
NAMED = {"regex", "url_path", "lookup_value_regex"}
# Letters of each kind that patterns tell apart; the letters of the pattern itself come with them.
LETTERS = {*map(chr, range(32, 127)), *"\t\n\x00 　招商（）【】〔〕，。：、·※年月日时分秒亿万元１Ａé²"}
END = 30  # more repetitions than this are as good as no end


def patterns() -> Iterator[tuple[str, str]]:
    """Yield (place, pattern) of every regular expression in the package, put together from its parts."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        module = ".".join(["yinfeng", *path.relative_to(PACKAGE).with_suffix("").parts])
        for node in ast.walk(tree):
            for found in _asked(node):
                yield (
                    f"{path.relative_to(PACKAGE)}:{found.lineno}",
                    _text(found, importlib.import_module(module)),
                )


def _asked(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        owner, _dot, name = called.rpartition(".")
        if (owner == "re" and name in CALLS) or name == "RegexValidator":
            yield node.args[0]
        yield from (word.value for word in node.keywords if word.arg in NAMED)
    elif isinstance(node, ast.Assign) and any(getattr(target, "id", "") in NAMED for target in node.targets):
        yield node.value


def _text(node: ast.expr, module: Any) -> str:
    if isinstance(node, ast.Constant):
        return _said(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, module) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, module)
    if isinstance(node, ast.BinOp):
        return _text(node.left, module) + _text(node.right, module)
    if isinstance(node, ast.Name):
        return _said(getattr(module, node.id))
    raise AssertionError(f"{module.__name__}: {ast.unparse(node)} is not a pattern that can be read")


def _said(value: Any) -> str:
    """Return a part of a pattern, of one over bytes each byte as a letter."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


# --- what a part of a pattern may match ---------------------------------------------------------------------------
Part = tuple[Any, Any]


def letters_of(part: Part, known: set[str]) -> set[str]:
    """Return the letters that a part may begin, go on or end with."""
    what, value = part
    if what is op.LITERAL:
        return {chr(value)}
    if what is op.NOT_LITERAL:
        return known - {chr(value)}
    if what is op.ANY:
        return known
    if what is op.IN:
        return {letter for letter in known if _is_in(letter, value)}
    return {letter for inner in _inside(part) for item in inner for letter in letters_of(item, known)}


def first_letters(part: Part, known: set[str]) -> set[str]:
    """Return the letters that a part may begin with."""
    if not _inside(part):
        return letters_of(part, known)
    found: set[str] = set()
    for inner in _inside(part):
        for item in inner:
            found |= first_letters(item, known)
            if not may_be_empty(item):
                break
    return found


def _is_in(letter: str, items: Iterable[Part]) -> bool:
    negated, found = False, False
    for what, value in items:
        if what is op.NEGATE:
            negated = True
        elif what is op.LITERAL:
            found |= ord(letter) == value
        elif what is op.RANGE:
            found |= value[0] <= ord(letter) <= value[1]
        elif what is op.CATEGORY:
            found |= re.match(CATEGORIES[value], letter) is not None
    return found != negated


CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s", op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


def _inside(part: Part) -> list[Any]:
    what, value = part
    if what is op.SUBPATTERN:
        return [value[-1]]
    if what is op.BRANCH:
        return list(value[1])
    if what in {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}:
        return [value[2]]
    if what is op.ATOMIC_GROUP:
        return [value]
    if what in {op.ASSERT, op.ASSERT_NOT}:
        return [value[1]]
    return []


def is_endless(part: Part) -> bool:
    return part[0] in {op.MAX_REPEAT, op.MIN_REPEAT} and part[1][1] > END


def may_be_empty(part: Part) -> bool:
    return parser.SubPattern(parser.State(), [part]).getwidth()[0] == 0


def flat(sequence: Any) -> list[Part]:
    """Return a sequence with its groups opened; a choice stays one part."""
    return [item for part in sequence for item in (flat(part[1][-1]) if part[0] is op.SUBPATTERN else [part])]


def faults(sequence: Any, known: set[str]) -> Iterator[str]:
    parts = flat(sequence)
    for part in parts:
        for inner in _inside(part):
            yield from faults(inner, known)
            if is_endless(part) and any(is_endless(item) for item in flat(inner)):
                # its inside may follow itself: what ends one round may begin the next
                yield from beside([*flat(inner), *flat(inner)], known, "inside another")
    yield from beside(parts, known, "side by side")


def beside(parts: list[Part], known: set[str], told: str) -> Iterator[str]:
    """Yield a fault for two repetitions without end that share letters, with nothing that must stand between them."""
    for at, part in enumerate(parts):
        if not is_endless(part):
            continue
        for after in parts[at + 1 :]:
            if is_endless(after) and letters_of(part, known) & first_letters(after, known):
                yield f"two repetitions without end {told} share letters"
            if not may_be_empty(after) or after[0] is op.AT:
                break


def begins_anywhere(pattern: str) -> bool:
    """Say whether a search begins with a repetition without end that alone is no match: from each letter it goes on anew."""
    parts = flat(parser.parse(pattern))
    for at, part in enumerate(parts):
        if is_endless(part):
            return any(not may_be_empty(after) or after[0] is op.AT for after in parts[at + 1 :])
        if not may_be_empty(part) or part[0] is op.AT:
            break
    return False


def faults_of(pattern: str) -> list[str]:
    known = LETTERS | set(pattern)
    return list(faults(parser.parse(pattern), known))


FOUND = sorted(set(patterns()))
# Patterns of cells that allow spaces in many places: they meet at most 100 letters, or texts with single spaces.
SINGLE_SPACES = {"_MONEY", "_UNIT", "_MOMENT"}
SHORT = {getattr(values, name).pattern for name in SINGLE_SPACES | {"_PLAIN"}}
# Never looked for inside a text: the text begins with them or not.
AT_THE_BEGINNING = {
    pattern.pattern
    for pattern in (
        profile_format._HEADER,
        profile_format._ASSIGNMENT,
        uploads._ACTIVE,
        matching._PLACE_INSIDE,
    )
}


@pytest.mark.parametrize(("place", "pattern"), FOUND)
def test_a_pattern_goes_over_a_text_once(place: str, pattern: str) -> None:
    if pattern not in SHORT:
        assert faults_of(pattern) == [], f"{place}: {pattern}"


@pytest.mark.parametrize(("place", "pattern"), FOUND)
def test_a_search_begins_where_something_stands(place: str, pattern: str) -> None:
    if pattern not in AT_THE_BEGINNING:
        assert not begins_anywhere(pattern), f"{place}: {pattern}"


def test_the_patterns_of_the_package_are_found() -> None:
    assert len(FOUND) > 40
    assert {pattern for _place, pattern in FOUND} >= SHORT
    assert all(faults_of(pattern) for pattern in SHORT), "an exception that nothing needs any more"
    assert all(begins_anywhere(pattern) for pattern in AT_THE_BEGINNING), (
        "an exception that nothing needs any more"
    )


@pytest.mark.parametrize("name", sorted(SINGLE_SPACES))
def test_cells_with_many_spaces_reach_their_pattern_with_single_ones(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    class Spy:
        def fullmatch(self, text: str) -> None:
            seen.append(text)

    monkeypatch.setattr(values, name, Spy())
    with contextlib.suppress(values.CellError):
        values.read_money("1" + " " * 90 + "x", [], values.Unit(Decimal(1), "CNY", "元"))
    with contextlib.suppress(values.CellError):
        values.read_date("2026-1-1" + " " * 90 + "x")
    values.parse_unit("x" + " " * 90 + "x")
    assert seen
    assert "  " not in "".join(seen)


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a*)*b", r"([a-z]+\d*)+!", r"(\w+\s?)*$", r"\s*\s*x", r".*.*=", r"\d+(\d+)x", r"a*(b|)a*c"],
)
def test_a_slow_pattern_is_told(pattern: str) -> None:
    assert faults_of(pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"[a-z]+\d+", r"(a+,)+", r"(?:\d{1,3}(?:,\d{3})+|\d+)", r"^\d{6}$", r"\s*=\s*x", r"[^,]+(,[^,]+)*"],
)
def test_a_quick_pattern_is_let_in(pattern: str) -> None:
    assert not faults_of(pattern)
