"""Tables of lists: columns that format their cells in Python, keyset pages, and the same columns for exports.

Cells reach the template as finished text, because filters per cell cost most of a list page's time (docs/adr/0003).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from inspect import unwrap
from typing import Any, ClassVar, NoReturn
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import F, Model, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from yinfeng.core.errors import Invalid
from yinfeng.core.exchange.columns import Kind

PAGE_ROWS = 50
COUNT_LIMIT = 10_000

_escape = unwrap(escape)  # asking of every text whether it is a lazy one took longer than to escape it
# Elements are put together of finished pieces, which stay safe when added: a pattern took three times as long for a text.
_LINK, _INTO, _LINKED = (format_html(piece, "") for piece in ('<a href="{}', '{}">', "{}</a>"))
_BADGE, _BADGED = (format_html(piece, "") for piece in ('<span class="yf-badge" data-tone="{}', "{}</span>"))
_SUB, _SUB_END = (format_html(piece, "") for piece in ('<div class="yf-sub">{}', "{}</div>"))
_CELL, _TONED, _TITLED, _QUOTED = (
    format_html(piece, "") for piece in ("<td {}", ' data-tone="{}', ' title="{}', '{}"')
)
_OPEN, _CLOSED = (format_html(piece, "") for piece in ("{}>", "{}</td>"))
_ROW, _ROW_TONED, _ROW_END = (format_html(piece, "") for piece in ("<tr{}>", '<tr data-tone="{}', "{}</tr>"))
_PICK, _PICK_NAMED, _PICKED = (
    format_html(piece, "")
    for piece in (
        '<td class="yf-pick"><input type="checkbox" name="pk" value="{}', '" aria-label="{}', '{}"></td>'
    )
)  # fmt: skip
_NOTHING, _BLANK = format_html("{}", ""), format_html("{}", " ")


def safe(text: Any) -> SafeString:
    """Return a text escaped for markup, or as it is when it is markup already."""
    return _escape(text) if type(text) is str else conditional_escape(text)


@dataclass(frozen=True, slots=True)
class Cell:
    """One finished cell: text, a smaller second line, a link, a badge tone, an icon."""

    text: str
    sub: str = ""
    url: str = ""
    tone: str = ""
    icon: str = ""
    badge: bool = False
    title: str = ""

    def markup(self, attributes: SafeString, url: str = "") -> SafeString:
        """Return the cell as an element of the table, with the link ``url`` if it has none of its own.

        In a template a page of cells took longer than all the rest.
        """
        text, url = safe(self.text), self.url or url
        if self.badge:
            icon = format_html('<i class="ti ti-{}" aria-hidden="true"></i>', self.icon) if self.icon else ""
            text = _BADGE + safe(self.tone) + _INTO + safe(icon) + text + _BADGED
        else:
            if url:
                text = _LINK + safe(url) + _INTO + text + _LINKED
            if self.icon:
                icon = format_html(
                    '<i class="ti ti-{}" role="img" aria-label="{}"></i>', self.icon, self.title
                )
                text = format_html("{} {}", icon, text)
        title = _TITLED + safe(self.title) + _QUOTED if self.title else _NOTHING
        sub = _SUB + safe(self.sub) + _SUB_END if self.sub else _NOTHING
        return _CELL + attributes + _TONED + safe(self.tone) + _QUOTED + title + _OPEN + text + sub + _CLOSED


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``cell`` makes what is shown, ``value`` what is exported (a number, date or text); ``sort`` names a field.

    ``kind`` is the exchange kind of the exported value (text, money, date, datetime, integer).
    """

    key: str
    label: str | Promise
    cell: Callable[[Any], Cell | str]
    value: Callable[[Any], Any] | None = None
    kind: Kind = "text"
    sort: str = ""
    numeric: bool = False
    shown: bool = True
    folded: bool = False  # another column's second line shows it
    related: str = ""  # the relation that the cell reads

    def export(self, obj: Any) -> Any:
        if self.value is not None:
            return self.value(obj)
        cell = self.cell(obj)
        return cell.text if isinstance(cell, Cell) else cell


@dataclass(frozen=True, slots=True)
class Row:
    """A finished row: ``name`` is the text of its first cell, ``markup`` the element with all."""

    pk: int
    name: str
    markup: SafeString


@dataclass(frozen=True, slots=True)
class Head:
    key: str
    label: str
    numeric: bool
    sortable: bool
    sort_url: str
    sorted: str


class Table:
    """The columns of one kind of list; subclasses declare ``columns``, ``order`` and what to fetch along."""

    columns: ClassVar[Sequence[Column]] = ()
    order: ClassVar[str] = "-pk"
    ahead: ClassVar[Q | None] = None  # the rows that come before all others, unless somebody sorts
    related: ClassVar[Sequence[str]] = ()
    prefetch: ClassVar[Sequence[Any]] = ()

    def __init__(self, chosen: Sequence[str] = (), sort: str = "") -> None:
        known = {column.key for column in self.columns}
        self.chosen = [key for key in chosen if key in known]
        self.shown = [
            column for column in self.columns if (column.key in self.chosen if self.chosen else column.shown)
        ]
        sorts = {column.key: column.sort for column in self.columns if column.sort}
        self.sort = sort if sort.lstrip("-") in sorts else ""
        self.ordering = (
            ("-" if sort.startswith("-") else "") + sorts[sort.lstrip("-")] if self.sort else self.order
        )

    @classmethod
    def exported(cls) -> list[str]:
        """Return the columns of a file when nobody chose any: those shown, and those folded into another's second line."""
        return [column.key for column in cls.columns if column.shown or column.folded]

    def url(self, obj: Any) -> str:
        return str(obj.get_absolute_url())

    def tone(self, obj: Any) -> str:
        return ""

    @property
    def joins(self) -> set[str]:
        """Return the relations that the cells read."""
        return {*self.related, *(column.related for column in self.shown if column.related)}

    def fetch(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the query set with everything the cells read."""
        related = self.joins
        found = queryset.select_related(*sorted(related)) if related else queryset
        return found.prefetch_related(*self.prefetch)

    def heads(self, query: QueryDict) -> list[Head]:
        """Return the header cells with the links that sort by them."""
        return [self._head(column, query) for column in self.shown]

    def _head(self, column: Column, query: QueryDict) -> Head:
        state = {column.key: "asc", f"-{column.key}": "desc"}.get(self.sort, "")
        target = f"-{column.key}" if state == "asc" else column.key
        url = with_query(query, sort=target, after=None, before=None) if column.sort else ""
        return Head(column.key, str(column.label), column.numeric, bool(column.sort), url, state)

    def prepare(self, objects: Iterable[Any]) -> Iterable[Any]:
        """Return the rows with whatever the cells read that is not a field; used by pages and exports alike."""
        return objects

    def rows(self, objects: Iterable[Any], picked: bool = False) -> list[Row]:
        """Return finished rows; the first cell links to the object, and before it stands a box if rows can be ``picked``."""
        made = []
        columns = [
            (column.cell, self._attributes(column), self._begin(column), self._begin(column, "yf-nil"))
            for column in self.shown
        ]
        pick, select = safe(_("选择")), _NOTHING
        for obj in self.prepare(objects):
            cells, url, name = _NOTHING, self.url(obj), None
            for cell_of, attributes, begin, begin_empty in columns:
                cell = cell_of(obj)
                if name is None:
                    cell = cell if isinstance(cell, Cell) else Cell(cell)
                    name = cell.text
                if isinstance(cell, Cell):
                    cells += cell.markup(attributes, url)
                else:
                    cells += (begin_empty if cell == "—" else begin) + safe(cell) + _CLOSED
                url = ""
            if picked:
                select = _PICK + safe(str(obj.pk)) + _PICK_NAMED + pick + _BLANK + safe(name) + _PICKED
            tone = self.tone(obj)
            begin_row = _ROW_TONED + safe(tone) + _INTO if tone else _ROW
            made.append(Row(obj.pk, name or "", begin_row + select + cells + _ROW_END))
        return made

    @classmethod
    def _begin(cls, column: Column, kind: str = "") -> SafeString:
        """Return the beginning of a cell that is nothing but text."""
        return format_html("<td {}>", cls._attributes(column, kind))

    @staticmethod
    def _attributes(column: Column, kind: str = "") -> SafeString:
        """Return what the element of each cell of a column says, finished once for the whole page."""
        dated = "yf-date" if column.kind in ("date", "datetime") else ""
        kinds = " ".join(filter(None, ["yf-num" if column.numeric else dated, kind]))
        kind = format_html(' class="{}"', kinds) if kinds else ""
        return format_html('data-label="{}"{}', column.label, kind)


def with_query(query: QueryDict, **changes: str | None) -> str:
    """Return the query string with some parameters replaced (None removes one)."""
    kept = [(name, value) for name, values in query.lists() if name not in changes for value in values]
    return f"?{urlencode([*kept, *((name, value) for name, value in changes.items() if value is not None)])}"


def addresses(route: str) -> Callable[[int], str]:
    """Return what gives the address of a row by its key: found out once for a page, not for every row."""
    before, _key, after = reverse(route, args=[0]).rpartition("0")
    return lambda key: f"{before}{key}{after}"


# --- keyset pages -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list and the cursors to its neighbours (empty: there is none)."""

    objects: list[Any]
    after: str
    before: str


def _encode(obj: Model, name: str, half: int) -> str:
    value: Any = obj
    for part in name.split("__"):
        value = getattr(value, part) if value is not None else None
    if isinstance(value, datetime | date):
        value = value.isoformat()
    elif isinstance(value, Decimal):
        value = str(value)
    text = json.dumps([value, obj.pk, half], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, model: type[Model], name: str, halves: int) -> tuple[Any, int, int]:
    """Return value, key and half of a cursor; whatever somebody made of it, it is no worse than Invalid."""
    try:
        value, pk, half = json.loads(
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), parse_constant=_no_number
        )
        field: Any = model._meta
        for part in name.split("__"):
            found = (
                (field if field is model._meta else field.related_model._meta).get_field(part)
                if part != "pk"
                else model._meta.pk
            )
            field = found
        value = None if value is None else field.to_python(value)
        field.run_validators(value)  # its range and length: a database refuses what lies beyond with an error
        model._meta.pk.run_validators(int(pk))
        half = range(halves).index(int(half))
        if isinstance(value, str):
            ProhibitNullCharactersValidator()(value)
            value.encode()
        if isinstance(value, datetime):
            value = value.astimezone(UTC)
        return value, int(pk), half
    except (ValueError, TypeError, ArithmeticError, RecursionError, ValidationError, AttributeError) as error:
        raise Invalid(_("翻页位置无效，请从第一页重新开始。")) from error


def _no_number(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have and Python reads."""
    raise ValueError(name)


def page(
    queryset: QuerySet[Any],
    ordering: str,
    after: str = "",
    before: str = "",
    size: int = PAGE_ROWS,
    fetch: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None,
    ahead: Q | None = None,
) -> Page:
    """Return the page after or before a cursor, ordered by one field and the key, empty values last.

    Rows that are ``ahead`` come before all others, both halves in the same order.

    Keyset: the cost of page 10,000 is that of page 1 (FACTS: OFFSET 500,000 takes 44 ms, keyset 0.3). ``fetch`` adds
    what the cells read to the rows of the page alone: a database that sorts computes it for every row it sorts.
    """
    name, descending = ordering.lstrip("-"), ordering.startswith("-")
    backwards = bool(before) and not after
    cursor = before if backwards else after
    halves = [Q()] if ahead is None else [ahead, ~ahead]
    start = _decode(cursor, queryset.model, name, len(halves)) if cursor else None
    objects: list[Any] = []
    half_of: dict[int, int] = {}
    for half, part, order in _in_halves(
        queryset.model, name, start, descending != backwards, backwards, halves
    ):
        found = queryset.filter(part).order_by(*order)[: size + 1 - len(objects)]
        if fetch is not None:
            found = fetch(queryset.model._default_manager.filter(pk__in=found.values("pk"))).order_by(*order)
        rows = list(found)
        half_of |= {row.pk: half for row in rows}
        objects += rows
        if len(objects) > size:
            break
    more = len(objects) > size
    objects = objects[:size]
    if backwards:
        objects.reverse()
    if not objects:
        return Page([], "", "")
    has_next, has_previous = (True, more) if backwards else (more, bool(after))
    return Page(
        objects,
        _encode(objects[-1], name, half_of[objects[-1].pk]) if has_next else "",
        _encode(objects[0], name, half_of[objects[0].pk]) if has_previous else "",
    )


Part = tuple[Q, Sequence[Any]]


def _in_halves(
    model: type[Model], name: str, start: tuple[Any, int, int] | None, down: bool, backwards: bool, halves: Sequence[Q]
) -> Iterator[tuple[int, Q, Sequence[Any]]]:  # fmt: skip
    """Yield the parts of each half from where ``start`` lies on, in the direction of reading."""
    numbers = list(range(len(halves)))
    if start is not None:
        numbers = numbers[start[2] :: -1] if backwards else numbers[start[2] :]
    for number in numbers:
        begin = start[:2] if start is not None and number == start[2] else None
        parts = _parts(model, name, begin, down, backwards)
        if begin is None and backwards:  # a half is entered at its end, where its empty values are
            parts = parts[::-1]
        for part, order in parts:
            yield number, halves[number] & part, order


def _parts(
    model: type[Model], name: str, start: tuple[Any, int] | None, down: bool, backwards: bool
) -> list[Part]:
    """Return the rows that come strictly after ``start`` in the direction of reading, in parts that follow one another.

    Each part is one range of an index over (field, key); a single query with OR would be read from the beginning.
    """
    key, step = ("-pk", "lt") if down else ("pk", "gt")
    if name == "pk":
        return [(Q(**{f"pk__{step}": start[1]}) if start else Q(), [key])]
    value = F(name).desc() if down else F(name).asc()
    nullable = _nullable(model, name)
    filled: Part = (Q(**{f"{name}__isnull": False}) if nullable else Q(), [value, key])
    empty: list[Part] = [(Q(**{f"{name}__isnull": True}), [key])] if nullable else []
    if start is None:
        return [filled, *empty]
    last, pk = start
    if last is None:
        ties: Part = (Q(**{f"{name}__isnull": True, f"pk__{step}": pk}), [key])
        return [ties, filled] if backwards else [ties]
    ties = (Q(**{name: last, f"pk__{step}": pk}), [key])
    beyond: Part = (Q(**{f"{name}__{step}": last}), [value, key])
    return [ties, beyond] if backwards else [ties, beyond, *empty]


def _nullable(model: type[Model], name: str) -> bool:
    meta: Any = model._meta
    for part in name.split("__"):
        field = meta.get_field(part)
        if field.null:
            return True
        meta = field.related_model._meta if field.related_model else None
    return False


def pager(query: QueryDict, page: Page) -> dict[str, str]:
    """Return the links to the first page and to those before and after (see core/_pager.html)."""
    paged = "after" in query or "before" in query
    return {
        "first_url": with_query(query, after=None, before=None) if paged else "",
        "prev_url": with_query(query, before=page.before, after=None) if page.before else "",
        "next_url": with_query(query, after=page.after, before=None) if page.after else "",
    }


def count_text(queryset: QuerySet[Any], known: int | None = None) -> str:
    """Return how many rows there are, exactly up to COUNT_LIMIT and “more than” beyond; ``known`` saves the question."""
    found = queryset.order_by().values("pk")[: COUNT_LIMIT + 1].count() if known is None else known
    if found > COUNT_LIMIT:
        return _("超过 %(count)s 条") % {"count": f"{COUNT_LIMIT:,}"}
    return _("共 %(count)s 条") % {"count": f"{found:,}"}


def day(value: date | datetime | None) -> str:
    """Return a date as 2026-05-01, local time for a moment; “—” when empty."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return value.strftime("%Y-%m-%d")


def moment(value: datetime | None) -> str:
    """Return a moment in local time to the minute."""
    return "—" if value is None else timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
