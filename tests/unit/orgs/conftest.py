"""A city with two districts, and people who keep units, people, roles or accounts, or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest

from tests.factories import make_unit, make_user
from yinfeng.core.actors import Actor
from yinfeng.core.models import User
from yinfeng.orgs.models import Role, RoleGrant, Unit
from yinfeng.orgs.permissions import PERMISSIONS
from yinfeng.orgs.queries import actor_for

TODAY = date(2026, 6, 1)
EVERY_ACT = [permission.code for permission in PERMISSIONS]


@dataclass
class City:
    """``root`` above ``jimei`` (with its street) and ``huli``; the people by name."""

    root: Unit
    jimei: Unit
    street: Unit
    huli: Unit
    users: dict[str, User] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        return actor_for(self.users[name])

    def person(self, name: str, unit: Unit | None = None, *permissions: str) -> User:
        self.users[name] = make_user(name, unit, permissions)
        return self.users[name]

    def role(self, code: str, *permissions: str, **values: object) -> Role:
        return Role.objects.create(code=code, name=code, permissions=list(permissions), **values)


@pytest.fixture
def city(db: None) -> City:
    root = make_unit("city", "city", name="测试市")
    jimei = make_unit("jimei", parent=root, name="集美区")
    street = make_unit("xinglin", "office", parent=jimei, name="杏林街道")
    huli = make_unit("huli", parent=root, name="湖里区")
    made = City(root, jimei, street, huli)
    made.person("chief", root, *EVERY_ACT, "projects.lead.view")
    made.person("keeper", jimei, *EVERY_ACT)
    made.person("clerk", jimei, "projects.lead.view")
    made.person("neighbour", huli, *EVERY_ACT)
    made.person("stranger")
    return made


def grant_of(user: User) -> RoleGrant:
    """Return the only role that an account holds."""
    return RoleGrant.objects.get(user=user)
