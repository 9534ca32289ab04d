"""The columns of the list of doubts."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yinfeng.core.tables import Cell, Column, Table, day
from yinfeng.enterprises.models import Doubt, Enterprise
from yinfeng.enterprises.tables.records import code_line, place


def record_line(firm: Enterprise) -> str:
    """Return by what one tells two records apart: short name, codes and place."""
    return " · ".join(filter(None, [code_line(firm), place(firm)]))


def state_cell(row: Doubt) -> Cell:
    return Cell(row.get_state_display(), badge=True, tone="warning" if row.state == "open" else "muted")


class DoubtTable(Table):
    order = "-score"
    related = ("one", "other")
    columns = (
        Column("one", _("企业"), lambda row: Cell(row.one.name, sub=record_line(row.one))),
        Column("other", _("疑似重复的企业"), lambda row: Cell(row.other.name, sub=record_line(row.other))),
        Column("reason", _("依据"), lambda row: row.reason_text or "—"),
        Column(
            "score", _("相似程度"), lambda row: f"{row.score:.0%}", value=lambda row: row.score, sort="score", numeric=True
        ),
        Column("state", _("状态"), state_cell),
        Column(
            "noted", _("发现日期"), lambda row: day(row.created_at), value=lambda row: row.created_at, kind="datetime",
            shown=False,
        ),
    )  # fmt: skip

    def url(self, obj: Doubt) -> str:
        """Return the preview in which the newer record becomes part of the older one."""
        return f"{reverse('enterprise-merge-into', args=[obj.other_id, obj.one_id])}?from=doubts"
