"""eBay: recordings read by eye, search addresses, requests as the contract wants them, quota."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.condition import Condition
from domain.page import PageMeaning, PageReading
from domain.price_kind import PriceKind
from scrapers.contract import SearchUrlError
from scrapers.ebay.conditions import condition_of
from scrapers.ebay.quota import Quota, read_quota, share_of_day
from scrapers.ebay.reading import read_page
from scrapers.ebay.requests import search_params, split
from scrapers.ebay.search_url import parse_search_url, write_search_url
from scrapers.ebay.sites import SITES, SOURCE_NAME, site
from scrapers.recorded import recorded
from tests.contracts import contract, faults_of_request
from tests.fixtures import fixture_path

AT = datetime(2026, 11, 21, tzinfo=UTC)


def read(body: bytes, status: int = 200) -> PageReading:
    return read_page(recorded(SOURCE_NAME, body, url="https://api.ebay.com/", status=status, fetched_at=AT))


def recording(name: str) -> bytes:
    return fixture_path("ebay", name).read_bytes()


# ---------------------------------------------------------------- recordings


def test_a_recorded_search_is_read_whole() -> None:
    reading = read(recording("browse_search_iphone_bestmatch_2023-07.json"))
    assert reading.meaning is PageMeaning.OK
    assert (len(reading.listings), reading.rejected, reading.total_entries) == (100, (), 8532919)
    first = reading.listings[0]
    assert (first.external_id, first.price, first.currency) == (
        "v1|334691749565|543843548440",
        Decimal("189.99"),
        "USD",
    )
    assert first.url == "https://www.ebay.com/itm/334691749565?var=543843548440"
    assert (first.condition, first.condition_source_id, first.shipping_price) == (
        Condition.GOOD,
        "3000",
        Decimal("0.00"),
    )
    assert (first.country, first.group_id, first.price_kind) == ("US", "334691749565", PriceKind.FROM)
    kinds = Counter(listing.price_kind for listing in reading.listings)
    assert kinds == {PriceKind.FROM: 94, PriceKind.PRICE: 6}
    assert sum(listing.list_price is not None for listing in reading.listings) == 24
    assert all(listing.listed_at is not None for listing in reading.listings)


def test_calculated_shipping_without_a_cost_is_unknown_and_not_free() -> None:
    items = json.loads(recording("browse_search_q_iphone_2020-03.json"))["itemSummaries"]
    reading = read(recording("browse_search_q_iphone_2020-03.json"))
    assert len(reading.listings) == len(items) == 50
    for item, listing in zip(items, reading.listings, strict=True):
        costs = [option.get("shippingCost") for option in item.get("shippingOptions", [])]
        assert (listing.shipping_price is None) == (not any(costs))


def test_a_recorded_item_and_what_is_left_out_of_it() -> None:
    (listing,) = read(recording("browse_get_item_2020-03.json")).listings
    assert (listing.price, listing.currency, listing.brand, listing.color) == (
        Decimal("173.52"),
        "USD",
        "Apple",
        "Black",
    )
    assert listing.category == "Media Streamers"
    body = json.loads(recording("browse_get_item_2020-03.json"))
    body["seller"]["sellerLegalInfo"] = {
        "name": "Somebody Legal",
        "phone": "555",
        "sellerProvidedLegalAddress": {"x": "y"},
    }
    (again,) = read(json.dumps(body).encode()).listings
    assert again == listing


@pytest.mark.parametrize(
    ("name", "status", "meaning"),
    [
        ("oauth_error_invalid_client_2022-10.json", 401, PageMeaning.UNAUTHORISED),
        ("error_2001_too_many_requests_handcopied.json", 429, PageMeaning.THROTTLED),
        ("oauth_token_success_2020-03.json", 200, PageMeaning.EMPTY),
        ("buy_browse_v1_oas3.json", 200, PageMeaning.CHANGED),
    ],
)
def test_other_recordings_have_their_meaning(name: str, status: int, meaning: PageMeaning) -> None:
    reading = read(recording(name), status)
    assert (reading.meaning, reading.listings) == (meaning, ())


def test_warnings_on_a_200_are_a_failure_and_never_listings() -> None:
    body = json.loads(recording("browse_search_q_iphone_2020-03.json"))
    body["warnings"] = [{"errorId": 12002, "message": "Invalid filter: prise"}]
    reading = read(json.dumps(body).encode())
    assert (reading.meaning, reading.listings) == (PageMeaning.CHANGED, ())
    assert "Invalid filter: prise" in reading.detail


def test_a_search_without_results_leaves_its_list_out() -> None:
    assert read(b'{"href": "x", "total": 0, "limit": 200, "offset": 0}').meaning is PageMeaning.EMPTY


def test_a_current_bid_is_not_a_price() -> None:
    auction = {
        "itemId": "v1|1|0",
        "title": "Camera",
        "buyingOptions": ["AUCTION"],
        "currentBidPrice": {"value": "12.50", "currency": "EUR"},
        "price": {"value": "12.50", "currency": "EUR"},
        "bidCount": 3,
        "itemEndDate": "2026-11-22T10:00:00.000Z",
    }
    (listing,) = read(json.dumps({"total": 1, "itemSummaries": [auction]}).encode()).listings
    assert (listing.price_kind, listing.price) == (PriceKind.CURRENT_BID, Decimal("12.50"))
    assert not listing.price_kind.is_comparable
    assert listing.attributes["bids"] == "3"
    assert listing.ends_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    both = auction | {"buyingOptions": ["AUCTION", "FIXED_PRICE"], "price": {"value": "99.00", "currency": "EUR"}}
    (fixed,) = read(json.dumps({"total": 1, "itemSummaries": [both]}).encode()).listings
    assert (fixed.price_kind, fixed.price) == (PriceKind.PRICE, Decimal("99.00"))


def test_what_is_said_beside_a_good_item_does_not_cost_the_item() -> None:
    body = json.loads(recording("browse_get_item_2020-03.json"))
    body["warnings"] = [{"errorId": 11508, "message": "This seller is currently away."}]
    assert read(json.dumps(body).encode()).meaning is PageMeaning.OK
    body["warnings"].append({"errorId": 12002, "message": "x"})
    assert read(json.dumps(body).encode()).meaning is PageMeaning.CHANGED


@pytest.mark.parametrize(
    ("number", "status", "meaning"),
    [
        (1001, 401, PageMeaning.UNAUTHORISED),
        (2001, 429, PageMeaning.THROTTLED),
        (11001, 404, PageMeaning.GONE),
        (11006, 400, PageMeaning.EMPTY),
        (12029, 400, PageMeaning.CHANGED),
        (12034, 400, PageMeaning.CHANGED),
        (11000, 500, PageMeaning.BLOCKED),
        (12000, 503, PageMeaning.THROTTLED),
        ([1001], 400, PageMeaning.CHANGED),
    ],
)
def test_a_refusal_is_told_by_its_number(number: object, status: int, meaning: PageMeaning) -> None:
    reading = read(json.dumps({"errors": [{"errorId": number, "message": "Because."}]}).encode(), status)
    assert (reading.meaning, reading.listings) == (meaning, ())
    assert "Because." in reading.detail


@pytest.mark.parametrize(("status", "meaning"), [(401, "unauthorised"), (500, "blocked"), (429, "throttled")])
def test_a_token_endpoint_that_fails_is_not_taken_for_wrong_credentials(status: int, meaning: str) -> None:
    assert read(b'{"error": "server_error", "error_description": "x"}', status).meaning == meaning


def test_a_wall_in_place_of_json_is_blocked_and_damaged_json_is_changed() -> None:
    assert read(b"<HTML><BODY>Access Denied</BODY></HTML>").meaning is PageMeaning.BLOCKED
    assert read(b'{"total": 3, "itemSumm').meaning is PageMeaning.CHANGED


ITEM: dict[str, Any] = {"itemId": "v1|1|0", "title": "x", "price": {"value": "1.00", "currency": "EUR"}}


@pytest.mark.parametrize(
    "broken",
    [
        '{"itemId": "v1|2|0", "title": "\\ud800"}',
        '{"itemId": "v1|\\udfff|0", "title": "x", "price": {"value": "1", "currency": "EUR"}}',
        '{"itemId": "v1|2|0", "title": "x", "price": {"value": "1_000", "currency": "EUR"}}',
        '{"itemId": "v1|2|0", "title": "x", "price": {"value": "\u0663", "currency": "EUR"}}',
        '{"itemId": "v1|2|0", "title": "x", "price": {"value": "1E5", "currency": "EUR"}}',
        '{"itemId": "v1|2|0", "title": "x", "price": {"value": "9", "currency": "\u00e9\u00e9\u00e9"}}',
        "[1e400]",
    ],
)
def test_one_record_that_no_database_could_hold_never_costs_the_others(broken: str) -> None:
    reading = read(f'{{"total": 2, "itemSummaries": [{json.dumps(ITEM)}, {broken}]}}'.encode())
    assert (reading.meaning, len(reading.listings), len(reading.rejected)) == (PageMeaning.OK, 1, 1)


def test_a_field_that_does_not_matter_never_costs_a_listing() -> None:
    odd = ITEM | {
        "title": "Cup\x00 \ud800",
        "itemCreationDate": "9999-12-31T23:59:59-14:00",
        "gtin": "Does not apply",
        "bidCount": 10**30,
        "itemLocation": {"country": "Germany"},
        "itemWebUrl": "javascript:/itm/1",
    }
    (listing,) = read(json.dumps({"total": 1, "itemSummaries": [odd]}).encode()).listings
    assert (listing.title, listing.listed_at, listing.gtin, listing.country) == ("Cup", None, None, None)
    assert (listing.url, dict(listing.attributes)) == ("https://www.ebay.com/itm/1", {})
    assert listing.content_hash()


def test_every_condition_id_has_its_reason_and_an_unknown_one_no_grade() -> None:
    ids = (
        "1000",
        "1500",
        "1750",
        "2000",
        "2010",
        "2020",
        "2030",
        "2500",
        "2750",
        "3000",
        "4000",
        "5000",
        "6000",
        "7000",
    )
    assert all(condition_of(one) is not Condition.UNKNOWN for one in ids)
    assert condition_of("8123") is condition_of(None) is Condition.UNKNOWN


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_to_an_answer_breaks_the_reading(data: st.DataObject) -> None:
    item: dict[str, Any] = {
        "itemId": "v1|1|0", "title": "x", "price": {"value": "1.00", "currency": "EUR"}, "seller": {"username": "u"},
        "shippingOptions": [{"shippingCost": {"value": "1", "currency": "EUR"}}], "buyingOptions": ["FIXED_PRICE"],
    }  # fmt: skip
    junk = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=5),
                     st.lists(st.integers(), max_size=2),
                     st.dictionaries(st.text(max_size=3), st.none(), max_size=2))  # fmt: skip
    item[data.draw(st.sampled_from(sorted(item)))] = data.draw(junk)
    reading = read(json.dumps({"total": 1, "itemSummaries": [item, data.draw(junk)]}).encode())
    assert len(reading.listings) + len(reading.rejected) == 2
    assert isinstance(read(data.draw(st.binary(max_size=50))), PageReading)


# ---------------------------------------------------------------- search addresses


def test_a_pasted_address_is_understood() -> None:
    parsed = parse_search_url(
        "https://www.ebay.de/sch/i.html?_from=R40&_nkw=rtx+3090&_sacat=27386&LH_ItemCondition=3000%7C1000&_udlo=200"
        "&_udhi=700%2C50&LH_BIN=1&_sop=10&rt=nc&LH_PrefLoc=1"
    )
    assert (parsed.country, parsed.currency) == ("de", "EUR")
    assert parsed.params == {
        "search_text": "rtx 3090",
        "category_ids": "27386",
        "condition_ids": ["1000", "3000"],
        "price_from": "200",
        "price_to": "700.5",
        "buying_options": ["FIXED_PRICE"],
        "sort": "newlyListed",
        "located": "home",
    }


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://www.ebay.de/sch/i.html?_nkw=x&LH_Sold=1", "sold listings"),
        ("https://www.ebay.de/sch/i.html?_nkw=x&Storage%20Capacity=64&Network=y", "Storage Capacity; Network"),
        ("https://www.ebay.de/sch/i.html?_nkw=x&_udlo=abc", "_udlo=abc is no amount"),
        ("https://www.ebay.de/itm/123456789012", "not eBay's search"),
        ("https://www.ebay.de/sch/i.html?_nkw=x&Brand=Sony", "Brand without a category"),
        ("https://www.ebay.de/sch/i.html?_nkw=x&_sacat=1&Brand=A%2CB", "bracket or comma"),
        ("https://www.ebay.de/sch/i.html?_nkw=x&LH_ItemCondition=4", "four digits"),
        ("https://www.ebay.de/sch/i.html?_nkw=levi*", "no wildcard"),
        ("https://www.ebay.de/sch/i.html?_nkw=x&_sop=7", "_sop=7"),
        ("https://www.ebay.de/sch/i.html?_nkw=x&_udlo=9&_udhi=5", "_udlo=9 is more than _udhi=5"),
        ("https://www.ebay.de/sch/i.html?_nkw=x&_saslop=2", "_saslop=2 without"),
        ("https://www.ebay.de/sch/i.html?_nkw=%00", "searches for nothing"),
        ("https://www.ebay.de/sch/i.html?_sop=10", "searches for nothing"),
        ("https://www.ebay.xx/sch/i.html?_nkw=x", "not an address of an eBay site"),
    ],
)
def test_what_is_not_understood_is_named(url: str, words: str) -> None:
    with pytest.raises(SearchUrlError, match=words):
        parse_search_url(url)


PARAMS = st.fixed_dictionaries(
    {"search_text": st.text("abcdefgh 1234", min_size=1).map(lambda t: " ".join(t.split())).filter(bool)},
    optional={
        "category_ids": st.integers(1, 99999).map(str),
        "price_from": st.integers(1, 500).map(str),
        "price_to": st.integers(500, 9000).map(str),
        "condition_ids": st.lists(st.sampled_from(["1000", "1500", "3000"]), min_size=1, unique=True).map(sorted),
        "buying_options": st.lists(st.sampled_from(["AUCTION", "FIXED_PRICE"]), min_size=1, unique=True).map(sorted),
        "in_description": st.just("1"),
        "sort": st.sampled_from(["newlyListed", "price", "-price", "endingSoonest"]),
        "located": st.just("home"),
        "free_shipping": st.just("1"),
    },
)


NAMES = st.lists(st.text("abc", min_size=1), min_size=1, unique=True).map(sorted)
PARAMS = st.builds(
    lambda params, more: params | more,
    PARAMS,
    st.one_of(
        st.just({}),
        st.builds(lambda names: {"sellers": names}, NAMES),
        st.builds(lambda names: {"excluded_sellers": names}, NAMES),
        st.builds(lambda names: {"brands": names, "category_ids": "257"}, NAMES),
    ),
)


@given(PARAMS, st.sampled_from(sorted(SITES)))
def test_an_address_written_and_read_again_is_the_same_search(params: dict[str, Any], country: str) -> None:
    url = write_search_url(site(country), params)
    parsed = parse_search_url(url)
    assert (parsed.params, parsed.country, parsed.canonical_url) == (params, country, url)


# ---------------------------------------------------------------- requests


@given(PARAMS, st.sampled_from(sorted(SITES)), st.integers(0, 49))
@settings(max_examples=50, deadline=None)
def test_every_request_is_within_the_contract(params: dict[str, Any], country: str, page: int) -> None:
    document = contract("ebay", "buy_browse_v1_oas3.json")
    pairs = dict(search_params(params, site(country), offset=page * 200))
    assert faults_of_request(document, "/item_summary/search", f"https://x/?{urlencode(pairs)}") == []
    (filter_,) = [
        one for one in document["paths"]["/item_summary/search"]["get"]["parameters"] if one["name"] == "filter"
    ]
    known = set(re.findall(r"html#(\w+)", filter_["description"]))
    asked = re.findall(r"(?:^|,)(\w+):", re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", pairs["filter"]))
    assert set(asked) <= known
    assert (int(pairs["limit"]), int(pairs["offset"]) % 200) == (200, 0)
    assert "q" in pairs or "category_ids" in pairs
    assert "buyingOptions" in asked
    assert ("price" in asked) == ("priceCurrency" in asked)
    assert ("aspect_filter" in pairs) == ("brands" in params)


@pytest.mark.parametrize("offset", [1, 100, -200, 10_000, 10_200])
def test_an_offset_that_the_api_refuses_is_never_sent(offset: int) -> None:
    with pytest.raises(ValueError, match="multiple of 200"):
        search_params({"search_text": "x"}, site("de"), offset=offset)


@given(st.decimals(0, 10_000, places=2), st.one_of(st.none(), st.decimals(0, 100_000, places=2)))
def test_halves_of_a_price_range_leave_no_cent_out_and_none_twice(low: Decimal, high: Decimal | None) -> None:
    if high is not None and high < low:
        low, high = high, low
    halves = split(low, high)
    if not halves:
        assert high is not None
        assert high - low < 1 or high <= Decimal("0.02")
        return
    (first_low, first_high), (second_low, second_high) = halves
    assert (first_low, second_high) == (low, high)
    assert first_high is not None
    assert second_low == first_high + Decimal("0.01")
    assert low <= first_high


def test_the_quota_is_shared_out_over_the_day() -> None:
    body = {"rateLimits": [{"apiName": "Browse", "resources": [{"rates": [
        {"limit": 5000, "remaining": 720, "reset": "2026-11-22T00:00:00.000Z", "timeWindow": 86400}]}]}]}  # fmt: skip
    quota = read_quota(json.dumps(body).encode())
    assert quota == Quota(limit=5000, remaining=720, reset=datetime(2026, 11, 22, tzinfo=UTC))
    assert share_of_day(quota, AT, 600) == 5
    assert share_of_day(quota, AT + timedelta(hours=23, minutes=50), 600) == 720
    assert read_quota(b"{") is None
    spent = Quota(limit=5000, remaining=0, reset=AT)
    assert share_of_day(spent, AT, 600) == 0
