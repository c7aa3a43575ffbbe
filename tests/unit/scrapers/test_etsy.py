"""Etsy: recordings read by eye, eras by pattern, search addresses, requests as the contract wants them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.listing import Availability
from domain.page import PageMeaning, PageReading
from domain.price_kind import PriceKind
from scrapers.contract import SearchUrlError
from scrapers.etsy.conditions import kind_of, latest_year
from scrapers.etsy.reading import read_page
from scrapers.etsy.requests import search_params
from scrapers.etsy.search_url import SOURCE_NAME, parse_search_url, write_search_url
from scrapers.recorded import recorded
from tests.fixtures import fixture_path

AT = datetime(2026, 11, 21, tzinfo=UTC)


def read(body: bytes, status: int = 200) -> PageReading:
    return read_page(recorded(SOURCE_NAME, body, url="https://openapi.etsy.com/", status=status, fetched_at=AT))


def recording(name: str) -> bytes:
    return fixture_path("etsy", name).read_bytes()


def test_the_recorded_listing_is_read_whole() -> None:
    (listing,) = read(recording("listing_v3_excerpt_2021-11.json")).listings
    assert (listing.external_id, listing.price, listing.currency) == ("894818171", Decimal("39.99"), "USD")
    assert listing.price_kind is PriceKind.FROM, "the lowest over its variations"
    assert listing.listed_at == datetime.fromtimestamp(1603936721, UTC), "the renewal's time is not its age"
    assert listing.ends_at == datetime.fromtimestamp(1647052765, UTC)
    assert (listing.quantity, listing.favourite_count) == (968, 273)
    assert listing.availability is Availability.AVAILABLE
    assert (listing.attributes["kind"], listing.attributes["era"]) == ("handmade", "made_to_order")
    assert listing.attributes["materials"] == "ceramic, gold ribbon"


@pytest.mark.parametrize(
    ("name", "count"), [("legacy_v2_findAllShopListings.json", None), ("legacy_v2_getListing_includeImages.json", None)]
)
def test_recordings_of_the_old_api_are_read_for_what_is_in_them(name: str, count: int | None) -> None:
    results = json.loads(recording(name))["results"]
    reading = read(recording(name))
    assert reading.meaning is PageMeaning.OK
    assert len(reading.listings) == len(results)
    for raw, listing in zip(results, reading.listings, strict=True):
        assert (str(raw["listing_id"]), Decimal(raw["price"])) == (listing.external_id, listing.price)
        assert len(listing.image_urls) == len(raw.get("Images", ()))


@pytest.mark.parametrize(
    ("name", "status", "meaning"),
    [
        ("error_400_offset_above_12000_2022-01.json", 400, PageMeaning.EMPTY),
        ("error_403_shared_secret_required_2026-02.json", 403, PageMeaning.UNAUTHORISED),
        ("error_403_shared_secret_required_2026-02.json", 200, PageMeaning.UNAUTHORISED),
        ("error_429_per_second_2021-08.json", 200, PageMeaning.THROTTLED),
        ("openapi_v3_2024-01.json", 200, PageMeaning.CHANGED),
    ],
)
def test_other_recordings_have_their_meaning(name: str, status: int, meaning: PageMeaning) -> None:
    reading = read(recording(name), status)
    assert (reading.meaning, reading.listings) == (meaning, ())


def test_entities_are_undone_once() -> None:
    body = {
        "listing_id": 12345,
        "title": "you&#39;d &amp;amp; me",
        "price": {"amount": 5, "divisor": 1, "currency_code": "EUR"},
    }
    assert read(json.dumps(body).encode()).listings[0].title == "you'd &amp; me"


@pytest.mark.parametrize(
    ("when", "year"),
    [("2020_2024", 2024), ("2020_2026", 2026), ("2010_2019", 2019), ("2000_2006", 2006), ("before_2007", 2006),
     ("1990s", 1999), ("1800s", 1899), ("before_1700", 1699), ("made_to_order", None), ("soon", None)],
)  # fmt: skip
def test_an_era_is_read_by_pattern_whatever_the_year(when: str, year: int | None) -> None:
    assert latest_year(when) == year


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"who_made": "someone_else", "when_made": "1990s", "is_supply": False}, "vintage"),
        ({"who_made": "someone_else", "when_made": "2000_2006", "is_supply": False}, "vintage"),
        ({"who_made": "someone_else", "when_made": "2010_2019", "is_supply": False}, "resale"),
        ({"who_made": "someone_else", "when_made": "1990s", "is_supply": True}, "supply"),
        ({"who_made": "i_did", "when_made": "1990s"}, "handmade"),
        ({"who_made": None}, None),
    ],
)
def test_vintage_and_handmade_are_told_apart(record: dict[str, Any], kind: str | None) -> None:
    assert kind_of(record, AT) == kind


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_to_an_answer_breaks_the_reading(data: st.DataObject) -> None:
    record: dict[str, Any] = {
        "listing_id": 1, "title": "x", "price": {"amount": 100, "divisor": 100, "currency_code": "EUR"}, "tags": ["a"],
        "shop": {"shop_name": "s"}, "images": [{"rank": 1, "url_570xN": "u"}], "original_creation_timestamp": 5,
    }  # fmt: skip
    junk = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2),
                     st.dictionaries(st.text(max_size=3), st.none(), max_size=2))  # fmt: skip
    record[data.draw(st.sampled_from(sorted(record)))] = data.draw(junk)
    reading = read(json.dumps({"count": 2, "results": [record, data.draw(junk)]}).encode())
    assert len(reading.listings) + len(reading.rejected) == 2
    assert isinstance(read(data.draw(st.binary(max_size=50))), PageReading)


@pytest.mark.parametrize(
    ("url", "params"),
    [
        ("https://www.etsy.com/search?q=levis+501&ref=search_bar&order=date_desc&min=20&max=60",
         {"search_text": "levis 501", "order": "created", "price_from": "20", "price_to": "60"}),
        ("https://www.etsy.com/market/vintage_lamp", {"search_text": "vintage lamp"}),
        ("https://www.etsy.com/de/search?q=lampe&shop_location=Berlin",
         {"search_text": "lampe", "shop_location": "Berlin"}),
    ],
)  # fmt: skip
def test_pasted_addresses_are_understood(url: str, params: dict[str, str]) -> None:
    assert parse_search_url(url).params == params


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://www.etsy.com/search?q=x&is_vintage=true&attr_1=53", "is_vintage=true; attr_1=53"),
        ("https://www.etsy.com/search?q=x&min=cheap", "min=cheap is no amount"),
        ("https://www.etsy.com/listing/123456789/x", "not Etsy's search"),
        ("https://www.etsy.com/search", "searches for nothing"),
        ("https://www.example.com/search?q=x", "not an address of etsy.com"),
    ],
)
def test_what_is_not_understood_is_named(url: str, words: str) -> None:
    with pytest.raises(SearchUrlError, match=words):
        parse_search_url(url)


PARAMS = st.fixed_dictionaries(
    {"search_text": st.text("abcdefgh 1234", min_size=1).map(lambda t: " ".join(t.split())).filter(bool)},
    optional={
        "price_from": st.integers(1, 500).map(str),
        "price_to": st.integers(500, 9000).map(str),
        "taxonomy_id": st.integers(1, 9999).map(str),
        "shop_location": st.sampled_from(["Berlin", "New York, NY"]),
        "order": st.sampled_from(["created", "price_up", "price_down", "score"]),
    },
)


@given(PARAMS)
def test_an_address_written_and_read_again_is_the_same_search(params: dict[str, Any]) -> None:
    parsed = parse_search_url(write_search_url(params))
    assert (parsed.params, parsed.canonical_url) == (params, write_search_url(params))


@given(PARAMS, st.integers(0, 119))
@settings(max_examples=50, deadline=None)
def test_every_request_is_within_the_contract(params: dict[str, Any], page: int) -> None:
    contract = json.loads(fixture_path("etsy", "openapi_v3_2024-01.json").read_text())
    known = {
        one["name"]: one["schema"] for one in contract["paths"]["/v3/application/listings/active"]["get"]["parameters"]
    }
    for name, value in search_params(params, offset=page * 100):
        schema = known[name]
        assert "enum" not in schema or value in schema["enum"], (name, value)
        assert "maximum" not in schema or int(value) <= schema["maximum"]
