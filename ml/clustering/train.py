"""Train the pair model: ``python -m ml.clustering.train --synthetic 6000 --watches 16 --output pair_model.json``.

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
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ml.clustering.arrays import Booleans, Floats, Integers
from ml.clustering.candidates import find_candidates
from ml.clustering.features import FEATURES, pair_features
from ml.clustering.synthetic import generate
from ml.clustering.text import normalise, read_titles

_REGULARISATION = 5.0
# Digits kept: enough for a probability, few enough to be the same on every machine's BLAS.
_DECIMALS = 4
# Generated watches: titles and mean offers of a product; their weight together, the catalogue's being 1.
_WATCH_TITLES, _WATCH_OFFERS, _WATCHES_WEIGHT = 150, 15.0, 0.3
_FIRST_WATCH = 100


@dataclass(frozen=True, slots=True)
class Labelled:
    """One training set: titles, their products and groups as numbers, and what it is."""

    name: str
    titles: tuple[str, ...]
    products: Integers
    groups: Integers
    sha256: str
    weight: float = 1.0
    same_share: float | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """Coefficients in the order of the features, and what they were trained on."""

    weights: tuple[float, ...]
    intercept: float
    same_share: float
    provenance: tuple[dict[str, object], ...]


def synthetic_set(size: int, seed: int) -> Labelled:
    """Return a generated catalogue as a training set."""
    made = generate(size, seed=seed)
    return _labelled(f"synthetic catalogue, {size} titles, seed {seed}", made.titles, made.products, made.kinds)


def watch_sets(count: int, seed: int) -> list[Labelled]:
    """Return small generated runs, each by itself: what a watch's search finds, many offers of few products.

    There common words are those of the product, and rare ones a seller's: the opposite of a catalogue.
    """
    sets = []
    for own in range(seed + _FIRST_WATCH, seed + _FIRST_WATCH + count):
        made = generate(_WATCH_TITLES, seed=own, offers=_WATCH_OFFERS)
        name = f"synthetic watch, {_WATCH_TITLES} titles, seed {own}"
        one = _labelled(name, made.titles, made.products, np.zeros(_WATCH_TITLES, dtype=np.int64))
        sets.append(replace(one, weight=round(_WATCHES_WEIGHT / count, _DECIMALS)))
    return sets


# The columns of a labelled file, and those of the public PriceRunner file (Akritidis 2020, "Product Classification and
# Clustering" of the UCI repository).
_COLUMNS = (("title", "cluster", "group"), ("product_title", "cluster_id", "category_label"))


def read_labelled(path: Path, products: Sequence[range] | None = None) -> Labelled:
    """Read a labelled CSV.

    Args:
        products: keep only the rows whose ``product_id`` lies in one of these; None for all.

    Raises:
        ValueError: the file lacks a column, or no row is left.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines, skipinitialspace=True)
        rows = [{(key or "").strip().lower().replace(" ", "_"): value for key, value in row.items()} for row in reader]
    names = next((names for names in _COLUMNS if rows and set(names[:2]) <= set(rows[0])), None)
    if names is None:
        raise ValueError(f"{path}: needs the columns title and cluster, and at least one row")
    if products is not None:
        rows = [row for row in rows if any(int(row["product_id"]) in part for part in products)]
    if not rows:
        raise ValueError(f"{path}: no row has one of those product ids")
    title, cluster, group = names
    return _labelled(
        path.name if products is None else f"{path.name}, product ids {written(products)}",
        [row[title] for row in rows],
        _numbered(row[cluster] for row in rows),
        _numbered(row.get(group) or "" for row in rows),
    )


def ranges_of(text: str) -> tuple[range, ...]:
    """Read ``90-152,11752-11836``, both ends included."""
    parts = [part.split("-") for part in text.split(",")]
    return tuple(range(int(part[0]), int(part[-1]) + 1) for part in parts)


def written(ranges: Sequence[range]) -> str:
    """Write ranges as :func:`ranges_of` reads them."""
    return ",".join(f"{part.start}-{part.stop - 1}" for part in ranges)


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
    """Return features (pairs, 16) and truth (pairs,) of a set's candidates; equal titles count once."""
    seen: dict[tuple[int, str], int] = {}
    for row, key in enumerate(zip(given.groups.tolist(), given.titles, strict=True)):
        seen.setdefault(key, row)
    first = np.array(list(seen.values()), dtype=np.int64)
    space = read_titles([given.titles[row] for row in first])
    products = given.products[first]
    pairs = find_candidates(space, given.groups[first])
    return pair_features(space, pairs), products[pairs.left] == products[pairs.right]


def train(sets: Sequence[Labelled]) -> Trained:
    """Fit the logistic regression (C = 5); coefficients are rounded to 4 decimals.

    A set's pairs share its weight. Where ``same_share`` is given, the pairs of one product together weigh that share
    of it: an excerpt of a catalogue holds whole clusters but few of the lookalikes around them.
    """
    features, truths, weights, provenance = [], [], [], []
    for given in sets:
        own, truth = training_pairs(given)
        share = truth.mean() if given.same_share is None else given.same_share
        features.append(own)
        truths.append(truth)
        weights.append(
            given.weight * np.where(truth, share / max(truth.sum(), 1), (1 - share) / max((~truth).sum(), 1))
        )
        provenance.append(
            {
                "name": given.name,
                "titles": len(given.titles),
                "products": len(np.unique(given.products)),
                "pairs": len(own),
                "same": int(truth.sum()),
                "weight": given.weight,
                "same_share": round(float(share), _DECIMALS),
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
        same_share=round(float(np.average(np.concatenate(truths), weights=weight)), _DECIMALS),
        provenance=tuple(provenance),
    )


def as_json(trained: Trained) -> str:
    """Return the coefficients as the file that :func:`ml.clustering.model.model_of` reads."""
    digest = hashlib.sha256(repr((trained.weights, trained.intercept)).encode()).hexdigest()[:8]
    return json.dumps(
        {
            "version": f"logistic-{len(FEATURES)}/{digest}",
            "intercept": trained.intercept,
            "same_share": trained.same_share,
            "coefficients": dict(zip(FEATURES, trained.weights, strict=True)),
            "trained_on": list(trained.provenance),
            "trained_by": "python -m ml.clustering.train",
        },
        indent=2,
    ) + "\n"  # fmt: skip


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description="Train the pair model from labelled titles.")
    parser.add_argument("--labelled", type=Path, action="append", default=[], help="CSV: title, cluster[, group]")
    parser.add_argument(
        "--products", type=ranges_of, help="only these product ids of the labelled files: 90-152,200-260"
    )
    parser.add_argument("--weight", type=float, default=1.0, help="weight of each labelled file beside the catalogue")
    parser.add_argument("--same-share", type=float, help="weigh its pairs of one product to this share, 0 to 1")
    parser.add_argument("--synthetic", type=int, default=0, help="titles of a generated catalogue, 0 for none")
    parser.add_argument(
        "--watches", type=int, default=0, help="generated watches beside it: many offers of few products"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    sets = [
        replace(read_labelled(path, given.products), weight=given.weight, same_share=given.same_share)
        for path in given.labelled
    ]
    if given.synthetic:
        sets.append(synthetic_set(given.synthetic, given.seed))
    sets += watch_sets(given.watches, given.seed)
    if not sets:
        parser.error("give --labelled FILE.csv, --synthetic N, --watches N, or some of them")
    given.output.write_text(as_json(train(sets)), encoding="utf-8")


if __name__ == "__main__":
    main()
