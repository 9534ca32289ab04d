"""Duties in calendars and weekly letters: whose they are, what is told of them, and what stays in the product."""

from __future__ import annotations

from datetime import date, timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import grant, signed_in
from tests.unit.duties.conftest import City, moment
from yinfeng.core import desk, mailing
from yinfeng.core.models import Delivery, Rule, User
from yinfeng.duties import dated, services, terms

WEEK = (date(2026, 9, 21), date(2026, 9, 27))


def test_duties_stand_on_their_last_day_for_those_who_work_on_them(city: City) -> None:
    duty = city.duty(terms.WORKING)  # due on Tuesday the 22nd
    city.duty(terms.CLOSED)
    city.duty(due_date=date(2026, 11, 3))
    for name, sees in (("carl", True), ("cora", True), ("olga", False), ("tom", False), ("lena", False)):
        found = dated.last_days(city.actor(name), *WEEK)
        assert [item.uid for item in found] == ([f"duty-{duty.pk}"] if sees else []), name
    item = dated.last_days(city.actor("carl"), *WEEK)[0]
    assert (item.day, item.sequence, item.url) == (date(2026, 9, 22), duty.version, f"/duties/{duty.pk}/")
    client = signed_in(city.users["carl"])
    (told,) = client.get("/api/v1/calendar/").json()
    assert (told["uid"], told["day"], told["title"]) == (item.uid, "2026-09-22", item.title), (
        "this month unasked"
    )
    assert [
        len(client.get("/api/v1/calendar/", {"month": month}).json()) for month in ("2026-10", "2026-11")
    ] == [0, 1]
    assert client.get("/api/v1/calendar/", {"month": "2026-13"}).status_code == 422
    led = city.duty(leader=city.person("lena"))
    assert [item.uid for item in dated.last_days(city.actor("lena"), *WEEK)] == [f"duty-{led.pk}"]


def test_a_week_s_letter(city: City) -> None:
    late = city.duty(terms.WORKING, item="逾期的", due_date=date(2026, 9, 16))
    city.duty(terms.WORKING, item="本周的")
    city.duty(terms.SUBMITTED, item="已报结的")
    city.duty(item="十一月的", due_date=date(2026, 11, 3))
    city.on(date(2026, 9, 28), 8)
    city.duty(item="新来的", due_date=date(2026, 11, 4))
    first, last = date(2026, 9, 28), date(2026, 10, 4)

    def told(name: str) -> list[tuple[str, str]]:
        return [(line.part, line.title) for line in dated.of_the_week(city.actor(name), first, last)]

    assert told("carl") == [(desk.OVERDUE, "逾期的"), (desk.OVERDUE, "本周的"), (desk.NEW, "新来的")]
    assert told("olga") == [(desk.TO_REVIEW, "已报结的")]
    assert told("tom") == []
    Rule.objects.create(
        kind="digest", key="weekly", data={"weekday": 1, "hour": 7}, valid_from=date(2019, 4, 28)
    )
    User.objects.filter(username="carl").update(email="carl@example.cn")
    city.on(date(2026, 9, 28), 8)
    assert services.write_weekly(moment(date(2026, 9, 28), 8)) == 1
    assert f"/duties/{late.pk}/" in Delivery.objects.get().text


def test_what_is_sensitive_is_told_in_the_product_alone(city: City) -> None:
    duty = city.duty(item="某项目的处置", secrecy=terms.SENSITIVE)
    cora = signed_in(city.users["cora"])
    assert "某项目的处置" in cora.get(f"{reverse('calendar')}?month=2026-09").content.decode()
    address = services.make_address(by=city.actor("cora"))
    text = Client().get(reverse("calendar-feed", args=[address])).content.decode().replace("\r\n ", "")
    assert f"SUMMARY:一项敏感事项（{duty.number}）" in text
    assert f"/duties/{duty.pk}/" in text
    assert "某项目的处置" not in text
    Rule.objects.create(
        kind="digest", key="weekly", data={"weekday": 1, "hour": 7}, valid_from=date(2019, 4, 28)
    )
    User.objects.filter(username="cora").update(email="cora@example.cn")
    city.on(date(2026, 9, 14) + timedelta(days=7), 8)
    assert services.write_weekly(moment(date(2026, 9, 21), 8)) == 1
    letter = Delivery.objects.get().text
    assert f"一项敏感事项（{duty.number}）" in letter
    assert "某项目的处置" not in letter
    # letters about notices, of the duty and of what it asks for
    city.move("cora", duty, "accept")
    city.ask(duty, date(2026, 9, 28), by="cora")
    User.objects.filter(username="olga").update(email="olga@example.cn")
    Delivery.objects.all().delete()
    later = timezone.now() + mailing.WAIT + timedelta(minutes=1)
    city.clock.move_to(later)
    assert mailing.write_letters(later) >= 1
    for sent in Delivery.objects.all():
        assert f"一项敏感事项（{duty.number}）" in sent.text
        assert "某项目的处置" not in sent.text + sent.subject


def test_a_reminder_is_said_by_the_units_robot_and_of_what_is_sensitive_the_number(city: City) -> None:
    grant(city.users["olga"], city.units["commerce"], ["core.settings.change"])
    address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
    services.add_bot(
        by=city.actor("olga"), unit=city.units["commerce"], channel="wecom", name="群", address=address
    )
    city.duty(terms.WORKING, due_date=date(2026, 9, 16))
    city.duty(terms.ASSIGNED, due_date=date(2026, 9, 16), secrecy=terms.SENSITIVE, item="不可外传")
    assert services.remind(timezone.now()) == 2
    message, masked = Delivery.objects.filter(channel="wecom").order_by("pk")
    assert "建立招商载体资源库" in message.text
    assert "/duties/" in message.text
    assert "一项敏感事项（DB-2026-00002）" in masked.text
    assert "/duties/" in masked.text
    assert "不可外传" not in masked.text + masked.subject
    assert services.remind(timezone.now()) == 0
    assert Delivery.objects.filter(channel="wecom").count() == 2
