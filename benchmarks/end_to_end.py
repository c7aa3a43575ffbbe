"""Claim: 100,000 listings are told by kind, embedded, clustered and priced in under ten minutes on two cores.

Run: ``python -m benchmarks.end_to_end [--rows 100000]``. Generated listings in watches of 20 to 2,000 and more; every
step works on the result of the one before, as the assets do, without the database between them.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.fair_price import generated
from ml.clustering.listings import Listings as Titles
from ml.clustering.products import UNIQUE, cluster_products
from ml.embeddings.load import text_encoder
from ml.embeddings.models import MINILM
from ml.kinds import kind_of
from ml.pricing.replay import replay

_LIMIT = 600.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    items = generated(parser.parse_args().rows)
    seconds: dict[str, float] = {}

    @contextmanager
    def step(name: str) -> Iterator[None]:
        began, cpu = time.perf_counter(), time.process_time()
        yield
        seconds[name] = time.perf_counter() - began
        print(f"{name:12} {seconds[name]:6.1f} s  ({time.process_time() - cpu:6.1f} CPU-s)", flush=True)

    print(f"{len(items):,} listings, {len(set(items.watches)):,} watches, {len(set(items.titles)):,} different titles")
    with step("kinds"):
        kinds = [str(kind_of(title).kind) for title in items.titles]
    with tempfile.TemporaryDirectory(prefix="pricescope-bench-") as folder:
        encoder = text_encoder(MINILM, models_dir=Path(folder), threads=2)
        with step("embeddings"):
            vectors = encoder.encode(items.titles)
    groups = [f"{watch}/{kind}" for watch, kind in zip(items.watches, kinds, strict=True)]
    with step("clusters"):
        found = cluster_products(Titles(items.ids, items.titles, groups, prices=items.prices, vectors=vectors))
    with step("fair prices"):
        priced = np.isfinite(replay(replace(items, vectors=vectors)).estimates.expected)
    total = sum(seconds.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    unique, with_price = float((found.labels == UNIQUE).mean()), float(priced.mean())
    print(
        f"in all {total:.0f} s, {total / _LIMIT:.0%} of the limit, at most {peak:,.0f} MB; "
        f"{found.n_clusters:,} clusters, {unique:.1%} unique, {with_price:.1%} priced"
    )


if __name__ == "__main__":
    main()
