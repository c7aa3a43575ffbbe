"""The figures of an evaluation: shares with what chance allows, a rule's figures, lift by decile.

Belongs here: their shapes and formulas. Does not: rules, data, words for a page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ml.evaluation import Operation
from ml.pricing.conformal import Coverage
from ml.pricing.listings import Floats

DECILES = 10
# Fewer listings of known fate say nothing by decile.
LEAST_FATES = 100
_TWO_SIDED_95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``of``."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """Return the share; NaN of nothing."""
        return self.count / self.of if self.of else math.nan

    def interval(self, learnt_from: int | None = None) -> tuple[float, float]:
        """Return the 95 % Wilson score interval (Wilson 1927); (0, 1) of nothing.

        Args:
            learnt_from: rows of the calibration window, whose own chance widens the interval: a level learnt from m
                rows and tried on n scatters like a share of n m / (n + m).
        """
        if not self.of or learnt_from == 0:
            return 0.0, 1.0
        n = float(self.of) if learnt_from is None else self.of * learnt_from / (self.of + learnt_from)
        z2, p = _TWO_SIDED_95**2, self.value
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        arm = _TWO_SIDED_95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n**2))
        return max(0.0, middle - arm), min(1.0, middle + arm)

    def may_lie_within(self, low: float, high: float, learnt_from: int | None = None) -> bool:
        """Return whether the 95 % interval touches low..high: where not, chance alone does not explain the share."""
        least, most = self.interval(learnt_from)
        return most >= low and least <= high


@dataclass(frozen=True, slots=True)
class Decile:
    """One tenth of the listings by score; ``gone`` of ``rows`` were gone within the days, base is that share of all."""

    place: int
    rows: int
    gone: int
    base: float

    @property
    def lift(self) -> float:
        """Return the tenth's share by that of all; NaN where none was gone."""
        return self.gone / self.rows / self.base if self.rows and self.base else math.nan


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """How one rule ranked and alerted, repeats averaged.

    Attributes:
        auprcs: average precision in each repeat; chance gives 0.03.
        precision_at_planted: precision where as many alerts as planted deals are sent.
        false_alarms_at_half: per 1,000 unplanted listings, where half of the planted ones are found.
        alerts_at: the threshold it alerts at by default, in words.
        alerted: what that threshold did; precision is NaN where it never alerted.
        deciles: how fast listings were gone by the rule's score, cheapest last; empty where too few fates are known.
    """

    name: str
    auprcs: tuple[float, ...]
    precision_at_planted: float
    false_alarms_at_half: float
    alerts_at: str
    alerted: Operation
    deciles: tuple[Decile, ...]

    @property
    def auprc(self) -> float:
        """Return the mean average precision."""
        return mean_and_error(self.auprcs)[0]

    @property
    def auprc_error(self) -> float:
        """Return the standard error of that mean, of what is planted alone: all repeats share one stream."""
        return mean_and_error(self.auprcs)[1]


@dataclass(frozen=True, slots=True)
class CalibrationFigures:
    """Whether the intervals and p-values kept their word on the stream as it came.

    Attributes:
        coverage: of all 90 % intervals. by_week: the same by watch and week.
        alarms: share of listings at or under each p-value level. price_error: median |expected / price - 1|.
        priced: listings that got an interval. window: rows of the smallest calibration window.
        refusal: why the newest model gives no alerts, or None.
    """

    coverage: Share
    by_week: tuple[Coverage, ...]
    alarms: Mapping[float, Share]
    price_error: float
    priced: Share
    window: int
    refusal: str | None

    def by_watch(self) -> dict[str, Share]:
        """Return the coverage of each watch, all weeks together."""
        counts: dict[str, list[int]] = {}
        for week in self.by_week:
            entry = counts.setdefault(week.watch, [0, 0])
            entry[0] += week.covered
            entry[1] += week.rows
        return {watch: Share(covered, rows) for watch, (covered, rows) in counts.items()}


def deciles_of(scores: Floats, gone: Floats) -> tuple[Decile, ...]:
    """Return what share was gone by tenth of the score, least first; empty with fewer than 100 known fates.

    Args:
        scores: higher is cheaper; NaN where not scored.
        gone: 1 gone within the days, 0 not, NaN unknown (too new, or last seen before).
    """
    known = np.flatnonzero(np.isfinite(scores) & np.isfinite(gone))
    if len(known) < LEAST_FATES:
        return ()
    order = known[np.argsort(scores[known], kind="stable")]
    base = float(gone[known].mean())
    return tuple(
        Decile(place, len(rows), int(gone[rows].sum()), base)
        for place, rows in enumerate(np.array_split(order, DECILES), start=1)
    )


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and its standard error; no error of one value."""
    table = np.asarray(values, dtype=np.float64)
    return float(table.mean()), float(table.std(ddof=1) / np.sqrt(len(table))) if len(table) > 1 else 0.0
