"""Recorded Allegro pages and lists give the values that a person reads in them."""

from __future__ import annotations

import json

import pytest

from domain.condition import Condition
from domain.listing import Availability
from domain.page import PageMeaning
from domain.price_kind import PriceKind
from scrapers.allegro.recorded import stated_time
from tests.fixtures import fixture_path
from tests.unit.scrapers.retail import only_listing, only_unpriced, read, read_recorded

OFFER = "product_page_offer_18024165357_2025-12-22.html.gz"
STATE = "listing_StoreState_elements_first6.json"


def test_an_offers_page_has_one_price_among_delivery_bundles_and_other_offers():
    listing = only_listing(read_recorded("allegro", OFFER))
    assert (listing.external_id, str(listing.price), listing.currency) == ("18024165357", "159.89", "PLN")
    assert (listing.price_kind, listing.list_price, str(listing.shipping_price)) == (PriceKind.PRICE, None, "14.99")
    assert (listing.availability, listing.quantity) == (Availability.AVAILABLE, 6)
    assert (listing.gtin, listing.brand, listing.condition) == ("6971818795157", "Truelove", Condition.NEW)
    assert listing.seller is not None
    assert (listing.seller.login, listing.seller.is_business) == ("Helen_pl", True)
    assert listing.attributes == {"coupon": "kup 10 zł taniej"}
    assert listing.group_id == "fc45a09e-3644-4007-bac9-c31c2bfbd0c5"
    assert listing.url == "https://allegro.pl/oferta/18024165357"


@pytest.mark.parametrize(
    "url",
    [
        "https://allegro.pl/oferta/szelki-18024165357",
        "https://allegro.pl/produkt/x-fc45a09e-3644-4007-bac9-c31c2bfbd0c5?offerId=18024165357",
        "https://allegro.pl/produkt/x-fc45a09e-3644-4007-bac9-c31c2bfbd0c5#asked-offer=18024165357",
    ],
)
def test_the_offer_asked_for_is_read(url: str):
    assert only_listing(read_recorded("allegro", OFFER, url)).external_id == "18024165357"


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("oferta/szelki-18024165999", ["18024165999"]),
        # Which offer has ended is not in the address: nothing is said of the one shown.
        ("produkt/x-fc45a09e-3644-4007-bac9-c31c2bfbd0c5?offerId=18024165357&fromInactiveOffer=archived", []),
        ("produkt/x-fc45a09e-3644-4007-bac9-c31c2bfbd0c5?offerId=18024165357#asked-offer=17000000001", ["17000000001"]),
    ],
)
def test_another_sellers_offer_in_place_of_an_ended_one_is_no_listing(path: str, gone: list[str]):
    reading = read_recorded("allegro", OFFER, f"https://allegro.pl/{path}")
    assert (reading.meaning, reading.listings) == (PageMeaning.GONE, ())
    assert [(offer.external_id, offer.availability) for offer in reading.unpriced] == [
        (one, Availability.GONE) for one in gone
    ]


def test_a_list_has_each_offer_once_and_no_labels():
    reading = read_recorded("allegro", STATE)
    assert [(one.external_id, str(one.price), one.quantity) for one in reading.listings] == [
        ("10641630131", "229.00", 44),
        ("18159502351", "219.00", 9),
    ]
    assert reading.rejected == ()
    assert [str(one.shipping_price) for one in reading.listings] == ["9.99", "9.99"]
    assert reading.listings[1].url == "https://allegro.pl/oferta/18159502351", "not the advertisement's address"


def test_a_list_says_when_an_advertisement_was_shown():
    moment = stated_time(fixture_path("allegro", STATE).read_bytes())
    assert moment is not None
    assert moment.isoformat() == "2025-12-28T18:27:25+00:00"


def test_a_normalised_file_keeps_its_offers_and_drops_banners():
    reading = read_recorded("allegro", "listing_search_normalised_by_scrapfly_2026-02.json")
    assert (len(reading.listings), reading.rejected) == (186, ())
    assert (reading.total_entries, reading.total_pages) == (1304, 10)
    assert all(listing.currency == "PLN" and listing.price > 0 for listing in reading.listings)
    assert len({listing.external_id for listing in reading.listings}) == 186


def test_the_closed_search_of_2020_is_read():
    listing = only_listing(read_recorded("allegro", "rest_offers_listing_2020-01.json"))
    assert (listing.external_id, str(listing.price), listing.currency) == ("6206807884", "7.38", "PLN")
    assert (listing.quantity, str(listing.shipping_price)) == (15, "0.00")
    assert listing.ends_at is not None
    assert listing.ends_at.isoformat() == "2020-02-01T07:14:59+00:00"


def test_errors_of_the_closed_search_are_refusals():
    errors = json.loads(fixture_path("allegro", "rest_error_bodies_offers_listing.json").read_bytes())
    meanings = [read("allegro", json.dumps(one["body"]), status=one["http_status"]).meaning for one in errors]
    assert meanings == [PageMeaning.UNAUTHORISED, PageMeaning.UNAUTHORISED, PageMeaning.BLOCKED]
    assert read_recorded("allegro", "rest_error_bodies_offers_listing.json").meaning is PageMeaning.UNAUTHORISED


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize(
    "name", ["blocked_datadome_captcha_t-bv.html", "blocked_datadome_device_check_interstitial.html"]
)
def test_the_wall_is_a_refusal_at_any_status(name: str, status: int):
    body = fixture_path("allegro", name).read_bytes()
    assert read("allegro", body, status=status).meaning is PageMeaning.BLOCKED


@pytest.mark.parametrize(
    ("body", "status", "meaning"),
    [
        ('{"url":"https://geo.captcha-delivery.com/captcha/?x=1"}', 403, PageMeaning.BLOCKED),
        ("<html><p id='cmsg'>x</p></html>", 403, PageMeaning.BLOCKED),
        ("<html></html>", 404, PageMeaning.GONE),
        ("<html></html>", 403, PageMeaning.BLOCKED),
        ("", 429, PageMeaning.THROTTLED),
        ('{"error":"invalid_token"}', 401, PageMeaning.UNAUTHORISED),
        ('{"items":{"elements":[]}}', 200, PageMeaning.CHANGED),
        ('{"__listing_StoreState":{"items":{"elements":[]}}}', 200, PageMeaning.EMPTY),
        ('{"items":{"promoted":[],"regular":[]}}', 200, PageMeaning.EMPTY),
        ("<html><body>cut o", 200, PageMeaning.CHANGED),
        ("<html><body>new</body></html>", 200, PageMeaning.CHANGED),
        ("{", 200, PageMeaning.CHANGED),
    ],
)
def test_what_is_no_offer_has_a_meaning(body: str, status: int, meaning: PageMeaning):
    assert read("allegro", body, status=status).meaning is meaning


def _offer(written: str = "12.50", availability: str = "InStock", **box: object) -> str:
    price_box = {
        "price": {"originalPrice": None, "currency": "PLN"},
        "transactionSection": {"availableQuantity": {"value": 3}, "precartData": {"price": "1250"}},
        **box,
    }
    return f"""<html><div itemscope itemtype="http://schema.org/Product"><meta itemprop="name" content="A thing">
<meta itemprop="sku" content="10000000001"><div itemprop="offers" itemtype="http://schema.org/Offer">
<meta itemprop="price" content="{written}"><meta itemprop="priceCurrency" content="PLN">
<link itemprop="availability" href="http://schema.org/{availability}"></div></div>
<script data-serialize-box-id="a">{json.dumps(price_box)}</script></html>"""


def test_a_price_of_the_box_stands_in_for_a_missing_one_in_grosz():
    assert str(only_listing(read("allegro", _offer(written=""))).price) == "12.50"


def test_an_old_price_is_the_list_price():
    box = {"price": {"originalPrice": "1\u00a0169,00\u00a0zł", "currency": "PLN"}}
    assert str(only_listing(read("allegro", _offer(**box))).list_price) == "1169.00"


def test_an_auction_has_a_bid_and_no_price():
    layer = {"dataLayer": {"isAuction": True, "isBuyNow": False, "active": "yes"}}
    assert only_listing(read("allegro", _offer(metaData=layer))).price_kind is PriceKind.CURRENT_BID


def test_an_ended_offer_keeps_only_its_old_price():
    offer = only_unpriced(read("allegro", _offer(metaData={"dataLayer": {"active": "no"}})))
    assert (offer.availability, offer.price_kind, str(offer.shown_price)) == (
        Availability.GONE,
        PriceKind.OLD,
        "12.50",
    )


def test_nothing_left_is_out_of_stock():
    section = {"availableQuantity": {"value": 0}, "precartData": {}}
    assert only_listing(read("allegro", _offer(transactionSection=section))).availability is Availability.OUT_OF_STOCK


def test_a_broken_price_is_rejected_with_its_field():
    reading = read("allegro", _offer(written="NaN"))
    assert "offers.price" in reading.rejected[0].reason


def test_one_bad_row_costs_only_itself():
    row = {
        "offerId": "10000000001",
        "title": {"text": "A"},
        "price": {"mainPrice": {"amount": "5.00", "currency": "PLN"}},
    }
    bad = {**row, "offerId": "10000000002", "price": {"mainPrice": {"amount": None, "currency": "PLN"}}}
    state = {"__listing_StoreState": {"items": {"elements": [row, bad]}}}
    reading = read("allegro", json.dumps(state))
    assert (len(reading.listings), len(reading.rejected)) == (1, 1)
    assert "price.mainPrice.amount" in reading.rejected[0].reason
