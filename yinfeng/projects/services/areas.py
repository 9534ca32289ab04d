"""Keeping major areas, their command posts and what premises they offer (重大片区指挥部, clause 3.2.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Forbidden, Invalid
from yinfeng.core.lifecycle import stale
from yinfeng.core.scopes import demand, permits
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries, stages
from yinfeng.projects.models import Area, Premises
from yinfeng.projects.services.records import follow_fields

Values = Mapping[str, Any]


@transaction.atomic
def open_area(*, by: Actor, values: Values, is_demo: bool = False) -> Area:
    """Enter a major area with its command post; ``values`` holds its districts too."""
    given = dict(values)
    districts = list(given.pop("districts", ()))
    _check(given, districts)
    by.require_at("projects.area.change", given["command_unit"].pk)
    area = core.add(
        Area(is_demo=is_demo, **given), by=by, verb="projects.area.opened", data={"text": _names(districts)}
    )
    area.districts.set(districts)
    if not permits(area, by, "change"):
        raise Forbidden(_("这样建立的片区您自己将不能维护，所以没有保存。请改由有权的同事建立。"))
    return area


@transaction.atomic
def change_area(*, by: Actor, area: Area, version: int, values: Values) -> Area:
    """Change an area; with another command post, that one takes part in its projects from today on, which each of them tells."""
    demand(area, by, "change")
    given = dict(values)
    was = list(area.districts.all())
    districts = list(given.pop("districts", was))
    _check(given, districts, area)
    if post := given.get("command_unit"):
        by.require_at("projects.area.change", post.pk)
    before = area.command_unit
    core.apply_edit(area, given, by=by, version=version, verb="projects.area.changed", stays_in="change")
    if set(districts) != set(was):
        _move_to(area, was, districts, by)
    if area.command_unit != before:
        _hand_over(area, before, by)
    return area


def _move_to(area: Area, was: list[Unit], districts: list[Unit], by: Actor) -> None:
    """Let an area lie in other districts; who edits it meanwhile did not see these."""
    if Area.objects.filter(pk=area.pk, version=area.version).update(version=F("version") + 1) != 1:
        raise stale(area, _("您的操作没有生效，请刷新页面后再试。"))
    area.refresh_from_db()
    area.districts.set(districts)
    changes = {"districts": (_names(was), _names(districts))}
    events.record(by=by, verb="projects.area.redistricted", obj=area, changes=changes)


def _hand_over(area: Area, before: Unit, by: Actor) -> None:
    """Let the command post of an area take part in its projects instead of the one before."""
    told = f"{before.brief} → {area.command_unit.brief}"
    open_here = area.projects.exclude(secrecy=stages.SENSITIVE)  # of a sensitive one no post learns
    for project in open_here.select_related("area__command_unit", "host_unit"):
        follow_fields(project)
        events.record(by=by, verb="projects.project.command_changed", obj=project, data={"text": told})


def _check(given: Values, districts: Collection[Unit], area: Area | None = None) -> None:
    """Refuse what is no command post or no district, or none any more, and an area in no district."""
    post = given.get("command_unit", area.command_unit if area else None)
    if post is None or not queries.command_posts(area).filter(pk=post.pk).exists():
        sentence = _("请选择一个指挥部。没有的，请先在“单位”中添加类别为“指挥部”的单位。")
        raise Invalid(sentence, fields={"command_unit": [sentence]})
    offered = {unit.pk for unit in queries.districts(area)}
    if not districts or any(unit.pk not in offered for unit in districts):
        sentence = _("请选择所在的区或开发区，已撤销的不能选。")
        raise Invalid(sentence, fields={"districts": [sentence]})
    since = given.get("since", area.since if area else timezone.localdate())
    until = given.get("until", area.until if area else None)
    if until is not None and until < since:
        sentence = _("截止日期（%(until)s）不能早于起始日期（%(since)s）。") % {
            "until": until,
            "since": since,
        }
        raise Invalid(sentence, fields={"until": [sentence]})


def _names(units: Iterable[Unit]) -> str:
    return _("、").join(unit.brief for unit in units)


# --- premises -----------------------------------------------------------------------------------------------------


@transaction.atomic
def add_premises(*, by: Actor, area: Area, values: Values) -> Premises:
    """Enter a piece of land (亩) or a building (㎡) that the area offers."""
    demand(area, by, "change")
    made = core.insert(Premises(area=area, **values))
    events.record(by=by, verb="projects.area.premises_added", obj=area, data={"text": _told(made)})
    return made


@transaction.atomic
def change_premises(
    *, by: Actor, area: Area, pk: int, values: Values, version: int | None = None
) -> Premises:
    """Change what the area says of one of its premises."""
    demand(area, by, "change")
    found = _premises(area, pk)
    before = _told(found)
    if core.write_edit(found, values, found.version if version is None else version):
        told = f"{before} → {_told(found)}"
        events.record(by=by, verb="projects.area.premises_changed", obj=area, data={"text": told})
    return found


@transaction.atomic
def remove_premises(*, by: Actor, area: Area, pk: int, reason: str, version: int | None = None) -> None:
    """Take premises off the area's record, saying why; not when somebody changed them since they were read."""
    demand(area, by, "change")
    found = _premises(area, pk)
    if not reason.strip():
        raise Invalid(_("请填写原因。"), fields={"reason": [_("请填写原因。")]})
    read = found.version if version is None else version
    if area.premises.filter(pk=pk, version=read).delete()[0] != 1:
        raise stale(found, _("请看过最新内容再决定。"), version=found.version)
    events.record(
        by=by,
        verb="projects.area.premises_removed",
        obj=area,
        note=reason.strip(),
        data={"text": _told(found)},
    )


def _premises(area: Area, pk: int) -> Premises:
    found = queries.one_of_premises(area, pk)
    if found is None:
        raise Conflict(_("这处载体已不在片区中，请刷新页面。"))
    return found


def _told(premises: Premises) -> str:
    unit = stages.PREMISES_UNITS[premises.kind]
    ready = _("%(day)s 起可用") % {"day": premises.available_date} if premises.available_date else ""
    told = f"{premises.name} {premises.size:,.2f} {unit} {stages.PREMISES_STATES[premises.state]} {ready}"
    return told.strip()
