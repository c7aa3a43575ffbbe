"""The whole evaluation on made-up listings whose scatter is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.backtest.clusters import map_clusters, score_clusters
from ml.backtest.peers import mean_sigma_scores, robust_scores
from ml.backtest.run import Backtest, run_backtest
from ml.backtest.standards import coverage_finding, false_alarm_finding, ranking_finding
from ml.clustering.listings import Listings as Titles
from ml.evaluation import NEVER, score_mean_sigma
from ml.pricing.listings import listings
from tests.unit.ml.pricing.made import made, repriced

ITEMS = made(1000, seed=4, times=True)
GONE = (np.arange(1000) % 4 == 0).astype(float)
# Too few for boosting, so fitted at once.
SMALL = made(600, seed=5, times=True)


@pytest.fixture(scope="module")
def done() -> Backtest:
    return run_backtest(ITEMS, GONE, repeats=6)


def test_the_fair_price_finds_planted_deals_better_and_keeps_its_word(done: Backtest) -> None:
    assert [rule.name for rule in done.rules] == ["fair price", "robust", "mean - k sigma"]
    ours, robust, classic = done.rules
    assert ours.auprc > robust.auprc + 0.2
    assert ours.auprc > classic.auprc + 0.2
    assert ours.false_alarms_at_half < classic.false_alarms_at_half
    for finding in (coverage_finding, false_alarm_finding, ranking_finding):
        assert finding(done).met, finding(done).said
    assert (done.history, done.stream, done.planted, len(done.planted_scores)) == (700, 300, 9, 54)
    assert [one.threshold for one in done.levels] == [0.005, 0.01, 0.02, 0.05]
    assert done.levels[0].recall == ours.alerted.recall
    assert sorted(one.recall for one in done.levels) == [one.recall for one in done.levels]
    assert done.levels[-1].false_alarms_per_1000 == pytest.approx(50, abs=30)
    assert np.nanmedian(done.planted_scores) > np.nanquantile(done.scores, 0.9)


def test_the_same_seed_gives_the_same_figures_another_seed_others_and_nothing_is_changed() -> None:
    frozen = repriced(SMALL, SMALL.prices.copy())
    frozen.prices.setflags(write=False)
    first, again, other = (run_backtest(frozen, GONE[:600], repeats=3, seed=seed) for seed in (0, 0, 1))
    # Not by ==: a rule that never alerted has a precision that is no number.
    assert repr((first.rules, first.levels, first.calibration)) == repr((again.rules, again.levels, again.calibration))
    assert first.rules[0].auprc != other.rules[0].auprc
    assert np.array_equal(frozen.prices, SMALL.prices)


def test_what_comes_later_changes_nothing_of_a_block_before() -> None:
    late = SMALL.prices.copy()
    late[540:] *= 7
    first, other = run_backtest(SMALL, repeats=1), run_backtest(repriced(SMALL, late), repeats=1)
    assert np.array_equal(first.p_values[:120], other.p_values[:120])
    assert not np.array_equal(first.p_values[120:], other.p_values[120:])


def test_intervals_that_do_not_hold_miss_their_standard() -> None:
    shifted = SMALL.prices.copy()
    # Prices that move by day: what was learnt before says little.
    shifted[420:] *= np.exp(np.random.default_rng(0).normal(0, 1.0, 180))
    found = run_backtest(repriced(SMALL, shifted), repeats=1)
    assert not coverage_finding(found).met
    assert not false_alarm_finding(found).met


def test_a_rule_that_never_alerts_has_no_precision() -> None:
    wide = repriced(SMALL, np.exp(np.random.default_rng(0).normal(3, 1.5, 600)))
    classic = run_backtest(wide, repeats=1).rules[2]
    assert (classic.alerted.recall, classic.alerted.false_alarms_per_1000) == (0.0, 0.0)
    assert np.isnan(classic.alerted.precision)


def test_only_one_watch_is_judged_by_the_past_of_all() -> None:
    found = run_backtest(SMALL, watch="watch 1", repeats=1)
    assert found.history == 420
    assert found.calibration.by_watch().keys() == {"watch 1"}
    assert {SMALL.watches[row] for row in found.stream_rows} == {"watch 1"}


def test_the_classic_rule_is_that_of_the_benchmarks_where_groups_are_large() -> None:
    history, stream = ITEMS.take(np.arange(700)), ITEMS.take(np.arange(700, 1000))
    codes = np.unique(ITEMS.watches, return_inverse=True)[1].astype(np.int64)
    theirs = score_mean_sigma(history.prices, codes[:700], stream.prices, codes[700:])
    assert mean_sigma_scores(history, stream) == pytest.approx(theirs)


def test_a_watch_with_few_listings_gets_no_verdict_and_a_rare_condition_is_compared_with_the_whole_watch() -> None:
    prices = [100.0, 110.0, 90.0, 95.0, 105.0, 100.0, 102.0, 98.0, 100.0]
    history = listings(
        [str(n) for n in range(12)],
        ["thing"] * 12,
        [*prices, 10.0, 11.0, 12.0],
        watches=["large"] * 9 + ["small"] * 3,
        conditions=["good"] * 8 + ["new"] + ["good"] * 3,
    )
    stream = replace(
        history.take(np.array([8, 9])), ids=("a", "b"), prices=np.array([50.0, 1.0]), conditions=("new", "good")
    )
    classic, robust = mean_sigma_scores(history, stream), robust_scores(history, stream)
    assert classic[0] == pytest.approx((np.mean(prices) - 50) / np.std(prices, ddof=1))
    assert robust[0] > 2
    assert (classic[1], robust[1]) == (NEVER, NEVER)
    far = replace(stream, prices=np.array([14.0, 1.0]))
    assert robust_scores(history, far)[0] == NEVER, "under 15 % of what is expected it is looked at first"


def test_the_shipped_titles_are_clustered_well() -> None:
    scores = score_clusters(titles=800)
    assert scores.b_cubed.f1 > 0.85 > scores.alone.f1
    assert scores.pairwise.f1 > 0.6


def test_the_map_puts_what_is_alike_together_whatever_it_is_drawn_by() -> None:
    titles = [f"canon ixus {n % 3}" for n in range(30)] + [f"bosch drill gsr 18v {n % 2}" for n in range(30)]
    vectors = np.repeat(np.eye(2, 8, dtype=np.float32), 30, axis=0)
    for given in (None, vectors):
        drawn = map_clusters(Titles([str(n) for n in range(60)], titles, vectors=given))
        left, right = drawn.x[:30], drawn.x[30:]
        assert left.max() < right.min() or right.max() < left.min()
        assert len(drawn.names) == drawn.labels.max() + 1
        assert drawn.basis.startswith("title embeddings" if given is not None else "letters")
