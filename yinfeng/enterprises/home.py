"""What the library puts on a person's home page: the firms he courts and the warnings that wait for him."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import (
    CharField,
    Count,
    DateField,
    F,
    IntegerField,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import desk
from yinfeng.core.actors import Actor
from yinfeng.core.tables import day
from yinfeng.enterprises import queries
from yinfeng.enterprises.models import LEVELS, SIGNAL_KINDS, TARGET_STATES, Signal, Target
from yinfeng.enterprises.tables.targets import LEVEL_TONES, TARGET_TONES

SHOWN = 8
TARGET, SIGNAL = "target", "signal"


def register() -> None:
    """Put everything in its place; called once, when the app is ready."""
    desk.on_home(board=board)


class Line(NamedTuple):
    """A target (``key`` its state, ``level`` its priority) or a warning (``key`` its kind), and how many there are in all."""

    kind: str
    pk: int
    firm: str
    key: str
    level: int
    next_step: str
    next_date: date | None
    owner: int | None
    in_all: int

    @property
    def due(self) -> tuple[bool, date | None, int]:
        """Put what is overdue first and what has no date last."""
        return (self.next_date is None, self.next_date, self.level)

    def is_late(self, today: date) -> bool:
        return self.next_date is not None and self.next_date < today


def board(by: Actor) -> desk.Board:
    """Return the person's own targets, overdue next steps first, and the warnings he handles or is to assign."""
    lines = _lines(by)
    mine = sorted((line for line in lines if line.kind == TARGET), key=attrgetter("due"))
    waiting = [line for line in lines if line.kind == SIGNAL]
    waiting.sort(key=lambda line: (line.owner is not None, line.level, line.pk))
    lists = [_targets(mine), _signals(waiting)]
    return desk.Board(lists=[item for item in lists if item["rows"]])


def _lines(by: Actor) -> Iterable[Line]:
    """Return the first of the person's targets and warnings, both in one query."""
    parts = []
    if by.may("enterprises.target.change"):
        mine = Target.objects.permitted(by).filter(owner=by.user_id, state__in=queries.PENDING)
        ordered = mine.order_by(F("next_date").asc(nulls_last=True), "priority", "pk")
        parts.append(_first(Target.objects.all(), ordered, TARGET, key="state", level="priority"))
    if by.may("enterprises.signal.change"):
        near = queries.at_hand(queries.horizon(timezone.localdate()))
        pending = Signal.objects.permitted(by, "change").filter(near, state__in=queries.SIGNALS_PENDING)
        waiting = pending.filter(Q(owner=by.user_id) | Q(owner=None))
        ordered_signals = waiting.order_by(F("owner").asc(nulls_first=True), "level", "pk")
        parts.append(_first(Signal.objects.all(), ordered_signals, SIGNAL, key="kind", level="level"))
    if not parts:
        return []
    first, *others = parts
    return [Line._make(row) for row in (first.union(*others, all=True) if others else first)]


def _first(
    rows: QuerySet[Any], wanted: QuerySet[Any], kind: str, *, key: str, level: str
) -> QuerySet[Any, Any]:
    """Return the first rows of ``wanted`` as the fields of ``Line``."""
    grouped = wanted.order_by().annotate(one=Value(1)).values("one")
    found = rows.filter(pk__in=wanted.values("pk")[:SHOWN]).order_by()
    columns: dict[str, Any] = {
        "c_kind": Value(kind, CharField()), "c_pk": F("pk"), "c_firm": Cast("enterprise__name", TextField()),
        "c_key": Cast(key, TextField()), "c_level": Cast(level, IntegerField()), "c_step": Cast("next_step", TextField()),
        "c_date": Cast("next_date", DateField()), "c_owner": F("owner_id"),
        "c_all": Subquery(grouped.annotate(n=Count("pk")).values("n")),
    }  # fmt: skip
    lines: QuerySet[Any, Any] = found.annotate(**columns).values_list(*columns)
    return lines


def _targets(found: list[Line]) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "title": _("我的目标企业"), "icon": "target-arrow", "url": f"{reverse('targets')}?owner=me",
        "count": f"{found[0].in_all:,}" if found else "",
        "rows": [
            {
                "title": line.firm, "url": reverse("target", args=[line.pk]),
                "sub": line.next_step or _("还没有排定下一步"),
                "badge": {"text": TARGET_STATES[line.key], "tone": TARGET_TONES[line.key]},
                "date_text": day(line.next_date) if line.next_date else "", "late": line.is_late(today),
            }
            for line in found
        ],
    }  # fmt: skip


def _signals(found: list[Line]) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "title": _("待我处理的外迁预警"), "icon": "alert-triangle", "url": f"{reverse('signals')}?pending_only=true&at_hand=true",
        "count": f"{found[0].in_all:,}" if found else "",
        "rows": [
            {
                "title": line.firm, "url": reverse("signal", args=[line.pk]),
                "sub": f"{SIGNAL_KINDS[line.key]} · {_('待指派') if line.owner is None else line.next_step or _('还没有排定下一步')}",
                "badge": {"text": _("级别：%(level)s") % {"level": LEVELS[line.level]}, "tone": LEVEL_TONES[line.level]},
                "date_text": day(line.next_date) if line.next_date else "", "late": line.is_late(today),
            }
            for line in found
        ],
    }  # fmt: skip
