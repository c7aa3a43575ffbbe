"""Prices as people read them, in the signs of the countries whose pages we read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.visible_price import find_bare_number, find_prices, read_number

_STYLES = [(",", "."), (".", ","), ("\u00a0", ","), ("\u202f", ","), ("'", "."), ("", "."), ("", ",")]


@given(cents=st.integers(0, 10**12), style=st.sampled_from(_STYLES))
def test_an_amount_written_in_a_countrys_way_is_read_to_the_cent(cents: int, style: tuple[str, str]):
    group, sign = style
    whole, _, rest = f"{Decimal(cents) / 100:,.2f}".partition(".")
    written = f"{whole.replace(',', group)}{sign}{rest}"
    assert read_number(written, decimal_sign=sign) == Decimal(cents) / 100


@given(whole=st.integers(0, 10**9), style=st.sampled_from([(",", "."), (".", ",")]))
def test_grouped_digits_without_cents_are_whole(whole: int, style: tuple[str, str]):
    group, sign = style
    assert read_number(f"{whole:,}".replace(",", group), decimal_sign=sign) == whole


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


@pytest.mark.parametrize("text", ["", "1.2.3", "1,2,3", "12,3456", "1..2", "12,345.6,7", "x", "1" * 30])
def test_digits_that_cannot_be_told_are_no_amount(text: str):
    assert read_number(text, decimal_sign=".") is None
