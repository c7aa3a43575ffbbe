"""Figures against cases counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ml.backtest.clusters import ClusterScores
from ml.backtest.figures import CalibrationFigures, Share, deciles_of, mean_and_error
from ml.backtest.standards import cluster_finding
from ml.clustering.metrics import Score
from ml.pricing.conformal import Coverage


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Newcombe 1998, table I, method 3: 81 of 263 and 15 of 148.
    assert Share(81, 263).interval() == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert Share(15, 148).interval() == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert Share(0, 0).interval() == (0.0, 1.0)
    assert math.isnan(Share(0, 0).value)


def test_a_small_share_outside_its_band_may_be_chance_and_a_large_one_is_not() -> None:
    assert Share(40, 50).may_lie_within(0.85, 0.95)
    assert not Share(800, 1000).may_lie_within(0.85, 0.95)
    assert not Share(990, 1000).may_lie_within(0.85, 0.95)


def test_a_level_learnt_from_few_rows_is_held_to_less() -> None:
    share = Share(820, 1000)
    assert not share.may_lie_within(0.85, 0.95)
    assert not share.may_lie_within(0.85, 0.95, 100_000)
    assert share.may_lie_within(0.85, 0.95, 200)
    assert share.interval(1000) == Share(410, 500).interval()
    assert share.interval(0) == (0.0, 1.0)


def test_lift_by_decile_is_the_share_gone_by_that_of_all() -> None:
    scores = np.arange(200.0)
    gone = (scores >= 180).astype(float)
    gone[:20] = np.tile([1.0, 0.0], 10)
    found = deciles_of(scores, gone)
    assert [(one.place, one.rows, one.gone) for one in found] == [
        (1, 20, 10),
        *((place, 20, 0) for place in range(2, 10)),
        (10, 20, 20),
    ]
    assert found[0].base == 0.15
    assert found[-1].lift == pytest.approx(20 / 20 / 0.15)
    assert found[4].lift == 0.0


def test_unknown_fates_and_unscored_listings_are_in_no_decile() -> None:
    scores, gone = np.arange(300.0), np.ones(300)
    scores[:50], gone[250:] = np.nan, np.nan
    found = deciles_of(scores, gone)
    assert sum(one.rows for one in found) == 200
    assert deciles_of(scores[:140], gone[:140]) == ()


def test_the_mean_comes_with_its_standard_error() -> None:
    assert mean_and_error([1.0, 2.0, 3.0, 4.0]) == pytest.approx((2.5, math.sqrt(5 / 3) / 2))
    assert mean_and_error([0.4]) == (0.4, 0.0)


def test_weeks_of_a_watch_add_up() -> None:
    weeks = (Coverage("1", "2026-01-05", 10, 9), Coverage("2", "2026-01-05", 4, 4), Coverage("1", "2026-01-12", 6, 3))
    figures = CalibrationFigures(Share(16, 20), weeks, {}, 0.2, Share(20, 20), 200, None)
    assert figures.by_watch() == {"1": Share(12, 16), "2": Share(4, 4)}


def test_clusters_must_reach_their_standard() -> None:
    def scored(f1: float) -> ClusterScores:
        return ClusterScores(100, Score(f1, f1), Score(0.5, 0.5), Score(1.0, 0.3))

    assert cluster_finding(scored(0.85)).met
    assert not cluster_finding(scored(0.849)).met
    assert "0.462 with every title alone" in cluster_finding(scored(0.9)).said
