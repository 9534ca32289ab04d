"""Payloads through every parameter that an address takes: filters, search, sort, columns, cursors (SECURITY, machine F)."""

from __future__ import annotations

import ast
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import signed_in
from tests.machines.hostile import PAYLOADS, encoded, hostile_client, judge, some, undone
from tests.machines.matrix import MATRIX
from tests.machines.test_routes import ROUTES
from tests.machines.world import World
from yinfeng.core.web import PUBLIC

pytestmark = pytest.mark.django_db
PACKAGE = Path(__file__).resolve().parents[2] / "yinfeng"
READ = sorted(name for name, route in MATRIX.items() if "GET" in route.shows)
LISTS = sorted(
    name for name, pattern in ROUTES.items()
    if hasattr(getattr(pattern.callback, "view_class", None), "table") and name in READ
)  # fmt: skip
RESOURCES = sorted(name for name in READ if name.startswith("api-") and name.endswith("-list"))
EXPORTS = sorted(name for name in READ if name.endswith("-export"))
FRAME = {"after", "before", "sort", "col", "page", "limit", "cursor", "next", "format"}
# The pages that read a name of their own, by what they read.
OWN = {
    "search": {"q"},
    "work": {"who"},
    "meetings": {"when"},
    "gates": {"turn"},
    "meeting-new": {"body"},
    "meeting-take-on": {"key"},
    "topic-new": {"body", "project", "bottleneck"},
    "duty-new": {"from"},
    "search-suggest": {"q"},
    "notices": {"show"},
    "person-add": {"unit"},
    "calendar": {"month"},
    "workdays": {"year"},
    "workday-new": {"year"},
    "lead-new": {"enterprise"},
    "lead-check": {"enterprise_name"},
    "projects": {"state", "to_leave"},
    "targets": {"owner"},
    "target-add": {"enterprise"},
    "enterprise-list": {"other", "year"},
    "doubts": {"state"},
    "enterprise-merge-into": {"from"},
    "ledger": {"unit"},
    "scheduling": {"group"},
    "scheduling-export": {"group"},
    "project-map": {"by"},
    "unit-projects": {"year"},
    "reports": {"year"},
    "duties-standing": {"period", "from", "until"},
    "duties-standing-export": {"period", "from", "until"},
    "circular-new": {"period", "from", "until"},
    "circular-draft": {"period", "from", "until"},
    "settlement": {"unit", "year"},
    "settlement-export": {"unit", "year"},
    "personal": {"quarter"},
    "personal-export": {"quarter"},
    "personal-units": {"quarter"},
    "openings": {"way"},
    "enterprise-openings": {"way"},
    "enterprise-relations": {"kind"},
    "api-enterprises-export-list": {"as"},
    "enterprise-add": {"name"},
    "enterprise-check": {"name", "uscc"},
}  # fmt: skip


def names_read() -> set[str]:
    """Return every name that a page of the package reads from its address by itself."""
    return {name for path in PACKAGE.rglob("*.py") for name in _names(ast.parse(path.read_text("utf-8")))}


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        owner, first = ast.unparse(node.func.value), node.args[0]
        asked = node.func.attr in {"get", "getlist"} and (owner.endswith(".GET") or owner == "query")
        if asked and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


NAMES = sorted(names_read() | FRAME)


def test_every_name_that_a_page_reads_is_tried() -> None:
    assert names_read() == {name for names in OWN.values() for name in names} | {
        "after", "before", "sort", "col", "format",
    }  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_every_page_stands_payloads_in_all_names_at_once(name: str, world: World) -> None:
    client = hostile_client(signed_in(world.chief))
    url = reverse(name, kwargs=MATRIX[name].arguments(world.rows))
    short = [(label, payload) for label, payload in PAYLOADS.items() if len(payload) < 1000]
    for label, payload in some(short, READ.index(name), 3):
        with undone():
            told = encoded([(part, payload) for part in NAMES if part not in {"after", "before"}])
            judge(client.get(f"{url}?{told}"), f"{name}: {label}")


@pytest.mark.parametrize("name", sorted(name for name, route in MATRIX.items() if route.permission == PUBLIC))
def test_nobody_breaks_a_public_page(name: str, world: World) -> None:
    client = hostile_client(Client())
    url = reverse(name, kwargs=MATRIX[name].arguments(world.rows))
    for label, payload in PAYLOADS.items():
        judge(client.get(f"{url}?{encoded([('next', payload)])}"), f"{name}?next= {label}")


@pytest.mark.parametrize(
    ("name", "part"), [(name, part) for name in sorted(OWN) for part in sorted(OWN[name])]
)
def test_every_page_stands_every_payload_in_its_own_name(name: str, part: str, world: World) -> None:
    client = hostile_client(signed_in(world.chief))
    url = reverse(name, kwargs=MATRIX[name].arguments(world.rows))
    for label, payload in PAYLOADS.items():
        judge(client.get(f"{url}?{encoded([(part, payload)])}"), f"{name}?{part}= {label}")


def filter_names(name: str) -> list[str]:
    """Return the parameters of a list's, an export's or a resource's filters, ranges as their two ends."""
    callback: Any = ROUTES[name].callback
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
    page = getattr(view, "page", view)
    filterset = getattr(page, "filterset", None) or getattr(page, "filterset_class", None)
    if filterset is None:  # a resource without filters
        return []
    return [
        part
        for field in filterset({}, queryset=page.model._default_manager.all()).form
        for part in _parts(field)
    ]


def _parts(bound: Any) -> list[str]:
    suffixes = getattr(bound.field.widget, "suffixes", None)
    return [f"{bound.name}_{suffix}" for suffix in suffixes] if suffixes else [bound.name]


@pytest.mark.parametrize("name", [*LISTS, *EXPORTS, *RESOURCES])
def test_every_filter_stands_every_payload(name: str, world: World) -> None:
    """Lists meet all payloads among their filters; exports and resources share the filters and meet a few."""
    client = hostile_client(signed_in(world.chief))
    url = reverse(name, kwargs=MATRIX[name].arguments(world.rows))
    for turn, part in enumerate(filter_names(name)):
        for label, payload in some(list(PAYLOADS.items()), turn, 12 if name in LISTS else 3):
            answer = client.get(f"{url}?{encoded([(part, payload)])}", headers={"HX-Request": "true"})
            judge(answer, f"{name}?{part}= {label}")
    twice = encoded([(part, payload) for part in filter_names(name) for payload in (b"1", b"x")])
    judge(client.get(f"{url}?{twice}"), f"{name}, every filter twice")


def test_the_filters_are_found() -> None:
    found = {part for name in (*LISTS, *EXPORTS, *RESOURCES) for part in filter_names(name)}
    assert {
        "q",
        "idle_days",
        "intended_from",
        "heard_date_after",
        "handling_unit",
        "verb",
        "at",
        "city",
    } <= found


def test_a_text_too_long_to_look_for_is_refused_beside_its_filter(world: World) -> None:
    """SQLite answers a pattern of 50,000 bytes with an error."""
    answer = signed_in(world.chief).get(reverse("enterprises"), {"city": "a" * 50_000})
    assert "300" in answer.context["filter_form"].errors["city"][0]


CURSORS = [
    b"", b"x", b"[]", b"{}", b"[1]", b"[1,2,3]", b"[null,null]", b'["x","y"]', b"[NaN,NaN]", b"[1,NaN]", b"[1,Infinity]",
    b"[1,1e400]", b"[1,-1]", b"[1,9223372036854775808]", b"[1," + b"9" * 5000 + b"]", b"[9223372036854775808,1]",
    b"[Infinity,1]", b"[NaN,1]", b'["\\u0000",1]', b'["\\ud800",1]', b'["1e999",1]', b'["9e29",1]', b'["9999-12-31",1]',
    b'["0001-01-01T00:00:00+14:00",1]', b'["9999-12-31T23:59:59-14:00",1]', b'["2026-02-30",1]', b"[[1],1]", b'[{"a":1},1]',
    b"[true,true]", b'["sNaN",1]', b"[" * 20_000, b"\xff\xfe", b'["' + b"a" * 50_000 + b'",1]',
]  # fmt: skip


@pytest.mark.parametrize("name", [*LISTS, "notices", "jobs"])
def test_every_sort_stands_every_cursor(name: str, world: World) -> None:
    """A cursor is the reader's to change, whatever it looks like."""
    client = hostile_client(signed_in(world.chief))
    url = reverse(name, kwargs=MATRIX[name].arguments(world.rows))
    table = getattr(ROUTES[name].callback.view_class, "table", None)  # type: ignore[attr-defined]
    sorts = ["", *(column.key for column in getattr(table, "columns", ()) if column.sort)]
    for turn, sort in enumerate(sorts):
        for cursor in some(CURSORS, turn, len(CURSORS) if turn == 0 else 11):
            value = base64.urlsafe_b64encode(cursor).rstrip(b"=")
            for side in ("after", "before"):
                told = encoded([("sort", sort.encode()), (side, value)])
                answer = client.get(f"{url}?{told}", headers={"HX-Request": "true"})
                assert answer.status_code in {200, 422}, f"{name}?{told[:200]}: {answer.status_code}"


@pytest.mark.parametrize("name", RESOURCES)
def test_every_resource_stands_every_cursor(name: str, world: World) -> None:
    """A cursor of the API: a position, an offset, a direction."""
    client = hostile_client(signed_in(world.chief))
    url = reverse(name, kwargs=MATRIX[name].arguments(world.rows))
    # a day without an hour is a moment to the database: a warning in the log, an error in tests
    payloads = [item for item in PAYLOADS.items() if item[0] not in {"early date", "late date"}]
    for turn, (label, payload) in enumerate(some(payloads, RESOURCES.index(name), 12)):
        for part in some(["p", "o", "r"], turn, 1):
            inside = base64.b64encode(encoded([(part, payload)]).encode())
            for cursor in (inside, payload):
                answer = client.get(f"{url}?{encoded([('cursor', cursor)])}")
                assert answer.status_code in {200, 404, 422}, f"{name}: {part}={label}: {answer.status_code}"
