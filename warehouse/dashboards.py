"""What pages and reports read: a product's year, histograms, the overview, how sources do. One query each.

Belongs here: reading, by index, what the load or dbt has made ready. Does not: computing statistics (dbt), HTML.

Money is in major units of the currency beside it; days and times are UTC.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

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


class DayOfProduct(msgspec.Struct, frozen=True):
    """A day of a product over all sources; prices in the base currency, None where none could be converted."""

    day: date
    min_price: Decimal | None
    median_price: Decimal | None
    mean_price: Decimal | None
    max_price: Decimal | None
    best_source: str | None
    currency: str


class Bucket(msgspec.Struct, frozen=True):
    """A bar of a histogram: prices from ``lower`` to under ``upper``."""

    lower: Decimal
    upper: Decimal
    n: int
    share: Decimal
    currency: str


class SourceDays(msgspec.Struct, frozen=True):
    """How a source did over some days; durations in milliseconds, ``success_rate`` 0 to 1, None without pages."""

    source: str
    pages: int
    success_rate: float | None
    items: int
    new_items: int
    p50_ms: int | None
    p95_ms: int | None


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
PRODUCT_DAYS = """
select price_date, min_price, median_price, mean_price, max_price, best_source, currency
from marts.daily_price_stats where product_id = %(product_id)s and price_date >= %(since)s order by price_date
"""
HISTOGRAM = """
select lower_price, upper_price, n, price_share, currency
from marts.price_histograms where scope = %(scope)s and subject = %(subject)s order by bucket
"""
OVERVIEW = "select * from marts.dashboard_overview"
SOURCE_PERFORMANCE = """
select source_name, sum(pages)::int, round(sum(ok_pages)::numeric / nullif(sum(pages), 0), 4)::float8, sum(items)::int,
       sum(new_items)::int, percentile_disc(0.5) within group (order by p50_duration_ms)::int,
       max(p95_duration_ms)::int
from marts.source_daily_stats where stat_date >= %(since)s group by source_name order by source_name
"""


def product_history(conn: psycopg.Connection, product_id: int, since: datetime) -> list[Observation]:
    """Return every kept observation of a product's listings, oldest first."""
    found = conn.execute(PRODUCT_HISTORY, {"product_id": product_id, "since": since}).fetchall()
    return [
        Observation(listing_id, source, at, from_minor(minor, currency), currency, availability)
        for listing_id, source, at, minor, currency, availability in found
    ]


def product_days(conn: psycopg.Connection, product_id: int, since: date) -> list[DayOfProduct]:
    """Return a product's daily statistics, oldest first."""
    found = conn.execute(PRODUCT_DAYS, {"product_id": product_id, "since": since}).fetchall()
    return [DayOfProduct(*row) for row in found]


def product_histogram(conn: psycopg.Connection, sku: str) -> list[Bucket]:
    """Return how a product's prices of the last 30 days are spread; a bucket is a 32nd of an octave (2.2 %)."""
    return _histogram(conn, "product", sku)


def category_histogram(conn: psycopg.Connection, category: str) -> list[Bucket]:
    """Return how the prices of a category's products of the last 30 days are spread; a bucket is 19 % wide."""
    return _histogram(conn, "category", category)


def _histogram(conn: psycopg.Connection, scope: str, subject: str) -> list[Bucket]:
    found = conn.execute(HISTOGRAM, {"scope": scope, "subject": subject}).fetchall()
    return [Bucket(*row) for row in found]


def overview(conn: psycopg.Connection) -> dict[str, Any] | None:
    """Return the dashboard's first page by column name, see the mart ``dashboard_overview``; None before it is made."""
    cursor = conn.execute(OVERVIEW)
    row = cursor.fetchone()
    return None if row is None else dict(zip((one.name for one in cursor.description or ()), row, strict=True))


def source_performance(conn: psycopg.Connection, since: date) -> list[SourceDays]:
    """Return how each source did from a day on: the median of its daily p50, the worst of its daily p95."""
    return [SourceDays(*row) for row in conn.execute(SOURCE_PERFORMANCE, {"since": since}).fetchall()]
