"""Normal form, grams and pinyin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinfeng.core.text import bigrams, normalise, pinyin_initials, query_bigrams

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
        ("5G通信", ["g通", "通信", "5", "5g"]),
        ("Coca-Cola", ["coc", "oca", "cac", "aco", "col", "ola", "c", "co"]),
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
        ("3M中国", ["m中", "中国"]),
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
    short = len(part) < 2 or (len(part) == 2 and part.isascii())
    if not short or part == text:
        assert set(query_bigrams(part)) <= set(bigrams(typed))


def test_one_and_two_latin_letters_are_found_where_a_word_begins() -> None:
    grams = bigrams("Golden Dragon Bus")
    assert {"go", "dr", "bu"} <= set(grams)
    assert "on" not in grams


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
    assert latin == latin.lower()
