"""The weekly letter: what is late, due, to be reviewed and new, to each person once per ISO week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from yinfeng.core import desk, outbox
from yinfeng.core import queries as core_queries
from yinfeng.core import services as core
from yinfeng.core.actors import actor_of
from yinfeng.core.models import User
from yinfeng.core.tables import day
from yinfeng.duties import workdays
from yinfeng.duties.ical import hidden
from yinfeng.duties.models import Subscription, WeeklyLetter

LIMIT = 200  # people of one beat
LINES = 20  # of a part


def week_of(day: date) -> tuple[str, date, date]:
    """Return the ISO week of a day (2026-W53) with its Monday and its Sunday."""
    year, week, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    return f"{year}-W{week:02}", monday, monday + timedelta(days=6)


def is_time(now: datetime) -> bool:
    """Say whether this week's letter is due: from the weekday and hour on that the profile says (rule ``digest``, ``weekly``).

    On a holiday it waits for the next working day; a week without one has no letter.
    """
    local = timezone.localtime(now)
    rule = core_queries.rules("digest", local.date()).get("weekly")
    if rule is None:
        return False
    _week, monday, sunday = week_of(local.date())
    begins = workdays.last_day(monday + timedelta(days=int(rule["weekday"]) - 1))
    return begins <= sunday and (local.date(), local.hour) >= (begins, int(rule["hour"]))


def write_weekly(now: datetime) -> int:
    """Write the letters of this week that are not written yet; return their number.

    A person's mark and his letter are one transaction: a clock that dies loses neither, of two clocks one writes.
    """
    if not is_time(now):
        return 0
    week, first, last = week_of(timezone.localtime(now).date())
    return sum(_write(owner, week, first, last) for owner in _readers(week)[:LIMIT])


def _readers(week: str) -> QuerySet[User]:
    written = WeeklyLetter.objects.filter(owner=OuterRef("pk"), week=week)
    declined = Subscription.objects.filter(owner=OuterRef("pk"), wants_letter=False)
    people = User.objects.filter(~Exists(written), ~Exists(declined), is_active=True)
    return people.exclude(email="").order_by("pk")


@transaction.atomic
def _write(owner: User, week: str, first: date, last: date) -> bool:
    with override(owner.language or settings.LANGUAGE_CODE):
        by = actor_of(owner)
        lines = [line for find in desk.DIGEST for line in find(by, first, last)]
        mark = WeeklyLetter(owner=owner, week=week, is_empty=not lines)
        if not core.get_or_add(mark, unique={"owner": owner, "week": week})[1] or not lines:
            return False
        return outbox.put(
            channel="email", address=owner.email, owner=owner, key=f"digest:{owner.pk}:{week}",
            subject=_("引凤周报：%(week)s") % {"week": _span(first, last)}, text=compose(lines, first, last),
        )  # fmt: skip


def _span(first: date, last: date) -> str:
    return _("%(first)s 至 %(last)s") % {"first": day(first), "last": day(last)}


def compose(lines: Sequence[desk.Told], first: date, last: date) -> str:
    """Return the letter's text in the reader's language, its parts in the order of their urgency."""
    parts = {
        desk.OVERDUE: _("已逾期"),
        desk.DUE: _("本周到期"),
        desk.TO_REVIEW: _("等您审核"),
        desk.NEW: _("新交办"),
    }
    text = [_span(first, last)]
    for part, title in parts.items():
        found = [line for line in lines if line.part == part]
        if not found:
            continue
        text += ["", f"{title} {len(found)}"]
        found.sort(key=lambda line: (line.day or last, line.title))
        text += [_line(line) for line in found[:LINES]]
        if (more := len(found) - LINES) > 0:
            text.append(ngettext("另有 %(count)s 项", "另有 %(count)s 项", more) % {"count": more})
    links = {_("打开日历"): "/calendar/", _("不想再收周报"): "/calendar/letter/"}
    return "\n".join([*text, "", *(f"{label} {settings.BASE_URL}{path}" for label, path in links.items())])


def _line(line: desk.Told) -> str:
    words = [hidden(line.number)] if line.is_sensitive else [" ".join(line.title.split()), line.note]
    told = [*words, day(line.day) if line.day else ""]
    return f"· {' · '.join(word for word in told if word)}\n  {settings.BASE_URL}{line.url}"
