"""Every change to units, bodies, people, accounts and roles."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, search
from yinfeng.core.actors import Actor, system
from yinfeng.core.errors import Conflict, Forbidden, Invalid, Missing
from yinfeng.core.models import User
from yinfeng.core.scopes import demand
from yinfeng.core.services import add, hash_token, invalid, validated
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


@transaction.atomic
def put_unit(
    *, by: Actor, code: str, parent: Unit | None, values: Mapping[str, Any], day: date, reason: str = ""
) -> Unit:
    """Create a unit or let it say what ``values`` say; a new name or place is kept in its history."""
    unit = Unit.objects.filter(code=code).first()
    demand_unit(by, unit or parent)
    created = unit is None
    unit = unit or Unit(code=code)
    before = (unit.name, unit.parent_id)
    for name in UNIT_FIELDS:
        if name in values:
            setattr(unit, name, values[name])
    unit.parent = parent
    if parent is not None and not created and parent.path.startswith(unit.path):
        raise Conflict(_("不能把“%(unit)s”移到它自己的下级单位之下。") % {"unit": unit.name})
    old_path, unit.path = unit.path, f"{parent.path if parent else '/'}{code}/"
    validated(unit, exclude=["path"])
    unit.save()
    if created:
        act = "created"
    elif before[1] != unit.parent_id:
        act = "moved"
    else:
        act = "renamed" if before[0] != unit.name else "changed"
    if act != "changed":
        _begin_version(unit, act, day, reason)
    if not created and old_path != unit.path:
        _move_below(old_path, unit.path)
    events.record(by=by, verb=f"orgs.unit.{act}", obj=unit, note=reason)
    search.index(events.type_of(unit), unit.pk, unit.name, [unit.short_name, unit.name_en, *unit.aliases])
    return unit


def demand_unit(by: Actor, unit: Unit | None) -> None:
    """Raise Forbidden unless the actor may change this unit (for a new root: any unit)."""
    by.require_at("orgs.unit.change", unit.pk if unit else None, _("您没有维护这个单位的权限。"))


def _begin_version(unit: Unit, act: str, day: date, reason: str) -> None:
    UnitVersion.objects.filter(unit=unit, valid_to=None).update(valid_to=day - timedelta(days=1))
    begins = unit.valid_from if act == "created" else day
    UnitVersion.objects.create(
        unit=unit, act=act, name=unit.name, name_en=unit.name_en, short_name=unit.short_name, parent=unit.parent,
        reason=reason, valid_from=begins,
    )  # fmt: skip


def _move_below(old: str, new: str) -> None:
    for child in Unit.objects.filter(path__startswith=old).exclude(path=new):
        Unit.objects.filter(pk=child.pk).update(path=new + child.path.removeprefix(old))


@transaction.atomic
def close_unit(*, by: Actor, unit: Unit, day: date, reason: str) -> None:
    """Let a unit end on ``day``; its history, rows and people stay."""
    demand_unit(by, unit)
    if not reason.strip():
        raise Invalid(_("请填写撤销的原因。"), fields={"reason": [_("请填写原因。")]})
    if Unit.objects.filter(in_force(day + timedelta(days=1)), parent=unit).exists():
        raise Conflict(_("“%(unit)s”还有下级单位，请先撤销或调整它们。") % {"unit": unit.name})
    unit.valid_to = day
    unit.save(update_fields=["valid_to", "updated_at"])
    UnitVersion.objects.filter(unit=unit, valid_to=None).update(valid_to=day)
    events.record(by=by, verb="orgs.unit.closed", obj=unit, note=reason.strip())


# --- bodies and people --------------------------------------------------------------------------------------------


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
    gone = Seat.objects.filter(body=body, valid_to=None).exclude(pk__in=kept)
    gone.update(valid_to=timezone.localdate())
    events.record(by=by, verb="orgs.body.changed", obj=body)
    return body


@transaction.atomic
def add_person(*, by: Actor, name: str, is_demo: bool = False, user: User | None = None) -> Person:
    """Register a person who may hold posts and seats."""
    by.require("orgs.person.change", _("您没有维护人员的权限。"))
    return add(Person(name=name.strip(), user=user, is_demo=is_demo), by=by, verb="orgs.person.added")


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
    by.require_at("orgs.person.change", unit.pk, _("您没有维护这个单位人员的权限。"))
    if is_first_hand:
        Membership.objects.filter(unit=unit, is_first_hand=True, valid_to=None).update(
            valid_to=day - timedelta(days=1)
        )
    post = Membership(
        person=person,
        unit=unit,
        position=position.strip(),
        is_first_hand=is_first_hand,
        is_main=is_main,
        valid_from=day,
    )
    validated(post)
    post.save()
    events.record(by=by, verb="orgs.membership.added", obj=unit, data={"text": f"{person} · {post.position}"})
    return post


@transaction.atomic
def end_membership(*, by: Actor, membership: Membership, day: date) -> None:
    """Let a post end on ``day``."""
    by.require_at("orgs.person.change", membership.unit_id, _("您没有维护这个单位人员的权限。"))
    if not Membership.objects.filter(pk=membership.pk, valid_to=None).update(valid_to=day):
        raise Conflict(_("这一任职已经结束。"))
    text = f"{membership.person} · {membership.position}"
    events.record(by=by, verb="orgs.membership.ended", obj=membership.unit, data={"text": text})


@transaction.atomic
def take_seat(*, by: Actor, seat: Seat, person: Person, day: date) -> SeatTerm:
    """Seat a person from ``day`` on; a seat that is not shared is left by the one before."""
    by.require_at("orgs.body.change", seat.body.unit_id, _("您没有维护这个机构的权限。"))
    if not seat.is_shared:
        SeatTerm.objects.filter(seat=seat, valid_to=None).exclude(person=person).update(
            valid_to=day - timedelta(days=1)
        )
    term = SeatTerm(seat=seat, person=person, valid_from=day)
    validated(term)
    term.save()
    events.record(by=by, verb="orgs.seat.taken", obj=seat.body, data={"text": f"{seat.position}：{person}"})
    return term


@transaction.atomic
def leave_seat(*, by: Actor, term: SeatTerm, day: date) -> None:
    """Let a person's time on a seat end on ``day``."""
    by.require_at("orgs.body.change", term.seat.body.unit_id, _("您没有维护这个机构的权限。"))
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
    if RoleGrant.objects.filter(in_force(day), user=user, role=role, unit=unit).exists():
        raise Conflict(_("该账号已在这个单位担任这个角色。"))
    granted = RoleGrant(user=user, role=role, unit=unit, valid_from=day, granted_by_id=by.user_id)
    validated(granted)
    granted.save()
    events.record(by=by, verb="orgs.role.granted", obj=user, data={"text": f"{role.name} · {unit.name}"})
    return granted


@transaction.atomic
def revoke_role(*, by: Actor, grant: RoleGrant, day: date, reason: str) -> None:
    """Take a role back from ``day`` on."""
    if not by.is_system and not queries.may_hand_out(by, grant.role, grant.unit):
        raise Forbidden(_("您不能收回这个角色。"))
    if not reason.strip():
        raise Invalid(_("请填写收回的原因。"), fields={"reason": [_("请填写原因。")]})
    last = queries.active_administrators(day).exclude(pk=grant.pk)
    if grant.unit.parent_id is None and queries.ASSIGN in grant.role.permissions and not last.exists():
        raise Conflict(_("这是最后一位系统管理员，收回后将没有人能授予角色。"))
    if not RoleGrant.objects.filter(pk=grant.pk, valid_to=None).update(valid_to=day - timedelta(days=1)):
        raise Conflict(_("这个角色已经收回。"))
    text = f"{grant.role.name} · {grant.unit.name}"
    events.record(by=by, verb="orgs.role.revoked", obj=grant.user, note=reason.strip(), data={"text": text})


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
    if User.objects.filter(username=username).exists():
        raise Invalid(_("用户名已被使用。"), fields={"username": [_("这个用户名已被使用，请换一个。")]})
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(
        token_hash=hash_token(secret), name=name.strip(), username=username.strip(), email=email, position=position.strip(),
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
    invitation = found.select_related("unit").first()
    if invitation is None:
        raise Missing(_("这个邀请链接无效、已使用或已过期，请联系邀请人重新发送。"))
    return invitation


@transaction.atomic
def accept_invitation(*, secret: str, password: str, now: datetime, address: str = "") -> User:
    """Make the account of an invitation with the password its person chose; the link works once."""
    invitation = open_invitation(secret, now)
    if not Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=now):
        raise Missing(_("这个邀请链接无效、已使用或已过期，请联系邀请人重新发送。"))
    user = User(username=invitation.username, name=invitation.name, email=invitation.email)
    by = Actor(user_id=None, name=invitation.name, is_system=True, source="web", address=address)
    create_account(
        by=by, user=user, password=password, unit=invitation.unit, position=invitation.position,
        roles=list(invitation.roles.all()), day=timezone.localtime(now).date(),
    )  # fmt: skip
    Invitation.objects.filter(pk=invitation.pk).update(user=user)
    events.record(by=by, verb="orgs.invitation.accepted", obj=invitation)
    return user


@transaction.atomic
def revoke_invitation(*, by: Actor, invitation: Invitation, now: datetime) -> None:
    """Make an unused invitation's link useless."""
    by.require_at("orgs.user.invite", invitation.unit_id)
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
    try:
        user.full_clean()
    except ValidationError as error:
        raise invalid(error) from error
    user.save(force_insert=True)
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
        grant_role(by=system(by.name), user=user, role=role, unit=unit, day=day)
    return user


@transaction.atomic
def deactivate(*, by: Actor, user: User, reason: str) -> None:
    """Stop an account: its sessions end at once."""
    demand(Account.objects.get(pk=user.pk), by, "change", _("您没有停用这个账号的权限。"))
    if user.pk == by.user_id:
        raise Forbidden(_("不能停用自己的账号。"))
    if not reason.strip():
        raise Invalid(_("请填写停用的原因。"), fields={"reason": [_("请填写原因。")]})
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        raise Conflict(_("这个账号已经停用。"))
    end_sessions(user)
    events.record(by=by, verb="orgs.account.deactivated", obj=user, note=reason.strip())


@transaction.atomic
def reactivate(*, by: Actor, user: User) -> None:
    """Let a stopped account sign in again."""
    demand(Account.objects.get(pk=user.pk), by, "change", _("您没有恢复这个账号的权限。"))
    if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        raise Conflict(_("这个账号没有停用。"))
    events.record(by=by, verb="orgs.account.reactivated", obj=user)


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
