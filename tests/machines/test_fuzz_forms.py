"""Payloads through every field that a page posts, found on the pages themselves (SECURITY, machine F).

What a form refuses it refuses with a sentence; what it takes is stored, found and shown without breaking anything. Every
post is undone, so that each meets the same world.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import signed_in
from tests.machines.hostile import (
    PAYLOADS,
    TEXTS,
    forms_of,
    hostile_client,
    judge,
    post_form,
    some,
    undone,
)
from tests.machines.matrix import MATRIX
from tests.machines.world import World

pytestmark = pytest.mark.django_db
PAGES = sorted(name for name in MATRIX if not name.startswith("api-"))
# What pages without a form of their own are posted with: by a list, by the frame, by another page.
WITHOUT_FORM = {
    "view-save": ("key", "name", "query", "next"),
    "view-delete": ("next",),
    "follow": ("next",),
    "unfollow": ("next",),
    "target-add": ("pk", "unit", "owner", "priority", "wanted", "next_step", "next_date", "together"),
    "enterprises-import-row": ("same",),
    "enterprises-import-again": ("next",),
    "meeting-item-up": ("next",),
    "projects-follow": ("pk", "next"),
    "projects-joint": ("pk", "unit"),
    "projects-take-out": ("pk", "reason"),
    "set_language": ("language", "next"),
    "notices": ("next",),
    "notice": ("next",),
    "account_login": ("login", "password", "next"),
    "account_logout": ("next",),
}  # fmt: skip
# Pages that post nothing: 405, or no page at all.
READING = {"account", "account_inactive", "account_set_password", "accounts", "area", "areas", "areas-export", "audit", "body", "bots", "bottlenecks", "bottlenecks-export", "calendar", "calendar-feed", "circular", "circular-document", "circular-draft", "circulars", "closings", "construction", "construction-export", "deliveries", "dispute", "disputes", "disputes-export", "duties", "duties-export", "duties-standing", "duties-standing-export", "duty", "enterprise", "enterprise-check", "enterprise-list", "enterprise-lists", "enterprises", "enterprises-export", "enterprises-facets", "enterprises-template", "entry", "file", "finding", "findings", "findings-export", "gates", "gates-export", "headquarters", "headquarters-export", "home", "incentives", "incentives-export", "inspection", "inspection-draws", "inspection-paper", "inspections", "inspections-export", "invitations", "job", "job-result", "jobs", "lead", "lead-check", "leads", "leads-export", "ledger", "ledger-export", "lights", "meeting", "meeting-paper", "meeting-people", "meeting-topics", "meetings", "meetings-export", "organisation", "people", "person", "personal", "personal-export", "personal-units", "project", "project-board", "project-construction", "project-duties", "project-first-report", "project-funnel", "project-gates", "project-map", "project-personal", "project-topics", "projects", "projects-export", "proposal", "proposals", "proposals-export", "proposals-units", "reminder-document", "report", "report-copies", "report-export", "report-period", "report-period-export", "reports", "roles", "scheduling", "scheduling-export", "search", "search-suggest", "settlement", "settlement-export", "signal", "signals", "signals-export", "target", "targets", "targets-export", "tokens", "topic", "topics", "topics-export", "transfer", "transfers", "transfers-export", "unit", "unit-projects", "units", "work", "workdays"}  # fmt: skip
WRITING = sorted(set(PAGES) - READING)


# A move that the world's claim is ready for.
ARGUMENTS = {
    "projects.claim-move": {
        "move": "refute",
    },
    "projects.stepback-move": {
        "move": "refuse",
    },
    "projects.reversal-move": {"move": "refuse"},
}


def url_of(name: str, world: World) -> str:
    return reverse(name, kwargs=MATRIX[name].arguments(world.rows) | ARGUMENTS.get(name, {}))


def client_of(name: str, world: World) -> Client:
    """Return the browser of somebody to whom the page opens: who has every right, or whose row it is."""
    if name == "account_login":
        return hostile_client(Client())
    chief = hostile_client(signed_in(world.chief))
    opens = name in WITHOUT_FORM or name in READING or chief.get(url_of(name, world)).status_code == 200
    return chief if opens else hostile_client(signed_in(world.insider))


def fields_of(name: str, client: Client, world: World) -> dict[str, list[str]]:
    """Return the fields of the form that a page posts to itself, filled in as the page comes."""
    if name in WITHOUT_FORM:
        return {
            field: [str(world.rows["project"].pk)] if field == "pk" else [""] for field in WITHOUT_FORM[name]
        }
    if name == "account_accept":
        return {field: [""] for field in ("password1", "password2")}
    answer = client.get(url_of(name, world))
    assert answer.status_code == 200, f"{name} shows no form to anybody"
    found = forms_of(answer)
    # a page that asks nothing is posted as if it did
    return max(found, key=len) if found else {"reason": [""], "version": [""]}


def filled(fields: dict[str, list[str]], **changed: bytes) -> list[tuple[str, bytes]]:
    kept = [
        (name, value.encode()) for name, values in fields.items() if name not in changed for value in values
    ]
    return kept + list(changed.items())


@pytest.mark.parametrize("name", sorted(READING))
def test_pages_that_only_read_refuse_a_post(name: str, world: World) -> None:
    answer = client_of(name, world).post(url_of(name, world), {"name": "x"})
    assert answer.status_code in {405, 302}


@pytest.mark.parametrize("name", WRITING)
def test_a_form_with_the_same_payload_in_every_field(name: str, world: World) -> None:
    client = client_of(name, world)
    fields = fields_of(name, client, world)
    for label, payload in some(list(PAYLOADS.items()), WRITING.index(name), 10):
        with undone():
            answer = post_form(client, url_of(name, world), [(field, payload) for field in fields])
            judge(answer, f"{name}, every field: {label}")


@pytest.mark.parametrize("name", WRITING)
def test_a_form_with_a_payload_in_one_field(name: str, world: World) -> None:
    """The other fields as a person would leave them: so the payload comes as far as it can."""
    client = client_of(name, world)
    fields = dict(fields_of(name, client, world))
    for text in (
        "reason",
        "position",
        "name",
        "title",
        "summary",
        "our_side",
        "their_side",
        "source",
        "other",
    ):
        if fields.get(text) in ([""], []):
            fields[text] = ["测试"]
    for turn, field in enumerate(fields):
        for label in (*some(TEXTS, turn, 2), *some(list(PAYLOADS), turn, 2)):
            with undone():
                answer = post_form(client, url_of(name, world), filled(fields, **{field: PAYLOADS[label]}))
                judge(answer, f"{name}, {field}: {label}")
                follow(client, answer, f"{name}, {field}: {label}, then")


def follow(client: Client, answer: Any, told: str) -> None:
    """Look at the page that an act leads to: what was stored is shown there."""
    if answer.status_code == 302 and answer["Location"].startswith("/") and len(answer["Location"]) < 2000:
        judge(client.get(answer["Location"]), told)


BODIES: dict[str, tuple[str, bytes]] = {
    "json": ("application/json", b'{"name": "x"}'),
    "no boundary": ("multipart/form-data", b"x"),
    "half a part": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n"),
    "half a header": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="\x00"; filename="x',
    ),
    "charset": ("application/x-www-form-urlencoded; charset=nonsense", b"name=x"),
    "too many": ("application/x-www-form-urlencoded", b"&".join(b"x%d=" % number for number in range(2001))),
    "xml": ("text/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
}


@pytest.mark.parametrize("name", WRITING)
def test_a_body_that_no_browser_sends(name: str, world: World) -> None:
    client = client_of(name, world)
    for label, (kind, body) in BODIES.items():
        with undone():
            judge(client.generic("POST", url_of(name, world), body, content_type=kind), f"{name}: {label}")
