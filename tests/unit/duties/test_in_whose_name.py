"""In whose name one sets duties and issues papers, and what a holiday taken back does to last days."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories import grant
from tests.unit.duties.conftest import City
from yinfeng.core.errors import Forbidden
from yinfeng.duties import services
from yinfeng.duties.models import CalendarDay
from yinfeng.duties.queries import Period, setting_units, supervising_units
from yinfeng.duties.services import calendar


def test_who_may_for_the_whole_city_speaks_for_his_own_units_and_its_bodies(city: City) -> None:
    assert {unit.name for unit in setting_units(city.actor("erin"))} == {"市招商办"}
    assert {unit.name for unit in setting_units(city.actor("both"))} == {"市招商办", "市商务局"}
    assert {unit.name for unit in setting_units(city.actor("cora"))} == {"市商务局"}
    assert {unit.name for unit in supervising_units(city.actor("erin"))} == {"市招商办"}
    with pytest.raises(Forbidden, match="没有以这个单位的名义"):
        city.duty(by="erin", set_unit=city.units["finance"])
    period = Period(date(2026, 8, 1), date(2026, 8, 31))
    with pytest.raises(Forbidden, match="没有以这个单位的名义"):
        services.issue_circular(
            by=city.actor("erin"), unit=city.units["finance"], period=period, demand="办结"
        )
    city.duty(by="erin")


def test_a_holiday_entered_and_taken_back_moves_last_days_there_and_back(city: City) -> None:
    grant(city.users["erin"], city.units["root"], ["duties.calendar.change"])
    duty = city.duty(work_days=3)  # Monday the 14th: due on the 17th
    assert duty.due_date == date(2026, 9, 17)
    day = calendar.enter_day(
        by=city.actor("erin"), values={"day": date(2026, 9, 16), "is_workday": False, "name": "停工", "source": "通知"}, reason="台风",
    )  # fmt: skip
    duty.refresh_from_db()
    assert duty.due_date == date(2026, 9, 18)
    calendar.remove_day(
        by=city.actor("erin"), day=CalendarDay.objects.get(pk=day.pk), version=1, reason="误录"
    )
    duty.refresh_from_db()
    assert duty.due_date == date(2026, 9, 17)
