"""The API under the same matrix: who is nobody gets 401, who has no right 403, what is out of scope 404; nothing breaks it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.api import router
from tests.factories import signed_in
from tests.machines.matrix import MATRIX, Route
from tests.machines.test_routes import ROUTES, snapshot
from tests.machines.world import World
from yinfeng.core import services
from yinfeng.core.web import SIGNED_IN
from yinfeng.orgs.queries import actor_for
from yinfeng.projects.models import Project

pytestmark = pytest.mark.django_db
RESOURCES = {
    name: route
    for name, route in MATRIX.items()
    if name.startswith("api-") and name not in {"api-schema", "api-docs"}
}
METHODS = ("get", "post", "patch", "put", "delete")


def address(name: str, route: Route, world: World) -> str:
    return reverse(name, kwargs=route.arguments(world.rows))


def call(client: Client, method: str, url: str, **headers: str) -> Any:
    if method == "get":
        return client.get(url, headers=headers)
    return getattr(client, method)(url, data={}, content_type="application/json", headers=headers)


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_the_resource_asks_what_the_matrix_says(name: str) -> None:
    assert ROUTES[name].callback.cls.permission == RESOURCES[name].permission


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_nobody_gets_401(name: str, world: World) -> None:
    for method in METHODS:
        assert call(Client(), method, address(name, RESOURCES[name], world)).status_code == 401, method


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_a_stranger_gets_403(name: str, world: World) -> None:
    client, before = signed_in(world.stranger), snapshot()
    for method in METHODS:
        answer = call(client, method, address(name, RESOURCES[name], world))
        if RESOURCES[name].permission == SIGNED_IN:
            assert answer.status_code in ({404, 405} if RESOURCES[name].owned else {200, 405}), method
        else:
            assert answer.status_code in {403, 405}, method
        assert snapshot() == before, method


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_the_insider_reads_every_resource_in_ten_queries(name: str, world: World) -> None:
    route, client = RESOURCES[name], signed_in(world.insider)
    client.get(address(name, route, world))  # codes and rules are kept for a minute
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address(name, route, world))
    assert answer.status_code in route.statuses
    assert sum("SAVEPOINT" not in query["sql"] for query in queries) <= 10


@pytest.mark.parametrize("name", sorted(name for name, route in RESOURCES.items() if route.owned))
def test_the_outsider_gets_404(name: str, world: World) -> None:
    client, before = signed_in(world.outsider), snapshot()
    for method in METHODS:
        answer = call(client, method, address(name, RESOURCES[name], world), **{"If-Match": '"1"'})
        assert answer.status_code in {404, 405}, method
        assert snapshot() == before, method


def test_an_outsiders_lists_hold_nothing_of_the_other_district(world: World) -> None:
    client = signed_in(world.outsider)
    for name in ("api-leads-list", "api-projects-list"):
        assert client.get(reverse(name)).json()["results"] == []
    insider = signed_in(world.insider)
    own = {row.pk for row in world.rows.values() if isinstance(row, Project)}
    assert own <= {row["id"] for row in insider.get(reverse("api-projects-list")).json()["results"]}


def test_a_token_can_do_no_more_than_its_scopes(world: World) -> None:
    by = actor_for(world.insider)
    token, secret = services.create_token(by=by, name="测试", scopes=["projects.project.view"], days=1)
    headers = {"Authorization": f"Bearer {secret}"}
    client = Client()
    assert client.get(reverse("api-projects-list"), headers=headers).status_code == 200
    assert client.get(reverse("api-leads-list"), headers=headers).status_code == 403
    services.revoke_token(by=by, pk=token.pk)
    assert client.get(reverse("api-projects-list"), headers=headers).status_code == 401


def test_the_session_needs_its_csrf_token(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.insider, backend="yinfeng.core.signin.Backend")
    answer = client.post(
        reverse("api-enterprises-list"), data={"name": "某某有限公司"}, content_type="application/json"
    )
    assert answer.status_code == 403


def test_the_schema_describes_every_resource(world: World) -> None:
    schema = signed_in(world.insider).get("/api/schema/").json()
    assert schema["openapi"].startswith("3.1")
    assert {"/api/v1/enterprises/", "/api/v1/leads/{id}/", "/api/v1/projects/{id}/"} <= set(schema["paths"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"name": null}',
        b'{"name": {"a": 1}}',
        b'{"capital": "1e999"}',
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize("name", ["api-enterprises-list", "api-leads-list", "api-projects-list"])
def test_odd_bodies_get_a_sentence(name: str, body: bytes, world: World) -> None:
    client = signed_in(world.chief)
    client.raise_request_exception = False
    answer = client.post(reverse(name), data=body, content_type="application/json")
    assert 400 <= answer.status_code < 500
    assert answer.json()["sentence"]


def test_the_documentation_names_every_resource() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    for prefix, _resource, _name in router.registry:
        assert f"{re.sub(r'[(].*[)]', '', prefix).rstrip('/').rpartition('/')[2] or prefix}/" in text, prefix
