"""Small builders of what tests need: units, people with rights, enterprises. Everything by plain words, nothing random."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import count
from typing import Any

from django.test import Client

from yinfeng.core.actors import Actor
from yinfeng.core.models import User
from yinfeng.enterprises import naming
from yinfeng.enterprises.models import Enterprise
from yinfeng.orgs.models import Person, Role, RoleGrant, Unit
from yinfeng.orgs.queries import actor_for
from yinfeng.projects.models import Lead, Participation, Project

_numbers = count(1)


def make_unit(code: str, kind: str = "district", parent: Unit | None = None, **values: Any) -> Unit:
    """Return the unit ``code``, made below ``parent`` (the root when none) if it does not exist."""
    path = f"{parent.path if parent else '/'}{code}/"
    defaults = {"name": values.pop("name", code), "kind": kind, "parent": parent, "path": path, **values}
    return Unit.objects.get_or_create(code=code, defaults=defaults)[0]


def make_user(name: str, unit: Unit | None = None, permissions: Iterable[str] = (), **values: Any) -> User:
    """Return a new account; with ``unit`` it holds a role of exactly these permissions there."""
    user = User(username=values.pop("username", f"{name}-{next(_numbers)}"), name=name, **values)
    user.set_password("correct horse battery")
    user.save()
    Person.objects.create(name=name, user=user)
    if unit is not None:
        grant(user, unit, permissions)
    return user


def grant(user: User, unit: Unit, permissions: Iterable[str], **values: Any) -> RoleGrant:
    """Give an account a role of exactly these permissions at a unit."""
    role = Role.objects.create(
        code=f"role-{next(_numbers)}", name="测试角色", permissions=sorted(permissions)
    )
    return RoleGrant.objects.create(user=user, role=role, unit=unit, valid_from=date(2020, 1, 1), **values)


def make_actor(name: str, unit: Unit | None = None, permissions: Iterable[str] = ()) -> Actor:
    """Return the Actor of a new account with these permissions at a unit."""
    return actor_for(make_user(name, unit, permissions))


def signed_in(user: User) -> Client:
    """Return a browser in which the account has signed in."""
    client = Client()
    client.force_login(user, backend="yinfeng.core.signin.Backend")
    return client


def make_enterprise(name: str, **values: Any) -> Enterprise:
    """Return a new enterprise with its comparison key."""
    return Enterprise.objects.create(name=name, name_key=naming.parse(name).key, **values)


def make_lead(title: str, unit: Unit, by: User, **values: Any) -> Lead:
    """Return a lead that ``unit`` reported and handles."""
    return Lead.objects.create(
        title=title,
        source=values.pop("source", "fair"),
        heard_date=values.pop("heard_date", date(2026, 4, 1)),
        content=values.pop("content", "拟设区域总部"),
        reporter_unit=unit,
        handling_unit=values.pop("handling_unit", unit),
        registered_by=by,
        **values,
    )


def make_project(name: str, unit: Unit, by: User, **values: Any) -> Project:
    """Return a project that ``unit`` reports and hosts, with nobody on its team."""
    project = Project.objects.create(
        code=f"T-{next(_numbers):05}",
        name=name,
        summary=values.pop("summary", "建设生产基地"),
        reporter_unit=unit,
        host_unit=unit,
        created_by=by,
        **values,
    )
    for part in ("reporter", "host"):
        Participation.objects.create(project=project, unit=unit, part=part)
    return project
