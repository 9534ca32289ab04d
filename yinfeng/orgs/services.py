"""Every change to units, bodies, people, accounts and roles."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yinfeng.core import events, search
from yinfeng.core.actors import Actor, system
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Missing, Sentence
from yinfeng.core.models import Delivery, Event, User
from yinfeng.core.scopes import demand
from yinfeng.core.services import add, apply_edit, hash_token, insert, notify, set_password, stale, validated
from yinfeng.orgs import queries
from yinfeng.orgs.models import (
    Account,
    Body,
    Invitation,
    Membership,
    Person,
    Role,
    RoleGrant,
    Seat,
    SeatTerm,
    Unit,
    UnitVersion,
    in_force,
)

INVITATION_DAYS = 7
UNIT_FIELDS = (
    "name", "name_en", "short_name", "kind", "order", "division", "aliases", "industries", "member_kind", "clauses", "source",
    "note", "valid_from", "valid_to",
)  # fmt: skip


# --- units --------------------------------------------------------------------------------------------------------

NOT_YOURS = gettext_lazy("您没有维护这个单位的权限。")


@transaction.atomic
def put_unit(
    *,
    by: Actor,
    code: str,
    parent: Unit | None,
    values: Mapping[str, Any],
    day: date,
    reason: str = "",
    version: int | None = None,
) -> Unit:
    """Create a unit or let it say what ``values`` say; a new name or place is kept in its history.

    ``version`` is the one the person saw: Stale when the unit was changed since.
    """
    unit = Unit.objects.filter(code=code).first()
    created = unit is None
    unit = unit or Unit(code=code, valid_from=day)
    if version is not None and version != unit.version:
        raise stale(unit, values)
    if created or unit.parent_id != (parent.pk if parent else None):
        _demand_place(by, unit, parent)
    if not created:
        by.require_at("orgs.unit.change", unit.pk, NOT_YOURS)
    old = {name: getattr(unit, name) for name in (*UNIT_FIELDS, "parent", "path")}
    for name in UNIT_FIELDS:
        if name in values:
            setattr(unit, name, values[name])
    unit.parent, unit.path = parent, f"{parent.path if parent else '/'}{code}/"
    changes = {
        name: (before, getattr(unit, name)) for name, before in old.items() if before != getattr(unit, name)
    }
    if not created and not changes:
        return unit
    _demand_standing(by, unit, changes)
    validated(unit, exclude=["path"])
    if created:
        unit.save(force_insert=True)
    else:
        _save_version(unit, old)
    act = _act(created, changes)
    if act != "changed":
        _begin_version(unit, act, day, reason)
    if "path" in changes and not created:
        _move_below(old["path"], unit.path)
    told = {} if created else changes
    events.record(by=by, verb=f"orgs.unit.{act}", obj=unit, note=reason.strip(), changes=told)
    search.refresh(Unit, unit.pk)
    return unit


def _demand_place(by: Actor, unit: Unit, parent: Unit | None) -> None:
    """Refuse a place in the tree that is out of the actor's reach, closed, or below the unit itself."""
    if parent is None:
        if not by.reach("orgs.unit.change").everywhere:
            raise Forbidden(NOT_YOURS)
        return
    by.require_at("orgs.unit.change", parent.pk, _("您没有维护“%(unit)s”的权限。") % {"unit": parent})
    if unit.pk and parent.path.startswith(unit.path):
        raise Conflict(_("不能把“%(unit)s”移到它自己的下级单位之下。") % {"unit": unit})


def _demand_standing(by: Actor, unit: Unit, changes: Mapping[str, tuple[Any, Any]]) -> None:
    """Refuse to make a working group, or to choose its industries, to anybody but the city: they decide what it sees."""
    grouped = "group" in changes.get("kind", ())
    if (grouped or "industries" in changes) and not by.reach("orgs.unit.change").everywhere:
        raise Forbidden(_("工作组和负责行业由市级管理员设定。"))


def _act(created: bool, changes: Mapping[str, tuple[Any, Any]]) -> str:
    if created:
        return "created"
    if "parent" in changes:
        return "moved"
    if {"name", "name_en", "short_name"} & changes.keys():
        return "renamed"
    before, after = changes.get("valid_to", (None, None))
    return "reopened" if before is not None and after is None else "changed"


def _save_version(unit: Unit, old: Mapping[str, Any]) -> None:
    """Save a unit if nobody saved it since it was read."""
    seen = unit.version
    unit.version = seen + 1
    if Unit.objects.filter(pk=unit.pk, version=seen).update(version=unit.version) != 1:
        raise stale(Unit.objects.get(pk=unit.pk), {name: getattr(unit, name) for name in old})
    unit.save(force_update=True)


def _begin_version(unit: Unit, act: str, day: date, reason: str) -> None:
    yesterday = day - timedelta(days=1)
    UnitVersion.objects.filter(in_force(day), unit=unit).update(valid_to=yesterday)
    begins = unit.valid_from if act == "created" else day
    UnitVersion.objects.create(
        unit=unit, act=act, name=unit.name, name_en=unit.name_en, short_name=unit.short_name, parent=unit.parent,
        reason=reason.strip(), valid_from=begins,
    )  # fmt: skip


def _move_below(old: str, new: str) -> None:
    for child in Unit.objects.filter(path__startswith=old).exclude(path=new):
        Unit.objects.filter(pk=child.pk).update(path=new + child.path.removeprefix(old))


def demand_reason(reason: str, sentence: str | Promise = gettext_lazy("请填写原因。")) -> str:
    """Return the reason, or raise Invalid when there is none."""
    if not reason.strip():
        raise Invalid(sentence, fields={"reason": [sentence]})
    return reason.strip()


def add_unit(*, by: Actor, code: str, parent: Unit, values: Mapping[str, Any], day: date) -> Unit:
    """Set up a new unit below ``parent``."""
    if Unit.objects.filter(code=code).exists():
        sentence = _("代码“%(code)s”已属于另一个单位。") % {"code": code}
        raise Invalid(sentence, fields={"code": [sentence]})
    if not parent.is_open(day):
        raise Conflict(_("“%(unit)s”已经撤销，不能再设下级单位。") % {"unit": parent})
    return put_unit(by=by, code=code, parent=parent, values=values, day=day)


def change_unit(*, by: Actor, unit: Unit, version: int, values: Mapping[str, Any], day: date) -> Unit:
    """Correct what a unit's record says: its industries, aliases, note; its name and place have acts of their own."""
    return put_unit(by=by, code=unit.code, parent=unit.parent, values=values, day=day, version=version)


def rename_unit(
    *, by: Actor, unit: Unit, version: int, names: Mapping[str, str], day: date, reason: str
) -> Unit:
    """Give a unit another name from ``day`` on; the old one stays in its history."""
    values = {name: names[name] for name in ("name", "name_en", "short_name") if name in names}
    if all(getattr(unit, name) == value for name, value in values.items()):
        raise Invalid(_("新名称与现在的相同。"), fields={"name": [_("新名称与现在的相同。")]})
    return put_unit(
        by=by, code=unit.code, parent=unit.parent, values=values, day=day, reason=demand_reason(reason), version=version
    )  # fmt: skip


def move_unit(*, by: Actor, unit: Unit, version: int, parent: Unit, day: date, reason: str) -> Unit:
    """Put a unit, with everything below it, under another one from ``day`` on."""
    if unit.parent_id is None:
        raise Conflict(_("城市本身不能移到其他单位之下。"))
    if unit.parent_id == parent.pk:
        raise Conflict(_("“%(unit)s”已经在“%(parent)s”之下。") % {"unit": unit, "parent": parent})
    if not parent.is_open(day):
        raise Conflict(_("“%(unit)s”已经撤销，不能再设下级单位。") % {"unit": parent})
    return put_unit(
        by=by,
        code=unit.code,
        parent=parent,
        values={},
        day=day,
        reason=demand_reason(reason),
        version=version,
    )


ClosingObjection = Callable[[Unit], Sentence | None]
_CLOSING_OBJECTIONS: list[ClosingObjection] = []


def may_object_to_closing(objection: ClosingObjection) -> None:
    """Ask ``objection`` before a unit is closed and joins no other: what it still owes is handed over first (ADR 12)."""
    if objection not in _CLOSING_OBJECTIONS:
        _CLOSING_OBJECTIONS.append(objection)


@transaction.atomic
def close_unit(*, by: Actor, unit: Unit, day: date, reason: str, into: Unit | None = None) -> None:
    """Let ``day`` be a unit's last; its history, rows and people stay. Merged ``into`` another, it moves below that one.

    Whoever acts for the unit it was merged into sees its rows from then on, because a reach includes what lies below.
    """
    by.require_at("orgs.unit.change", unit.pk, NOT_YOURS)
    reason = demand_reason(reason)
    if unit.parent_id is None:
        raise Conflict(_("城市本身不能撤销。"))
    if not unit.is_open(day + timedelta(days=1)):
        raise Conflict(_("“%(unit)s”已经撤销。") % {"unit": unit})
    below = Unit.objects.filter(in_force(day + timedelta(days=1)), path__startswith=unit.path).exclude(
        pk=unit.pk
    )
    if below.exists():
        raise Conflict(_("“%(unit)s”还有下级单位，请先撤销或调整它们。") % {"unit": unit})
    Unit.objects.select_for_update().get(pk=unit.pk)  # nobody gives it anything meanwhile
    if into is None:
        for objection in _CLOSING_OBJECTIONS:
            if sentence := objection(unit):
                raise Conflict(sentence)
    old = {name: getattr(unit, name) for name in (*UNIT_FIELDS, "parent", "path")}
    if into is not None:
        _demand_place(by, unit, into)
        if into.pk == unit.pk or not into.is_open(day + timedelta(days=1)):
            raise Conflict(_("请选择一个没有撤销的其他单位。"))
        unit.parent, unit.path = into, f"{into.path}{unit.code}/"
        _begin_version(unit, "merged", day, reason)
    unit.valid_to = day
    _save_version(unit, old)
    if old["path"] != unit.path:
        _move_below(old["path"], unit.path)
    UnitVersion.objects.filter(unit=unit, valid_to=None).update(valid_to=day)
    verb, changes = (
        ("orgs.unit.merged", {"parent": (old["parent"], into)}) if into else ("orgs.unit.closed", {})
    )
    events.record(
        by=by, verb=verb, obj=unit, note=reason, changes={**changes, "valid_to": (old["valid_to"], day)}
    )


def reopen_unit(*, by: Actor, unit: Unit, day: date, reason: str) -> Unit:
    """Let a closed unit exist again from ``day`` on."""
    if unit.is_open(min(day, date.max - timedelta(days=1)) + timedelta(days=1)):
        raise Conflict(_("“%(unit)s”没有撤销。") % {"unit": unit})
    if unit.parent is not None and not unit.parent.is_open(day):
        raise Conflict(_("上级单位“%(unit)s”已经撤销，请先恢复它。") % {"unit": unit.parent})
    return put_unit(
        by=by,
        code=unit.code,
        parent=unit.parent,
        values={"valid_to": None},
        day=day,
        reason=demand_reason(reason),
    )


# --- bodies and people --------------------------------------------------------------------------------------------

NOT_YOUR_BODY = gettext_lazy("您没有维护这个机构的权限。")
NOT_YOUR_PEOPLE = gettext_lazy("您没有维护这个单位人员的权限。")


@transaction.atomic
def put_body(
    *, by: Actor, code: str, unit: Unit, values: Mapping[str, Any], seats: Sequence[Mapping[str, Any]]
) -> Body:
    """Create a body or let it and its seats say what the profile says; a seat that is gone ends, its holders stay on record."""
    by.require_at("orgs.body.change", unit.pk)
    body = Body.objects.filter(code=code).first() or Body(code=code)
    body.unit = unit
    for name, value in values.items():
        setattr(body, name, value)
    validated(body)
    body.save()
    kept = []
    for order, seat_values in enumerate(seats):
        seat = Seat.objects.filter(body=body, position=seat_values["position"]).first() or Seat(body=body)
        for name, value in seat_values.items():
            setattr(seat, name, value)
        seat.order, seat.valid_to = order, None
        validated(seat)
        seat.save()
        kept.append(seat.pk)
    today = timezone.localdate()
    gone = Seat.objects.filter(body=body, valid_to=None).exclude(pk__in=kept).exclude(source=ADDED)
    SeatTerm.objects.filter(seat__in=gone, valid_to=None).update(valid_to=today)
    gone.update(valid_to=today)
    events.record(by=by, verb="orgs.body.changed", obj=body)
    return body


# What the source of a seat says when a person, not the profile, added it; loading the profile leaves it alone.
ADDED = "added"


@transaction.atomic
def add_seat(
    *, by: Actor, body: Body, kind: str, position: str, unit: Unit | None, day: date, is_shared: bool = False
) -> Seat:
    """Add a seat to a body: a deputy, a member unit."""
    by.require_at("orgs.body.change", body.unit_id, NOT_YOUR_BODY)
    order = body.seats.count()
    seat = Seat(
        body=body,
        kind=kind,
        position=position.strip(),
        unit=unit,
        is_shared=is_shared,
        order=order,
        source=ADDED,
        valid_from=day,
    )
    validated(seat)
    seat.save()
    events.record(by=by, verb="orgs.seat.added", obj=body, data={"text": seat.position})
    return seat


@transaction.atomic
def end_seat(*, by: Actor, seat: Seat, day: date, reason: str) -> None:
    """Let ``day`` be a seat's last; whoever holds it leaves it."""
    by.require_at("orgs.body.change", seat.body.unit_id, NOT_YOUR_BODY)
    reason = demand_reason(reason)
    if not Seat.objects.filter(pk=seat.pk, valid_to=None).update(valid_to=day):
        raise Conflict(_("这个席位已经撤销。"))
    SeatTerm.objects.filter(seat=seat, valid_to=None).update(valid_to=day)
    events.record(by=by, verb="orgs.seat.ended", obj=seat.body, note=reason, data={"text": seat.position})


@transaction.atomic
def add_person(*, by: Actor, name: str, is_demo: bool = False, user: User | None = None) -> Person:
    """Register a person who may hold posts and seats."""
    by.require("orgs.person.change", _("您没有维护人员的权限。"))
    person = add(Person(name=name.strip(), user=user, is_demo=is_demo), by=by, verb="orgs.person.added")
    search.refresh(Person, person.pk)
    return person


@transaction.atomic
def add_person_with_post(
    *, by: Actor, name: str, unit: Unit, position: str, day: date, is_first_hand: bool = False
) -> Person:
    """Register a person together with his post in a unit: whoever keeps the unit's people keeps the person."""
    by.require_at("orgs.person.change", unit.pk, NOT_YOUR_PEOPLE)
    person = add_person(by=by, name=name)
    add_membership(
        by=by, person=person, unit=unit, position=position, day=day, is_first_hand=is_first_hand, is_main=True
    )
    return person


@transaction.atomic
def change_person(*, by: Actor, person: Person, version: int, values: Mapping[str, Any]) -> Person:
    """Correct what a person's record says."""
    demand(person, by, "change", _("您没有维护这个人员的权限。"))
    apply_edit(person, values, by=by, version=version, verb="orgs.person.changed")
    search.refresh(Person, person.pk)
    return person


@transaction.atomic
def add_membership(
    *,
    by: Actor,
    person: Person,
    unit: Unit,
    position: str,
    day: date,
    is_first_hand: bool = False,
    is_main: bool = False,
) -> Membership:
    """Record a person's post from ``day`` on; a new first hand ends the one before (clause 1.5)."""
    by.require_at("orgs.person.change", unit.pk, NOT_YOUR_PEOPLE)
    if not unit.is_open(day):
        raise Conflict(_("“%(unit)s”已经撤销，不能再登记任职。") % {"unit": unit})
    if is_first_hand:
        for earlier in Membership.objects.filter(unit=unit, is_first_hand=True, valid_to=None).select_related(
            "person", "unit"
        ):
            end_membership(by=by, membership=earlier, day=day - timedelta(days=1))
    post = Membership(
        person=person,
        unit=unit,
        position=position.strip(),
        is_first_hand=is_first_hand,
        is_main=is_main,
        valid_from=day,
    )
    insert(post)
    events.record(by=by, verb="orgs.membership.added", obj=unit, data={"text": f"{person} · {post.position}"})
    return post


@transaction.atomic
def end_membership(*, by: Actor, membership: Membership, day: date) -> None:
    """Let a post end on ``day``."""
    by.require_at("orgs.person.change", membership.unit_id, NOT_YOUR_PEOPLE)
    if not Membership.objects.filter(pk=membership.pk, valid_to=None).update(valid_to=day):
        raise Conflict(_("这一任职已经结束。"))
    text = f"{membership.person} · {membership.position}"
    events.record(by=by, verb="orgs.membership.ended", obj=membership.unit, data={"text": text})


@transaction.atomic
def take_seat(*, by: Actor, seat: Seat, person: Person, day: date) -> SeatTerm:
    """Seat a person from ``day`` on; a seat that is not shared is left by the one before."""
    by.require_at("orgs.body.change", seat.body.unit_id, NOT_YOUR_BODY)
    if seat.valid_to is not None:
        raise Conflict(_("这个席位已经撤销。"))
    if not seat.is_shared:
        for earlier in (
            seat.terms.filter(valid_to=None).exclude(person=person).select_related("person", "seat__body")
        ):
            leave_seat(by=by, term=earlier, day=day - timedelta(days=1))
    term = SeatTerm(seat=seat, person=person, valid_from=day)
    insert(term)
    events.record(by=by, verb="orgs.seat.taken", obj=seat.body, data={"text": f"{seat.position}：{person}"})
    return term


@transaction.atomic
def leave_seat(*, by: Actor, term: SeatTerm, day: date) -> None:
    """Let a person's time on a seat end on ``day``."""
    by.require_at("orgs.body.change", term.seat.body.unit_id, NOT_YOUR_BODY)
    if not SeatTerm.objects.filter(pk=term.pk, valid_to=None).update(valid_to=day):
        raise Conflict(_("这一任期已经结束。"))
    text = f"{term.seat.position}：{term.person}"
    events.record(by=by, verb="orgs.seat.left", obj=term.seat.body, data={"text": text})


# --- roles --------------------------------------------------------------------------------------------------------


@transaction.atomic
def put_role(*, by: Actor, code: str, values: Mapping[str, Any]) -> Role:
    """Create a role or let it say what the profile says."""
    by.require("core.settings.change")
    role = Role.objects.filter(code=code).first() or Role(code=code)
    for name, value in values.items():
        setattr(role, name, value)
    validated(role)
    role.save()
    events.record(by=by, verb="orgs.role.changed", obj=role, data={"permissions": role.permissions})
    return role


@transaction.atomic
def grant_role(*, by: Actor, user: User, role: Role, unit: Unit, day: date) -> RoleGrant:
    """Give an account a role at a unit and below; nobody gives what he may not hand out, nor anything to himself."""
    if user.pk == by.user_id:
        raise Forbidden(_("不能给自己授予角色，请由另一位管理员办理。"))
    if not by.is_system and not queries.may_hand_out(by, role, unit):
        raise Forbidden(_("您不能在“%(unit)s”授予“%(role)s”这个角色。") % {"unit": unit, "role": role})
    if role.unit_kinds and unit.kind not in role.unit_kinds:
        raise Invalid(_("“%(role)s”不适用于“%(unit)s”这类单位。") % {"role": role, "unit": unit})
    if not unit.is_open(day):
        raise Conflict(_("“%(unit)s”已经撤销，不能再授予角色。") % {"unit": unit})
    if RoleGrant.objects.filter(in_force(day), user=user, role=role, unit=unit).exists():
        raise Conflict(_("该账号已在这个单位担任这个角色。"))
    granted = RoleGrant(user=user, role=role, unit=unit, valid_from=day, granted_by_id=by.user_id)
    insert(granted)
    events.record(by=by, verb="orgs.role.granted", obj=user, data={"text": f"{role.name} · {unit.name}"})
    return granted


def _administrators(day: date) -> dict[int, int]:
    """Return grant → account of the city's administrators, locked: of two who put each other out one comes second."""
    held = queries.active_administrators(day).select_related("user").order_by("pk")
    return {grant.pk: grant.user_id for grant in held.select_for_update(of=("self", "user"))}


@transaction.atomic
def revoke_role(*, by: Actor, grant: RoleGrant, day: date, reason: str) -> None:
    """Take a role back from ``day`` on."""
    if not by.is_system and not queries.may_hand_out(by, grant.role, grant.unit):
        raise Forbidden(_("您不能收回这个角色。"))
    reason = demand_reason(reason)
    if _administrators(day) == {grant.pk: grant.user_id}:
        raise Conflict(_("这是最后一位系统管理员，收回后将没有人能授予角色。"))
    if not RoleGrant.objects.filter(pk=grant.pk, valid_to=None).update(valid_to=day - timedelta(days=1)):
        raise Conflict(_("这个角色已经收回。"))
    text = f"{grant.role.name} · {grant.unit.name}"
    events.record(by=by, verb="orgs.role.revoked", obj=grant.user, note=reason, data={"text": text})


# --- accounts -----------------------------------------------------------------------------------------------------


@transaction.atomic
def invite(
    *,
    by: Actor,
    name: str,
    username: str,
    unit: Unit,
    roles: Sequence[Role],
    position: str = "",
    email: str = "",
    now: datetime,
) -> tuple[Invitation, str]:
    """Invite a person; return the invitation and the secret of its one-time link, which is shown this once."""
    by.require_at("orgs.user.invite", unit.pk, _("您没有为这个单位邀请用户的权限。"))
    for role in roles:
        if not by.is_system and not queries.may_hand_out(by, role, unit):
            raise Forbidden(_("您不能在“%(unit)s”授予“%(role)s”这个角色。") % {"unit": unit, "role": role})
    username = User.normalize_username(username.strip())
    if User.objects.filter(username__iexact=username).exists():
        raise Invalid(_("用户名已被使用。"), fields={"username": [_("这个用户名已被使用，请换一个。")]})
    if email and User.objects.filter(email__iexact=email).exists():
        raise Invalid(_("电子邮箱已被使用。"), fields={"email": [_("这个电子邮箱已属于另一个账号。")]})
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(
        token_hash=hash_token(secret), name=name.strip(), username=username, email=email, position=position.strip(),
        unit=unit, invited_by_id=by.user_id, expires_at=now + timedelta(days=INVITATION_DAYS),
    )  # fmt: skip
    add(
        invitation,
        by=by,
        verb="orgs.invitation.sent",
        data={"text": f"{unit.name} · {'、'.join(role.name for role in roles)}"},
    )
    invitation.roles.set(roles)
    return invitation, secret


def open_invitation(secret: str, now: datetime) -> Invitation:
    """Return the invitation of a link that can still be used; Missing for every other."""
    found = Invitation.objects.filter(
        token_hash=hash_token(secret), used_at=None, revoked_at=None, expires_at__gt=now
    )
    invitation = found.select_related("unit", "invited_by").first()
    if invitation is None:
        raise Missing(USED)
    return invitation


USED = gettext_lazy("这个邀请链接无效、已使用或已过期，请联系邀请人重新发送。")


@transaction.atomic
def accept_invitation(*, secret: str, password: str, now: datetime, address: str = "") -> User:
    """Make the account of an invitation with the password its person chose; the link works once.

    The roles are given on behalf of the inviter, who must still be able to give them.
    """
    invitation = open_invitation(secret, now)
    if not Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None).update(used_at=now):
        raise Missing(USED)
    day = timezone.localtime(now).date()
    inviter = invitation.invited_by
    giver = queries.actor_for(inviter, day) if inviter else system("firstrun")
    if not giver.may_at("orgs.user.invite", invitation.unit_id):
        raise Conflict(_("邀请人已没有邀请用户的权限，请联系管理员重新邀请。"))
    user = User(username=invitation.username, name=invitation.name, email=invitation.email)
    create_account(
        by=giver, user=user, password=password, unit=invitation.unit, position=invitation.position,
        roles=list(invitation.roles.all()), day=day,
    )  # fmt: skip
    Invitation.objects.filter(pk=invitation.pk).update(user=user)
    by = Actor(user_id=user.pk, name=user.name, unit_id=invitation.unit_id, address=address)
    events.record(by=by, verb="orgs.invitation.accepted", obj=invitation)
    return user


@transaction.atomic
def revoke_invitation(*, by: Actor, invitation: Invitation, now: datetime) -> None:
    """Make an unused invitation's link useless."""
    by.require_at("orgs.user.invite", invitation.unit_id, _("您没有为这个单位邀请用户的权限。"))
    if not Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None).update(revoked_at=now):
        raise Conflict(_("这个邀请已被使用或已撤回。"))
    events.record(by=by, verb="orgs.invitation.revoked", obj=invitation)


@transaction.atomic
def create_account(
    *, by: Actor, user: User, password: str, unit: Unit, roles: Iterable[Role], day: date, position: str = "",
    is_first_hand: bool = False,
) -> User:  # fmt: skip
    """Save a new account with its person, post and roles; the caller answers for who may."""
    by.require_at("orgs.user.invite", unit.pk)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), fields={"password": error.messages}) from error
    user.set_password(password)
    user.password_changed_at = timezone.now()
    validated(user)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        validated(user)
        taken = _("这个用户名已被使用，请换一个。")
        raise Invalid(taken, fields={"username": [taken]}) from error
    events.record(by=by, verb="orgs.account.created", obj=user, data={"text": unit.name})
    person = add_person(by=system(by.name), name=user.name, user=user, is_demo=user.is_demo)
    if position:
        add_membership(
            by=system(by.name),
            person=person,
            unit=unit,
            position=position,
            day=day,
            is_first_hand=is_first_hand,
            is_main=True,
        )
    for role in roles:
        grant_role(by=by, user=user, role=role, unit=unit, day=day)
    return user


@transaction.atomic
def deactivate(*, by: Actor, user: User, reason: str) -> None:
    """Stop an account: its sessions end at once."""
    demand(Account.objects.get(pk=user.pk), by, "change", _("您没有停用这个账号的权限。"))
    if user.pk == by.user_id:
        raise Forbidden(_("不能停用自己的账号。"))
    reason = demand_reason(reason)
    if set(_administrators(timezone.localdate()).values()) == {user.pk}:
        raise Conflict(_("这是最后一位系统管理员，停用后将没有人能授予角色。"))
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        raise Conflict(_("这个账号已经停用。"))
    end_sessions(user)
    events.record(by=by, verb="orgs.account.deactivated", obj=user, note=reason)


@transaction.atomic
def reactivate(*, by: Actor, user: User) -> None:
    """Let a stopped account sign in again."""
    demand(Account.objects.get(pk=user.pk), by, "change", _("您没有恢复这个账号的权限。"))
    if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        raise Conflict(_("这个账号没有停用。"))
    events.record(by=by, verb="orgs.account.reactivated", obj=user)


@transaction.atomic
def change_password(*, by: Actor, user: User, password: str) -> None:
    """Give an account the password that its person chose; sessions opened with the old one end by themselves."""
    if user.pk != by.user_id and not by.is_system:
        raise Forbidden(_("只能修改自己的密码。"))
    set_password(user, password)
    events.record(by=by, verb="core.user.password_changed", obj=user)


def end_sessions(user: User) -> None:
    """End every session of an account."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def set_members(unit: Unit, members: Sequence[Unit]) -> None:
    """Say for which units a collective name stands; part of loading a profile."""
    unit.members.set(members)


@transaction.atomic
def close_body(*, by: Actor, code: str, day: date) -> None:
    """Let a body that the profile no longer has end on ``day``."""
    body = Body.objects.filter(code=code, valid_to=None).first()
    if body is not None:
        by.require_at("orgs.body.change", body.unit_id)
        body.valid_to = day
        body.save()
        events.record(by=by, verb="orgs.body.changed", obj=body)


# --- notices ------------------------------------------------------------------------------------------------------


def tell_keepers(event: Event, by: Actor) -> None:
    """Tell who keeps the whole system that a message did not get out: of the first only, the others stand on the same page."""
    others = Delivery.objects.exclude(given_up_at=None).exclude(pk=event.object_id or 0)
    if others.exists():
        return
    city = Unit.objects.filter(parent=None).values_list("pk", flat=True)
    notify(event, queries.users_of_units(city, "core.settings.change"))
