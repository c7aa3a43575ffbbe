"""Split conformal calibration: intervals that cover 90 %, and p-values that say how rare so low a price is.

Belongs here: ranks, factors, coverage counts; pure numpy. Does not: prices, models, verdicts.

Intervals: conformalised quantile regression (Romano, Patterson, Candes 2019) with a multiplicative score, so that the
centre always stays inside: a row's ratio is the number by which its interval's arm must be stretched to reach its
price, and the calibrated factor is the ceil((n + 1) 0.9)-th smallest ratio. p-values: the share of calibration rows at
least as cheap (Bates et al., Annals of Statistics 2023, arXiv 2104.08279). Both hold on
average over listings exchangeable with the calibration window, not for each group: a group's own factor is therefore
mixed in by its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ml.pricing.listings import Booleans, Floats

LEVEL = 0.9
# A group's own factor counts half from so many calibration rows on; from fewer than _LEAST it is not computed.
_GROUP_PSEUDO = 100.0
_LEAST = 20
_SHORTEST_ARM = 1e-6
REFUSE_BELOW = 0.8
_SURE = 200


def stretch_ratios(log_prices: Floats, low: Floats, centre: Floats, high: Floats) -> Floats:
    """Return by what each interval's arm must be multiplied to reach the price; 1 is exactly at its end."""
    below = (centre - log_prices) / np.maximum(centre - low, _SHORTEST_ARM)
    above = (log_prices - centre) / np.maximum(high - centre, _SHORTEST_ARM)
    return np.maximum(below, above)


def conformal_quantile(ratios: Floats, level: float = LEVEL) -> float:
    """Return the ceil((n + 1) level)-th smallest ratio, the largest for a small n; NaN for none."""
    if len(ratios) == 0:
        return float("nan")
    rank = min(len(ratios), int(np.ceil((len(ratios) + 1) * level)))
    return float(np.partition(ratios, rank - 1)[rank - 1])


def group_factors(ratios: Floats, groups: Sequence[str], level: float = LEVEL) -> dict[str, float]:
    """Return a stretch factor per group, its logarithm shrunk to the global by 100 pseudo-rows; "" is the global."""
    overall = conformal_quantile(ratios, level)
    factors = {"": overall}
    names = np.array(groups, dtype=object)
    for name in sorted(set(groups) - {""}):
        own = ratios[names == name]
        if len(own) >= _LEAST:
            n, mine = len(own), max(conformal_quantile(own, level), 1e-3)
            factors[name] = float(
                np.exp((n * np.log(mine) + _GROUP_PSEUDO * np.log(max(overall, 1e-3))) / (n + _GROUP_PSEUDO))
            )
    return factors


def p_values(calibration: Floats, scores: Floats, rows: int | None = None) -> Floats:
    """Return how rare so high a score is: rank / (n + 1) among the calibration scores, at least 1 / (n + 1).

    Between two calibration scores the rank is interpolated, which makes the share of alarms at a level that level on
    average (the mean of a fractional order statistic) instead of at most that; it falls as the score rises.

    Args:
        calibration: sorted, ascending, at least one. scores: NaN gives NaN.
        rows: size of the window, where only some of its scores are in ``calibration``.
    """
    n = len(calibration)
    values, first = np.unique(calibration, return_index=True)
    rank = np.interp(scores, values, (n - first).astype(np.float64), left=n + 1.0)
    return np.where(np.isnan(scores), np.nan, rank / ((n if rows is None else rows) + 1.0))


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the intervals given for a watch in a week held the price; ``week`` is its Monday (UTC, ISO date)."""

    watch: str
    week: str
    rows: int
    covered: int

    @property
    def share(self) -> float:
        """Return the covered share."""
        return self.covered / self.rows


def coverage_by_week(watches: Sequence[str], first_seen: Floats, covered: Booleans) -> list[Coverage]:
    """Return the coverage of each watch and week, in order; rows of unknown time are under the week ""."""
    counts: dict[tuple[str, str], list[int]] = {}
    for watch, seen, inside in zip(watches, first_seen, covered, strict=True):
        entry = counts.setdefault((watch, _monday(float(seen))), [0, 0])
        entry[0] += 1
        entry[1] += bool(inside)
    return [Coverage(watch, week, rows, held) for (watch, week), (rows, held) in sorted(counts.items())]


def _monday(seconds: float) -> str:
    if np.isnan(seconds):
        return ""
    # 1970-01-01 was a Thursday: Mondays are 4 days into each block of 7.
    days = int(seconds // 86_400)
    monday = days - (days + 3) % 7
    return datetime.fromtimestamp(monday * 86_400, tz=UTC).date().isoformat()


def refusal(covered: Booleans) -> str | None:
    """Return why alerts are refused, judged by the last window's intervals; None where they held well enough."""
    # A small window falls short by chance now and then: there the shortfall must exceed its standard error.
    chance = np.sqrt(REFUSE_BELOW * (1 - REFUSE_BELOW) / max(len(covered), 1)) if len(covered) < _SURE else 0.0
    if len(covered) < _LEAST or covered.mean() + chance >= REFUSE_BELOW:
        return None
    return (
        f"the 90 % intervals held only {covered.mean():.0%} of the last {len(covered)} prices: the market has moved or "
        "the listings are of another kind; alerts wait until the model is fitted again on recent listings"
    )


def group_refusals(
    earlier: Floats, earlier_groups: Sequence[str], later: Floats, later_groups: Sequence[str]
) -> dict[str, str]:
    """Return why alerts are refused by group, for those whose intervals did not hold.

    As ``refusal``, each group by the intervals it would have been given: by what the earlier part of the window taught
    of the group itself and of all.

    Args:
        earlier, later: ratios of the window's parts, in order of time. earlier_groups, later_groups: whose they are;
            "" is no group.
    """
    factors = group_factors(earlier, earlier_groups)
    names = np.array(later_groups, dtype=object)
    found = {name: refusal(later[names == name] <= factors.get(name, factors[""])) for name in set(later_groups) - {""}}
    return {name: reason for name, reason in sorted(found.items()) if reason is not None}


def mixture_choice(candidates: Mapping[float, float], preferred: float, needed_gain: float) -> float:
    """Return the candidate of the largest value; ``preferred`` unless that is larger by ``needed_gain`` (a share)."""
    best = max(candidates, key=lambda key: candidates[key])
    return best if candidates[best] > candidates[preferred] * (1.0 + needed_gain) else preferred
