from __future__ import annotations

import itertools
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor

from domain.deal import VerdictKind
from ml.evaluation import plant, quality, score_mean_sigma
from ml.pricing.forest import forest_of
from ml.pricing.listings import PricingError
from ml.pricing.model import TIERS, FairPriceModel
from ml.pricing.replay import replay, time_blocks
from ml.pricing.storage import FORMAT, ModelFileError, model_bytes, model_of
from ml.pricing.training import fit
from ml.pricing.verdicts import verdicts
from tests.unit.ml.pricing.made import SCATTER, made, repriced


@pytest.fixture(scope="module")
def model() -> FairPriceModel:
    return fit(made(900, seed=1))


def test_the_expected_price_is_near_the_true_one_and_intervals_and_alarms_are_calibrated(model: FairPriceModel) -> None:
    stream = replace(made(2000, seed=2), ids=tuple(f"s{n}" for n in range(2000)))
    found = model.price(stream)
    assert set(found.tier) == {TIERS.index("boosted")}
    error = np.median(np.abs(np.log(found.expected / stream.prices)))
    # The median absolute value of the noise alone is 0.67 of its scatter.
    assert error < 0.67 * SCATTER * 1.35
    assert 0.84 < np.mean((stream.prices >= found.low) & (stream.prices <= found.high)) < 0.95
    assert 0.02 < np.mean(found.p_value <= 0.05) < 0.10


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 19), st.lists(st.floats(0.01, 1e5), min_size=2, max_size=6))
def test_p_value_falls_with_the_price_and_the_interval_holds_the_expected_price(
    model: FairPriceModel, row: int, prices: list[float]
) -> None:
    item = replace(made(20, seed=3).take(np.array([row])), ids=("new",))
    estimates = [model.price(repriced(item, np.array([price]))) for price in sorted(prices)]
    p = [float(e.p_value[0]) for e in estimates]
    assert p == sorted(p)
    assert len({float(e.expected[0]) for e in estimates}) == 1
    assert all(e.low[0] <= e.expected[0] <= e.high[0] for e in estimates)


@pytest.mark.parametrize(("unit", "rows"), [(117.3, 520), (1e6, 200), (0.01, 60)])
def test_scores_do_not_depend_on_the_currencys_unit(unit: float, rows: int) -> None:
    items = made(rows, seed=4)
    plain, scaled = replay(items).estimates, replay(repriced(items, items.prices * unit)).estimates
    assert np.allclose(scaled.expected, plain.expected * unit, rtol=1e-6)
    assert np.allclose(scaled.score, plain.score, atol=1e-6)
    assert np.allclose(scaled.p_value, plain.p_value, atol=1e-6)


def test_a_listings_own_price_does_not_move_what_is_expected_of_it() -> None:
    items = made(120, seed=5)
    prices = items.prices.copy()
    prices[17] *= 50
    before, after = replay(items).estimates, replay(repriced(items, prices)).estimates
    assert after.expected[17] == pytest.approx(before.expected[17], rel=0.05)
    row = items.take(np.array([17]))
    known = fit(items)
    assert known.price(row).expected[0] == known.price(repriced(row, row.prices * 50)).expected[0]


def test_listings_seen_later_change_nothing_of_earlier_ones() -> None:
    items = made(700, seed=6, times=True)
    early = 600
    prices = items.prices.copy()
    prices[early:] = prices[early:][::-1] * 3
    changed = replay(repriced(items, prices)).estimates
    alone = replay(items.take(np.arange(early))).estimates
    whole = replay(items).estimates
    for estimates in (changed, alone):
        assert np.array_equal(estimates.expected[:early], whole.expected[:early], equal_nan=True)
        assert np.array_equal(estimates.p_value[:early], whole.p_value[:early], equal_nan=True)
    assert not np.array_equal(changed.expected[early:], whole.expected[early:], equal_nan=True)
    rows = whole.comparable_rows
    assert np.all(rows < np.arange(len(items))[:, None])


def test_blocks_keep_listings_of_one_time_together_and_do_not_depend_on_later_ones() -> None:
    times = np.repeat(np.arange(10.0), 100)
    blocks = time_blocks(times)
    assert np.array_equal(np.sort(np.concatenate(blocks)), np.arange(1000))
    assert all(not set(times[a]) & set(times[b]) for a, b in itertools.pairwise(blocks))
    assert all(
        np.array_equal(a, b)
        for a, b in zip(blocks[:2], time_blocks(times[: len(blocks[0]) + len(blocks[1])]), strict=True)
    )
    assert len(time_blocks(np.full(1000, np.nan))) == 1


@pytest.mark.parametrize(("others", "tier"), [(4, "none"), (5, "shrunk"), (19, "shrunk"), (20, "comparables")])
def test_the_tier_follows_from_the_number_of_other_listings_in_the_watch(others: int, tier: str) -> None:
    items = made(others + 1 + 100, seed=7)
    watches = ("mine",) * (others + 1) + ("other",) * 100
    found = replay(replace(items, watches=watches)).estimates
    assert TIERS[found.tier[0]] == tier
    assert found.n_eff[0] == others
    assert np.isnan(found.expected[0]) == (tier == "none")


def test_planted_deals_are_ranked_far_better_than_by_mean_minus_k_sigma() -> None:
    items = made(1500, seed=8)
    trial = plant(items.prices, 0)
    history, stream = items.take(trial.history), items.take(trial.stream)
    found = fit(history).price(repriced(stream, trial.stream_prices))
    codes = np.unique(items.watches, return_inverse=True)[1].astype(np.int64)
    seeds = score_mean_sigma(history.prices, codes[trial.history], trial.stream_prices, codes[trial.stream])
    ours, theirs = quality(found.score, trial.planted).auprc, quality(seeds, trial.planted).auprc
    assert ours > 0.6
    assert ours > theirs + 0.2


def test_past_deals_are_neither_compared_with_nor_trained_on_but_stay_in_the_calibration_window() -> None:
    items = made(400, seed=9, times=True)
    deals = items.ids[350:360]
    found = fit(items, past_deals=deals)
    assert not set(found.regressor.pool.ids) & set(deals)
    assert found.calibration.rows == 200


def test_an_odd_price_in_one_batch_is_taken_out_of_what_others_are_compared_with() -> None:
    items = made(400, seed=10, watches=1)
    prices = items.prices.copy()
    prices[:2] /= 6
    found = replay(repriced(items, prices)).estimates
    assert np.all(found.p_value[:2] <= 0.01)
    assert not np.isin(found.comparable_rows, [0, 1]).any()


def test_drifted_prices_make_the_model_refuse_alerts() -> None:
    items = made(450, seed=11, times=True)
    rng = np.random.default_rng(0)
    prices = items.prices.copy()
    prices[-90:] *= np.exp(rng.choice([-3.0, 3.0], 90))
    found = fit(repriced(items, prices))
    assert found.calibration.coverage < 0.8
    assert found.calibration.refusal is not None
    assert fit(items).calibration.refusal is None


def test_one_watch_that_drifts_is_refused_and_the_others_are_not_and_a_stored_model_remembers() -> None:
    items = made(900, seed=14, times=True)
    rng = np.random.default_rng(0)
    late = np.array([row for row in range(800, 900) if items.watches[row] == "watch 1"])
    prices = items.prices.copy()
    prices[late] *= np.exp(rng.choice([-3.0, 3.0], len(late)))
    found = fit(repriced(items, prices))
    assert found.calibration.refusal is None, "two thirds of the market are as ever"
    assert list(found.calibration.refusals) == ["watch 1"]
    loaded = model_of(model_bytes(found))
    assert "the last" in str(loaded.calibration.refusal_of("watch 1"))
    assert loaded.calibration.refusal_of("watch 0") is None
    assert fit(items).calibration.refusals == {}


def test_verdicts_keep_traps_and_refusals_out_and_respect_the_budget(model: FairPriceModel) -> None:
    item = replace(made(3, seed=12).take(np.array([0, 0, 0])), ids=("a", "b", "c"))
    usual = float(model.price(item).expected[0])
    found = model.price(repriced(item, np.array([usual * 0.4, usual * 0.05, usual])))
    said = verdicts(found, ("normal",) * 3, ("",) * 3, 10.0)
    assert [v.kind for v in said] == [VerdictKind.DEAL, VerdictKind.CHECK_FIRST, VerdictKind.NO_DEAL]
    assert found.score[0] > found.score[2]
    assert found.score[1] <= 0
    other = verdicts(found, ("accessory",) * 3, ("",) * 3, 10.0)
    assert {v.kind for v in other} == {VerdictKind.EXCLUDED}
    refused = verdicts(found, ("normal",) * 3, ("moved",) * 3, 10.0)
    assert refused[0] == (VerdictKind.NOT_ENOUGH_DATA, "moved")
    assert verdicts(found, ("normal",) * 3, ("",) * 3, 0.01)[0].kind is VerdictKind.NO_DEAL


def test_a_stored_model_prices_as_the_one_fitted_and_is_the_same_bytes_again(
    model: FairPriceModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = model_bytes(model)
    stream = replace(made(50, seed=13), ids=tuple(f"s{n}" for n in range(50)))
    before, after = model.price(stream), model_of(content).price(stream)
    assert np.array_equal(before.p_value, after.p_value)
    assert np.array_equal(before.expected, after.expected)
    assert model_bytes(model_of(content)) == content
    with monkeypatch.context() as newer:
        newer.setattr("ml.pricing.storage.FORMAT", FORMAT + 1)
        with pytest.raises(ModelFileError, match="fit it again"):
            model_of(content)


def test_a_stored_model_is_read_and_used_without_scikit_learn_or_torch(model: FairPriceModel, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(model_bytes(model))
    code = (
        "import sys; from pathlib import Path; from ml.pricing.storage import model_of; "
        "from ml.pricing.listings import listings; "
        f"m = model_of(Path({str(path)!r}).read_bytes()); "
        "e = m.price(listings(['new'], ['maker1 alpha mk2 black'], [1.0], watches=['watch 1'])); "
        "assert e.expected[0] > 0; "
        "print([name for name in ('sklearn', 'torch', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


def test_the_array_forest_predicts_what_scikit_learn_predicts_with_missing_values() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 6))
    x[rng.random(x.shape) < 0.2] = np.nan
    y = np.nan_to_num(x[:, 0]) + np.isnan(x[:, 1]) + rng.normal(0, 0.1, 500)
    trained = HistGradientBoostingRegressor(loss="quantile", quantile=0.3, max_iter=30).fit(x, y)
    assert np.allclose(forest_of(trained).predict(x), trained.predict(x), atol=1e-9)


def test_an_empty_history_is_refused_with_a_reason() -> None:
    with pytest.raises(PricingError, match="empty"):
        fit(made(3).take(np.zeros(0, dtype=np.int64)))
