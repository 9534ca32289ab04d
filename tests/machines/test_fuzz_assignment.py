"""Mass assignment: a form changes what it declares and nothing else, whatever is posted with it (SECURITY 15.3.1, 15.3.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.apps import apps

from tests.machines.hostile import post_form, undone
from tests.machines.test_fuzz_forms import WRITING, client_of, fields_of, filled, url_of
from tests.machines.test_routes import snapshot
from tests.machines.world import World

pytestmark = pytest.mark.django_db
MODELS = {
    model._meta.db_table: model
    for model in apps.get_models()
    if model.__module__.startswith("yinfeng.") and model._meta.managed
}
# Every field of every row of the product, and what other products call the fields of power.
PRIVILEGED = {
    *(name for model in MODELS.values() for field in model._meta.concrete_fields for name in (field.name, field.attname)),
    "is_superuser", "is_staff", "is_admin", "admin", "groups", "user_permissions", "verified_by", "number", "permissions", "by",
    "actor", "object", "instance", "_state", "__class__", "__dict__", "csrfmiddlewaretoken", "_method", "despite",
}  # fmt: skip


def valued(world: World, fields: set[str]) -> list[tuple[str, bytes]]:
    """Return a value for each name that would show if it were taken: another unit, person, state, date or number."""
    rows = world.rows
    telling = {
        "unit": world.away.pk, "host_unit": world.away.pk, "reporter_unit": world.away.pk, "handling_unit": world.away.pk,
        "owner": world.outsider.pk, "user": world.outsider.pk, "created_by": world.outsider.pk, "entered_by": world.outsider.pk,
        "registered_by": world.outsider.pk, "recorded_by": world.outsider.pk, "verified_by": world.outsider.pk,
        "uploaded_by": world.outsider.pk, "project": rows["unsigned"].pk, "lead": rows["qualified"].pk, "stage": "signed",
        "status": "ended", "state": "verified", "is_demo": "True", "is_active": "True", "version": 1, "path": "/x/",
    }  # fmt: skip
    values: dict[str, Any] = {**telling, **{f"{name}_id": value for name, value in telling.items()}}
    return [(name, str(values.get(name, 7)).encode()) for name in sorted(PRIVILEGED - fields - {"version"})]


def rows_after() -> dict[str, dict[int, dict[str, Any]]]:
    """Return every row of the product by table and key, without moments: two posts are never made at the same one."""
    return {
        table: {
            row["pk"]: {
                name: "a moment" if isinstance(value, datetime) else value for name, value in row.items()
            }
            for row in model._default_manager.values("pk", *[f.attname for f in model._meta.concrete_fields])
        }
        for table, model in MODELS.items()
        if table != "core_searchentry"
    }


# What is new by chance in each of two equal posts.
BY_CHANCE = {
    "secret_hash", "mark", "token_hash", "stored", "password", "source_file", "request", "data", "id", "pk", "object_id", "seed",
}  # fmt: skip


Tables = dict[str, dict[int, dict[str, Any]]]


def comparable(tables: Tables, before: Tables) -> dict[str, list[list[str]]]:
    """Return the rows with every link to a new row alike: a database numbers on after what was undone."""
    links = {
        (table, field.attname): before[field.related_model._meta.db_table]
        for table, model in MODELS.items()
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model._meta.db_table in before
    }
    return {
        table: sorted(
            [
                f"{name}={'a new row' if value and value not in links.get((table, name), [value]) else value}"
                for name, value in sorted(row.items())
                if name not in BY_CHANCE
            ]
            for row in rows.values()
        )
        for table, rows in tables.items()
    }


@pytest.mark.parametrize("name", sorted(set(WRITING) - {"account_login", "account_logout", "set_language"}))
def test_a_form_changes_only_what_it_declares(name: str, world: World) -> None:
    """Post the form twice on the same world, without and with every other field there is: the outcomes are equal."""
    client = client_of(name, world)
    fields = {**fields_of(name, client, world), **ASKED.get(name, {})}
    for field, values in fields.items():
        if values in ([""], []) and field not in {
            "version",
            "different",
            "despite",
            "confirm_amounts",
            "next",
        }:
            fields[field] = [TYPICAL.get(field, "测试")]
    plain = filled(fields)
    before, outcomes = rows_after(), []
    for more in ([], valued(world, set(fields))):
        with undone():
            answer = post_form(client, url_of(name, world), plain + more)
            outcomes.append((answer.status_code, comparable(rows_after(), before)))
    for table, rows in outcomes[0][1].items():
        assert outcomes[1][1][table] == rows, table
    assert outcomes[0][0] == outcomes[1][0]
    assert outcomes[0][0] < 500


# What a form declares and shows only once it is asked, with its answer.
ASKED: dict[str, dict[str, Any]] = {"lead-convert": {"despite": ["另一个项目"], "related": ["none"]}}
TYPICAL = {
    "kind": "customer", "share": "10", "noted_date": "2026-01-01", "talk_date": "2026-01-01", "day": "2026-01-01",
    "phone": "13800001234", "email": "x@example.com", "website": "https://example.com", "uscc": "", "listing_code": "",
    "founded_date": "2020-01-01", "verified_date": "2026-01-01", "staff": "5", "capital": "1", "industry": "", "country": "CN",
    "username": "somebody", "form": "meeting", "intended": "", "land_mu": "1", "division": "350200", "code": "somewhere",
    "next_date": "2026-12-01", "heard_date": "2026-01-01", "other": "测试乙材料有限公司", "aliases": "", "industries": "",
    "enterprise_name": "", "name": "丙", "query": "q=x", "key": "projects", "is_foreign": "", "planned_start_date": "",
    "expected_output": "", "expected_tax": "", "fixed_investment": "",
}  # fmt: skip


def test_many_of_the_posts_do_change_something(world: World) -> None:
    """The test above compares acts, not refusals alone."""
    changed = set()
    for name in (
        "contact-add",
        "view-save",
        "enterprise-former",
        "enterprise-verify",
        "person-edit",
        "project-edit",
        "lead-edit",
    ):
        client = client_of(name, world)
        fields = dict(fields_of(name, client, world))
        for field, values in fields.items():
            if values in ([""], []) and field not in {
                "version",
                "different",
                "despite",
                "confirm_amounts",
                "next",
            }:
                fields[field] = [TYPICAL.get(field, "测试")]
        before = snapshot()
        with undone():
            if (
                post_form(client, url_of(name, world), filled(fields)).status_code == 302
                and snapshot() != before
            ):
                changed.add(name)
    assert {"contact-add", "view-save", "enterprise-former", "enterprise-verify"} <= changed
