"""Counting in working days, with China's holidays and the days worked instead of them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_actor, make_unit
from yinfeng.core import profile
from yinfeng.core.actors import system
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Missing
from yinfeng.core.models import Event
from yinfeng.duties import holidays, workdays
from yinfeng.duties.models import CalendarDay, CalendarYear
from yinfeng.duties.services import calendar
from yinfeng.duties.workdays import Workdays

DAY = timedelta(days=1)
CHINA = Workdays(
    {day: said.is_workday for day, said in holidays.announced().items()},
    frozenset(day.year for day in holidays.announced()),
)


def days(first: date, last: date) -> list[date]:
    return [first + DAY * number for number in range((last - first).days + 1)]


def of_known_years(found: Workdays) -> Workdays:
    """Return what was announced, without what the law alone says of years to come."""
    return replace(found, said={day: works for day, works in found.said.items() if day.year in found.years})


def test_holidays_and_the_days_worked_instead_of_them() -> None:
    """国务院办公厅关于2025年、2026年部分节假日安排的通知."""
    off = [
        *days(date(2025, 1, 28), date(2025, 2, 4)),  # Spring Festival
        *days(date(2025, 5, 1), date(2025, 5, 5)),
        *days(date(2025, 10, 1), date(2025, 10, 8)),  # National Day and Mid-autumn
        *days(date(2026, 2, 15), date(2026, 2, 23)),
        *days(date(2026, 9, 25), date(2026, 9, 27)),
        *days(date(2026, 10, 1), date(2026, 10, 7)),
        date(2025, 10, 12), date(2026, 10, 11), date(2015, 9, 3),
    ]  # fmt: skip
    worked = [
        date(2025, 1, 26), date(2025, 2, 8), date(2025, 4, 27), date(2025, 9, 28), date(2025, 10, 11),
        date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10),
        date(2025, 10, 9), date(2025, 9, 30), date(2026, 10, 8),
    ]  # fmt: skip
    assert [day for day in off if CHINA.is_workday(day)] == []
    assert [day for day in worked if not CHINA.is_workday(day)] == []


def test_counting_over_a_long_holiday() -> None:
    # the day on which a term begins does not count; 28 September and 11 October 2025 were worked
    assert CHINA.add(date(2025, 9, 26), 1) == date(2025, 9, 28)
    assert CHINA.add(date(2025, 9, 26), 4) == date(2025, 10, 9)
    assert CHINA.add(date(2025, 9, 30), 3) == date(2025, 10, 11)
    assert CHINA.add(date(2025, 9, 30), 10) == date(2025, 10, 21)
    assert CHINA.add(date(2025, 10, 5), 1) == date(2025, 10, 9)
    assert CHINA.add(date(2025, 10, 9), -1) == date(2025, 9, 30)
    assert CHINA.add(date(2025, 10, 4), 0) == date(2025, 10, 4)
    assert CHINA.count(date(2025, 9, 30), date(2025, 10, 8)) == 0
    assert CHINA.count(date(2025, 9, 30), date(2025, 10, 13)) == 4
    assert CHINA.count(date(2025, 10, 13), date(2025, 9, 30)) == -4


def test_a_term_that_ends_on_a_holiday_ends_on_the_next_working_day() -> None:
    """民法典第二百零三条第一款."""
    assert CHINA.last_day(date(2025, 10, 1)) == date(2025, 10, 9)
    assert CHINA.last_day(date(2025, 10, 8)) == date(2025, 10, 9)
    assert CHINA.last_day(date(2025, 10, 11)) == date(2025, 10, 11)  # a Saturday on which one works
    assert CHINA.last_day(date(2025, 10, 12)) == date(2025, 10, 13)
    assert CHINA.last_day(date(2026, 12, 31)) == date(2026, 12, 31)


def test_beyond_what_was_announced_only_the_week_counts() -> None:
    known = CHINA.known_until()
    assert known is not None
    assert known >= date(2026, 12, 31)
    assert not CHINA.is_known(date(2199, 1, 1))
    assert CHINA.is_workday(date(2199, 10, 1))  # a Tuesday
    assert Workdays().known_until() is None
    assert workdays.unannounced(frozenset()) == {}
    assert Workdays({}, frozenset({2024, 2025, 2027})).known_until() == date(2025, 12, 31)


@pytest.mark.django_db
def test_of_a_year_not_announced_the_fixed_holidays_are_off() -> None:
    """全国年节及纪念日放假办法第二条: the first of January, the first two of May, the first three of October."""
    CalendarYear.objects.create(year=2026)
    CalendarDay.objects.create(day=date(2027, 10, 3), is_workday=True, name="调休上班")
    found = workdays.exact()
    assert found.last_day(date(2027, 1, 1)) == date(2027, 1, 4)  # a Friday
    assert found.add(date(2028, 4, 28), 1) == date(2028, 5, 3)  # a Friday, and the Monday and Tuesday off
    assert not found.is_workday(date(2036, 10, 1))
    assert found.is_workday(date(2037, 10, 1)), "ten years ahead"
    assert found.is_workday(date(2027, 10, 3)), "what somebody entered holds"
    assert found.name(date(2027, 10, 1)) == "国庆节"
    assert not found.is_known(date(2027, 1, 1))


@given(st.dates(date(2003, 1, 1), date(2030, 12, 31)), st.integers(-700, 700))
def test_adding_is_what_counting_undoes(start: date, number: int) -> None:
    end = CHINA.add(start, number)
    assert CHINA.count(start, end) == number
    assert number == 0 or CHINA.is_workday(end)
    if CHINA.is_workday(start):
        assert CHINA.add(end, -number) == start


@given(st.dates(date(2003, 1, 1), date(2030, 12, 31)), st.integers(0, 400))
def test_counting_is_looking_at_each_day(start: date, length: int) -> None:
    end = start + DAY * length
    assert CHINA.count(start, end) == sum(CHINA.is_workday(day) for day in days(start + DAY, end))
    assert CHINA.count(end, start) == -sum(CHINA.is_workday(day) for day in days(start, end - DAY))


@pytest.mark.django_db
def test_the_profile_brings_the_holidays_and_keeps_what_was_edited(
    django_assert_num_queries: "object",
) -> None:
    by = system("profile")
    assert workdays.known_until() is None
    profile.load("xiamen", by=by)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert of_known_years(workdays.exact()) == CHINA
    changed = CalendarDay.objects.get(day=date(2026, 1, 4))
    calendar.change_day(by=by, day=changed, version=1, values={"is_workday": False}, reason="本市当天放假")
    removed = CalendarDay.objects.get(day=date(2026, 2, 14))
    calendar.remove_day(by=by, day=removed, version=1, reason="测试")
    profile.load("xiamen", by=by)
    now = workdays.exact()
    assert not now.is_workday(date(2026, 1, 4))
    assert not now.is_workday(date(2026, 2, 14))
    # a later release of the announcements corrects days, but not those that were changed here
    said = {
        date(2026, 1, 4): holidays.Said(True, "元旦调休上班", ""),
        date(2027, 1, 1): holidays.Said(False, "元旦", "New Year's Day"),
    }
    calendar.take_over(by=by, said=said, unsaid=[date(2026, 2, 28)])
    now = workdays.exact()
    assert not now.is_workday(date(2026, 1, 4))
    assert not now.is_workday(date(2026, 2, 28))
    assert now.known_until() == date(2027, 12, 31)
    verbs = set(Event.objects.filter(verb__startswith="duties.calendar").values_list("verb", flat=True))
    assert verbs <= set(calendar.CHANGES)
    assert Event.objects.filter(verb="duties.calendarday.changed").get().note == "本市当天放假"


@pytest.mark.django_db
def test_keeping_the_calendar() -> None:
    by = system("test")
    district = make_unit("home", parent=make_unit("city", "city"))
    nobody = make_actor("某人", district, ["duties.calendar.change"])  # in his district alone
    entry = {"day": date(2027, 1, 1), "is_workday": False, "name": "元旦", "source": "国办发明电〔2026〕1号"}
    with pytest.raises(Forbidden):
        calendar.enter_day(by=nobody, values=entry, reason="公布")
    with pytest.raises(Invalid, match="原因"):
        calendar.enter_day(by=by, values=entry, reason="  ")
    with pytest.raises(Invalid, match="2027 年还没有录入"):
        calendar.announce_year(by=by, year=2027, source="通知")
    with pytest.raises(Forbidden):
        calendar.announce_year(by=nobody, year=2027, source="通知")
    day = calendar.enter_day(by=by, values=entry, reason="公布")
    with pytest.raises(Invalid):
        calendar.enter_day(by=by, values=entry, reason="公布")
    assert workdays.exact().years == frozenset()
    calendar.announce_year(by=by, year=2027, source="国办发明电〔2026〕1号")
    assert of_known_years(workdays.exact()) == Workdays({date(2027, 1, 1): False}, frozenset({2027}))
    calendar.change_day(by=by, day=day, version=1, values={"name": "元旦（一）"}, reason="名称")
    with pytest.raises(Conflict):
        calendar.remove_day(by=by, day=day, version=1, reason="误录")
    calendar.remove_day(by=by, day=day, version=2, reason="误录")
    with pytest.raises(Missing):
        calendar.remove_day(
            by=by, day=CalendarDay(pk=day.pk or 1, day=entry["day"], name="元旦"), version=2, reason="误录"
        )
    assert not CalendarDay.objects.exists()
    assert CalendarYear.objects.count() == 1
