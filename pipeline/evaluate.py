"""How well deals would have been found in the owner's own recent stream: read, plant, judge. Nothing is written.

Belongs here: what is read, in which transaction, and which market is evaluated. Does not: SQL (``warehouse``), the
protocol (``ml.backtest``), words and files (``pipeline.evaluation_report``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg

from domain.watch import Watch
from ml.backtest.clusters import MAPPED_LISTINGS, ClusterMap, ClusterScores, map_clusters, score_clusters
from ml.backtest.run import DEFAULT_BUDGET, DEFAULT_REPEATS, Backtest, run_backtest
from ml.backtest.stream import NotEnoughDataError
from ml.clustering.listings import Listings as Titles
from ml.pricing.listings import Floats, Integers, time_order
from pipeline.pricing import Market, markets
from warehouse.connect import snapshot
from warehouse.fates import Fate, fates
from warehouse.watches import list_watches

GONE_WITHIN = timedelta(days=7)
# The newest of a market; twice as many take four times as long to compare.
MOST_LISTINGS = 12_000

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class MarketEvaluation:
    """One market's figures, or the sentence why there are none.

    Attributes:
        name: the market, or the watch asked for. listings: known with a price. watch_names: by the watch's number.
        backtest: None where ``too_little`` says what is missing.
        clusters: the newest listings on a plane.
    """

    name: str
    listings: int
    watch_names: Mapping[str, str]
    too_little: str
    backtest: Backtest | None
    clusters: ClusterMap | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All markets' figures and the clusters' on the labelled titles. ``at``: when it was made (UTC)."""

    at: datetime
    seed: int
    markets: tuple[MarketEvaluation, ...]
    clusters: ClusterScores


@dataclass(frozen=True, slots=True)
class Stream:
    """A market with what became of its listings, as read from the database.

    Attributes:
        gone: for each listing 1 where it was gone within seven days of its price, 0 where not, NaN where unknown.
        watch: the number of the only watch to be judged, or None.
    """

    name: str
    market: Market
    gone: Floats
    watch_names: Mapping[str, str]
    watch: str | None


def read_streams(conn: psycopg.Connection, watch: Watch | None = None) -> list[Stream]:
    """Read every active market, or the one of a watch, in a transaction that the server keeps from writing."""
    with snapshot(conn):
        names = {str(one.watch_id): one.name for one in list_watches(conn)}
        if watch is None:
            found = markets(conn)
        else:
            found = markets(conn, owner=watch.owner, currency=watch.currency, active_only=False)
        owners = {market.owner for market in found}
        return [
            Stream(
                name=_name(market, watch, several_owners=len(owners) > 1),
                market=market,
                gone=gone_within(fates(conn, [offer.listing_id for offer in market.offers]), market),
                watch_names=names,
                watch=None if watch is None else str(watch.watch_id),
            )
            for market in found
        ]


def evaluate_streams(
    streams: Sequence[Stream],
    *,
    seed: int = 0,
    repeats: int = DEFAULT_REPEATS,
    budget: float = DEFAULT_BUDGET,
    progress: Progress = lambda _: None,
) -> Evaluation:
    """Plant deals in each market's newest listings and judge them by every rule; cluster the labelled titles.

    Args:
        streams: of ``read_streams``; no database is needed any more.
        seed, repeats, budget: see ``ml.backtest.run.run_backtest``. progress: told how many more listings are priced.
    """
    done = tuple(_evaluate(stream, seed=seed, repeats=repeats, budget=budget, progress=progress) for stream in streams)
    return Evaluation(datetime.now(UTC), seed, done, score_clusters())


def gone_within(known: Sequence[Fate], market: Market) -> Floats:
    """Return for each listing of a market whether it was gone within seven days of its price.

    Unknown (NaN) is what came less than seven days before the newest observation, gone or not: of those so new only
    the gone ones would be known. So is what was neither seen seven days on nor missed by a complete run.
    """
    by_id = {fate.listing_id: fate for fate in known}
    newest = max((fate.last_seen_at for fate in known), default=datetime.min.replace(tzinfo=UTC))
    result = np.full(len(market.offers), np.nan)
    for row, offer in enumerate(market.offers):
        fate = by_id.get(offer.listing_id)
        if fate is None or newest - offer.seen_at < GONE_WITHIN:
            continue
        if fate.ended_at is not None:
            result[row] = float(fate.ended_at - offer.seen_at <= GONE_WITHIN)
        elif fate.last_seen_at - offer.seen_at >= GONE_WITHIN:
            result[row] = 0.0
    return result


def _evaluate(stream: Stream, *, seed: int, repeats: int, budget: float, progress: Progress) -> MarketEvaluation:
    items = stream.market.items
    newest = time_order(items.first_seen)[-MOST_LISTINGS:]
    backtest, too_little = None, ""
    try:
        backtest = run_backtest(
            items.take(newest),
            stream.gone[newest],
            watch=stream.watch,
            past_deals=stream.market.past_deals,
            budget=budget,
            repeats=repeats,
            seed=seed,
            progress=progress,
        )
    except NotEnoughDataError as error:
        too_little = str(error)
    return MarketEvaluation(
        name=stream.name,
        listings=len(items),
        watch_names=stream.watch_names,
        too_little=too_little,
        backtest=backtest,
        clusters=None if backtest is None else map_clusters(_titles(stream, newest)),
    )


def _titles(stream: Stream, newest: Integers) -> Titles:
    """Return the newest listings as clustering reads them, watch by watch; one found by two watches comes once."""
    items, chosen = stream.market.items, dict[int, int]()
    for row in newest[::-1]:
        if stream.watch in {None, items.watches[row]} and len(chosen) < MAPPED_LISTINGS:
            chosen.setdefault(stream.market.offers[row].listing_id, int(row))
    rows = np.array(sorted(chosen.values()), dtype=np.int64)
    part = items.take(rows)
    return Titles(part.ids, part.titles, groups=part.watches, brands=part.brands, prices=part.prices)


def _name(market: Market, watch: Watch | None, *, several_owners: bool) -> str:
    if watch is not None:
        return watch.name
    return f"{market.currency} of {market.owner}" if several_owners else market.currency
