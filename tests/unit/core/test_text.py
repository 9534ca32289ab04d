"""Normal form, grams and pinyin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinfeng.core.text import (
    bigrams,
    code_grams,
    normalise,
    pinyin_initials,
    pinyin_pairs,
    pinyin_readings,
    pinyin_syllables,
    query_bigrams,
)

# What officers type: Chinese of both kinds, Latin in every width and case, digits, brackets, blanks, and rubbish.
TYPED = st.text(
    alphabet=st.one_of(
        st.sampled_from("厦门廈門金龙龍集团（）() ·-　TCLtclＴＣＬ5g９1350203Ｍé乾"), st.characters()
    ),
    max_size=30,
)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("厦门　金龙（集团）股份有限公司", "厦门金龙集团股份有限公司"),
        ("廈門金龍聯合汽車工業", "厦门金龙联合汽车工业"),
        ("Ｔ.Ｃ.Ｌ科技", "tcl科技"),
        ("A.O.史密斯", "ao史密斯"),
        ("Nestlé", "nestle"),
        ("㈱バンダイ", "株バンダイ"),
        ("９１３５", "9135"),
        ("乾照光电", "乾照光电"),
        ("薴", "苎"),
        ("snake_case", "snakecase"),
        ("", ""),
        ("（）！🙂\x00", ""),
    ],
)
def test_spellings_meet_in_one_normal_form(typed: str, normal: str) -> None:
    assert normalise(typed) == normal


@given(st.text())
def test_normal_form_is_stable_and_holds_only_letters_and_digits(typed: str) -> None:
    normal = normalise(typed)
    assert normalise(normal) == normal
    assert all(char.isalnum() for char in normal)


@pytest.mark.parametrize(
    ("typed", "grams"),
    [
        ("厦门金龙", ["厦门", "门金", "金龙"]),
        ("铝", ["铝"]),
        ("5G通信", ["5g", "g通", "通信", "5"]),
        ("Coca-Cola", ["co", "oc", "ca", "ac", "ol", "la", "coc", "oca", "cac", "aco", "col", "ola", "c"]),
        ("中中中", ["中中"]),
        ("", []),
    ],
)
def test_grams_of_a_text(typed: str, grams: list[str]) -> None:
    assert bigrams(typed) == grams


@pytest.mark.parametrize(
    ("query", "grams"),
    [
        ("金龙", ["金龙"]),
        ("铝", ["铝"]),
        ("3M", ["3m"]),
        ("QKT1", ["qkt", "kt1"]),
        ("3M中国", ["3m", "m中", "中国"]),
        ("华为5G", ["华为", "为5", "5g"]),
        ("“%*", []),
    ],
)
def test_grams_of_a_query(query: str, grams: list[str]) -> None:
    assert query_bigrams(query) == grams


@given(TYPED, st.data())
def test_every_text_has_the_grams_of_its_parts(typed: str, data: st.DataObject) -> None:
    text = normalise(typed)
    start = data.draw(st.integers(0, len(text)))
    part = text[start : data.draw(st.integers(start, len(text)))]
    if len(part) > 1 or part == text:
        assert set(query_bigrams(part)) <= set(bigrams(typed))


@given(st.text("0123456789ABCDEFGHJ", min_size=1, max_size=18), st.data())
def test_a_code_is_found_by_three_characters_or_by_its_beginning(code: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, max(len(code) - 3, 0)))
    part = code[start : data.draw(st.integers(start + 3, max(len(code), start + 3)))]
    grams = set(code_grams(code))
    assert set(query_bigrams(part)) <= grams or len(part) < 3
    assert {code[:1].lower(), code[:2].lower()} <= grams
    assert all(len(gram) == 3 for gram in grams - {code[:1].lower(), code[:2].lower()})


def test_one_latin_letter_is_found_where_a_word_begins() -> None:
    grams = bigrams("Golden Dragon Bus")
    assert {"g", "d", "b"} <= set(grams)
    assert "o" not in grams


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("厦门", "xm"),
        ("廈門", "xm"),
        ("厦门国贸集团", "xmgmjt"),
        ("厦工机械", "xgjx"),
        ("国贸大厦", "gmds"),
        ("重庆长安", "cqca"),
        ("兴业银行", "xyyh"),
        ("朝阳区", "cyq"),
        ("TCL科技（厦门）", "tclkjxm"),
        ("女娲", "nw"),
        ("", ""),
    ],
)
def test_initials_read_characters_by_their_phrase(name: str, initials: str) -> None:
    assert pinyin_initials(name) == initials


@given(st.text(max_size=50))
def test_pinyin_takes_any_text(typed: str) -> None:
    latin = pinyin_initials(typed)
    assert " " not in latin
    assert latin == latin.casefold()  # not lower(): letters of the Cherokee are folded into their capitals


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("厦门国际", ["xiamen", "menguo", "guoji"]),
        ("厦门TCL", ["xiamen"]),
        ("TCL王牌", ["wangpai"]),
        ("厦", []),
    ],
)
def test_pairs_of_syllables(name: str, pairs: list[str]) -> None:
    assert pinyin_pairs(pinyin_syllables(name)) == pairs


@pytest.mark.parametrize(
    ("query", "reading"),
    [
        ("xiamen", ["xiamen"]),
        ("xiamenguoji", ["xiamen", "menguo", "guoji"]),
        ("fangan", ["fangan"]),  # fang an and fan gan are asked for alike
        ("xian", ["xian"]),  # xi an; xian alone is one syllable
        ("xiam", ["xiamen"]),
        ("xiameng", ["xiameng"]),
    ],
)
def test_readings_of_letters(query: str, reading: list[str]) -> None:
    assert reading in pinyin_readings(query)


@pytest.mark.parametrize("query", ["xmgj", "golden", "厦门", "", "x1", "a" * 1000, "zh"])
def test_letters_that_spell_nothing(query: str) -> None:
    assert pinyin_readings(query) == []


def test_readings_stay_few() -> None:
    assert 0 < len(pinyin_readings("xianxianxianxianxianxianxianxian")) <= 40
    assert len(pinyin_readings("aaaaaaaaaaaaaaaaaaaa")) <= 40


@given(st.text("厦门国际银行股份有限公司金龙TCL", min_size=2, max_size=10), st.data())
def test_every_run_of_syllables_is_read_so(name: str, data: st.DataObject) -> None:
    syllables = [one for one in pinyin_syllables(name) if len(one) > 1]
    start = data.draw(st.integers(0, max(len(syllables) - 2, 0)))
    run = syllables[start : data.draw(st.integers(start + 2, start + 5))]
    if len(run) > 1:
        assert list(dict.fromkeys(pinyin_pairs(run))) in pinyin_readings("".join(run))
