"""New listings between two full runs: join a cluster or wait.

Belongs here: assigning listings to clusters that exist. Does not: making, merging or changing clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.clustering.arrays import Booleans, Floats, Integers
from ml.clustering.candidates import Pairs
from ml.clustering.listings import Listings
from ml.clustering.model import PairModel
from ml.clustering.products import UNIQUE, score_pairs

JOIN_AT = 0.5
_BEST = 3
# Share of the listings that may wait or be new since the last full run before another is due.
FULL_RUN_DUE = 0.2


@dataclass(frozen=True, slots=True)
class Assignment:
    """Clusters (n,) of all listings, old ones as they were, and the mean probability (n,) of those newly assigned."""

    labels: Integers
    probability: Floats


def assign_new(listings: Listings, labels: Integers, new: Booleans, *, model: PairModel | None = None) -> Assignment:
    """Let new listings join existing clusters.

    Args:
        listings: old and new together.
        labels: (n,) clusters of the old ones, :data:`~ml.clustering.products.UNIQUE` for unique; ignored for new ones.
        new: (n,) true for the new ones.

    A new listing joins the cluster with the highest mean probability over its three best members (fewer if fewer are
    candidates) when that is at least 0.5; else it is unique until the next full run. An old listing never changes.
    """
    out = np.where(new, UNIQUE, labels).astype(np.int64)
    probability = np.full(len(listings), np.nan)
    if not new.any():
        return Assignment(out, probability)
    scored = score_pairs(listings, model=model, only=new)
    units = scored.units
    graph = _neighbours(scored.pairs, scored.probability, len(units))
    members = _clusters_of_units(units.of, out, len(units))
    for unit in np.unique(units.of[new]).tolist():
        candidates = [(1.0, unit), *graph.get(unit, [])]
        best = _best_cluster([(value, label) for value, other in candidates for label in members.get(other, ())])
        if best is not None and best[0] >= JOIN_AT:
            rows = np.flatnonzero(new & (units.of == unit))
            out[rows], probability[rows] = best[1], best[0]
    return Assignment(out, probability)


def full_run_due(labels: Integers, new: Booleans) -> bool:
    """Say whether unassigned new listings are more than 20 % of all: time for a full run."""
    waiting = new & (labels == UNIQUE)
    return bool(waiting.sum() > FULL_RUN_DUE * len(labels)) if len(labels) else False


def _neighbours(pairs: Pairs, probability: Floats, size: int) -> dict[int, list[tuple[float, int]]]:
    near: dict[int, list[tuple[float, int]]] = {}
    for left, right, value in zip(pairs.left.tolist(), pairs.right.tolist(), probability.tolist(), strict=True):
        near.setdefault(left, []).append((value, right))
        near.setdefault(right, []).append((value, left))
    return near


def _clusters_of_units(of: Integers, labels: Integers, size: int) -> dict[int, list[int]]:
    """Return the clusters of the old listings with each distinct title: mostly one."""
    members: dict[int, list[int]] = {}
    for row in np.flatnonzero(labels >= 0).tolist():
        members.setdefault(int(of[row]), []).append(int(labels[row]))
    return members


def _best_cluster(candidates: list[tuple[float, int]]) -> tuple[float, int] | None:
    by_label: dict[int, list[float]] = {}
    for value, label in candidates:
        by_label.setdefault(label, []).append(value)
    means = [(float(np.mean(sorted(values, reverse=True)[:_BEST])), -label) for label, values in by_label.items()]
    return (max(means)[0], -max(means)[1]) if means else None
