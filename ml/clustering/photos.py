"""Photos as confirmation: 64-bit perceptual hashes of a pair's first photos.

Belongs here: what an equal photo adds to a probability. Does not: computing hashes, proposing pairs.

Sellers reuse stock pictures, so that a shared photo alone proves no shared product.
"""

from __future__ import annotations

import numpy as np

from ml.clustering.arrays import Booleans, Floats, Hashes

SAME_WITHIN_BITS = 6
# What the same photo adds to the log-odds that the titles give.
_LOG_ODDS = 2.0


def same_photo(left: Hashes, right: Hashes) -> Booleans:
    """Say of each pair (pairs,) whether both photos are known and differ in at most 6 of 64 bits."""
    known = (left != 0) & (right != 0)
    return np.asarray(known & (np.bitwise_count(left ^ right) <= SAME_WITHIN_BITS), dtype=bool)


def confirm(probability: Floats, same: Booleans) -> Floats:
    """Raise the log-odds of the pairs with the same photo; the others stay exactly as they are."""
    odds = probability / np.maximum(1 - probability, 1e-12) * np.exp(_LOG_ODDS)
    return np.where(same, odds / (1 + odds), probability)
