from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.pricing.conformal import (
    conformal_quantile,
    coverage_by_week,
    group_factors,
    group_refusals,
    p_values,
    refusal,
    stretch_ratios,
)

_numbers = st.floats(-5, 5, allow_nan=False)


@settings(max_examples=100, deadline=None)
@given(st.lists(_numbers, min_size=1, max_size=50), st.lists(_numbers, min_size=2, max_size=20))
def test_a_higher_score_never_has_a_higher_p_value(calibration: list[float], scores: list[float]) -> None:
    p = p_values(np.sort(calibration), np.sort(scores))
    assert np.all(np.diff(p) <= 1e-12)
    assert np.all((p >= 1 / (len(calibration) + 1) - 1e-12) & (p <= 1))


def test_alarms_at_a_level_come_at_that_level_on_average() -> None:
    rng = np.random.default_rng(0)
    for level in (0.02, 0.05, 0.2):
        shares = [np.mean(p_values(np.sort(rng.normal(size=150)), rng.normal(size=400)) <= level) for _ in range(400)]
        assert abs(np.mean(shares) - level) < 4 * np.std(shares) / 20


def test_calibrated_intervals_cover_ninety_percent_whatever_the_raw_ones_were() -> None:
    rng = np.random.default_rng(1)
    held = []
    for _ in range(200):
        y = rng.standard_t(3, size=700)
        low, centre, high = (np.full(700, value) for value in (-0.3, 0.1, 0.2))
        ratios = stretch_ratios(y, low, centre, high)
        held.append(np.mean(ratios[300:] <= conformal_quantile(ratios[:300])))
    assert 0.89 < np.mean(held) < 0.915


def test_a_groups_own_factor_counts_the_more_the_larger_it_is() -> None:
    ratios = np.concatenate([np.linspace(0, 1, 1000), np.linspace(0, 3, 30), np.linspace(0, 3, 900), np.full(5, 9.0)])
    factors = group_factors(ratios, ["calm"] * 1000 + ["small"] * 30 + ["large"] * 900 + ["tiny"] * 5)
    assert factors["calm"] < factors[""] < factors["small"] < factors["large"] < 3
    assert "tiny" not in factors


def test_coverage_is_counted_by_watch_and_monday() -> None:
    seen = [datetime(2026, 5, day, 23, tzinfo=UTC).timestamp() for day in (3, 4, 10, 11)]
    found = coverage_by_week(["w"] * 4, np.array(seen), np.array([True, False, True, True]))
    assert [(c.week, c.rows, c.covered) for c in found] == [
        ("2026-04-27", 1, 1),
        ("2026-05-04", 2, 1),
        ("2026-05-11", 1, 1),
    ]


def test_a_group_is_refused_by_its_own_intervals_however_well_the_others_do() -> None:
    ratios, groups = np.full(100, 0.9), ["calm", "odd"] * 50
    later = np.where(np.array(groups) == "odd", 3.0, 0.5)
    assert list(group_refusals(ratios, groups, later, groups)) == ["odd"]
    assert group_refusals(ratios, groups, ratios, groups) == {}
    assert group_refusals(ratios, groups, later[:30], groups[:30]) == {}, "15 prices of a watch say too little"
    assert group_refusals(ratios, [""] * 100, later, [""] * 100) == {}, "without a watch there is only the whole"


def test_alerts_are_refused_where_the_last_windows_intervals_held_less_than_eighty_percent() -> None:
    assert "79%" in str(refusal(np.arange(200) < 158))
    assert refusal(np.arange(200) < 160) is None
    assert refusal(np.arange(50) < 39) is None
    assert refusal(np.arange(50) < 35) is not None
    assert refusal(np.zeros(5, dtype=np.bool_)) is None
