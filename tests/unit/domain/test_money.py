"""Money is exact, finite and in a currency, or it is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import MoneyError, format_money, from_minor, parse_amount, parse_currency, to_minor


@given(st.integers(min_value=0, max_value=10**14), st.sampled_from(["EUR", "JPY", "KWD", "UZS"]))
def test_minor_units_round_trip(minor: int, currency: str) -> None:
    assert to_minor(from_minor(minor, currency), currency) == minor


@given(st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False))
def test_a_plain_decimal_text_is_read_exactly(amount: Decimal) -> None:
    assert parse_amount(format(amount, "f")) == amount


@pytest.mark.parametrize(
    "value",
    [True, 1.5, None, "", "abc", "1,299.00", "1e3", "NaN", "Infinity", "-1", "-0.01", "9" * 20, [], "\uff11\uff12"],
)
def test_what_is_not_an_exact_amount_is_refused(value: object) -> None:
    with pytest.raises(MoneyError):
        parse_amount(value)


@pytest.mark.parametrize(("text", "minor"), [("900.0", 90000), ("3.5", 350), ("0.005", 1), ("0.004", 0)])
def test_amounts_round_half_up_to_cents(text: str, minor: int) -> None:
    assert to_minor(parse_amount(text), "EUR") == minor


@pytest.mark.parametrize("value", ["EURO", "", None, "E1R", 978])
def test_what_is_not_a_currency_code_is_refused(value: object) -> None:
    with pytest.raises(MoneyError):
        parse_currency(value)


def test_money_is_written_for_people() -> None:
    assert format_money(Decimal("1299.5"), "EUR") == "1,299.50 EUR"
    assert format_money(Decimal(1299), "JPY") == "1,299 JPY"
