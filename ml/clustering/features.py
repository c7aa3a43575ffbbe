"""What is measured of a pair of titles, all pairs at once.

Belongs here: the features of the pair model. Does not: their weights, choosing pairs.
"""

from __future__ import annotations

import numpy as np

from ml.clustering.arrays import (
    BLOCK_PAIRS,
    Floats,
    Integers,
    Singles,
    blocks,
    pair_products,
    row_lengths,
    row_maxima,
    row_sums,
    scaled_columns,
)
from ml.clustering.candidates import Pairs, best_of_each
from ml.clustering.text import TitleSpace

LEXICAL_FEATURES = (
    "gram_cosine",
    "word_cosine",
    "digit_jaccard",
    "digit_conflict",
    "idf_overlap",
    "rarest_shared",
    "rarest_unshared_high",
    "rarest_unshared_low",
    "same_first_word",
    "code_found",
    "length_ratio",
    "gram_cosine_below_best_low",
    "gram_cosine_below_best_high",
)
VECTOR_FEATURES = ("vector_cosine", "vector_cosine_below_best")


def pair_features(space: TitleSpace, pairs: Pairs, vectors: Singles | None = None) -> Floats:
    """Return the features of every pair: (pairs, 13), with vectors (pairs, 15); all about between -1 and 1.

    Args:
        vectors: (n, d) float32 unit vectors of the titles. They add :data:`VECTOR_FEATURES`.

    The features are those of the pair model described in ``docs/clusters.md``; "below best" compares a pair with the
    best pair of either title, so that a crowd of lookalikes does not pass for matches.
    """
    grams = pair_products(space.grams, pairs.left, pairs.right)
    columns = [np.empty((len(pairs), len(LEXICAL_FEATURES)), dtype=np.float64)]
    for part in blocks(len(pairs), BLOCK_PAIRS):
        columns[0][part, 1:11] = _word_features(space, pairs.left[part], pairs.right[part])
    below = _below_best(grams, pairs, len(space))
    columns[0][:, 0] = grams
    columns[0][:, 11:13] = below
    if vectors is not None:
        cosine = np.empty(len(pairs), dtype=np.float64)
        for part in blocks(len(pairs), BLOCK_PAIRS // 10):
            cosine[part] = np.einsum("ij,ij->i", vectors[pairs.left[part]], vectors[pairs.right[part]])
        columns += [cosine[:, None], _below_best(cosine, pairs, len(space))[:, :1]]
    return np.hstack(columns)


def _below_best(values: Floats, pairs: Pairs, size: int) -> Floats:
    best = best_of_each(values, pairs, size)
    left, right = values - best[pairs.left], values - best[pairs.right]
    return np.column_stack([np.minimum(left, right), np.maximum(left, right)])


def _word_features(space: TitleSpace, left: Integers, right: Integers) -> Floats:
    word_cosine = row_sums(space.word_vectors[left].multiply(space.word_vectors[right]))
    digits_left, digits_right = space.digits[left], space.digits[right]
    shared_digits = row_sums(digits_left.multiply(digits_right))
    count_left, count_right = row_lengths(digits_left), row_lengths(digits_right)
    all_digits = count_left + count_right - shared_digits
    only_left, only_right = count_left - shared_digits, count_right - shared_digits

    idf_left, idf_right = (
        scaled_columns(space.words[left], space.word_idf),
        scaled_columns(space.words[right], space.word_idf),
    )
    shared = space.words[left].multiply(idf_right).tocsr()
    shared_sum = row_sums(shared)
    all_sum = row_sums(idf_left) + row_sums(idf_right) - shared_sum
    unshared_left, unshared_right = row_maxima((idf_left - shared).tocsr()), row_maxima((idf_right - shared).tocsr())

    lengths = np.column_stack([space.lengths[left], space.lengths[right]])
    first = space.first_word[left]
    return np.column_stack(
        [
            word_cosine,
            shared_digits / np.maximum(all_digits, 1),
            np.minimum(only_left, only_right) / np.maximum(all_digits, 1),
            shared_sum / np.maximum(all_sum, 1e-9),
            row_maxima(shared),
            np.maximum(unshared_left, unshared_right),
            np.minimum(unshared_left, unshared_right),
            (first == space.first_word[right]) & (first >= 0),
            _code_found(space, left, right),
            lengths.min(axis=1) / np.maximum(lengths.max(axis=1), 1),
        ]
    )


def _code_found(space: TitleSpace, left: Integers, right: Integers) -> Floats:
    """Return how rare the rarest code of one title is that the other holds, however either writes it apart."""
    one = row_maxima(scaled_columns(space.codes[left].multiply(space.glued[right]).tocsr(), space.code_idf))
    other = row_maxima(scaled_columns(space.codes[right].multiply(space.glued[left]).tocsr(), space.code_idf))
    return np.maximum(one, other)
