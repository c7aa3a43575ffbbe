"""Average linkage over a sparse graph."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from ml.clustering.candidates import Pairs
from ml.clustering.linkage import average_linkage, number_by_first


def _pairs(edges: dict[tuple[int, int], float]) -> tuple[Pairs, np.ndarray]:
    keys = sorted(edges)
    left, right = (np.array([key[side] for key in keys], dtype=np.int64) for side in (0, 1))
    return Pairs(left, right), np.array([edges[key] for key in keys])


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[int, dict[tuple[int, int], float]]:
    size = draw(st.integers(2, 9))
    possible = [(one, other) for one in range(size) for other in range(one + 1, size)]
    chosen = draw(st.lists(st.sampled_from(possible), unique=True, min_size=1))
    # Distinct values: ties may be merged in either order.
    values = draw(st.lists(st.integers(30, 9999), unique=True, min_size=len(chosen), max_size=len(chosen)))
    return size, {pair: value / 10_000 for pair, value in zip(chosen, values, strict=True)}


@given(_graphs(), st.sampled_from([0.11, 0.2503, 0.4, 0.7]))
def test_gives_the_clusters_of_scipys_dense_average_linkage(
    graph: tuple[int, dict[tuple[int, int], float]], cut: float
) -> None:
    size, edges = graph
    edges = {pair: value for pair, value in edges.items() if value >= 0.02}
    if not edges:
        return
    dense = np.zeros((size, size))
    for (one, other), value in edges.items():
        dense[one, other] = dense[other, one] = value
    expected = fcluster(linkage(squareform(1 - dense, checks=False), "average"), 1 - cut, "distance")
    found = average_linkage(size, *_pairs(edges), join=0.0, cut=cut)
    assert number_by_first(expected.astype(np.int64)).tolist() == found.tolist()


def test_a_missing_pair_counts_as_zero() -> None:
    chain = _pairs({(0, 1): 0.9, (1, 2): 0.8})
    # Row 2 to {0, 1}: (0 + 0.8) / 2.
    assert average_linkage(3, *chain, join=0.3, cut=0.41).tolist() == [0, 0, 1]
    assert average_linkage(3, *chain, join=0.3, cut=0.39).tolist() == [0, 0, 0]


def test_rows_joined_only_by_weak_pairs_stay_apart() -> None:
    weak = _pairs({(0, 1): 0.29})
    assert average_linkage(2, *weak, join=0.3, cut=0.2).tolist() == [0, 1]
    assert average_linkage(2, *weak, join=0.2, cut=0.2).tolist() == [0, 0]


def test_clusters_to_begin_with_are_never_taken_apart() -> None:
    pairs = _pairs({(0, 1): 0.01, (1, 2): 0.9})
    assert average_linkage(4, *pairs, join=0.3, cut=0.5, start=np.array([0, 0, 1, 2])).tolist() == [0, 0, 1, 2]
    assert average_linkage(4, *pairs, join=0.3, cut=0.4, start=np.array([0, 0, 1, 2])).tolist() == [0, 0, 0, 1]


def test_a_cut_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        average_linkage(2, *_pairs({(0, 1): 0.5}), join=0.3, cut=0.0)


def test_numbers_follow_the_first_row_and_leave_the_unique_alone() -> None:
    assert number_by_first(np.array([7, -1, 3, 7, 3, 0])).tolist() == [0, -1, 1, 0, 1, 2]
