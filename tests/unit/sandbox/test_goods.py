"""The retail look-alikes' goods: the same for the same seed and time, with prices that move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.allegro import pages as allegro
from sandbox.amazon import pages as amazon
from sandbox.empik import pages as empik
from sandbox.goods import State, good, goods, matching, offer_of

_START = datetime(2026, 9, 1, tzinfo=UTC)
_DAYS = [_START + timedelta(days=number) for number in range(60)]


@given(
    number=st.integers(1, len(goods())),
    hours=st.integers(0, 24 * 500),
    shop=st.sampled_from(["amazon.de", "allegro", "empik"]),
    currency=st.sampled_from(["EUR", "USD", "GBP", "PLN", "AED"]),
)
def test_an_offer_is_a_pure_function_of_seed_and_time(number: int, hours: int, shop: str, currency: str):
    at, one = _START + timedelta(hours=hours), good(number)
    assert one is not None
    offer = offer_of(one, shop, at, seed=5, currency=currency)
    assert offer == offer_of(one, shop, at, seed=5, currency=currency)
    assert offer.minor > 0
    assert offer.list_amount > offer.amount
    assert (offer.stock == 0) == (offer.state in {State.OUT_OF_STOCK, State.OTHER_SELLERS})
    if offer.is_planted:
        assert offer.minor < 0.6 * offer.usual


def test_prices_and_states_move_over_two_months():
    for one in goods():
        offers = [offer_of(one, "amazon.de", day, seed=5, currency="EUR") for day in _DAYS]
        assert len({offer.minor for offer in offers}) >= 10
    states = {offer_of(one, "amazon.de", day, seed=5, currency="EUR").state for one in goods() for day in _DAYS}
    assert states == set(State)


def test_some_days_have_a_planted_deal():
    planted = [
        (one.number, day)
        for one in goods()
        for day in _DAYS
        if offer_of(one, "allegro", day, seed=5, currency="PLN").is_planted
    ]
    assert 0 < len(planted) < len(goods()) * len(_DAYS) / 5


def test_every_shop_knows_its_numbers_again():
    for one in goods():
        assert good(one.number) is one
        assert amazon.number_of(amazon.asin(one)) == one.number
        assert allegro.number_of(allegro.offer_id(one)) == (one.number, False)
        assert allegro.number_of(allegro.other_offer_id(one)) == (one.number, True)
        assert empik.number_of(empik.product_number(one)) == one.number


@pytest.mark.parametrize("text", ["", "x", "B0SB", "19000000000", "p", "p12"])
def test_what_is_no_number_of_a_shop_is_no_thing(text: str):
    for number in (amazon.number_of(text), empik.number_of(text)):
        assert number is None or good(number) is None
    assert allegro.number_of(text) is None


def test_a_search_finds_every_word():
    assert [one.name for one in matching("velarium in-ear")] == ["In-Ear Headphones V2"]
    assert matching("no such thing") == []
