"""The evaluation of the deal rules on one stream.

Belongs here: what each rule is told, and its figures. Does not: reading listings, plots, thresholds of checks.

Each block of the stream is judged by a model fitted on what came before. A listing that was already alerted in an
earlier block is not compared with later (as in the product, ``ml.pricing.replay``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from ml.backtest.figures import CalibrationFigures, RuleFigures, Share, deciles_of, mean_and_error
from ml.backtest.peers import mean_sigma_scores, robust_scores
from ml.backtest.stream import Block, cut_stream, plant_deals
from ml.evaluation import NEVER, Operation, quality
from ml.pricing.conformal import coverage_by_week
from ml.pricing.listings import Booleans, Floats, Integers, Listings
from ml.pricing.model import Estimates, FairPriceModel, Raw, estimate_prices, predict
from ml.pricing.training import fit

LEVELS = (0.01, 0.02, 0.05)
DEFAULT_REPEATS = 20
DEFAULT_BUDGET = 5.0
FAIR_PRICE, ROBUST, MEAN_SIGMA = "fair price", "robust", "mean - k sigma"
_SIGMA_K = 1.5
_ROBUST_Z = 2.0

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the stream showed.

    Attributes:
        history, stream: rows before the stream and in it. repeats: plantings averaged. planted: deals in each.
        rules: the fair price first, then the robust rule and mean - k*sigma.
        levels: what the fair price's alerts would be at other levels of the p-value than the budget's.
        calibration: of the fair price.
        p_values, scores: of the stream as it came, NaN where not priced. planted_scores: of the deals of all repeats.
        stream_rows: rows of the listings given that are the stream, in order of time.
    """

    history: int
    stream: int
    repeats: int
    planted: int
    rules: tuple[RuleFigures, ...]
    levels: tuple[Operation, ...]
    calibration: CalibrationFigures
    p_values: Floats
    scores: Floats
    planted_scores: Floats
    stream_rows: Integers


@dataclass(frozen=True, slots=True)
class _Judged:
    """A block as its model saw it, whatever the prices in it will be."""

    history: Listings
    stream: Listings
    model: FairPriceModel
    raw: Raw

    def at(self, prices: Floats) -> Estimates:
        stream = replace(self.stream, prices=prices)
        return estimate_prices(self.model.regressor, self.model.calibration, stream, self.raw)


@dataclass(frozen=True, slots=True)
class _Opinion:
    """One rule on the stream: how cheap it finds each listing, and what it alerts by, from a threshold up."""

    scores: Floats
    alarm: Floats


def run_backtest(
    items: Listings,
    gone: Floats | None = None,
    *,
    watch: str | None = None,
    past_deals: Collection[str] = (),
    budget: float = DEFAULT_BUDGET,
    repeats: int = DEFAULT_REPEATS,
    seed: int = 0,
    progress: Progress = lambda _: None,
) -> Backtest:
    """Plant deals in the newest of the listings and judge them by every rule.

    Args:
        items: listings of wanted kinds. They are not changed.
        gone: for each, 1 where it was gone within seven days, 0 where not, NaN where that is unknown.
        watch: judge only this watch's newcomers; the past holds those of all.
        past_deals: ids alerted before the stream: not compared with, not trained on.
        budget: false alarms accepted per 1,000 new listings, the fair price's threshold.
        repeats: plantings. seed: of the planting and the boosting.
        progress: told how many more listings of the stream are priced.

    Raises:
        NotEnoughDataError: see :func:`ml.backtest.stream.cut_stream`.
    """
    only = None if watch is None else np.array([name == watch for name in items.watches], dtype=np.bool_)
    blocks = cut_stream(items.first_seen, only)
    before = [items.ids[row] for row in blocks[0].history]
    judged = _judge(items, blocks, set(past_deals).intersection(before), budget / 1000.0, seed, progress)
    rows = np.concatenate([block.stream for block in blocks])
    stream = items.take(rows)
    fates = np.full(len(rows), np.nan) if gone is None else gone[rows]
    natural = _opinions(judged, stream.prices)
    plantings = [plant_deals(stream.prices, seed=seed, repeat=repeat) for repeat in range(repeats)]
    planted = [_opinions(judged, one.prices) for one in plantings]
    marks = [one.planted for one in plantings]
    thresholds = {
        FAIR_PRICE: (f"p <= {budget / 1000:g}", -budget / 1000),
        ROBUST: (f"z >= {_ROBUST_Z:g}", _ROBUST_Z),
        MEAN_SIGMA: (f"z >= {_SIGMA_K:g}", _SIGMA_K),
    }
    rules = tuple(
        _figures(name, threshold, [one[name] for one in planted], marks, natural[name].scores, fates)
        for name, threshold in thresholds.items()
    )
    ours = [one[FAIR_PRICE] for one in planted]
    cheap = [one.scores[mark] for one, mark in zip(ours, marks, strict=True)]
    return Backtest(
        history=len(blocks[0].history),
        stream=len(rows),
        repeats=repeats,
        planted=int(marks[0].sum()),
        rules=rules,
        levels=tuple(_operation(ours, marks, -level, shown=level) for level in sorted({budget / 1000, *LEVELS})),
        calibration=_calibration(judged, stream),
        p_values=np.concatenate([one.at(one.stream.prices).p_value for one in judged]),
        scores=_shown(natural[FAIR_PRICE].scores),
        planted_scores=_shown(np.concatenate(cheap)),
        stream_rows=rows,
    )


def _judge(
    items: Listings, blocks: list[Block], deals: set[str], level: float, seed: int, progress: Progress
) -> list[_Judged]:
    judged = []
    for block in blocks:
        history, stream = items.take(block.history), items.take(block.stream)
        model = fit(history, past_deals=deals, seed=seed)
        judged.append(_Judged(history, stream, model, predict(model.regressor, stream)))
        is_deal = judged[-1].at(stream.prices).p_value <= level
        deals |= {stream.ids[row] for row in np.flatnonzero(is_deal)}
        progress(len(stream))
    return judged


def _opinions(judged: list[_Judged], prices: Floats) -> dict[str, _Opinion]:
    """Return each rule's opinion of the stream at other prices."""
    parts: dict[str, list[_Opinion]] = {FAIR_PRICE: [], ROBUST: [], MEAN_SIGMA: []}
    start = 0
    for block in judged:
        stream = replace(block.stream, prices=prices[start : start + len(block.stream)])
        start += len(block.stream)
        estimates = block.at(stream.prices)
        refused = np.array([block.model.calibration.refusal_of(watch) is not None for watch in stream.watches])
        can_alert = (estimates.discount > 0) & (estimates.score > 0) & ~refused
        rarity = np.where(can_alert & np.isfinite(estimates.p_value), -estimates.p_value, -np.inf)
        parts[FAIR_PRICE].append(_Opinion(np.nan_to_num(estimates.score, nan=NEVER), rarity))
        for name, rule in ((ROBUST, robust_scores), (MEAN_SIGMA, mean_sigma_scores)):
            scores = rule(block.history, stream)
            parts[name].append(_Opinion(scores, scores))
    return {
        name: _Opinion(np.concatenate([one.scores for one in of]), np.concatenate([one.alarm for one in of]))
        for name, of in parts.items()
    }


def _figures(
    name: str,
    threshold: tuple[str, float],
    opinions: list[_Opinion],
    marks: list[Booleans],
    natural: Floats,
    fates: Floats,
) -> RuleFigures:
    ranked = [quality(one.scores, mark) for one, mark in zip(opinions, marks, strict=True)]
    alerts_at, least = threshold
    alerted = _operation(opinions, marks, least)
    return RuleFigures(
        name=name,
        auprcs=tuple(one.auprc for one in ranked),
        precision_at_planted=mean_and_error([one.precision_at_planted for one in ranked])[0],
        false_alarms_at_half=mean_and_error([one.false_alarms_at_half for one in ranked])[0],
        alerts_at=alerts_at,
        alerted=alerted,
        deciles=deciles_of(_shown(natural), fates),
    )


def _operation(
    opinions: list[_Opinion], marks: list[Booleans], least: float, *, shown: float | None = None
) -> Operation:
    """Return what alerting from a threshold up does, all repeats together; no precision where nothing is alerted."""
    alerts, planted = np.concatenate([one.alarm for one in opinions]) >= least, np.concatenate(marks)
    hits, false = int((alerts & planted).sum()), int((alerts & ~planted).sum())
    return Operation(
        threshold=least if shown is None else shown,
        false_alarms_per_1000=1000.0 * false / int((~planted).sum()),
        recall=hits / int(planted.sum()),
        precision=hits / (hits + false) if hits + false else float("nan"),
    )


def _calibration(judged: list[_Judged], stream: Listings) -> CalibrationFigures:
    estimates = [one.at(one.stream.prices) for one in judged]
    low, high = (np.concatenate([getattr(one, name) for one in estimates]) for name in ("low", "high"))
    p_values = np.concatenate([one.p_value for one in estimates])
    expected = np.concatenate([one.expected for one in estimates])
    priced = np.flatnonzero(np.isfinite(low))
    held = (stream.prices >= low) & (stream.prices <= high)
    ranked = p_values[np.isfinite(p_values)]
    errors = np.abs(expected / stream.prices - 1)
    return CalibrationFigures(
        coverage=Share(int(held[priced].sum()), len(priced)),
        by_week=tuple(
            coverage_by_week([stream.watches[row] for row in priced], stream.first_seen[priced], held[priced])
        ),
        alarms={level: Share(int((ranked <= level).sum()), len(ranked)) for level in LEVELS},
        price_error=float(np.nanmedian(errors)) if np.isfinite(errors).any() else float("nan"),
        priced=Share(len(priced), len(stream)),
        window=min(one.model.calibration.rows for one in judged),
        refusal=judged[-1].model.calibration.refusal,
    )


def _shown(scores: Floats) -> Floats:
    """Return the scores with NaN where the rule had nothing to say."""
    return np.where(scores > NEVER, scores, np.nan)
