"""A product that its owner follows over several sources, and what it costs there."""

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
