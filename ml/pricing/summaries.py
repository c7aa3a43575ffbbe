"""Median and lower spread of each listing's own watch and brand, the listing itself and later ones left out.

Belongs here: group statistics per row, in arrays. Does not: statistics kept in tables (dbt makes those).

A group is represented by its most recent 400 listings known at the time; among listings of one time the choice follows
a hash of their ids, so that the order of a file says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.pricing.comparables import NONE, group_codes, index_of, item_codes
from ml.pricing.listings import Booleans, Floats, Integers, Listings
from ml.robust import PRIOR_SPREAD, shrink

_WINDOW = 400
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Summary:
    """Statistics of one group for each query: count, median and 10th percentile of log price (NaN where count is 0)."""

    count: Integers
    median: Floats
    q10: Floats


def group_summaries(pool: Listings, log_prices: Floats, queries: Listings) -> list[Summary]:
    """Return the summaries of watch, brand and everything of the kind; ``log_prices`` are the pool's."""
    items, usable = item_codes(pool, queries), index_of(pool).usable
    return [
        _summary(pool, log_prices, queries, mine, theirs, items, usable) for mine, theirs in group_codes(pool, queries)
    ]


def _summary(
    pool: Listings,
    log_prices: Floats,
    queries: Listings,
    pool_codes: Integers,
    query_codes: Integers,
    items: tuple[Integers, Integers],
    usable: Booleans,
) -> Summary:
    pool_items, query_items = items
    count = np.zeros(len(queries), dtype=np.int64)
    median, q10 = np.full(len(queries), np.nan), np.full(len(queries), np.nan)
    seen = np.where(np.isnan(pool.first_seen), -np.inf, pool.first_seen)
    until = np.where(np.isnan(queries.first_seen), np.inf, queries.first_seen)
    order = np.lexsort((index_of(pool).shuffled, seen, pool_codes))
    order = order[usable[order] & (pool_codes[order] != NONE)]
    codes, times = pool_codes[order], seen[order]
    for code in np.unique(query_codes[query_codes != NONE]):
        start, end = np.searchsorted(codes, [code, code + 1])
        if start == end:
            continue
        asking = np.flatnonzero(query_codes == code)
        last = np.searchsorted(times[start:end], until[asking], side="right")
        for first in range(0, len(asking), _ROWS_AT_ONCE):
            block, upto = asking[first : first + _ROWS_AT_ONCE], last[first : first + _ROWS_AT_ONCE]
            position = upto[:, None] - 1 - np.arange(min(_WINDOW, end - start))[None, :]
            rows = order[start + np.maximum(position, 0)]
            values = np.where(
                (position < 0) | (pool_items[rows] == query_items[block][:, None]), np.nan, log_prices[rows]
            )
            values.sort(axis=1)
            n = np.count_nonzero(~np.isnan(values), axis=1)
            count[block], median[block], q10[block] = n, _quantile(values, n, 0.5), _quantile(values, n, 0.1)
    return Summary(count, median, q10)


def _quantile(ordered: Floats, n: Integers, q: float) -> Floats:
    """Return the q-quantile of each row's first n entries (linear between order statistics)."""
    place = q * np.maximum(n - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(n - 1, 0))
    rows = np.arange(len(ordered))
    low, high = ordered[rows, below], ordered[rows, above]
    return np.where(n > 0, low + (place - below) * (high - low), np.nan)


def shrunk(summaries: list[Summary], rows: Integers) -> tuple[Floats, Floats]:
    """Return location and lower spread of log price of the rows: watch shrunk to brand, and that to everything.

    ``ml.robust.shrink`` with its 5 pseudo-observations; NaN and the prior spread where nothing is known.
    """
    location, scale = np.full(len(rows), np.nan), np.full(len(rows), PRIOR_SPREAD)
    for place, row in enumerate(rows):
        fit = None
        for summary in reversed(summaries):
            n = int(summary.count[row])
            if n:
                fit = shrink(n, float(summary.median[row]), float(summary.q10[row]), fit)
        if fit is not None:
            location[place], scale[place] = fit.location, fit.scale
    return location, scale
