"""The default rule's idea of what a thing costs: a location and a scale of log price, shrunk to the parent group.

Belongs here: the formula and its constants, with where they were measured. Does not: verdicts (``ml.rules``), numpy.

Chosen by ``benchmarks/detection.py`` among rules that group statistics can carry. Used prices scatter far more above
the median than below it (replicas of a model in gold, sets, bundles), so a symmetric spread says little about how odd
a *low* price is. The spread of the lower tail, median minus 10th percentile of log price, does: on narrow watches it
lifts AUPRC from 0.40 (mean/sigma of log price) and 0.34 (median/MAD) to 0.47.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from domain.statistics import GroupStatistics

# A normal distribution's 10th percentile lies this many standard deviations under its median.
NORMAL_Q10 = 1.2815515655446004
# Weight of the parent group (or of the prior) in observations. 3 to 8 measured alike; 5 is the middle.
PSEUDO_OBSERVATIONS = 5.0
# Spread of log price assumed before anything is seen: the upper half of what real watches show (0.35 to 0.8).
PRIOR_SPREAD = 0.6
# Under this share of the expected price a listing is more often a part, an empty box or a typing mistake than a deal.
TOO_GOOD_SHARE = 0.15
# The same for the price model, wherever it speaks: what it expects is sharper, so fewer real offers lie under it.
MODEL_CHECK_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a thing of a group costs, on the natural log scale of the price in major units of the watch's currency.

    Attributes:
        location: log of the expected price.
        scale: the lower tail's spread, in units comparable to a standard deviation; always positive.
    """

    location: float
    scale: float

    def deviations_below(self, price: float) -> float:
        """Return how many scales the price (major units, positive) lies below the expected one; negative above."""
        return (self.location - math.log(price)) / self.scale

    def price_at(self, deviations: float) -> float:
        """Return the price that lies so many scales below the expected one, major units."""
        return math.exp(self.location - deviations * self.scale)


def shrink(n: int, log_median: float, log_q10: float, parent: Estimate | None = None) -> Estimate:
    """Return the estimate of a group of ``n`` prices, pulled to its parent by ``PSEUDO_OBSERVATIONS``.

    Without a parent the location stays and the scale is pulled to ``PRIOR_SPREAD``, so it is never zero even where
    all comparables cost the same.
    """
    k = PSEUDO_OBSERVATIONS
    own = (log_median - log_q10) / NORMAL_Q10
    prior = PRIOR_SPREAD if parent is None else parent.scale
    scale = math.sqrt((n * own * own + k * prior * prior) / (n + k))
    location = log_median if parent is None else (n * log_median + k * parent.location) / (n + k)
    return Estimate(location, scale)


def estimate(groups: Sequence[GroupStatistics]) -> Estimate | None:
    """Return the estimate for the narrowest of ``groups``, shrunk to the wider ones; None where none has prices.

    Args:
        groups: narrowest first, as in ``domain.statistics.Candidate``; a group without quantiles is passed over.
    """
    result: Estimate | None = None
    for group in reversed(groups):
        if group.n > 0 and group.log_median is not None and group.log_q10 is not None:
            result = shrink(group.n, group.log_median, group.log_q10, result)
    return result
