"""Deals with their evidence.

Belongs here: recording a deal together with its notifications, and reading deals back. Does not: judging; listings in
full (``warehouse.details``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec
import psycopg

from domain.deal import Verdict
from domain.watch import RuleName
from warehouse.outbox import NewNotification, as_jsonb, enqueue
from warehouse.rows import read_rows


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded deal beside what it is about.

    Attributes:
        price, expected, difference: payable amounts in ``currency``, major units.
        total_minor: payable price in minor units of the listing's own currency.
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


def _bounded(value: Decimal | float | None, limit: int) -> Decimal | None:
    if value is None or not math.isfinite(value):
        return None
    return Decimal(str(max(-limit, min(limit, value))))
