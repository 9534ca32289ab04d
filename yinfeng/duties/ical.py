"""A person's calendar as other programs read it: iCalendar, RFC 5545."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from yinfeng.core.desk import Dated

OCTETS = 75  # of a line, without its end: RFC 5545 3.1
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def hidden(number: str) -> str:
    """Return what is said outside the product of something sensitive: that it is there, and by which number."""
    if not number:
        return _("敏感事项，请登录查看")
    return _("一项敏感事项（%(number)s），请登录查看") % {"number": number}


def escaped(value: str | Promise) -> str:
    """Return a text as the value of a property: RFC 5545 3.3.11."""
    text = str(value)
    for char, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\n"), ("\n", "\\n")):
        text = text.replace(char, written)
    return _UNPRINTABLE.sub("", text)


def folded(line: str) -> str:
    """Return a content line in pieces of at most 75 octets, none of which ends within a character."""
    pieces, room, piece = [], OCTETS, ""
    for char in line:
        size = len(char.encode())
        if size > room:
            pieces.append(piece)
            piece, room = "", OCTETS - 1  # the blank that continues a line counts
        piece += char
        room -= size
    return "\r\n ".join([*pieces, piece]) + "\r\n"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")


def _when(item: Dated) -> Iterator[str]:
    if item.day is not None:
        yield f"DTSTART;VALUE=DATE:{_day(item.day)}"
        yield f"DTEND;VALUE=DATE:{_day(item.day + timedelta(days=1))}"
        yield "TRANSP:TRANSPARENT"  # something due takes no time of the day
    elif item.start is not None:
        yield f"DTSTART:{_moment(item.start)}"
        if item.end is not None:
            yield f"DTEND:{_moment(item.end)}"


def _event(item: Dated, kind: str, site: str, host: str, now: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{item.uid}@{host}"
    # without a METHOD the stamp is when the entry was last revised (RFC 5545 3.8.7.2)
    yield f"DTSTAMP:{_moment(item.modified_at or now)}"
    if item.modified_at is not None:
        yield f"LAST-MODIFIED:{_moment(item.modified_at)}"
    yield f"SEQUENCE:{item.sequence}"
    yield from _when(item)
    yield f"SUMMARY:{escaped(hidden(item.number) if item.is_sensitive else item.title)}"
    if item.note and not item.is_sensitive:
        yield f"DESCRIPTION:{escaped(item.note)}"
    yield f"URL:{site}{item.url}"
    yield f"CATEGORIES:{escaped(kind)}"
    yield "END:VEVENT"


def written(items: Iterable[tuple[Dated, str]], *, name: str, site: str, host: str, now: datetime) -> str:
    """Return the calendar ``name`` with its items and the label of each one's kind; ``site`` begins the links."""
    head = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Yinfeng//Calendar//ZH",
        "CALSCALE:GREGORIAN",
        f"NAME:{escaped(name)}",
        f"X-WR-CALNAME:{escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    events = (line for item, kind in items for line in _event(item, kind, site, host, now))
    return "".join(folded(line) for line in (*head, *events, "END:VCALENDAR"))
