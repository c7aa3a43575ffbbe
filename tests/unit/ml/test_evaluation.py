"""The measure itself, and what it says of the default rule on really crawled listings."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ml.evaluation import (
    NEVER,
    evaluate,
    operate,
    plant,
    quality,
    score_log_z,
    score_mean_sigma,
    score_median_mad,
    score_robust,
    summarise,
)


def test_a_perfect_order_scores_one_and_has_no_false_alarm() -> None:
    planted = np.arange(200) < 6
    figures = quality(-np.arange(200.0), planted)
    assert (figures.auprc, figures.precision_at_planted, figures.recall_at_5_percent) == (1.0, 1.0, 1.0)
    assert figures.false_alarms_at_half == 0.0


def test_figures_of_a_small_order_are_those_counted_by_hand() -> None:
    planted = np.array([False, True, False, True])
    figures = quality(np.array([4.0, 3.0, 2.0, 1.0]), planted)
    assert figures.auprc == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert figures.precision_at_planted == 0.5
    assert figures.false_alarms_at_half == 500.0


def test_a_random_order_scores_the_planted_share() -> None:
    prices = np.exp(np.random.default_rng(0).normal(4, 0.5, 4000))
    noise = np.random.default_rng(1)
    results = evaluate(prices, np.zeros(4000, np.int64), lambda h, hg, s, sg: noise.normal(size=len(s)), repeats=20)
    assert summarise(results)[0][0] == pytest.approx(0.04, abs=0.015)


def test_planting_is_repeatable_lowers_only_planted_prices_and_leaves_the_history_alone() -> None:
    prices = np.linspace(10, 500, 1000)
    first, again = plant(prices, 3), plant(prices, 3)
    assert np.array_equal(first.stream_prices, again.stream_prices)
    assert int(first.planted.sum()) == 6
    factor = first.stream_prices / prices[first.stream]
    assert np.all(factor[~first.planted] == 1)
    assert np.all((factor[first.planted] >= 0.3) & (factor[first.planted] <= 0.6))
    assert set(first.history) | set(first.stream) == set(range(1000))
    assert not set(first.history) & set(first.stream)


def test_groups_with_too_few_comparables_are_never_alerted_by_the_default_rule() -> None:
    history, groups = np.full(20, 100.0), np.array([0] * 13 + [1] * 7)
    scores = score_robust(history, groups, np.array([50.0, 50.0]), np.array([0, 1]))
    assert scores[0] > 0
    assert scores[1] == NEVER


@pytest.fixture(scope="module")
def narrow() -> tuple[np.ndarray, np.ndarray]:
    root = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("PRICESCOPE_FIXTURES", root.parent / "shared" / "fixtures"))
    path = folder / "ml" / "watch_listings.csv"
    if not path.exists():
        pytest.skip(f"the recorded listings are not here; set PRICESCOPE_FIXTURES (looked for {path.name})")
    from benchmarks.detection import read_watches

    return read_watches(path, narrow=True)


def test_on_narrow_watches_the_default_rule_raises_at_most_a_third_of_the_false_alarms(
    narrow: tuple[np.ndarray, np.ndarray],
) -> None:
    measured = {
        scorer.__name__: summarise(evaluate(*narrow, scorer, repeats=20))
        for scorer in (score_mean_sigma, score_log_z, score_median_mad, score_robust)
    }
    precision = {name: figures[0][0] for name, figures in measured.items()}
    alarms = {name: figures[3][0] for name, figures in measured.items()}
    assert alarms["score_robust"] <= alarms["score_mean_sigma"] / 3
    assert precision["score_robust"] >= 0.42
    assert precision["score_robust"] > max(precision["score_log_z"], precision["score_median_mad"])


def test_the_default_threshold_gives_about_ten_false_alarms_in_a_thousand(
    narrow: tuple[np.ndarray, np.ndarray],
) -> None:
    """The criterion by which ``Watch.robust_z`` was set to 2."""
    (point,) = operate(*narrow, score_robust, [2.0], repeats=20)
    assert 5 < point.false_alarms_per_1000 < 15
    assert point.recall > 0.4
