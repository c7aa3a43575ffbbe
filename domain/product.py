"""A product that its owner follows over several sources, and what it costs there.

Belongs here: the values, and how a price stands in its own history, in words. Does not: finding offers, SQL.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product of the owner's catalogue.

    Attributes:
        sku: the owner's own article number; unique.
        gtin: as ``domain.gtin.valid_gtin`` writes it.
    """

    product_id: int
    sku: str
    name: str
    gtin: str | None = None
    brand: str | None = None
    category: str | None = None
    is_active: bool = True


class ProductOffer(msgspec.Struct, frozen=True, kw_only=True):
    """One source's offer of a product, as last seen.

    Attributes:
        price: payable price in ``currency``, fees included where known, shipping not.
        value: the same in the base currency at the latest rate; None where no rate is known.
        price_kind: only ``price`` and ``procurement`` compare.
        is_on_offer: it can be bought at that price, as far as is known.
        last_seen_at: UTC.
    """

    product_id: int
    listing_id: int
    source: str
    title: str
    url: str
    price: Decimal
    currency: str
    value: Decimal | None
    price_kind: str
    availability: str
    is_on_offer: bool
    last_seen_at: datetime
    matched_by: str


class ProductSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a list: how many sources it is linked to, and the cheapest offer in the base currency."""

    sku: str
    name: str
    gtin: str | None
    brand: str | None
    category: str | None
    is_active: bool
    links: int
    offers: int
    best_value: Decimal | None
    best_source: str | None


class ProductChange(msgspec.Struct, frozen=True, kw_only=True):
    """How a product's lowest price moved.

    Attributes:
        price_date: the newest day (UTC) on which it was on offer.
        price: the lowest of that day, in ``currency``, the base currency.
        change_percent: against the window's beginning; negative is a drop.
    """

    sku: str
    name: str
    price_date: date
    price: Decimal
    currency: str
    best_source: str
    change_percent: Decimal


class ProductStats(msgspec.Struct, frozen=True, kw_only=True):
    """What a product's days say as a whole (``marts.product_stats``); amounts in ``currency``, the base currency.

    Attributes:
        price: lowest of the newest day on offer, ``price_date``; None where it never was on offer.
        price_percentile: share of its days on which it was cheaper, 0 to 100.
        n_days: days with a price; under 14 its figures say little (``is_low_confidence``).
    """

    currency: str
    price_date: date | None
    price: Decimal | None
    best_source: str | None
    is_on_offer: bool
    n_days: int
    is_low_confidence: bool
    min_price: Decimal | None
    mean_price: Decimal | None
    max_price: Decimal | None
    mean_price_30d: Decimal | None
    low_date: date | None
    is_all_time_low: bool
    price_percentile: Decimal | None


# Cheaper on at most so many per cent of its days, a price is a low one; on at least so many, a high one.
_LOW, _HIGH = 20, 80


def standing(stats: ProductStats) -> str:
    """Say in a sentence how a product's price stands in its own history."""
    if stats.price is None or stats.price_percentile is None or stats.mean_price is None:
        return "no price is known yet"
    score = f"score {100 - stats.price_percentile:.0f} of 100"
    if stats.min_price == stats.max_price:
        word = "it never cost anything else"
    elif stats.is_all_time_low:
        word = f"the lowest price of all, {score}"
    else:
        word = "a low price" if stats.price_percentile <= _LOW else "an ordinary price"
        word = f"{'a high price' if stats.price_percentile >= _HIGH else word}, {score}"
    against = 100 * (stats.price - stats.mean_price) / stats.mean_price if stats.mean_price else Decimal(0)
    direction = "under" if against < 0 else "over"
    beside = (
        f"{abs(against):.1f} % {direction} its mean of {stats.n_days} days"
        if abs(against) >= Decimal("0.05")
        else (f"its mean of {stats.n_days} days")
    )
    said = f"{word}: {beside}, cheaper on {stats.price_percentile.normalize():f} % of them"
    if stats.is_low_confidence:
        said += "; so few days say little"
    return said if stats.is_on_offer else f"not on offer now; on {stats.price_date}: {said}"
