"""Training the price model of each market and writing what its listings should cost.

Belongs here: when a model is due, what is trained in which order, what is kept of it. Does not: the arithmetic
(``ml.pricing``), SQL (``warehouse``), judging new listings (``pipeline.model_rule``). Not imported by the polling path.

Only prices known by then are used: comparables are never first seen after the listing they are compared with, past
deals are neither compared with nor trained on, and the calibration window is the most recent fifth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import numpy as np
import psycopg

from domain.deal import VerdictKind
from domain.fair_price import FairPrice
from domain.watch import Watch
from ml.pricing.conformal import Coverage, coverage_by_week
from ml.pricing.listings import Booleans
from ml.pricing.model import Estimates, FairPriceModel
from ml.pricing.replay import price_known
from ml.pricing.storage import FORMAT, model_bytes, model_id
from ml.pricing.training import calibration_window, fit
from ml.rules import model_verdict
from pipeline.estimates import fair_prices
from pipeline.pricing import Market, markets, scope_of
from warehouse.locks import training_turn
from warehouse.price_models import (
    FairPriceRow,
    begin_model,
    fail_model,
    finish_model,
    newest_model,
)
from warehouse.pricing import count_offers
from warehouse.watches import list_watches

METHOD = "comparables and quantile boosting, split conformal"
# With fewer not even the calibration says anything.
LEAST_LISTINGS = 30
_DAILY = timedelta(hours=23)
_NEW_SHARE = 0.05
_SEED = 0

Tell = Callable[[str], None]


class TrainOutcome(msgspec.Struct, kw_only=True):
    """What was done for one market.

    Attributes:
        state: ``success``, ``refused`` (trained, but gives no alerts: ``reason``), or ``skipped`` (``reason``).
        listings: known; n_train: compared with; n_calibration: calibrated on; priced: given a fair price.
        verdicts: of those, by their word under the watch's budget.
        coverage: share of the last window's prices inside their intervals; by_watch: the same by the watch's name.
        refused_watches: why there are no alerts, by the name of the watch, where the others have theirs.
    """

    scope: str
    state: str
    reason: str = ""
    model: str = ""
    listings: int = 0
    past_deals: int = 0
    n_train: int = 0
    n_calibration: int = 0
    priced: int = 0
    trained_until: datetime | None = None
    artifact_bytes: int = 0
    coverage: float | None = None
    by_watch: dict[str, float] = {}
    refused_watches: dict[str, str] = {}
    verdicts: dict[str, int] = {}
    tiers: dict[str, int] = {}


def train_markets(
    conn: psycopg.Connection, *, scopes: Sequence[str] | None = None, tell: Tell = lambda _: None
) -> list[TrainOutcome]:
    """Train the model of every market (or of those named) and replace its listings' fair prices.

    Args:
        conn: a connection, not in a transaction.
        scopes: as ``pipeline.pricing.scope_of`` names them; None for all.
        tell: told what is done.
    """
    outcomes = []
    for market in markets(conn):
        if scopes is not None and market.scope not in scopes:
            continue
        tell(f"{market.scope}: {len(market.items)} listings")
        with training_turn(conn, market.scope) as is_ours:
            outcomes.append(
                train_market(conn, market)
                if is_ours
                else TrainOutcome(scope=market.scope, state="skipped", reason="another run is training it")
            )
        tell(f"{market.scope}: {outcomes[-1].state} {outcomes[-1].reason}".rstrip())
    return outcomes


def train_market(conn: psycopg.Connection, market: Market) -> TrainOutcome:
    """Train one market's model, put it in use and write its listings' fair prices.

    A failure leaves the model before it in use; it is noted with its reason and raised on.
    """
    items, scope = market.items, market.scope
    learnt = sum(name not in market.past_deals for name in items.ids)
    if learnt < LEAST_LISTINGS:
        reason = f"{learnt} listings are known, {LEAST_LISTINGS} are needed"
        return TrainOutcome(scope=scope, state="skipped", reason=reason, listings=len(items))
    number = begin_model(conn, scope=scope, method=METHOD, params={"format": FORMAT, "seed": _SEED})
    try:
        fitted = fit(items, past_deals=market.past_deals, seed=_SEED)
        estimates = price_known(fitted, items, seed=_SEED)
        content = model_bytes(fitted)
        digest = model_id(content)
        window = calibration_window(items.first_seen)
        until = market.offers[-1].seen_at.astimezone(UTC)
        watches = {watch.watch_id: watch for watch in list_watches(conn)}
        coverage = window_coverage(market, estimates, window_rows=window)
        by_watch = {watches[int(one)].name: share for one, share in coverage.items() if int(one) in watches}
        rows = fair_price_rows(market, fitted, estimates, watches, model=f"{number}:{digest[:12]}", until=until)
        held = fitted.calibration.coverage
        outcome = TrainOutcome(
            scope=scope,
            state="success" if fitted.calibration.refusal is None else "refused",
            reason=fitted.calibration.refusal or "",
            model=f"{number}:{digest[:12]}",
            listings=len(items),
            past_deals=len(market.past_deals),
            n_train=len(fitted.regressor.pool),
            n_calibration=fitted.calibration.rows,
            priced=len(rows),
            trained_until=until,
            artifact_bytes=len(content),
            coverage=None if math.isnan(held) else held,
            by_watch=by_watch,
            refused_watches={
                watches[int(one)].name: reason
                for one, reason in fitted.calibration.refusals.items()
                if int(one) in watches
            },
            verdicts=_counts([row.verdict for row in rows]),
            tiers=_counts([row.tier for row in rows]),
        )
        finish_model(
            conn,
            number,
            artifact=content,
            sha256=digest,
            refusal=fitted.calibration.refusal,
            n_train=outcome.n_train,
            n_calibration=outcome.n_calibration,
            trained_until=until,
            calibrated_from=market.offers[window[0]].seen_at.astimezone(UTC),
            coverage=outcome.coverage,
            metrics=_metrics(market, estimates, outcome),
            watch_ids=sorted(watch.watch_id for watch in watches.values() if _is_of(watch, market)),
            estimates=rows,
        )
    except Exception as error:
        # Whatever it was: the row must not say "running" for ever, and the run must fail with it.
        fail_model(conn, number, f"{type(error).__name__}: {error}")
        raise
    return outcome


def scopes_due(conn: psycopg.Connection, now: datetime) -> list[str]:
    """Return the markets whose model should be trained.

    Those without one that this version can read, with something new since a day, or with 5 % new.

    New is a price that was first seen after the newest that the model knew.
    """
    due = []
    for (owner, currency), total in count_offers(conn).items():
        scope = scope_of(owner, currency)
        known = newest_model(conn, scope)
        if known is None or known.trained_until is None or known.format != FORMAT:
            if total >= LEAST_LISTINGS:
                due.append(scope)
            continue
        new = count_offers(conn, owner=owner, currency=currency, seen_after=known.trained_until)
        count = new.get((owner, currency), 0)
        is_old = now - known.ended_at >= _DAILY
        if count and (is_old or count >= _NEW_SHARE * max(known.n_train, 1)):
            due.append(scope)
    return sorted(due)


# ---------------------------------------------------------------- what is kept


def fair_price_rows(
    market: Market,
    fitted: FairPriceModel,
    estimates: Estimates,
    watches: dict[int, Watch],
    *,
    model: str,
    until: datetime,
) -> list[FairPriceRow]:
    """Return what is stored of the listings that can be bought now; ``estimates`` are of all rows of the market."""
    record = fair_prices(
        estimates,
        fitted.regressor.pool,
        fitted.calibration,
        currency=market.currency,
        model=model,
        trained_until=until,
        watches=market.items.watches,
    )
    rows = []
    for place in np.flatnonzero(market.current):
        offer = market.offers[place]
        watch = watches.get(offer.watch_id)
        if watch is None:
            continue
        fair = record(int(place))
        kind, reason = model_verdict(watch, offer.price, fair)
        rows.append(
            FairPriceRow(
                watch_id=offer.watch_id,
                listing_id=offer.listing_id,
                listing_kind=offer.kind,
                price=offer.price,
                currency=market.currency,
                tier=fair.tier,
                verdict=str(kind),
                n_effective=float(fair.n),
                expected=fair.expected,
                low=fair.low,
                high=fair.high,
                discount_percent=_discount(offer.price, fair),
                p_value=fair.p_value,
                score=_number(float(estimates.score[place])),
                comparables=fair.comparables,
                notes=[reason],
            )
        )
    return rows


def window_coverage(market: Market, estimates: Estimates, *, window_rows: np.ndarray) -> dict[str, float]:
    """Return by watch which share of the calibration window's prices lie inside their intervals."""
    counted: dict[str, tuple[int, int]] = {}
    for entry in _coverage(market, estimates, window_rows):
        rows, covered = counted.get(entry.watch, (0, 0))
        counted[entry.watch] = (rows + entry.rows, covered + entry.covered)
    return {watch: round(covered / rows, 4) for watch, (rows, covered) in sorted(counted.items())}


def _coverage(market: Market, estimates: Estimates, rows: np.ndarray) -> list[Coverage]:
    items = market.items
    held: Booleans = (items.prices >= estimates.low) & (items.prices <= estimates.high)
    priced = rows[np.isfinite(estimates.low[rows])]
    return coverage_by_week([items.watches[row] for row in priced], items.first_seen[priced], held[priced])


def _metrics(market: Market, estimates: Estimates, outcome: TrainOutcome) -> dict[str, object]:
    weeks = _coverage(market, estimates, np.arange(len(market.items)))
    return {
        "listings": outcome.listings,
        "past_deals": outcome.past_deals,
        "artifact_bytes": outcome.artifact_bytes,
        "coverage_by_watch": outcome.by_watch,
        "refused_watches": outcome.refused_watches,
        "coverage_by_week": [
            {"watch_id": int(entry.watch), "week": entry.week, "rows": entry.rows, "covered": entry.covered}
            for entry in weeks
        ],
        "verdicts": outcome.verdicts,
        "tiers": outcome.tiers,
    }


def _is_of(watch: Watch, market: Market) -> bool:
    return (watch.owner, watch.currency) == (market.owner, market.currency)


def _counts(words: Sequence[str | VerdictKind]) -> dict[str, int]:
    return {str(word): words.count(word) for word in sorted(set(words))}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _discount(price: Decimal, fair: FairPrice) -> Decimal | None:
    if fair.expected is None or fair.expected <= 0:
        return None
    percent = 100 * (fair.expected - price) / fair.expected
    return max(Decimal(-99_999), percent).quantize(Decimal("0.01"))
