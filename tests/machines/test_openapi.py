"""Schemathesis over the OpenAPI document: what it promises is what is answered, to whatever is sent (SECURITY, machine F).

Each operation gets requests made from its description, right ones and wrong ones, on real rows and on made-up ones, by a
token that may do everything and by one that may only look. Every request is undone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode

from config.api import router
from config.wsgi import application
from tests.factories import make_user
from tests.machines.hostile import SOAK, some, undone
from tests.machines.test_fuzz_assignment import PRIVILEGED
from tests.machines.test_routes import snapshot
from tests.machines.world import World
from yinfeng.core import services
from yinfeng.core.models import User
from yinfeng.core.permissions import registry
from yinfeng.orgs.queries import actor_for

pytestmark = pytest.mark.django_db
EXAMPLES = 200 if SOAK else 5
PREFIXES = [prefix for prefix, _viewset, _name in router.registry]
BASE = "/api/v1/"
# The rules that need no knowledge of the city: whether right data is accepted depends on its code tables and stages, and
# who is asked for a token is the matrix's matter (test_api.py).
LEFT_OUT = {
    "positive_data_acceptance", "ignored_auth", "use_after_free", "ensure_resource_availability", "object_level_authorization",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the test's connection over requests, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def readers() -> list[str]:
    return [code for code in registry() if code.endswith(".view")]


def owner_of(prefix: str, world: World) -> User:
    """Return whose key is tried: who works on duties everywhere speaks for his own units alone, so theirs is a district's."""
    return world.insider if prefix.startswith(("duties", "extensions")) else world.chief


def secret_of(user: User, scopes: list[str]) -> str:
    return services.create_token(by=actor_for(user), name="测试", scopes=scopes, days=1)[1]


_READ: list[Any] = []


def document(world: World) -> Any:
    """Return the document as a client gets it, read by schemathesis once: it is the same for everybody."""
    if not _READ:
        _READ.append(_document(secret_of(world.chief, list(registry()))))
    return _READ[0]


def _document(secret: str) -> Any:
    headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
    config = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
    return schemathesis.openapi.from_wsgi("/api/schema/", application, config=config, headers=headers)


def operations(schema: Any, prefix: str) -> list[Any]:
    """Return the operations of one resource: those whose address no longer prefix fits better."""
    return [found.ok() for found in schema.get_all_operations() if prefix_of(found.ok().path) == prefix]


def prefix_of(path: str) -> str:
    kept = _plain(path.removeprefix(BASE))
    return max((prefix for prefix in PREFIXES if kept.startswith(_plain(prefix) + "/")), key=len, default="")


def _plain(address: str) -> str:
    """Return an address with its parameters, written as groups or in braces, as stars."""
    plain, depth = "", 0
    for letter in address:
        depth += letter in "({"
        plain += "" if depth else letter
        if letter in ")}":
            depth -= 1
            plain += "" if depth else "*"
    return plain


def rows_for(path: str, world: World) -> dict[str, str]:
    """Return real values of the parameters of an address."""
    rows = world.rows
    parts = path.removeprefix(BASE).split("/")
    named = {
        "enterprises": "enterprise",
        "contacts": "contact",
        "relations": "relation",
        "ties": "tie",
        "leads": "lead",
        "projects": "project",
        "claims": "claim",
        "steps-back": "step",
        "transfers": "transfer",
        "duties": "duty",
        "meetings": "coming",
        "items": "item",
        "attendees": "attendee",
        "topics": "topic",
        "resolutions": "resolution",
        "extensions": "extension",
        "gates": "decision",
        "inspections": "inspection",
        "subjects": "subject",
        "findings": "finding",
        "circulars": "circular",
        "robots": "bot",
        "disputes": "dispute",
        "personal-acts": "personal",
        "ledger": "entry",
        "reversals": "reversal",
        "closings": "closing",
        "files": "file",
        "notices": "notice",
        "jobs": "job",
        "units": "unit",
        "team": "member",
        "doubts": "doubt",
        "mergings": "merging",
        "targets": "target",
        "signals": "signal",
        "imports": "job",
        "areas": "area",
        "premises": "premises",
        "proposals": "proposal",
        "partners": "partner",
        "bottlenecks": "bottleneck",
        "builders": "builder",
        "reports": "report",
        "report-definitions": "definition",
        "report-waivers": "waiver",
    }  # fmt: skip
    found = {"move": "hold", "table": "industry", "paper": "agenda"}
    for before, part in pairwise(parts):
        if part.startswith("{") and part.strip("{}") not in found:
            row = (
                "participation" if before == "units" and "projects" in parts else named.get(before, "project")
            )
            found[part.strip("{}")] = str(rows[row].pk)
    return found


def sentence_of(response: Any) -> str:
    return str(response.json().get("sentence", "")) if response.content else ""


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("may", ["everything", "read"])
def test_the_answers_are_those_described(may: str, prefix: str, world: World) -> None:
    user = world.chief if may == "everything" else make_user("只读", world.home, readers())
    secret = secret_of(user, list(registry()) if may == "everything" else readers())
    schema = document(world)
    checks = [CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in LEFT_OUT]
    found = operations(schema, prefix)
    assert found
    for operation in found:
        real = rows_for(operation.path, world)
        told = schema.raw_schema["paths"][operation.path][operation.method.lower()]
        takes = told.get("parameters") or told.get("requestBody")
        # to an operation that takes nothing, nothing wrong can be sent
        for mode in (GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if takes else [])):
            examine(
                operation,
                mode,
                real,
                {"Authorization": f"Bearer {secret}", "Accept": "application/json"},
                checks,
            )


def leaves_blank(case: Any) -> bool:
    """Say whether a filter is sent empty, which is not filtering, as in the desk's forms."""
    return any(value in ("", None, []) for value in (case.query or {}).values())


def examine(
    operation: Any, mode: GenerationMode, real: dict[str, str], headers: dict[str, str], checks: Any
) -> None:
    """Send the operation's made-up requests, half of them to real rows."""

    @settings(
        max_examples=EXAMPLES, derandomize=not SOAK, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), on_real=st.booleans(), on_version=st.booleans())
    def send(case: Any, on_real: bool, on_version: bool) -> None:
        if on_real and case.path_parameters and mode == GenerationMode.POSITIVE:
            case.path_parameters = {
                name: real.get(name, value) for name, value in case.path_parameters.items()
            }
        if on_version and mode == GenerationMode.POSITIVE and case.headers and "If-Match" in case.headers:
            case.headers["If-Match"] = '"1"'
        with undone():
            response = case.call(headers=headers)
        left_out = [CHECKS.get_one("negative_data_rejection")] if leaves_blank(case) else []
        case.validate_response(response, checks=checks, excluded_checks=left_out)
        if response.status_code >= 400:
            assert sentence_of(response), f"{operation.label}: {response.status_code} without a sentence"

    send()


@pytest.mark.parametrize("prefix", PREFIXES)
def test_another_method_or_type_is_refused_with_a_sentence(prefix: str, world: World) -> None:
    headers = {"Authorization": f"Bearer {secret_of(owner_of(prefix, world), list(registry()))}"}
    schema = document(world)
    paths = {found.path: rows_for(found.path, world) for found in operations(schema, prefix)}
    for path, real in paths.items():
        url = path.format(**real)
        described = {method.upper() for method in schema.raw_schema["paths"][path]}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "X"} - described:
            answer = Client().generic(method, url, b"{}", content_type="application/json", headers=headers)
            assert answer.status_code == 405, f"{method} {path}: {answer.status_code}"
            assert answer.json()["sentence"]
        for method in {"POST", "PUT", "PATCH"} & described:
            if "requestBody" not in schema.raw_schema["paths"][path][method.lower()]:
                continue
            for kind in ("text/xml", "text/plain", "application/x-www-form-urlencoded", "nonsense"):
                with undone():
                    answer = Client().generic(
                        method, url, b"<x/>", content_type=kind, headers=headers | {"If-Match": '"1"'}
                    )
                assert answer.status_code == 415, f"{method} {path} as {kind}: {answer.status_code}"
                assert answer.json()["sentence"]


ODD = (
    b"", b"x", b"{", b"[]", b"1", b"null", b'"x"', b"NaN", b'{"a": NaN}', b"[" * 20_000, b'{"a":' * 20_000, b"\xff\xfe{}",
    b'{"a": 1e400}', b'{"a": 1, "a": 2}', b'{"\\ud800": 1}', b'{"__proto__": {"a": 1}}',
)  # fmt: skip
VALUES = (
    "\ud800", "x\0y", "1e999", "NaN", "sNaN", "-Infinity", "9" * 400, 10**30, -(10**30), 1e308, True, None, [], {}, [[[]]],
    {"$ne": None}, "9999-12-31", "0001-01-01", "99999-01-01", "x" * 100_000, "\u202e", "=1+1", "../../x", -1, 0, "",
)  # fmt: skip


@pytest.mark.parametrize("prefix", PREFIXES)
def test_odd_bodies_and_values_break_nothing(prefix: str, world: World) -> None:
    """What a generator of JSON does not make: lone surrogates, numbers beyond any column, depths beyond any stack."""
    client = Client(raise_request_exception=False)
    headers = {
        "Authorization": f"Bearer {secret_of(world.chief, list(registry()))}",
        "If-Match": '"1"',
    }
    raw = document(world).raw_schema
    for found in operations(document(world), prefix):
        taken = raw["paths"][found.path][found.method].get("requestBody", {}).get("content", {})
        if "application/json" not in taken:
            continue
        described = taken["application/json"].get("schema", {})
        name = described.get("$ref", "").rpartition("/")[2]
        fields = list(raw["components"]["schemas"].get(name, described).get("properties", {}))
        every = [json.dumps(dict.fromkeys(fields, value)).encode() for value in some(VALUES, len(fields), 12)]
        each = [
            json.dumps({field: value}).encode()
            for turn, field in enumerate(fields)
            for value in some(VALUES, turn, 3)
        ]
        for body in [*some(ODD, len(fields), 8), *every, *each]:
            url = found.path.format(**rows_for(found.path, world))
            with undone():
                answer = client.generic(
                    found.method.upper(), url, body, content_type="application/json", headers=headers
                )
            told = f"{found.label}: {body[:200]!r}: {answer.status_code}"
            assert answer.status_code < 500, told
            assert answer.status_code < 400 or answer.json()["sentence"], told


@pytest.mark.parametrize("prefix", PREFIXES)
def test_fields_that_are_not_taken_are_refused_and_change_nothing(prefix: str, world: World) -> None:
    """Mass assignment: whatever the row has beside what its resource takes (SECURITY 15.3.3)."""
    headers = {
        "Authorization": f"Bearer {secret_of(world.chief, list(registry()))}",
        "If-Match": '"1"',
    }
    raw = document(world).raw_schema
    for found in operations(document(world), prefix):
        taken = raw["paths"][found.path][found.method].get("requestBody", {}).get("content", {})
        if "application/json" not in taken:
            continue
        described = taken["application/json"].get("schema", {})
        name = described.get("$ref", "").rpartition("/")[2]
        fields = set(raw["components"]["schemas"].get(name, described).get("properties", {}))
        url = found.path.format(**rows_for(found.path, world))
        strangers = sorted(PRIVILEGED - fields)
        before = snapshot()
        with undone():
            answer = Client().generic(
                found.method.upper(), url, json.dumps(dict.fromkeys(strangers, 1)),
                content_type="application/json", headers=headers,
            )  # fmt: skip
            told = f"{found.label}: {answer.status_code} {answer.content[:300]!r}"
            assert answer.status_code in {403, 404, 409, 422}, told
            if answer.status_code == 422:
                assert set(strangers) <= set(answer.json()["fields"]), told
            after = snapshot()
        # that the token was used is noted on it
        assert {table for table in before if before[table] != after[table]} <= {"core_apitoken"}
