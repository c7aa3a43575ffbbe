"""B-cubed and pairwise scores, against cases counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.clustering.metrics import b_cubed, pairwise

_TRUTH = np.array([0, 0, 0, 1, 1, 2])


def test_the_truth_itself_scores_one() -> None:
    assert b_cubed(_TRUTH, _TRUTH).f1 == pairwise(_TRUTH, _TRUTH).f1 == 1.0


def test_everything_alone_has_full_precision_and_the_recall_of_one_in_each_cluster() -> None:
    alone = np.arange(6)
    # Recall: 1/3 three times, 1/2 twice, 1 once, over six.
    assert b_cubed(_TRUTH, alone).precision == 1.0
    assert b_cubed(_TRUTH, alone).recall == pytest.approx((3 / 3 + 2 / 2 + 1) / 6)
    assert pairwise(_TRUTH, alone).f1 == 0.0


def test_everything_together_has_full_recall_and_the_precision_of_its_pairs() -> None:
    together = np.zeros(6, dtype=np.int64)
    # 3 + 1 true pairs among 15.
    assert pairwise(_TRUTH, together).precision == pytest.approx(4 / 15)
    assert pairwise(_TRUTH, together).recall == 1.0
    assert b_cubed(_TRUTH, together).precision == pytest.approx((3 * 3 / 6 + 2 * 2 / 6 + 1 / 6) / 6)


def test_a_mixed_case_counted_by_hand() -> None:
    found = np.array([0, 0, 1, 1, 1, 2])
    # Rows: 2/2, 2/2, 1/3, 2/3, 2/3, 1/1 of their cluster; 2/3, 2/3, 1/3, 1, 1, 1 of their product.
    assert b_cubed(_TRUTH, found).precision == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3 + 1) / 6)
    assert b_cubed(_TRUTH, found).recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1 + 1) / 6)
    # Put together: 01, 23, 24, 34; of them true: 01, 34. True in all: 01, 02, 12, 34.
    assert (pairwise(_TRUTH, found).precision, pairwise(_TRUTH, found).recall) == (0.5, 0.5)


def test_unique_rows_are_each_alone_not_a_cluster_of_leftovers() -> None:
    found = np.array([0, 0, 0, -1, -1, -1])
    assert pairwise(_TRUTH, found).precision == 1.0
    assert pairwise(_TRUTH, found).recall == pytest.approx(3 / 4)


def test_nothing_to_score_scores_zero() -> None:
    nothing = np.array([], dtype=np.int64)
    assert b_cubed(nothing, nothing).f1 == pairwise(nothing, nothing).f1 == 0.0


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=1, max_size=30), st.randoms())
def test_names_of_clusters_and_the_order_of_rows_change_no_score(rows: list[tuple[int, int]], random: object) -> None:
    truth, found = (np.array(column) for column in zip(*rows, strict=True))
    order = np.arange(len(rows))
    random.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    renamed = np.where(found < 0, found, 7 - found)
    for score in (b_cubed, pairwise):
        first, second = score(truth, found), score(truth[order], renamed[order])
        assert first.precision == pytest.approx(second.precision)
        assert first.recall == pytest.approx(second.recall)
