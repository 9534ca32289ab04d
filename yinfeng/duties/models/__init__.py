"""Duties and the calendar their days are counted by."""

from __future__ import annotations

from yinfeng.duties.models.calendar import CalendarDay as CalendarDay
from yinfeng.duties.models.calendar import CalendarYear as CalendarYear
