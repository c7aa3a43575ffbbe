"""Figures of the marts for people: what the commands show of markets, brands, sellers, products and watches.

Belongs here: one look-up each, by what the marts are indexed by. Does not: computing statistics (dbt), single prices of
a product (``warehouse.product_history``).

Amounts are in the currency beside them, days and months are UTC, shares run from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeVar

import msgspec
import psycopg
from psycopg.rows import dict_row

from domain.product import ProductStats
from warehouse.rows import columns, read_rows

Period = Literal["day", "week", "month"]
SellerOrder = Literal["volume_rank", "sell_through_rank", "cheapness_rank"]
T = TypeVar("T", bound=msgspec.Struct)


class FiguresError(Exception):
    """Statistics that are not there yet; the message says what makes them."""


class MarketSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A source, or all, over the last days (``marts.market_summary``)."""

    lookback_days: int
    source_name: str
    currency: str
    listings: int
    other_kinds: int
    priced: int
    brands: int
    mean_price: Decimal | None
    median_price: Decimal | None
    min_price: Decimal | None
    max_price: Decimal | None
    top_brands: list[dict[str, Any]]


class MarketPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A brand on a source in a period (``marts.market_trends``)."""

    source_name: str
    brand: str
    period_start: date
    is_complete: bool
    currency: str
    listings: int
    new_listings: int
    sold: int
    gone: int
    median_price: Decimal | None
    min_price: Decimal | None
    max_price: Decimal | None
    favourites: int | None
    views: int | None
    trend_score: Decimal | None


class BrandPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A brand over all sources in a period (``marts.brand_trends``)."""

    brand: str
    period_start: date
    currency: str
    listings: int
    new_listings: int
    sold: int
    gone: int
    mean_price: Decimal | None
    median_price: Decimal | None
    trend_score: Decimal | None


class SellerPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A seller among those of its source, by our id (``marts.seller_rankings``)."""

    source_name: str
    seller_id: int
    listings: int
    sell_through: Decimal
    median_price_ratio: Decimal | None
    volume_rank: int
    sell_through_rank: int
    cheapness_rank: int | None


class TimeOnMarket(msgspec.Struct, frozen=True, kw_only=True):
    """How fast listings go (``marts.time_on_market``)."""

    scope: str
    scope_key: str
    listings: int
    ended: int
    sold: int
    median_days: Decimal | None
    sell_through_7d: Decimal | None
    sell_through_30d: Decimal | None


class ProcurementPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What public buyers paid for a unit in a month (``marts.procurement_prices``)."""

    scope: str
    subject: str
    region: str
    unit: str
    currency: str
    month_start: date
    n: int
    min_price: Decimal
    median_price: Decimal
    max_price: Decimal


class ProductDay(msgspec.Struct, frozen=True, kw_only=True):
    """A product's day on offer (``marts.daily_price_stats``)."""

    price_date: date
    currency: str
    offers: int
    min_price: Decimal | None
    median_price: Decimal | None
    mean_price: Decimal | None
    max_price: Decimal | None
    best_source: str | None
    change_1d_percent: Decimal | None
    change_7d_percent: Decimal | None
    change_30d_percent: Decimal | None


class ProductAtSource(msgspec.Struct, frozen=True, kw_only=True):
    """What a product costs on a source, and how that moved (``marts.product_source_changes``)."""

    source_name: str
    price_rank: int
    currency: str
    price_date: date
    price: Decimal
    change_1d_percent: Decimal | None
    change_7d_percent: Decimal | None
    change_30d_percent: Decimal | None


class Bucket(msgspec.Struct, frozen=True):
    """A bar of a histogram (``marts.price_histograms``): prices from ``lower`` to under ``upper``."""

    lower: Decimal
    upper: Decimal
    n: int
    share: Decimal
    currency: str


class LowProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product on offer that never was cheaper (``marts.all_time_lows``)."""

    price_rank: int
    sku: str
    name: str
    currency: str
    price: Decimal
    best_source: str
    mean_price: Decimal
    below_mean_percent: Decimal
    n_days: int
    is_low_confidence: bool


class PriceSeason(msgspec.Struct, frozen=True, kw_only=True):
    """A month of the year (``marts.price_seasons``); 1 is the mean of the year."""

    month_of_year: int
    price_index: Decimal
    price_rank: int
    currency: str
    mean_price: Decimal | None
    products: int
    years: int
    is_low_confidence: bool


class SourceWins(msgspec.Struct, frozen=True, kw_only=True):
    """How often a source is the cheapest (``marts.source_win_rates``)."""

    source_name: str
    win_rank: int | None
    products: int
    contested_days: int
    wins: int
    win_share: Decimal | None
    mean_gap_percent: Decimal | None


class SourceDay(msgspec.Struct, frozen=True, kw_only=True):
    """How a source did on a day (``marts.source_daily_stats``); durations in milliseconds."""

    source_name: str
    stat_date: date
    pages: int
    success_rate: Decimal | None
    items: int
    items_level: str
    new_items: int
    quarantined: int
    p50_duration_ms: float | None
    p95_duration_ms: float | None
    failed_runs: int
    price_trend_percent: Decimal | None


class WatchGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What a condition costs under a watch now (``marts.watch_condition_stats``)."""

    condition: str
    currency: str
    n: int
    unconvertible: int
    mean: Decimal | None
    stddev: Decimal | None
    q1: Decimal | None
    median: Decimal | None
    q3: Decimal | None
    min_price: Decimal | None
    max_price: Decimal | None


class WatchDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a condition cost under a watch on a day (``marts.watch_price_trends``)."""

    stat_date: date
    condition: str
    currency: str
    listings: int
    average_price: Decimal
    median_price: Decimal
    min_price: Decimal
    max_price: Decimal


# As they are sent, for what measures them.
PRODUCT_DAYS = f"""
select {columns(ProductDay)} from marts.daily_price_stats
where product_id = %(product_id)s and price_date >= %(since)s order by price_date desc
"""
SOURCE_DAYS = f"""
select {columns(SourceDay)} from marts.source_daily_stats
where stat_date >= %(since)s order by stat_date desc, source_name
"""
HISTOGRAM = """
select lower_price as lower, upper_price as upper, n, price_share as share, currency from marts.price_histograms
where scope = %(scope)s and subject = %(subject)s order by bucket
"""
OVERVIEW = "select * from marts.dashboard_overview"


def need_mart(conn: psycopg.Connection, mart: str) -> None:
    """Make sure that dbt has made a mart.

    Raises:
        FiguresError: before it ran.
    """
    made = conn.execute("select to_regclass(%s) is not null", (f"marts.{mart}",)).fetchone()
    if made != (True,):
        raise FiguresError("no statistics were made yet; they are made hourly while `pricescope up` runs")


def market_summary(conn: psycopg.Connection, lookback_days: int) -> list[MarketSummary]:
    """Return every source of the last 7, 30 or 90 days, all of them first."""
    where = "lookback_days = %(days)s order by source_name <> 'all', source_name"
    return _read(conn, MarketSummary, "market_summary", where, {"days": lookback_days})


def market_trends(
    conn: psycopg.Connection, *, since: date, period: Period, source: str | None = None, brand: str = "all"
) -> list[MarketPeriod]:
    """Return a brand's periods (``all``: every brand together) by source, the newest first."""
    where = """period = %(period)s and period_start >= %(since)s and brand = %(brand)s
        and (%(source)s::text is null or source_name = %(source)s) order by period_start desc, source_name"""
    values = {"period": period, "since": since, "brand": brand, "source": source}
    return _read(conn, MarketPeriod, "market_trends", where, values)


def top_brands(conn: psycopg.Connection, *, since: date, period: Period, limit: int) -> list[BrandPeriod]:
    """Return the brands of the newest period that began on or after a day, the most listings first."""
    where = """period = %(period)s and brand not in ('all', 'unknown') and period_start = (
            select max(period_start) from marts.brand_trends where period = %(period)s and period_start >= %(since)s
        ) order by listings desc, brand limit %(limit)s"""
    return _read(conn, BrandPeriod, "brand_trends", where, {"since": since, "period": period, "limit": limit})


def seller_places(conn: psycopg.Connection, source: str, order: SellerOrder, limit: int) -> list[SellerPlace]:
    """Return a source's sellers by one of their ranks; those without it are left out."""
    where = f"source_name = %(source)s and {order} is not null order by {order}, seller_id limit %(limit)s"
    return _read(conn, SellerPlace, "seller_rankings", where, {"source": source, "limit": limit})


def time_on_market(conn: psycopg.Connection, scope: str, key: str | None, limit: int) -> list[TimeOnMarket]:
    """Return how fast listings of a watch (by id), brand or source go; without a key the biggest of the scope."""
    where = """scope = %(scope)s and (%(key)s::text is null or scope_key = %(key)s)
        order by listings desc, scope_key limit %(limit)s"""
    return _read(conn, TimeOnMarket, "time_on_market", where, {"scope": scope, "key": key, "limit": limit})


def procurement_prices(conn: psycopg.Connection, text: str, *, region: str, limit: int) -> list[ProcurementPrice]:
    """Return unit prices of things and categories whose name holds a text, in a region or ``all``, newest first."""
    where = """position(%(text)s in subject) > 0 and region = %(region)s
        order by month_start desc, n desc, scope, subject, unit, currency limit %(limit)s"""
    values = {"text": " ".join(text.lower().split()), "region": region.lower(), "limit": limit}
    return _read(conn, ProcurementPrice, "procurement_prices", where, values)


def product_days(conn: psycopg.Connection, product_id: int, since: date) -> list[ProductDay]:
    """Return a product's days, the newest first."""
    need_mart(conn, "daily_price_stats")
    return read_rows(conn, ProductDay, PRODUCT_DAYS, {"product_id": product_id, "since": since})


def product_stats(conn: psycopg.Connection, product_id: int) -> ProductStats | None:
    """Return what a product's days say as a whole; None before they were first made."""
    where = "product_id = %(product)s"
    return next(iter(_read(conn, ProductStats, "product_stats", where, {"product": product_id})), None)


def product_sources(conn: psycopg.Connection, product_id: int) -> list[ProductAtSource]:
    """Return what a product costs on each source, the cheapest first."""
    where = "product_id = %(product)s order by price_rank"
    return _read(conn, ProductAtSource, "product_source_changes", where, {"product": product_id})


def product_histogram(conn: psycopg.Connection, sku: str) -> list[Bucket]:
    """Return how a product's prices of the last 30 days are spread; a bucket is a 32nd of an octave (2.2 %)."""
    return _histogram(conn, "product", sku)


def category_histogram(conn: psycopg.Connection, category: str) -> list[Bucket]:
    """Return how the prices of a category's products of the last 30 days are spread; a bucket is 19 % wide."""
    return _histogram(conn, "category", category)


def product_overview(conn: psycopg.Connection) -> dict[str, Any] | None:
    """Return all products at a glance by column name (``marts.dashboard_overview``); None where there is none."""
    need_mart(conn, "dashboard_overview")
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(OVERVIEW).fetchone()


def low_products(conn: psycopg.Connection, limit: int) -> list[LowProduct]:
    """Return the products that never were cheaper, sure ones first."""
    return _read(conn, LowProduct, "all_time_lows", "true order by price_rank limit %(limit)s", {"limit": limit})


def price_seasons(conn: psycopg.Connection, scope: Literal["product", "category"], subject: str) -> list[PriceSeason]:
    """Return the months of the year of a product (by SKU) or category, in their order."""
    where = "scope = %(scope)s and subject = %(subject)s order by month_of_year"
    return _read(conn, PriceSeason, "price_seasons", where, {"scope": scope, "subject": subject})


def source_wins(conn: psycopg.Connection, lookback_days: int, category: str) -> list[SourceWins]:
    """Return how often each source was the cheapest over 7 or 30 days, in a category or ``all``."""
    where = """lookback_days = %(days)s and category = %(category)s
        order by win_rank nulls last, contested_days desc, source_name"""
    return _read(conn, SourceWins, "source_win_rates", where, {"days": lookback_days, "category": category})


def source_days(conn: psycopg.Connection, since: date) -> list[SourceDay]:
    """Return each source's days from one on, the newest first."""
    need_mart(conn, "source_daily_stats")
    return read_rows(conn, SourceDay, SOURCE_DAYS, {"since": since})


def watch_groups(conn: psycopg.Connection, watch_id: int) -> list[WatchGroup]:
    """Return what each condition costs under a watch, all of them first."""
    where = "watch_id = %(watch)s order by condition <> 'all', n desc, condition"
    return _read(conn, WatchGroup, "watch_condition_stats", where, {"watch": watch_id})


def watch_days(conn: psycopg.Connection, watch_id: int, since: date) -> list[WatchDay]:
    """Return what each condition cost under a watch by day, the newest first."""
    where = "watch_id = %(watch)s and stat_date >= %(since)s order by stat_date desc, condition"
    return _read(conn, WatchDay, "watch_price_trends", where, {"watch": watch_id, "since": since})


def _histogram(conn: psycopg.Connection, scope: str, subject: str) -> list[Bucket]:
    need_mart(conn, "price_histograms")
    return read_rows(conn, Bucket, HISTOGRAM, {"scope": scope, "subject": subject})


def _read(conn: psycopg.Connection, kind: type[T], mart: str, where: str, values: Mapping[str, Any]) -> list[T]:
    need_mart(conn, mart)
    return read_rows(conn, kind, f"select {columns(kind)} from marts.{mart} where {where}", values)
