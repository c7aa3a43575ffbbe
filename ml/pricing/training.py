"""Fitting the fair price model: knobs, forests, calibration. The only module here that needs scikit-learn.

Belongs here: everything that looks at the history's prices to choose something. Does not: scoring, files.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from ml.pricing.comparables import AttributeScale, Neighbours, Opinion, nearest, opinion, place
from ml.pricing.conformal import (
    conformal_quantile,
    group_factors,
    group_refusals,
    mixture_choice,
    refusal,
    stretch_ratios,
)
from ml.pricing.features import build_features, fit_encoder
from ml.pricing.forest import Forest, forest_of
from ml.pricing.listings import Booleans, Floats, Integers, Listings, PricingError, time_order
from ml.pricing.model import (
    BOOSTED,
    K_NEAR,
    K_WIDE,
    NONE,
    QUANTILES,
    SHRUNK,
    Boosting,
    Calibration,
    FairPriceModel,
    Knobs,
    Raw,
    Regressor,
    Seen,
    centre_of,
    factor_groups,
    look,
    look_at,
    predict,
    raw_interval,
    scores_of,
    shrunk_spread,
)
from ml.pricing.ngrams import fit_ngrams
from ml.pricing.summaries import Summary
from ml.robust import MODEL_CHECK_SHARE

MIN_BOOSTING_ROWS = 500
CALIBRATION_SHARE = 0.2
MIN_CALIBRATION_ROWS = 200
# With fewer calibrated scores even the rarest p-value says little.
LEAST_CALIBRATION_ROWS = 30
MIN_ELIGIBLE = 20
_PARTS, _ONE_PART_FROM = 3, 20_000
_MOST_BOOSTING_ROWS = 60_000
# Small trees: deeper ones (15 leaves of 20) were worse on every set of under 5,000 rows.
_TREES = {"max_iter": 80, "learning_rate": 0.06, "max_leaf_nodes": 8, "min_samples_leaf": 40}
_SAMPLE = 1_500
_TEMPERATURES = (0.1,)
_ATTRIBUTE_TEMPERATURES = (0.1, 0.2, 0.5)
_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_USUAL_LOCATION_WEIGHT = 0.25
_PLANTED = (0.3, 0.4, 0.5, 0.6)
_FALSE_ALARMS = 0.02
# A guess of the spread of log price where nothing can be measured; see ml.robust.PRIOR_SPREAD.
PRIOR = 0.4


def fit(
    history: Listings,
    *,
    calibration: Integers | None = None,
    past_deals: Collection[str] = (),
    seed: int = 0,
) -> FairPriceModel:
    """Fit on a history.

    Args:
        history: listings seen before anything that will be priced.
        calibration: rows of the calibration window; the most recent 20 %, at least 200, where not given.
        past_deals: ids alerted before: not compared with, not trained on. They stay in the calibration window: without
            its rarest scores every next one would look rare.
        seed: of the boosting.

    Each third of the calibration window is predicted by forests trained on everything else, so that those calibrated
    err as those kept, which see every row, will err on new listings; from 20,000 rows on the window is one part.

    Raises:
        PricingError: for an empty history.
    """
    if len(history) == 0:
        raise PricingError("the history is empty; there is nothing to compare with")
    deals = frozenset(past_deals)
    kept = np.array([row for row, name in enumerate(history.ids) if name not in deals], dtype=np.int64)
    if len(kept) == 0:
        raise PricingError("every listing of the history is a past deal; there is nothing to compare with")
    window = history.take(calibration_window(history.first_seen) if calibration is None else calibration)
    pool = history.take(kept)
    regressor, seen = prepare(pool)
    place_of = {name: place for place, name in enumerate(window.ids)}
    in_window = np.array([place_of.get(name, -1) for name in pool.ids], dtype=np.int64)
    parts = _PARTS if len(pool) < _ONE_PART_FROM else 1
    regressor, raw, trained = crosswise(
        regressor,
        pool,
        seen,
        window,
        look(regressor, window),
        pool_parts=np.where(in_window < 0, -1, in_window % parts),
        item_parts=np.arange(len(window)) % parts,
        seed=seed,
        keep=True,
    )
    return FairPriceModel(regressor, calibrate(regressor, window, raw), trained)


def crosswise(
    regressor: Regressor,
    pool: Listings,
    seen: Seen,
    items: Listings,
    looked: Seen,
    *,
    pool_parts: Integers,
    item_parts: Integers,
    seed: int,
    keep: bool,
) -> tuple[Regressor, Raw, int]:
    """Predict listings by forests that saw nothing of their part; return the regressor, the predictions, rows trained.

    Args:
        regressor: of the pool, without forests. pool, seen: its listings and what it sees of them.
        items, looked: what is predicted, and what the regressor sees of it.
        pool_parts, item_parts: the part each belongs to; -1 is in none and always trained on.
        seed: of the boosting. keep: train forests on the whole pool and put them into the regressor returned.
    """
    raw = predict(regressor, items, looked)
    usable = seen.neighbours.eligible >= MIN_ELIGIBLE
    if len(pool) < MIN_BOOSTING_ROWS or usable.sum() < MIN_BOOSTING_ROWS // 2:
        return regressor, raw, 0
    for part in np.unique(item_parts):
        training = np.flatnonzero(usable & (pool_parts != part))
        if len(training) < MIN_BOOSTING_ROWS // 2:
            continue
        fitted = replace(regressor, boosting=boost(regressor, pool, seen, training, seed))
        predicted, here = predict(fitted, items, looked), item_parts == part
        raw.boosted[here], raw.tier[here] = predicted.boosted[here], predicted.tier[here]
    rows = np.flatnonzero(usable)
    if keep:
        regressor = replace(regressor, boosting=boost(regressor, pool, seen, rows, seed))
    return regressor, raw, len(rows)


def calibration_window(first_seen: Floats) -> Integers:
    """Return the rows of the most recent 20 %, at least 200, all where there are not so many; in order of time."""
    size = min(len(first_seen), max(MIN_CALIBRATION_ROWS, round(CALIBRATION_SHARE * len(first_seen))))
    return time_order(first_seen)[len(first_seen) - size :]


def prepare(pool: Listings, items: Listings | None = None) -> tuple[Regressor, Seen]:
    """Return a regressor without forests, its knobs chosen on the pool, and what it sees of the items.

    Args:
        pool: what may be compared with. items: all that will be priced, the pool among them; the pool where not given.
    """
    centre = float(np.median(np.log(pool.prices)))
    space = fit_ngrams(pool.titles)
    scales = attribute_scales(pool)
    points = place(space, scales, pool)
    regressor = Regressor(pool, points, space, scales, Knobs(), centre, PRIOR, PRIOR)
    regressor = replace(regressor, knobs=choose_knobs(regressor))
    seen = look_at(regressor, pool, points) if items is None else look(regressor, items)
    wide = seen.opinions[2]
    return replace(regressor, lower=_typical(wide.spread), upper=_typical(wide.upper)), seen


def pick(seen: Seen, rows: Integers) -> Seen:
    """Return what was seen of the chosen rows."""
    found = seen.neighbours
    main, sharp, wide = (
        Opinion(o.location[rows], o.spread[rows], o.upper[rows], o.mad[rows], o.n[rows], o.best[rows])
        for o in seen.opinions
    )
    return Seen(
        Neighbours(found.rows[rows], found.similarity[rows], found.eligible[rows]),
        (main, sharp, wide),
        [Summary(s.count[rows], s.median[rows], s.q10[rows]) for s in seen.summaries],
    )


def _typical(spreads: Floats) -> float:
    known = spreads[np.isfinite(spreads)]
    return max(float(np.sqrt(np.median(known**2))), 0.05) if len(known) >= 10 else PRIOR


# ---------------------------------------------------------------- attributes and knobs


def attribute_scales(pool: Listings) -> tuple[AttributeScale, ...]:
    """Return how each attribute is compared: its unit 0.6 standard deviations, its weight squared rank correlation.

    0.6 reproduces the units that were measured best on cars (4 years, half a log of mileage, 35 PS). The correlation is
    with log price less the watch's median, so a column that only tells watches apart, or nothing, hardly counts.
    """
    logs = np.log(pool.prices)
    medians = {name: np.median(logs[_where(pool.watches, name)]) for name in set(pool.watches)}
    residual = np.round(logs - np.array([medians[name] for name in pool.watches]), 9)
    found = []
    for name in sorted(pool.attributes):
        values = pool.attributes[name]
        known = np.isfinite(values)
        if known.sum() < 20 or np.ptp(values[known]) == 0:
            continue
        low, high = np.quantile(values[known], [0.1, 0.9])
        logged = bool(values[known].min() > 0 and high > 10 * low)
        compared = np.log(values[known]) if logged else values[known]
        weight = _rank_correlation(compared, residual[known]) ** 2
        if weight >= 0.01:
            found.append((name, logged, 0.6 * float(compared.std()), weight))
    total = sum(weight for *_, weight in found)
    return tuple(AttributeScale(name, logged, unit, weight / total) for name, logged, unit, weight in found)


def _where(names: tuple[str, ...], name: str) -> Integers:
    return np.array([row for row, other in enumerate(names) if other == name], dtype=np.int64)


def _rank_correlation(x: Floats, y: Floats) -> float:
    ranks = [np.argsort(np.argsort(v, kind="stable"), kind="stable").astype(np.float64) for v in (x, y)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def choose_knobs(regressor: Regressor) -> Knobs:
    """Choose temperature and attribute share on a sample: first the smallest price error, then the best ranking."""
    pool = regressor.pool
    if len(pool) < 2 * K_NEAR:
        return Knobs()
    rows = np.sort(np.random.default_rng(0).permutation(len(pool))[:_SAMPLE])
    sample, points = pool.take(rows), regressor.points.take(rows)
    logs, actual = regressor.log_prices(pool), regressor.log_prices(sample)
    tried: list[tuple[float, float, Knobs]] = []
    for share in (0.0, 0.5) if regressor.scales else (0.0,):
        found = nearest(pool, regressor.points, sample, points, k=K_WIDE, attribute_share=share)
        for temperature in _ATTRIBUTE_TEMPERATURES if share else _TEMPERATURES:
            near = opinion(found, logs, k=K_NEAR, temperature=temperature)
            wide = opinion(found, logs, k=K_WIDE, temperature=temperature)
            lower = shrunk_spread(wide.spread, wide.n, _typical(wide.spread))
            error = float(np.nanmedian(np.abs(near.location - actual)))
            tried.append(
                (
                    error,
                    power((near.location - actual) / lower, near.location, actual, lower),
                    Knobs(temperature, share),
                )
            )
    least = min(error for error, _, _ in tried)
    return max((t for t in tried if t[0] <= 1.03 * least), key=lambda t: t[1])[2]


def power(deviations: Floats, expected: Floats, actual: Floats, unit: Floats) -> float:
    """Return the share of rows found at 2 % false alarms if their price were 0.3 to 0.6 of what it is.

    Rows under the too-good share of the expected price are never found, planted or not.
    """
    known = np.isfinite(deviations)
    deviations, gap, unit = deviations[known], (actual - expected)[known], unit[known]
    limit = np.log(MODEL_CHECK_SHARE)
    threshold = float(np.quantile(np.where(gap < limit, -np.inf, deviations), 1 - _FALSE_ALARMS, method="higher"))
    found = [
        np.mean((deviations - np.log(share) / unit > threshold) & (gap + np.log(share) >= limit)) for share in _PLANTED
    ]
    return float(np.mean(found))


# ---------------------------------------------------------------- forests


def boost(regressor: Regressor, items: Listings, seen: Seen, rows: Integers, seed: int) -> Boosting:
    """Train the quantile forests of log p - m on the rows (the most recent 60,000 where there are more)."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - only fitting needs it
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - the same

    location = seen.opinions[0].location
    rows = rows[np.isfinite(location[rows])]
    if len(rows) > _MOST_BOOSTING_ROWS:
        rows = np.sort(rows[time_order(items.first_seen[rows])][-_MOST_BOOSTING_ROWS:])
    residual = (regressor.log_prices(items) - location)[rows]
    encoder = fit_encoder(items.take(rows), residual)
    features = build_features(
        encoder, items, seen.neighbours, seen.opinions, seen.summaries, regressor.pool.attributes
    )[rows]
    # scikit-learn cannot bin a column in which nothing is known; a constant is never split on.
    features[:, np.all(np.isnan(features), axis=0)] = 0.0
    forests: list[Forest] = []
    for quantile in QUANTILES:
        model = HistGradientBoostingRegressor(
            loss="quantile",
            quantile=quantile,
            **_TREES,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed,
        )
        # OpenMP threads that wait for a busy core cost ten times what they bring on tables of this size.
        with threadpool_limits(limits=1):
            forests.append(forest_of(model.fit(features, residual)))
    return Boosting(encoder, (forests[0], forests[1], forests[2]))


# ---------------------------------------------------------------- calibration


def calibrate(regressor: Regressor, window: Listings, raw: Raw) -> Calibration:
    """Return the calibration of raw predictions on a window, whose rows come in order of time."""
    logs = regressor.log_prices(window)
    known = raw.tier != NONE
    units = _units(raw, logs)
    location_weight, score_weight = _mixture(raw, logs, units)
    score = scores_of(raw, logs, units, score_weight)
    low, centre, high = raw_interval(raw, location_weight)
    ratios = stretch_ratios(logs, low, centre, high)[known]
    if len(ratios) < LEAST_CALIBRATION_ROWS:
        return replace(uncalibrated(), rows=len(ratios))
    half = len(ratios) // 2
    covered = ratios[half:] <= conformal_quantile(ratios[:half])
    watches = [watch for watch, is_known in zip(window.watches, known, strict=True) if is_known]
    refused = group_refusals(ratios[:half], watches[:half], ratios[half:], watches[half:])
    # What is not alerted is not what others are ranked among: one watch that moved would use up the budget of all.
    ranked = known & np.array([watch not in refused for watch in window.watches])
    return Calibration(
        units=units,
        location_weight=location_weight,
        score_weight=score_weight,
        scores=np.sort(score[ranked]),
        alarm_scores=np.sort(score[ranked & (logs - centre >= np.log(MODEL_CHECK_SHARE))]),
        factors=_factors(window, raw, ratios, known),
        rows=len(ratios),
        coverage=float(covered.mean()),
        refusal=refusal(covered),
        refusals=refused,
    )


def uncalibrated() -> Calibration:
    """Return the calibration of nothing: no p-values, no intervals."""
    return Calibration((1.0, 1.0, 1.0), 0.5, 0.5, np.zeros(0), np.zeros(0), {}, 0, float("nan"), None)


def _factors(window: Listings, raw: Raw, ratios: Floats, known: Booleans) -> dict[str, float]:
    groups = [pair for pair, is_known in zip(factor_groups(window, raw), known, strict=True) if is_known]
    by_tier = group_factors(ratios, [tier for _, tier in groups])
    return by_tier | group_factors(ratios, [watch for watch, _ in groups])


def _units(raw: Raw, logs: Floats) -> tuple[float, float, float]:
    simple, boosted = raw.deviations(logs)
    comparables = _deviation(simple[raw.tier > SHRUNK], 1.0)
    return (
        _deviation(simple[raw.tier == SHRUNK], comparables),
        comparables,
        _deviation(boosted[raw.tier == BOOSTED], 1.0),
    )


def _deviation(values: Floats, otherwise: float) -> float:
    values = values[np.isfinite(values)]
    return max(float(values.std()), 1e-6) if len(values) >= LEAST_CALIBRATION_ROWS else otherwise


def _mixture(raw: Raw, logs: Floats, units: tuple[float, float, float]) -> tuple[float, float]:
    """Return the boosted half's share in the expected price and in the score.

    A quarter and a half, unless another share is clearly better in the window.
    """
    rows = raw.tier == BOOSTED
    if rows.sum() < MIN_CALIBRATION_ROWS:
        return _USUAL_LOCATION_WEIGHT, 0.5
    exactness = {w: 1.0 / max(float(np.mean(np.abs(centre_of(raw, w) - logs)[rows])), 1e-9) for w in _WEIGHTS}
    location = mixture_choice(exactness, _USUAL_LOCATION_WEIGHT, 0.03)
    arm = (raw.boosted[:, 1] - raw.boosted[:, 0]).clip(0.05)
    powers = {}
    for w in _WEIGHTS:
        score = scores_of(raw, logs, units, w)
        # What one unit of log price adds to the score.
        slope = w / units[2] * 1.6448536 / arm + (1 - w) / units[1] / raw.lower
        powers[w] = power(score[rows], centre_of(raw, location)[rows], logs[rows], 1.0 / slope[rows])
    return location, mixture_choice(powers, 0.5, 0.15)
