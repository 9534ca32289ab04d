"""One walk over every route (SECURITY, machines U and M): the matrix below is the document and the test.

A route that is not in ``MATRIX`` fails; so does a page whose permission is another than the matrix says. For every route
with a row in its address the outsider, who holds every right in the other district, must get 404.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from tests.factories import signed_in
from tests.machines.matrix import MATRIX, Route
from tests.machines.world import World
from yinfeng.core.web import PUBLIC, SIGNED_IN

pytestmark = pytest.mark.django_db

CANARY = '"><svg onload=x>'


def walk(resolver: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every named route of the resolver with its pattern."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from walk(entry, prefix + str(entry.pattern))
        else:
            yield entry.name or prefix + str(entry.pattern), entry


ROUTES = dict(walk(get_resolver()))
PAGES = {name: route for name, route in MATRIX.items() if not name.startswith("api-")}


def address(name: str, route: Route, world: World) -> str:
    return reverse(name, kwargs=route.arguments(world.rows))


def get(client: Client, url: str) -> HttpResponse:
    return client.get(url, follow=False)


def test_every_route_has_its_row_and_every_row_its_route() -> None:
    assert set(ROUTES) == set(MATRIX)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_pages_ask_what_the_matrix_says(name: str) -> None:
    view = getattr(ROUTES[name].callback, "view_class", None)
    if view is not None and hasattr(view, "permission"):
        assert view.permission == MATRIX[name].permission


@pytest.mark.parametrize("name", sorted(PAGES))
def test_anonymous_sees_only_what_is_public(name: str, world: World) -> None:
    answer = get(Client(), address(name, MATRIX[name], world))
    if MATRIX[name].permission == PUBLIC:
        assert answer.status_code in {200, 302, 405} | MATRIX[name].statuses
    else:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_stranger_without_a_role_gets_no_business_page(name: str, world: World) -> None:
    route = MATRIX[name]
    answer = get(signed_in(world.stranger), address(name, route, world))
    if route.permission not in {PUBLIC, SIGNED_IN}:
        assert answer.status_code == 403
    elif route.row and not route.everyone:
        assert answer.status_code in {404, 405}
    else:
        assert answer.status_code in {200, 302, 405} | route.statuses


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_insider_reaches_every_page(name: str, world: World) -> None:
    answer = get(signed_in(world.insider), address(name, MATRIX[name], world))
    assert answer.status_code in MATRIX[name].statuses
    if not answer.streaming:
        assert b"---------" not in answer.content, "an empty choice without words"
        assert 'value="unknown" selected>未知' not in answer.content.decode(errors="ignore"), (
            "a filter not set is no “unknown”"
        )


@pytest.mark.parametrize("name", sorted(name for name, route in PAGES.items() if route.owned))
def test_the_outsider_finds_nothing_of_the_other_district(name: str, world: World) -> None:
    """IDOR: out of scope is 404, by GET and by POST, and nothing changes."""
    client = signed_in(world.outsider)
    url = address(name, MATRIX[name], world)
    before = snapshot()
    assert get(client, url).status_code in {404, 405}
    assert client.post(url, {}).status_code in {404, 405}
    assert snapshot() == before


@pytest.mark.parametrize(
    ("name", "part"),
    [
        (name, part)
        for name, route in sorted(MATRIX.items())
        for part in [
            *(["pk"] if route.row else []),
            *route.rows,
            *(["number"] if "number" in route.more else []),
        ]
    ],
)
def test_a_number_that_no_column_holds_breaks_nothing(name: str, part: str, world: World) -> None:
    arguments = MATRIX[name].arguments(world.rows)
    if not isinstance(arguments[part], int):
        pytest.skip("named by letters")
    client = signed_in(world.chief)
    client.raise_request_exception = False
    for number in (2**63 - 1, 2**63, 10**30):
        try:
            url = reverse(name, kwargs={**arguments, part: number})
        except NoReverseMatch:  # the API's addresses hold 18 digits
            continue
        assert client.get(url).status_code < 500, url
        assert client.post(url).status_code < 500, url


@pytest.mark.parametrize("name", sorted(PAGES))
def test_unsafe_requests_need_a_token(name: str, world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.insider, backend="yinfeng.core.signin.Backend")
    assert client.post(address(name, MATRIX[name], world), {}).status_code in {403, 405}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_reading_changes_nothing(name: str, world: World) -> None:
    client = signed_in(world.insider)
    url = address(name, MATRIX[name], world)
    before = snapshot()
    get(client, url)
    client.head(url)
    assert snapshot() == before


# What reading may write: sessions, and the log of who downloaded, exported or unmasked what.
WRITTEN_BY_READING = {"django_session", "core_event", "core_notice"}


def snapshot() -> dict[str, Any]:
    """Return every table's rows, apart from the log of reading."""
    with connection.cursor() as cursor:
        tables = [
            name for name in connection.introspection.table_names(cursor) if name not in WRITTEN_BY_READING
        ]
    models = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    return {
        name: list(models[name]._default_manager.order_by("pk").values_list())
        for name in sorted(tables)
        if name in models
    }


@pytest.mark.parametrize("name", sorted(PAGES))
def test_headers(name: str, world: World) -> None:
    answer = get(signed_in(world.insider), address(name, MATRIX[name], world))
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]
    policy = answer["Content-Security-Policy"]
    assert "script-src" in policy or "sandbox" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
    for cookie in answer.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("name", sorted(name for name, route in PAGES.items() if "GET" in route.shows))
def test_stored_markup_comes_out_as_text(name: str, world: World) -> None:
    """The canary in every text field of every row, on every page."""
    for row in world.rows.values():
        fields = {
            field.name: CANARY[: field.max_length or 100]
            for field in type(row)._meta.concrete_fields
            if field.get_internal_type() in {"CharField", "TextField"} and not field.choices and not field.unique
            and field.name not in SPARED
        }  # fmt: skip
        if fields and type(row)._meta.label != "core.Event":
            type(row)._default_manager.filter(pk=row.pk).update(**fields)
    answer = get(signed_in(world.chief), address(name, MATRIX[name], world))
    if answer.streaming:
        pytest.skip("a stored file, sent as an attachment under a sandbox")
    text = answer.content.decode(errors="replace")
    assert CANARY not in text
    assert "<svg onload" not in text


# Fields that hold codes which pages look up, or hashes, not text that a person typed.
SPARED = {"amount_currency", "base", "chain", "construction_kind", "content_type", "country", "digest", "headquarters_kind", "industry", "intended_currency", "key", "kind", "language", "mark", "name_key", "object_type", "outcome", "page", "pair", "part", "password", "path", "phone", "query", "result_file", "sha256", "source", "source_file", "start", "state", "statistics", "stored", "table", "target", "username", "verb", "why"}  # fmt: skip


ODD = (
    "q='", "q=%25", "q=%00", "sort=--x", "after=x", "col=x&col=y", "page=-1", "stage=a&stage=b", "next=//evil.example",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(PAGES))
def test_odd_queries_never_break_a_page(name: str, world: World) -> None:
    client = signed_in(world.chief)
    client.raise_request_exception = False
    for query in ODD:
        assert get(client, address(name, MATRIX[name], world) + "?" + query).status_code < 500, query
