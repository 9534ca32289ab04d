"""What hostile people and broken programs send, and how an answer to it is judged (SECURITY, machine F).

``YINFENG_FUZZ=soak`` (``make soak``) tries every payload on every field; otherwise each field meets a few of them, so
that every payload and every field are tried somewhere, the same ones in each run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any, TypeVar
from urllib.parse import quote_from_bytes, urlencode

from django.db import transaction
from django.test import Client

SOAK = os.environ.get("YINFENG_FUZZ") == "soak"
T = TypeVar("T")

# No page may ever contain it as it stands: it is markup wherever it stands.
CANARY = "\"'><svg onload=x>"

# As bytes, because some are no text at all.
PAYLOADS: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \t\r\n",
    "quote": b"'",
    "sql": b"') OR 1=1; DROP TABLE core_user; --",
    "like": b"%_\\%",
    "traversal": b"../../../../etc/passwd",
    "template": b"{{ settings.SECRET_KEY }}{% load x %}${7*7}#{7*7}",
    "format": b"%s%n%(x)s{0}{x!r}",
    "command": b"$(touch x)`touch x`|touch x;",
    "markup": CANARY.encode(),
    "script": b"</script><script>x</script><svg onload=x>",
    "address": b"javascript:x//<svg onload=x>",
    "formula": b"=cmd|' /C calc'!A1",
    "header": b"x\r\nSet-Cookie: x=1",
    "nul": b"x\x00x",
    "control": b"\x01\x08\x0b\x1b\x7f\xc2\x85",
    "right to left": "‮gnp.exe⁦x".encode(),
    "invisible": "\u200b\u200d\ufeff\u00ad".encode(),
    "marks": ("a" + "\u0300" * 500).encode(),
    "emoji": "👩‍👩‍👧‍👦𠮷𝟙".encode(),
    "wide digits": "１２３，４５６．７".encode(),
    "other digits": "٣²Ⅷ".encode(),
    "surrogate": b"\xed\xa0\x80",
    "no utf-8": b"\xff\xfe\xc3(",
    "negative": b"-1",
    "zero": b"0",
    "huge": b"9" * 19,
    "very huge": b"9" * 5000,
    "beyond": b"9223372036854775808",
    "exponent": b"1e999",
    "big exponent": b"9E+29",
    "long exponent": b"1e99999999999",
    "small exponent": b"1e-400",
    "decimals": b"0." + b"3" * 400,
    "nan": b"NaN",
    "signalling": b"sNaN",
    "infinity": b"-Infinity",
    "underscores": b"1_000",
    "hexadecimal": b"0x10",
    "early date": b"0001-01-01",
    "late date": b"9999-12-31",
    "no date": b"2026-02-30",
    "year zero": b"0000-00-00",
    "date of five digits": b"99999-01-01",
    "json": b'{"$ne": null}',
    "deep": b"[" * 20_000,
    "domain": "https://例え.テスト:99999/x".encode(),
    "bracket": b"http://[",
    "mail": b"a@b@c.d\n",
    "long": b"a" * 100_000,
    "long spaces": b" " * 50_000 + b"x",
    "long chinese": "招".encode() * 30_000,
    "long digits": b"1 " * 30_000 + b"!",
}

# What passes most fields as text, and so comes as far as services, database, index and pages.
TEXTS = (
    "quote", "template", "format", "markup", "script", "formula", "right to left", "invisible", "marks", "emoji", "control",
    "other digits", "like", "late date", "early date", "negative", "zero", "big exponent",
)  # fmt: skip


def some(items: Sequence[T], turn: int, count: int) -> Sequence[T]:
    """Return all items in a soak, else ``count`` of them, others with each turn."""
    if SOAK or count >= len(items):
        return items
    return [items[(turn * count + step) % len(items)] for step in range(count)]


def encoded(fields: Sequence[tuple[str, bytes]]) -> str:
    """Return fields as a query or a form's body, bytes as they are."""
    return "&".join(f"{urlencode({name: ''})}{quote_from_bytes(value)}" for name, value in fields)


@contextmanager
def undone() -> Iterator[None]:
    """Let what happens inside happen, and leave nothing of it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def hostile_client(client: Client) -> Client:
    """Return the client answering 500 instead of raising, as a server does."""
    client.raise_request_exception = False
    return client


def post_form(client: Client, url: str, fields: Sequence[tuple[str, bytes]], **headers: str) -> Any:
    return client.post(
        url, data=encoded(fields), content_type="application/x-www-form-urlencoded", headers=headers
    )


def judge(answer: Any, told: str) -> None:
    """Assert that an answer is none of a server that broke, holds no raw canary, and refuses with a sentence."""
    assert answer.status_code < 500, f"{told}: {answer.status_code}"
    if answer.streaming or "text/html" not in answer.get("Content-Type", ""):
        return
    text = answer.content.decode(errors="replace")
    for raw in (CANARY, "<svg onload", "</script><script>x"):
        assert raw not in text, f"{told}: echoed as markup"
    if answer.status_code >= 400:
        assert sentences(answer), f"{told}: {answer.status_code} without a sentence"


def sentences(answer: Any) -> list[str]:
    """Return what a refusal says: on its page, or beside the fields of its form."""
    said: list[str] = []
    for context in answer.context or ():
        values = context.flatten() if hasattr(context, "flatten") else context
        form = values.get("form")
        if values.get("sentence"):
            said.append(str(values["sentence"]))
        if form is not None and getattr(form, "is_bound", False):
            said += [str(text) for texts in form.errors.values() for text in texts]
    return said or (["(a fixed page)"] if answer.status_code in {405, 429} else [])


class Fields(HTMLParser):
    """Read the fields of a page's forms as a browser would send them: name → values, and what each may choose."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self.typed: set[str] = set()
        self._select, self._text = "", ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        name = known.get("name", "")
        if tag == "form":
            self._inside = known.get("method", "get").lower() == "post"
            if self._inside:
                self.forms.append({})
        if not self._inside:
            return
        form = self.forms[-1]
        if tag == "input" and name:
            kind = known.get("type", "text")
            form.setdefault(name, [])
            if kind in {"checkbox", "radio"}:
                form[name] += [known.get("value", "on")] if "checked" in known else []
            elif kind != "file":
                form[name].append(known.get("value", ""))
        elif tag == "select" and name:
            self._select = name
            form.setdefault(name, [])
        elif tag == "option" and self._select and "selected" in known:
            form[self._select].append(known.get("value", ""))
        elif tag == "textarea" and name:
            self._text = name
            form.setdefault(name, [""])

    def handle_data(self, data: str) -> None:
        if self._inside and self._text:
            self.forms[-1][self._text][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._text = ""
        elif tag == "form":
            self._inside = False


def forms_of(answer: Any) -> list[dict[str, list[str]]]:
    """Return the fields of each form of a page that posts, the desk's own (sign out, language) left out."""
    parser = Fields()
    parser.feed(answer.content.decode())
    own = {"csrfmiddlewaretoken", "next", "language"}
    return [form for form in parser.forms if set(form) - own]
