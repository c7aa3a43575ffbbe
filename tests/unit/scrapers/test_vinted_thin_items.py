"""The search service of September 2026 names brand, size and condition only inside the card's lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.condition import Condition
from domain.listing import Availability, Listing
from domain.page import PageMeaning
from scrapers.vinted.records import read_label, written_price
from tests.unit.scrapers import pages


def _one(**changes: object) -> Listing:
    (listing,) = pages.read(pages.search_body(pages.thin_item(1, **changes))).listings
    return listing


def _box(first: str | None, second: str | None, label: str | None = None) -> dict[str, object]:
    return {"item_box": {"first_line": first, "second_line": second, "accessibility_label": label}}


def test_brand_size_and_condition_come_from_the_card():
    listing = _one()
    assert (listing.brand, listing.size) == ("Levi's", "W32")
    assert (listing.condition, listing.condition_label) == (Condition.VERY_GOOD, "Très bon état")
    assert listing.url == "https://www.vinted.fr/items/10000000001-jean-droit"
    assert listing.listed_at is None


@pytest.mark.parametrize(
    ("second", "size", "condition"),
    [
        ("M · Very good", "M", Condition.VERY_GOOD),
        ("Very good · M", "M", Condition.VERY_GOOD),
        ("Very good", None, Condition.VERY_GOOD),
        ("M", "M", Condition.UNKNOWN),
        ("L / 40 / 12 · Nieuw zonder prijskaartje", "L / 40 / 12", Condition.NEW),
        ("38 · Nowy z metką", "38", Condition.NEW_WITH_TAGS),
        ("", None, Condition.UNKNOWN),
        (None, None, Condition.UNKNOWN),
        ("S · Ĝis nun nekonata", "S", Condition.UNKNOWN),
    ],
)
def test_the_second_line_is_told_apart_by_content(second: str | None, size: str | None, condition: Condition):
    listing = _one(**_box("Nike", second))
    assert (listing.size, listing.condition) == (size, condition)


def test_a_first_line_that_repeats_the_title_is_no_brand():
    assert _one(title="Wandelshirt", **_box("Wandelshirt", "M")).brand is None


def test_a_brand_equal_to_the_title_is_one_where_the_label_says_so():
    label = "Nike, marque: Nike, état: Bon état, 20.00 €, 21.70 €"
    assert _one(title="Nike", **_box("Nike", "Bon état", label)).brand == "Nike"


def test_relative_addresses_of_a_sandbox_stay_in_the_sandbox():
    base = "http://127.0.0.1:8008/vinted/co.uk"
    (listing,) = pages.read(
        pages.search_body(pages.thin_item(1)), url=f"{base}/api/svc-catalogue/items?page=1"
    ).listings
    assert listing.url == f"{base}/www/items/10000000001-jean-droit"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//evil.example/x", "http://[", "", "ftp://x/y"])
def test_an_address_that_is_no_web_address_is_replaced_by_the_items_own(address: str):
    listing = _one(url=address)
    assert listing.url.startswith(("https://www.vinted.fr/items/10000000001", "https://evil.example/x"))


@pytest.mark.parametrize(
    ("fields", "availability"),
    [
        ({}, Availability.AVAILABLE),
        ({"is_reserved": True}, Availability.RESERVED),
        ({"is_closed": True, "item_closing_action": "sold"}, Availability.SOLD),
        ({"item_closing_action": "sold"}, Availability.SOLD),
        ({"is_closed": True}, Availability.GONE),
    ],
)
def test_availability_is_read_from_the_closing_fields(fields: dict[str, object], availability: Availability):
    assert _one(**fields).availability is availability


def test_a_missing_total_is_the_price_and_the_fee():
    assert _one(total_item_price=None).total_price == Decimal("21.7")


def test_an_empty_search_is_empty_and_not_changed():
    reading = pages.read(pages.search_body(pagination={"total_entries": 0, "total_pages": 0}))
    assert (reading.meaning, reading.total_entries) == (PageMeaning.EMPTY, 0)


@pytest.mark.parametrize(
    ("text", "site", "expected"),
    [
        ("€ 1299,00", "EUR", ("1299.00", "EUR")),
        ("€\u00a0450,00", "EUR", ("450.00", "EUR")),
        ("473,20\u00a0€", "EUR", ("473.20", "EUR")),
        ("£1,299.00", "GBP", ("1299.00", "GBP")),
        ("4829.82 Kč", "CZK", ("4829.82", "CZK")),
        ("4 829,82 Kč", "CZK", ("4829.82", "CZK")),
        ("120,00 zł", "PLN", ("120.00", "PLN")),
        ("1.299 €", "EUR", ("1299", "EUR")),
        ("250 kr", "SEK", ("250", "SEK")),
        ("250,00 kr.", "DKK", ("250.00", "DKK")),
        ("5000 Ft", "HUF", ("5000", "HUF")),
        ("$ 20.00", "USD", ("20.00", "USD")),
        ("20.00 EUR", "EUR", ("20.00", "EUR")),
        ("NaN €", "EUR", None),
        ("12", "EUR", None),
        ("€ 12 34,56,78", "EUR", ("123456.78", "EUR")),
        ("-5 €", "EUR", None),
        ("", "EUR", None),
    ],
)
def test_written_prices_are_read_in_every_sites_way(text: str, site: str, expected: tuple[str, str] | None):
    price = written_price(text, site)
    assert (None if price is None else (str(price.amount), price.currency)) == expected


@pytest.mark.parametrize(
    ("label", "known", "parts"),
    [
        (
            "RTX 3090 (hs), Merk: MSI, Staat: Goed, 450.00 €, 473.20 €",
            ("MSI", "Goed"),
            ("RTX 3090 (hs)", "MSI", None, "Goed"),
        ),
        (
            "Robe, noire, longue, marque: Zara, 5.00 €, 5.95 €",
            ("Zara",),
            ("Robe, noire, longue", "Zara", None, None),
        ),
        (
            "Jeans, Marke: Nike, Zustand: Neu, mit Etikett, 20.00 €, 21.70 €",
            ("Nike",),
            ("Jeans", "Nike", None, "Neu, mit Etikett"),
        ),
        ("Jeans: Good, 20.00 €, 21.70 €", ("M",), ("Jeans: Good", None, None, None)),
        ("Game: 12, good, 3.00 €, 3.85 €", (), ("Game: 12, good", None, None, None)),
        (
            "Shirt, size: M, nice, brand: A, B, condition: Good, £5.00, £5.95 includes Buyer Protection",
            ("A, B", "Good"),
            ("Shirt, size: M, nice", "A, B", None, "Good"),
        ),
        (
            "Sold for 35.00 €, now less, 20.00 €, 21.70 €",
            (),
            ("Sold for 35.00 €, now less", None, None, None),
        ),
        (
            "Uhr  mit  Band, Značka: Garmin, Stav: Dobrý, Velikost: 39-42 mm, 979.37 Kč, 1046.34 Kč",
            ("Garmin", "39-42 mm · Dobrý", "39-42 mm", "Dobrý"),
            ("Uhr  mit  Band", "Garmin", "39-42 mm", "Dobrý"),
        ),
    ],
)
def test_labels_are_taken_apart_from_their_end(label: str, known: tuple[str, ...], parts: tuple[str | None, ...]):
    found = read_label(label, "CZK" if "Kč" in label else "EUR", known)
    assert (found.title, found.brand, found.size, found.condition) == parts
    assert found.price is not None
    assert found.total is not None
    assert found.total.amount > found.price.amount
