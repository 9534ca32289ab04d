"""Loading a city's profile: each app's ``profile.py`` says its sections; what changed since last time is applied.

All mistakes are found before anything is written, and a load is one transaction. A row of the profile is applied only when
it says something else than at the last load, so edits made in the product stay; a row that vanished is closed, never deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from pathlib import Path
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import services
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Invalid
from yinfeng.core.models import Code, ProfileLoad, ProfileRow, Rule
from yinfeng.core.permissions import gather
from yinfeng.core.profile_format import Changes, Field, Problem, Profile, Row, Section, plain
from yinfeng.core.profile_shapes import SHAPE


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of a section were new, said something else, and were closed."""

    added: int = 0
    changed: int = 0
    closed: int = 0

    @property
    def total(self) -> int:
        return self.added + self.changed + self.closed


@dataclass(frozen=True, slots=True)
class Report:
    """What a load did, section by section."""

    name: str
    counts: dict[str, Count]

    @property
    def total(self) -> int:
        return sum(count.total for count in self.counts.values())


class WrongProfile(Invalid):
    """Refuse a profile with mistakes; ``problems`` lists each with its place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(_("城市方案中有 %(count)s 处错误，没有载入任何内容。") % {"count": len(problems)})
        self.problems = list(problems)


def sections() -> list[Section]:
    """Return the sections of every app, the core's first."""
    return [section for _app, found in gather("profile", "SECTIONS") for section in found]  # type: ignore[attr-defined]


def folder_of(name_or_path: str) -> Path:
    """Return the folder of a built-in profile by its name, or of any by its path."""
    built_in = settings.PROFILE_DIR / name_or_path
    folder = built_in if built_in.is_dir() else Path(name_or_path)
    if not folder.is_dir():
        raise Invalid(
            _("找不到城市方案“%(name)s”：它既不是内置方案的名称，也不是一个文件夹。") % {"name": name_or_path}
        )
    return folder


def read(name_or_path: str) -> Profile:
    """Read and check a profile; its ``problems`` say what is wrong."""
    return Profile(folder_of(name_or_path), sections())


def load(name_or_path: str, *, by: Actor, now: datetime | None = None) -> Report:
    """Load a profile whole or not at all; WrongProfile lists its mistakes."""
    profile = read(name_or_path)
    if profile.problems:
        raise WrongProfile(profile.problems)
    return apply(profile, by=by, now=now or timezone.now())


@transaction.atomic
def apply(profile: Profile, *, by: Actor, now: datetime) -> Report:
    """Write a checked profile: per section what is new, changed or gone since the last load."""
    by.require("core.settings.change")
    city = profile.rows["profile"][0]
    last = ProfileLoad.objects.first()
    if last and last.code != city["code"]:
        raise Conflict(
            _("这个数据库已载入“%(there)s”的方案，不能再载入“%(here)s”的方案。一个城市用一个数据库。")
            % {"there": last.name, "here": city["name"]}
        )
    day = timezone.localtime(now).date()
    counts: dict[str, Count] = {}
    for section in profile.sections:
        changes = compare(section.name, profile.rows.get(section.name, []))
        count = Count(len(changes.added), len(changes.changed), len(changes.vanished))
        if count.total and section.load:
            section.load(changes, by, day)
        services.remember_rows(section.name, {row.key: row.digest for row in changes.put}, changes.vanished)
        counts[section.name] = count
    report = Report(city["name"], counts)
    if report.total:
        services.record_load(
            ProfileLoad(
                code=city["code"], name=city["name"], name_en=city["name_en"], profile_version=city["version"],
                digest=profile.digest, loaded_at=now,
                changes={name: [count.added, count.changed, count.closed] for name, count in counts.items() if count.total},
            ),
            by=by,
        )  # fmt: skip
    return report


def compare(section: str, rows: list[Row]) -> Changes:
    """Return which rows are new, changed or gone since the last load."""
    known = dict(ProfileRow.objects.filter(section=section).values_list("key", "digest"))
    added = [row for row in rows if row.key not in known]
    changed = [row for row in rows if row.key in known and known[row.key] != row.digest]
    vanished = sorted(known.keys() - {row.key for row in rows})
    return Changes(added, changed, vanished, rows)


# --- the core's own sections --------------------------------------------------------------------------------------


def _code(table: str, row: Row, level: int = 1, **data: object) -> Code:
    values = row.values
    return Code(
        table=table, code=values["code"], name=values["name"], name_en=values.get("name_en") or "",
        parent=values.get("parent") or "", level=level, order=row.order, data=plain(data),
        valid_from=values.get("valid_from"), valid_to=values.get("valid_to"),
    )  # fmt: skip


def _rule(kind: str, key: str, row: Row, **data: object) -> Rule:
    return Rule(
        kind=kind, key=key, data=plain(data), source=row.values.get("source") or "",
        valid_from=row["valid_from"], valid_to=row.values.get("valid_to"),
    )  # fmt: skip


def _load_city(changes: Changes, by: Actor, day: date) -> None:
    for row in changes.put:
        values = {
            name: row[name]
            for name in ("code", "name", "name_en", "division", "timezone", "version", "sources")
        }
        services.put_rules([_rule("city", "city", row, **values)])


def _city_time_zone(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    for row in rows:
        if row["timezone"] and row["timezone"] not in available_timezones():
            yield row.problem(_('没有 "%(value)s" 这个时区') % {"value": row["timezone"]}, "timezone")


# What rules count: whole numbers, none below nothing; a percentage none above a hundred.
_COUNTED = (
    "days",
    "months",
    "percent",
    "level",
    "min_yuan",
    "warn_days",
    "late_days",
    "leave_days",
    "years",
    "times",
)


def _rule_data(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    stages = {row.key for row in profile.rows["stage"]}
    for row in rows:
        for name in ("from_stage", "until_stage"):
            value = (row["data"] or {}).get(name)
            if value is not None and value not in stages:
                sentence = _('%(field)s "%(value)s" 没有定义') % {"field": f"data.{name}", "value": value}
                yield row.problem(sentence, "data")
        for name, value in (row["data"] or {}).items():
            if name not in _COUNTED:
                continue
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or value < 0 or (name == "percent" and value > 100):
                sentence = _('data.%(name)s 须为不小于 0 的整数（percent 不超过 100），不能是 "%(value)s"')
                yield row.problem(sentence % {"name": name, "value": value}, "data")


def _load_tables(changes: Changes, by: Actor, day: date) -> None:
    services.put_codes([_code("table", row, source=row["source"]) for row in changes.put])
    services.close_codes([("table", key) for key in changes.vanished], day)


CODE = Section(
    "code", "",
    (
        Field("code", "code", most=40), Field("name"), Field("name_en", required=False, default=""),
        Field("parent", "code", required=False, default="", most=40),
        Field("valid_from", "date", required=False), Field("valid_to", "date", required=False),
    ),
    extra=True,
)  # fmt: skip


def _codes_of_tables(profile: Profile) -> list[Row]:
    rows: list[Row] = []
    for table in profile.rows["table"]:
        if table["code"] and table["file"]:
            found = profile.csv_rows(CODE, table["file"], f"{table['code']}:")
            if found is None:
                profile.broken.add("code")
            else:
                rows.extend(found)
    return rows


def _table(row: Row) -> str:
    return row.key.partition(":")[0]


def _code_parents(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    known = {row.key: row for row in rows}
    for row in rows:
        if row["parent"] and f"{_table(row)}:{row['parent']}" not in known:
            yield row.problem(
                _('%(field)s "%(value)s" 没有定义') % {"field": "parent", "value": row["parent"]}, "parent"
            )
    yield from cycles(rows, lambda row: f"{_table(row)}:{row['parent']}" if row["parent"] else "")


_BEGINS = ("min_yuan", "min_usd")


def _grades_begin(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    """Yield the grades that do not begin with one amount, of one currency, and those that begin with the same one."""
    for row in rows:
        written = [name for name in _BEGINS if row.values.get(name, "unreadable") is not None]
        if len(written) != 1:
            sentence = _("min_yuan 和 min_usd 须写一个，也只能写一个：起点按人民币，或者只对外资项目按美元")
            yield row.problem(sentence, *written[1:])
    yield from _no_equal_grades(rows)


def _no_equal_grades(rows: list[Row]) -> Iterator[Problem]:
    """Yield the grades that begin with the same amount on the same day: a project would be of both."""
    known: list[Row] = []
    for row in rows:
        for name, other in product(_BEGINS, known):
            least = row.values.get(name)
            is_equal = least is not None and least == other.values.get(name) and row["code"] != other["code"]
            if is_equal and _in_force_together(row, other):
                sentence = _(
                    '%(name)s "%(value)s" 与 %(what)s（第 %(line)s 行）相同，同一时间内各级的起点须不同'
                )
                told = {"name": name, "value": least, "what": other.what, "line": other.line}
                yield row.problem(sentence % told, name)
                break
        known.append(row)


def _in_force_together(row: Row, other: Row) -> bool:
    """Say whether two rules are in force on a day both."""
    return all(
        (ends := first.values.get("valid_to")) is None or second["valid_from"] <= ends
        for first, second in ((row, other), (other, row))
    )


def cycles(rows: Sequence[Row], parent_of: Callable[[Row], str]) -> Iterator[Problem]:
    """Yield one problem per circle among rows that name a parent."""
    known = {row.key: row for row in rows}
    done: set[str] = set()
    for row in rows:
        path: list[str] = []
        key = row.key
        while key in known and key not in done and key not in path:
            path.append(key)
            key = parent_of(known[key])
        if key in path:
            circle = path[path.index(key) :]
            first = min((known[member] for member in circle), key=lambda item: item.line)
            yield first.problem(
                _("上级关系成了圈：%(circle)s") % {"circle": " → ".join([*circle, key])}, "parent"
            )
        done.update(path)


def _load_codes(changes: Changes, by: Actor, day: date) -> None:
    parents = {row.key: f"{_table(row)}:{row['parent']}" for row in changes.rows if row["parent"]}

    def level(key: str) -> int:
        return 1 + (level(parents[key]) if key in parents else 0)

    services.put_codes([_code(_table(row), row, level(row.key), **row["data"]) for row in changes.put])
    services.close_codes(
        [(table, code) for table, _colon, code in (key.partition(":") for key in changes.vanished)], day
    )


def _load_chains(changes: Changes, by: Actor, day: date) -> None:
    services.put_codes(
        [_code("chain", row, verified=row["verified"], source=row["source"]) for row in changes.put]
    )
    services.close_codes([("chain", key) for key in changes.vanished], day)


def _load_stages(changes: Changes, by: Actor, day: date) -> None:
    services.put_codes([_code("stage", row, state=row["state"]) for row in changes.put])
    services.close_codes([("stage", key) for key in changes.vanished], day)


def _load_limits(changes: Changes, by: Actor, day: date) -> None:
    services.put_rules([_rule("stage_limit", row["stage"], row, days=row["days"]) for row in changes.put])
    services.close_rules([("stage_limit", *key.split(":")) for key in changes.vanished], day)


def _load_grades(changes: Changes, by: Actor, day: date) -> None:
    newest = {row["code"]: row for row in sorted(changes.rows, key=lambda row: row["valid_from"])}
    services.put_codes(
        [_grade_code(newest[code]) for code in dict.fromkeys(row["code"] for row in changes.put)]
    )
    services.put_rules(
        [
            _rule(
                "grade",
                row["code"],
                row,
                min_yuan=row["min_yuan"],
                min_usd=row["min_usd"],
                update_days=row["update_days"],
                meeting=row["meeting"],
                leader=row["leader"],
                units=row["units"],
            )
            for row in changes.put
        ]
    )
    services.close_rules([("grade", *key.split(":")) for key in changes.vanished], day)
    gone = {key.partition(":")[0] for key in changes.vanished} - newest.keys()
    services.close_codes([("grade", code) for code in sorted(gone)], day)


def _grade_code(row: Row) -> Code:
    """Return the grade's name; when it applies, its rules say."""
    code = _code("grade", row)
    code.valid_from = code.valid_to = None
    return code


def _load_rules(changes: Changes, by: Actor, day: date) -> None:
    services.put_rules([_rule(row["kind"], row["key"], row, **row["data"]) for row in changes.put])
    services.close_rules([key.split(":") for key in changes.vanished], day)


def _load_rates(changes: Changes, by: Actor, day: date) -> None:
    """Keep one rule per currency with all its rates: yuan for one unit of the currency, from a day on."""
    rates: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in sorted(changes.rows, key=lambda row: row["valid_from"]):
        rates[row["currency"]].append({"on": row["valid_from"].isoformat(), "rate": f"{row['cny']:f}"})
    touched = {row["currency"] for row in changes.put} | {key.partition(":")[0] for key in changes.vanished}
    services.put_rates({currency: rates[currency] for currency in sorted(touched)})


def _load_clauses(changes: Changes, by: Actor, day: date) -> None:
    services.put_codes(
        [
            Code(
                table="clause",
                code=row["id"],
                name=row["title"],
                name_en=row["title_en"],
                order=row.order,
                data={
                    name: row[name] for name in ("lead_units", "responsible_units", "how", "target", "text")
                },
            )
            for row in changes.put
        ]
    )
    services.close_codes([("clause", key) for key in changes.vanished], day)


_CODE = Field("code", "code", most=40)
_NAMES = (Field("name"), Field("name_en", required=False, default=""))
_PERIOD = (Field("valid_from", "date"), Field("valid_to", "date", required=False))
_SOURCE = Field("source", most=300)

SECTIONS = (
    Section(
        "profile", "profile.toml",
        (
            _CODE, *_NAMES, Field("division", "code", required=False, refers="code:division", most=12),
            Field("timezone", required=False, default="Asia/Shanghai"), Field("version", most=40), Field("valid_from", "date"),
            Field("sources", "texts", required=False, default=list),
        ),
        _load_city, single=True, required=True, check=_city_time_zone,
    ),
    Section("table", "codes.toml", (_CODE, *_NAMES, Field("file"), _SOURCE), _load_tables),
    Section("code", "", CODE.fields, _load_codes, extra=True, derive=_codes_of_tables, check=_code_parents),
    Section(
        "chain", "chains.toml",
        (_CODE, *_NAMES, *_PERIOD, Field("verified", "flag", required=False, default=True), _SOURCE),
        _load_chains, period=("code",),
    ),
    Section(
        "stage", "stages.toml",
        (
            _CODE, *_NAMES, Field("state", "code", refers="code:project_state"),
            Field("available", "flag", required=False, default=True),  # of the time when some stages were not there yet
        ),
        _load_stages,
    ),
    Section(
        "limit", "stages.toml", (Field("stage", "code", refers="stage"), Field("days", "whole", least=1), *_PERIOD, _SOURCE),
        _load_limits, key=("stage", "valid_from"), period=("stage",),
    ),
    Section(
        "grade", "grades.toml",
        (_CODE, *_NAMES, Field("min_yuan", "decimal", required=False, least=0), Field("min_usd", "decimal", required=False, least=1), Field("update_days", "whole", required=False, least=1), Field("meeting", required=False), Field("leader", required=False), Field("units", "codes", required=False, refers="unit"), *_PERIOD, _SOURCE),
        _load_grades, key=("code", "valid_from"), period=("code",), check=_grades_begin,
    ),
    Section(
        "rule", "rules.toml",
        (Field("kind", "code", most=40), Field("key", "code", most=60), *_PERIOD, _SOURCE, Field("data", "table")),
        _load_rules, key=("kind", "key", "valid_from"), period=("kind", "key"), check=_rule_data,
    ),
    Section(
        "rate", "codes/exchange_rates.csv",
        (Field("currency", "code", refers="code:currency"), Field("valid_from", "date"), Field("cny", "decimal", least=0)),
        _load_rates, key=("currency", "valid_from"),
    ),
    SHAPE,
    Section(
        "clause", "clauses.csv",
        (
            Field("id", "code"), Field("title"), Field("title_en", required=False, default=""),
            Field("lead_units", "codes", required=False, default=list, refers="unit"),
            Field("responsible_units", "codes", required=False, default=list, refers="unit"),
            Field("how", required=False, default="", choices=("joint", "each", "supporting")),
            Field("target", required=False, default="", most=1000),
            Field("text", required=False, default="", most=5000),
        ),
        _load_clauses, key=("id",),
    ),
)  # fmt: skip
