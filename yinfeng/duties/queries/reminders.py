"""Which level of reminder is due by rule, and for which duties it was not issued yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from yinfeng.core import queries as core
from yinfeng.core.actors import Actor
from yinfeng.duties import terms, workdays
from yinfeng.duties.models import Duty, Reminder
from yinfeng.duties.queries.story import Issued


def levels(today: date) -> list[tuple[str, dict[str, Any]]]:
    """Return the levels that the profile has, mildest first, each with its rule."""
    rules = core.rules("duty_reminder", today)
    return [(level, rules[level]) for level in terms.LEVELS if level in rules]


def work_days_of(level: str, today: date) -> int | None:
    """Return how many working days after the last day a level is due (negative: before it); None where there is no rule."""
    days = core.rules("duty_reminder", today).get(level, {}).get("work_days")
    return None if days is None else int(days)


def is_due_q(level: str, today: date) -> Q:
    """Return the Q of duties whose last day makes a level due today and of which it was not issued for that day."""
    days = work_days_of(level, today)
    if days is None:
        return Q(pk__in=[])
    if days <= 0:  # before it: until it has come, and not afterwards
        due = Q(due_date__gte=today, due_date__lte=workdays.add(today, -days))
    else:
        # the days-th working day back from today, today included: as ``days_late`` counts, on days off too
        due = Q(due_date__lt=workdays.add(today + timedelta(days=1), -days))
    issued = Reminder.objects.filter(duty=OuterRef("pk"), level=level, for_date=OuterRef("due_date"))
    return Q(state__in=terms.OWED) & due & ~Q(Exists(issued))


def to_remind(level: str, today: date) -> QuerySet[Any, Any]:
    """Return the keys of the duties of which a level is due, the longest late first."""
    return Duty.objects.filter(is_due_q(level, today)).order_by("due_date", "pk").values_list("pk", flat=True)


def to_escalate(by: Actor, level: str, today: date) -> QuerySet[Any]:
    """Return the duties of which a level that people issue is due, for who supervises them."""
    return Duty.objects.permitted(by, "supervise").filter(is_due_q(level, today))


def suggested(duty: Duty, issued: Iterable[Reminder | Issued], today: date) -> str:
    """Return the gravest level that the rule makes due today and that was not issued yet; empty for none."""
    if duty.state not in terms.OWED or duty.due_date is None or today <= duty.due_date:
        return ""
    late = workdays.count(duty.due_date, today)
    known = {row.level for row in issued if row.for_date == duty.due_date}
    due = [
        level
        for level, rule in levels(today)
        if 0 < int(rule.get("work_days", 0)) <= late and level not in known
    ]
    return due[-1] if due else ""
