"""What of the duties stands in a person's calendar and in his weekly letter."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext_lazy as _

from yinfeng.core import desk
from yinfeng.core.actors import Actor
from yinfeng.duties import queries, terms
from yinfeng.duties.models import Duty

LIMIT = 500


def register() -> None:
    """Put them in their places; called once, when the app is ready."""
    desk.dated("duty", _("督办事项"), "clipboard-check", last_days)
    desk.digest(of_the_week)


def last_days(by: Actor, first: date, last: date) -> list[desk.Dated]:
    """Return the duties due between two days that the actor or his units work on."""
    return [
        desk.Dated(
            uid=f"duty-{duty.pk}", title=duty.item, url=duty.get_absolute_url(), day=duty.due_date, note=duty.number,
            sequence=duty.version, modified_at=duty.updated_at, is_sensitive=duty.secrecy == terms.SENSITIVE, number=duty.number,
        )
        for duty in queries.owed_with_last_day(by, first=first, last=last)[:LIMIT]
    ]  # fmt: skip


def of_the_week(by: Actor, first: date, last: date) -> list[desk.Told]:
    """Return what is late or due, what waits for the actor's review, and what came to his units since the week before."""
    late_or_due = [
        _told(desk.OVERDUE if duty.due_date and duty.due_date < first else desk.DUE, duty, duty.due_date)
        for duty in queries.owed_with_last_day(by, last=last)[:LIMIT]
    ]
    to_review, new = queries.to_review_and_new(by, first)
    return [
        *late_or_due,
        *(_told(desk.TO_REVIEW, duty, duty.submitted_date) for duty in to_review[:LIMIT]),
        *(_told(desk.NEW, duty, duty.due_date) for duty in new[:LIMIT]),
    ]


def _told(part: str, duty: Duty, day: date | None) -> desk.Told:
    return desk.Told(
        part,
        duty.item,
        duty.get_absolute_url(),
        day,
        duty.number,
        duty.secrecy == terms.SENSITIVE,
        duty.number,
    )
