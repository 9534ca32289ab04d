"""A good profile spoiled in many ways: each mistake gives exactly one line with its file and place, and loads nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_actor, make_unit
from yinfeng.core import profile
from yinfeng.core.actors import system
from yinfeng.core.errors import Conflict, Forbidden
from yinfeng.core.models import Code, Event, ProfileLoad, ProfileRow, Rule
from yinfeng.core.queries import codes, rate_of, rules
from yinfeng.orgs import services
from yinfeng.orgs.models import Body, Role, Seat, Unit, UnitVersion

PROFILES = Path(__file__).parents[2] / "data" / "profiles"
NOW = datetime(2026, 7, 15, 4, tzinfo=UTC)
LATER = datetime(2026, 8, 20, 4, tzinfo=UTC)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A copy of the small profile that a test may spoil."""
    return Path(shutil.copytree(PROFILES / "small", tmp_path / "small"))


def edit(folder: Path, file: str, old: str, new: str, count: int = 1) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def load(folder: Path, now: datetime = NOW) -> profile.Report:
    return profile.load(str(folder), by=system(), now=now)


# (what is spoiled, file, old text, new text, the line that says so)
MISTAKES = [
    # what a row lacks, or should not have
    ("no name", "units.toml", 'name = "东区"\n', "", 'units.toml:18 unit "east": 缺少“name”'),
    ("no code", "units.toml", 'code = "commerce"\n', "", 'units.toml:9 unit "": 缺少“code”'),
    ("blank name", "units.toml", 'name = "东区"\n', 'name = " "\n', 'units.toml:20 unit "east": 缺少“name”'),
    ("unknown field", "units.toml", 'name = "东区"\n', 'name = "东区"\nfax = "1"\n', 'units.toml:21 unit "east": 没有“fax”这一项'),
    ("no source", "grades.toml", 'source = "test"\n', "", 'grades.toml:1 grade "large:2026-01-01": 缺少“source”'),
    ("seat without position", "bodies.toml", 'position = "东区主要领导"\n', "", 'bodies.toml:25 seat "": 缺少“position”'),
    # values of the wrong kind
    ("number for text", "units.toml", 'name = "东区"', "name = 7", 'units.toml:20 unit "east": “name”应为文字，不能是 7'),
    ("text for number", "stages.toml", "days = 90", 'days = "90"', 'stages.toml:21 limit "planned:2026-07-01": “days”应为整数，不能是 "90"'),
    ("flag for number", "stages.toml", "days = 90", "days = true", 'stages.toml:21 limit "planned:2026-07-01": “days”应为整数，不能是 true'),
    ("text for flag", "chains.toml", "valid_from = 2026-01-01", 'verified = "no"\nvalid_from = 2026-01-01', 'chains.toml:4 chain "panel": “verified”应为true 或 false，不能是 "no"'),
    ("text for list", "units.toml", 'industries = ["C", "65"]', 'industries = "C"', 'units.toml:35 unit "group": “industries”应为代码的列表，不能是 "C"'),
    ("numbers in list", "units.toml", 'aliases = ["商务局"]', "aliases = [1]", 'units.toml:15 unit "commerce": “aliases”应为文字的列表，不能是 [1]'),
    ("text for date", "chains.toml", "2026-01-01", '"May"', 'chains.toml:4 chain "panel": “valid_from”应为日期（如 2019-04-28），不能是 "May"'),
    ("moment for date", "bodies.toml", "valid_from = 2026-01-01", "valid_from = 2026-01-01T00:00:00", 'bodies.toml:7 body "leader-group": “valid_from”应为日期（如 2019-04-28），不能是 "2026-01-01T00:00:00"'),
    ("code with a space", "roles.toml", 'code = "clerk"', 'code = "clerk one"', None),
    ("text for table", "rules.toml", "data = { days = 1 }", 'data = "1"', 'rules.toml:6 rule "lead_limit:respond:2026-01-01": “data”应为键值表，不能是 "1"'),
    ("a number below nothing", "rules.toml", "data = { days = 1 }", "data = { days = -1 }", 'rules.toml:6 rule "lead_limit:respond:2026-01-01": data.days 须为不小于 0 的整数（percent 不超过 100），不能是 "-1"'),
    ("unknown kind", "units.toml", 'kind = "office"', 'kind = "bureau"', 'units.toml:27 unit "east-office": “kind”没有 "bureau" 这个选项'),
    ("unknown seat kind", "bodies.toml", 'kind = "member"', 'kind = "chief"', 'bodies.toml:15 seat "市商务局负责同志": “kind”没有 "chief" 这个选项'),
    ("too long", "units.toml", 'short_name = "市商务局"', f'short_name = "{"市" * 61}"', 'units.toml:12 unit "commerce": “short_name”超过 60 个字'),
    ("too small", "stages.toml", "days = 90", "days = 0", 'stages.toml:21 limit "planned:2026-07-01": “days”不能小于 1'),
    ("no such day", "chains.toml", "2026-01-01", "2026-02-30", "chains.toml:4 TOML 语法错误"),
    ("no time zone", "profile.toml", "Asia/Shanghai", "Asia/Shizhen", 'profile.toml:7 profile "shizhen": 没有 "Asia/Shizhen" 这个时区'),
    # what rows say together
    ("two alike", "units.toml", 'code = "east-office"', 'code = "east"', 'units.toml:25 unit "east": 与第 18 行重复'),
    ("two roles alike", "roles.toml", 'code = "administrator"', 'code = "clerk"', 'roles.toml:11 role "clerk": 与第 1 行重复'),
    ("two seats alike", "bodies.toml", 'position = "市商务局负责同志"', 'position = "市委主要领导"', 'bodies.toml:16 seat "市委主要领导": 与第 9 行重复'),
    ("two stages alike", "stages.toml", 'code = "signed"', 'code = "planned"', 'stages.toml:7 stage "planned": 与第 1 行重复'),
    ("unknown parent", "units.toml", 'parent = "east"', 'parent = "west"', 'units.toml:28 unit "east-office": parent "west" 没有定义'),
    ("unknown member", "units.toml", '  "commerce",\n', '  "trade",\n', 'units.toml:44 unit "all": members "trade" 没有定义'),
    ("unknown unit of a body", "bodies.toml", 'unit = "east"\nkind = "lead_group"', 'unit = "west"\nkind = "lead_group"', 'bodies.toml:21 body "lead-east": unit "west" 没有定义'),
    ("unknown unit of a seat", "bodies.toml", 'unit = "commerce"', 'unit = "trade"', 'bodies.toml:17 seat "市商务局负责同志": unit "trade" 没有定义'),
    ("unknown industry", "units.toml", '["C", "65"]', '["C", "99"]', 'units.toml:35 unit "group": industries "99" 没有定义'),
    ("unknown state", "stages.toml", 'state = "landed"', 'state = "gone"', 'stages.toml:9 stage "signed": state "gone" 没有定义'),
    ("unknown stage", "stages.toml", 'stage = "planned"\ndays = 90', 'stage = "begun"\ndays = 90', 'stages.toml:20 limit "begun:2026-07-01": stage "begun" 没有定义'),
    ("unknown division", "profile.toml", '"990100"', '"990200"', 'profile.toml:6 profile "shizhen": division "990200" 没有定义'),
    ("unknown permission", "roles.toml", "projects.lead.register", "projects.lead.sell", 'roles.toml:7 role "clerk": 没有 "projects.lead.sell" 这个权限'),
    ("unknown role", "roles.toml", 'assigns = ["clerk"]', 'assigns = ["clerks"]', 'roles.toml:14 role "administrator": 角色 "clerks" 没有定义'),
    ("unknown kind of unit", "roles.toml", '["district"]', '["county"]', 'roles.toml:4 role "clerk": 没有 "county" 这类单位'),
    ("a unit above itself", "units.toml", 'code = "east"\nname = "东区"\nkind = "district"\nparent = "city"', 'code = "east"\nname = "东区"\nkind = "district"\nparent = "east-office"', 'units.toml:22 unit "east": 上级关系成了圈：east → east-office → east'),
    ("its own parent", "units.toml", 'parent = "east"', 'parent = "east-office"', 'units.toml:28 unit "east-office": 上级关系成了圈：east-office → east-office'),
    ("two roots", "units.toml", 'kind = "district"\nparent = "city"', 'kind = "district"', 'units.toml:18 unit "east": 只能有一个没有上级的单位（城市本身），第一个是“city”'),
    ("periods overlap", "stages.toml", "valid_from = 2026-07-01", "valid_from = 2026-06-30", 'stages.toml:22 limit "planned:2026-06-30": 有效期与第 12 行的重叠'),
    ("an open period before another", "stages.toml", "valid_to = 2026-06-30\n", "", 'stages.toml:21 limit "planned:2026-07-01": 有效期与第 12 行的重叠'),
    ("ends before it begins", "stages.toml", "valid_to = 2026-06-30", "valid_to = 2025-06-30", 'stages.toml:16 limit "planned:2026-01-01": valid_to 早于 valid_from'),
    # TOML
    ("syntax", "units.toml", 'kind = "office"', 'kind = "office', "units.toml:27 TOML 语法错误"),
    ("a key twice", "units.toml", 'kind = "office"', 'kind = "office"\nkind = "office"', "units.toml:28 TOML 语法错误"),
    ("unknown part", "roles.toml", '[[role]]\ncode = "administrator"', '[[roll]]\ncode = "administrator"', "roles.toml:10 这里不应有“roll”"),
    ("a stray value", "grades.toml", "[[grade]]", 'by = "me"\n[[grade]]', "grades.toml:1 这里不应有“by”"),
    ("two grades from one amount", "grades.toml", "min_yuan = 1_000_000_000", "min_yuan = 0", 'grades.toml:11 grade "general:2026-01-01": min_yuan "0" 与 grade "large:2026-01-01"（第 1 行）相同，同一时间内各级的起点须不同'),
    ("a grade from two amounts", "grades.toml", "min_yuan = 1_000_000_000", "min_yuan = 1_000_000_000\nmin_usd = 10_000_000", 'grades.toml:5 grade "large:2026-01-01": min_yuan 和 min_usd 须写一个，也只能写一个：起点按人民币，或者只对外资项目按美元'),
    ("a grade from nothing", "grades.toml", "min_yuan = 1_000_000_000\n", "", 'grades.toml:1 grade "large:2026-01-01": min_yuan 和 min_usd 须写一个，也只能写一个：起点按人民币，或者只对外资项目按美元'),
    ("one table for many", "chains.toml", "[[chain]]", "[chain]", "chains.toml:1 应写成 [[chain]]"),
    # CSV
    ("a cell too many", "codes/industries.csv", "39,电子设备制造业,,C", "39,电子设备制造业,,C,", "codes/industries.csv:3 这一行有 5 列，应为 4 列"),
    ("a cell too few", "codes/industries.csv", "39,电子设备制造业,,C", "39,电子设备制造业,", "codes/industries.csv:3 这一行有 3 列，应为 4 列"),
    ("an open quote", "codes/industries.csv", "39,电子设备制造业", '39,"电子设备制造业', "codes/industries.csv:3 CSV 格式错误"),
    ("no column", "codes/industries.csv", "code,name,", "code,title,", "codes/industries.csv:1 缺少列“name”"),
    ("two columns alike", "codes/currencies.csv", "name_en,unit", "name_en,name_en", "codes/currencies.csv:1 有两列同名"),
    ("a strange column", "codes/exchange_rates.csv", "cny", "cny,bid", None),
    ("no name in CSV", "codes/industries.csv", "391,计算机制造", "391,", 'codes/industries.csv:4 code "industry:391": 缺少“name”'),
    ("unknown parent in CSV", "codes/industries.csv", "计算机制造,,39", "计算机制造,,38", 'codes/industries.csv:4 code "industry:391": parent "38" 没有定义'),
    ("a circle in CSV", "codes/industries.csv", "Manufacturing,\n", "Manufacturing,391\n", 'codes/industries.csv:2 code "industry:C": 上级关系成了圈'),
    ("two codes alike", "codes/industries.csv", "391,", "39,", 'codes/industries.csv:4 code "industry:39": 与第 3 行重复'),
    ("a bad rate", "codes/exchange_rates.csv", "7.1", "seven", 'codes/exchange_rates.csv:3 rate "USD:2026-02-27": “cny”应为数字，不能是 "seven"'),
    ("a bad day", "codes/exchange_rates.csv", "2026-02-27", "2026-02-30", 'codes/exchange_rates.csv:3 rate "USD:2026-02-30": “valid_from”应为日期（如 2019-04-28），不能是 "2026-02-30"'),
    ("unknown currency", "codes/exchange_rates.csv", "USD,2026-02-27", "EUR,2026-02-27", 'codes/exchange_rates.csv:3 rate "EUR:2026-02-27": currency "EUR" 没有定义'),
    ("unknown unit of a clause", "clauses.csv", "all east", "all west", 'clauses.csv:3 clause "2.1": responsible_units "west" 没有定义'),
    ("unknown way of a clause", "clauses.csv", "joint", "jointly", 'clauses.csv:3 clause "2.1": “how”没有 "jointly" 这个选项'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "line"), [item[1:] for item in MISTAKES], ids=[item[0] for item in MISTAKES]
)
def test_a_mistake_gives_one_line_with_its_place(
    small: Path, file: str, old: str, new: str, line: str | None
) -> None:
    edit(small, file, old, new)
    problems = [str(problem) for problem in profile.read(str(small)).problems]
    assert len(problems) == 1, problems
    assert re.match(rf"{re.escape(file)}:\d+ \S", problems[0])
    if line is not None:
        assert problems[0].startswith(line)


def _delete(folder: Path) -> None:
    (folder / "units.toml").unlink()


def _recode(folder: Path) -> None:
    path = folder / "units.toml"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))


def _recode_csv(folder: Path) -> None:
    path = folder / "codes" / "divisions.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))


def _lose_csv(folder: Path) -> None:
    (folder / "codes" / "states.csv").unlink()


def _empty_csv(folder: Path) -> None:
    (folder / "codes" / "states.csv").write_text("")


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (_delete, "units.toml:1 没有这个文件"),
        (_recode, "units.toml:3 不是 UTF-8 编码，请另存为 UTF-8"),
        (_recode_csv, "codes/divisions.csv:2 不是 UTF-8 编码，请另存为 UTF-8"),
        (_lose_csv, "codes/states.csv:1 没有这个文件"),
        (_empty_csv, "codes/states.csv:1 文件是空的"),
    ],
)
def test_a_file_that_cannot_be_read_gives_one_line(
    small: Path, spoil: Callable[[Path], None], line: str
) -> None:
    spoil(small)
    assert [str(problem) for problem in profile.read(str(small)).problems] == [line]


def test_a_file_without_its_rows_is_said_once(small: Path) -> None:
    edit(small, "roles.toml", "[[role]]", "[[roll]]", 2)
    assert [str(problem) for problem in profile.read(str(small)).problems] == [
        "roles.toml:1 缺少 [[role]]",
        "roles.toml:1 这里不应有“roll”",
    ]


def test_every_mistake_is_said_at_once(small: Path) -> None:
    edit(small, "units.toml", 'parent = "east"', 'parent = "west"')
    edit(small, "roles.toml", "projects.lead.register", "projects.lead.sell")
    edit(small, "codes/exchange_rates.csv", "7.1", "seven")
    files = [problem.file for problem in profile.read(str(small)).problems]
    assert files == ["codes/exchange_rates.csv", "roles.toml", "units.toml"]


def test_headers_inside_strings_are_not_rows(small: Path) -> None:
    edit(small, "units.toml", 'source = "test"', 'source = "test"\nnote = """\n[[unit]]\nname = 1\n"""')
    edit(small, "units.toml", 'parent = "east"', 'parent = "west"')
    assert [str(problem) for problem in profile.read(str(small)).problems] == [
        'units.toml:32 unit "east-office": parent "west" 没有定义'
    ]


# --- loading ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_wrong_profile_loads_nothing_and_the_command_says_why(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(small, "roles.toml", "projects.lead.register", "projects.lead.sell")
    for act in ("check", "load"):
        with pytest.raises(CommandError, match="1 处错误"):
            call_command("profile", act, str(small))
        assert 'roles.toml:7 role "clerk": 没有 "projects.lead.sell" 这个权限' in capsys.readouterr().err
    assert not Unit.objects.exists()
    assert not Code.objects.exists()
    assert not ProfileRow.objects.exists()


@pytest.mark.django_db
def test_a_wrong_profile_leaves_what_was_loaded(small: Path) -> None:
    load(small)
    before = [list(model.objects.values_list()) for model in (Unit, Body, Role, Code, Rule, ProfileLoad)]
    edit(small, "units.toml", 'name = "东区"', 'name = "东部区"')
    edit(small, "roles.toml", "projects.lead.register", "projects.lead.sell")
    with pytest.raises(profile.WrongProfile):
        load(small, LATER)
    assert [
        list(model.objects.values_list()) for model in (Unit, Body, Role, Code, Rule, ProfileLoad)
    ] == before


@pytest.mark.django_db
def test_loading_twice_changes_nothing(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = load(small)
    # the one task of a clause among them, and the holidays, which no profile writes
    assert first.total - first.counts["holiday"].total == 39
    before = Event.objects.count(), ProfileLoad.objects.count(), UnitVersion.objects.count()
    assert load(small, LATER).total == 0
    assert (Event.objects.count(), ProfileLoad.objects.count(), UnitVersion.objects.count()) == before
    call_command("profile", "load", str(small))
    assert "没有变化" in capsys.readouterr().out


@pytest.mark.django_db
def test_everything_arrives(small: Path) -> None:
    load(small)
    east = Unit.objects.get(code="east-office")
    assert east.path == "/city/east/east-office/"
    assert east.parent.parent.code == "city"  # type: ignore[union-attr]
    assert {unit.code for unit in Unit.objects.get(code="all").members.all()} == {"east", "commerce"}
    assert list(Body.objects.get(code="leader-group").seats.values_list("position", flat=True)) == [
        "市委主要领导",
        "市商务局负责同志",
    ]
    assert Role.objects.get(code="clerk").permissions == ["projects.lead.view", "projects.lead.register"]
    assert [(code.code, code.level) for code in codes("industry")] == [
        ("C", 1),
        ("39", 2),
        ("391", 3),
        ("I", 1),
        ("65", 2),
    ]
    assert rules("stage_limit", date(2026, 6, 30)) == {"planned": {"days": 180}}
    assert rules("stage_limit", date(2026, 7, 1)) == {"planned": {"days": 90}}
    assert Decimal(rules("grade", date(2026, 7, 1))["large"]["min_yuan"]) == 1_000_000_000
    assert rate_of("USD", date(2026, 2, 26)) == Decimal("7.0")
    assert rate_of("USD", date(2026, 2, 27)) == Decimal("7.1")
    assert rate_of("USD", date(2026, 1, 1)) is None
    assert codes("clause").get(code="2.1").data["responsible_units"] == ["all", "east"]
    assert ProfileLoad.objects.get().name == "试镇市"


@pytest.mark.django_db
def test_a_changed_profile_updates(small: Path) -> None:
    load(small)
    edit(small, "units.toml", "试镇市商务局", "试镇市商务和投资促进局")
    edit(small, "units.toml", 'parent = "east"', 'parent = "commerce"')
    edit(small, "codes/industries.csv", "软件业", "软件和服务业")
    edit(small, "codes/exchange_rates.csv", "7.1", "7.2")
    report = load(small, LATER)
    assert {name: count.changed for name, count in report.counts.items() if count.total} == {
        "code": 1,
        "rate": 1,
        "unit": 2,
    }
    commerce, office = Unit.objects.get(code="commerce"), Unit.objects.get(code="east-office")
    assert [version.act for version in commerce.history.all()] == ["created", "renamed"]
    assert [version.name for version in commerce.history.all()] == ["试镇市商务局", "试镇市商务和投资促进局"]
    assert commerce.history.last().valid_from == date(2026, 8, 20)  # type: ignore[union-attr]
    assert office.path == "/city/commerce/east-office/"
    assert office.history.last().act == "moved"  # type: ignore[union-attr]
    assert codes("industry").get(code="65").name == "软件和服务业"
    assert rate_of("USD", date(2026, 3, 1)) == Decimal("7.2")


@pytest.mark.django_db
def test_what_vanished_is_closed_not_deleted(small: Path) -> None:
    load(small)
    text = (small / "units.toml").read_text(encoding="utf-8")
    blocks = [block for block in text.split("[[unit]]") if "东区招商中心" not in block]
    (small / "units.toml").write_text("[[unit]]".join(blocks), encoding="utf-8")
    edit(small, "codes/industries.csv", "391,计算机制造,,39\n", "")
    edit(small, "roles.toml", 'assigns = ["clerk"]\n', "")
    roles = (small / "roles.toml").read_text(encoding="utf-8").split("[[role]]")
    (small / "roles.toml").write_text("[[role]]" + roles[2], encoding="utf-8")
    edit(
        small,
        "bodies.toml",
        '\n[[body.seat]]\nkind = "member"\nposition = "市商务局负责同志"\nunit = "commerce"\n',
        "",
    )
    report = load(small, LATER)
    assert report.counts["unit"].closed == report.counts["code"].closed == report.counts["role"].closed == 1
    assert Unit.objects.get(code="east-office").valid_to == date(2026, 8, 20)
    gone = Code.objects.get(table="industry", code="391")
    assert gone.valid_to == date(2026, 8, 19)
    assert gone not in codes("industry", date(2026, 8, 20))
    assert Role.objects.get(code="clerk").is_closed
    assert Seat.objects.get(position="市商务局负责同志").valid_to is not None
    assert load(small, LATER).total == 0


@pytest.mark.django_db
def test_what_comes_back_is_open_again(small: Path) -> None:
    load(small)
    edit(small, "codes/industries.csv", "391,计算机制造,,39\n", "")
    load(small)
    edit(
        small, "codes/industries.csv", "39,电子设备制造业,,C\n", "39,电子设备制造业,,C\n391,计算机制造,,39\n"
    )
    load(small, LATER)
    assert Code.objects.get(table="industry", code="391").valid_to is None


@pytest.mark.django_db
def test_a_new_rule_ends_nothing_that_the_profile_keeps(small: Path) -> None:
    load(small)
    rule = '\n[[rule]]\nkind = "lead_limit"\nkey = "respond"\nvalid_from = 2026-09-01\nsource = "new"\ndata = { days = 2 }\n'
    edit(small, "rules.toml", "valid_from = 2026-01-01\n", "valid_from = 2026-01-01\nvalid_to = 2026-08-31\n")
    (small / "rules.toml").write_text(
        (small / "rules.toml").read_text(encoding="utf-8") + rule, encoding="utf-8"
    )
    load(small, LATER)
    assert rules("lead_limit", date(2026, 8, 31)) == {"respond": {"days": 1}}
    assert rules("lead_limit", date(2026, 9, 1)) == {"respond": {"days": 2}}
    assert Rule.objects.filter(kind="lead_limit").count() == 2


@pytest.mark.django_db
def test_an_edit_made_in_the_product_outlives_the_next_load(small: Path) -> None:
    load(small)
    by, commerce = system(), Unit.objects.get(code="commerce")
    services.rename_unit(
        by=by,
        unit=commerce,
        version=commerce.version,
        names={"name": "市商务和投促局"},
        day=date(2026, 8, 1),
        reason="改革",
    )
    services.add_unit(
        by=by,
        code="new-command",
        parent=commerce,
        values={"name": "新片区指挥部", "kind": "command"},
        day=date(2026, 8, 1),
    )
    edit(small, "units.toml", 'name = "东区"', 'name = "东部区"')
    load(small, LATER)
    assert Unit.objects.get(code="commerce").name == "市商务和投促局"
    assert Unit.objects.get(code="new-command").valid_to is None
    assert Unit.objects.get(code="east").name == "东部区"


@pytest.mark.django_db
def test_another_city_makes_its_own(small: Path) -> None:
    """docs/profile.md: three files are enough."""
    report = load(PROFILES / "minimal")
    assert report.name == "小镇市"
    assert Unit.objects.get(code="east").path == "/city/east/"
    with pytest.raises(Conflict, match="小镇市"):
        load(small)
    assert not Unit.objects.filter(code="commerce").exists()


@pytest.mark.django_db
def test_only_who_keeps_the_settings_loads(small: Path) -> None:
    somebody = make_actor("路人", make_unit("other", "city"), ["orgs.unit.change"])
    with pytest.raises(Forbidden):
        profile.load(str(small), by=somebody, now=NOW)
    assert not Code.objects.exists()


@pytest.mark.django_db
def test_a_name_that_is_no_profile_is_said_so() -> None:
    with pytest.raises(CommandError, match="atlantis"):
        call_command("profile", "check", "atlantis")


# --- docs/profile.md ----------------------------------------------------------------------------------------------

GUIDE = (PROFILES.parents[2] / "docs" / "profile.md").read_text(encoding="utf-8")


def test_the_guides_example_is_a_profile(tmp_path: Path) -> None:
    blocks = re.findall(r"`(\w+\.toml)`\n\n```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert len(blocks) == 3
    for name, text in blocks:
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert text == (PROFILES / "minimal" / name).read_text(encoding="utf-8")
    assert profile.read(str(tmp_path)).problems == []


def test_the_guide_names_every_field_and_which_are_required() -> None:
    for section in profile.sections():
        for part in (section, *section.parts):
            for item in part.fields:
                mark = f"**{item.name}**" if item.required else item.name
                assert mark in GUIDE, (part.name, item.name)


def test_a_line_of_the_guide_is_what_a_mistake_looks_like(small: Path) -> None:
    edit(small, "units.toml", 'parent = "east"', 'parent = "eats"')
    (problem,) = profile.read(str(small)).problems
    assert re.fullmatch(r'units\.toml:\d+ unit "[a-z-]+": parent "[a-z]+" 没有定义', str(problem))
    assert re.search(r'units\.toml:\d+ unit "[a-z-]+": parent "[a-z]+" 没有定义', GUIDE)
