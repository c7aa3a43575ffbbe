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
from ml.evaluation import NEVER, quality
from ml.pricing.conformal import coverage_by_week
from ml.pricing.listings import Booleans, Floats, Integers, Listings
from ml.pricing.model import Estimates, FairPriceModel, Raw, estimate_prices, predict
from ml.pricing.training import fit

LEVELS = (0.01, 0.02, 0.05)
DEFAULT_REPEATS = 20
DEFAULT_BUDGET = 5.0
_SIGMA_K = 1.5
_ROBUST_Z = 2.0

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the stream showed.

    Attributes:
        history, stream: rows before the stream and in it. repeats: plantings averaged. planted: deals in each.
        rules: the fair price first, then the robust rule and mean - k*sigma.
        calibration: of the fair price.
        p_values, scores: of the stream as it came, NaN where not priced. planted_scores: of the deals of all repeats.
        stream_rows: rows of the listings given that are the stream, in order of time.
    """

    history: int
    stream: int
    repeats: int
    planted: int
    rules: tuple[RuleFigures, ...]
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
    """One rule on the stream: how cheap it finds each listing, and which it alerts."""

    scores: Floats
    alerts: Booleans


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
    natural = _opinions(judged, stream.prices, budget)
    plantings = [plant_deals(stream.prices, seed=seed, repeat=repeat) for repeat in range(repeats)]
    planted = [_opinions(judged, one.prices, budget) for one in plantings]
    marks = [one.planted for one in plantings]
    told = {
        "fair price": f"p <= {budget / 1000:g}",
        "robust": f"z >= {_ROBUST_Z:g}",
        "mean - k sigma": f"z >= {_SIGMA_K:g}",
    }
    rules = tuple(
        _figures(name, alerts_at, [one[name] for one in planted], marks, natural[name].scores, fates)
        for name, alerts_at in told.items()
    )
    ours = natural["fair price"].scores
    cheap = [one["fair price"].scores[mark] for one, mark in zip(planted, marks, strict=True)]
    return Backtest(
        history=len(blocks[0].history),
        stream=len(rows),
        repeats=repeats,
        planted=int(marks[0].sum()),
        rules=rules,
        calibration=_calibration(judged, stream),
        p_values=np.concatenate([one.at(one.stream.prices).p_value for one in judged]),
        scores=_shown(ours),
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


def _opinions(judged: list[_Judged], prices: Floats, budget: float) -> dict[str, _Opinion]:
    """Return each rule's opinion of the stream at other prices."""
    parts: dict[str, list[_Opinion]] = {"fair price": [], "robust": [], "mean - k sigma": []}
    start = 0
    for block in judged:
        stream = replace(block.stream, prices=prices[start : start + len(block.stream)])
        start += len(block.stream)
        estimates = block.at(stream.prices)
        is_deal = (estimates.p_value <= budget / 1000.0) & (estimates.discount > 0) & (estimates.score > 0)
        if block.model.calibration.refusal is not None:
            is_deal = np.zeros(len(stream), dtype=np.bool_)
        parts["fair price"].append(_Opinion(np.nan_to_num(estimates.score, nan=NEVER), is_deal))
        robust = robust_scores(block.history, stream)
        parts["robust"].append(_Opinion(robust, robust >= _ROBUST_Z))
        classic = mean_sigma_scores(block.history, stream)
        parts["mean - k sigma"].append(_Opinion(classic, classic >= _SIGMA_K))
    return {
        name: _Opinion(np.concatenate([one.scores for one in of]), np.concatenate([one.alerts for one in of]))
        for name, of in parts.items()
    }


def _figures(
    name: str, alerts_at: str, opinions: list[_Opinion], marks: list[Booleans], natural: Floats, fates: Floats
) -> RuleFigures:
    ranked = [quality(one.scores, mark) for one, mark in zip(opinions, marks, strict=True)]
    auprc, error = mean_and_error([one.auprc for one in ranked])
    alerts, planted = np.concatenate([one.alerts for one in opinions]), np.concatenate(marks)
    hits, false = int((alerts & planted).sum()), int((alerts & ~planted).sum())
    return RuleFigures(
        name=name,
        auprc=auprc,
        auprc_error=error,
        precision_at_planted=mean_and_error([one.precision_at_planted for one in ranked])[0],
        false_alarms_at_half=mean_and_error([one.false_alarms_at_half for one in ranked])[0],
        alerts_at=alerts_at,
        precision=hits / (hits + false) if hits + false else float("nan"),
        recall=hits / int(planted.sum()),
        false_alarms=1000.0 * false / int((~planted).sum()),
        deciles=deciles_of(_shown(natural), fates),
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
