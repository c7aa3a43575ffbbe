"""The looser level, for browsing: clusters of clusters, by likeness of their words and vectors.

Belongs here: themes. Does not: products. Never compare prices across a theme: it holds different products.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from ml.clustering.arrays import Floats, Integers, Singles, Sparse, pair_products, unit_rows
from ml.clustering.candidates import Pairs, sparse_neighbours, vector_neighbours
from ml.clustering.linkage import average_linkage, number_by_first
from ml.clustering.listings import Listings, units_of
from ml.clustering.products import UNIQUE, Clustering, choose_representatives
from ml.clustering.text import read_titles

_NEIGHBOURS = 40
_JOIN = 0.25
_CUT = 0.12


def cluster_themes(listings: Listings, products: Clustering, *, join: float = _JOIN, cut: float = _CUT) -> Clustering:
    """Group product clusters and unique listings of one group into themes; a product never falls into two.

    Likeness is the cosine of the mean TF-IDF vectors (words and character n-grams), averaged with the cosine of the
    mean title vectors where there are any. ``probability`` is a listing's likeness to its theme's centre, 0 to 1.
    """
    units = units_of(listings)
    space = read_titles(units.titles)
    # Every product is one row; a unique title is one too.
    of_unit = np.full(len(units), UNIQUE, dtype=np.int64)
    of_unit[units.of] = products.labels
    alone = of_unit == UNIQUE
    of_unit[alone] = products.n_clusters + np.arange(int(alone.sum()))
    of_unit = number_by_first(of_unit)
    size = int(of_unit.max(initial=-1)) + 1
    member = sparse.csr_matrix(
        (np.ones(len(units), dtype=np.float32), (of_unit, np.arange(len(units)))), shape=(size, len(units))
    )
    terms = sparse.hstack([space.word_vectors, space.grams], format="csr")
    centres = unit_rows((member @ terms).tocsr())
    vectors = None if listings.vectors is None else _unit(member @ listings.vectors[units.first])
    group = np.zeros(size, dtype=np.int64)
    group[of_unit] = units.groups
    pairs, likeness = _alike(centres, group, vectors)
    themes = average_linkage(size, pairs, likeness, join=join, cut=cut)
    labels = themes[of_unit][units.of]
    counts = np.bincount(labels)
    labels = number_by_first(np.where(counts[labels] < 2, UNIQUE, labels))
    closeness = _closeness(terms, units.of, labels)
    return Clustering(
        labels=labels,
        probability=closeness,
        representative=choose_representatives(listings, labels, np.nan_to_num(closeness)),
        method=f"themes join={join:g} cut={cut:g}",
    )


def _unit(vectors: Singles) -> Singles:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)


def _alike(centres: Sparse, group: Integers, vectors: Singles | None) -> tuple[Pairs, Floats]:
    size = centres.shape[0]
    keys = [np.array([], dtype=np.int64)]
    order = np.argsort(group, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(members) < 2:
            continue
        rows = np.arange(len(members))
        found = [sparse_neighbours(centres[members], rows, _NEIGHBOURS)]
        if vectors is not None:
            found.append(vector_neighbours(vectors[members], rows, _NEIGHBOURS))
        for left, right in found:
            one, other = members[left], members[right]
            keys.append(np.minimum(one, other) * size + np.maximum(one, other))
    key = np.unique(np.concatenate(keys))
    pairs = Pairs(left=key // max(size, 1), right=key % max(size, 1))
    likeness = pair_products(centres, pairs.left, pairs.right)
    if vectors is not None:
        with threadpool_limits(1):
            cosine = np.einsum("ij,ij->i", vectors[pairs.left], vectors[pairs.right])
        likeness = (likeness + np.clip(cosine, 0, 1)) / 2
    return pairs, likeness


def _closeness(terms: Sparse, of: Integers, labels: Integers) -> Floats:
    """Return each listing's cosine (n,) to the mean of its theme; nan if unique."""
    out = np.full(len(labels), np.nan)
    inside = np.flatnonzero(labels >= 0)
    if not len(inside):
        return out
    own = labels[inside]
    rows = terms[of[inside]]
    member = sparse.csr_matrix(
        (np.ones(len(inside), dtype=np.float32), (own, np.arange(len(inside)))), shape=(int(own.max()) + 1, len(inside))
    )
    centres = unit_rows((member @ rows).tocsr())
    out[inside] = pair_products(
        sparse.vstack([centres, unit_rows(rows.tocsr())], format="csr"),
        own,
        len(centres.indptr) - 1 + np.arange(len(inside)),
    )
    return out
