"""The rules on group statistics, as ``ml.rules`` judges: what the fair price is measured beside.

Belongs here: ``mean - k*sigma`` and the robust rule over arrays. Does not: the fair price (``ml.pricing``).

Both look at the watch's listings of the same condition first and at the whole watch where those are fewer than 8.
``mean - k*sigma`` is the plain one, without the lane for prices too good to be true.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml.evaluation import MIN_COMPARABLES, NEVER
from ml.pricing.listings import Floats, Integers, Listings
from ml.robust import TOO_GOOD_SHARE, Estimate, shrink


def mean_sigma_scores(history: Listings, stream: Listings) -> Floats:
    """Return (mean - p) / sigma of raw prices; NEVER where the watch has fewer than 8 listings."""
    scores = np.full(len(stream), NEVER)
    for rows, own, whole in _groups(history, stream):
        known = own if len(own) >= MIN_COMPARABLES else whole
        if len(known) >= MIN_COMPARABLES:
            x = history.prices[known]
            scores[rows] = (x.mean() - stream.prices[rows]) / max(float(x.std(ddof=1)), 1e-9)
    return scores


def robust_scores(history: Listings, stream: Listings) -> Floats:
    """Return the robust rule's deviations below; NEVER with too few comparables or a price too good to be true."""
    logs, wanted = np.log(history.prices), np.log(stream.prices)
    scores = np.full(len(stream), NEVER)
    for rows, own, whole in _groups(history, stream):
        if len(whole) < MIN_COMPARABLES:
            continue
        fit = _estimate(logs[whole])
        fit = _estimate(logs[own], fit) if len(own) else fit
        below = fit.location - wanted[rows]
        scores[rows] = np.where(np.exp(-below) >= TOO_GOOD_SHARE, below / fit.scale, NEVER)
    return scores


def _estimate(logs: Floats, parent: Estimate | None = None) -> Estimate:
    return shrink(len(logs), float(np.median(logs)), float(np.quantile(logs, 0.1)), parent)


def _groups(history: Listings, stream: Listings) -> list[tuple[Integers, Integers, Integers]]:
    """Return (stream rows, history rows of their watch and condition, history rows of their watch) by group."""
    own, whole = _rows(history.watches, history.conditions), _rows(history.watches)
    none = np.zeros(0, dtype=np.int64)
    return [
        (rows, own.get(key, none), whole.get(key[:1], none))
        for key, rows in _rows(stream.watches, stream.conditions).items()
    ]


def _rows(*columns: Sequence[str]) -> dict[tuple[str, ...], Integers]:
    found: dict[tuple[str, ...], list[int]] = {}
    for row, key in enumerate(zip(*columns, strict=True)):
        found.setdefault(key, []).append(row)
    return {key: np.array(rows, dtype=np.int64) for key, rows in found.items()}
