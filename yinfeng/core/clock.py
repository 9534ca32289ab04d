"""The moment it is, for defaults of fields: looked up at each call, so that the demonstration can date its story."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    return timezone.now()


def today() -> date:
    return timezone.localdate()


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later (earlier, if negative), or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
