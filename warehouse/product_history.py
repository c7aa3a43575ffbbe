"""Every kept price of a product's listings, read from packed months and from rows as if they were one.

Belongs here: that one read. Does not: packing (``warehouse.closing``), a product's days (``warehouse.figures``).

Money is in major units of the currency beside it, times are UTC.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
import psycopg

from domain.money import from_minor


class Observation(msgspec.Struct, frozen=True):
    """A price of one of a product's listings, as observed; ``price`` is what a buyer pays, where that is known."""

    listing_id: int
    source: str
    observed_at: datetime
    price: Decimal
    currency: str
    availability: str


# Days from packed_from to before packed_until are packed (see closing); the others are read from their rows.
PRODUCT_HISTORY = """
with links as materialized (
    select listing_id, source from core.product_sources
    where product_id = %(product_id)s and state = 'approved' and listing_id is not null
),
bounds as materialized (
    select coalesce(min(month)::timestamp at time zone 'UTC', 'infinity') as packed_from,
           coalesce(
               (min(until) filter (where until < month + interval '1 month'))::timestamp at time zone 'UTC',
               max(until)::timestamp at time zone 'UTC',
               'infinity'
           ) as packed_until
    from (
        select month, until, run = max(run) over () as is_of_last_run
        from (
            select month, until, month - row_number() over (order by month) * interval '1 month' as run
            from ops.packed_months
        ) months
    ) runs
    where is_of_last_run
)
select links.listing_id, links.source, h.observed_at, h.payable_minor, h.currency, h.availability
from (
    select k.listing_id, o.observed_at, o.payable_minor, k.currency, k.availability
    from core.price_history_packed k
    cross join unnest(k.observed_at, k.payable_minor) as o (observed_at, payable_minor)
    where k.listing_id = any(array(select listing_id from links))
      and k.month >= (select packed_from at time zone 'UTC' from bounds)
      and k.month < (select packed_until at time zone 'UTC' from bounds)
      and k.month >= date_trunc('month', %(since)s::timestamptz at time zone 'UTC')
      and o.observed_at >= %(since)s
    union all
    select listing_id, observed_at, coalesce(total_minor, price_minor), currency, availability
    from core.price_history
    where listing_id = any(array(select listing_id from links)) and observed_at >= %(since)s
      and (observed_at < (select packed_from from bounds) or observed_at >= (select packed_until from bounds))
) h
join links on links.listing_id = h.listing_id
order by h.observed_at, h.listing_id
"""


def product_history(conn: psycopg.Connection, product_id: int, since: datetime) -> list[Observation]:
    """Return every kept observation of a product's listings, oldest first."""
    found = conn.execute(PRODUCT_HISTORY, {"product_id": product_id, "since": since}).fetchall()
    return [
        Observation(listing_id, source, at, from_minor(minor, currency), currency, availability)
        for listing_id, source, at, minor, currency, availability in found
    ]
