"""Uzum's answers, recorded and made by hand: values, meanings, what is not a price, what never costs a listing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from domain.listing import Availability, Listing, Seller
from domain.page import PageMeaning
from domain.price_kind import PriceKind
from tests.unit.scrapers.uzum_samples import (
    CARD,
    CARDS_2025,
    SEARCH_2023,
    answer,
    body_of,
    data,
    read,
    read_recorded,
    sku,
    source,
)


def only(card: dict[str, Any]) -> Listing:
    (listing,) = read(answer(card)).listings
    return listing


# ---------------------------------------------------------------- the recorded card


def test_the_recorded_card_gives_each_of_its_102_variants_its_own_price() -> None:
    reading = read_recorded(CARD)
    assert (reading.meaning, len(reading.listings), reading.rejected, reading.unpriced) == (PageMeaning.OK, 102, (), ())
    prices = Counter((one.price, one.list_price, one.availability) for one in reading.listings)
    assert prices == {
        (Decimal(79990), Decimal(200000), Availability.AVAILABLE): 68,
        (Decimal(79990), Decimal(200000), Availability.OUT_OF_STOCK): 28,
        (Decimal(39990), Decimal(200000), Availability.AVAILABLE): 6,
    }
    assert sum(one.quantity or 0 for one in reading.listings) == 974, "what the card itself says is there"
    assert len({one.external_id for one in reading.listings}) == 102
    assert {one.group_id for one in reading.listings} == {"2114919"}
    assert {one.attributes["stock_type"] for one in reading.listings} == {"FBO", "FBS"}


def test_the_recorded_card_reads_as_a_person_reads_it() -> None:
    listing = read_recorded(CARD).listings[0]
    assert listing.external_id == "2114919-7574456"
    assert listing.title == (
        "Чехлы в стиле iPhone 17 с поддержкой MagSafe для iPhone 11,13, 14, 15, 16, 17 Pro,Pro Max"  # noqa: RUF001 - Russian
    )
    assert (listing.currency, listing.sku, listing.quantity) == ("UZS", "7574456", 31)
    assert listing.price_kind is PriceKind.PRICE
    assert listing.color == "Ko\u02bbk"
    assert listing.attributes["iphone_modeli"] == "15 pro"
    assert listing.category == "Elektronika / Smartfonlar va telefonlar / Smartfonlar uchun aksessuarlar / Qoplamalar"
    assert listing.seller == Seller(external_id="45582", login="premium_watchs")
    assert "seller_official" not in listing.attributes
    assert (listing.attributes["rating"], listing.attributes["orders"], listing.attributes["warranty"]) == (
        "4.6",
        "717",
        "12",
    )
    assert listing.url.startswith("https://uzum.uz/ru/product/")
    assert listing.url.endswith("-2114919?skuId=7574456")
    assert len(listing.image_urls) == 6
    assert listing.description is not None
    assert listing.description.startswith("✓ MagSafe")
    assert "<" not in listing.description


def test_uzums_own_numbers_are_no_gtin_though_their_check_digits_are_right() -> None:
    reading = read_recorded(CARD)
    assert {one.gtin for one in reading.listings} == {None}
    assert reading.listings[0].attributes["barcode"] == "1000075744563"


def test_the_timestamp_is_utc_without_saying_so() -> None:
    assert source().stated_time(body_of(CARD)) == datetime(2025, 12, 5, 5, 47, 14, 43161, tzinfo=UTC)
    assert source().stated_time(body_of(SEARCH_2023)) is None
    for odd in (b"", b"[]", b'{"timestamp": 5}', b'{"timestamp": "2025-13-05T05:47:14"}', b'{"timestamp": "x"}'):
        assert source().stated_time(odd) is None


# ---------------------------------------------------------------- recorded search cards


def test_recorded_search_cards_are_prices_from_and_never_comparable() -> None:
    for name, count in ((SEARCH_2023, 24), (CARDS_2025, 5)):
        reading = read_recorded(name)
        assert (reading.meaning, len(reading.listings), reading.rejected) == (PageMeaning.OK, count, ())
        assert {one.price_kind for one in reading.listings} == {PriceKind.FROM}
        assert not any(one.price_kind.is_comparable for one in reading.listings)


def test_a_search_cards_number_is_the_products_and_the_card_price_of_the_uzum_card_is_ignored() -> None:
    paper = read_recorded(CARDS_2025).listings[0]
    assert (paper.external_id, paper.price, paper.list_price) == ("106839", Decimal(40990), Decimal(62000))
    assert paper.attributes["orders"] == "225000"
    projector = read_recorded(SEARCH_2023).listings[0]
    assert (projector.external_id, projector.price, projector.list_price) == (
        "580907",
        Decimal(28222000),
        Decimal(42000000),
    )
    assert "rating" not in projector.attributes, "0 without reviews is no rating"


def test_two_cards_of_one_product_are_one_listing_at_its_lowest_price() -> None:
    twice = [one for one in read_recorded(SEARCH_2023).listings if one.external_id == "570756"]
    assert [one.price for one in twice] == [Decimal(21904000)] * 2
    cards = [
        {"productId": 3, "id": number, "title": "x", "minSellPrice": price} for number, price in ((8, 90), (9, 70))
    ]
    assert [one.price for one in read(orjson.dumps(cards)).listings] == [Decimal(70)] * 2


def test_a_full_price_below_the_selling_price_says_nothing() -> None:
    cards = [{"productId": 3, "id": 8, "title": "x", "minSellPrice": 90, "minFullPrice": 80}]
    assert read(orjson.dumps(cards)).listings[0].list_price is None


def test_a_whole_answer_of_the_search_service_is_read_like_its_recorded_items() -> None:
    items = orjson.loads(body_of(SEARCH_2023))
    whole = orjson.dumps({"data": {"makeSearch": {"items": items, "total": 24}}})
    assert read(whole).listings == read_recorded(SEARCH_2023).listings


# ---------------------------------------------------------------- single fields


def test_a_struck_through_price_counts_only_above_the_price() -> None:
    for full, expected in ((120_000, Decimal(120_000)), (99_000, None), (50_000, None), (None, None), (0, None)):
        assert only(data(sku(fullPrice=full))).list_price == expected


def test_instalments_and_other_amounts_are_never_the_price() -> None:
    options = [{"type": "UZUM_INSTALLMENT", "paymentPerMonth": 8000, "paymentInfo": "Oyiga 8 000 so'mdan"}]
    listing = only(data(sku(productOptionDtos=options, vat={"price": 1}, discount={"discountPrice": 2}, sellPrice=3)))
    assert listing.price == Decimal(99_000)


@pytest.mark.parametrize(
    ("amount", "availability", "quantity"),
    [(0, Availability.OUT_OF_STOCK, 0), (5, Availability.AVAILABLE, 5), (None, Availability.UNKNOWN, None)],
)
def test_stock_is_told_and_what_is_sold_out_keeps_its_price(
    amount: int | None, availability: Availability, quantity: int | None
) -> None:
    listing = only(data(sku(availableAmount=amount)))
    assert (listing.availability, listing.quantity, listing.price) == (availability, quantity, Decimal(99_000))


@pytest.mark.parametrize(
    ("barcode", "gtin"),
    [
        (4_780_000_000_014, "4780000000014"),
        ("4006381333931", "4006381333931"),
        (4_006_381_333_932, None),
        (1_000_000_000_702, None),
        (None, None),
        (0, None),
    ],
)
def test_a_barcode_is_a_gtin_only_with_its_check_digit_and_not_uzums_own(barcode: object, gtin: str | None) -> None:
    assert only(data(sku(barcode=barcode))).gtin == gtin


@pytest.mark.parametrize(
    ("title", "kind", "field"),
    [
        ("Rang", None, "color"),
        ("Something", "COLOR", "color"),
        ("Размер", None, "size"),
        ("O\u2018lcham", None, "size"),
        ("O\u02bblcham", None, "size"),
    ],
)
def test_characteristics_fill_colour_and_size_by_their_titles(title: str, kind: str | None, field: str) -> None:
    characteristics = [{"title": title, "titleType": kind, "values": [{"title": "A"}, {"title": "B"}]}]
    assert getattr(only(data(characteristics=characteristics)), field) == "B"


def test_other_characteristics_are_attributes_and_indices_that_point_nowhere_are_left_out() -> None:
    characteristics = [{"title": "Iphone modeli", "titleType": None, "values": [{"title": "13"}]}]
    places = [{"charIndex": 0, "valueIndex": 0}, {"charIndex": 0, "valueIndex": 9}, {"charIndex": 4, "valueIndex": 0}]
    listing = only(data(sku(characteristics=[*places, {}, None]), characteristics=characteristics))
    assert listing.attributes["iphone_modeli"] == "13"
    assert (listing.color, listing.size) == (None, None)


def test_what_the_card_does_not_say_is_none() -> None:
    card = {"id": 7, "title": "x", "skuList": [{"id": 70, "purchasePrice": 5_000}]}
    listing = only(card)
    assert (listing.category, listing.seller, listing.description, listing.gtin, listing.quantity) == (None,) * 5
    assert listing.availability is Availability.UNKNOWN
    assert dict(listing.attributes) == {}
    assert listing.title == "x"


def test_counters_make_no_change_and_a_new_colour_does() -> None:
    before = only(data(ordersAmount=5, reviewsAmount=3, rating=4.5))
    after = only(data(ordersAmount=9, reviewsAmount=4, rating=4.6))
    assert before.attributes != after.attributes
    assert before.content_hash() == after.content_hash()
    assert only(data(sku(characteristics=[{"charIndex": 0, "valueIndex": 0}]))).content_hash() != before.content_hash()


def test_raw_control_characters_are_read_over() -> None:
    body = answer(data(description="<p>one</p>")).replace(b"one", b"on\x0b\x01\te")
    assert orjson.loads(answer(data()))
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body)
    reading = read(body)
    assert (reading.meaning, len(reading.listings)) == (PageMeaning.OK, 1)


# ---------------------------------------------------------------- records that are none


@pytest.mark.parametrize("price", [0, -5, "NaN", [], {}, True, 10**15, "79 990", 12.5])
def test_a_price_that_is_no_amount_costs_its_variant_only(price: object) -> None:
    reading = read(answer(data(sku(70), sku(71, purchasePrice=price), sku(72))))
    assert [one.sku for one in reading.listings] == ["70", "72"]
    (rejected,) = reading.rejected
    assert rejected.index == 1
    assert "purchasePrice" in rejected.reason
    assert reading.meaning is PageMeaning.OK


def test_a_variant_without_a_price_is_unpriced_and_never_a_listing_at_0() -> None:
    reading = read(answer(data(sku(70), sku(71, purchasePrice=None, availableAmount=0))))
    (offer,) = reading.unpriced
    assert (offer.external_id, offer.availability) == ("7-71", Availability.OUT_OF_STOCK)
    assert (len(reading.listings), reading.rejected) == (1, ())


def test_a_variant_without_its_number_is_rejected() -> None:
    nameless = sku(71)
    del nameless["id"]
    (rejected,) = read(answer(data(sku(70), nameless))).rejected
    assert "id" in rejected.reason


def test_a_card_none_of_whose_variants_can_be_read_means_that_the_service_changed() -> None:
    reading = read(answer(data(sku(70, purchasePrice="?"), sku(71, purchasePrice="?"))))
    assert (reading.meaning, len(reading.rejected)) == (PageMeaning.CHANGED, 2)


# ---------------------------------------------------------------- meanings

_CAPTCHA = b'<html><head></head><body><form id="checkbox-captcha-form" action="/checkcaptcha"></form></body></html>'


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b""),
        (404, b'{"payload": null, "errors": []}'),
        (410, b""),
        (200, answer(None)),
        (200, b'{"payload": {"data": null}}'),
        (200, answer(data(title=None, localizableTitle=None))),
        (200, answer(data(title=" ", localizableTitle={"uz": "", "ru": None}))),
        (200, answer(data(skuList=[]))),
    ],
)
def test_a_missing_product_is_told_by_any_of_its_signs(status: int, body: bytes) -> None:
    reading = read(body, status=status)
    assert (reading.meaning, reading.listings, reading.rejected) == (PageMeaning.GONE, (), ())
    assert reading.detail


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (401, b"", PageMeaning.UNAUTHORISED),
        (403, b"Forbidden", PageMeaning.BLOCKED),
        (429, b"", PageMeaning.THROTTLED),
        (503, b"", PageMeaning.THROTTLED),
        (500, b"", PageMeaning.BLOCKED),
        (0, b"ConnectTimeout", PageMeaning.BLOCKED),
        (200, _CAPTCHA, PageMeaning.BLOCKED),
        (200, b"<html><body>Uzum</body></html>", PageMeaning.CHANGED),
        (200, b"", PageMeaning.CHANGED),
        (200, b"{}", PageMeaning.CHANGED),
        (200, b'{"payload": 5}', PageMeaning.CHANGED),
        (200, b'{"payload": {}}', PageMeaning.CHANGED),
        (200, b'{"payload": {"data": []}}', PageMeaning.CHANGED),
        (200, b'{"payload": {"data": {}}}', PageMeaning.CHANGED),
        (200, b'{"payload": {"data": {"id": 5, "name": "x", "skuList": [{"id": 1}]}}}', PageMeaning.CHANGED),
        (200, b'{"payload": {"data": {"id": 5, "title": "x", "offers": []}}}', PageMeaning.CHANGED),
        (200, b'{"errors": [{"message": "UNAUTHENTICATED"}]}', PageMeaning.CHANGED),
        (400, b'{"payload": null}', PageMeaning.CHANGED),
        (200, b"[]", PageMeaning.EMPTY),
        (200, b"[1, 2]", PageMeaning.CHANGED),
    ],
)
def test_refusals_and_rebuilt_services_are_no_missing_products(status: int, body: bytes, meaning: PageMeaning) -> None:
    reading = read(body, status=status)
    assert reading.meaning is meaning
    assert reading.detail
    assert reading.listings == ()
