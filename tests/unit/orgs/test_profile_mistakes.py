"""A profile with one mistake: one line that says where and what, and nothing of the profile in the database."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from yinfeng.core import profile
from yinfeng.core.actors import system
from yinfeng.core.models import Code, Event, ProfileLoad, Rule
from yinfeng.orgs.models import Body, Role, Unit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(settings.PROFILE_DIR / "xiamen", tmp_path / "xiamen"))


@dataclass
class Mistake:
    """``make`` changes the file; ``at`` is on the line complained of, ``says`` in the sentence."""

    file: str
    make: Callable[[str], str]
    at: str
    says: str


def instead(old: str, new: str) -> Callable[[str], str]:
    """Return the edit that writes ``new`` for the first ``old``, which must be there."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


def after(block: str, old: str, new: str) -> Callable[[str], str]:
    """Return the edit of the first ``old`` behind the line ``block``."""

    def edit(text: str) -> str:
        head, found, tail = text.partition(block)
        assert found
        assert old in tail
        return head + found + tail.replace(old, new, 1)

    return edit


TWICE = '\n[[unit]]\ncode = "siming"\nname = "又一个思明区"\nkind = "district"\nparent = "xiamen"\n'
RULE = '\n[[rule]]\nkind = "lead_limit"\nkey = "respond"\nvalid_from = 2024-01-01\nsource = "x"\ndata = { days = 2 }\n'

MISTAKES = {
    "a code twice": Mistake("units.toml", lambda text: text + TWICE, 'code = "siming"', "重复"),
    "an unknown parent": Mistake(
        "units.toml", after('code = "siming"\n', 'parent = "xiamen"', 'parent = "atlantis"'), 'parent = "atlantis"', "没有定义",
    ),
    "a cycle": Mistake(
        "units.toml", after('code = "leader-group"\n', 'parent = "xiamen"', 'parent = "group-services"'),
        'parent = ', "",
    ),
    "a second root": Mistake(
        "units.toml", after('code = "siming"\n', 'parent = "xiamen"\n', ""), '[[unit]]', "只能有一个没有上级的单位",
    ),
    "a kind that is none": Mistake(
        "units.toml", after('code = "siming"\n', 'kind = "district"', 'kind = "planet"'), 'kind = "planet"', "没有 \"planet\" 这个选项",
    ),
    "an unknown permission": Mistake(
        "roles.toml", instead('"orgs.body.change"', '"orgs.body.destroy"'), '"orgs.body.destroy"', "没有 \"orgs.body.destroy\" 这个权限",
    ),
    "an unknown role to hand out": Mistake(
        "roles.toml", after("assigns = [", '"office_officer"', '"emperor"'), '"emperor"', "没有定义",
    ),
    "a date that is a text": Mistake(
        "bodies.toml", instead("valid_from = 2019-04-28", 'valid_from = "28 April"'), 'valid_from = "28 April"', "日期",
    ),
    "a period that ends before it begins": Mistake(
        "bodies.toml", instead("valid_from = 2019-04-28", "valid_from = 2019-04-28\nvalid_to = 2018-01-01"), "valid_to = 2018-01-01", "早于",
    ),
    "a name left out": Mistake(
        "bodies.toml", instead('name = "厦门市招商引资工作领导小组"\n', ""), "[[body]]", "缺少“name”",
    ),
    "a field nobody knows": Mistake(
        "bodies.toml", instead('clause = "1.1"', 'clouse = "1.1"'), 'clouse = "1.1"', "没有“clouse”这一项",
    ),
    "a seat of an unknown unit": Mistake(
        "bodies.toml", after('position = "市委主要领导"', 'unit = "party-committee"', 'unit = "party"'), 'unit = "party"', "没有定义",
    ),
    "a broken TOML line": Mistake(
        "bodies.toml", instead('clause = "1.1"', 'clause = "1.1'), 'clause = "1.1', "TOML 语法错误",
    ),
    "a broken CSV line": Mistake(
        "codes/countries.csv", instead("HK,中国香港,", "HK,"), "HK,", "这一行有 4 列，应为 5 列",
    ),
    "rules that overlap": Mistake(
        "rules.toml", lambda text: text + RULE, "valid_from = 2024-01-01", "有效期与第",
    ),
}  # fmt: skip


def count() -> list[int]:
    return [model.objects.count() for model in (Unit, Body, Role, Code, Rule, ProfileLoad, Event)]


@pytest.mark.django_db
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_with_its_place(folder: Path, name: str) -> None:
    mistake = MISTAKES[name]
    path = folder / mistake.file
    path.write_text(mistake.make(path.read_text(encoding="utf-8")), encoding="utf-8")
    before = count()
    with pytest.raises(profile.WrongProfile) as caught:
        profile.load(str(folder), by=system("test"))
    assert len(caught.value.problems) == 1, [str(problem) for problem in caught.value.problems]
    problem = caught.value.problems[0]
    assert str(problem).startswith(f"{mistake.file}:{problem.line} ")
    assert mistake.at in path.read_text(encoding="utf-8").splitlines()[problem.line - 1]
    assert mistake.says in problem.sentence
    assert "\n" not in str(problem)
    assert count() == before


@pytest.mark.django_db
def test_another_encoding_is_named_with_its_line(folder: Path) -> None:
    path = folder / "units.toml"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    found = profile.read(str(folder)).problems
    assert [problem.sentence for problem in found] == ["不是 UTF-8 编码，请另存为 UTF-8"]
    assert found[0].file == "units.toml"


@pytest.mark.django_db
def test_every_mistake_of_a_profile_is_told_at_once(folder: Path) -> None:
    for name in ("an unknown parent", "an unknown permission", "a broken CSV line"):
        path = folder / MISTAKES[name].file
        path.write_text(MISTAKES[name].make(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert {problem.file for problem in profile.read(str(folder)).problems} == {
        "units.toml", "roles.toml", "codes/countries.csv",
    }  # fmt: skip


@pytest.mark.django_db
def test_the_command_prints_the_lines_and_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mistake = MISTAKES["an unknown permission"]
    path = folder / mistake.file
    path.write_text(mistake.make(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(CommandError, match="1 处错误，没有载入任何内容"):
        call_command("profile", "load", str(folder))
    assert capsys.readouterr().err.startswith("roles.toml:")


@pytest.mark.django_db
def test_a_profile_without_its_units_is_refused_and_one_that_is_nowhere_too(folder: Path) -> None:
    (folder / "units.toml").unlink()
    found = profile.read(str(folder)).problems
    assert ("units.toml", 1, "没有这个文件") in [(item.file, item.line, item.sentence) for item in found]
    with pytest.raises(CommandError, match="找不到城市方案"):
        call_command("profile", "load", str(folder / "nowhere"))
