"""The demonstration's decisions at gates: some projects have passed all of theirs, some wait, one was not passed at first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from yinfeng.core.actors import Actor
from yinfeng.meetings import queries, services
from yinfeng.projects import stages
from yinfeng.projects.models import Project

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
NAME = "会议纪要（演示）.pdf"
DAYS = (120, 84, 47)  # before today: the meetings of the bodies


def enter(actors: Mapping[str, Actor], now: datetime, at: Callable[[datetime], Any]) -> None:
    """Let the office record what the bodies decided about the projects of the library."""
    today = timezone.localdate(now)
    waiting = 0
    for project in Project.objects.filter(status=stages.ONGOING).order_by("pk"):
        chain = queries.chain_of(project, today).chain
        if chain is None or not chain.gates:
            continue
        is_signed = stages.reached(project.stage, stages.SIGNED)
        waiting += not is_signed
        done = len(chain.gates) if is_signed else waiting % 3
        for turn, (gate, days) in enumerate(zip(chain.gates[:done], DAYS, strict=False)):
            if waiting == 2 and turn == 1 and not is_signed:
                _refuse(actors["office"], project, gate.code, now - timedelta(days=days + 14), at)
            _pass(actors["office"], project, gate.code, now - timedelta(days=days), at)


def _pass(by: Actor, project: Project, gate: str, moment: datetime, at: Callable[[datetime], Any]) -> None:
    with at(moment):
        services.pass_gate(
            by=by, project=project, gate=gate, decided_date=timezone.localdate(moment), document=_document(moment),
            opinion="同意，按程序办理。", file=ContentFile(PDF, NAME), name=NAME,
        )  # fmt: skip


def _refuse(by: Actor, project: Project, gate: str, moment: datetime, at: Callable[[datetime], Any]) -> None:
    with at(moment):
        services.refuse_gate(
            by=by, project=project, gate=gate, decided_date=timezone.localdate(moment), document=_document(moment),
            opinion="资金来源说明不够，补充后再议。",
        )  # fmt: skip


def _document(moment: datetime) -> str:
    day = timezone.localdate(moment)
    return f"{day.year} 年第 {day.month * 2} 次会议纪要（演示）"
