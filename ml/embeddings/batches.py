"""How a list of texts is cut into batches: each text once, like lengths together, results back in the given order.

Belongs here: indices. Does not: tokens, models.

A batch is padded to its longest text, so unsorted descriptions cost five times the work of sorted ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


def distinct(texts: Sequence[str]) -> tuple[list[str], Indices]:
    """Return the distinct texts in order of appearance, and for each text the index of its own among them."""
    positions: dict[str, int] = {}
    inverse = np.fromiter((positions.setdefault(text, len(positions)) for text in texts), np.intp, len(texts))
    return list(positions), inverse


def length_sorted_batches(lengths: Sequence[int], batch_size: int) -> list[Indices]:
    """Return the indices of ``lengths`` in batches of at most ``batch_size``, the longest first; each index once.

    Equal lengths keep their order, so that the same texts always make the same batches.

    Raises:
        ValueError: for a batch size under 1.
    """
    if batch_size < 1:
        raise ValueError(f"a batch holds at least one text, not {batch_size}")
    order = np.argsort(-np.asarray(lengths, np.intp), kind="stable")
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
