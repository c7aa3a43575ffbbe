"""Texts cut into batches come back whole and in order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.embeddings.batches import distinct, length_sorted_batches


@given(st.lists(st.text(max_size=3)))
def test_every_text_is_found_again_among_the_distinct_ones(texts: list[str]) -> None:
    once, inverse = distinct(texts)
    assert [once[index] for index in inverse] == texts
    assert len(set(once)) == len(once) == len(set(texts))


@given(st.lists(st.integers(0, 50)), st.integers(1, 9))
def test_batches_hold_every_index_once_and_no_more_than_asked(lengths: list[int], size: int) -> None:
    batches = length_sorted_batches(lengths, size)
    assert sorted(int(index) for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(0 < len(batch) <= size for batch in batches)


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 9))
def test_no_text_of_a_batch_is_longer_than_one_of_the_batch_before(lengths: list[int], size: int) -> None:
    ordered = [lengths[index] for batch in length_sorted_batches(lengths, size) for index in batch]
    assert ordered == sorted(ordered, reverse=True)


def test_equal_lengths_make_the_same_batches_each_time() -> None:
    assert [batch.tolist() for batch in length_sorted_batches([5, 5, 5, 5], 2)] == [[0, 1], [2, 3]]


def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one text, not 0"):
        length_sorted_batches([1], 0)


def test_no_texts_make_no_batches() -> None:
    once, inverse = distinct([])
    assert once == []
    assert inverse.shape == (0,)
    assert length_sorted_batches(np.array([], int).tolist(), 8) == []
