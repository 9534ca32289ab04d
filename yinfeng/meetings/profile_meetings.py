"""What a city's profile says about meetings: how often bodies meet, and which topics a rule proposes (meetings.toml)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from yinfeng.core import services as core
from yinfeng.core.actors import Actor
from yinfeng.core.models import Rule
from yinfeng.core.profile_format import Changes, Field, Problem, Profile, Row, Section, plain
from yinfeng.meetings import states
from yinfeng.projects.profile import check_conditions

_RHYTHM = ("every_months", "closes_days")
_AGENDA = (
    "name", "name_en", "bodies", "brings", "condition", "grade_meeting", "taking_part", "every_days", "overdue_days", "for_city",
)  # fmt: skip


def _rule(kind: str, key: str, row: Row, names: tuple[str, ...], **more: object) -> Rule:
    data = {name: row[name] for name in names} | more
    return Rule(
        kind=kind,
        key=key,
        data=plain(data),
        source=row["source"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )


def _load_rhythm(changes: Changes, by: Actor, day: date) -> None:
    core.put_rules([_rule("meeting", row["body"], row, _RHYTHM) for row in changes.put])
    core.close_rules([("meeting", *key.rsplit(":", 1)) for key in changes.vanished], day)


def _load_agenda(changes: Changes, by: Actor, day: date) -> None:
    core.put_rules([_rule("agenda", row["code"], row, _AGENDA, order=row.order) for row in changes.put])
    core.close_rules([("agenda", *key.rsplit(":", 1)) for key in changes.vanished], day)


def _check_agenda(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    yield from check_conditions(profile, rows)
    known = {row["code"] for row in profile.rows.get("body", [])}
    meetings = {row.values.get("meeting") for row in profile.rows.get("grade", [])}
    for row in rows:
        for body in row["bodies"] or []:
            if body not in known:
                yield row.problem(
                    _('%(field)s "%(value)s" 没有定义') % {"field": "bodies", "value": body}, "bodies"
                )
        if row["grade_meeting"] and row["grade_meeting"] not in meetings:
            told = {"field": "grade_meeting", "value": row["grade_meeting"]}
            yield row.problem(_('%(field)s "%(value)s" 没有定义') % told, "grade_meeting")


_PERIOD = (Field("valid_from", "date"), Field("valid_to", "date", required=False))
_SOURCE = Field("source", most=300)

SECTIONS = (
    Section(
        "meeting", "meetings.toml",
        (
            Field("body", "code", refers="body", most=60), Field("every_months", "whole", least=1),
            Field("closes_days", "whole", least=0), *_PERIOD, _SOURCE,
        ),
        _load_rhythm, key=("body", "valid_from"), period=("body",),
    ),
    Section(
        "agenda", "meetings.toml",
        (
            Field("code", "code", most=40), Field("name"), Field("name_en", required=False, default=""), Field("bodies", "texts"),
            Field("brings", choices=states.GATHERED), Field("condition", "table", required=False),
            Field("grade_meeting", required=False, default=""), Field("taking_part", "flag", required=False, default=False),
            Field("every_days", "whole", required=False, default=0, least=0),
            Field("overdue_days", "whole", required=False, default=0, least=0),
            Field("for_city", "flag", required=False, default=False), *_PERIOD, _SOURCE,
        ),
        _load_agenda, key=("code", "valid_from"), period=("code",), check=_check_agenda,
    ),
)  # fmt: skip
