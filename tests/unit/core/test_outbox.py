"""What leaves the product leaves it once: written with what it tells, claimed before it is sent, tried again after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_unit, make_user, signed_in
from tests.factories.races import at_once
from yinfeng.core import events, mailing, outbox, services
from yinfeng.core.actors import system
from yinfeng.core.errors import Conflict
from yinfeng.core.models import Delivery, Event, Notice, User
from yinfeng.orgs.queries import actor_for

ROOT = Path(__file__).resolve().parents[3]
MINUTE = timedelta(minutes=1)


class Receiver:
    """A channel that counts what arrives, knows keys, and can be told to refuse."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.refuses = False

    def __call__(self, delivery: Delivery) -> None:
        if self.refuses:
            raise outbox.NotSent("对方拒绝")
        if delivery.key not in self.arrived:
            self.arrived.append(delivery.key)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    before, fake = outbox.CHANNELS.get("wecom"), Receiver()
    outbox.register("wecom", fake)
    yield fake
    outbox.CHANNELS.pop("wecom")
    if before is not None:
        outbox.register("wecom", before, takes_key=False)


def put(key: str = "one", **values: Any) -> bool:
    told = {"channel": "wecom", "address": "1", "subject": "引凤", "text": "到期提醒"} | values
    return outbox.put(key=key, **told)


@pytest.mark.django_db
def test_a_message_is_written_once_and_goes_with_what_it_tells(receiver: Receiver) -> None:
    with transaction.atomic():
        assert put()
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()
    assert put()
    assert not put()
    now = timezone.now()
    assert outbox.send_due(now) == 1
    assert outbox.send_due(now + MINUTE) == 0
    assert receiver.arrived == ["one"]
    sent = Delivery.objects.get()
    assert (sent.state, sent.text) == ("sent", "")
    assert not put()
    outbox.send_due(now + timedelta(days=91))
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_a_sender_that_died_is_followed_by_the_next_with_the_same_key(receiver: Receiver) -> None:
    put()
    now = timezone.now()
    assert outbox.claim(Delivery.objects.get(), now)  # and dies
    assert outbox.send_due(now + outbox.LEASE - MINUTE) == 0
    assert outbox.send_due(now + outbox.LEASE) == 1
    # one that died after sending: the receiver knows the key
    Delivery.objects.update(sent_at=None, next_try_at=now)
    assert outbox.send_due(now + outbox.LEASE) == 1
    assert receiver.arrived == ["one"]


@pytest.mark.django_db
def test_failures_pause_longer_and_are_given_up_before_everybody_s_eyes(receiver: Receiver) -> None:
    city = make_unit("city", "city")
    keeper = make_user("管理员", city, ["core.settings.change"])
    make_user("区里的", make_unit("home", parent=city), ["core.settings.change"])
    receiver.refuses = True
    put()
    put("two")
    began = now = timezone.now()
    for _tries in range(outbox.ATTEMPTS):
        assert outbox.send_due(now) == 0
        now = Delivery.objects.get(key="one").next_try_at + MINUTE
    assert timedelta(hours=18) < now - began < timedelta(hours=30)
    assert outbox.send_due(now + timedelta(days=1)) == 0
    given_up = Delivery.objects.get(key="one")
    assert (given_up.state, given_up.attempts, given_up.problem) == ("failed", outbox.ATTEMPTS, "对方拒绝")
    assert list(Notice.objects.values_list("owner", "event__verb")) == [
        (keeper.pk, "core.delivery.given_up")
    ]  # of the first alone
    assert mailing.write_letters(now + timedelta(days=1)) == 0
    client = signed_in(keeper)
    notice = Notice.objects.get().pk
    assert client.get(reverse("notice", args=[notice]))["Location"].endswith("?state=failed")
    page = client.get(reverse("deliveries") + "?state=failed").content.decode()
    assert "对方拒绝" in page
    assert "到期提醒" not in page, "no texts for who keeps the system running"
    receiver.refuses = False
    assert client.post(reverse("delivery", args=[given_up.pk]), {"decision": "again"}).status_code == 302
    assert outbox.send_due(timezone.now()) == 1
    two = Delivery.objects.get(key="two")
    assert client.post(reverse("delivery", args=[two.pk]), {"decision": "drop"}).status_code == 302
    assert set(Event.objects.filter(verb__startswith="core.delivery.").values_list("verb", flat=True)) == {
        "core.delivery.given_up", "core.delivery.tried_again", "core.delivery.dropped",
    }  # fmt: skip
    with pytest.raises(Conflict):
        outbox.try_again(by=system("test"), delivery=given_up)


@pytest.mark.django_db
def test_a_message_that_kills_every_sender_ends_too(receiver: Receiver) -> None:
    put()
    Delivery.objects.update(attempts=outbox.ATTEMPTS)
    assert outbox.send_due(timezone.now()) == 0
    assert Delivery.objects.get().state == "failed"
    assert receiver.arrived == []


@pytest.mark.django_db
def test_a_message_that_breaks_its_channel_does_not_hold_up_the_others(receiver: Receiver) -> None:
    put("broken")
    put("sound")
    Delivery.objects.filter(key="broken").update(channel="gone")
    assert outbox.send_due(timezone.now()) == 1
    assert receiver.arrived == ["sound"]
    broken = Delivery.objects.get(key="broken")
    assert (broken.state, broken.problem) == ("waiting", "KeyError")


@pytest.mark.django_db
def test_what_may_have_arrived_is_sent_again_by_a_person_alone() -> None:
    """To a robot, which knows no keys: a sender that died, and one that got no answer."""
    keeper = make_user("管理员", make_unit("city", "city"), ["core.settings.change"])
    arrived: list[str] = []

    def send(delivery: Delivery) -> None:
        arrived.append(delivery.key)
        if delivery.key == "silent" and arrived.count("silent") == 1:
            raise outbox.Unsure("timed out")

    before = outbox.CHANNELS["wecom"]
    outbox.register("wecom", send, takes_key=False)
    try:
        put("died")
        now = timezone.now()
        assert outbox.claim(Delivery.objects.get(), now)  # and dies, before or after it left
        put("silent")
        put("plain")
        assert outbox.send_due(now + outbox.LEASE) == 1
        assert outbox.send_due(now + timedelta(days=1)) == 0
        assert arrived == ["silent", "plain"]
        client = signed_in(keeper)
        page = client.get(reverse("deliveries") + "?state=unsure").content.decode()
        assert page.count("不确定是否送达") >= 2
        assert client.get(reverse("deliveries") + "?state=failed").content.decode().count("timed out") == 0
        assert (
            Notice.objects.filter(owner=keeper, event__verb="core.delivery.given_up").count() == 1
        )  # of the first alone
        for key, decision in (("silent", "again"), ("died", "drop")):
            url = reverse("delivery", args=[Delivery.objects.get(key=key).pk])
            assert "先到群里看" in client.get(url).content.decode()
            assert client.post(url, {}).status_code == 422
            assert client.post(url, {"decision": decision}).status_code == 302
        assert outbox.send_due(timezone.now()) == 1
        assert arrived == ["silent", "plain", "silent"]
        assert Delivery.objects.filter(sent_at=None).count() == 0
    finally:
        outbox.register("wecom", before, takes_key=False)


@pytest.mark.django_db
def test_letters_carry_their_key_and_nothing_of_who_left(settings: Any) -> None:
    settings.BASE_URL = "https://yinfeng.example.cn"
    user = make_user("甲", email="jia@example.cn")
    gone = make_user("乙", email="yi@example.cn")
    letter = {"channel": "email", "subject": "引凤\r\nBcc: all@example.cn", "text": "您好"}
    put("a", **letter, address=user.email, owner=user)
    put("b", **letter, address=gone.email, owner=gone)
    put("c", **letter, address="no\naddress")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert outbox.send_due(timezone.now()) == 1
    (sent,) = mail.outbox
    assert sent.to == ["jia@example.cn"]
    assert sent.subject == "引凤 Bcc: all@example.cn"
    number = sent.message()["Message-ID"]
    assert number == outbox.message_id("a")
    assert number.endswith("@yinfeng.example.cn>")
    assert Delivery.objects.get(key="c").problem
    assert not Delivery.objects.filter(key="b").exists()


@pytest.mark.django_db
def test_notices_become_one_letter_with_the_mark_that_they_did() -> None:
    city = make_unit("city", "city")
    writer = actor_for(make_user("写的人", city, []))
    reader = make_user("读的人", email="du@example.cn", language="en")
    for _turn in range(2):
        services.notify(events.record(by=writer, verb="orgs.unit.renamed", obj=city), [reader.pk])
    later = timezone.now() + mailing.WAIT + MINUTE
    assert mailing.write_letters(timezone.now()) == 0
    assert mailing.write_letters(later) == 1
    assert mailing.write_letters(later) == 0
    assert outbox.send_due(later) == 1
    (sent,) = mail.outbox
    assert sent.body.count("·") == 2
    assert "notices" in sent.subject.lower()
    # marked and not written is undone together
    Notice.objects.update(mailed_at=None)
    Delivery.objects.all().delete()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(outbox, "put", lambda **_told: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mailing.write_letters(later)
    assert Notice.objects.filter(mailed_at=None).count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_message_once(receiver: Receiver) -> None:
    for number in range(6):
        put(str(number))
    slow = receiver.__call__

    def send(delivery: Delivery) -> None:
        time.sleep(0.02)
        assert delivery.key not in receiver.arrived, "sent twice"
        slow(delivery)

    outbox.register("wecom", send)
    now = timezone.now()
    assert sum(at_once([lambda: outbox.send_due(now)] * 3)) == 6
    assert sorted(receiver.arrived) == [str(number) for number in range(6)]


SENDER = """
import os, time
import django
django.setup()
from pathlib import Path
from django.utils import timezone
from yinfeng.core import outbox
def send(delivery):
    with open(os.environ["ARRIVED"], "a") as file:
        file.write(delivery.key + "\\n")
    time.sleep(60)
outbox.register("wecom", send, takes_key=os.environ["TAKES_KEY"] == "yes")
outbox.send_due(timezone.now())
"""


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a thing of POSIX systems")
@pytest.mark.parametrize("takes_key", [True, False])
def test_a_killed_sender_neither_loses_nor_doubles(
    receiver: Receiver, tmp_path: Path, takes_key: bool
) -> None:
    """A real ``kill -9`` between the claim and the mark; to who knows no keys nothing is sent again until a person says so."""
    put()
    outbox.register("wecom", receiver, takes_key=takes_key)
    name = str(connection.settings_dict["NAME"])
    url = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        url = urlsplit(os.environ["YINFENG_DATABASE_URL"])._replace(path=f"/{name}").geturl()
    arrived = tmp_path / "arrived"
    environment = os.environ | {
        "YINFENG_DATABASE_URL": url, "YINFENG_SECRET_KEY": settings.SECRET_KEY, "ARRIVED": str(arrived),
        "TAKES_KEY": "yes" if takes_key else "no",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", SENDER], cwd=ROOT, env=environment)
    try:
        ends = time.monotonic() + 60
        while not arrived.exists() and time.monotonic() < ends:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert arrived.read_text() == "one\n"
    receiver.arrived.append("one")  # what it told the receiver before it died
    now = timezone.now()
    assert outbox.send_due(now) == 0, "the dead sender's lease holds"
    assert outbox.send_due(now + outbox.LEASE) == takes_key
    assert receiver.arrived == ["one"]
    assert Delivery.objects.get().state == ("sent" if takes_key else "unsure")
    assert outbox.send_due(now + 2 * outbox.LEASE) == 0


@pytest.mark.django_db
def test_the_page_opens_to_who_keeps_the_whole_system() -> None:
    city = make_unit("city", "city")
    keeper = make_user("区管理员", make_unit("home", parent=city), ["core.settings.change"])
    put(subject="全市的消息")
    assert "全市的消息" not in signed_in(keeper).get(reverse("deliveries")).content.decode()
    assert signed_in(keeper).get(reverse("delivery", args=[Delivery.objects.get().pk])).status_code == 404
    assert Client().get(reverse("deliveries")).status_code == 302
