"""What a city's profile says about projects: their classes, and what is to be reported about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.conditions import WrongCondition, parse
from yinfeng.core.models import Code, Rule
from yinfeng.core.profile_format import Changes, Field, Problem, Profile, Row, Section, plain
from yinfeng.orgs.models import Unit
from yinfeng.projects import queries, services, stages
from yinfeng.projects.models import ReportDefinition

# Where the codes are that conditions name: sections of the profile other than its code tables.
_SECTIONS = {"chain": "chain", "grade": "grade", "unit": "unit", "category": "category"}


def check_conditions(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    """Yield the mistakes of the rows' conditions: what the language does not know, and codes that the profile lacks."""

    def is_code(table: str, code: str) -> bool:
        if table in _SECTIONS:
            return any(row["code"] == code for row in profile.rows.get(_SECTIONS[table], []))
        return any(row.key == f"{table}:{code}" for row in profile.rows.get("code", []))

    for row in rows:
        try:
            if row["condition"]:
                parse(
                    row["condition"],
                    queries.REPORTED if "recipient" in row.values else queries.PROJECT,
                    is_code,
                )
        except WrongCondition as error:
            for mistake in error.mistakes:
                yield row.problem(mistake, "condition")


def _load_categories(changes: Changes, by: Actor, day: date) -> None:
    newest = {row["code"]: row for row in sorted(changes.rows, key=lambda row: row["valid_from"])}
    core.put_codes(
        [
            Code(table="category", code=code, name=newest[code]["name"], name_en=newest[code]["name_en"], order=newest[code]["order"])
            for code in dict.fromkeys(row["code"] for row in changes.put)
        ]
    )  # fmt: skip
    core.put_rules(
        [
            Rule(
                kind="category", key=row["code"], source=row["source"], valid_from=row["valid_from"], valid_to=row["valid_to"],
                data=plain({"order": row["order"], "condition": row["condition"]}),
            )
            for row in changes.put
        ]
    )  # fmt: skip
    core.close_rules([("category", *key.split(":")) for key in changes.vanished], day)
    gone = {key.partition(":")[0] for key in changes.vanished} - newest.keys()
    core.close_codes([("category", code) for code in sorted(gone)], day)


def _check_reports(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    yield from check_conditions(profile, rows)
    for row in rows:
        for name, known in (("columns", queries.HEADS), ("submitters", queries.SUBMITTERS)):
            for value in row[name] or []:
                if value not in known:
                    yield row.problem(
                        _('%(field)s "%(value)s" 没有定义') % {"field": name, "value": value}, name
                    )


def _load_reports(changes: Changes, by: Actor, day: date) -> None:
    """Write what is new or said otherwise as next versions; what vanished is reported no more."""
    units = {
        unit.code: unit for unit in Unit.objects.filter(code__in={row["recipient"] for row in changes.put})
    }
    for row in changes.put:
        names = ("title", "submitters", "period", "due_days", "columns", "valid_from", "source")
        values = {name: row[name] for name in names} | {"recipient": units[row["recipient"]]}
        _put(by, row["code"], values | {"condition": plain(row["condition"] or {})})
    for code in changes.vanished:
        last = ReportDefinition.objects.filter(code=code).order_by("-number").first()
        if last is not None and not last.is_closed:
            kept = (
                "title",
                "submitters",
                "period",
                "due_days",
                "columns",
                "source",
                "recipient",
                "condition",
            )
            _put(
                by,
                code,
                {name: getattr(last, name) for name in kept} | {"valid_from": day, "is_closed": True},
            )


def _put(by: Actor, code: str, values: dict[str, Any]) -> None:
    number = ReportDefinition.objects.filter(code=code).count() + 1
    services.put_definition(by=by, code=code, number=number, values=values)


_CODE = Field("code", "code", most=40)
_NAMES = (Field("name"), Field("name_en", required=False, default=""))
_PERIOD = (Field("valid_from", "date"), Field("valid_to", "date", required=False))
_SOURCE = Field("source", most=300)

SECTIONS = (
    Section(
        "category", "classes.toml",
        (_CODE, *_NAMES, Field("order", "whole", least=1), Field("condition", "table"), *_PERIOD, _SOURCE),
        _load_categories, key=("code", "valid_from"), period=("code",), check=check_conditions,
    ),
    Section(
        "report", "reports.toml",
        (
            _CODE, Field("title", most=60), Field("recipient", "code", refers="unit", most=60), Field("submitters", "texts"),
            Field("period", choices=tuple(stages.PERIODS)), Field("due_days", "whole", least=0),
            Field("condition", "table", required=False), Field("columns", "texts"), Field("valid_from", "date"), _SOURCE,
        ),
        _load_reports, check=_check_reports,
    ),
)  # fmt: skip
