"""Etsy: recordings read by eye, eras by pattern, search addresses, requests as the contract wants them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.condition import Condition
from domain.listing import Availability
from domain.page import PageMeaning, PageReading
from domain.price_kind import PriceKind
from scrapers.contract import SearchUrlError
from scrapers.etsy.conditions import CONDITIONS, condition_of, kind_of, latest_year
from scrapers.etsy.reading import read_page, said_at
from scrapers.etsy.requests import batch_params, halves, search_params
from scrapers.etsy.search_url import SOURCE_NAME, parse_search_url, write_search_url
from scrapers.recorded import recorded
from tests.contracts import contract, faults_of_request
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


def test_a_kind_has_a_condition_only_where_it_leaves_no_other() -> None:
    def condition(**record: object) -> Condition:
        return condition_of(record, AT)

    assert condition(who_made="i_did", when_made="made_to_order") is Condition.NEW
    assert condition(who_made="collective", when_made="2020_2026") is Condition.NEW
    assert condition(who_made="i_did", when_made="1980s") is Condition.UNKNOWN
    assert condition(who_made="someone_else", when_made="1980s") is Condition.UNKNOWN
    assert condition(who_made="someone_else", when_made="made_to_order") is Condition.UNKNOWN
    assert condition(who_made="i_did", is_supply=True) is Condition.UNKNOWN
    assert condition(who_made=["i_did"], when_made={}) is Condition.UNKNOWN
    assert all(reason for _, reason in CONDITIONS.values())


def record(**fields: Any) -> dict[str, Any]:
    price = {"amount": 1250, "divisor": 100, "currency_code": "eur"}
    return {"listing_id": 12345, "title": "Cup", "price": price, **fields}


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        ({"amount": 1250, "divisor": 100, "currency_code": "EUR"}, "12.50"),
        ({"amount": 4800, "divisor": 1, "currency_code": "JPY"}, "4800"),
        ({"amount": 1, "divisor": 1000, "currency_code": "KWD"}, "0.001"),
        ({"amount": 0, "divisor": 100, "currency_code": "EUR"}, None),
        ({"amount": 100, "divisor": 3, "currency_code": "EUR"}, None),
        ({"amount": 12.5, "divisor": 1, "currency_code": "EUR"}, None),
        ({"amount": True, "divisor": 1, "currency_code": "EUR"}, None),
        ({"amount": 10**40, "divisor": 1, "currency_code": "EUR"}, None),
        ({"amount": 5, "divisor": 1, "currency_code": "EURO"}, None),
        ("12.50", None),
        (None, None),
    ],
)
def test_an_amount_is_divided_exactly_or_refused(price: object, amount: str | None) -> None:
    reading = read(json.dumps({"results": [record(price=price), record()]}).encode())
    assert [str(one.price) for one in reading.listings] == [*([amount] if amount else []), "12.50"]
    assert all(one.reason.startswith("price") for one in reading.rejected)


@pytest.mark.parametrize(
    "broken",
    [
        '{"listing_id": 1, "title": "\\ud800", "price": null}',
        '{"listing_id": 1e400, "title": "x"}',
        '{"listing_id": 123456789012345678901234567890, "title": "\\udfff"}',
        '[["\\ud83d"]]',
        "NaN",
    ],
)
def test_one_record_that_no_database_could_hold_never_costs_the_others(broken: str) -> None:
    reading = read(f'{{"count": 2, "results": [{json.dumps(record())}, {broken}]}}'.encode())
    assert (reading.meaning, len(reading.listings), len(reading.rejected)) == (PageMeaning.OK, 1, 1)


def test_a_text_is_kept_without_what_no_database_holds() -> None:
    body = json.dumps(record(title="Cup\x00 \ud800of &#39;tea&#39;", tags=["a\x00", 5])).encode()
    (listing,) = read(body).listings
    assert (listing.title, listing.attributes["tags"]) == ("Cup of 'tea'", "a")
    assert listing.content_hash()


def test_shop_and_seller_are_read_from_the_fuller_answer_without_changing_the_listing() -> None:
    shop = {"shop_name": "Old &amp; Good", "shop_location_country_iso": "de", "review_average": 4.876,
            "review_count": 91, "transaction_sold_count": 400, "login_name": "a-person"}  # fmt: skip
    thin = record(shop_id=7, who_made="someone_else", when_made="1980s")
    (before,) = read(json.dumps(thin).encode()).listings
    (after,) = read(json.dumps({**thin, "shop": shop}).encode()).listings
    completed = msgspec.structs.replace(before, country="DE")
    assert completed.content_hash() == after.content_hash(), "a search row and its batch are two sights of one offer"
    assert after.seller is not None
    assert (after.seller.external_id, after.seller.login, after.country) == ("7", "Old & Good", "DE")
    told = {name: after.attributes[name] for name in ("rating", "reviews", "orders")}
    assert told == {"rating": "4.88", "reviews": "91", "orders": "400"}
    assert "a-person" not in str(after)


def test_a_wall_in_place_of_json_is_blocked_and_damaged_json_is_changed() -> None:
    assert read(b"<html><body>Access denied</body></html>").meaning is PageMeaning.BLOCKED
    assert read(b'{"count": 5, "resul').meaning is PageMeaning.CHANGED


def test_a_recording_with_its_headers_says_when_it_was_made() -> None:
    assert said_at(recording("error_429_per_second_2021-08.json")) == datetime(2021, 8, 24, 18, 46, 23, tzinfo=UTC)
    assert said_at(recording("listing_v3_excerpt_2021-11.json")) is None
    assert said_at(b'{"headers": {"Date": "yesterday"}}') is None


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_to_an_answer_breaks_the_reading(data: st.DataObject) -> None:
    whole = record(who_made="i_did", when_made="1990s", url="https://x/", state="active", tags=["a"], quantity=1,
                   shop={"shop_name": "s"}, images=[{"rank": 1, "url_570xN": "https://x/"}],
                   original_creation_timestamp=5)  # fmt: skip
    junk = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=5),
                     st.lists(st.integers(), max_size=2),
                     st.dictionaries(st.text(max_size=3), st.none(), max_size=2))  # fmt: skip
    whole[data.draw(st.sampled_from(sorted(whole)))] = data.draw(junk)
    reading = read(json.dumps({"count": 2, "results": [whole, data.draw(junk)]}).encode())
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
        ("https://www.etsy.com/search?q=x&min=1,250", "min=1,250 is no amount"),
        ("https://www.etsy.com/search?q=x&min=90&max=20", "min=90 is more than max=20"),
        ("https://www.etsy.com/search/clothing/mens-clothing?q=x", "the category 'clothing/mens-clothing'"),
        ("https://www.etsy.com/search?q=x&locationQuery=2921044", "a place's number"),
        ("https://www.etsy.com/search?q=x&ship_to=DE&free_shipping=true", "ship_to=DE; free_shipping=true"),
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


@given(PARAMS, st.integers(0, 120), st.booleans())
@settings(max_examples=50, deadline=None)
def test_every_request_is_within_the_contract(params: dict[str, Any], page: int, ordered: bool) -> None:
    document = contract("etsy", "openapi_v3_2024-01.json")
    query = urlencode(search_params(params, offset=page * 100, ordered=ordered))
    assert faults_of_request(document, "/v3/application/listings/active", f"https://x/?{query}") == []
    query = urlencode(batch_params(str(number + 1) for number in range(100)))
    assert faults_of_request(document, "/v3/application/listings/batch", f"https://x/?{query}") == []


@pytest.mark.parametrize("offset", [-1, 12_001, 20_000])
def test_an_offset_that_etsy_refuses_is_never_sent(offset: int) -> None:
    with pytest.raises(ValueError, match="not between 0 and 12000"):
        search_params({"search_text": "x"}, offset=offset)


AMOUNTS = st.one_of(st.none(), st.decimals(0, 100_000, places=2))


@given(AMOUNTS, AMOUNTS)
def test_halves_of_a_price_range_leave_nothing_out_and_are_smaller(low: Decimal | None, high: Decimal | None) -> None:
    if low is not None and high is not None and low > high:
        low, high = high, low
    parts = halves((low, high))
    if not parts:
        assert high is not None
        assert high - (low or 0) <= 1
        return
    (first_low, cut), (also_cut, last_high) = parts
    assert (first_low, cut, last_high) == (low, also_cut, high)
    assert cut is not None
    assert (low or 0) < cut
    assert high is None or cut < high
