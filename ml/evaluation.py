"""How good a deal rule is: planted deals, ranking figures, over repeats. Pure functions over numpy arrays.

Belongs here: the protocol (plant, score, count) and the scores compared. Does not: reading files, printing, verdicts.

Protocol: per repeat r a ``default_rng(1000 + r)`` splits the listings 60/20/20 into training, calibration and stream;
the rules here need no calibration, so both former parts are their history. In the stream 3 % of the listings get their
price multiplied by U(0.3, 0.6): the planted deals. Everything else counts as a false alarm, natural bargains too, so
precision is a lower bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from ml.robust import TOO_GOOD_SHARE, Estimate, shrink

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

# Every scorer answers "how cheap": higher is cheaper. Arguments: history's prices and groups, stream's prices, groups.
Scorer = Callable[[Floats, Integers, Floats, Integers], Floats]

PLANTED_SHARE = 0.03
PLANTED_FACTOR = (0.3, 0.6)
MIN_COMPARABLES = 8
# Below any real score: not enough data, or a price too good to be true. Such a listing is alerted last.
NEVER = -1e9


@dataclass(frozen=True, slots=True)
class Trial:
    """One repeat: indices of the history, indices and (partly planted) prices of the stream, and the truth."""

    history: Integers
    stream: Integers
    stream_prices: Floats
    planted: Booleans


@dataclass(frozen=True, slots=True)
class Quality:
    """Ranking figures of one repeat.

    Attributes:
        auprc: average precision; a random order gives the planted share, 0.03.
        precision_at_planted: precision (= recall) when as many alerts as plants are sent.
        recall_at_5_percent: share of the plants among the cheapest 5 % of the stream.
        false_alarms_at_half: false alarms per 1,000 unplanted listings when half of the plants are found.
    """

    auprc: float
    precision_at_planted: float
    recall_at_5_percent: float
    false_alarms_at_half: float


@dataclass(frozen=True, slots=True)
class Operation:
    """What a fixed threshold does: false alarms per 1,000 unplanted listings, recall and precision of the plants."""

    threshold: float
    false_alarms_per_1000: float
    recall: float
    precision: float


def plant(prices: Floats, repeat: int) -> Trial:
    """Split the listings and plant deals in the stream; the same repeat gives the same trial for every rule."""
    rng = np.random.default_rng(1000 + repeat)
    order = rng.permutation(len(prices))
    cut = int(0.8 * len(prices))
    stream = order[cut:]
    count = max(1, round(PLANTED_SHARE * len(stream)))
    chosen = rng.choice(len(stream), count, replace=False)
    planted = np.zeros(len(stream), dtype=np.bool_)
    planted[chosen] = True
    stream_prices = prices[stream].copy()
    stream_prices[chosen] *= rng.uniform(*PLANTED_FACTOR, count)
    return Trial(order[:cut], stream, stream_prices, planted)


def quality(scores: Floats, planted: Booleans) -> Quality:
    """Return the ranking figures of one repeat; ties keep the order of the stream."""
    hits = planted[np.argsort(-scores, kind="stable")]
    plants = int(hits.sum())
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    half = (plants + 1) // 2
    rank_of_half = int(np.flatnonzero(hits)[half - 1]) + 1
    return Quality(
        auprc=float(precision[hits].mean()),
        precision_at_planted=float(hits[:plants].mean()),
        recall_at_5_percent=float(hits[: round(0.05 * len(hits))].sum() / plants),
        false_alarms_at_half=1000.0 * (rank_of_half - half) / (len(hits) - plants),
    )


def evaluate(prices: Floats, groups: Integers, scorer: Scorer, repeats: int = 20) -> list[Quality]:
    """Return the quality of ``scorer`` in each repeat.

    Args:
        prices: positive, all in one currency.
        groups: a code per listing, the watch (x condition) it is compared within.
        scorer: the rule measured.
        repeats: how many trials, from the first on.
    """
    return [quality(scores, planted) for scores, planted in _scored(prices, groups, scorer, repeats)]


def operate(
    prices: Floats, groups: Integers, scorer: Scorer, thresholds: Sequence[float], repeats: int = 20
) -> list[Operation]:
    """Return what alerting at each threshold would have done, all repeats pooled."""
    pairs = list(_scored(prices, groups, scorer, repeats))
    scores = np.concatenate([pair[0] for pair in pairs])
    planted = np.concatenate([pair[1] for pair in pairs])
    result = []
    for threshold in thresholds:
        alerted = scores >= threshold
        hits = int((alerted & planted).sum())
        false = int((alerted & ~planted).sum())
        result.append(
            Operation(
                threshold=threshold,
                false_alarms_per_1000=1000.0 * false / int((~planted).sum()),
                recall=hits / int(planted.sum()),
                precision=hits / max(1, hits + false),
            )
        )
    return result


def summarise(results: Sequence[Quality]) -> list[tuple[float, float]]:
    """Return (mean, standard error) of each figure, in the order of ``Quality``'s attributes."""
    table = np.array([astuple(result) for result in results], dtype=np.float64)
    errors = table.std(axis=0, ddof=1) / np.sqrt(len(table)) if len(table) > 1 else np.zeros(table.shape[1])
    return [(float(mean), float(error)) for mean, error in zip(table.mean(axis=0), errors, strict=True)]


def _scored(prices: Floats, groups: Integers, scorer: Scorer, repeats: int) -> list[tuple[Floats, Booleans]]:
    trials = [plant(prices, repeat) for repeat in range(repeats)]
    return [
        (scorer(prices[t.history], groups[t.history], t.stream_prices, groups[t.stream]), t.planted) for t in trials
    ]


# ---------------------------------------------------------------- the rules compared


def score_mean_sigma(history: Floats, history_groups: Integers, stream: Floats, stream_groups: Integers) -> Floats:
    """(mean - p) / sigma of raw prices; the rule of the brief alerts where this exceeds k."""
    return _standardised(history, history_groups, stream, stream_groups)


def score_log_z(history: Floats, history_groups: Integers, stream: Floats, stream_groups: Integers) -> Floats:
    """(mean - log p) / sigma of log prices."""
    return _standardised(np.log(history), history_groups, np.log(stream), stream_groups)


def score_median_mad(history: Floats, history_groups: Integers, stream: Floats, stream_groups: Integers) -> Floats:
    """(median - log p) / (1.4826 MAD) of log prices, both shrunk to all listings with 5 pseudo-observations."""
    logs, wanted = np.log(history), np.log(stream)
    scores = np.full(len(stream), NEVER)
    middle = float(np.median(logs))
    wide = (1.4826 * float(np.median(np.abs(logs - middle)))) ** 2
    for group in np.unique(stream_groups):
        x, here = logs[history_groups == group], stream_groups == group
        if len(x) == 0:
            scores[here] = (middle - wanted[here]) / np.sqrt(wide)
            continue
        n, median = len(x), float(np.median(x))
        variance = (1.4826 * float(np.median(np.abs(x - median)))) ** 2
        location = (n * median + 5 * middle) / (n + 5)
        scores[here] = (location - wanted[here]) / np.sqrt((n * variance + 5 * wide) / (n + 5))
    return scores


def score_robust_plain(history: Floats, history_groups: Integers, stream: Floats, stream_groups: Integers) -> Floats:
    """Score by the default rule's deviations below, without its lane for prices too good to be true."""
    return _robust(history, history_groups, stream, stream_groups, too_good=0.0)


def score_robust(history: Floats, history_groups: Integers, stream: Floats, stream_groups: Integers) -> Floats:
    """Score as ``ml.rules`` does: too few comparables, or a price too good to be true, is never alerted."""
    return _robust(history, history_groups, stream, stream_groups, too_good=TOO_GOOD_SHARE)


def robust_with_lane(share: float) -> Scorer:
    """Return the default rule's score with the lane for prices under ``share`` of the expected one."""

    def score(history: Floats, history_groups: Integers, stream: Floats, stream_groups: Integers) -> Floats:
        return _robust(history, history_groups, stream, stream_groups, too_good=share)

    return score


def _standardised(history: Floats, history_groups: Integers, stream: Floats, stream_groups: Integers) -> Floats:
    scores = np.empty(len(stream))
    for group in np.unique(stream_groups):
        own = history[history_groups == group]
        x = own if len(own) > 1 else history
        here = stream_groups == group
        scores[here] = (x.mean() - stream[here]) / max(float(x.std(ddof=1)), 1e-9)
    return scores


def _robust(
    history: Floats, history_groups: Integers, stream: Floats, stream_groups: Integers, too_good: float
) -> Floats:
    logs, wanted = np.log(history), np.log(stream)
    scores = np.full(len(stream), NEVER)
    for group in np.unique(stream_groups):
        x, here = logs[history_groups == group], stream_groups == group
        if len(x) < MIN_COMPARABLES:
            continue
        fit: Estimate = shrink(len(x), float(np.median(x)), float(np.quantile(x, 0.1)))
        below = fit.location - wanted[here]
        credible = np.exp(-below) >= too_good
        scores[here] = np.where(credible, below / fit.scale, NEVER)
    return scores
