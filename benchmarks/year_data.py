"""A seeded year of the house: 10,000 products, 20 sources, 25,000 listings, each checked once a day.

Belongs here: making rows and loading them fast. Does not: what is measured (``benchmarks.year``).

Rows arrive as they would: day by day, listings in no order within a day. 13.3 % of the checks change the price, as
measured on a month of shop prices.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import psycopg

from warehouse.partitions import ensure_partitions

PRODUCTS = 10_000
SOURCES = 20
LISTINGS = 25_000
CATEGORIES = 200
CHANGE_SHARE = 0.133
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("id_length", ">i4"),
        ("listing_id", ">i8"),
        ("at_length", ">i4"),
        ("observed_at", ">i8"),
        ("price_length", ">i4"),
        ("price_minor", ">i8"),
        ("total_length", ">i4"),
        ("total_minor", ">i8"),
        ("currency_length", ">i4"),
        ("currency", "S3"),
        ("availability_length", ">i4"),
        ("availability", "S9"),
    ]
)


class Prices:
    """The price of every listing, walked day by day; the same seed gives the same walk."""

    def __init__(self, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        base = np.exp(self._random.normal(4.0, 0.9, PRODUCTS)) * 100
        listing = np.arange(LISTINGS)
        self._fair = base[listing % PRODUCTS] * self._random.uniform(0.85, 1.25, LISTINGS)
        self.now: npt.NDArray[np.int64] = np.maximum(self._fair, 100).astype(np.int64)

    def step(self) -> None:
        """Go on by a day."""
        moved = self._random.random(LISTINGS) < CHANGE_SHARE
        drawn = self._fair * np.exp(self._random.normal(0.0, 0.12, LISTINGS))
        self.now = np.where(moved, np.maximum(drawn, 100).astype(np.int64), self.now)

    def rows(self, day: date) -> bytes:
        """Return the day's rows of ``core.price_history`` in COPY's binary format, without header and trailer."""
        order = self._random.permutation(LISTINGS)
        rows = np.zeros(LISTINGS, dtype=_ROW)
        midnight = int((datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH).total_seconds() * 1_000_000)
        rows["fields"] = 6
        for name, size in (("id", 8), ("at", 8), ("price", 8), ("total", 8), ("currency", 3), ("availability", 9)):
            rows[f"{name}_length"] = size
        rows["listing_id"] = order + 1
        rows["observed_at"] = midnight + np.sort(self._random.integers(0, 86_399_000_000, LISTINGS))
        rows["price_minor"] = self.now[order]
        rows["total_minor"] = self.now[order] + 170
        rows["currency"] = b"EUR"
        rows["availability"] = b"available"
        return rows.tobytes()


def load_catalogue(conn: psycopg.Connection, today: date) -> None:
    """Fill products, listings and their links."""
    values = {"n": LISTINGS, "products": PRODUCTS, "sources": SOURCES, "categories": CATEGORIES, "at": today}
    conn.execute(
        "insert into core.products (sku, name, category, brand, created_at) select 'sku-' || n, 'Product ' || n,"
        " 'category-' || n %% %(categories)s, 'brand-' || n %% 300, %(at)s::date - 1100"
        " from generate_series(1, %(products)s) n",
        values,
    )
    conn.execute(
        "insert into core.listing_details (source, external_id, url, title, brand, condition, category, first_seen_at)"
        " select 'source-' || lpad((n %% %(sources)s)::text, 2, '0'), n::text, 'https://shop.example/' || n,"
        " 'Product ' || n %% %(products)s, 'brand-' || n %% 300, 'new', 'category',"
        " %(at)s::date - 1100 from generate_series(1, %(n)s) n",
        values,
    )
    conn.execute(
        "insert into core.listing_state (listing_id, content_hash, price_minor, total_minor, currency, availability,"
        " last_seen_at, last_page_id, price_changed_at, price, total_price, last_changed_at, shown_page_id)"
        " select listing_id, decode(md5(listing_id::text), 'hex'), 5000, 5170, 'EUR', 'available', %(at)s, 1, %(at)s,"
        " 50, 51.70, %(at)s, 1 from core.listing_details order by listing_id",
        values,
    )
    conn.execute(
        "insert into core.product_sources (product_id, source, url, listing_id, matched_by, created_at)"
        " select (listing_id - 1) %% %(products)s + 1, source, url, listing_id, 'gtin', first_seen_at"
        " from core.listings",
        values,
    )
    conn.execute("vacuum (analyze) core.products, core.listing_details, core.listing_state, core.product_sources")


def load_days(conn: psycopg.Connection, prices: Prices, first: date, days: int) -> None:
    """Append so many days of the whole catalogue to the history."""
    ensure_partitions(conn, first, first + timedelta(days=days - 1))
    for block in _blocks(prices, first, days):
        copy_binary(
            conn,
            "core.price_history (listing_id, observed_at, price_minor, total_minor, currency, availability)",
            block,
        )


def copy_binary(conn: psycopg.Connection, target: str, rows: bytes) -> None:
    """COPY rows made by ``Prices.rows`` into a table of the same columns."""
    with conn.cursor().copy(f"copy {target} from stdin (format binary)".encode()) as copy:
        copy.write(_HEADER + rows + _TRAILER)


def _blocks(prices: Prices, first: date, days: int) -> Iterator[bytes]:
    for number in range(days):
        prices.step()
        yield prices.rows(first + timedelta(days=number))


def load_pages(conn: psycopg.Connection, today: date, days: int) -> None:
    """Fill pages with their readings: twelve a source and day, one in twenty refused."""
    ensure_partitions(conn, today - timedelta(days=days), today)
    values = {"first": today - timedelta(days=days), "last": today - timedelta(days=1), "sources": SOURCES}
    conn.execute(
        "insert into raw.pages (fetched_at, source, day, url, status, duration_ms, sha256, body_bytes, body)"
        " select day + make_interval(hours => 2 * n), 'source-' || lpad(s::text, 2, '0'), day::date, 'https://x', 200,"
        " 80 + (n * 37 + s * 11 + extract(doy from day)::int * 7) %% 900,"
        " decode(md5(s || day::text || n) || md5('x'), 'hex'), 1000, 'x'"
        " from generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') day,"
        " generate_series(0, 11) n, generate_series(0, %(sources)s - 1) s",
        values,
    )
    conn.execute(
        "insert into ops.page_readings (page_id, fetched_at, source, day, parser_version, meaning, records, new_items,"
        " changed_items, unchanged_items, quarantined)"
        " select page_id, fetched_at, source, day, 1, case when page_id % 20 = 0 then 'blocked' else 'ok' end,"
        " case when page_id % 20 = 0 then 0 else 104 end, 0, 0, case when page_id % 20 = 0 then 0 else 104 end, 0"
        " from raw.pages"
    )
    conn.execute("vacuum (analyze) raw.pages, ops.page_readings")
