"""Fair prices of a user's own listings: kinds, currencies, pricing, verdicts, in the order of the file.

Belongs here: what joins the table, ``ml.kinds`` and ``ml.pricing``. Does not: reading or writing files, the arithmetic.

Prices are compared within one currency. Exchange rates turn several into one: a rate is what one unit is worth in a
common currency, whichever that is, since only ratios matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from domain.condition import Condition
from domain.deal import VerdictKind
from domain.listing_kind import ListingKind
from domain.money import to_minor
from domain.placeholder import is_placeholder_price
from ml.kinds import kind_of
from ml.pricing.conformal import Coverage
from ml.pricing.listings import Listings, listings
from ml.pricing.model import TIERS, Estimates
from ml.pricing.replay import replay
from ml.pricing.storage import model_bytes, model_id
from ml.pricing.training import fit
from ml.pricing.verdicts import verdicts
from pipeline.own_listings import OwnListing, OwnTable

# A column that orders listings exactly as their price does is the price once more (in another currency, with a fee).
_SAME_AS_PRICE = 0.985
LEAVE_ONE_OUT = "leave-one-out"


@dataclass(frozen=True, slots=True)
class Comparable:
    """One of the listings an expected price rests on; the price is in its own currency."""

    id: str
    similarity: float
    price: float
    currency: str
    first_seen: datetime | None


@dataclass(frozen=True, slots=True)
class PricedListing:
    """A listing with what was found; numbers are NaN where the tier is ``none``. Money is in the listing's currency."""

    listing: OwnListing
    kind: ListingKind
    expected: float
    low: float
    high: float
    discount: float
    p_value: float
    score: float
    tier: str
    n_eff: int
    verdict: VerdictKind
    reason: str
    comparables: tuple[Comparable, ...]
    model: str


@dataclass(slots=True)
class Pricing:
    """All listings in the order of their file, what the user should know, coverage by watch and week."""

    rows: list[PricedListing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)


Tell = Callable[[str, int], None]


def price_own(
    table: OwnTable,
    history: OwnTable | None = None,
    *,
    budget: float = 5.0,
    rates: Mapping[str, float] | None = None,
    tell: Tell = lambda _stage, _rows: None,
) -> Pricing:
    """Price the listings of a table from a history, or each from the others.

    Args:
        table: what is priced. history: the past; None for leave-one-out.
        budget: false alarms accepted per 1,000 listings.
        rates: worth of one unit by currency, in any common currency; without them each currency is priced by itself.
        tell: told the stage and how many rows it moved on by.
    """
    result = Pricing()
    known = dict(rates or {})
    kinds = {id(row): _kind(row) for row in table.listings}
    past_kinds = {id(row): _kind(row) for row in history.listings} if history else {}
    tell("kinds", len(table.listings))
    markets = _markets(table.listings, known)
    past = _markets(history.listings, known) if history else {}
    if len(markets) > 1:
        sizes = ", ".join(f"{len(rows)} in {name or 'no currency'}" for name, rows in sorted(markets.items()))
        result.notes.append(f"compared only within a currency ({sizes}); give --rates to compare across them")
    priced: dict[int, PricedListing] = {}
    for name, rows in markets.items():
        meant = [row for row in rows if not _is_placeholder(row)]
        priced |= {id(row): _unmeant(row, kinds[id(row)]) for row in rows if _is_placeholder(row)}
        if not meant:
            tell("prices", len(rows))
            continue
        attributes = _attributes(meant, table.attributes, known, result.notes)
        items = _listings(meant, kinds, attributes, known)
        if history is None:
            done = replay(items, level=budget / 1000.0, progress=lambda count: tell("prices", count))
            estimates, refusals, model = done.estimates, done.refusals, LEAVE_ONE_OUT
            pool: Sequence[OwnListing] = meant
            result.coverage += done.coverage
            tell("prices", 0)
        else:
            pool = [row for row in past.get(name, []) if not _is_placeholder(row)]
            if not pool:
                result.notes.append(f"the history holds no listing in {name or 'no currency'}")
                priced |= {id(row): _unknown(row, kinds[id(row)]) for row in meant}
                continue
            shared = [column for column in attributes if column in history.attributes]
            fitted = fit(_listings(pool, past_kinds, shared, known))
            estimates, model = fitted.price(items), model_id(model_bytes(fitted))
            refusals = tuple(fitted.calibration.refusal_of(watch) or "" for watch in items.watches)
            tell("prices", len(items))
        result.notes += sorted(set(refusals) - {""})
        said = verdicts(estimates, items.kinds, refusals, budget)
        for place, row in enumerate(meant):
            priced[id(row)] = _priced(row, kinds[id(row)], estimates, place, pool, known, said[place], model)
    result.rows = [priced[id(row)] for row in table.listings]
    return result


def _markets(rows: Sequence[OwnListing], rates: Mapping[str, float]) -> dict[str, list[OwnListing]]:
    """Return the listings by what they are compared in: the common currency where a rate is known, else their own."""
    markets: dict[str, list[OwnListing]] = {}
    for row in rows:
        markets.setdefault("the currencies with a rate" if row.currency in rates else row.currency, []).append(row)
    return markets


def _kind(row: OwnListing) -> ListingKind:
    word = row.texts["condition"].lower().replace("-", "_").replace(" ", "_")
    condition = Condition(word) if word in set(Condition) else None
    return kind_of(row.title, row.texts["description"] or None, condition).kind


def _is_placeholder(row: OwnListing) -> bool:
    currency = row.currency or "EUR"
    return is_placeholder_price(to_minor(row.price, currency), currency)


def _worth(row: OwnListing, rates: Mapping[str, float]) -> float:
    return float(row.price) * rates.get(row.currency, 1.0)


def _attributes(
    rows: Sequence[OwnListing], names: Sequence[str], rates: Mapping[str, float], notes: list[str]
) -> list[str]:
    """Return the attributes that are not the price itself."""
    kept = []
    prices = np.array([_worth(row, rates) for row in rows])
    for name in names:
        values = np.array([row.attributes[name] for row in rows])
        known = np.isfinite(values)
        if known.sum() >= 10 and abs(_rank_correlation(values[known], prices[known])) > _SAME_AS_PRICE:
            note = f"column {name} orders the listings as their price does; it is not used"
            if note not in notes:
                notes.append(note)
        else:
            kept.append(name)
    return kept


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    ranks = [np.argsort(np.argsort(values, kind="stable"), kind="stable") for values in (x, y)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _listings(
    rows: Sequence[OwnListing],
    kinds: Mapping[int, ListingKind],
    attributes: Sequence[str],
    rates: Mapping[str, float],
) -> Listings:
    return listings(
        [row.id for row in rows],
        [row.title for row in rows],
        [_worth(row, rates) for row in rows],
        watches=[row.texts["watch"] for row in rows],
        brands=[row.texts["brand"] for row in rows],
        conditions=[row.texts["condition"] for row in rows],
        kinds=[str(kinds[id(row)]) for row in rows],
        first_seen=[math.nan if row.first_seen is None else row.first_seen.timestamp() for row in rows],
        attributes={name: [row.attributes[name] for row in rows] for name in attributes},
    )


# ---------------------------------------------------------------- one row


def _priced(
    row: OwnListing,
    kind: ListingKind,
    estimates: Estimates,
    place: int,
    pool: Sequence[OwnListing],
    rates: Mapping[str, float],
    said: tuple[VerdictKind, str],
    model: str,
) -> PricedListing:
    rate = rates.get(row.currency, 1.0)
    score = float(estimates.score[place])
    found = zip(estimates.comparable_rows[place], estimates.similarity[place], strict=True)
    is_priced = TIERS[estimates.tier[place]] != "none"
    return PricedListing(
        listing=row,
        kind=kind,
        expected=float(estimates.expected[place]) / rate,
        low=float(estimates.low[place]) / rate,
        high=float(estimates.high[place]) / rate,
        discount=float(estimates.discount[place]),
        p_value=float(estimates.p_value[place]),
        # What is not the thing itself is never a deal, however cheap.
        score=score if kind is ListingKind.NORMAL else min(score, 0.0),
        tier=TIERS[estimates.tier[place]],
        n_eff=int(estimates.n_eff[place]),
        verdict=said[0],
        reason=said[1],
        comparables=tuple(_comparable(pool[at], alike) for at, alike in found if at >= 0) if is_priced else (),
        model=model,
    )


def _comparable(row: OwnListing, similarity: float) -> Comparable:
    return Comparable(row.id, similarity, float(row.price), row.currency, row.first_seen)


def _unmeant(row: OwnListing, kind: ListingKind) -> PricedListing:
    reason = f"{row.price} is typed to fill the field, not asked; look at the listing"
    return _without_numbers(row, kind, VerdictKind.CHECK_FIRST, reason)


def _unknown(row: OwnListing, kind: ListingKind) -> PricedListing:
    return _without_numbers(row, kind, VerdictKind.NOT_ENOUGH_DATA, "the history holds nothing in its currency")


def _without_numbers(row: OwnListing, kind: ListingKind, verdict: VerdictKind, reason: str) -> PricedListing:
    nan = math.nan
    return PricedListing(row, kind, nan, nan, nan, nan, nan, nan, "none", 0, verdict, reason, (), "")
