"""Claim: the default method finds the products of Abt-Buy, keeps ids, and clusters 50,000 listings within a minute.

Run: ``PRICESCOPE_FIXTURES=... python -m benchmarks.clusters [--titles 50000] [--without-embeddings]``.
Prints scores on Abt-Buy (never trained on) beside the classic DBSCAN on MiniLM vectors and beside leaving every item
alone; the share of items that keep their cluster's id when 30 % more arrive; the cost of waiting for a full run; and
seconds and memory for a generated catalogue beside scikit-learn's DBSCAN on a part of it. Takes some minutes.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from sklearn.cluster import DBSCAN, AgglomerativeClustering

from benchmarks.fixtures import fixture
from ml.clustering.arrays import Integers, Singles
from ml.clustering.density import Channel, cluster_by_density
from ml.clustering.identity import identify
from ml.clustering.increments import assign_new
from ml.clustering.listings import Listings
from ml.clustering.metrics import b_cubed, pairwise
from ml.clustering.products import UNIQUE, cluster_products
from ml.clustering.synthetic import generate
from ml.clustering.text import character_grams, normalise
from ml.embeddings.load import text_encoder
from ml.embeddings.models import MINILM

_PEER_ROWS = 5_000


def _abt_buy(path: Path) -> tuple[Listings, Integers]:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    truth = np.unique([row["cluster"] for row in rows], return_inverse=True)[1]
    return Listings([row["id"] for row in rows], [row["title"] for row in rows]), truth


def _score(name: str, truth: Integers, find: Callable[[], Integers]) -> None:
    began = time.process_time()
    labels = find()
    seconds = time.process_time() - began
    whole, pairs = b_cubed(truth, labels), pairwise(truth, labels)
    print(
        f"{name:44} B-cubed {whole.precision:.3f} {whole.recall:.3f} {whole.f1:.3f}   "
        f"pairwise {pairs.precision:.3f} {pairs.recall:.3f} {pairs.f1:.3f}   {seconds:5.1f} CPU-s"
    )


def _minilm(titles: Sequence[str]) -> Singles:
    # The model as it was published: nothing is exported.
    return text_encoder(MINILM, engine="fp32-torch", models_dir=Path()).encode(titles)


def _quality(path: Path, *, with_embeddings: bool) -> None:
    listings, truth = _abt_buy(path)
    print(f"Abt-Buy, {len(listings)} titles, precision recall F1:")
    _score("every item alone", truth, lambda: np.full(len(listings), UNIQUE))
    grams = character_grams([normalise(title) for title in listings.titles])

    def linked() -> Integers:
        model = AgglomerativeClustering(
            n_clusters=None, distance_threshold=0.5, metric="precomputed", linkage="average"
        )
        return np.asarray(model.fit_predict(1 - (grams @ grams.T).toarray()), dtype=np.int64)

    _score("char TF-IDF, average linkage at 0.5", truth, linked)
    _score("ours, titles only", truth, lambda: cluster_products(listings).labels)
    if not with_embeddings:
        return
    vectors = _minilm(listings.titles)
    for metric in ("cosine", "euclidean"):
        channel = [Channel("title", vectors)]
        _score(
            f"DBSCAN, MiniLM, {metric}, eps 0.5, min 5",
            truth,
            lambda metric=metric, channel=channel: cluster_by_density(listings, channel, metric=metric).labels,
        )
    having = Listings(listings.ids, listings.titles, vectors=vectors)
    _score("ours, MiniLM candidates added", truth, lambda: cluster_products(having).labels)


def _stability(name: str, listings: Listings, truth: Integers, *, repeats: int) -> None:
    kept, gaps = [], []
    for repeat in range(repeats):
        order = np.random.default_rng(1000 + repeat).permutation(len(listings))
        rows = order[: int(0.7 * len(listings))]
        part = Listings([listings.ids[row] for row in rows], [listings.titles[row] for row in rows])
        first = cluster_products(part)
        before = {part.ids[row]: f"c{label}" for row, label in enumerate(first.labels.tolist()) if label != UNIQUE}
        full = cluster_products(listings)
        again = identify(before, listings.ids, full.labels.tolist())
        now = {listings.ids[row]: again.ids[label] for row, label in enumerate(full.labels.tolist()) if label != UNIQUE}
        kept.append(np.mean([now.get(item) == cluster for item, cluster in before.items()]))
        known = np.full(len(listings), UNIQUE)
        known[rows] = first.labels
        new = np.ones(len(listings), dtype=bool)
        new[rows] = False
        joined = assign_new(listings, known, new).labels
        gaps.append((b_cubed(truth, full.labels).f1, b_cubed(truth, joined).f1, b_cubed(truth, known).f1))
    full_f1, joined_f1, waiting_f1 = np.mean(gaps, axis=0)
    print(
        f"{name:28} keep their id after +30 %: {np.mean(kept):.1%} (least {min(kept):.1%})   "
        f"B-cubed F1 full run {full_f1:.3f}, joining {joined_f1:.3f}, waiting as unique {waiting_f1:.3f}"
    )


def _measured(sender: Connection, work: Callable[[int], None], size: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, cpu = time.perf_counter(), time.process_time()
    work(size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sender.send((time.perf_counter() - began, time.process_time() - cpu, (peak - before) / 1024))


def _ours(size: int) -> None:
    made = generate(size, seed=5)
    listings = Listings([str(row) for row in range(size)], made.titles)
    cluster_products(listings)


def _peer(size: int) -> None:
    grams = character_grams([normalise(title) for title in generate(size, seed=5).titles])
    DBSCAN(eps=0.5, min_samples=2, metric="cosine", algorithm="brute").fit(grams)


def _growth(size: int) -> None:
    print(f"generated catalogue, one group, one thread (load {os.getloadavg()[0]:.1f}); the making of titles included:")
    for name, work, rows in (("ours", _ours, size), ("scikit-learn DBSCAN, char TF-IDF", _peer, _PEER_ROWS)):
        # A process of its own: the peak of the memory is a process's.
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_measured, args=(sender, work, rows))
        process.start()
        wall, cpu, extra = receiver.recv()
        process.join()
        guess = ""
        if rows != size:
            factor = (size / rows) ** 2
            guess = f"   (at {size} by n^2: {wall * factor:.0f} s, {extra * factor:.0f} MB)"
        print(f"{name:34} {rows:7d} rows {wall:6.1f} s wall {cpu:6.1f} CPU-s {extra:6.0f} MB extra{guess}")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--titles", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--without-embeddings", action="store_true")
    given = parser.parse_args()
    _growth(given.titles)
    path = fixture("ml", "abt_buy.csv")
    if path is not None:
        _quality(path, with_embeddings=not given.without_embeddings)
        _stability("Abt-Buy", *_abt_buy(path), repeats=given.repeats)
    made = generate(4000, seed=50)
    _stability(
        "generated, 4,000 titles",
        Listings([str(row) for row in range(4000)], made.titles),
        made.products,
        repeats=given.repeats,
    )


if __name__ == "__main__":
    main()
