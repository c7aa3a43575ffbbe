"""Offers of the database as the arrays that ``ml.pricing`` reads, market by market.

Belongs here: the shape of a market and the ids in it. Does not: SQL (``warehouse.pricing``), fitting and storing
(``pipeline.price_models``), judging (``pipeline.model_rule``).

A market is all that one owner's watches in one currency have found: one model is trained over it. In the poll nothing
is embedded, so a market has no vectors: character n-grams carry most of the likeness (docs/fair-price.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import psycopg

from domain.placeholder import is_placeholder_price
from ml.pricing.listings import Booleans, Listings, listings, placed_id
from warehouse.pricing import Offer, offers


@dataclass(frozen=True, slots=True)
class Market:
    """What one owner's watches in one currency have found.

    Attributes:
        offers, items: the same rows, in the order in which their prices were first seen. Ids are those of ``row_id``,
            watches are the watches' numbers; prices are major units of ``currency``.
        past_deals: ids of rows that a statistical rule called a deal before.
    """

    owner: str
    currency: str
    offers: tuple[Offer, ...]
    items: Listings
    past_deals: frozenset[str]

    @property
    def scope(self) -> str:
        """Return the name under which the market's models are kept."""
        return scope_of(self.owner, self.currency)

    @property
    def current(self) -> Booleans:
        """Return which rows can be bought now."""
        return np.array([offer.is_current for offer in self.offers], dtype=np.bool_)


def scope_of(owner: str, currency: str) -> str:
    """Return the name of the models of an owner's watches in a currency."""
    return f"{currency}/{owner}"


def row_id(listing_id: int, watch_id: int) -> str:
    """Return the id of a listing under a watch; one listing under two watches is never its own comparable."""
    return placed_id(str(listing_id), str(watch_id))


def markets(
    conn: psycopg.Connection,
    *,
    watch_ids: Sequence[int] | None = None,
    owner: str | None = None,
    currency: str | None = None,
    since: datetime | None = None,
    active_only: bool = True,
) -> list[Market]:
    """Return the markets by scope; see ``warehouse.pricing.offers`` for what is in them and what the arguments mean.

    Prices that are typed to fill the field (``domain.placeholder``) are left out: nobody asks them.
    """
    found: dict[tuple[str, str], list[Offer]] = {}
    chosen = offers(conn, watch_ids=watch_ids, owner=owner, currency=currency, since=since, active_only=active_only)
    for offer in chosen:
        if not is_placeholder_price(offer.item_minor, offer.listing_currency):
            found.setdefault((offer.owner, offer.currency), []).append(offer)
    return [_market(key[0], key[1], rows) for key, rows in sorted(found.items())]


def _market(owner: str, currency: str, rows: Sequence[Offer]) -> Market:
    ids = [row_id(row.listing_id, row.watch_id) for row in rows]
    items = listings(
        ids,
        [row.title for row in rows],
        [float(row.price) for row in rows],
        watches=[str(row.watch_id) for row in rows],
        brands=[(row.brand or "").casefold().strip() for row in rows],
        conditions=[row.condition for row in rows],
        kinds=[row.kind for row in rows],
        first_seen=[row.seen_at.timestamp() for row in rows],
    )
    deals = frozenset(name for name, row in zip(ids, rows, strict=True) if row.was_deal)
    return Market(owner, currency, tuple(rows), items, deals)
