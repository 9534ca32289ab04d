"""The weekly letter: to each person once per ISO week, with nothing when there is nothing to say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse

from tests.factories import make_unit, make_user, signed_in
from tests.factories.races import at_once
from yinfeng.core import desk, keeping, outbox
from yinfeng.core.actors import Actor
from yinfeng.core.models import Delivery, Rule, User
from yinfeng.duties.models import CalendarDay, WeeklyLetter
from yinfeng.duties.services import write_weekly
from yinfeng.duties.services.letters import is_time, week_of


def beijing(year: int, month: int, day: int, hour: int) -> datetime:
    return datetime(year, month, day, hour, 5, tzinfo=UTC) - timedelta(hours=8)


MONDAY = beijing(2026, 12, 28, 7)  # of the week 53, which ends in 2027


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> User:
    """Somebody for whom there is something to say; others have nothing, or no address."""
    reader = make_user("甲", make_unit("city", "city"), email="jia@example.cn", language="zh-hans")
    make_user("乙", email="yi@example.cn")
    make_user("丙")

    def find(by: Actor, first: date, last: date) -> list[desk.Told]:
        if by.user_id != reader.pk:
            return []
        new = [desk.Told(desk.NEW, f"第{number:02}件", "/duties/1/") for number in range(25)]
        return [
            *new,
            desk.Told(desk.DUE, "下周的材料\nBcc: x", "/duties/2/", last, "集美区"),
            desk.Told(desk.OVERDUE, "逾期的事", "/duties/3/", first - timedelta(days=1)),
        ]

    monkeypatch.setattr(desk, "DIGEST", [find])
    Rule.objects.create(
        kind="digest", key="weekly", data={"weekday": 1, "hour": 7}, valid_from=date(2019, 1, 1)
    )
    return reader


@pytest.mark.django_db
def test_once_per_week_also_where_a_year_ends(reader: User) -> None:
    assert week_of(date(2027, 1, 3)) == ("2026-W53", date(2026, 12, 28), date(2027, 1, 3))
    assert week_of(date(2025, 12, 29))[0] == "2026-W01"
    assert write_weekly(beijing(2026, 12, 28, 6)) == 0, "too early"
    assert write_weekly(MONDAY) == 1
    for moment in (MONDAY, beijing(2026, 12, 31, 23), beijing(2027, 1, 1, 9), beijing(2027, 1, 3, 23)):
        assert write_weekly(moment) == 0
    assert sorted(WeeklyLetter.objects.values_list("week", "is_empty")) == [
        ("2026-W53", False), ("2026-W53", True),
    ]  # fmt: skip
    assert write_weekly(beijing(2027, 1, 4, 8)) == 1
    assert outbox.send_due(beijing(2027, 1, 4, 9)) == 2
    letter = mail.outbox[0]
    assert letter.to == ["jia@example.cn"]
    assert letter.subject == "引凤周报：2026-12-28 至 2027-01-03"
    parts = [line for line in letter.body.splitlines() if line and not line.startswith(("·", " "))]
    assert parts[1:4] == ["已逾期 1", "本周到期 1", "新交办 25"]
    assert parts[4] == "另有 5 项"
    assert "· 下周的材料 Bcc: x · 集美区 · 2027-01-03\n  http" in letter.body


@pytest.mark.django_db
def test_the_hour_is_the_city_s_and_a_holiday_waits(reader: User) -> None:
    assert not is_time(datetime(2026, 11, 29, 22, 59, tzinfo=UTC))  # Monday, 06:59 in the city
    assert is_time(datetime(2026, 11, 29, 23, 0, tzinfo=UTC))
    for day in range(5, 8):
        CalendarDay.objects.create(day=date(2026, 10, day), name="国庆节", source="测试")
    keeping.forget()
    assert not is_time(beijing(2026, 10, 5, 12))
    assert is_time(beijing(2026, 10, 8, 7))
    for day in (8, 9):
        CalendarDay.objects.create(day=date(2026, 10, day), name="假", source="测试")
    keeping.forget()
    assert not is_time(beijing(2026, 10, 9, 12)), "a week without a working day"
    Rule.objects.all().delete()
    keeping.forget()
    assert not is_time(MONDAY)


@pytest.mark.django_db
def test_who_wants_none_gets_none(reader: User) -> None:
    client = signed_in(reader)
    assert "周报邮件" in client.get(reverse("notices")).content.decode()
    assert client.post(reverse("weekly-letter"), {}).status_code == 302
    assert "不收周报" in client.get(reverse("calendar")).content.decode()
    assert write_weekly(MONDAY) == 0
    assert not Delivery.objects.exists()
    assert client.post(reverse("weekly-letter"), {"wants": "on"}).status_code == 302
    User.objects.filter(pk=reader.pk).update(language="en")
    assert write_weekly(MONDAY) == 1
    assert "Overdue 1" in Delivery.objects.get().text


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_clocks_write_one_letter(reader: User) -> None:
    assert sum(at_once([lambda: write_weekly(MONDAY)] * 3)) == 1
    assert Delivery.objects.count() == 1


@pytest.mark.django_db
def test_a_clock_that_dies_leaves_neither_mark_nor_letter(
    reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(**told: object) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "put", die)
        with pytest.raises(Killed):
            write_weekly(MONDAY)
    assert not WeeklyLetter.objects.filter(owner=reader).exists()
    assert write_weekly(MONDAY) == 1
