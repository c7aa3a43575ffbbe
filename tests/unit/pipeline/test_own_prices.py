"""Prices as a file's owner writes them: the column tells what a lone sign means, and nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import MoneyError
from pipeline.own_prices import decimal_sign, own_price


@pytest.mark.parametrize(
    ("texts", "sign"),
    [
        (["1299.00", "5"], "."),
        (["1.299,00", "17.500"], ","),
        (["17.500", "9.900"], "."),  # nothing tells: a plain decimal amount
        (["17.500", "12,5"], ","),
        (["1,299.00", "12.5", "9,9"], "."),
        (["1.234.567"], ","),
        (["0.125"], "."),
        (["", "ask", "€"], "."),
    ],
)
def test_the_column_tells_its_decimal_sign(texts: list[str], sign: str) -> None:
    assert decimal_sign(texts) == sign


@pytest.mark.parametrize(
    ("text", "sign", "amount", "currency"),
    [
        ("1299", ".", "1299", ""),
        ("1.234", ".", "1.234", ""),
        ("1.234", ",", "1234", ""),
        ("17,500", ".", "17500", ""),
        ("1.299,00 €", ",", "1299.00", "EUR"),
        ("€ 1 299", ".", "1299", "EUR"),
        ("£30", ".", "30", "GBP"),
        ("$ 1,299.50", ".", "1299.50", ""),  # several countries' dollars
        ("49,90 zł", ",", "49.90", "PLN"),
        ("12.50 chf", ".", "12.50", "CHF"),
        ("0.125", ",", "0.125", ""),
    ],
)
def test_a_price_is_read_as_it_was_meant(text: str, sign: str, amount: str, currency: str) -> None:
    assert own_price(text, sign) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    "text", ["-5", "nan", "1e9", "abc", "€", "5 EUR or 6", "12,34,5", "1.23.4", "EUR 5 EUR", "5 moz", "9" * 30]
)
def test_what_is_no_price_is_refused_with_its_words(text: str) -> None:
    for sign in ".,":
        with pytest.raises(MoneyError, match=r"is not a price|is no currency"):
            own_price(text, sign)


@given(st.integers(0, 10**9), st.integers(0, 99), st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'")]))
def test_any_amount_with_cents_is_read_back_and_votes_for_its_sign(
    whole: int, cents: int, signs: tuple[str, str]
) -> None:
    decimal, thousands = signs
    text = f"{whole:,}".replace(",", thousands) + f"{decimal}{cents:02d}"
    assert decimal_sign([text]) == decimal
    assert own_price(text, decimal)[0] == Decimal(f"{whole}.{cents:02d}")
