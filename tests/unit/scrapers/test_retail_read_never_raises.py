"""Whatever the bytes, the retail sources' ``read`` answers, and what it gives is fit for the database."""

from __future__ import annotations

import importlib
import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.page import PageMeaning, PageReading
from sandbox.allegro import pages as allegro_pages
from sandbox.amazon import pages as amazon_pages
from sandbox.amazon.words import COUNTRIES
from sandbox.empik import pages as empik_pages
from sandbox.goods import goods, offer_of
from tests.fixtures import fixture_path
from tests.unit.scrapers.retail import NOON, read, recorded, unguarded

_FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_FILES = (
    ("amazon", "pdp_modern_buybox_excerpt_ae_B005BFCNYU.html"),
    ("amazon", "search_card_nl_B0CG6P1P64_2023-10.html"),
    ("amazon", "blocked_robot_check_captcha_2020-01.html"),
    ("allegro", "listing_StoreState_elements_first6.json"),
    ("allegro", "rest_offers_listing_2020-01.json"),
    ("allegro", "rest_error_bodies_offers_listing.json"),
    ("allegro", "blocked_datadome_captcha_t-bv.html"),
    ("empik", "product_head_p1729665860_2026-09-30.html"),
)
_LARGE = (
    ("amazon", "pdp_couk_B004SNMXRS_list_price_and_warehouse_deal_2020-12-02.html.gz"),
    ("allegro", "product_page_offer_18024165357_2025-12-22.html.gz"),
)


def _is_fit(reading: PageReading) -> None:
    for listing in reading.listings:
        assert listing.external_id
        assert listing.price.is_finite()
        assert listing.price >= 0
        assert len(listing.currency) == 3
        assert listing.url.startswith(("http://", "https://"))
        for text in (
            listing.title,
            listing.description,
            listing.brand,
            listing.external_id,
            *listing.attributes.values(),
        ):
            assert "\x00" not in (text or "")
            (text or "").encode()
        listing.content_hash()
    for offer in reading.unpriced:
        assert offer.external_id
        assert offer.reason
        offer.title.encode()
    for record in reading.rejected:
        assert record.reason
        assert len(record.record) <= 64 * 1024


@given(file=st.sampled_from(_FILES), share=st.floats(0, 1))
@_FEW
def test_a_truncated_recording_never_raises(file: tuple[str, str], share: float):
    body = recorded(*file).body
    _is_fit(read(file[0], body[: int(len(body) * share)]))


@pytest.mark.parametrize("file", _LARGE)
@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.95])
def test_a_truncated_product_page_never_raises(file: tuple[str, str], share: float):
    page = recorded(*file)
    _is_fit(read(file[0], page.body[: int(len(page.body) * share)], url=page.url))


@given(file=st.sampled_from(_FILES), seed=st.integers(0, 2**32))
@_FEW
def test_a_recording_with_flipped_bytes_never_raises(file: tuple[str, str], seed: int):
    source, name = file
    dice = random.Random(seed)
    body = bytearray(fixture_path(source, name).read_bytes())
    for _ in range(dice.randint(1, 40)):
        place = dice.randrange(max(1, len(body)))
        if dice.random() < 0.3 or place >= len(body):
            del body[place : place + dice.randint(1, 200)]
        else:
            body[place] = dice.randrange(256)
    _is_fit(read(source, bytes(body)))
    module = importlib.import_module(f"scrapers.{source}.recorded")
    page = module.recorded_page(bytes(body), fetched_at=NOON)
    _is_fit(unguarded(source)(page))


_ODD: list[Any] = [
    None, True, -1, 0, 10**30, 1.5, "", "NaN", "-3", "1e9999", "9" * 60, "\x00", "text", "\u202e", [], {}, [[]],
    {"amount": None}, {"amount": "NaN", "currency": "PLN"}, {"amount": "5", "currency": 7}, [None], [5],
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
    name=st.sampled_from([
        "listing_StoreState_elements_first6.json", "rest_offers_listing_2020-01.json",
        "rest_error_bodies_offers_listing.json",
    ]),
    seed=st.integers(0, 2**32),
)  # fmt: skip
@settings(_FEW, max_examples=120)
def test_a_list_with_odd_values_never_raises(name: str, seed: int):
    dice = random.Random(seed)
    loose = json.loads(fixture_path("allegro", name).read_bytes())
    for _ in range(dice.randint(1, 5)):
        loose = _mutate(loose, dice)
    _is_fit(read("allegro", json.dumps(loose)))


def _sandbox_pages() -> dict[str, list[str]]:
    at = datetime(2026, 9, 20, tzinfo=UTC)
    amazon = [
        amazon_pages.product(
            country, offer_of(good, "amazon", at, seed=1, currency=country.currency), "http://x/amazon/de"
        )
        for good, country in zip(goods(), [*COUNTRIES.values()] * 9, strict=False)
    ]
    allegro = [
        allegro_pages.page(offer_of(good, "allegro", at, seed=1, currency="PLN"), "http://x/allegro", other=False)
        for good in goods()
    ]
    empik = [
        empik_pages.product(offer_of(good, "empik", at, seed=1, currency="PLN"), "http://x/empik") for good in goods()
    ]
    return {"amazon": amazon, "allegro": allegro, "empik": empik}


_SANDBOX = _sandbox_pages()
_ODD_TEXTS = ("", "NaN", "-1", "0", "9" * 40, "\ufffd", "&#0;", "1.2.3", "€ €", "<b>", "null", "B0SB00000")


@given(source=st.sampled_from(sorted(_SANDBOX)), seed=st.integers(0, 2**32))
@settings(_FEW, max_examples=200)
def test_a_sandbox_page_with_odd_values_never_raises(source: str, seed: int):
    dice = random.Random(seed)
    body = dice.choice(_SANDBOX[source])
    for _ in range(dice.randint(1, 6)):
        first = body.find('"', dice.randrange(len(body)))
        last = body.find('"', first + 1)
        if 0 < first < last:
            body = body[: first + 1] + dice.choice(_ODD_TEXTS) + body[last:]
    _is_fit(read(source, body))


@given(
    source=st.sampled_from(["amazon", "allegro", "empik"]),
    body=st.binary(max_size=300),
    status=st.sampled_from([0, 200, 202, 204, 302, 401, 403, 404, 410, 418, 429, 500, 503]),
)
@_FEW
def test_any_bytes_under_any_status_have_a_meaning(source: str, body: bytes, status: int):
    assert read(source, body, status=status).meaning in set(PageMeaning)


@pytest.mark.parametrize("source", ["amazon", "allegro", "empik"])
@pytest.mark.parametrize(
    "body", [b"{" * 100_000, b"[" * 100_000, b"<div>" * 50_000, b"<", b"\xef\xbb\xbf", b"\x1f\x8b\x08"]
)
def test_hostile_nesting_is_a_page_not_a_crash(source: str, body: bytes):
    assert read(source, body).meaning is PageMeaning.CHANGED
