"""Pairs worth comparing: neighbours by character n-grams and by vectors, and titles sharing a rare model code.

Belongs here: proposing pairs without ever holding n x n numbers. Does not: judging them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from ml.clustering.arrays import BLOCK_ROWS, Booleans, Floats, Integers, Singles, Sparse, blocks, pair_products
from ml.clustering.text import TitleSpace, document_frequency

NEIGHBOURS_BY_GRAMS = 25
NEIGHBOURS_BY_VECTOR = 10
CODE_IN_AT_MOST = 40
# A neighbour less alike than this is no candidate: the pair model gives such a pair no chance.
_LEAST_SIMILARITY = 0.1
# Multiplications the search may spend on a title of a group, and on a small group: beyond that the most common n-grams
# are left out of the search (of the search only: the pair's own similarity counts them all).
_WORK_PER_TITLE = 20_000
_WORK_OF_SMALL_GROUP = 100_000_000


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows, ``left < right``, sorted, each once; both arrays of shape (pairs,)."""

    left: Integers
    right: Integers

    def __len__(self) -> int:
        return len(self.left)


def find_candidates(
    space: TitleSpace,
    groups: Integers,
    *,
    vectors: Singles | None = None,
    only: Booleans | None = None,
    progress: Callable[[float], None] = lambda _share: None,
) -> Pairs:
    """Return the pairs worth comparing, none of them across groups.

    Args:
        groups: (n,) the group (watch, category) of each title.
        vectors: (n, d) float32 unit vectors, or None.
        progress: told the share of the titles searched, 0 to 1.
        only: (n,) true for the rows whose neighbours are wanted; a pair has at least one of them. None for all.
    """
    size = len(space)
    if not size:
        return Pairs(np.array([], dtype=np.int64), np.array([], dtype=np.int64))
    wanted = np.ones(size, dtype=bool) if only is None else only
    keys = [_shared_codes(space, groups, wanted)]
    small = [np.array([], dtype=np.int64)]
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=groups[order][:1] - 1))
    done = 0
    for members in np.split(order, starts[1:]):
        progress(done / size)
        done += len(members)
        rows = np.flatnonzero(wanted[members])
        if len(members) < 2 or not len(rows):
            continue
        if len(members) <= NEIGHBOURS_BY_GRAMS + 1:
            left, right = np.repeat(rows, len(members)), np.tile(np.arange(len(members)), len(rows))
            small.append(_keys(members[left], members[right], size))
            continue
        left, right = sparse_neighbours(space.grams[members], rows)
        keys.append(_keys(members[left], members[right], size))
        if vectors is not None:
            left, right = vector_neighbours(vectors[members], rows, NEIGHBOURS_BY_VECTOR)
            keys.append(_keys(members[left], members[right], size))
    keys.append(_alike_enough(space.grams, np.concatenate(small), size))
    found = np.unique(np.concatenate(keys))
    return Pairs(left=found // size, right=found % size)


def _keys(left: Integers, right: Integers, size: int) -> Integers:
    low, high = np.minimum(left, right).astype(np.int64), np.maximum(left, right).astype(np.int64)
    return np.unique((low * size + high)[low != high])


def _alike_enough(grams: Sparse, keys: Integers, size: int) -> Integers:
    # All pairs of small groups, at once: a search in each would cost more than it saves.
    return keys[pair_products(grams, keys // size, keys % size) >= _LEAST_SIMILARITY]


def _shared_codes(space: TitleSpace, groups: Integers, wanted: Booleans) -> Integers:
    """Return the pairs of one group that share a code found in few titles."""
    df = document_frequency(space.glued)
    rare = space.glued[:, (df > 1) & (df <= CODE_IN_AT_MOST)]
    columns = rare.T.tocsr()
    found = []
    for block in blocks(len(space)):
        rows = np.arange(block.start, block.stop)
        rows = rows[wanted[rows]]
        product = (rare[rows] @ columns).tocoo()
        left, right = rows[product.row], product.col.astype(np.int64)
        same = groups[left] == groups[right]
        found.append(_keys(left[same], right[same], len(space)))
    return np.concatenate(found) if found else np.array([], dtype=np.int64)


def sparse_neighbours(vectors: Sparse, rows: Integers, count: int = NEIGHBOURS_BY_GRAMS) -> tuple[Integers, Integers]:
    """Return up to ``count`` most similar rows (cosine 0.1 or more) of each of ``rows``, as two arrays of row numbers.

    Args:
        vectors: (n, terms) rows of unit length without negative entries.
    """
    searched = _affordable(vectors, len(rows))
    columns = searched.T.tocsr()
    lefts, rights = [], []
    for block in blocks(len(rows), BLOCK_ROWS // 4):
        own = rows[block]
        product = searched[own] @ columns
        kept = product.data >= _LEAST_SIMILARITY
        local = np.repeat(np.arange(len(own)), np.diff(product.indptr))[kept]
        left, right, value = own[local], product.indices[kept].astype(np.int64), product.data[kept]
        other = left != right
        left, right = _best_per_row(left[other], right[other], value[other], count)
        lefts.append(left)
        rights.append(right)
    return np.concatenate(lefts), np.concatenate(rights)


def _affordable(grams: Sparse, rows: int) -> Sparse:
    """Leave out the most common n-grams until a search for ``rows`` titles costs what it may."""
    df = document_frequency(grams).astype(np.float64)
    work = df * df * (rows / grams.shape[0])
    by_frequency = np.argsort(df, kind="stable")
    spent = np.cumsum(work[by_frequency])
    allowed = max(_WORK_PER_TITLE * rows, _WORK_OF_SMALL_GROUP)
    if not len(spent) or spent[-1] <= allowed:
        return grams
    limit = df[by_frequency[np.searchsorted(spent, allowed, side="right")]]
    return grams[:, df < limit]


def _best_per_row(left: Integers, right: Integers, value: Singles, count: int) -> tuple[Integers, Integers]:
    # Equal similarities go to the lower row number, so that the answer does not depend on how the sort is done.
    order = np.lexsort((right, -value, left))
    left, right = left[order], right[order]
    starts = np.flatnonzero(np.diff(left, prepend=-1))
    rank = np.arange(len(left)) - np.repeat(starts, np.diff(np.append(starts, len(left))))
    return left[rank < count], right[rank < count]


def vector_neighbours(vectors: Singles, rows: Integers, count: int) -> tuple[Integers, Integers]:
    """Return the ``count`` nearest vectors by cosine of each of ``rows``; exact, float32, in blocks, on one thread."""
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    count = min(count, len(vectors) - 1)
    lefts, rights = [], []
    with threadpool_limits(1):
        for block in blocks(len(rows)):
            own = rows[block]
            similarity = vectors[own] @ vectors.T
            similarity[np.arange(len(own)), own] = -np.inf
            nearest = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
            lefts.append(np.repeat(own, count))
            rights.append(nearest.ravel().astype(np.int64))
    return np.concatenate(lefts), np.concatenate(rights)


def best_of_each(values: Floats, pairs: Pairs, size: int) -> Floats:
    """Return, for each row, the highest value among its pairs; 0 for a row without one."""
    best = np.zeros(size, dtype=np.float64)
    np.maximum.at(best, pairs.left, values)
    np.maximum.at(best, pairs.right, values)
    return best
