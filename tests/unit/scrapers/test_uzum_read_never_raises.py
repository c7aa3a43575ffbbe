"""Whatever the bytes, reading Uzum's answers gives a meaning and loses no record."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.page import PageMeaning, PageReading
from tests.unit.scrapers.uzum_samples import ALL_FILES, answer, body_of, data, read, sku, source
from warehouse.poison import refusal

_FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_ODD: list[Any] = [
    None, True, -1, 0, 10**30, 1.5, "", "NaN", "-3", "1e9999", "9" * 60, "\x00", "text", "\ud800", [], {}, [[]],
]  # fmt: skip


def is_fit(reading: PageReading) -> None:
    assert reading.meaning in set(PageMeaning)
    assert (reading.meaning is PageMeaning.OK) or reading.detail
    for listing in reading.listings:
        assert listing.price > 0
        assert listing.external_id
        assert refusal(listing, "uzum") is None


def mutate(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict) and value:
        key = dice.choice(list(value))
        if dice.random() < 0.2:
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: dice.choice(_ODD) if dice.random() < 0.4 else mutate(value[key], dice)}
    if isinstance(value, list) and value:
        place = dice.randrange(len(value))
        return [*value[:place], mutate(value[place], dice), *value[place + 1 :]]
    return dice.choice(_ODD)


def answer_of(card: Any) -> bytes:
    """The body around a card; half surrogates and huge numbers too, which some servers write."""
    return json.dumps({"payload": {"data": card}}).encode()


@pytest.mark.parametrize("name", ALL_FILES)
@given(seed=st.integers(0, 2**32))
@_FEW
def test_a_recording_with_flipped_or_lost_bytes_never_raises(name: str, seed: int) -> None:
    dice = random.Random(seed)
    body = bytearray(body_of(name))
    for _ in range(dice.randint(1, 30)):
        place = dice.randrange(max(1, len(body)))
        if dice.random() < 0.3 or place >= len(body):
            del body[place : place + dice.randint(1, 200)]
        else:
            body[place] = dice.randrange(256)
    reading = read(bytes(body))
    assert reading.meaning in set(PageMeaning)
    source().stated_time(bytes(body))


@given(seed=st.integers(0, 2**32))
@settings(_FEW, max_examples=300)
def test_a_card_with_odd_values_never_raises_and_loses_no_variant(seed: int) -> None:
    dice = random.Random(seed)
    card: Any = data(sku(70), sku(71), sku(72))
    for _ in range(dice.randint(1, 4)):
        card = mutate(card, dice)
    reading = read(answer_of(card))
    is_fit(reading)
    variants = card.get("skuList") if isinstance(card, dict) else None
    if reading.listings and isinstance(variants, list):
        assert len(reading.listings) + len(reading.unpriced) + len(reading.rejected) == len(variants)


@given(body=st.binary(max_size=300), status=st.sampled_from([0, 200, 204, 302, 401, 403, 404, 410, 418, 429, 500]))
@_FEW
def test_any_bytes_under_any_status_have_a_meaning(body: bytes, status: int) -> None:
    assert read(body, status=status).meaning in set(PageMeaning)


def test_a_deeply_nested_body_is_a_changed_service() -> None:
    assert read(b"[" * 100_000).meaning is PageMeaning.CHANGED
    parents: dict[str, Any] = {"title": "a", "parent": None}
    for _ in range(200):
        parents = {"title": "a", "parent": parents}
    assert read(answer(data(category=parents))).listings[0].category is not None
