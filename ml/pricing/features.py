"""What the boosted quantiles are told of a listing: its comparables' opinion, its groups, its own numbers.

Belongs here: the table of features and what must be remembered to build it again. Does not: training, prediction.

The boosting predicts what the comparables' location gets wrong, log p - m, not log p itself: on watch listings that
lifted AUPRC of the boosting alone from 0.43 to 0.62 (docs/fair-price.md). So most features are differences from m.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.pricing.comparables import Neighbours, Opinion, weights_of
from ml.pricing.listings import Floats, Listings, Singles
from ml.pricing.summaries import Summary

COMPONENTS = 24
_ENCODING_PSEUDO = 20.0
_YEAR = re.compile(r"(?<!\d)(19[2-9]\d|20[0-3]\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Encoder:
    """What training leaves behind for building the features of new listings.

    Attributes:
        attributes: names of the attribute columns, in order.
        residuals: for brand and condition, the shrunk mean of log p - m by word.
        mean, components: centre and principal axes of the embeddings, shapes (d,) and (d, 24); None without embeddings.
    """

    attributes: tuple[str, ...]
    residuals: Mapping[str, Mapping[str, float]]
    mean: Singles | None
    components: Singles | None


def fit_encoder(items: Listings, residuals: Floats) -> Encoder:
    """Return the encoder of the training rows; ``residuals`` are their log p - m."""
    mean = components = None
    if items.vectors is not None and len(items) > COMPONENTS:
        mean = items.vectors.mean(axis=0)
        centred = items.vectors - mean
        # The covariance is d x d: no matrix of n x n, whatever n.
        _, axes = np.linalg.eigh(centred.T @ centred)
        components = np.ascontiguousarray(axes[:, ::-1][:, :COMPONENTS])
    tables = {
        "brand": _shrunk_means(items.brands, residuals),
        "condition": _shrunk_means(items.conditions, residuals),
    }
    return Encoder(tuple(sorted(items.attributes)), tables, mean, components)


def _shrunk_means(names: tuple[str, ...], residuals: Floats) -> dict[str, float]:
    sums: dict[str, tuple[float, int]] = {}
    for name, residual in zip(names, residuals, strict=True):
        total, count = sums.get(name, (0.0, 0))
        sums[name] = (total + float(residual), count + 1)
    return {name: total / (count + _ENCODING_PSEUDO) for name, (total, count) in sums.items() if name}


def build_features(
    encoder: Encoder,
    items: Listings,
    neighbours: Neighbours,
    opinions: tuple[Opinion, Opinion, Opinion],
    summaries: list[Summary],
    pool_attributes: Mapping[str, Floats],
) -> Floats:
    """Return the features, shape (n, f), NaN where missing.

    Args:
        encoder: from training. items: the listings.
        neighbours: their comparables, rows of the pool. opinions: main, sharper, wider.
        summaries: of watch, brand, everything. pool_attributes: the pool's attribute columns.
    """
    main, sharp, wide = opinions
    watch, brand, _ = summaries
    m = main.location
    columns = [
        m,
        sharp.location - m,
        wide.location - m,
        main.spread,
        wide.spread,
        main.mad,
        wide.mad,
        main.n,
        wide.n,
        main.best,
        watch.median - m,
        brand.median - m,
        watch.median - watch.q10,
        np.log1p(watch.count),
        np.array([len(title) for title in items.titles], dtype=np.float64),
        np.array([_year(title) for title in items.titles]),
        _encoded(encoder.residuals["brand"], items.brands),
        _encoded(encoder.residuals["condition"], items.conditions),
    ]
    weight = weights_of(neighbours.similarity, _ATTRIBUTE_TEMPERATURE)
    for name in encoder.attributes:
        own = items.attributes.get(name, np.full(len(items), np.nan))
        columns += [own, own - _neighbours_mean(pool_attributes[name], neighbours, weight)]
    if encoder.components is not None and encoder.mean is not None:
        vectors = items.vectors
        shape = (len(items), encoder.components.shape[1])
        projected = np.full(shape, np.nan) if vectors is None else (vectors - encoder.mean) @ encoder.components
        columns += list(projected.astype(np.float64).T)
    return np.column_stack(columns)


_ATTRIBUTE_TEMPERATURE = 0.1


def _year(title: str) -> float:
    found = _YEAR.search(title)
    return float(found[1]) if found else np.nan


def _encoded(table: Mapping[str, float], names: tuple[str, ...]) -> Floats:
    return np.array([table.get(name, np.nan) for name in names], dtype=np.float64)


def _neighbours_mean(values: Floats, neighbours: Neighbours, weight: Floats) -> Floats:
    theirs = values[np.maximum(neighbours.rows, 0)]
    known = np.where(np.isnan(theirs), 0.0, weight)
    total = known.sum(axis=1)
    mean = (np.nan_to_num(theirs) * known).sum(axis=1) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, mean, np.nan)
