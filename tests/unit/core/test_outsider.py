"""What somebody who never signed in gets: pages that say so, and no trace of what went wrong inside."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/", "/api/schema/", "/api/v1/projects/", "/api/v1/leads/1/moves/"])
def test_the_api_refuses_a_stranger_without_breaking(path: str) -> None:
    assert Client().get(path).status_code == 401


@pytest.mark.django_db
def test_the_choice_of_language_is_kept_as_carefully_as_a_session() -> None:
    cookie = Client().post("/i18n/setlang/", {"language": "en"}).cookies["yinfeng_language"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
