"""Every recorded Vinted file parses to the values that one reads in it."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal

from domain.condition import Condition
from domain.listing import Availability, Seller
from domain.page import PageMeaning
from scrapers.vinted.reading import read_page
from scrapers.vinted.recorded import recorded_page
from tests.fixtures import fixture_path
from tests.unit.scrapers import pages


def test_the_old_service_of_september_2026_gives_three_converted_listings():
    reading = read_page(pages.recorded(pages.CATALOG_JSON))
    assert reading.meaning is PageMeaning.OK
    assert reading.rejected == ()
    assert (reading.total_entries, reading.total_pages) == (960, 320)
    assert [listing.external_id for listing in reading.listings] == ["9921566151", "9921532350", "9921528874"]
    assert [listing.position for listing in reading.listings] == [1, 2, 3]
    assert [len(listing.image_urls) for listing in reading.listings] == [4, 6, 6]
    first, second, third = reading.listings
    assert first.title == "Patagonia Manoa Floral Synchilla Pullover small"
    assert first.url == "https://www.vinted.co.uk/items/9921566151-patagonia-manoa-floral-synchilla-pullover-small"
    assert (first.price, first.currency) == (Decimal("56.02"), "GBP")
    assert (first.fee, first.total_price) == (Decimal("3.5"), Decimal("59.52"))
    assert (first.original_price, first.original_currency) == (Decimal("75.0"), "USD")
    assert (first.brand, first.size, first.color, first.category) == ("Patagonia", "S / UK 8-10", None, None)
    assert (first.condition, first.condition_label) == (Condition.VERY_GOOD, "Very good")
    assert first.seller is not None
    assert first.seller.external_id == "3181480552"
    assert first.seller.is_business is False
    assert first.image_urls[0] == (
        "https://images1.vinted.net/t/05_0262c_ioTj1HPsezvhCXivRE6KbKb8/f800/1788791194.jpeg?s=REDACTED"
    )
    assert first.listed_at == datetime.fromtimestamp(1788791194, tz=UTC)
    assert (first.favourite_count, first.view_count) == (1, 0)
    assert first.availability is Availability.AVAILABLE
    assert second.title == "Patagonia Synchilla Timber Twist Pullover small"
    assert (second.price, second.fee, second.total_price) == (Decimal("56.02"), Decimal("3.5"), Decimal("59.52"))
    assert second.favourite_count == 0
    assert second.listed_at == datetime.fromtimestamp(1788791028, tz=UTC)
    assert third.title == "Patagonia Better Sweater Vest Mens M Dark Borealis Green Fleece Outdoor Hiking"
    assert (third.price, third.fee, third.total_price) == (Decimal("29.87"), Decimal("2.19"), Decimal("32.06"))
    assert (third.original_price, third.original_currency) == (Decimal("39.99"), "USD")
    assert (third.size, third.condition, third.condition_label) == ("M", Condition.GOOD, "Good")
    assert third.seller is not None
    assert third.seller.external_id == "290016208"
    assert third.favourite_count == 12


def test_the_search_of_2023_gives_its_price_as_text_and_a_placeholder_id():
    (listing,) = read_page(pages.recorded(pages.CATALOG_JSON_2023)).listings
    assert listing.external_id == "item id"
    assert listing.title == "a game "
    assert (listing.price, listing.currency) == (Decimal("4.5"), "USD")
    assert (listing.fee, listing.total_price) == (Decimal("0.93"), Decimal("5.43"))
    assert (listing.brand, listing.size) == ("NO LABEL", None)
    assert (listing.condition, listing.condition_label) == (Condition.UNKNOWN, None)
    assert listing.seller == Seller(external_id="user id", login="username", is_business=False)
    assert listing.url == "https://www.fakeurl.com/item/item_id"
    assert listing.image_urls == ("https://www.fakeurl.com/a.jpg",)
    assert listing.favourite_count == 4
    assert listing.listed_at == datetime.fromtimestamp(1696452426, tz=UTC)


def test_the_details_of_2025_give_text_prices_and_the_condition_by_id_and_label():
    reading = read_page(pages.recorded(pages.DETAILS_JSON))
    (listing,) = reading.listings
    assert (reading.meaning, reading.rejected) == (PageMeaning.OK, ())
    assert (listing.external_id, listing.title, listing.description) == ("6854891835", "a game", "No box")
    assert (listing.price, listing.currency) == (Decimal("3.0"), "USD")
    assert (listing.fee, listing.total_price) == (Decimal("0.85"), Decimal("3.85"))
    assert listing.condition is Condition.VERY_GOOD
    assert (listing.condition_label, listing.condition_source_id) == ("Very good", "2")
    assert (listing.brand, listing.size, listing.color) == ("Brand title", None, None)
    assert listing.seller == Seller(external_id="281750880", login="username", is_business=False)
    assert (listing.url, listing.image_urls) == ("https://fakeurl.com/", ("https://fakeurl.com/a.jpeg",))
    assert listing.availability is Availability.AVAILABLE
    assert listing.listed_at == datetime.fromtimestamp(1754962318, tz=UTC)


def test_the_catalogue_page_gives_three_rows():
    raw = pages.recorded(pages.CATALOG_HTML)
    reading = read_page(raw)
    assert raw.url == "https://www.vinted.nl/catalog?search_text=rtx+3090"
    assert (reading.meaning, reading.rejected) == (PageMeaning.OK, ())
    card, block, shirt = reading.listings
    assert (card.external_id, card.title) == ("9903695264", "RTX 3090 (hs)")
    assert card.url == "https://www.vinted.nl/items/9903695264-rtx-3090-hs"
    assert (card.price, card.total_price, card.currency) == (Decimal("450.00"), Decimal("473.20"), "EUR")
    assert (card.brand, card.size) == ("MSI", None)
    assert (card.condition, card.condition_label) == (Condition.GOOD, "Goed")
    assert card.favourite_count == 22
    (picture,) = card.image_urls
    assert picture.startswith(
        "https://images1.vinted.net/t/06_01cd9_a9jH7UD1LhmoXYzjnorfke2Q/310x430/0d7ea89f.webp?s=d0b1"
    )
    assert (card.seller, card.listed_at, card.fee, card.position) == (None, None, None, 1)
    assert block.external_id == "9921776649"
    assert block.title == "Raijintek Samos NV3090 RBW Waterblock RTX 3090 / 3090 Ti \u2013 Nuovo"
    assert (block.price, block.total_price) == (Decimal("35.00"), Decimal("37.45"))
    assert (block.brand, block.condition) == ("Raijintek", Condition.NEW)
    assert block.favourite_count == 0
    assert (shirt.external_id, shirt.title, shirt.brand) == ("7881532373", "Wandelshirt", None)
    assert (shirt.size, shirt.condition_label) == ("L / 40 / 12", "Nieuw zonder prijskaartje")
    assert (shirt.price, shirt.total_price) == (Decimal("3.00"), Decimal("3.85"))


def test_the_item_page_gives_its_schema_org_block():
    raw = pages.recorded(pages.ITEM_HTML)
    (listing,) = read_page(raw).listings
    assert raw.url.startswith("https://www.vinted.nl/items/9649359254-")
    assert listing.external_id == "9649359254"
    assert listing.title == "TT Gaming Riser Cable PCI-E 3.03.0 X16 Riser Cable 200mm"
    assert listing.description == "Werkt perfect\n200mm"
    assert (listing.price, listing.currency, listing.total_price) == (Decimal(15), "EUR", None)
    assert (listing.brand, listing.color, listing.category) == ("Thermaltake", None, "Elektronica Grafische kaarten")
    assert (listing.condition, listing.condition_label) == (Condition.UNKNOWN, "UsedCondition")
    assert listing.availability is Availability.AVAILABLE
    assert len(listing.image_urls) == 1


def test_the_recorded_refusals_keep_their_status_and_meaning():
    expired, withdrawn = pages.recorded(pages.ERROR_401), pages.recorded(pages.ERROR_404)
    assert (expired.status, read_page(expired).meaning) == (401, PageMeaning.UNAUTHORISED)
    assert (withdrawn.status, read_page(withdrawn).meaning) == (404, PageMeaning.GONE)


def test_a_gzipped_recording_is_the_same_page():
    plain = fixture_path("vinted", pages.CATALOG_JSON).read_bytes()
    packed = recorded_page(gzip.compress(plain), fetched_at=pages.NOON)
    assert packed == recorded_page(plain, fetched_at=pages.NOON)
    assert packed.url == "https://www.vinted.co.uk/"
    assert packed.content_type == "application/json"


def test_a_given_address_wins_over_a_guessed_one():
    raw = recorded_page(b"{}", url="https://www.vinted.pl/x", fetched_at=pages.NOON)
    assert raw.url == "https://www.vinted.pl/x"


def test_bytes_that_only_look_like_gzip_are_kept_and_read_as_changed():
    raw = recorded_page(b"\x1f\x8bnot gzip at all", fetched_at=pages.NOON)
    assert raw.url == "https://www.vinted.fr/"
    assert read_page(raw).meaning is PageMeaning.CHANGED
