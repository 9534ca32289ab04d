"""Keeping a duty or a unit as it is while an act on it is decided."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import F, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core.errors import Conflict, refusal
from yinfeng.duties import queries, terms
from yinfeng.duties.models import Duty, DutyPart
from yinfeng.orgs.models import Unit

FORMERLY_AT = 1000  # after all that a document names


def renew(duty: Duty, **wanted: Any) -> None:
    """Count a duty one version on if it is still as ``wanted``: whoever decides by what it was before is told, not obeyed.

    For acts that write beside the row what its moves ask about (parts, extensions, who takes part).
    """
    held = Duty.objects.filter(pk=duty.pk, **wanted)
    if held.update(version=F("version") + 1, updated_at=timezone.now()) != 1:
        raise Conflict(_("事项刚刚有了变化，您的操作没有生效。请刷新页面后再试。"))
    duty.refresh_from_db()


def hold_unit(unit: Unit, field: str, today: date) -> Unit:
    """Return the unit as it is now and keep it from being closed until the transaction ends; refuse one that is not there."""
    held: Unit = Unit.objects.select_for_update().get(pk=unit.pk)
    if held.kind in ("collective", "city"):
        raise refusal(field, _("牵头单位须是一个具体的单位，统称的单位可以列为责任单位。"))
    if not queries.is_open(held, today):
        raise refusal(field, _("“%(unit)s”已经撤销，请选择其他单位。") % {"unit": held.brief})
    if held.valid_to is not None:
        told = {"unit": held.brief, "day": held.valid_to}
        raise refusal(field, _("“%(unit)s”到 %(day)s 撤销，请选择其他单位。") % told)
    return held


def hold_source(kind: str, obj: Model, duty: int | None = None) -> None:
    """Keep what a duty comes from to this transaction and refuse a second open duty of what has one at a time."""
    if kind not in terms.ONE_AT_A_TIME:
        return
    type(obj)._default_manager.select_for_update().get(pk=obj.pk)
    if other := queries.open_beside(kind, events.type_of(obj), obj.pk, duty):
        raise Conflict(queries.already_set(other))


def keep_in_sight(duties: Iterable[Duty], unit: Unit, part: str) -> None:
    """Write that a unit led or had set duties until today (``part``): it sees on what it did, and acts no more (ADR 26)."""
    today, held = timezone.localdate(), list(duties)
    before = DutyPart.objects.filter(duty__in=held, part=part)
    since = dict(before.order_by("until").values_list("duty", "until"))
    DutyPart.objects.bulk_create([
        DutyPart(duty=duty, unit=unit, part=part, since=since.get(duty.pk) or duty.set_date, until=today, order=FORMERLY_AT)
        for duty in held
    ])  # fmt: skip
