"""The fitted fair price model and what it says of listings. Nothing here needs scikit-learn.

Belongs here: the model's parts, the raw prediction, the calibrated estimate. Does not: fitting, files.

Tiers by the number of comparables that a listing's own group holds (itself, later ones and relists not counted):
``none`` under 5; ``shrunk`` 5 to 19 (median and lower spread of the watch,
shrunk to brand and all, averaged with the comparables'); ``comparables``
from 20 on; ``boosted``, comparables and quantile boosting, where the pool had 500 rows to train on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ml.pricing.comparables import (
    AttributeScale,
    Neighbours,
    Opinion,
    Points,
    nearest,
    opinion,
    place,
)
from ml.pricing.conformal import p_values
from ml.pricing.features import Encoder, build_features
from ml.pricing.forest import Forest
from ml.pricing.listings import Floats, Integers, Listings
from ml.pricing.ngrams import NgramSpace
from ml.pricing.summaries import Summary, group_summaries, shrunk
from ml.robust import MODEL_CHECK_SHARE, PSEUDO_OBSERVATIONS

TIERS = ("none", "shrunk", "comparables", "boosted")
NONE, SHRUNK, COMPARABLES, BOOSTED = range(4)
K_NEAR, K_WIDE = 25, 50
QUANTILES = (0.05, 0.5, 0.95)
SHOWN_COMPARABLES = 5
NORMAL_Q05 = 1.6448536269514722
_SHORTEST_LOWER_ARM = 0.05


@dataclass(frozen=True, slots=True)
class Knobs:
    """What is chosen on the history itself.

    Attributes:
        temperature: T of the weights exp((s - s_max) / T). attribute_share: 0 or 0.5, see ``comparables``.
    """

    temperature: float = 0.1
    attribute_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Boosting:
    """The quantile forests (5, 50, 95 %) of log p - m, and how their features are built."""

    encoder: Encoder
    forests: tuple[Forest, Forest, Forest]


@dataclass(frozen=True, slots=True)
class Regressor:
    """All that prediction needs: the comparables' pool, the spaces they are compared in, the forests if any.

    Attributes:
        pool: what may be compared with; points: where it lies.
        centre: median log price of the pool, subtracted from all logs, so that the currency's unit cannot matter.
        lower, upper: typical spreads of the comparables, what each own spread is shrunk to.
    """

    pool: Listings
    points: Points
    space: NgramSpace
    scales: tuple[AttributeScale, ...]
    knobs: Knobs
    centre: float
    lower: float
    upper: float
    boosting: Boosting | None = None

    def log_prices(self, items: Listings) -> Floats:
        """Return log prices relative to the centre.

        Rounded, because trees split on the last bit of a difference, and that bit changes with the currency's unit.
        """
        return np.round(np.log(items.prices) - self.centre, 9)


class Seen(NamedTuple):
    """What prediction computes before any forest: neighbours, opinions, group summaries."""

    neighbours: Neighbours
    opinions: tuple[Opinion, Opinion, Opinion]
    summaries: list[Summary]


@dataclass(frozen=True, slots=True)
class Raw:
    """Uncalibrated predictions, logs relative to the regressor's centre.

    Attributes:
        tier: index into ``TIERS``. eligible: comparables in the listing's own group. n: Kish's effective number.
        location, lower, upper: of the tier's simple half (comparables, or shrunk group): log price and the two tails'
        standard deviations. boosted: (n, 3) quantiles, NaN where not boosted.
        neighbours: pool rows, nearest first.
    """

    tier: Integers
    eligible: Integers
    n: Floats
    location: Floats
    lower: Floats
    upper: Floats
    boosted: Floats
    neighbours: Neighbours

    def deviations(self, log_prices: Floats) -> tuple[Floats, Floats]:
        """Return how many deviations each price lies below what is expected: the simple half's, the boosted half's."""
        simple = (self.location - log_prices) / self.lower
        arm = np.maximum(self.boosted[:, 1] - self.boosted[:, 0], _SHORTEST_LOWER_ARM)
        return simple, (self.boosted[:, 1] - log_prices) / arm * NORMAL_Q05


def look(regressor: Regressor, items: Listings) -> Seen:
    """Return the comparables of the listings and what they and the groups say."""
    points = place(regressor.space, regressor.scales, items)
    return look_at(regressor, items, points)


def look_at(regressor: Regressor, items: Listings, points: Points) -> Seen:
    """Return the same for listings whose points are known already."""
    knobs, logs = regressor.knobs, regressor.log_prices(regressor.pool)
    found = nearest(regressor.pool, regressor.points, items, points, k=K_WIDE, attribute_share=knobs.attribute_share)
    return Seen(found, opinions_of(found, logs, knobs.temperature), group_summaries(regressor.pool, logs, items))


def opinions_of(found: Neighbours, logs: Floats, temperature: float) -> tuple[Opinion, Opinion, Opinion]:
    """Return the main opinion (25 nearest), a sharper (half the temperature) and a wider one (50 nearest)."""
    return (
        opinion(found, logs, k=K_NEAR, temperature=temperature),
        opinion(found, logs, k=K_NEAR, temperature=temperature / 2),
        opinion(found, logs, k=K_WIDE, temperature=temperature),
    )


def shrunk_spread(own: Floats, n: Floats, typical: float) -> Floats:
    """Return sqrt((n own^2 + 5 typical^2) / (n + 5)): facts' shrinkage with the lower tail's spread for the MAD."""
    k = PSEUDO_OBSERVATIONS
    return np.sqrt((n * own**2 + k * typical**2) / (n + k))


def predict(regressor: Regressor, items: Listings, seen: Seen | None = None) -> Raw:
    """Return the uncalibrated prediction of each listing; its own price is not looked at."""
    seen = look(regressor, items) if seen is None else seen
    main, sharp, wide = seen.opinions
    eligible = seen.neighbours.eligible
    tier = np.where(eligible < 5, NONE, np.where(eligible < 20, SHRUNK, COMPARABLES)).astype(np.int64)
    # Two temperatures halve the chance that one of them was the wrong one: 0.4 points of price error.
    location = (main.location + sharp.location) / 2
    lower, upper = (
        shrunk_spread(wide.spread, wide.n, regressor.lower),
        shrunk_spread(wide.upper, wide.n, regressor.upper),
    )
    few = np.flatnonzero(tier == SHRUNK)
    group_location, group_lower = shrunk(seen.summaries, few)
    location[few], lower[few] = (location[few] + group_location) / 2, (lower[few] + group_lower) / 2
    boosted = np.full((len(items), len(QUANTILES)), np.nan)
    if regressor.boosting is not None:
        tier[tier == COMPARABLES] = BOOSTED
        rows = np.flatnonzero(tier == BOOSTED)
        features = build_features(
            regressor.boosting.encoder,
            items,
            seen.neighbours,
            seen.opinions,
            seen.summaries,
            regressor.pool.attributes,
        )[rows]
        for place_, forest in enumerate(regressor.boosting.forests):
            boosted[rows, place_] = main.location[rows] + forest.predict(features)
        boosted[rows] = np.sort(boosted[rows], axis=1)
    unknown = (tier == NONE) | np.isnan(location)
    tier[unknown] = NONE
    for column in (location, lower, upper):
        column[unknown] = np.nan
    return Raw(tier, eligible, wide.n, location, lower, upper, boosted, seen.neighbours)


# ---------------------------------------------------------------- calibrated


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the calibration window taught.

    Attributes:
        units: standard deviation of the deviations by half: shrunk, comparables, boosted.
        location_weight, score_weight: share of the boosted half in the expected price and in the score.
        scores: sorted scores of the window, without those of refused watches. alarm_scores: of those that may be
            alerted, not priced under ``MODEL_CHECK_SHARE`` of what is expected.
        factors: stretch of the interval by group, "" the global one.
        rows: size of the window. coverage: of the window's later half by the earlier half's factor; NaN where unknown.
        refusal: why no alert may be given, or None. refusals: the same by watch, where only some of them are concerned.
    """

    units: tuple[float, float, float]
    location_weight: float
    score_weight: float
    scores: Floats
    alarm_scores: Floats
    factors: Mapping[str, float]
    rows: int
    coverage: float
    refusal: str | None
    refusals: Mapping[str, str] = field(default_factory=dict)

    def refusal_of(self, watch: str) -> str | None:
        """Return why no alert may be given on a listing of a watch, or None."""
        return self.refusal or self.refusals.get(watch)


@dataclass(frozen=True, slots=True)
class Estimates:
    """What the model says of each listing; money in the listings' currency, major units, NaN in tier ``none``.

    Attributes:
        expected, low, high: the expected price and its 90 % interval; low <= expected <= high.
        p_value: share of ordinary listings at least as cheap for what they are; falls with the price.
        alarm_rate: share of ordinary listings that would be alerted by an alert on this one: as ``p_value``, those
            left out that are too cheap to be alerted.
        deviations: how many standard deviations of log price it lies below, in units of the calibration window.
        score: the same for ranking, 0 where the price is too good to be true (under 20 % of the expected one).
        discount: 1 - price / expected. tier: index into ``TIERS``. n_eff: comparables in the listing's own group.
        comparables: ids of up to five, nearest first; rows: their pool rows; similarity: how alike they are.
    """

    expected: Floats
    low: Floats
    high: Floats
    p_value: Floats
    alarm_rate: Floats
    deviations: Floats
    score: Floats
    discount: Floats
    tier: Integers
    n_eff: Integers
    comparable_rows: Integers
    similarity: Floats


def centre_of(raw: Raw, location_weight: float) -> Floats:
    """Return the log of the expected price."""
    mixed = location_weight * raw.boosted[:, 1] + (1 - location_weight) * raw.location
    return np.where(raw.tier == BOOSTED, mixed, raw.location)


def raw_interval(raw: Raw, location_weight: float) -> tuple[Floats, Floats, Floats]:
    """Return (low, centre, high) of log price before calibration: the halves' 5 and 95 % quantiles, mixed."""
    centre = centre_of(raw, location_weight)
    low, high = raw.location - NORMAL_Q05 * raw.lower, raw.location + NORMAL_Q05 * raw.upper
    is_boosted = raw.tier == BOOSTED
    low = np.where(is_boosted, location_weight * raw.boosted[:, 0] + (1 - location_weight) * low, low)
    high = np.where(is_boosted, location_weight * raw.boosted[:, 2] + (1 - location_weight) * high, high)
    return np.minimum(low, centre), centre, np.maximum(high, centre)


def scores_of(raw: Raw, log_prices: Floats, units: tuple[float, float, float], score_weight: float) -> Floats:
    """Return the deviations below, each half in its own unit, mixed where boosted; NaN in tier ``none``."""
    simple, boosted = raw.deviations(log_prices)
    simple = simple / np.where(raw.tier == SHRUNK, units[0], units[1])
    mixed = score_weight * boosted / units[2] + (1 - score_weight) * simple
    return np.where(raw.tier == BOOSTED, mixed, simple)


def factor_groups(items: Listings, raw: Raw) -> list[tuple[str, str]]:
    """Return (watch's group, tier's group) of each row, the keys of ``Calibration.factors``."""
    return [
        (f"watch {watch}" if watch else "", f"tier {TIERS[tier]}")
        for watch, tier in zip(items.watches, raw.tier, strict=True)
    ]


def estimate_prices(regressor: Regressor, calibration: Calibration, items: Listings, raw: Raw) -> Estimates:
    """Return the calibrated estimates of the listings at their own prices."""
    logs = regressor.log_prices(items)
    low, centre, high = raw_interval(raw, calibration.location_weight)
    factors = calibration.factors
    overall = factors.get("", np.nan)
    factor = np.array([factors.get(w, factors.get(t, overall)) for w, t in factor_groups(items, raw)], dtype=np.float64)
    score = scores_of(raw, logs, calibration.units, calibration.score_weight)
    expected = np.exp(centre + regressor.centre)
    rows, unknown = len(calibration.scores), np.full(len(items), np.nan)
    return Estimates(
        expected=expected,
        low=np.minimum(np.exp(centre - factor * (centre - low) + regressor.centre), expected),
        high=np.maximum(np.exp(centre + factor * (high - centre) + regressor.centre), expected),
        p_value=p_values(calibration.scores, score) if rows else unknown,
        alarm_rate=p_values(calibration.alarm_scores, score, rows) if len(calibration.alarm_scores) else unknown,
        deviations=score,
        score=np.where(items.prices < MODEL_CHECK_SHARE * expected, np.minimum(score, 0.0), score),
        discount=1.0 - items.prices / expected,
        tier=raw.tier,
        n_eff=raw.eligible,
        comparable_rows=raw.neighbours.rows[:, :SHOWN_COMPARABLES],
        similarity=raw.neighbours.similarity[:, :SHOWN_COMPARABLES].astype(np.float64),
    )


@dataclass(frozen=True, slots=True)
class FairPriceModel:
    """A regressor with its calibration. ``trained_rows``: how many rows the forests saw, 0 without forests."""

    regressor: Regressor
    calibration: Calibration
    trained_rows: int

    def price(self, items: Listings) -> Estimates:
        """Return the estimates of listings, new or of the pool; one of the pool is not its own comparable."""
        return estimate_prices(self.regressor, self.calibration, items, predict(self.regressor, items))
