"""Documents of duties as Word files in the layout of official documents: reminders and circulars, from their frozen words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import IO, Any

from yinfeng.core.exchange.official import (
    Block,
    Facts,
    Heading,
    Layout,
    Official,
    Paragraph,
    Table,
    write_official,
)


def write_reminder(stream: IO[bytes], document: Mapping[str, Any]) -> None:
    """Write a reminder's document: what is late, the six of the duty, what is asked."""
    body: list[Block] = [
        Paragraph(document["opening"]),
        Heading(1, "督办事项"),
        Facts([(label, text) for label, text in document["facts"]], columns=1),
    ]
    if document["demand"]:
        body += [Heading(1, "有关要求"), Paragraph(document["demand"])]
    _write(stream, document, body)


def write_circular(stream: IO[bytes], content: Mapping[str, Any]) -> None:
    """Write a circular: the whole in words, the units, what is overdue, what is asked; a draft has no number."""
    body: list[Block] = [Heading(1, "总体情况"), *map(Paragraph, content["paragraphs"])]
    body.append(Heading(1, "各单位办理情况"))
    if content["units"]:
        body.append(Table(content["unit_heads"], content["units"], widths=(24, 9, 9, 9, 13, 13, 9, 11)))
    else:
        body.append(Paragraph("本期没有交办、办结和在办的事项。"))
    body.append(Heading(1, "逾期未办结事项"))
    if content["late"]:
        body.append(Table(content["late_heads"], content["late"], widths=(36, 18, 14, 22, 12)))
        if content["late_note"]:
            body.append(Paragraph(content["late_note"]))
    else:
        body.append(Paragraph("没有逾期未办结的事项。"))
    if content["demand"]:
        body += [Heading(1, "有关要求"), Paragraph(content["demand"])]
    _write(stream, content, body)


def _write(stream: IO[bytes], document: Mapping[str, Any], body: list[Block]) -> None:
    write_official(
        stream,
        Official(
            layout=Layout.DOCUMENT, mark=document["signer"], number=document["number"], title=document["title"],
            addressee=document["addressee"], body=body, signed_by=document["signer"], date=date.fromisoformat(document["date"]),
        ),
    )  # fmt: skip
