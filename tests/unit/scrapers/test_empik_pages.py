"""Empik's pages: empty price fields are no price, and the price is found wherever the scripts put it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from domain.listing import Availability
from domain.page import PageMeaning
from domain.price_kind import PriceKind
from tests.unit.scrapers.retail import only_listing, only_unpriced, read, read_recorded


def test_the_recorded_head_has_no_price_and_never_zero():
    offer = only_unpriced(read_recorded("empik", "product_head_p1729665860_2026-09-30.html"))
    assert (offer.external_id, offer.sku) == ("p1729665860", "p1729665860")
    assert (offer.price_kind, offer.shown_price, offer.currency) == (PriceKind.NONE, None, None)
    assert offer.availability is Availability.AVAILABLE
    assert "script" in offer.reason
    assert offer.title.startswith("Depilator IPL")
    assert offer.url.endswith(",p1729665860,agd-p")


def _page(body: str = "", available: str = "true", **prices: str) -> str:
    metas = "".join(
        f'<meta property="product:{name}:amount" content="{prices.get(name, "")}">'
        for name in ("price", "sale_price", "premium_price")
    )
    return (
        f'<html><head><meta property="og:title" content="A thing"><meta property="og:type" content="product">{metas}'
        f'<meta property="product:availability" content="{available}">'
        f'<meta property="product:retailer_part_no" content="p1000000001"></head><body>{body}</body></html>'
    )


@pytest.mark.parametrize(
    ("prices", "body", "price", "old", "premium"),
    [
        ({"price": "49.99"}, "", "49.99", None, None),
        ({}, '<meta itemprop="price" content="49.99">', "49.99", None, None),
        ({"price": "1 049,99"}, "", "1049.99", None, None),
        ({"price": "49.99", "sale_price": "39.99"}, "", "39.99", "49.99", None),
        ({"price": "49.99", "premium_price": "44.99"}, "", "49.99", None, "44.99"),
        ({"price": "49.99", "sale_price": "39.99", "premium_price": "37"}, "", "39.99", "49.99", "37"),
        ({}, '<span class="ta-price">1\u00a0139,99\u00a0zł</span>', "1139.99", None, None),
        (
            {},
            '<span class="ta-price">39,99 zł</span><span class="ta-price-regular">49,99 zł</span>',
            "39.99",
            "49.99",
            None,
        ),
    ],
)
def test_regular_sale_and_premium_prices_are_told_apart(
    prices: dict[str, str], body: str, price: str, old: str | None, premium: str | None
):
    listing = only_listing(read("empik", _page(body, **prices)))
    assert (listing.price, listing.currency) == (Decimal(price), "PLN")
    assert listing.list_price == (None if old is None else Decimal(old))
    assert listing.attributes.get("premium_price") == premium


def test_a_price_for_subscribers_alone_is_no_price():
    offer = only_unpriced(read("empik", _page(premium_price="44.99")))
    assert (offer.price_kind, str(offer.shown_price)) == (PriceKind.CONDITIONAL, "44.99")


@pytest.mark.parametrize("zero", ["0", "0.00", "", " ", "0,00"])
def test_zero_is_no_price(zero: str):
    assert only_unpriced(read("empik", _page(price=zero, sale_price=zero))).price_kind is PriceKind.NONE


def test_not_available_is_out_of_stock():
    assert only_unpriced(read("empik", _page(available="false"))).availability is Availability.OUT_OF_STOCK


@pytest.mark.parametrize("price", ['"49.99"', "49.99"])
def test_json_ld_is_read_where_the_scripts_leave_it(price: str):
    block = (
        '{"@type":"Product","name":"A thing","brand":{"name":"Marka"},"gtin13":"9520000000011","offers":'
        f'{{"price":{price},"priceCurrency":"PLN","availability":"https://schema.org/InStock"}}}}'
    )
    listing = only_listing(read("empik", _page(f'<script type="application/ld+json">{block}</script>')))
    assert (str(listing.price), listing.brand, listing.gtin) == ("49.99", "Marka", "9520000000011")


def test_broken_json_ld_costs_nothing():
    body = '<script type="application/ld+json">{"@type": "Product",</script>'
    assert str(only_listing(read("empik", _page(body, price="5.00"))).price) == "5.00"


def test_tiles_of_a_search_are_read_and_a_broken_one_costs_only_itself():
    tiles = "".join(
        f'<div class="search-list-item ta-product-tile" data-product-id="{number}" data-product-name="T" '
        f'data-product-price="{price}"><div class="price ta-price-tile">{shown}</div></div>'
        for number, price, shown in (
            ("p1000000001", "49.99", "49,99 zł"),
            ("p1000000001", "49.99", "49,99 zł"),
            ("1000000002", "", "1\u00a0159,90 zł"),
            ("p1000000003", "", ""),
            ("", "5.00", "5,00 zł"),
            ("p1000000004", "much", ""),
        )
    )
    reading = read("empik", f"<html><body>{tiles}</body></html>", url="https://www.empik.com/szukaj/produkt?q=t")
    assert [(one.external_id, str(one.price)) for one in reading.listings] == [
        ("p1000000001", "49.99"),
        ("p1000000002", "1159.90"),
    ]
    assert [one.external_id for one in reading.unpriced] == ["p1000000003"]
    assert [record.reason.split(":")[0] for record in reading.rejected] == ["data-product-id", "data-product-price"]


@pytest.mark.parametrize(
    ("body", "status", "meaning"),
    [
        ('<html><form id="challenge-form"></form></html>', 200, PageMeaning.BLOCKED),
        ('<html><div class="cf-turnstile"></div></html>', 403, PageMeaning.BLOCKED),
        ("<html></html>", 403, PageMeaning.BLOCKED),
        ("<html></html>", 404, PageMeaning.GONE),
        (_page(price="5"), 404, PageMeaning.GONE),
        ("", 429, PageMeaning.THROTTLED),
        ("", 503, PageMeaning.THROTTLED),
        ("<html><body>x</body></html>", 200, PageMeaning.CHANGED),
        ("<html><body>x", 200, PageMeaning.CHANGED),
        (json.dumps({}), 200, PageMeaning.CHANGED),
    ],
)
def test_what_is_no_product_has_a_meaning(body: str, status: int, meaning: PageMeaning):
    assert read("empik", body, status=status).meaning is meaning
