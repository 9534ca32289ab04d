"""Signing in: which passwords are good enough, when an account or an address is locked, when a session ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from tests.factories import make_user
from yinfeng.core.models import Event, User
from yinfeng.orgs.passwords import ClassesValidator

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"  # pragma: allowlist secret
HOME = "home"
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)


@pytest.fixture
def user() -> User:
    return make_user("李专员", username="li.zhuanyuan", email="li@example.gov.cn")


def sign_in(
    name: str, password: str = PASSWORD, client: Client | None = None, address: str = "10.0.0.1"
) -> Any:
    client = client or Client()
    return client.post(reverse("account_login"), {"login": name, "password": password}, REMOTE_ADDR=address)


def is_in(client: Client) -> bool:
    return client.get(reverse(HOME)).status_code == 200


def signed_in_client(user: User) -> Client:
    client = Client()
    assert sign_in(user.username, client=client).status_code == 302
    assert is_in(client)
    return client


# --- passwords ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["short-1", "password123", "1234567890", "li.zhuanyuan", "qwertyuiop"])
def test_weak_passwords_are_refused(user: User, password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, user)


@pytest.mark.parametrize("password", [PASSWORD, "a" * 63 + "b" * 65, "一只凤凰从南方飞来了啊"])
def test_long_passwords_need_no_classes_and_are_not_cut(user: User, password: str) -> None:
    validate_password(password, user)
    user.set_password(password)
    assert user.check_password(password)
    assert not user.check_password(password[:-1])


@pytest.mark.parametrize(
    ("password", "classes", "accepted"),
    [
        ("lowercase only", 0, True), ("lowercase", 2, False), ("lower UPPER", 3, True), ("lowerUPPER", 3, False),
        ("lowerUPPER1", 3, True), ("lowerUPPER1", 4, False), ("lowerUPPER1!", 4, True), ("凤凰phoenix8", 3, True),
    ],
)  # fmt: skip
def test_classes_can_be_asked_for(password: str, classes: int, accepted: bool) -> None:
    if accepted:
        ClassesValidator(classes).validate(password)
    else:
        with pytest.raises(ValidationError, match=f"至少 {classes} 类"):
            ClassesValidator(classes).validate(password)


# --- signing in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["li.zhuanyuan", "li@example.gov.cn"])
def test_by_user_name_or_address_of_mail(user: User, name: str) -> None:
    client = Client()
    assert sign_in(name, client=client)["Location"] == reverse(HOME)
    assert is_in(client)
    assert Event.objects.filter(verb="core.user.signed_in", object_id=user.pk).count() == 1


def test_nobody_signs_up(user: User) -> None:
    assert Client().get("/accounts/signup/").status_code == 404
    assert Client().get("/accounts/password/reset/").status_code == 404


def test_the_session_gets_a_new_key_at_sign_in(user: User) -> None:
    client = Client()
    client.session["x"] = 1
    client.get(reverse("account_login"))
    before = client.cookies.get("yinfeng")
    sign_in(user.username, client=client)
    assert before is None or client.cookies["yinfeng"].value != before.value


def wrong(times: int, name: str, address: str) -> None:
    for _turn in range(times):
        sign_in(name, "not the password", address=address)


def test_an_account_is_locked_after_wrong_passwords_from_anywhere(user: User, settings: Any) -> None:
    for number in range(settings.AXES_FAILURE_LIMIT):
        wrong(1, user.username, f"10.0.1.{number}")
    answer = sign_in(user.username, address="10.0.2.1")
    assert answer.status_code == 429
    assert Event.objects.filter(verb="core.user.locked_out").exists()
    assert Event.objects.filter(verb="core.user.sign_in_failed").count() >= settings.AXES_FAILURE_LIMIT


def test_user_name_and_mail_address_count_as_one_account(user: User, settings: Any) -> None:
    for number in range(settings.AXES_FAILURE_LIMIT):
        wrong(1, [user.username, "LI@example.gov.cn", "Li.Zhuanyuan"][number % 3], f"10.0.7.{number}")
    assert sign_in(user.username, address="10.0.8.1").status_code == 429
    assert sign_in(user.email, address="10.0.8.2").status_code == 429


def test_an_address_is_locked_after_wrong_passwords_for_anybody(user: User, settings: Any) -> None:
    for number in range(settings.AXES_FAILURE_LIMIT):
        wrong(1, f"guess-{number}", "10.0.3.1")
    assert sign_in(user.username, address="10.0.3.1").status_code == 429
    assert sign_in(user.username, address="10.0.3.2").status_code == 302


def test_control_fewer_wrong_passwords_lock_nothing(user: User, settings: Any) -> None:
    wrong(settings.AXES_FAILURE_LIMIT - 1, user.username, "10.0.4.1")
    assert sign_in(user.username, address="10.0.4.1").status_code == 302


def test_a_lock_opens_by_itself(user: User, settings: Any) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        wrong(settings.AXES_FAILURE_LIMIT, user.username, "10.0.5.1")
        clock.shift(settings.AXES_COOLOFF_TIME - timedelta(seconds=5))
        assert sign_in(user.username, address="10.0.5.9").status_code == 429
        clock.shift(settings.AXES_COOLOFF_TIME + timedelta(seconds=10))
        assert sign_in(user.username, address="10.0.5.9").status_code == 302


def test_a_wrong_name_and_a_wrong_password_look_the_same(user: User) -> None:
    texts = []
    for name in (user.username, "nobody"):
        content = sign_in(name, "wrong password", address="10.0.6.1").content.decode()
        texts.append(
            [line for line in content.splitlines() if "yf-error" in line or ("密码" in line and "<p" in line)]
        )
    assert texts[0] == texts[1]


# --- sessions -----------------------------------------------------------------------------------------------------


def after(steps: Callable[[Any, Client], None], user: User) -> bool:
    """Sign in at noon, let time pass, and say whether the session still holds."""
    with time_machine.travel(NOON, tick=False) as clock:
        client = signed_in_client(user)
        steps(clock, client)
        return is_in(client)


def test_an_idle_session_ends(user: User, settings: Any) -> None:
    assert not after(lambda clock, client: clock.shift(settings.SESSION_IDLE + timedelta(minutes=2)), user)


def test_control_a_session_in_use_goes_on(user: User, settings: Any) -> None:
    def work(clock: Any, client: Client) -> None:
        for _turn in range(3):
            clock.shift(settings.SESSION_IDLE - timedelta(minutes=2))
            assert is_in(client)

    assert after(work, user)


def test_a_session_ends_at_its_longest_however_busy(user: User, settings: Any) -> None:
    def work(clock: Any, client: Client) -> None:
        step = settings.SESSION_IDLE - timedelta(minutes=2)
        for _turn in range(int(settings.SESSION_ABSOLUTE / step) + 1):
            client.get(reverse(HOME))
            clock.shift(step)

    assert not after(work, user)


def test_signing_out_makes_the_cookie_worthless(user: User) -> None:
    client = signed_in_client(user)
    stolen = Client()
    stolen.cookies = client.cookies.copy()
    client.post(reverse("account_logout"))
    assert not is_in(stolen)


def test_a_new_password_ends_the_other_sessions(user: User) -> None:
    here, there = signed_in_client(user), signed_in_client(user)
    new = "another horse battery"
    answer = here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert answer.status_code == 302
    assert is_in(here)
    assert not is_in(there)
    user.refresh_from_db()
    assert user.password_changed_at is not None
    assert Event.objects.filter(verb="core.user.password_changed", object_id=user.pk).count() == 1
