"""How good a partition is against the truth.

Belongs here: B-cubed and pairwise scores, shares kept between two partitions. Does not: data, printing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.clustering.arrays import Integers


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and their harmonic mean, between 0 and 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Return the harmonic mean; 0 when both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def singletons_apart(labels: Integers) -> Integers:
    """Return labels in which every row labelled below 0 (unique, noise) is a cluster of its own."""
    out = labels.copy()
    alone = labels < 0
    out[alone] = (labels.max(initial=-1) + 1) + np.arange(int(alone.sum()))
    return out


def b_cubed(truth: Integers, found: Integers) -> Score:
    """Return B-cubed precision and recall (Bagga and Baldwin 1998), the mean over rows; rows below 0 are alone.

    Args:
        truth, found: (n,) labels of the same rows; n of 0 scores 0.
    """
    truth, found = singletons_apart(truth), singletons_apart(found)
    if not len(truth):
        return Score(0.0, 0.0)
    together, of_truth, of_found = _sizes(truth, found)
    return Score(float(np.mean(together / of_found)), float(np.mean(together / of_truth)))


def pairwise(truth: Integers, found: Integers) -> Score:
    """Return precision and recall over pairs of rows put together; rows below 0 are alone."""
    truth, found = singletons_apart(truth), singletons_apart(found)
    if not len(truth):
        return Score(0.0, 0.0)
    together, of_truth, of_found = _sizes(truth, found)
    # Every row sees its mates: a sum over rows counts each pair twice, in all three alike.
    both, true, put = (float((counts - 1).sum()) for counts in (together, of_truth, of_found))
    return Score(both / put if put else 0.0, both / true if true else 0.0)


def _sizes(truth: Integers, found: Integers) -> tuple[Integers, Integers, Integers]:
    _, truth, of_truth = np.unique(truth, return_inverse=True, return_counts=True)
    _, found, of_found = np.unique(found, return_inverse=True, return_counts=True)
    _, cell, of_cell = np.unique(truth * (found.max() + 1) + found, return_inverse=True, return_counts=True)
    return of_cell[cell], of_truth[truth], of_found[found]
