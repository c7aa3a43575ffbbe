"""Pricing a history's own listings: each from the others, as they would have been priced when they came.

Belongs here: leave-one-out and its order in time. Does not: files, verdicts.

Where times are known the listings are priced block by block in their order: whatever is fitted for a block is fitted on
the blocks before it, comparables may also come from earlier in the block. Blocks end at fixed counts (250, then half as
much again each time; listings of one time stay together), so later listings change nothing of earlier ones. Listings
all of one time, or of none, are priced from all others: comparables leave the listing itself out, forests the fifth of
the listings it belongs to.

A listing that looks like a deal is taken out of what later listings (in one batch: a second pass) are compared with and
trained on, but stays in the calibration window, where dropping the rarest would make every next one look rare.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ml.pricing.comparables import place
from ml.pricing.conformal import Coverage, coverage_by_week
from ml.pricing.listings import Floats, Integers, Listings, item_of, time_order
from ml.pricing.model import (
    Calibration,
    Estimates,
    FairPriceModel,
    Knobs,
    Regressor,
    estimate_prices,
    look,
    look_at,
    predict,
)
from ml.pricing.ngrams import fit_ngrams
from ml.pricing.training import PRIOR, calibrate, crosswise, fit, pick, prepare, uncalibrated

_FIRST_BLOCK = 250
_GROWTH = 1.5
_FOLDS = 5
_KNOWN_FOLDS = 3
# A second pass over so many listings costs minutes, and a few odd ones among them move nothing.
_ONE_PASS_FROM = 20_000
# In one batch: so rare a price may be a deal, and is not what others should be compared with.
SUSPECT_LEVEL = 0.01

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Replay:
    """What pricing a history's own listings gave.

    Attributes:
        estimates: one a listing; ``comparable_rows`` are rows of the same listings.
        coverage: of the intervals by watch and week. refusals: why alerts are refused, by row; "" where they are not.
    """

    estimates: Estimates
    coverage: list[Coverage]
    refusals: tuple[str, ...]


def replay(items: Listings, *, level: float = 0.005, seed: int = 0, progress: Progress = lambda _: None) -> Replay:
    """Price each listing from the others that were known when it came.

    Args:
        items: the listings. level: p-value from which a listing counts as a deal of the past.
        seed: of the boosting. progress: told how many more listings are priced.
    """
    blocks = time_blocks(items.first_seen)
    estimates: list[Estimates] = []
    refusals = np.full(len(items), "", dtype=object)
    done = np.zeros(0, dtype=np.int64)
    is_deal = np.zeros(len(items), dtype=np.bool_)
    for block in blocks:
        batch = items.take(block)
        if len(done) == 0:
            estimate, calibration = _first(batch, seed)
            estimate = _globally(estimate, block)
        else:
            model = fit(items.take(done), past_deals=[items.ids[row] for row in done if is_deal[row]], seed=seed)
            pool = np.concatenate([done[~is_deal[done]], block])
            raw = predict(_extended(model.regressor, items.take(pool)), batch)
            estimate = _globally(estimate_prices(model.regressor, model.calibration, batch, raw), pool)
            calibration = model.calibration
        is_deal[block] = estimate.p_value <= level
        refusals[block] = [calibration.refusal_of(watch) or "" for watch in batch.watches]
        estimates.append(estimate)
        done = np.concatenate([done, block])
        progress(len(block))
    joined = _in_order(estimates, blocks, len(items))
    held = (items.prices >= joined.low) & (items.prices <= joined.high)
    priced = np.flatnonzero(np.isfinite(joined.low))
    coverage = coverage_by_week([items.watches[row] for row in priced], items.first_seen[priced], held[priced])
    return Replay(joined, coverage, tuple(refusals))


def price_known(model: FairPriceModel, items: Listings, *, seed: int = 0) -> Estimates:
    """Price listings that the model knows, as it would had it never seen them.

    Comparables leave the listing itself and later ones out; forests are trained again without the fold of the listings
    it belongs to. ``comparable_rows`` are rows of the model's pool.

    Args:
        model: fitted on a history. items: of that history, its past deals as well. seed: of the boosting.
    """
    regressor = replace(model.regressor, boosting=None)
    pool = regressor.pool
    _, raw, _ = crosswise(
        regressor,
        pool,
        look_at(regressor, pool, regressor.points),
        items,
        look(regressor, items),
        pool_parts=_folds(pool, _KNOWN_FOLDS),
        item_parts=_folds(items, _KNOWN_FOLDS),
        seed=seed,
        keep=False,
    )
    return estimate_prices(model.regressor, model.calibration, items, raw)


def _folds(items: Listings, count: int) -> Integers:
    """Return the fold of each item by the hash of its id: the order of a file says nothing."""
    return np.array(
        [zlib.crc32(item_of(name).encode("utf-8", "replace")) % count for name in items.ids], dtype=np.int64
    )


def time_blocks(first_seen: Floats) -> list[Integers]:
    """Return the rows block by block in order of time; one block where no two times differ."""
    order = time_order(first_seen)
    times = np.where(np.isnan(first_seen), -np.inf, first_seen)[order]
    blocks, start, target = [], 0, float(_FIRST_BLOCK)
    while start < len(order):
        end = int(np.searchsorted(times, times[min(len(order), max(int(target), start + 1)) - 1], side="right"))
        blocks.append(order[start:end])
        start, target = end, max(target, end) * _GROWTH
    return blocks


# ---------------------------------------------------------------- the first block


def _first(batch: Listings, seed: int) -> tuple[Estimates, Calibration]:
    times = np.where(np.isnan(batch.first_seen), -np.inf, batch.first_seen)
    if len(batch) and times.min() == times.max():
        estimate, calibration = _crosswise(batch, np.arange(len(batch)), seed)
        kept = np.flatnonzero(~(estimate.p_value <= SUSPECT_LEVEL))
        is_done = len(kept) == len(batch) or len(batch) > _ONE_PASS_FROM
        return (estimate, calibration) if is_done else _crosswise(batch, kept, seed)
    # Nothing may be chosen on prices that were not known yet: neither knobs nor typical spreads.
    space = fit_ngrams(batch.titles)
    bare = Regressor(batch, place(space, (), batch), space, (), Knobs(), 0.0, PRIOR, PRIOR)
    calibration = uncalibrated()
    return estimate_prices(bare, calibration, batch, predict(bare, batch)), calibration


def _crosswise(batch: Listings, kept: Integers, seed: int) -> tuple[Estimates, Calibration]:
    """Price all from the kept rows, forests by folds."""
    pool = batch.take(kept)
    regressor, looked = prepare(pool, batch)
    fold = _folds(batch, _FOLDS)
    _, raw, _ = crosswise(
        regressor,
        pool,
        pick(looked, kept),
        batch,
        looked,
        pool_parts=fold[kept],
        item_parts=fold,
        seed=seed,
        keep=False,
    )
    calibration = calibrate(regressor, batch, raw)
    estimate = _globally(estimate_prices(regressor, calibration, batch, raw), kept)
    n = len(calibration.scores)
    # The rank among the others: each listing is itself in the calibration window.
    if n:
        estimate = replace(estimate, p_value=np.minimum(estimate.p_value * (n + 1) / n, 1.0))
    return estimate, calibration


def _extended(regressor: Regressor, pool: Listings) -> Regressor:
    return replace(regressor, pool=pool, points=place(regressor.space, regressor.scales, pool))


# ---------------------------------------------------------------- arrays side by side


def _globally(estimate: Estimates, pool_rows: Integers) -> Estimates:
    rows = estimate.comparable_rows
    return replace(estimate, comparable_rows=np.where(rows >= 0, pool_rows[np.maximum(rows, 0)], -1))


def _in_order(estimates: list[Estimates], blocks: list[Integers], n: int) -> Estimates:
    place_of = np.empty(n, dtype=np.int64)
    place_of[np.concatenate(blocks)] = np.arange(n)
    return Estimates(
        **{
            name: np.concatenate([getattr(estimate, name) for estimate in estimates])[place_of]
            for name in Estimates.__slots__
        }
    )
