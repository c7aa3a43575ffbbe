"""Train the pair model: ``python -m ml.clustering.train --synthetic 6000 --labelled FILE.csv --output pair_model.json``.

Belongs here: from labelled titles to coefficients with their provenance. Does not: fetching data, judging the result
(``benchmarks/clusters.py`` does, on data this must never see: Abt-Buy).

A labelled file is a CSV with the columns ``title`` and ``cluster`` and, optionally, ``group``: titles of one cluster
are the same product; pairs are proposed inside a group. The same input gives the same coefficients: the only
randomness is the seeded generator's.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ml.clustering.arrays import Booleans, Floats, Integers
from ml.clustering.candidates import find_candidates
from ml.clustering.features import LEXICAL_FEATURES, pair_features
from ml.clustering.synthetic import generate
from ml.clustering.text import normalise, read_titles

_REGULARISATION = 5.0
# Digits kept: enough for a probability, few enough to be the same on every machine's BLAS.
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Labelled:
    """One training set: titles, their products and groups as numbers, and what it is."""

    name: str
    titles: tuple[str, ...]
    products: Integers
    groups: Integers
    sha256: str


@dataclass(frozen=True, slots=True)
class Trained:
    """Coefficients in the order of the features, and what they were trained on."""

    weights: tuple[float, ...]
    intercept: float
    provenance: tuple[dict[str, object], ...]


def synthetic_set(size: int, seed: int) -> Labelled:
    """Return a generated catalogue as a training set."""
    made = generate(size, seed=seed)
    return _labelled(f"synthetic catalogue, {size} titles, seed {seed}", made.titles, made.products, made.kinds)


def read_labelled(path: Path) -> Labelled:
    """Read a labelled CSV.

    Raises:
        ValueError: the file lacks a column.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not rows or not {"title", "cluster"} <= set(rows[0]):
        raise ValueError(f"{path}: needs the columns title and cluster, and at least one row")
    return _labelled(
        path.name,
        [row["title"] for row in rows],
        _numbered(row["cluster"] for row in rows),
        _numbered(row.get("group") or "" for row in rows),
    )


def _numbered(names: Iterable[str]) -> Integers:
    index: dict[str, int] = {}
    return np.array([index.setdefault(name, len(index)) for name in names], dtype=np.int64)


def _labelled(name: str, titles: Sequence[str], products: Integers, groups: Integers) -> Labelled:
    plain = tuple(map(normalise, titles))
    text = "\n".join(
        f"{title}\t{product}\t{group}" for title, product, group in zip(plain, products, groups, strict=True)
    )
    return Labelled(name, plain, products, groups, hashlib.sha256(text.encode()).hexdigest())


def training_pairs(given: Labelled) -> tuple[Floats, Booleans]:
    """Return features (pairs, 13) and truth (pairs,) of a set's candidates; equal titles count once."""
    _, first = np.unique(
        np.array([f"{group}\t{title}" for title, group in zip(given.titles, given.groups, strict=True)]),
        return_index=True,
    )
    space = read_titles([given.titles[row] for row in first])
    products = given.products[first]
    pairs = find_candidates(space, given.groups[first])
    return pair_features(space, pairs), products[pairs.left] == products[pairs.right]


def train(sets: Sequence[Labelled]) -> Trained:
    """Fit the logistic regression (C = 5), every set with the same total weight; rounded to 4 decimals."""
    features, truths, weights, provenance = [], [], [], []
    for given in sets:
        own, truth = training_pairs(given)
        features.append(own)
        truths.append(truth)
        weights.append(np.full(len(own), 1 / len(own)))
        provenance.append(
            {
                "name": given.name,
                "titles": len(given.titles),
                "products": len(np.unique(given.products)),
                "pairs": len(own),
                "same": int(truth.sum()),
                "sha256": given.sha256,
            }
        )
    weight = np.concatenate(weights)
    model = LogisticRegression(C=_REGULARISATION, max_iter=5000, tol=1e-8)
    with threadpool_limits(1):
        model.fit(np.vstack(features), np.concatenate(truths), sample_weight=weight * len(weight) / weight.sum())
    return Trained(
        weights=tuple(round(float(value), _DECIMALS) for value in model.coef_[0]),
        intercept=round(float(model.intercept_[0]), _DECIMALS),
        provenance=tuple(provenance),
    )


def as_json(trained: Trained) -> str:
    """Return the coefficients as the file that :func:`ml.clustering.model.read_model` reads."""
    digest = hashlib.sha256(repr((trained.weights, trained.intercept)).encode()).hexdigest()[:8]
    return json.dumps(
        {
            "version": f"logistic-13/{digest}",
            "intercept": trained.intercept,
            "coefficients": dict(zip(LEXICAL_FEATURES, trained.weights, strict=True)),
            "trained_on": list(trained.provenance),
            "trained_by": "python -m ml.clustering.train",
        },
        indent=2,
    ) + "\n"  # fmt: skip


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description="Train the pair model from labelled titles.")
    parser.add_argument("--labelled", type=Path, action="append", default=[], help="CSV: title, cluster[, group]")
    parser.add_argument("--synthetic", type=int, default=0, help="titles of a generated catalogue, 0 for none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    sets = [read_labelled(path) for path in given.labelled]
    if given.synthetic:
        sets.append(synthetic_set(given.synthetic, given.seed))
    if not sets:
        parser.error("give --labelled FILE.csv, --synthetic N, or both")
    given.output.write_text(as_json(train(sets)), encoding="utf-8")


if __name__ == "__main__":
    main()
