"""What a city's profile says about decision gates: per class of project, the chain of bodies that must decide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.models import Rule
from yinfeng.core.profile_format import Changes, Field, Problem, Profile, Row, Section, plain
from yinfeng.meetings.queries import KIND
from yinfeng.projects.profile import check_conditions


def _check(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    yield from check_conditions(profile, rows)
    for row in rows:
        if row["before_stage"] and not row.parts["gate"]:
            yield row.problem(_("没有决策节点的决策链不能写 before_stage"), "before_stage")


def _load(changes: Changes, by: Actor, day: date) -> None:
    core.put_rules(
        [
            Rule(
                kind=KIND, key=row["code"], source=row["source"], valid_from=row["valid_from"], valid_to=row["valid_to"],
                data=plain(
                    {name: row[name] for name in ("name", "name_en", "order", "condition", "before_stage", "source")}
                    | {"gates": [dict(part.values) for part in row.parts["gate"]]}
                ),
            )
            for row in changes.put
        ]
    )  # fmt: skip
    core.close_rules([(KIND, *key.split(":")) for key in changes.vanished], day)


_CODE = Field("code", "code", most=40)
_NAMES = (Field("name"), Field("name_en", required=False, default=""))

SECTIONS = (
    Section(
        KIND, "gates.toml",
        (
            _CODE, *_NAMES, Field("order", "whole", least=1), Field("condition", "table"),
            Field("before_stage", "code", required=False, default="", refers="stage"), Field("valid_from", "date"),
            Field("valid_to", "date", required=False), Field("source", most=300),
        ),
        _load, key=("code", "valid_from"), period=("code",), check=_check,
        parts=(
            Section(
                "gate", "",
                (_CODE, *_NAMES, Field("body", "code", required=False, default="", refers="body", most=60)),
            ),
        ),
    ),
)  # fmt: skip
