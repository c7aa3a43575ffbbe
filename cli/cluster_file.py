"""What `pricescope cluster` does with a file once it is read; apart from the command, since it loads scipy.

Belongs here: from columns of text to clusters, and writing them. Does not: options, reading, messages.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from cli.cluster import Density, File
from ml.clustering.density import Channel, cluster_by_density
from ml.clustering.labels import label_clusters
from ml.clustering.listings import Listings
from ml.clustering.products import CUT, Clustering, Progress, cluster_products
from ml.clustering.text import character_grams, normalise
from ml.clustering.themes import cluster_themes

_COLUMNS = ("id", "cluster", "label", "probability", "representative", "members")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def cluster_file(
    file: File, output: Path, *, cut: float | None, density: Density | None, themes: bool, progress: Progress
) -> tuple[int, int]:
    """Cluster a file's rows and write them; return how many clusters there are and how many rows are in none."""
    listings = _listings(file)
    if density is None:
        found = cluster_products(listings, cut=CUT if cut is None else cut, progress=progress)
    else:
        found = _by_density(listings, file, density, progress)
    columns = None
    if themes:
        progress("finding themes", 0.0)
        columns = _theme_columns(listings, found)
    progress("writing", 0.0)
    _write(output, listings, found, columns, noise=density is not None)
    return found.n_clusters, int((found.labels < 0).sum())


def _listings(file: File) -> Listings:
    return Listings(
        ids=file.ids,
        titles=file.titles,
        groups=file.groups,
        brands=file.brands,
        prices=np.array([_price(text) for text in file.prices], dtype=np.float64),
    )


def _price(text: str) -> float:
    # Only chooses between equally good representatives: what is no plain number is unknown.
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _by_density(listings: Listings, file: File, given: Density, progress: Progress) -> Clustering:
    progress("reading titles", 0.0)
    columns = {"title": file.titles, "description": file.descriptions}
    channels = [
        Channel(name, character_grams([normalise(text) for text in texts]))
        for name, texts in columns.items()
        if any(texts)
    ]
    return cluster_by_density(
        listings, channels, eps=given.eps, min_samples=given.min_samples, metric=given.metric, progress=progress
    )


def _theme_columns(listings: Listings, found: Clustering) -> list[tuple[str, str]]:
    themes = cluster_themes(listings, found)
    names = label_clusters(listings, themes.labels, themes.representative)
    return [(str(label), names[label]) if label >= 0 else ("", "") for label in themes.labels.tolist()]


def _write(
    output: Path, listings: Listings, found: Clustering, themes: list[tuple[str, str]] | None, *, noise: bool
) -> None:
    names = label_clusters(listings, found.labels, found.representative)
    sizes = np.bincount(found.labels[found.labels >= 0], minlength=found.n_clusters).tolist()
    alone = found.n_clusters
    with output.open("w", encoding="utf-8", errors="surrogateescape", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow([*_COLUMNS, *(("theme", "theme_label") if themes is not None else ())])
        for row, label in enumerate(found.labels.tolist()):
            values: list[object] = [listings.ids[row]]
            if label >= 0:
                probability = f"{found.probability[row]:.4f}"
                values += [label, names[label], probability, str(bool(found.representative[row])).lower(), sizes[label]]
            elif noise:
                values += [-1, "noise", "", "false", 1]
            else:
                values += [alone, _CONTROL.sub(" ", listings.titles[row]), "", "true", 1]
                alone += 1
            writer.writerow([*values, *(themes[row] if themes is not None else ())])
