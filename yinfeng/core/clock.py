"""The moment it is, for defaults of fields: looked up at each call, so that the demonstration can date its story."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    return timezone.now()


def today() -> date:
    return timezone.localdate()
