"""Whatever the bytes: ``read`` answers, amounts are exact, and nothing that cannot be stored comes out of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.money import MAX_AMOUNT
from domain.page import PageReading
from scrapers.uzex.recorded import recorded_page
from scrapers.uzex.values import ValueReadError, identity, loads, optional_number, plain, text
from tests.fixtures import fixture_path
from tests.unit.scrapers.retail import unguarded
from tests.unit.scrapers.test_uzex_fixtures import ALL_FILES, PRODUCTS, PRODUCTS_URL
from tests.unit.scrapers.uzex_pages import deal, detail_url, item, list_url, page, shop

_SLOW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
_URLS = (
    list_url(),
    list_url("shop", "not_completed"),
    list_url("national", "completed"),
    list_url("tender", "open"),
    list_url("tender", "completed"),
    detail_url(),
    detail_url(lot_type="tender", status="open"),
    "https://example.org/[",
    "",
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def _sound(reading: PageReading) -> None:
    for listing in reading.listings:
        assert isinstance(listing.price, Decimal)
        assert 0 < listing.price <= MAX_AMOUNT
        assert len(listing.currency) == 3
        assert listing.title
    for lot in reading.lots:
        assert lot.external_id
        for amount in (lot.start_price, lot.deal_price, *(one.unit_price for one in lot.items)):
            assert amount is None or (isinstance(amount, Decimal) and 0 <= amount <= MAX_AMOUNT)


@given(st.binary(max_size=300), st.sampled_from(_URLS), st.sampled_from([0, 200, 204, 401, 403, 404, 429, 500, 503]))
def test_any_bytes_are_read(body: bytes, url: str, status: int) -> None:
    _sound(unguarded("uzex")(page(body, url, status)))


@given(
    st.sampled_from([deal, item, shop]),
    st.dictionaries(st.sampled_from([*deal(), *item(), *shop()]), _JSON, max_size=5),
    st.sampled_from(_URLS),
    st.booleans(),
)
@settings(deadline=None)
def test_a_mutated_record_costs_at_most_itself(make: Any, spoilt: dict[str, Any], url: str, is_card: bool) -> None:
    records: list[object] = [make(), {**make(), **spoilt}]
    document: object = {"js_details": records, **spoilt} if is_card else records
    _sound(unguarded("uzex")(page(json.dumps(document), url)))


@_SLOW
@given(st.data())
@pytest.mark.parametrize("name", ALL_FILES)
def test_a_mutated_recording_is_read(name: str, data: st.DataObject) -> None:
    body = bytearray(fixture_path("uzex", name).read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)) | st.just(len(body)))
    url = PRODUCTS_URL if name == PRODUCTS else None
    _sound(unguarded("uzex")(recorded_page(bytes(body[:cut]), url=url, fetched_at=datetime(2026, 1, 1, tzinfo=UTC))))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'[{"lot_id": 1' + b"0" * 5000 + b"}]",
        b'[{"lot_id": 7, "deal_cost": 1e999999999}]',
        b'[{"lot_id": 7, "deal_cost": 1e-999999999}]',
        b'[{"lot_id": 7, "deal_cost": Infinity}]',
        b'[{"lot_id": 1e999999999}]',
        b'[{"lot_id": 7, "pcp_count": 1e999999999, "rn": 1e99999999, "total_count": 1e99999999}]',
        b'[{"lot_id": 7, "customer_name": "\\ud800", "customer_inn": "200000001"}]',
        b'[{"lot_id": 7, "lot_end_date": "0001-01-01T00:00:00", "deal_date": "9999-12-31T23:59:59"}]',
    ],
)
def test_hostile_numbers_texts_and_times_are_read(body: bytes) -> None:
    _sound(unguarded("uzex")(page(body)))


# ---------------------------------------------------------------- money and texts


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_an_amount_with_two_decimals_is_read_to_the_cent(amount: Decimal) -> None:
    (number,) = loads(f"[{amount}]".encode())  # type: ignore[misc]  # a list of one
    assert optional_number(number, "price") == amount


@given(st.decimals(min_value=0, max_value=MAX_AMOUNT, allow_nan=False, places=4))
def test_a_plain_number_is_the_same_number_without_exponent(amount: Decimal) -> None:
    assert plain(amount) == amount
    assert "E" not in str(plain(amount)) or not plain(amount)


@given(st.one_of(st.booleans(), st.text(), st.lists(st.integers()), st.floats()))
def test_what_is_no_exact_number_is_no_amount(value: object) -> None:
    with pytest.raises(ValueReadError, match="price: "):
        optional_number(value, "price")


@given(st.text())
def test_a_text_is_single_spaced_and_storable(written: str) -> None:
    tidy = text(written)
    assert tidy is None or (tidy == " ".join(tidy.split()) and tidy.encode() and "\0" not in tidy)


@given(st.integers(1, 10**19))
def test_an_id_is_the_same_from_number_text_and_float(number: int) -> None:
    assert identity(number, "id") == identity(str(number), "id") == identity(Decimal(f"{number}.0"), "id")
