"""Cutting the stream in order of time, and planting deals in it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.backtest.stream import LEAST_STREAM, NotEnoughDataError, cut_stream, plant_deals


@given(st.integers(200, 600), st.integers(1, 80), st.integers(0, 100))
def test_whatever_judges_a_block_was_seen_before_all_of_it(n: int, times: int, seed: int) -> None:
    first_seen = np.random.default_rng(seed).integers(0, times, n).astype(np.float64)
    try:
        blocks = cut_stream(first_seen)
    except NotEnoughDataError:
        assert times < 40
        return
    for block in blocks:
        assert first_seen[block.history].max() < first_seen[block.stream].min()
        assert len(block.stream) > 0
    for one, following in pairwise(blocks):
        assert np.array_equal(following.history, np.concatenate([one.history, one.stream]))
    assert sorted([*blocks[-1].history, *blocks[-1].stream]) == list(range(n))
    assert sum(len(block.stream) for block in blocks) >= LEAST_STREAM


def test_the_stream_is_the_newest_three_tenths_in_three_blocks() -> None:
    blocks = cut_stream(np.arange(1000.0)[::-1])
    assert [(len(block.history), len(block.stream)) for block in blocks] == [(700, 100), (800, 100), (900, 100)]
    assert blocks[0].stream.tolist() == list(range(299, 199, -1))


def test_a_first_poll_of_most_listings_is_the_past() -> None:
    first_seen = np.concatenate([np.zeros(480), np.arange(1.0, 61.0)])
    assert len(cut_stream(first_seen)[0].history) == 480


@pytest.mark.parametrize(
    ("first_seen", "said"),
    [
        (np.arange(199.0), "not enough data: 199 of 200 listings"),
        (np.zeros(480), "not enough data: 0 of 50 listings came after the 480 that"),
        (np.full(300, np.nan), "not enough data: 0 of 50 listings came after the 300 that"),
    ],
)
def test_too_little_is_counted(first_seen: np.ndarray, said: str) -> None:
    with pytest.raises(NotEnoughDataError, match=said):
        cut_stream(first_seen)


def test_only_the_chosen_are_in_the_stream_and_all_are_in_the_past() -> None:
    only = np.arange(1000) % 2 == 0
    blocks = cut_stream(np.arange(1000.0), only)
    assert len(blocks[0].history) == 700
    assert all((block.stream % 2 == 0).all() for block in blocks)
    with pytest.raises(NotEnoughDataError, match="10 of 50"):
        cut_stream(np.arange(1000.0), np.arange(1000) % 30 == 0)


@given(st.integers(1, 400), st.integers(0, 2**31), st.integers(0, 50))
def test_planting_is_seeded_changes_three_percent_and_never_its_input(n: int, seed: int, repeat: int) -> None:
    prices = np.linspace(5.0, 900.0, n)
    prices.setflags(write=False)
    first, again = plant_deals(prices, seed=seed, repeat=repeat), plant_deals(prices, seed=seed, repeat=repeat)
    assert np.array_equal(first.prices, again.prices)
    assert np.array_equal(first.planted, again.planted)
    assert int(first.planted.sum()) == max(1, round(0.03 * n))
    factor = first.prices / prices
    assert np.all(factor[~first.planted] == 1.0)
    assert np.all((factor[first.planted] >= 0.3) & (factor[first.planted] <= 0.6))


def test_other_seeds_and_repeats_plant_other_deals() -> None:
    prices = np.full(1000, 10.0)
    found = {tuple(plant_deals(prices, seed=seed, repeat=r).prices) for seed in range(3) for r in range(3)}
    assert len(found) == 9
