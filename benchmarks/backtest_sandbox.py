"""Claim: in order of time, on the miniature market, the fair price ranks planted deals better than mean - k*sigma.

Run: ``python -m benchmarks.backtest_sandbox [--seeds 5]``. The evaluation that the product runs on its owner's stream
(``ml.backtest``), on 60 days of the demo's watches: deals are planted beside those that the sandbox plants itself,
which count as false alarms here. Prints each rule's figures, calibration, lift of the cheapest tenth and the time.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict

import numpy as np

from benchmarks.detection_sandbox import euros, market_of
from domain.listing_kind import ListingKind
from ml.backtest.clusters import score_clusters
from ml.backtest.run import run_backtest
from ml.evaluation import Floats
from ml.kinds import kind_of
from ml.pricing.listings import Listings, listings

_DAY = 86_400
_WITHIN = 7 * _DAY


def stream_of(seed: int) -> tuple[Listings, Floats]:
    """Return the wanted listings of a seed's market, and whether each was gone within seven days (NaN: too new)."""
    history, stream = market_of(seed)
    items = [item for item in [*history, *stream] if kind_of(item.title).kind is ListingKind.NORMAL]
    newest = max(item.published_at for item in items)
    gone = [
        np.nan if newest - item.published_at < _WITHIN else float(item.ended_at - item.published_at <= _WITHIN)
        for item in items
    ]
    rows = listings(
        [str(item.item_id) for item in items],
        [item.title for item in items],
        [euros(item) for item in items],
        watches=[item.family.key for item in items],
        brands=[item.family.brand.casefold() for item in items],
        conditions=[str(item.grade) for item in items],
        first_seen=[float(item.published_at) for item in items],
    )
    return rows, np.array(gone)


def main() -> None:
    """Print the figures of every seed's market, averaged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(1, parser.parse_args().seeds + 1)
    figures: dict[str, list[list[float]]] = defaultdict(list)
    calibrated, levels = [], []
    for seed in seeds:
        items, gone = stream_of(seed)
        start = time.perf_counter()
        done = run_backtest(items, gone)
        took = time.perf_counter() - start
        for rule in done.rules:
            top = rule.deciles[-1].lift if rule.deciles else np.nan
            row = [rule.auprc, rule.precision_at_planted, rule.false_alarms_at_half, top]
            figures[rule.name].append([*row, rule.alerted.recall, rule.alerted.false_alarms_per_1000])
        own = done.calibration
        calibrated.append([own.coverage.value, *(share.value for share in own.alarms.values()), own.price_error])
        levels.append([[one.threshold, one.recall, one.false_alarms_per_1000] for one in done.levels])
        print(f"seed {seed}: {done.history} + {done.stream} listings, {took:.1f} s")
    print(
        f"{'rule':<16}" + "".join(f"{name:>12}" for name in ("AUPRC", "P@3 %", "FA @ 50 %", "top lift", "recall", "FA"))
    )
    for name, rows in figures.items():
        print(f"{name:<16}" + "".join(f"{value:>12.3f}" for value in np.mean(rows, axis=0)))
    better = sum(a[0] > b[0] for a, b in zip(figures["fair price"], figures["mean - k sigma"], strict=True))
    print(f"fair price better than mean - k sigma in {better} of {len(seeds)}")
    for level, recall, false in np.mean(levels, axis=0):
        print(f"  p <= {level:g}: recall {recall:.1%}, false alarms per 1,000 {false:.1f}")
    names = ("90 % interval holds", "p <= 0.01", "p <= 0.02", "p <= 0.05", "price error")
    for name, value in zip(names, np.mean(calibrated, axis=0), strict=True):
        print(f"  {name:<22}{value:.1%}")
    scores = score_clusters()
    print(
        f"clusters: B-cubed F1 {scores.b_cubed.f1:.3f}, pairwise {scores.pairwise.f1:.3f}, alone {scores.alone.f1:.3f}"
    )


if __name__ == "__main__":
    main()
