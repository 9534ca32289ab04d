"""Target enterprises: listed, courted, handed over; no unit courts a firm without knowing who else does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events
from yinfeng.core import services as core
from yinfeng.core.actors import Actor, actor_of
from yinfeng.core.errors import Conflict, Invalid
from yinfeng.core.models import Event, User
from yinfeng.core.scopes import demand
from yinfeng.enterprises import lifecycle, queries
from yinfeng.enterprises.models import Enterprise, Target
from yinfeng.enterprises.services.presence import hold
from yinfeng.orgs.models import Unit

Values = Mapping[str, Any]
CHANGE = "enterprises.target.change"
TARGET_FIELDS = ("priority", "wanted", "next_step", "next_date", "together")


def responsible(by: Actor, permission: str, values: Values) -> tuple[Unit, User]:
    """Return the unit and the person that ``values`` name, the actor's own by default; Invalid when she cannot act for it."""
    unit: Unit | None = values.get("unit")
    if unit is None and by.unit_id is not None:
        unit = Unit.objects.filter(pk=by.unit_id).first()
    if unit is None or unit.kind == "city":
        raise Invalid(_("请选择单位。"), fields={"unit": [_("请选择单位。")]})
    owner: User | None = values.get("owner")
    if owner is None and by.user_id is not None:
        owner = User.objects.filter(pk=by.user_id).first()
    if owner is None:
        raise Invalid(_("请选择责任人。"), fields={"owner": [_("请选择责任人。")]})
    if not (owner.is_active and actor_of(owner).may_at(permission, unit.pk)):
        sentence = _("%(name)s 没有在%(unit)s办理这项工作的权限，请另选责任人。") % {
            "name": owner, "unit": unit.brief,
        }  # fmt: skip
        raise Invalid(sentence, fields={"owner": [sentence]})
    return unit, owner


def check_ahead(values: Values, present: date | None = None) -> None:
    """Refuse a next step on a day that has passed; the one that was written down before (``present``) may stay."""
    day = values.get("next_date")
    if day is not None and day != present and day < timezone.localdate():
        sentence = _("下一步日期不能早于今天。")
        raise Invalid(sentence, fields={"next_date": [sentence]})


def _ask_others(enterprises: Sequence[int], unit: Unit, together: str, *also: int) -> list[queries.Courting]:
    """Return who else courts the firms; Conflict naming them until ``together`` says how the units work together."""
    found = queries.courting(enterprises, {unit.pk, *also})
    if found and not together.strip():
        several = len(enterprises) > 1
        told = [
            f"{item.enterprise_name}：{item.sentence}" if several else item.sentence
            for item in found
        ]  # fmt: skip
        sentence = _("已有单位在对接：%(found)s。如需一并对接，请写明与其他单位如何配合。") % {
            "found": "；".join(told)
        }
        raise Conflict(sentence, fields={"together": [sentence]})
    return found


def _tell(by: Actor, others: Iterable[queries.Courting], unit: Unit, together: str) -> None:
    """Note on the other units' targets that ``unit`` courts the firm too, and tell their owners."""
    rows = {row.pk: row for row in Target.objects.filter(pk__in=[item.target for item in others])}
    for row in rows.values():
        event = events.record(
            by=by, verb="enterprises.target.joined", obj=row, note=together.strip(), data={"text": unit.brief}
        )
        core.notify(event, [row.owner_id])


@transaction.atomic
def add_targets(
    *, by: Actor, enterprises: Sequence[Enterprise], values: Values, is_demo: bool = False
) -> tuple[list[Target], list[Enterprise]]:
    """Put firms on a unit's list, all or none; return the new targets and the firms that were on it already.

    Conflict names the units that court any of them, until ``together`` says how one works with them; their owners are told.
    """
    unit, owner = responsible(by, CHANGE, values)
    by.require_at(CHANGE, unit.pk)
    firms = sorted({firm.pk: firm for firm in enterprises}.values(), key=attrgetter("pk"))
    hold(*firms)  # of units that list a firm at once the second waits here and then sees the first
    present = set(Target.objects.filter(enterprise__in=firms, unit=unit).values_list("enterprise", flat=True))
    new = [firm for firm in firms if firm.pk not in present]
    kept = {name: values[name] for name in TARGET_FIELDS if name in values}
    if not is_demo:
        check_ahead(kept)
    together = str(kept.get("together", ""))
    others = _ask_others([firm.pk for firm in new], unit, together)
    made = []
    for firm in new:
        target = Target(enterprise=firm, unit=unit, owner=owner, is_demo=is_demo, **kept)
        core.insert(target)
        events.record(by=by, verb="enterprises.target.added", obj=target, note=target.together)
        made.append(target)
    _tell(by, others, unit, together)
    return made, [firm for firm in firms if firm.pk in present]


@transaction.atomic
def add_target(*, by: Actor, enterprise: Enterprise, values: Values, is_demo: bool = False) -> Target:
    """Put a firm on a unit's list; see ``add_targets``. Conflict when the unit's list has it already."""
    made, known = add_targets(by=by, enterprises=[enterprise], values=values, is_demo=is_demo)
    if known:
        raise Conflict(_("这家企业已在本单位的目标企业名单中，请在那条记录上继续。"))
    return made[0]


@transaction.atomic
def change_target(*, by: Actor, target: Target, version: int, values: Values) -> Target:
    """Change priority, aim, next step or how one works with others, on the version the person saw."""
    demand(target, by, "change")
    kept = {name: values[name] for name in TARGET_FIELDS if name in values}
    check_ahead(kept, target.next_date)
    if "together" in kept and not kept["together"].strip() and target.together:
        _ask_others([target.enterprise_id], target.unit, "")
    core.apply_edit(target, kept, by=by, version=version, verb="enterprises.target.changed")
    return target


@transaction.atomic
def hand_over_target(*, by: Actor, target: Target, version: int, values: Values) -> Target:
    """Give a target to another person or unit, out of one's own sight too; the new owner is told."""
    demand(target, by, "change")
    unit, owner = responsible(by, CHANGE, {"unit": target.unit, **values})
    hold(target.enterprise)
    if unit.pk != target.unit_id:
        if Target.objects.filter(enterprise=target.enterprise_id, unit=unit).exists():
            sentence = _("%(unit)s的名单中已有这家企业。") % {"unit": unit.brief}
            raise Conflict(sentence, fields={"unit": [sentence]})
        _ask_others([target.enterprise_id], unit, target.together, target.unit_id)
    core.apply_edit(
        target, {"unit": unit, "owner": owner}, by=by, version=version, verb="enterprises.target.handed_over",
        note=str(values.get("reason", "")).strip(), stays_in="",
    )  # fmt: skip
    return target


@transaction.atomic
def move_target(
    *, by: Actor, target: Target, move: str, reason: str = "", version: int | None = None, values: Values | None = None
) -> Target:  # fmt: skip
    """Move a target on; ``values`` hold ``project`` for “land”, and ``together`` for “resume” when others court the firm by now."""
    given = dict(values or {})
    kept: dict[str, str] = {}
    others: list[queries.Courting] = []
    if move == "land":
        kept["project"] = str(given.get("project", "")).strip()[:100]
        if not kept["project"]:
            sentence = _("请填写项目编号或名称。")
            lifecycle.TARGET.check(target, move, by)
            raise Invalid(sentence, fields={"project": [sentence]})
    if move == "resume":
        lifecycle.TARGET.check(target, move, by)
        hold(target.enterprise)
        together = str(given.get("together", "")).strip()[:300]
        others = _ask_others([target.enterprise_id], target.unit, together)
        kept["together"] = together
    text = {"text": kept["project"]} if "project" in kept else None
    lifecycle.TARGET.perform(target, move, by=by, reason=reason, version=version, values=kept, data=text)
    _tell(by, others, target.unit, target.together)
    return target


@transaction.atomic
def land_targets(*, by: Actor, enterprise: int, units: Iterable[int], project: str) -> list[Target]:
    """Note on the units' targets of a firm that a project came of them; ``by`` has been allowed to make the project.

    What follows from an act is not asked for again: who may make projects need not hold the right to keep the list.
    """
    acting = Actor(
        by.user_id, by.name, by.unit_id, by.unit_name, is_system=True, source=by.source, address=by.address
    )
    found = Target.objects.filter(enterprise=enterprise, unit__in=list(units), state__in=queries.PENDING)
    landed = list(found.order_by("pk"))
    for target in landed:
        values = {"project": project}
        lifecycle.TARGET.perform(target, "land", by=acting, values=values, data={"text": project})
    return landed


def tell_owner(event: Event, by: Actor) -> None:
    """Tell a person of a target that became his own."""
    core.notify(event, Target.objects.filter(pk=event.object_id or 0).values_list("owner_id", flat=True))


def tell_of_each_other(event: Event, by: Actor) -> None:
    """Tell the units that courted what turned out to be one firm of each other, once its records are one."""
    rows = Target.objects.filter(enterprise=event.object_id or 0, state__in=queries.COURTING)
    targets = list(rows.select_related("unit").order_by("pk"))
    for target in targets:
        others = "、".join(row.unit.brief for row in targets if row.unit_id != target.unit_id)
        if others:
            told = events.record(by=by, verb="enterprises.target.joined", obj=target, data={"text": others})
            core.notify(told, [target.owner_id])
