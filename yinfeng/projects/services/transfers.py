"""Passing a project on (clause 3.2.4): offered, taken or refused, decided by the office, done with the agreement on file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Blocked, Conflict, Invalid, Sentence
from yinfeng.core.models import Attachment, Event
from yinfeng.core.scopes import demand
from yinfeng.core.services import person
from yinfeng.orgs.models import Unit
from yinfeng.orgs.queries import users_of_units
from yinfeng.projects import facts, lifecycle, queries, stages
from yinfeng.projects.models import Project, Transfer
from yinfeng.projects.services.asking import check_past
from yinfeng.projects.services.records import hold_project, speak_for, take_part

TERMS = ("percent", "base", "years", "start", "statistics", "exclusions")


@transaction.atomic
def offer_transfer(
    *, by: Actor, project: Project, to_unit: Unit, reason: str, terms: Mapping[str, Any]
) -> Transfer:
    """Offer a project to another unit on terms; that unit sees the project from now on until it refuses.

    ``terms``: percent of the unit that passes it on, base, years, start, statistics, exclusions.
    """
    demand(project, by, "transfer")
    if not reason.strip():
        raise Invalid(_("请写明流转的原因。"), fields={"reason": [_("请写明流转的原因。")]})
    holder = project.host_unit or project.reporter_unit
    if to_unit.pk == holder.pk:
        sentence = _("承接单位须是另一个单位。")
        raise Invalid(sentence, fields={"to_unit": [sentence]})
    if not queries.receivers(project).filter(pk=to_unit.pk).exists():
        sentence = _("只有区和开发区可以承接项目。")
        raise Invalid(sentence, fields={"to_unit": [sentence]})
    if reasons := list(lifecycle.is_ongoing(project, by)):
        raise Blocked(_("还不能提出流转："), reasons)
    _check_terms(project, terms)
    _ask_for_a_reader(project, to_unit)
    hold_project(project)
    transfer = Transfer(
        project=project, from_unit=holder, to_unit=to_unit, reason=reason.strip(), offered_by_id=person(by), **terms
    )  # fmt: skip
    core.insert(transfer)
    take_part(project, to_unit, stages.RECEIVER)
    events.record(by=by, verb="projects.transfer.offer", obj=transfer, note=transfer.reason)
    _record(by, transfer, "transfer_offered", transfer.reason)
    return transfer


def _check_terms(project: Project, terms: Mapping[str, Any]) -> None:
    """Refuse terms that would never share anything, or never end."""
    if terms.get("base") == stages.INVESTMENT and terms.get("statistics") == stages.SINGLE:
        sentence = _("分成范围是“引资业绩”时，统计方式不能是“只计承接单位”，否则没有可分的内容。")
        raise Invalid(sentence, fields={"statistics": [sentence]})
    if terms.get("start") == stages.STARTED and not facts.builds(project):
        sentence = _("建设性质是“开业”的项目没有开工，请选择别的起算时点。")
        raise Invalid(sentence, fields={"start": [sentence]})


def _ask_for_a_reader(project: Project, unit: Unit) -> None:
    """Refuse to offer a sensitive project to a unit where nobody could see it."""
    if project.secrecy != stages.SENSITIVE:
        return
    cleared = users_of_units([unit.pk], "projects.project.view_sensitive")
    if not cleared & users_of_units([unit.pk], "projects.project.transfer"):
        sentence = _("这是敏感项目，承接单位没有能查看敏感项目的负责人。请先由管理员授权。")
        raise Invalid(sentence, fields={"to_unit": [sentence]})


def _still_receives(transfer: Transfer) -> None:
    """Raise Conflict when the receiving unit can no longer take projects over."""
    if not queries.receivers(transfer.project).filter(pk=transfer.to_unit_id).exists():
        raise Conflict(_("承接单位已经撤销或不能再承接项目，请撤回后另行提出。"))


@transaction.atomic
def move_transfer(
    *, by: Actor, transfer: Transfer, move: str, reason: str = "", version: int | None = None,
    terms: Mapping[str, Any] | None = None,
) -> Transfer:  # fmt: skip
    """Answer, withdraw, appeal or decide; an award may change the terms. “complete” is ``complete_transfer``."""
    if move == "complete":
        raise Invalid(_("请上传三方协议来办结流转。"))
    if move in {"accept", "award"}:
        _still_receives(transfer)
    kept = {
        "decline": "reply",
        "step_down": "reply",
        "accept": "reply",
        "appeal": "appeal",
        "award": "ruling",
        "dismiss": "ruling",
    }
    values: dict[str, Any] = {kept[move]: reason.strip()} if move in kept else {}
    changed: dict[str, tuple[Any, Any]] = {}
    if move == "award" and terms:
        _check_terms(transfer.project, {name: getattr(transfer, name) for name in TERMS} | dict(terms))
        changed = core.differences(transfer, terms)
        for name, value in terms.items():
            setattr(transfer, name, value)
        core.validated(transfer)
        values |= terms
        transfer.refresh_from_db(fields=list(terms))
    lifecycle.TRANSFER.perform(
        transfer, move, by=by, reason=reason, version=version, values=values, changes=changed
    )
    if move in {"appeal", "award"}:  # who refused sees the project again while it is decided about
        take_part(transfer.project, transfer.to_unit, stages.RECEIVER)
    told = [
        f"{transfer._meta.get_field(name).verbose_name} {term_in_words(name, old)} → {term_in_words(name, new)}"  # type: ignore[union-attr]
        for name, (old, new) in changed.items()
    ]
    _record(
        by, transfer, f"transfer_{PAST[move]}", reason.strip(), told
    )  # told while both sides still see it
    if move not in {"appeal", "award", "accept"}:
        _end_part(transfer.project, transfer.to_unit, stages.RECEIVER)
    return transfer


def term_in_words(name: str, value: Any) -> str:
    """Return one of the terms of a transfer as people say it."""
    if name == "percent":
        return f"{Decimal(value).normalize():f}%"
    if name == "years":
        return _("%(years)s 年") % {"years": value}
    labels = {"base": stages.SHARED_BASES, "start": stages.SHARED_FROM, "statistics": stages.STATISTICS}.get(
        name, {}
    )
    return str(labels.get(value, value)) or _("无")


# What the project's timeline calls the moves of a transfer.
PAST = {
    "accept": "accepted", "decline": "declined", "withdraw": "withdrawn", "appeal": "appealed", "award": "awarded",
    "dismiss": "dismissed", "step_down": "declined",
}  # fmt: skip


@transaction.atomic
def complete_transfer(
    *, by: Actor, transfer: Transfer, agreed_date: date, file: File[bytes], name: str, version: int | None = None,
    early: str = "",
) -> Transfer:  # fmt: skip
    """File the three-party agreement: the project's host changes, its history stays, and both share after that day.

    ``early`` says why the paper was signed before the transfer was offered here; it is kept with the event.
    """
    lifecycle.TRANSFER.check(transfer, "complete", by)
    _still_receives(transfer)
    project = transfer.project
    is_early = _check_agreed(transfer, agreed_date, early)
    agreement = core.attach_file(by=by, obj=project, file=file, name=name, kind=stages.AGREEMENT)
    lifecycle.TRANSFER.perform(
        transfer, "complete", by=by, version=version, values={"agreed_date": agreed_date, "agreement": agreement},
        reason=early if is_early else "",
    )  # fmt: skip
    hold_project(project, host_unit=transfer.to_unit, progress_at=timezone.now())
    project.team.filter(until=None, is_leader=True).update(
        is_leader=False
    )  # the receiver names one of its own
    _end_part(project, transfer.to_unit, stages.RECEIVER)
    for part in stages.RUNNING_PARTS:  # who passed it on looks on from now on
        _end_part(project, transfer.from_unit, part)
    take_part(project, transfer.from_unit, stages.ORIGIN)
    take_part(project, transfer.to_unit, stages.HOST)
    speak_for(project, transfer.to_unit)
    _record(by, transfer, "transfer_completed", _("请承接单位指定项目负责人，并核对拟选址。"))
    return transfer


def _check_agreed(transfer: Transfer, day: date, early: str) -> bool:
    """Refuse a day of the agreement that lies ahead, before another transfer, or before what was recognised.

    Of one before the offer ask why, and say so: papers are signed first and entered later.
    """

    def refuse(sentence: str) -> None:
        raise Invalid(sentence, fields={"agreed_date": [sentence]})

    check_past("agreed_date", _("协议签订日期"), day)
    offered = timezone.localdate(transfer.offered_at)
    if day < offered and not early.strip():
        dates = {"day": day, "offered": offered}
        sentence = (
            _(
                "协议签订日期（%(day)s）早于在系统中提出流转（%(offered)s），请核对；确实先签协议的，请写明原因。"
            )
            % dates
        )
        raise Invalid(sentence, fields={"agreed_date": [sentence], "early": [_("请填写原因。")]})
    last = queries.completed_transfers(transfer.project).last()
    if last is not None and last.agreed_date is not None and day < last.agreed_date:
        refuse(
            _("协议签订日期（%(day)s）不能早于上一次流转（%(last)s）。")
            % {"day": day, "last": last.agreed_date}
        )
    later = (
        transfer.project.entries.counting().filter(happened_date__gt=day).order_by("-happened_date").first()
    )
    if later is not None:
        told = {"kind": later.get_kind_display(), "when": later.happened_date}
        refuse(
            _(
                "协议签订之后已经认定了业绩（%(kind)s，%(when)s），归属会不符：请核对日期，或先由领导小组办公室冲销。"
            )
            % told
        )
    return day < offered


def _end_part(project: Project, unit: Unit, part: str) -> None:
    project.participations.filter(unit=unit, part=part, until=None).update(until=timezone.localdate())


def _record(by: Actor, transfer: Transfer, verb: str, note: str, told: Sequence[str] = ()) -> None:
    text = "；".join([f"{transfer.from_unit.brief} → {transfer.to_unit.brief}", *told])
    events.record(
        by=by, verb=f"projects.project.{verb}", obj=transfer.project, note=note,
        data={"text": text, "transfer": transfer.pk},
    )  # fmt: skip


# --- who is told, and what is kept --------------------------------------------------------------------------------


def tell_sides(event: Event, by: Actor) -> None:
    """Tell those who decide about a transfer on the side whose turn it is."""
    transfer = Transfer.objects.get(pk=event.data["transfer"])
    if transfer.state == stages.ARBITRATING:
        city = Unit.objects.filter(parent=None).values_list("pk", flat=True)
        core.notify(event, users_of_units(city, "projects.transfer.arbitrate"))
        return
    receivers = {stages.OFFERED: [transfer.to_unit_id], stages.DECLINED: [transfer.from_unit_id]}
    units_told = receivers.get(transfer.state, [transfer.from_unit_id, transfer.to_unit_id])
    core.notify(event, users_of_units(units_told, "projects.project.transfer"))


def keep_agreement(attachment: Attachment) -> Sentence | None:
    """Object to taking off the agreement of a transfer."""
    held = Transfer.objects.filter(agreement=attachment)
    return _("这份材料是项目流转的三方协议，不能撤下。") if held.exists() else None


def default_terms(today: date) -> dict[str, Any]:
    """Return the terms that the profile proposes for a transfer (rule ``share``, key ``transfer``)."""
    rule = queries.transfer_rule(today)
    return {
        "percent": Decimal(str(rule.get("percent", 50))), "years": int(rule.get("years", 5)),
        "base": rule.get("base", stages.BOTH), "start": rule.get("start", stages.AGREEMENT),
        "statistics": rule.get("statistics", stages.SPLIT),
    }  # fmt: skip
