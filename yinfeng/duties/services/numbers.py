"""Numbers of documents: each series of a year counts by one, without a gap and without a double (ADR 26)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from yinfeng.core import services as core
from yinfeng.duties.models import Serial


def next_number(*, series: str, year: int) -> int:
    """Draw the next number of a series in a year; the row stays locked until the caller's transaction ends.

    What is rolled back gives its number back, so that none is missing among the documents there are.
    """
    assert transaction.get_connection().in_atomic_block, "a number is drawn in the transaction that uses it"
    core.get_or_add(Serial(series=series, year=year), unique={"series": series, "year": year})
    Serial.objects.filter(series=series, year=year).update(last=F("last") + 1)
    return Serial.objects.get(series=series, year=year).last
