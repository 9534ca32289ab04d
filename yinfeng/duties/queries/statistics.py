"""How duties stand by unit and by leader over a period: set, done on time or late, open; every figure names the rows it counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, IntegerField, Q, QuerySet, Sum, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core.clock import months_after
from yinfeng.core.errors import Sentence
from yinfeng.duties import terms
from yinfeng.duties.models import Duty
from yinfeng.duties.queries.duties import WAS_LATE, standing_q
from yinfeng.orgs.models import Person, Unit

DAY = timedelta(days=1)
TREND_MONTHS = 12
WORST = 3  # as many as are read out in a meeting
MONTH, LAST_MONTH, QUARTER, YEAR = "month", "last_month", "quarter", "year"

# What people ask for by name; the last is what is shown unasked.
PERIODS: dict[str, Sentence] = {
    MONTH: gettext_lazy("本月"),
    LAST_MONTH: gettext_lazy("上月"),
    QUARTER: gettext_lazy("本季度"),
    YEAR: gettext_lazy("今年"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """From a day through a day; ``code`` names one of the usual ones, empty for days that somebody chose."""

    start: date
    end: date
    code: str = ""

    def through(self, day: date) -> Period:
        """Return what of the period has been by the end of a day, at least that day."""
        return self if self.end <= day else Period(min(self.start, day), day)

    @property
    def text(self) -> str:
        return _("%(start)s 至 %(end)s") % {"start": self.start, "end": self.end}


def period_of(code: str, today: date) -> Period:
    """Return this month, the last one, this quarter or (for anything else) this year, whole."""
    first = today.replace(day=1)
    if code == MONTH:
        return Period(first, months_after(first, 1) - DAY, MONTH)
    if code == LAST_MONTH:
        return Period(months_after(first, -1), first - DAY, LAST_MONTH)
    if code == QUARTER:
        start = first.replace(month=(today.month - 1) // 3 * 3 + 1)
        return Period(start, months_after(start, 3) - DAY, QUARTER)
    return Period(date(today.year, 1, 1), date(today.year, 12, 31), YEAR)


# --- figures ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """How many duties with a last day: set in the period, and of these cancelled, extended, returned, reopened, refused;
    closed in the period on time and late, ``days`` late in all; open today and of these overdue. ``standing``: open without a last day.
    """

    set: int = 0
    cancelled: int = 0
    extended: int = 0
    returned: int = 0
    reopened: int = 0
    refused: int = 0
    on_time: int = 0
    late: int = 0
    days: int = 0
    open: int = 0
    overdue: int = 0
    standing: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def is_timed(self) -> bool:
        """Whether anything is counted but duties that merely stand."""
        return replace(self, standing=0) != Figures()

    @property
    def closed(self) -> int:
        return self.on_time + self.late

    @property
    def rate(self) -> float | None:
        """The share of what was closed that was on time; None where nothing was closed."""
        return self.on_time / self.closed if self.closed else None

    @property
    def average_days(self) -> float | None:
        """How many days late what was closed late was on average; None where nothing was."""
        return self.days / self.late if self.late else None


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of a unit or a leader; ``who`` is None for duties that no leader leads."""

    who: Unit | Person | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Month:
    """What was set in a month and what was closed in it."""

    start: date
    set: int = 0
    on_time: int = 0
    late: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.set or self.on_time or self.late)

    @property
    def period(self) -> Period:
        return Period(self.start, months_after(self.start, 1) - DAY)


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a period: all, by the unit that leads and by the leader, in the order of units and of names."""

    period: Period
    whole: Figures = field(default_factory=Figures)
    units: Sequence[Line] = ()
    leaders: Sequence[Line] = ()


HAS_LAST_DAY = Q(due_date__isnull=False)


def _set_in(period: Period) -> Q:
    return Q(set_date__gte=period.start, set_date__lte=period.end) & HAS_LAST_DAY


def _closed_in(period: Period) -> Q:
    return Q(state=terms.CLOSED, closed_date__gte=period.start, closed_date__lte=period.end) & HAS_LAST_DAY


def figure_qs(period: Period, today: date) -> dict[str, Q]:
    """Return what each figure counts; ``filters.asked_for`` says the same to the list, and a test compares them."""
    within_period, closed = _set_in(period), _closed_in(period)
    return {
        "set": within_period,
        "cancelled": within_period & Q(state=terms.CANCELLED),
        "extended": within_period & Q(extensions__gt=0),
        "returned": within_period & Q(returns__gt=0),
        "reopened": within_period & Q(reopenings__gt=0),
        "refused": within_period & Q(refusals__gt=0),
        "on_time": closed & Q(submitted_date__lte=F("due_date")),
        "late": closed & WAS_LATE,
        "open": Q(state__in=terms.OPEN) & HAS_LAST_DAY,
        "overdue": standing_q(terms.OVERDUE, today),
        "standing": standing_q(terms.STANDING, today),
    }


def statistics(duties: QuerySet[Duty], period: Period, today: date) -> Statistics:
    """Return the figures of some duties for a period, in three queries: one pass over the duties, units, leaders.

    A part of another duty counts as one of its own, for the unit that leads it.
    """
    by_unit: defaultdict[int, Figures] = defaultdict(Figures)
    by_leader: defaultdict[int | None, Figures] = defaultdict(Figures)
    for unit, leader, figures in _counted(duties, period, today):
        by_unit[unit] += figures
        by_leader[leader] += figures
    units = Unit.objects.filter(pk__in=by_unit).order_by("order", "code")
    people = Person.objects.filter(pk__in=[pk for pk in by_leader if pk]).order_by("name", "pk")
    leaders = [Line(person, by_leader[person.pk]) for person in people]
    if leaders and None in by_leader:
        leaders.append(Line(None, by_leader[None]))
    return Statistics(
        period, sum(by_unit.values(), Figures()), [Line(unit, by_unit[unit.pk]) for unit in units], leaders
    )


def worst(lines: Sequence[Line]) -> list[Line]:
    """Return the three that need pressing most: with most overdue today, then with most closed late, then with most days late."""
    behind = [line for line in lines if line.figures.overdue or line.figures.late]
    return sorted(behind, key=lambda line: (-line.figures.overdue, -line.figures.late, -line.figures.days))[
        :WORST
    ]


def _counted(
    duties: QuerySet[Duty], period: Period, today: date
) -> Iterator[tuple[int, int | None, Figures]]:
    """Yield the figures of each unit under each leader."""
    counted = figure_qs(period, today)
    asked = _set_in(period) | _closed_in(period) | Q(state__in=terms.OPEN)
    late_by = ExpressionWrapper(F("submitted_date") - F("due_date"), DurationField())
    rows: Iterable[Mapping[str, Any]] = (
        duties.filter(asked)
        .order_by()
        .values("lead_unit", "leader")
        .annotate(
            **{f"n_{name}": Count("pk", filter=q) for name, q in counted.items()},
            late_by=Sum(late_by, filter=counted["late"]),
        )
    )
    for row in rows:
        figures = Figures(
            days=row["late_by"].days if row["late_by"] else 0, **{name: row[f"n_{name}"] for name in counted}
        )
        if (
            figures != Figures()
        ):  # of these the period and today know nothing: returned ones without a last day
            yield row["lead_unit"], row["leader"], figures


def trend(duties: QuerySet[Duty], until: date) -> list[Month]:
    """Return what was set and closed in each of the twelve months that end with that of a day, in one query.

    Days are counted by the database and added up to months here: an index over days answers it.
    """
    last = until.replace(day=1)
    months = [months_after(last, back - TREND_MONTHS + 1) for back in range(TREND_MONTHS)]
    shown, nothing = Period(months[0], months_after(last, 1) - DAY), Value(0, IntegerField())
    given, closed = (duties.filter(asked).order_by() for asked in (_set_in(shown), _closed_in(shown)))
    sets = given.values_list("set_date").annotate(given=Count("pk"), on_time=nothing, late=nothing)
    closings = closed.values_list("closed_date").annotate(
        given=nothing, on_time=Count("pk", filter=~WAS_LATE), late=Count("pk", filter=WAS_LATE)
    )
    found = {month: [0, 0, 0] for month in months}
    for day, *counts in sets.union(closings, all=True):
        sums = found[day.replace(day=1)]
        for place, count in enumerate(counts):
            sums[place] += count
    return [Month(month, *sums) for month, sums in found.items()]
