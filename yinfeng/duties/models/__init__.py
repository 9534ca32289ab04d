"""Duties with their six, who takes part in them, how far they came, extensions, reminders; the calendar they are counted by."""

from yinfeng.duties.models.bots import Bot
from yinfeng.duties.models.calendar import CalendarDay, CalendarYear
from yinfeng.duties.models.circulars import Circular, CircularQuerySet, CircularUnit
from yinfeng.duties.models.duties import (
    Duty,
    DutyPart,
    DutyQuerySet,
    Extension,
    ExtensionQuerySet,
    Report,
    led_by,
    own,
    taking_part,
)
from yinfeng.duties.models.reminders import Reminder, ReminderQuerySet, Serial
from yinfeng.duties.models.subscriptions import Subscription, WeeklyLetter

__all__ = [
    "Bot",
    "CalendarDay",
    "CalendarYear",
    "Circular",
    "CircularQuerySet",
    "CircularUnit",
    "Duty",
    "DutyPart",
    "DutyQuerySet",
    "Extension",
    "ExtensionQuerySet",
    "Reminder",
    "ReminderQuerySet",
    "Report",
    "Serial",
    "Subscription",
    "WeeklyLetter",
    "led_by",
    "own",
    "taking_part",
]
