"""What somebody who never signed in gets: pages that say so, and no trace of what went wrong inside."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from django.test import Client

from yinfeng.core import logs


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/", "/api/schema/", "/api/v1/projects/", "/api/v1/leads/1/moves/"])
def test_the_api_refuses_a_stranger_without_breaking(path: str) -> None:
    assert Client().get(path).status_code == 401


@pytest.mark.django_db
def test_the_choice_of_language_is_kept_as_carefully_as_a_session() -> None:
    cookie = Client().post("/i18n/setlang/", {"language": "en"}).cookies["yinfeng_language"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"


@pytest.mark.django_db
def test_the_log_keeps_no_one_time_link_and_one_line_per_entry() -> None:
    formatter = structlog.stdlib.ProcessorFormatter(processor=logs.renderer, foreign_pre_chain=logs.chain)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    told = logging.getLogger("django")
    told.addHandler(handler)
    try:
        client = Client(enforce_csrf_checks=True)
        client.get("/accounts/accept/geheim-1/")
        client.post("/accounts/accept/geheim-2/", {"password": "x"})
        client.get("/nothing\r\n{}/")
    finally:
        told.removeHandler(handler)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert [json.loads(line)["level"] for line in lines] == ["warning"] * 3
    assert "geheim" not in stream.getvalue()
