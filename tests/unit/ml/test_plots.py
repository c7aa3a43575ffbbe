"""Plots are pictures, the same for the same data and others for other data."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from ml.backtest.clusters import ClusterMap
from ml.backtest.figures import Decile, Share
from ml.plots import plot_clusters, plot_lift, plot_reliability, plot_scores


def reliability(seed: int, n: int = 400) -> bytes:
    rng = np.random.default_rng(seed)
    coverage = {f"watch {place} $5": Share(int(rng.integers(40, 50)), 50) for place in range(20 if n else 0)}
    return plot_reliability(rng.random(n), coverage, wanted=(0.85, 0.95))


def scores(seed: int, n: int = 400) -> bytes:
    rng = np.random.default_rng(seed)
    return plot_scores(np.append(rng.normal(0, 1, n), np.nan), rng.normal(3, 1, n // 10), rule="fair price")


def lift(seed: int, n: int = 400) -> bytes:
    gone = np.random.default_rng(seed).integers(0, 20, 10)
    rows = tuple(Decile(place, 40, int(count), 0.25) for place, count in enumerate(gone, start=1))
    return plot_lift({"fair price": rows if n else (), "robust": rows[::-1] if n else ()}, days=7)


def clusters(seed: int, n: int = 400) -> bytes:
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 15, n) if n else np.zeros(0, np.int64)
    names = tuple(f"cluster {place} $x^2$" for place in range(15 if n else 0))
    return plot_clusters(ClusterMap(rng.normal(size=n), rng.normal(size=n), labels, names, "letters"))


@pytest.mark.parametrize("draw", [reliability, scores, lift, clusters])
def test_a_plot_is_a_png_that_follows_from_its_data_alone(draw: Callable[..., bytes]) -> None:
    first = draw(1)
    picture = Image.open(io.BytesIO(first))
    picture.load()
    assert picture.format == "PNG"
    assert min(picture.size) >= 300
    assert np.asarray(picture.convert("L")).std() > 5, "an empty page"
    assert draw(1) == first
    other = Image.open(io.BytesIO(draw(2)))
    assert other.size == picture.size
    assert (np.asarray(other) != np.asarray(picture)).mean() > 0.001


@pytest.mark.parametrize("draw", [reliability, scores, lift, clusters])
def test_a_plot_of_nothing_is_still_a_picture(draw: Callable[..., bytes]) -> None:
    assert Image.open(io.BytesIO(draw(1, 0))).format == "PNG"


def test_no_window_library_is_loaded() -> None:
    scores(1)
    assert "matplotlib.pyplot" not in sys.modules
