"""统一社会信用代码 (GB 32100-2015): the standard's arithmetic, real codes that break it, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from yinfeng.enterprises.uscc import (
    check,
    check_character,
    looks_like_identity_number,
    normalise_uscc,
    organization_code_ok,
)

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# Nobody's: region 362300 issues no cards. Its check characters satisfy both GB 11643 and GB 32100, as one real number in 31 does.
IDENTITY_NUMBER = "362300198709080228"

first17 = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["11", "12", "51", "91", "92", "93", "N2", "Y1"]),
        st.text("0123456789", min_size=6, max_size=6),
        st.text(ALPHABET, min_size=9, max_size=9),
    ),
)


@pytest.mark.parametrize(
    "code",
    [
        "91110000600037341L",
        "91110108551385082Q",
        "12440600MB2C07549J",
        "91350100M000100Y43",
        "92141127MA0KD1Y64A",  # its region is no longer in GB/T 2260
    ],
)
def test_real_codes_pass(code: str) -> None:
    assert check(code).level == "ok"
    assert check(code).sentences == ()


def test_worked_example_of_the_standard() -> None:
    assert check_character("91350100M000100Y4") == "3"


def test_remainder_nought_gives_the_digit_nought() -> None:
    assert check_character("0" * 17) == "0"
    assert check_character("91350200MA0000000") in ALPHABET


def test_a_real_xiamen_code_that_fails_is_only_warned_of() -> None:
    verdict = check("91350203M0001QKT19")
    assert check_character("91350203M0001QKT1") == "F"
    assert organization_code_ok("M0001QKT1")
    assert verdict.level == "warn"
    assert "主体标识码的校验通过" in "".join(verdict.sentences)
    assert "留存营业执照复印件" in "".join(verdict.sentences)


def test_a_slip_in_the_body_asks_for_another_look() -> None:
    verdict = check("91110108551385083Q")
    assert verdict.level == "warn"
    assert "录错" in "".join(verdict.sentences)


def test_an_unknown_department_is_doubted_not_refused() -> None:
    code = "B1350200MA2XN5N12"
    verdict = check(code + check_character(code))
    assert verdict.level == "warn"
    assert "B1" in verdict.sentences[0]


def test_an_identity_number_is_refused_as_personal_data_and_not_repeated() -> None:
    assert check_character(IDENTITY_NUMBER[:17]) == IDENTITY_NUMBER[17]
    verdict = check(IDENTITY_NUMBER)
    assert verdict.level == "malformed"
    assert "个人信息" in verdict.sentences[0]
    assert IDENTITY_NUMBER not in verdict.sentences[0]


def test_an_identity_number_is_refused_though_its_head_could_be_a_code() -> None:
    assert check("510000198709086400").level == "malformed"


def test_digits_that_happen_to_spell_a_date_are_still_an_enterprise() -> None:
    """Of the codes 91 + region ending in 19 + digits, those that also pass the identity check are kept."""
    bodies = [f"91350219870908{serial:03d}" for serial in range(1000)]
    codes = [body + check_character(body) for body in bodies]
    spelling_a_date = [code for code in codes if looks_like_identity_number(code)]
    assert spelling_a_date
    assert {check(code).level for code in spelling_a_date} == {"ok"}


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("", "0位"),
        ("9135020", "7位"),
        ("91350203M0001QKT199", "19位"),
        ("M0001QKT1", "组织机构代码"),
        ("350200100012345", "旧注册号"),
        ("9I350203M0001QKT19", "I"),
        ("91350203MO001QKT1S", "O、S"),
        ("91350203M0001厦KT19", "大写英文字母"),
        ("9135020AM0001QKT19", "行政区划码"),
    ],
)
def test_what_cannot_be_a_code_is_refused_with_its_reason(typed: str, word: str) -> None:
    verdict = check(typed)
    assert verdict.level == "malformed"
    assert word in verdict.sentences[0]


def test_blanks_hyphens_width_and_case_do_not_matter() -> None:
    assert normalise_uscc(" ９１１１０１０８-5513 8508·2q\t") == "91110108551385082Q"
    assert check("9111 0108 5513 8508 2q").code == "91110108551385082Q"


@given(first17)
def test_a_computed_check_character_is_accepted(body: str) -> None:
    verdict = check(body + check_character(body))
    assume("个人信息" not in "".join(verdict.sentences))
    assert verdict.level == "ok"


@given(first17, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_every_single_slip_is_noticed(body: str, at: int, char: str) -> None:
    assume(body[at] != char)
    slipped = body[:at] + char + body[at + 1 :] + check_character(body)
    assert check(slipped).level != "ok"


@given(st.text(max_size=40))
def test_any_text_gets_a_verdict(typed: str) -> None:
    verdict = check(typed)
    assert (verdict.level == "ok") == (not verdict.sentences)


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXYZ", min_size=8, max_size=8))
def test_an_organisation_code_has_exactly_one_check_character(body: str) -> None:
    assert sum(organization_code_ok(body + last) for last in "0123456789X") == 1


@pytest.mark.parametrize("code", ["M0001QKT1", "600037341", "551385082"])
def test_real_organisation_codes(code: str) -> None:
    assert organization_code_ok(code)


def test_other_text_is_no_organisation_code() -> None:
    assert not organization_code_ok("厦M000QKT1")
    assert not organization_code_ok("M0001QKT")
