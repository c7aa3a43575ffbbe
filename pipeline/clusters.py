"""Clusters of a watch's listings: full runs with ids that last, and new listings that join between them.

Belongs here: what is done in which order, and when. Does not: SQL (``warehouse.clusters``), making clusters
(``ml.clustering``), what they are made from (``pipeline.cluster_inputs``). Not imported by the polling path.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

import msgspec
import numpy as np
import psycopg

from domain.settings import Settings
from domain.watch import Watch
from ml.clustering.density import Metric, cluster_by_density
from ml.clustering.identity import Identified, identify
from ml.clustering.increments import assign_new, full_run_due
from ml.clustering.labels import describe_clusters
from ml.clustering.model import shipped_model
from ml.clustering.products import CUT, JOIN, UNIQUE, Clustering, cluster_products
from ml.clustering.themes import cluster_themes
from ml.photos.hashing import PhotoHash
from ml.photos.reuse import PhotoNote, PhotoRow, reused_photos
from pipeline.cluster_inputs import Inputs, channels_of, read_inputs, with_background
from warehouse.cluster_runs import Level, begin_run, current_run, fail_run, get_run, places
from warehouse.cluster_views import MemberLine
from warehouse.clusters import FoundCluster, FoundMember, FoundTransition, save_assignments, save_run
from warehouse.locks import clustering_turn
from warehouse.photos import photo_hashes

Done = Literal["full", "incremental", "nothing", "busy"]
_NAMES = 10


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """How clusters are made: ``products`` (the default), or ``dbscan`` with its parameters, which others ignore."""

    name: Literal["products", "dbscan"] = "products"
    eps: float = 0.5
    min_samples: int = 5
    metric: Metric = "cosine"

    def params(self) -> dict[str, Any]:
        """Return the parameters as they are kept with the run."""
        if self.name == "dbscan":
            return {"eps": self.eps, "min_samples": self.min_samples, "metric": self.metric}
        return {"join": JOIN, "cut": CUT, "pair_model": shipped_model().version}


PRODUCTS = Method()


class ClusterOutcome(msgspec.Struct, kw_only=True):
    """What was done about one watch.

    Attributes:
        done: ``nothing`` where every listing had its place, ``busy`` where another session clusters the watch.
        run_id: of ``ml.cluster_runs``; None where none was made or added to.
        listings: that have a place now.
        unique: of those, in no cluster.
        joined: new listings that an incremental run put into a cluster.
        waiting: new listings that no cluster took; they wait for the next full run.
        cohesion: mean over the clustered listings of the probability that another member is the same thing.
        transitions: how many clusters survived, split, merged, were born or died.
        names: of the largest clusters, each with its size.
    """

    watch_id: int
    watch: str
    done: Done
    run_id: int | None = None
    listings: int = 0
    clusters: int = 0
    unique: int = 0
    joined: int = 0
    waiting: int = 0
    cohesion: float | None = None
    seconds: float = 0.0
    transitions: dict[str, int] = {}
    names: list[tuple[str, int]] = []


def cluster_watch(
    conn: psycopg.Connection, settings: Settings, watch: Watch, method: Method = PRODUCTS
) -> ClusterOutcome:
    """Cluster all listings of a watch anew and store the run; until it is stored whole, the run before holds.

    Listings of one kind only (``domain.listing_kind``) share a cluster. Ids are those of the last run of the same
    method. Whatever goes wrong is kept with the run, and raised.

    Args:
        conn: a connection, not in a transaction.
        settings: whose vectors are used.
        watch: whose listings.
        method: the default, or another; runs of another change nothing about those of the default.

    Raises:
        ValueError: a parameter of the method is out of range.
    """
    with clustering_turn(conn, watch.watch_id) as alone:
        if not alone:
            return ClusterOutcome(watch_id=watch.watch_id, watch=watch.name, done="busy")
        return _full_run(conn, settings, watch, method)


def cluster_new_listings(conn: psycopg.Connection, settings: Settings, watch: Watch) -> ClusterOutcome:
    """Let the new listings of a watch join its clusters; cluster it anew where it never was, or too many would wait.

    Raises:
        Exception: as ``cluster_watch``.
    """
    nothing = ClusterOutcome(watch_id=watch.watch_id, watch=watch.name, done="nothing")
    with clustering_turn(conn, watch.watch_id) as alone:
        if not alone:
            return msgspec.structs.replace(nothing, done="busy")
        run = current_run(conn, watch.watch_id)
        if run is None:
            return _full_run(conn, settings, watch, PRODUCTS)
        began = time.monotonic()
        known = {place.listing_id: place for place in places(conn, run.cluster_run_id, "product")}
        inputs = read_inputs(conn, settings, watch, of_products=True)
        ids = [row.listing_id for row in inputs.rows]
        if all(listing_id in known for listing_id in ids):
            return nothing
        # Those that waited are asked again: the clusters may have grown towards them.
        new = np.array(
            [
                (place := known.get(one)) is None or (place.cluster_id is None and place.assigned_by == "incremental")
                for one in ids
            ]
        )
        numbers: dict[str, int] = {}
        labels = np.full(len(ids), UNIQUE, dtype=np.int64)
        for row, listing_id in enumerate(ids):
            place = known.get(listing_id)
            if place is not None and place.cluster_id is not None:
                labels[row] = numbers.setdefault(place.cluster_id, len(numbers))
        others = len(inputs.background)
        found = assign_new(
            with_background(inputs),
            np.concatenate([labels, np.full(others, UNIQUE, dtype=np.int64)]),
            np.concatenate([new, np.zeros(others, dtype=bool)]),
        )
        if full_run_due(found.labels[: len(ids)], new):
            return _full_run(conn, settings, watch, PRODUCTS)
        names = list(numbers)
        members = [
            FoundMember(
                listing_id=ids[row],
                level="product",
                cluster_id=None if found.labels[row] == UNIQUE else names[found.labels[row]],
                probability=_number(found.probability[row]),
            )
            for row in np.flatnonzero(new).tolist()
        ]
        joined = sum(member.cluster_id is not None for member in members)
        seconds = round(time.monotonic() - began, 3)
        metrics = {
            "joined": int(run.metrics.get("joined", 0)) + joined,
            "waiting": len(members) - joined,
            "incremental_seconds": seconds,
        }
        save_assignments(conn, run.cluster_run_id, members, metrics)
        saved = get_run(conn, run.cluster_run_id) or run
        return ClusterOutcome(
            watch_id=watch.watch_id,
            watch=watch.name,
            done="incremental",
            run_id=run.cluster_run_id,
            listings=saved.n_listings,
            clusters=saved.n_clusters,
            unique=saved.n_unique,
            joined=joined,
            waiting=len(members) - joined,
            seconds=seconds,
        )


def photo_notes(conn: psycopg.Connection, members: Sequence[MemberLine]) -> dict[int, PhotoNote]:
    """Return what is said of listings whose photo stands in another of them: reposts, pictures used again.

    Every listing stays; where photos are off there is nothing to say.
    """
    known = photo_hashes(conn, [member.listing_id for member in members])
    rows = [
        PhotoRow(
            listing_id=member.listing_id,
            seller=member.seller,
            hash=PhotoHash(*known[member.listing_id]),
            first_seen_at=member.first_seen_at,
        )
        for member in members
        if member.listing_id in known
    ]
    return {note.listing_id: note for note in reused_photos(rows)}


# ---------------------------------------------------------------- full runs


def _full_run(conn: psycopg.Connection, settings: Settings, watch: Watch, method: Method) -> ClusterOutcome:
    began = time.monotonic()
    run_id = begin_run(conn, watch.watch_id, method.name, method.params())
    try:
        before = current_run(conn, watch.watch_id, method.name)
        inputs = read_inputs(conn, settings, watch, of_products=method.name == "products")
        levels = _cluster(conn, settings, watch, method, inputs)
        clusters: list[FoundCluster] = []
        members: list[FoundMember] = []
        identities: dict[Level, Identified] = {}
        for level, found in levels.items():
            known = {} if before is None else _members_before(conn, before.cluster_run_id, level)
            named = identities[level] = identify(known, inputs.listings.ids, found.labels.tolist())
            clusters += _clusters(level, inputs, found, named)
            members += _members(level, inputs, found, named)
        outcome = _outcome(watch, run_id, levels["product"], identities["product"], clusters)
        outcome.seconds = round(time.monotonic() - began, 3)
        save_run(
            conn,
            run_id,
            clusters=clusters,
            members=members,
            transitions=[
                FoundTransition(one.kind, one.before, one.after, one.overlap)
                for named in identities.values()
                for one in named.transitions
            ],
            aliases={old: new for named in identities.values() for old, new in named.aliases.items()},
            model_ids=inputs.model_ids,
            metrics=_metrics(outcome, inputs, levels),
        )
    # Also a run that is stopped from outside must not say running for ever.
    except BaseException as error:
        with suppress(psycopg.Error):
            fail_run(conn, run_id, f"{type(error).__name__}: {error}")
        raise
    return outcome


def _members_before(conn: psycopg.Connection, cluster_run_id: int, level: Level) -> dict[str, str]:
    found = places(conn, cluster_run_id, level)
    return {str(place.listing_id): place.cluster_id for place in found if place.cluster_id is not None}


def _cluster(
    conn: psycopg.Connection, settings: Settings, watch: Watch, method: Method, inputs: Inputs
) -> dict[Level, Clustering]:
    if method.name == "dbscan":
        channels = channels_of(conn, settings, watch, inputs)
        found = cluster_by_density(
            inputs.listings, channels, eps=method.eps, min_samples=method.min_samples, metric=method.metric
        )
        return {"product": found}
    products = _first(cluster_products(with_background(inputs)), len(inputs.rows))
    if not inputs.rows:
        return {"product": products}
    return {"product": products, "theme": cluster_themes(inputs.listings, products)}


def _first(found: Clustering, size: int) -> Clustering:
    return Clustering(
        labels=found.labels[:size],
        probability=found.probability[:size],
        representative=found.representative[:size],
        method=found.method,
    )


def _clusters(level: Level, inputs: Inputs, found: Clustering, named: Identified) -> list[FoundCluster]:
    labels = describe_clusters(inputs.listings, found.labels, found.representative)
    chosen = {int(found.labels[row]): inputs.rows[row].listing_id for row in np.flatnonzero(found.representative)}
    total = np.zeros(len(labels))
    inside = found.labels >= 0
    np.add.at(total, found.labels[inside], found.probability[inside])
    sizes = np.bincount(found.labels[inside], minlength=len(labels))
    return [
        FoundCluster(
            cluster_id=named.ids[number],
            level=level,
            label=label.name,
            terms=label.terms,
            representative_id=chosen.get(number),
            cohesion=_number(total[number] / sizes[number]),
        )
        for number, label in enumerate(labels)
    ]


def _members(level: Level, inputs: Inputs, found: Clustering, named: Identified) -> list[FoundMember]:
    distance = found.distance
    return [
        FoundMember(
            listing_id=row.listing_id,
            level=level,
            cluster_id=None if label == UNIQUE else named.ids[label],
            probability=_number(found.probability[place]),
            distance=None if distance is None else _number(distance[place]),
            is_representative=bool(found.representative[place]),
        )
        for place, (row, label) in enumerate(zip(inputs.rows, found.labels.tolist(), strict=True))
    ]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)


def _outcome(
    watch: Watch, run_id: int, products: Clustering, named: Identified, clusters: Sequence[FoundCluster]
) -> ClusterOutcome:
    sizes = Counter(products.labels[products.labels >= 0].tolist())
    labels = {one.cluster_id: one.label for one in clusters}
    inside = products.probability[products.labels >= 0]
    return ClusterOutcome(
        watch_id=watch.watch_id,
        watch=watch.name,
        done="full",
        run_id=run_id,
        listings=len(products.labels),
        clusters=products.n_clusters,
        unique=int((products.labels < 0).sum()),
        cohesion=round(float(inside.mean()), 4) if len(inside) else None,
        # Of products only: themes come and go, and nothing is priced by them.
        transitions=dict(sorted(Counter(one.kind for one in named.transitions).items())),
        names=[(labels[named.ids[number]], size) for number, size in sizes.most_common(_NAMES)],
    )


def _metrics(outcome: ClusterOutcome, inputs: Inputs, levels: Mapping[Level, Clustering]) -> dict[str, Any]:
    metrics: dict[str, Any] = {
        "method": levels["product"].method,
        "seconds": outcome.seconds,
        "cohesion": outcome.cohesion,
        "transitions": outcome.transitions,
        "vectors": inputs.vectors_said,
        "background_titles": len(inputs.background),
    }
    if "theme" in levels:
        metrics["themes"] = levels["theme"].n_clusters
    return metrics
