"""Export a list: the rows a person may see, in the columns he sees, as xlsx or CSV; who exported what is logged."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Model, QuerySet
from django.http import FileResponse, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, tables, uploads
from yinfeng.core.actors import Actor
from yinfeng.core.exchange import columns as exchange
from yinfeng.core.exchange import writing
from yinfeng.core.exchange.documents import DOCX

CHUNK = 1_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export(
    *, by: Actor, queryset: QuerySet[Any], table: tables.Table, title: str, kind: str,
    conditions: Sequence[str], model: type[Model],
) -> FileResponse:  # fmt: skip
    """Return the file of the rows; it is written to disk in chunks, so memory stays flat."""
    columns = table.shown
    heads = [exchange.Column(column.key, str(column.label), column.kind) for column in columns]
    now = timezone.localtime()
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    counter = {"rows": 0}

    def lines() -> Iterator[list[Any]]:
        for obj in table.prepare(queryset.iterator(chunk_size=CHUNK)):
            counter["rows"] += 1
            yield [column.export(obj) for column in columns]

    notes = [
        (_("导出时间"), now.strftime("%Y-%m-%d %H:%M")),
        (_("导出人"), f"{by.unit_name} {by.name}".strip()),
        (_("筛选条件"), "；".join(conditions) or _("无")),
    ]
    if kind == "csv":
        writing.write_csv(stream, heads, lines())
    else:
        writing.write_xlsx(stream, title, heads, lines(), notes=notes)
    events.record(
        by=by, verb="core.list.exported", obj=model(),
        data={"text": title, "rows": counter["rows"], "kind": kind, "conditions": list(conditions)},
    )  # fmt: skip
    stream.seek(0)
    response = FileResponse(stream, content_type="text/csv; charset=utf-8" if kind == "csv" else XLSX)
    response["Content-Disposition"] = uploads.content_disposition(f"{title}-{now:%Y%m%d-%H%M}.{kind}")
    return response


def word_file(content: bytes, name: str) -> HttpResponse:
    """Return a Word file for download under its name."""
    response = HttpResponse(content, content_type=DOCX)
    response["Content-Disposition"] = uploads.content_disposition(name)
    return response
