"""Prices as people read them, in the signs of the countries whose pages we read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.visible_price import find_bare_number, find_prices


@given(text=st.text(max_size=60), sign=st.sampled_from([".", ","]))
def test_any_text_is_a_price_or_none_and_never_an_error(text: str, sign: str):
    for price in find_prices(text, decimal_sign=sign, site_currency="EUR"):
        assert price.amount >= 0
    find_bare_number(text, decimal_sign=sign)


@pytest.mark.parametrize(
    ("text", "sign", "site", "expected"),
    [
        ("$87.11", ".", "USD", [("87.11", "USD")]),
        ("$87.11", ".", "CAD", [("87.11", "CAD")]),
        ("$87.11", ".", "EUR", [("87.11", None)]),
        ("€\u00a01.749,99", ",", "EUR", [("1749.99", "EUR")]),
        ("1\u202f148,99\u00a0€", ",", "EUR", [("1148.99", "EUR")]),
        ("EUR 13,97", ",", "EUR", [("13.97", "EUR")]),
        ("AED 79.00", ".", "AED", [("79.00", "AED")]),
        ("AED\u00a01,079.00", ".", "AED", [("1079.00", "AED")]),
        ("1 148,99 zł", ",", "PLN", [("1148.99", "PLN")]),
        ("￥1,980", ".", "JPY", [("1980", "JPY")]),
        ("Neu und gebraucht (7) ab 99,12\u00a0€ + KOSTENLOSER Versand", ",", "EUR", [("99.12", "EUR")]),
        ("€99.12", ",", "EUR", [("99.12", "EUR")]),
        ("$12.99 - $24.99", ".", "USD", [("12.99", "USD"), ("24.99", "USD")]),
        ("Nur noch 2 59,90 €", ",", "EUR", [("59.90", "EUR")]),
        ("1.749 €", ",", "EUR", [("1749", "EUR")]),
        ("Nur noch 2 Stück", ",", "EUR", []),
        ("ABC 12,00", ",", "EUR", []),
        ("", ",", "EUR", []),
    ],
)
def test_prices_of_real_pages(text: str, sign: str, site: str, expected: list[tuple[str, str | None]]):
    found = find_prices(text, decimal_sign=sign, site_currency=site)
    assert [(str(price.amount), price.currency) for price in found] == expected
