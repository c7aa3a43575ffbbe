"""Recorded Amazon pages give the values that a person reads on them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.condition import Condition
from domain.listing import Availability
from domain.page import PageMeaning
from domain.price_kind import PriceKind
from tests.unit.scrapers.retail import only_listing, only_unpriced, read, read_recorded


def test_import_fees_are_not_in_the_price():
    listing = only_listing(read_recorded("amazon", "pdp_com_B01GOH7PKA_in_stock_import_fees_2020-12-02.html.gz"))
    assert (listing.external_id, str(listing.price), listing.currency) == ("B01GOH7PKA@com", "87.11", "USD")
    assert (listing.price_kind, listing.shipping_price, listing.list_price) == (PriceKind.PRICE, None, None)
    assert listing.availability is Availability.AVAILABLE
    assert listing.attributes["import_fees"].startswith("+ $99.23 ")
    assert listing.attributes["deliver_to"] == "Netherlands"
    assert (listing.brand, listing.sku, listing.condition) == ("Gothamite", "B01GOH7PKA", Condition.NEW)
    assert listing.seller is not None
    assert listing.seller.login == "Gothamite"


def test_another_products_price_is_not_the_price_of_an_unavailable_one():
    offer = only_unpriced(read_recorded("amazon", "pdp_com_B07FW264WL_unavailable_trap_price_2020-12-02.html.gz"))
    assert (offer.external_id, offer.shown_price, offer.price_kind) == ("B07FW264WL@com", None, PriceKind.NONE)
    assert offer.availability is Availability.OUT_OF_STOCK
    assert (offer.gtin, offer.brand) == ("0099482467999", "365 by Whole Foods Market")


def test_a_list_price_and_a_used_offer_stand_beside_the_price():
    listing = only_listing(
        read_recorded("amazon", "pdp_couk_B004SNMXRS_list_price_and_warehouse_deal_2020-12-02.html.gz")
    )
    assert (str(listing.price), listing.currency, str(listing.list_price)) == ("48.99", "GBP", "55.00")
    assert "£36.61" in listing.attributes["other_offers"]
    assert listing.brand == "Tefal"
    assert listing.url == "https://www.amazon.co.uk/dp/B004SNMXRS"


def test_without_an_offer_of_its_own_the_page_has_no_price_but_the_lowest_of_others():
    offer = only_unpriced(read_recorded("amazon", "pdp_de_B00CYG4J5U_no_buybox_other_sellers_2020-12-02.html.gz"))
    assert (offer.price_kind, offer.shown_price, offer.currency) == (
        PriceKind.FROM_OTHER_SELLERS,
        Decimal("99.12"),
        "EUR",
    )
    assert offer.availability is Availability.AVAILABLE


def test_a_deal_price_is_the_price_and_the_recommended_one_the_list_price():
    listing = only_listing(read_recorded("amazon", "pdp_fr_B082QBCYY8_deal_price_2020-12-02.html.gz"))
    assert (str(listing.price), listing.currency, str(listing.list_price)) == ("66.75", "EUR", "88.99")
    assert listing.brand == "PetSafe"
    assert listing.shipping_price == 0


def test_a_coupon_does_not_lower_the_price():
    listing = only_listing(read_recorded("amazon", "pdp_it_B085ZSV1JJ_coupon_2020-12-02.html.gz"))
    assert (str(listing.price), listing.currency) == ("21.99", "EUR")
    assert "10%" in listing.attributes["coupon"]
    assert listing.seller is not None
    assert listing.seller.login == "RetevisDirect"


def test_an_empty_spoken_price_is_joined_from_its_parts():
    listing = only_listing(read_recorded("amazon", "pdp_modern_buybox_excerpt_ae_B005BFCNYU.html"))
    assert (listing.external_id, str(listing.price), listing.currency) == ("B005BFCNYU@ae", "79.00", "AED")
    assert listing.availability is Availability.AVAILABLE


def test_a_card_holds_price_and_list_price():
    listing = only_listing(read_recorded("amazon", "search_card_nl_B0CG6P1P64_2023-10.html"))
    assert (listing.external_id, str(listing.price), str(listing.list_price)) == ("B0CG6P1P64@nl", "1749.99", "1949.00")
    assert listing.currency == "EUR"


def test_a_search_page_counts_each_product_once_and_takes_no_price_of_other_sellers():
    reading = read_recorded("amazon", "search_de_plastikfrei_flasche_2019-01.html.gz")
    assert (reading.meaning, reading.total_entries, reading.total_pages) == (PageMeaning.OK, 139, 9)
    assert (len(reading.listings), len(reading.unpriced), reading.rejected) == (12, 9, ())
    by_id = {listing.external_id: listing for listing in reading.listings}
    assert str(by_id["B07JMDGDYL@de"].price) == "34.00"
    assert (str(by_id["B06XKW3FLY@de"].price), str(by_id["B06XKW3FLY@de"].list_price)) == ("7.99", "9.99")
    others = {offer.external_id: offer for offer in reading.unpriced}
    # Sponsored without a price, then found with another seller's: one record, and no price of its own.
    assert str(others["B077ZB6LWK@de"].shown_price) == "24.90"
    assert others["B077ZB6LWK@de"].price_kind is PriceKind.FROM_OTHER_SELLERS


@pytest.mark.parametrize(
    "name", ["blocked_robot_check_captcha_2020-01.html", "blocked_continue_shopping_click_2025.html"]
)
def test_a_wall_at_status_200_is_a_refusal(name: str):
    assert read_recorded("amazon", name).meaning is PageMeaning.BLOCKED


@pytest.mark.parametrize(
    ("body", "status", "meaning"),
    [
        ("<html><a href='/dogsofamazon/ref=cs_503_d'>x</a></html>", 503, PageMeaning.BLOCKED),
        ("<html><body>Service Unavailable</body></html>", 503, PageMeaning.BLOCKED),
        ("", 202, PageMeaning.BLOCKED),
        ("<html><head><title></title></head><script>window.gokuProps={}</script></html>", 200, PageMeaning.BLOCKED),
        ("<html><a href='/ref=cs_404_logo'>x</a></html>", 200, PageMeaning.GONE),
        ("<html><a href='/dogsofamazon'>x</a></html>", 200, PageMeaning.GONE),
        ("<html></html>", 404, PageMeaning.GONE),
        ("<html><form name='signIn'></form></html>", 200, PageMeaning.BLOCKED),
        ("", 429, PageMeaning.THROTTLED),
        ("", 500, PageMeaning.BLOCKED),
        ("", 0, PageMeaning.BLOCKED),
        ("<html><body><p>A new front end</p></body></html>", 200, PageMeaning.CHANGED),
        ("<html><body><p>cut o", 200, PageMeaning.CHANGED),
        ("", 200, PageMeaning.CHANGED),
    ],
)
def test_what_is_no_product_has_a_meaning(body: str, status: int, meaning: PageMeaning):
    assert read("amazon", body, status=status).meaning is meaning


_PAGE = """<html lang="{lang}"><h1><span id="productTitle">A thing</span></h1>
<div id="availability"><span>{availability}</span></div>{price}
<form><input name="ASIN" value="B000000001">{button}</form></html>"""
_BUTTON = '<input id="add-to-cart-button">'


def _page(price: str = "", availability: str = "", button: str = _BUTTON, lang: str = "de-de") -> str:
    return _PAGE.format(price=price, availability=availability, button=button, lang=lang)


@pytest.mark.parametrize(
    ("text", "availability"),
    [
        ("Auf Lager.", Availability.AVAILABLE),
        ("Nur noch 3 auf Lager", Availability.AVAILABLE),
        ("Dieser Artikel erscheint am 3. März", Availability.PREORDER),
        ("Vorübergehend nicht auf Lager.", Availability.BACKORDER),
        ("Temporarily out of stock. Order now and we'll deliver when available.", Availability.BACKORDER),
        ("Disponible à la précommande", Availability.PREORDER),
        ("", Availability.AVAILABLE),
    ],
)
def test_stock_is_told_in_the_sites_language(text: str, availability: Availability):
    body = _page('<span id="priceblock_ourprice">12,50 €</span>', text)
    assert only_listing(read("amazon", body)).availability is availability


@pytest.mark.parametrize(
    "text",
    [
        "Derzeit nicht verfügbar.",
        "Actuellement indisponible.",
        "Attualmente non disponibile.",
        "Currently unavailable.",
    ],
)
def test_unavailable_without_a_price_is_out_of_stock(text: str):
    offer = only_unpriced(read("amazon", _page(availability=text, button="")))
    assert offer.availability is Availability.OUT_OF_STOCK


def test_pieces_left_are_counted():
    body = _page('<span id="priceblock_ourprice">12,50 €</span>', "Nur noch 3 auf Lager")
    assert only_listing(read("amazon", body)).quantity == 3


def test_an_english_page_of_a_continental_site_writes_cents_with_a_point():
    body = _page('<span id="price_inside_buybox">€1,234.56</span>', lang="en-gb")
    assert str(only_listing(read("amazon", body)).price) == "1234.56"


def test_a_range_over_variants_is_no_comparable_price():
    body = _page('<span id="priceblock_ourprice">$12.99 - $24.99</span>', lang="en-us")
    listing = only_listing(read("amazon", body, url="https://www.amazon.com/dp/B000000001"))
    assert (str(listing.price), listing.price_kind) == ("12.99", PriceKind.RANGE)
    assert listing.attributes["price_high"] == "24.99"


def test_a_struck_price_alone_is_no_price():
    struck = (
        '<div id="corePriceDisplay_desktop_feature_div"><span class="a-price" data-a-strike="true">'
        '<span class="a-offscreen">99,99 €</span></span></div>'
    )
    offer = only_unpriced(read("amazon", _page(struck)))
    assert (offer.shown_price, str(offer.list_price)) == (None, "99.99")


def test_whole_and_fraction_without_spoken_text():
    price = (
        '<div id="corePriceDisplay_desktop_feature_div"><span class="a-price priceToPay">'
        '<span class="a-offscreen"> </span>'
        '<span aria-hidden="true"><span class="a-price-whole">1.149<span class="a-price-decimal">,</span></span>'
        '<span class="a-price-fraction">05</span><span class="a-price-symbol">€</span></span></span></div>'
    )
    assert str(only_listing(read("amazon", _page(price))).price) == "1149.05"


def test_the_price_that_scripts_are_given_stands_in_for_an_unreadable_one_and_zero_for_none():
    metrics = '<div id="cerberus-data-metrics" data-asin-price="{}" data-asin-currency-code="EUR"></div>'
    assert str(only_listing(read("amazon", _page(metrics.format("19.99")))).price) == "19.99"
    assert (
        only_unpriced(read("amazon", _page('<input id="attach-base-product-price" value="0.0">'))).shown_price is None
    )


def test_a_foreign_currency_is_what_the_page_says():
    body = _page('<span id="priceblock_ourprice">EUR 12.50</span>', lang="en-us")
    assert only_listing(read("amazon", body, url="https://www.amazon.com/dp/B000000001")).currency == "EUR"


def test_a_sign_that_could_be_any_dollar_is_rejected_not_guessed():
    reading = read("amazon", _page('<span id="priceblock_ourprice">$12,50</span>'))
    assert "currency" in reading.rejected[0].reason


def test_cents_that_are_only_written_small_are_cents():
    sign, cents = (f'<span class="price-info-superscript">{text}</span>' for text in ("$", "99"))
    price = f'<span id="priceblock_ourprice">{sign}<span class="price-large">29</span>{cents}</span>'
    body = _page(price, lang="en-us")
    assert str(only_listing(read("amazon", body, url="https://www.amazon.com/dp/B000000001")).price) == "29.99"
    tile = (
        '<html lang="en-us"><ul><li class="s-result-item" data-asin="B000000001"><h2>A thing</h2>'
        '<span class="sx-price">'
        '<sup class="sx-price-currency">$</sup><span class="sx-price-whole">1,029</span>'
        '<sup class="sx-price-fractional">97</sup></span></li></ul></html>'
    )
    assert str(only_listing(read("amazon", tile, url="https://www.amazon.com/s?k=a")).price) == "1029.97"


def test_a_used_offer_in_the_box_is_no_price_of_the_new_thing():
    offer = only_unpriced(
        read("amazon", _page('<div id="usedBuySection"><span class="offer-price">12,50 €</span></div>'))
    )
    assert (offer.price_kind, str(offer.shown_price)) == (PriceKind.FROM_OTHER_SELLERS, "12.50")


_HIDDEN = (
    '<input name="items[0.base][customerVisiblePrice][amount]" value="24.99">'
    '<input name="items[0.base][customerVisiblePrice][currencyCode]" value="EUR">'
)
_OFFSCREEN = '<span class="a-offscreen">24,99 €</span>'


@pytest.mark.parametrize(
    "price",
    [
        '<span id="apex-pricetopay-accessibility-label">24,99 € mit 15 Prozent Einsparungen</span>',
        f'<div id="corePriceDisplay_desktop_feature_div"><span class="a-price">{_OFFSCREEN}</span></div>',
        f'<p id="corePrice_feature_div"><b class="a-price a-text-price">1 €</b><b class="a-price">{_OFFSCREEN}</b></p>',
        _HIDDEN,
    ],
)
def test_the_other_places_of_the_new_layout_are_known(price: str):
    listing = only_listing(read("amazon", _page(price)))
    assert (str(listing.price), listing.currency) == ("24.99", "EUR")
