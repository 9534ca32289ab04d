"""Group robots of units: what is posted where, what is kept, and what happens when the platform refuses.

The formats are those of the vendors' public documents (群机器人, 自定义机器人接入); nothing here connects to them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from yinfeng.core import outbox
from yinfeng.core.errors import Forbidden, Invalid
from yinfeng.core.models import Delivery, Event
from yinfeng.duties import bots, services
from yinfeng.duties.models import Bot
from yinfeng.orgs.queries import actor_for

WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=" + "a1" * 32
SIGNS_WITH = "SEC" + "b2" * 32


class Platform:
    """Takes the place of both platforms: keeps what was posted, answers as told."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, str, Any]] = []
        self.answer = b'{"errcode":0,"errmsg":"ok"}'

    def __call__(self, host: str, path: str, content: bytes) -> bytes:
        self.posted.append((host, path, json.loads(content)))
        return self.answer


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    fake = Platform()
    monkeypatch.setattr(bots, "post", fake)
    return fake


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("wecom", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"),
        ("wecom", DINGTALK),
        ("wecom", WECOM.replace("qyapi.weixin.qq.com", "qyapi.weixin.qq.com.evil.example")),
        ("wecom", WECOM.replace("qyapi.weixin.qq.com", "qyapi.weixin.qq.com:8443")),
        ("wecom", WECOM.replace("https://", "https://me@")),
        ("wecom", WECOM.replace("qyapi.weixin.qq.com", "169.254.169.254")),
        ("wecom", WECOM.replace("/send", "/upload_media")),
        ("wecom", WECOM + "&key=other-key-which-is-long-enough"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x%0d%0aHost:evil.example-long"),
        ("wecom", "https://[qyapi"),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send"),
        ("dingtalk", "file:///etc/passwd"),
    ],
)
def test_only_the_platforms_own_addresses_are_taken(channel: str, address: str) -> None:
    with pytest.raises(Invalid):
        bots.token_of(channel, address)


def test_where_and_what_is_posted() -> None:
    wecom = Bot(channel="wecom", token=bots.token_of("wecom", f" {WECOM} "))
    assert bots.target(wecom, 1) == (
        "qyapi.weixin.qq.com", "/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
    )  # fmt: skip
    # computed with openssl: printf '1700000000000\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret' -binary | base64
    assert bots.signature("this is secret", 1700000000000) == SIGNED
    dingtalk = Bot(channel="dingtalk", token="a1" * 32, secret="this is secret")
    host, path = bots.target(dingtalk, 1700000000000)
    assert host == "oapi.dingtalk.com"
    quoted = SIGNED.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    assert path == f"/robot/send?access_token={'a1' * 32}&timestamp=1700000000000&sign={quoted}"
    assert json.loads(bots.body("您好")) == {"msgtype": "text", "text": {"content": "您好"}}
    long = json.loads(bots.body("字" * 2000 + "<@all>"))["text"]["content"]
    assert len(long.encode()) <= 2048
    assert long.endswith("字…")
    assert "<@" not in json.loads(bots.body("<@all> 看"))["text"]["content"]


SIGNED = "sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0="


@pytest.mark.django_db
def test_a_unit_is_told_through_its_robots(platform: Platform) -> None:
    city = make_unit("city", "city")
    home, away = make_unit("home", parent=city, name="甲区"), make_unit("away", parent=city)
    by = actor_for(make_user("管理员", home, ["core.settings.change"]))
    wecom = services.add_bot(by=by, unit=home, channel="wecom", name="甲区群", address=WECOM)
    services.add_bot(
        by=by, unit=home, channel="dingtalk", name="甲区钉钉", address=DINGTALK, secret=SIGNS_WITH
    )
    with pytest.raises(Forbidden):
        services.add_bot(by=by, unit=away, channel="wecom", name="乙区群", address=WECOM)
    with connection.cursor() as cursor:
        cursor.execute("SELECT token, secret FROM duties_bot")
        assert all(str(value).startswith("sm4$") or value == "" for row in cursor.fetchall() for value in row)
    told = str(list(Event.objects.values_list("changes", "data", "note")))
    assert "693a91f6" not in told
    assert SIGNS_WITH not in told

    assert services.tell_unit(home, "“光电项目”明天到期", "/duties/7/", "remind:7:2026-12-01") == 2
    assert services.tell_unit(home, "“光电项目”明天到期", "/duties/7/", "remind:7:2026-12-01") == 0
    assert services.tell_unit(away, "无机器人", "/", "x") == 0
    assert outbox.send_due(timezone.now()) == 2
    host, _path, content = platform.posted[0]
    assert (host, content["text"]["content"].splitlines()[0]) == (
        "qyapi.weixin.qq.com",
        "引凤：“光电项目”明天到期",
    )
    assert content["text"]["content"].endswith("/duties/7/")
    assert "&sign=" in platform.posted[1][1]

    # refused, then removed: what waited goes
    services.tell_unit(home, "第二条", "/", "second")
    for answer in (
        b'{"errcode":45009,"errmsg":"api freq out of limit"}',
        b"<html>",
        b"[]",
        b'{"errmsg":"?"}',
    ):
        Delivery.objects.filter(sent_at=None).update(next_try_at=timezone.now(), attempts=0)
        platform.answer = answer
        assert outbox.send_due(timezone.now()) == 0
    Delivery.objects.filter(sent_at=None, channel="wecom").update(problem="45009 api freq out of limit")
    services.remove_bot(by=by, bot=wecom)
    assert list(Delivery.objects.filter(sent_at=None).values_list("channel", flat=True)) == ["dingtalk"]
    Bot.objects.all().delete()
    Delivery.objects.filter(sent_at=None).update(next_try_at=timezone.now())
    assert outbox.send_due(timezone.now()) == 0
    assert "已被删除" in Delivery.objects.get(sent_at=None).problem


@pytest.mark.django_db
def test_the_pages_say_whether_a_test_message_arrived(platform: Platform) -> None:
    city = make_unit("city", "city")
    home = make_unit("home", parent=city, name="甲区")
    keeper = signed_in(make_user("管理员", home, ["core.settings.change"]))
    other = signed_in(make_user("乙区管理员", make_unit("away", parent=city), ["core.settings.change"]))
    new = {
        "unit": home.pk,
        "channel": "dingtalk",
        "name": "甲区钉钉",
        "address": "https://evil.example/?access_token=x",
    }
    refused = keeper.post(reverse("bot-add"), new)
    assert refused.status_code == 422
    assert "https://oapi.dingtalk.com/robot/send" in refused.content.decode()
    test = keeper.post(reverse("bot-add"), new | {"address": DINGTALK, "secret": SIGNS_WITH})["Location"]
    platform.answer = b'{"errcode":310000,"errmsg":"keywords not in content"}'
    failed = keeper.post(test)
    assert failed.status_code == 422
    assert "310000 keywords not in content" in failed.content.decode()
    assert not Delivery.objects.exists()
    platform.answer = b'{"errcode":0,"errmsg":"ok"}'
    assert keeper.post(test).status_code == 302
    page = keeper.get(reverse("bots")).content.decode()
    assert "甲区钉钉" in page
    assert "a1" * 32 not in page
    assert "甲区钉钉" not in other.get(reverse("bots")).content.decode()
    assert other.get(test).status_code == 404
    (told,) = keeper.get("/api/v1/robots/").json()["results"]
    assert set(told) == {"id", "unit", "channel", "name", "mark", "created_at"}, (
        "its key is shown to nobody again"
    )
    assert keeper.post(test + "remove/").status_code == 302
    assert not Bot.objects.exists()
