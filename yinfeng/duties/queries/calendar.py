"""What stands in a person's calendar, and how he reads it elsewhere."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils import timezone

from yinfeng.core import desk
from yinfeng.core.actors import Actor
from yinfeng.duties.models import CalendarDay, CalendarYear, Subscription


def dated(by: Actor, first: date, last: date) -> list[tuple[desk.Dated, desk.DatedKind]]:
    """Return what every app has for the actor between two days, in the order in which it happens."""
    found = [(item, kind) for kind in desk.DATED for item in kind.find(by, first, last)]
    return sorted(found, key=lambda pair: (begins(pair[0]), pair[0].title))


def begins(item: desk.Dated) -> datetime:
    """Return the moment by which an item is sorted: what is due on a day comes before what has its hour."""
    if item.day is not None:
        return timezone.make_aware(datetime.combine(item.day, time.min))
    assert item.start is not None, f"{item.uid} has no date"
    return item.start


def day_of(item: desk.Dated) -> date:
    """Return the day in the city on which an item stands."""
    return timezone.localtime(begins(item)).date()


def subscription(by: Actor) -> Subscription | None:
    return Subscription.objects.permitted(by).first()


def days_of(year: int) -> list[CalendarDay]:
    """Return the days of a year of which more is said than their day of the week."""
    return list(CalendarDay.objects.filter(day__year=year))


def announced(year: int) -> CalendarYear | None:
    return CalendarYear.objects.filter(year=year).first()
