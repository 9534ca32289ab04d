"""Errors that nobody foresaw, and a form that was open too long: a sentence and what to do, never a bare page."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from tests.factories import make_user, signed_in
from yinfeng.core import desk, views

pytestmark = pytest.mark.django_db


def broken(by: Any) -> Any:
    raise ZeroDivisionError


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Somebody whose home page breaks."""
    monkeypatch.setattr(desk, "HOME", [broken])
    client = signed_in(make_user("甲"))
    client.raise_request_exception = False
    return client


def test_the_page_of_an_error_shows_the_number_under_which_it_is_logged(client: Client) -> None:
    answer = client.get(reverse("home"))
    assert answer.status_code == 500
    assert answer["X-Request-Id"] in answer.content.decode()
    assert "ZeroDivisionError" not in answer.content.decode()


def test_so_does_the_page_that_needs_no_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **more: Any) -> Any:
        raise DatabaseError

    monkeypatch.setattr(views, "error_page", away)
    answer = client.get(reverse("home"))
    assert answer.status_code == 500
    assert answer["X-Request-Id"] in answer.content.decode()
    assert "管理员" in answer.content.decode()


def test_a_form_without_its_token_is_refused_with_a_sentence() -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert "请返回刷新页面后再提交一次" in answer.content.decode()
