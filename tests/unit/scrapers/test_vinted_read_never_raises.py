"""Whatever the bytes, ``read`` answers; what it gives is fit for the database; one bad record costs only itself."""

from __future__ import annotations

import json
import random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.page import PageMeaning, PageReading
from scrapers.vinted.recorded import recorded_page
from tests.fixtures import fixture_path
from tests.unit.scrapers import pages
from tests.unit.scrapers.retail import unguarded

_FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_ADDRESSES = ("https://www.vinted.fr/catalog", "https://www.vinted.nl/items/123-a", "not an address")


def _body(name: str) -> bytes:
    return fixture_path("vinted", name).read_bytes()


def _read(body: bytes, url: str = "https://www.vinted.fr/catalog", status: int = 200) -> PageReading:
    return unguarded("vinted")(pages.page(body, url=url, status=status))


def _is_fit(reading: PageReading) -> None:
    for listing in reading.listings:
        assert listing.external_id
        assert listing.price.is_finite()
        assert listing.price >= 0
        assert len(listing.currency) == 3
        assert listing.url.startswith(("http://", "https://"))
        text = "\n".join(
            str(value) for value in (listing.title, listing.description, listing.brand, listing.external_id)
        )
        assert "\x00" not in text
        text.encode()
        listing.content_hash()
    for record in reading.rejected:
        assert record.reason
        assert len(record.record) <= 64 * 1024


@given(name=st.sampled_from(pages.ALL_FILES), share=st.floats(0, 1), url=st.sampled_from(_ADDRESSES))
@_FEW
def test_a_truncated_recording_never_raises(name: str, share: float, url: str):
    body = _body(name)
    _is_fit(_read(body[: int(len(body) * share)], url))


@given(name=st.sampled_from(pages.ALL_FILES), seed=st.integers(0, 2**32), url=st.sampled_from(_ADDRESSES))
@_FEW
def test_a_recording_with_flipped_bytes_never_raises(name: str, seed: int, url: str):
    dice = random.Random(seed)
    body = bytearray(_body(name))
    for _ in range(dice.randint(1, 40)):
        place = dice.randrange(max(1, len(body)))
        if dice.random() < 0.3 or place >= len(body):
            del body[place : place + dice.randint(1, 200)]
        else:
            body[place] = dice.randrange(256)
    _is_fit(_read(bytes(body), url))
    recorded_page(bytes(body), fetched_at=pages.NOON)


_ODD: list[Any] = [
    None, True, -1, 0, 10**30, 1.5, "", "NaN", "-3", "1e9999", "9" * 60, "\x00", "text", "\u202e", [], {}, [[]],
    {"amount": None}, {"amount": "NaN", "currency_code": "EUR"}, {"amount": "5", "currency_code": 7},
]  # fmt: skip


def _mutate(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict) and value:
        key = dice.choice(list(value))
        if dice.random() < 0.3:
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: dice.choice(_ODD) if dice.random() < 0.5 else _mutate(value[key], dice)}
    if isinstance(value, list) and value:
        place = dice.randrange(len(value))
        return [*value[:place], _mutate(value[place], dice), *value[place + 1 :]]
    return dice.choice(_ODD)


@given(
    name=st.sampled_from([pages.CATALOG_JSON, pages.CATALOG_JSON_2023, pages.DETAILS_JSON, pages.ERROR_401]),
    seed=st.integers(0, 2**32),
)
@settings(_FEW, max_examples=150)
def test_a_recording_with_odd_values_never_raises_and_loses_no_record(name: str, seed: int):
    dice = random.Random(seed)
    loose = orjson.loads(_body(name))
    for _ in range(dice.randint(1, 4)):
        loose = _mutate(loose, dice)
    reading = _read(json.dumps(loose).encode())
    _is_fit(reading)
    if isinstance(loose, dict) and isinstance(loose.get("items"), list):
        assert len(reading.listings) + len(reading.rejected) == len(loose["items"])


@given(body=st.binary(max_size=300), status=st.sampled_from([0, 200, 204, 302, 401, 403, 404, 410, 418, 429, 500, 503]))
@_FEW
def test_any_bytes_under_any_status_have_a_meaning(body: bytes, status: int):
    assert _read(body, status=status).meaning in set(PageMeaning)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"id": None}, "id"),
        ({"id": True}, "id"),
        ({"id": -5}, "id"),
        ({"id": 1.5}, "id"),
        ({"title": None}, "title"),
        ({"title": "   "}, "title"),
        ({"title": 12}, "title"),
        ({"title": "\x00"}, "title"),
        ({"price": None}, "price"),
        ({"price": True}, "price"),
        ({"price": ["not", "a", "price"]}, "price"),
        ({"price": {"amount": "NaN", "currency_code": "EUR"}}, "price"),
        ({"price": {"amount": "Infinity", "currency_code": "EUR"}}, "price"),
        ({"price": {"amount": "-1", "currency_code": "EUR"}}, "price"),
        ({"price": {"amount": "1_000", "currency_code": "EUR"}}, "price"),
        ({"price": {"amount": "99999999999999999", "currency_code": "EUR"}}, "price"),
        ({"price": {"amount": False, "currency_code": "EUR"}}, "price"),
        ({"price": {"amount": "5"}}, "currency"),
        ({"price": "5"}, "currency"),
        ({"total_item_price": {"amount": "5", "currency_code": "USD"}}, "total_item_price"),
    ],
)
def test_a_broken_record_is_rejected_with_its_field_and_costs_no_other(changes: dict[str, object], word: str):
    reading = pages.read(pages.search_body(pages.thin_item(1), pages.thin_item(2, **changes), pages.thin_item(3)))
    assert reading.meaning is PageMeaning.OK
    assert [listing.external_id for listing in reading.listings] == ["10000000001", "10000000003"]
    (record,) = reading.rejected
    assert record.index == 1
    assert word in record.reason
    assert b"item_box" in record.record


def test_not_a_number_as_a_json_literal_costs_only_its_record():
    good, bad = orjson.dumps(pages.thin_item(1)), orjson.dumps(pages.thin_item(2)).replace(b'"20.0"', b"NaN")
    reading = pages.read(b'{"items":[' + good + b"," + bad + b"]}")
    assert [listing.external_id for listing in reading.listings] == ["10000000001"]
    assert "NaN" in reading.rejected[0].reason


def test_lone_surrogates_and_control_characters_are_taken_out_of_texts():
    body = pages.search_body(pages.thin_item(1, title="TITLE")).replace(
        b"TITLE", rb"Robe \ud800noire\u0000 \ud83d\ude00"
    )
    (listing,) = pages.read(body).listings
    assert listing.title == "Robe noire \U0001f600"


def test_a_decimal_number_as_price_stays_exact():
    body = pages.search_body(pages.thin_item(1)).replace(b'"20.0"', b"19.99")
    (listing,) = pages.read(body).listings
    assert str(listing.price) == "19.99"


def test_fields_that_do_not_matter_cannot_cost_a_listing():
    odd = {
        "photo": "gone",
        "user": [],
        "favourite_count": "4",
        "item_box": 7,
        "conversion": "x",
        "url": 5,
        "photos": {},
    }
    (listing,) = pages.read(pages.search_body(pages.thin_item(1, **odd))).listings
    assert listing.url == "https://www.vinted.fr/items/10000000001"
    assert (listing.seller, listing.image_urls, listing.favourite_count) == (None, (), None)


def test_a_page_on_which_nothing_can_be_read_has_changed():
    reading = pages.read(pages.search_body(*({"ref": number} for number in range(5))))
    assert reading.meaning is PageMeaning.CHANGED
    assert len(reading.rejected) == 5


def test_a_rejected_record_is_kept_to_64_kib():
    reading = pages.read(pages.search_body(pages.thin_item(1, title=None, description="x" * 200_000)))
    assert len(reading.rejected[0].record) == 64 * 1024


def test_deep_nesting_is_a_changed_page_not_a_crash():
    assert pages.read(b'{"items":' + b"[" * 100_000).meaning is PageMeaning.CHANGED
