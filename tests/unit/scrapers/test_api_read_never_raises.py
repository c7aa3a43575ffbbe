"""eBay and Etsy: whatever happens to a recorded body, it is read without an error, and each record is accounted for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.page import PageMeaning, PageReading
from scrapers.ebay import reading as ebay_reading
from scrapers.etsy import reading as etsy_reading
from scrapers.recorded import recorded
from tests.fixtures import fixture_path

RECORDINGS = [
    ("ebay", "browse_search_q_iphone_2020-03.json"),
    ("ebay", "browse_get_item_2020-03.json"),
    ("ebay", "error_2001_too_many_requests_handcopied.json"),
    ("ebay", "oauth_error_invalid_client_2022-10.json"),
    ("etsy", "listing_v3_excerpt_2021-11.json"),
    ("etsy", "legacy_v2_findAllShopListings.json"),
    ("etsy", "error_429_per_second_2021-08.json"),
]
READERS = {"ebay": ebay_reading.read_page, "etsy": etsy_reading.read_page}
AT = datetime(2026, 11, 21, tzinfo=UTC)
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=8), st.just([]),
    st.just({}), st.just([[]]), st.just({"value": {}, "currency": []}),
)  # fmt: skip
RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(source: str, body: bytes, status: int = 200) -> PageReading:
    return READERS[source](recorded(source, body, url="https://api.example/", status=status, fetched_at=AT))


@pytest.mark.parametrize(("source", "name"), RECORDINGS)
@RELAXED
@given(data=st.data())
def test_damaged_bytes_are_read_without_an_error(source: str, name: str, data: st.DataObject) -> None:
    body = bytearray(fixture_path(source, name).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    reading = read(
        source, bytes(body[: data.draw(st.integers(0, len(body)))]), data.draw(st.sampled_from([0, 200, 503]))
    )
    assert reading.meaning is PageMeaning.OK or reading.detail


@pytest.mark.parametrize(("source", "name"), RECORDINGS)
@RELAXED
@given(data=st.data())
def test_a_value_of_another_type_anywhere_costs_at_most_its_own_record(
    source: str, name: str, data: st.DataObject
) -> None:
    document = json.loads(fixture_path(source, name).read_bytes())
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], (dict, list)) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(JUNK)
        break
    reading = read(source, json.dumps(document).encode())
    for listing in reading.listings:
        assert listing.price > 0
        assert listing.content_hash()
    whole = read(source, fixture_path(source, name).read_bytes())
    if reading.meaning is PageMeaning.OK is whole.meaning and isinstance(document.get("itemSummaries"), list):
        records = len(document["itemSummaries"])
        assert len(reading.listings) + len(reading.rejected) == records
        assert len(reading.rejected) <= 1
