"""Static checks (SECURITY, machine S): what may not stand in the code, whoever writes it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(path for path in (ROOT / "yinfeng").rglob("*.py") if "migrations" not in path.parts)
TEMPLATES = sorted((ROOT / "yinfeng").rglob("*.html"))

# Writing is for services; the core's few writers beside them are named here, each with its reason.
WRITERS = {
    "core/events.py",  # the log itself, and its seals
    "core/lifecycle.py",  # the compare-and-swap of a move
    "core/jobs.py",  # a job's cursor, in the transaction of its chunk
    "core/mailing.py",  # marks a notice as mailed with the letter it writes
    "core/outbox.py",  # a message, its claim and how sending it went
    "core/search.py",  # the index, called by services
}
WRITES = {
    "save",
    "create",
    "update",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "save_base",
    "_raw_delete",
    # of core.bulk
    "Arriving",
    "insert_values",
    "put_new",
}
FORBIDDEN_CALLS = {"mark_safe", "SafeString", "eval", "exec", "raw", "extra", "RawSQL"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT / "yinfeng").as_posix()


def calls(path: Path) -> Iterator[tuple[int, str, ast.Call]]:
    """Yield (line, called name, call) of every call in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.lineno, node.func.attr, node
            elif isinstance(node.func, ast.Name):
                yield node.lineno, node.func.id, node


def is_queryset_write(call: ast.Call) -> bool:
    """Tell a row's write from a dict's or a set's ``update``, and from the ``delete`` of a file by its name.

    Rows are written by keywords, or by nothing at all.
    """
    assert isinstance(call.func, ast.Attribute)
    if call.func.attr == "delete":
        return not call.args
    if call.func.attr == "update":
        return bool(call.keywords) and not call.args
    return True


def find_writes(path: Path) -> list[int]:
    found = []
    for line, name, call in calls(path):
        if name in WRITES and isinstance(call.func, ast.Attribute) and is_queryset_write(call):
            found.append(line)
    return found


def find_forbidden(path: Path) -> list[str]:
    return [
        f"{name} in line {line}"
        for line, name, call in calls(path)
        if name in FORBIDDEN_CALLS and not is_own_method(call)
    ]


def is_own_method(call: ast.Call) -> bool:
    """Tell a page's own ``self.extra()`` from a query set's."""
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name | ast.Call)
        and (
            getattr(call.func.value, "id", "") == "self"
            or getattr(getattr(call.func.value, "func", None), "id", "") == "super"
        )
    )


def writes_elsewhere(path: Path) -> bool:
    name = relative(path)
    return not (path.name == "services.py" or "/services/" in name or name in WRITERS)


@pytest.mark.parametrize("path", [path for path in CODE if writes_elsewhere(path)], ids=relative)
def test_only_services_write(path: Path) -> None:
    assert find_writes(path) == []


def test_every_named_writer_still_writes() -> None:
    """An exception that nothing needs any more is struck off the list."""
    for name in WRITERS:
        path = ROOT / "yinfeng" / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        assert find_writes(path) or "cursor.execute" in text or "INSERT" in text, (
            f"{name} writes nothing: strike it off"
        )


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_nothing_dangerous_is_called(path: Path) -> None:
    assert find_forbidden(path) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_templates_escape_everything_and_carry_no_script(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape\s+off", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son[a-z]+\s*=", text), (
        "no inline handlers: the content security policy forbids them"
    )
    assert not re.search(r"\sstyle\s*=", text), "no inline styles: use a class"


def test_the_checks_can_fail(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(
        "Model.objects.filter(pk=1).update(name='x')\nrow.save()\nmark_safe(text)\nmapping.update(other)\n"
        "bulk.insert_values(Model, rows)\n"
    )
    assert find_writes(bad) == [1, 2, 5]
    assert find_forbidden(bad) == ["mark_safe in line 3"]


def reads_for_people(path: Path) -> bool:
    """Say whether a file is one of views, API, filters, tables or forms, or of a folder of them."""
    names = (*path.relative_to(ROOT / "yinfeng").parent.parts, path.stem)
    return any(re.fullmatch(r"(views|api|filters|tables|forms)(_\w+)?", name) for name in names)


def test_no_view_reads_rows_past_their_scope() -> None:
    """Views, API and filters read models through ``permitted``, ``fetch`` or a query of ``queries.py``."""
    scoped = re.compile(r"\b([A-Z]\w+)\.objects\.(?!permitted|select_related|all\(\)|none\(\))(\w+)")
    looked_at = [path for path in CODE if reads_for_people(path)]
    assert {"projects/views/records.py", "enterprises/views/records.py"} <= set(map(relative, looked_at))
    hits = [(path, hit) for path in looked_at for hit in scoped.finditer(path.read_text(encoding="utf-8"))]
    assert [f"{relative(path)}: {hit[0]}" for path, hit in hits] == []
