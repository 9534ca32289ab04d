"""Lists kept as tags with a year: loaded from the profile, shown with their years, compared from one year to the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from tests.factories import make_enterprise, make_unit, make_user, signed_in
from yinfeng.core.actors import system
from yinfeng.core.models import Code, Event
from yinfeng.core.profile import WrongProfile
from yinfeng.enterprises import queries
from yinfeng.enterprises.imports import lists
from yinfeng.enterprises.models import Enterprise, EnterpriseTag

pytestmark = pytest.mark.django_db
SMALL = settings.BASE_DIR / "tests" / "data" / "profiles" / "small"


@pytest.fixture
def tags() -> None:
    for order, (code, name) in enumerate(
        {"central_soe": "央企", "global500": "世界500强", "listed": "上市公司"}.items()
    ):
        Code.objects.create(table="enterprise_tag", code=code, name=name, order=order)


@pytest.fixture
def client(tags: None) -> Client:
    return signed_in(make_user("乙", make_unit("city", "city"), ["enterprises.enterprise.view"]))


def tagged(tag: str, year: int) -> set[str]:
    return set(EnterpriseTag.objects.filter(tag=tag, year=year).values_list("enterprise__name", flat=True))


@pytest.mark.clause("2.6")
def test_the_central_enterprises_are_loaded_once_and_matched_with_those_that_are_there(tags: None) -> None:
    there = make_enterprise("中国核工业集团有限公司", website="https://example.com/")
    (loaded,) = lists.load_lists("xiamen", by=system())
    assert loaded.report.counts["new"] == 99
    assert Enterprise.objects.count() == 100
    assert len(tagged("central_soe", 2025)) == 100
    assert there.tags.get().year == 2025
    assert Event.objects.filter(verb="enterprises.list.loaded").count() == 1
    before = list(Enterprise.objects.order_by("pk").values())
    (again,) = lists.load_lists("xiamen", by=system())
    assert (again.report.counts["new"], again.report.counts["updated"], again.withdrawn) == (0, 0, 0)
    assert list(Enterprise.objects.order_by("pk").values()) == before
    assert Event.objects.filter(verb="enterprises.list.loaded").count() == 1


def profile_with(folder: Path, names: list[str], complete: bool = True) -> str:
    for file in SMALL.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    for file in (SMALL / "codes").iterdir():
        (folder / "codes").mkdir(exist_ok=True)
        (folder / "codes" / file.name).write_bytes(file.read_bytes())
    table = '[[table]]\ncode = "enterprise_tag"\nname = "标签"\nfile = "tags.csv"\nsource = "测试"\n'
    (folder / "codes.toml").write_text((SMALL / "codes.toml").read_text() + "\n" + table)
    (folder / "tags.csv").write_text("code,name\ncentral_soe,央企\n")
    (folder / "firms.csv").write_text("企业名称\n" + "\n".join(names) + "\n")
    (folder / "lists.toml").write_text(
        f'[[list]]\ntag = "central_soe"\nyear = 2024\nname = "名录"\nfile = "firms.csv"\ncomplete = {str(complete).lower()}\nsource = "测试"\n'
    )
    return str(folder)


@pytest.mark.parametrize("complete", [True, False])
def test_who_left_a_complete_list_loses_its_tag(tags: None, tmp_path: Path, complete: bool) -> None:
    names = ["甲甲示例有限公司", "乙乙示例有限公司"]
    lists.load_lists(profile_with(tmp_path, names, complete), by=system())
    (loaded,) = lists.load_lists(profile_with(tmp_path, names[:1], complete), by=system())
    assert loaded.withdrawn == int(complete)
    assert tagged("central_soe", 2024) == set(names[: 1 if complete else 2])


def test_a_list_without_its_file_is_a_mistake_of_the_profile(tags: None, tmp_path: Path) -> None:
    folder = profile_with(tmp_path, ["甲甲示例有限公司"])
    (tmp_path / "firms.csv").unlink()
    with pytest.raises(WrongProfile) as refused:
        lists.load_lists(folder, by=system())
    assert "firms.csv" in str(refused.value.problems[0])


def test_the_command_says_what_it_did(tags: None, tmp_path: Path, capsys: Any) -> None:
    call_command("enterprises", "lists", profile_with(tmp_path, ["甲甲示例有限公司"]))
    assert "新增 1 家" in capsys.readouterr().out


def years(*firms: tuple[str, dict[int, int | None]]) -> None:
    """Put firms on the Global 500 of some years, with their ranks."""
    for name, ranks in firms:
        firm = make_enterprise(name)
        for year, rank in ranks.items():
            EnterpriseTag.objects.create(enterprise=firm, tag="global500", year=year, rank=rank)


@pytest.mark.clause("2.1")
def test_the_page_of_lists_and_the_comparison_of_years(client: Client) -> None:
    years(("常在公司", {2024: 1, 2025: 2}), ("新进公司", {2025: 7}), ("退出公司", {2024: 9}))
    page = client.get("/enterprises/lists/").content.decode()
    assert "世界500强" in page
    assert "?tag=global500&amp;year=2025" in page
    assert "与 2024 年比较" in page
    compared = client.get("/enterprises/lists/global500/?year=2025").content.decode()
    assert "新进公司" in compared
    assert "退出公司" in compared
    assert "常在公司" not in compared
    assert "第 7 位" in compared
    assert client.get("/enterprises/lists/nothing/").status_code == 404
    assert [item.count for item in queries.tag_lists("global500")[0].years] == [2, 2]


def test_a_firms_page_names_year_and_rank(client: Client) -> None:
    years(("常在公司", {2025: 2}))
    page = client.get(Enterprise.objects.get().get_absolute_url()).content.decode()
    assert "世界500强 2025 第 2 位" in page
