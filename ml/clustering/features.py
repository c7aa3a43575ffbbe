"""What is measured of a pair of titles, all pairs at once.

Belongs here: the features of the pair model. Does not: their weights, choosing pairs.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ml.clustering.arrays import (
    BLOCK_PAIRS,
    Floats,
    Integers,
    blocks,
    pair_products,
    row_lengths,
    row_maxima,
    row_sums,
    scaled_columns,
)
from ml.clustering.candidates import Pairs, best_of_each
from ml.clustering.text import TitleSpace

FEATURES = (
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
    "code_begins",
    "unit_conflict",
    "unit_agreement",
    "length_ratio",
    "gram_cosine_below_best_low",
    "gram_cosine_below_best_high",
)


def pair_features(space: TitleSpace, pairs: Pairs) -> Floats:
    """Return the features of every pair, (pairs, 16), all between -1 and 1; see :func:`feature_blocks`."""
    out = np.empty((len(pairs), len(FEATURES)), dtype=np.float64)
    for part, features in feature_blocks(space, pairs):
        out[part] = features
    return out


def feature_blocks(space: TitleSpace, pairs: Pairs) -> Iterator[tuple[slice, Floats]]:
    """Yield the features of the pairs a part at a time, so that only probabilities need be kept.

    The features are described in ``docs/clusters.md``; "below best" compares a pair with the best pair of either
    title, so that a crowd of lookalikes does not pass for matches.
    """
    grams = pair_products(space.grams, pairs.left, pairs.right)
    best = best_of_each(grams, pairs, len(space))
    for part in blocks(len(pairs), BLOCK_PAIRS):
        left, right = pairs.left[part], pairs.right[part]
        below_left, below_right = grams[part] - best[left], grams[part] - best[right]
        yield (
            part,
            np.column_stack(
                [
                    grams[part],
                    _word_features(space, left, right),
                    np.minimum(below_left, below_right),
                    np.maximum(below_left, below_right),
                ]
            ),
        )


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

    same_units = row_sums(space.units[left].multiply(space.units[right]))
    same_amounts = row_sums(space.amounts[left].multiply(space.amounts[right]))

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
            _code_begins(space, left, right),
            (same_units > same_amounts).astype(np.float64),
            np.minimum(same_amounts, 2) / 2,
            lengths.min(axis=1) / np.maximum(lengths.max(axis=1), 1),
        ]
    )


def _code_found(space: TitleSpace, left: Integers, right: Integers) -> Floats:
    """Return how rare the rarest code of one title is that the other holds, however either writes it apart."""
    one = row_maxima(scaled_columns(space.codes[left].multiply(space.glued[right]).tocsr(), space.code_idf))
    other = row_maxima(scaled_columns(space.codes[right].multiply(space.glued[left]).tocsr(), space.code_idf))
    return np.maximum(one, other)


def _code_begins(space: TitleSpace, left: Integers, right: Integers) -> Floats:
    """Return how rare the rarest code of one title is that begins a longer code of the other."""
    one = row_maxima(scaled_columns(space.codes[left].multiply(space.stems[right]).tocsr(), space.code_idf))
    other = row_maxima(scaled_columns(space.codes[right].multiply(space.stems[left]).tocsr(), space.code_idf))
    return np.maximum(one, other)
