from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import parse_amount, to_minor
from sandbox.locales import COUNTRIES
from sandbox.prices import amount_text, conversion, convert, service_fee
from tests.fixtures import fixture_path


@pytest.mark.parametrize(("price", "fee"), [(90000, 4570), (5602, 350), (300, 85), (290000, 14570), (1500, 145)])
def test_the_fee_is_that_of_the_recorded_pairs(price: int, fee: int) -> None:
    assert service_fee(price, "EUR") == service_fee(price, "GBP") == fee


def test_the_fee_agrees_with_every_recorded_item() -> None:
    page = json.loads(fixture_path("vinted", "catalog_items_api_v2_couk_2026-09-09.json").read_bytes())
    assert page["items"]
    for item in page["items"]:
        price = to_minor(Decimal(item["price"]["amount"]), "GBP")
        assert amount_text(service_fee(price, "GBP"), "GBP") == item["service_fee"]["amount"]
        assert amount_text(price + service_fee(price, "GBP"), "GBP") == item["total_item_price"]["amount"]


@given(st.integers(0, 10**9))
def test_amounts_read_back_to_the_same_cents_and_drop_trailing_zeros(minor: int) -> None:
    text = amount_text(minor, "EUR")
    assert to_minor(parse_amount(text), "EUR") == minor
    assert not text.endswith("0") or text.endswith(".0")


def test_amounts_are_written_as_recorded() -> None:
    assert [amount_text(minor, "EUR") for minor in (90000, 350, 5602, 0)] == ["900.0", "3.5", "56.02", "0.0"]


@given(st.integers(1, 10**8), st.sampled_from(["EUR", "GBP", "PLN", "USD"]), st.sampled_from(["EUR", "GBP", "PLN"]))
def test_a_conversion_there_and_back_loses_less_than_the_rounding(minor: int, seller: str, buyer: str) -> None:
    back = convert(convert(minor, seller, buyer), buyer, seller)
    assert abs(back - minor) <= 5
    assert (conversion(minor, seller, buyer) is None) == (seller == buyer)


def test_each_country_writes_prices_its_own_way() -> None:
    visible = {domain: country.visible_price(129905) for domain, country in COUNTRIES.items()}
    assert visible["nl"] == "€\u00a01299,05"
    assert visible["fr"] == visible["de"] == "1299,05\u00a0€"
    assert visible["co.uk"] == "£1299.05"
    assert visible["pl"] == "1299,05\u00a0zł"
    assert COUNTRIES["nl"].label_price(129905) == "1299.05 €"
