"""Who a signed-in account is: its units and the reach of each permission."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from yinfeng.core.actors import NOWHERE, Actor, Reach
from yinfeng.core.models import User
from yinfeng.orgs.models import Membership, RoleGrant, Unit, in_force


def actor_for(user: User) -> Actor:
    """Return the Actor of an account in two queries: its grants in force, and the tree of units.

    A grant at the root of the tree reaches everywhere. The unit shown as the person's own is that of the first grant.
    """
    today = timezone.localdate()
    held = list(
        RoleGrant.objects.filter(in_force(today), user=user, role__is_closed=False)
        .order_by("pk")
        .values_list("role__permissions", "unit_id", "unit__path", "unit__parent_id", "unit__name", "unit__name_en")
    )
    if not held:
        return Actor(user_id=user.pk, name=str(user))
    tree = list(Unit.objects.filter(in_force(today)).values_list("pk", "path").order_by())
    below = {path: frozenset(pk for pk, other in tree if other.startswith(path)) for _p, _u, path, *_rest in held}
    grants: defaultdict[str, Reach] = defaultdict(lambda: NOWHERE)
    for permissions, _unit, path, parent, *_rest in held:
        for permission in permissions:
            grants[permission] |= Reach(everywhere=parent is None, units=below[path])
    first = held[0]
    name = Unit(name=first[4], name_en=first[5]).label
    units = frozenset().union(*below.values())
    return Actor(user_id=user.pk, name=str(user), unit_id=first[1], unit_name=name, unit_ids=units, grants=dict(grants))


def units_today() -> QuerySet[Any]:
    """Return the units that exist today, in the order of the tree."""
    return Unit.objects.filter(in_force(timezone.localdate())).order_by("path", "order")


def hosts() -> QuerySet[Any]:
    """Return the units that can host or report a project: districts, zones, departments, SOEs, command posts."""
    kinds = ["district", "zone", "government", "party", "soe", "command", "association", "office"]
    return units_today().filter(kind__in=kinds).order_by("order", "code")


def users_of_units(unit_ids: list[int], permission: str) -> set[int]:
    """Return the accounts that hold ``permission`` by a grant at exactly one of the units: whom to notify."""
    today = timezone.localdate()
    held = RoleGrant.objects.filter(in_force(today), unit__in=unit_ids, role__is_closed=False, user__is_active=True)
    return {user for user, codes in held.values_list("user_id", "role__permissions") if permission in codes}


def people_of(unit: Unit) -> QuerySet[Membership]:
    """Return who holds a post in the unit today, the first hand first."""
    posts = unit.memberships.filter(in_force(timezone.localdate())).select_related("person")
    return posts.order_by("-is_first_hand", "pk")
