"""The most comparable listings of each, and what their prices say: location, lower spread, effective number.

Belongs here: which rows may be compared, how alike two are, weighted quantiles of the nearest. Does not: boosting,
calibration, verdicts.

Two rows are compared where they are of one kind, the other is not the item itself, and it was not first seen later.
Nearest within the same watch; where that holds fewer than 9, within the brand, then everywhere. Alikeness is
0.3 cos(embedding) + 0.7 cos(character n-grams) (the latter alone where there are no embeddings), less 0.05 where the
condition differs; with attributes, averaged with minus their root mean square difference. Everything works on blocks of
sparse rows: memory grows with the number of listings, not its square.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from ml.pricing.listings import Booleans, Floats, Integers, Listings, Singles, item_of, time_order
from ml.pricing.ngrams import NgramSpace, plain

if TYPE_CHECKING:
    from scipy import sparse

MIN_POOL = 9
_LEXICAL_SHARE = 0.7
_CONDITION_PENALTY = 0.05
# Equally alike listings are taken in the order of a hash of their ids, whatever else is in the pool.
_TIE_BREAK = 5e-4
# A block of similarities: 8 million singles are 32 MB.
_BLOCK_CELLS = 8_000_000
NORMAL_Q10 = 1.2815515655446004
NONE = -1


@dataclass(frozen=True, slots=True)
class AttributeScale:
    """How far apart two values of an attribute are: |a - b| / unit, after a logarithm where it is skewed.

    Attributes:
        name: the column.
        logged: compare logarithms (positive and spread over more than a factor of ten).
        unit: a difference that counts as 1.
        weight: its share in the mean square difference; squared rank correlation with price inside a watch.
    """

    name: str
    logged: bool
    unit: float
    weight: float


@dataclass(frozen=True, slots=True)
class Points:
    """Listings placed where they can be compared: n-gram rows, embeddings, scaled attributes (NaN where missing)."""

    text: sparse.csr_matrix
    vectors: Singles | None
    attributes: Singles

    def take(self, rows: Integers) -> Points:
        """Return the chosen rows, in the order given."""
        return Points(self.text[rows], None if self.vectors is None else self.vectors[rows], self.attributes[rows])


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The k nearest comparables of each query.

    Attributes:
        rows: places in the pool, nearest first, shape (n, k); -1 where there are fewer than k.
        similarity: alikeness of each, shape (n, k); -inf where there is none.
        eligible: how many distinct listings of the query's own group could have been chosen, shape (n,).
    """

    rows: Integers
    similarity: Singles
    eligible: Integers


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the comparables say of each query, on the natural log scale of the price.

    Attributes:
        location: weighted median of log price.
        spread: weighted (median - 10th percentile) / 1.2816: the lower tail's standard deviation.
        upper: weighted (90th percentile - median) / 1.2816.
        mad: weighted 1.4826 * median absolute deviation.
        n: Kish's effective number of comparables, (sum w)^2 / sum w^2.
        best: alikeness of the nearest.
    """

    location: Floats
    spread: Floats
    upper: Floats
    mad: Floats
    n: Floats
    best: Floats


def place(space: NgramSpace, scales: tuple[AttributeScale, ...], items: Listings) -> Points:
    """Return the listings' points; an attribute that the listings do not have is missing for all."""
    attributes = np.full((len(items), len(scales)), np.nan, dtype=np.float32)
    for column, scale in enumerate(scales):
        if scale.name in items.attributes:
            attributes[:, column] = scaled(items.attributes[scale.name], scale)
    return Points(space.transform(items.titles), items.vectors, attributes)


def scaled(values: Floats, scale: AttributeScale) -> Singles:
    """Return an attribute in its own unit of difference, weighted; NaN where missing or where a logarithm fails."""
    if scale.logged:
        values = np.log(np.where(values > 0, values, np.nan))
    result: Singles = (values / scale.unit * np.sqrt(scale.weight)).astype(np.float32)
    return result


# ---------------------------------------------------------------- who may be compared


@dataclass(frozen=True, slots=True)
class PoolIndex:
    """What depends on the pool alone; computed once for each, since a poll asks watch by watch.

    Attributes:
        usable: which rows are the first of their thing, see ``distinct``.
        items: a number for each row's item; item_numbers: the same by its name.
        codes: of watch, brand and everything for each row, -1 where blank; numbers: the same by (kind, name).
        shuffled: a hash of each row's id.
    """

    usable: Booleans
    items: Integers
    item_numbers: dict[str, int]
    codes: tuple[Integers, Integers, Integers]
    numbers: tuple[dict[tuple[str, str], int], dict[tuple[str, str], int], dict[tuple[str, str], int]]
    shuffled: Integers


_INDEXES: WeakKeyDictionary[Listings, PoolIndex] = WeakKeyDictionary()


def index_of(pool: Listings) -> PoolIndex:
    """Return what depends on the pool alone."""
    found = _INDEXES.get(pool)
    if found is None:
        item_numbers: dict[str, int] = {}
        items = [item_numbers.setdefault(item_of(name), len(item_numbers)) for name in pool.ids]
        numbers: tuple[dict[tuple[str, str], int], ...] = ({}, {}, {})
        by_watch, by_brand, everywhere = (
            _codes(pool.kinds, names, known, {})
            for names, known in zip((pool.watches, pool.brands, None), numbers, strict=True)
        )
        found = PoolIndex(
            usable=distinct(pool),
            items=np.array(items, dtype=np.int64),
            item_numbers=item_numbers,
            codes=(by_watch, by_brand, everywhere),
            numbers=(numbers[0], numbers[1], numbers[2]),
            shuffled=np.array([zlib.crc32(name.encode("utf-8", "replace")) for name in pool.ids], dtype=np.int64),
        )
        _INDEXES[pool] = found
    return found


def group_codes(pool: Listings, queries: Listings) -> list[tuple[Integers, Integers]]:
    """Return (pool's codes, queries' codes) of watch, brand and everything, each within one kind; -1 where blank."""
    index = index_of(pool)
    asked = (queries.watches, queries.brands, None)
    return [
        (codes, _codes(queries.kinds, names, {}, known))
        for codes, known, names in zip(index.codes, index.numbers, asked, strict=True)
    ]


def _codes(
    kinds: tuple[str, ...],
    names: tuple[str, ...] | None,
    new: dict[tuple[str, str], int],
    known: Mapping[tuple[str, str], int],
) -> Integers:
    """Return a number for each (kind, name): the known one, else one that is put into ``new``."""
    result = np.full(len(kinds), NONE, dtype=np.int64)
    for place, kind in enumerate(kinds):
        name = "" if names is None else names[place]
        if name or names is None:
            code = known.get((kind, name), NONE)
            result[place] = new.setdefault((kind, name), len(known) + len(new)) if code == NONE else code
    return result


def distinct(items: Listings) -> Booleans:
    """Return which rows are the first of their (kind, watch, title, price): a relisted thing is one comparable."""
    first: set[tuple[str, str, str, float]] = set()
    result = np.zeros(len(items), dtype=np.bool_)
    for row in time_order(items.first_seen):
        key = (items.kinds[row], items.watches[row], plain(items.titles[row]), float(items.prices[row]))
        result[row] = key not in first
        first.add(key)
    return result


def item_codes(pool: Listings, queries: Listings) -> tuple[Integers, Integers]:
    """Return a number for the item of each pool row and of each query, -1 where the pool does not hold it."""
    index = index_of(pool)
    asked = [index.item_numbers.get(item_of(name), NONE) for name in queries.ids]
    return index.items, np.array(asked, dtype=np.int64)


def own_pairs(pool_items: Integers, query_items: Integers) -> tuple[Integers, Integers]:
    """Return (queries, pool rows) of all pairs that are one item."""
    order = np.argsort(pool_items, kind="stable")
    first = np.searchsorted(pool_items[order], query_items, side="left")
    count = np.searchsorted(pool_items[order], query_items, side="right") - first
    asking = np.repeat(np.arange(len(query_items)), count)
    within = np.arange(len(asking)) - np.repeat(np.cumsum(count) - count, count)
    return asking, order[np.repeat(first, count) + within]


def eligible_counts(
    pool_codes: Integers,
    query_codes: Integers,
    pool_seen: Floats,
    query_seen: Floats,
    own: tuple[Integers, Integers],
    usable: Booleans,
) -> Integers:
    """Return how many usable pool rows of its group each query may be compared with; 0 where it has no group."""
    result = np.zeros(len(query_codes), dtype=np.int64)
    early = np.where(np.isnan(pool_seen), -np.inf, pool_seen)
    late = np.where(np.isnan(query_seen), np.inf, query_seen)
    order = np.lexsort((early, pool_codes))
    order = order[usable[order] & (pool_codes[order] >= 0)]
    codes, times = pool_codes[order], early[order]
    for code in np.unique(query_codes[query_codes >= 0]):
        start, end = np.searchsorted(codes, [code, code + 1])
        here = query_codes == code
        result[here] = np.searchsorted(times[start:end], late[here], side="right")
    asking, mine = own
    counted = (
        usable[mine]
        & (pool_codes[mine] == query_codes[asking])
        & (query_codes[asking] >= 0)
        & (early[mine] <= late[asking])
    )
    np.subtract.at(result, asking[counted], 1)
    return result


def nearest(
    pool: Listings, pool_points: Points, queries: Listings, query_points: Points, *, k: int, attribute_share: float
) -> Neighbours:
    """Return the k nearest comparables of each query among ``pool``; see the module for which those are.

    Args:
        pool, pool_points: what may be compared with. queries, query_points: what is asked about; the same id in both
            is the same item and never its own comparable.
        k: how many at most.
        attribute_share: 0 to compare texts alone, 0.5 to average with the attributes' distance.
    """
    (pool_items, query_items), usable = item_codes(pool, queries), index_of(pool).usable
    own = own_pairs(pool_items, query_items)
    levels = group_codes(pool, queries)
    counts = [
        eligible_counts(mine, theirs, pool.first_seen, queries.first_seen, own, usable) for mine, theirs in levels
    ]
    rows = np.full((len(queries), k), NONE, dtype=np.int64)
    similarity = np.full((len(queries), k), -np.inf, dtype=np.float32)
    search = _Search(pool, pool_points, queries, query_points, pool_items, query_items, attribute_share)
    open_ = np.ones(len(queries), dtype=np.bool_)
    for level, (pool_codes, query_codes) in enumerate(levels):
        is_last = level == len(levels) - 1
        chosen = open_ & ((counts[level] >= MIN_POOL) | is_last)
        open_ &= ~chosen
        for code in np.unique(query_codes[chosen]):
            members = np.flatnonzero(usable & (pool_codes == code))
            asking = np.flatnonzero(chosen & (query_codes == code))
            for block, found, alike in search.run(members, asking, k):
                rows[block, : found.shape[1]], similarity[block, : found.shape[1]] = found, alike
    return Neighbours(rows, similarity, _own_group(levels, counts))


def _own_group(levels: list[tuple[Integers, Integers]], counts: list[Integers]) -> Integers:
    """Return the number eligible in the narrowest group that the listing says it belongs to.

    Where a watch is named nothing else counts: a thing of a nearly empty watch has no comparables, however many others
    the file holds. A brand is only a hint: one of fewer than 5 listings gives way to everything.
    """
    watch, brand = levels[0][1] >= 0, (levels[1][1] >= 0) & (counts[1] >= 5)
    return np.where(watch, counts[0], np.where(brand, counts[1], counts[2])).astype(np.int64)


# ---------------------------------------------------------------- how alike


@dataclass(frozen=True, slots=True)
class _Search:
    pool: Listings
    pool_points: Points
    queries: Listings
    query_points: Points
    pool_items: Integers
    query_items: Integers
    attribute_share: float

    def run(self, members: Integers, asking: Integers, k: int) -> Iterator[tuple[Integers, Integers, Singles]]:
        """Yield (queries, their nearest pool rows, similarities) block by block; shapes (b,), (b, k), (b, k)."""
        if len(members) == 0 or len(asking) == 0:
            return
        points, items = self.pool_points.take(members), self.pool_items[members]
        seen = np.where(np.isnan(self.pool.first_seen[members]), -np.inf, self.pool.first_seen[members])
        known: dict[str, int] = {}
        condition = np.array([known.setdefault(self.pool.conditions[row], len(known)) for row in members])
        wanted = np.array([known.get(self.queries.conditions[row], NONE) for row in asking])
        transposed = points.text.T.tocsr()
        handicap = index_of(self.pool).shuffled[members].astype(np.float32) * np.float32(_TIE_BREAK / 2**32)
        size = max(16, _BLOCK_CELLS // max(1, len(members)))
        for start in range(0, len(asking), size):
            block = asking[start : start + size]
            asked = self.query_points.take(block)
            alike = self._similarities(points, asked, transposed)
            alike -= _CONDITION_PENALTY * (wanted[start : start + size, None] != condition[None, :])
            alike -= handicap
            limit = np.where(np.isnan(self.queries.first_seen[block]), np.inf, self.queries.first_seen[block])
            alike[seen[None, :] > limit[:, None]] = -np.inf
            alike[self.query_items[block][:, None] == items[None, :]] = -np.inf
            best = _top(alike, k)
            value = np.take_along_axis(alike, best, axis=1)
            yield block, np.where(np.isfinite(value), members[best], NONE), value

    def _similarities(self, points: Points, asked: Points, transposed: sparse.csr_matrix) -> Singles:
        alike: Singles = (asked.text @ transposed).toarray()
        if points.vectors is not None and asked.vectors is not None:
            alike *= _LEXICAL_SHARE
            alike += (1.0 - _LEXICAL_SHARE) * (asked.vectors @ points.vectors.T)
        if self.attribute_share > 0 and points.attributes.shape[1]:
            alike *= 1.0 - self.attribute_share
            alike -= self.attribute_share * attribute_distance(asked.attributes, points.attributes)
        return alike


def attribute_distance(left: Singles, right: Singles) -> Singles:
    """Return the weighted root mean square difference, shape (len(left), len(right)).

    A value missing on one side counts as a difference of 1 unit, on both sides as none.
    """
    total = np.zeros((len(left), len(right)), dtype=np.float32)
    for column in range(left.shape[1]):
        a, b = left[:, column, None], right[None, :, column]
        missing_a, missing_b = np.isnan(a), np.isnan(b)
        square = np.minimum((a - b) ** 2, 25.0)
        total += np.where(missing_a | missing_b, (missing_a != missing_b) * np.float32(1.0 / left.shape[1]), square)
    result: Singles = np.sqrt(total)
    return result


def _top(alike: Singles, k: int) -> Integers:
    """Return the columns of the k largest of each row, largest first; ties by column."""
    k = min(k, alike.shape[1])
    best = (
        np.argpartition(-alike, k - 1, axis=1)[:, :k]
        if k < alike.shape[1]
        else np.tile(np.arange(alike.shape[1]), (len(alike), 1))
    )
    best = np.sort(best, axis=1)
    order = np.argsort(-np.take_along_axis(alike, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1).astype(np.int64)


# ---------------------------------------------------------------- what they say


def weights_of(similarity: Singles, temperature: float) -> Floats:
    """Return exp((s - s_max) / T) per row; 0 where there is no neighbour."""
    with np.errstate(invalid="ignore"):
        weight = np.exp((similarity - similarity.max(axis=1, keepdims=True)).astype(np.float64) / temperature)
    return np.where(np.isfinite(similarity), weight, 0.0)


def weighted_quantile(values: Floats, weights: Floats, q: float) -> Floats:
    """Return the q-quantile of each row: interpolated between the mid-weights; NaN where all weights are 0."""
    order = np.argsort(np.where(weights > 0, values, np.inf), axis=1, kind="stable")
    x = np.take_along_axis(values, order, axis=1)
    w = np.take_along_axis(weights, order, axis=1)
    total = w.sum(axis=1)
    middle = (np.cumsum(w, axis=1) - 0.5 * w) / np.where(total > 0, total, 1.0)[:, None]
    last = np.maximum((w > 0).sum(axis=1) - 1, 0)
    upper = np.minimum((middle < q).sum(axis=1), last)
    lower = np.maximum(upper - 1, 0)
    every = np.arange(len(values))
    low, high = middle[every, lower], middle[every, upper]
    share = np.clip(np.where(high > low, (q - low) / np.where(high > low, high - low, 1.0), 1.0), 0.0, 1.0)
    result = x[every, lower] + share * (x[every, upper] - x[every, lower])
    return np.where(total > 0, result, np.nan)


def opinion(neighbours: Neighbours, log_prices: Floats, *, k: int, temperature: float) -> Opinion:
    """Return what the k nearest say; NaN where a query has none. ``log_prices`` are the pool's."""
    similarity = neighbours.similarity[:, :k]
    weight = weights_of(similarity, temperature)
    values = log_prices[np.maximum(neighbours.rows[:, :k], 0)]
    location = weighted_quantile(values, weight, 0.5)
    low, high = weighted_quantile(values, weight, 0.1), weighted_quantile(values, weight, 0.9)
    mad = weighted_quantile(np.abs(values - location[:, None]), weight, 0.5)
    total = weight.sum(axis=1)
    n = total**2 / np.maximum((weight**2).sum(axis=1), 1e-300)
    return Opinion(
        location=location,
        spread=(location - low) / NORMAL_Q10,
        upper=(high - location) / NORMAL_Q10,
        mad=1.4826 * mad,
        n=n,
        best=similarity[:, 0].astype(np.float64),
    )
