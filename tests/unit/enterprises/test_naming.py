"""Company names taken apart and compared: by hand, by rule, and on real names."""

from __future__ import annotations

import csv
import gzip
import os
import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinfeng.core.text import normalise
from yinfeng.enterprises import naming
from yinfeng.enterprises.naming import Places, Verdict, compare, parse

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
WORDS = [
    "厦门",
    "福建省",
    "集美区",
    "金龙",
    "信诺",
    "科技",
    "新能源",
    "（中国）",
    "(集团)",
    "有限公司",
    "股份有限公司",
    "分公司",
    "TCL",
    " ",
]
TYPED = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(WORDS), max_size=8).map("".join))


def shared(name: str) -> Path:
    """Return a file of real data, which a clone alone does not have and CI does."""
    path = SHARED / name
    if not path.exists():
        absent = f"needs ../shared/data/{name}"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    return path


def judge(a: str, b: str) -> Verdict:
    return compare(parse(a), parse(b))


# --- parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "place", "brand", "trade", "form", "branch"),
    [
        ("厦门信达电子有限公司", "厦门", "信达", "电子", "有限公司", ""),
        ("福建省厦门市信达电子有限责任公司", "福建厦门", "信达", "电子", "有限公司", ""),
        ("信达电子（厦门）有限公司", "厦门", "信达", "电子", "有限公司", ""),
        ("信达(厦门)电子有限公司", "厦门", "信达", "电子", "有限公司", ""),
        ("信达电子厦门有限公司", "厦门", "信达", "电子", "有限公司", ""),
        ("廈門信達電子有限公司", "厦门", "信达", "电子", "有限公司", ""),
        ("信达（集团）股份有限公司", "", "信达", "", "集团股份有限公司", ""),
        ("信达集团股份公司", "", "信达", "", "集团股份有限公司", ""),
        ("厦门信达控股集团", "厦门", "信达", "", "控股集团", ""),
        ("厦门信达新能源科技股份", "厦门", "信达", "新能源科技", "", ""),
        ("厦门信达投资合伙企业（有限合伙）", "厦门", "信达", "投资", "有限合伙", ""),
        ("厦门银行股份有限公司", "厦门", "", "银行", "股份有限公司", ""),
        ("信达银行股份有限公司厦门分行", "", "信达", "银行", "股份有限公司", "厦门分行"),
        ("信达银行厦门分行", "", "信达", "银行", "", "厦门分行"),
        (
            "信达保险股份有限公司厦门市分公司集美营业部",
            "",
            "信达",
            "保险",
            "股份有限公司",
            "厦门市分公司集美营业部",
        ),
        ("信达通信福建省分公司", "", "信达", "通信", "", "福建省分公司"),
        ("信达咨询有限公司第六分公司", "", "信达", "咨询", "有限公司", "第六分公司"),
        ("TCL科技集团股份有限公司", "", "tcl", "科技", "集团股份有限公司", ""),
        ("3M中国有限公司", "中国", "3m", "", "有限公司", ""),
        ("Applied Materials, Inc.", "", "appliedmaterials", "", "inc", ""),
        ("Golden Dragon Co., Ltd.", "", "goldendragon", "", "coltd", ""),
        ("阿里巴巴（中国）有限公司", "中国", "阿里巴巴", "", "有限公司", ""),
        ("厦门", "", "厦门", "", "", ""),
        ("", "", "", "", "", ""),
    ],
)
def test_parts(name: str, place: str, brand: str, trade: str, form: str, branch: str) -> None:
    parts = parse(name)
    assert (parts.place, parts.brand, parts.trade, parts.form, parts.branch) == (
        place,
        brand,
        trade,
        form,
        branch,
    )


def test_a_note_in_brackets_belongs_to_no_part() -> None:
    assert parse("信达（XINDA）").alias == "xinda"
    assert parse("厦门信达电子有限公司（原信达仪表厂）").alias == "原信达仪表厂"
    assert parse("厦门信达电子有限公司（原信达仪表厂）").form == "有限公司"


def test_counties_are_places_when_they_are_named() -> None:
    assert (
        parse("厦门市集美区信达电子有限公司").place == parse("厦门集美信达电子有限公司").place == "厦门集美"
    )
    assert parse("集美区信达电子有限公司").brand == "信达"
    assert parse("集美信达电子有限公司").brand == "集美信达"  # 集美 alone may be a brand
    assert parse("厦门集美信达电子有限公司", Places()).brand == "集美信达"
    assert parse("甘孜藏族自治州信达电子有限公司").place == "甘孜"


def test_what_stands_in_brackets_inside_a_name_is_its_place() -> None:
    assert parse("信达（厦们）电子有限公司").place == "厦们"
    assert parse("厦门信达（厦门）电子有限公司").core == "信达电子"
    assert parse("信达（集团）电子有限公司").place == ""


@given(TYPED)
def test_any_text_has_parts(typed: str) -> None:
    parts = parse(typed)
    assert parts.normalised == normalise(typed)
    assert set(parts.core + parts.place + parts.alias) <= set(parts.normalised)


# --- verdicts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("厦门信达电子有限公司", "厦门信达电子有限责任公司"),
        ("厦门信达电子有限公司", " 廈門信達電子有限公司"),
        ("信达（集团）股份有限公司", "信达集团股份有限公司"),
        ("信达（厦门）电子有限公司", "信达(厦门)电子有限公司"),
        ("信达股份公司", "信达股份有限公司"),
        ("Golden Dragon Co., Ltd.", "GOLDEN DRAGON CO LIMITED"),
        ("ＴＣＬ科技有限公司", "TCL科技有限公司"),
    ],
)
def test_spellings_of_one_registered_name(a: str, b: str) -> None:
    assert judge(a, b).level == "same"
    assert parse(a).key == parse(b).key


@pytest.mark.parametrize(
    ("a", "b", "score", "reason"),
    [
        ("厦门信达电子有限公司", "厦门信达电子股份有限公司", 0.97, "只有公司形式不同"),
        ("厦门信达电子有限公司", "厦门信达电子有限公司（已更名）", 0.96, "除括号中的说明外名称相同"),
        ("厦门信达电子有限公司", "信达电子（厦门）有限公司", 0.96, "只有地名的位置或公司形式不同"),
        ("厦门信达电子有限公司", "厦门信达电子", 0.95, "像是简称：只少了公司形式"),
        ("南京信达控股集团有限责任公司", "南京信达有限责任", 0.95, "像是简称：只少了公司形式"),
        ("松下(PANASONIC)", "Panasonic", 0.95, "括号中的名称相同"),
        ("福建厦门信达电子有限公司", "厦门信达电子有限公司", 0.93, "字号和行业相同，一方多写了上级地区"),
        ("厦门信达新能源", "厦门信达新能源科技有限公司", 0.9, "像是简称：字号相同，行业未写全"),
        ("信达电商", "信达电子商务有限公司", 0.9, "像是简称：字号相同，行业未写全"),
        ("甘肃信达宏兴钢铁", "甘肃信达集团宏兴钢铁股份有限公司", 0.9, "像是简称：字号相同，行业未写全"),
        ("信达", "厦门信达新能源科技有限公司", 0.8, "像是简称：未写地区"),
    ],
)
def test_one_firm_if_no_other_fits_as_well(a: str, b: str, score: float, reason: str) -> None:
    for verdict in (judge(a, b), judge(b, a)):
        assert (verdict.level, verdict.score, str(verdict.reason)) == ("possible", score, reason)
        assert verdict.settles


@pytest.mark.parametrize(
    ("a", "b", "score", "reason"),
    [
        ("厦门信达电子有限公司", "信达电子有限公司", 0.88, "字号和行业相同，一方未写地区"),
        ("厦门信达电子有限公司", "厦们信达电子有限公司", 0.9, "只差一个同音字"),
        ("厦门信达电子有限公司", "厦门信达电于有限公司", 0.83, "只差一个字"),
        ("厦门信达电子有限公司", "厦门新达电子有限公司", 0.87, "只差一个同音字"),
        ("厦门信达电子有限公司", "厦门达信电子有限公司", 0.87, "两个字的次序不同"),
        ("厦门信达福电子有限公司", "厦门信福电子有限公司", 0.8, "多一个字或少一个字"),
        ("厦门信达电子有限公司", "厦门信远电子有限公司", 0.5, "只差一个字"),
        ("厦门信达集团有限公司", "厦门信达有限公司", 0.7, "字号相同，一方是集团公司"),
        ("厦门信达科技有限公司", "厦门信达科技发展有限公司", 0.55, "字号和地区相同，行业写法不同"),
        ("厦门信达科技有限公司", "上海信达科技有限公司", 0.5, "字号和行业相同，地区不同"),
        ("厦门信达电子有限公司", "厦门信达贸易有限公司", 0.45, "字号和地区相同，行业不同"),
        ("上海信达", "厦门信达贸易有限公司", 0.4, "字号相同，地区不同"),
        ("信达游戏", "信达计算机科技有限公司", 0.5, "字号相同，行业写法不同"),
        ("中石化", "中国石油化工股份有限公司", 0.5, "像是缩写"),
    ],
)
def test_possible_and_why(a: str, b: str, score: float, reason: str) -> None:
    for verdict in (judge(a, b), judge(b, a)):
        assert (verdict.level, verdict.score, str(verdict.reason)) == ("possible", score, reason)
        assert not verdict.settles


@pytest.mark.parametrize(
    ("a", "b", "score"),
    [
        ("信达银行股份有限公司", "信达银行股份有限公司厦门分行", 0.3),
        ("信达银行", "信达银行股份有限公司厦门分行", 0.3),
        ("信达银行股份有限公司福州分行", "信达银行股份有限公司厦门分行", 0.2),
    ],
)
def test_a_branch_is_linked_and_not_the_same(a: str, b: str, score: float) -> None:
    for verdict in (judge(a, b), judge(b, a)):
        assert (verdict.level, verdict.score) == ("none", score)
        assert "不是同一家" in str(verdict.reason)


def test_spellings_of_one_branch() -> None:
    assert judge("信达银行厦门分行", "信达银行股份有限公司厦门市分行").settles


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("信诺", "维信诺科技股份有限公司"),
        ("思科", "蓝思科技股份有限公司"),
        ("京东", "京东方科技集团股份有限公司"),
        ("雷诺", "雷诺兹烟草公司"),
        ("厦门银行股份有限公司", "上海银行股份有限公司"),
        ("厦门信达电子有限公司", "上海信达贸易有限公司"),
        ("科技有限公司", "厦门信达科技有限公司"),
        ("", "厦门信达科技有限公司"),
        ("", ""),
        ("🙂", "！"),
    ],
)
def test_no_match(a: str, b: str) -> None:
    assert judge(a, b).level == judge(b, a).level == "none"


def test_words_that_come_again_and_again_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of the library like this one would have kept everybody waiting who types its beginning."""
    asked = 0

    def count(short: str, word: str) -> bool:
        nonlocal asked
        asked += 1
        assert asked < 10_000
        return short == "电商"

    monkeypatch.setattr(naming, "_drawn_together", count)
    full, short = "甲乙" + "电子商务" * 45 + "有限公司", "甲乙" + "电商" * 20
    verdict = judge(short, full)
    assert (verdict.level, str(verdict.reason)) == ("possible", "像是简称：字号相同，行业未写全")


def test_a_short_name_leaves_out_as_little_as_it_can() -> None:
    full = parse("甲乙科技科技电子商务有限公司")
    assert naming._left_out("甲乙科技电商", full) == 4
    assert naming._left_out("甲乙科技科技", full) == 4
    assert naming._left_out("甲乙科技丙", full) is None


def test_very_long_names_are_compared() -> None:
    """One character may stand for a phrase of eighteen: 200 of them are 3,600 letters."""
    assert judge("\ufdfa" * 200, "\ufdfa" * 199).level == "possible"


@given(TYPED, TYPED)
def test_a_verdict_does_not_depend_on_the_order(a: str, b: str) -> None:
    assert judge(a, b) == judge(b, a)


@given(TYPED)
def test_a_name_is_the_same_as_itself(name: str) -> None:
    assert judge(name, name).level == ("same" if parse(name).core else "none")


# --- real names ---------------------------------------------------------------------------------------------------


def listed_names() -> list[str]:
    with gzip.open(shared("listed-companies/listed_profile.csv.gz"), "rt", encoding="utf-8") as file:
        return sorted({row["company_name"] for row in csv.DictReader(file) if row["company_name"]})


def test_listed_companies_are_hardly_ever_taken_for_each_other() -> None:
    """Of 19 million pairs of different firms none is the same name, and few are called possible.

    Only pairs that begin alike can match at all, so the others are left out.
    """
    parsed = {name: parse(name) for name in listed_names()}
    assert len({parts.key for parts in parsed.values()}) == len(parsed)
    alike: dict[str, list[str]] = defaultdict(list)
    for name, parts in parsed.items():
        for part in {parts.core[:2], parts.stem[:2]}:
            alike[part].append(name)
    pairs = {pair for names in alike.values() for pair in combinations(names, 2)}
    verdicts = [compare(parsed[a], parsed[b]) for a, b in pairs]
    assert not any(verdict.level == "same" for verdict in verdicts)
    assert sum(verdict.settles for verdict in verdicts) <= 15
    assert sum(verdict.score >= 0.7 for verdict in verdicts) <= 60


def test_dirt_in_real_names_does_no_harm() -> None:
    """A listed name is known again with other brackets and blanks, in another form, and without its place."""
    for name in listed_names():
        assert judge(name, " ".join(name).replace("(", "（").replace(")", "）")).level == "same"
        assert judge(name, name.replace("股份有限公司", "有限公司")).score >= 0.9
        parts = parse(name)
        place = parts.place
        if place and parts.brand and name.startswith(place):
            assert judge(name, re.sub(rf"^{place}[省市县]?", "", name)).score >= 0.78
