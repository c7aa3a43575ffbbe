"""Cluster scores on labelled data that the project ships, and a map of the user's own clusters.

Belongs here: the generated catalogue clustered and scored, two axes for a plot. Does not: the method itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from ml.clustering.labels import label_clusters
from ml.clustering.listings import Listings
from ml.clustering.metrics import Score, b_cubed, pairwise
from ml.clustering.products import UNIQUE, cluster_products
from ml.clustering.synthetic import generate
from ml.clustering.text import character_grams, normalise

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

# The pair model was trained on catalogues of other seeds.
LABELLED_SEED = 20_261
LABELLED_TITLES = 1_500
MAPPED_LISTINGS = 1_500


@dataclass(frozen=True, slots=True)
class ClusterScores:
    """The default method on the labelled titles, beside leaving every title alone (``alone``, B-cubed)."""

    titles: int
    b_cubed: Score
    pairwise: Score
    alone: Score


@dataclass(frozen=True, slots=True)
class ClusterMap:
    """Listings on a plane.

    Attributes:
        x, y: (n,) first two principal components of the titles. labels: (n,) cluster, below 0 for no mate.
        names: of clusters 0, 1, ...
        basis: what the components are of, in words.
    """

    x: Floats
    y: Floats
    labels: Integers
    names: tuple[str, ...]
    basis: str


def score_clusters(titles: int = LABELLED_TITLES, seed: int = LABELLED_SEED) -> ClusterScores:
    """Cluster a generated catalogue and hold it against its true products."""
    made = generate(titles, seed=seed)
    found = cluster_products(Listings([str(row) for row in range(titles)], made.titles)).labels
    alone = np.full(titles, UNIQUE, dtype=np.int64)
    return ClusterScores(
        titles=titles,
        b_cubed=b_cubed(made.products, found),
        pairwise=pairwise(made.products, found),
        alone=b_cubed(made.products, alone),
    )


def map_clusters(listings: Listings) -> ClusterMap:
    """Cluster listings and lay them on a plane: embeddings where all have one, else the letters of their titles.

    Args:
        listings: up to some thousand; the map costs n x n.
    """
    found = cluster_products(listings)
    names = label_clusters(listings, found.labels, found.representative)
    vectors = listings.vectors
    if vectors is not None:
        centred = vectors - vectors.mean(axis=0)
        gram, basis = centred @ centred.T, "title embeddings"
    else:
        letters = character_grams([normalise(title) for title in listings.titles])
        gram, basis = (letters @ letters.T).toarray().astype(np.float32), "letters of the titles (TF-IDF)"
    x, y = _plane(gram)
    return ClusterMap(x, y, found.labels, names, basis)


def _plane(gram: Singles) -> tuple[Floats, Floats]:
    """Return the first two principal components of the rows behind a matrix of inner products (Gower 1966)."""
    n = len(gram)
    if n < 3:
        return np.zeros(n), np.zeros(n)
    gram = gram - gram.mean(axis=0) - gram.mean(axis=1)[:, None] + gram.mean()
    values, vectors = eigh(gram, subset_by_index=[n - 2, n - 1])
    # An eigenvector's sign is arbitrary: the largest entry points up, so that two runs draw the same map.
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), [0, 1]])
    points = vectors * np.sqrt(np.maximum(values, 0.0))
    return points[:, 1].astype(np.float64), points[:, 0].astype(np.float64)
