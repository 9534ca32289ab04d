"""What a city's profile says about units, bodies and roles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from yinfeng.core.actors import Actor
from yinfeng.core.permissions import registry
from yinfeng.core.profile import cycles
from yinfeng.core.profile_format import Changes, Field, Problem, Profile, Row, Section
from yinfeng.orgs import services
from yinfeng.orgs.models import BODY_KINDS, SEAT_KINDS, UNIT_KINDS, Role, Unit

_CODE = Field("code", "code", most=60)
_SOURCE = Field("source", required=False, default="")


# --- units --------------------------------------------------------------------------------------------------------


def _check_units(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    yield from cycles(rows, lambda row: row["parent"] or "")
    roots = [row for row in rows if not row["parent"]]
    for row in roots[1:]:
        yield row.problem(
            _("只能有一个没有上级的单位（城市本身），第一个是“%(root)s”") % {"root": roots[0].key}, "parent"
        )


def _load_units(changes: Changes, by: Actor, day: date) -> None:
    """Put units from the root down, then say for whom the collective ones stand."""
    known = {row.key: row for row in changes.rows}
    put = {row.key for row in changes.put}
    made: dict[str, Unit] = {}

    def unit(code: str) -> Unit:
        if code not in made:
            row = known[code]
            parent = unit(row["parent"]) if row["parent"] else None
            if code in put:
                values = {name: row[name] for name in services.UNIT_FIELDS if name in row.values}
                values["order"] = row.order
                made[code] = services.put_unit(by=by, code=code, parent=parent, values=values, day=day)
            else:
                made[code] = Unit.objects.get(code=code)
        return made[code]

    for row in changes.rows:
        found = unit(row.key)
        if row.key in put and row["members"]:
            services.set_members(found, [unit(code) for code in row["members"]])
    for gone in Unit.objects.filter(code__in=changes.vanished, valid_to=None).order_by(
        "-path"
    ):  # the lowest first
        services.close_unit(by=by, unit=gone, day=day, reason=_("城市方案中已没有这个单位"))


# --- bodies -------------------------------------------------------------------------------------------------------


def _load_bodies(changes: Changes, by: Actor, day: date) -> None:
    units = {unit.code: unit for unit in Unit.objects.all()}
    for row in changes.put:
        names = ("kind", "name", "name_en", "clause", "duty", "duty_en", "source", "valid_from", "valid_to")
        values = {name: row[name] for name in names} | {"order": row.order}
        seats = [
            {
                "kind": seat["kind"],
                "position": seat["position"],
                "position_en": seat["position_en"],
                "unit": units.get(seat["unit"] or ""),
                "is_shared": seat["is_shared"],
                "source": seat["source"],
                "valid_from": row["valid_from"],
            }
            for seat in row.parts.get("seat", [])
        ]
        services.put_body(by=by, code=row.key, unit=units[row["unit"]], values=values, seats=seats)
    for code in changes.vanished:
        services.close_body(by=by, code=code, day=day)


# --- roles --------------------------------------------------------------------------------------------------------


def _check_roles(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    known = registry()
    codes = {row.key for row in rows}
    for row in rows:
        for permission in row["permissions"]:
            if permission not in known:
                yield row.problem(
                    _('没有 "%(code)s" 这个权限') % {"code": permission}, "permissions", permission
                )
        for code in row["assigns"]:
            if code not in codes:
                yield row.problem(_('角色 "%(code)s" 没有定义') % {"code": code}, "assigns", code)
        for kind in row["unit_kinds"]:
            if kind not in UNIT_KINDS:
                yield row.problem(_('没有 "%(kind)s" 这类单位') % {"kind": kind}, "unit_kinds", kind)


def _load_roles(changes: Changes, by: Actor, day: date) -> None:
    names = ("name", "name_en", "description", "description_en", "permissions", "assigns", "unit_kinds")
    for row in changes.put:
        values = {name: row[name] for name in names} | {"order": row.order, "is_closed": False}
        services.put_role(by=by, code=row.key, values=values)
    for role in Role.objects.filter(code__in=changes.vanished):
        services.put_role(by=by, code=role.code, values={"is_closed": True})


_NAMES = (Field("name"), Field("name_en", required=False, default=""))

SECTIONS = (
    Section(
        "unit", "units.toml",
        (
            _CODE, *_NAMES, Field("short_name", required=False, default="", most=60), Field("kind", choices=tuple(UNIT_KINDS)),
            Field("parent", "code", required=False, default="", refers="unit", most=60),
            Field("division", "code", required=False, default="", most=6, refers="code:division"), Field("aliases", "texts", required=False, default=list),
            Field("industries", "codes", required=False, default=list, refers="code:industry"),
            Field("members", "texts", required=False, default=list, refers="unit"),
            Field("member_kind", required=False, default="", choices=("", *UNIT_KINDS)),
            Field("clauses", "texts", required=False, default=list), _SOURCE,
            Field("note", required=False, default="", most=500),
            Field("valid_from", "date", required=False), Field("valid_to", "date", required=False),
        ),
        _load_units, required=True, check=_check_units,
    ),
    Section(
        "body", "bodies.toml",
        (
            _CODE, Field("unit", "code", refers="unit", most=60), Field("kind", choices=tuple(BODY_KINDS)), *_NAMES,
            Field("clause", required=False, default="", most=20), Field("duty", required=False, default="", most=2000),
            Field("duty_en", required=False, default="", most=2000), _SOURCE,
            Field("valid_from", "date", required=False), Field("valid_to", "date", required=False),
        ),
        _load_bodies,
        parts=(
            Section(
                "seat", "",
                (
                    Field("kind", choices=tuple(SEAT_KINDS)), Field("position"),
                    Field("position_en", required=False, default="", most=300),
                    Field("unit", "code", required=False, default="", refers="unit", most=60),
                    Field("is_shared", "flag", required=False, default=False), _SOURCE,
                ),
                key=("position",),
            ),
        ),
    ),
    Section(
        "role", "roles.toml",
        (
            _CODE, *_NAMES, Field("description", required=False, default="", most=300),
            Field("description_en", required=False, default="", most=300), Field("permissions", "texts"),
            Field("assigns", "texts", required=False, default=list),
            Field("unit_kinds", "texts", required=False, default=list),
        ),
        _load_roles, required=True, check=_check_roles,
    ),
)  # fmt: skip
