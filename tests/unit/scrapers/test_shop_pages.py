"""Any shop's page: which price wins, what is no price, and what no product page is."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.listing import Availability
from domain.page import PageMeaning, PageReading, RawPage
from domain.price_kind import PriceKind
from scrapers.shop.config import ShopRule, ShopRules
from scrapers.shop.extract import extract
from scrapers.shop.reading import read_product_page
from tests.fixtures import fixture_path

AT = datetime(2026, 11, 21, tzinfo=UTC)
URL = "https://shop.example.at/p/1"


def page(body: str | bytes, url: str = URL, status: int = 200) -> RawPage:
    raw = body.encode() if isinstance(body, str) else body
    return RawPage(source="shop", url=url, status=status, content_type="text/html", body=raw, fetched_at=AT)


def read(body: str | bytes, *rules: ShopRule, url: str = URL, status: int = 200) -> PageReading:
    return read_product_page(page(body, url, status), ShopRules(list(rules)))


def ld(offers: object, **fields: object) -> str:
    node = {"@type": "Product", "name": "Kettle", "offers": offers, **fields}
    return f'<html><head><script type="application/ld+json">{json.dumps(node)}</script></head><body>'


SHOWN = '<h1>Kettle</h1><span class="price">{}</span><button>Add to cart</button>'


# ---------------------------------------------------------------- recordings


def test_the_labelled_pages_give_their_price_or_none_and_hardly_ever_a_wrong_one() -> None:
    labels = json.loads(fixture_path("shops", "labelled_pages", "labels.json").read_text())
    right = wrong = invented = 0
    for name, label in labels.items():
        found = extract(gzip.decompress(fixture_path("shops", "labelled_pages", name).read_bytes()), label["url"])
        winner = None if found is None else found.decision.winner
        amount = None if winner is None else winner.amount
        expected = [Decimal(text) for text in label["expected_amounts"]]
        is_right = amount in expected if expected else amount is None
        right += is_right
        wrong += amount is not None and not is_right
        invented += amount is not None and not expected
    assert right / len(labels) >= 0.9
    assert wrong / len(labels) <= 0.02
    assert invented == 0


@pytest.mark.parametrize(
    ("name", "price", "list_price", "currency", "kind"),
    [
        ("ceneo_product_head_199941317_2026-09-30.html", "6299", None, "PLN", PriceKind.FROM),
        ("xkom_product_head_1583405_2026-09-30.html", "4249", "4349", "PLN", PriceKind.PRICE),
        ("fye_product_og_and_microdata_2020-09.html.gz", "17.99", None, "USD", PriceKind.PRICE),
        ("microdata_executive_anvil_schemaorg_example.html", "119.99", None, "USD", PriceKind.PRICE),
    ],
)
def test_other_recordings(name: str, price: str, list_price: str | None, currency: str, kind: PriceKind) -> None:
    body = fixture_path("shops", name).read_bytes()
    reading = read(gzip.decompress(body) if name.endswith("gz") else body, url="")
    (listing,) = reading.listings
    assert (listing.price, listing.currency, listing.price_kind) == (Decimal(price), currency, kind)
    if list_price is not None:
        assert listing.list_price == Decimal(list_price)
    assert listing.availability is Availability.AVAILABLE


def test_a_walls_page_is_blocked() -> None:
    name = "mediaexpert_blocked_403_cloudflare_shell_2026-09-30.html"
    body = fixture_path("shops", name).read_bytes()
    assert read(body, status=200).meaning is PageMeaning.BLOCKED
    assert read(body, status=403).meaning is PageMeaning.BLOCKED


# ---------------------------------------------------------------- the arbiter


def test_the_price_without_tax_in_a_meta_tag_loses_to_what_is_shown() -> None:
    meta = '<html><head><meta property="product:price:amount" content="67.84">'
    meta += '<meta property="product:price:currency" content="EUR"></head><body>'
    (listing,) = read(meta + SHOWN.format("71,91 €")).listings
    assert listing.price == Decimal("71.91")


def test_a_struck_price_in_the_markup_loses_and_becomes_the_list_price() -> None:
    meta = '<html><head><meta property="og:price:amount" content="79.90"></head><body>'
    shown = (
        '<h1>Kettle</h1><del class="price">79,90 €</del> <span class="price">59,90 €</span><button>Add to cart</button>'
    )
    (listing,) = read(meta + shown).listings
    assert (listing.price, listing.list_price) == (Decimal("59.90"), Decimal("79.90"))


def test_variants_that_cost_differently_are_from_the_lowest_unless_one_is_shown() -> None:
    offers = [
        {"@type": "Offer", "price": "10", "priceCurrency": "EUR", "availability": "InStock"},
        {"@type": "Offer", "price": "12", "priceCurrency": "EUR", "availability": "OutOfStock"},
    ]
    (unchosen,) = read(ld(offers)).listings
    assert (unchosen.price_kind, unchosen.availability) == (PriceKind.FROM, Availability.AVAILABLE)
    (chosen,) = read(ld(offers) + SHOWN.format("12,00 €")).listings
    assert (chosen.price, chosen.price_kind) == (Decimal(12), PriceKind.PRICE)


def test_sold_out_without_a_price_in_the_markup_is_never_a_price() -> None:
    body = '<html><body><h1>Kettle</h1><p class="stock">Ausverkauft</p><span class="price">19,99 €</span></body></html>'
    reading = read(body)
    assert reading.listings == ()
    (offer,) = reading.unpriced
    assert offer.availability is Availability.OUT_OF_STOCK


def test_a_price_of_zero_or_an_empty_one_is_none() -> None:
    for price in ("0", "0.00", "", None):
        reading = read(ld({"@type": "Offer", "price": price, "priceCurrency": "EUR", "availability": "OutOfStock"}))
        assert reading.listings == ()
        assert reading.unpriced[0].availability is Availability.OUT_OF_STOCK


def test_prices_of_related_products_and_delivery_do_not_win() -> None:
    related = (
        '<aside class="related-products"><span class="price">1,00 €</span><span class="price">2,00 €</span></aside>'
    )
    body = f"<html><body>{SHOWN.format('49,90 €')}<p>zzgl. 4,90 € Versand</p>{related}</body></html>"
    (listing,) = read(body).listings
    assert listing.price == Decimal("49.90")


def test_markup_that_is_not_json_is_mended() -> None:
    offer = '{"@type": "Offer", "price": "9.99", "priceCurrency": "EUR",}'
    broken = '{"@type": "Product", "name": "Kettle", // the name\n "offers": ' + offer + ",}"
    body = f'<html><script type="application/ld+json">null</script><script type="application/ld+json">{broken}</script>'
    (listing,) = read(body).listings
    assert listing.price == Decimal("9.99")


def test_a_dollar_is_the_dollar_of_the_shops_country() -> None:
    for host, currency in (("shop.example.ca", "CAD"), ("shop.example.com.au", "AUD"), ("shop.example.cl", "CLP")):
        (listing,) = read(f"<html><body>{SHOWN.format('$25.00')}", url=f"https://{host}/p").listings
        assert listing.currency == currency
        assert listing.attributes == {"currency": "told by the shop's country"} or host.endswith(("ca", "au", "cl"))


# ---------------------------------------------------------------- rules of single shops


def test_a_rules_selectors_win_over_everything() -> None:
    rule = ShopRule(host="example.at", price="#p@data-price", old_price="s", title="h2", currency="EUR", is_net=True)
    body = ld({"@type": "Offer", "price": "10", "priceCurrency": "EUR"})
    (listing,) = read(body + '<h2>Real name</h2><b id="p" data-price="8.50">x</b><s>11,00</s>', rule).listings
    assert (listing.price, listing.title, listing.price_kind) == (Decimal("8.50"), "Real name", PriceKind.NET)
    assert listing.list_price == Decimal("11.00")


def test_a_json_endpoint_is_read_by_its_paths_and_says_when_it_changed() -> None:
    rule = ShopRule(
        host="shop.example.at",
        json_url="https://shop.example.at/api/{id}",
        product_id=r"/p/(\d+)",
        json_price="prices.0.grosz",
        json_currency="prices.0.currency",
        json_availability="stock",
        minor_units=True,
    )
    body = '{"prices": [{"grosz": 15989, "currency": "PLN"}], "stock": "in stock"}'
    (listing,) = read(body, rule).listings
    assert (listing.price, listing.currency) == (Decimal("159.89"), "PLN")
    assert read('{"v2": 1}', rule).meaning is PageMeaning.CHANGED
    assert read("{", rule).meaning is PageMeaning.CHANGED


# ---------------------------------------------------------------- any bytes


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    assert isinstance(read_product_page(page(b"<html>" + body), ShopRules()), PageReading)


@given(st.integers(0, 10_000), st.integers(1, 400), st.binary(max_size=30))
@settings(max_examples=60, deadline=None)
def test_no_cut_or_graft_of_a_page_breaks_the_reading(at: int, length: int, graft: bytes) -> None:
    body = (ld({"@type": "Offer", "price": "10.00", "priceCurrency": "EUR"}) + SHOWN.format("10,00 €") * 3).encode()
    place = at % len(body)
    reading = read_product_page(page(body[:place] + graft + body[place + length :]), ShopRules())
    assert len(reading.listings) + len(reading.unpriced) <= 1


@pytest.mark.parametrize("at", [0, 1])
def test_elements_behind_the_end_of_a_broken_page_are_no_trouble(at: int) -> None:
    body = "</html><h1>Kettle</h1>" * at + "<p></p></html>" + SHOWN.format("10,00 €")
    assert isinstance(read(body), PageReading)
