"""Disputes over who reported an investor first: raised, answered, decided by the office of the city; and who is told of rivals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor, system
from yinfeng.core.errors import Conflict, Invalid, Sentence
from yinfeng.core.lifecycle import stale
from yinfeng.core.models import Event
from yinfeng.core.scopes import demand
from yinfeng.core.services import person
from yinfeng.enterprises.models import Enterprise
from yinfeng.enterprises.services import hold
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import users_of_units
from yinfeng.projects import lifecycle, queries, stages
from yinfeng.projects.models import Dispute, Lead, Project, Side
from yinfeng.projects.services.records import (
    drop_bottlenecks,
    drop_transfer,
    hold_project,
    keep_sharers,
    take_part,
)

Record = Lead | Project


def _invalid(field: str, sentence: Sentence) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})


@transaction.atomic
def raise_dispute(*, by: Actor, record: Record, against: str, statement: str) -> Dispute:
    """Hold that one's own lead or project was first, against another unit's of the same investor (``against`` names it).

    Until the office decides, that record waits which is not the first report: it goes no further into negotiation.
    """
    demand(record, by, "argue")
    if not statement.strip():
        raise _invalid("statement", _("请写明本单位何时接触、做了哪些工作。"))
    hold(record.enterprise)
    today = timezone.localdate()
    others = {item.dealing.key: item for item in queries.rivals(record, by, today)}
    own = queries.report_of(record, today)
    if own is None:
        raise Conflict(
            _("这条记录没有企业、已经签约或不再推进（或城市方案没有首报保护），不能提出首报争议。")
        )
    if against not in others:
        raise _invalid("against", _("请选择其他单位同一企业的线索或项目。"))
    other = queries.record_named(against)
    if other is None:
        raise Conflict(_("对方的记录刚刚被改动，请刷新页面后再试。"))
    dispute = Dispute(
        pair=queries.pair_of(record, other), subject=record.enterprise.name if record.enterprise else "",
        raised_by_id=person(by),
    )  # fmt: skip
    core.insert(dispute)
    # between the two alone: who else has reported the investor, and how secretly, this does not tell
    places = {
        item.dealing.key: item for item in queries.ranked([own.dealing, others[against].dealing], today)
    }
    _add_side(dispute, record, places[queries.key_of(record)], statement=statement.strip(), is_raiser=True)
    _add_side(dispute, other, places[against], is_raiser=False)
    events.record(by=by, verb="projects.dispute.raise", obj=dispute, note=statement.strip())
    _tell_records(by, dispute, "dispute_raised", statement.strip())
    return dispute


def _add_side(dispute: Dispute, record: Record, place: queries.Reported, **values: Any) -> None:
    project = record if isinstance(record, Project) else None
    lead = record if isinstance(record, Lead) else record.lead
    waits = place.rank != stages.FIRST
    core.insert(
        Side(dispute=dispute, lead=lead, project=project, unit_id=place.dealing.holder, waits=waits, **values)
    )
    if waits and project is not None:  # who moves it on in the same moment is told that it has changed
        hold_project(project)


@transaction.atomic
def move_dispute(
    *, by: Actor, dispute: Dispute, move: str, reason: str = "", version: int | None = None
) -> Dispute:
    """Speak for the other side (``reason`` is what it says), or withdraw. Deciding is ``decide_dispute``."""
    if move == "decide":
        raise Invalid(_("请在裁定页填写裁定结果。"))
    lifecycle.DISPUTE.perform(dispute, move, by=by, reason=reason, version=version)
    if move == "answer":
        dispute.sides.filter(is_raiser=False).update(statement=reason.strip())
    _tell_records(
        by, dispute, {"answer": "dispute_answered", "withdraw": "dispute_withdrawn"}[move], reason.strip()
    )
    return dispute


@transaction.atomic
def decide_dispute(
    *, by: Actor, dispute: Dispute, outcome: str, ruling: str, is_shared: bool = False, version: int | None = None
) -> Dispute:  # fmt: skip
    """Decide for one side or that these are two projects; what was read of both records is kept with the decision.

    The record of the side it goes against ends; ``is_shared`` lets its unit take part in the other's project as introducer,
    with the introducers' part of what comes of it (集美区: 无共享协议三七分成, FACTS §1.4).
    """
    lifecycle.DISPUTE.check(dispute, "decide", by)
    if outcome not in stages.OUTCOMES:
        raise _invalid("outcome", _("请选择裁定结果。"))
    if not ruling.strip():
        raise _invalid("reason", _("请写明裁定的依据。"))
    raiser, other = queries.sides_of(dispute, by)
    winner, loser = {
        stages.RAISER: (raiser, other), stages.OTHER: (other, raiser), stages.DIFFERENT: (None, None),
    }[outcome]  # fmt: skip
    if winner is None and is_shared:
        raise _invalid("is_shared", _("双方各自推进时，没有谁作为引荐单位参与。"))
    for side in (raiser, other):
        _hold_side(side)
        Side.objects.filter(pk=side.pk).update(record=_as_read(side), yields=side is loser)
    values = {
        "outcome": outcome, "ruling": ruling.strip(), "is_shared": is_shared, "decided_at": timezone.now(),
    }  # fmt: skip
    if winner is not None:
        _settle(by, winner, loser, ruling.strip(), is_shared)
    lifecycle.DISPUTE.perform(dispute, "decide", by=by, reason=ruling, version=version, values=values)
    _tell_records(by, dispute, "dispute_decided", f"{stages.OUTCOMES[outcome]}：{ruling.strip()}")
    return dispute


def _hold_side(side: Any) -> None:
    """Let nobody move or change a side's record meanwhile: it is decided about as it was read."""
    if side.project is not None:
        hold_project(side.project)
        return
    here = Lead.objects.filter(pk=side.lead.pk, version=side.lead.version)
    if here.update(version=F("version") + 1) != 1:
        raise stale(side.lead, _("您的操作没有生效，请刷新页面后再试。"))
    side.lead.refresh_from_db()


def _settle(by: Actor, winner: Any, loser: Any, ruling: str, is_shared: bool) -> None:
    """Let the side that won go on alone: what the other has of the investor ends, its unit may stay as introducer.

    The winner stands among third units where the better of both stood.
    """
    if not _goes_on(winner):
        raise _invalid(
            "outcome", _("%(unit)s的记录已经不再推进，不能裁定由它承办。") % {"unit": winner.unit.brief}
        )
    if is_shared and winner.project is None:
        told = {"unit": winner.unit.brief}
        raise _invalid("is_shared", _("%(unit)s的记录还是线索，转为项目之后才能加入引荐单位。") % told)
    if loser.project is not None and stages.reached(loser.project.stage, stages.SIGNED):
        told = {"unit": loser.unit.brief}
        raise _invalid(
            "outcome",
            _("%(unit)s的项目已经签约，不能裁定由另一方承办；需要换落地单位的，请办理项目流转。") % told,
        )
    record = winner.project or winner.lead
    if is_shared:
        keep_sharers(winner.project, stages.INTRODUCER)
        take_part(winner.project, loser.unit, stages.INTRODUCER)
    for dealing in queries.others_of(record.enterprise_id, loser.unit_id):
        _give_up(by, queries.record_named(dealing.key), ruling)
    if loser.named_at < winner.named_at:
        type(record)._default_manager.filter(pk=record.pk).update(named_at=loser.named_at)


def _give_up(by: Actor, record: Record | None, ruling: str) -> None:
    if isinstance(record, Project):
        lifecycle.STATUS.perform(record, "yield", by=by, reason=ruling, within=True)
        drop_transfer(record, by)
        drop_bottlenecks(record, by)
    elif record is not None:
        lifecycle.LEAD.perform(record, "yield", by=by, reason=ruling, within=True)


def _goes_on(side: Any) -> bool:
    if side.project is not None:
        return bool(side.project.status in queries.OPEN_PROJECTS)
    return bool(side.lead.state in queries.OPEN_LEADS)


def _as_read(side: Any) -> dict[str, Any]:
    """Return what was read of a record when it was decided."""

    def text(value: datetime | Any) -> str:
        return value.isoformat() if value is not None else ""

    return {
        "named_at": text(side.named_at), "stage": side.project.stage if side.project else "",
        "state": "" if side.project else side.lead.state, "talks": side.talks,
        "first_talk": text(side.first_talk), "last_talk": text(side.last_talk),
        "progress_at": text(side.project.progress_at) if side.project else "",
    }  # fmt: skip


# --- who is told --------------------------------------------------------------------------------------------------


def _tell_records(by: Actor, dispute: Dispute, verb: str, note: str) -> None:
    """Write on both records' timelines what happened; each page leads to the dispute."""
    sides = list(dispute.sides.select_related("unit", "lead", "project"))
    text = " ↔ ".join(side.unit.brief for side in sorted(sides, key=lambda side: not side.is_raiser))
    for side in sides:
        record = side.project or side.lead
        kind = "project" if side.project else "lead"
        assert record is not None
        events.record(
            by=by, verb=f"projects.{kind}.{verb}", obj=record, note=note, data={"text": text, "dispute": dispute.pk}
        )  # fmt: skip


def tell_dispute(event: Event, by: Actor) -> None:
    """Tell those whose turn it is: the other side to speak, the office to decide, both what became of it."""
    dispute = Dispute.objects.get(pk=event.object_id or 0)
    units = dict(dispute.sides.values_list("is_raiser", "unit"))
    if dispute.state == stages.ANSWERED:
        city = Unit.objects.filter(parent=None).values_list("pk", flat=True)
        core.notify(event, users_of_units(city, "projects.dispute.decide"))
        return
    told = [units[False]] if dispute.state == stages.RAISED else list(units.values())
    core.notify(event, users_of_units(told, "projects.dispute.argue"))


# What an edit may change that makes a record a rival which was none before, or shows it.
_TELLING = {"enterprise", "secrecy", "host_unit", "handling_unit"}


def tell_the_first(event: Event, by: Actor) -> None:
    """Tell the unit that has signed with an investor, or whose report of it is protected, that another one has named the same, unless that is secret."""
    if event.verb.endswith(".changed") and not _TELLING & set(event.changes):
        return
    if event.data.get("lead"):  # a project that came of a lead: who was told of the lead knows
        return
    model: type[Lead | Project] = Project if event.object_type == events.type_of(Project) else Lead
    made = model._default_manager.get(pk=event.object_id or 0)
    if made.enterprise is not None:
        _tell_of(made, queries.places_of(queries.dealings(made.enterprise, system()), timezone.localdate()))


def tell_after_merger(event: Event, by: Actor) -> None:
    """Tell who is first with an enterprise whose record took another one up, of those that came with that."""
    enterprise = Enterprise.objects.filter(pk=event.object_id or 0).first()
    found = (
        queries.places_of(queries.dealings(enterprise, system()), timezone.localdate()) if enterprise else []
    )
    for item in found:
        made = queries.record_named(item.dealing.key)
        if made is not None and item.rank in {stages.LATER, stages.TOGETHER}:
            _tell_of(made, found)


def _tell_of(made: Record, found: list[queries.Reported]) -> None:
    """Tell each unit that has signed or is first, by the unit alone, that a record is there: once, on what it has or reported
    first; with those who argue for the unit whoever leads that project, or registered that lead."""
    if isinstance(made, Project) and made.secrecy == stages.SENSITIVE:
        return
    own = next((item for item in found if item.dealing.key == queries.key_of(made)), None)
    told: set[int] = {own.dealing.holder} if own is not None else set()
    for item in found:
        if (
            own is None
            or item.dealing.holder in told
            or item.rank not in {stages.HELD, stages.FIRST, stages.TOGETHER}
        ):
            continue
        told.add(item.dealing.holder)
        record = queries.record_named(item.dealing.key)
        assert record is not None
        kind = "project" if item.dealing.is_project else "lead"
        text = {"text": own.dealing.unit}
        event = events.record(by=system(), verb=f"projects.{kind}.rivalled", obj=record, data=text)
        core.notify(event, users_of_units([item.dealing.holder], "projects.dispute.argue") | _led_by(record))


def _led_by(record: Record) -> set[int]:
    if isinstance(record, Lead):
        return {record.registered_by_id}
    return set(record.team.filter(until=None, is_leader=True).values_list("user", flat=True))
