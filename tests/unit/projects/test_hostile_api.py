"""What a key to the API is tried for: more than it was given, or what its owner may not do on the desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.unit.projects.conftest import City
from yinfeng.core import services as core
from yinfeng.core.models import ApiToken
from yinfeng.projects import stages
from yinfeng.projects.models import Claim


def key(city: City, name: str, *scopes: str) -> Client:
    """Return a program that calls with a new key of the person, for these permissions."""
    _token, secret = core.create_token(by=city.actor(name), name="程序", scopes=scopes, days=30)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def move(client: Client, claim: Claim, name: str) -> Any:
    return client.post(
        f"/api/v1/claims/{claim.pk}/moves/{name}/", {"reason": "属实"},
        content_type="application/json", headers={"If-Match": f'"{claim.version}"'},
    )  # fmt: skip


def test_nobody_verifies_his_own_signing_by_a_key(city: City) -> None:
    claim = city.claim(city.project(stages.NEGOTIATING), by="charlie")
    scopes = ("projects.project.view", "projects.project.verify")
    assert move(key(city, "charlie", *scopes), claim, "verify").status_code == 409
    assert move(key(city, "charlie", *scopes), claim, "refute").status_code == 409
    claim.refresh_from_db()
    assert claim.state == stages.SUBMITTED
    # the control: somebody else may
    assert move(key(city, "dora", *scopes), claim, "verify").status_code == 200


def test_a_key_for_reading_verifies_nothing(city: City) -> None:
    claim = city.claim(city.project(stages.NEGOTIATING))
    assert move(key(city, "charlie", "projects.project.view"), claim, "verify").status_code == 403


@pytest.mark.parametrize(
    "place", ["", "timeline/", "moves/", "following/", "files/", "talks/", "units/", "team/", "claims/"]
)
def test_a_key_for_leads_opens_nothing_of_a_project(city: City, place: str) -> None:
    project = city.project()
    client = key(city, "bob", "projects.lead.view")
    assert client.get(f"/api/v1/projects/{project.pk}/{place}").status_code in {403, 404}
    assert client.get("/projects/").status_code == 302  # a key opens no page of the desk


@pytest.mark.parametrize(
    "place", ["", "timeline/", "moves/", "following/", "files/", "talks/", "units/", "team/", "claims/"]
)
def test_the_rival_districts_key_finds_nothing_of_a_project(city: City, place: str) -> None:
    project = city.project()
    client = key(city, "alice", "projects.project.view", "projects.project.verify", "projects.project.team")
    assert client.get(f"/api/v1/projects/{project.pk}/{place}").status_code == 404


def test_a_key_is_dead_the_moment_it_is_revoked(city: City) -> None:
    client = key(city, "bob", "projects.project.view")
    assert client.get("/api/v1/projects/").status_code == 200
    core.revoke_token(by=city.actor("bob"), pk=ApiToken.objects.get().pk)
    assert client.get("/api/v1/projects/").status_code == 401
