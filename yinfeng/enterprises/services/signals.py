"""Warnings that a firm already here may move away: recorded by hand, or proposed by a change of its record or a tag it gains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import queries as core_queries
from yinfeng.core import services as core
from yinfeng.core.actors import Actor, system
from yinfeng.core.errors import Invalid
from yinfeng.core.models import Event
from yinfeng.core.scopes import demand
from yinfeng.enterprises import lifecycle, queries, signals
from yinfeng.enterprises.models import Enterprise, Signal
from yinfeng.enterprises.services.presence import hold
from yinfeng.enterprises.services.targets import check_ahead, responsible

Values = Mapping[str, Any]
# An enterprise's number, its values (of before or after), and of each field that changed (old, new).
Change = tuple[int, Values, Mapping[str, tuple[Any, Any]]]
CHANGE = "enterprises.signal.change"
SIGNAL_FIELDS = ("kind", "level", "noted_date", "due_date", "detail", "source", "next_step", "next_date")
AT_ONCE = 200  # leases of which one beat of the clock tells


def _kept(values: Values, signal: Signal | None = None) -> dict[str, Any]:
    """Return what is to be stored; Invalid for days that cannot be.

    Of a lease's end the person who writes it down near the day knows already: the clock tells of later ones.
    """
    kept = {name: values[name] for name in SIGNAL_FIELDS if name in values}
    today, day = timezone.localdate(), values.get("noted_date")
    if day is not None and day > today:
        sentence = _("发现日期不能晚于今天。")
        raise Invalid(sentence, fields={"noted_date": [sentence]})
    if not kept.keys() & {"kind", "due_date"}:
        return kept
    kind = kept.get("kind", signal.kind if signal else "")
    due = kept.get("due_date", signal.due_date if signal else None)
    if kind == "lease" and due is None:
        sentence = _("请填写租约的到期日，系统据此提前提示。")
        raise Invalid(sentence, fields={"due_date": [sentence]})
    if kind != "lease" and due is not None:
        sentence = _("只有租约到期才填写到期日。")
        raise Invalid(sentence, fields={"due_date": [sentence]})
    if due is not None and due <= queries.horizon(today):
        kept["told_date"] = due
    return kept


@transaction.atomic
def record_signal(*, by: Actor, enterprise: Enterprise, values: Values, is_demo: bool = False) -> Signal:
    """Record by hand what says that a firm may move away; Invalid for a firm that is not here.

    Unit and owner are the actor's own unless ``values`` name others.
    """
    unit, owner = responsible(by, CHANGE, values)
    by.require_at(CHANGE, unit.pk)
    hold(enterprise)
    if not queries.is_local(enterprise):
        raise Invalid(_("企业库中这家企业不在本市。外迁预警用于已在本市的企业，请先核对它的所在城市。"))
    kept = _kept(values)
    if not is_demo:
        check_ahead(kept)
    signal = Signal(enterprise=enterprise, unit=unit, owner=owner, is_demo=is_demo, **kept)
    return core.add(signal, by=by, verb="enterprises.signal.added")


@transaction.atomic
def change_signal(*, by: Actor, signal: Signal, version: int, values: Values) -> Signal:
    """Change what a warning says, its level or the next step, on the version the person saw."""
    demand(signal, by, "change")
    check_ahead(values, signal.next_date)
    core.apply_edit(signal, _kept(values, signal), by=by, version=version, verb="enterprises.signal.changed")
    return signal


@transaction.atomic
def assign_signal(*, by: Actor, signal: Signal, version: int, values: Values) -> Signal:
    """Give a warning to a unit and a person, out of one's own sight too; the owner is told."""
    demand(signal, by, "change")
    check_ahead(values, signal.next_date)
    unit, owner = responsible(by, CHANGE, {"unit": signal.unit, **values})
    given = {name: values[name] for name in ("next_step", "next_date") if name in values}
    core.apply_edit(
        signal, {"unit": unit, "owner": owner, **given}, by=by, version=version, verb="enterprises.signal.assigned",
        note=str(values.get("reason", "")).strip(), stays_in="",
    )  # fmt: skip
    return signal


@transaction.atomic
def move_signal(
    *, by: Actor, signal: Signal, move: str, reason: str = "", version: int | None = None
) -> Signal:
    """Begin to handle a warning, close it with what came of it, or take it up again."""
    lifecycle.SIGNAL.perform(signal, move, by=by, reason=reason, version=version)
    return signal


def propose_signals(*, by: Actor, changes: Iterable[Change]) -> list[Signal]:
    """Record what changes of records say about moving away, in the transaction that made them; cheap when they say nothing.

    One warning of a kind at a time: none beside one that is not closed. It is the unit's that entered the firm, else
    nobody's until somebody assigns it.
    """
    told = [item for item in changes if not item[2].keys().isdisjoint(signals.WATCHED)]
    if not told:
        return []
    today = timezone.localdate()
    rules, home = core_queries.rules("moving_away", today), queries.home_city(today)
    with translation.override(settings.LANGUAGE_CODE):  # what is kept is read by others than who wrote it
        source = _("企业库资料变动")
        found = [
            (pk, sign)
            for pk, present, change in told
            for sign in signals.from_change(*signals.both(present, change), rules, home)
        ]
    return _propose(by, found, source, today)


def propose_for_tag(*, by: Actor, tag: str, year: int, enterprises: Iterable[int]) -> list[Signal]:
    """Record what a tag that firms gained says about moving away, if a rule gives it a meaning; of firms that are here."""
    today = timezone.localdate()
    meaning = signals.tag_rule(tag, core_queries.rules("moving_away", today))
    if meaning is None:
        return []
    kind, level = meaning
    with translation.override(settings.LANGUAGE_CODE):
        label = queries.tag_text(queries.tag_labels().get(tag, tag), year)
        sign = signals.Found(kind, level, _("企业被标为“%(tag)s”。") % {"tag": label})
        source = _("企业标签：%(tag)s") % {"tag": label}
    here = queries.locals_among(enterprises, queries.home_city(today)).values_list("pk", flat=True)
    return _propose(by, [(pk, sign) for pk in here], source, today)


def _propose(by: Actor, found: list[tuple[int, signals.Found]], source: str, today: date) -> list[Signal]:
    if not found:
        return []
    firms = Enterprise.objects.in_bulk({pk for pk, _sign in found})
    pending = Signal.objects.filter(
        enterprise__in=firms, is_automatic=True, state__in=queries.SIGNALS_PENDING
    )
    there = set(pending.values_list("enterprise_id", "kind"))
    made = [
        Signal(
            enterprise=firms[pk], kind=sign.kind, level=sign.level, detail=sign.detail[:500], noted_date=today,
            source=source[:200], unit_id=firms[pk].added_by_unit_id, is_automatic=True, is_demo=firms[pk].is_demo,
        )
        for pk, sign in found if (pk, sign.kind) not in there
    ]  # fmt: skip
    Signal.objects.bulk_create(made, batch_size=500)
    events.record_many(by=by, verb="enterprises.signal.proposed", about=[(signal, {}) for signal in made])
    return made


def tell_signal_owner(event: Event, by: Actor) -> None:
    """Tell a person of a warning that became his to handle."""
    owners = Signal.objects.filter(pk=event.object_id or 0).exclude(owner=None)
    core.notify(event, owners.values_list("owner_id", flat=True))


def tell_of_leases(now: datetime) -> int:
    """Tell owners of the leases that came near their end, once for each end; return of how many. Called by the clock."""
    told = 0
    for signal in queries.not_told(timezone.localdate(now)).select_related("enterprise", "unit")[:AT_ONCE]:
        with transaction.atomic():
            mine = Signal.objects.filter(pk=signal.pk, due_date=signal.due_date, told_date=signal.told_date)
            if mine.update(told_date=signal.due_date):  # of several clocks one
                events.record(by=system("clock"), verb="enterprises.signal.due", obj=signal)
                told += 1
    return told
