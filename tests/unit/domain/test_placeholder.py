"""Prices nobody means, and those that only look so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import minor_exponent
from domain.placeholder import is_placeholder_price


@pytest.mark.parametrize("units", [0, 1, 111, 123, 1234, 12345, 123456, 1111, 111111, 99999, 999999, 123456789])
def test_a_price_typed_to_fill_the_field_is_none(units: int) -> None:
    assert is_placeholder_price(units * 100, "EUR")


@pytest.mark.parametrize("units", [2, 5, 10, 11, 55, 99, 100, 222, 555, 999, 1233, 4321, 9999, 12340])
def test_a_price_that_sellers_ask_is_one(units: int) -> None:
    assert not is_placeholder_price(units * 100, "EUR")


def test_a_price_with_cents_is_meant() -> None:
    assert not is_placeholder_price(150, "EUR")
    assert not is_placeholder_price(12399, "EUR")


@pytest.mark.parametrize(("units", "is_none"), [(1, True), (50, True), (123, False), (111, False), (1234, False)])
def test_small_units_have_other_placeholders(units: int, is_none: bool) -> None:
    for currency in ("JPY", "UZS"):
        assert is_placeholder_price(units * 10 ** minor_exponent(currency), currency) is is_none


def test_long_prices_in_nines_are_asked_in_small_units() -> None:
    assert not is_placeholder_price(999_999 * 100, "UZS")
    assert is_placeholder_price(9_999_999 * 100, "UZS")
    assert is_placeholder_price(11_111, "JPY")


@given(st.integers(), st.sampled_from(["EUR", "JPY", "UZS", "KWD", "USD"]))
def test_no_amount_raises_and_none_below_a_unit_stands(minor: int, currency: str) -> None:
    assert is_placeholder_price(minor, currency) or minor > 0
