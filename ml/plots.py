"""Plots of an evaluation as PNG bytes.

Belongs here: drawing given arrays. Does not: computing them, files, pages.

Matplotlib is imported inside the functions, without pyplot: no window, no state that a long-lived process keeps.
Colours are Okabe and Ito's (2008), told apart by the colour-blind. The same arrays give the same bytes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from ml.backtest.clusters import ClusterMap
from ml.backtest.figures import Decile, Share
from ml.pricing.listings import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _ORANGE, _GREEN, _RED, _PURPLE, _SKY, _YELLOW, _GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#999999",
)  # fmt: skip
_PALETTE = (_BLUE, _ORANGE, _GREEN, _RED, _PURPLE, _SKY, _YELLOW, "#000000")
_MARKERS: tuple[Literal["o", "s", "^", "D"], ...] = ("o", "s", "^", "D")
_DOTS_PER_INCH = 90
# More watches than this do not fit beside one another.
_SHOWN_WATCHES = 14
_SHOWN_CLUSTERS = 10
_LONGEST_NAME = 34


def plot_reliability(
    p_values: Floats, coverage: Mapping[str, Share], *, wanted: tuple[float, float], level: float = 0.9
) -> bytes:
    """Draw whether p-values and intervals keep their word: the curve, and the coverage of each watch.

    Args:
        p_values: of ordinary listings; on the diagonal, x of them are at or under x.
        coverage: of the intervals by watch. wanted: the band that the coverage of all should lie in.
        level: what the intervals promise.
    """
    figure = _figure(9.5, 4.2)
    curve, bars = figure.subplots(1, 2, width_ratios=[1, 1.15])
    known = np.sort(p_values[np.isfinite(p_values)])
    x = np.geomspace(0.002, 1.0, 120)
    noise = 1.96 * np.sqrt(x * (1 - x) / max(len(known), 1))
    least = 0.0008
    curve.fill_between(x, np.maximum(x - noise, least), np.minimum(x + noise, 1), color=_GREY, alpha=0.25, lw=0)
    curve.plot(x, x, color=_GREY, lw=1, ls="--", label="as promised (band: chance)")
    shares = np.searchsorted(known, x, side="right") / max(len(known), 1)
    curve.plot(x, np.where(shares > 0, shares, np.nan), color=_BLUE, lw=2, label=f"{len(known)} listings")
    curve.set(xscale="log", yscale="log", xlim=(0.002, 1), ylim=(least, 1.2))
    curve.set(xlabel="p-value", ylabel="share of ordinary listings at or under it", title="False alarms by level")
    curve.legend(loc="upper left", frameon=False)
    _draw_coverage(bars, coverage, wanted, level)
    return _png(figure)


def _draw_coverage(axes: Axes, coverage: Mapping[str, Share], wanted: tuple[float, float], level: float) -> None:
    largest = sorted(coverage, key=lambda watch: (-coverage[watch].of, watch))[:_SHOWN_WATCHES]
    axes.axvspan(*wanted, color=_GREEN, alpha=0.15, lw=0)
    axes.axvline(level, color=_GREY, lw=1, ls="--")
    for place, watch in enumerate(reversed(largest)):
        share = coverage[watch]
        least, most = share.interval()
        axes.plot([least, most], [place, place], color=_BLUE, lw=1.5)
        axes.plot([share.value], [place], color=_BLUE, marker="o", ls="")
    axes.set_yticks(range(len(largest)), [f"{_short(w)} ({coverage[w].of})" for w in reversed(largest)], fontsize=8)
    hidden = len(coverage) - len(largest)
    axes.set(xlim=(0, 1.02), ylim=(-0.7, max(len(largest), 1) - 0.3), xlabel="share of prices inside the interval")
    axes.set_title(f"{level:.0%} intervals by watch" + (f" (largest {len(largest)})" if hidden else ""))


def plot_scores(natural: Floats, planted: Floats, *, rule: str) -> bytes:
    """Draw the scores of ordinary listings and of planted deals; each histogram has an area of 1."""
    figure = _figure(7.5, 4)
    axes = figure.subplots()
    groups = [values[np.isfinite(values)] for values in (natural, planted)]
    both = np.concatenate(groups)
    if len(both):
        # A few absurd prices would squeeze all others into one bar.
        edges = np.linspace(*_span(np.quantile(both, 0.005), np.quantile(both, 0.995)), 41)
        names = (f"as they came ({len(groups[0])})", f"planted deals ({len(groups[1])})")
        for values, name, colour in zip(groups, names, (_BLUE, _ORANGE), strict=True):
            if len(values):
                density, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges, density=True)
                axes.stairs(density, edges, fill=True, alpha=0.55, color=colour, label=name)
        axes.legend(frameon=False)
    axes.set(
        xlabel="score: deviations under the expected price (the outermost bars hold what is beyond)",
        ylabel="density",
        title=f"Scores of the {rule} rule",
    )
    return _png(figure)


def plot_lift(deciles: Mapping[str, Sequence[Decile]], *, days: int) -> bytes:
    """Draw how much more often listings were gone within the days, by tenth of each rule's score."""
    figure = _figure(7.5, 4)
    axes = figure.subplots()
    axes.axhline(1.0, color=_GREY, lw=1, ls="--")
    base = math.nan
    for place, (rule, own) in enumerate(deciles.items()):
        if own:
            base = own[0].base
            colour, marker = _PALETTE[place % len(_PALETTE)], _MARKERS[place % len(_MARKERS)]
            x, y = [one.place for one in own], [one.lift for one in own]
            axes.plot(x, y, color=colour, marker=marker, lw=2 if place == 0 else 1.2, label=rule)
    axes.set_xticks(range(1, 11))
    axes.set(xlabel="tenth of the score (10: the cheapest for what they are)", ylabel="times the share of all")
    axes.set_ylim(bottom=0)
    title = f"Gone within {days} days" + ("" if math.isnan(base) else f" ({base:.0%} of all were)")
    axes.set_title(title)
    if not math.isnan(base):
        axes.legend(frameon=False)
    return _png(figure)


def plot_clusters(drawn: ClusterMap) -> bytes:
    """Draw the listings on the plane, the largest clusters coloured and named."""
    figure = _figure(9.5, 5)
    axes = figure.subplots()
    sizes = np.bincount(drawn.labels[drawn.labels >= 0], minlength=len(drawn.names))
    shown = sorted(range(len(sizes)), key=lambda cluster: (-sizes[cluster], cluster))[:_SHOWN_CLUSTERS]
    rest = ~np.isin(drawn.labels, shown)
    axes.scatter(drawn.x[rest], drawn.y[rest], s=8, color=_GREY, alpha=0.4, lw=0, label=f"others ({int(rest.sum())})")
    corners = _apart(
        [(float(np.median(drawn.x[drawn.labels == c])), float(np.median(drawn.y[drawn.labels == c]))) for c in shown],
        (float(np.ptp(drawn.x)) if len(drawn.x) else 0.0, float(np.ptp(drawn.y)) if len(drawn.y) else 0.0),
    )
    for place, cluster in enumerate(shown):
        here = drawn.labels == cluster
        colour, marker = _PALETTE[place % len(_PALETTE)], _MARKERS[place // len(_PALETTE)]
        name = f"{place + 1}  {_short(drawn.names[cluster])} ({sizes[cluster]})"
        axes.scatter(drawn.x[here], drawn.y[here], s=26, color=colour, marker=marker, lw=0, alpha=0.8, label=name)
        axes.annotate(
            str(place + 1),
            corners[place],
            fontsize=9,
            fontweight="bold",
            ha="center",
            va="center",
            bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": colour, "lw": 1},
        )
    axes.set(xticks=[], yticks=[], title=f"Clusters of {len(drawn.labels)} listings, by {drawn.basis}")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8, title="largest clusters")
    return _png(figure)


def _apart(points: Sequence[tuple[float, float]], size: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the points, each raised until it covers none before it."""
    width, height = 0.03 * size[0], 0.05 * size[1]
    placed: list[tuple[float, float]] = []
    for x, start in points:
        y = start
        while height and any(abs(x - left) < width and abs(y - lower) < height for left, lower in placed):
            y += height
        placed.append((x, y))
    return placed


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415 - a second to import, and only an evaluation draws

    return Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, layout="constrained")


def _png(figure: Figure) -> bytes:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    out = io.BytesIO()
    # Without the program's version in the file, the same arrays give the same bytes on every machine of that version.
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _span(low: float, high: float) -> tuple[float, float]:
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(high) + 0.5)


def _short(name: str) -> str:
    # A dollar sign would begin a formula.
    plain = name.replace("$", r"\$")
    return plain if len(plain) <= _LONGEST_NAME else plain[: _LONGEST_NAME - 1] + "…"
