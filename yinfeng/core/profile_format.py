"""The files of a city's profile: reading TOML and CSV with the place of every value, and checking them.

Nothing here knows the database. Each section says its fields once; every mistake becomes one ``Problem`` with file and line,
and a mistake that would drag others behind it (a file that cannot be read, a row without its code) silences those.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.actors import Actor

KINDS: Mapping[str, str | Promise] = {
    "text": gettext_lazy("文字"),
    "code": gettext_lazy("代码（字母、数字、点、横线、下划线）"),
    "date": gettext_lazy("日期（如 2019-04-28）"),
    "whole": gettext_lazy("整数"),
    "decimal": gettext_lazy("数字"),
    "flag": gettext_lazy("true 或 false"),
    "codes": gettext_lazy("代码的列表"),
    "texts": gettext_lazy("文字的列表"),
    "table": gettext_lazy("键值表"),
}
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_MISSING = object()


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: where it is, what it is about, and the sentence that says it."""

    file: str
    line: int
    what: str
    sentence: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line} {self.what}: {self.sentence}"
            if self.what
            else f"{self.file}:{self.line} {self.sentence}"
        )


@dataclass(frozen=True, slots=True)
class Field:
    """A value that a row has: its kind, whether it must be there, and what it may say.

    ``refers`` names the section whose key it must be, or ``code:TABLE`` for an entry of a code table. ``most`` is the
    greatest length of a text, ``least`` the smallest number.
    """

    name: str
    kind: str = "text"
    required: bool = True
    default: Any = None
    choices: Sequence[str] = ()
    refers: str = ""
    most: int = 200
    least: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A kind of row of the profile: where it is written, what it says, and the service that loads it.

    ``key`` are the fields that name a row. ``period`` says that rows alike in these fields are versions of one rule, whose
    periods must not overlap. ``extra`` lets a CSV carry more columns. ``derive`` makes the rows from other sections' rows.
    """

    name: str
    file: str
    fields: tuple[Field, ...]
    load: Callable[[Changes, Actor, date], None] | None = None
    key: tuple[str, ...] = ("code",)
    parts: tuple[Section, ...] = ()
    period: tuple[str, ...] = ()
    single: bool = False
    required: bool = False
    extra: bool = False
    derive: Callable[[Profile], list[Row]] | None = None
    check: Callable[[Profile, list[Row]], Iterator[Problem]] | None = None


@dataclass(slots=True)
class Source:
    """The text of one file with the line of every header and every assignment below it."""

    name: str
    lines: list[str]
    blocks: dict[str, list[tuple[int, dict[str, int]]]] = field(default_factory=dict)

    @classmethod
    def toml(cls, name: str, text: str) -> Source:
        """Find where the n-th ``[[name]]`` is and where its fields are; tomllib itself does not say."""
        source = cls(name, text.splitlines())
        fields = source._open("", 1)
        quote = ""
        for number, line in enumerate(source.lines, 1):
            inside = quote
            for mark in ('"""', "'''"):
                if quote in ("", mark) and line.count(mark) % 2:
                    quote = "" if quote else mark
            if inside:
                continue
            if header := _HEADER.match(line):
                fields = source._open(header[1], number)
            elif assignment := _ASSIGNMENT.match(line):
                fields.setdefault(assignment[1], number)
        return source

    def _open(self, name: str, number: int) -> dict[str, int]:
        fields: dict[str, int] = {}
        self.blocks.setdefault(name, []).append((number, fields))
        return fields

    def find(self, value: object, line: int) -> int:
        """Return the line at or below ``line``, before the next header, on which a list's element stands."""
        needle = json.dumps(value, ensure_ascii=False)
        for number in range(line, len(self.lines) + 1):
            if number > line and _HEADER.match(self.lines[number - 1]):
                break
            if needle in self.lines[number - 1]:
                return number
        return line


@dataclass(slots=True)
class Row:
    """One checked row: its values by field, its parts, and where it stands."""

    section: str
    key: str
    values: dict[str, Any]
    file: str
    line: int
    order: int = 0
    lines: dict[str, int] = field(default_factory=dict)
    parts: dict[str, list[Row]] = field(default_factory=dict)
    source: Source | None = None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def what(self) -> str:
        return f'{self.section} "{self.key}"'

    def line_of(self, name: str, element: object = _MISSING) -> int:
        line = self.lines.get(name, self.line)
        return self.source.find(element, line) if self.source and element is not _MISSING else line

    def problem(self, sentence: str, name: str = "", element: object = _MISSING) -> Problem:
        """Return a problem of this row, at the line of ``name`` (and of one element of its list) if it has one."""
        return Problem(self.file, self.line_of(name, element), self.what, sentence)

    @property
    def digest(self) -> str:
        """Return what tells this row from any other content."""
        return hashlib.sha256(
            json.dumps(self._content(), ensure_ascii=False, sort_keys=True).encode()
        ).hexdigest()[:32]

    def _content(self) -> list[Any]:
        parts = {name: [part._content() for part in rows] for name, rows in self.parts.items()}
        return [self.key, self.order, plain(self.values), parts]


def plain(value: Any) -> Any:
    """Return a value as JSON keeps it."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True, slots=True)
class Changes:
    """What a section's ``load`` gets: its rows that are new or say something else than last time, and those that went."""

    added: list[Row]
    changed: list[Row]
    vanished: list[str]
    rows: list[Row]

    @property
    def put(self) -> list[Row]:
        return [*self.added, *self.changed]


# --- reading ------------------------------------------------------------------------------------------------------


class Profile:
    """A profile that was read: its rows by section, and everything that is wrong with it."""

    def __init__(self, folder: Path, sections: Sequence[Section]) -> None:
        self.folder, self.sections = folder, sections
        self.rows: dict[str, list[Row]] = {}
        self.problems: list[Problem] = []
        self.broken: set[str] = set()
        self._names: dict[str, set[str]] = {}
        self._read()
        self._check()
        self.problems.sort()

    @property
    def digest(self) -> str:
        """Return what tells this profile's content from any other."""
        lines = [f"{row.section} {row.key} {row.digest}" for rows in self.rows.values() for row in rows]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def names(self, reference: str) -> set[str] | None:
        """Return the keys that a field may refer to; None when they are not known for sure."""
        section, _colon, table = reference.partition(":")
        if section in self.broken or section not in self.rows:
            return None
        if reference not in self._names:
            keys = {row.key for row in self.rows[section]}
            start = f"{table}:"
            self._names[reference] = (
                {key.removeprefix(start) for key in keys if key.startswith(start)} if table else keys
            )
        return self._names[reference]

    def complain(self, file: str, line: int, sentence: str, what: str = "") -> None:
        self.problems.append(Problem(file, line, what, sentence))

    # files

    def text_of(self, name: str, *, required: bool = True) -> str | None:
        """Return a file's text, or None after saying what is wrong with it."""
        path = self.folder / name
        if not path.is_file():
            if required:
                self.complain(name, 1, _("没有这个文件"))
            return None
        data = path.read_bytes()
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.complain(name, data[: error.start].count(b"\n") + 1, _("不是 UTF-8 编码，请另存为 UTF-8"))
            return None

    def _read(self) -> None:
        for name in dict.fromkeys(section.file for section in self.sections if section.file):
            here = [section for section in self.sections if section.file == name]
            rows = self._read_csv(here[0]) if name.endswith(".csv") else self._read_toml(name, here)
            self.rows.update(rows)
        for section in self.sections:
            if section.derive:
                self.rows[section.name] = section.derive(self)

    def _lost(self, sections: Iterable[Section]) -> dict[str, list[Row]]:
        self.broken.update(section.name for section in sections)
        return {section.name: [] for section in sections}

    def _read_toml(self, name: str, sections: Sequence[Section]) -> dict[str, list[Row]]:
        required = any(section.required for section in sections)
        text = self.text_of(name, required=required)
        if text is None:
            exists = (self.folder / name).is_file()
            return self._lost(sections) if exists or required else {section.name: [] for section in sections}
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            at = re.search(r"at line (\d+)", str(error))
            line = int(at[1]) if at else len(text.splitlines())
            self.complain(
                name, line, _("TOML 语法错误：%(error)s") % {"error": re.sub(r" \(at .*\)", "", str(error))}
            )
            return self._lost(sections)
        source = Source.toml(name, text)
        known = {section.name for section in sections}
        for key in content.keys() - known:
            blocks = source.blocks.get(key)
            line = blocks[0][0] if blocks else source.blocks[""][0][1].get(key, 1)
            self.complain(name, line, _("这里不应有“%(name)s”") % {"name": key})
        found: dict[str, list[Row]] = {}
        for section in sections:
            raw = content.get(section.name, _MISSING)
            if raw is _MISSING:
                if section.required:
                    self.complain(name, 1, _("缺少 [[%(name)s]]") % {"name": section.name})
                    self.broken.add(section.name)
                found[section.name] = []
                continue
            entries = [raw] if section.single else raw
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                form = f"[{section.name}]" if section.single else f"[[{section.name}]]"
                self.complain(
                    name, source.blocks[""][0][1].get(section.name, 1), _("应写成 %(form)s") % {"form": form}
                )
                found |= self._lost([section])
                continue
            found[section.name] = self._toml_rows(
                section, entries, source, section.name, iter(source.blocks.get(section.name, []))
            )
        return found

    def _toml_rows(
        self,
        section: Section,
        entries: list[dict[str, Any]],
        source: Source,
        path: str,
        blocks: Iterator[tuple[int, dict[str, int]]],
    ) -> list[Row]:
        inner = {part.name: iter(source.blocks.get(f"{path}.{part.name}", [])) for part in section.parts}
        rows = []
        for order, entry in enumerate(entries, 1):
            line, lines = next(blocks, (1, {}))
            row = self._row(
                section, entry, Row(section.name, "", {}, source.name, line, order, lines, source=source)
            )
            for part in section.parts:
                nested = entry.get(part.name, [])
                if not isinstance(nested, list) or not all(isinstance(item, dict) for item in nested):
                    self.problems.append(
                        row.problem(_("应写成 %(form)s") % {"form": f"[[{path}.{part.name}]]"}, part.name)
                    )
                    nested = []
                row.parts[part.name] = self._toml_rows(
                    part, nested, source, f"{path}.{part.name}", inner[part.name]
                )
            rows.append(row)
        return rows

    def _read_csv(self, section: Section) -> dict[str, list[Row]]:
        if not section.required and not (self.folder / section.file).is_file():
            return {section.name: []}
        rows = self.csv_rows(section, section.file)
        return {section.name: rows} if rows is not None else self._lost([section])

    def csv_rows(self, section: Section, name: str, prefix: str = "") -> list[Row] | None:
        """Return the rows of a CSV file, keys begun with ``prefix``; None after saying why it cannot be read."""
        text = self.text_of(name)
        if text is None:
            return None
        try:
            records = list(_records(text))
        except csv.Error as error:
            self.complain(name, error.args[1], _("CSV 格式错误：引号没有配对，或引号后有多余文字"))
            return None
        if not records:
            self.complain(name, 1, _("文件是空的"))
            return None
        _line, head = records[0]
        expected = {item.name: item for item in section.fields}
        missing = [item.name for item in section.fields if item.required and item.name not in head]
        for column in missing:
            self.complain(name, 1, _("缺少列“%(name)s”") % {"name": column})
        unknown = [
            column
            for column in head
            if column not in expected and not (section.extra and _CODE.fullmatch(column))
        ]
        for column in unknown:
            self.complain(name, 1, _("不应有列“%(name)s”") % {"name": column})
        if missing or unknown or len(set(head)) != len(head):
            if not missing and not unknown:
                self.complain(name, 1, _("有两列同名"))
            return None
        rows = []
        for order, (line, record) in enumerate(records[1:], 1):
            if len(record) != len(head):
                numbers = {"found": len(record), "expected": len(head)}
                self.complain(name, line, _("这一行有 %(found)s 列，应为 %(expected)s 列") % numbers)
                self.broken.add(section.name)
                continue
            raw = {column: cell.strip() for column, cell in zip(head, record, strict=True) if cell.strip()}
            rows.append(
                self._row(section, raw, Row(section.name, "", {}, name, line, order), prefix, text=True)
            )
        return rows

    # values

    def _row(
        self, section: Section, raw: Mapping[str, Any], row: Row, prefix: str = "", *, text: bool = False
    ) -> Row:
        named = [raw.get(name) for name in section.key]
        row.key = prefix + ":".join(_shown(value) for value in named if value is not None)
        known = {item.name: item for item in section.fields} | {part.name: None for part in section.parts}
        for name in raw.keys() - known.keys():
            if not section.extra:
                self.problems.append(row.problem(_("没有“%(name)s”这一项") % {"name": name}, name))
        for item in section.fields:
            value = raw.get(item.name, _MISSING)
            if value is _MISSING:
                row.values[item.name] = item.default() if callable(item.default) else item.default
                if item.required:
                    self.problems.append(row.problem(_("缺少“%(name)s”") % {"name": item.name}))
                    self._spoil(section, item)
                continue
            value = _from_text(item.kind, value) if text else value
            if sentence := _wrong(item, value):
                self.problems.append(row.problem(sentence, item.name))
                self._spoil(section, item)
                value = item.default() if callable(item.default) else item.default
            row.values[item.name] = value
        if section.extra:
            row.values["data"] = {name: value for name, value in raw.items() if name not in known}
        return row

    def _spoil(self, section: Section, item: Field) -> None:
        """Note that a section's keys are not known for sure: nobody's reference to it can be judged."""
        if item.name in section.key:
            self.broken.add(section.name)

    # what rows say together

    def _check(self) -> None:
        for section in self.sections:
            rows = self.rows.get(section.name, [])
            repeated = self._repeated(section, rows)
            once = [row for row in rows if id(row) not in repeated]
            self._references(section, rows)
            self._periods(rows)
            if section.period:
                self._overlaps(section, once)
            if section.check and section.name not in self.broken:
                self.problems.extend(section.check(self, once))

    def _repeated(self, section: Section, rows: list[Row]) -> set[int]:
        first: dict[str, Row] = {}
        repeated = set()
        for row in rows:
            if any(row.values.get(name) is None for name in section.key):
                continue
            before = first.setdefault(row.key, row)
            if before is not row:
                self.problems.append(
                    row.problem(_("与第 %(line)s 行重复") % {"line": before.line}, section.key[0])
                )
                repeated.add(id(row))
        for row in rows:
            for part in section.parts:
                self._repeated(part, row.parts[part.name])
        return repeated

    def _references(self, section: Section, rows: list[Row]) -> None:
        for row in rows:
            for item in section.fields:
                value = row.values.get(item.name)
                names = self.names(item.refers) if item.refers and value else None
                if names is None:
                    continue
                for element in value if isinstance(value, list) else [value]:
                    if element not in names:
                        sentence = _('%(field)s "%(value)s" 没有定义') % {
                            "field": item.name,
                            "value": element,
                        }
                        where = element if isinstance(value, list) else _MISSING
                        self.problems.append(row.problem(sentence, item.name, where))
            for part in section.parts:
                self._references(part, row.parts[part.name])

    def _periods(self, rows: list[Row]) -> None:
        for row in rows:
            begins, ends = row.values.get("valid_from"), row.values.get("valid_to")
            if begins and ends and ends < begins:
                self.problems.append(row.problem(_("valid_to 早于 valid_from"), "valid_to"))

    def _overlaps(self, section: Section, rows: list[Row]) -> None:
        versions: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            begins, ends = row.values.get("valid_from"), row.values.get("valid_to")
            if begins and (ends is None or begins <= ends):
                versions.setdefault(tuple(row.values.get(name) for name in section.period), []).append(row)
        for group in versions.values():
            group.sort(key=lambda row: row["valid_from"])
            for before, after in pairwise(group):
                if before["valid_to"] is None or before["valid_to"] >= after["valid_from"]:
                    sentence = _("有效期与第 %(line)s 行的重叠") % {"line": before.line}
                    self.problems.append(after.problem(sentence, "valid_from"))


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record of a CSV with the line it begins on; csv.Error carries (text, line)."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise csv.Error(str(error), begins) from error
        if record is None:
            return
        if record:
            yield begins, record
        begins = reader.line_num + 1


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _from_text(kind: str, value: str) -> Any:
    """Return a CSV cell as a value of its kind; what does not fit stays text and is refused as such."""
    try:
        match kind:
            case "whole":
                return int(value)
            case "decimal":
                return Decimal(value)
            case "date":
                return date.fromisoformat(value)
            case "flag":
                return {"true": True, "false": False}.get(value.lower(), value)
            case "codes" | "texts":
                return value.split()
    except (ValueError, InvalidOperation):
        pass
    return value


def _wrong(item: Field, value: Any) -> str | None:
    """Return the sentence that says why ``value`` is no value of this field, or None."""
    named = {"name": item.name}
    if not _fits(item.kind, value):
        return _("“%(name)s”应为%(kind)s，不能是 %(value)s") % {
            **named,
            "kind": KINDS[item.kind],
            "value": json.dumps(plain(value), ensure_ascii=False, default=str)[:60],
        }
    if item.kind in ("text", "code") and len(value) > item.most:
        return _("“%(name)s”超过 %(most)s 个字") % {**named, "most": item.most}
    if item.kind in ("text", "code") and item.required and not value.strip():
        return _("缺少“%(name)s”") % named
    if item.choices and value not in item.choices:
        return _('“%(name)s”没有 "%(value)s" 这个选项，可选：%(choices)s') % {
            **named,
            "value": value,
            "choices": "、".join(item.choices),
        }
    if item.least is not None and value < item.least:
        return _("“%(name)s”不能小于 %(least)s") % {**named, "least": item.least}
    return None


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "code":
            return isinstance(value, str) and _CODE.fullmatch(value) is not None
        case "date":
            return isinstance(value, date) and not isinstance(value, datetime)
        case "whole":
            return isinstance(value, int) and not isinstance(value, bool)
        case "decimal":
            return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        case "flag":
            return isinstance(value, bool)
        case "codes":
            return isinstance(value, list) and all(_fits("code", element) for element in value)
        case "texts":
            return isinstance(value, list) and all(isinstance(element, str) for element in value)
        case "table":
            return isinstance(value, dict)
    raise AssertionError(kind)
