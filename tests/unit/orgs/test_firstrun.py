"""The first administrator: a one-time link, no default account, and only as long as nobody administers."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from yinfeng.core import profile
from yinfeng.core.actors import system
from yinfeng.core.models import User
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"  # pragma: allowlist secret


def link(capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command and return the path of the link it prints; empty when it prints none."""
    call_command("firstrun")
    found = re.search(r"http://[^/]+(/\S+)", capsys.readouterr().out)
    return found[1] if found else ""


@pytest.fixture
def _city() -> None:
    profile.load(str(settings.BASE_DIR / "tests" / "data" / "profiles" / "small"), by=system())


def test_without_a_profile_it_says_what_to_do_first() -> None:
    with pytest.raises(CommandError, match="profile load"):
        call_command("firstrun")


@pytest.mark.usefixtures("_city")
def test_the_link_makes_the_one_administrator(capsys: pytest.CaptureFixture[str]) -> None:
    assert not User.objects.exists()
    path, client = link(capsys), Client()
    assert client.get(path).status_code == 200
    assert client.post(path, {"password": "12345678", "again": "12345678"}).status_code == 422
    answer = client.post(path, {"password": PASSWORD, "again": PASSWORD})
    assert answer["Location"] == reverse("home")
    assert client.get(reverse("accounts")).status_code == 200
    administrator = actor_for(User.objects.get())
    assert administrator.reach("orgs.role.assign").everywhere
    assert not any(administrator.may(code) for code in ("projects.lead.view", "enterprises.enterprise.view"))
    assert Client().get(path).status_code == 404
    assert link(capsys) == ""


@pytest.mark.usefixtures("_city")
def test_a_second_run_makes_the_first_link_useless(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = link(capsys), link(capsys)
    assert first != second
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    assert not User.objects.exists()


@pytest.mark.usefixtures("_city")
def test_when_the_last_administrator_is_gone_there_is_a_way_back(capsys: pytest.CaptureFixture[str]) -> None:
    path = link(capsys)
    Client().post(path, {"password": PASSWORD, "again": PASSWORD})
    User.objects.update(is_active=False)
    Client().post(link(capsys), {"password": PASSWORD, "again": PASSWORD})
    assert list(User.objects.filter(is_active=True).values_list("username", flat=True)) == ["administrator-2"]
