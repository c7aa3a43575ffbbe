"""Average linkage over a sparse graph of probabilities: who ends up together.

Belongs here: the agglomeration. Does not: where probabilities come from, what a cluster is called.

UPGMA (Sokal and Michener 1958) with a pair that is not in the graph counting as 0. Average linkage is reducible, so
merging the best pair first gives the same clusters as the dense algorithm, in memory proportional to the pairs.
"""

from __future__ import annotations

import heapq

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ml.clustering.arrays import Floats, Integers
from ml.clustering.candidates import Pairs

# Pairs below this are left out of the sums: they change no mean that the cut looks at.
_NEGLIGIBLE = 0.02


def components(size: int, left: Integers, right: Integers) -> Integers:
    """Return the connected component (size,) of every row under the pairs given."""
    graph = sparse.csr_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def average_linkage(
    size: int, pairs: Pairs, probability: Floats, *, join: float, cut: float, start: Integers | None = None
) -> Integers:
    """Return the cluster (size,) of every row: average linkage inside the components at ``join``, cut at mean ``cut``.

    Args:
        probability: (pairs,) between 0 and 1; a pair not given counts as 0.
        join: only rows connected by pairs at least this probable can come together.
        cut: two clusters merge while the mean probability between their members is at least this; above 0.
        start: (size,) clusters to begin with, which are never taken apart; None for every row alone.

    Clusters are numbered from 0 by their first row. Equal means merge in the order of the rows.

    Raises:
        ValueError: ``cut`` is not above 0: everything in a component would merge.
    """
    if cut <= 0:
        raise ValueError(f"the cut must be above 0, not {cut}")
    owner = list(range(size)) if start is None else _first_members(start)
    weight = np.bincount(owner, minlength=size).tolist()
    strong = probability >= join
    part = components(size, pairs.left[strong], pairs.right[strong])
    used = (probability >= _NEGLIGIBLE) & (part[pairs.left] == part[pairs.right])
    sums = _sums_between(owner, pairs.left[used], pairs.right[used], probability[used])
    _merge(owner, weight, sums, cut)
    return number_by_first(np.array([_find(owner, row) for row in range(size)], dtype=np.int64))


def number_by_first(labels: Integers) -> Integers:
    """Renumber labels from 0 in the order of their first row; negative ones stay as they are."""
    values, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    named = values >= 0
    new = np.where(named, 0, values)
    new[named] = np.argsort(np.argsort(first[named], kind="stable"), kind="stable")
    return np.asarray(new[inverse], dtype=np.int64)


def _first_members(labels: Integers) -> list[int]:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return [int(row) for row in first[inverse]]


def _find(owner: list[int], row: int) -> int:
    while owner[row] != row:
        owner[row] = owner[owner[row]]
        row = owner[row]
    return row


def _sums_between(owner: list[int], left: Integers, right: Integers, values: Floats) -> dict[int, dict[int, float]]:
    sums: dict[int, dict[int, float]] = {}
    for one, other, value in zip(left.tolist(), right.tolist(), values.tolist(), strict=True):
        a, b = owner[one], owner[other]
        if a == b:
            continue
        near = sums.setdefault(a, {})
        near[b] = near.get(b, 0.0) + value
        far = sums.setdefault(b, {})
        far[a] = far.get(a, 0.0) + value
    return sums


def _merge(owner: list[int], weight: list[int], sums: dict[int, dict[int, float]], cut: float) -> None:
    heap = [
        (-total / (weight[a] * weight[b]), a, b)
        for a, near in sums.items()
        for b, total in near.items()
        if a < b and total >= cut * weight[a] * weight[b]
    ]
    heapq.heapify(heap)
    while heap:
        mean, a, b = heapq.heappop(heap)
        # An entry is stale once either side has merged: its mean is no longer theirs.
        if a not in sums or b not in sums[a] or -sums[a][b] / (weight[a] * weight[b]) != mean:
            continue
        owner[b] = a
        weight[a] += weight[b]
        near = sums[a]
        del near[b]
        for other, total in sums.pop(b).items():
            if other == a:
                continue
            near[other] = near.get(other, 0.0) + total
            del sums[other][b]
        for other, total in near.items():
            sums[other][a] = total
            mean = total / (weight[a] * weight[other])
            if mean >= cut:
                heapq.heappush(heap, (-mean, min(a, other), max(a, other)))
