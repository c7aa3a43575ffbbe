"""Claim: the default rule ranks deals better than mean - k*sigma, log z and median/MAD, from group statistics alone.

Run: ``PRICESCOPE_FIXTURES=... python -m benchmarks.detection [--repeats 20]``. Prints mean (standard error) over the
repeats on really crawled watch listings, planted by the protocol of ``ml.evaluation``. Takes some seconds.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.fixtures import fixture
from ml.evaluation import (
    Floats,
    Integers,
    Scorer,
    evaluate,
    operate,
    robust_with_lane,
    score_log_z,
    score_mean_sigma,
    score_median_mad,
    score_robust,
    score_robust_plain,
    summarise,
)

# Constant rates to USD, as in the protocol: the set spans four weeks.
_TO_USD = {"USD": 1.0, "EUR": 1.16, "GBP": 1.34, "HKD": 0.128, "CHF": 1.25}
_SMALLEST_WATCH = 15
# A hyphen matches a blank or nothing too; alternatives after a bar are the same model.
_MODELS = [
    "datejust",
    "submariner",
    "day-date",
    "gmt-master",
    "explorer",
    "daytona",
    "sea-dweller",
    "cellini",
    "air-king",
    "yacht-master",
    "milgauss",
    "oysterdate",
    "speedmaster",
    "seamaster",
    "constellation",
    "railmaster",
    "de-ville|ville",
    "calatrava",
    "nautilus",
    "ellipse",
    "aquanaut",
    "gondolo",
    "annual-calendar",
    "perpetual-calendar",
    "world-time",
    "twenty",
    "tank",
    "santos",
    "baignoire",
    "must",
    "pasha",
    "panthere|panthère",
    "ballon",
    "royal-oak",
    "cobra",
    "autavia",
    "carrera",
    "monaco",
    "polo",
    "navitimer",
    "avenger",
    "superocean",
    "chronomat",
    "reverso",
    "memovox",
    "black-bay",
    "polerouter",
    "classique",
    "el-primero",
    "lange-1",
    "fifty-fathoms",
    "overseas",
    "patrimony",
    "luminor",
    "radiomir",
    "portugieser",
    "spitfire|pilot",
]
_PATTERNS = [
    (
        model.split("|", maxsplit=1)[0],
        re.compile(r"(?<![a-z])(?:" + model.replace("-", "[- ]?") + r")(?![a-z])"),
    )
    for model in _MODELS
]


def read_watches(path: Path, *, narrow: bool) -> tuple[Floats, Integers]:
    """Return prices in USD and a group code per listing: brand, or brand x model in groups of 15 and more."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["price"]]
    names = [_narrow_watch(row["brand"], row["title"]) if narrow else row["brand"] for row in rows]
    sizes = Counter(names)
    kept = [(row, name) for row, name in zip(rows, names, strict=True) if not narrow or _is_kept(name, sizes)]
    prices = np.array([float(row["price"]) * _TO_USD[row["currency"]] for row, _ in kept])
    _, codes = np.unique([str(name) for _, name in kept], return_inverse=True)
    return prices, codes.astype(np.int64)


def _is_kept(name: str | None, sizes: Counter[str | None]) -> bool:
    return name is not None and sizes[name] >= _SMALLEST_WATCH


def _narrow_watch(brand: str, title: str) -> str | None:
    for model, pattern in _PATTERNS:
        if pattern.search(title.lower()):
            return f"{brand}|{model}"
    return None


_METHODS: dict[str, Scorer] = {
    "mean - k sigma": score_mean_sigma,
    "log z": score_log_z,
    "median/MAD shrunk": score_median_mad,
    "robust, no lane": score_robust_plain,
    "robust, lane 0.10": robust_with_lane(0.10),
    "robust (default, 0.15)": score_robust,
    "robust, lane 0.20": robust_with_lane(0.20),
    "robust, lane 0.25": robust_with_lane(0.25),
}


def main() -> None:
    """Print the comparison and what fixed thresholds do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    path = fixture("ml", "watch_listings.csv")
    if path is None:
        return
    for label, narrow in (("narrow watches (brand x model)", True), ("brand-wide watches", False)):
        prices, groups = read_watches(path, narrow=narrow)
        print(f"\n{label}: {len(prices)} listings, {groups.max() + 1} watches, {repeats} repeats")
        print(f"{'rule':<24}{'AUPRC':>16}{'P@3 %':>16}{'R@5 %':>16}{'FA/1000 @ 50 %':>18}")
        for name, scorer in _METHODS.items():
            cells = summarise(evaluate(prices, groups, scorer, repeats))
            shown = [f"{mean:.3f} ({error:.3f})" for mean, error in cells[:3]]
            last = f"{cells[3][0]:.1f} ({cells[3][1]:.1f})"
            print(f"{name:<24}" + "".join(f"{cell:>16}" for cell in shown) + f"{last:>18}")
        print("alerting at a fixed threshold (FA per 1,000 unplanted / recall / precision):")
        for name, scorer, thresholds in (
            ("mean - k sigma", score_mean_sigma, (1.0, 1.5)),
            ("log z", score_log_z, (1.5, 2.0)),
            ("robust (default)", score_robust, (1.5, 1.75, 2.0, 2.25, 2.5)),
        ):
            for point in operate(prices, groups, scorer, thresholds, repeats):
                print(
                    f"  {name:<18}{point.threshold:>5}: {point.false_alarms_per_1000:6.1f} / "
                    f"{point.recall:.3f} / {point.precision:.3f}"
                )


if __name__ == "__main__":
    main()
