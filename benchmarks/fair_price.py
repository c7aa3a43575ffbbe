"""Claim: comparables with boosted residuals find planted deals far better than mean - k*sigma, and are calibrated.

Run: ``PRICESCOPE_FIXTURES=... python -m benchmarks.fair_price [--repeats 20] [--no-embeddings] [--rows 100000]``.

The protocol of ``ml.evaluation`` on really crawled watch listings (random 60/20/20 split, 3 % of the stream planted at
0.3 to 0.6 of their price, everything else a false alarm). History is training and calibration; forests are fitted on
the training part, calibrated on the calibration part, then fitted again on both. Prints mean (standard error) over the
repeats, the seeds' mean - k*sigma and log z beside ours on the same trials. Titles are embedded once (all-MiniLM-L6-v2)
and kept in the temporary folder. ``--rows N`` instead prices N generated listings, each from the others, and prints the
time and the memory that took beside mean - k*sigma. ``--poll`` prints the time of judging 480 new listings.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np

from benchmarks.detection import _TO_USD, _is_kept, _narrow_watch
from benchmarks.fixtures import fixture
from ml.embeddings.load import text_encoder
from ml.embeddings.models import MINILM
from ml.evaluation import NEVER, Floats, Integers, Trial, plant, quality, score_log_z, score_mean_sigma
from ml.pricing.listings import Listings, Singles, listings
from ml.pricing.model import Estimates, FairPriceModel
from ml.pricing.replay import replay
from ml.pricing.storage import model_bytes, model_of
from ml.pricing.training import fit

_LEVELS = (0.01, 0.02, 0.05)


def read_watches(path: Path, vectors: Singles | None, *, narrow: bool) -> Listings:
    """Return the priced listings in USD; watch = brand, or brand x model in groups of 15 and more."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(place, row) for place, row in enumerate(csv.DictReader(file)) if row["price"]]
    names = [_narrow_watch(row["brand"], row["title"]) if narrow else row["brand"] for _, row in rows]
    sizes = Counter(names)
    kept = [
        (place, row, str(name))
        for (place, row), name in zip(rows, names, strict=True)
        if not narrow or _is_kept(name, sizes)
    ]
    return listings(
        [row["id"] for _, row, _ in kept],
        [row["title"] for _, row, _ in kept],
        [float(row["price"]) * _TO_USD[row["currency"]] for _, row, _ in kept],
        watches=[name for *_, name in kept],
        brands=[row["brand"] for _, row, _ in kept],
        conditions=[row["condition"] for _, row, _ in kept],
        vectors=None if vectors is None else vectors[[place for place, *_ in kept]],
    )


def embed(path: Path) -> Singles:
    """Return a MiniLM vector of every title of the file, from the temporary folder where they were made before."""
    content = path.read_bytes()
    cache = Path(tempfile.gettempdir()) / f"pricescope-minilm-{hashlib.sha256(content).hexdigest()[:16]}.npy"
    if not cache.exists():
        titles = [row["title"] for row in csv.DictReader(content.decode("utf-8").splitlines())]
        # The model as it was published: nothing is exported.
        np.save(cache, text_encoder(MINILM, engine="fp32-torch", models_dir=Path()).encode(titles))
    vectors: Singles = np.load(cache)
    return vectors


def score_ours(model: FairPriceModel, stream: Listings, trial: Trial) -> tuple[Estimates, Estimates]:
    """Return the estimates of the stream as it was and as it was planted."""
    return model.price(stream), model.price(replace(stream, prices=trial.stream_prices))


def run(items: Listings, repeats: int) -> None:
    """Print the comparison on one cut of the listings."""
    codes: Integers = np.unique(items.watches, return_inverse=True)[1].astype(np.int64)
    figures: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    calibrated = []
    for repeat in range(repeats):
        trial = plant(items.prices, repeat)
        history, stream = items.take(trial.history), items.take(trial.stream)
        window = np.arange(int(0.6 * len(items)), len(history))
        model = fit(history, calibration=window, seed=repeat)
        before, after = score_ours(model, stream, trial)
        groups = codes[trial.history], codes[trial.stream]
        scores: dict[str, Floats] = {
            "mean - k sigma": score_mean_sigma(history.prices, groups[0], trial.stream_prices, groups[1]),
            "log z": score_log_z(history.prices, groups[0], trial.stream_prices, groups[1]),
            "ours": np.nan_to_num(after.score, nan=NEVER),
            "ours, no too-good lane": np.nan_to_num(after.deviations, nan=NEVER),
        }
        for name, score in scores.items():
            figures[name].append(astuple(quality(score, trial.planted)))
        natural = ~trial.planted
        priced = natural & np.isfinite(before.low)
        held = (stream.prices >= before.low) & (stream.prices <= before.high)
        error = np.abs(before.expected / stream.prices - 1)
        alarms = [float(np.mean(after.p_value[priced] <= level)) for level in _LEVELS]
        calibrated.append([float(np.nanmedian(error)), float(held[priced].mean()), float(priced.mean()), *alarms])
    print(f"{'rule':<24}{'AUPRC':>16}{'P@3 %':>16}{'R@5 %':>16}{'FA/1000 @ 50 %':>18}")
    for name, rows in figures.items():
        print(f"{name:<24}" + "".join(_shown(column, 3) for column in zip(*rows, strict=True)))
    better = sum(a[0] > b[0] for a, b in zip(figures["ours"], figures["mean - k sigma"], strict=True))
    print(f"better than mean - k sigma in {better} of {repeats} repeats")
    names = ("median price error", "90 % interval holds", "share priced", *(f"alarms at {x:.0%}" for x in _LEVELS))
    for name, column in zip(names, zip(*calibrated, strict=True), strict=True):
        print(f"  {name:<22}{_shown(tuple(100 * value for value in column), 2)} %")


def _shown(values: tuple[float, ...], digits: int) -> str:
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{np.mean(values):.{digits}f} ({error:.{digits}f})".rjust(16)


def generated(rows: int, seed: int = 0) -> Listings:
    """Return made-up listings: watches of 20 to 2,000, models, years and words that move the price."""
    rng = np.random.default_rng(seed)
    watch = rng.zipf(1.3, rows) % 200
    model, year = rng.integers(0, 40, rows), rng.integers(1960, 2025, rows)
    words = np.array(["black dial", "full set", "steel", "gold", "boxed", "serviced", "vintage", "rare", "unpolished"])
    extra = rng.integers(0, len(words), (rows, 2))
    logs = 6 + 0.02 * watch + 0.03 * (model % 17) + 0.01 * (year - 1990) + 0.2 * (extra[:, 0] == 3)
    logs += rng.normal(0, 0.35, rows)
    return listings(
        [f"g{row}" for row in range(rows)],
        [
            f"{when} brand{code % 17} ref. {code}{kind:02d} {words[first]} {words[second]}"
            for when, code, kind, (first, second) in zip(year, watch, model, extra, strict=True)
        ],
        np.exp(logs),
        watches=[f"watch {code}" for code in watch],
        brands=[f"brand{code % 17}" for code in watch],
        attributes={"year": year.astype(np.float64)},
    )


def run_large(rows: int) -> None:
    """Print time and memory of pricing generated listings, each from the others."""
    items = generated(rows)
    start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    codes: Integers = np.unique(items.watches, return_inverse=True)[1].astype(np.int64)
    score_mean_sigma(items.prices, codes, items.prices, codes)
    peer = time.perf_counter() - start
    start, cpu = time.perf_counter(), time.process_time()
    priced = np.isfinite(replay(items).estimates.expected)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used) / 1024
    print(
        f"{rows} generated listings, {len(set(items.watches))} watches: {wall:.1f} s ({cpu:.1f} s CPU), {extra:.0f} MB "
        f"extra, {priced.mean():.1%} priced; mean - k sigma {peer:.2f} s"
    )


def run_poll(items: Listings) -> None:
    """Print how long a stored model takes to read and to judge 480 new listings, and that no torch is imported."""
    model = fit(items.take(np.arange(len(items) - 480)))
    content = model_bytes(model)
    start = time.perf_counter()
    read = model_of(content)
    loaded = time.perf_counter()
    read.price(items.take(np.arange(len(items) - 480, len(items))))
    done = time.perf_counter()
    print(
        f"model of {len(items) - 480} listings: {len(content) / 1e6:.1f} MB, read in {loaded - start:.2f} s; 480 "
        f"new listings judged in {done - loaded:.2f} s; torch imported: {'torch' in sys.modules}"
    )


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--no-embeddings", action="store_true")
    parser.add_argument("--poll", action="store_true")
    parser.add_argument("--rows", type=int)
    options = parser.parse_args()
    if options.rows:
        run_large(options.rows)
        return
    path = fixture("ml", "watch_listings.csv")
    if path is None:
        return
    vectors = None if options.no_embeddings or options.poll else embed(path)
    if options.poll:
        run_poll(read_watches(path, None, narrow=False))
        return
    for label, narrow in (("narrow watches (brand x model)", True), ("brand-wide watches", False)):
        items = read_watches(path, vectors, narrow=narrow)
        print(f"\n{label}: {len(items)} listings, {len(set(items.watches))} watches, {options.repeats} repeats")
        run(items, options.repeats)


if __name__ == "__main__":
    main()
