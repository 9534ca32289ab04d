"""Money is yuan with its unit; phones are encrypted, rotated and masked."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_enterprise, make_unit
from yinfeng.core import crypto, keeping, money
from yinfeng.core.forms import MoneyField
from yinfeng.core.models import Rule
from yinfeng.core.money import Money
from yinfeng.enterprises.models import Contact


@pytest.mark.parametrize(
    ("yuan", "shown"),
    [
        (None, "—"),
        ("0", "0 万元"),
        ("1000", "0.1 万元"),
        ("80000000", "8,000 万元"),
        ("99999999.99", "10,000 万元"),
        ("100000000", "1 亿元"),
        ("112610600000", "1,126.11 亿元"),
        ("-250000000", "-2.5 亿元"),
    ],
)
def test_amounts_are_shown_with_their_unit(yuan: str | None, shown: str) -> None:
    assert money.show(None if yuan is None else Decimal(yuan)) == shown


def test_columns_have_two_decimals_and_english_counts_in_millions() -> None:
    amounts = [Decimal(yuan) for yuan in (650_000_000, 90_000_000, 400_000, 0)]
    assert [money.in_column(yuan) for yuan in amounts] == [
        "6.50 亿元",
        "0.90 亿元",
        "40.00 万元",
        "0.00 万元",
    ]
    assert money.in_column(amounts[0], money.WAN) == "65,000.00 万元"
    assert money.in_column(None) == "—"
    with translation.override("en"):
        assert money.show(Decimal(650_000_000)) == "CNY 650 million"
        assert money.in_column(Decimal(1_260_000)) == "CNY 1.26 million"


def test_other_currencies_keep_the_original_and_the_rate() -> None:
    given_amount = Money.of(Decimal(1000), "wan_usd", Decimal("7.1"))
    assert given_amount.yuan == Decimal(71_000_000)
    assert (given_amount.currency, given_amount.original, given_amount.rate) == (
        "USD",
        Decimal(10_000_000),
        Decimal("7.1"),
    )
    assert "USD 10,000,000" in money.show_money(given_amount)


@given(st.decimals(min_value=0, max_value=10**9, places=4), st.sampled_from(["wan", "yi", "yuan"]))
def test_a_form_gives_back_what_it_was_given(amount: Decimal, unit: str) -> None:
    field = MoneyField(units=[unit])
    cleaned = field.clean([str(amount), unit])
    assert cleaned.yuan == (amount * money.UNITS[unit][2]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    shown_amount, shown_unit = field.widget.decompress(cleaned)
    assert shown_unit == unit
    assert Decimal(shown_amount) == (cleaned.original / money.UNITS[unit][2]).quantize(Decimal("0.000001"))


def test_a_form_says_an_amount_in_the_unit_a_person_would() -> None:
    """亿元 from 1 亿 on, unless a digit were lost; what is read back is the very amount."""
    field = MoneyField(units=["wan", "yi", "wan_usd"])
    for yuan, shown in [
        ("120000000", ["1.2", "yi"]), ("100000000", ["1", "yi"]), ("99999999.99", ["9999.999999", "wan"]), ("5200000000", ["52", "yi"]),
        ("123456789.01", ["12345.678901", "wan"]), ("123456700", ["1.234567", "yi"]), ("0", ["0", "wan"]), ("0.01", ["0.000001", "wan"]),
    ]:  # fmt: skip
        found = field.widget.decompress(Decimal(yuan))
        assert found == shown
        assert field.clean(found).yuan == Decimal(yuan)
    dollars = Money.of(Decimal(2000), "wan_usd", Decimal(7))
    assert field.widget.decompress(dollars) == ["2000", "wan_usd"]
    assert MoneyField().widget.decompress(dollars) == ["1.4", "yi"], (
        "its yuan, where the form offers no dollars"
    )
    assert field.widget.decompress(None) == [None, "wan"]


@pytest.mark.django_db
def test_a_currency_without_a_rate_is_refused_with_a_sentence() -> None:
    field = MoneyField(units=["wan", "wan_usd"])
    with pytest.raises(Exception, match="汇率"):
        field.clean(["100", "wan_usd"])
    Rule.objects.create(
        kind="exchange_rate", key="USD", data={"rates": [{"on": "2020-01-31", "rate": "6.9"}]}
    )
    keeping.forget()  # rules are kept for a minute; a load of the profile clears them
    assert field.clean(["100", "wan_usd"]).yuan == Decimal(6_900_000)


@given(st.text(min_size=1, max_size=60).filter(lambda text: "\x00" not in text))
def test_what_is_encrypted_comes_back(text: str) -> None:
    stored = crypto.encrypt(text)
    assert text not in stored or len(text) < 4
    assert crypto.decrypt(stored) == text
    assert crypto.encrypt(text) != stored


def test_a_new_key_encrypts_and_the_old_one_still_decrypts(settings: object) -> None:
    settings.FIELD_KEYS = ["old"]  # type: ignore[attr-defined]
    stored = crypto.encrypt("13800001234")
    settings.FIELD_KEYS = ["new", "old"]  # type: ignore[attr-defined]
    assert crypto.decrypt(stored) == "13800001234"
    assert crypto.encrypt("x").split("$")[1] != stored.split("$")[1]
    settings.FIELD_KEYS = ["new"]  # type: ignore[attr-defined]
    with pytest.raises(KeyError):
        crypto.decrypt(stored)


def test_a_tampered_text_is_refused() -> None:
    scheme, mark, body = crypto.encrypt("13800001234").split("$")
    with pytest.raises(InvalidTag):
        crypto.decrypt(
            "$".join([scheme, mark, body[:-6] + ("AAAA" if body[-6:-2] != "AAAA" else "BBBB") + body[-2:]])
        )


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13800001234", "138****1234"),
        ("138 0000 1234", "138****1234"),
        ("138-0000-1234", "138-****1234"),
        ("+86 138 0000 1234", "+86138****1234"),
        ("0592-5551234", "0592-****234"),
        ("05925551234", "0592****234"),
        ("(0592) 555 1234", "0592****234"),
        ("010-12345678", "010-****5678"),
        ("+86-592-5551234", "+86-592-****234"),
        ("0592-5551234-801", "0592-****234-***"),
        ("0592-5551234 转 801", "0592-****234转***"),
        ("5551234", "****234"),
        ("400-555-1234", "400-****234"),
        ("13800001234、13900005678", "138****1234、***********"),
        ("+1 415 555 0100", "+*********00"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_phones_are_masked(phone: str, masked: str) -> None:
    assert crypto.mask_phone(phone) == masked


@pytest.mark.django_db
def test_the_database_holds_no_phone_in_plain_text() -> None:
    contact = Contact.objects.create(
        enterprise=make_enterprise("甲有限公司"), name="联系人", phone="13800001234", unit=make_unit("u")
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM enterprises_contact WHERE id = %s", [contact.pk])
        stored = cursor.fetchone()[0]
    assert stored.startswith("sm4$")
    assert "1380000" not in stored
    assert Contact.objects.get(pk=contact.pk).phone == "13800001234"
