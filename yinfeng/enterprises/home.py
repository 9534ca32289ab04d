"""What the library puts on a person's home page: the firms he courts and the warnings that wait for him."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import desk
from yinfeng.core.actors import Actor
from yinfeng.core.tables import day
from yinfeng.enterprises import queries
from yinfeng.enterprises.models import LEVELS, SIGNAL_KINDS, TARGET_STATES, Signal, Target
from yinfeng.enterprises.tables_targets import LEVEL_TONES, TARGET_TONES

SHOWN = 8


def register() -> None:
    """Put everything in its place; called once, when the app is ready."""
    desk.on_home(board=board)


def board(by: Actor) -> desk.Board:
    """Return the person's own targets, overdue next steps first, and the warnings he handles or is to assign."""
    lists = []
    if by.may("enterprises.target.change"):
        mine = Target.objects.permitted(by).filter(owner=by.user_id, state__in=queries.PENDING)
        lists.append(_targets(_counted(mine.order_by(F("next_date").asc(nulls_last=True), "priority", "pk"))))
    if by.may("enterprises.signal.change"):
        waiting = Signal.objects.permitted(by, "change").filter(state__in=queries.SIGNALS_PENDING)
        mine_or_nobodys = waiting.filter(Q(owner=by.user_id) | Q(owner=None))
        first = Case(When(owner=None, then=Value(0)), default=Value(1))
        lists.append(_signals(_counted(mine_or_nobodys.order_by(first, "level", "noted_date", "pk"))))
    return desk.Board(lists=[item for item in lists if item["rows"]])


def _counted(found: QuerySet[Any]) -> list[Any]:
    """Return the first rows, each knowing how many there are, in one query."""
    return list(found.select_related("enterprise").annotate(in_all=Window(Count("pk")))[:SHOWN])


def _targets(found: list[Any]) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "title": _("我的目标企业"), "icon": "target-arrow", "url": f"{reverse('targets')}?owner=me",
        "count": found[0].in_all if found else 0,
        "rows": [
            {
                "title": target.enterprise.name, "url": target.get_absolute_url(),
                "sub": target.next_step or _("还没有排定下一步"),
                "badge": {"text": TARGET_STATES[target.state], "tone": TARGET_TONES[target.state]},
                "date_text": day(target.next_date) if target.next_date else "",
                "late": target.next_date is not None and target.next_date < today,
            }
            for target in found
        ],
    }  # fmt: skip


def _signals(found: list[Any]) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "title": _("待我处理的外迁预警"), "icon": "alert-triangle", "url": f"{reverse('signals')}?state=open",
        "count": found[0].in_all if found else 0,
        "rows": [
            {
                "title": signal.enterprise.name, "url": signal.get_absolute_url(),
                "sub": f"{SIGNAL_KINDS[signal.kind]} · {_('待指派') if signal.owner_id is None else signal.next_step or signal.detail}",
                "badge": {"text": _("级别：%(level)s") % {"level": LEVELS[signal.level]}, "tone": LEVEL_TONES[signal.level]},
                "date_text": day(signal.next_date or signal.noted_date),
                "late": signal.next_date is not None and signal.next_date < today,
            }
            for signal in found
        ],
    }  # fmt: skip
