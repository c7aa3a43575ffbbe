"""The default method: which listings are the same product, and how sure that is.

Belongs here: candidates, probabilities and linkage put together. Does not: themes, labels, ids that last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ml.clustering.arrays import Booleans, Floats, Integers
from ml.clustering.candidates import Pairs, find_candidates
from ml.clustering.features import feature_blocks
from ml.clustering.linkage import average_linkage, number_by_first
from ml.clustering.listings import Listings, Units, units_of
from ml.clustering.model import PairModel, shipped_model
from ml.clustering.photos import confirm, same_photo
from ml.clustering.text import TitleSpace, read_titles

UNIQUE = -1
JOIN = 0.3
# The strict end of what the tuning data allow (0.2 to 0.3 are alike): prices are compared inside a cluster.
CUT = 0.3

# Told the name of a step and the share of the work done, 0 to 1.
Progress = Callable[[str, float], None]


def quiet(_step: str, _share: float) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Clustering:
    """Clusters of n listings.

    Attributes:
        labels: (n,) cluster numbers from 0, by their first title in order; :data:`UNIQUE` for what has no mate.
        probability: (n,) mean probability that the listing is the same product as the other members; nan if unique.
        representative: (n,) true for one listing a cluster.
        method: what made them, with its parameters, as stored with a run.
        distance: (n,) distance to the cluster's centroid where the method has one, nan if unique.
    """

    labels: Integers
    probability: Floats
    representative: Booleans
    method: str
    distance: Floats | None = None

    @property
    def n_clusters(self) -> int:
        """Return the number of clusters, the unique listings not counted."""
        return int(self.labels.max(initial=UNIQUE)) + 1


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """Pairs of distinct titles with the probability that both are the same product."""

    units: Units
    space: TitleSpace
    pairs: Pairs
    probability: Floats


def score_pairs(
    listings: Listings,
    *,
    model: PairModel | None = None,
    only: Booleans | None = None,
    progress: Progress = quiet,
) -> ScoredPairs:
    """Return the candidate pairs among the distinct titles of listings, with their probabilities.

    Args:
        only: (n,) pairs must have at least one of these listings; None for all.
    """
    model = model or shipped_model()
    units = units_of(listings)
    progress("reading titles", 0.0)
    space = read_titles(units.titles)
    wanted = None
    if only is not None:
        wanted = np.zeros(len(units), dtype=bool)
        wanted[units.of[only]] = True
    vectors = None if listings.vectors is None else listings.vectors[units.first]
    pairs = find_candidates(
        space, units.groups, vectors=vectors, only=wanted, progress=lambda share: progress("finding pairs", share)
    )
    probability = model.probabilities(_features(space, pairs, progress))
    if listings.photo_hashes is not None:
        photos = listings.photo_hashes[units.first]
        probability = confirm(probability, same_photo(photos[pairs.left], photos[pairs.right]))
    return ScoredPairs(units, space, pairs, probability)


def _features(space: TitleSpace, pairs: Pairs, progress: Progress) -> Iterator[Floats]:
    for part, features in feature_blocks(space, pairs):
        progress("comparing pairs", part.start / len(pairs))
        yield features


def cluster_products(
    listings: Listings,
    *,
    model: PairModel | None = None,
    join: float = JOIN,
    cut: float = CUT,
    progress: Progress = quiet,
) -> Clustering:
    """Cluster listings of the same product.

    Distinct titles connected by pairs at probability ``join`` form components; inside them average linkage merges while
    the mean probability is at least ``cut``. Equal titles of a group are one. What has no mate is unique. The answer
    does not depend on the order of the listings.
    """
    scored = score_pairs(listings, model=model, progress=progress)
    progress("linking", 0.0)
    of_units = average_linkage(len(scored.units), scored.pairs, scored.probability, join=join, cut=cut)
    labels = _labels(scored, of_units)
    probability = _cohesion(scored, of_units)
    probability[labels == UNIQUE] = np.nan
    name = (model or shipped_model()).version
    return Clustering(
        labels=labels,
        probability=probability,
        representative=choose_representatives(listings, labels, probability),
        method=f"products join={join:g} cut={cut:g} model={name}",
    )


def _labels(scored: ScoredPairs, of_units: Integers) -> Integers:
    counts = np.bincount(of_units, weights=scored.units.counts)
    # A title without words says nothing: even two of them are not the same product.
    alone = (counts[of_units] < 2) | (scored.space.first_word < 0)
    return number_by_first(np.where(alone, UNIQUE, of_units))[scored.units.of]


def _cohesion(scored: ScoredPairs, of_units: Integers) -> Floats:
    """Return each listing's mean probability to the others of its cluster; equal titles count as certain."""
    units, pairs = scored.units, scored.pairs
    inside = of_units[pairs.left] == of_units[pairs.right]
    left, right, value = pairs.left[inside], pairs.right[inside], scored.probability[inside]
    total = (units.counts - 1).astype(np.float64)
    np.add.at(total, left, value * units.counts[right])
    np.add.at(total, right, value * units.counts[left])
    mates = np.bincount(of_units, weights=units.counts)[of_units] - 1
    return np.asarray((total / np.maximum(mates, 1))[units.of], dtype=np.float64)


def choose_representatives(listings: Listings, labels: Integers, closeness: Floats) -> Booleans:
    """Mark one listing a cluster: the highest ``closeness``, then the price nearest the median, then the least id."""
    chosen = np.zeros(len(labels), dtype=bool)
    members = np.flatnonzero(labels >= 0)
    if not len(members):
        return chosen
    away = _distance_from_median(listings.prices, labels)
    rank = np.empty(len(labels), dtype=np.int64)
    rank[sorted(range(len(labels)), key=listings.ids.__getitem__)] = np.arange(len(labels))
    # Rounded, so that two sums of the same numbers in another order tie as they should.
    order = members[np.lexsort((rank[members], away[members], -np.round(closeness[members], 9), labels[members]))]
    chosen[order[np.flatnonzero(np.diff(labels[order], prepend=-1))]] = True
    return chosen


def _distance_from_median(prices: Floats | None, labels: Integers) -> Floats:
    away = np.zeros(len(labels), dtype=np.float64)
    if prices is None:
        return away
    away[:] = np.inf
    usable = np.flatnonzero((labels >= 0) & np.isfinite(prices) & (prices > 0))
    order = usable[np.argsort(labels[usable], kind="stable")]
    for rows in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        if len(rows):
            logs = np.log(prices[rows])
            away[rows] = np.abs(logs - np.median(logs))
    return away
