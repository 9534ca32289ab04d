"""Tables of frozen values, which are told of, as files: workbooks and Word documents."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Model
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, uploads
from yinfeng.core.exchange import columns as exchange
from yinfeng.core.exchange import documents, writing
from yinfeng.core.exporting import XLSX
from yinfeng.core.money import in_column
from yinfeng.core.tables import day
from yinfeng.core.web import Page
from yinfeng.projects import queries


def cell_text(kind: str, value: Any) -> str:
    """Return a frozen value as people read it."""
    found = queries.thawed(kind, value)
    if found is None:
        return "—"
    match kind:
        case "money":
            return in_column(found)
        case "decimal":
            return f"{found:,.2f}"
        case "date":
            return day(found)
        case "boolean":
            return _("是") if found else _("否")
        case _:
            return str(found)


def table_file(
    page: Page, title: str, about: Sequence[tuple[str, str]], heads: Sequence[dict[str, str]], found: Sequence[Sequence[Any]], obj: Model,
    text: Callable[[str, Any], str] = cell_text,
) -> FileResponse:  # fmt: skip
    """Return a table of frozen values as a workbook or, as asked, a Word document, with lines about it; logged as of ``obj``.

    ``text`` writes a value of a kind for the document.
    """
    kind = "docx" if page.request.GET.get("format") == "docx" else "xlsx"
    now = timezone.localtime()
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    if kind == "docx":
        lines = [f"{label}：{text}" for label, text in about]
        texts = ([text(head["kind"], value) for head, value in zip(heads, row, strict=True)] for row in found)
        documents.write_docx(stream, title, lines, [head["label"] for head in heads], texts)
    else:
        columns = [exchange.Column(head["key"], head["label"], head["kind"]) for head in heads]  # type: ignore[arg-type]
        values = (
            [queries.thawed(head["kind"], value) for head, value in zip(heads, row, strict=True)]
            for row in found
        )
        notes = [
            *about,
            (_("导出时间"), now.strftime("%Y-%m-%d %H:%M")),
            (_("导出人"), f"{page.by.unit_name} {page.by.name}".strip()),
        ]
        writing.write_xlsx(stream, title, columns, values, notes=notes)
    events.record(
        by=page.by,
        verb="core.list.exported",
        obj=obj,
        data={"text": title, "rows": len(found), "kind": kind, "conditions": []},
    )
    stream.seek(0)
    response = FileResponse(stream, content_type=documents.DOCX if kind == "docx" else XLSX)
    response["Content-Disposition"] = uploads.content_disposition(f"{title}-{now:%Y%m%d-%H%M}.{kind}")
    return response
