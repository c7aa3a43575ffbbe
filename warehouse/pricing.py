"""The offers that fair prices are learnt from and given to, out of the database.

Belongs here: one SQL statement and its rows. Does not: arrays (``pipeline.pricing``), models
(``warehouse.price_models``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row

from warehouse.fx import rate_to
from warehouse.payable import COMPARABLE, PER_MAJOR_UNIT

# Longer than the window of the statistics: a fair price weighs likeness, so an older price of a like thing is worth
# more than a recent one of an unlike thing.
DEFAULT_WINDOW = timedelta(days=90)
# An absolute limit says nothing of the market: what it found is no odd price.
STATISTICAL_RULES = ("mean_sigma", "robust", "model")


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A listing under a watch at the price it asks.

    Attributes:
        price: payable (fees included where known), positive, major units of ``currency``, the watch's, at the rate of
            the day it was last seen. item_minor: the price alone, minor units of ``listing_currency``.
        kind: a value of ``domain.listing_kind.ListingKind``; always one that the watch asks for.
        seen_at: when this price of it was first seen (UTC).
        is_current: can be bought now.
        was_deal: a statistical rule called it a deal at some price.
    """

    watch_id: int
    owner: str
    listing_id: int
    title: str
    price: Decimal
    currency: str
    item_minor: int
    listing_currency: str
    brand: str | None
    condition: str
    kind: str
    seen_at: datetime
    is_current: bool
    was_deal: bool


def offers(
    conn: psycopg.Connection[Any],
    *,
    watch_ids: Sequence[int] | None = None,
    owner: str | None = None,
    currency: str | None = None,
    since: datetime | None = None,
    active_only: bool = True,
) -> list[Offer]:
    """Return what watches have found, in the order in which the prices were first seen.

    Only kinds that the watch asks for, prices that compare and are above zero, and currencies with a known rate; never
    what the watch leaves out by words or sellers. A listing found by two watches comes twice.

    Args:
        conn: any connection; nothing is written.
        watch_ids: of these watches only. owner, currency: of this owner's watches, of watches in this currency.
        since: last seen from then on (UTC); None for the last 90 days.
        active_only: leave paused watches out.
    """
    values = {
        "watch_ids": None if watch_ids is None else list(watch_ids),
        "owner": owner,
        "currency": currency,
        "since": since,
        "window": DEFAULT_WINDOW,
        "active_only": active_only,
        "rules": list(STATISTICAL_RULES),
    }
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(_OFFERS, values)
        return [Offer(**row) for row in cursor]


def count_offers(
    conn: psycopg.Connection[Any],
    *,
    owner: str | None = None,
    currency: str | None = None,
    seen_after: datetime | None = None,
) -> dict[tuple[str, str], int]:
    """Return how many offers there are by owner and currency, converted or not; see ``offers``.

    Args:
        conn: any connection. owner, currency: of these watches only.
        seen_after: only prices first seen after that (UTC).
    """
    rows = conn.execute(
        f"""
        select w.owner, w.currency, count(*) {_FOUND}
        and (%(seen_after)s::timestamptz is null
             or greatest(l.first_seen_at, s.price_changed_at) > %(seen_after)s::timestamptz)
        group by w.owner, w.currency
        """,
        {
            "watch_ids": None,
            "owner": owner,
            "currency": currency,
            "since": None,
            "window": DEFAULT_WINDOW,
            "active_only": True,
            "seen_after": seen_after,
        },
    ).fetchall()
    return {(name, code): count for name, code, count in rows}


_FOUND = f"""
from app.watch_listings as wl
inner join app.watches as w on wl.watch_id = w.watch_id
inner join core.listing_state as s on wl.listing_id = s.listing_id
inner join core.listings as l on wl.listing_id = l.listing_id
where
    not wl.is_blacklisted
    and l.kind = any(w.kinds)
    and l.price_kind in ({COMPARABLE})
    and coalesce(s.total_minor, s.price_minor) > 0
    and s.last_seen_at >= coalesce(%(since)s::timestamptz, now() - %(window)s::interval)
    and (w.is_active or not %(active_only)s)
    and (%(watch_ids)s::bigint[] is null or wl.watch_id = any(%(watch_ids)s))
    and (%(owner)s::text is null or w.owner = %(owner)s)
    and (%(currency)s::text is null or w.currency = %(currency)s)
"""

_OFFERS = f"""
with found as (
    select
        wl.watch_id, w.owner, wl.listing_id, l.title, w.currency, s.currency as listing_currency,
        coalesce(s.total_minor, s.price_minor) / {PER_MAJOR_UNIT} as own_amount,
        s.price_minor as item_minor, l.brand, l.condition, l.kind,
        greatest(l.first_seen_at, s.price_changed_at) as seen_at,
        (s.last_seen_at at time zone 'UTC')::date as seen_day,
        s.is_active and s.availability in ('available', 'unknown') as is_current,
        exists (
            select from app.deals as d
            where d.watch_id = wl.watch_id and d.listing_id = wl.listing_id and d.rule = any(%(rules)s)
        ) as was_deal
    {_FOUND}
),

rates as materialized (
    select
        needed.listing_currency, needed.currency, needed.seen_day,
        {rate_to("needed.listing_currency", "needed.currency", "needed.seen_day")} as rate
    from (
        select distinct listing_currency, currency, seen_day from found where listing_currency <> currency
    ) as needed
),

valued as (
    select
        found.*,
        round(
            case when found.listing_currency = found.currency then found.own_amount
            else found.own_amount * rates.rate end, 4
        ) as price
    from found
    left join rates using (listing_currency, currency, seen_day)
)

select
    watch_id, owner, listing_id, title, price, currency, item_minor, listing_currency, brand, condition, kind, seen_at,
    is_current, was_deal
from valued
where price > 0
order by seen_at, listing_id, watch_id
"""
