"""Reversals of the demonstration: one that waits to be confirmed, one refused, one confirmed and claimed anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from yinfeng.core.actors import Actor
from yinfeng.projects import services, stages
from yinfeng.projects.models import Entry

At = Callable[[datetime], AbstractContextManager[None]]

# Project → why the office proposes to reverse the money that arrived, how long ago, and what the district's head finds (None: nothing yet).
PROPOSED: tuple[tuple[str, str, int, bool | None], ...] = (
    ("伺服电机项目", "演示：审计发现同一笔资金在集团内重复转入，核实中。", 3, None),
    ("智能包装工厂", "演示：疑与另一凭证重复。", 20, False),
    ("光学膜生产线", "演示：回单金额录错，冲销后重新申报。", 12, True),
)


def enter(actors: Mapping[str, Actor], today: datetime, at: At) -> None:
    """Let the office propose the reversals, and the heads of the districts confirm or refuse two of them."""
    for name, reason, days, is_confirmed in PROPOSED:
        entry = Entry.objects.select_related("project__host_unit").get(
            project__name=name, kind=stages.CAPITAL
        )
        host = entry.project.host_unit
        assert host is not None
        with at(today - timedelta(days=days)):
            reversal = services.ask_reversal(by=actors["office"], entry=entry, reason=reason)
        if is_confirmed is None:
            continue
        head = actors[f"head-{host.code}"]
        with at(today - timedelta(days=days - 1)):
            if is_confirmed:
                services.approve_reversal(by=head, reversal=reversal, note="与银行回单核对属实。")
            else:
                services.refuse_reversal(
                    by=head, reversal=reversal, reason="两笔凭证号不同，金额不同，是两笔到账。"
                )
