"""The classic method: DBSCAN on the weighted distance of title, description and photo.

Belongs here: that distance and DBSCAN, in memory proportional to the listings. Does not: the default method
(``products``), which does better on every set measured (``docs/clusters.md``).

DBSCAN (Ester et al. 1996) with the labels scikit-learn's gives, from distances computed in float32 blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from ml.clustering.arrays import Booleans, Integers, Singles, blocks, unit_rows
from ml.clustering.listings import Listings
from ml.clustering.products import UNIQUE, Clustering, Progress, choose_representatives, quiet

Metric = Literal["cosine", "euclidean"]
# A float32 array or a CSR matrix.
Vectors: TypeAlias = Any
NOISE = UNIQUE
_BLOCK = 250
# Between two listings that share no channel: the largest either metric knows.
_FARTHEST = 2.0


@dataclass(frozen=True, slots=True)
class Channel:
    """One view of n listings: unit vectors (n, d), dense float32 or sparse; a row of zeros where it is missing."""

    name: str
    vectors: Vectors
    weight: float = 1 / 3

    @property
    def present(self) -> Booleans:
        """Say which listings have the channel."""
        squares = self.vectors.multiply(self.vectors) if sparse.issparse(self.vectors) else self.vectors**2
        return np.asarray(squares.sum(axis=1) > 0, dtype=bool).ravel()

    def rows(self, chosen: Integers) -> Channel:
        """Return the channel of some of the listings."""
        return Channel(self.name, self.vectors[chosen], self.weight)


def distances(channels: Sequence[Channel], rows: slice, metric: Metric) -> Singles:
    """Return the weighted distance (rows, n): each pair by the channels both listings have, weights renormalised.

    Cosine distance is 1 - cos, Euclidean sqrt(2 - 2 cos), both between 0 and 2; 2 for a pair without a common channel.
    """
    total: Singles | None = None
    weight: Singles | None = None
    for channel in channels:
        own = channel.vectors[rows]
        product = own @ channel.vectors.T
        cosine = product.toarray() if sparse.issparse(product) else product
        distance = 1 - np.clip(cosine, -1, 1)
        if metric == "euclidean":
            distance = np.sqrt(2 * np.maximum(distance, 0))
        both = channel.present[rows][:, None] & channel.present[None, :]
        share = (both * channel.weight).astype(np.float32)
        total = distance * share if total is None else total + distance * share
        weight = share if weight is None else weight + share
    if total is None or weight is None:
        raise ValueError("no channel to measure a distance by")
    out = np.full(total.shape, _FARTHEST, dtype=np.float32)
    np.divide(total, weight, out=out, where=weight > 0)
    return out


def dbscan(
    channels: Sequence[Channel],
    *,
    eps: float,
    min_samples: int,
    metric: Metric = "cosine",
    progress: Progress = quiet,
) -> Integers:
    """Return DBSCAN's labels (n,): clusters from 0 by their first core listing, -1 for noise.

    A listing with ``min_samples`` listings within ``eps``, itself included, is core; cores within ``eps`` of one
    another share a cluster; another listing joins the first cluster with a core within ``eps``. Time grows with n * n,
    memory with n.

    Raises:
        ValueError: ``eps`` or ``min_samples`` is not positive, or there is no channel.
    """
    if eps <= 0 or min_samples < 1:
        raise ValueError(f"eps must be above 0 and min_samples at least 1, not {eps:g} and {min_samples}")
    size = channels[0].vectors.shape[0] if channels else 0
    near = np.zeros(size, dtype=np.int64)
    with threadpool_limits(1):
        for part in blocks(size, _BLOCK):
            progress("counting neighbours", part.start / size)
            near[part] = (distances(channels, part, metric) <= eps).sum(axis=1)
        core = near >= min_samples
        cluster = np.where(core, np.arange(size), size)
        for part in blocks(size, _BLOCK):
            progress("joining neighbours", part.start / size)
            cores = np.flatnonzero(core[part])
            within = (distances(channels, part, metric)[cores] <= eps) & core[None, :]
            for neighbours in within:
                _join(cluster, np.flatnonzero(neighbours))
        # Clusters are complete only now: a border listing goes to the lowest-numbered one near it.
        border = np.full(size, size, dtype=np.int64)
        for part in blocks(size, _BLOCK):
            others = np.flatnonzero(~core[part])
            if len(others):
                within = (distances(channels, part, metric)[others] <= eps) & core[None, :]
                border[others + part.start] = np.where(within, cluster[None, :], size).min(axis=1)
    of = np.where(core, cluster, border)
    names, inverse = np.unique(of, return_inverse=True)
    numbers = np.where(names == size, NOISE, np.arange(len(names)))
    return np.asarray(numbers[inverse], dtype=np.int64)


def _join(cluster: Integers, cores: Integers) -> None:
    """Give cores within reach of one another one cluster: the one with the lowest number."""
    found = np.unique(cluster[cores])
    if len(found) > 1:
        cluster[np.isin(cluster, found[1:])] = found[0]


def cluster_by_density(
    listings: Listings,
    channels: Sequence[Channel],
    *,
    eps: float = 0.5,
    min_samples: int = 5,
    metric: Metric = "cosine",
    progress: Progress = quiet,
) -> Clustering:
    """Cluster listings by DBSCAN inside their groups; noise is unique.

    Channels that no listing has are left out. ``distance`` is that to the centroid (the mean of the members, by the
    same weighted distance), ``probability`` one minus it, not below 0: a closeness, not a calibrated probability; the
    representative is the member nearest the centroid.

    Raises:
        ValueError: no listing has any channel, or a parameter is out of range.
    """
    channels = [channel for channel in channels if bool(channel.present.any())]
    if not channels and len(listings):
        raise ValueError("no listing has a title, description or photo vector to measure distances by")
    labels = np.full(len(listings), NOISE, dtype=np.int64)
    distance = np.full(len(listings), np.nan)
    # The order of ids, so that the order of the rows changes nothing.
    order = np.array(sorted(range(len(listings)), key=listings.ids.__getitem__), dtype=np.int64)
    groups = listings.groups if listings.groups is not None else [""] * len(listings)
    members: dict[str, list[int]] = {}
    for row in order.tolist():
        members.setdefault(groups[row], []).append(row)
    used = 0
    for group in sorted(members):
        rows = np.array(members[group], dtype=np.int64)
        own = [channel.rows(rows) for channel in channels]
        found = dbscan(own, eps=eps, min_samples=min_samples, metric=metric, progress=progress)
        labels[rows] = np.where(found == NOISE, NOISE, found + used)
        distance[rows] = _to_centroid(own, found, metric)
        used += int(found.max(initial=NOISE)) + 1
    closeness = np.maximum(1 - distance, 0)
    return Clustering(
        labels=labels,
        probability=closeness,
        representative=choose_representatives(listings, labels, np.nan_to_num(-distance)),
        method=f"dbscan eps={eps:g} min_samples={min_samples} metric={metric} "
        f"channels={'+'.join(f'{channel.name}:{channel.weight:.2f}' for channel in channels)}",
        distance=distance,
    )


def _to_centroid(channels: Sequence[Channel], labels: Integers, metric: Metric) -> Singles:
    """Return the weighted distance (n,) of each listing to the mean of its cluster; nan for noise."""
    out = np.full(len(labels), np.nan, dtype=np.float32)
    for label in range(int(labels.max(initial=NOISE)) + 1):
        rows = np.flatnonzero(labels == label)
        with_centre = [_with_mean(channel.rows(rows)) for channel in channels]
        out[rows] = distances(with_centre, slice(len(rows), len(rows) + 1), metric)[0, : len(rows)]
    return out


def _with_mean(channel: Channel) -> Channel:
    """Append the members' mean, of unit length, as a last row."""
    if sparse.issparse(channel.vectors):
        mean = unit_rows(sparse.csr_matrix(channel.vectors.sum(axis=0), dtype=np.float32))
        return Channel(channel.name, sparse.vstack([channel.vectors, mean], format="csr"), channel.weight)
    total = channel.vectors.sum(axis=0, keepdims=True)
    norm = float(np.linalg.norm(total))
    mean = (total / norm if norm else total).astype(np.float32)
    return Channel(channel.name, np.vstack([channel.vectors, mean]), channel.weight)
