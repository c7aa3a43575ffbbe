"""Boosted trees as plain arrays: predicted in numpy, stored without pickle.

Belongs here: the arrays, prediction, reading them out of scikit-learn's fitted model. Does not: training.

``HistGradientBoostingRegressor`` predicts baseline + sum of its trees' leaves; a row goes left where its value is at
most the threshold, a missing value where the split says. So a node is five numbers, and a stored forest cannot execute
anything when it is read. A test holds this to scikit-learn's own ``predict``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.pricing.listings import Booleans, Floats, Integers

_ROWS_AT_ONCE = 2_048


@dataclass(frozen=True, slots=True)
class Forest:
    """All trees' nodes end to end.

    Attributes:
        roots: place of each tree's first node. feature, threshold, missing_left: the splits. left, right: places of the
        children; a leaf is its own child. value: what a leaf adds. baseline: what is there before any tree.
        depth: the longest way from a root to a leaf.
    """

    roots: Integers
    feature: npt.NDArray[np.int32]
    threshold: Floats
    missing_left: Booleans
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: Floats
    baseline: float
    depth: int

    def predict(self, features: Floats) -> Floats:
        """Return the predicted value of each row; ``features`` has shape (n, f), NaN where missing."""
        result = np.full(len(features), self.baseline)
        for start in range(0, len(features), _ROWS_AT_ONCE):
            block = features[start : start + _ROWS_AT_ONCE]
            rows = np.arange(len(block))[:, None]
            node = np.broadcast_to(self.roots[None, :], (len(block), len(self.roots)))
            for _ in range(self.depth):
                x = block[rows, self.feature[node]]
                goes_left = np.where(np.isnan(x), self.missing_left[node], x <= self.threshold[node])
                node = np.where(goes_left, self.left[node], self.right[node])
            result[start : start + _ROWS_AT_ONCE] += self.value[node].sum(axis=1)
        return result


def forest_of(model: Any) -> Forest:
    """Read the trees of a fitted ``HistGradientBoostingRegressor`` without categorical features.

    scikit-learn keeps them in private attributes; there is no public way to them.
    """
    trees = [predictor.nodes for (predictor,) in model._predictors]  # noqa: SLF001
    sizes = [len(nodes) for nodes in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64) if trees else np.zeros(0, dtype=np.int64)
    nodes = np.concatenate(trees)
    offset = np.repeat(roots, sizes)
    is_leaf = nodes["is_leaf"].astype(bool)
    here = np.arange(len(nodes))
    return Forest(
        roots=roots,
        feature=np.where(is_leaf, 0, nodes["feature_idx"]).astype(np.int32),
        threshold=nodes["num_threshold"].astype(np.float64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        left=np.where(is_leaf, here, nodes["left"].astype(np.int64) + offset).astype(np.int32),
        right=np.where(is_leaf, here, nodes["right"].astype(np.int64) + offset).astype(np.int32),
        value=np.where(is_leaf, nodes["value"], 0.0).astype(np.float64),
        baseline=float(np.ravel(model._baseline_prediction)[0]),  # noqa: SLF001
        depth=int(nodes["depth"].max()) if len(nodes) else 0,
    )
