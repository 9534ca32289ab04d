"""The columns of the lists of target enterprises and of warnings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yinfeng.core.tables import Cell, Column, Table, day
from yinfeng.enterprises.models import (
    LEVELS,
    PRIORITIES,
    SIGNAL_KINDS,
    SIGNAL_STATES,
    TARGET_STATES,
    Signal,
    Target,
)
from yinfeng.enterprises.queries import PENDING, SIGNALS_PENDING, is_waiting, tag_labels, tags_of, told_from
from yinfeng.enterprises.tables.records import place

TARGET_TONES = {"listed": "muted", "contacted": "info", "visiting": "info", "negotiating": "primary", "landed": "success",
                "dropped": "muted"}  # fmt: skip
SIGNAL_TONES = {
    "open": "warning",
    "handling": "info",
    "stayed": "success",
    "moved": "danger",
    "mistaken": "muted",
}
# A level is told by its word and its icon; the colour only repeats them.
LEVEL_ICONS = {1: "alert-octagon", 2: "alert-triangle", 3: "eye"}
LEVEL_TONES = {1: "danger", 2: "warning", 3: "muted"}


def priority_badge(row: Target) -> Cell:
    return Cell(str(PRIORITIES[row.priority]), badge=True, tone="primary" if row.priority == 1 else "plain")


def level_badge(row: Signal) -> Cell:
    return Cell(str(LEVELS[row.level]), badge=True, tone=LEVEL_TONES[row.level], icon=LEVEL_ICONS[row.level])


def waits_until(row: Signal) -> str:
    """Return from when a lease's end is a matter for the day, as long as it is none yet."""
    if row.due_date is None or not is_waiting(row.state, row.due_date):
        return ""
    return _now("%(day)s 起提示") % {"day": day(told_from(row.due_date, timezone.localdate()))}


def signal_badge(state: str, due: date | None) -> dict[str, str]:
    """Return the state of a warning in a word, and its tone; that of a lease that ends far off is none to worry about."""
    if is_waiting(state, due):
        return {"text": _now("未到提示期"), "tone": "muted"}
    return {"text": str(SIGNAL_STATES[state]), "tone": SIGNAL_TONES[state]}


def state_cell(row: Signal) -> Cell:
    return Cell(**signal_badge(row.state, row.due_date), badge=True, sub=waits_until(row))


def is_late(row: Any, pending: Collection[str]) -> bool:
    """Say whether a row's next step is overdue."""
    return row.next_date is not None and row.state in pending and row.next_date < timezone.localdate()


def next_cell(pending: Collection[str]) -> Callable[[Any], Cell | str]:
    """Return the cell of the next step with its date; one that is overdue says so in words."""

    def cell(row: Any) -> Cell | str:
        if not row.next_step and row.next_date is None:
            return "—"
        sub = day(row.next_date) if row.next_date else ""
        if is_late(row, pending):
            return Cell(row.next_step or "—", sub=_now("%(day)s，已过期") % {"day": sub}, tone="danger")
        return Cell(row.next_step or "—", sub=sub)

    return cell


def firm_cell(row: Any) -> Cell:
    return Cell(row.enterprise.name, sub=place(row.enterprise))


def listed_at(row: Target) -> str:
    return day(row.created_at)


class FollowedUpTable(Table):
    related = ("enterprise", "unit")
    order = "next_date"

    def prepare(self, objects: Iterable[Any]) -> Iterator[Any]:
        """Give each row the tags of its firm in words."""
        if "tags" not in {column.key for column in self.shown}:
            yield from objects
            return
        labels, left = tag_labels(), iter(objects)
        while rows := list(islice(left, 1000)):
            tags = tags_of({row.enterprise_id for row in rows})
            for row in rows:
                named = [
                    f"{labels.get(tag, tag)} {year or ''}".strip()
                    for tag, year in tags.get(row.enterprise_id, ())
                ]
                row.tag_text = "、".join(named) or "—"
                yield row


def owner_cell(row: Any) -> Cell:
    """Return who answers for a row, with the unit below."""
    return Cell(str(row.owner) if row.owner else _now("待指派"), sub=row.unit.brief if row.unit else "")


_OWNER = Column(
    "owner", _("责任人"), owner_cell, value=lambda row: str(row.owner) if row.owner else "", related="owner"
)
_UNIT = Column("unit", _("单位"), lambda row: row.unit.brief if row.unit else "—", shown=False, folded=True)
_TAGS = Column("tags", _("标签"), lambda row: row.tag_text, shown=False)


class TargetTable(FollowedUpTable):
    columns = (
        Column("name", _("企业名称"), firm_cell, value=lambda row: row.enterprise.name),
        Column("place", _("所在地"), lambda row: place(row.enterprise), shown=False, folded=True),
        Column("priority", _("优先级"), priority_badge, sort="priority"),
        Column(
            "state", _("对接状态"),
            lambda row: Cell(str(TARGET_STATES[row.state]), badge=True, tone=TARGET_TONES[row.state], sub=row.project),
        ),
        Column("project", _("形成的项目"), lambda row: row.project or "—", shown=False, folded=True),
        _OWNER,
        _UNIT,
        Column("next", _("下一步"), next_cell(PENDING), value=lambda row: row.next_step),
        Column(
            "next_date", _("下一步日期"), lambda row: day(row.next_date), value=lambda row: row.next_date, kind="date",
            sort="next_date", shown=False, folded=True,
        ),
        Column("wanted", _("想争取什么"), lambda row: row.wanted or "—", shown=False),
        Column("together", _("与其他单位如何配合"), lambda row: row.together or "—", shown=False),
        Column(
            "since", _("列入日期"), listed_at, value=lambda row: row.created_at, kind="datetime", sort="created_at",
        ),
        _TAGS,
    )  # fmt: skip


class SignalTable(FollowedUpTable):
    columns = (
        Column("name", _("企业名称"), firm_cell, value=lambda row: row.enterprise.name),
        Column("level", _("级别"), level_badge, sort="level"),
        Column(
            "kind", _("迹象"), lambda row: Cell(str(SIGNAL_KINDS[row.kind]), sub=row.detail),
            value=lambda row: str(SIGNAL_KINDS[row.kind]),
        ),
        Column("detail", _("情况"), lambda row: row.detail, shown=False, folded=True),
        Column("state", _("状态"), state_cell),
        _OWNER,
        _UNIT,
        Column("next", _("下一步"), next_cell(SIGNALS_PENDING), value=lambda row: row.next_step),
        Column(
            "next_date", _("下一步日期"), lambda row: day(row.next_date), value=lambda row: row.next_date, kind="date",
            sort="next_date", shown=False, folded=True,
        ),
        Column(
            "noted", _("发现日期"), lambda row: day(row.noted_date), value=lambda row: row.noted_date, kind="date",
            sort="noted_date",
        ),
        Column(
            "due", _("到期日"), lambda row: day(row.due_date), value=lambda row: row.due_date, kind="date", sort="due_date",
            shown=False,
        ),
        Column("source", _("信息来源"), lambda row: row.source, shown=False),
        _TAGS,
    )  # fmt: skip
