"""A person's calendar: the page, its secret address for other programs, what these read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_project, make_unit, make_user, signed_in
from yinfeng.core import desk, profile
from yinfeng.core.actors import Actor, system
from yinfeng.core.models import Event, User
from yinfeng.duties import ical
from yinfeng.duties.models import Subscription
from yinfeng.projects.models import TeamMember

HOSTILE = '评审会; "终稿",\\n附件\r\nBEGIN:VEVENT\r\nUID:x\r\n' + "很长的标题，" * 30 + "👨‍👩‍👧 \x00\x07尾"


def parsed(text: str) -> dict[str, Any]:
    """Read an iCalendar text as another program would: unfold, split, unescape; nothing of ours."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    for line in text.split("\r\n"):
        assert len(line.encode()) <= 75
    stack: list[dict[str, Any]] = [{"parts": []}]
    for line in re.sub(r"\r\n[ \t]", "", text).split("\r\n")[:-1]:
        name, value = re.fullmatch(r"([A-Z-]+(?:;[A-Z-]+=[^:;]+)*):(.*)", line).groups()  # type: ignore[union-attr]
        if name == "BEGIN":
            stack.append({"is": value, "parts": []})
        elif name == "END":
            done = stack.pop()
            assert done["is"] == value
            stack[-1]["parts"].append(done)
        else:
            assert name not in stack[-1], f"{name} twice"
            stack[-1][name] = re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)
    (whole,) = stack[0]["parts"]
    return whole  # type: ignore[no-any-return]


NOW = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)


def write(*items: desk.Dated) -> dict[str, Any]:
    text = ical.written(
        [(item, "会议") for item in items], name="引凤 · 甲", site="https://yf.cn", host="yf.cn", now=NOW
    )  # fmt: skip
    return parsed(text)


def test_what_other_programs_read() -> None:
    changed = datetime(2026, 11, 2, 9, 30, tzinfo=timezone.get_fixed_timezone(8 * 60))
    whole = write(
        desk.Dated("duty-7", HOSTILE, "/duties/7/", day=date(2026, 12, 31), note="甲；乙", sequence=3, modified_at=changed),
        desk.Dated(
            "meeting-1", "专题会", "/meetings/1/", start=datetime(2026, 12, 1, 9, tzinfo=timezone.get_fixed_timezone(8 * 60)),
            end=datetime(2026, 12, 1, 10, 30, tzinfo=timezone.get_fixed_timezone(8 * 60)),
        ),
    )  # fmt: skip
    assert (whole["is"], whole["VERSION"], whole["X-WR-CALNAME"]) == ("VCALENDAR", "2.0", "引凤 · 甲")
    assert whole["REFRESH-INTERVAL;VALUE=DURATION"] == "PT1H"
    duty, meeting = whole["parts"]
    assert duty["SUMMARY"] == HOSTILE.replace("\r\n", "\n").replace("\x00\x07", "")
    assert duty["UID"] == "duty-7@yf.cn"
    assert (duty["DTSTART;VALUE=DATE"], duty["DTEND;VALUE=DATE"]) == ("20261231", "20270101")
    assert (duty["SEQUENCE"], duty["DTSTAMP"], duty["LAST-MODIFIED"]) == (
        "3",
        "20261102T013000Z",
        "20261102T013000Z",
    )
    assert (meeting["DTSTART"], meeting["DTEND"]) == ("20261201T010000Z", "20261201T023000Z")
    assert meeting["DTSTAMP"] == "20261130T180000Z"
    assert meeting["URL"] == "https://yf.cn/meetings/1/"


PERMISSIONS = ["projects.project.view", "projects.project.change", "duties.duty.view", "duties.duty.handle"]


@pytest.fixture
def person() -> User:
    """Somebody on the team of a project whose next step is due tomorrow, beside one that he only sees."""
    unit = make_unit("home", parent=make_unit("city", "city"))
    user = make_user("甲", unit, PERMISSIONS)
    tomorrow = timezone.localdate() + timedelta(days=1)
    for name in ("光电项目", "别人的项目"):
        project = make_project(name, unit, user, next_step=f"{name}考察", next_date=tomorrow)
        if name == "光电项目":
            TeamMember.objects.create(project=project, user=user)
    return user


def address_of(client: Client) -> str:
    page = client.post(reverse("calendar-address")).content.decode()
    found = re.search(r'value="(http[^"]+\.ics)"', page)
    assert found, page
    return re.sub(r"https?://[^/]+", "", found[1])


@pytest.mark.django_db
def test_the_secret_address_shows_what_its_owner_sees_now(person: User) -> None:
    mine = signed_in(person)
    url = address_of(mine)
    answer = Client().get(url)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    assert "光电项目考察" in answer.content.decode().replace("\r\n ", "")
    assert "别人的项目" not in answer.content.decode().replace("\r\n ", "")
    assert url.split("/")[-1][:-4] not in "".join(map(str, Subscription.objects.values_list()))
    assert "最近一次读取" in mine.get(reverse("calendar")).content.decode()
    used = Subscription.objects.get().used_at
    Client().get(url)
    assert Subscription.objects.get().used_at == used, "noted once an hour"
    # out of sight, out of the calendar
    TeamMember.objects.update(until=timezone.localdate())
    assert b"VEVENT" not in Client().get(url).content
    # a new address ends the old one; a revoked one and one of a stopped account show nothing
    other = address_of(mine)
    assert Client().get(url).status_code == 404
    User.objects.update(is_active=False)
    assert Client().get(other).status_code == 404
    User.objects.update(is_active=True)
    assert Client().get(other).status_code == 200
    assert mine.post(reverse("calendar-address-revoke")).status_code == 302
    assert Client().get(other).status_code == 404
    assert mine.post(reverse("calendar-address-revoke")).status_code == 404
    assert Client().get("/calendar/x.ics").status_code == 404
    assert Client().post(other).status_code == 405
    verbs = Event.objects.filter(verb__startswith="duties.subscription").order_by("pk")
    assert [verb.rpartition(".")[2] for verb in verbs.values_list("verb", flat=True)] == [
        "address_made", "address_made", "address_revoked",
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_month_shows_holidays_items_and_asks_little(person: User) -> None:
    profile.load("xiamen", by=system("profile"))
    client = signed_in(person)
    client.get(reverse("calendar"))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = client.get(reverse("calendar")).content.decode()
    assert len(asked) <= 10
    tomorrow = timezone.localdate() + timedelta(days=1)
    shown = client.get(f"{reverse('calendar')}?month={tomorrow:%Y-%m}").content.decode()
    assert "光电项目考察" in shown
    assert "今天" in page
    october = client.get(reverse("calendar") + "?month=2026-10").content.decode()
    assert "国庆节调休上班" in october
    assert "按周末和固定节日推算" not in october
    assert "按周末和固定节日推算" in client.get(reverse("calendar") + "?month=2099-10").content.decode()
    assert client.get(reverse("calendar") + "?month=2026-13").status_code == 200


@pytest.mark.django_db
def test_a_day_with_much_folds_and_titles_stay_text(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    today = timezone.localdate()
    many = [desk.Dated(f"x-{number}", f"<b>第{number}件</b>", "/", day=today) for number in range(6)]

    def find(by: Actor, first: date, last: date) -> list[desk.Dated]:
        return many

    monkeypatch.setattr(desk, "DATED", [desk.DatedKind("x", "试", "route", find)])
    page = signed_in(person).get(reverse("calendar")).content.decode()
    assert "还有 2 项" in page
    assert "&lt;b&gt;第5件" in page


@pytest.mark.django_db
def test_the_working_calendar_s_pages(person: User) -> None:
    keeper = signed_in(make_user("办公室", make_unit("city", "city"), ["duties.calendar.change"]))
    assert signed_in(person).get(reverse("workdays")).status_code == 403
    new = {"day": "2027-01-01", "is_workday": "no", "name": "元旦", "source": "国办发明电", "reason": "公布"}
    assert keeper.post(reverse("workday-new"), new | {"is_workday": ""}).status_code == 422
    assert keeper.post(reverse("workday-new"), new)["Location"] == "/settings/workdays/?year=2027"
    twice = keeper.post(reverse("workday-new"), new)
    assert twice.status_code == 422
    assert "已经在日历里" in twice.content.decode()
    page = keeper.get("/settings/workdays/?year=2027").content.decode()
    assert "尚未公布" in page
    edit = re.findall(r'href="(/settings/workdays/\d+/)"', page)[0]
    assert f'href="{edit}remove/"' in keeper.get(edit).content.decode()
    changed = {**new, "is_workday": "yes", "name": "补班", "version": "1"}
    assert keeper.post(edit, changed).status_code == 302
    assert keeper.post(edit, {**changed, "name": "又改"}).status_code == 409
    assert keeper.post("/settings/workdays/2027/announce/", {"source": "国办发明电"}).status_code == 302
    assert "已公布" in keeper.get("/settings/workdays/?year=2027").content.decode()
    assert keeper.get("/settings/workdays/9999/announce/").status_code == 404
    assert keeper.post(edit + "remove/", {"reason": "误录", "version": "2"}).status_code == 302
    assert keeper.get(edit).status_code == 404
