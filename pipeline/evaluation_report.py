"""An evaluation in words: tables, plots on disk, figures for a program.

Belongs here: what is said of each figure and which file holds which plot. Does not: figures (``ml.backtest``), drawing
(``ml.plots``), the page they are shown on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml.backtest.figures import RuleFigures, Share
from ml.backtest.run import Backtest
from ml.backtest.standards import COVERAGE
from ml.evaluation import Operation
from ml.plots import plot_clusters, plot_lift, plot_reliability, plot_scores
from pipeline.evaluate import GONE_WITHIN, Evaluation, MarketEvaluation

_SHOWN_WEEKS = 6
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Table:
    """Words in rows; every row has as many cells as the header."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """Return the table as GitHub's Markdown, its title above."""
        lines = [self.header, ("---",) * len(self.header), *self.rows]
        body = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        return f"**{self.title}**\n\n{body}"


def market_tables(done: MarketEvaluation) -> list[Table]:
    """Return what a market's evaluation found; none where there was too little to evaluate."""
    if done.backtest is None:
        return []
    return [
        _rules(done.backtest),
        _levels(done.backtest),
        _calibration(done.backtest),
        _coverage(done.backtest, done.watch_names),
        *_lift(done.backtest),
    ]


def cluster_table(evaluation: Evaluation) -> Table:
    """Return the scores on the labelled titles."""
    scores = evaluation.clusters
    return Table(
        f"Clusters of {scores.titles} generated titles of known products",
        ("score", "precision", "recall", "F1"),
        tuple(
            (name, f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}")
            for name, one in (
                ("B-cubed", scores.b_cubed),
                ("pairwise", scores.pairwise),
                ("B-cubed, every title alone", scores.alone),
            )
        ),
    )


def _rules(done: Backtest) -> Table:
    header = (
        "rule",
        "AUPRC",
        "precision at 3 %",
        "false alarms per 1,000 at 50 % recall",
        "alerts at",
        "precision",
        "recall",
        "false alarms per 1,000",
    )
    title = (
        f"Deals planted in {done.stream} newcomers after {done.history} listings: {done.planted} at a time, "
        f"{done.repeats} times"
    )
    rows = tuple(
        (
            rule.name,
            f"{rule.auprc:.3f} ({rule.auprc_error:.3f})",
            _percent(rule.precision_at_planted),
            f"{rule.false_alarms_at_half:.1f}",
            rule.alerts_at,
            _percent(rule.alerted.precision),
            _percent(rule.alerted.recall),
            f"{rule.alerted.false_alarms_per_1000:.1f}",
        )
        for rule in done.rules
    )
    return Table(title, header, rows)


def _levels(done: Backtest) -> Table:
    rows = tuple(
        (f"p <= {one.threshold:g}", _percent(one.precision), _percent(one.recall), f"{one.false_alarms_per_1000:.1f}")
        for one in done.levels
    )
    header = ("alerts at", "precision", "recall", "false alarms per 1,000")
    return Table("Alerts of the fair price by level", header, rows)


def _calibration(done: Backtest) -> Table:
    own = done.calibration
    rows = [("90 % intervals that held the price", *_share(own.coverage, own.window))]
    rows += [
        (f"ordinary listings at p <= {level:g}", *_share(share, own.window)) for level, share in own.alarms.items()
    ]
    rows += [
        ("newcomers that got a price", _percent(own.priced.value), f"of {own.priced.of}"),
        ("median error of the expected price", _percent(own.price_error), ""),
    ]
    if own.refusal is not None:
        rows.append(("alerts are refused now", "", own.refusal))
    return Table("Calibration of the fair price", ("figure", "share", "chance allows"), tuple(rows))


def _coverage(done: Backtest, names: Mapping[str, str]) -> Table:
    weeks = sorted({week.week for week in done.calibration.by_week})[-_SHOWN_WEEKS:]
    cells = {(one.watch, one.week): Share(one.covered, one.rows) for one in done.calibration.by_week}
    rows = []
    for watch, whole in sorted(done.calibration.by_watch().items(), key=lambda item: (-item[1].of, item[0])):
        shares = (whole, *(cells.get((watch, week), Share(0, 0)) for week in weeks))
        cell = [f"{_percent(share.value)} of {share.of}" if share.of else "" for share in shares]
        if not whole.may_lie_within(*COVERAGE, done.calibration.window):
            cell[0] += " !"
        rows.append((_watch_name(watch, names), *cell))
    title = "90 % intervals by watch and week (Monday, UTC); ! is outside 85 to 95 % by more than chance"
    return Table(title, ("watch", "all", *(week or "unknown" for week in weeks)), tuple(rows))


def _watch_name(watch: str, names: Mapping[str, str]) -> str:
    """Return a watch's name, with its number where another has the same."""
    name = names.get(watch, watch)
    return f"{name} ({watch})" if sum(other == name for other in names.values()) > 1 else name


def _lift(done: Backtest) -> list[Table]:
    rules = [rule for rule in done.rules if rule.deciles]
    if not rules:
        return []
    days, base = GONE_WITHIN.days, rules[0].deciles[0].base
    rows = tuple((str(place + 1), *(_decile(rule, place) for rule in rules)) for place in range(len(rules[0].deciles)))
    known = sum(one.rows for one in rules[0].deciles)
    title = f"Gone within {days} days by tenth of the score, 10 the cheapest: {base:.0%} of {known} of known fate"
    return [Table(title, ("tenth", *(rule.name for rule in rules)), rows)]


def _decile(rule: RuleFigures, place: int) -> str:
    one = rule.deciles[place]
    return f"{one.lift:.2f} x ({one.gone} of {one.rows})"


def _share(share: Share, window: int) -> tuple[str, str]:
    low, high = share.interval(window)
    return f"{_percent(share.value)} of {share.of}", f"{low:.1%} to {high:.1%}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1%}"


# ---------------------------------------------------------------- plots


def market_plots(done: MarketEvaluation) -> dict[str, bytes]:
    """Return the PNG of each plot of a market by its name; none where there was too little to evaluate."""
    found = done.backtest
    if found is None:
        return {}
    coverage = {_watch_name(watch, done.watch_names): share for watch, share in found.calibration.by_watch().items()}
    plots = {
        "reliability": plot_reliability(found.p_values, coverage, wanted=COVERAGE),
        "scores": plot_scores(found.scores, found.planted_scores, rule=found.rules[0].name),
    }
    deciles = {rule.name: rule.deciles for rule in found.rules if rule.deciles}
    if deciles:
        plots["lift"] = plot_lift(deciles, days=GONE_WITHIN.days)
    if done.clusters is not None:
        plots["clusters"] = plot_clusters(done.clusters)
    return plots


def write_plots(home: Path, name: str, plots: Mapping[str, bytes]) -> dict[str, Path]:
    """Write plots under ``home``/evaluation/``name``, replacing those of the evaluation before; return their paths."""
    folder = home / "evaluation" / (_NOT_IN_NAMES.sub("-", name).strip("-").lower() or "market")
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for plot, png in plots.items():
        paths[plot] = folder / f"{plot}.png"
        part = folder / f".{plot}.png.part"
        part.write_bytes(png)
        part.replace(paths[plot])
    return paths


# ---------------------------------------------------------------- for a program


def figures(evaluation: Evaluation) -> dict[str, object]:
    """Return the figures as plain values; what is not a number is None."""
    scores = evaluation.clusters
    return {
        "at": evaluation.at.isoformat(),
        "seed": evaluation.seed,
        "markets": [_market_figures(done) for done in evaluation.markets],
        "clusters": {
            "titles": scores.titles,
            "b_cubed_f1": scores.b_cubed.f1,
            "pairwise_f1": scores.pairwise.f1,
            "b_cubed_f1_alone": scores.alone.f1,
        },
    }


def _market_figures(done: MarketEvaluation) -> dict[str, object]:
    plain: dict[str, object] = {"name": done.name, "listings": done.listings}
    found = done.backtest
    if found is None:
        return plain | {"too_little": done.too_little}
    own = found.calibration
    return plain | {
        "history": found.history,
        "stream": found.stream,
        "planted": found.planted,
        "repeats": found.repeats,
        "rules": [
            {
                "rule": rule.name,
                "auprc": rule.auprc,
                "precision_at_planted": rule.precision_at_planted,
                "false_alarms_per_1000_at_half_recall": rule.false_alarms_at_half,
                "alerts_at": rule.alerts_at,
                **_alerted(rule.alerted),
                "lift": [_number(one.lift) for one in rule.deciles],
            }
            for rule in found.rules
        ],
        "levels": [{"level": one.threshold, **_alerted(one)} for one in found.levels],
        "coverage": _number(own.coverage.value),
        "coverage_by_watch_and_week": [
            {"watch_id": int(one.watch), "week": one.week, "rows": one.rows, "covered": one.covered}
            for one in own.by_week
        ],
        "false_alarms_at_level": {f"{level:g}": _number(share.value) for level, share in own.alarms.items()},
        "median_price_error": _number(own.price_error),
        "refusal": own.refusal,
    }


def _alerted(one: Operation) -> dict[str, float | None]:
    return {
        "precision": _number(one.precision),
        "recall": one.recall,
        "false_alarms_per_1000": one.false_alarms_per_1000,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
