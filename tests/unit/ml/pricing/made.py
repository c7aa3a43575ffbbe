"""Made-up listings whose prices follow from what they are, with a known scatter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ml.pricing.listings import Floats, Listings, listings

SCATTER = 0.25
_MODELS = ("alpha mk2", "beta pro", "gamma x100", "delta slim", "epsilon 7")
_EXTRAS = ("black", "boxed", "with case", "silver", "like new")


def made(n: int, seed: int = 0, *, watches: int = 3, times: bool = False, scatter: float = SCATTER) -> Listings:
    """Return listings of a few watches; model, year and watch move log price, normal noise scatters it."""
    rng = np.random.default_rng(seed)
    watch, model = rng.integers(0, watches, n), rng.integers(0, len(_MODELS), n)
    extra, year = rng.integers(0, len(_EXTRAS), n), rng.integers(2000, 2020, n)
    logs = 5 + 0.5 * watch + 0.4 * model + 0.03 * (year - 2010) + rng.normal(0, scatter, n)
    return listings(
        [f"i{row}" for row in range(n)],
        [f"maker{w} {_MODELS[m]} {_EXTRAS[e]}" for w, m, e in zip(watch, model, extra, strict=True)],
        np.exp(logs),
        watches=[f"watch {w}" for w in watch],
        brands=[f"maker{w}" for w in watch],
        first_seen=np.arange(n) * 3600.0 + 1.7e9 if times else None,
        attributes={"year": year.astype(np.float64)},
    )


def repriced(items: Listings, prices: Floats) -> Listings:
    """Return the same listings at other prices."""
    return replace(items, prices=prices)
