"""By what meetings, topics and inspections are found: by their own words, never by those of a project that not everybody sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yinfeng.core import events, search
from yinfeng.meetings.models import Inspection, Meeting, Topic


def topic_entries(ids: Sequence[int]) -> Iterator[search.Entry]:
    """Yield by what topics are found: title, what is asked, who brings it."""
    for row in Topic.objects.filter(pk__in=ids).select_related("unit"):
        yield search.Entry(events.type_of(row), row.pk, row.title, [row.ask, row.unit.name, row.unit.brief])


def meeting_entries(ids: Sequence[int]) -> Iterator[search.Entry]:
    """Yield by what meetings are found: name, body, place."""
    for row in Meeting.objects.filter(pk__in=ids).select_related("body"):
        texts = [row.body.name, row.place]
        yield search.Entry(events.type_of(row), row.pk, row.title, [text for text in texts if text])


def inspection_entries(ids: Sequence[int]) -> Iterator[search.Entry]:
    """Yield by what inspections are found: name, number, the unit that inspects."""
    for row in Inspection.objects.filter(pk__in=ids).select_related("unit"):
        yield search.Entry(events.type_of(row), row.pk, row.title, [row.number, row.unit.name])
