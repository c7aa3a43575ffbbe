"""Deals with their evidence, and the listings they are about.

Belongs here: recording a deal together with its notifications, and reading deals and listings back. Does not: judging.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec
import psycopg

from domain.condition import Condition
from domain.deal import Verdict
from domain.listing import Availability, Listing, Seller
from domain.watch import RuleName
from warehouse.outbox import NewNotification, as_jsonb, enqueue
from warehouse.rows import read_one, read_rows


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded deal beside what it is about.

    Attributes:
        price, expected, difference: payable amounts in ``currency``, major units.
        total_minor: payable price in minor units of ``currency``.
        discount_percent: 100 * difference / expected.
        sigma_below: spreads below the expected price.
        evidence: every rule's verdict, as it was.
        page_id: the raw page the price was read from.
    """

    deal_id: int
    watch_id: int
    watch_name: str
    listing_id: int
    source: str
    external_id: str
    url: str
    title: str
    condition: str
    rule: str
    total_minor: int
    price: Decimal
    currency: str
    n_comparables: int
    is_initial: bool
    page_id: int
    created_at: datetime
    evidence: tuple[Verdict, ...]
    expected: Decimal | None = None
    difference: Decimal | None = None
    discount_percent: Decimal | None = None
    sigma_below: Decimal | None = None
    run_id: str | None = None


class StoredListing(msgspec.Struct, frozen=True, kw_only=True):
    """A listing as the warehouse knows it now. Times are UTC; ``watch_ids`` are the watches that found it."""

    listing_id: int
    listing: Listing
    first_seen_at: datetime
    last_seen_at: datetime
    last_changed_at: datetime
    price_changed_at: datetime
    checks: int
    is_active: bool
    last_page_id: int
    watch_ids: tuple[int, ...] = ()


def record_deal(
    conn: psycopg.Connection,
    *,
    watch_id: int,
    listing_id: int,
    rule: RuleName | str,
    total_minor: int,
    price: Decimal,
    currency: str,
    evidence: Sequence[Verdict],
    is_initial: bool,
    page_id: int,
    expected: Decimal | None = None,
    difference: Decimal | None = None,
    discount_percent: Decimal | float | None = None,
    sigma_below: Decimal | float | None = None,
    n_comparables: int = 0,
    run_id: str | None = None,
    notifications: Sequence[NewNotification] = (),
) -> int | None:
    """Record a deal and its notifications in one transaction; return its deal_id.

    Args:
        conn: a connection.
        watch_id: who wished.
        listing_id: what was found.
        rule: the rule that decided.
        total_minor: payable price in minor units of the listing's own currency; with watch and listing it is the
            deal's identity, so that a wobbling exchange rate cannot repeat a deal.
        price: payable price in ``currency``, major units.
        currency: the watch's, ISO 4217.
        evidence: the verdicts of all rules.
        is_initial: found by the watch's first run: reported, not alerted.
        page_id: the raw page the price was read from.
        expected: what such a thing costs, in ``currency``, major units.
        difference: expected minus price.
        discount_percent: 100 * difference / expected; infinite or undefined is kept as null.
        sigma_below: spreads below the expected price; infinite or undefined is kept as null.
        n_comparables: how many prices it was compared with.
        run_id: Dagster run.
        notifications: who is told; one a channel.

    Returns:
        None when this watch has this listing at this price already: nothing is written then.
    """
    with conn.transaction():
        row = conn.execute(
            """
            insert into app.deals (watch_id, listing_id, rule, total_minor, price, currency, expected, difference,
                discount_percent, sigma_below, n_comparables, evidence, is_initial, page_id, run_id)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (watch_id, listing_id, currency, total_minor) do nothing
            returning deal_id
            """,
            (
                watch_id,
                listing_id,
                str(rule),
                total_minor,
                price,
                currency,
                expected,
                difference,
                _bounded(discount_percent, 99_999),
                _bounded(sigma_below, 9_999_999),
                n_comparables,
                as_jsonb(list(evidence)),
                is_initial,
                page_id,
                run_id,
            ),
        ).fetchone()
        if row is None:
            return None
        deal_id = int(row[0])
        for notification in notifications:
            enqueue(
                conn,
                kind="deal",
                channel=notification.channel,
                idempotency_key=notification.idempotency_key,
                payload=notification.payload,
                deal_id=deal_id,
                watch_id=watch_id,
            )
    return deal_id


_DEAL = """
select d.deal_id, d.watch_id, w.name as watch_name, d.listing_id, l.source, l.external_id, l.url, l.title, l.condition,
       d.rule, d.total_minor, d.price, d.currency, d.n_comparables, d.is_initial, d.page_id, d.created_at, d.evidence,
       d.expected, d.difference, d.discount_percent, d.sigma_below, d.run_id
from app.deals d
join app.watches w using (watch_id)
join core.listings l using (listing_id)
"""


_ORDERS = {
    "newest": "d.created_at desc, d.deal_id desc",
    "discount": "d.discount_percent desc nulls last, d.deal_id desc",
}


def list_deals(
    conn: psycopg.Connection,
    *,
    watch_id: int | None = None,
    listing_id: int | None = None,
    source: str | None = None,
    since: datetime | None = None,
    is_initial: bool | None = None,
    with_hidden: bool = True,
    order: Literal["newest", "discount"] = "newest",
    limit: int = 100,
) -> list[Deal]:
    """Return deals; each filter given narrows. ``since`` compares when the deal was recorded.

    ``order`` puts the newest, or the deepest discount, first; ``with_hidden`` False leaves out what the owner hid.
    """
    return read_rows(
        conn,
        Deal,
        f"""{_DEAL}
        where (%(watch_id)s::bigint is null or d.watch_id = %(watch_id)s)
          and (%(listing_id)s::bigint is null or d.listing_id = %(listing_id)s)
          and (%(source)s::text is null or l.source = %(source)s)
          and (%(since)s::timestamptz is null or d.created_at >= %(since)s)
          and (%(is_initial)s::boolean is null or d.is_initial = %(is_initial)s)
          and (%(with_hidden)s or not exists (
            select from app.hidden h where h.owner = w.owner and h.listing_id = d.listing_id))
        order by {_ORDERS[order]} limit %(limit)s
        """,
        {
            "watch_id": watch_id,
            "listing_id": listing_id,
            "source": source,
            "since": since,
            "is_initial": is_initial,
            "with_hidden": with_hidden,
            "limit": limit,
        },
    )


def get_deal(conn: psycopg.Connection, deal_id: int) -> Deal | None:
    """Return a deal, None when there is none."""
    return read_one(conn, Deal, f"{_DEAL} where d.deal_id = %s", (deal_id,))


class _StoredRow(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of ``_LISTING``; together they make a StoredListing."""

    listing_id: int
    source: str
    external_id: str
    url: str
    title: str
    price: Decimal
    currency: str
    total_price: Decimal | None
    fee: Decimal | None
    original_price: Decimal | None
    original_currency: str | None
    description: str | None
    brand: str | None
    size: str | None
    color: str | None
    category: str | None
    condition: str
    condition_label: str | None
    condition_source_id: str | None
    image_urls: tuple[str, ...]
    listed_at: datetime | None
    availability: str
    favourite_count: int | None
    view_count: int | None
    seller_external_id: str | None
    seller_login: str | None
    seller_is_business: bool | None
    first_seen_at: datetime
    last_changed_at: datetime
    last_page_id: int
    last_seen_at: datetime
    price_changed_at: datetime
    checks: int
    is_active: bool
    watch_ids: tuple[int, ...]


_LISTING = """
select l.*, t.availability, t.favourite_count, t.view_count, t.last_seen_at, t.price_changed_at, t.checks,
       t.is_active, s.external_id as seller_external_id, s.login as seller_login, s.is_business as seller_is_business,
       array(select w.watch_id from app.watch_listings w where w.listing_id = l.listing_id order by 1) as watch_ids
from core.listings l
join core.listing_state t using (listing_id)
left join core.sellers s on s.seller_id = l.seller_id
"""
_LISTING_FIELDS = tuple(name for name in Listing.__struct_fields__ if name not in {"seller", "position"})


def get_listing(conn: psycopg.Connection, key: int | str) -> StoredListing | None:
    """Return a listing by our id (``17`` or ``"17"``) or by ``source:external_id``; None when there is none."""
    text = str(key)
    source, separator, external_id = text.partition(":")
    row = None
    if separator:
        query = f"{_LISTING} where l.source = %s and l.external_id = %s"
        row = read_one(conn, _StoredRow, query, (source, external_id))
    elif text.isdecimal() and len(text) < 19:
        row = read_one(conn, _StoredRow, f"{_LISTING} where l.listing_id = %s", (int(text),))
    return None if row is None else _stored(row)


def _stored(row: _StoredRow) -> StoredListing:
    fields = {name: getattr(row, name) for name in _LISTING_FIELDS}
    seller = None
    if row.seller_external_id is not None:
        seller = Seller(external_id=row.seller_external_id, login=row.seller_login, is_business=row.seller_is_business)
    fields |= {"condition": Condition(row.condition), "availability": Availability(row.availability)}
    return StoredListing(
        listing_id=row.listing_id,
        listing=Listing(**fields, seller=seller),
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        last_changed_at=row.last_changed_at,
        price_changed_at=row.price_changed_at,
        checks=row.checks,
        is_active=row.is_active,
        last_page_id=row.last_page_id,
        watch_ids=row.watch_ids,
    )


def _bounded(value: Decimal | float | None, limit: int) -> Decimal | None:
    if value is None or not math.isfinite(value):
        return None
    return Decimal(str(max(-limit, min(limit, value))))
